/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_BENCH_WORST_H
#define TESTS_BENCH_WORST_H

#include "needletail/snapshot.h"

#include <stdint.h>

/*
 * Snapshots of the worst that one sensor may meet: every port, window and combination of flags, 250 regions that are
 * all alike, signatures that match sources of every region. How many of each there are is the caller's choice, because
 * a bucket that is closed looks the same after a thousand members as after all of them.
 */

#define WORST_REGIONS	 250
#define WORST_SIGNATURES 7

struct worst {
	uint32_t sources;	    /* of each region */
	uint32_t backscatter;	    /* senders of each region */
	uint32_t backscatter_ports; /* of each region */
	uint32_t ports;		    /* of each transport; from 65,536 on all of them */
	uint32_t windows;	    /* likewise */
	uint32_t icmp;		    /* pairs of type and code, in each of both versions */
	uint32_t asn;
	uint32_t region_ports;
	uint32_t signature_ports;
	uint64_t seen; /* sources that the HyperLogLogs were fed with, all regions together */
	uint32_t
	    names; /* HyperLogLogs: 2 are `sources` and `backscatter`; from 2,386 on there are ports of small numbers */
	uint32_t orgs;
	uint64_t packets; /* of the heaviest member */
};

/* Fills in an empty snapshot; equal calls in the same order give equal snapshots. Aborts without memory. */
void worst_make(struct nt_snapshot *s, const struct worst *w, int64_t start_s, int64_t length_s);

#endif

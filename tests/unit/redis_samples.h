/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_REDIS_SAMPLES_H
#define TESTS_UNIT_REDIS_SAMPLES_H

#include "needletail/snapshot.h"
#include "redis/schema.h"

/* Snapshots for tests, made of numbers that look like traffic and are the same on every run. */

struct sample {
	int64_t start_s;
	int64_t length_s; /* 0: 60 */
	uint32_t entries; /* per table, before equal keys are summed */
	uint32_t keys;	  /* keys are drawn from 0..keys-1; 0: from all that the table can have */
	uint64_t seed;
	uint32_t events;
	bool bare; /* nothing of sources */
	bool missed_unknown;
	bool partial;
};

/* The limits of the published contract. */
extern const struct nt_redis_limits sample_limits;

/* Regions that sources of samples come from, and their signatures. */
enum { SAMPLE_REGIONS = 5, SAMPLE_SIGNATURES = 3 };

/* Makes a snapshot that satisfies conservation as far as its readers care. Undone by nt_snapshot_fini(). */
void sample_make(struct nt_snapshot *s, const struct sample *sample);

#endif

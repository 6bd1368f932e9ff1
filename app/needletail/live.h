/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_LIVE_H
#define NEEDLETAIL_LIVE_H

#include "reload.h"
#include "timeline.h"
#include "watch.h"

#include <stdbool.h>
#include <stdint.h>

struct nt_config;
struct nt_detect;
struct ports;
struct publisher;
struct rx;
struct stats;

/*
 * Live capture, as the main lcore sees it: it ends intervals by the wall clock, hands their snapshots to the
 * publisher, keeps an eye on devices and clock, and answers signals. It never waits for network or disk.
 */
struct live {
	const struct nt_config *config;
	struct ports *ports; /* started */
	struct rx *rx;	     /* started */
	struct stats *stats;
	struct publisher *publisher;	  /* started */
	const char *path;		  /* of the configuration */
	struct nt_signatures *signatures; /* in use, or to be used from the next interval on */
	struct nt_signatures *retired;	  /* in use until then; NULL: none */
	struct nt_detect *detect;
	struct databases databases; /* in use; replaced on SIGHUP */

	struct timeline timeline;
	struct watch watch;
	struct reload reload;
	uint64_t accounted;	/* packets of all finished intervals */
	uint64_t intervals;	/* finished */
	uint64_t unexplained;	/* of all intervals */
	int64_t next_second_ns; /* steady clock */
	int64_t link_until_ns;	/* steady clock: until then nothing is said of links that are down */
	bool stopping;
};

/** Keeps the signals that live capture answers for live_run(). Before the first thread is started. Main thread. */
void live_block_signals(void);

/**
 * Captures until SIGINT or SIGTERM; on return polling has ended and the last interval was handed on. A second signal
 * ends the process at once. Members up to `databases` are set by the caller, the others zero.
 * Returns 0, or -errno if capture had to end.
 */
int live_run(struct live *l);

#endif

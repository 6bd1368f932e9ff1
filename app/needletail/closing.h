/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_CLOSING_H
#define NEEDLETAIL_CLOSING_H

#include "stats.h"

struct nt_detect;
struct publisher;

/*
 * What the end of a replay's interval takes, on a thread of its own, while the next interval is read and counted: banks
 * are folded, detectors look, the snapshot is submitted. One interval at a time and in their order, so that what comes
 * out is the same as without a thread.
 */
struct closing;

enum closing_step {
	CLOSING_FOLD, /* within an interval: the banks into it, no more */
	CLOSING_END,  /* of an interval */
	CLOSING_LAST  /* of the last one */
};

struct closing_job {
	enum closing_step step;
	struct interval interval; /* of CLOSING_END and CLOSING_LAST */
};

/* Sums over intervals. */
struct closing_totals {
	uint64_t frames;
	uint64_t intervals;
	uint64_t unexplained;
};

/** Starts the thread. Everything stays the caller's. Returns NULL with errno set. Main thread, as all here. */
struct closing *closing_start(struct stats *stats, struct nt_detect *detect, struct publisher *publisher);

/**
 * Waits for the job before, switches the workers' banks and leaves what they counted to the thread. All frames handed
 * to the workers must have been counted. Returns 0 or the -errno of the job before: nothing was switched then.
 */
int closing_hand_over(struct closing *c, const struct closing_job *job);

/** Waits for the last job, ends the thread, frees. Returns 0 or that job's -errno. */
int closing_stop(struct closing *c, struct closing_totals *totals);

#endif

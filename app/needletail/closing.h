/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_CLOSING_H
#define NEEDLETAIL_CLOSING_H

#include "stats.h"

struct nt_detect;
struct publisher;

/*
 * What the end of a replay's interval takes, on two threads of its own while the next interval is read and counted:
 *
 *   hand over -> banks are folded, the snapshot is made -> detectors look at it, it is submitted
 *
 * Each does one interval at a time and in their order, so that what comes out is the same as without threads. There are
 * none where they would share the caller's only CPU: both stages are gone through at once then, and the workers go back
 * to the bank that they had, so that half of the memory is never touched.
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

/** Starts the threads, if there is a CPU for them. Everything stays the caller's. Returns NULL with errno set. Main
 * thread, as all here. */
struct closing *closing_start(struct stats *stats, struct nt_detect *detect, struct publisher *publisher);

/**
 * Waits until the job before is folded, switches the workers' banks and leaves what they counted to the threads, or
 * does the job. All frames handed to the workers must have been counted. Returns 0 or the -errno of a job before, or of
 * this one: no other may follow.
 */
int closing_hand_over(struct closing *c, const struct closing_job *job);

/** Waits for the last job, ends the threads, frees. Returns 0 or the -errno of a job. */
int closing_stop(struct closing *c, struct closing_totals *totals);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_FOLD_FOLD_H
#define NT_FOLD_FOLD_H

#include "needletail/snapshot.h"
#include "tally/tally.h"

#include <stdbool.h>

struct nt_asn;
struct nt_locate;

/*
 * Banks -> one snapshot. A source, a pair, a sender or a victim may stand in the banks of several workers, and in
 * several folds of one interval: they are put together here by what they are, so that the snapshot does not depend on
 * how packets were spread. All calls from one thread, the stats side's.
 */

struct nt_fold;

/** Longest time between folds: the bins of victims (NT_VICTIM_BINS) go back that far. */
#define NT_FOLD_EVERY_S (NT_VICTIM_BINS * NT_VICTIM_BIN_S)

struct nt_fold_options {
	bool sketches; /**< make HyperLogLogs even while numbers are exact: for a sink that merges them */
};

/** Makes an empty fold. Returns NULL with errno set. */
struct nt_fold *nt_fold_new(const struct nt_fold_options *options);
void nt_fold_free(struct nt_fold *f);

/** AS database to look sources up in; NULL: none. It must stay until replaced. */
void nt_fold_set_asn(struct nt_fold *f, struct nt_asn *asn);

/** Tables that tell regions of sources and victims; NULL: none. They must stay until replaced. */
void nt_fold_set_locate(struct nt_fold *f, const struct nt_locate *locate);

/**
 * Adds retired banks, one a worker, to the open interval. All banks of an interval have the same signatures. Costs
 * what the banks touched. While no worker holds the banks. At least once every NT_FOLD_EVERY_S seconds of packets,
 * or the peaks of victims are lower bounds.
 * Returns 0, or -ENOMEM; then the interval cannot be had any more, and nt_fold_take() gives what there is.
 */
int nt_fold_add(struct nt_fold *f, struct nt_tally *const *banks, uint32_t n);

/** Frames folded since nt_fold_take(). */
uint64_t nt_fold_frames(const struct nt_fold *f);

/**
 * Ends the interval: fills an empty snapshot with all that was counted; lateness, partial and loss are the caller's
 * to fill. The next interval begins empty. Returns 0 or -ENOMEM, with the snapshot freeable.
 */
int nt_fold_take(struct nt_fold *f, int64_t start_s, int64_t end_s, struct nt_snapshot *into);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_FOLD_FOLD_H
#define NT_FOLD_FOLD_H

#include "needletail/snapshot.h"
#include "tally/tally.h"

/**
 * Adds retired banks, one a worker, to a snapshot's counters and tables; span, lateness and loss are the caller's to
 * fill. Costs what the banks touched. Stats side, while no worker holds the banks.
 * Returns 0, or -ENOMEM with the snapshot in an undefined but freeable state and the banks as they were.
 */
int nt_fold(struct nt_tally *const *banks, uint32_t n, struct nt_snapshot *into);

#endif

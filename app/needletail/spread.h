/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_SPREAD_H
#define NEEDLETAIL_SPREAD_H

#include "decode/decode.h"

#include <stdint.h>

/** Entries of the indirection table of the common NICs. */
#define SPREAD_ENTRIES 128

/** What RSS does in a NIC, for frames that come one by one: a Toeplitz hash over the source address, and a table. */
struct spread {
	uint32_t workers;
	uint32_t worker[SPREAD_ENTRIES];
};

/** Spreads evenly over so many workers, at least one. */
void spread_init(struct spread *s, uint32_t workers);

/** The worker of a frame: of its source, or the first if there is no source to read. Any thread. */
uint32_t spread_worker(const struct spread *s, const struct nt_frame *frame, enum nt_link link);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_LOCATE_FILLING_H
#define NT_LOCATE_FILLING_H

#include "locate/address6.h"

#include <stdint.h>

/*
 * A table in ordinary memory (nt_locate_options) that is filled while a database is walked, without lists in between:
 * from the first address to the last, without gaps. What is behind the last one filled is unknown. Control threads
 * only, no EAL.
 */
struct nt_locate;
struct nt_locate_filling;

/** NULL: no memory. */
struct nt_locate_filling *nt_locate_fill_begin(void);

/** IPv4 addresses that are not filled yet, up to `end`, which is not among them; 2^32 at most. Returns 0 or -ENOMEM. */
int nt_locate_fill4(struct nt_locate_filling *f, uint64_t end, uint16_t region);

/** IPv6 addresses that are not filled yet, up to and with `last`. Returns 0 or -ENOMEM. */
int nt_locate_fill6(struct nt_locate_filling *f, nt_u128 last, uint16_t region);

/**
 * A prefix of IPv6 of at most 96 bits, behind which an IPv4 address stands (nt_alias6); all before it is filled.
 * Returns 0 or -ENOMEM.
 */
int nt_locate_fill6_alias(struct nt_locate_filling *f, nt_u128 network, uint32_t length);

/** Ranges so far of one region each: what the prefixes of the protocol come to. */
uint32_t nt_locate_filled4(const struct nt_locate_filling *f);
uint32_t nt_locate_filled6(const struct nt_locate_filling *f);

/** The table, undone by nt_locate_free(); `f` is gone. NULL: no memory. */
struct nt_locate *nt_locate_fill_end(struct nt_locate_filling *f);

/** Throws it away; NULL is fine. */
void nt_locate_fill_cancel(struct nt_locate_filling *f);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_LOCATE_BATCH_H
#define NT_LOCATE_BATCH_H

#include "locate/locate.h"

#include <string.h>

/*
 * Addresses of both IP versions on their way through a look-up, at most NT_LOCATE_BURST together: those of one version
 * side by side, each with a number of the caller's that says whose it is.
 */
struct nt_locate_batch {
	uint32_t n4;
	uint32_t n6;
	uint32_t address4[NT_LOCATE_BURST];
	uint8_t address6[NT_LOCATE_BURST][16];
	uint32_t whose4[NT_LOCATE_BURST];
	uint32_t whose6[NT_LOCATE_BURST];
	uint16_t region4[NT_LOCATE_BURST];
	uint16_t region6[NT_LOCATE_BURST];
};

static inline void nt_locate_batch_begin(struct nt_locate_batch *b)
{
	b->n4 = b->n6 = 0;
}

static inline bool nt_locate_batch_full(const struct nt_locate_batch *b)
{
	return b->n4 + b->n6 == NT_LOCATE_BURST;
}

static inline void nt_locate_batch_v4(struct nt_locate_batch *b, uint32_t address, uint32_t whose)
{
	b->whose4[b->n4] = whose;
	b->address4[b->n4++] = address;
}

static inline void nt_locate_batch_v6(struct nt_locate_batch *b, const uint8_t address[static 16], uint32_t whose)
{
	b->whose6[b->n6] = whose;
	memcpy(b->address6[b->n6++], address, sizeof(b->address6[0]));
}

/** Fills in region4 and region6. Any thread; packet path. */
static inline void nt_locate_batch_look(const struct nt_locate *l, struct nt_locate_batch *b)
{
	nt_locate_v4(l, b->address4, b->region4, b->n4);
	nt_locate_v6(l, (const uint8_t(*)[16])b->address6, b->region6, b->n6);
}

#endif

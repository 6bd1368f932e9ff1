/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TALLY_BURST_H
#define NT_TALLY_BURST_H

#include "decode/decode.h"

#include <stdbool.h>
#include <stdint.h>

/** Packets that travel together: the more, the longer memory has for what one pass asks and the next one touches. */
#define NT_BURST 128

/**
 * A packet on its way through the passes, which each find all of it from one pointer. Aligned to lines of the cache it
 * would be no faster.
 */
struct nt_packet {
	struct nt_fields fields; /* as decoded */
	uint16_t region;	 /* of its source, if it is wanted at once */
	uint32_t home;		 /* in the index, of its source, */
	uint32_t place;		 /* and where it is or would belong */
	uint32_t tag;		 /* of its source */
	uint32_t line;		 /* of its source, or NT_SOURCE_NONE; if not `found`, what it most likely is */
	uint32_t matched;	 /* signatures */
	int64_t time_ns;	 /* Unix nanoseconds */
};

_Static_assert(sizeof(struct nt_packet) <= 128, "no more than two cache lines' worth");

/** A decoded burst: what locate and tally work on. */
struct nt_burst {
	uint32_t n;
	uint32_t n_unlocated;
	bool found; /* nt_tally_find() did find the lines of its sources */
	struct nt_packet packet[NT_BURST];
	uint8_t unlocated[NT_BURST]; /* packets whose region is still to be looked up, from nt_tally_find() */
};

/** Decodes frames behind those that are there, NT_BURST in all at most. Worker. */
static inline void nt_burst_decode(struct nt_burst *b, const struct nt_frame *frames, uint32_t n, enum nt_link link)
{
	struct nt_packet *next = &b->packet[b->n];

	nt_decode_burst(frames, n, link, &next->fields, sizeof(*next));
	for (uint32_t i = 0; i < n; i++)
		next[i].time_ns = frames[i].time_ns;
	b->n += n;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TALLY_HISTOGRAM_H
#define NT_TALLY_HISTOGRAM_H

#include <stdint.h>
#include <string.h>

/*
 * A dense array of packet counters with a list of the keys that are not zero, so that fold and clear cost what was
 * touched and not the size of the array.
 *
 * Counters are 32 bits wide: five arrays of 65,536 keys then fit the L2 cache of today's cores. What keeps them from
 * wrapping: the stats side retires a bank long before it has counted 2^32 frames (NT_TALLY_FRAMES_MAX in tally.h).
 */
struct nt_histogram {
	uint32_t *count;   /* [size] packets of a key */
	uint16_t *touched; /* [size + 1] keys with a count, in the order of their first packet; NULL: a small one */
	uint32_t n_touched;
	uint32_t size; /* keys; at most 65,536 */
};

/*
 * Counts packets, at least one. The first packet of a key appends it to the list; written without a branch, because
 * that branch is a coin toss in a scan of all ports. Hence one spare place at the end of the list: every packet writes
 * one there.
 */
static inline void nt_histogram_add(struct nt_histogram *h, uint32_t key, uint32_t packets)
{
	uint32_t before = h->count[key];

	h->touched[h->n_touched] = (uint16_t)key;
	h->n_touched += before == 0;
	h->count[key] = before + packets;
}

static inline void nt_histogram_count(struct nt_histogram *h, uint32_t key)
{
	nt_histogram_add(h, key, 1);
}

/** Tables of at most so many keys have no list: to look through them costs no more. */
#define NT_HISTOGRAM_SMALL 2048

/* Counts one packet in a small table. */
static inline void nt_histogram_count_small(struct nt_histogram *h, uint32_t key)
{
	h->count[key]++;
}

/* Asks the cache for a key's counter. */
static inline void nt_histogram_prefetch(const struct nt_histogram *h, uint32_t key)
{
	__builtin_prefetch(&h->count[key], 1);
}

static inline void nt_histogram_clear(struct nt_histogram *h)
{
	if (!h->touched && h->size)
		memset(h->count, 0, h->size * sizeof(h->count[0]));
	for (uint32_t i = 0; i < h->n_touched; i++)
		h->count[h->touched[i]] = 0;
	h->n_touched = 0;
}

#endif

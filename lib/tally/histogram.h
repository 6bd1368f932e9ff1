/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TALLY_HISTOGRAM_H
#define NT_TALLY_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * A dense array of packet counters. Most large ones have a flag for each chunk of keys that says whether any of them is
 * not zero, so that fold and clear cost what was touched and not the size of the array.
 *
 * Counters are 32 bits wide: five arrays of 65,536 keys then fit the L2 cache of today's cores. What keeps them from
 * wrapping: the stats side retires a bank long before it has counted 2^32 frames (NT_TALLY_FRAMES_MAX in tally.h).
 */
struct nt_histogram {
	uint32_t *count; /* [size] packets of a key */
	bool *used;	 /* [size / NT_HISTOGRAM_CHUNK] has a key with a count; NULL: no flags */
	uint32_t size;	 /* keys; at most 65,536 */
};

/** Keys of a chunk. */
#define NT_HISTOGRAM_CHUNK 256

/* Counts packets, at least one, in a table with flags. */
static inline void nt_histogram_add(struct nt_histogram *h, uint32_t key, uint32_t packets)
{
	h->count[key] += packets;
	h->used[key / NT_HISTOGRAM_CHUNK] = true;
}

static inline void nt_histogram_count(struct nt_histogram *h, uint32_t key)
{
	nt_histogram_add(h, key, 1);
}

/* Counts packets in a table without. */
static inline void nt_histogram_add_bare(struct nt_histogram *h, uint32_t key, uint32_t packets)
{
	h->count[key] += packets;
}

static inline void nt_histogram_count_bare(struct nt_histogram *h, uint32_t key)
{
	nt_histogram_add_bare(h, key, 1);
}

/* Asks the cache for a key's counter. */
static inline void nt_histogram_prefetch(const struct nt_histogram *h, uint32_t key)
{
	__builtin_prefetch(&h->count[key], 1);
}

static inline void nt_histogram_clear(struct nt_histogram *h)
{
	if (!h->used && h->size)
		memset(h->count, 0, h->size * sizeof(h->count[0]));
	for (uint32_t chunk = 0; h->used && chunk < h->size / NT_HISTOGRAM_CHUNK; chunk++)
		if (h->used[chunk])
			memset(&h->count[chunk * NT_HISTOGRAM_CHUNK], 0, NT_HISTOGRAM_CHUNK * sizeof(h->count[0]));
	if (h->used)
		memset(h->used, 0, h->size / NT_HISTOGRAM_CHUNK * sizeof(h->used[0]));
}

#endif

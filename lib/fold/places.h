/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_FOLD_PLACES_H
#define NT_FOLD_PLACES_H

#include <stddef.h>
#include <stdint.h>

/*
 * Where an entry stands in an array, by its hash: open addressing with linear probing, growing. The array and what
 * makes two entries one are the caller's. A slot has the hash beside the place, so that growing and most misses touch
 * no entry.
 */
struct nt_places {
	uint64_t *slot; /* [mask + 1] hash << 32 | place + 1; 0: free */
	uint32_t mask;
	uint32_t n;
};

#define NT_PLACES_NONE UINT32_MAX

/** Makes room for `entries` in all. Returns 0 or -ENOMEM, with the index as it was. */
int nt_places_reserve(struct nt_places *x, size_t entries);

void nt_places_fini(struct nt_places *x);

/**
 * From slot *at on, the next place of an entry with this hash; NT_PLACES_NONE: there is none, and *at is where it
 * belongs. Begin at `hash`; go on at *at + 1. The index must have room for one more.
 */
static inline uint32_t nt_places_next(const struct nt_places *x, uint32_t hash, uint32_t *at)
{
	for (;; ++*at) {
		uint64_t slot = x->slot[*at & x->mask];

		if (!slot)
			return NT_PLACES_NONE;
		if (slot >> 32 == hash)
			return (uint32_t)slot - 1;
	}
}

/** Notes the place of a new entry where nt_places_next() ended. */
static inline void nt_places_put(struct nt_places *x, uint32_t at, uint32_t hash, uint32_t place)
{
	x->slot[at & x->mask] = (uint64_t)hash << 32 | (place + 1);
	x->n++;
}

static inline void nt_places_prefetch(const struct nt_places *x, uint32_t hash)
{
	__builtin_prefetch(&x->slot[hash & x->mask], 1);
}

/**
 * Makes an array hold `wanted` entries of `size` bytes. Returns it, moved perhaps, with *capacity set, or NULL with
 * the old one still there.
 */
void *nt_places_grow_array(void *array, size_t *capacity, size_t wanted, size_t size);

#endif

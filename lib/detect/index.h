/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_DETECT_INDEX_H
#define NT_DETECT_INDEX_H

#include "needletail/snapshot.h"

#include <stdint.h>

/*
 * Finds a detector's lines by key. Lines lie dense in an array of the detector's own, [0, n); the index knows at which
 * place a key's line lies. Open addressing over at most half full slots, everything allocated once.
 */

struct nt_index_key {
	uint64_t a, b, c;
};

struct nt_index {
	struct nt_index_key *key; /* [capacity], behind the slots; key[i] belongs to line i */
	uint32_t *slot;		  /* [mask + 1] place + 1; 0: empty */
	uint32_t mask;
	uint32_t capacity;
	uint32_t n;
};

/** No line. */
#define NT_INDEX_NONE UINT32_MAX

/** Key of an address and a number beside it. */
struct nt_index_key nt_index_address(const struct nt_address *address, uint32_t beside);

/** Makes room for `capacity` lines, 1..2^28. Returns 0, -EINVAL or -ENOMEM; either way nt_index_fini() may follow. */
int nt_index_init(struct nt_index *x, uint32_t capacity);
void nt_index_fini(struct nt_index *x);
void nt_index_clear(struct nt_index *x);

/** Place of a key's line, or NT_INDEX_NONE. */
uint32_t nt_index_find(const struct nt_index *x, const struct nt_index_key *key);

/**
 * Asks the cache for what nt_index_find() will look at: some keys ahead for the slot, later for the line's key that the
 * slot leads to. An interval's sources are so many that their lines are in no cache.
 */
void nt_index_ask_slot(const struct nt_index *x, const struct nt_index_key *key);

/** Returns the place that the slot has by now, which may be another key's, or NT_INDEX_NONE. */
uint32_t nt_index_ask_key(const struct nt_index *x, const struct nt_index_key *key);

/** Place, always the last, for a line whose key is not there yet; NT_INDEX_NONE when full. */
uint32_t nt_index_add(struct nt_index *x, const struct nt_index_key *key);

/** Takes line `at` out. The last line moves to `at` (unless it is the same): move yours from line x->n, as it is then.
 */
void nt_index_remove(struct nt_index *x, uint32_t at);

/** Order of keys, as qsort() wants it, for results that depend on no table's order. */
int nt_index_compare(const struct nt_index_key *a, const struct nt_index_key *b);

#endif

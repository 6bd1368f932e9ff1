/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TALLY_SKETCH_H
#define NT_TALLY_SKETCH_H

#include "base/hll.h"
#include "base/mix.h"
#include "needletail/snapshot.h"

#include <stdbool.h>

/*
 * HyperLogLogs for the sources that found no place in the source table: one for each name (nt_sketch_key(), in
 * needletail/snapshot.h) that such a source counts for. Nothing of it is touched while the tables hold everything.
 *
 * Names come by the ten thousand, and few of them are large. So the elements of a name first stand one by one in a set
 * that all names share, which is exact as registers go, and a name has registers of its own once it has many. The whole
 * of a name is both together: what stood in the set stays there. Both are bounded; what finds no place is counted.
 *
 * A total - all sources, all of backscatter, all of a signature - is the union of its names by region, and made of them
 * when the bank is settled. Until then it has only what found no place by region.
 */

/** Places in the set of single elements for each name that may have registers: three quarters of a power of two. */
#define NT_SPARSE_PER_SKETCH 1536

/** Counters of what waits; names share them by the upper 16 bits of their hash. */
#define NT_SKETCH_COUNTERS (1u << 16)

#define NT_SPARSE_KEY_SHIFT 20 /* register and rank are below the name */

/** An element of a name: in order of names, then registers, then ranks. Never 0, as no rank is. */
static inline uint64_t nt_sparse(uint32_t key, uint32_t index, uint8_t rank)
{
	return (uint64_t)key << NT_SPARSE_KEY_SHIFT | index << 6 | rank;
}

static inline uint32_t nt_sparse_key(uint64_t element)
{
	return (uint32_t)(element >> NT_SPARSE_KEY_SHIFT);
}

static inline uint16_t nt_sparse_index(uint64_t element)
{
	return (uint16_t)(element >> 6 & (NT_HLL_REGISTERS - 1));
}

static inline uint8_t nt_sparse_rank(uint64_t element)
{
	return element & 0x3f;
}

/** Is it a name by region? */
static inline bool nt_sketch_is_regional(uint32_t key)
{
	enum nt_sketch_kind kind = key >> 24;

	return kind == NT_SKETCH_REGION || kind == NT_SKETCH_BACKSCATTER_REGION || kind == NT_SKETCH_SIGNATURE_REGION;
}

/** The total that a name by region belongs to: the kind before it, and its id without the region. */
static inline uint32_t nt_sketch_total(uint32_t key)
{
	return (key - (UINT32_C(1) << 24)) & ~UINT32_C(0x1ffff);
}

/** Ports that nt_port_key() tells apart. */
#define NT_SKETCH_PORTS (UINT32_C(1) << 17)

struct nt_sketch_line {
	uint32_t key; /* nt_sketch_key() + 1; 0: free */
	uint32_t at;  /* its registers */
};

/*
 * Where a name's registers are. Every source without a line counts for its region, and nearly every one for its port:
 * these are found by their id, the others by a hash. room() in sketch.c leaves both so few that two bytes are enough.
 */
struct nt_sketches {
	uint16_t *of_region;			/* [NT_REGIONS] number of its registers + 1; 0: none */
	uint16_t *of_port;			/* [NT_SKETCH_PORTS] likewise */
	struct nt_sketch_line *line;		/* [mask + 1] of other names */
	uint8_t (*registers)[NT_HLL_REGISTERS]; /* [limit], in the order of `key` */
	uint32_t *key;				/* [limit] nt_sketch_key() of each */
	uint32_t mask;
	uint32_t limit;
	uint32_t n;
	uint64_t *sparse;	  /* [sparse_mask + 1] nt_sparse(); 0: free */
	uint32_t *sparse_touched; /* [sparse_limit] places in use */
	uint32_t sparse_mask;
	uint32_t sparse_limit;
	uint32_t n_sparse;
	uint16_t *waiting; /* [NT_SKETCH_COUNTERS] elements of names without registers */
	uint64_t overflow; /* elements that found no place, perhaps the same again */
};

/** An element of a name without registers, on its way. */
struct nt_sketch_add {
	uint64_t element; /* nt_sparse() */
	uint32_t home;	  /* where it belongs among the single ones */
	uint32_t counter; /* its name's, in `waiting` */
};

/** Where a name's line is or belongs, one that is found by hash. */
static inline uint32_t nt_sketches_find(const struct nt_sketches *t, uint32_t key)
{
	uint32_t at = (uint32_t)(nt_mix_word(key) >> 32) & t->mask;

	while (t->line[at].key && t->line[at].key != key + 1)
		at = (at + 1) & t->mask;
	return at;
}

/** Number of a name's registers + 1; 0: it has none. */
static inline uint32_t nt_sketches_number(const struct nt_sketches *t, enum nt_sketch_kind kind, uint32_t id)
{
	const struct nt_sketch_line *line;

	if (kind == NT_SKETCH_REGION)
		return t->of_region[id];
	if (kind == NT_SKETCH_PORT)
		return t->of_port[id];
	line = &t->line[nt_sketches_find(t, nt_sketch_key(kind, id))];
	return line->key ? line->at + 1 : 0;
}

/** Says where an element (nt_sparse()) goes, and asks the cache for it. Worker. */
static inline struct nt_sketch_add nt_sketches_ask(const struct nt_sketches *t, uint64_t element)
{
	struct nt_sketch_add add = {
	    .element = element,
	    .home = (uint32_t)(nt_mix_word(element) >> 32) & t->sparse_mask,
	    .counter = (uint32_t)(nt_mix_word(nt_sparse_key(element)) >> 48),
	};

	__builtin_prefetch(&t->sparse[add.home], 1);
	__builtin_prefetch(&t->waiting[add.counter], 1);
	return add;
}

/** Adds an element to its name's sketch. Worker. */
void nt_sketches_put(struct nt_sketches *t, const struct nt_sketch_add *add);

/** Raises a register to a rank. Without a branch: in a flood of some 10,000 sources that is a coin toss. */
static inline void nt_sketch_raise(uint8_t *at, uint8_t rank)
{
	*at = *at < rank ? rank : *at;
}

/** As nt_sketches_put(), with the element's hash. Worker. */
void nt_sketches_add(struct nt_sketches *t, uint32_t key, uint64_t hash);

/** Makes the totals. Once, when no worker holds the bank. Stats side. */
void nt_sketches_settle(struct nt_sketches *t);

/** Empties the set; costs what was touched. Stats side. */
void nt_sketches_clear(struct nt_sketches *t);

#endif

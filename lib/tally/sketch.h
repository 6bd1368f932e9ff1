/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TALLY_SKETCH_H
#define NT_TALLY_SKETCH_H

#include "base/hll.h"
#include "needletail/snapshot.h"

/*
 * HyperLogLogs for the sources that found no place in the source table: one for each name (nt_sketch_key(), in
 * needletail/snapshot.h) that such a source counts for. A bounded set; names that find no place in it are counted.
 * Nothing of it is touched while the tables hold everything.
 */

struct nt_sketch_line {
	uint32_t key; /* nt_sketch_key() + 1; 0: free */
	uint32_t at;  /* its registers */
};

struct nt_sketches {
	struct nt_sketch_line *line;		/* [mask + 1] */
	uint8_t (*registers)[NT_HLL_REGISTERS]; /* [limit], in the order of `key` */
	uint32_t *key;				/* [limit] nt_sketch_key() of each */
	uint32_t mask;
	uint32_t limit;
	uint32_t n;
	uint64_t overflow; /* elements whose name found no place */
};

/** Adds an element to a name's sketch. Worker. */
void nt_sketches_add(struct nt_sketches *t, uint32_t key, uint64_t hash);

/** Empties the set; costs what was touched. Stats side. */
void nt_sketches_clear(struct nt_sketches *t);

#endif

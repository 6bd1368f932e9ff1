/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_FOLD_SKETCHES_H
#define NT_FOLD_SKETCHES_H

#include "fold/places.h"
#include "needletail/snapshot.h"
#include "tally/sketch.h"

#include <stdbool.h>

/*
 * HyperLogLogs: what the banks counted of sources without a line, and the whole, which is that and every merged line.
 */

/** Single elements of names: nt_sparse(). */
struct nt_fold_elements {
	uint64_t *element;
	size_t n;
	size_t capacity;
};

/** Makes room for `more`. Returns 0 or -ENOMEM. */
int nt_fold_elements_reserve(struct nt_fold_elements *e, size_t more);

/** Sorts them and keeps the greatest rank of each register. */
void nt_fold_elements_sort(struct nt_fold_elements *e);

/** Those of a name, in order: *n from the one returned on. They must be sorted. */
const uint64_t *nt_fold_elements_of(const struct nt_fold_elements *e, uint32_t key, size_t *n);

/** Sketches by name, from all banks. */
struct nt_fold_sketches {
	struct nt_places index;
	uint32_t *key;	     /* [n] nt_sketch_key() */
	uint8_t **registers; /* [n] NT_HLL_REGISTERS each */
	size_t n;
	size_t capacity;
	bool overflowed;		/* the banks had no place for some */
	struct nt_fold_elements sparse; /* what the names have beside, and all that most of them have */
};

/** Adds a bank's sketches. Returns 0 or -ENOMEM. */
int nt_fold_sketches_add(struct nt_fold_sketches *s, const struct nt_sketches *bank);

/** What the banks have of a name. */
struct nt_fold_lost {
	const uint8_t *registers; /* NULL: none */
	const uint64_t *element;
	size_t n;
};

/** Looks a name up, once nt_fold_elements_sort() was called after what was added. */
struct nt_fold_lost nt_fold_sketches_find(const struct nt_fold_sketches *s, uint32_t key);

static inline bool nt_fold_lost_any(const struct nt_fold_lost *lost)
{
	return lost->registers || lost->n;
}

void nt_fold_sketches_fini(struct nt_fold_sketches *s);

/** A sketch being filled; knows its registers that are not zero, so that emptying costs what was touched. */
struct nt_fold_scratch {
	uint8_t registers[NT_HLL_REGISTERS];
	uint16_t touched[NT_HLL_REGISTERS];
	uint32_t n;
	uint32_t host[NT_FEW_HOSTS];
	uint32_t n_hosts; /* above NT_FEW_HOSTS: not all of them are known */
};

/** An element of a sketch: register, rank, and what tells it from others in the same register. */
struct nt_fold_mark {
	uint32_t host;
	uint16_t index;
	uint8_t rank;
};

/** Adds an element, which may come again only right behind itself. */

/** They are not all of them. */
static inline void nt_fold_scratch_forget_hosts(struct nt_fold_scratch *s)
{
	s->n_hosts = NT_FEW_HOSTS + 1;
}

static inline void nt_fold_scratch_add(struct nt_fold_scratch *s, struct nt_fold_mark m)
{
	if (s->n_hosts < NT_FEW_HOSTS)
		s->host[s->n_hosts] = m.host;
	s->n_hosts += s->n_hosts <= NT_FEW_HOSTS;
	if (s->registers[m.index] >= m.rank)
		return;
	if (!s->registers[m.index])
		s->touched[s->n++] = m.index;
	s->registers[m.index] = m.rank;
}

/** Adds what the banks have of a name. Of that no hosts are known any more. */
void nt_fold_scratch_merge(struct nt_fold_scratch *s, const struct nt_fold_lost *lost);

/** About how many elements. */
uint64_t nt_fold_scratch_estimate(const struct nt_fold_scratch *s);

/** Appends the sketch to the snapshot's, unless it is empty, and empties it. Returns 0 or -ENOMEM. */
int nt_fold_scratch_emit(struct nt_fold_scratch *s, uint32_t key, struct nt_snapshot *into, size_t *capacity);

#endif

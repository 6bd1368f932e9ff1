/* SPDX-License-Identifier: BSD-3-Clause */
#include "fold/interval.h"

#include <errno.h>
#include <stdlib.h>

/*
 * Sources go through region by region, so that the sketches of a region are filled, united with what the banks had to
 * sketch, written out and emptied before those of the next: the memory is that of one region.
 *
 * A number is estimated only where the banks have a sketch of that name: elsewhere every source has its line, and the
 * number of lines is exact. An estimate is never below the number of lines.
 */

/* Sketches that are filled at a time: a total and one for each signature. */
struct set {
	struct nt_fold_scratch sources;
	struct nt_fold_scratch backscatter;
	struct nt_fold_scratch signature[NT_SIGNATURES_MAX];
};

struct unite {
	struct nt_snapshot *into;
	struct nt_fold_sketches *lost;
	size_t capacity;	   /* of into->sketch */
	struct nt_fold_mark *mark; /* [n_sources] */
	uint32_t *order;	   /* [n_sources] by region */
	size_t first[NT_REGIONS + 1];
	struct set total;
	struct set region;
	struct nt_fold_scratch port[NT_UNIQUE_PORTS];
	struct nt_fold_ports ports;
};

static struct nt_fold_mark mark_of(const struct nt_address *address)
{
	uint64_t hash = nt_hll_hash(address->byte, address->length);

	return (struct nt_fold_mark){.index = (uint16_t)nt_hll_index(hash), .rank = nt_hll_rank(hash)};
}

static void sort_by_region(struct unite *u)
{
	const struct nt_snapshot *s = u->into;
	size_t next[NT_REGIONS];

	for (size_t i = 0; i < s->n_sources; i++)
		u->first[s->source[i].region + 1]++;
	for (uint32_t r = 0; r < NT_REGIONS; r++) {
		u->first[r + 1] += u->first[r];
		next[r] = u->first[r];
	}
	for (size_t i = 0; i < s->n_sources; i++) {
		u->mark[i] = mark_of(&s->source[i].address);
		u->order[next[s->source[i].region]++] = (uint32_t)i;
	}
}

static void add_source(struct set *set, const struct nt_source *source, struct nt_fold_mark mark)
{
	nt_fold_scratch_add(&set->sources, mark);
	if (source->backscatter)
		nt_fold_scratch_add(&set->backscatter, mark);
	for (uint32_t bits = source->signatures; bits; bits &= bits - 1)
		nt_fold_scratch_add(&set->signature[__builtin_ctz(bits)], mark);
}

/* Unites a sketch with the banks' own of that name. Returns an estimate if there is one, else 0. */
static uint64_t unite_lost(struct unite *u, struct nt_fold_scratch *scratch, uint32_t key)
{
	const uint8_t *lost = nt_fold_sketches_find(u->lost, key);

	nt_fold_scratch_merge(scratch, lost);
	return lost ? nt_fold_scratch_estimate(scratch) : 0;
}

/* Ends a sketch whose number stands by itself. */
static int finish(struct unite *u, struct nt_fold_scratch *scratch, uint32_t key, uint64_t *number)
{
	uint64_t estimate = unite_lost(u, scratch, key);

	*number = estimate > *number ? estimate : *number;
	return nt_fold_scratch_emit(scratch, key, u->into, &u->capacity);
}

/* Ends a sketch whose number stands in a compact table, which stays compact. Names without a line are few. */
static int finish_in(struct unite *u, struct nt_fold_scratch *scratch, uint32_t key, struct nt_counts *table,
		     uint64_t member)
{
	uint64_t before = nt_counts_get(table, member), number = before;
	int err = finish(u, scratch, key, &number);

	if (err || number == before)
		return err;
	err = nt_counts_append(table, member, number - before);
	nt_counts_compact(table);
	return err;
}

static int finish_region(struct unite *u, uint32_t region)
{
	struct nt_snapshot *s = u->into;
	int err = finish_in(u, &u->region.sources, nt_sketch_key(NT_SKETCH_REGION, region), &s->unique.region, region);

	if (!err)
		err = finish_in(u, &u->region.backscatter, nt_sketch_key(NT_SKETCH_BACKSCATTER_REGION, region),
				&s->unique.backscatter_region, region);
	for (uint32_t i = 0; i < s->n_signatures && !err; i++)
		err = finish_in(u, &u->region.signature[i], nt_sketch_key(NT_SKETCH_SIGNATURE_REGION, i << 17 | region),
				&s->signature[i].region_sources, region);
	return err;
}

static int unite_regions(struct unite *u)
{
	int err = 0;

	for (uint32_t r = 0; r < NT_REGIONS && !err; r++) {
		for (size_t i = u->first[r]; i < u->first[r + 1]; i++) {
			const struct nt_source *source = &u->into->source[u->order[i]];

			add_source(&u->total, source, u->mark[u->order[i]]);
			add_source(&u->region, source, u->mark[u->order[i]]);
		}
		if (u->first[r] != u->first[r + 1] || u->lost->n)
			err = finish_region(u, r);
	}
	return err;
}

static int unite_totals(struct unite *u)
{
	struct nt_snapshot *s = u->into;
	int err = finish(u, &u->total.sources, nt_sketch_key(NT_SKETCH_SOURCES, 0), &s->unique.sources);

	if (!err)
		err = finish(u, &u->total.backscatter, nt_sketch_key(NT_SKETCH_BACKSCATTER, 0), &s->unique.backscatter);
	for (uint32_t i = 0; i < s->n_signatures && !err; i++)
		err = finish(u, &u->total.signature[i], nt_sketch_key(NT_SKETCH_SIGNATURE, i << 17),
			     &s->signature[i].sources);
	return err;
}

static int unite_ports(struct unite *u)
{
	struct nt_snapshot *s = u->into;
	int err = 0;

	nt_fold_top_ports(s, &u->ports);
	for (size_t i = 0; i < s->n_pairs; i++) {
		uint32_t place = u->ports.place[s->pair[i].port];

		if (place)
			nt_fold_scratch_add(&u->port[place - 1], u->mark[s->pair[i].source]);
	}
	for (uint32_t i = 0; i < u->ports.n && !err; i++) {
		uint32_t key = (uint32_t)u->ports.top[i].key;

		err = finish_in(u, &u->port[i], nt_sketch_key(NT_SKETCH_PORT, key), &s->unique.port, key);
	}
	return err;
}

/* ---- signatures by port: only what the banks have sketches of ---- */

static void add_pairs_of_signatures(struct unite *u)
{
	const struct nt_snapshot *s = u->into;

	for (size_t i = 0; i < s->n_pairs; i++)
		for (uint32_t bits = s->pair[i].signatures; bits; bits &= bits - 1) {
			uint32_t id = (uint32_t)__builtin_ctz(bits) << 17 | s->pair[i].port;
			uint8_t *lost = nt_fold_sketches_find(u->lost, nt_sketch_key(NT_SKETCH_SIGNATURE_PORT, id));
			struct nt_fold_mark mark = u->mark[s->pair[i].source];

			if (lost && lost[mark.index] < mark.rank)
				lost[mark.index] = mark.rank;
		}
}

static int unite_signature_ports(struct unite *u)
{
	struct nt_fold_scratch *scratch = &u->port[0]; /* empty again */
	struct nt_snapshot *s = u->into;
	int err = 0;

	if (u->lost->n)
		add_pairs_of_signatures(u);
	for (size_t i = 0; i < u->lost->n && !err; i++) {
		uint32_t key = u->lost->key[i], id = key & 0xffffff;

		if (key >> 24 == NT_SKETCH_SIGNATURE_PORT && id >> 17 < s->n_signatures)
			err = finish_in(u, scratch, key, &s->signature[id >> 17].port_sources, id & 0x1ffff);
	}
	return err;
}

static int by_key(const void *a, const void *b)
{
	const struct nt_sketch *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

int nt_fold_unite(struct nt_fold_sketches *lost, struct nt_snapshot *into)
{
	struct unite *u = calloc(1, sizeof(*u));
	int err = -ENOMEM;

	if (!u)
		return -ENOMEM;
	u->into = into;
	u->lost = lost;
	u->mark = calloc(into->n_sources + 1, sizeof(*u->mark));
	u->order = calloc(into->n_sources + 1, sizeof(*u->order));
	if (u->mark && u->order) {
		sort_by_region(u);
		err = unite_regions(u);
		if (!err)
			err = unite_totals(u);
		if (!err)
			err = unite_ports(u);
		if (!err)
			err = unite_signature_ports(u);
		if (into->n_sketches)
			qsort(into->sketch, into->n_sketches, sizeof(into->sketch[0]), by_key);
	}
	free(u->order);
	free(u->mark);
	free(u);
	return err;
}

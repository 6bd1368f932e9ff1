/* SPDX-License-Identifier: BSD-3-Clause */
#include "fold/interval.h"

#include <errno.h>
#include <stdlib.h>

/*
 * Sources go through region by region, so that the sketches of a region are filled, united with what the banks had to
 * sketch, written out and emptied before those of the next: the memory is that of one region.
 *
 * A number is estimated only where the banks have elements of that name: elsewhere every source has its line, and the
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

	return (struct nt_fold_mark){
	    .host = (uint32_t)(hash >> 32), .index = (uint16_t)nt_hll_index(hash), .rank = nt_hll_rank(hash)};
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
	struct nt_fold_lost lost = nt_fold_sketches_find(u->lost, key);

	nt_fold_scratch_merge(scratch, &lost);
	if (u->lost->overflowed)
		nt_fold_scratch_forget_hosts(scratch);
	return nt_fold_lost_any(&lost) ? nt_fold_scratch_estimate(scratch) : 0;
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
		if (u->first[r] != u->first[r + 1] || u->lost->n || u->lost->sparse.n)
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

static bool is_signature_port(const struct unite *u, uint32_t key)
{
	return key >> 24 == NT_SKETCH_SIGNATURE_PORT && (key & 0xffffff) >> 17 < u->into->n_signatures;
}

static int compare_names(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Names of signatures by port that the banks have anything of, in order, each once. Returns 0 or -ENOMEM. */
static int list_names(const struct unite *u, uint32_t **name, size_t *n)
{
	const struct nt_fold_elements *e = &u->lost->sparse;
	uint32_t *list = malloc((u->lost->n + e->n + 1) * sizeof(*list));
	size_t all = 0, kept = 0;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < u->lost->n; i++)
		if (is_signature_port(u, u->lost->key[i]))
			list[all++] = u->lost->key[i];
	for (size_t i = 0; i < e->n; i++) {
		uint32_t key = nt_sparse_key(e->element[i]);

		if (is_signature_port(u, key) && (!all || list[all - 1] != key))
			list[all++] = key;
	}
	qsort(list, all, sizeof(*list), compare_names);
	for (size_t i = 0; i < all; i++)
		if (!kept || list[kept - 1] != list[i])
			list[kept++] = list[i];
	*name = list;
	*n = kept;
	return 0;
}

/* Elements of the pairs kept, by signature and port; only of names listed. Returns 0 or -ENOMEM. */
static int list_pairs(const struct unite *u, const uint32_t *name, size_t n, struct nt_fold_elements *into)
{
	const struct nt_snapshot *s = u->into;
	int err = 0;

	for (size_t i = 0; i < s->n_pairs && !err; i++)
		for (uint32_t bits = s->pair[i].signatures; bits && !err; bits &= bits - 1) {
			uint32_t id = (uint32_t)__builtin_ctz(bits) << 17 | s->pair[i].port;
			uint32_t key = nt_sketch_key(NT_SKETCH_SIGNATURE_PORT, id);
			struct nt_fold_mark mark = u->mark[s->pair[i].source];

			if (!bsearch(&key, name, n, sizeof(*name), compare_names))
				continue;
			err = nt_fold_elements_reserve(into, 1);
			if (!err)
				into->element[into->n++] = nt_sparse(key, mark.index, mark.rank);
		}
	nt_fold_elements_sort(into);
	return err;
}

/* Ends the sketches of one signature from name[0] on. There may be ten thousands of ports, so that what they have more
 * than was counted goes into their table all at once. Returns how many names these were, or -ENOMEM. */
static int finish_signature(struct unite *u, const uint32_t *name, size_t n, const struct nt_fold_elements *pairs)
{
	struct nt_counts *table = &u->into->signature[(name[0] & 0xffffff) >> 17].port_sources, more = {0};
	struct nt_fold_scratch *scratch = &u->port[0]; /* empty again */
	int err = 0;
	size_t i;

	for (i = 0; i < n && name[i] >> 17 == name[0] >> 17 && !err; i++) {
		uint64_t before = nt_counts_get(table, name[i] & 0x1ffff), number = before;
		struct nt_fold_lost kept = {0};

		kept.element = nt_fold_elements_of(pairs, name[i], &kept.n);
		nt_fold_scratch_merge(scratch, &kept);
		err = finish(u, scratch, name[i], &number);
		if (!err && number != before)
			err = nt_counts_append(&more, name[i] & 0x1ffff, number - before);
	}
	if (!err && more.n)
		err = nt_counts_merge(table, &more);
	free(more.entry);
	return err ? err : (int)i;
}

static int unite_signature_ports(struct unite *u)
{
	struct nt_fold_elements pairs = {0};
	uint32_t *name;
	size_t n;
	int err = list_names(u, &name, &n), done;

	if (err)
		return err;
	if (n)
		err = list_pairs(u, name, n, &pairs);
	for (size_t i = 0; i < n && !err; i += (size_t)done) {
		done = finish_signature(u, name + i, n - i, &pairs);
		if (done < 0)
			err = done;
	}
	free(pairs.element);
	free(name);
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

/* SPDX-License-Identifier: BSD-3-Clause */
#include "fold/sketches.h"

#include "base/mix.h"

#include <errno.h>
#include <stdlib.h>

/* From so many registers on, looking at all of them is cheaper than sorting those in use. */
#define SCAN_FROM (NT_HLL_REGISTERS / 16)

/* ---- single elements ---- */

int nt_fold_elements_reserve(struct nt_fold_elements *e, size_t more)
{
	size_t wanted = e->n + more;
	uint64_t *grown;

	if (e->element && wanted <= e->capacity)
		return 0;
	nt_fold_elements_sort(e); /* the same elements come again with every bank */
	wanted = e->n + more;
	if (wanted > e->capacity / 2 && wanted <= e->capacity)
		wanted = e->capacity + 1; /* or the next few would be sorted in again */
	grown = nt_places_grow_array(e->element, &e->capacity, wanted, sizeof(*e->element));
	if (!grown)
		return -ENOMEM;
	e->element = grown;
	return 0;
}

static int compare_elements(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool same_register(uint64_t a, uint64_t b)
{
	return nt_sparse_key(a) == nt_sparse_key(b) && nt_sparse_index(a) == nt_sparse_index(b);
}

void nt_fold_elements_sort(struct nt_fold_elements *e)
{
	size_t kept = 0;

	if (!e->n)
		return;
	qsort(e->element, e->n, sizeof(*e->element), compare_elements);
	for (size_t i = 1; i < e->n; i++) {
		kept += !same_register(e->element[kept], e->element[i]);
		e->element[kept] = e->element[i];
	}
	e->n = kept + 1;
}

/* The first that is not below. */
static size_t lower_bound(const struct nt_fold_elements *e, uint64_t element)
{
	size_t from = 0, to = e->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (e->element[middle] < element)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

const uint64_t *nt_fold_elements_of(const struct nt_fold_elements *e, uint32_t key, size_t *n)
{
	size_t first = lower_bound(e, nt_sparse(key, 0, 0));

	*n = lower_bound(e, nt_sparse(key + 1, 0, 0)) - first;
	return *n ? e->element + first : NULL;
}

/* ---- sketches by name ---- */

static uint32_t hash_of(uint32_t key)
{
	return (uint32_t)nt_mix(key, 0);
}

/* Place of a name; NT_PLACES_NONE, and *at where it belongs. */
static uint32_t find(const struct nt_fold_sketches *s, uint32_t key, uint32_t *at)
{
	uint32_t hash = hash_of(key), i;

	*at = hash;
	while ((i = nt_places_next(&s->index, hash, at)) != NT_PLACES_NONE && s->key[i] != key)
		++*at;
	return i;
}

struct nt_fold_lost nt_fold_sketches_find(const struct nt_fold_sketches *s, uint32_t key)
{
	uint32_t at, i = s->n ? find(s, key, &at) : NT_PLACES_NONE;
	struct nt_fold_lost lost = {.registers = i == NT_PLACES_NONE ? NULL : s->registers[i]};

	lost.element = nt_fold_elements_of(&s->sparse, key, &lost.n);
	return lost;
}

static int reserve(struct nt_fold_sketches *s, size_t wanted)
{
	size_t keys = s->capacity, registers = s->capacity;
	void *grown = nt_places_grow_array(s->key, &keys, wanted, sizeof(*s->key));

	if (!grown)
		return -ENOMEM;
	s->key = grown;
	grown = nt_places_grow_array(s->registers, &registers, wanted, sizeof(*s->registers));
	if (!grown)
		return -ENOMEM;
	s->registers = grown;
	s->capacity = registers;
	return nt_places_reserve(&s->index, wanted);
}

static int add_one(struct nt_fold_sketches *s, uint32_t key, const uint8_t *registers)
{
	uint32_t at, i = find(s, key, &at);

	if (i == NT_PLACES_NONE) {
		i = (uint32_t)s->n;
		s->registers[i] = calloc(NT_HLL_REGISTERS, 1);
		if (!s->registers[i])
			return -ENOMEM;
		s->key[s->n++] = key;
		nt_places_put(&s->index, at, hash_of(key), i);
	}
	for (uint32_t r = 0; r < NT_HLL_REGISTERS; r++)
		if (s->registers[i][r] < registers[r])
			s->registers[i][r] = registers[r];
	return 0;
}

int nt_fold_sketches_add(struct nt_fold_sketches *s, const struct nt_sketches *bank)
{
	int err = bank->n ? reserve(s, s->n + bank->n) : 0;

	s->overflowed |= bank->overflow > 0;
	for (uint32_t i = 0; i < bank->n && !err; i++)
		err = add_one(s, bank->key[i], bank->registers[i]);
	if (!err && bank->n_sparse)
		err = nt_fold_elements_reserve(&s->sparse, bank->n_sparse);
	for (uint32_t i = 0; i < bank->n_sparse && !err; i++)
		s->sparse.element[s->sparse.n++] = bank->sparse[bank->sparse_touched[i]];
	return err;
}

void nt_fold_sketches_fini(struct nt_fold_sketches *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->registers[i]);
	free(s->registers);
	free(s->key);
	free(s->sparse.element);
	nt_places_fini(&s->index);
	*s = (struct nt_fold_sketches){0};
}

/* ---- one sketch ---- */

void nt_fold_scratch_merge(struct nt_fold_scratch *s, const struct nt_fold_lost *lost)
{
	if (nt_fold_lost_any(lost))
		nt_fold_scratch_forget_hosts(s);
	for (uint32_t r = 0; lost->registers && r < NT_HLL_REGISTERS; r++)
		if (lost->registers[r])
			nt_fold_scratch_add(s, (struct nt_fold_mark){.index = (uint16_t)r, .rank = lost->registers[r]});
	for (size_t i = 0; i < lost->n; i++)
		nt_fold_scratch_add(s, (struct nt_fold_mark){.index = nt_sparse_index(lost->element[i]),
							     .rank = nt_sparse_rank(lost->element[i])});
}

uint64_t nt_fold_scratch_estimate(const struct nt_fold_scratch *s)
{
	uint32_t histogram[NT_HLL_RANK_MAX + 1] = {NT_HLL_REGISTERS - s->n};

	for (uint32_t i = 0; i < s->n; i++)
		histogram[s->registers[s->touched[i]]]++;
	return nt_hll_estimate(histogram);
}

static int compare_indices(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

/* Puts the registers in use into order. */
static void sort_touched(struct nt_fold_scratch *s)
{
	uint32_t n = 0;

	if (s->n < SCAN_FROM) {
		qsort(s->touched, s->n, sizeof(s->touched[0]), compare_indices);
		return;
	}
	for (uint32_t r = 0; r < NT_HLL_REGISTERS; r++)
		if (s->registers[r])
			s->touched[n++] = (uint16_t)r;
}

static int compare_hosts(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Hosts in order, each once. Returns 0 or -ENOMEM. */
static int emit_hosts(struct nt_fold_scratch *s, struct nt_sketch *sketch)
{
	uint32_t kept = 0;

	if (!s->n_hosts || s->n_hosts > NT_FEW_HOSTS)
		return 0;
	sketch->host = malloc(s->n_hosts * sizeof(*sketch->host));
	if (!sketch->host)
		return -ENOMEM;
	qsort(s->host, s->n_hosts, sizeof(s->host[0]), compare_hosts);
	for (uint32_t i = 0; i < s->n_hosts; i++)
		if (!i || s->host[i] != s->host[i - 1])
			sketch->host[kept++] = s->host[i];
	sketch->n_hosts = kept;
	return 0;
}

static int emit_registers(struct nt_fold_scratch *s, struct nt_sketch *sketch)
{
	sketch->registers = calloc(s->n, sizeof(*sketch->registers));
	if (!sketch->registers)
		return -ENOMEM;
	sort_touched(s);
	for (uint32_t i = 0; i < s->n; i++) {
		sketch->registers[i] = (uint32_t)s->touched[i] << 8 | s->registers[s->touched[i]];
		s->registers[s->touched[i]] = 0;
	}
	sketch->n = s->n;
	return 0;
}

int nt_fold_scratch_emit(struct nt_fold_scratch *s, uint32_t key, struct nt_snapshot *into, size_t *capacity)
{
	struct nt_sketch *sketch, made = {.key = key};
	int err;

	if (!s->n)
		return 0;
	sketch = nt_places_grow_array(into->sketch, capacity, into->n_sketches + 1, sizeof(*sketch));
	if (!sketch)
		return -ENOMEM;
	into->sketch = sketch;
	err = emit_hosts(s, &made);
	if (!err)
		err = emit_registers(s, &made);
	if (err) {
		free(made.host);
		return err;
	}
	sketch[into->n_sketches++] = made;
	s->n = 0;
	s->n_hosts = 0;
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "fold/sketches.h"

#include "base/mix.h"

#include <errno.h>
#include <stdlib.h>

/* From so many registers on, looking at all of them is cheaper than sorting those in use. */
#define SCAN_FROM (NT_HLL_REGISTERS / 16)

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

uint8_t *nt_fold_sketches_find(const struct nt_fold_sketches *s, uint32_t key)
{
	uint32_t at, i = s->n ? find(s, key, &at) : NT_PLACES_NONE;

	return i == NT_PLACES_NONE ? NULL : s->registers[i];
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

	for (uint32_t i = 0; i < bank->n && !err; i++)
		err = add_one(s, bank->key[i], bank->registers[i]);
	return err;
}

void nt_fold_sketches_fini(struct nt_fold_sketches *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->registers[i]);
	free(s->registers);
	free(s->key);
	nt_places_fini(&s->index);
	*s = (struct nt_fold_sketches){0};
}

uint64_t nt_fold_registers_estimate(const uint8_t *registers)
{
	uint32_t histogram[NT_HLL_RANK_MAX + 1] = {0};

	for (uint32_t r = 0; r < NT_HLL_REGISTERS; r++)
		histogram[registers[r]]++;
	return nt_hll_estimate(histogram);
}

void nt_fold_scratch_merge(struct nt_fold_scratch *s, const uint8_t *registers)
{
	for (uint32_t r = 0; registers && r < NT_HLL_REGISTERS; r++)
		if (registers[r])
			nt_fold_scratch_add(s, (struct nt_fold_mark){.index = (uint16_t)r, .rank = registers[r]});
}

uint64_t nt_fold_scratch_estimate(const struct nt_fold_scratch *s)
{
	return nt_fold_registers_estimate(s->registers);
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

int nt_fold_scratch_emit(struct nt_fold_scratch *s, uint32_t key, struct nt_snapshot *into, size_t *capacity)
{
	struct nt_sketch *sketch;
	uint32_t *registers;

	if (!s->n)
		return 0;
	sketch = nt_places_grow_array(into->sketch, capacity, into->n_sketches + 1, sizeof(*sketch));
	if (!sketch)
		return -ENOMEM;
	into->sketch = sketch;
	registers = calloc(s->n, sizeof(*registers));
	if (!registers)
		return -ENOMEM;
	sort_touched(s);
	for (uint32_t i = 0; i < s->n; i++) {
		registers[i] = (uint32_t)s->touched[i] << 8 | s->registers[s->touched[i]];
		s->registers[s->touched[i]] = 0;
	}
	sketch[into->n_sketches++] = (struct nt_sketch){.key = key, .n = s->n, .registers = registers};
	s->n = 0;
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/sketch.h"

#include <stdbool.h>
#include <string.h>

/*
 * So many elements of a name without registers, and it is to have some. Names that share half of the registers have
 * more to wait for: so many that while the set of single elements fills, no more names reach it than there is room for.
 * Once it is full, waiting costs what is lost meanwhile.
 */
#define WAIT	 256
#define WAIT_MAX (2 * NT_SPARSE_PER_SKETCH)

/* Names without an id of a region or port: two, and one for each signature. */
#define TOTALS (2 + NT_SIGNATURES_MAX)

#define ID 0xffffffu /* of a key */

/*
 * How many names there may be before one of this kind is taken in. Ports come by the ten thousand: they leave room for
 * the regions, and both for the totals, of which at worst half of the set is kept free.
 */
static uint32_t room(const struct nt_sketches *t, uint32_t key)
{
	uint32_t half = (t->limit + 1) / 2, totals = half < TOTALS ? half : TOTALS;

	switch ((enum nt_sketch_kind)(key >> 24)) {
	case NT_SKETCH_SOURCES:
	case NT_SKETCH_BACKSCATTER:
	case NT_SKETCH_SIGNATURE:
		return t->limit;
	case NT_SKETCH_REGION:
	case NT_SKETCH_BACKSCATTER_REGION:
		return t->limit - totals;
	default:
		return t->limit / 2;
	}
}

static bool is_port(uint32_t key)
{
	return key >> 24 == NT_SKETCH_PORT || key >> 24 == NT_SKETCH_SIGNATURE_PORT;
}

/* Adds an element to the set that all names share, where ports leave room for the others. Returns false if it is full.
 */
static bool keep(struct nt_sketches *t, const struct nt_sketch_add *add)
{
	uint32_t limit = is_port(nt_sparse_key(add->element)) ? t->sparse_limit / 8 * 7 : t->sparse_limit;
	uint32_t at = add->home;

	while (t->sparse[at] && t->sparse[at] != add->element)
		at = (at + 1) & t->sparse_mask;
	if (t->sparse[at])
		return true;
	if (t->n_sparse >= limit)
		return false;
	t->sparse[at] = add->element;
	t->sparse_touched[t->n_sparse++] = at;
	t->waiting[add->counter] += t->waiting[add->counter] < WAIT_MAX;
	return true;
}

/* What a name waits for. That of all sources gets its registers at once, as no other is to come before it. */
static uint32_t patience(uint32_t key)
{
	switch ((enum nt_sketch_kind)(key >> 24)) {
	case NT_SKETCH_SOURCES:
		return 0;
	case NT_SKETCH_PORT:
	case NT_SKETCH_SIGNATURE_REGION:
	case NT_SKETCH_SIGNATURE_PORT:
		return WAIT_MAX;
	default:
		return WAIT;
	}
}

/*
 * Adds an element of a name without registers. Returns true if the name is to have some. Once the set is full, ports go
 * on waiting with their elements lost: else the next few hundred ports would have what a large one needs.
 */
static bool wait_for_registers(struct nt_sketches *t, const struct nt_sketch_add *add)
{
	uint32_t key = nt_sparse_key(add->element);
	uint16_t *waiting = &t->waiting[add->counter];

	if (*waiting < patience(key)) {
		if (keep(t, add))
			return false;
		if (is_port(key) && *waiting < WAIT) {
			++*waiting;
			t->overflow++;
			return false;
		}
	}
	if (t->n < room(t, key))
		return true;
	t->overflow += !keep(t, add);
	return false;
}

/* NULL: none. */
static uint8_t *registers_of(const struct nt_sketches *t, uint32_t key)
{
	uint32_t number = nt_sketches_number(t, key >> 24, key & ID);

	return number ? t->registers[number - 1] : NULL;
}

static uint8_t *give_registers(struct nt_sketches *t, uint32_t key)
{
	switch ((enum nt_sketch_kind)(key >> 24)) {
	case NT_SKETCH_REGION:
		t->of_region[key & ID] = (uint16_t)(t->n + 1);
		break;
	case NT_SKETCH_PORT:
		t->of_port[key & ID] = (uint16_t)(t->n + 1);
		break;
	default:
		t->line[nt_sketches_find(t, key)] = (struct nt_sketch_line){.key = key + 1, .at = t->n};
	}
	t->key[t->n] = key;
	return t->registers[t->n++];
}

/* An element of a name that had no registers. Returns false if it finds no place. */
static bool put(struct nt_sketches *t, const struct nt_sketch_add *add)
{
	uint32_t key = nt_sparse_key(add->element);
	uint8_t *registers = registers_of(t, key);

	if (!registers) {
		uint64_t lost = t->overflow;

		if (!wait_for_registers(t, add))
			return t->overflow == lost;
		registers = give_registers(t, key);
	}
	nt_sketch_raise(&registers[nt_sparse_index(add->element)], nt_sparse_rank(add->element));
	return true;
}

/* To the total of a name by region. */
static void put_total(struct nt_sketches *t, uint64_t element)
{
	struct nt_sketch_add add = nt_sketches_ask(
	    t, nt_sparse(nt_sketch_total(nt_sparse_key(element)), nt_sparse_index(element), nt_sparse_rank(element)));

	put(t, &add);
}

/* What finds no place by region is at least in the total. */
void nt_sketches_put(struct nt_sketches *t, const struct nt_sketch_add *add)
{
	if (!put(t, add) && nt_sketch_is_regional(nt_sparse_key(add->element)))
		put_total(t, add->element);
}

void nt_sketches_add(struct nt_sketches *t, uint32_t key, uint64_t hash)
{
	struct nt_sketch_add add = nt_sketches_ask(t, nt_sparse(key, nt_hll_index(hash), nt_hll_rank(hash)));

	nt_sketches_put(t, &add);
}

/* A name that has registers is large, and its total is no smaller. */
static void settle_name(struct nt_sketches *t, uint32_t i)
{
	uint32_t total = nt_sketch_total(t->key[i]);
	uint8_t *into = registers_of(t, total);

	if (!into && t->n < room(t, total))
		into = give_registers(t, total);
	for (uint32_t r = 0; into && r < NT_HLL_REGISTERS; r++)
		into[r] = into[r] < t->registers[i][r] ? t->registers[i][r] : into[r];
	if (!into)
		t->overflow++;
}

void nt_sketches_settle(struct nt_sketches *t)
{
	uint32_t names = t->n, elements = t->n_sparse; /* without what is made here */

	for (uint32_t i = 0; i < names; i++)
		if (nt_sketch_is_regional(t->key[i]))
			settle_name(t, i);
	for (uint32_t i = 0; i < elements; i++) {
		uint64_t element = t->sparse[t->sparse_touched[i]];

		if (nt_sketch_is_regional(nt_sparse_key(element)))
			put_total(t, element);
	}
}

/* Others may have been taken away on the way to its line already. */
static void clear_name(struct nt_sketches *t, uint32_t i)
{
	uint32_t key = t->key[i], at = (uint32_t)(nt_mix_word(key) >> 32) & t->mask;

	memset(t->registers[i], 0, sizeof(t->registers[i]));
	switch ((enum nt_sketch_kind)(key >> 24)) {
	case NT_SKETCH_REGION:
		t->of_region[key & ID] = 0;
		return;
	case NT_SKETCH_PORT:
		t->of_port[key & ID] = 0;
		return;
	default:
		break;
	}
	while (t->line[at].at != i || !t->line[at].key)
		at = (at + 1) & t->mask;
	t->line[at] = (struct nt_sketch_line){0};
}

void nt_sketches_clear(struct nt_sketches *t)
{
	for (uint32_t i = 0; i < t->n; i++)
		clear_name(t, i);
	for (uint32_t i = 0; i < t->n_sparse; i++)
		t->sparse[t->sparse_touched[i]] = 0;
	if (t->n_sparse || t->overflow)
		memset(t->waiting, 0, NT_SKETCH_COUNTERS * sizeof(t->waiting[0]));
	t->n_sparse = 0;
	t->n = 0;
	t->overflow = 0;
}

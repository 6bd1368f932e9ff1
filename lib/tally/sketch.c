/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/sketch.h"

#include "base/mix.h"

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

static uint32_t sparse_home(const struct nt_sketches *t, uint64_t element)
{
	return (uint32_t)(nt_mix_word(element) >> 32) & t->sparse_mask;
}

/* Adds an element to the set that all names share, where ports leave room for the others. Returns false if it is full.
 */
static bool keep(struct nt_sketches *t, uint64_t element, uint16_t *waiting)
{
	uint32_t limit = is_port(nt_sparse_key(element)) ? t->sparse_limit / 8 * 7 : t->sparse_limit;
	uint32_t at = sparse_home(t, element);

	while (t->sparse[at] && t->sparse[at] != element)
		at = (at + 1) & t->sparse_mask;
	if (t->sparse[at])
		return true;
	if (t->n_sparse >= limit)
		return false;
	t->sparse[at] = element;
	t->sparse_touched[t->n_sparse++] = at;
	*waiting += *waiting < WAIT_MAX;
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
static bool wait_for_registers(struct nt_sketches *t, uint64_t element, uint16_t *waiting)
{
	uint32_t key = nt_sparse_key(element);

	if (*waiting < patience(key)) {
		if (keep(t, element, waiting))
			return false;
		if (is_port(key) && *waiting < WAIT) {
			++*waiting;
			t->overflow++;
			return false;
		}
	}
	if (t->n < room(t, key))
		return true;
	t->overflow += !keep(t, element, waiting);
	return false;
}

/* Where a name's line is or belongs. */
static inline uint32_t find_line(const struct nt_sketches *t, uint32_t key, uint64_t mixed)
{
	uint32_t at = (uint32_t)(mixed >> 32) & t->mask;

	while (t->line[at].key && t->line[at].key != key + 1)
		at = (at + 1) & t->mask;
	return at;
}

void nt_sketches_ask(const struct nt_sketches *t, struct nt_sketch_add *add)
{
	const struct nt_sketch_line *line = &t->line[find_line(t, add->key, nt_mix_word(add->key))];

	add->at = line->key ? &t->registers[line->at][add->index] : NULL;
	if (add->at)
		__builtin_prefetch(add->at, 1);
	else
		__builtin_prefetch(&t->sparse[sparse_home(t, nt_sparse(add->key, add->index, add->rank))], 1);
}

static void raise(uint8_t *at, uint8_t rank)
{
	if (*at < rank)
		*at = rank;
}

static void give_registers(struct nt_sketches *t, uint32_t at, uint32_t key)
{
	t->line[at] = (struct nt_sketch_line){.key = key + 1, .at = t->n};
	t->key[t->n++] = key;
}

/* An element of a name that had no registers. Returns false if it finds no place. */
static bool put_alone(struct nt_sketches *t, const struct nt_sketch_add *add)
{
	uint64_t mixed = nt_mix_word(add->key), element = nt_sparse(add->key, add->index, add->rank);
	uint32_t at = find_line(t, add->key, mixed);

	if (!t->line[at].key) {
		uint64_t lost = t->overflow;

		if (!wait_for_registers(t, element, &t->waiting[mixed >> 48]))
			return t->overflow == lost;
		give_registers(t, at, add->key);
	}
	raise(&t->registers[t->line[at].at][add->index], add->rank);
	return true;
}

/* What finds no place by region is at least in the total. */
static void put_new(struct nt_sketches *t, const struct nt_sketch_add *add)
{
	struct nt_sketch_add total = *add;

	if (put_alone(t, add) || !nt_sketch_is_regional(add->key))
		return;
	total.key = nt_sketch_total(add->key);
	put_alone(t, &total);
}

void nt_sketches_put(struct nt_sketches *t, const struct nt_sketch_add *add)
{
	if (add->at)
		raise(add->at, add->rank);
	else
		put_new(t, add);
}

void nt_sketches_add(struct nt_sketches *t, uint32_t key, uint64_t hash)
{
	put_new(t,
		&(struct nt_sketch_add){.key = key, .index = (uint16_t)nt_hll_index(hash), .rank = nt_hll_rank(hash)});
}

/* Registers of a name, which gets some if there is room; NULL: there is none. */
static uint8_t *registers_of(struct nt_sketches *t, uint32_t key)
{
	uint32_t at = find_line(t, key, nt_mix_word(key));

	if (!t->line[at].key && t->n < room(t, key))
		give_registers(t, at, key);
	return t->line[at].key ? t->registers[t->line[at].at] : NULL;
}

/* A name that has registers is large, and its total is no smaller. */
static void settle_name(struct nt_sketches *t, uint32_t i)
{
	uint8_t *into = registers_of(t, nt_sketch_total(t->key[i]));

	for (uint32_t r = 0; into && r < NT_HLL_REGISTERS; r++)
		into[r] = into[r] < t->registers[i][r] ? t->registers[i][r] : into[r];
	if (!into)
		t->overflow++;
}

static void settle_element(struct nt_sketches *t, uint64_t element)
{
	put_new(t, &(struct nt_sketch_add){.key = nt_sketch_total(nt_sparse_key(element)),
					   .index = nt_sparse_index(element),
					   .rank = nt_sparse_rank(element)});
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
			settle_element(t, element);
	}
}

void nt_sketches_clear(struct nt_sketches *t)
{
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t at = (uint32_t)(nt_mix_word(t->key[i]) >> 32) & t->mask;

		memset(t->registers[i], 0, sizeof(t->registers[i]));
		while (t->line[at].at != i || !t->line[at].key) /* others were taken away on the way already */
			at = (at + 1) & t->mask;
		t->line[at] = (struct nt_sketch_line){0};
	}
	for (uint32_t i = 0; i < t->n_sparse; i++)
		t->sparse[t->sparse_touched[i]] = 0;
	if (t->n_sparse || t->overflow)
		memset(t->waiting, 0, NT_SKETCH_COUNTERS * sizeof(t->waiting[0]));
	t->n_sparse = 0;
	t->n = 0;
	t->overflow = 0;
}

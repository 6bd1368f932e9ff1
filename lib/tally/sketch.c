/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/sketch.h"

#include "base/mix.h"

#include <string.h>

/* Names without an id of a region or port: two, and one for each signature. */
#define TOTALS (2 + NT_SIGNATURES_MAX)

/*
 * How many names there may be before one of this kind is taken in. Ports come by the ten thousand: they leave room for
 * the regions, and both for the totals, of which at worst half of the set is kept free.
 */
static uint32_t room(const struct nt_sketches *t, uint32_t key)
{
	uint32_t totals = t->limit / 2 < TOTALS ? t->limit / 2 : TOTALS;

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

void nt_sketches_add(struct nt_sketches *t, uint32_t key, uint64_t hash)
{
	uint32_t at = (uint32_t)(nt_mix(key, 0) >> 32) & t->mask, index = nt_hll_index(hash);
	uint8_t rank = nt_hll_rank(hash), *registers;

	while (t->line[at].key && t->line[at].key != key + 1)
		at = (at + 1) & t->mask;
	if (!t->line[at].key) {
		if (t->n >= room(t, key)) {
			t->overflow++;
			return;
		}
		t->line[at] = (struct nt_sketch_line){.key = key + 1, .at = t->n};
		t->key[t->n++] = key;
	}
	registers = t->registers[t->line[at].at];
	if (registers[index] < rank)
		registers[index] = rank;
}

void nt_sketches_clear(struct nt_sketches *t)
{
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t at = (uint32_t)(nt_mix(t->key[i], 0) >> 32) & t->mask;

		memset(t->registers[i], 0, sizeof(t->registers[i]));
		while (t->line[at].at != i || !t->line[at].key) /* others were taken away on the way already */
			at = (at + 1) & t->mask;
		t->line[at] = (struct nt_sketch_line){0};
	}
	t->n = 0;
	t->overflow = 0;
}

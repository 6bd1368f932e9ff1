/* SPDX-License-Identifier: BSD-3-Clause */
#include "detect/index.h"

#include "base/mix.h"
#include "base/pages.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_MAX (1u << 28)

/* Big-endian numbers, so that keys are in the order of addresses. */
struct nt_index_key nt_index_address(const struct nt_address *address, uint32_t beside)
{
	struct nt_index_key key = {.c = (uint64_t)beside << 8 | address->length};
	uint64_t half[2];
	uint32_t v4;

	if (address->length == sizeof(v4)) {
		memcpy(&v4, address->byte, sizeof(v4));
		key.a = be32toh(v4);
	} else {
		memcpy(half, address->byte, sizeof(half));
		key.a = be64toh(half[0]);
		key.b = be64toh(half[1]);
	}
	return key;
}

/* Slots, and behind them the keys, of which no more is touched than there are: together they need few pages. */
static size_t bytes_of(uint32_t slots, uint32_t capacity)
{
	return slots * sizeof(uint32_t) + capacity * sizeof(struct nt_index_key);
}

int nt_index_init(struct nt_index *x, uint32_t capacity)
{
	uint32_t slots = 2;

	memset(x, 0, sizeof(*x));
	if (capacity == 0 || capacity > CAPACITY_MAX)
		return -EINVAL;
	while (slots < 2 * capacity)
		slots *= 2;
	x->slot = nt_pages_take(bytes_of(slots, capacity));
	if (x->slot == NULL)
		return -ENOMEM;
	x->key = (struct nt_index_key *)(x->slot + slots);
	x->mask = slots - 1;
	x->capacity = capacity;
	return 0;
}

void nt_index_fini(struct nt_index *x)
{
	nt_pages_give(x->slot, bytes_of(x->mask + 1, x->capacity));
	memset(x, 0, sizeof(*x));
}

void nt_index_clear(struct nt_index *x)
{
	if (x->n != 0)
		memset(x->slot, 0, ((size_t)x->mask + 1) * sizeof(x->slot[0]));
	x->n = 0;
}

static uint32_t home(const struct nt_index *x, const struct nt_index_key *key)
{
	return (uint32_t)nt_mix_keyed(key->a ^ key->c << 32, key->b ^ key->c) & x->mask;
}

static bool equal(const struct nt_index_key *a, const struct nt_index_key *b)
{
	return a->a == b->a && a->b == b->b && a->c == b->c;
}

/* The slot that holds a key, or the empty one where the search for it ends. */
static uint32_t slot_of(const struct nt_index *x, const struct nt_index_key *key)
{
	uint32_t s = home(x, key);

	while (x->slot[s] != 0 && !equal(&x->key[x->slot[s] - 1], key))
		s = (s + 1) & x->mask;
	return s;
}

uint32_t nt_index_find(const struct nt_index *x, const struct nt_index_key *key)
{
	uint32_t place = x->slot[slot_of(x, key)];

	return place == 0 ? NT_INDEX_NONE : place - 1;
}

void nt_index_ask_slot(const struct nt_index *x, const struct nt_index_key *key)
{
	__builtin_prefetch(&x->slot[home(x, key)]);
}

uint32_t nt_index_ask_key(const struct nt_index *x, const struct nt_index_key *key)
{
	uint32_t place = x->slot[home(x, key)];

	if (place == 0)
		return NT_INDEX_NONE;
	__builtin_prefetch(&x->key[place - 1]);
	return place - 1;
}

uint32_t nt_index_add(struct nt_index *x, const struct nt_index_key *key)
{
	if (x->n == x->capacity)
		return NT_INDEX_NONE;
	x->key[x->n] = *key;
	x->slot[slot_of(x, key)] = x->n + 1; /* before the search it is empty, and no slot points to key[n] */
	return x->n++;
}

/* Empties a slot and moves up those behind it whose search passed it (Knuth, TAOCP 3, 6.4, algorithm R). */
static void empty_slot(struct nt_index *x, uint32_t hole)
{
	uint32_t s = hole;

	for (;;) {
		x->slot[hole] = 0;
		for (;;) {
			uint32_t h;

			s = (s + 1) & x->mask;
			if (x->slot[s] == 0)
				return;
			h = home(x, &x->key[x->slot[s] - 1]);
			if (((s - h) & x->mask) >= ((s - hole) & x->mask))
				break;
		}
		x->slot[hole] = x->slot[s];
		hole = s;
	}
}

void nt_index_remove(struct nt_index *x, uint32_t at)
{
	uint32_t last = x->n - 1;

	empty_slot(x, slot_of(x, &x->key[at]));
	if (at != last) {
		x->slot[slot_of(x, &x->key[last])] = at + 1;
		x->key[at] = x->key[last];
	}
	x->n = last;
}

int nt_index_compare(const struct nt_index_key *a, const struct nt_index_key *b)
{
	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	if (a->b != b->b)
		return a->b < b->b ? -1 : 1;
	return a->c < b->c ? -1 : a->c > b->c;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "detect/ports.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define KEYS	    131072u
#define BITMAP_U32  (KEYS / 32)
#define SLOTS_FIRST 16u
#define EMPTY	    UINT32_MAX

struct nt_ports_more {
	uint32_t first[NT_PORTS_FIRST];
	uint32_t slots;	 /* BITMAP_U32: it is the bitmap; else a hash table of so many */
	uint32_t slot[]; /* keys, EMPTY where there is none; or bits */
};

static size_t bytes_of(uint32_t slots)
{
	return sizeof(struct nt_ports_more) + slots * sizeof(uint32_t);
}

/* A table of BITMAP_U32 slots would be as large as the bitmap, and only half full. */
static struct nt_ports_more *make(uint32_t slots)
{
	struct nt_ports_more *m = malloc(bytes_of(slots));

	if (!m)
		return NULL;
	m->slots = slots;
	memset(m->slot, slots == BITMAP_U32 ? 0 : 0xff, slots * sizeof(uint32_t));
	return m;
}

/* Fibonacci hashing: ports of a scan are consecutive numbers, which it spreads evenly. */
static uint32_t *place(struct nt_ports_more *m, uint32_t key)
{
	uint32_t at = key * 2654435769u >> 8 & (m->slots - 1);

	while (m->slot[at] != EMPTY && m->slot[at] != key)
		at = (at + 1) & (m->slots - 1);
	return &m->slot[at];
}

/* True if it was not there. */
static bool insert(struct nt_ports_more *m, uint32_t key)
{
	uint32_t *slot, bit = 1u << key % 32;
	bool fresh;

	if (m->slots == BITMAP_U32) {
		slot = &m->slot[key / 32];
		fresh = !(*slot & bit);
		*slot |= bit;
		return fresh;
	}
	slot = place(m, key);
	fresh = *slot == EMPTY;
	*slot = key;
	return fresh;
}

static bool contains(struct nt_ports_more *m, uint32_t key)
{
	return m->slots == BITMAP_U32 ? m->slot[key / 32] >> key % 32 & 1 : *place(m, key) == key;
}

/* Replaces what holds the ports by something larger. */
static int grow(struct nt_ports *p, size_t *budget)
{
	uint32_t had = p->more ? p->more->slots : 0, slots = had ? 2 * had : SLOTS_FIRST;
	size_t more = bytes_of(slots) - (had ? bytes_of(had) : 0);
	struct nt_ports_more *m;

	if (more > *budget)
		return -ENOSPC;
	m = make(slots);
	if (!m)
		return -ENOMEM;
	for (uint32_t i = 0; i < had; i++)
		if (p->more->slot[i] != EMPTY)
			insert(m, p->more->slot[i]);
	for (uint32_t i = 0; !had && i < p->n; i++)
		insert(m, p->few[i]);
	memcpy(m->first, had ? p->more->first : p->few, (had ? NT_PORTS_FIRST : NT_PORTS_FEW) * sizeof(uint32_t));
	free(p->more);
	p->more = m;
	*budget -= more;
	return 0;
}

static bool few_contain(const struct nt_ports *p, uint32_t key)
{
	for (uint32_t i = 0; i < p->n; i++)
		if (p->few[i] == key)
			return true;
	return false;
}

/* Half full is where probing stays short. */
static bool is_full(const struct nt_ports *p)
{
	if (!p->more)
		return p->n == NT_PORTS_FEW;
	return p->more->slots < BITMAP_U32 && p->n >= p->more->slots / 2;
}

int nt_ports_add(struct nt_ports *p, uint32_t key, size_t *budget)
{
	int err;

	if (key >= KEYS || (p->more ? contains(p->more, key) : few_contain(p, key)))
		return 0;
	err = is_full(p) ? grow(p, budget) : 0;
	if (err)
		return err;
	if (p->more) {
		insert(p->more, key);
		if (p->n < NT_PORTS_FIRST)
			p->more->first[p->n] = key;
	} else {
		p->few[p->n] = key;
	}
	p->n++;
	return 1;
}

void nt_ports_clear(struct nt_ports *p, size_t *budget)
{
	if (p->more)
		*budget += bytes_of(p->more->slots);
	free(p->more);
	*p = (struct nt_ports){0};
}

const uint32_t *nt_ports_first(const struct nt_ports *p, uint32_t *n)
{
	*n = p->n < NT_PORTS_FIRST ? p->n : NT_PORTS_FIRST;
	return p->more ? p->more->first : p->few;
}

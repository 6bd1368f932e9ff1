/* SPDX-License-Identifier: BSD-3-Clause */
#include "locate/plain.h"

#include "base/pages.h"
#include "locate/filling.h"
#include "locate/routes6.h"
#include "locate/table.h"

#include <errno.h>
#include <stdlib.h>

#define ENTRIES	      (1u << 24)
#define ENTRY_BYTES   (ENTRIES * sizeof(uint16_t))
#define GROUP_ENTRIES 256u
#define ROOM_MIN      4096u /* of groups and of ranges, to begin with */

struct nt_locate_filling {
	struct nt_plain *plain;
	uint64_t at4; /* the first address that is not filled; 2^32 at the end */
	uint32_t groups;
	uint32_t room4;	  /* groups that there is room for */
	uint32_t open;	  /* entry of the last group, which may have more to come; ENTRIES: there is none */
	uint32_t ranges4; /* of one region each */
	uint32_t region4; /* of the last of them */
	bool full6;	  /* the last address is filled */
	nt_u128 at6;	  /* else the first that is not */
	uint32_t room6;	  /* ranges that there is room for */
};

/* ---- IPv4 ---- */

/* Another group, to be filled without gaps. Groups come in ascending order of their addresses. */
static int open_group(struct nt_locate_filling *f, uint32_t entry)
{
	struct nt_plain *p = f->plain;
	uint32_t slash9 = entry >> 15, room = f->room4 ? 2 * f->room4 : ROOM_MIN;
	uint16_t *group;

	if (f->groups == f->room4) {
		group = reallocarray(p->group, room, GROUP_ENTRIES * sizeof(*group));
		if (!group)
			return -ENOMEM;
		p->group = group;
		f->room4 = room;
	}
	if (f->open == ENTRIES || f->open >> 15 != slash9)
		p->first[slash9] = f->groups;
	p->entry[entry] = (uint16_t)(NT_PLAIN_GROUP | (f->groups - p->first[slash9]));
	f->open = entry;
	f->groups++;
	return 0;
}

/* Addresses [from, to) of one /24. */
static int fill_part(struct nt_locate_filling *f, uint64_t from, uint64_t to, uint16_t region)
{
	uint32_t entry = (uint32_t)(from / GROUP_ENTRIES), first, behind;
	uint16_t *group;

	if (entry != f->open && open_group(f, entry))
		return -ENOMEM;
	group = &f->plain->group[(size_t)(f->groups - 1) * GROUP_ENTRIES];
	first = (uint32_t)(from % GROUP_ENTRIES);
	behind = first + (uint32_t)(to - from);
	for (uint32_t i = first; i < behind; i++)
		group[i] = region;
	return 0;
}

/* Fills from where it stands up to `to`. */
static int fill4(struct nt_locate_filling *f, uint64_t to, uint16_t region)
{
	uint64_t from = f->at4, next = (from / GROUP_ENTRIES + 1) * GROUP_ENTRIES;
	uint32_t behind;
	int err = 0;

	if (from >= to)
		return 0;
	f->at4 = to;
	f->ranges4 += !f->ranges4 || f->region4 != region;
	f->region4 = region;
	if (from % GROUP_ENTRIES) {
		next = next < to ? next : to;
		err = fill_part(f, from, next, region);
		from = next;
	}
	if (err || from == to)
		return err;
	behind = (uint32_t)(to / GROUP_ENTRIES);
	for (uint32_t i = (uint32_t)(from / GROUP_ENTRIES); i < behind; i++)
		f->plain->entry[i] = region;
	return to % GROUP_ENTRIES ? fill_part(f, to - to % GROUP_ENTRIES, to, region) : 0;
}

int nt_locate_fill4(struct nt_locate_filling *f, uint64_t end, uint16_t region)
{
	return fill4(f, end, region);
}

static uint32_t host_bits(uint32_t length)
{
	return length < 32 ? UINT32_MAX >> length : 0;
}

bool nt_plain_valid4(const struct nt_locate_options *o)
{
	for (uint32_t i = 0; i < o->prefixes4; i++) {
		const struct nt_prefix4 *p = &o->prefix4[i], *before = i ? p - 1 : NULL;

		if (p->length < 1 || p->length > 32 || p->region >= NT_REGIONS || p->network & host_bits(p->length))
			return false;
		if (before &&
		    (before->network > p->network || (before->network == p->network && before->length >= p->length)))
			return false;
	}
	return o->default4 < NT_REGIONS;
}

/* A prefix that the present address is in. */
struct around4 {
	uint64_t end; /* behind its last address */
	uint16_t region;
};

int nt_plain_fill4(struct nt_locate_filling *f, const struct nt_locate_options *o)
{
	struct around4 around[33] = {{.end = UINT64_C(1) << 32, .region = o->default4}}, *inner = around;
	int err = 0;

	for (uint32_t i = 0; i < o->prefixes4 && !err; i++) {
		uint64_t next = o->prefix4[i].network;

		for (; inner->end <= next && !err; inner--)
			err = fill4(f, inner->end, inner->region);
		if (!err)
			err = fill4(f, next, inner->region);
		*++inner = (struct around4){.end = next + (UINT64_C(1) << (32 - o->prefix4[i].length)),
					    .region = o->prefix4[i].region};
	}
	for (; inner >= around && !err; inner--)
		err = fill4(f, inner->end, inner->region);
	return err;
}

/* ---- IPv6 ---- */

static int begin_range(struct nt_locate_filling *f, nt_u128 from, uint16_t hop)
{
	struct nt_plain *p = f->plain;
	uint32_t room = f->room6 ? 2 * f->room6 : ROOM_MIN;
	nt_u128 *froms;
	uint16_t *hops;

	if (p->ranges && p->hop[p->ranges - 1] == hop)
		return 0; /* what is there goes on */
	if (p->ranges == f->room6) {
		froms = reallocarray(p->from, room, sizeof(*froms));
		p->from = froms ? froms : p->from;
		hops = reallocarray(p->hop, room, sizeof(*hops));
		p->hop = hops ? hops : p->hop;
		if (!froms || !hops)
			return -ENOMEM;
		f->room6 = room;
	}
	p->from[p->ranges] = from;
	p->hop[p->ranges++] = hop;
	return 0;
}

/* Fills from where it stands up to and with `last`. */
static int fill6(struct nt_locate_filling *f, nt_u128 last, uint16_t hop)
{
	int err;

	if (f->full6 || last < f->at6)
		return 0;
	err = begin_range(f, f->at6, hop);
	f->at6 = last + 1;
	f->full6 = !f->at6;
	return err;
}

int nt_locate_fill6(struct nt_locate_filling *f, nt_u128 last, uint16_t region)
{
	return fill6(f, last, region);
}

int nt_locate_fill6_alias(struct nt_locate_filling *f, nt_u128 network, uint32_t length)
{
	return fill6(f, network | nt_address6_host_bits(length), (uint16_t)(NT_REGIONS + length));
}

/* A prefix that the present address is in. */
struct around6 {
	nt_u128 last;
	uint16_t hop;
};

int nt_plain_fill6(struct nt_locate_filling *f, const struct nt_locate_options *o)
{
	struct around6 around[129] = {{.last = ~(nt_u128)0, .hop = o->default6}}, *inner = around;
	struct nt_cursor6 c = {.options = o};
	struct nt_route6 r;
	int err = 0;

	while (!err && nt_cursor6_next(&c, &r)) {
		for (; inner->last < r.network && !err; inner--)
			err = fill6(f, inner->last, inner->hop);
		if (!err && r.network)
			err = fill6(f, r.network - 1, inner->hop);
		*++inner = (struct around6){.last = r.network | nt_address6_host_bits(r.length), .hop = r.hop};
	}
	for (; inner >= around && !err; inner--)
		err = fill6(f, inner->last, inner->hop);
	return err;
}

static void fill_index(struct nt_plain *p)
{
	uint32_t range = 0;

	for (uint32_t slot = 0; slot < NT_PLAIN_SLOTS6; slot++) {
		while (range + 1 < p->ranges && p->from[range + 1] <= (nt_u128)slot << 112)
			range++;
		p->at[slot] = range;
	}
	p->at[NT_PLAIN_SLOTS6] = p->ranges - 1;
}

/* ---- both ---- */

struct nt_locate_filling *nt_locate_fill_begin(void)
{
	struct nt_locate_filling *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->open = ENTRIES;
	f->plain = calloc(1, sizeof(*f->plain));
	if (f->plain)
		f->plain->entry = nt_pages_take(ENTRY_BYTES);
	if (f->plain && f->plain->entry)
		return f;
	nt_locate_fill_cancel(f);
	return NULL;
}

uint32_t nt_locate_filled4(const struct nt_locate_filling *f)
{
	return f->ranges4;
}

uint32_t nt_locate_filled6(const struct nt_locate_filling *f)
{
	return f->plain->ranges;
}

struct nt_locate *nt_locate_fill_end(struct nt_locate_filling *f)
{
	struct nt_locate *l = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*l));

	if (!l || fill4(f, UINT64_C(1) << 32, NT_REGION_UNKNOWN) || fill6(f, ~(nt_u128)0, NT_REGION_UNKNOWN)) {
		free(l);
		nt_locate_fill_cancel(f);
		return NULL;
	}
	fill_index(f->plain);
	*l = (struct nt_locate){.plain = f->plain, .simd = "plain"};
	free(f);
	return l;
}

void nt_locate_fill_cancel(struct nt_locate_filling *f)
{
	if (!f)
		return;
	nt_plain_free(f->plain);
	free(f);
}

void nt_plain_free(struct nt_plain *p)
{
	if (!p)
		return;
	nt_pages_give(p->entry, ENTRY_BYTES);
	free(p->group);
	free(p->from);
	free(p->hop);
	free(p);
}

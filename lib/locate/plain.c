/* SPDX-License-Identifier: BSD-3-Clause */
#include "locate/plain.h"

#include "base/pages.h"
#include "locate/routes6.h"

#include <stdlib.h>

#define ENTRIES	      (1u << 24)
#define ENTRY_BYTES   (ENTRIES * sizeof(uint16_t))
#define GROUP_ENTRIES 256u

/* ---- IPv4 ---- */

/* The ranges of addresses come in ascending order, so an open group is always the last one made. */
struct filler {
	struct nt_plain *plain;
	uint32_t groups;
	uint32_t open; /* entry of the last group; ENTRIES: there is none */
};

/* Every /24 with a longer prefix in it is a group. */
static size_t count_groups(const struct nt_locate_options *o)
{
	uint32_t last = ENTRIES;
	size_t groups = 0;

	for (uint32_t i = 0; i < o->prefixes4; i++) {
		if (o->prefix4[i].length <= 24 || o->prefix4[i].network >> 8 == last)
			continue;
		last = o->prefix4[i].network >> 8;
		groups++;
	}
	return groups;
}

/* Addresses [from, to) of one /24. */
static void fill_part(struct filler *f, uint64_t from, uint64_t to, uint16_t region)
{
	uint32_t entry = (uint32_t)(from >> 8), slash9 = entry >> 15;
	uint16_t *group;

	if (entry != f->open) {
		if (f->open == ENTRIES || f->open >> 15 != slash9)
			f->plain->first[slash9] = f->groups;
		f->plain->entry[entry] = (uint16_t)(NT_PLAIN_GROUP | (f->groups - f->plain->first[slash9]));
		f->open = entry;
		f->groups++;
	}
	group = &f->plain->group[(size_t)(f->groups - 1) * GROUP_ENTRIES];
	for (uint64_t a = from; a < to; a++)
		group[a % GROUP_ENTRIES] = region;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Addresses [from, to). */
static void fill(struct filler *f, uint64_t from, uint64_t to, uint16_t region)
{
	if (from < to && from % GROUP_ENTRIES) {
		uint64_t end = least(to, (from / GROUP_ENTRIES + 1) * GROUP_ENTRIES);

		fill_part(f, from, end, region);
		from = end;
	}
	for (; to - from >= GROUP_ENTRIES && from < to; from += GROUP_ENTRIES)
		f->plain->entry[from / GROUP_ENTRIES] = region;
	if (from < to)
		fill_part(f, from, to, region);
}

/* A prefix that the present address is in. */
struct around4 {
	uint64_t end; /* behind its last address */
	uint16_t region;
};

static void fill_entries(struct nt_plain *p, const struct nt_locate_options *o)
{
	struct around4 around[33] = {{.end = UINT64_C(1) << 32, .region = o->default4}}, *inner = around;
	struct filler f = {.plain = p, .open = ENTRIES};
	uint64_t at = 0;

	for (uint32_t i = 0; i <= o->prefixes4; i++) {
		bool more = i < o->prefixes4;
		uint64_t next = more ? o->prefix4[i].network : UINT64_C(1) << 32;

		for (; inner > around && inner->end <= next; inner--) {
			fill(&f, at, inner->end, inner->region);
			at = inner->end;
		}
		fill(&f, at, next, inner->region);
		at = next;
		if (more)
			*++inner = (struct around4){.end = next + (UINT64_C(1) << (32 - o->prefix4[i].length)),
						    .region = o->prefix4[i].region};
	}
}

static int build4(struct nt_plain *p, const struct nt_locate_options *o)
{
	size_t groups = count_groups(o);

	p->entry = nt_pages_take(ENTRY_BYTES);
	p->group = malloc((groups + 1) * GROUP_ENTRIES * sizeof(*p->group));
	if (!p->entry || !p->group)
		return -1;
	fill_entries(p, o);
	return 0;
}

/* ---- IPv6 ---- */

/* A range begins, unless what is there goes on. */
static void begin_range(struct nt_plain *p, nt_u128 from, uint16_t hop)
{
	if (p->ranges && p->from[p->ranges - 1] == from)
		p->ranges--; /* of no address */
	if (p->ranges && p->hop[p->ranges - 1] == hop)
		return;
	p->from[p->ranges] = from;
	p->hop[p->ranges++] = hop;
}

/* A prefix that the present address is in. */
struct around6 {
	nt_u128 last;
	uint16_t hop;
};

static void fill_ranges(struct nt_plain *p, const struct nt_locate_options *o)
{
	struct around6 around[129] = {{.last = ~(nt_u128)0, .hop = o->default6}}, *inner = around;
	struct nt_cursor6 c = {.options = o};
	struct nt_route6 r;

	begin_range(p, 0, o->default6);
	while (nt_cursor6_next(&c, &r)) {
		for (; inner > around && inner->last < r.network; inner--)
			begin_range(p, inner->last + 1, inner[-1].hop);
		begin_range(p, r.network, r.hop);
		*++inner = (struct around6){.last = r.network | nt_address6_host_bits(r.length), .hop = r.hop};
	}
	for (; inner > around && inner->last != ~(nt_u128)0; inner--)
		begin_range(p, inner->last + 1, inner[-1].hop);
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

static int build6(struct nt_plain *p, const struct nt_locate_options *o)
{
	size_t most = 2 * ((size_t)o->prefixes6 + o->aliases6) + 1; /* each begins one, and what is around it goes on */

	p->from = malloc(most * sizeof(*p->from));
	p->hop = malloc(most * sizeof(*p->hop));
	if (!p->from || !p->hop)
		return -1;
	fill_ranges(p, o);
	fill_index(p);
	return 0;
}

/* ---- both ---- */

struct nt_plain *nt_plain_build(const struct nt_locate_options *o)
{
	struct nt_plain *p = calloc(1, sizeof(*p));

	if (p && !build4(p, o) && !build6(p, o))
		return p;
	nt_plain_free(p);
	return NULL;
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

/* SPDX-License-Identifier: BSD-3-Clause */
#include "locate/plain.h"

#include "base/pages.h"
#include "locate/locate.h"
#include "needletail/snapshot.h"

#include <errno.h>
#include <stdlib.h>

#define ENTRIES	      (1u << 24)
#define ENTRY_BYTES   (ENTRIES * sizeof(uint16_t))
#define GROUP_ENTRIES 256u
#define ROOM_MIN      4096u /* of groups, to begin with */

/* From the first address to the last, without gaps. */
struct filling {
	struct nt_plain *plain;
	uint64_t at; /* the first address that is not filled; 2^32 at the end */
	uint32_t groups;
	uint32_t room; /* groups that there is room for */
	uint32_t open; /* entry of the last group, which may have more to come; ENTRIES: there is none */
};

/* Another group, to be filled without gaps. Groups come in ascending order of their addresses. */
static int open_group(struct filling *f, uint32_t entry)
{
	struct nt_plain *p = f->plain;
	uint32_t slash9 = entry >> 15, room = f->room ? 2 * f->room : ROOM_MIN;
	uint16_t *group;

	if (f->groups == f->room) {
		group = reallocarray(p->group, room, GROUP_ENTRIES * sizeof(*group));
		if (!group)
			return -ENOMEM;
		p->group = group;
		f->room = room;
	}
	if (f->open == ENTRIES || f->open >> 15 != slash9)
		p->first[slash9] = f->groups;
	p->entry[entry] = (uint16_t)(NT_PLAIN_GROUP | (f->groups - p->first[slash9]));
	f->open = entry;
	f->groups++;
	return 0;
}

/* Addresses [from, to) of one /24. */
static int fill_part(struct filling *f, uint64_t from, uint64_t to, uint16_t region)
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
static int fill(struct filling *f, uint64_t to, uint16_t region)
{
	uint64_t from = f->at, next = (from / GROUP_ENTRIES + 1) * GROUP_ENTRIES;
	uint32_t behind;
	int err = 0;

	if (from >= to)
		return 0;
	f->at = to;
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
struct around {
	uint64_t end; /* behind its last address */
	uint16_t region;
};

static int fill_all(struct filling *f, const struct nt_locate_options *o)
{
	struct around around[33] = {{.end = UINT64_C(1) << 32, .region = o->default4}}, *inner = around;
	int err = 0;

	for (uint32_t i = 0; i < o->prefixes4 && !err; i++) {
		uint64_t next = o->prefix4[i].network;

		for (; inner->end <= next && !err; inner--)
			err = fill(f, inner->end, inner->region);
		if (!err)
			err = fill(f, next, inner->region);
		*++inner = (struct around){.end = next + (UINT64_C(1) << (32 - o->prefix4[i].length)),
					   .region = o->prefix4[i].region};
	}
	for (; inner >= around && !err; inner--)
		err = fill(f, inner->end, inner->region);
	return err;
}

struct nt_plain *nt_plain_create(const struct nt_locate_options *o)
{
	struct filling f = {.plain = calloc(1, sizeof(*f.plain)), .open = ENTRIES};

	if (!f.plain)
		return NULL;
	f.plain->entry = nt_pages_take(ENTRY_BYTES);
	if (f.plain->entry && !fill_all(&f, o))
		return f.plain;
	nt_plain_free(f.plain);
	return NULL;
}

void nt_plain_free(struct nt_plain *p)
{
	if (!p)
		return;
	nt_pages_give(p->entry, ENTRY_BYTES);
	free(p->group);
	free(p);
}

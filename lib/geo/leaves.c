/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/leaves.h"
#include "geo/mmdb.h"
#include "geo/regions.h"
#include "geo/tree.h"
#include "locate/filling.h"

#include <errno.h>
#include <string.h>

#define NONE	-1	   /* region */
#define NOWHERE UINT32_MAX /* node */
#define BITS4	32u
#define BITS6	128u

struct walk {
	struct nt_locate_filling *filling;
	struct nt_mmdb *mmdb;
	const struct nt_mmdb_tree *tree;
	struct nt_region_cache regions;
	uint32_t bits;	/* of an address: BITS4 or BITS6 */
	uint32_t alias; /* in the IPv6 space: node where the IPv4 space hangs; or NOWHERE */
	uint64_t visits_left;
	int open; /* region of the last leaves, which are filled together when another begins; or NONE */
	uint32_t aliases;
	const char **reason;
};

/* A record on the way, and the addresses below it. */
struct place {
	struct nt_mmdb_record record;
	uint32_t length; /* of the prefix */
	nt_u128 network;
};

static int fail(const struct walk *w, int rc, const char *why)
{
	*w->reason = why;
	return rc;
}

/* What was filled, or that there is no memory. */
static int filled(const struct walk *w, int rc)
{
	return rc ? fail(w, rc, strerrordesc_np(ENOMEM)) : 0;
}

/* `end`: the first address behind; that of the IPv6 space is 0. */
static int fill_open(struct walk *w, nt_u128 end)
{
	int region = w->open;

	w->open = NONE;
	if (region == NONE)
		return 0;
	if (w->bits == BITS4)
		return filled(w, nt_locate_fill4(w->filling, (uint64_t)end, (uint16_t)region));
	return filled(w, nt_locate_fill6(w->filling, end - 1, (uint16_t)region));
}

static int fill_leaf(struct walk *w, const struct place *leaf)
{
	int region = NT_REGION_UNKNOWN, rc;

	if (w->visits_left-- == 0)
		return fail(w, -EBADMSG, NT_GEO_TOO_OFTEN);
	if (leaf->record.kind == NT_MMDB_DATA)
		region = nt_region_cache_find(&w->regions, w->mmdb, leaf->record.value, w->reason);
	if (region < 0 || region == w->open)
		return region < 0 ? region : 0;
	rc = fill_open(w, leaf->network);
	w->open = region;
	return rc;
}

static int fill_alias(struct walk *w, const struct place *alias)
{
	int rc = fill_open(w, alias->network);

	w->aliases++;
	return rc ? rc : filled(w, nt_locate_fill6_alias(w->filling, alias->network, alias->length));
}

static bool is_alias(const struct walk *w, const struct place *p)
{
	return p->record.value == w->alias && p->record.kind == NT_MMDB_NODE && p->length <= NT_GEO_ALIAS_LENGTH_MAX;
}

/* Goes to the left half of a node; the right one is put where it waits. */
static inline int descend(struct walk *w, struct place *p, struct place *right)
{
	struct nt_mmdb_record child[2];

	if (w->visits_left-- == 0)
		return fail(w, -EBADMSG, NT_GEO_TOO_OFTEN);
	if (p->length == w->bits)
		return fail(w, -EBADMSG, NT_GEO_TOO_DEEP); /* a cycle is a tree deeper than that */
	if (nt_mmdb_tree_read(w->tree, p->record.value, child))
		return fail(w, -EBADMSG, NT_MMDB_OUTSIDE);
	p->length++;
	p->record = child[0];
	*right = (struct place){
	    .record = child[1], .length = p->length, .network = p->network | (nt_u128)1 << (w->bits - p->length)};
	return 0;
}

/* From left to right, so that leaves come in the order of addresses. */
static int walk(struct walk *w, struct nt_mmdb_record root)
{
	struct place waiting[BITS6 + 1] = {{.record = root}}; /* at most one for each length */
	uint32_t n = 1;
	int rc = 0;

	while (rc == 0 && n) {
		struct place p = waiting[--n];

		while (rc == 0 && p.record.kind == NT_MMDB_NODE && !is_alias(w, &p))
			rc = descend(w, &p, &waiting[n++]);
		if (rc == 0)
			rc = p.record.kind == NT_MMDB_NODE ? fill_alias(w, &p) : fill_leaf(w, &p);
	}
	return rc ? rc : fill_open(w, w->bits == BITS4 ? UINT64_C(1) << BITS4 : 0);
}

int nt_geo_leaves_fill(struct nt_locate_filling *filling, struct nt_mmdb *mmdb, uint32_t ip_version, uint32_t *regions,
		       uint32_t *aliases, const char **reason)
{
	const struct nt_mmdb_record root = {.kind = NT_MMDB_NODE, .value = 0};
	struct nt_mmdb_record root4; /* in a tree of IPv6: where the IPv4 space hangs */
	struct walk w = {
	    .filling = filling,
	    .mmdb = mmdb,
	    .tree = nt_mmdb_tree(mmdb),
	    .bits = BITS4,
	    .alias = NOWHERE,
	    .visits_left = nt_geo_visits(mmdb),
	    .open = NONE,
	    .reason = reason,
	};
	int rc = nt_mmdb_ipv4_start(mmdb, &root4, reason);

	if (rc == 0)
		rc = walk(&w, root4);
	if (rc == 0 && ip_version == 6) {
		w.bits = BITS6;
		w.alias = root4.kind == NT_MMDB_NODE ? root4.value : NOWHERE;
		rc = walk(&w, root);
	}
	*regions = w.regions.known;
	*aliases = w.aliases;
	nt_region_cache_fini(&w.regions);
	return rc;
}

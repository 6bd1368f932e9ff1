/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/tree.h"
#include "geo/choice.h"
#include "geo/mmdb.h"
#include "geo/regions.h"
#include "locate/address6.h"
#include "needletail/snapshot.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/*
 * Two walks per protocol: upwards for every node's choice of regions (geo/choice.h), then downwards, putting prefixes
 * on the list in ascending order.
 */

#define TOO_DEEP  "search tree deeper than an address is long"
#define TOO_OFTEN "search tree leads to the same nodes too often"

/*
 * A way down comes by every node once. Databases may share subtrees other than the IPv4 space, so a node may be met
 * again, but not so often that a small file becomes a large table: after so many records it is given up.
 */
static uint64_t visits(const struct nt_mmdb *mmdb)
{
	return 65536u + (uint64_t)nt_mmdb_nodes(mmdb) * 4u;
}

/* What is known of a node. Its choice is the same wherever it is met. */
struct node {
	struct nt_choice choice;
	bool seen;
};

struct walk {
	struct nt_geo_lists *lists;
	struct nt_mmdb *mmdb;
	struct nt_region_cache regions;
	struct node *node;
	uint32_t bits;			 /* of an address here: 32 or 128 */
	struct nt_mmdb_record ipv4_root; /* in a tree of IPv6: where the IPv4 space hangs */
	uint64_t visits_left;
	const char **reason;
};

static int fail(struct walk *w, int rc, const char *why)
{
	*w->reason = why;
	return rc;
}

static int no_memory(struct walk *w)
{
	return fail(w, -ENOMEM, strerrordesc_np(ENOMEM));
}

/* Returns an array with room for one more than `n`, growing whenever n is a power of two. NULL: no memory. */
static void *room_for_one(void *array, uint32_t n, size_t element)
{
	return n & (n - 1) ? array : reallocarray(array, n ? 2 * (size_t)n : 1, element);
}

static int put4(struct walk *w, uint32_t network, uint32_t length, uint16_t region)
{
	struct nt_geo_lists *l = w->lists;
	struct nt_prefix4 *p = room_for_one(l->prefix4, l->prefixes4, sizeof(*p));

	if (!p)
		return no_memory(w);
	l->prefix4 = p;
	p[l->prefixes4++] = (struct nt_prefix4){.network = network, .length = (uint8_t)length, .region = region};
	return 0;
}

static int put6(struct walk *w, nt_u128 network, uint32_t length, uint16_t region)
{
	struct nt_geo_lists *l = w->lists;
	struct nt_prefix6 *p = room_for_one(l->prefix6, l->prefixes6, sizeof(*p));

	if (!p)
		return no_memory(w);
	l->prefix6 = p;
	p += l->prefixes6++;
	*p = (struct nt_prefix6){.length = (uint8_t)length, .region = region};
	nt_address6_store(network, p->network);
	return 0;
}

static int put_alias(struct walk *w, nt_u128 network, uint32_t length)
{
	struct nt_geo_lists *l = w->lists;
	struct nt_alias6 *a = room_for_one(l->alias6, l->aliases6, sizeof(*a));

	if (!a)
		return no_memory(w);
	l->alias6 = a;
	a += l->aliases6++;
	a->length = (uint8_t)length;
	nt_address6_store(network, a->network);
	return 0;
}

/* `network`: the bits on the way, at the top of 128. */
static int put_prefix(struct walk *w, nt_u128 network, uint32_t length, uint16_t region)
{
	if (length == 0) {
		*(w->bits == 32 ? &w->lists->default4 : &w->lists->default6) = region;
		return 0;
	}
	return w->bits == 32 ? put4(w, (uint32_t)(network >> 96), length, region) : put6(w, network, length, region);
}

static bool is_alias(const struct walk *w, struct nt_mmdb_record record, uint32_t length)
{
	return w->bits == 128 && length <= NT_GEO_ALIAS_LENGTH_MAX && w->ipv4_root.kind == NT_MMDB_NODE &&
	       record.kind == NT_MMDB_NODE && record.value == w->ipv4_root.value;
}

static int leaf_choice(struct walk *w, struct nt_mmdb_record record, struct nt_choice *choice)
{
	int region = NT_REGION_UNKNOWN;

	if (record.kind == NT_MMDB_DATA)
		region = nt_region_cache_find(&w->regions, w->mmdb, record.value, w->reason);
	*choice = (struct nt_choice){.region = {(uint16_t)region}, .n = 1};
	return region < 0 ? region : 0;
}

/* Every node once. Recurses at most once per bit of an address; a cycle is a tree deeper than that. */
static int walk_up(struct walk *w, struct nt_mmdb_record record, uint32_t length, struct nt_choice *choice)
{
	struct nt_mmdb_record child[2];
	struct nt_choice half[2];
	int rc;

	if (record.kind != NT_MMDB_NODE)
		return leaf_choice(w, record, choice);
	*choice = (struct nt_choice){.n = 0};
	if (is_alias(w, record, length))
		return 0;
	if (length == w->bits) /* looked at first: a shared node can be deeper here than where it was seen */
		return fail(w, -EBADMSG, TOO_DEEP);
	if (w->node[record.value].seen) {
		*choice = w->node[record.value].choice;
		return 0;
	}
	rc = nt_mmdb_read(w->mmdb, record.value, child, w->reason);
	for (uint32_t i = 0; rc == 0 && i < 2; i++)
		rc = walk_up(w, child[i], length + 1, &half[i]);
	if (rc == 0) {
		*choice = nt_choice_join(&half[0], &half[1]);
		w->node[record.value] = (struct node){.choice = *choice, .seen = true};
	}
	return rc;
}

static int walk_down(struct walk *w, struct nt_mmdb_record record, nt_u128 network, uint32_t length, uint16_t inherited)
{
	struct nt_mmdb_record child[2];
	struct nt_choice choice;
	int rc;

	if (is_alias(w, record, length))
		return put_alias(w, network, length);
	if (w->visits_left-- == 0)
		return fail(w, -EBADMSG, TOO_OFTEN);
	rc = walk_up(w, record, length, &choice);
	if (rc == 0 && choice.n && !nt_choice_has(&choice, inherited)) {
		inherited = choice.region[0];
		rc = put_prefix(w, network, length, inherited);
	}
	if (rc || record.kind != NT_MMDB_NODE)
		return rc;
	rc = nt_mmdb_read(w->mmdb, record.value, child, w->reason);
	if (rc == 0)
		rc = walk_down(w, child[0], network, length + 1, inherited);
	if (rc == 0)
		rc = walk_down(w, child[1], network | (nt_u128)1 << (127 - length), length + 1, inherited);
	return rc;
}

int nt_geo_lists_fill(struct nt_geo_lists *lists, struct nt_mmdb *mmdb, uint32_t ip_version, const char **reason)
{
	struct walk w = {
	    .lists = lists,
	    .mmdb = mmdb,
	    .node = calloc(nt_mmdb_nodes(mmdb), sizeof(*w.node)),
	    .bits = 32,
	    .visits_left = visits(mmdb),
	    .reason = reason,
	};
	struct nt_mmdb_record root = {.kind = NT_MMDB_NODE, .value = 0};
	int rc;

	*lists = (struct nt_geo_lists){.default4 = NT_REGION_UNKNOWN, .default6 = NT_REGION_UNKNOWN};
	rc = w.node ? nt_mmdb_ipv4_start(mmdb, &w.ipv4_root, reason) : no_memory(&w);
	if (rc == 0)
		rc = walk_down(&w, w.ipv4_root, 0, 0, NT_REGION_UNKNOWN);
	if (rc == 0 && ip_version == 6) {
		w.bits = 128;
		rc = walk_down(&w, root, 0, 0, NT_REGION_UNKNOWN);
	}
	lists->regions = w.regions.known;
	free(w.node);
	nt_region_cache_fini(&w.regions);
	return rc;
}

void nt_geo_lists_fini(struct nt_geo_lists *lists)
{
	free(lists->prefix4);
	free(lists->prefix6);
	free(lists->alias6);
	*lists = (struct nt_geo_lists){0};
}

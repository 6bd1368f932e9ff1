/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/nodes.h"

#include "base/pages.h"
#include "geo/mmdb.h"
#include "geo/regions.h"
#include "geo/tree.h"
#include "locate/tree.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NOWHERE UINT32_MAX /* node */
#define BITS4	32u
#define BITS6	128u

#define RECENT_BITS 10u

/* A record that leads to no node, as it stands in the file, and what it comes to. */
struct leaf {
	uint32_t value;
	uint32_t child;
};

/*
 * Nodes are taken over in the order of the file. That their tree is sound shows on the way if each stands behind the
 * one node that leads to it, as programs write them; only to the IPv4 space many may lead. Any other tree is walked.
 */
struct order {
	uint8_t *depth; /* [nodes] the root has 1; 0: nothing led there so far */
	uint32_t bits;	/* of an address: BITS4 or BITS6 */
	uint32_t ipv4;	/* in the IPv6 space: node where the IPv4 space hangs; or NOWHERE */
};

#define ANOTHER_ORDER 1

struct nodes {
	struct nt_tree *tree;
	struct nt_mmdb *mmdb;
	struct order order;
	struct nt_region_cache regions;
	struct leaf recent[1u << RECENT_BITS]; /* zero at first, which is no value of a leaf, but a node's */
	const char **reason;
};

static int no_memory(const struct nodes *w)
{
	*w->reason = strerrordesc_np(ENOMEM);
	return -ENOMEM;
}

/* Notes that one node leads to another. Returns whether it is as in a sound tree. */
static inline bool lead(const struct order *o, uint32_t from, uint32_t to)
{
	uint32_t depth = o->depth[from];
	bool sound;

	if (to == o->ipv4)
		return depth <= NT_GEO_ALIAS_LENGTH_MAX;
	sound = depth < o->bits && to > from && !o->depth[to];
	o->depth[to] = (uint8_t)(depth + 1);
	return sound;
}

static inline struct leaf *recent(struct nodes *w, uint32_t value)
{
	return &w->recent[value * 2654435769u >> (32 - RECENT_BITS)];
}

static int read_leaf(struct nodes *w, uint32_t value)
{
	struct nt_mmdb_record record;
	int region = NT_REGION_UNKNOWN;

	if (nt_mmdb_classify(nt_mmdb_tree(w->mmdb), value, &record)) {
		*w->reason = NT_MMDB_OUTSIDE;
		return -EBADMSG;
	}
	if (record.kind == NT_MMDB_DATA)
		region = nt_region_cache_find(&w->regions, w->mmdb, record.value, w->reason);
	if (region < 0)
		return region;
	*recent(w, value) = (struct leaf){.value = value, .child = NT_TREE_LEAF | (uint32_t)region};
	return 0;
}

/* Takes a record over. Of a node that nothing leads to it may be broken, or take forever to read. */
static inline int take_over(struct nodes *w, uint32_t nodes, uint32_t value, uint32_t *child)
{
	int rc = 0;

	*child = value;
	if (value < nodes)
		return 0;
	if (recent(w, value)->value != value)
		rc = read_leaf(w, value);
	*child = recent(w, value)->child;
	return rc;
}

/*
 * Returns 0, -errno, or ANOTHER_ORDER. There are a million nodes: what does not change is kept in registers, where no
 * store can have changed it.
 */
static int take_over_in_order(struct nodes *w)
{
	const struct nt_mmdb_tree from = *nt_mmdb_tree(w->mmdb);
	const struct order order = w->order;
	struct nt_tree_node *to = w->tree->node;
	int rc = 0;

	for (uint32_t node = 0; node < from.nodes && rc == 0; node++) {
		uint32_t value[2];

		if (!order.depth[node])
			return ANOTHER_ORDER;
		nt_mmdb_tree_values(&from, node, value);
		for (uint32_t i = 0; i < 2 && rc == 0; i++) {
			if (value[i] < from.nodes && !lead(&order, node, value[i]))
				return ANOTHER_ORDER;
			rc = take_over(w, from.nodes, value[i], &to[node].child[i]);
		}
	}
	return rc;
}

/* All that something leads to, each once. `queue` has room for all nodes. */
static int take_over_used(struct nodes *w, uint32_t *queue)
{
	const struct nt_mmdb_tree from = *nt_mmdb_tree(w->mmdb);
	uint8_t *met = w->order.depth;
	uint32_t n = 0;
	int rc = 0;

	memset(met, 0, from.nodes);
	met[0] = 1;
	if (from.nodes)
		queue[n++] = 0;
	for (uint32_t at = 0; at < n && rc == 0; at++) {
		uint32_t value[2], node = queue[at];

		nt_mmdb_tree_values(&from, node, value);
		for (uint32_t i = 0; i < 2 && rc == 0; i++) {
			rc = take_over(w, from.nodes, value[i], &w->tree->node[node].child[i]);
			if (value[i] < from.nodes && !met[value[i]]) {
				met[value[i]] = 1;
				queue[n++] = value[i];
			}
		}
	}
	return rc;
}

/* Finds out what is wrong, or that the tree is sound all the same: with unused nodes, or nodes in another order. */
static int take_over_in_any_order(struct nodes *w, uint32_t ip_version)
{
	uint32_t *queue = calloc((size_t)w->tree->nodes + 1, sizeof(*queue));
	struct nt_geo_lists lists;
	int rc;

	if (!queue)
		return no_memory(w);
	nt_mmdb_anew(w->mmdb);
	rc = nt_geo_lists_fill(&lists, w->mmdb, ip_version, w->reason);
	nt_geo_lists_fini(&lists);
	nt_mmdb_anew(w->mmdb);
	if (rc == 0)
		rc = take_over_used(w, queue);
	free(queue);
	return rc;
}

/* The IPv4 space is behind as many 0 bits as an IPv6 address has more. */
static void set_roots(struct nt_tree *t, uint32_t ip_version)
{
	uint32_t root = t->nodes ? 0 : NT_TREE_LEAF | NT_REGION_UNKNOWN;

	t->root4 = root;
	for (uint32_t i = BITS4; ip_version == 6 && i < BITS6 && !(t->root4 & NT_TREE_LEAF); i++)
		t->root4 = t->node[t->root4].child[0];
	t->root6 = ip_version == 6 ? root : NT_TREE_LEAF | NT_REGION_UNKNOWN;
}

/* What is known of the order before anything leads anywhere. */
static int begin(struct nodes *w, uint32_t ip_version)
{
	struct nt_mmdb_record root4;
	int rc = nt_mmdb_ipv4_start(w->mmdb, &root4, w->reason);

	w->order.bits = ip_version == 6 ? BITS6 : BITS4;
	w->order.ipv4 = NOWHERE;
	w->order.depth[0] = 1;
	if (rc == 0 && ip_version == 6 && root4.kind == NT_MMDB_NODE && root4.value) {
		w->order.ipv4 = root4.value;
		w->order.depth[root4.value] = NT_GEO_ALIAS_LENGTH_MAX + 1;
	}
	return rc;
}

static int fill(struct nodes *w, uint32_t ip_version, uint32_t *regions)
{
	int rc = begin(w, ip_version);

	if (rc == 0)
		rc = w->tree->nodes ? take_over_in_order(w) : ANOTHER_ORDER;
	if (rc == ANOTHER_ORDER)
		rc = take_over_in_any_order(w, ip_version);
	if (rc == 0)
		set_roots(w->tree, ip_version);
	*regions = w->regions.known;
	return rc;
}

int nt_geo_nodes(struct nt_mmdb *mmdb, uint32_t ip_version, struct nt_tree **tree, uint32_t *regions,
		 const char **reason)
{
	uint32_t nodes = nt_mmdb_nodes(mmdb);
	size_t depths = (size_t)nodes + 1; /* bytes */
	struct nodes w = {
	    .tree = nt_tree_new(nodes),
	    .mmdb = mmdb,
	    .order = {.depth = nt_pages_take(depths)},
	    .reason = reason,
	};
	int rc = w.tree && w.order.depth ? fill(&w, ip_version, regions) : no_memory(&w);

	nt_region_cache_fini(&w.regions);
	nt_pages_give(w.order.depth, depths);
	if (rc) {
		nt_tree_free(w.tree);
		w.tree = NULL;
	}
	*tree = w.tree;
	return rc;
}

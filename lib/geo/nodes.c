/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/nodes.h"

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

struct nodes {
	struct nt_tree *tree;
	struct nt_mmdb *mmdb;
	struct order order;
	struct nt_region_cache regions;
	struct leaf recent[1u << RECENT_BITS];
	bool sound;
	const char **reason;
};

/* Notes that one node leads to another. Returns whether it may. */
static inline bool lead(const struct order *o, uint32_t from, uint32_t to)
{
	uint32_t depth = o->depth[from];
	bool sound;

	if (to == o->ipv4)
		return depth && depth <= NT_GEO_ALIAS_LENGTH_MAX;
	sound = depth && depth < o->bits && to > from && !o->depth[to];
	o->depth[to] = (uint8_t)(depth + 1);
	return sound;
}

static inline struct leaf *recent(struct nodes *w, uint32_t value)
{
	return &w->recent[value * 2654435769u >> (32 - RECENT_BITS)];
}

/* Returns 0 or -ENOMEM. A record that is broken matters only if anything leads there. */
static int read_leaf(struct nodes *w, uint32_t value)
{
	struct nt_mmdb_record record = {.kind = NT_MMDB_EMPTY};
	int region = NT_REGION_UNKNOWN;

	w->sound &= nt_mmdb_classify(nt_mmdb_tree(w->mmdb), value, &record) == 0;
	if (record.kind == NT_MMDB_DATA)
		region = nt_region_cache_find(&w->regions, w->mmdb, record.value, w->reason);
	w->sound &= region >= 0;
	*recent(w, value) = (struct leaf){
	    .value = value,
	    .child = NT_TREE_LEAF | (region >= 0 ? (uint32_t)region : NT_REGION_UNKNOWN),
	};
	return region == -ENOMEM ? region : 0;
}

/* There are a million nodes: what does not change is kept in registers, where no store can have changed it. */
static int take_over(struct nodes *w)
{
	const struct nt_mmdb_tree from = *nt_mmdb_tree(w->mmdb);
	const struct order order = w->order;
	struct nt_tree_node *to = w->tree->node;
	bool sound = true;
	int rc = 0;

	for (uint32_t node = 0; node < from.nodes && rc == 0; node++) {
		uint32_t value[2];

		nt_mmdb_tree_values(&from, node, value);
		for (uint32_t i = 0; i < 2; i++) {
			if (value[i] < from.nodes) {
				sound &= lead(&order, node, value[i]);
				to[node].child[i] = value[i];
				continue;
			}
			if (recent(w, value[i])->value != value[i])
				rc = rc ? rc : read_leaf(w, value[i]);
			to[node].child[i] = recent(w, value[i])->child;
		}
	}
	w->sound &= sound;
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

/* Finds out why, or that it is sound all the same: with unused nodes, or with some that stand in another order. */
static int walk(struct nodes *w, uint32_t ip_version, uint32_t *regions)
{
	struct nt_geo_lists lists;
	int rc;

	nt_mmdb_anew(w->mmdb);
	rc = nt_geo_lists_fill(&lists, w->mmdb, ip_version, w->reason);

	*regions = lists.regions;
	nt_geo_lists_fini(&lists);
	return rc;
}

/* What is known of the order before anything leads anywhere. */
static int begin(struct nodes *w, uint32_t ip_version)
{
	uint32_t nodes = nt_mmdb_nodes(w->mmdb);
	struct nt_mmdb_record root4;
	int rc = nt_mmdb_ipv4_start(w->mmdb, &root4, w->reason);

	w->sound = nodes;
	w->order.bits = ip_version == 6 ? BITS6 : BITS4;
	w->order.ipv4 = NOWHERE;
	if (rc == 0 && nodes)
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
		rc = take_over(w);
	if (rc)
		return rc;
	set_roots(w->tree, ip_version);
	*regions = w->regions.known;
	return w->sound ? 0 : walk(w, ip_version, regions);
}

int nt_geo_nodes(struct nt_mmdb *mmdb, uint32_t ip_version, struct nt_tree **tree, uint32_t *regions,
		 const char **reason)
{
	uint32_t nodes = nt_mmdb_nodes(mmdb);
	struct nodes w = {
	    .tree = nt_tree_new(nodes),
	    .mmdb = mmdb,
	    .order = {.depth = calloc((size_t)nodes + 1, sizeof(*w.order.depth))},
	    .reason = reason,
	};
	int rc = -ENOMEM;

	*reason = strerrordesc_np(ENOMEM);
	if (w.tree && w.order.depth)
		rc = fill(&w, ip_version, regions);
	nt_region_cache_fini(&w.regions);
	free(w.order.depth);
	if (rc) {
		nt_tree_free(w.tree);
		w.tree = NULL;
	}
	*tree = w.tree;
	return rc;
}

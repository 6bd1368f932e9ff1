/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_GEO_NODES_H
#define NT_GEO_NODES_H

#include <stdint.h>

struct nt_mmdb;
struct nt_tree;

/**
 * A database's search tree as one of lib/locate, node for node, with regions for leaves. *regions: how many different
 * known ones there are. Any thread. Returns 0 and the tree, or -errno; *reason then says why.
 */
int nt_geo_nodes(struct nt_mmdb *mmdb, uint32_t ip_version, struct nt_tree **tree, uint32_t *regions,
		 const char **reason);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_GEO_TREE_H
#define NT_GEO_TREE_H

#include "locate/locate.h"

struct nt_mmdb;

/** The IPv4 space has 32 bits: its alias cannot begin later than here. */
#define NT_GEO_ALIAS_LENGTH_MAX 96u

/** What a search tree comes to: the lists that nt_locate_create() takes. */
struct nt_geo_lists {
	uint32_t regions; /**< different known ones */
	uint16_t default4;
	uint16_t default6;
	struct nt_prefix4 *prefix4;
	uint32_t prefixes4;
	struct nt_prefix6 *prefix6;
	uint32_t prefixes6;
	struct nt_alias6 *alias6;
	uint32_t aliases6;
};

/** Walks the tree. Any thread. Returns 0 or -errno, *reason then says why; undone by nt_geo_lists_fini() either way. */
int nt_geo_lists_fill(struct nt_geo_lists *lists, struct nt_mmdb *mmdb, uint32_t ip_version, const char **reason);

void nt_geo_lists_fini(struct nt_geo_lists *lists);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_GEO_LEAVES_H
#define NT_GEO_LEAVES_H

#include <stdint.h>

struct nt_locate_filling;
struct nt_mmdb;

/**
 * Walks the search tree once and fills a table with what its leaves say; lists of fewest prefixes (tree.h) take longer
 * to find than such a table takes to fill. *regions: how many different known ones there are, *aliases: places in the
 * IPv6 space where the IPv4 space stands again. Any thread. Returns 0 or -errno, *reason then says why.
 */
int nt_geo_leaves_fill(struct nt_locate_filling *filling, struct nt_mmdb *mmdb, uint32_t ip_version, uint32_t *regions,
		       uint32_t *aliases, const char **reason);

#endif

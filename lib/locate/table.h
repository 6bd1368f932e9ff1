/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_LOCATE_TABLE_H
#define NT_LOCATE_TABLE_H

#include "locate/locate.h"
#include "needletail/snapshot.h"

#include <rte_common.h>
#include <rte_fib6.h>

#include <stdbool.h>

/*
 * Inside lib/locate. A next hop below NT_REGIONS is a region; NT_REGIONS + L says that the 32 bits behind the first L
 * bits of the IPv6 address are an IPv4 address. So an alias costs an ordinary source one comparison.
 */
#define NT_ALIAS_LENGTH_MAX 96u

_Static_assert(NT_REGIONS + NT_ALIAS_LENGTH_MAX < 1u << 15, "a next hop of two bytes has 15 bits");

/** Keeps the size of a RIB, two nodes a route, well inside an int. */
#define NT_ROUTES_MAX (1u << 28)

/** Written once, read-only afterwards. */
struct nt_locate {
	struct nt_tree *tree;	/**< of both protocols; NULL: the others say it */
	struct nt_plain *plain; /**< of IPv4 */
	struct rte_fib6 *fib6;	/**< DPDK's table, of IPv6; NULL: all of it has one region */
	uint16_t default6;	/**< that region */
	const char *simd;
} __rte_cache_aligned;

/** True if the list of IPv6 is as nt_locate_create() wants it. */
bool nt_fib6_valid(const struct nt_locate_options *o);

/** DPDK memory in bytes of the table; 0 if there is none. */
uint64_t nt_fib6_bytes(const struct nt_locate_options *o);

/** Builds the table into *l; leaves NULL where there are no prefixes. Returns 0 or -errno; nt_locate_free() undoes. */
int nt_fib6_build(struct nt_locate *l, const struct nt_locate_options *o);

#endif

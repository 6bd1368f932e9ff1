/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_LOCATE_TABLE_H
#define NT_LOCATE_TABLE_H

#include "locate/locate.h"
#include "needletail/snapshot.h"

#include <rte_common.h>
#include <rte_fib.h>
#include <rte_fib6.h>

#include <stdbool.h>

/*
 * Inside lib/locate. A next hop below NT_REGIONS is a region; NT_REGIONS + L says that the 32 bits behind the first L
 * bits of the IPv6 address are an IPv4 address. So an alias costs an ordinary source one comparison.
 */
#define NT_ALIAS_LENGTH_MAX 96u

_Static_assert(NT_REGIONS + NT_ALIAS_LENGTH_MAX < 1u << 15, "a next hop of two bytes has 15 bits");

/*
 * Either table has 2^24 entries, indexed by the first three bytes, and groups of 256 entries ("tbl8") for what is
 * longer. An entry holds a next hop or the number of a group, so entries of two bytes, which are twice as fast to look
 * up, go with at most this many groups. DPDK wants the number of groups in advance: it is counted before.
 */
#define NT_GROUPS_2B ((1u << 15) - 1u)

/** Keeps the size of a RIB, two nodes a route, well inside an int. */
#define NT_ROUTES_MAX (1u << 28)

/** Room for a table's name: a memory pool is named after it. */
#define NT_TABLE_NAME 20

/** Written by nt_locate_create(), read-only afterwards. */
struct nt_locate {
	struct nt_plain *plain; /**< NULL: the tables are DPDK's, the next two */
	struct rte_fib *fib4;	/**< NULL: every IPv4 address has default4 */
	struct rte_fib6 *fib6;	/**< NULL: every IPv6 address has default6 */
	uint16_t default4;
	uint16_t default6;
	const char *simd;
} __rte_cache_aligned;

/** Tables live side by side during a reload, and DPDK finds them by name: makes one that was never used. */
void nt_table_name(char name[static NT_TABLE_NAME], const char *what);

/** True if the lists of one protocol are as nt_locate_create() wants them. */
bool nt_fib4_valid(const struct nt_locate_options *o);
bool nt_fib6_valid(const struct nt_locate_options *o);

/** DPDK memory in bytes of one table; 0 if there is none. */
uint64_t nt_fib4_bytes(const struct nt_locate_options *o);
uint64_t nt_fib6_bytes(const struct nt_locate_options *o);

/** DPDK memory in bytes of the routes that a FIB keeps beside its tables. */
uint64_t nt_rib_bytes(uint32_t routes);

/** Builds one table into *l; leaves NULL where there are no prefixes. Returns 0 or -errno; nt_locate_free() undoes. */
int nt_fib4_build(struct nt_locate *l, const struct nt_locate_options *o);
int nt_fib6_build(struct nt_locate *l, const struct nt_locate_options *o);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "locate/routes6.h"
#include "locate/table.h"

#include <errno.h>
#include <rte_mempool.h>
#include <stdatomic.h>
#include <stdio.h>

/*
 * DPDK (22.11 to 24.11 at least) reserves groups per route, for its whole way from the nearest shorter route, or from
 * /24, down: a /48 three of them, even where all its neighbours go the same way. rte_fib6_add() fails when the
 * reservations exceed the table, however empty that is: a country database of 600,000 prefixes uses 39,000 groups and
 * would reserve 1.9 million, or 1.8 GiB. So each route is preceded by fillers: at every group on its way a route one
 * bit longer than the group's prefix, with the next hop that rules there anyway. Then everything in a group has a
 * shorter route inside of the group, and what is reserved is what is used.
 */

/* A prefix that fills a group exactly takes that group until it is seen to be uniform. */
#define GROUPS_IN_FLIGHT 16u

/* What has gone before the current route. */
struct path {
	bool begun;
	struct nt_route6 previous;
	struct nt_route6 cover[129]; /* the default, then the routes around the current one, from wide to narrow */
	uint32_t covers;
};

struct size {
	uint32_t groups;
	uint64_t routes;
};

/*
 * The table has 2^24 entries, indexed by the first three bytes, and groups of 256 entries ("tbl8") for what is longer.
 * An entry holds a next hop or the number of a group, so entries of two bytes, which are twice as fast to look up, go
 * with at most this many groups. DPDK wants the number of groups in advance: it is counted before.
 */
#define GROUPS_2B ((1u << 15) - 1u)

#define NAME_BYTES 20 /* a memory pool is named after the table */

bool nt_fib6_valid(const struct nt_locate_options *o)
{
	struct nt_cursor6 c = {.options = o};
	struct nt_route6 r, before = {0}; /* the default precedes everything */

	for (uint32_t i = 0; i < o->prefixes6; i++)
		if (o->prefix6[i].length < 1 || o->prefix6[i].length > 128 || o->prefix6[i].region >= NT_REGIONS)
			return false;
	for (uint32_t i = 0; i < o->aliases6; i++)
		if (o->alias6[i].length < 1 || o->alias6[i].length > NT_ALIAS_LENGTH_MAX)
			return false;
	for (; nt_cursor6_next(&c, &r); before = r)
		if (r.network & nt_address6_host_bits(r.length) || !nt_route6_precedes(&before, &r))
			return false;
	return (uint64_t)o->prefixes6 + o->aliases6 <= NT_ROUTES_MAX && o->default6 < NT_REGIONS;
}

static uint32_t common_bits(nt_u128 a, nt_u128 b)
{
	nt_u128 different = a ^ b;

	if (different >> 64)
		return (uint32_t)__builtin_clzll((uint64_t)(different >> 64));
	return different ? 64 + (uint32_t)__builtin_clzll((uint64_t)different) : 128;
}

/*
 * True if no route before r is longer than `longer_than` and agrees with r in its first `bits`. The order of the list
 * makes the last one stand for all.
 */
static bool first_in(const struct path *path, const struct nt_route6 *r, uint32_t bits, uint32_t longer_than)
{
	return !path->begun || path->previous.length <= longer_than ||
	       common_bits(path->previous.network, r->network) < bits;
}

/* Is there to be a filler for r in the group of prefix length k? */
static bool wants_filler(const struct path *path, const struct nt_route6 *r, uint32_t k)
{
	return k + 1 < r->length && first_in(path, r, k + 1, k);
}

/* r becomes the current route: forgets those that are not around it. */
static void enter(struct path *path, const struct nt_route6 *r)
{
	while (path->covers > 1) {
		const struct nt_route6 *c = &path->cover[path->covers - 1];

		if (common_bits(c->network, r->network) >= c->length)
			break;
		path->covers--;
	}
}

static void leave(struct path *path, const struct nt_route6 *r)
{
	path->cover[path->covers++] = *r;
	path->previous = *r;
	path->begun = true;
}

/* A group is every prefix of 24, 32, 40 ... bits with something longer in it. */
static struct size count(const struct nt_locate_options *o)
{
	struct nt_cursor6 c = {.options = o};
	struct path path = {.begun = false};
	struct size s = {0};
	struct nt_route6 r;

	while (nt_cursor6_next(&c, &r)) {
		for (uint32_t k = 24; k < r.length; k += 8) {
			s.groups += first_in(&path, &r, k, k);
			s.routes += wants_filler(&path, &r, k);
		}
		s.routes++;
		path.previous = r;
		path.begun = true;
	}
	return s;
}

static struct rte_fib6_conf make_conf(const struct nt_locate_options *o, struct size s)
{
	uint32_t groups = s.groups + GROUPS_IN_FLIGHT;

	return (struct rte_fib6_conf){
	    .type = RTE_FIB6_TRIE,
	    .default_nh = o->default6,
	    .max_routes = (int)s.routes,
	    .trie = {.nh_sz = groups <= GROUPS_2B ? RTE_FIB6_TRIE_2B : RTE_FIB6_TRIE_4B, .num_tbl8 = groups},
	};
}

/* A RIB is a mempool, and that a ring of pointers; a node fits a cache line. */
static uint64_t rib_bytes(uint32_t routes)
{
	uint32_t nodes = 2 * routes;

	return (uint64_t)nodes * rte_mempool_calc_obj_size(RTE_CACHE_LINE_SIZE, 0, NULL) +
	       sizeof(void *) * (uint64_t)rte_align32pow2(nodes + 1);
}

uint64_t nt_fib6_bytes(const struct nt_locate_options *o)
{
	struct size s = count(o);
	struct rte_fib6_conf conf = make_conf(o, s);
	uint64_t entries = (1ull << 24) + 256ull * conf.trie.num_tbl8;

	return s.routes ? (entries << conf.trie.nh_sz) + rib_bytes((uint32_t)s.routes) : 0;
}

static int add(struct rte_fib6 *fib, nt_u128 network, uint32_t length, uint16_t hop)
{
	uint8_t bytes[16];

	nt_address6_store(network & ~nt_address6_host_bits(length), bytes);
	return rte_fib6_add(fib, bytes, (uint8_t)length, hop);
}

static int add_route(struct rte_fib6 *fib, struct path *path, const struct nt_route6 *r)
{
	enter(path, r);
	for (uint32_t k = 24; k < r->length; k += 8) {
		int rc;

		if (!wants_filler(path, r, k))
			continue;
		rc = add(fib, r->network, k + 1, path->cover[path->covers - 1].hop);
		if (rc)
			return rc;
	}
	leave(path, r);
	return add(fib, r->network, r->length, r->hop);
}

/* Tables live side by side during a reload, and DPDK finds them by name: one that was never used. */
static void make_name(char name[static NAME_BYTES])
{
	static atomic_uint made;

	snprintf(name, NAME_BYTES, "nt6_%u", atomic_fetch_add(&made, 1));
}

int nt_fib6_build(struct nt_locate *l, const struct nt_locate_options *o)
{
	struct nt_cursor6 c = {.options = o};
	struct path path = {.cover = {{.hop = o->default6}}, .covers = 1};
	struct size s = count(o);
	struct rte_fib6_conf conf = make_conf(o, s);
	struct nt_route6 r;
	char name[NAME_BYTES];

	if (s.routes == 0)
		return 0;
	if (s.routes > NT_ROUTES_MAX)
		return -ENOMEM;
	make_name(name);
	l->fib6 = rte_fib6_create(name, o->numa_socket < 0 ? SOCKET_ID_ANY : o->numa_socket, &conf);
	if (!l->fib6)
		return -ENOMEM; /* rte_errno may hold an earlier look-up's; with a valid conf nothing else fails */
	l->simd = "scalar";
	while (nt_cursor6_next(&c, &r)) {
		int rc = add_route(l->fib6, &path, &r);

		if (rc)
			return rc;
	}
	if (rte_fib6_select_lookup(l->fib6, RTE_FIB6_LOOKUP_TRIE_VECTOR_AVX512) == 0)
		l->simd = "avx512";
	return 0;
}

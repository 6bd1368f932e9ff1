/* SPDX-License-Identifier: BSD-3-Clause */
#include "locate/address6.h"
#include "locate/locate.h"
#include "locate/tree.h"
#include "needletail/snapshot.h"
#include "private_eal.h"
#include "random.h"

#include <errno.h>
#include <rte_log.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static nt_u128 random6(void)
{
	return (nt_u128)next_random() << 64 | next_random();
}

static uint16_t region4(const struct nt_locate *l, uint32_t address)
{
	uint16_t region = 0xffff;

	nt_locate_v4(l, &address, &region, 1);
	return region;
}

static uint16_t region6(const struct nt_locate *l, nt_u128 address)
{
	uint8_t bytes[1][16];
	uint16_t region = 0xffff;

	nt_address6_store(address, bytes[0]);
	nt_locate_v6(l, (const uint8_t(*)[16])bytes, &region, 1);
	return region;
}

/* By definition: the longest prefix that holds it, else the default. */
static uint16_t expected4(const struct nt_locate_options *o, uint32_t address)
{
	uint16_t region = o->default4;
	uint32_t longest = 0;

	for (uint32_t i = 0; i < o->prefixes4; i++) {
		const struct nt_prefix4 *p = &o->prefix4[i];

		if (p->length < longest || (address ^ p->network) >> (32 - p->length))
			continue;
		region = p->region;
		longest = p->length;
	}
	return region;
}

static bool inside6(nt_u128 address, const uint8_t network[16], uint32_t length)
{
	return (address & ~nt_address6_host_bits(length)) == nt_address6_load(network);
}

static uint16_t expected6(const struct nt_locate_options *o, nt_u128 address)
{
	uint16_t region = o->default6;
	uint32_t longest = 0;

	for (uint32_t i = 0; i < o->prefixes6; i++) {
		if (o->prefix6[i].length < longest || !inside6(address, o->prefix6[i].network, o->prefix6[i].length))
			continue;
		region = o->prefix6[i].region;
		longest = o->prefix6[i].length;
	}
	for (uint32_t i = 0; i < o->aliases6; i++) {
		if (o->alias6[i].length < longest || !inside6(address, o->alias6[i].network, o->alias6[i].length))
			continue;
		region = expected4(o, (uint32_t)(address >> (96 - o->alias6[i].length)));
		longest = o->alias6[i].length;
	}
	return region;
}

static struct nt_prefix6 prefix6(nt_u128 address, uint32_t length, uint16_t region)
{
	struct nt_prefix6 p = {.length = (uint8_t)length, .region = region};

	nt_address6_store(address & ~nt_address6_host_bits(length), p.network);
	return p;
}

static struct nt_alias6 alias6(nt_u128 address, uint32_t length)
{
	struct nt_alias6 a = {.length = (uint8_t)length};

	nt_address6_store(address & ~nt_address6_host_bits(length), a.network);
	return a;
}

/* Every edge of every prefix, just outside of it, and `more` random addresses; in bursts of every size. */
static void compare4(const struct nt_locate *l, const struct nt_locate_options *o, uint32_t more)
{
	uint32_t n = 4 * o->prefixes4 + more, *address = calloc(n, sizeof(*address));
	uint16_t *region = calloc(n, sizeof(*region));

	assert_non_null(address);
	assert_non_null(region);
	for (uint32_t i = 0; i < o->prefixes4; i++) {
		uint32_t first = o->prefix4[i].network;
		uint32_t last = first + (uint32_t)((1ull << (32 - o->prefix4[i].length)) - 1);

		memcpy(&address[4 * i], (uint32_t[]){first - 1, first, last, last + 1}, 4 * sizeof(*address));
	}
	for (uint32_t i = 4 * o->prefixes4; i < n; i++)
		address[i] = (uint32_t)next_random();
	for (uint32_t i = 0, burst = 0; i < n; i += burst) {
		burst = (uint32_t)next_random() % (2 * NT_LOCATE_BURST);
		burst = burst < n - i ? burst : n - i;
		nt_locate_v4(l, address + i, region + i, burst);
	}
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(region[i], expected4(o, address[i]));
	free(address);
	free(region);
}

static void edges6(nt_u128 address[4], const uint8_t network[16], uint32_t length)
{
	nt_u128 first = nt_address6_load(network), last = first | nt_address6_host_bits(length);

	memcpy(address, (nt_u128[]){first - 1, first, last, last + 1}, 4 * sizeof(*address));
}

static void compare6(const struct nt_locate *l, const struct nt_locate_options *o, uint32_t more)
{
	uint32_t lists = 4 * (o->prefixes6 + o->aliases6), n = lists + more;
	nt_u128 *address = calloc(n, sizeof(*address));
	uint8_t(*bytes)[16] = calloc(n, sizeof(*bytes));
	uint16_t *region = calloc(n, sizeof(*region));

	assert_true(address && bytes && region);
	for (uint32_t i = 0; i < o->prefixes6; i++)
		edges6(&address[4 * i], o->prefix6[i].network, o->prefix6[i].length);
	for (uint32_t i = 0; i < o->aliases6; i++)
		edges6(&address[4 * (o->prefixes6 + i)], o->alias6[i].network, o->alias6[i].length);
	for (uint32_t i = lists; i < n; i++) {
		address[i] = random6();
		if (lists) /* most of the space is empty: stay near a prefix half of the time */
			address[i] ^= i % 2 ? (address[i] ^ address[next_random() % lists]) >> (i % 96) << (i % 96) : 0;
	}
	for (uint32_t i = 0; i < n; i++)
		nt_address6_store(address[i], bytes[i]);
	for (uint32_t i = 0, burst = 0; i < n; i += burst) {
		burst = (uint32_t)next_random() % (2 * NT_LOCATE_BURST);
		burst = burst < n - i ? burst : n - i;
		nt_locate_v6(l, (const uint8_t(*)[16])bytes + i, region + i, burst);
	}
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(region[i], expected6(o, address[i]));
	free(address);
	free(bytes);
	free(region);
}

#define NODES (1u << 20)

/* A tree that is made prefix by prefix. */
struct builder {
	struct nt_tree_node node[NODES];
	uint32_t n;
	uint32_t shared; /* nodes below are of the IPv4 space, to which many may lead */
};

static uint32_t leaf(uint16_t region)
{
	return NT_TREE_LEAF | region;
}

/* The node that a child leads to, from now on its own: one that is shared is copied, a leaf becomes two. */
static uint32_t own_node(struct builder *b, uint32_t child)
{
	struct nt_tree_node node = {{child, child}};

	if (!(child & NT_TREE_LEAF) && child >= b->shared)
		return child;
	if (!(child & NT_TREE_LEAF))
		node = b->node[child];
	assert_true(b->n < NODES);
	b->node[b->n] = node;
	return b->n++;
}

/* Where the first bits of an address lead, as many as `length`: `value` from now on. Shorter prefixes come first. */
static void insert(struct builder *b, uint32_t *root, nt_u128 address, uint32_t length, uint32_t value)
{
	uint32_t *child = root;

	for (uint32_t i = 0; i < length; i++) {
		*child = own_node(b, *child);
		child = &b->node[*child].child[address >> (127 - i) & 1];
	}
	*child = value;
}

/* Both lists of IPv6 are in ascending order, and are put in as one. */
static void insert6(struct builder *b, uint32_t *root, uint32_t root4, const struct nt_locate_options *o)
{
	for (uint32_t p = 0, a = 0; p < o->prefixes6 || a < o->aliases6;) {
		int order = p == o->prefixes6 ? 1 : a == o->aliases6 ? -1 : 0;

		if (!order)
			order = memcmp(o->prefix6[p].network, o->alias6[a].network, 16);
		if (!order)
			order = o->prefix6[p].length - o->alias6[a].length;
		if (order < 0) {
			insert(b, root, nt_address6_load(o->prefix6[p].network), o->prefix6[p].length,
			       leaf(o->prefix6[p].region));
			p++;
		} else {
			insert(b, root, nt_address6_load(o->alias6[a].network), o->alias6[a].length, root4);
			a++;
		}
	}
}

static struct nt_locate *make_tree(const struct nt_locate_options *o)
{
	struct builder *b = calloc(1, sizeof(*b));
	uint32_t root4 = leaf(o->default4), root6 = leaf(o->default6);
	struct nt_tree *t;

	assert_non_null(b);
	for (uint32_t i = 0; i < o->prefixes4; i++)
		insert(b, &root4, (nt_u128)o->prefix4[i].network << 96, o->prefix4[i].length,
		       leaf(o->prefix4[i].region));
	b->shared = b->n;
	insert6(b, &root6, root4, o);
	t = nt_tree_new(b->n);
	assert_non_null(t);
	if (b->n)
		memcpy(t->node, b->node, b->n * sizeof(b->node[0]));
	t->root4 = root4;
	t->root6 = root6;
	free(b);
	return nt_locate_of_tree(t);
}

static void compare_tree(const struct nt_locate_options *o, uint32_t more)
{
	struct nt_locate *l = make_tree(o);

	assert_non_null(l);
	assert_string_equal(nt_locate_simd(l), "tree");
	compare4(l, o, more);
	compare6(l, o, more);
	nt_locate_free(l);
}

/* DPDK's table of IPv6, with and without AVX-512, and a tree of both. */
static void compare(const struct nt_locate_options *o, uint32_t more)
{
	static const uint16_t widths[] = {RTE_VECT_SIMD_256, RTE_VECT_SIMD_512};

	compare_tree(o, more);
	for (uint32_t i = 0; i < LENGTH(widths); i++) {
		struct nt_locate *l;

		assert_int_equal(rte_vect_set_max_simd_bitwidth(widths[i]), 0);
		l = nt_locate_create(o);
		assert_non_null(l);
		if (!(o->prefixes6 + o->aliases6))
			assert_string_equal(nt_locate_simd(l), "plain");
		else if (widths[i] == RTE_VECT_SIMD_256)
			assert_string_equal(nt_locate_simd(l), "scalar");
		compare4(l, o, more);
		compare6(l, o, more);
		nt_locate_free(l);
	}
}

static void without_a_table_everything_is_unknown(void **state)
{
	(void)state;
	assert_int_equal(region4(NULL, 0x01020304), NT_REGION_UNKNOWN);
	assert_int_equal(region6(NULL, 42), NT_REGION_UNKNOWN);
	nt_locate_free(NULL);
}

static void without_prefixes_everything_is_the_default(void **state)
{
	const struct nt_alias6 nat64 = alias6((nt_u128)0x0064ff9b << 96, 96);
	struct nt_locate_options o = {.numa_socket = -1, .default4 = 7, .default6 = 9};

	(void)state;
	compare(&o, 10);
	o.alias6 = &nat64;
	o.aliases6 = 1;
	compare(&o, 100);
}

static void prefixes_at_both_ends_of_the_space(void **state)
{
	const nt_u128 end = ~(nt_u128)0;
	struct nt_prefix4 p4[] = {{0, 32, 1}, {0x80000000, 2, 2}, {0xffffff00, 25, 3}, {0xffffffff, 32, 4}};
	struct nt_prefix6 p6[] = {prefix6(0, 128, 1), prefix6((nt_u128)1 << 127, 2, 2), prefix6(end << 9, 120, 3),
				  prefix6(end, 128, 4)};
	struct nt_locate_options o = {
	    .numa_socket = -1, .prefix4 = p4, .prefixes4 = LENGTH(p4), .prefix6 = p6, .prefixes6 = LENGTH(p6)};

	(void)state;
	compare(&o, 1000);
}

/* The 32 bits behind a prefix of any length, whole bytes or not. */
static void aliases_of_every_length(void **state)
{
	struct nt_prefix4 p4[] = {{0x01020300, 24, 1}, {0x08080808, 32, 2}, {0xc0000000, 4, 3}};
	struct nt_alias6 a[96];
	struct nt_locate_options o = {
	    .numa_socket = -1, .default4 = 5, .default6 = 6, .prefix4 = p4, .prefixes4 = LENGTH(p4), .alias6 = a};

	(void)state;
	for (uint32_t length = 1; length <= 96; length++) /* 10..., 110..., 1110...: disjoint, ascending */
		a[length - 1] = alias6(length < 96 ? ~((nt_u128)1 << (128 - length)) : ~(nt_u128)0, length);
	o.aliases6 = LENGTH(a);
	compare(&o, 20000);
}

#define PARTS_MAX 4000u

/* The space cut up at random, with holes and nested parts. Half of the time is what goes deep now and then. */
static bool stops(uint64_t dice, uint32_t length, uint32_t bits, uint32_t n)
{
	return length == bits || n >= PARTS_MAX || (length > 0 && dice % 100 < (length < 6 ? 15 : 50));
}

static bool is_part(uint64_t dice, uint32_t length, uint32_t n, bool stop)
{
	return length && n < PARTS_MAX && dice / 100 % 10 < (stop ? 8 : 3);
}

static uint32_t partition4(struct nt_prefix4 *p, uint32_t n, uint32_t network, uint32_t length)
{
	uint64_t dice = next_random();
	bool stop = stops(dice, length, 32, n);

	if (is_part(dice, length, n, stop))
		p[n++] = (struct nt_prefix4){network, (uint8_t)length, (uint16_t)(dice / 1000 % NT_REGIONS)};
	if (stop)
		return n;
	n = partition4(p, n, network, length + 1);
	return partition4(p, n, network | 1u << (31 - length), length + 1);
}

static uint32_t partition6(struct nt_prefix6 *p, uint32_t n, nt_u128 network, uint32_t length)
{
	uint64_t dice = next_random();
	bool stop = stops(dice, length, 128, n);

	if (is_part(dice, length, n, stop))
		p[n++] = prefix6(network, length, (uint16_t)(dice / 1000 % NT_REGIONS));
	if (stop)
		return n;
	n = partition6(p, n, network, length + 1);
	return partition6(p, n, network | (nt_u128)1 << (127 - length), length + 1);
}

/* Prefixes of up to 96 bits may as well be aliases: every third becomes one. */
static void split_aliases(struct nt_locate_options *o, struct nt_prefix6 *p6, struct nt_alias6 *a)
{
	uint32_t n = o->prefixes6;

	o->prefixes6 = o->aliases6 = 0;
	for (uint32_t i = 0; i < n; i++) {
		if (p6[i].length <= 96 && p6[i].region % 3 == 0)
			a[o->aliases6++] = alias6(nt_address6_load(p6[i].network), p6[i].length);
		else
			p6[o->prefixes6++] = p6[i];
	}
}

static void random_partitions(void **state)
{
	static struct nt_prefix4 p4[PARTS_MAX];
	static struct nt_prefix6 p6[PARTS_MAX];
	static struct nt_alias6 a6[PARTS_MAX];

	(void)state;
	for (uint32_t round = 0; round < 12; round++) {
		struct nt_locate_options o = {.numa_socket = -1,
					      .default4 = (uint16_t)(next_random() % NT_REGIONS),
					      .default6 = (uint16_t)(next_random() % NT_REGIONS),
					      .prefix4 = p4,
					      .prefix6 = p6,
					      .alias6 = a6};

		o.prefixes4 = partition4(p4, 0, 0, 0);
		o.prefixes6 = partition6(p6, 0, 0, 0);
		if (round % 2)
			split_aliases(&o, p6, a6);
		compare(&o, 2000);
	}
}

/* More groups than entries of two bytes can number. */
static void more_groups_than_two_bytes_can_number(void **state)
{
	enum { GROUPS = (1 << 15) + 100 };
	struct nt_prefix4 *p4 = calloc(GROUPS, sizeof(*p4));
	struct nt_prefix6 *p6 = calloc(GROUPS, sizeof(*p6));
	struct nt_locate_options o = {
	    .numa_socket = -1, .prefix4 = p4, .prefixes4 = GROUPS, .prefix6 = p6, .prefixes6 = GROUPS};
	struct nt_locate *l;

	(void)state;
	assert_true(p4 && p6);
	for (uint32_t i = 0; i < GROUPS; i++) {
		p4[i] = (struct nt_prefix4){i << 9 | 7, 32, (uint16_t)(1 + i % (NT_REGIONS - 1))};
		p6[i] = prefix6((nt_u128)(i << 9 | 7) << 96, 32, (uint16_t)(1 + i % (NT_REGIONS - 1)));
	}
	l = nt_locate_create(&o);
	assert_non_null(l);
	for (uint32_t i = 0; i < GROUPS; i++) {
		assert_int_equal(region4(l, i << 9 | 7), p4[i].region);
		assert_int_equal(region4(l, i << 9 | 8), NT_REGION_UNKNOWN);
		assert_int_equal(region6(l, (nt_u128)(i << 9 | 7) << 96 | 1), p6[i].region);
		assert_int_equal(region6(l, (nt_u128)(i << 9 | 6) << 96), NT_REGION_UNKNOWN);
	}
	nt_locate_free(l);
	free(p4);
	free(p6);
}

/* DPDK reserves three groups for each of these, 240,000 in all, although 315 are enough. */
static void neighbours_share_their_groups(void **state)
{
	enum { N = 80000 };
	struct nt_prefix6 *p6 = calloc(N, sizeof(*p6));
	struct nt_locate_options o = {.numa_socket = -1, .prefix6 = p6, .prefixes6 = N};
	struct nt_locate *l;

	(void)state;
	assert_non_null(p6);
	for (uint32_t i = 0; i < N; i++)
		p6[i] = prefix6((nt_u128)0x20010db8 << 96 | (nt_u128)i << 80, 48, (uint16_t)(1 + i % 2));
	assert_true(nt_locate_bytes(&o) < 110u << 20);
	l = nt_locate_create(&o);
	assert_non_null(l);
	for (uint32_t i = 0; i < N; i++)
		assert_int_equal(region6(l, nt_address6_load(p6[i].network) | 1), p6[i].region);
	nt_locate_free(l);
	free(p6);
}

static void assert_refused(const struct nt_locate_options *o)
{
	errno = 0;
	assert_null(nt_locate_create(o));
	assert_int_equal(errno, EINVAL);
}

static void lists_that_are_refused(void **state)
{
	static const struct nt_prefix4 bad4[][2] = {
	    {{0, 0, 1}, {0, 0, 1}},		       /* that is the default */
	    {{0x01000000, 33, 1}, {0x02000000, 8, 1}}, /* no such length */
	    {{0x01000001, 8, 1}, {0x02000000, 8, 1}},  /* bits behind the prefix */
	    {{0x02000000, 8, 1}, {0x01000000, 8, 1}},  /* descending */
	    {{0x01000000, 8, 1}, {0x01000000, 8, 1}},  /* twice */
	    {{0x01000000, 16, 1}, {0x01000000, 8, 1}}, /* the narrow one first */
	    {{0x01000000, 8, NT_REGIONS}, {0x02000000, 8, 1}},
	};
	const nt_u128 net = (nt_u128)0x2001 << 112;
	struct nt_prefix6 p6[] = {prefix6(net, 48, 1), prefix6(net, 32, 1)};
	struct nt_prefix6 dirty = prefix6(net, 32, 1);
	struct nt_alias6 a = alias6(net, 48), long_alias = {.length = 97};
	struct nt_locate_options o = {.numa_socket = -1, .prefixes4 = 2};

	(void)state;
	for (uint32_t i = 0; i < LENGTH(bad4); i++) {
		o.prefix4 = bad4[i];
		assert_refused(&o);
	}
	assert_refused(&(struct nt_locate_options){.prefix6 = p6, .prefixes6 = 2});
	assert_refused(&(struct nt_locate_options){.prefix6 = p6, .prefixes6 = 1, .alias6 = &a, .aliases6 = 1});
	assert_refused(&(struct nt_locate_options){.alias6 = &long_alias, .aliases6 = 1});
	assert_refused(&(struct nt_locate_options){.default4 = NT_REGIONS});
	assert_refused(&(struct nt_locate_options){.default6 = NT_REGIONS});
	dirty.network[4] = 1;
	assert_refused(&(struct nt_locate_options){.prefix6 = &dirty, .prefixes6 = 1});
}

static void too_little_memory_is_an_error(void **state)
{
	enum { N = 4000000 };
	struct nt_prefix6 *p6 = calloc(N, sizeof(*p6));
	struct nt_locate_options o = {.numa_socket = -1, .prefix6 = p6, .prefixes6 = N};

	(void)state;
	assert_non_null(p6);
	for (uint32_t i = 0; i < N; i++)
		p6[i] = prefix6((nt_u128)i << 104, 25, 1);
	assert_true(nt_locate_bytes(&o) > 1000u << 20);
	rte_log_set_level(RTE_LOGTYPE_LPM, RTE_LOG_CRIT); /* it would complain, rightly */
	errno = 0;
	assert_null(nt_locate_create(&o));
	assert_int_equal(errno, ENOMEM);
	free(p6);
}

/* Old and new side by side, as during a reload. */
static void tables_are_independent(void **state)
{
	struct nt_prefix4 p4 = {0x01000000, 8, 1};
	struct nt_prefix6 p6 = prefix6((nt_u128)0x2001 << 112, 32, 1);
	struct nt_locate_options o = {.prefix4 = &p4, .prefixes4 = 1, .prefix6 = &p6, .prefixes6 = 1};
	struct nt_locate *old = nt_locate_create(&o), *new;

	(void)state;
	assert_non_null(old);
	for (uint16_t i = 2; i < 20; i++) {
		p4.region = p6.region = i;
		new = nt_locate_create(&o);
		assert_non_null(new);
		assert_int_equal(region4(old, 0x01020304), i - 1);
		assert_int_equal(region6(new, (nt_u128)0x2001 << 112), i);
		nt_locate_free(old);
		old = new;
	}
	nt_locate_free(old);
}

static int start(void **state)
{
	(void)state;
	return private_eal_start("768");
}

static int stop(void **state)
{
	(void)state;
	return private_eal_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_a_table_everything_is_unknown),
	    cmocka_unit_test(without_prefixes_everything_is_the_default),
	    cmocka_unit_test(prefixes_at_both_ends_of_the_space),
	    cmocka_unit_test(aliases_of_every_length),
	    cmocka_unit_test(random_partitions),
	    cmocka_unit_test(more_groups_than_two_bytes_can_number),
	    cmocka_unit_test(neighbours_share_their_groups),
	    cmocka_unit_test(lists_that_are_refused),
	    cmocka_unit_test(too_little_memory_is_an_error),
	    cmocka_unit_test(tables_are_independent),
	};

	return cmocka_run_group_tests(tests, start, stop);
}

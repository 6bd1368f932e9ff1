/* SPDX-License-Identifier: BSD-3-Clause */
#include "locate/table.h"

#include <errno.h>

static uint32_t host_bits(uint32_t length)
{
	return length < 32 ? UINT32_MAX >> length : 0;
}

bool nt_fib4_valid(const struct nt_locate_options *o)
{
	for (uint32_t i = 0; i < o->prefixes4; i++) {
		const struct nt_prefix4 *p = &o->prefix4[i], *before = i ? p - 1 : NULL;

		if (p->length < 1 || p->length > 32 || p->region >= NT_REGIONS || p->network & host_bits(p->length))
			return false;
		if (before &&
		    (before->network > p->network || (before->network == p->network && before->length >= p->length)))
			return false;
	}
	return o->prefixes4 <= NT_ROUTES_MAX && o->default4 < NT_REGIONS;
}

/* Every /24 with a longer prefix in it is a group. */
static uint32_t count_groups(const struct nt_locate_options *o)
{
	uint32_t groups = 0, slash24 = UINT32_MAX;

	for (uint32_t i = 0; i < o->prefixes4; i++) {
		if (o->prefix4[i].length <= 24 || o->prefix4[i].network >> 8 == slash24)
			continue;
		slash24 = o->prefix4[i].network >> 8;
		groups++;
	}
	return groups;
}

static struct rte_fib_conf make_conf(const struct nt_locate_options *o)
{
	uint32_t groups = count_groups(o);

	return (struct rte_fib_conf){
	    .type = RTE_FIB_DIR24_8,
	    .default_nh = o->default4,
	    .max_routes = (int)o->prefixes4,
	    .dir24_8 = {.nh_sz = groups <= NT_GROUPS_2B ? RTE_FIB_DIR24_8_2B : RTE_FIB_DIR24_8_4B,
			.num_tbl8 = RTE_MAX(groups, 1u)},
	};
}

uint64_t nt_fib4_bytes(const struct nt_locate_options *o)
{
	struct rte_fib_conf conf = make_conf(o);
	uint64_t entries = (1ull << 24) + 256ull * conf.dir24_8.num_tbl8;

	return o->prefixes4 ? (entries << conf.dir24_8.nh_sz) + nt_rib_bytes(o->prefixes4) : 0;
}

int nt_fib4_build(struct nt_locate *l, const struct nt_locate_options *o)
{
	struct rte_fib_conf conf = make_conf(o);
	char name[NT_TABLE_NAME];

	if (o->prefixes4 == 0)
		return 0;
	nt_table_name(name, "nt4");
	l->fib4 = rte_fib_create(name, o->numa_socket, &conf);
	if (!l->fib4)
		return -ENOMEM; /* rte_errno may hold an earlier look-up's; with a valid conf nothing else fails */
	for (uint32_t i = 0; i < o->prefixes4; i++) {
		const struct nt_prefix4 *p = &o->prefix4[i];
		int rc = rte_fib_add(l->fib4, p->network, p->length, p->region);

		if (rc)
			return rc;
	}
	if (rte_fib_select_lookup(l->fib4, RTE_FIB_LOOKUP_DIR24_8_VECTOR_AVX512) == 0)
		l->simd = "avx512";
	return 0;
}

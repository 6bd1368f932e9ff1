/* SPDX-License-Identifier: BSD-3-Clause */
#include "locate/filling.h"
#include "locate/plain.h"
#include "locate/table.h"

#include <rte_malloc.h>
#include <rte_mempool.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

void nt_table_name(char name[static NT_TABLE_NAME], const char *what)
{
	static atomic_uint made;

	snprintf(name, NT_TABLE_NAME, "%s_%u", what, atomic_fetch_add(&made, 1));
}

static struct nt_locate *create_plain(const struct nt_locate_options *o)
{
	struct nt_locate_filling *f = nt_locate_fill_begin();
	struct nt_locate *l = NULL;

	if (f && !nt_plain_fill(f, o))
		l = nt_locate_fill_end(f);
	else
		nt_locate_fill_cancel(f);
	if (!l)
		errno = ENOMEM;
	return l;
}

struct nt_locate *nt_locate_create(const struct nt_locate_options *options)
{
	struct nt_locate_options o = *options;
	struct nt_locate *l;
	int rc;

	if (!nt_fib4_valid(&o) || !nt_fib6_valid(&o)) {
		errno = EINVAL;
		return NULL;
	}
	if (o.ordinary_memory)
		return create_plain(&o);
	o.numa_socket = o.numa_socket < 0 ? SOCKET_ID_ANY : o.numa_socket;
	l = rte_zmalloc_socket("nt_locate", sizeof(*l), RTE_CACHE_LINE_SIZE, o.numa_socket);
	if (!l) {
		errno = ENOMEM;
		return NULL;
	}
	l->default4 = o.default4;
	l->default6 = o.default6;
	l->simd = "scalar";
	rc = nt_fib4_build(l, &o);
	if (rc == 0)
		rc = nt_fib6_build(l, &o);
	if (rc) {
		nt_locate_free(l);
		errno = -rc;
		return NULL;
	}
	return l;
}

void nt_locate_free(struct nt_locate *l)
{
	if (!l)
		return;
	if (l->plain) {
		nt_plain_free(l->plain);
		free(l);
		return;
	}
	rte_fib6_free(l->fib6);
	rte_fib_free(l->fib4);
	rte_free(l);
}

const char *nt_locate_simd(const struct nt_locate *l)
{
	return l->simd;
}

/* A RIB is a mempool, and that a ring of pointers; a node of either kind fits a cache line. */
uint64_t nt_rib_bytes(uint32_t routes)
{
	uint32_t nodes = 2 * routes;

	return (uint64_t)nodes * rte_mempool_calc_obj_size(RTE_CACHE_LINE_SIZE, 0, NULL) +
	       sizeof(void *) * (uint64_t)rte_align32pow2(nodes + 1);
}

uint64_t nt_locate_bytes(const struct nt_locate_options *options)
{
	if (options->ordinary_memory)
		return 0;
	return sizeof(struct nt_locate) + nt_fib4_bytes(options) + nt_fib6_bytes(options);
}

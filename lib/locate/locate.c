/* SPDX-License-Identifier: BSD-3-Clause */
#include "locate/plain.h"
#include "locate/table.h"
#include "locate/tree.h"

#include <errno.h>
#include <stdlib.h>

static int build(struct nt_locate *l, const struct nt_locate_options *o)
{
	*l = (struct nt_locate){.plain = nt_plain_create(o), .default6 = o->default6, .simd = "plain"};
	if (!l->plain)
		return -ENOMEM;
	return o->prefixes6 + o->aliases6 ? nt_fib6_build(l, o) : 0;
}

struct nt_locate *nt_locate_create(const struct nt_locate_options *o)
{
	struct nt_locate *l;
	int err;

	if (!nt_plain_valid4(o) || !nt_fib6_valid(o)) {
		errno = EINVAL;
		return NULL;
	}
	l = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*l));
	if (!l)
		return NULL;
	err = build(l, o);
	if (!err)
		return l;
	nt_locate_free(l);
	errno = -err;
	return NULL;
}

void nt_locate_free(struct nt_locate *l)
{
	if (!l)
		return;
	rte_fib6_free(l->fib6);
	nt_plain_free(l->plain);
	nt_tree_free(l->tree);
	free(l);
}

const char *nt_locate_simd(const struct nt_locate *l)
{
	return l->simd;
}

uint64_t nt_locate_bytes(const struct nt_locate_options *options)
{
	return nt_fib6_bytes(options);
}

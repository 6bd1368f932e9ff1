/* SPDX-License-Identifier: BSD-3-Clause */
#include "locate/filling.h"
#include "locate/plain.h"
#include "locate/table.h"

#include <errno.h>
#include <stdlib.h>

/* IPv4, and IPv6 where DPDK's table is not for it. */
static struct nt_locate *fill(const struct nt_locate_options *o, bool fib6)
{
	struct nt_locate_filling *f = nt_locate_fill_begin();
	int err = f ? nt_plain_fill4(f, o) : -ENOMEM;

	if (!err && !fib6)
		err = nt_plain_fill6(f, o);
	if (!err)
		return nt_locate_fill_end(f);
	nt_locate_fill_cancel(f);
	return NULL;
}

struct nt_locate *nt_locate_create(const struct nt_locate_options *o)
{
	bool fib6 = !o->ordinary_memory && o->prefixes6 + o->aliases6;
	struct nt_locate *l;
	int err = 0;

	if (!nt_plain_valid4(o) || !nt_fib6_valid(o)) {
		errno = EINVAL;
		return NULL;
	}
	l = fill(o, fib6);
	if (!l)
		err = -ENOMEM;
	else if (fib6)
		err = nt_fib6_build(l, o);
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
	free(l);
}

const char *nt_locate_simd(const struct nt_locate *l)
{
	return l->simd;
}

uint64_t nt_locate_bytes(const struct nt_locate_options *options)
{
	return options->ordinary_memory ? 0 : nt_fib6_bytes(options);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TESTS_UNIT_BANKS_H
#define NT_TESTS_UNIT_BANKS_H

#include "fold/fold.h"

/* Tables small enough for a unit test, except that region x port takes `entries`. */
static inline struct nt_tally_options small_tables(uint32_t entries)
{
	return (struct nt_tally_options){
	    .region_port_entries = entries,
	    .match_entries = entries,
	    .source_entries = 1024,
	    .pair_entries = 2 * entries,
	    .victim_entries = 256,
	    .sketches = 16,
	};
}

/* One interval of these banks. Returns 0 or -errno. */
static inline int fold_banks(struct nt_tally *const *banks, uint32_t n, struct nt_snapshot *s)
{
	struct nt_fold *f = nt_fold_new(&(struct nt_fold_options){0});
	int err = f ? nt_fold_add(f, banks, n) : -1;

	nt_snapshot_init(s);
	if (!err)
		err = nt_fold_take(f, 0, 60, s);
	nt_fold_free(f);
	return err;
}

#endif

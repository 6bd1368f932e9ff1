/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_SNAPSHOT_ADD_H
#define TESTS_UNIT_SNAPSHOT_ADD_H

#include "needletail/snapshot.h"

/* Adds snapshots up: counters and tables, nothing of sources. The span grows to cover both. */

static inline void add_all(uint64_t *into, const uint64_t *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		into[i] += from[i];
}

static inline void add_loss(struct nt_loss *into, const struct nt_loss *from)
{
	into->missed_unknown = into->missed_unknown || from->missed_unknown;
	into->missed += from->missed;
	into->no_mbuf += from->no_mbuf;
	into->errors += from->errors;
	into->unexplained += from->unexplained;
}

static inline void grow_span(struct nt_snapshot *into, const struct nt_snapshot *from)
{
	bool empty = into->start_s == into->end_s;

	if (empty || from->start_s < into->start_s)
		into->start_s = from->start_s;
	if (empty || from->end_s > into->end_s)
		into->end_s = from->end_s;
	into->partial = into->partial || from->partial;
}

static inline int snapshot_add(struct nt_snapshot *into, const struct nt_snapshot *from)
{
	grow_span(into, from);
	into->frames += from->frames;
	into->bytes += from->bytes;
	into->late += from->late;
	add_all(into->overflow, from->overflow, NT_OVERFLOWS);
	add_all(into->class_frames, from->class_frames, NT_CLASSES);
	add_all(into->malformed, from->malformed, NT_REASONS);
	add_all(into->truncated, from->truncated, NT_REASONS);
	add_loss(&into->loss, &from->loss);
	add_all(into->cut, from->cut, NT_TABLES);
	into->reduced = into->reduced || from->reduced;
	for (uint32_t t = 0; t < NT_TABLES; t++) {
		int err = nt_counts_merge(&into->table[t], &from->table[t]);

		if (err)
			return err;
	}
	return 0;
}

#endif

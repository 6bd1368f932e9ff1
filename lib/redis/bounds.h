/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REDIS_BOUNDS_H
#define NT_REDIS_BOUNDS_H

#include "redis/schema.h"
#include "spool/spool.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Which bounds the chunks of a snapshot are cut under. Chunk 3 of a snapshot is another one under other bounds, so one
 * that was begun must be finished under those it was begun with, although the program was restarted with another
 * configuration in between; also if Redis falls back to before the restart. So the spool keeps, as the note of the
 * Redis sink, from which number on which bounds were in use. All calls from one thread.
 */

/** Changes of the bounds that are remembered. */
#define NT_BOUNDS_KEPT 16

struct nt_bounds_since {
	uint64_t from; /**< sequence number of the first snapshot begun under them */
	uint32_t members[NT_BOUNDS];
};

struct nt_bounds {
	uint64_t first; /**< number of the first snapshot that is for Redis */
	size_t n;
	struct nt_bounds_since since[NT_BOUNDS_KEPT]; /**< ascending */
};

/** Reads what the spool has noted; if that is nothing, notes that Redis begins here. */
void nt_bounds_read(struct nt_bounds *b, struct nt_spool *spool);

/**
 * Into `members` those that the snapshot was begun under. Returns 0, or -ENOENT if nobody knows: they changed too
 * often since, or the program that began it cut chunks in another way.
 */
int nt_bounds_find(const struct nt_bounds *b, uint64_t sequence, uint32_t members[static NT_BOUNDS]);

/**
 * To be called before the first chunk of a snapshot is written: notes the bounds, if they are other ones. Returns 0,
 * or a failure of nt_spool_set_applied_note().
 */
int nt_bounds_begin(struct nt_bounds *b, struct nt_spool *spool, uint64_t sequence,
		    const uint32_t members[static NT_BOUNDS]);

#endif

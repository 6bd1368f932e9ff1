/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_SPOOL_SPOOL_H
#define NT_SPOOL_SPOOL_H

#include "needletail/snapshot.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Snapshots on their way to a store that may be away, in order, each under a sequence number that counts from 1 and
 * is never used twice. Snapshots stay for a while after they were applied, because a store that fails over or
 * restarts may forget what it had acknowledged; then they are asked for again.
 *
 * The spool is bounded. When it is full, the oldest applied snapshot goes first; if there is none, the oldest of all
 * is dropped, and that it was dropped and not applied is remembered.
 *
 * This one lives in memory and dies with the process. Nothing in the interface says so: the functions that a store
 * on disk can fail in return -errno. All calls from one thread.
 */

struct nt_spool;

/** Longest identity of a spool with its NUL: 16 hexadecimal digits. */
#define NT_SPOOL_ID 17

struct nt_spool_options {
	size_t snapshots;	 /**< held at most; at least 1 */
	size_t bytes;		 /**< held at most, as far as one snapshot alone is not larger; 0: no such bound */
	uint32_t keep_applied_s; /**< seconds that applied snapshots stay */
};

/** Snapshots 4,096, bytes 256 MiB, applied ones for 600 s. */
extern const struct nt_spool_options nt_spool_defaults;

/** Makes an empty spool with an identity that no other has. Returns NULL with errno set. */
struct nt_spool *nt_spool_new(const struct nt_spool_options *options);

/** Frees the spool and what it holds. */
void nt_spool_free(struct nt_spool *s);

/** Identity of the spool: the sequence numbers mean something together with it only. */
const char *nt_spool_id(const struct nt_spool *s);

/**
 * Appends a snapshot, which is moved: *snapshot is empty afterwards. Makes room as described above.
 * Returns 0, or -ENOMEM with the snapshot still the caller's.
 */
int nt_spool_push(struct nt_spool *s, struct nt_snapshot *snapshot);

/** Uses up `n` sequence numbers for snapshots that were lost on their way to the spool; they count as dropped. */
void nt_spool_skip(struct nt_spool *s, uint64_t n);

/** Lowest sequence number at or above `from` that is held, 0 if there is none. */
uint64_t nt_spool_next(const struct nt_spool *s, uint64_t from);

/** The snapshot of that number, NULL if it is not held. It stays where it is as long as it is held. */
const struct nt_snapshot *nt_spool_get(const struct nt_spool *s, uint64_t sequence);

/**
 * Says that everything below `sequence` is applied, and nothing from there on: a store that lost its last writes
 * takes the number back.
 */
void nt_spool_set_applied(struct nt_spool *s, uint64_t sequence);

/** Drops a snapshot that can never be applied. */
void nt_spool_discard(struct nt_spool *s, uint64_t sequence);

/** How many of the numbers from..to-1 were dropped before they were applied. */
uint64_t nt_spool_dropped(const struct nt_spool *s, uint64_t from, uint64_t to);

/** Number that the next snapshot will have. */
uint64_t nt_spool_end(const struct nt_spool *s);

/** Snapshots held and not applied. */
size_t nt_spool_waiting(const struct nt_spool *s);

/** True if pushing that snapshot now would not drop one that is not applied. */
bool nt_spool_fits(const struct nt_spool *s, const struct nt_snapshot *snapshot);

#endif

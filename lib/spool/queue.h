/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_SPOOL_QUEUE_H
#define NT_SPOOL_QUEUE_H

#include "needletail/snapshot.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A bounded queue of snapshots from one thread to another. The writer either never waits, and then what finds no
 * place is lost and counted, or it waits for a place; that is its choice at each call.
 */

struct nt_queue;

/** Makes an empty queue with `places` of them (at least 1). Returns NULL with errno set. */
struct nt_queue *nt_queue_new(size_t places);

/** Frees the queue and what is in it. No thread may use it any more. */
void nt_queue_free(struct nt_queue *q);

/**
 * Appends a snapshot and never waits for a place; *snapshot is moved, or freed if there is none, and empty
 * afterwards. Returns 0, or -ENOSPC if it was lost. Any thread.
 */
int nt_queue_offer(struct nt_queue *q, struct nt_snapshot *snapshot);

/** Appends a snapshot as soon as there is a place; *snapshot is moved and empty afterwards. Any thread. */
void nt_queue_put(struct nt_queue *q, struct nt_snapshot *snapshot);

/** Counts `n` snapshots as lost here that were lost on their way to the queue. Any thread. */
void nt_queue_note_lost(struct nt_queue *q, uint64_t n);

/** Says that nothing will be appended any more, and wakes the reader. Any thread. */
void nt_queue_close(struct nt_queue *q);

/** nt_queue_take(): wait as long as it takes. */
#define NT_QUEUE_FOREVER UINT64_MAX

/**
 * Takes the oldest snapshot into *out, which must be empty, and into *lost how many were lost just before it.
 * Waits until the monotonic clock shows until_ns (0: does not wait). One reader at a time.
 * Returns 0, -ETIMEDOUT, or -EPIPE once the queue is closed and empty; *lost is then what was lost at its end.
 */
int nt_queue_take(struct nt_queue *q, uint64_t until_ns, struct nt_snapshot *out, uint64_t *lost);

/** Waits as nt_queue_take() does, and takes nothing. Same results. */
int nt_queue_wait(struct nt_queue *q, uint64_t until_ns);

/** Waits until the queue is closed, whatever is in it. Returns 0 then, or -ETIMEDOUT. Any thread. */
int nt_queue_wait_closed(struct nt_queue *q, uint64_t until_ns);

/** Snapshots lost since the beginning. Any thread. */
uint64_t nt_queue_lost(struct nt_queue *q);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_PUBLISH_H
#define NEEDLETAIL_PUBLISH_H

#include "redis/plan.h"
#include "redis/url.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Where snapshots go: into the spool, and from there to two sinks, the file of JSON lines and Redis. Three threads of
 * its own, so that neither sink waits for the other, and the side that counts never waits for a disk:
 *
 *   submit -> queue -> store thread -> spool -> lines thread -> file
 *                                           \-> Redis thread -> Redis
 *
 * Each sink has its own place in the spool. With a path the spool is on disk: what was stored when the program died
 * goes to the sinks at the next start, before anything new.
 *
 * Live, nobody may wait: a queue that is full loses the snapshot, and a spool that is full the detail of the oldest
 * ones, then whole ones; all of it is counted, logged and published. A replay can wait, so there queue and spool hold
 * the reader back and nothing is lost.
 */

struct publisher;
struct lines;

struct publisher_options {
	struct nt_sensor sensor;
	struct lines *lines;		  /**< the file; stays the caller's; NULL: no lines */
	bool begin_anew;		  /**< empty the file first, unless lines from before are still to be written */
	const struct nt_redis_url *redis; /**< NULL: no Redis */
	uint32_t timeout_ms;		  /**< Redis: for connecting, and for each answer */
	const char *spool_path;		  /**< must stay; NULL or "": in memory alone */
	uint64_t spool_bytes;		  /**< on disk at most; 0: the spool's default */
	size_t spool_snapshots;		  /**< in memory at most; 0: the spool's default */
	uint32_t keep_applied_s;	  /**< how long snapshots stay in the spool once they are in Redis */
	bool wait;			  /**< submit waits for a place: replay */
	/**
	 * How long Redis may be away before what is left is given up; ms. With `wait` at any time, without it only once
	 * publisher_finish() was called. Likewise for a disk that refuses the lines.
	 */
	uint32_t patience_ms;
	/**
	 * With `wait`: once it is set, by a signal handler for one, a Redis that is away is given up at once. NULL:
	 * never.
	 */
	const _Atomic bool *give_up;
};

struct publisher_counters {
	uint64_t lost;		/**< submitted while the queue was full: neither a line nor in Redis */
	uint64_t stored;	/**< intervals in the spool: on disk, if it has a path */
	uint64_t lines;		/**< written */
	uint64_t failed_lines;	/**< not written, or not to their end */
	uint64_t waiting_lines; /**< intervals whose lines are not written yet */
	uint64_t published;	/**< intervals in Redis as a whole */
	uint64_t unpublished;	/**< intervals that wait for Redis, or were given up */
	uint64_t reduced;	/**< intervals that lost their detail because the spool was full */
	uint64_t dropped;	/**< intervals that a sink never gets: lost, or the spool was full */
	uint64_t gap;		/**< intervals that Redis lost after the spool had let go of them */
	uint64_t failed_writes; /**< additions that Redis refused because of what stood there */
};

/**
 * Makes a publisher and opens its spool. Connects to nothing, starts nothing. A spool that cannot be opened is said
 * and does without a file. Returns NULL with errno set; EBUSY, EEXIST, EMEDIUMTYPE and ENOLINK are about the spool's
 * file, see nt_spool_refusal(). Main thread.
 */
struct publisher *publisher_new(const struct publisher_options *options);

/** Intervals that an earlier process left in the spool. Before publisher_start(). */
size_t publisher_left_over(const struct publisher *p);

/**
 * Connects to Redis and tells in *holds whether the sensor has data at or after time_s (Unix seconds), there or on
 * the way there. Before publisher_start(), from the same thread. Returns 0, or a failure of nt_put_connect(), which
 * the publisher says when it meets it again. If Redis was away and has such data when it comes, nothing is published.
 */
int publisher_holds_from(struct publisher *p, int64_t time_s, bool *holds);

/** Starts the threads. Returns 0 or -errno. Signals stay with the thread that calls this. */
int publisher_start(struct publisher *p);

/**
 * Takes an interval's snapshot over; *snapshot is empty afterwards. After publisher_start(); one thread.
 * Returns 0, or -ENOSPC if it was lost because the queue is full (never with `wait`).
 */
int publisher_submit(struct publisher *p, struct nt_snapshot *snapshot);

/** From the next snapshot on, this is when the region database was built (Unix seconds, 0: none). Any thread. */
void publisher_set_geo_build(struct publisher *p, int64_t geo_build_s);

/** Somebody may have moved the file of lines away: opens it again before the next interval. Any thread. */
void publisher_reopen_lines(struct publisher *p);

/**
 * Writes what is left, as far as patience goes, and ends the threads; nothing may be submitted any more. What then
 * waits in a spool on disk is there for the next start: live, that is no failure.
 * Returns 0, -ETIMEDOUT if intervals remain unpublished (logged with their number), -EIO if a line could not be
 * written, or -ENOSPC if intervals were lost on the way here. Same thread as publisher_start().
 */
int publisher_finish(struct publisher *p);

/** Instead of start, submit and finish: publishes what was left over, leaves the lines that are there, and ends. */
int publisher_flush(struct publisher *p);

/** Fills in the numbers up to now. Any thread. */
void publisher_read_counters(struct publisher *p, struct publisher_counters *out);

/** Frees a publisher that was never started or is finished. */
void publisher_free(struct publisher *p);

#endif

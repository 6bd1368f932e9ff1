/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_PUBLISH_H
#define NEEDLETAIL_PUBLISH_H

#include "redis/plan.h"
#include "redis/url.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Where snapshots go: a JSON line each, then Redis. Two threads of its own, one behind the other, so that a line
 * never waits for a Redis that is away, and the side that counts never waits for a disk:
 *
 *   submit -> queue -> lines thread -> queue -> Redis thread -> spool -> Redis
 *
 * Live, nobody may wait: a queue that is full loses the snapshot, and a spool that is full the oldest one; both are
 * counted, logged and published. A replay can wait, so there the queues hold the reader back and nothing is lost.
 */

struct publisher;

struct publisher_options {
	struct nt_sensor sensor;
	FILE *json;			  /**< gets the lines, unbuffered; stays the caller's; NULL: no lines */
	const struct nt_redis_url *redis; /**< NULL: no Redis */
	uint32_t timeout_ms;		  /**< Redis: for connecting, and for each answer */
	size_t spool_snapshots;		  /**< held in memory while Redis is away; 0: the spool's default */
	bool wait;			  /**< submit waits for a place: replay */
	/**
	 * How long Redis may be away before what is left is given up; ms. With `wait` at any time, without it only once
	 * publisher_finish() was called.
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
	uint64_t lines;		/**< written */
	uint64_t failed_lines;	/**< not written, or not to their end */
	uint64_t published;	/**< intervals in Redis as a whole */
	uint64_t unpublished;	/**< intervals that wait for Redis, or were given up */
	uint64_t dropped;	/**< intervals that Redis never gets: lost, or the spool was full */
	uint64_t gap;		/**< intervals that Redis lost after the spool had let go of them */
	uint64_t failed_writes; /**< additions that Redis refused because of what stood there */
};

/** Makes a publisher. Connects to nothing, starts nothing. Returns NULL with errno set. Main thread. */
struct publisher *publisher_new(const struct publisher_options *options);

/**
 * Connects to Redis and tells in *holds whether the sensor has data at or after time_s (Unix seconds). Before
 * publisher_start(), from the same thread. Returns 0, or a failure of nt_put_connect(), which the publisher
 * says when it meets it again. If Redis was away and has such data when it comes, nothing is published.
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

/**
 * Writes what is left, as far as patience goes, and ends the threads; nothing may be submitted any more.
 * Returns 0, -ETIMEDOUT if intervals remain unpublished (logged with their number), -EIO if a line could not be
 * written, or -ENOSPC if intervals were lost on the way here. Same thread as publisher_start().
 */
int publisher_finish(struct publisher *p);

/** Fills in the numbers up to now. Any thread. */
void publisher_read_counters(struct publisher *p, struct publisher_counters *out);

/** Frees a publisher that was never started or is finished. */
void publisher_free(struct publisher *p);

#endif

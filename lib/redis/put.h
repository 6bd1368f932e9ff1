/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REDIS_PUT_H
#define NT_REDIS_PUT_H

#include "redis/plan.h"
#include "redis/url.h"
#include "spool/spool.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Writes the snapshots of a spool into Redis, each exactly once.
 *
 * The key `cursor` holds "<spool>:<sequence>:<chunk>", the place of the next chunk to write. Each call of the script
 * names the cursor that it expects and the one that it leaves, and the server compares, adds and moves the cursor in
 * one step. A request that is sent twice, or arrives late, therefore does nothing the second time. After every
 * reconnect the writer reads the cursor and goes on from there, also if that is further back than it had been: a
 * server may lose what it had acknowledged. What the spool no longer holds then is a gap; it is counted and
 * published.
 *
 * A spool on disk goes on under its identity after a restart, and so does the writer: from the cursor if it is this
 * spool's, from the oldest snapshot held if Redis is empty, else from what the spool has marked as applied. A snapshot
 * that was half written is finished under the bounds that it was begun with (bounds.h).
 *
 * A cursor that belongs to neither this spool nor the writer before it is somebody else's: another writer of the
 * same sensor. Its numbers stay, ours are added to them. Only then there is a chance to count twice: the answer to a
 * chunk is lost, and before we can look the other one has put its cursor over ours.
 *
 * All calls from one thread at a time; the process ignores SIGPIPE.
 */

struct nt_put;

struct nt_put_options {
	struct nt_redis_url url;
	uint32_t timeout_ms;	 /**< for connecting, and for each answer */
	struct nt_sensor sensor; /**< texts are copied */
};

struct nt_put_counters {
	uint64_t published;	    /**< snapshots that Redis acknowledged in full */
	uint64_t repeated;	    /**< snapshots written once more because Redis had lost them */
	uint64_t dropped_intervals; /**< snapshots never written: the spool or the way there was full */
	uint64_t gap_intervals;	    /**< snapshots that Redis lost after the spool had let go of them */
	uint64_t calls;		    /**< of the script */
	uint64_t failed_writes;	    /**< additions that Redis refused because of what stood there */
};

/** Makes a writer for what `spool` holds, without connecting. Returns NULL with errno set: EINVAL for a bad name. */
struct nt_put *nt_put_new(const struct nt_put_options *options, struct nt_spool *spool);
void nt_put_free(struct nt_put *p);

/**
 * Connects unless connected, and reads where the sensor stands. Returns 0 or a failure as from nt_put_step();
 * nothing is logged.
 */
int nt_put_connect(struct nt_put *p);

/**
 * Into *holds: does Redis hold data of the sensor at or after time_s (Unix seconds)? Returns as nt_put_connect().
 * If Redis cannot be reached the question stays: once it can be, steps fail with -EALREADY if it does.
 */
int nt_put_holds_from(struct nt_put *p, int64_t time_s, bool *holds);

/**
 * Takes the next step: connects, closes a bucket, or writes a chunk; at most one call that writes.
 * Returns 1 if there may be more to do, 0 if everything in the spool is written, or a failure: those of client.h, and
 *   -EINVAL  days begin at another hour than those of the data in Redis
 *   -EEXIST  a key is there already and has another type
 *   -EALREADY  see nt_put_holds_from()
 * A failure changes nothing in Redis; the step is to be taken again later. That Redis is away is logged once, and
 * once when it is back.
 */
int nt_put_step(struct nt_put *p);

/** As nt_put_step(), for what is left to do at the end: trims closed buckets that were written to again. */
int nt_put_finish(struct nt_put *p);

/** Text for the last failure of any of these functions. */
const char *nt_put_why(const struct nt_put *p);

/** From the next snapshot on, this is when the region database was built (Unix seconds, 0: none). */
void nt_put_set_geo_build(struct nt_put *p, int64_t geo_build_s);

/** Fills in the numbers of this process. */
void nt_put_read_counters(const struct nt_put *p, struct nt_put_counters *out);

#endif

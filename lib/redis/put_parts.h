/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REDIS_PUT_PARTS_H
#define NT_REDIS_PUT_PARTS_H

#include "redis/bounds.h"
#include "redis/client.h"
#include "redis/cursor.h"
#include "redis/outage.h"
#include "redis/put.h"

/* The writer of put.h and what its files share: where it stands (put_state.c), closing buckets (put_trim.c), and
 * writing (put.c). */

/* A moment that may not be known. */
struct moment {
	bool known;
	int64_t s;
};

/* How far the bucket that is being trimmed is; nothing is lost if that is forgotten. */
struct trimming {
	enum nt_bucket bucket;
	enum nt_redis_age age;
	int64_t start_s;
	uint32_t done; /* HyperLogLogs */
};

struct nt_put {
	struct nt_put_options options;
	char *name; /* texts of options.sensor */
	char *group;
	char *version;
	struct nt_spool *spool;
	struct nt_redis_client *client;
	struct nt_request request;

	char *cursor;		/* in Redis, "" for none; NULL until it was read */
	char *first_cursor;	/* what was there before our first write */
	struct nt_cursor next;	/* the chunk to write */
	struct nt_cursor first; /* the first of all, to go back to if Redis lost everything */
	bool stands;		/* where Redis stands was read once */
	bool took_over;		/* and said so */
	bool announced;		/* on this connection: the sensor is in nt:sensors */
	uint64_t announced_ns;

	struct moment asked_from; /* see nt_put_holds_from(); known: Redis was away when it was asked */
	struct moment last;	  /* start of the newest interval in Redis */
	int64_t last_interval_s;
	struct moment reopened[NT_BUCKETS]; /* closed bucket that was written to and waits for being trimmed */
	struct moment trimmed[NT_BUCKETS];  /* bucket that was closed before the snapshot that is next */
	struct moment aged[NT_BUCKETS];	    /* the first bucket that was not yet cut as an old one */
	struct trimming trimming;

	struct nt_plan plan; /* of snapshot planned, if that is not 0 */
	uint64_t planned;
	struct nt_sensor plan_sensor; /* with the bounds that the snapshot is cut under */
	struct nt_bounds bounds;
	uint64_t dropped_before; /* by an earlier process */

	uint32_t fences; /* in a row, with nothing written in between */
	struct nt_outage outage;
	char why[NT_REDIS_WHY];
	char where[NT_REDIS_URL_TEXT]; /* the node of the outage that was said last */
	bool said_refused;
	uint64_t highest; /* sequence below which everything was acknowledged at some time */
	struct nt_put_counters counters;
};

/* Notes why something failed; returns the failure. */
int put_failed(struct nt_put *p, int err, const char *why);
int put_client_failed(struct nt_put *p, int err);

/* Say it in the log, unless that would fill it: that Redis is away, returning the failure, and that it is back. */
int put_say_failure(struct nt_put *p, int err);
void put_say_back(struct nt_put *p);

/* Calls the script with the request. Returns 0 or a failure; the client is not connected any more then. */
int put_call(struct nt_put *p, const char *expected, const char *next);

/* What the script answered: done; with failed writes; or somebody else moved the cursor, which returns 1 or a failure.
 */
bool put_is_ok(const struct nt_put *p);
void put_note_failed_writes(struct nt_put *p);
int put_fenced(struct nt_put *p);

/* Moves to another place: see put_state.c. */
void put_go_to(struct nt_put *p, struct nt_cursor to);

/* The bucket that an interval belongs to. */
struct nt_span put_span_at(const struct nt_put *p, enum nt_bucket b, int64_t start_s, int64_t length_s);

/* One step of what must be done before the planned snapshot's first chunk. Returns 0 if there is nothing, 1, or a
 * failure. */
int put_leave_buckets(struct nt_put *p);

/* Trims a closed bucket that was written to again, then forgets that it was. Returns 1 or a failure. */
int put_trim_reopened(struct nt_put *p, enum nt_bucket b);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_REDIS_MODEL_H
#define TESTS_UNIT_REDIS_MODEL_H

#include "needletail/snapshot.h"
#include "redis/schema.h"
#include "redis_server.h"

/* What must be in Redis, computed from the snapshots by adding them up per bucket, and compared key by key. */

#define MODEL_BUCKETS 4096

struct model {
	const char *sensor;
	int32_t day_offset_h;
	struct model_bucket {
		enum nt_bucket bucket;
		struct nt_span span;
		struct nt_snapshot sum;
		uint64_t intervals;
		uint64_t partial;
		uint64_t missed_unknown;
		uint64_t reopened;
		int64_t geo_oldest_s;
		int64_t geo_newest_s;
		uint64_t scanners[2];	       /* others, known; told by any interval */
		struct model_sources *sources; /* redis_model_sources.c */
	} bucket[MODEL_BUCKETS];
	size_t n;
	int64_t last_s; /* newest interval, -1: none */
	uint64_t events;
	struct model_orgs *orgs;
};

/* A name and a number, and lists of them sorted by name. */
struct number {
	char name[96];
	uint64_t value;
};

struct numbers {
	struct number *number;
	size_t n;
	size_t room;
};

void numbers_add(struct numbers *n, const char *group, const char *name, uint64_t value);
/* Sorts by name and adds numbers of one name up. */
void numbers_sort(struct numbers *n);
struct number *numbers_find(const struct numbers *n, const char *name);
/* A flat list of names and numbers: HGETALL, or ZRANGE with scores. */
struct numbers numbers_fetch(struct redis_server *server, const char *format, const char *key);

/* True if an interval of a later bucket of the kind has come. */
bool model_closed(const struct model *m, const struct model_bucket *b);

/* True if it is closed and was cut once more because it is old. */
bool model_old(const struct model *m, const struct model_bucket *b, const struct nt_redis_limits *limits);

/* How many members of a key that bucket may have by now, 0: all. */
size_t model_bound(const struct model *m, const struct model_bucket *b, const struct nt_redis_limits *limits,
		   enum nt_redis_key key);

/* What redis_model_sources.c adds for sources, signatures, sketches, organisations and events. */
void model_sources_add(struct model *m, struct model_bucket *b, const struct nt_snapshot *s);
void model_sources_free(struct model *m);
void model_sources_check(const struct model *m, struct redis_server *server, const struct nt_redis_limits *limits);

/* Names that stand alone must be there, of each kind as many as it has places, and then the largest. */
void model_check_unique(const struct numbers *all, const struct numbers *unique, size_t bound);

/*
 * Memory that HyperLogLogs of a closed bucket are reckoned to take, and which of them stay: the largest, as many as
 * have room where `bound` dense ones have, 0: all. `key_bytes` are those of a key without the name; kept[counted->n].
 */
uint64_t model_sketches_place(const struct numbers *counted, size_t key_bytes);
uint64_t model_sketches_room(size_t bound);
void model_sketches_kept(const struct numbers *counted, size_t key_bytes, size_t bound, bool *kept);

/* Which hosts of the few stay in the room that these leave: of those in `kept`, in the same order, each that fits. */
void model_few_kept(const struct numbers *counted, size_t key_bytes, size_t bound, bool *kept);

struct model *model_new(const char *sensor, int32_t day_offset_h);
void model_free(struct model *m);

/* Adds an interval to its buckets. */
void model_add(struct model *m, const struct nt_snapshot *s);

/*
 * Compares every bucket with Redis and fails the test at the first difference: totals field by field, sets member by
 * member. Members may be missing only where the bound of the set is reached; their packets must be in rest.*.
 * A reopened bucket's members may have lost packets to rest.*.
 */
void model_check(const struct model *m, struct redis_server *server, const struct nt_redis_limits *limits);

#endif

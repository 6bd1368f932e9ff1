/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REDIS_PLAN_H
#define NT_REDIS_PLAN_H

#include "needletail/snapshot.h"
#include "redis/request.h"
#include "redis/schema.h"

/*
 * How a snapshot becomes calls of the script. It is cut into chunks that are small enough not to stall the server.
 * Where the cuts fall depends on the snapshot and the limits alone, so that a writer that finds chunk k of it
 * applied, after whatever happened, goes on with chunk k and neither repeats nor misses a packet.
 *
 * Nothing here talks to anybody. Any thread.
 */

/** Additions to Redis in one chunk, more or less; measured at 2 to 4 ms of the server's time. */
#define NT_PLAN_WRITES 1500

/**
 * Changes whenever the same snapshot is cut at other places than before, under the same bounds. A snapshot that
 * another version has begun cannot be finished.
 */
#define NT_PLAN_VERSION 2

/** 10000-01-01: up to there, Redis takes times in milliseconds and people read them. */
#define NT_PLAN_TIME_END_S INT64_C(253402300800)

/** What all snapshots of a sensor have in common. */
struct nt_sensor {
	const char *name;
	const char *group;   /**< "": none */
	const char *version; /**< of the program */
	uint64_t addresses;  /**< watched; 0: not stated */
	uint32_t interval_s;
	int32_t day_offset_h;
	int64_t started_s;   /**< Unix seconds at which the program started */
	int64_t geo_build_s; /**< Unix seconds at which the region database was built; 0: none */
	struct nt_redis_limits limits;
};

/** What the first chunk says besides the snapshot. It changes no cut. */
struct nt_plan_first {
	bool newest;		    /**< no interval in Redis begins later */
	bool reopened[NT_BUCKETS];  /**< a later bucket of that kind has begun */
	uint64_t dropped_intervals; /**< lost just before this one without ever being sent */
	uint64_t gap_intervals;	    /**< lost just before this one by Redis, and not in the spool any more */
};

enum nt_plan_kind {
	NT_PLAN_HEAD,
	NT_PLAN_MINUTE,
	NT_PLAN_LONG,
	NT_PLAN_PORT_ALL,
	NT_PLAN_SIG,	    /**< one row: packets of a signature, and of its ports that are not fed */
	NT_PLAN_SIG_MINUTE, /**< ports or regions of a signature, for the interval's own bucket */
	NT_PLAN_SIG_LONG,   /**< for the others */
	NT_PLAN_SOURCE,	    /**< of one region, as the next two */
	NT_PLAN_BACKSCATTER,
	NT_PLAN_BACKSCATTER_PORT,
	NT_PLAN_SKETCH,
	NT_PLAN_ORG,
	NT_PLAN_EVENT,
	NT_PLAN_TAIL
};

/** Rows that are written alike. */
struct nt_plan_part {
	enum nt_plan_kind kind;
	enum nt_table table;
	const struct nt_count *entry; /**< rows of tables and signatures */
	const uint32_t *order;	      /**< rows of SOURCE and BACKSCATTER: places in the snapshot */
	uint32_t id;		      /**< region, or place of the signature */
	bool ports;		      /**< SIG_*: the rows are ports, not regions */
	size_t n;
};

/** What of a signature finds no place in the rows. */
struct nt_plan_sig {
	uint64_t minute_regions; /**< packets */
	uint64_t minute_ports;
	uint64_t long_ports;
};

struct nt_plan_at {
	size_t part;
	size_t row;
};

struct nt_plan {
	const struct nt_sensor *sensor;
	const struct nt_snapshot *snapshot;
	struct nt_span span[NT_BUCKETS];
	struct nt_plan_part *part;
	size_t n_parts;
	uint64_t minute_rest[NT_REDIS_KEYS]; /**< packets of members that do not get into the interval's own bucket */
	struct nt_count *heaviest;	     /**< behind the MINUTE parts of sets that were cut */
	struct nt_plan_sig *sig;	     /**< [n_signatures] */
	struct nt_count *sig_heaviest;	     /**< behind the rows of signatures */
	uint32_t *source_order;		     /**< [n_sources] by region */
	uint32_t *backscatter_order;	     /**< [n_backscatter] by region */
	struct nt_plan_at *cut;		     /**< [chunks + 1] */
	uint32_t chunks;
};

/**
 * Plans a snapshot. Both pointers must stay until nt_plan_fini().
 * Returns 0, -ENOMEM, or -ERANGE if the interval is at a time that Redis cannot hold (before 1970, after 9999).
 */
int nt_plan_init(struct nt_plan *p, const struct nt_sensor *sensor, const struct nt_snapshot *snapshot);
void nt_plan_fini(struct nt_plan *p);

/** Fills a request with one chunk; `first` is looked at for chunk 0 alone. Failure shows in request->error. */
void nt_plan_encode(const struct nt_plan *p, uint32_t chunk, const struct nt_plan_first *first,
		    struct nt_request *request);

/**
 * Fills a request that trims all sets of a closed bucket, or of an old one; to be repeated while the script says so.
 * Its last answer but one is 0 when all is done, otherwise one more than the HyperLogLogs that are; `done` are those.
 */
void nt_plan_encode_trim(const struct nt_sensor *sensor, enum nt_bucket bucket, struct nt_span span,
			 enum nt_redis_age age, uint32_t done, struct nt_request *request);

/** Begins a request with the keys that the script itself looks at. */
void nt_plan_begin(const struct nt_sensor *sensor, struct nt_request *request);

/** Field of `info`: start of a closed bucket of that kind that was written to and not trimmed since. */
const char *nt_plan_reopened_field(enum nt_bucket bucket);

#endif

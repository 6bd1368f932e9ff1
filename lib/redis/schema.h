/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REDIS_SCHEMA_H
#define NT_REDIS_SCHEMA_H

#include "needletail/snapshot.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Every Redis key that the engine writes: one row each in nt_redis_key_row[]. All other code takes names, types,
 * bounds and lifetimes from here; what they mean to a reader stands in config/redis-schema.md.
 *
 * Keys of a sensor begin with "nt:{SENSOR}:". The braces are literal: they are the hash tag that keeps a sensor on
 * one slot of a cluster.
 */

/** Spans of time that numbers are added up over. */
enum nt_bucket {
	NT_BUCKET_M, /**< one interval, whatever its length */
	NT_BUCKET_H,
	NT_BUCKET_D,
	NT_BUCKET_Q, /**< calendar quarter */
	NT_BUCKETS
};

/** The letters that stand for the buckets in keys. */
extern const char nt_bucket_letter[NT_BUCKETS];

struct nt_span {
	int64_t start_s; /**< Unix seconds, inclusive */
	int64_t end_s;	 /**< Unix seconds, exclusive */
};

/**
 * The bucket that an interval belongs to. Days and quarters are those of the time zone UTC+day_offset_h: with 9
 * a day begins at 15:00 UTC. Any thread.
 */
struct nt_span nt_bucket_span(enum nt_bucket bucket, struct nt_span interval, int32_t day_offset_h);

enum nt_redis_type { NT_REDIS_STRING, NT_REDIS_HASH, NT_REDIS_ZSET, NT_REDIS_STREAM, NT_REDIS_SET };

/** One letter per type, as the script takes it. */
extern const char nt_redis_type_letter[];

enum nt_redis_key {
	NT_RKEY_SENSORS, /**< the one key that is not a sensor's own */
	NT_RKEY_CURSOR,
	NT_RKEY_INFO,
	NT_RKEY_LIVE,
	NT_RKEY_EVENTS,
	NT_RKEY_ORG,
	NT_RKEY_SCRATCH, /**< only while a script runs */
	NT_RKEY_NOW_PORT,
	NT_RKEY_NOW_REGION,
	NT_RKEY_NOW_FLAGS,
	NT_RKEY_NOW_WINDOW,
	NT_RKEY_NOW_ICMP,
	NT_RKEY_TOTALS,
	NT_RKEY_PORT,
	NT_RKEY_REGION,
	NT_RKEY_FLAGS,
	NT_RKEY_WINDOW,
	NT_RKEY_ICMP,
	NT_RKEY_ICMP6,
	NT_RKEY_PROTO,
	NT_RKEY_REGION_PORT,
	NT_RKEY_ASN,
	NT_RKEY_PORT_ALL,
	NT_RKEY_SIG,
	NT_RKEY_SOURCE,
	NT_RKEY_BACKSCATTER,
	NT_RKEY_BACKSCATTER_PORT,
	NT_RKEY_WHO,
	NT_RKEY_NAMES,	   /**< what stands behind the colon of the bucket's keys above: so that none is searched for */
	NT_RKEY_HLL,	   /**< a string a name */
	NT_RKEY_FEW,	   /**< a set a name: its hosts, while they are few */
	NT_RKEY_HLL_NAMES, /**< those names, with their numbers */
	NT_RKEY_UNIQUE,
	NT_REDIS_KEYS
};

/** How many members a sorted set, ports a hash of a signature, or strings `hll` may have. Each bound is one number of
 * the configuration. */
enum nt_redis_bound {
	NT_BOUND_NONE, /**< all that there are */
	NT_BOUND_M,
	NT_BOUND_H,
	NT_BOUND_D_PORT,
	NT_BOUND_D_REGION_PORT,
	NT_BOUND_D_OTHER,
	NT_BOUND_Q,
	NT_BOUND_OPEN_REGION_PORT,   /**< while a day is open */
	NT_BOUND_OPEN_Q_REGION_PORT, /**< while a quarter is open */
	NT_BOUND_OPEN_ASN,	     /**< while a day or quarter is open; windows of a quarter, too */
	NT_BOUND_SIG,		     /**< ports, and regions, of a signature in an interval or a closed hour */
	NT_BOUND_OPEN_SIG,	     /**< ports of a signature in an open bucket, and from one interval */
	NT_BOUND_D_SOURCE,	     /**< of a region */
	NT_BOUND_D_BACKSCATTER,	     /**< of all regions together */
	NT_BOUND_OPEN_SOURCE,	     /**< of a region */
	NT_BOUND_OPEN_BACKSCATTER,   /**< of a region */
	NT_BOUND_OPEN_ALL_SOURCE,    /**< of all regions together: each may have an equal share */
	NT_BOUND_OPEN_ALL_BACKSCATTER,
	NT_BOUND_D_HLL,
	NT_BOUND_Q_HLL,
	NT_BOUND_OPEN_HLL,
	NT_BOUND_OPEN_OTHER, /**< of an hour's other sets while it is open; likewise types of ICMP in a day or quarter
			      */
	/* Of a bucket that is old, see nt_redis_limits.old_s. */
	NT_BOUND_OLD_H,
	NT_BOUND_OLD_D,
	NT_BOUND_OLD_D_REGION_PORT,
	NT_BOUND_OLD_Q,
	NT_BOUND_OLD_SIG,	  /**< ports, and regions, of a signature */
	NT_BOUND_OLD_SOURCE,	  /**< of a region */
	NT_BOUND_OLD_ALL_SOURCE,  /**< of all regions together: what one does not need of its share is for others */
	NT_BOUND_OLD_BACKSCATTER, /**< of all regions together */
	NT_BOUND_OLD_BACKSCATTER_PORT,
	NT_BOUND_OLD_D_HLL,
	NT_BOUND_OLD_Q_HLL,
	NT_BOUND_OLD_UNIQUE,
	NT_BOUNDS
};

/** When a bucket is trimmed. */
enum nt_redis_age { NT_AGE_CLOSED, NT_AGE_OLD };

/** How long a key lives. */
enum nt_redis_life {
	NT_LIFE_BUCKET, /**< as long as the bucket's others */
	NT_LIFE_HLL_H,	/**< HyperLogLogs of an hour */
	NT_LIFE_SOURCES /**< addresses and HyperLogLogs of a day */
};

/** What Redis is allowed to keep: the numbers of redis.keep and redis.members in the configuration. */
struct nt_redis_limits {
	int64_t lifetime_s[NT_BUCKETS]; /**< from the later of the bucket's end and the writing */
	int64_t h_hll_lifetime_s;
	int64_t d_sources_lifetime_s;
	int64_t old_s[NT_BUCKETS];   /**< a bucket that long ago is cut to the bounds of old ones; 0: never */
	uint32_t live_entries;	     /**< of the stream `live`; Redis cuts whole nodes, so a few more stay */
	uint32_t events_entries;     /**< of the stream `events`, likewise */
	uint32_t members[NT_BOUNDS]; /**< 0: all */
};

struct nt_redis_key_row {
	const char *name; /**< what follows the sensor or the bucket; complete for NT_RKEY_SENSORS */
	enum nt_redis_type type;
	uint8_t buckets;	       /**< one bit per bucket that has this key; 0: none has */
	uint8_t open[NT_BUCKETS];      /**< enum nt_redis_bound: while the bucket is open */
	uint8_t open_all;	       /**< enum nt_redis_bound: likewise, of all regions together */
	uint8_t closed[NT_BUCKETS];    /**< enum nt_redis_bound: once a later bucket has begun */
	uint8_t old[NT_BUCKETS];       /**< enum nt_redis_bound: once it is old */
	uint8_t old_all;	       /**< enum nt_redis_bound: likewise, of all regions together */
	uint8_t life[NT_BUCKETS];      /**< enum nt_redis_life */
	enum nt_redis_key heaviest_of; /**< now:*: the set whose heaviest members it copies */
};

extern const struct nt_redis_key_row nt_redis_key_row[NT_REDIS_KEYS];

/** True if buckets of that kind have the key. */
static inline bool nt_redis_key_in(enum nt_redis_key key, enum nt_bucket bucket)
{
	return nt_redis_key_row[key].buckets >> bucket & 1;
}

/** The bound of a key in a bucket that is trimmed at that age. */
static inline enum nt_redis_bound nt_redis_bound_at(enum nt_redis_key key, enum nt_bucket bucket, enum nt_redis_age age)
{
	const struct nt_redis_key_row *row = &nt_redis_key_row[key];

	return (enum nt_redis_bound)(age == NT_AGE_OLD ? row->old[bucket] : row->closed[bucket]);
}

/** True for the sorted sets that tables of a snapshot are added to. */
bool nt_redis_is_table_set(enum nt_redis_key key);

/** The sorted set that a snapshot's table is added to, NT_REDIS_KEYS if there is none. Any thread. */
enum nt_redis_key nt_redis_table_key(enum nt_table table);

/** Part of `port_all` keys for a table of destination ports: "tcp" or "udp"; NULL for other tables. */
const char *nt_redis_port_all_transport(enum nt_table table);

/** Ports in one `port_all` hash: as many as Redis 7 keeps in the compact form (hash-max-listpack-entries). */
#define NT_PORT_ALL_FIELDS 512u

/** Longest key with its NUL: sensor 64, bucket start 20, name of a sketch 84, the rest is fixed. */
#define NT_REDIS_KEY_TEXT 224

/** Writes a key that is in no bucket. Any thread. */
void nt_redis_key(char text[static NT_REDIS_KEY_TEXT], const char *sensor, enum nt_redis_key key);

/** Writes the key of a bucket that begins at start_s. Any thread. */
void nt_redis_bucket_key(char text[static NT_REDIS_KEY_TEXT], const char *sensor, enum nt_bucket bucket,
			 int64_t start_s, enum nt_redis_key key);

/** As nt_redis_bucket_key() with ":" and `part`: a region, a signature or the name of a sketch. */
void nt_redis_part_key(char text[static NT_REDIS_KEY_TEXT], const char *sensor, enum nt_bucket bucket, int64_t start_s,
		       enum nt_redis_key key, const char *part);

/** Seconds that a key of a bucket lives. Any thread. */
int64_t nt_redis_lifetime_s(const struct nt_redis_limits *limits, enum nt_redis_key key, enum nt_bucket bucket);

/** Writes the key of the hash that holds `port` in the quarter that begins at start_s. Any thread. */
void nt_redis_port_all_key(char text[static NT_REDIS_KEY_TEXT], const char *sensor, int64_t start_s,
			   const char *transport, uint16_t port);

#endif

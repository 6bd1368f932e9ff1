/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REDIS_GET_H
#define NT_REDIS_GET_H

#include "base/parse.h"
#include "redis/schema.h"
#include "redis/url.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reading what sensors wrote: numbers for a time range and a set of sensors, from one server or a cluster. It sends
 * commands that read and no others, each of keys of one sensor, so that a user who may not write can use it and no
 * command asks a cluster for several slots at once.
 *
 * Every result tells what it is made of (struct nt_get_coverage). Buckets are read one after the other and first their
 * totals: one that is written to or closed meanwhile may have a little more, or have told of a little less of a rest.
 * What is in Redis may have been written by anybody: a value that makes no sense counts as missing and is counted in
 * `defects`.
 *
 * Calls return 0 or a failure of redis/connection.h; besides, -EINVAL for a question that has no answer, -ENOENT for a
 * sensor that is not there, -ERANGE for a range of more buckets than anybody wants to wait for. nt_get_why() says it in
 * words. A result is empty after a failure; a result that was filled is undone by its fini(), which is harmless on
 * one that is all zero. A reader is of one thread, and the process ignores SIGPIPE. The connection is opened when it is
 * needed, and again after a failure.
 */

struct nt_get;

/** Makes a reader without connecting it. Returns NULL with errno set. */
struct nt_get *nt_get_new(const struct nt_redis_url *url, uint32_t timeout_ms);
void nt_get_free(struct nt_get *g);

/** What went wrong last, one line without control characters, never the password. */
const char *nt_get_why(const struct nt_get *g);

/** Which node was asked last, as nt_redis_url_text() writes it. */
void nt_get_where(const struct nt_get *g, char text[static NT_REDIS_URL_TEXT]);

/* ---- sensors ---- */

/** Room for a group, a version or a schema with its NUL; a longer text is cut. */
#define NT_GET_TEXT 80

struct nt_get_sensor {
	char name[NT_NAME_MAX + 1];
	char group[NT_GET_TEXT]; /**< "": none */
	char version[NT_GET_TEXT];
	char schema[NT_GET_TEXT];
	uint64_t addresses; /**< 0: not stated */
	uint32_t interval_s;
	int32_t day_offset_h;
	int64_t geo_build_s; /**< 0: no region database */
	int64_t started_s;
	bool has_data;
	int64_t last_s; /**< start of the newest interval; only if has_data */
	/** The caller's to set: until then it should have counted, though its newest interval is older. 0: it runs. */
	int64_t silent_until_s;
	uint64_t dropped_intervals;
	uint64_t gap_intervals;
	uint64_t live_skipped;
};

/** Sensors sorted by name. */
struct nt_get_sensors {
	struct nt_get_sensor *at;
	size_t n;
};

/** Which sensors. All zero: all that there are. */
struct nt_get_choice {
	const char *const *name; /**< [names] these, and -ENOENT if one is not there */
	size_t names;
	const char *group; /**< NULL: any */
};

int nt_get_sensors(struct nt_get *g, const struct nt_get_choice *choice, struct nt_get_sensors *out);
void nt_get_sensors_fini(struct nt_get_sensors *s);

/** End of the newest interval of all of them; 0 if there is none. */
int64_t nt_get_sensors_end(const struct nt_get_sensors *s);

/* ---- what a result is made of ---- */

/** Whose numbers, and of when. */
struct nt_get_query {
	const struct nt_get_sensors *sensors;
	struct nt_span range;
	/** Smallest buckets to read. A range that does not begin or end with one is widened until it does. */
	enum nt_bucket finest;
};

/** Buckets one after the other. */
struct nt_get_buckets {
	struct nt_get_bucket {
		enum nt_bucket bucket;
		struct nt_span span;
	} * at;
	size_t n;
};

/** A bit for each kind of bucket. */
#define NT_GET_KIND(bucket) (1u << (bucket))

/**
 * The fewest buckets of the kinds allowed that cover a range, for a sensor. Any thread. Returns 0, -EINVAL, -ERANGE or
 * -ENOMEM.
 */
int nt_get_cover(struct nt_span range, const struct nt_get_sensor *sensor, unsigned int kinds,
		 struct nt_get_buckets *out);
void nt_get_buckets_fini(struct nt_get_buckets *b);

/** Qualifies numbers. Sums over buckets and sensors. */
struct nt_get_coverage {
	struct nt_span covered;	 /**< by buckets; may be wider than what was asked for */
	uint64_t buckets;	 /**< that were looked for */
	uint64_t missing;	 /**< of them, those that are not there */
	uint64_t sensors;	 /**< with at least one bucket */
	uint64_t expected;	 /**< intervals from the beginning of the range to its end, or the sensor's newest,
				      or its silent_until_s */
	uint64_t intervals;	 /**< that are in the numbers */
	uint64_t partial;	 /**< of them, those in which the program was started or stopped */
	uint64_t reopened;	 /**< of them, those that came after their bucket was closed */
	uint64_t lost;		 /**< frames: loss.missed, no_mbuf and errors */
	uint64_t missed_unknown; /**< intervals in which loss.missed is not known */
	uint64_t unexplained;	 /**< frames; a defect of the program that counted */
	uint64_t defects;	 /**< values in Redis that make no sense */
	int64_t geo_oldest_s;	 /**< Unix seconds at which the region databases were built that were used; 0: none */
	int64_t geo_newest_s;
};

/** Adds numbers of other buckets; `covered` and `sensors` stay. Any thread. */
void nt_get_add_coverage(struct nt_get_coverage *into, const struct nt_get_coverage *from);

/* ---- totals ---- */

/** Room for a member's or a field's name with its NUL. What is longer is a defect. */
#define NT_GET_NAME 112

struct nt_get_number {
	char name[NT_GET_NAME];
	uint64_t value;
};

/** Fields of `totals` and their sums, sorted by name. */
struct nt_get_totals {
	struct nt_get_number *at;
	size_t n;
	struct nt_get_coverage coverage;
};

int nt_get_totals(struct nt_get *g, const struct nt_get_query *query, struct nt_get_totals *out);
void nt_get_totals_fini(struct nt_get_totals *t);

/** A field's sum; 0 if it is not there. */
uint64_t nt_get_total(const struct nt_get_totals *t, const char *field);

/* ---- sets ---- */

/** A set of members and packets. */
struct nt_get_set {
	/** NT_RKEY_PORT .. NT_RKEY_ASN, NT_RKEY_SOURCE, _BACKSCATTER, _BACKSCATTER_PORT, NT_RKEY_SIG. For a series also
	 * NT_RKEY_TOTALS, whose members are its fields. */
	enum nt_redis_key key;
	const char *part;   /**< region of a set of sources, name of a signature; NULL: none */
	const char *prefix; /**< only members that begin so: "JP:" of region_port, "port:" of a signature; NULL: all */
};

struct nt_get_member {
	char name[NT_GET_NAME];
	uint64_t packets;
	uint64_t missing; /**< the true number is at most so much larger; 0: exact */
};

/** The heaviest of a set: most packets first, then by name. */
struct nt_get_top {
	struct nt_get_member *at;
	size_t n;
	uint64_t others; /**< packets of members that were read and are not among the n */
	uint64_t rest; /**< packets of members that were cut in Redis. Of all regions, or of all ports of the signature,
			*   where the set is a part or a prefix was asked for */
	bool shallow;  /**< not all members were read (`depth`): `others` is less than all */
	struct nt_get_coverage coverage;
};

struct nt_get_top_options {
	struct nt_get_set set;
	size_t most; /**< members wanted; 0: all */
	/**
	 * Reads so many of the heaviest of each bucket; 0: all, which in an open bucket can be a hundred thousand. The
	 * numbers of the result are right all the same; but who is nowhere among so many is not found.
	 */
	size_t depth;
};

/** Of a quarter, ports come from `port_all` where its `port` was cut: then exact. */
int nt_get_top(struct nt_get *g, const struct nt_get_query *query, const struct nt_get_top_options *options,
	       struct nt_get_top *out);
void nt_get_top_fini(struct nt_get_top *t);

/** The same for each sensor: out[query->sensors->n], each to be undone. */
int nt_get_top_each(struct nt_get *g, const struct nt_get_query *query, const struct nt_get_top_options *options,
		    struct nt_get_top *out);

/** The heaviest of the newest interval, from now:*; key is NT_RKEY_NOW_*. */
int nt_get_now(struct nt_get *g, const struct nt_get_sensors *sensors, enum nt_redis_key key, struct nt_get_top *out);

/** Names of the signatures that matched, and their packets, most first. */
int nt_get_signatures(struct nt_get *g, const struct nt_get_query *query, struct nt_get_top *out);

/** Packets of backscatter by class, most first. */
int nt_get_backscatter(struct nt_get *g, const struct nt_get_query *query, struct nt_get_top *out);

/* ---- series ---- */

/** A bucket's place in a series. */
struct nt_get_point {
	struct nt_span span;
	struct nt_get_coverage coverage; /**< sensors == 0: a gap, and its values mean nothing */
};

struct nt_get_value {
	uint64_t packets;
	bool low; /**< too low, perhaps: the member was cut somewhere */
};

struct nt_get_series {
	struct nt_get_point *point; /**< [points] in order of time */
	size_t points;
	struct nt_get_value *value; /**< [members * points]: see nt_get_series_value() */
	size_t members;
};

/**
 * A value for each bucket of the kind `step` and each member. A member that is not in a bucket that is there is 0; a
 * bucket that is not there is a gap. query->finest is not looked at. Sensors whose buckets begin at different times
 * cannot be put together: -EINVAL.
 */
int nt_get_series(struct nt_get *g, const struct nt_get_query *query, enum nt_bucket step, const struct nt_get_set *set,
		  const char *const *member, size_t members, struct nt_get_series *out);
void nt_get_series_fini(struct nt_get_series *s);

static inline bool nt_get_is_gap(const struct nt_get_point *point)
{
	return !point->coverage.sensors;
}

static inline const struct nt_get_value *nt_get_series_value(const struct nt_get_series *s, size_t member, size_t point)
{
	return &s->value[member * s->points + point];
}

/** Mean packets of a sensor and a day, of the sensors of a group. */
struct nt_get_mean {
	char group[NT_GET_TEXT];
	uint64_t sensors;   /**< of the group */
	uint64_t reporting; /**< of them, those with data on at least one of the days */
	uint64_t days;	    /**< days with data, of all sensors together: what `packets` is divided by */
	uint64_t cut_days;  /**< of them, those with fewer intervals than the day has: they pull the mean down */
	uint64_t packets;
	double mean;			 /**< packets / days; 0 without days */
	struct nt_get_coverage coverage; /**< of all days asked for */
};

struct nt_get_means {
	struct nt_get_mean *at; /**< sorted by group */
	size_t n;
};

int nt_get_means(struct nt_get *g, const struct nt_get_query *query, struct nt_get_means *out);
void nt_get_means_fini(struct nt_get_means *m);

/* ---- different sources ---- */

enum nt_get_quality {
	NT_GET_EXACT,
	NT_GET_ESTIMATE, /**< by HyperLogLog, standard error 0.81 %; or by one bucket, which does not tell */
	NT_GET_AT_LEAST	 /**< the largest of what is known: some of the HyperLogLogs are gone */
};

struct nt_get_unique_value {
	uint64_t sources;
	enum nt_get_quality quality;
};

struct nt_get_unique {
	struct nt_get_point *point;
	size_t points;
	struct nt_get_unique_value *value; /**< [names * points], as in a series */
	size_t names;
};

/** Spans of nt_get_unique(): one for the whole range. */
#define NT_GET_WHOLE NT_BUCKETS

/**
 * Different sources of each NAME (config/redis-schema.md, `hll:NAME`), counted once however many buckets and sensors
 * saw them; for each bucket of the kind `step` (H, D or Q), or over the whole range. The HyperLogLogs are
 * put together here, not by Redis. Hours have the names `sources` and `backscatter` alone.
 */
int nt_get_unique(struct nt_get *g, const struct nt_get_query *query, enum nt_bucket step, const char *const *name,
		  size_t names, struct nt_get_unique *out);
void nt_get_unique_fini(struct nt_get_unique *u);

static inline const struct nt_get_unique_value *nt_get_unique_at(const struct nt_get_unique *u, size_t name,
								 size_t point)
{
	return &u->value[name * u->points + point];
}

/* ---- streams ---- */

/** Numbers of an entry of `live`, in its order. */
enum nt_get_live_field {
	NT_GET_FRAMES,
	NT_GET_BYTES,
	NT_GET_TCP,
	NT_GET_UDP,
	NT_GET_ICMP,
	NT_GET_OTHER,
	NT_GET_SOURCES,
	NT_GET_BACKSCATTER_PACKETS,
	NT_GET_BACKSCATTER_SOURCES,
	NT_GET_MALFORMED,
	NT_GET_TRUNCATED,
	NT_GET_MISSED,
	NT_GET_NO_MBUF,
	NT_GET_ERRORS,
	NT_GET_UNEXPLAINED,
	NT_GET_LIVE_FIELDS
};

/** ID of a stream's entry. */
struct nt_get_id {
	uint64_t ms;
	uint64_t sequence;
};

struct nt_get_live_entry {
	struct nt_get_id id;
	int64_t start_s;
	uint64_t number[NT_GET_LIVE_FIELDS];
	bool missed_known; /**< number[NT_GET_MISSED] says something */
};

struct nt_get_live {
	struct nt_get_live_entry *at; /**< oldest first */
	size_t n;
	uint64_t defects;
};

/** The newest `most` entries of a sensor, or those of them that come after an ID. */
int nt_get_live(struct nt_get *g, const char *sensor, const struct nt_get_id *after, size_t most,
		struct nt_get_live *out);
void nt_get_live_fini(struct nt_get_live *l);

struct nt_get_event {
	struct nt_get_id id; /**< ms: when it was told */
	char sensor[NT_NAME_MAX + 1];
	int64_t start_s;
	int64_t end_s;
	char *type; /**< this and the next may hold any bytes but NUL */
	char *region;
	char *source;
	char *body; /**< a JSON object */
};

struct nt_get_events {
	struct nt_get_event *at; /**< oldest first */
	size_t n;
	uint64_t defects;
};

/**
 * Events told from told.start_s until before told.end_s, the newest `most` of all sensors together. With start and end
 * 0: of any time.
 */
int nt_get_events(struct nt_get *g, const struct nt_get_sensors *sensors, struct nt_span told, size_t most,
		  struct nt_get_events *out);
void nt_get_events_fini(struct nt_get_events *e);

/** AS numbers of addresses, as any of the sensors has them on a day of the range: asn[n], 0 where none has. */
int nt_get_who(struct nt_get *g, const struct nt_get_query *query, const char *const *address, size_t n, uint32_t *asn);

/** Names of AS numbers, as any of the sensors has them: out[n], each a text to be freed or NULL. */
int nt_get_orgs(struct nt_get *g, const struct nt_get_sensors *sensors, const uint32_t *asn, size_t n, char **out);

#endif

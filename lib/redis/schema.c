/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/schema.h"

#include "base/clock.h"
#include "needletail/schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HOUR_S INT64_C(3600)
#define DAY_S  INT64_C(86400)

const char nt_bucket_letter[NT_BUCKETS] = {'m', 'h', 'd', 'q'};

const char nt_redis_type_letter[] = {
    [NT_REDIS_STRING] = 's', [NT_REDIS_HASH] = 'h', [NT_REDIS_ZSET] = 'z',
    [NT_REDIS_STREAM] = 'x', [NT_REDIS_SET] = 'u',
};

#define EVERY_BUCKET (1u << NT_BUCKET_M | 1u << NT_BUCKET_H | 1u << NT_BUCKET_D | 1u << NT_BUCKET_Q)

/* A sorted set of every bucket; what is written per row is the bound of an hour while it is open, then of days and of
 * quarters: while they are open, closed, and old. */
#define TABLE(key, growing_hour, growing, day, old_day, growing_quarter, quarter, old_quarter)                         \
	{                                                                                                              \
		.name = key, .type = NT_REDIS_ZSET, .buckets = EVERY_BUCKET,                                           \
		.open = {[NT_BUCKET_M] = NT_BOUND_M,                                                                   \
			 [NT_BUCKET_H] = growing_hour,                                                                 \
			 [NT_BUCKET_D] = growing,                                                                      \
			 [NT_BUCKET_Q] = growing_quarter},                                                             \
		.closed = {[NT_BUCKET_M] = NT_BOUND_M,                                                                 \
			   [NT_BUCKET_H] = NT_BOUND_H,                                                                 \
			   [NT_BUCKET_D] = day,                                                                        \
			   [NT_BUCKET_Q] = quarter},                                                                   \
		.old = { [NT_BUCKET_M] = NT_BOUND_M,                                                                   \
			 [NT_BUCKET_H] = NT_BOUND_OLD_H,                                                               \
			 [NT_BUCKET_D] = old_day,                                                                      \
			 [NT_BUCKET_Q] = old_quarter }                                                                 \
	}

/* Most have the same bounds once they are closed. */
#define OTHER_TABLE(key, growing, growing_quarter)                                                                     \
	TABLE(key, NT_BOUND_OPEN_OTHER, growing, NT_BOUND_D_OTHER, NT_BOUND_OLD_D, growing_quarter, NT_BOUND_Q,        \
	      NT_BOUND_OLD_Q)

#define IN_H (1u << NT_BUCKET_H)
#define IN_D (1u << NT_BUCKET_D)
#define IN_Q (1u << NT_BUCKET_Q)

/* Of a day alone, and living as long as its sources. */
#define DAY_SET(key, growing, growing_all, day, old_day, old_day_all)                                                  \
	{                                                                                                              \
		.name = key, .type = NT_REDIS_ZSET, .buckets = IN_D, .open = {[NT_BUCKET_D] = growing},                \
		.open_all = growing_all, .closed = {[NT_BUCKET_D] = day}, .old = {[NT_BUCKET_D] = old_day},            \
		.old_all = old_day_all, .life = {                                                                      \
			[NT_BUCKET_D] = NT_LIFE_SOURCES                                                                \
		}                                                                                                      \
	}

/* HyperLogLogs and what belongs to them. */
#define HLL_ROW(key, kind)                                                                                             \
	{                                                                                                              \
		.name = key, .type = kind, .buckets = IN_H | IN_D | IN_Q,                                              \
		.open = {[NT_BUCKET_D] = NT_BOUND_OPEN_HLL, [NT_BUCKET_Q] = NT_BOUND_OPEN_HLL},                        \
		.closed = {[NT_BUCKET_D] = NT_BOUND_D_HLL, [NT_BUCKET_Q] = NT_BOUND_Q_HLL},                            \
		.old = {[NT_BUCKET_D] = NT_BOUND_OLD_D_HLL, [NT_BUCKET_Q] = NT_BOUND_OLD_Q_HLL}, .life = {             \
			[NT_BUCKET_H] = NT_LIFE_HLL_H,                                                                 \
			[NT_BUCKET_D] = NT_LIFE_SOURCES                                                                \
		}                                                                                                      \
	}

#define NOW(key, of)                                                                                                   \
	{                                                                                                              \
		.name = key, .type = NT_REDIS_ZSET, .heaviest_of = of                                                  \
	}

const struct nt_redis_key_row nt_redis_key_row[NT_REDIS_KEYS] = {
    [NT_RKEY_SENSORS] = {.name = "nt:sensors", .type = NT_REDIS_SET},
    [NT_RKEY_CURSOR] = {.name = "cursor", .type = NT_REDIS_STRING},
    [NT_RKEY_INFO] = {.name = "info", .type = NT_REDIS_HASH},
    [NT_RKEY_LIVE] = {.name = "live", .type = NT_REDIS_STREAM},
    [NT_RKEY_EVENTS] = {.name = "events", .type = NT_REDIS_STREAM},
    [NT_RKEY_ORG] = {.name = "org", .type = NT_REDIS_HASH},
    [NT_RKEY_SCRATCH] = {.name = "scratch", .type = NT_REDIS_STRING},
    [NT_RKEY_NOW_PORT] = NOW("now:port", NT_RKEY_PORT),
    [NT_RKEY_NOW_REGION] = NOW("now:region", NT_RKEY_REGION),
    [NT_RKEY_NOW_FLAGS] = NOW("now:flags", NT_RKEY_FLAGS),
    [NT_RKEY_NOW_WINDOW] = NOW("now:window", NT_RKEY_WINDOW),
    [NT_RKEY_NOW_ICMP] = NOW("now:icmp", NT_RKEY_ICMP),
    [NT_RKEY_TOTALS] = {.name = "totals", .type = NT_REDIS_HASH, .buckets = EVERY_BUCKET},
    [NT_RKEY_PORT] = TABLE("port", NT_BOUND_NONE, NT_BOUND_NONE, NT_BOUND_D_PORT, NT_BOUND_OLD_D, NT_BOUND_NONE,
			   NT_BOUND_Q, NT_BOUND_OLD_Q),
    [NT_RKEY_REGION] = TABLE("region", NT_BOUND_NONE, NT_BOUND_NONE, NT_BOUND_NONE, NT_BOUND_NONE, NT_BOUND_NONE,
			     NT_BOUND_NONE, NT_BOUND_NONE),
    [NT_RKEY_FLAGS] = OTHER_TABLE("flags", NT_BOUND_NONE, NT_BOUND_NONE),
    [NT_RKEY_WINDOW] = OTHER_TABLE("window", NT_BOUND_NONE, NT_BOUND_OPEN_ASN),
    [NT_RKEY_ICMP] = OTHER_TABLE("icmp", NT_BOUND_OPEN_OTHER, NT_BOUND_OPEN_OTHER),
    [NT_RKEY_ICMP6] = OTHER_TABLE("icmp6", NT_BOUND_OPEN_OTHER, NT_BOUND_OPEN_OTHER),
    [NT_RKEY_PROTO] = OTHER_TABLE("proto", NT_BOUND_NONE, NT_BOUND_NONE),
    [NT_RKEY_REGION_PORT] = TABLE("region_port", NT_BOUND_OPEN_OTHER, NT_BOUND_OPEN_REGION_PORT, NT_BOUND_D_REGION_PORT,
				  NT_BOUND_OLD_D_REGION_PORT, NT_BOUND_OPEN_Q_REGION_PORT, NT_BOUND_Q, NT_BOUND_OLD_Q),
    [NT_RKEY_ASN] = TABLE("asn", NT_BOUND_OPEN_OTHER, NT_BOUND_OPEN_ASN, NT_BOUND_D_PORT, NT_BOUND_OLD_D,
			  NT_BOUND_OPEN_ASN, NT_BOUND_Q, NT_BOUND_OLD_Q),
    [NT_RKEY_PORT_ALL] = {.name = "port_all", .type = NT_REDIS_HASH, .buckets = IN_Q},
    [NT_RKEY_SIG] = {.name = "sig",
		     .type = NT_REDIS_HASH,
		     .buckets = EVERY_BUCKET,
		     .open = {NT_BOUND_SIG, NT_BOUND_OPEN_SIG, NT_BOUND_OPEN_SIG, NT_BOUND_OPEN_SIG},
		     .closed = {NT_BOUND_SIG, NT_BOUND_SIG, NT_BOUND_D_OTHER, NT_BOUND_D_PORT},
		     .old = {NT_BOUND_SIG, NT_BOUND_SIG, NT_BOUND_OLD_SIG, NT_BOUND_OLD_SIG}},
    [NT_RKEY_SOURCE] = DAY_SET("source", NT_BOUND_OPEN_SOURCE, NT_BOUND_OPEN_ALL_SOURCE, NT_BOUND_D_SOURCE,
			       NT_BOUND_OLD_SOURCE, NT_BOUND_OLD_ALL_SOURCE),
    [NT_RKEY_BACKSCATTER] = DAY_SET("backscatter", NT_BOUND_OPEN_BACKSCATTER, NT_BOUND_OPEN_ALL_BACKSCATTER,
				    NT_BOUND_D_BACKSCATTER, NT_BOUND_OLD_BACKSCATTER, NT_BOUND_NONE),
    [NT_RKEY_BACKSCATTER_PORT] = DAY_SET("backscatter_port", NT_BOUND_OPEN_SOURCE, NT_BOUND_OPEN_ALL_SOURCE,
					 NT_BOUND_D_OTHER, NT_BOUND_OLD_BACKSCATTER_PORT, NT_BOUND_NONE),
    [NT_RKEY_WHO] = {.name = "who", .type = NT_REDIS_HASH, .buckets = IN_D, .life = {[NT_BUCKET_D] = NT_LIFE_SOURCES}},
    [NT_RKEY_NAMES] = {.name = "names",
		       .type = NT_REDIS_SET,
		       .buckets = IN_H | IN_D | IN_Q,
		       .life = {[NT_BUCKET_D] = NT_LIFE_SOURCES}},
    [NT_RKEY_HLL] = HLL_ROW("hll", NT_REDIS_STRING),
    [NT_RKEY_FEW] = HLL_ROW("few", NT_REDIS_SET),
    [NT_RKEY_HLL_NAMES] = HLL_ROW("hll_names", NT_REDIS_ZSET),
    [NT_RKEY_UNIQUE] = {.name = "unique",
			.type = NT_REDIS_HASH,
			.buckets = IN_H | IN_D | IN_Q,
			.old = {[NT_BUCKET_D] = NT_BOUND_OLD_UNIQUE, [NT_BUCKET_Q] = NT_BOUND_OLD_UNIQUE}},
};

/* Days from 1970-01-01 to the first of a month of the Gregorian calendar, which repeats every 400 years of 146,097
 * days. Years are counted from March, so that the leap day comes last; month 0..11 from January.
 * Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil. */
static int64_t days_to_month(int64_t year, int64_t month)
{
	int64_t y = year - (month < 2);
	int64_t era = nt_interval_start(y, 400) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * ((month + 10) % 12) + 2) / 5;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

/* Year of a day counted from 1970-01-01, found by a guess that is at most a year off. */
static int64_t year_of_day(int64_t day)
{
	int64_t year = 1970 + nt_interval_start(day * 400, 146097) / 146097;

	while (days_to_month(year, 0) > day)
		year--;
	while (days_to_month(year + 1, 0) <= day)
		year++;
	return year;
}

static struct nt_span quarter_of(int64_t local_s)
{
	int64_t day = nt_interval_start(local_s, DAY_S) / DAY_S;
	int64_t year = year_of_day(day);
	int64_t month = 9;

	while (days_to_month(year, month) > day)
		month -= 3;
	return (struct nt_span){
	    .start_s = days_to_month(year, month) * DAY_S,
	    .end_s = (month == 9 ? days_to_month(year + 1, 0) : days_to_month(year, month + 3)) * DAY_S,
	};
}

struct nt_span nt_bucket_span(enum nt_bucket bucket, struct nt_span interval, int32_t day_offset_h)
{
	int64_t offset_s = day_offset_h * HOUR_S, local_s = interval.start_s + offset_s;
	struct nt_span span = interval;

	switch (bucket) {
	case NT_BUCKET_H:
		span.start_s = nt_interval_start(interval.start_s, HOUR_S);
		span.end_s = span.start_s + HOUR_S;
		break;
	case NT_BUCKET_D:
		span.start_s = nt_interval_start(local_s, DAY_S) - offset_s;
		span.end_s = span.start_s + DAY_S;
		break;
	case NT_BUCKET_Q:
		span = quarter_of(local_s);
		span.start_s -= offset_s;
		span.end_s -= offset_s;
		break;
	case NT_BUCKET_M:
	case NT_BUCKETS:
		break;
	}
	return span;
}

enum nt_redis_key nt_redis_table_key(enum nt_table table)
{
	const char *name = nt_table_row[table].redis;

	for (enum nt_redis_key key = NT_RKEY_TOTALS; name && key < NT_REDIS_KEYS; key++)
		if (nt_redis_key_row[key].type == NT_REDIS_ZSET && strcmp(nt_redis_key_row[key].name, name) == 0)
			return key;
	return NT_REDIS_KEYS;
}

bool nt_redis_is_table_set(enum nt_redis_key key)
{
	for (enum nt_table t = 0; t < NT_TABLES; t++)
		if (nt_redis_table_key(t) == key)
			return true;
	return false;
}

int64_t nt_redis_lifetime_s(const struct nt_redis_limits *limits, enum nt_redis_key key, enum nt_bucket bucket)
{
	switch ((enum nt_redis_life)nt_redis_key_row[key].life[bucket]) {
	case NT_LIFE_HLL_H:
		return limits->h_hll_lifetime_s;
	case NT_LIFE_SOURCES:
		return limits->d_sources_lifetime_s;
	case NT_LIFE_BUCKET:
		break;
	}
	return limits->lifetime_s[bucket];
}

const char *nt_redis_port_all_transport(enum nt_table table)
{
	static const char *const transport[NT_TABLES] = {
	    [NT_TABLE_TCP_PORT] = "tcp",
	    [NT_TABLE_UDP_PORT] = "udp",
	};

	return transport[table];
}

void nt_redis_key(char text[static NT_REDIS_KEY_TEXT], const char *sensor, enum nt_redis_key key)
{
	const char *name = nt_redis_key_row[key].name;

	if (key == NT_RKEY_SENSORS)
		snprintf(text, NT_REDIS_KEY_TEXT, "%s", name);
	else
		snprintf(text, NT_REDIS_KEY_TEXT, "nt:{%s}:%s", sensor, name);
}

void nt_redis_bucket_key(char text[static NT_REDIS_KEY_TEXT], const char *sensor, enum nt_bucket bucket,
			 int64_t start_s, enum nt_redis_key key)
{
	snprintf(text, NT_REDIS_KEY_TEXT, "nt:{%s}:%c:%" PRId64 ":%s", sensor, nt_bucket_letter[bucket], start_s,
		 nt_redis_key_row[key].name);
}

void nt_redis_part_key(char text[static NT_REDIS_KEY_TEXT], const char *sensor, enum nt_bucket bucket, int64_t start_s,
		       enum nt_redis_key key, const char *part)
{
	snprintf(text, NT_REDIS_KEY_TEXT, "nt:{%s}:%c:%" PRId64 ":%s:%s", sensor, nt_bucket_letter[bucket], start_s,
		 nt_redis_key_row[key].name, part);
}

void nt_redis_port_all_key(char text[static NT_REDIS_KEY_TEXT], const char *sensor, int64_t start_s,
			   const char *transport, uint16_t port)
{
	snprintf(text, NT_REDIS_KEY_TEXT, "nt:{%s}:%c:%" PRId64 ":%s:%s:%u", sensor, nt_bucket_letter[NT_BUCKET_Q],
		 start_s, nt_redis_key_row[NT_RKEY_PORT_ALL].name, transport, port / NT_PORT_ALL_FIELDS);
}

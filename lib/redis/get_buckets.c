/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/get_read.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Which buckets a question needs, and what their totals say of them. */

/* 20 sensors and 400 days of hours. */
#define SLOTS_MOST 200000

/* Moments beyond this are nobody's, and their calendar would take long. */
#define MOMENT_MAX (INT64_C(1) << 40)

/* ---- cover ---- */

static struct nt_span span_at(enum nt_bucket bucket, int64_t at_s, const struct nt_get_sensor *sensor)
{
	struct nt_span interval = {.start_s = nt_interval_start(at_s, sensor->interval_s)};

	interval.end_s = interval.start_s + sensor->interval_s;
	return bucket == NT_BUCKET_M ? interval
				     : nt_bucket_span(bucket, (struct nt_span){at_s, at_s + 1}, sensor->day_offset_h);
}

/* The largest bucket that begins here and ends in the range; else the smallest that holds this moment. */
static struct nt_get_bucket largest_at(int64_t at_s, int64_t to_s, const struct nt_get_sensor *sensor,
				       unsigned int kinds)
{
	struct nt_get_bucket b = {0};

	for (int kind = NT_BUCKETS - 1; kind >= 0; kind--) {
		if (!(kinds >> kind & 1))
			continue;
		b = (struct nt_get_bucket){.bucket = (enum nt_bucket)kind, .span = span_at(kind, at_s, sensor)};
		if (b.span.start_s == at_s && b.span.end_s <= to_s)
			break;
	}
	return b;
}

int nt_get_cover(struct nt_span range, const struct nt_get_sensor *sensor, unsigned int kinds,
		 struct nt_get_buckets *out)
{
	struct nt_get_bucket *at;
	size_t room = 0;

	*out = (struct nt_get_buckets){0};
	if (!(kinds & (NT_GET_KIND(NT_BUCKETS) - 1)) || range.start_s >= range.end_s || !sensor->interval_s ||
	    range.start_s < -MOMENT_MAX || range.end_s > MOMENT_MAX)
		return -EINVAL;
	for (int64_t next_s = range.start_s; next_s < range.end_s; next_s = out->at[out->n - 1].span.end_s) {
		if (out->n == SLOTS_MOST) {
			nt_get_buckets_fini(out);
			return -ERANGE;
		}
		if (out->n == room) {
			room = room ? 2 * room : 32;
			at = reallocarray(out->at, room, sizeof(*at));
			if (!at) {
				nt_get_buckets_fini(out);
				return -ENOMEM;
			}
			out->at = at;
		}
		out->at[out->n++] = largest_at(next_s, range.end_s, sensor, kinds);
	}
	return 0;
}

void nt_get_buckets_fini(struct nt_get_buckets *b)
{
	free(b->at);
	*b = (struct nt_get_buckets){0};
}

unsigned int kinds_of(enum nt_redis_key key, enum nt_bucket finest)
{
	return nt_redis_key_row[key].buckets & ~(NT_GET_KIND(finest) - 1);
}

void slot_key(char text[static NT_REDIS_KEY_TEXT], const struct slot *slot, enum nt_redis_key key, const char *part)
{
	if (part)
		nt_redis_part_key(text, slot->sensor->name, slot->bucket, slot->span.start_s, key, part);
	else
		nt_redis_bucket_key(text, slot->sensor->name, slot->bucket, slot->span.start_s, key);
}

/* ---- totals of a slot ---- */

static const char *const looked_at[] = {
    "intervals",	   "partial",	       "reopened", "loss.missed", "loss.no_mbuf", "loss.errors",
    "loss.missed_unknown", "loss.unexplained", "rest.hll", "rest.unique", "reduced",	  "cut_open.intervals",
    "geo_build.oldest",	   "geo_build.newest",
};

enum {
	INTERVALS,
	PARTIAL,
	REOPENED,
	MISSED,
	NO_MBUF,
	ERRORS,
	MISSED_UNKNOWN,
	UNEXPLAINED,
	REST_HLL,
	REST_UNIQUE,
	REDUCED,
	CUT_INTERVALS,
	GEO_OLDEST,
	GEO_NEWEST,
	REST,
	CUT_OPEN
};

bool slot_cut_while_open(const struct slot *slot, enum nt_redis_key key)
{
	if (slot->bucket == NT_BUCKET_M)
		return slot->reopened || slot->intervals > 1;
	if (slot->reduced)
		return true;
	if (slot->cut_known && nt_redis_is_table_set(key))
		return slot->reopened || slot->cut_open;
	return slot->reopened || nt_redis_key_row[key].open[slot->bucket] != NT_BOUND_NONE;
}

const char *slots_rest_field(const struct nt_get_set *set)
{
	static const char *const field[NT_REDIS_KEYS] = {
	    [NT_RKEY_PORT] = "rest.port",
	    [NT_RKEY_REGION] = "rest.region",
	    [NT_RKEY_FLAGS] = "rest.flags",
	    [NT_RKEY_WINDOW] = "rest.window",
	    [NT_RKEY_ICMP] = "rest.icmp",
	    [NT_RKEY_ICMP6] = "rest.icmp6",
	    [NT_RKEY_PROTO] = "rest.proto",
	    [NT_RKEY_REGION_PORT] = "rest.region_port",
	    [NT_RKEY_ASN] = "rest.asn",
	    [NT_RKEY_SOURCE] = "rest.source",
	    [NT_RKEY_BACKSCATTER] = "rest.backscatter",
	    [NT_RKEY_BACKSCATTER_PORT] = "rest.backscatter_port",
	};

	return field[set->key];
}

/* Intervals that a sensor can have had in a span. */
static uint64_t expected(const struct slot *slot)
{
	const struct nt_get_sensor *sensor = slot->sensor;
	int64_t end_s = sensor->last_s + sensor->interval_s;

	end_s = sensor->silent_until_s > end_s ? sensor->silent_until_s : end_s;
	if (!sensor->has_data || end_s <= slot->span.start_s)
		return 0;
	if (end_s > slot->span.end_s)
		end_s = slot->span.end_s;
	return (uint64_t)(end_s - slot->span.start_s) / sensor->interval_s;
}

struct reading {
	struct slot *slot;
	struct nt_get_coverage *coverage; /* [points] */
};

/* 0: nothing is known. */
static void add_geo(struct nt_get_coverage *c, uint64_t build_s)
{
	if (!build_s || build_s > INT64_MAX)
		return;
	if (!c->geo_oldest_s || (int64_t)build_s < c->geo_oldest_s)
		c->geo_oldest_s = (int64_t)build_s;
	if ((int64_t)build_s > c->geo_newest_s)
		c->geo_newest_s = (int64_t)build_s;
}

void nt_get_add_coverage(struct nt_get_coverage *into, const struct nt_get_coverage *from)
{
	add_to(&into->buckets, from->buckets);
	add_to(&into->missing, from->missing);
	add_to(&into->expected, from->expected);
	add_to(&into->intervals, from->intervals);
	add_to(&into->partial, from->partial);
	add_to(&into->reopened, from->reopened);
	add_to(&into->lost, from->lost);
	add_to(&into->missed_unknown, from->missed_unknown);
	add_to(&into->unexplained, from->unexplained);
	add_to(&into->defects, from->defects);
	add_geo(into, (uint64_t)from->geo_oldest_s);
	add_geo(into, (uint64_t)from->geo_newest_s);
}

static int take_totals(void *cookie, size_t tag, const redisReply *reply)
{
	const struct reading *r = cookie;
	struct slot *slot = &r->slot[tag];
	struct nt_get_coverage *c = &r->coverage[slot->point];
	uint64_t *defects = &c->defects;

	add_to(&c->expected, expected(slot));
	c->buckets++;
	if (is_list(reply, defects))
		slot->intervals = read_optional(list_at(reply, INTERVALS), defects);
	slot->present = slot->intervals > 0;
	if (!slot->present) {
		c->missing++;
		return 0;
	}
	slot->reopened = read_optional(list_at(reply, REOPENED), defects);
	slot->rest_hll = read_optional(list_at(reply, REST_HLL), defects);
	slot->rest_unique = read_optional(list_at(reply, REST_UNIQUE), defects);
	slot->reduced = read_optional(list_at(reply, REDUCED), defects);
	slot->cut_known = read_optional(list_at(reply, CUT_INTERVALS), defects) == slot->intervals;
	slot->rest = read_optional(list_at(reply, REST), defects);
	slot->cut_open = read_optional(list_at(reply, CUT_OPEN), defects);
	add_to(&c->intervals, slot->intervals);
	add_to(&c->reopened, slot->reopened);
	add_to(&c->partial, read_optional(list_at(reply, PARTIAL), defects));
	for (size_t i = MISSED; i <= ERRORS; i++)
		add_to(&c->lost, read_optional(list_at(reply, i), defects));
	add_to(&c->missed_unknown, read_optional(list_at(reply, MISSED_UNKNOWN), defects));
	add_to(&c->unexplained, read_optional(list_at(reply, UNEXPLAINED), defects));
	add_geo(c, read_optional(list_at(reply, GEO_OLDEST), defects));
	add_geo(c, read_optional(list_at(reply, GEO_NEWEST), defects));
	return 0;
}

static int read_totals(struct nt_get *g, struct slots *s, const char *rest, struct nt_get_coverage *coverage)
{
	struct reading reading = {.slot = s->at, .coverage = coverage};
	struct reads r = {0};
	char key[NT_REDIS_KEY_TEXT], cut[NT_REDIS_KEY_TEXT];

	for (size_t i = 0; i < s->n; i++) {
		slot_key(key, &s->at[i], NT_RKEY_TOTALS, NULL);
		reads_command(&r, i, "HMGET", key);
		for (size_t f = 0; f < REST; f++)
			reads_word(&r, looked_at[f]);
		if (!rest)
			continue;
		snprintf(cut, sizeof(cut), "cut_open%s", rest + strlen("rest"));
		reads_word(&r, rest);
		reads_word(&r, cut);
	}
	return reads_run(g, &r, take_totals, &reading);
}

/* Sensors with something, for each point; slots stand sensor by sensor. */
static void count_sensors(const struct slots *s, struct nt_get_coverage *coverage, const struct nt_get_sensor **seen)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct slot *slot = &s->at[i];

		if (!slot->present || seen[slot->point] == slot->sensor)
			continue;
		seen[slot->point] = slot->sensor;
		coverage[slot->point].sensors++;
	}
}

static int look(struct nt_get *g, struct slots *s, const char *rest, struct nt_get_coverage *coverage, size_t points)
{
	const struct nt_get_sensor **seen = calloc(points + 1, sizeof(const struct nt_get_sensor *));
	int err = seen ? read_totals(g, s, rest, coverage) : get_refuse(g, -ENOMEM, "out of memory");

	if (!err)
		count_sensors(s, coverage, seen);
	free(seen);
	return err;
}

/* ---- slots ---- */

static int refuse_cover(struct nt_get *g, int err)
{
	return get_refuse(g, err, "%s",
			  err == -EINVAL   ? "a range must end after it begins, and such buckets must exist"
			  : err == -ENOMEM ? "out of memory"
					   : "the range has too many buckets: ask for larger ones");
}

/* Appends a sensor's buckets. With `each`, every bucket is a point of its own. */
static int append(struct slots *s, const struct nt_get_sensor *sensor, const struct nt_get_buckets *b, bool each)
{
	struct slot *at;

	if (s->n + b->n > SLOTS_MOST)
		return -ERANGE;
	at = reallocarray(s->at, s->n + b->n, sizeof(*at));
	if (!at)
		return -ENOMEM;
	s->at = at;
	for (size_t i = 0; i < b->n; i++)
		s->at[s->n++] = (struct slot){
		    .sensor = sensor,
		    .point = each ? i : 0,
		    .bucket = b->at[i].bucket,
		    .span = b->at[i].span,
		};
	return 0;
}

static int cover_sensor(const struct nt_get_query *query, const struct nt_get_sensor *sensor, unsigned int kinds,
			bool each, struct slots *s)
{
	struct nt_get_buckets b;
	int err = nt_get_cover(query->range, sensor, kinds, &b);

	if (!err)
		err = append(s, sensor, &b, each);
	nt_get_buckets_fini(&b);
	return err;
}

static int cover_all(struct nt_get *g, const struct nt_get_query *query, unsigned int kinds, bool each,
		     struct slots *out)
{
	int err = 0;

	*out = (struct slots){0};
	for (size_t i = 0; i < query->sensors->n && !err; i++)
		err = cover_sensor(query, &query->sensors->at[i], kinds, each, out);
	if (!err)
		return 0;
	slots_fini(out);
	return refuse_cover(g, err);
}

static struct nt_span hull(const struct slots *s, struct nt_span asked)
{
	struct nt_span span = asked;

	for (size_t i = 0; i < s->n; i++) {
		if (s->at[i].span.start_s < span.start_s)
			span.start_s = s->at[i].span.start_s;
		if (s->at[i].span.end_s > span.end_s)
			span.end_s = s->at[i].span.end_s;
	}
	return span;
}

int slots_read(struct nt_get *g, const struct nt_get_query *query, unsigned int kinds, const char *rest,
	       struct slots *out, struct nt_get_coverage *coverage)
{
	int err = cover_all(g, query, kinds, false, out);

	*coverage = (struct nt_get_coverage){0};
	if (err)
		return err;
	coverage->covered = hull(out, query->range);
	err = look(g, out, rest, coverage, 1);
	if (err)
		slots_fini(out);
	return err;
}

/* Points are those of the first sensor; the others' buckets must begin and end with them. */
static int make_points(struct nt_get *g, const struct slots *s, struct nt_get_point **points, size_t *n)
{
	*n = 0;
	while (*n < s->n && s->at[*n].sensor == s->at[0].sensor)
		*n += 1;
	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].point >= *n || s->at[i].span.start_s != s->at[s->at[i].point].span.start_s)
			return get_refuse(g, -EINVAL, "%s and %s have buckets of different time zones or lengths",
					  s->at[0].sensor->name, s->at[i].sensor->name);
	*points = calloc(*n + 1, sizeof(**points));
	if (!*points)
		return get_refuse(g, -ENOMEM, "out of memory");
	for (size_t i = 0; i < *n; i++) {
		(*points)[i].span = s->at[i].span;
		(*points)[i].coverage.covered = s->at[i].span;
	}
	return 0;
}

static int look_at_points(struct nt_get *g, struct slots *s, const char *rest, struct nt_get_point *points, size_t n)
{
	struct nt_get_coverage *coverage = calloc(n + 1, sizeof(*coverage));
	int err = coverage ? 0 : get_refuse(g, -ENOMEM, "out of memory");

	for (size_t i = 0; i < n && !err; i++)
		coverage[i] = points[i].coverage;
	if (!err)
		err = look(g, s, rest, coverage, n);
	for (size_t i = 0; i < n && !err; i++)
		points[i].coverage = coverage[i];
	free(coverage);
	return err;
}

int slots_read_steps(struct nt_get *g, const struct nt_get_query *query, enum nt_bucket step, const char *rest,
		     struct slots *out, struct nt_get_point **points, size_t *n_points)
{
	int err;

	*points = NULL;
	*n_points = 0;
	err = cover_all(g, query, NT_GET_KIND(step), true, out);
	if (err)
		return err;
	err = make_points(g, out, points, n_points);
	if (!err)
		err = look_at_points(g, out, rest, *points, *n_points);
	if (!err)
		return 0;
	slots_fini(out);
	free(*points);
	*points = NULL;
	*n_points = 0;
	return err;
}

void slots_fini(struct slots *s)
{
	free(s->at);
	*s = (struct slots){0};
}

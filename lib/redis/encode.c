/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/encode.h"

#include "needletail/schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NOW_MEMBERS 20

struct nt_rows nt_rows_begin(struct nt_request *r)
{
	return (struct nt_rows){.request = r, .reserved = nt_request_reserve(r)};
}

void nt_rows_end(struct nt_rows *rows)
{
	nt_request_fill(rows->request, rows->reserved, rows->n);
}

void nt_rows_add(struct nt_rows *rows, const char *name, uint64_t count)
{
	nt_request_text(rows->request, name);
	nt_request_count(rows->request, count);
	rows->n++;
}

void nt_rows_add_text(struct nt_rows *rows, const char *name, const char *value)
{
	nt_request_text(rows->request, name);
	nt_request_text(rows->request, value);
	rows->n++;
}

/* As nt_rows_add(), for the fields that are left out while they are zero. */
static void row_add_some(struct nt_rows *rows, const char *group, const char *name, uint64_t count)
{
	char field[NT_FIELD_TEXT];

	if (!count)
		return;
	snprintf(field, sizeof(field), "%s.%s", group, name);
	nt_rows_add(rows, field, count);
}

static void info_add_number(struct nt_rows *rows, const char *name, int64_t value)
{
	nt_request_text(rows->request, name);
	nt_request_number(rows->request, value);
	rows->n++;
}

/* A number that may be unknown: then the field is removed. */
static void info_add_known(struct nt_rows *rows, const char *name, uint64_t value)
{
	char text[24] = "";

	if (value)
		snprintf(text, sizeof(text), "%" PRIu64, value);
	nt_rows_add_text(rows, name, text);
}

int64_t nt_encode_sensor_key(struct nt_request *r, const struct nt_sensor *sensor, enum nt_redis_key key)
{
	char text[NT_REDIS_KEY_TEXT];

	nt_redis_key(text, sensor->name, key);
	return (int64_t)nt_request_key(r, nt_redis_key_row[key].type, text);
}

int64_t nt_encode_bucket_key(struct nt_request *r, const struct nt_sensor *sensor, enum nt_bucket bucket,
			     struct nt_span span, enum nt_redis_key key)
{
	char text[NT_REDIS_KEY_TEXT];

	nt_redis_bucket_key(text, sensor->name, bucket, span.start_s, key);
	return (int64_t)nt_request_key(r, nt_redis_key_row[key].type, text);
}

static void add_lifetime(struct nt_request *r, const struct nt_sensor *sensor, enum nt_bucket bucket,
			 struct nt_span span)
{
	nt_request_number(r, span.end_s);
	nt_request_number(r, sensor->limits.lifetime_s[bucket]);
}

/* Of one set, and of all regions' sets together unless that is NT_BOUND_NONE. */
struct bounds {
	enum nt_redis_bound each;
	enum nt_redis_bound all;
};

static void add_bounds(struct nt_request *r, const uint32_t *members, struct bounds bounds)
{
	char text[24];

	if (!bounds.all || !members[bounds.all]) {
		nt_request_number(r, members[bounds.each]);
		return;
	}
	snprintf(text, sizeof(text), "%" PRIu32 "/%" PRIu32, members[bounds.each], members[bounds.all]);
	nt_request_text(r, text);
}

static void add_set(struct nt_request *r, const struct nt_sensor *sensor, enum nt_bucket bucket, struct nt_span span,
		    enum nt_redis_key key, const char *part, struct bounds bounds)
{
	char text[NT_REDIS_KEY_TEXT], rest[NT_FIELD_TEXT];

	if (part)
		nt_redis_part_key(text, sensor->name, bucket, span.start_s, key, part);
	else
		nt_redis_bucket_key(text, sensor->name, bucket, span.start_s, key);
	snprintf(rest, sizeof(rest), "rest.%s", nt_redis_key_row[key].name);
	nt_request_number(r, (int64_t)nt_request_key(r, NT_REDIS_ZSET, text));
	nt_request_number(r, nt_encode_bucket_key(r, sensor, bucket, span, NT_RKEY_TOTALS));
	nt_request_text(r, rest);
	add_bounds(r, sensor->limits.members, bounds);
	nt_request_number(r, span.end_s);
	nt_request_number(r, nt_redis_lifetime_s(&sensor->limits, key, bucket));
	nt_request_number(r, sensor->limits.lifetime_s[bucket]);
}

void nt_encode_set(struct nt_request *r, const struct nt_sensor *sensor, enum nt_bucket bucket, struct nt_span span,
		   enum nt_redis_key key, const char *part)
{
	const struct nt_redis_key_row *row = &nt_redis_key_row[key];

	add_set(r, sensor, bucket, span, key, part, (struct bounds){row->open[bucket], row->open_all});
}

const char *nt_plan_reopened_field(enum nt_bucket bucket)
{
	static const char *const field[NT_BUCKETS] = {
	    [NT_BUCKET_M] = "reopened.m",
	    [NT_BUCKET_H] = "reopened.h",
	    [NT_BUCKET_D] = "reopened.d",
	    [NT_BUCKET_Q] = "reopened.q",
	};

	return field[bucket];
}

static void encode_info(const struct nt_plan *p, const struct nt_plan_first *first, struct nt_request *r)
{
	const struct nt_sensor *s = p->sensor;
	struct nt_rows rows;

	nt_request_text(r, "i");
	rows = nt_rows_begin(r);
	nt_rows_add_text(&rows, "schema", NT_SCHEMA);
	nt_rows_add_text(&rows, "version", s->version);
	nt_rows_add_text(&rows, "group", s->group);
	info_add_known(&rows, "addresses", s->addresses);
	info_add_number(&rows, "interval", s->interval_s);
	info_add_number(&rows, "day_offset_h", s->day_offset_h);
	info_add_known(&rows, "geo_build", s->geo_build_s > 0 ? (uint64_t)s->geo_build_s : 0);
	info_add_number(&rows, "started", s->started_s);
	if (first->newest)
		info_add_number(&rows, "last", p->snapshot->start_s);
	/* The interval's own bucket is cut whenever it is written to: nothing is left to do later. */
	for (enum nt_bucket b = NT_BUCKET_H; b < NT_BUCKETS; b++)
		if (first->reopened[b])
			info_add_number(&rows, nt_plan_reopened_field(b), p->span[b].start_s);
	nt_rows_end(&rows);
	if (!first->dropped_intervals && !first->gap_intervals && !p->snapshot->reduced)
		return;
	nt_request_text(r, "h");
	nt_request_number(r, 1);
	nt_request_number(r, nt_encode_sensor_key(r, s, NT_RKEY_INFO));
	nt_request_number(r, 0); /* `info` has no end and no lifetime */
	nt_request_number(r, 0);
	rows = nt_rows_begin(r);
	nt_rows_add(&rows, "dropped_intervals", first->dropped_intervals);
	nt_rows_add(&rows, "gap_intervals", first->gap_intervals);
	if (p->snapshot->reduced)
		nt_rows_add(&rows, "reduced_intervals", 1);
	nt_rows_end(&rows);
}

static void add_loss(struct nt_rows *rows, const struct nt_loss *loss)
{
	if (loss->missed_unknown)
		nt_rows_add(rows, "loss.missed_unknown", 1);
	else
		nt_rows_add(rows, "loss.missed", loss->missed);
	nt_rows_add(rows, "loss.no_mbuf", loss->no_mbuf);
	nt_rows_add(rows, "loss.errors", loss->errors);
	nt_rows_add(rows, "loss.unexplained", loss->unexplained);
}

/* Tables without a set of their own are few numbers; they stand in the totals. */
static void add_small_tables(struct nt_rows *rows, const struct nt_snapshot *s)
{
	for (enum nt_table t = 0; t < NT_TABLES; t++) {
		for (size_t i = 0; !nt_table_row[t].redis && i < s->table[t].n; i++) {
			char member[NT_MEMBER_TEXT];

			nt_table_member(t, s->table[t].entry[i].key, member);
			row_add_some(rows, nt_table_row[t].json, member, s->table[t].entry[i].count);
		}
	}
}

/* Packets of tables that a full spool let go of, by the set that they would be in. */
static void add_cut(struct nt_rows *rows, const struct nt_snapshot *s)
{
	uint64_t cut[NT_REDIS_KEYS + 1] = {0};

	for (enum nt_table t = 0; t < NT_TABLES; t++)
		cut[nt_redis_table_key(t)] += s->cut[t];
	for (enum nt_redis_key key = 0; key < NT_REDIS_KEYS; key++)
		row_add_some(rows, "rest", nt_redis_key_row[key].name, cut[key]);
}

static void add_totals(struct nt_rows *rows, const struct nt_snapshot *s)
{
	uint64_t backscatter[NT_BACKSCATTERS];
	char field[NT_FIELD_TEXT];

	nt_rows_add(rows, "intervals", 1);
	nt_rows_add(rows, "cut_open.intervals", 1); /* in which the script says what it cut of open sets */
	nt_rows_add(rows, "frames", s->frames);
	nt_rows_add(rows, "bytes", s->bytes);
	for (uint32_t i = 0; i < NT_CLASSES; i++) {
		snprintf(field, sizeof(field), "class.%s", nt_class_name[i]);
		nt_rows_add(rows, field, s->class_frames[i]);
	}
	for (uint32_t i = 0; i < NT_REASONS; i++)
		row_add_some(rows, "malformed", nt_reason_name[i], s->malformed[i]);
	for (uint32_t i = 0; i < NT_REASONS; i++)
		row_add_some(rows, "truncated", nt_reason_name[i], s->truncated[i]);
	add_small_tables(rows, s);
	nt_snapshot_backscatter(s, backscatter);
	for (uint32_t i = 0; i < NT_BACKSCATTERS; i++)
		row_add_some(rows, "backscatter", nt_backscatter_name[i], backscatter[i]);
	for (uint32_t o = 0; o < NT_OVERFLOWS; o++)
		row_add_some(rows, "overflow", nt_overflow_name[o], s->overflow[o]);
	add_loss(rows, &s->loss);
	if (s->partial)
		nt_rows_add(rows, "partial", 1);
	if (s->late)
		nt_rows_add(rows, "late", s->late);
	if (s->reduced)
		nt_rows_add(rows, "reduced", 1);
	add_cut(rows, s);
}

static void add_totals_hash(const struct nt_plan *p, enum nt_bucket b, struct nt_request *r)
{
	nt_request_number(r, nt_encode_bucket_key(r, p->sensor, b, p->span[b], NT_RKEY_TOTALS));
	add_lifetime(r, p->sensor, b, p->span[b]);
}

/* What differs from bucket to bucket. */
static void encode_bucket_totals(const struct nt_plan *p, enum nt_bucket b, const struct nt_plan_first *first,
				 struct nt_request *r)
{
	struct nt_rows rows;

	if (!first->reopened[b] && !(b == NT_BUCKET_M && p->heaviest))
		return;
	nt_request_text(r, "h");
	nt_request_number(r, 1);
	add_totals_hash(p, b, r);
	rows = nt_rows_begin(r);
	if (first->reopened[b])
		nt_rows_add(&rows, "reopened", 1);
	for (enum nt_redis_key key = 0; b == NT_BUCKET_M && key < NT_REDIS_KEYS; key++)
		row_add_some(&rows, "rest", nt_redis_key_row[key].name, p->minute_rest[key]);
	nt_rows_end(&rows);
}

/* Of when the region databases are by which a bucket's packets were told apart. */
static void encode_geo(const struct nt_plan *p, struct nt_request *r)
{
	if (p->snapshot->geo_build_s <= 0)
		return;
	nt_request_text(r, "e");
	nt_request_number(r, NT_BUCKETS);
	for (enum nt_bucket b = 0; b < NT_BUCKETS; b++)
		nt_request_number(r, nt_encode_bucket_key(r, p->sensor, b, p->span[b], NT_RKEY_TOTALS));
	nt_request_text(r, "geo_build");
	nt_request_number(r, p->snapshot->geo_build_s);
}

static void encode_head(const struct nt_plan *p, const struct nt_plan_first *first, struct nt_request *r)
{
	struct nt_rows rows;

	encode_info(p, first, r);
	nt_request_text(r, "h");
	nt_request_number(r, NT_BUCKETS);
	for (enum nt_bucket b = 0; b < NT_BUCKETS; b++)
		add_totals_hash(p, b, r);
	rows = nt_rows_begin(r);
	add_totals(&rows, p->snapshot);
	nt_rows_end(&rows);
	encode_geo(p, r);
	for (enum nt_bucket b = 0; b < NT_BUCKETS; b++)
		encode_bucket_totals(p, b, first, r);
}

static void encode_set_rows(const struct nt_plan *p, const struct nt_plan_part *part, size_t from, size_t to,
			    struct nt_request *r)
{
	enum nt_redis_key key = nt_redis_table_key(part->table);
	enum nt_bucket first = part->kind == NT_PLAN_MINUTE ? NT_BUCKET_M : NT_BUCKET_H;
	enum nt_bucket last = part->kind == NT_PLAN_MINUTE ? NT_BUCKET_M : NT_BUCKET_Q;

	nt_request_text(r, "z");
	nt_request_number(r, last - first + 1);
	for (enum nt_bucket b = first; b <= last; b++)
		nt_encode_set(r, p->sensor, b, p->span[b], key, NULL);
	nt_request_number(r, (int64_t)(to - from));
	for (size_t i = from; i < to; i++) {
		char member[NT_MEMBER_TEXT];

		nt_table_member(part->table, part->entry[i].key, member);
		nt_request_text(r, member);
		nt_request_count(r, part->entry[i].count);
	}
}

/* One operation for each run of ports that share a hash. */
static void encode_port_all(const struct nt_plan *p, const struct nt_plan_part *part, size_t from, size_t to,
			    struct nt_request *r)
{
	const char *transport = nt_redis_port_all_transport(part->table);
	char text[NT_REDIS_KEY_TEXT];
	struct nt_rows rows = {0};

	for (size_t i = from; i < to; i++) {
		uint64_t port = part->entry[i].key;

		if (i == from || port / NT_PORT_ALL_FIELDS != part->entry[i - 1].key / NT_PORT_ALL_FIELDS) {
			if (rows.request)
				nt_rows_end(&rows);
			nt_redis_port_all_key(text, p->sensor->name, p->span[NT_BUCKET_Q].start_s, transport,
					      (uint16_t)port);
			nt_request_text(r, "h");
			nt_request_number(r, 1);
			nt_request_number(r, (int64_t)nt_request_key(r, NT_REDIS_HASH, text));
			add_lifetime(r, p->sensor, NT_BUCKET_Q, p->span[NT_BUCKET_Q]);
			rows = nt_rows_begin(r);
		}
		snprintf(text, sizeof(text), "%" PRIu64, port);
		nt_rows_add(&rows, text, part->entry[i].count);
	}
	if (rows.request)
		nt_rows_end(&rows);
}

static uint64_t sum(const uint64_t *number, size_t n)
{
	uint64_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += number[i];
	return total;
}

/* Fields in the published order. A loss that the driver does not report is left out. */
static void encode_live(const struct nt_plan *p, struct nt_request *r)
{
	const struct nt_snapshot *s = p->snapshot;
	uint64_t tcp = nt_snapshot_proto(s, 6), udp = nt_snapshot_proto(s, 17);
	uint64_t icmp = nt_snapshot_proto(s, 1) + nt_snapshot_proto(s, 58);
	uint64_t known = tcp + udp + icmp, backscatter[NT_BACKSCATTERS];
	char id[40] = "0-1"; /* 0-0 is no ID */
	struct nt_rows rows;

	if (s->start_s)
		snprintf(id, sizeof(id), "%" PRId64 "-0", s->start_s * 1000);
	nt_snapshot_backscatter(s, backscatter);
	nt_request_text(r, "x");
	nt_request_number(r, nt_encode_sensor_key(r, p->sensor, NT_RKEY_LIVE));
	nt_request_number(r, p->sensor->limits.live_entries);
	nt_request_text(r, id);
	nt_request_number(r, 0); /* that ID or none */
	rows = nt_rows_begin(r);
	nt_rows_add(&rows, "frames", s->frames);
	nt_rows_add(&rows, "bytes", s->bytes);
	nt_rows_add(&rows, "tcp", tcp);
	nt_rows_add(&rows, "udp", udp);
	nt_rows_add(&rows, "icmp", icmp);
	nt_rows_add(&rows, "other", s->frames > known ? s->frames - known : 0);
	nt_rows_add(&rows, "sources", s->unique.sources);
	nt_rows_add(&rows, "backscatter_packets", sum(backscatter, NT_BACKSCATTERS));
	nt_rows_add(&rows, "backscatter_sources", s->unique.backscatter);
	nt_rows_add(&rows, "malformed", sum(s->malformed, NT_REASONS));
	nt_rows_add(&rows, "truncated", sum(s->truncated, NT_REASONS));
	if (!s->loss.missed_unknown)
		nt_rows_add(&rows, "missed", s->loss.missed);
	nt_rows_add(&rows, "no_mbuf", s->loss.no_mbuf);
	nt_rows_add(&rows, "errors", s->loss.errors);
	nt_rows_add(&rows, "unexplained", s->loss.unexplained);
	nt_rows_end(&rows);
}

static void encode_now(const struct nt_plan *p, struct nt_request *r)
{
	struct nt_rows rows;

	nt_request_text(r, "n");
	nt_request_number(r, p->snapshot->start_s);
	nt_request_number(r, NOW_MEMBERS - 1);
	rows = nt_rows_begin(r);
	for (enum nt_redis_key key = 0; key < NT_REDIS_KEYS; key++) {
		enum nt_redis_key of = nt_redis_key_row[key].heaviest_of;

		if (!of)
			continue;
		nt_request_number(r, nt_encode_bucket_key(r, p->sensor, NT_BUCKET_M, p->span[NT_BUCKET_M], of));
		nt_request_number(r, nt_encode_sensor_key(r, p->sensor, key));
		rows.n++;
	}
	nt_rows_end(&rows);
}

static void encode_part(const struct nt_plan *p, const struct nt_plan_part *part, size_t from, size_t to,
			const struct nt_plan_first *first, struct nt_request *r)
{
	switch (part->kind) {
	case NT_PLAN_HEAD:
		encode_head(p, first, r);
		break;
	case NT_PLAN_MINUTE:
	case NT_PLAN_LONG:
		encode_set_rows(p, part, from, to, r);
		break;
	case NT_PLAN_PORT_ALL:
		encode_port_all(p, part, from, to, r);
		break;
	case NT_PLAN_TAIL:
		encode_live(p, r);
		encode_now(p, r);
		break;
	default:
		nt_encode_source_part(p, part, from, to, r);
		break;
	}
}

void nt_plan_begin(const struct nt_sensor *sensor, struct nt_request *request)
{
	nt_request_reset(request);
	nt_encode_sensor_key(request, sensor, NT_RKEY_CURSOR);
	nt_encode_sensor_key(request, sensor, NT_RKEY_INFO);
	/* A key that is not there keeps the script from running while the slot moves to another node of a cluster,
	 * where the script would fail half-way at the first key that is on the other side. With some keys there and
	 * some missing, both nodes answer TRYAGAIN. */
	nt_encode_sensor_key(request, sensor, NT_RKEY_SCRATCH);
}

void nt_plan_encode(const struct nt_plan *p, uint32_t chunk, const struct nt_plan_first *first,
		    struct nt_request *request)
{
	const struct nt_plan_at begin = p->cut[chunk], end = p->cut[chunk + 1];

	nt_plan_begin(p->sensor, request);
	for (size_t i = begin.part; i < p->n_parts && i <= end.part; i++) {
		size_t from = i == begin.part ? begin.row : 0, to = i == end.part ? end.row : p->part[i].n;

		if (from < to)
			encode_part(p, &p->part[i], from, to, first, request);
	}
}

static void trim_sets(const struct nt_sensor *sensor, enum nt_bucket bucket, struct nt_span span, enum nt_redis_age age,
		      struct nt_request *request)
{
	struct nt_rows sets;

	nt_request_text(request, "t");
	sets = nt_rows_begin(request);
	for (enum nt_redis_key key = 0; key < NT_REDIS_KEYS; key++) {
		if (!nt_redis_is_table_set(key))
			continue;
		add_set(request, sensor, bucket, span, key, NULL,
			(struct bounds){.each = nt_redis_bound_at(key, bucket, age)});
		sets.n++;
	}
	nt_rows_end(&sets);
}

void nt_plan_encode_trim(const struct nt_sensor *sensor, enum nt_bucket bucket, struct nt_span span,
			 enum nt_redis_age age, uint32_t done, struct nt_request *request)
{
	nt_plan_begin(sensor, request);
	if (age == NT_AGE_OLD) {
		nt_request_text(request, "a");
		nt_request_number(request, nt_encode_bucket_key(request, sensor, bucket, span, NT_RKEY_TOTALS));
	}
	if (!done) { /* HyperLogLogs are trimmed when all the rest is */
		trim_sets(sensor, bucket, span, age, request);
		nt_encode_trim_sources(sensor, bucket, span, age, request);
	}
	nt_encode_trim_unique(sensor, bucket, span, age, done, request);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/encode.h"

#include "needletail/schema.h"
#include "redis/hll.h"
#include "snapshot/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A bucket that grows has its hashes of signatures cut when they are half as large again. */
#define SLACK_GROWING "1.5"
#define SLACK_NONE    "1"

static int64_t part_key(struct nt_request *r, const struct nt_plan *p, enum nt_bucket b, enum nt_redis_key key,
			const char *part)
{
	char text[NT_REDIS_KEY_TEXT];

	nt_redis_part_key(text, p->sensor->name, b, p->span[b].start_s, key, part);
	return (int64_t)nt_request_key(r, nt_redis_key_row[key].type, text);
}

/* Notes the key in the bucket's `names`, which closing goes by. */
static void add_name(struct nt_request *r, const struct nt_plan *p, enum nt_bucket b, enum nt_redis_key key,
		     const char *part)
{
	char name[NT_REDIS_KEY_TEXT];

	snprintf(name, sizeof(name), "%s:%s", nt_redis_key_row[key].name, part);
	nt_request_text(r, "k");
	nt_request_number(r, nt_encode_bucket_key(r, p->sensor, b, p->span[b], NT_RKEY_NAMES));
	nt_request_number(r, p->span[b].end_s);
	nt_request_number(r, nt_redis_lifetime_s(&p->sensor->limits, NT_RKEY_NAMES, b));
	nt_request_number(r, 1);
	nt_request_text(r, name);
}

/* ---- signatures ---- */

/* Regions stay all where ports are many. */
static enum nt_redis_bound regions_bound(enum nt_bucket b, enum nt_redis_bound ports)
{
	if (ports == NT_BOUND_OLD_SIG)
		return NT_BOUND_OLD_SIG;
	return b == NT_BUCKET_M || ports == NT_BOUND_SIG ? NT_BOUND_SIG : NT_BOUND_NONE;
}

static void add_sig_hashes(const struct nt_plan *p, const char *name, enum nt_bucket first, enum nt_bucket last,
			   struct nt_request *r)
{
	for (enum nt_bucket b = first; b <= last; b++)
		if (nt_redis_key_in(NT_RKEY_NAMES, b))
			add_name(r, p, b, NT_RKEY_SIG, name);
	nt_request_text(r, "g");
	nt_request_number(r, last - first + 1);
	for (enum nt_bucket b = first; b <= last; b++) {
		enum nt_redis_bound ports = nt_redis_key_row[NT_RKEY_SIG].open[b];

		nt_request_number(r, part_key(r, p, b, NT_RKEY_SIG, name));
		nt_request_number(r, nt_encode_bucket_key(r, p->sensor, b, p->span[b], NT_RKEY_TOTALS));
		nt_request_number(r, p->span[b].end_s);
		nt_request_number(r, p->sensor->limits.lifetime_s[b]);
		nt_request_number(r, p->sensor->limits.members[regions_bound(b, ports)]);
		nt_request_number(r, p->sensor->limits.members[ports]);
		nt_request_text(r, b == NT_BUCKET_M ? SLACK_NONE : SLACK_GROWING);
	}
}

static void add_some(struct nt_rows *rows, const char *name, uint64_t number)
{
	if (number)
		nt_rows_add(rows, name, number);
}

/* The totals' part of what is never written: ports that did not get into the rows. */
static void add_rest_to_totals(const struct nt_plan *p, enum nt_bucket first, enum nt_bucket last, uint64_t packets,
			       struct nt_request *r)
{
	if (!packets)
		return;
	nt_request_text(r, "h");
	nt_request_number(r, last - first + 1);
	for (enum nt_bucket b = first; b <= last; b++) {
		nt_request_number(r, nt_encode_bucket_key(r, p->sensor, b, p->span[b], NT_RKEY_TOTALS));
		nt_request_number(r, p->span[b].end_s);
		nt_request_number(r, p->sensor->limits.lifetime_s[b]);
	}
	nt_request_number(r, 1);
	nt_request_text(r, "rest.sig");
	nt_request_count(r, packets);
}

static void encode_sig(const struct nt_plan *p, uint32_t signature, struct nt_request *r)
{
	const struct nt_signature_counts *s = &p->snapshot->signature[signature];
	const struct nt_plan_sig *sig = &p->sig[signature];
	struct nt_rows rows;

	add_sig_hashes(p, s->name, NT_BUCKET_M, NT_BUCKET_M, r);
	rows = nt_rows_begin(r);
	nt_rows_add(&rows, "packets", s->packets);
	add_some(&rows, "rest:region", sig->minute_regions);
	add_some(&rows, "rest:port", sig->minute_ports);
	nt_rows_end(&rows);
	add_rest_to_totals(p, NT_BUCKET_M, NT_BUCKET_M, sig->minute_ports, r);
	add_sig_hashes(p, s->name, NT_BUCKET_H, NT_BUCKET_Q, r);
	rows = nt_rows_begin(r);
	nt_rows_add(&rows, "packets", s->packets);
	add_some(&rows, "rest:port", sig->long_ports);
	nt_rows_end(&rows);
	add_rest_to_totals(p, NT_BUCKET_H, NT_BUCKET_Q, sig->long_ports, r);
}

static void encode_sig_rows(const struct nt_plan *p, const struct nt_plan_part *part, size_t from, size_t to,
			    struct nt_request *r)
{
	const char *name = p->snapshot->signature[part->id].name;
	bool minute = part->kind == NT_PLAN_SIG_MINUTE;
	struct nt_rows rows;

	add_sig_hashes(p, name, minute ? NT_BUCKET_M : NT_BUCKET_H, minute ? NT_BUCKET_M : NT_BUCKET_Q, r);
	rows = nt_rows_begin(r);
	for (size_t i = from; i < to; i++) {
		char member[NT_MEMBER_TEXT], field[NT_FIELD_TEXT];

		if (part->ports)
			nt_port_text((uint32_t)part->entry[i].key, member);
		else
			nt_region_text((uint32_t)part->entry[i].key, member);
		snprintf(field, sizeof(field), "%s:%s", part->ports ? "port" : "region", member);
		nt_rows_add(&rows, field, part->entry[i].count);
	}
	nt_rows_end(&rows);
}

/* ---- addresses ---- */

static void add_address(struct nt_request *r, const struct nt_address *address, uint64_t packets, uint32_t asn)
{
	char text[NT_ADDRESS_TEXT];

	nt_address_text(address, text);
	nt_request_text(r, text);
	nt_request_count(r, packets);
	nt_request_number(r, asn);
}

/* How many regions the day has, of which each may have its share. */
static void add_regions(struct nt_request *r, const struct nt_plan *p)
{
	nt_request_text(r, "r");
	nt_request_number(r, nt_encode_bucket_key(r, p->sensor, NT_BUCKET_D, p->span[NT_BUCKET_D], NT_RKEY_REGION));
}

static void encode_addresses(const struct nt_plan *p, const struct nt_plan_part *part, size_t from, size_t to,
			     struct nt_request *r)
{
	bool backscatter = part->kind == NT_PLAN_BACKSCATTER;
	enum nt_redis_key key = backscatter ? NT_RKEY_BACKSCATTER : NT_RKEY_SOURCE;
	enum nt_redis_key sibling = backscatter ? NT_RKEY_SOURCE : NT_RKEY_BACKSCATTER;
	char region[3];

	nt_region_text(part->id, region);
	add_name(r, p, NT_BUCKET_D, key, region);
	add_regions(r, p);
	nt_request_text(r, "s");
	nt_encode_set(r, p->sensor, NT_BUCKET_D, p->span[NT_BUCKET_D], key, region);
	nt_request_number(r, nt_encode_bucket_key(r, p->sensor, NT_BUCKET_D, p->span[NT_BUCKET_D], NT_RKEY_WHO));
	nt_request_number(r, part_key(r, p, NT_BUCKET_D, sibling, region));
	nt_request_number(r, (int64_t)(to - from));
	for (size_t i = from; i < to; i++) {
		size_t at = part->order[i];

		if (backscatter)
			add_address(r, &p->snapshot->backscatter[at].address, p->snapshot->backscatter[at].packets,
				    p->snapshot->backscatter[at].asn);
		else
			add_address(r, &p->snapshot->source[at].address, p->snapshot->source[at].packets,
				    p->snapshot->source[at].asn);
	}
}

static void encode_backscatter_ports(const struct nt_plan *p, const struct nt_plan_part *part, size_t from, size_t to,
				     struct nt_request *r)
{
	struct nt_rows rows;
	char region[3];

	nt_region_text(part->id, region);
	add_name(r, p, NT_BUCKET_D, NT_RKEY_BACKSCATTER_PORT, region);
	add_regions(r, p);
	nt_request_text(r, "z");
	nt_request_number(r, 1);
	nt_encode_set(r, p->sensor, NT_BUCKET_D, p->span[NT_BUCKET_D], NT_RKEY_BACKSCATTER_PORT, region);
	rows = nt_rows_begin(r);
	for (size_t i = from; i < to; i++) {
		char port[NT_MEMBER_TEXT];

		nt_port_text((uint32_t)(part->entry[i].key & 0x1ffff), port);
		nt_rows_add(&rows, port, part->entry[i].count);
	}
	nt_rows_end(&rows);
}

/* ---- sketches ---- */

/* As the script's take_sketches() reads it. */
static void add_sketches(struct nt_request *r, const struct nt_sensor *sensor, enum nt_bucket b, struct nt_span span,
			 uint8_t bound)
{
	nt_request_number(r, nt_encode_bucket_key(r, sensor, b, span, NT_RKEY_HLL_NAMES));
	nt_request_number(r, nt_encode_bucket_key(r, sensor, b, span, NT_RKEY_TOTALS));
	nt_request_number(r, sensor->limits.members[bound]);
	nt_request_number(r, span.end_s);
	nt_request_number(r, nt_redis_lifetime_s(&sensor->limits, NT_RKEY_HLL, b));
	nt_request_number(r, sensor->limits.lifetime_s[b]);
}

/* As members of a set that Redis keeps as whole numbers of 32 bits with a sign. */
static void add_hosts(struct nt_request *r, const struct nt_sketch *sketch)
{
	nt_request_number(r, sketch->n_hosts);
	for (uint32_t i = 0; i < sketch->n_hosts; i++)
		nt_request_number(r, (int32_t)sketch->host[i]);
}

static void encode_sketch(const struct nt_plan *p, const struct nt_sketch *sketch, struct nt_request *r)
{
	bool in_hour = sketch->key == nt_sketch_key(NT_SKETCH_SOURCES, 0) ||
		       sketch->key == nt_sketch_key(NT_SKETCH_BACKSCATTER, 0);
	enum nt_bucket first = in_hour ? NT_BUCKET_H : NT_BUCKET_D;
	uint8_t packed[NT_REDIS_HLL_BYTES];
	char name[NT_SKETCH_TEXT];

	nt_sketch_text(p->snapshot, sketch->key, name);
	nt_request_text(r, "p");
	nt_request_text(r, name);
	nt_request_number(r, nt_encode_sensor_key(r, p->sensor, NT_RKEY_SCRATCH));
	nt_request_bytes(r, packed, nt_redis_hll_pack(sketch, packed));
	add_hosts(r, sketch);
	nt_request_number(r, NT_BUCKET_Q - first + 1);
	for (enum nt_bucket b = first; b <= NT_BUCKET_Q; b++) {
		part_key(r, p, b, NT_RKEY_HLL, name); /* named, so that their types are looked at */
		part_key(r, p, b, NT_RKEY_FEW, name);
		add_sketches(r, p->sensor, b, p->span[b], nt_redis_key_row[NT_RKEY_HLL].open[b]);
	}
}

/* ---- the rest ---- */

static void encode_orgs(const struct nt_plan *p, size_t from, size_t to, struct nt_request *r)
{
	struct nt_rows rows;

	nt_request_text(r, "o");
	nt_request_number(r, nt_encode_sensor_key(r, p->sensor, NT_RKEY_ORG));
	rows = nt_rows_begin(r);
	for (size_t i = from; i < to; i++) {
		char asn[NT_MEMBER_TEXT];

		snprintf(asn, sizeof(asn), "%" PRIu32, p->snapshot->org[i].asn);
		nt_rows_add_text(&rows, asn, p->snapshot->org[i].name);
	}
	nt_rows_end(&rows);
}

/* The ID is the end of the interval that told the event, and its place among its events: the same however often it is
 * written. Where something newer stands already (an interval came late) the script takes the next one that is free. */
static void encode_event(const struct nt_plan *p, size_t i, struct nt_request *r)
{
	const struct nt_event *e = &p->snapshot->event[i];
	char id[48], number[24];
	struct nt_rows rows;

	nt_request_text(r, "x");
	nt_request_number(r, nt_encode_sensor_key(r, p->sensor, NT_RKEY_EVENTS));
	nt_request_number(r, p->sensor->limits.events_entries);
	snprintf(id, sizeof(id), "%" PRId64 "-%zu", p->snapshot->end_s * 1000, i + 1);
	nt_request_text(r, id);
	nt_request_number(r, 1);
	rows = nt_rows_begin(r);
	nt_rows_add_text(&rows, "type", nt_event_name[e->type]);
	snprintf(number, sizeof(number), "%" PRId64, e->start_s);
	nt_rows_add_text(&rows, "start", number);
	snprintf(number, sizeof(number), "%" PRId64, e->end_s);
	nt_rows_add_text(&rows, "end", number);
	nt_rows_add_text(&rows, "region", e->region);
	nt_rows_add_text(&rows, "source", e->source);
	nt_rows_add_text(&rows, "body", e->body ? e->body : "{}");
	nt_rows_end(&rows);
}

static struct nt_span day_of(const struct nt_plan *p, const struct nt_event *e)
{
	return nt_bucket_span(NT_BUCKET_D, (struct nt_span){e->start_s, e->start_s + 1}, p->sensor->day_offset_h);
}

/* Scanners of the day of event `i`, among the events from `i` on. */
static void encode_scanners_of_day(const struct nt_plan *p, size_t i, size_t to, struct nt_request *r)
{
	struct nt_span day = day_of(p, &p->snapshot->event[i]);
	uint64_t known = 0, others = 0;
	struct nt_rows rows;

	for (; i < to; i++) {
		const struct nt_event *e = &p->snapshot->event[i];

		if (e->type != NT_EVENT_SCANNER || day_of(p, e).start_s != day.start_s)
			continue;
		if (nt_event_says(e, "known"))
			known++;
		else
			others++;
	}
	nt_request_text(r, "h");
	nt_request_number(r, 1);
	nt_request_number(r, nt_encode_bucket_key(r, p->sensor, NT_BUCKET_D, day, NT_RKEY_TOTALS));
	nt_request_number(r, day.end_s);
	nt_request_number(r, p->sensor->limits.lifetime_s[NT_BUCKET_D]);
	rows = nt_rows_begin(r);
	add_some(&rows, "scanners.known", known);
	add_some(&rows, "scanners.others", others);
	nt_rows_end(&rows);
}

/* The stream of events forgets the oldest; how many scanners a day had stays as long as the day. They belong to the day
 * in which they were seen, which may be over when they are told. */
static void encode_scanners(const struct nt_plan *p, size_t from, size_t to, struct nt_request *r)
{
	for (size_t i = from; i < to; i++) {
		const struct nt_event *e = &p->snapshot->event[i];
		bool done = e->type != NT_EVENT_SCANNER;

		for (size_t j = from; j < i && !done; j++)
			done = p->snapshot->event[j].type == NT_EVENT_SCANNER &&
			       day_of(p, &p->snapshot->event[j]).start_s == day_of(p, e).start_s;
		if (!done)
			encode_scanners_of_day(p, i, to, r);
	}
}

void nt_encode_source_part(const struct nt_plan *p, const struct nt_plan_part *part, size_t from, size_t to,
			   struct nt_request *r)
{
	switch (part->kind) {
	case NT_PLAN_SIG:
		encode_sig(p, part->id, r);
		break;
	case NT_PLAN_SIG_MINUTE:
	case NT_PLAN_SIG_LONG:
		encode_sig_rows(p, part, from, to, r);
		break;
	case NT_PLAN_SOURCE:
	case NT_PLAN_BACKSCATTER:
		encode_addresses(p, part, from, to, r);
		break;
	case NT_PLAN_BACKSCATTER_PORT:
		encode_backscatter_ports(p, part, from, to, r);
		break;
	case NT_PLAN_SKETCH:
		for (size_t i = from; i < to; i++)
			encode_sketch(p, &p->snapshot->sketch[i], r);
		break;
	case NT_PLAN_ORG:
		encode_orgs(p, from, to, r);
		break;
	case NT_PLAN_EVENT:
		for (size_t i = from; i < to; i++)
			encode_event(p, i, r);
		encode_scanners(p, from, to, r);
		break;
	default:
		break;
	}
}

/* ---- closing ---- */

/* A kind of a region's sets as the script's operation c reads it. */
static void add_kind(struct nt_request *r, const struct nt_sensor *sensor, enum nt_redis_key key, enum nt_redis_age age,
		     enum nt_redis_key sibling)
{
	uint32_t bound = sensor->limits.members[nt_redis_bound_at(key, NT_BUCKET_D, age)];

	nt_request_text(r, nt_redis_key_row[key].name);
	nt_request_number(r, bound);
	nt_request_number(r, key == NT_RKEY_BACKSCATTER ? bound : 0); /* of all regions together */
	nt_request_number(r, age == NT_AGE_OLD ? sensor->limits.members[nt_redis_key_row[key].old_all] : 0);
	nt_request_number(r, nt_redis_lifetime_s(&sensor->limits, key, NT_BUCKET_D));
	nt_request_text(r, sibling == NT_REDIS_KEYS ? "" : nt_redis_key_row[sibling].name);
}

void nt_encode_trim_sources(const struct nt_sensor *sensor, enum nt_bucket bucket, struct nt_span span,
			    enum nt_redis_age age, struct nt_request *r)
{
	enum nt_redis_bound ports = nt_redis_bound_at(NT_RKEY_SIG, bucket, age);
	bool day = bucket == NT_BUCKET_D;

	nt_request_text(r, "c");
	nt_request_number(r, nt_encode_bucket_key(r, sensor, bucket, span, NT_RKEY_NAMES));
	nt_request_number(r, nt_encode_bucket_key(r, sensor, bucket, span, NT_RKEY_TOTALS));
	nt_request_number(r, span.end_s);
	nt_request_number(r, sensor->limits.lifetime_s[bucket]);
	nt_request_number(r, sensor->limits.members[regions_bound(bucket, ports)]);
	nt_request_number(r, sensor->limits.members[ports]);
	nt_request_number(r, day ? nt_encode_bucket_key(r, sensor, bucket, span, NT_RKEY_WHO) : 0);
	nt_request_number(r, nt_encode_sensor_key(r, sensor, NT_RKEY_SCRATCH));
	nt_request_number(r, day ? 3 : 0);
	if (day) {
		add_kind(r, sensor, NT_RKEY_SOURCE, age, NT_RKEY_BACKSCATTER);
		add_kind(r, sensor, NT_RKEY_BACKSCATTER, age, NT_RKEY_SOURCE);
		add_kind(r, sensor, NT_RKEY_BACKSCATTER_PORT, age, NT_REDIS_KEYS);
	}
}

void nt_encode_trim_unique(const struct nt_sensor *sensor, enum nt_bucket bucket, struct nt_span span,
			   enum nt_redis_age age, uint32_t done, struct nt_request *r)
{
	nt_request_text(r, "u");
	add_sketches(r, sensor, bucket, span, nt_redis_bound_at(NT_RKEY_HLL, bucket, age));
	nt_request_number(r, nt_encode_bucket_key(r, sensor, bucket, span, NT_RKEY_UNIQUE));
	nt_request_number(r, done);
	if (age != NT_AGE_OLD)
		return;
	nt_request_text(r, "f");
	nt_request_number(r, nt_encode_bucket_key(r, sensor, bucket, span, NT_RKEY_UNIQUE));
	nt_request_number(r, nt_encode_bucket_key(r, sensor, bucket, span, NT_RKEY_TOTALS));
	nt_request_number(r, sensor->limits.members[nt_redis_bound_at(NT_RKEY_UNIQUE, bucket, age)]);
}

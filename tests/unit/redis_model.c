/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "redis_model.h"

#include "needletail/schema.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct model *model_new(const char *sensor, int32_t day_offset_h)
{
	struct model *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->sensor = sensor;
	m->day_offset_h = day_offset_h;
	m->last_s = -1;
	return m;
}

void model_free(struct model *m)
{
	model_sources_free(m);
	for (size_t i = 0; i < m->n; i++)
		nt_snapshot_fini(&m->bucket[i].sum);
	free(m);
}

static struct model_bucket *find_bucket(struct model *m, enum nt_bucket bucket, struct nt_span span)
{
	struct model_bucket *b;

	for (size_t i = m->n; i > 0; i--)
		if (m->bucket[i - 1].bucket == bucket && m->bucket[i - 1].span.start_s == span.start_s)
			return &m->bucket[i - 1];
	assert_true(m->n < MODEL_BUCKETS);
	b = &m->bucket[m->n++];
	b->bucket = bucket;
	b->span = span;
	nt_snapshot_init(&b->sum);
	return b;
}

static void sum_numbers(uint64_t *into, const uint64_t *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		into[i] += from[i];
}

static void sum_up(struct nt_snapshot *into, const struct nt_snapshot *s)
{
	into->frames += s->frames;
	into->bytes += s->bytes;
	into->late += s->late;
	sum_numbers(into->class_frames, s->class_frames, NT_CLASSES);
	sum_numbers(into->malformed, s->malformed, NT_REASONS);
	sum_numbers(into->truncated, s->truncated, NT_REASONS);
	sum_numbers(into->overflow, s->overflow, NT_OVERFLOWS);
	for (enum nt_table t = 0; t < NT_TABLES; t++)
		assert_int_equal(nt_counts_merge(&into->table[t], &s->table[t]), 0);
	into->loss.missed += s->loss.missed_unknown ? 0 : s->loss.missed;
	into->loss.no_mbuf += s->loss.no_mbuf;
	into->loss.errors += s->loss.errors;
	into->loss.unexplained += s->loss.unexplained;
}

/* A scanner counts on the day on which it was first seen. Evidence of samples says "known":true or nothing. */
static void add_scanners(struct model *m, const struct nt_snapshot *s)
{
	for (size_t i = 0; i < s->n_events; i++) {
		const struct nt_event *e = &s->event[i];
		const struct nt_span at = {e->start_s, e->start_s + 1};

		if (e->type == NT_EVENT_SCANNER)
			find_bucket(m, NT_BUCKET_D, nt_bucket_span(NT_BUCKET_D, at, m->day_offset_h))
			    ->scanners[!!strstr(e->body, "\"known\":true")]++;
	}
}

void model_add(struct model *m, const struct nt_snapshot *s)
{
	const struct nt_span interval = {s->start_s, s->end_s};

	for (enum nt_bucket k = 0; k < NT_BUCKETS; k++) {
		struct nt_span span = nt_bucket_span(k, interval, m->day_offset_h);
		struct nt_span last = nt_bucket_span(k, (struct nt_span){m->last_s, m->last_s + 1}, m->day_offset_h);
		struct model_bucket *b = find_bucket(m, k, span);

		sum_up(&b->sum, s);
		model_sources_add(m, b, s);
		b->intervals++;
		b->partial += s->partial;
		b->missed_unknown += s->loss.missed_unknown;
		if (s->geo_build_s && (!b->geo_oldest_s || s->geo_build_s < b->geo_oldest_s))
			b->geo_oldest_s = s->geo_build_s;
		b->geo_newest_s = b->geo_newest_s > s->geo_build_s ? b->geo_newest_s : s->geo_build_s;
		b->reopened += m->last_s >= 0 && last.start_s > span.start_s;
	}
	add_scanners(m, s);
	m->events += s->n_events;
	if (s->start_s > m->last_s)
		m->last_s = s->start_s;
}

void numbers_add(struct numbers *n, const char *group, const char *name, uint64_t value)
{
	if (n->n == n->room) {
		n->room = n->room ? 2 * n->room : 64;
		n->number = reallocarray(n->number, n->room, sizeof(*n->number));
		assert_non_null(n->number);
	}
	n->number[n->n] = (struct number){.value = value};
	snprintf(n->number[n->n++].name, sizeof(n->number->name), "%s%s%s", group, *group ? "." : "", name);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct number *)a)->name, ((const struct number *)b)->name);
}

struct number *numbers_find(const struct numbers *n, const char *name)
{
	struct number wanted;

	snprintf(wanted.name, sizeof(wanted.name), "%s", name);
	return n->n ? bsearch(&wanted, n->number, n->n, sizeof(wanted), by_name) : NULL;
}

void numbers_sort(struct numbers *n)
{
	size_t kept = 0;

	if (!n->n)
		return;
	qsort(n->number, n->n, sizeof(*n->number), by_name);
	for (size_t i = 1; i < n->n; i++) {
		if (strcmp(n->number[i].name, n->number[kept].name) == 0)
			n->number[kept].value += n->number[i].value;
		else
			n->number[++kept] = n->number[i];
	}
	n->n = kept + 1;
}

struct numbers numbers_fetch(struct redis_server *server, const char *format, const char *key)
{
	redisReply *reply = redis_server_do(server, format, key);
	struct numbers n = {0};

	assert_int_equal(reply->type, REDIS_REPLY_ARRAY);
	for (size_t i = 0; i + 1 < reply->elements; i += 2)
		numbers_add(&n, "", reply->element[i]->str, strtoull(reply->element[i + 1]->str, NULL, 10));
	freeReplyObject(reply);
	numbers_sort(&n);
	return n;
}

bool model_closed(const struct model *m, const struct model_bucket *b)
{
	struct nt_span last = nt_bucket_span(b->bucket, (struct nt_span){m->last_s, m->last_s + 1}, m->day_offset_h);

	return last.start_s > b->span.start_s;
}

/* The newest bucket's beginning less the age lies in the first one that is not old. */
bool model_old(const struct model *m, const struct model_bucket *b, const struct nt_redis_limits *limits)
{
	struct nt_span last = nt_bucket_span(b->bucket, (struct nt_span){m->last_s, m->last_s + 1}, m->day_offset_h);
	int64_t at_s = last.start_s - limits->old_s[b->bucket];

	return limits->old_s[b->bucket] &&
	       b->span.end_s <= nt_bucket_span(b->bucket, (struct nt_span){at_s, at_s + 1}, m->day_offset_h).start_s;
}

size_t model_bound(const struct model *m, const struct model_bucket *b, const struct nt_redis_limits *limits,
		   enum nt_redis_key key)
{
	const struct nt_redis_key_row *row = &nt_redis_key_row[key];
	size_t closed = limits->members[row->closed[b->bucket]], old = limits->members[row->old[b->bucket]];

	if (!model_closed(m, b))
		return limits->members[row->open[b->bucket]];
	return model_old(m, b, limits) && old && (!closed || old < closed) ? old : closed;
}

static struct numbers expected_totals(const struct model_bucket *b)
{
	const struct nt_snapshot *s = &b->sum;
	uint64_t backscatter[NT_BACKSCATTERS];
	struct numbers n = {0};

	numbers_add(&n, "", "frames", s->frames);
	numbers_add(&n, "", "bytes", s->bytes);
	numbers_add(&n, "", "intervals", b->intervals);
	numbers_add(&n, "cut_open", "intervals", b->intervals);
	numbers_add(&n, "", "partial", b->partial);
	numbers_add(&n, "", "late", s->late);
	numbers_add(&n, "", "reopened", b->reopened);
	for (int i = 0; i < NT_CLASSES; i++)
		numbers_add(&n, "class", nt_class_name[i], s->class_frames[i]);
	for (int i = 0; i < NT_REASONS; i++)
		numbers_add(&n, "malformed", nt_reason_name[i], s->malformed[i]);
	for (int i = 0; i < NT_REASONS; i++)
		numbers_add(&n, "truncated", nt_reason_name[i], s->truncated[i]);
	nt_snapshot_backscatter(s, backscatter);
	for (int i = 0; i < NT_BACKSCATTERS; i++)
		numbers_add(&n, "backscatter", nt_backscatter_name[i], backscatter[i]);
	numbers_add(&n, "no_l4", "6", nt_counts_get(&s->table[NT_TABLE_NO_L4], 6));
	numbers_add(&n, "no_l4", "17", nt_counts_get(&s->table[NT_TABLE_NO_L4], 17));
	for (int i = 0; i < NT_OVERFLOWS; i++)
		numbers_add(&n, "overflow", nt_overflow_name[i], s->overflow[i]);
	numbers_add(&n, "loss", "missed", s->loss.missed);
	numbers_add(&n, "loss", "missed_unknown", b->missed_unknown);
	numbers_add(&n, "loss", "no_mbuf", s->loss.no_mbuf);
	numbers_add(&n, "loss", "errors", s->loss.errors);
	numbers_add(&n, "loss", "unexplained", s->loss.unexplained);
	numbers_add(&n, "scanners", "others", b->scanners[0]);
	numbers_add(&n, "scanners", "known", b->scanners[1]);
	numbers_add(&n, "geo_build", "oldest", (uint64_t)b->geo_oldest_s);
	numbers_add(&n, "geo_build", "newest", (uint64_t)b->geo_newest_s);
	numbers_sort(&n);
	return n;
}

static void check_totals(const struct model_bucket *b, struct numbers *redis)
{
	struct numbers expected = expected_totals(b);

	for (size_t i = 0; i < expected.n; i++) {
		const struct number *there = numbers_find(redis, expected.number[i].name);

		if ((there ? there->value : 0) != expected.number[i].value)
			fail_msg("%c:%" PRId64 " %s: %" PRIu64 " and not %" PRIu64, nt_bucket_letter[b->bucket],
				 b->span.start_s, expected.number[i].name, there ? there->value : 0,
				 expected.number[i].value);
	}
	for (size_t i = 0; i < redis->n; i++)
		if (strncmp(redis->number[i].name, "rest.", 5) != 0 &&
		    strncmp(redis->number[i].name, "cut_open.", 9) != 0)
			assert_non_null(numbers_find(&expected, redis->number[i].name));
	free(expected.number);
}

static struct numbers expected_members(const struct model_bucket *b, enum nt_redis_key key, uint64_t *packets)
{
	struct numbers n = {0};
	char member[NT_MEMBER_TEXT];

	*packets = 0;
	for (enum nt_table t = 0; t < NT_TABLES; t++) {
		if (nt_redis_table_key(t) != key)
			continue;
		*packets += nt_counts_total(&b->sum.table[t]);
		for (size_t i = 0; i < b->sum.table[t].n; i++) {
			nt_table_member(t, b->sum.table[t].entry[i].key, member);
			numbers_add(&n, "", member, b->sum.table[t].entry[i].count);
		}
	}
	numbers_sort(&n);
	return n;
}

/* A number of a set: "rest", "cut_open". */
static uint64_t value_of(const struct numbers *totals, const char *what, enum nt_redis_key key)
{
	char field[64];
	const struct number *number;

	snprintf(field, sizeof(field), "%s.%s", what, nt_redis_key_row[key].name);
	number = numbers_find(totals, field);
	return number ? number->value : 0;
}

static void check_members(const struct model_bucket *b, enum nt_redis_key key, struct numbers *expected,
			  const struct numbers *redis, bool exact)
{
	for (size_t i = 0; i < redis->n; i++) {
		const struct number *wanted = numbers_find(expected, redis->number[i].name);

		if (!wanted ||
		    (exact ? wanted->value != redis->number[i].value : wanted->value < redis->number[i].value))
			fail_msg("%c:%" PRId64 " %s %s: %" PRIu64 " and not %" PRIu64, nt_bucket_letter[b->bucket],
				 b->span.start_s, nt_redis_key_row[key].name, redis->number[i].name,
				 redis->number[i].value, wanted ? wanted->value : 0);
	}
}

static void check_set(const struct model *m, const struct model_bucket *b, enum nt_redis_key key,
		      struct redis_server *server, const struct numbers *totals, const struct nt_redis_limits *limits)
{
	size_t open_bound = limits->members[nt_redis_key_row[key].open[b->bucket]];
	size_t bound = model_bound(m, b, limits, key);
	uint64_t packets, kept = 0, rest = value_of(totals, "rest", key);
	struct numbers expected = expected_members(b, key, &packets), redis;
	char text[NT_REDIS_KEY_TEXT];
	bool nibbled; /* cut while it grew, so that members may have been cut and come back: it says so itself */

	nt_redis_bucket_key(text, m->sensor, b->bucket, b->span.start_s, key);
	redis = numbers_fetch(server, "ZRANGE %s 0 -1 WITHSCORES", text);
	for (size_t i = 0; i < redis.n; i++)
		kept += redis.number[i].value;
	nibbled = b->reopened || value_of(totals, "cut_open", key);
	assert_true(!nibbled || b->reopened || (open_bound && expected.n > open_bound));
	check_members(b, key, &expected, &redis, !rest || !nibbled);
	if (bound && redis.n > bound)
		fail_msg("%s: %zu members", text, redis.n);
	if (kept + rest != packets)
		fail_msg("%s: %" PRIu64 " in members and %" PRIu64 " in rest, not %" PRIu64, text, kept, rest, packets);
	if (!rest)
		assert_int_equal(redis.n, expected.n);
	free(expected.number);
	free(redis.number);
}

static void check_port_all(const struct model *m, const struct model_bucket *b, struct redis_server *server)
{
	for (enum nt_table t = NT_TABLE_TCP_PORT; t <= NT_TABLE_UDP_PORT; t++) {
		const struct nt_counts *c = &b->sum.table[t];
		size_t seen = 0;

		for (uint32_t k = 0; k < 65536; k += NT_PORT_ALL_FIELDS) {
			char text[NT_REDIS_KEY_TEXT];
			struct numbers n;

			nt_redis_port_all_key(text, m->sensor, b->span.start_s, t == NT_TABLE_TCP_PORT ? "tcp" : "udp",
					      (uint16_t)k);
			n = numbers_fetch(server, "HGETALL %s", text);
			for (size_t i = 0; i < n.n; i++) {
				uint64_t port = strtoull(n.number[i].name, NULL, 10);

				assert_int_equal(port / NT_PORT_ALL_FIELDS, k / NT_PORT_ALL_FIELDS);
				assert_int_equal(n.number[i].value, nt_counts_get(c, port));
			}
			seen += n.n;
			free(n.number);
		}
		assert_int_equal(seen, c->n);
	}
}

void model_check(const struct model *m, struct redis_server *server, const struct nt_redis_limits *limits)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct model_bucket *b = &m->bucket[i];
		char text[NT_REDIS_KEY_TEXT];
		struct numbers totals;

		nt_redis_bucket_key(text, m->sensor, b->bucket, b->span.start_s, NT_RKEY_TOTALS);
		totals = numbers_fetch(server, "HGETALL %s", text);
		check_totals(b, &totals);
		for (enum nt_redis_key key = NT_RKEY_PORT; key < NT_RKEY_PORT_ALL; key++)
			check_set(m, b, key, server, &totals, limits);
		if (b->bucket == NT_BUCKET_Q)
			check_port_all(m, b, server);
		free(totals.number);
	}
	model_sources_check(m, server, limits);
}

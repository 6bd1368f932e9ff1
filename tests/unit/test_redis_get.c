/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "get_world.h"
#include "random.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALL_KINDS (NT_GET_KIND(NT_BUCKETS) - 1)
#define ALL_THREE 7u

static const struct nt_span whole = {WORLD_BEGIN, WORLD_BEGIN + 4 * WORLD_DAY_S};

static void answered(const struct world *w, int err)
{
	if (err)
		fail_msg("%d %s", err, nt_get_why(w->get));
}

/* ---- sensors ---- */

static void knows_the_sensors(void **state)
{
	struct world *w = *state;
	const struct nt_get_choice domestic = {.group = "domestic"};
	const char *name[] = {"c-overseas"}, *misspelt[] = {"a.nroth"};
	const struct nt_get_choice one = {.name = name, .names = 1}, wrong = {.name = misspelt, .names = 1};
	const struct nt_get_sensor *a = &w->sensors.at[0];
	struct nt_get_sensors s;

	assert_string_equal(a->name, world_sensor[0]);
	assert_string_equal(a->group, "domestic");
	assert_string_equal(a->version, "1.2.3");
	assert_string_equal(a->schema, "needletail/1");
	assert_int_equal(a->addresses, 1000);
	assert_int_equal(a->interval_s, 60);
	assert_int_equal(a->day_offset_h, 9);
	assert_int_equal(a->geo_build_s, 0);
	assert_int_equal(w->sensors.at[1].geo_build_s, 1660000000);
	assert_int_equal(a->started_s, 1000);
	assert_true(a->has_data);
	assert_int_equal(a->last_s, WORLD_BEGIN + 3 * WORLD_DAY_S + 14 * WORLD_HOUR_S + 1860);
	assert_int_equal(nt_get_sensors_end(&w->sensors), a->last_s + 60);
	answered(w, nt_get_sensors(w->get, &domestic, &s));
	assert_int_equal(s.n, 2);
	nt_get_sensors_fini(&s);
	answered(w, nt_get_sensors(w->get, &one, &s));
	assert_int_equal(s.n, 1);
	assert_string_equal(s.at[0].name, "c-overseas");
	nt_get_sensors_fini(&s);
	assert_int_equal(nt_get_sensors(w->get, &wrong, &s), -ENOENT);
	assert_non_null(strstr(nt_get_why(w->get), "did you mean a.north?"));
	assert_null(s.at);
}

/* ---- cover ---- */

static struct nt_span span_of(enum nt_bucket bucket, int64_t at_s, const struct nt_get_sensor *sensor)
{
	int64_t start_s = at_s / sensor->interval_s * sensor->interval_s;

	return nt_bucket_span(bucket, (struct nt_span){start_s, start_s + sensor->interval_s}, sensor->day_offset_h);
}

/* No bucket could be part of a larger one that the range holds, and only the first and the last stand over its edges.
 */
static void check_cover(const struct nt_get_sensor *sensor, struct nt_span range, unsigned int kinds)
{
	int finest = __builtin_ctz(kinds);
	struct nt_get_buckets b;

	assert_int_equal(nt_get_cover(range, sensor, kinds, &b), 0);
	assert_true(b.at[0].span.start_s <= range.start_s);
	assert_true(b.at[b.n - 1].span.end_s >= range.end_s);
	for (size_t i = 0; i < b.n; i++) {
		const struct nt_get_bucket *at = &b.at[i];

		assert_true(kinds >> at->bucket & 1);
		assert_int_equal(span_of(at->bucket, at->span.start_s, sensor).start_s, at->span.start_s);
		assert_int_equal(span_of(at->bucket, at->span.start_s, sensor).end_s, at->span.end_s);
		assert_true(!i || at->span.start_s == b.at[i - 1].span.end_s);
		if (at->span.start_s < range.start_s || at->span.end_s > range.end_s)
			assert_true((int)at->bucket == finest && (i == 0 || i == b.n - 1));
		for (int k = at->bucket + 1; k < NT_BUCKETS; k++) {
			struct nt_span larger = span_of(k, at->span.start_s, sensor);

			if (kinds >> k & 1)
				assert_false(larger.start_s >= range.start_s && larger.end_s <= range.end_s);
		}
	}
	nt_get_buckets_fini(&b);
}

static void covers_with_the_fewest(void **state)
{
	struct nt_get_buckets b;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		static const uint32_t length[] = {1, 10, 60, 300, 3600};
		const struct nt_get_sensor sensor = {.interval_s = length[next_random() % 3 + 2],
						     .day_offset_h = (int32_t)(next_random() % 27) - 12};
		unsigned int kinds = 1 + (unsigned int)(next_random() % ALL_KINDS);
		int64_t unit = kinds & 1 ? 60 : 3600;
		struct nt_span range = {.start_s = 1600000000 + (int64_t)(next_random() % 100000000)};

		if (next_random() & 1)
			range.start_s -= range.start_s % 86400;
		range.end_s = range.start_s + unit * (int64_t)(1 + next_random() % 5000) + (int64_t)(next_random() % 2);
		check_cover(&sensor, range, kinds);
	}
	assert_int_equal(
	    nt_get_cover((struct nt_span){10, 10}, &(struct nt_get_sensor){.interval_s = 60}, ALL_KINDS, &b), -EINVAL);
	assert_int_equal(nt_get_cover((struct nt_span){0, INT64_MAX}, &(struct nt_get_sensor){.interval_s = 60}, 1, &b),
			 -EINVAL);
	assert_int_equal(
	    nt_get_cover((struct nt_span){0, 1000000000}, &(struct nt_get_sensor){.interval_s = 60}, 1, &b), -ERANGE);
}

/* ---- top ---- */

struct question {
	struct nt_span range;
	enum nt_bucket finest;
	unsigned int sensors;
};

static const struct question question[] = {
    {{WORLD_BEGIN, WORLD_BEGIN + 4 * WORLD_DAY_S}, NT_BUCKET_M, ALL_THREE},
    {{WORLD_BEGIN, WORLD_BEGIN + WORLD_DAY_S}, NT_BUCKET_M, 1},
    {{WORLD_BEGIN + WORLD_DAY_S, WORLD_BEGIN + 3 * WORLD_DAY_S}, NT_BUCKET_D, 6},
    {{WORLD_BEGIN, WORLD_BEGIN + WORLD_DAY_S + 8 * WORLD_HOUR_S}, NT_BUCKET_H, ALL_THREE},
    {{WORLD_BEGIN + 1860, WORLD_BEGIN + 3 * WORLD_DAY_S + 1860}, NT_BUCKET_M, 5},
    {{WORLD_TURN - 92 * WORLD_DAY_S, WORLD_TURN}, NT_BUCKET_M, ALL_THREE},
    {{WORLD_TURN - 92 * WORLD_DAY_S, WORLD_TURN + 92 * WORLD_DAY_S}, NT_BUCKET_Q, ALL_THREE},
};

#define QUESTIONS (sizeof(question) / sizeof(question[0]))

static const struct nt_get_set set[] = {
    {.key = NT_RKEY_PORT},
    {.key = NT_RKEY_REGION},
    {.key = NT_RKEY_FLAGS},
    {.key = NT_RKEY_WINDOW},
    {.key = NT_RKEY_ICMP},
    {.key = NT_RKEY_ICMP6},
    {.key = NT_RKEY_PROTO},
    {.key = NT_RKEY_REGION_PORT},
    {.key = NT_RKEY_ASN},
    {.key = NT_RKEY_SOURCE, .part = "JP"},
    {.key = NT_RKEY_BACKSCATTER, .part = "US"},
    {.key = NT_RKEY_BACKSCATTER_PORT, .part = "JP"},
    {.key = NT_RKEY_SIG, .part = "mirai"},
};

#define SETS (sizeof(set) / sizeof(set[0]))

static uint64_t sum_of(const struct numbers *n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n->n; i++)
		sum += n->number[i].value;
	return sum;
}

static void check_member(const struct numbers *truth, const struct nt_get_member *m)
{
	const struct number *t = numbers_find(truth, m->name);

	if (!t)
		fail_msg("%s: nobody counted it", m->name);
	else if (m->packets > t->value || m->packets + m->missing < t->value)
		fail_msg("%s: %" PRIu64 " and at most %" PRIu64 " more, not %" PRIu64, m->name, m->packets, m->missing,
			 t->value);
}

static void check_top(const struct nt_get_top *top, const struct numbers *truth, size_t most)
{
	assert_true(top->n <= most || !most);
	for (size_t i = 0; i < top->n; i++) {
		const struct nt_get_member *m = &top->at[i], *before = m - 1;

		check_member(truth, m);
		assert_true(!i || before->packets > m->packets ||
			    (before->packets == m->packets && strcmp(before->name, m->name) < 0));
	}
	if (!top->rest && !top->shallow && !most)
		assert_int_equal(top->n, truth->n);
	assert_int_equal(top->coverage.defects, 0);
}

static bool of_all_regions(const struct nt_get_set *s)
{
	return s->part != NULL;
}

static void ask_top(struct world *w, const struct question *q, const struct nt_get_set *s, size_t most, size_t depth)
{
	struct nt_get_sensors some = world_some(w, q->sensors);
	const struct nt_get_query query = {.sensors = &some, .range = q->range, .finest = q->finest};
	const struct nt_get_top_options options = {.set = *s, .most = most, .depth = depth};
	struct numbers truth;
	struct nt_get_top top;
	uint64_t sum = 0;

	answered(w, nt_get_top(w->get, &query, &options, &top));
	truth = world_numbers(w, q->sensors, top.coverage.covered, s->key, s->part);
	check_top(&top, &truth, most);
	for (size_t i = 0; i < top.n; i++)
		sum += top.at[i].packets;
	if (!depth && !of_all_regions(s))
		assert_int_equal(sum + top.others + top.rest, sum_of(&truth));
	assert_int_equal(top.coverage.intervals, world_intervals(w, q->sensors, top.coverage.covered));
	assert_int_equal(top.coverage.expected >= top.coverage.intervals, 1);
	nt_get_top_fini(&top);
	nt_get_sensors_fini(&some);
	free(truth.number);
}

static void adds_up_every_set(void **state)
{
	struct world *w = *state;

	for (size_t q = 0; q < QUESTIONS; q++)
		for (size_t s = 0; s < SETS; s++) {
			if (question[q].finest == NT_BUCKET_Q && !nt_redis_key_in(set[s].key, NT_BUCKET_Q))
				continue;
			ask_top(w, &question[q], &set[s], 0, 0);
			ask_top(w, &question[q], &set[s], 7, 0);
			if (set[s].key != NT_RKEY_SIG)
				ask_top(w, &question[q], &set[s], 5, 9);
		}
}

static void regions_are_never_cut(void **state)
{
	struct world *w = *state;
	const struct nt_get_query query = {.sensors = &w->sensors, .range = whole};
	const struct nt_get_top_options regions = {.set = {.key = NT_RKEY_REGION}};
	struct numbers truth = world_numbers(w, ALL_THREE, whole, NT_RKEY_REGION, NULL);
	struct nt_get_top top;

	answered(w, nt_get_top(w->get, &query, &regions, &top));
	assert_int_equal(top.rest, 0);
	assert_int_equal(top.n, truth.n);
	for (size_t i = 0; i < top.n; i++) {
		assert_int_equal(top.at[i].missing, 0);
		assert_int_equal(top.at[i].packets, numbers_find(&truth, top.at[i].name)->value);
	}
	nt_get_top_fini(&top);
	free(truth.number);
}

static void has_every_port_of_a_quarter(void **state)
{
	struct world *w = *state;
	const struct nt_get_query query = {.sensors = &w->sensors,
					   .range = {WORLD_TURN - 92 * WORLD_DAY_S, WORLD_TURN}};
	const struct nt_get_top_options ports = {.set = {.key = NT_RKEY_PORT}};
	struct numbers truth = world_numbers(w, ALL_THREE, query.range, NT_RKEY_PORT, NULL);
	const char *member[] = {truth.number[0].name, truth.number[truth.n / 2].name, "no port"};
	struct nt_get_series series;
	struct nt_get_top top;

	assert_true(truth.n > 500);
	answered(w, nt_get_top(w->get, &query, &ports, &top));
	assert_int_equal(top.coverage.buckets, WORLD_SENSORS);
	assert_int_equal(top.n, truth.n);
	assert_int_equal(top.rest, 0);
	for (size_t i = 0; i < top.n; i++)
		assert_int_equal(top.at[i].packets, numbers_find(&truth, top.at[i].name)->value);
	nt_get_top_fini(&top);
	answered(w, nt_get_series(w->get, &query, NT_BUCKET_Q, &ports.set, member, 3, &series));
	for (size_t m = 0; m < 2; m++) {
		assert_int_equal(nt_get_series_value(&series, m, 0)->packets, numbers_find(&truth, member[m])->value);
		assert_false(nt_get_series_value(&series, m, 0)->low);
	}
	nt_get_series_fini(&series);
	free(truth.number);
}

static void tops_of_each_sensor_and_prefix(void **state)
{
	struct world *w = *state;
	const struct nt_get_query query = {.sensors = &w->sensors, .range = whole};
	const struct nt_get_top_options ports = {.set = {.key = NT_RKEY_PORT}, .most = 10};
	const struct nt_get_top_options of_region = {.set = {.key = NT_RKEY_REGION_PORT, .prefix = "AB:"}, .most = 3};
	struct nt_get_top each[WORLD_SENSORS], top;

	answered(w, nt_get_top_each(w->get, &query, &ports, each));
	for (unsigned int i = 0; i < WORLD_SENSORS; i++) {
		struct numbers truth = world_numbers(w, 1u << i, each[i].coverage.covered, NT_RKEY_PORT, NULL);

		assert_int_equal(each[i].n, 10);
		check_top(&each[i], &truth, 10);
		nt_get_top_fini(&each[i]);
		free(truth.number);
	}
	answered(w, nt_get_top(w->get, &query, &of_region, &top));
	for (size_t i = 0; i < top.n; i++)
		assert_memory_equal(top.at[i].name, "AB:", 3);
	nt_get_top_fini(&top);
}

static void refuses_questions_without_an_answer(void **state)
{
	struct world *w = *state;
	const struct nt_get_query query = {.sensors = &w->sensors, .range = whole};
	const struct nt_get_query backwards = {.sensors = &w->sensors, .range = {10, 5}};
	const struct nt_get_top_options none = {.set = {.key = NT_RKEY_SOURCE}}, ports = {.set = {.key = NT_RKEY_PORT}};
	const char *name[] = {"sources:region:JP"};
	struct nt_get_unique u;
	struct nt_get_top top;

	assert_int_equal(nt_get_top(w->get, &query, &none, &top), -EINVAL);
	assert_int_equal(nt_get_top(w->get, &backwards, &ports, &top), -EINVAL);
	assert_int_equal(nt_get_unique(w->get, &query, NT_BUCKET_H, name, 1, &u), -EINVAL);
	assert_int_equal(nt_get_unique(w->get, &query, NT_BUCKET_M, name, 1, &u), -EINVAL);
}

/* ---- series ---- */

static void draw(struct world *w, unsigned int sensors, enum nt_bucket step, const struct nt_get_set *s,
		 const struct numbers *names)
{
	struct nt_get_sensors some = world_some(w, sensors);
	const struct nt_get_query query = {.sensors = &some, .range = {WORLD_BEGIN, WORLD_BEGIN + 2 * WORLD_DAY_S}};
	const char *member[] = {names->number[0].name, names->number[names->n - 1].name, "nobody"};
	struct nt_get_series series;
	bool any_gap = false;

	answered(w, nt_get_series(w->get, &query, step, s, member, 3, &series));
	for (size_t p = 0; p < series.points; p++) {
		struct nt_span span = series.point[p].span;
		struct numbers truth = world_numbers(w, sensors, span, s->key, s->part);

		assert_int_equal(nt_get_is_gap(&series.point[p]), !world_intervals(w, sensors, span));
		assert_int_equal(series.point[p].coverage.intervals, world_intervals(w, sensors, span));
		any_gap |= nt_get_is_gap(&series.point[p]);
		for (size_t m = 0; m < 3; m++) {
			const struct number *t = numbers_find(&truth, member[m]);
			const struct nt_get_value *v = nt_get_series_value(&series, m, p);

			assert_true(v->packets <= (t ? t->value : 0));
			if (!v->low)
				assert_int_equal(v->packets, t ? t->value : 0);
		}
		free(truth.number);
	}
	assert_true(any_gap || step == NT_BUCKET_D);
	nt_get_series_fini(&series);
	nt_get_sensors_fini(&some);
}

static void draws_series(void **state)
{
	static const struct nt_get_set totals = {.key = NT_RKEY_TOTALS};
	struct world *w = *state;

	for (size_t s = 0; s < SETS; s++) {
		struct numbers names = world_numbers(w, ALL_THREE, whole, set[s].key, set[s].part);

		draw(w, ALL_THREE, NT_BUCKET_D, &set[s], &names);
		draw(w, 2, NT_BUCKET_D, &set[s], &names);
		if (nt_redis_key_in(set[s].key, NT_BUCKET_H))
			draw(w, 5, NT_BUCKET_H, &set[s], &names);
		if (nt_redis_key_in(set[s].key, NT_BUCKET_M))
			draw(w, 3, NT_BUCKET_M, &set[s], &names);
		free(names.number);
	}
	draw(w, ALL_THREE, NT_BUCKET_D, &totals,
	     &(struct numbers){.number = &(struct number){.name = "frames"}, .n = 1});
}

static void a_day_without_data_is_a_gap(void **state)
{
	static const char *const frames[] = {"frames"};
	static const struct nt_get_set totals = {.key = NT_RKEY_TOTALS};
	struct world *w = *state;
	struct nt_get_sensors some = world_some(w, 2);
	const struct nt_get_query query = {.sensors = &some, .range = whole};
	struct nt_get_series series;

	answered(w, nt_get_series(w->get, &query, NT_BUCKET_D, &totals, frames, 1, &series));
	assert_int_equal(series.points, 4);
	for (size_t p = 0; p < 4; p++)
		assert_int_equal(nt_get_is_gap(&series.point[p]), p == WORLD_GAP_DAY);
	nt_get_series_fini(&series);
	nt_get_sensors_fini(&some);
}

static void means_by_group(void **state)
{
	struct world *w = *state;
	const struct nt_get_query query = {.sensors = &w->sensors, .range = whole};
	struct nt_get_means m;

	answered(w, nt_get_means(w->get, &query, &m));
	assert_int_equal(m.n, 2);
	for (size_t i = 0; i < 2; i++) {
		struct numbers truth = world_numbers(w, i ? 4 : 3, whole, NT_RKEY_TOTALS, NULL);

		assert_string_equal(m.at[i].group, i ? "overseas" : "domestic");
		assert_int_equal(m.at[i].sensors, i ? 1 : 2);
		assert_int_equal(m.at[i].reporting, m.at[i].sensors);
		assert_int_equal(m.at[i].days, i ? 4 : 7);
		assert_int_equal(m.at[i].cut_days, m.at[i].days);
		assert_int_equal(m.at[i].packets, truth.number[0].value);
		assert_true(m.at[i].mean * (double)m.at[i].days - (double)m.at[i].packets < 0.5);
		assert_int_equal(m.at[i].coverage.missing, i ? 0 : 1);
		free(truth.number);
	}
	nt_get_means_fini(&m);
}

/* ---- sources ---- */

static const char *const unique_name[] = {
    "sources",	 "sources:region:JP",	   "sources:port:0/tcp", "backscatter", "backscatter:region:US",
    "sig:mirai", "sig:smb-8192:region:JP", "sig:nobody",
};

#define NAMES (sizeof(unique_name) / sizeof(unique_name[0]))

static size_t check_unique(const struct world *w, unsigned int sensors, const struct nt_get_unique *u)
{
	size_t certain = 0;

	for (size_t p = 0; p < u->points; p++)
		for (size_t n = 0; n < u->names; n++) {
			const struct nt_get_unique_value *v = nt_get_unique_at(u, n, p);
			uint64_t truth = world_unique(w, sensors, u->point[p].coverage.covered, unique_name[n]);

			if (v->quality == NT_GET_AT_LEAST)
				assert_true(v->sources <= truth && (v->sources || !truth));
			else
				assert_int_equal(v->sources, truth);
			certain += v->quality != NT_GET_AT_LEAST && truth;
			assert_true(v->quality != NT_GET_EXACT || !truth);
		}
	return certain;
}

static void counts_each_source_once(void **state)
{
	struct world *w = *state;
	size_t certain = 0;

	for (size_t q = 0; q < QUESTIONS; q++) {
		struct nt_get_sensors some = world_some(w, question[q].sensors);
		const struct nt_get_query query = {
		    .sensors = &some, .range = question[q].range, .finest = question[q].finest};
		struct nt_get_unique u;

		answered(w, nt_get_unique(w->get, &query, NT_GET_WHOLE, unique_name, NAMES, &u));
		certain += check_unique(w, question[q].sensors, &u);
		nt_get_unique_fini(&u);
		answered(w, nt_get_unique(w->get, &query, NT_BUCKET_D, unique_name, NAMES, &u));
		certain += check_unique(w, question[q].sensors, &u);
		nt_get_unique_fini(&u);
		nt_get_sensors_fini(&some);
	}
	assert_true(certain > 40);
}

/* ---- totals, signatures, streams ---- */

static void adds_up_totals(void **state)
{
	struct world *w = *state;
	const struct nt_get_query query = {.sensors = &w->sensors, .range = whole};
	struct numbers truth = world_numbers(w, ALL_THREE, whole, NT_RKEY_TOTALS, NULL);
	struct nt_get_top classes, signatures;
	struct nt_get_totals t;
	uint64_t sum = 0;

	answered(w, nt_get_totals(w->get, &query, &t));
	assert_int_equal(nt_get_total(&t, "frames"), truth.number[0].value);
	assert_int_equal(nt_get_total(&t, "bytes"), truth.number[0].value * 60);
	assert_int_equal(nt_get_total(&t, "intervals"), t.coverage.intervals);
	assert_int_equal(t.coverage.intervals, w->n);
	assert_int_equal(t.coverage.sensors, WORLD_SENSORS);
	assert_int_equal(t.coverage.partial, 3);
	assert_int_equal(nt_get_total(&t, "no such field"), 0);
	assert_int_equal(t.coverage.lost, nt_get_total(&t, "loss.missed") + nt_get_total(&t, "loss.no_mbuf"));
	answered(w, nt_get_backscatter(w->get, &query, &classes));
	for (size_t i = 0; i < classes.n; i++) {
		char field[NT_GET_NAME + 16];

		snprintf(field, sizeof(field), "backscatter.%s", classes.at[i].name);
		assert_int_equal(classes.at[i].packets, nt_get_total(&t, field));
		sum += classes.at[i].packets;
	}
	assert_true(sum > 0);
	answered(w, nt_get_signatures(w->get, &query, &signatures));
	assert_int_equal(signatures.n, SAMPLE_SIGNATURES);
	for (size_t i = 0; i < signatures.n; i++) {
		struct numbers sig = world_numbers(w, ALL_THREE, whole, NT_RKEY_SIG, signatures.at[i].name);

		assert_int_equal(signatures.at[i].packets, numbers_find(&sig, "packets")->value);
		free(sig.number);
	}
	nt_get_totals_fini(&t);
	nt_get_top_fini(&classes);
	nt_get_top_fini(&signatures);
	free(truth.number);
}

static void reads_live(void **state)
{
	struct world *w = *state;
	struct nt_get_live all, newest, after;

	answered(w, nt_get_live(w->get, world_sensor[0], NULL, 0, &all));
	assert_int_equal(all.n, world_intervals(w, 1, whole));
	for (size_t i = 0; i < all.n; i++) {
		const struct nt_snapshot *s = &w->interval[i].s; /* of the first sensor, in order */

		assert_int_equal(all.at[i].start_s, s->start_s);
		assert_int_equal(all.at[i].number[NT_GET_FRAMES], s->frames);
		assert_int_equal(all.at[i].number[NT_GET_BYTES], s->bytes);
		assert_int_equal(all.at[i].number[NT_GET_SOURCES], s->unique.sources);
		assert_int_equal(all.at[i].number[NT_GET_BACKSCATTER_SOURCES], s->unique.backscatter);
		assert_true(all.at[i].missed_known);
		assert_int_equal(all.at[i].number[NT_GET_MISSED], s->loss.missed);
	}
	answered(w, nt_get_live(w->get, world_sensor[0], NULL, 5, &newest));
	assert_int_equal(newest.n, 5);
	assert_int_equal(newest.at[0].start_s, all.at[all.n - 5].start_s);
	answered(w, nt_get_live(w->get, world_sensor[0], &all.at[all.n - 3].id, 100, &after));
	assert_int_equal(after.n, 2);
	assert_int_equal(after.at[1].start_s, all.at[all.n - 1].start_s);
	nt_get_live_fini(&all);
	nt_get_live_fini(&newest);
	nt_get_live_fini(&after);
}

static void reads_events(void **state)
{
	struct world *w = *state;
	const struct nt_span second_day = {WORLD_BEGIN + WORLD_DAY_S, WORLD_BEGIN + 2 * WORLD_DAY_S};
	size_t expected = 0, of_day = 0;
	struct nt_get_events e;

	for (size_t i = 0; i < w->n; i++) {
		int64_t told_s = w->interval[i].s.end_s;

		expected += w->interval[i].s.n_events;
		of_day += told_s >= second_day.start_s && told_s < second_day.end_s ? w->interval[i].s.n_events : 0;
	}
	answered(w, nt_get_events(w->get, &w->sensors, (struct nt_span){0}, 0, &e));
	assert_int_equal(e.n, expected);
	for (size_t i = 0; i < e.n; i++) {
		assert_true(!i || e.at[i - 1].id.ms <= e.at[i].id.ms);
		assert_string_equal(e.at[i].source, "192.0.2.1");
		assert_string_equal(e.at[i].region, "JP");
		assert_memory_equal(e.at[i].body, "{\"packets\":", 11);
	}
	nt_get_events_fini(&e);
	answered(w, nt_get_events(w->get, &w->sensors, second_day, 0, &e));
	assert_int_equal(e.n, of_day);
	nt_get_events_fini(&e);
	answered(w, nt_get_events(w->get, &w->sensors, (struct nt_span){0}, 4, &e));
	assert_int_equal(e.n, 4);
	nt_get_events_fini(&e);
}

static void reads_the_newest_interval(void **state)
{
	struct world *w = *state;
	struct nt_get_sensors one = world_some(w, 1);
	struct nt_span newest = {one.at[0].last_s, one.at[0].last_s + 60};
	struct numbers truth = world_numbers(w, 1, newest, NT_RKEY_PORT, NULL);
	struct nt_get_top top;

	answered(w, nt_get_now(w->get, &one, NT_RKEY_NOW_PORT, &top));
	assert_int_equal(top.n, 20);
	for (size_t i = 0; i < top.n; i++)
		assert_int_equal(top.at[i].packets, numbers_find(&truth, top.at[i].name)->value);
	nt_get_top_fini(&top);
	nt_get_sensors_fini(&one);
	free(truth.number);
}

static void names_organisations(void **state)
{
	struct world *w = *state;
	uint32_t asn[] = {w->interval[0].s.org[0].asn, 4000000000};
	char *name[2];

	answered(w, nt_get_orgs(w->get, &w->sensors, asn, 2, name));
	assert_string_equal(name[0], "An organisation, \"quoted\" \xc3\xa9");
	assert_null(name[1]);
	free(name[0]);
}

/* A user who may only read is enough for all of it. */
static void needs_no_right_to_write(void **state)
{
	struct world *w = *state;
	struct nt_redis_url url = redis_server_url(&w->fixture->server);
	struct nt_get *before = w->get;

	freeReplyObject(
	    redis_server_do(&w->fixture->server, "ACL SETUSER reader on >secret ~nt:* +@read +@connection"));
	snprintf(url.user, sizeof(url.user), "reader");
	snprintf(url.password, sizeof(url.password), "secret");
	w->get = nt_get_new(&url, 5000);
	assert_non_null(w->get);
	knows_the_sensors(state);
	counts_each_source_once(state);
	adds_up_totals(state);
	reads_events(state);
	reads_live(state);
	ask_top(w, &question[3], &set[0], 5, 0);
	nt_get_free(w->get);
	snprintf(url.password, sizeof(url.password), "wrong");
	w->get = nt_get_new(&url, 5000);
	assert_int_equal(nt_get_sensors(w->get, &(struct nt_get_choice){0}, &(struct nt_get_sensors){0}), -EACCES);
	assert_null(strstr(nt_get_why(w->get), "wrong"));
	nt_get_free(w->get);
	w->get = before;
}

int main(void)
{
	const struct CMUnitTest whole_sets[] = {
	    cmocka_unit_test(knows_the_sensors),
	    cmocka_unit_test(covers_with_the_fewest),
	    cmocka_unit_test(adds_up_every_set),
	    cmocka_unit_test(regions_are_never_cut),
	    cmocka_unit_test(has_every_port_of_a_quarter),
	    cmocka_unit_test(tops_of_each_sensor_and_prefix),
	    cmocka_unit_test(refuses_questions_without_an_answer),
	    cmocka_unit_test(draws_series),
	    cmocka_unit_test(a_day_without_data_is_a_gap),
	    cmocka_unit_test(means_by_group),
	    cmocka_unit_test(counts_each_source_once),
	    cmocka_unit_test(adds_up_totals),
	    cmocka_unit_test(reads_live),
	    cmocka_unit_test(reads_events),
	    cmocka_unit_test(reads_the_newest_interval),
	    cmocka_unit_test(names_organisations),
	    cmocka_unit_test(needs_no_right_to_write),
	};
	const struct CMUnitTest cut_sets[] = {
	    cmocka_unit_test(regions_are_never_cut),	   cmocka_unit_test(adds_up_every_set),
	    cmocka_unit_test(has_every_port_of_a_quarter), cmocka_unit_test(draws_series),
	    cmocka_unit_test(counts_each_source_once),	   cmocka_unit_test(tops_of_each_sensor_and_prefix),
	};

	if (!redis_server_installed())
		return 77; /* meson: skipped */
	return cmocka_run_group_tests(whole_sets, world_set_up, world_tear_down) ||
	       cmocka_run_group_tests(cut_sets, world_set_up_cut, world_tear_down);
}

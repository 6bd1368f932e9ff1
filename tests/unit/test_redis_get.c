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
	struct nt_span geo;
	uint64_t sum = 0;

	answered(w, nt_get_top(w->get, &query, &options, &top));
	truth = world_numbers(w, q->sensors, top.coverage.covered, s->key, s->part);
	check_top(&top, &truth, most);
	for (size_t i = 0; i < top.n; i++)
		sum += top.at[i].packets;
	if (!depth && !of_all_regions(s))
		assert_int_equal(sum + top.others + top.rest, sum_of(&truth));
	assert_int_equal(top.coverage.intervals, world_intervals(w, q->sensors, top.coverage.covered));
	geo = world_geo(w, q->sensors, top.coverage.covered);
	assert_int_equal(top.coverage.geo_oldest_s, geo.start_s);
	assert_int_equal(top.coverage.geo_newest_s, geo.end_s);
	assert_int_equal(top.coverage.expected >= top.coverage.intervals, 1);
	nt_get_top_fini(&top);
	nt_get_sensors_fini(&some);
	free(truth.number);
}

static void adds_up_every_set(void **state)
{
	struct world *w = *state;

	for (size_t q = 0; q < WORLD_QUESTIONS; q++)
		for (size_t s = 0; s < WORLD_SETS; s++) {
			if (world_question[q].finest == NT_BUCKET_Q && !nt_redis_key_in(world_set[s].key, NT_BUCKET_Q))
				continue;
			ask_top(w, &world_question[q], &world_set[s], 0, 0);
			ask_top(w, &world_question[q], &world_set[s], 7, 0);
			if (world_set[s].key != NT_RKEY_SIG)
				ask_top(w, &world_question[q], &world_set[s], 5, 9);
		}
}

static void regions_are_never_cut(void **state)
{
	struct world *w = *state;
	const struct nt_get_query query = {.sensors = &w->sensors, .range = world_days};
	const struct nt_get_top_options regions = {.set = {.key = NT_RKEY_REGION}};
	struct numbers truth = world_numbers(w, ALL_THREE, world_days, NT_RKEY_REGION, NULL);
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
	const struct nt_get_query query = {.sensors = &w->sensors, .range = world_days};
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

static void knows_whose_addresses_were_there(void **state)
{
	struct world *w = *state;
	const struct nt_span day = {WORLD_BEGIN, WORLD_BEGIN + WORLD_DAY_S};
	struct nt_get_query query = {.sensors = &w->sensors, .range = day, .finest = NT_BUCKET_D};
	const char *address[] = {"192.0.2.77", "192.0.2.78", "192.0.2.79", "2001:db8::77"};
	char key[NT_REDIS_KEY_TEXT];
	uint32_t asn[4];

	nt_redis_bucket_key(key, world_sensor[0], NT_BUCKET_D, WORLD_BEGIN, NT_RKEY_WHO);
	freeReplyObject(
	    redis_server_do(&w->fixture->server, "HSET %s %s 64500 %s nonsense", key, address[0], address[1]));
	nt_redis_bucket_key(key, world_sensor[2], NT_BUCKET_D, WORLD_BEGIN, NT_RKEY_WHO);
	freeReplyObject(redis_server_do(&w->fixture->server, "HSET %s %s 4294967295", key, address[3]));
	answered(w, nt_get_who(w->get, &query, address, 4, asn));
	assert_int_equal(asn[0], 64500);
	assert_int_equal(asn[1], 0);
	assert_int_equal(asn[2], 0);
	assert_int_equal(asn[3], 4294967295);
	query.range = (struct nt_span){day.end_s, day.end_s + WORLD_DAY_S};
	answered(w, nt_get_who(w->get, &query, address, 4, asn));
	assert_int_equal(asn[0], 0);
	answered(w, nt_get_who(w->get, &query, address, 0, asn));
}

static void refuses_questions_without_an_answer(void **state)
{
	struct world *w = *state;
	const struct nt_get_query query = {.sensors = &w->sensors, .range = world_days};
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

int main(void)
{
	const struct CMUnitTest all_kept[] = {
	    cmocka_unit_test(knows_the_sensors),
	    cmocka_unit_test(covers_with_the_fewest),
	    cmocka_unit_test(adds_up_every_set),
	    cmocka_unit_test(regions_are_never_cut),
	    cmocka_unit_test(has_every_port_of_a_quarter),
	    cmocka_unit_test(tops_of_each_sensor_and_prefix),
	    cmocka_unit_test(knows_whose_addresses_were_there),
	    cmocka_unit_test(refuses_questions_without_an_answer),
	};
	const struct CMUnitTest cut[] = {
	    cmocka_unit_test(regions_are_never_cut),
	    cmocka_unit_test(adds_up_every_set),
	    cmocka_unit_test(has_every_port_of_a_quarter),
	    cmocka_unit_test(tops_of_each_sensor_and_prefix),
	};

	if (!redis_server_installed())
		return 77; /* meson: skipped */
	return cmocka_run_group_tests(all_kept, world_set_up, world_tear_down) ||
	       cmocka_run_group_tests(cut, world_set_up_cut, world_tear_down);
}

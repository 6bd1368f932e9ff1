/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "get_world.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

	for (size_t s = 0; s < WORLD_SETS; s++) {
		struct numbers names = world_numbers(w, ALL_THREE, world_days, world_set[s].key, world_set[s].part);

		draw(w, ALL_THREE, NT_BUCKET_D, &world_set[s], &names);
		draw(w, 2, NT_BUCKET_D, &world_set[s], &names);
		if (nt_redis_key_in(world_set[s].key, NT_BUCKET_H))
			draw(w, 5, NT_BUCKET_H, &world_set[s], &names);
		if (nt_redis_key_in(world_set[s].key, NT_BUCKET_M))
			draw(w, 3, NT_BUCKET_M, &world_set[s], &names);
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
	const struct nt_get_query query = {.sensors = &some, .range = world_days};
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
	const struct nt_get_query query = {.sensors = &w->sensors, .range = world_days};
	struct nt_get_means m;

	answered(w, nt_get_means(w->get, &query, &m));
	assert_int_equal(m.n, 2);
	for (size_t i = 0; i < 2; i++) {
		struct numbers truth = world_numbers(w, i ? 4 : 3, world_days, NT_RKEY_TOTALS, NULL);

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

struct found {
	size_t low;   /* only known to be at least so large, and less */
	size_t exact; /* though several buckets were united */
};

static void check_value(const struct world *w, unsigned int sensors, struct nt_span span, const char *name,
			const struct nt_get_unique_value *v, struct found *found)
{
	uint64_t hosts = world_hosts(w, sensors, span, name), truth = world_unique(w, sensors, span, name);

	if (v->quality == NT_GET_EXACT) {
		assert_int_equal(v->sources, hosts);
		found->exact += hosts > 0;
	} else if (v->quality == NT_GET_AT_LEAST) {
		assert_true((v->sources <= truth || v->sources <= hosts) && (v->sources || !truth));
		found->low += v->sources < truth;
	} else if (v->sources != hosts) { /* one bucket, which does not say so */
		assert_int_equal(v->sources, truth);
	}
}

static struct found check_unique(const struct world *w, unsigned int sensors, const struct nt_get_unique *u)
{
	struct found found = {0};

	for (size_t p = 0; p < u->points; p++)
		for (size_t n = 0; n < u->names; n++) {
			check_value(w, sensors, u->point[p].coverage.covered, unique_name[n], nt_get_unique_at(u, n, p),
				    &found);
		}
	return found;
}

static void add_found(struct found *into, struct found more)
{
	into->low += more.low;
	into->exact += more.exact;
}

static struct found count_sources(struct world *w)
{
	struct found sum = {0};

	for (size_t q = 0; q < WORLD_QUESTIONS; q++) {
		struct nt_get_sensors some = world_some(w, world_question[q].sensors);
		const struct nt_get_query query = {
		    .sensors = &some, .range = world_question[q].range, .finest = world_question[q].finest};
		struct nt_get_unique u;

		answered(w, nt_get_unique(w->get, &query, NT_GET_WHOLE, unique_name, NAMES, &u));
		add_found(&sum, check_unique(w, world_question[q].sensors, &u));
		nt_get_unique_fini(&u);
		answered(w, nt_get_unique(w->get, &query, NT_BUCKET_D, unique_name, NAMES, &u));
		add_found(&sum, check_unique(w, world_question[q].sensors, &u));
		nt_get_unique_fini(&u);
		nt_get_sensors_fini(&some);
	}
	return sum;
}

static void counts_each_source_once(void **state)
{
	struct found found = count_sources(*state);

	assert_int_equal(found.low, 0);
	assert_in_range(found.exact, 20, SIZE_MAX);
}

static void says_where_sources_are_too_few(void **state)
{
	size_t low = count_sources(*state).low;

	if (low < 4)
		fail_msg("only %zu", low);
}

/* The last of its group, because it takes something away. */
static void says_so_when_one_string_is_gone(void **state)
{
	struct world *w = *state;
	const struct nt_span day = {WORLD_BEGIN, WORLD_BEGIN + WORLD_DAY_S};
	const struct nt_get_query query = {.sensors = &w->sensors, .range = day, .finest = NT_BUCKET_D};
	uint64_t others = world_unique(w, 6, day, "sources"), gone = world_unique(w, 1, day, "sources");
	const struct nt_get_unique_value *v;
	struct nt_get_unique u;

	assert_int_equal(redis_server_number(&w->fixture->server, "DEL nt:{%s}:d:%" PRId64 ":hll:sources",
					     world_sensor[0], day.start_s),
			 1);
	answered(w, nt_get_unique(w->get, &query, NT_GET_WHOLE, unique_name, 1, &u));
	v = nt_get_unique_at(&u, 0, 0);
	assert_int_equal(v->quality, NT_GET_AT_LEAST);
	assert_int_equal(v->sources, others > gone ? others : gone);
	nt_get_unique_fini(&u);
}

/* ---- totals, signatures, streams ---- */

static void adds_up_totals(void **state)
{
	struct world *w = *state;
	const struct nt_get_query query = {.sensors = &w->sensors, .range = world_days};
	struct numbers truth = world_numbers(w, ALL_THREE, world_days, NT_RKEY_TOTALS, NULL);
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
		struct numbers sig = world_numbers(w, ALL_THREE, world_days, NT_RKEY_SIG, signatures.at[i].name);

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
	assert_int_equal(all.n, world_intervals(w, 1, world_days));
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

static void ask_the_tops(const struct world *w)
{
	const struct nt_get_query query = {.sensors = &w->sensors, .range = world_days, .finest = NT_BUCKET_H};

	for (size_t s = 0; s < WORLD_SETS; s++) {
		const struct nt_get_top_options options = {.set = world_set[s], .most = 5};
		struct nt_get_top top;

		answered(w, nt_get_top(w->get, &query, &options, &top));
		assert_true(top.n > 0);
		nt_get_top_fini(&top);
	}
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
	counts_each_source_once(state);
	adds_up_totals(state);
	reads_events(state);
	reads_live(state);
	ask_the_tops(w);
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
	const struct CMUnitTest all_kept[] = {
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
	    cmocka_unit_test(says_so_when_one_string_is_gone),
	};
	const struct CMUnitTest cut[] = {
	    cmocka_unit_test(draws_series),
	    cmocka_unit_test(says_where_sources_are_too_few),
	};

	if (!redis_server_installed())
		return 77; /* meson: skipped */
	return cmocka_run_group_tests(all_kept, world_set_up, world_tear_down) ||
	       cmocka_run_group_tests(cut, world_set_up_cut, world_tear_down);
}

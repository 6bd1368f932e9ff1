/* SPDX-License-Identifier: BSD-3-Clause */
#include "detect/detector.h"
#include "detect/series.h"
#include "detect_days.h"
#include "random.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/*
 * Weeks of synthetic traffic: ports and regions with a rhythm over the day, noise, a pool of addresses that share
 * hosts, single heavy senders. On it alone nothing is told; what is planted is, at its hour.
 */

#define LENGTH_S 600
#define PORTS	 40
#define REGIONS	 12
#define SINGLES	 6 /* sources that send much to one port, each in its hour */

/* A planted change: the rate of a port or region is `times` as high in [start_s, end_s). */
struct plant {
	int64_t start_s;
	int64_t end_s;
	uint32_t key;
	double times;
	bool packets_only; /* from as many sources as ever */
};

struct week {
	struct nt_surge *d;
	struct nt_event event[256];
	size_t n;
	const struct plant *plant;
	size_t plants;
	double level; /* packets of the largest port in an hour, on average */
	double share[PORTS];
	bool turned; /* the arrays of snapshots are in another order */
};

static const struct nt_detect_options options = {
    .interval_s = LENGTH_S,
    .surge = {.enabled = true, .warm_up_h = 24, .packets = 1000, .sources = 200, .factor = 3, .series = 64},
};

static double uniform(void)
{
	return ((double)(next_random() >> 11) + 0.5) / 9007199254740992.0;
}

/* About a normal distribution: the sum of twelve. */
static double normal(void)
{
	double sum = -6;

	for (uint32_t i = 0; i < 12; i++)
		sum += uniform();
	return sum;
}

static uint32_t around(double mean)
{
	double value = mean + normal() * 1.5 * sqrt(mean);

	return value < 0 ? 0 : (uint32_t)value;
}

static void begin(struct week *w, const struct plant *plant, size_t plants)
{
	*w = (struct week){.d = nt_surge_new(&options), .plant = plant, .plants = plants, .level = 12000};
	assert_non_null(w->d);
}

static void end(struct week *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->event[i].body);
	nt_surge_free(w->d);
}

static void keep_events(struct week *w, struct nt_snapshot *s)
{
	nt_detect_sort_events(s, 0);
	for (size_t i = 0; i < s->n_events && w->n < 256; i++) {
		w->event[w->n] = s->event[i];
		w->event[w->n++].body = strdup(s->event[i].body);
	}
	nt_snapshot_fini(s);
}

/* From a third of the mean at night to five thirds of it. */
static double rhythm(int64_t time_s)
{
	return 1 + 0.67 * sin(2 * M_PI * (double)(time_s % DAY_S) / DAY_S);
}

static double times_of(const struct week *w, uint32_t key, int64_t time_s, bool sources)
{
	double times = 1;

	for (size_t i = 0; i < w->plants; i++)
		if (w->plant[i].key == key && time_s >= w->plant[i].start_s && time_s < w->plant[i].end_s &&
		    !(sources && w->plant[i].packets_only))
			times *= w->plant[i].times;
	return times;
}

/* Room for the sources of an interval. */
#define SOURCES_MAX 100000

struct building {
	struct nt_snapshot s;
	struct nt_pair *pair;
};

static void add_source(struct nt_snapshot *s, uint64_t id, uint32_t region, uint32_t port, uint64_t packets)
{
	struct nt_source *source = &s->source[s->n_sources];

	assert_true(s->n_sources < SOURCES_MAX);
	source->address = (struct nt_address){.length = 4};
	memcpy(source->address.byte, &id, 4);
	source->region = (uint16_t)region;
	source->packets = packets;
	s->detail[s->n_sources].port = port;
	s->detail[s->n_sources].traits = NT_TRAIT_PORT | NT_TRAIT_PORT_SAME;
	s->pair[s->n_pairs++] = (struct nt_pair){.source = (uint32_t)s->n_sources++, .port = port};
	assert_int_equal(nt_counts_append(&s->table[NT_TABLE_TCP_PORT], port, packets), 0);
	assert_int_equal(nt_counts_append(&s->table[NT_TABLE_REGION], region, packets), 0);
}

/* Backwards: nothing may depend on the order of sources. Pairs stay sorted. */
static void turn(struct nt_snapshot *s)
{
	for (size_t i = 0, j = s->n_sources; i + 1 < j; i++) {
		struct nt_source source = s->source[--j];
		struct nt_source_detail detail = s->detail[j];
		uint32_t port = s->pair[j].port;

		s->source[j] = s->source[i];
		s->source[i] = source;
		s->detail[j] = s->detail[i];
		s->detail[i] = detail;
		s->pair[j].port = s->pair[i].port;
		s->pair[i].port = port;
	}
}

/* Port i of the model, and region i; port i is from regions i, i + 1 and so on, the more the nearer. */
static uint32_t region_of(uint32_t i)
{
	return 100 + i % REGIONS;
}

static void add_port(const struct week *w, struct nt_snapshot *s, uint32_t i)
{
	double mean = w->level / (i + 1) * rhythm(s->start_s) * LENGTH_S / HOUR_S;
	uint32_t key = 20 + i, sources = around(mean / 4 * times_of(w, key, s->start_s, true));
	double each = 4 * times_of(w, key, s->start_s, false) / times_of(w, key, s->start_s, true);

	for (uint32_t j = 0; j < sources; j++) {
		uint32_t region = region_of(i + (uint32_t)(next_random() % (next_random() % 4 ? 4 : REGIONS)));
		/* A pool: a quarter of the sources are few addresses with many hosts behind them. */
		uint64_t id = next_random() % 4 ? next_random() % 4000000 : 5000000 + next_random() % 50;

		add_source(s, id, region, key, (uint64_t)ceil(2 * each * uniform()));
	}
}

/* What regions have on top of what ports bring them. */
static void add_region(const struct week *w, struct nt_snapshot *s, uint32_t i)
{
	double more = times_of(w, NT_SERIES_REGION + region_of(i), s->start_s, false) - 1;
	uint32_t sources = around(more * 200);

	for (uint32_t j = 0; j < sources; j++)
		add_source(s, 6000000 + next_random() % 100000, region_of(i), 1000 + (uint32_t)(next_random() % 60000),
			   4);
}

/* Scanners of one port: one address, ten times what the port sees in an hour. */
static void add_singles(struct nt_snapshot *s)
{
	for (uint32_t i = 0; i < SINGLES; i++)
		if (s->start_s / HOUR_S % 29 == i * 4)
			add_source(s, 7000000 + i, region_of(0), 40000 + i, 1500);
}

static void build(const struct week *w, struct nt_snapshot *s, int64_t start_s)
{
	begin_snapshot(s, start_s, LENGTH_S);
	s->source = calloc(SOURCES_MAX, sizeof(*s->source));
	s->detail = calloc(SOURCES_MAX, sizeof(*s->detail));
	s->pair = calloc(SOURCES_MAX, sizeof(*s->pair));
	for (uint32_t i = 0; i < PORTS; i++)
		add_port(w, s, i);
	for (uint32_t i = 0; i < REGIONS; i++)
		add_region(w, s, i);
	add_singles(s);
	if (w->turned)
		turn(s);
	for (uint32_t i = 0; i < NT_TABLES; i++)
		nt_counts_compact(&s->table[i]);
	s->frames = nt_counts_total(&s->table[NT_TABLE_REGION]);
}

/* Intervals of [start, end), with the end of all behind the last one if `last`. */
static void pass(struct week *w, int64_t start_s, int64_t end_s, bool last)
{
	for (; start_s < end_s; start_s += LENGTH_S) {
		struct nt_snapshot s;

		build(w, &s, start_s);
		assert_int_equal(nt_surge_interval(w->d, &s), 0);
		if (last && start_s + LENGTH_S >= end_s)
			assert_int_equal(nt_surge_finish(w->d, &s), 0);
		keep_events(w, &s);
	}
}

static void print_events(const struct week *w)
{
	for (size_t i = 0; i < w->n; i++)
		print_message("%+.2f h to %+.2f h %s %s\n", (double)(w->event[i].start_s - DAYS_BEGIN) / HOUR_S,
			      (double)(w->event[i].end_s - DAYS_BEGIN) / HOUR_S, w->event[i].region, w->event[i].body);
}

static const struct nt_event *find(const struct week *w, const char *kind, const char *subject)
{
	const struct nt_event *found = NULL;

	for (size_t i = 0; i < w->n; i++) {
		if (strcmp(body_text(&w->event[i], kind), subject))
			continue;
		assert_null(found); /* once */
		found = &w->event[i];
	}
	if (!found)
		print_events(w);
	assert_non_null(found);
	return found;
}

static void expect_time(const struct nt_event *e, int64_t start_s, int64_t end_s)
{
	if (labs(e->start_s - start_s) > LENGTH_S || labs(e->end_s - end_s) > LENGTH_S)
		print_message("%s: %+lld, %+lld s\n", e->body, (long long)(e->start_s - start_s),
			      (long long)(e->end_s - end_s));
	assert_true(labs(e->start_s - start_s) <= LENGTH_S);
	assert_true(labs(e->end_s - end_s) <= LENGTH_S);
}

static void quiet_weeks(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct week w;

		random_state = seed;
		begin(&w, NULL, 0);
		w.level = seed == 3 ? 1500 : 12000;
		pass(&w, DAYS_BEGIN + (int64_t)(seed * 5 * HOUR_S), DAYS_BEGIN + 9 * DAY_S, true);
		if (w.n)
			print_events(&w);
		assert_int_equal(w.n, 0);
		end(&w);
	}
}

#define AT(hours) (DAYS_BEGIN + (int64_t)((hours)*HOUR_S))

static const struct plant planted[] = {
    {AT(10), AT(14), 25, 20, false},			 /* on the first day: nothing */
    {AT(27), AT(28), 25, 12, false},			 /* the second */
    {AT(30.5), AT(33.5), 31, 10, true},			 /* packets alone */
    {AT(52), AT(53), NT_SERIES_REGION + 105, 40, false}, /* a region, from all ports */
    {AT(100), AT(100.5), 40, 30, false},		 /* half an hour */
    {AT(125), AT(127), 35, 1.5, false},			 /* not enough */
    {AT(130), AT(130 + 48), 28, 8, false},		 /* a new level */
    {AT(190.5), AT(192), 25, 12, false},		 /* to the end */
};

static void planted_surges(void **state)
{
	struct week w, again;

	(void)state;
	random_state = 7;
	begin(&w, planted, sizeof(planted) / sizeof(*planted));
	pass(&w, DAYS_BEGIN, AT(191.5), true);
	random_state = 7;
	begin(&again, planted, sizeof(planted) / sizeof(*planted));
	again.turned = true;
	pass(&again, DAYS_BEGIN, AT(191.5), true);
	assert_int_equal(w.n, again.n);
	for (size_t i = 0; i < w.n; i++)
		assert_string_equal(w.event[i].body, again.event[i].body);

	expect_time(find(&w, "port", "31/tcp"), AT(30.5), AT(33.5));
	assert_string_equal(body_text(find(&w, "port", "31/tcp"), "metric"), "packets");
	expect_time(find(&w, "port", "40/tcp"), AT(100), AT(100.5));
	expect_time(find(&w, "port", "28/tcp"), AT(130), AT(155));
	assert_int_equal((int)body_number(find(&w, "port", "28/tcp"), "lasting"), 1);
	for (size_t i = 0; i < w.n; i++) {
		assert_true(w.event[i].start_s >= AT(24));
		assert_string_not_equal(body_text(&w.event[i], "port"), "35/tcp");
		if (!strcmp(body_text(&w.event[i], "kind"), "region") && w.event[i].start_s == AT(52))
			assert_string_equal(body_text(&w.event[i], "region"), w.event[i].region);
	}
	assert_string_equal(body_text(&w.event[0], "port"), "25/tcp");
	expect_time(&w.event[0], AT(27), AT(28));
	assert_true(body_number(&w.event[0], "factor") > 8 && body_number(&w.event[0], "factor") < 18);
	end(&again);
	end(&w);
}

/* An hour of many small ports, and of one of many senders if `leaps`. */
static void small_ports(struct nt_surge *d, int64_t start_s, bool leaps, struct nt_snapshot *s)
{
	begin_snapshot(s, start_s, HOUR_S);
	s->frames = 1;
	s->source = calloc(SOURCES_MAX, sizeof(*s->source));
	s->detail = calloc(SOURCES_MAX, sizeof(*s->detail));
	s->pair = calloc(SOURCES_MAX, sizeof(*s->pair));
	for (uint32_t i = 0; i < 300; i++)
		for (uint32_t j = 0; j < 40; j++)
			add_source(s, i * 100 + j, region_of(i), 2000 + i, 5 + next_random() % 3);
	for (uint32_t j = 0; leaps && j < 2000; j++)
		add_source(s, 100000 + j, region_of(j), 9999, 10);
	for (uint32_t i = 0; i < NT_TABLES; i++)
		nt_counts_compact(&s->table[i]);
	assert_int_equal(nt_surge_interval(d, s), 0);
}

static void full_table(void **state)
{
	struct nt_detect_options few = options;
	struct nt_surge *d;
	struct nt_snapshot s;
	size_t told = 0;

	(void)state;
	few.interval_s = HOUR_S;
	few.surge.series = 16;
	d = nt_surge_new(&few);
	assert_non_null(d);
	for (int64_t hour = 0; hour < 40; hour++) {
		small_ports(d, DAYS_BEGIN + hour * HOUR_S, hour == 30, &s);
		for (size_t i = 0; i < s.n_events; i++) {
			if (strcmp(body_text(&s.event[i], "kind"), "port"))
				continue; /* regions have their part of it */
			told++;
			assert_string_equal(body_text(&s.event[i], "port"), "9999/tcp");
			assert_int_equal(s.event[i].start_s, DAYS_BEGIN + 30 * HOUR_S);
			assert_int_equal(s.event[i].end_s, DAYS_BEGIN + 31 * HOUR_S);
		}
		nt_snapshot_fini(&s);
	}
	assert_int_equal(told, 1);
	assert_true(nt_surge_dropped(d) > 200);
	nt_surge_free(d);
}

/* ---- one port, by minutes ---- */

#define MINUTE_S 60
#define PORT	 25

/* What comes in a minute of an hour since the beginning. */
typedef void fill_fn(struct nt_snapshot *s, uint32_t hour, uint32_t minute);

/* From all regions alike, so that none of them is above anything. */
static void add_host(struct nt_snapshot *s, uint32_t id, uint64_t packets)
{
	add_source(s, id, region_of(id), PORT, packets);
}

static void add_hosts(struct nt_snapshot *s, uint32_t first, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		add_host(s, first + i, 1);
}

/* Hours of minutes, and the end behind them. */
static void pass_minutes(struct week *w, fill_fn *fill, uint32_t hours)
{
	struct nt_detect_options minutes = options;

	minutes.interval_s = MINUTE_S;
	*w = (struct week){.d = nt_surge_new(&minutes)};
	assert_non_null(w->d);
	for (uint32_t i = 0; i < hours * 60; i++) {
		struct nt_snapshot s;

		begin_snapshot(&s, DAYS_BEGIN + (int64_t)i * MINUTE_S, MINUTE_S);
		s.frames = 1;
		s.source = calloc(2000, sizeof(*s.source));
		s.detail = calloc(2000, sizeof(*s.detail));
		s.pair = calloc(2000, sizeof(*s.pair));
		fill(&s, i / 60, i % 60);
		for (uint32_t j = 0; j < NT_TABLES; j++)
			nt_counts_compact(&s.table[j]);
		assert_int_equal(nt_surge_interval(w->d, &s), 0);
		if (i + 1 == hours * 60)
			assert_int_equal(nt_surge_finish(w->d, &s), 0);
		keep_events(w, &s);
	}
}

static void six_that_stay(struct nt_snapshot *s, uint32_t hour, uint32_t minute)
{
	(void)minute;
	if (hour == 30)
		add_hosts(s, 1000, 6);
}

/* 37 sources in an hour of the day before, and as many and four that stay. */
static void four_that_stay(struct nt_snapshot *s, uint32_t hour, uint32_t minute)
{
	if (minute < 37)
		add_hosts(s, hour * 100 + minute, 1);
	if (hour == 30)
		add_hosts(s, 10, 4);
}

static void same_sources(void **state)
{
	fill_fn *const fill[] = {six_that_stay, four_that_stay};

	(void)state;
	for (size_t i = 0; i < sizeof(fill) / sizeof(*fill); i++) {
		struct week w;

		pass_minutes(&w, fill[i], 33);
		if (w.n)
			print_events(&w);
		assert_int_equal(w.n, 0);
		end(&w);
	}
}

/* 20 that are always there, and 700 others in twenty minutes of one hour. */
static void a_crowd(struct nt_snapshot *s, uint32_t hour, uint32_t minute)
{
	add_hosts(s, 1000, 20);
	if (hour == 100 && minute >= 30 && minute < 50)
		add_hosts(s, 2000 + minute * 35, 35);
}

static void other_sources(void **state)
{
	const struct nt_event *e;
	struct week w;

	(void)state;
	pass_minutes(&w, a_crowd, 104);
	assert_int_equal(w.n, 1);
	e = find(&w, "port", "25/tcp");
	assert_int_equal(e->start_s, AT(100.5));
	assert_int_equal(e->end_s, AT(100.5) + 20 * 60);
	assert_string_equal(body_text(e, "metric"), "sources");
	assert_true(fabs(body_number(e, "value") - 720) < 72);
	assert_int_equal((int)body_number(e, "sources"), (int)body_number(e, "value"));
	assert_int_equal((int)body_number(e, "packets"), 20 * 60 + 700);
	assert_true(fabs(body_number(e, "usual") - 20) < 2);
	end(&w);
}

/* 780 packets of four, each in other minutes, and 360 of many: without the four it is not much. */
static void four_and_many(struct nt_snapshot *s, uint32_t hour, uint32_t minute)
{
	if (hour != 30)
		return;
	add_host(s, minute % 4, 13);
	for (uint32_t i = 0; i < 2; i++)
		add_host(s, 1000 + minute * 2 + i, 3);
}

static void few_among_many(void **state)
{
	struct week w;

	(void)state;
	pass_minutes(&w, four_and_many, 33);
	if (w.n)
		print_events(&w);
	assert_int_equal(w.n, 0);
	end(&w);
}

/* A surge of one hour, and a scanner of the port in the next one. */
static void then_a_scanner(struct nt_snapshot *s, uint32_t hour, uint32_t minute)
{
	if (hour == 30)
		for (uint32_t i = 0; i < 20; i++)
			add_host(s, 1000 + minute * 20 + i, 3);
	if (hour == 31)
		add_host(s, 1, 500);
}

static void few_while_surging(void **state)
{
	const struct nt_event *e;
	struct week w;

	(void)state;
	pass_minutes(&w, then_a_scanner, 34);
	e = find(&w, "port", "25/tcp");
	assert_int_equal(e->start_s, AT(30));
	assert_int_equal(e->end_s, AT(31));
	assert_int_equal((int64_t)body_number(e, "peak_hour"), AT(30));
	assert_int_equal((int)body_number(e, "packets"), 3600);
	end(&w);
}

#define SENDERS 3000

static int most_first(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a < *b) - (*a > *b);
}

/* An hour of senders of any weight; returns what the heaviest had. */
static uint64_t random_hour(struct nt_series_table *t, uint64_t *total)
{
	uint64_t packets[SENDERS] = {0}, few = 0;
	uint32_t heavies = (uint32_t)(next_random() % 50), lights = 1 + (uint32_t)(next_random() % (SENDERS - 50));
	uint32_t a_minute = 1 + (uint32_t)(next_random() % 100), most = 1 + (uint32_t)(next_random() % 200);

	*total = 0;
	for (uint32_t minute = 0; minute < 60; minute++) {
		bool sent[SENDERS] = {false};

		for (uint32_t i = 0; i < a_minute; i++) {
			bool heavy = heavies && next_random() % 4 == 0;
			uint32_t id =
			    heavy ? (uint32_t)(next_random() % heavies) : 50 + (uint32_t)(next_random() % lights);
			uint64_t n = 1 + next_random() % (heavy ? most : 5);

			if (sent[id])
				continue;
			sent[id] = true;
			nt_series_sender(t, NT_SERIES_REGION, id + 1, n);
			packets[id] += n;
			*total += n;
		}
		nt_series_end_senders(t);
	}
	qsort(packets, SENDERS, sizeof(packets[0]), most_first);
	for (uint32_t i = 0; i < NT_SERIES_FEW; i++)
		few += packets[i];
	return few;
}

static void heaviest_senders(void **state)
{
	const struct nt_hours hours = {.per_day = 24};

	(void)state;
	random_state = 3;
	for (uint32_t i = 0; i < 300; i++) {
		struct nt_series_table *t = nt_series_table_new(&(struct nt_series_options){.ports = 1});
		uint64_t total, few, told;

		assert_non_null(t);
		nt_series_add(t, NT_SERIES_REGION, NT_METRIC_PACKETS, 0, 1);
		nt_series_admit(t, 0);
		few = random_hour(t, &total);
		told = nt_series_few(nt_series_at(t, 0));
		assert_true(told >= few);
		assert_true(told <= few + total * NT_SERIES_FEW / NT_SERIES_SENDERS);
		nt_series_end_hour(t, &hours, 1);
		assert_int_equal(nt_series_few(nt_series_at(t, 0)), 0);
		nt_series_table_free(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(quiet_weeks),	 cmocka_unit_test(planted_surges),   cmocka_unit_test(full_table),
	    cmocka_unit_test(same_sources),	 cmocka_unit_test(other_sources),    cmocka_unit_test(few_among_many),
	    cmocka_unit_test(few_while_surging), cmocka_unit_test(heaviest_senders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

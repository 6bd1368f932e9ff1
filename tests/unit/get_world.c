/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "get_world.h"

#include "base/hll.h"
#include "needletail/schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const world_sensor[WORLD_SENSORS] = {"a.north", "b_south", "c-overseas"};

static const char *const group[WORLD_SENSORS] = {"domestic", "domestic", "overseas"};

enum { DAYS = 4, HOURS = 3 };

const struct nt_span world_days = {WORLD_BEGIN, WORLD_BEGIN + 4 * WORLD_DAY_S};

const struct question world_question[WORLD_QUESTIONS] = {
    {{WORLD_BEGIN, WORLD_BEGIN + 4 * WORLD_DAY_S}, NT_BUCKET_M, ALL_THREE},
    {{WORLD_BEGIN, WORLD_BEGIN + WORLD_DAY_S}, NT_BUCKET_M, 1},
    {{WORLD_BEGIN + WORLD_DAY_S, WORLD_BEGIN + 3 * WORLD_DAY_S}, NT_BUCKET_D, 6},
    {{WORLD_BEGIN, WORLD_BEGIN + WORLD_DAY_S + 8 * WORLD_HOUR_S}, NT_BUCKET_H, ALL_THREE},
    {{WORLD_BEGIN + 1860, WORLD_BEGIN + 3 * WORLD_DAY_S + 1860}, NT_BUCKET_M, 5},
    {{WORLD_TURN - 92 * WORLD_DAY_S, WORLD_TURN}, NT_BUCKET_M, ALL_THREE},
    {{WORLD_TURN - 92 * WORLD_DAY_S, WORLD_TURN + 92 * WORLD_DAY_S}, NT_BUCKET_Q, ALL_THREE},
};

const struct nt_get_set world_set[WORLD_SETS] = {
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

void answered(const struct world *w, int err)
{
	if (err)
		fail_msg("%d %s", err, nt_get_why(w->get));
}

/* Three hours of each day, and in each two intervals beside one another. */
static struct sample recipe(uint32_t sensor, uint32_t k)
{
	uint32_t day = k / (HOURS * 2), hour = k / 2 % HOURS * 7;

	return (struct sample){
	    .start_s = WORLD_BEGIN + day * WORLD_DAY_S + hour * WORLD_HOUR_S + 1800 + k % 2 * 60,
	    .entries = 250, /* and so 500 hosts, of which an interval sees half: no sensor sees all of them in a day */
	    .keys = sensor ? 90 : 0,
	    .seed = 1000 * sensor + k,
	    .events = k % 3,
	    .partial = k == 0,
	};
}

static bool is_gap(uint32_t sensor, uint32_t k)
{
	return sensor == 1 && k / (HOURS * 2) == WORLD_GAP_DAY;
}

static void make_intervals(struct world *w)
{
	w->interval = calloc((size_t)WORLD_SENSORS * DAYS * HOURS * 2, sizeof(*w->interval));
	assert_non_null(w->interval);
	for (uint32_t sensor = 0; sensor < WORLD_SENSORS; sensor++)
		for (uint32_t k = 0; k < DAYS * HOURS * 2; k++) {
			const struct sample sample = recipe(sensor, k);

			if (is_gap(sensor, k))
				continue;
			w->interval[w->n].sensor = sensor;
			sample_make(&w->interval[w->n++].s, &sample);
		}
}

/* Snapshots are made once more, as the spool takes what it gets. */
static void publish(struct world *w, uint32_t sensor)
{
	struct fixture *f = w->fixture;

	f->options.sensor.name = world_sensor[sensor];
	f->options.sensor.group = group[sensor];
	f->options.sensor.addresses = 1000 * (sensor + 1);
	f->options.sensor.geo_build_s = sensor ? 1660000000 : 0;
	f->options.sensor.day_offset_h = 9;
	fixture_new_writer(f);
	for (uint32_t k = 0; k < DAYS * HOURS * 2; k++) {
		const struct sample sample = recipe(sensor, k);

		if (!is_gap(sensor, k))
			fixture_push(f, &sample);
	}
	fixture_finish(f);
}

static int set_up(void **state, const struct nt_redis_limits *limits)
{
	struct world *w = calloc(1, sizeof(*w));
	const struct nt_get_choice all = {0};
	struct nt_redis_url url;
	void *fixture;

	assert_non_null(w);
	*state = w;
	if (fixture_set_up(&fixture))
		return -1;
	w->fixture = fixture;
	w->fixture->options.sensor.limits = *limits;
	make_intervals(w);
	for (uint32_t sensor = 0; sensor < WORLD_SENSORS; sensor++)
		publish(w, sensor);
	url = redis_server_url(&w->fixture->server);
	w->get = nt_get_new(&url, 5000);
	assert_non_null(w->get);
	assert_int_equal(nt_get_sensors(w->get, &all, &w->sensors), 0);
	assert_int_equal(w->sensors.n, WORLD_SENSORS);
	return 0;
}

int world_set_up(void **state)
{
	return set_up(state, &sample_limits);
}

int world_set_up_cut(void **state)
{
	struct nt_redis_limits limits = sample_limits;

	for (int b = NT_BOUND_M; b < NT_BOUNDS; b++)
		limits.members[b] = 12;
	limits.members[NT_BOUND_OPEN_REGION_PORT] = 60;
	limits.members[NT_BOUND_OPEN_Q_REGION_PORT] = 90;
	limits.members[NT_BOUND_OPEN_ASN] = 80;
	limits.members[NT_BOUND_OPEN_SOURCE] = 40;
	limits.members[NT_BOUND_OPEN_BACKSCATTER] = 20;
	limits.members[NT_BOUND_OPEN_HLL] = 4096;
	limits.members[NT_BOUND_D_HLL] = 1;
	limits.members[NT_BOUND_Q_HLL] = 1;
	return set_up(state, &limits);
}

int world_tear_down(void **state)
{
	struct world *w = *state;
	void *fixture = w->fixture;

	nt_get_sensors_fini(&w->sensors);
	nt_get_free(w->get);
	for (size_t i = 0; i < w->n; i++)
		nt_snapshot_fini(&w->interval[i].s);
	free(w->interval);
	fixture_tear_down(&fixture);
	free(w);
	return 0;
}

static bool counts(const struct world_interval *i, unsigned int sensors, struct nt_span span)
{
	return (sensors >> i->sensor & 1) && i->s.start_s >= span.start_s && i->s.start_s < span.end_s;
}

/* ---- numbers ---- */

static void add_tables(struct numbers *out, const struct nt_snapshot *s, enum nt_redis_key key)
{
	char text[NT_MEMBER_TEXT];

	for (enum nt_table t = 0; t < NT_TABLES; t++) {
		if (nt_redis_table_key(t) != key)
			continue;
		for (size_t i = 0; i < s->table[t].n; i++) {
			nt_table_member(t, s->table[t].entry[i].key, text);
			numbers_add(out, "", text, s->table[t].entry[i].count);
		}
	}
}

static void add_addresses(struct numbers *out, const struct nt_snapshot *s, enum nt_redis_key key, const char *part)
{
	uint32_t region = nt_region_index(part, 2);
	char text[NT_ADDRESS_TEXT];

	for (size_t i = 0; key == NT_RKEY_SOURCE && i < s->n_sources; i++) {
		if (s->source[i].region != region)
			continue;
		nt_address_text(&s->source[i].address, text);
		numbers_add(out, "", text, s->source[i].packets);
	}
	for (size_t i = 0; key == NT_RKEY_BACKSCATTER && i < s->n_backscatter; i++) {
		if (s->backscatter[i].region != region)
			continue;
		nt_address_text(&s->backscatter[i].address, text);
		numbers_add(out, "", text, s->backscatter[i].packets);
	}
}

static void add_backscatter_ports(struct numbers *out, const struct nt_snapshot *s, const char *part)
{
	char text[NT_MEMBER_TEXT];

	for (size_t i = 0; i < s->backscatter_port.n; i++) {
		const struct nt_count *e = &s->backscatter_port.entry[i];

		if (e->key >> 17 != nt_region_index(part, 2))
			continue;
		nt_port_text((uint32_t)e->key & 0x1ffff, text);
		numbers_add(out, "", text, e->count);
	}
}

static void add_signature(struct numbers *out, const struct nt_snapshot *s, const char *name)
{
	char text[NT_MEMBER_TEXT], field[NT_MEMBER_TEXT + 8];

	for (size_t i = 0; i < s->n_signatures; i++) {
		const struct nt_signature_counts *c = &s->signature[i];

		if (strcmp(c->name, name) != 0)
			continue;
		numbers_add(out, "", "packets", c->packets);
		for (size_t r = 0; r < c->region_packets.n; r++) {
			nt_region_text((uint32_t)c->region_packets.entry[r].key, text);
			snprintf(field, sizeof(field), "region:%s", text);
			numbers_add(out, "", field, c->region_packets.entry[r].count);
		}
		for (size_t p = 0; p < c->port_packets.n; p++) {
			nt_port_text((uint32_t)c->port_packets.entry[p].key, text);
			snprintf(field, sizeof(field), "port:%s", text);
			numbers_add(out, "", field, c->port_packets.entry[p].count);
		}
	}
}

struct numbers world_numbers(const struct world *w, unsigned int sensors, struct nt_span span, enum nt_redis_key key,
			     const char *part)
{
	struct numbers out = {0};

	for (size_t i = 0; i < w->n; i++) {
		const struct nt_snapshot *s = &w->interval[i].s;

		if (!counts(&w->interval[i], sensors, span))
			continue;
		if (key == NT_RKEY_SIG)
			add_signature(&out, s, part);
		else if (key == NT_RKEY_BACKSCATTER_PORT)
			add_backscatter_ports(&out, s, part);
		else if (part)
			add_addresses(&out, s, key, part);
		else if (key == NT_RKEY_TOTALS)
			numbers_add(&out, "", "frames", s->frames);
		else
			add_tables(&out, s, key);
	}
	numbers_sort(&out);
	return out;
}

uint64_t world_intervals(const struct world *w, unsigned int sensors, struct nt_span span)
{
	uint64_t n = 0;

	for (size_t i = 0; i < w->n; i++)
		n += counts(&w->interval[i], sensors, span);
	return n;
}

struct nt_span world_geo(const struct world *w, unsigned int sensors, struct nt_span span)
{
	struct nt_span geo = {0};

	for (size_t i = 0; i < w->n; i++) {
		int64_t build_s = w->interval[i].s.geo_build_s;

		if (!counts(&w->interval[i], sensors, span))
			continue;
		geo.start_s = geo.start_s && geo.start_s < build_s ? geo.start_s : build_s;
		geo.end_s = geo.end_s > build_s ? geo.end_s : build_s;
	}
	return geo;
}

uint64_t world_unique(const struct world *w, unsigned int sensors, struct nt_span span, const char *name)
{
	uint8_t rank[NT_HLL_REGISTERS] = {0};
	uint32_t histogram[NT_HLL_RANK_MAX + 1] = {0};
	char text[NT_SKETCH_TEXT];

	for (size_t i = 0; i < w->n; i++) {
		const struct nt_snapshot *s = &w->interval[i].s;

		for (size_t k = 0; k < s->n_sketches && counts(&w->interval[i], sensors, span); k++) {
			nt_sketch_text(s, s->sketch[k].key, text);
			for (uint32_t r = 0; r < s->sketch[k].n && !strcmp(text, name); r++) {
				uint8_t *at = &rank[s->sketch[k].registers[r] >> 8],
					value = s->sketch[k].registers[r] & 0xff;

				*at = *at < value ? value : *at;
			}
		}
	}
	for (uint32_t r = 0; r < NT_HLL_REGISTERS; r++)
		histogram[rank[r]]++;
	return nt_hll_estimate(histogram);
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

uint64_t world_hosts(const struct world *w, unsigned int sensors, struct nt_span span, const char *name)
{
	uint32_t *host = NULL;
	size_t n = 0;
	uint64_t different = 0;
	char text[NT_SKETCH_TEXT];

	for (size_t i = 0; i < w->n; i++) {
		const struct nt_snapshot *s = &w->interval[i].s;

		for (size_t k = 0; k < s->n_sketches && counts(&w->interval[i], sensors, span); k++) {
			const struct nt_sketch *sketch = &s->sketch[k];

			nt_sketch_text(s, sketch->key, text);
			if (strcmp(text, name) != 0)
				continue;
			host = reallocarray(host, n + sketch->n_hosts + 1, sizeof(*host));
			assert_non_null(host);
			for (uint32_t h = 0; h < sketch->n_hosts; h++)
				host[n++] = sketch->host[h];
		}
	}
	if (n)
		qsort(host, n, sizeof(*host), by_number);
	for (size_t i = 0; i < n; i++)
		different += !i || host[i] != host[i - 1];
	free(host);
	return different;
}

struct nt_get_sensors world_some(const struct world *w, unsigned int sensors)
{
	struct nt_get_sensors some = {.at = calloc(WORLD_SENSORS, sizeof(*some.at))};

	assert_non_null(some.at);
	for (size_t i = 0; i < WORLD_SENSORS; i++)
		if (sensors >> i & 1)
			some.at[some.n++] = w->sensors.at[i];
	return some;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "top_data.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of each bucket so many of the heaviest are read: an open one may have all 131,072 ports. */
#define DEPTH 256

/* Entries of a sensor's stream: where intervals of sensors differ much, the line of rates is shorter. */
#define LIVE_MOST 8192

/* ---- the sensors ---- */

static void describe(const struct nt_get_sensors *sensors, struct top_data *data)
{
	bool one_group = true;

	data->sensors = sensors->n;
	for (size_t i = 0; i < sensors->n; i++) {
		const struct nt_get_sensor *s = &sensors->at[i];

		data->addresses += s->addresses;
		data->dropped_intervals += s->dropped_intervals;
		data->gap_intervals += s->gap_intervals;
		one_group &= !strcmp(s->group, sensors->at[0].group);
		if (s->has_data && s->interval_s > data->interval_s)
			data->interval_s = s->interval_s;
	}
	if (sensors->n == 1)
		snprintf(data->name, sizeof(data->name), "%s", sensors->at[0].name);
	else
		snprintf(data->name, sizeof(data->name), "all %zu sensors", sensors->n);
	if (sensors->n)
		snprintf(data->group, sizeof(data->group), "%s", one_group ? sensors->at[0].group : "several groups");
	data->end_s = nt_get_sensors_end(sensors);
}

/* ---- rates ---- */

/* The stretch that holds a moment; NULL if it is not shown. */
static struct top_rate *rate_at(struct top_data *data, int64_t at_s)
{
	int64_t i = (at_s - data->rate[0].start_s) / (int64_t)data->interval_s;

	return at_s >= data->rate[0].start_s && i < (int64_t)data->rates ? &data->rate[i] : NULL;
}

static void begin_rates(struct top_data *data)
{
	int64_t last_s = nt_interval_start(data->end_s - 1, data->interval_s);

	data->rates = TOP_RATES;
	for (size_t i = 0; i < TOP_RATES; i++)
		data->rate[i] = (struct top_rate){.start_s = last_s - (int64_t)(TOP_RATES - 1 - i) * data->interval_s};
}

/* An entry counts once for its sensor in a stretch, however many intervals of it the stretch holds. */
static void add_live(struct top_data *data, const struct nt_get_live *live)
{
	struct top_rate *before = NULL;

	for (size_t i = 0; i < live->n; i++) {
		struct top_rate *rate = rate_at(data, live->at[i].start_s);

		if (!rate)
			continue;
		rate->frames += live->at[i].number[NT_GET_FRAMES];
		rate->sensors += rate != before;
		before = rate;
	}
}

/* Sensors write at different moments: the newest interval is one that as many have told of as of those before. */
static void choose_newest(struct top_data *data)
{
	uint32_t most = 0;
	size_t i = data->rates;

	for (size_t back = 1; back <= 3; back++)
		if (data->rate[data->rates - back].sensors > most)
			most = data->rate[data->rates - back].sensors;
	while (i > data->rates - 3 && data->rate[i - 1].sensors < most)
		i--;
	data->rates = i;
	data->newest_s = data->rate[i - 1].start_s;
	data->reporting = most;
}

static void add_newest(struct top_data *data, const struct nt_get_live *live)
{
	for (size_t i = 0; i < live->n; i++) {
		const struct nt_get_live_entry *e = &live->at[i];

		if (e->start_s < data->newest_s || e->start_s >= data->newest_s + (int64_t)data->interval_s)
			continue;
		for (size_t f = 0; f < NT_GET_LIVE_FIELDS; f++)
			data->number[f] += e->number[f];
		data->missed_known &= e->missed_known;
	}
}

static int read_live(struct nt_get *g, const struct nt_get_sensors *sensors, struct top_data *data)
{
	struct nt_get_live *live = calloc(sensors->n + 1, sizeof(*live));
	int err = live ? 0 : -ENOMEM;

	begin_rates(data);
	for (size_t i = 0; i < sensors->n && !err; i++) {
		size_t wanted = (size_t)TOP_RATES * (1 + data->interval_s / sensors->at[i].interval_s);

		err = nt_get_live(g, sensors->at[i].name, NULL, wanted < LIVE_MOST ? wanted : LIVE_MOST, &live[i]);
		if (!err)
			add_live(data, &live[i]);
	}
	if (!err) {
		choose_newest(data);
		data->missed_known = true;
		for (size_t i = 0; i < sensors->n; i++)
			add_newest(data, &live[i]);
	}
	for (size_t i = 0; i < sensors->n && live; i++)
		nt_get_live_fini(&live[i]);
	free(live);
	return err;
}

/* ---- tables ---- */

static void take_rows(struct top_rows *rows, struct nt_get_top *top)
{
	for (rows->n = 0; rows->n < top->n && rows->n < TOP_ROWS; rows->n++) {
		struct top_row *row = &rows->row[rows->n];

		*row = (struct top_row){.packets = top->at[rows->n].packets, .packets_known = true};
		row->packets_low = top->at[rows->n].missing > 0;
		memcpy(row->name, top->at[rows->n].name, sizeof(row->name));
	}
	nt_get_top_fini(top);
}

static int read_sets(struct nt_get *g, const struct nt_get_query *query, struct top_data *data)
{
	static const struct {
		enum top_table table;
		enum nt_redis_key key;
	} set[] = {{TOP_PORTS, NT_RKEY_PORT},
		   {TOP_REGIONS, NT_RKEY_REGION},
		   {TOP_SYSTEMS, NT_RKEY_ASN},
		   {TOP_REGION_PORT, NT_RKEY_REGION_PORT}};
	int err = 0;

	for (size_t i = 0; i < sizeof(set) / sizeof(set[0]) && !err; i++) {
		const struct nt_get_top_options options = {
		    .set = {.key = set[i].key}, .most = TOP_ROWS, .depth = DEPTH};
		struct nt_get_top top;

		err = nt_get_top(g, query, &options, &top);
		if (!err)
			take_rows(&data->table[set[i].table], &top);
	}
	return err;
}

static uint64_t sum_of(const struct nt_get_totals *totals, const char *prefix)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < totals->n; i++)
		if (!strncmp(totals->at[i].name, prefix, strlen(prefix)))
			sum += totals->at[i].value;
	return sum;
}

static int read_totals(struct nt_get *g, const struct nt_get_query *query, struct top_data *data)
{
	struct nt_get_totals totals;
	struct nt_get_top top;
	int err = nt_get_totals(g, query, &totals);

	if (err)
		return err;
	data->coverage = totals.coverage;
	data->frames = nt_get_total(&totals, "frames");
	data->malformed = sum_of(&totals, "malformed.");
	data->truncated = sum_of(&totals, "truncated.");
	data->backscatter = sum_of(&totals, "backscatter.");
	nt_get_totals_fini(&totals);
	err = nt_get_backscatter(g, query, &top);
	if (err)
		return err;
	take_rows(&data->table[TOP_CLASSES], &top);
	err = nt_get_signatures(g, query, &top);
	if (!err)
		take_rows(&data->table[TOP_SIGNATURES], &top);
	return err;
}

/* "AS2907 Its name" instead of "2907". */
static int name_systems(struct nt_get *g, const struct nt_get_sensors *sensors, struct top_data *data)
{
	struct top_rows *rows = &data->table[TOP_SYSTEMS];
	uint32_t asn[TOP_ROWS];
	char *org[TOP_ROWS] = {0}, name[NT_GET_NAME];
	int err;

	for (size_t i = 0; i < rows->n; i++)
		asn[i] = (uint32_t)strtoul(rows->row[i].name, NULL, 10);
	err = nt_get_orgs(g, sensors, asn, rows->n, org);
	for (size_t i = 0; i < rows->n && !err; i++) {
		snprintf(name, sizeof(name), "%.20s", rows->row[i].name);
		if (!strcmp(name, "0"))
			snprintf(rows->row[i].name, sizeof(rows->row[i].name), "no AS");
		else
			snprintf(rows->row[i].name, sizeof(rows->row[i].name), "AS%.20s %.80s", name,
				 org[i] ? org[i] : "");
		free(org[i]);
	}
	return err;
}

/* ---- different sources ---- */

/* Names of HyperLogLogs, and where their numbers go. */
struct counted {
	char name[4 * TOP_ROWS + 2][NT_GET_NAME];
	struct top_row *row[4 * TOP_ROWS + 2];
	size_t n;
};

static void count(struct counted *c, struct top_row *row, const char *prefix, const char *name)
{
	int length = snprintf(c->name[c->n], sizeof(c->name[0]), "%s%.80s", prefix, name);

	if (length < 0 || length >= NT_GET_NAME - 8) /* longer than any that is written */
		return;
	c->row[c->n++] = row;
}

static void count_rows(struct counted *c, struct top_rows *rows, const char *prefix)
{
	for (size_t i = 0; i < rows->n; i++)
		count(c, &rows->row[i], prefix, rows->row[i].name);
}

static int read_sources(struct nt_get *g, const struct nt_get_query *query, struct top_data *data, struct counted *c)
{
	const char *name[4 * TOP_ROWS + 2];
	struct nt_get_unique unique;
	int err;

	for (size_t i = 0; i < c->n; i++)
		name[i] = c->name[i];
	err = nt_get_unique(g, query, NT_GET_WHOLE, name, c->n, &unique);
	if (err)
		return err;
	data->sources = *nt_get_unique_at(&unique, 0, 0);
	data->backscatter_sources = *nt_get_unique_at(&unique, 1, 0);
	for (size_t i = 2; i < c->n; i++) {
		const struct nt_get_unique_value *v = nt_get_unique_at(&unique, i, 0);

		c->row[i]->sources = v->sources;
		c->row[i]->sources_known = v->sources > 0;
		c->row[i]->sources_low = v->quality == NT_GET_AT_LEAST;
	}
	nt_get_unique_fini(&unique);
	return 0;
}

static int more_sources(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;

	if (x->sources != y->sources)
		return x->sources < y->sources ? 1 : -1;
	return strcmp(x->name, y->name);
}

/* Regions that backscatter came from: of the heaviest regions, those that have a number. */
static void keep_victims(struct top_rows *rows)
{
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++)
		if (rows->row[i].sources_known)
			rows->row[n++] = rows->row[i];
	rows->n = n;
	if (n)
		qsort(rows->row, n, sizeof(rows->row[0]), more_sources);
}

static int count_sources(struct nt_get *g, const struct nt_get_query *query, struct top_data *data)
{
	struct counted *c = calloc(1, sizeof(*c));
	struct top_rows *victims = &data->table[TOP_VICTIMS];
	int err = -ENOMEM;

	if (!c)
		return err;
	count(c, NULL, "", "sources");
	count(c, NULL, "", "backscatter");
	if (data->span == TOP_DAY) { /* hours have no others */
		*victims = data->table[TOP_REGIONS];
		for (size_t i = 0; i < victims->n; i++)
			victims->row[i].packets_known = false;
		count_rows(c, &data->table[TOP_PORTS], "sources:port:");
		count_rows(c, &data->table[TOP_REGIONS], "sources:region:");
		count_rows(c, &data->table[TOP_SIGNATURES], "sig:");
		count_rows(c, victims, "backscatter:region:");
	}
	err = read_sources(g, query, data, c);
	keep_victims(victims);
	free(c);
	return err;
}

/* ---- all of it ---- */

/* The bucket that the newest interval is in. Days are those of the sensor that has it. */
static struct nt_span newest_span(const struct nt_get_sensors *sensors, enum top_span span, int64_t end_s)
{
	int32_t day_offset_h = 0;

	for (size_t i = 0; i < sensors->n; i++)
		if (sensors->at[i].has_data && sensors->at[i].last_s + sensors->at[i].interval_s == end_s)
			day_offset_h = sensors->at[i].day_offset_h;
	return nt_bucket_span(span == TOP_DAY ? NT_BUCKET_D : NT_BUCKET_H, (struct nt_span){end_s - 1, end_s},
			      day_offset_h);
}

static int read_tables(struct nt_get *g, const struct nt_get_sensors *sensors, struct top_data *data)
{
	const struct nt_get_query query = {
	    .sensors = sensors,
	    .range = newest_span(sensors, data->span, data->end_s),
	    .finest = data->span == TOP_DAY ? NT_BUCKET_D : NT_BUCKET_H,
	};
	int err = read_sets(g, &query, data);

	if (!err)
		err = read_totals(g, &query, data);
	if (!err)
		err = count_sources(g, &query, data);
	return err;
}

int top_data_read(struct nt_get *g, const struct nt_get_sensors *sensors, enum top_span span, struct top_data *data)
{
	int err = 0;

	*data = (struct top_data){.span = span};
	describe(sensors, data);
	if (!data->interval_s)
		return 0;
	err = read_live(g, sensors, data);
	if (!err)
		err = read_tables(g, sensors, data);
	if (!err)
		err = name_systems(g, sensors, data);
	if (!err)
		err = nt_get_events(g, sensors, (struct nt_span){0}, TOP_EVENTS, &data->events);
	if (err)
		top_data_fini(data);
	return err;
}

void top_data_fini(struct top_data *data)
{
	nt_get_events_fini(&data->events);
	*data = (struct top_data){0};
}

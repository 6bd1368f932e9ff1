/* SPDX-License-Identifier: BSD-3-Clause */
#include "detect/series.h"

#include "base/pages.h"
#include "base/targets.h"

#include <stdlib.h>
#include <string.h>

/* Who asks for a place, or may have to give it up. */
struct claim {
	uint32_t key;
	uint32_t place;
	double weight; /* in shares of what is enough */
};

/* Numbers of a key. */
struct number {
	uint64_t now[NT_METRICS]; /* of the hour */
	uint64_t most;		  /* sources in one interval of the hour */
	uint64_t newest;	  /* packets in the newest interval that has some */
};

/* What there is of every key. Nearly all of it is used in every interval. */
struct keys {
	struct number number[NT_SERIES_KEYS];
	uint32_t index[NT_SERIES_KEYS]; /* place + 1, or 0 */
	bool asking[NT_SERIES_KEYS];	/* stands in claim[] */
};

struct nt_series_table {
	struct nt_series_options options;
	uint32_t places;
	uint32_t high;		  /* no place from here on was ever taken, and none of their memory touched */
	uint32_t ports;		  /* places taken by ports */
	struct nt_series *series; /* [places] */
	uint32_t *vacant;	  /* [n_vacant] */
	uint32_t n_vacant;
	struct keys *keys;
	struct claim *claim; /* [n_claims], room for all keys */
	uint32_t n_claims;
	struct claim *weak; /* [options.ports] */
	uint32_t *touched;  /* [n_touched] places with a `top` */
	uint32_t n_touched;
	float floor[NT_METRICS]; /* the most that one without a place had in an hour */
	int64_t floor_hour;
	bool raised; /* floor was, in this hour */
	uint64_t dropped;
};

struct nt_series_table *nt_series_table_new(const struct nt_series_options *options)
{
	struct nt_series_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->options = *options;
	t->places = options->ports + NT_REGIONS;
	t->keys = nt_pages_take(sizeof(*t->keys));
	t->series = nt_pages_take(t->places * sizeof(*t->series));
	t->vacant = calloc(t->places, sizeof(*t->vacant));
	t->touched = calloc(t->places, sizeof(*t->touched));
	t->weak = calloc(options->ports, sizeof(*t->weak));
	t->claim = calloc(NT_SERIES_KEYS, sizeof(*t->claim));
	if (!t->keys || !t->series || !t->vacant || !t->touched || !t->weak || !t->claim) {
		nt_series_table_free(t);
		return NULL;
	}
	for (uint32_t i = 0; i < t->places; i++)
		t->vacant[i] = t->places - 1 - i;
	t->n_vacant = t->places;
	return t;
}

void nt_series_table_free(struct nt_series_table *t)
{
	if (!t)
		return;
	nt_pages_give(t->keys, sizeof(*t->keys));
	nt_pages_give(t->series, t->places * sizeof(*t->series));
	free(t->vacant);
	free(t->touched);
	free(t->weak);
	free(t->claim);
	free(t);
}

/* ---- numbers ---- */

uint64_t nt_series_number(const struct nt_series_table *t, const struct nt_series *series, enum nt_metric metric)
{
	const struct number *number = &t->keys->number[series->key];
	uint64_t most = number->now[metric], least = number->most, estimate;

	if (metric != NT_METRIC_SOURCES || most == least)
		return most;
	estimate = nt_targets_estimate(series->sources, NT_SERIES_SKETCH);
	if (estimate < least)
		return least;
	return estimate < most ? estimate : most;
}

/* ---- places ---- */

static bool has_enough(const struct nt_series_table *t, uint32_t key)
{
	for (uint32_t m = 0; m < NT_METRICS; m++)
		if ((double)t->keys->number[key].now[m] >= t->options.least[m])
			return true;
	return false;
}

void nt_series_add(struct nt_series_table *t, uint32_t key, enum nt_metric metric, uint32_t bin, uint64_t count)
{
	struct number *number;

	if (key >= NT_SERIES_KEYS || bin >= NT_SERIES_BINS)
		return;
	number = &t->keys->number[key];
	number->now[metric] += count;
	if (metric == NT_METRIC_PACKETS)
		number->newest = count;
	else if (count > number->most)
		number->most = count;
	if (t->keys->index[key]) {
		t->series[t->keys->index[key] - 1].bin[metric][bin] += count;
	} else if (!t->keys->asking[key] && (nt_series_is_region(key) || has_enough(t, key))) {
		t->keys->asking[key] = true;
		t->claim[t->n_claims++] = (struct claim){.key = key};
	}
}

/* What came of the hour so far is taken for a part of this bin, and for the few's, for whose it was is not known. */
static void take_in(struct nt_series_table *t, uint32_t key, uint32_t bin)
{
	uint32_t place = t->vacant[--t->n_vacant];
	struct nt_series *series = &t->series[place];
	const struct number *number = &t->keys->number[key];

	t->high = place >= t->high ? place + 1 : t->high;
	*series = (struct nt_series){.key = key, .used = true};
	for (uint32_t m = 0; m < NT_METRICS; m++) {
		for (uint32_t i = 0; i < NT_USUAL_RING && !nt_series_is_region(key); i++)
			series->past[m].value[i] = t->floor[m];
		series->bin[m][bin] = number->now[m];
	}
	series->unknown = number->now[NT_METRIC_PACKETS] - number->newest;
	t->keys->index[key] = place + 1;
	t->ports += !nt_series_is_region(key);
}

static void let_go(struct nt_series_table *t, uint32_t place)
{
	struct nt_series *series = &t->series[place];

	t->keys->index[series->key] = 0;
	t->ports--; /* regions stay */
	series->used = false;
	t->vacant[t->n_vacant++] = place;
}

static void raise_floor(struct nt_series_table *t, enum nt_metric metric, float value)
{
	if (value > t->floor[metric])
		t->floor[metric] = value;
	t->raised = true;
}

static double share(const struct nt_series_table *t, enum nt_metric metric, double value)
{
	return value / (t->options.least[metric] > 0 ? t->options.least[metric] : 1);
}

/* Weight of the most that it has had in any hour. The past is looked at as a whole: hours not seen hold older ones. */
static double weight_of(const struct nt_series_table *t, const struct nt_series *series)
{
	double weight = 0;

	for (uint32_t m = 0; m < NT_METRICS; m++) {
		double most = (double)t->keys->number[series->key].now[m];

		for (uint32_t i = 0; i < NT_USUAL_RING; i++)
			most = (double)series->past[m].value[i] > most ? (double)series->past[m].value[i] : most;
		weight = share(t, m, most) > weight ? share(t, m, most) : weight;
	}
	return weight;
}

static int heaviest_first(const void *left, const void *right)
{
	const struct claim *a = left, *b = right;

	if (a->weight != b->weight)
		return a->weight > b->weight ? -1 : 1;
	return a->key < b->key ? -1 : 1;
}

static int lightest_first(const void *left, const void *right)
{
	return -heaviest_first(left, right);
}

/* Ports that could give up their place, the lightest first. */
static uint32_t list_weak(struct nt_series_table *t)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->high; i++) {
		const struct nt_series *series = &t->series[i];

		if (series->used && !series->surging && !nt_series_is_region(series->key))
			t->weak[n++] = (struct claim){.key = series->key, .place = i, .weight = weight_of(t, series)};
	}
	qsort(t->weak, n, sizeof(*t->weak), lightest_first);
	return n;
}

static void evict(struct nt_series_table *t, uint32_t place)
{
	struct nt_series *series = &t->series[place];

	for (uint32_t m = 0; m < NT_METRICS; m++) {
		for (uint32_t i = 0; i < NT_USUAL_RING; i++)
			raise_floor(t, m, series->past[m].value[i]);
		raise_floor(t, m, (float)nt_series_number(t, series, m));
	}
	t->dropped++;
	let_go(t, place);
}

void nt_series_admit(struct nt_series_table *t, uint32_t bin)
{
	uint32_t weak = 0, next = 0;
	bool listed = false;

	for (uint32_t i = 0; i < t->n_claims; i++) {
		struct claim *c = &t->claim[i];

		t->keys->asking[c->key] = false;
		c->weight = 0;
		for (uint32_t m = 0; m < NT_METRICS; m++) {
			double weight = share(t, m, (double)t->keys->number[c->key].now[m]);

			c->weight = weight > c->weight ? weight : c->weight;
		}
	}
	qsort(t->claim, t->n_claims, sizeof(*t->claim), heaviest_first);
	for (uint32_t i = 0; i < t->n_claims; i++) {
		const struct claim *c = &t->claim[i];

		if (nt_series_is_region(c->key) || t->ports < t->options.ports) {
			take_in(t, c->key, bin);
			continue;
		}
		if (!listed)
			weak = list_weak(t);
		listed = true;
		if (next == weak || t->weak[next].weight >= c->weight)
			continue; /* its hour may still grow: it asks again with its next packet */
		evict(t, t->weak[next++].place);
		take_in(t, c->key, bin);
	}
	t->n_claims = 0;
}

/* ---- senders ---- */

static bool is_heavier(const struct nt_series_sender *a, const struct nt_series_sender *b)
{
	return a->packets != b->packets ? a->packets > b->packets : a->hash < b->hash;
}

/* Keeps the heaviest `n`, whatever the order in which they come. */
static void note_top(struct nt_series_sender *top, uint32_t n, struct nt_series_sender sender)
{
	uint32_t i = n - 1;

	if (!is_heavier(&sender, &top[i]))
		return;
	for (; i > 0 && is_heavier(&sender, &top[i - 1]); i--)
		top[i] = top[i - 1];
	top[i] = sender;
}

void nt_series_sender(struct nt_series_table *t, uint32_t key, uint64_t hash, uint64_t packets)
{
	struct nt_series *series;

	if (!t->keys->index[key])
		return;
	series = &t->series[t->keys->index[key] - 1];
	nt_targets_add(series->sources, NT_SERIES_SKETCH, hash);
	if (!packets)
		return;
	if (!series->top[0].packets)
		t->touched[t->n_touched++] = t->keys->index[key] - 1;
	note_top(series->top, NT_SERIES_SENDERS, (struct nt_series_sender){.hash = hash, .packets = packets});
}

/*
 * Metwally et al., "Efficient computation of frequent and top-k elements", 2005, with weights: who is new takes the
 * place and the count of the least, for that may have been its own. So a count is what it was, or more.
 */
static void note_heavy(struct nt_series_sender heavy[static NT_SERIES_SENDERS], uint64_t hash, uint64_t packets)
{
	struct nt_series_sender *least = &heavy[0];

	for (uint32_t i = 0; i < NT_SERIES_SENDERS; i++) {
		if (heavy[i].packets && heavy[i].hash == hash) {
			heavy[i].packets += packets;
			return;
		}
		least = heavy[i].packets < least->packets ? &heavy[i] : least;
	}
	*least = (struct nt_series_sender){.hash = hash, .packets = least->packets + packets};
}

/* Who was not among the interval's heaviest may have had as much as the lightest of them: all are given that. */
static void end_senders(struct nt_series *series)
{
	uint64_t lightest = series->top[NT_SERIES_SENDERS - 1].packets;

	for (uint32_t i = 0; i < NT_SERIES_SENDERS && series->top[i].packets > lightest; i++)
		note_heavy(series->heavy, series->top[i].hash, series->top[i].packets - lightest);
	series->beyond += lightest;
	memset(series->top, 0, sizeof(series->top));
}

void nt_series_end_senders(struct nt_series_table *t)
{
	for (uint32_t i = 0; i < t->n_touched; i++)
		end_senders(&t->series[t->touched[i]]);
	t->n_touched = 0;
}

uint64_t nt_series_few(const struct nt_series *series)
{
	struct nt_series_sender few[NT_SERIES_FEW] = {0};
	uint64_t packets = series->unknown + NT_SERIES_FEW * series->beyond;

	for (uint32_t i = 0; i < NT_SERIES_SENDERS; i++)
		note_top(few, NT_SERIES_FEW, series->heavy[i]);
	for (uint32_t i = 0; i < NT_SERIES_FEW; i++)
		packets += few[i].packets;
	return packets;
}

/* ---- hours ---- */

static void count_without_place(struct nt_series_table *t)
{
	for (uint32_t key = 0; key < NT_SERIES_REGION; key++) {
		if (t->keys->index[key] || !has_enough(t, key))
			continue;
		t->dropped++;
		for (uint32_t m = 0; m < NT_METRICS; m++)
			raise_floor(t, m, (float)t->keys->number[key].now[m]);
	}
}

static bool is_idle(const struct nt_series_table *t, const struct nt_series *series, const struct nt_hours *hours)
{
	if (series->surging || nt_series_is_region(series->key))
		return false;
	for (uint32_t m = 0; m < NT_METRICS; m++)
		if ((double)nt_usual_peak(&series->past[m], hours) >= t->options.least[m])
			return false;
	return true;
}

void nt_series_end_hour(struct nt_series_table *t, const struct nt_hours *hours, int64_t hour)
{
	count_without_place(t);
	if (t->raised)
		t->floor_hour = hour;
	else if (hour - t->floor_hour > (int64_t)hours->per_day * NT_USUAL_DAYS)
		memset(t->floor, 0, sizeof(t->floor));
	t->raised = false;
	for (uint32_t i = 0; i < t->high; i++) {
		struct nt_series *series = &t->series[i];

		if (!series->used)
			continue;
		if (is_idle(t, series, hours))
			let_go(t, i);
		if (!series->surging)
			series->before = t->keys->number[series->key].now[NT_METRIC_SOURCES];
		memset(series->bin, 0, sizeof(series->bin));
		memset(series->sources, 0, sizeof(series->sources));
		memset(series->heavy, 0, sizeof(series->heavy));
		series->beyond = 0;
		series->unknown = 0;
	}
	memset(t->keys->number, 0, sizeof(t->keys->number));
}

uint32_t nt_series_places(const struct nt_series_table *t)
{
	return t->high;
}

struct nt_series *nt_series_at(struct nt_series_table *t, uint32_t place)
{
	return t->series[place].used ? &t->series[place] : NULL;
}

uint64_t nt_series_dropped(const struct nt_series_table *t)
{
	return t->dropped;
}

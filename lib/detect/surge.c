/* SPDX-License-Identifier: BSD-3-Clause */
#include "detect/detector.h"
#include "detect/series.h"

#include "base/mix.h"
#include "needletail/schema.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Ports and regions of which far more comes than is usual at that hour of the day, in packets or in different sources.
 * Numbers of an hour are kept for all of them, densely; a past, for those that had so many in some hour that it can
 * matter (series.h). An hour is judged when it is over. The hour in progress at the end is judged by what it has so
 * far, which only can become more; the first one, of which the beginning may be missing, is part of the past if half of
 * it was seen.
 */

#define DAY_S  86400
#define HOUR_S 3600

/* A surge that lasts longer is how things are now. */
#define LASTING_S DAY_S

/* Less than so many different sources in an hour are a few scanners and no surge. */
#define SOURCES_MIN 5

struct nt_surge {
	struct nt_series_table *table;
	struct nt_hours hours;
	struct nt_usual_options usual[NT_METRICS];
	int64_t hour_s;
	int64_t interval_s;
	int64_t warm_up_s;
	int64_t bin_s;

	bool any;	     /* hour was seen */
	bool open;	     /* `hour` is */
	int64_t first;	     /* hour */
	int64_t hour;	     /* the newest */
	int64_t seen_from_s; /* in it */
	uint64_t frames;     /* in it */
	uint32_t *sources;   /* [NT_SERIES_KEYS] of an interval */
};

/* ---- telling ---- */

static double ratio(double value, double usual)
{
	return value / (usual > 1 ? usual : 1);
}

/* Six digits are more than a median holds. */
static double rounded(double value)
{
	return (double)(int64_t)(value * 100 + 0.5) / 100;
}

static int tell(struct nt_surge *d, struct nt_snapshot *s, struct nt_series *series, bool lasting)
{
	static const char *const metric_name[NT_METRICS] = {"packets", "sources"};
	const struct nt_surge_peak *p = &series->peak;
	const struct nt_about about = {
	    .type = NT_EVENT_SURGE,
	    .start_s = series->start_s,
	    .end_s = series->end_s,
	    .region = nt_series_is_region(series->key) ? nt_series_region(series->key) : NT_DETECT_NO_REGION,
	    .source = "",
	};
	const char *kind = nt_series_is_region(series->key) ? "region" : "port";
	char subject[NT_MEMBER_TEXT];

	if (nt_series_is_region(series->key))
		nt_region_text(nt_series_region(series->key), subject);
	else
		nt_port_text(series->key, subject);
	series->surging = false;
	return nt_detect_tell(
	    s, &about,
	    json_pack("{s:s, s:s, s:s, s:I, s:f, s:f, s:f, s:I, s:I, s:I, s:I, s:b, s:b}", "kind", kind, kind, subject,
		      "metric", metric_name[p->metric], "value", (json_int_t)p->value[p->metric], "usual",
		      rounded(p->usual.usual), "spread", rounded(p->usual.spread), "factor",
		      rounded(ratio((double)p->value[p->metric], p->usual.usual)), "peak_hour",
		      (json_int_t)(p->hour * d->hour_s), "hour_s", (json_int_t)d->hour_s, "packets",
		      (json_int_t)p->value[NT_METRIC_PACKETS], "sources", (json_int_t)p->value[NT_METRIC_SOURCES],
		      "estimated", true, "lasting", lasting));
}

static int tell_all(struct nt_surge *d, struct nt_snapshot *s)
{
	int err = 0;

	for (uint32_t i = 0; i < nt_series_places(d->table); i++) {
		struct nt_series *series = nt_series_at(d->table, i);
		int told = series && series->surging ? tell(d, s, series, false) : 0;

		err = err ? err : told;
	}
	return err;
}

/* ---- judging ---- */

/* Packets of a few senders are their event, a scanner's or a victim's, and not the port's or the region's. */
static double without_few(const struct nt_series *series, enum nt_metric metric, uint64_t value)
{
	uint64_t few = metric == NT_METRIC_PACKETS ? nt_series_few(series) : 0;

	return (double)(value > few ? value - few : 0);
}

static bool is_above(const struct nt_series *series, enum nt_metric metric, const uint64_t value[static NT_METRICS],
		     const struct nt_usual *u)
{
	double midway = (u->usual + u->limit) / 2;

	/* It goes on until it is nearer to the usual than to the limit. */
	return (double)value[metric] > (series->surging ? midway : u->limit) &&
	       without_few(series, metric, value[metric]) > midway && value[NT_METRIC_SOURCES] >= SOURCES_MIN;
}

static void note_peak(const struct nt_surge *d, struct nt_series *series, enum nt_metric metric,
		      const uint64_t value[static NT_METRICS], const struct nt_usual *u)
{
	const struct nt_surge_peak peak = {
	    .metric = metric,
	    .usual = *u,
	    .hour = d->hour,
	    .value = {value[NT_METRIC_PACKETS], value[NT_METRIC_SOURCES]},
	    .over = (double)value[metric] / u->limit,
	};

	if (peak.over > series->peak.over)
		series->peak = peak;
}

/*
 * What a part of the hour must exceed to belong to the surge: its share of the threshold. Parts hold the sources of
 * intervals, added up, so those that send all the time are there many times: as much as they were before it is theirs.
 * At least one part exceeds a mere share, for sources added up are no fewer than different ones.
 */
static double share_of(const struct nt_surge *d, const struct nt_series *series, enum nt_metric metric,
		       const struct nt_usual *u, double threshold)
{
	double part = (double)d->bin_s / (double)d->hour_s, more = (double)series->before - u->usual;

	if (metric == NT_METRIC_SOURCES && more > 0)
		for (uint32_t i = 0; i < NT_SERIES_BINS; i++)
			if ((double)series->bin[metric][i] > (threshold + more) * part)
				return (threshold + more) * part;
	return threshold * part;
}

/* From the first to the last part of the hour that has more than its share of the threshold. */
static void note_span(const struct nt_surge *d, struct nt_series *series, enum nt_metric metric,
		      const struct nt_usual *u)
{
	double threshold = series->surging ? (u->usual + u->limit) / 2 : u->limit;
	double share = share_of(d, series, metric, u, threshold);
	int64_t hour_s = d->hour * d->hour_s, end_s;

	for (uint32_t i = 0; i < NT_SERIES_BINS; i++) {
		if ((double)series->bin[metric][i] <= share)
			continue;
		end_s = hour_s + (i + 1) * d->bin_s;
		series->end_s = end_s > series->end_s ? end_s : series->end_s;
		if (!series->surging && hour_s + i * d->bin_s < series->start_s)
			series->start_s = hour_s + i * d->bin_s;
	}
}

/* True if the hour is part of a surge. */
static bool judge(const struct nt_surge *d, struct nt_series *series)
{
	int64_t until = series->surging ? series->since : d->hour;
	bool above[NT_METRICS] = {false};
	struct nt_usual usual[NT_METRICS];
	uint64_t value[NT_METRICS];

	for (enum nt_metric m = 0; m < NT_METRICS; m++)
		value[m] = nt_series_number(d->table, series, m);
	for (enum nt_metric m = 0; m < NT_METRICS; m++)
		above[m] = (series->surging || (double)value[m] >= d->usual[m].minimum) &&
			   nt_usual(&series->past[m], &d->hours, &d->usual[m], d->hour, until, &usual[m]) &&
			   is_above(series, m, value, &usual[m]);
	if (!above[NT_METRIC_PACKETS] && !above[NT_METRIC_SOURCES])
		return false;
	if (!series->surging) {
		series->peak = (struct nt_surge_peak){0};
		series->since = d->hour;
		series->start_s = INT64_MAX;
		series->end_s = INT64_MIN;
	}
	for (enum nt_metric m = 0; m < NT_METRICS; m++) {
		if (!above[m])
			continue;
		note_peak(d, series, m, value, &usual[m]);
		note_span(d, series, m, &usual[m]);
	}
	series->surging = true;
	return true;
}

static bool is_warm(const struct nt_surge *d)
{
	uint32_t enough = (uint32_t)(d->warm_up_s / d->hour_s / 2), most = d->hours.per_day * (NT_USUAL_DAYS - 1);

	return (d->hour - d->first) * d->hour_s >= d->warm_up_s &&
	       nt_hours_count(&d->hours) >= (enough < most ? enough : most);
}

static int judge_all(struct nt_surge *d, struct nt_snapshot *s, bool over)
{
	int err = 0;

	for (uint32_t i = 0; is_warm(d) && i < nt_series_places(d->table); i++) {
		struct nt_series *series = nt_series_at(d->table, i);
		bool was, goes_on;
		int told = 0;

		if (!series)
			continue;
		was = series->surging;
		goes_on = judge(d, series);
		if (was && !goes_on && over)
			told = tell(d, s, series, false);
		err = err ? err : told;
	}
	return err;
}

/* ---- hours ---- */

/* The part of the hour that was seen; only of the first one may something be missing. */
static double seen_part(const struct nt_surge *d)
{
	return (double)((d->hour + 1) * d->hour_s - d->seen_from_s) / (double)d->hour_s;
}

static void remember(struct nt_surge *d)
{
	uint32_t place = nt_hours_place(&d->hours, d->hour);
	double part = seen_part(d);

	d->hours.seen[place] = d->frames && part >= 0.5;
	for (uint32_t i = 0; i < nt_series_places(d->table); i++) {
		struct nt_series *series = nt_series_at(d->table, i);

		for (enum nt_metric m = 0; series && m < NT_METRICS; m++)
			series->past[m].value[place] = (float)((double)nt_series_number(d->table, series, m) / part);
	}
}

static int end_lasting(struct nt_surge *d, struct nt_snapshot *s)
{
	int err = 0;

	for (uint32_t i = 0; i < nt_series_places(d->table); i++) {
		struct nt_series *series = nt_series_at(d->table, i);
		int told;

		if (!series || !series->surging || (d->hour + 1 - series->since) * d->hour_s <= LASTING_S)
			continue;
		told = tell(d, s, series, true);
		err = err ? err : told;
		for (enum nt_metric m = 0; m < NT_METRICS; m++)
			nt_usual_shift(&series->past[m], &d->hours, d->hour);
	}
	return err;
}

/* The hour is over: says what ended with it, and makes it a part of the past. */
static int close_hour(struct nt_surge *d, struct nt_snapshot *s)
{
	int err = d->frames && is_warm(d) ? judge_all(d, s, true) : tell_all(d, s), lasting;

	remember(d);
	lasting = end_lasting(d, s);
	nt_series_end_hour(d->table, &d->hours, d->hour);
	d->open = false;
	return err ? err : lasting;
}

/* Hours between the last and this one had no frame: nothing is known of them, and no surge goes on through them. */
static int skip_hours(struct nt_surge *d, struct nt_snapshot *s, int64_t hour)
{
	int64_t ring = (int64_t)d->hours.per_day * NT_USUAL_DAYS;

	for (int64_t i = d->hour + 1; i <= hour && i <= d->hour + ring; i++)
		d->hours.seen[nt_hours_place(&d->hours, i)] = false;
	return hour > d->hour + 1 ? tell_all(d, s) : 0;
}

/* The clock was set back: what is known of the time since would count twice. */
static int go_back(struct nt_surge *d, struct nt_snapshot *s, int64_t hour)
{
	int64_t ring = (int64_t)d->hours.per_day * NT_USUAL_DAYS;

	for (int64_t i = d->hour; i >= hour && i > d->hour - ring; i--)
		d->hours.seen[nt_hours_place(&d->hours, i)] = false;
	nt_series_end_hour(d->table, &d->hours, d->hour);
	return tell_all(d, s);
}

static int64_t hour_of(const struct nt_surge *d, int64_t time_s)
{
	return time_s / d->hour_s - (time_s % d->hour_s < 0);
}

static int open_hour(struct nt_surge *d, struct nt_snapshot *s)
{
	int64_t hour = hour_of(d, s->start_s);
	int err = 0;

	if (d->open && hour == d->hour)
		return 0;
	if (d->open && hour > d->hour)
		err = close_hour(d, s);
	if (!d->any) {
		d->first = hour;
		d->hours.seen[nt_hours_place(&d->hours, hour)] = false;
	} else {
		int skipped = hour > d->hour ? skip_hours(d, s, hour) : go_back(d, s, hour);

		err = err ? err : skipped;
	}
	d->seen_from_s = d->any && hour > d->hour ? hour * d->hour_s : s->start_s;
	d->any = true;
	d->open = true;
	d->hour = hour;
	d->frames = 0;
	return err;
}

/* ---- counting ---- */

static void add_packets(struct nt_surge *d, const struct nt_snapshot *s, uint32_t bin)
{
	static const enum nt_table table[] = {NT_TABLE_TCP_PORT, NT_TABLE_UDP_PORT};
	static const uint32_t base[] = {0, 1u << 16};

	for (uint32_t t = 0; t < sizeof(table) / sizeof(*table); t++)
		for (size_t i = 0; i < s->table[table[t]].n; i++)
			nt_series_add(d->table, base[t] + (uint32_t)s->table[table[t]].entry[i].key, NT_METRIC_PACKETS,
				      bin, s->table[table[t]].entry[i].count);
}

/* Replies to an attack, from its victim and all routers before it, are that attack, and no surge of their region. */
static void add_region_packets(struct nt_surge *d, const struct nt_snapshot *s, uint32_t bin)
{
	const struct nt_counts *table = &s->table[NT_TABLE_REGION];
	uint64_t replies[NT_REGIONS] = {0};

	for (size_t i = 0; i < s->n_backscatter; i++)
		if (s->backscatter[i].region < NT_REGIONS)
			replies[s->backscatter[i].region] += s->backscatter[i].packets;
	for (size_t i = 0; i < table->n; i++) {
		uint32_t region = (uint32_t)table->entry[i].key;

		if (table->entry[i].count > replies[region])
			nt_series_add(d->table, NT_SERIES_REGION + region, NT_METRIC_PACKETS, bin,
				      table->entry[i].count - replies[region]);
	}
}

static void raise(uint32_t *number, uint64_t to)
{
	if (*number < to)
		*number = to < UINT32_MAX ? (uint32_t)to : UINT32_MAX;
}

/* Numbers of the snapshot itself, where tables were too small to have all sources and pairs. */
static void raise_all(uint32_t *sources, const struct nt_unique *unique)
{
	for (size_t i = 0; i < unique->port.n; i++)
		raise(&sources[unique->port.entry[i].key & (NT_SERIES_REGION - 1)], unique->port.entry[i].count);
	for (size_t i = 0; i < unique->region.n; i++) {
		const struct nt_count *region = &unique->region.entry[i];
		uint64_t senders = nt_counts_get(&unique->backscatter_region, region->key);

		if (region->key < NT_REGIONS && region->count > senders)
			raise(&sources[NT_SERIES_REGION + region->key], region->count - senders);
	}
}

static void add_sources(struct nt_surge *d, const struct nt_snapshot *s, uint32_t bin)
{
	memset(d->sources, 0, NT_SERIES_KEYS * sizeof(*d->sources));
	for (size_t i = 0; i < s->n_pairs; i++)
		d->sources[s->pair[i].port & (NT_SERIES_REGION - 1)]++;
	for (size_t i = 0; i < s->n_sources; i++)
		if (s->source[i].region < NT_REGIONS && !s->source[i].backscatter)
			d->sources[NT_SERIES_REGION + s->source[i].region]++;
	raise_all(d->sources, &s->unique);
	for (uint32_t key = 0; key < NT_SERIES_KEYS; key++)
		if (d->sources[key])
			nt_series_add(d->table, key, NT_METRIC_SOURCES, bin, d->sources[key]);
}

static uint64_t hash_of(const struct nt_address *a)
{
	uint64_t word[2] = {0, a->length};

	memcpy(word, a->byte, a->length == 4 ? 4 : 8);
	if (a->length == 16)
		memcpy(&word[1], a->byte + 8, 8);
	return nt_mix(word[0], word[1]);
}

/* Who sends to the series that are followed, and who most. */
static void add_senders(struct nt_surge *d, const struct nt_snapshot *s)
{
	const uint32_t only_port = NT_TRAIT_PORT | NT_TRAIT_PORT_SAME;

	uint64_t hash = 0;

	for (size_t i = 0; i < s->n_pairs; i++) {
		if (!i || s->pair[i].source != s->pair[i - 1].source)
			hash = hash_of(&s->source[s->pair[i].source].address);
		nt_series_sender(d->table, s->pair[i].port & (NT_SERIES_REGION - 1), hash, 0);
	}
	for (size_t i = 0; i < s->n_sources; i++) {
		const struct nt_source *source = &s->source[i];

		hash = hash_of(&source->address);
		if (source->region < NT_REGIONS && !source->backscatter)
			nt_series_sender(d->table, NT_SERIES_REGION + source->region, hash, source->packets);
		if (s->detail && (s->detail[i].traits & only_port) == only_port)
			nt_series_sender(d->table, s->detail[i].port & (NT_SERIES_REGION - 1), hash, source->packets);
	}
	nt_series_end_senders(d->table);
}

int nt_surge_interval(struct nt_surge *d, struct nt_snapshot *s)
{
	uint32_t bin;
	int err, err_after = 0;

	if (!d->interval_s)
		return 0; /* one interval over everything has no past */
	err = open_hour(d, s);
	bin = (uint32_t)((s->start_s - d->hour * d->hour_s) / d->bin_s);
	d->frames += s->frames;
	add_packets(d, s, bin);
	add_region_packets(d, s, bin);
	add_sources(d, s, bin);
	nt_series_admit(d->table, bin);
	add_senders(d, s);
	if (s->end_s >= (d->hour + 1) * d->hour_s)
		err_after = close_hour(d, s);
	return err ? err : err_after;
}

int nt_surge_finish(struct nt_surge *d, struct nt_snapshot *s)
{
	int err = d->open ? judge_all(d, s, false) : 0, told = tell_all(d, s);

	return err ? err : told;
}

uint64_t nt_surge_dropped(const struct nt_surge *d)
{
	return nt_series_dropped(d->table);
}

/* ---- making ---- */

/* The least number of intervals that make an hour or more and divide a day. */
static int64_t hour_length(int64_t interval_s)
{
	for (int64_t hour_s = interval_s; interval_s && hour_s < DAY_S; hour_s += interval_s)
		if (hour_s >= HOUR_S && DAY_S % hour_s == 0)
			return hour_s;
	return DAY_S;
}

struct nt_surge *nt_surge_new(const struct nt_detect_options *options)
{
	const struct nt_detect_surge *o = &options->surge;
	struct nt_surge *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->interval_s = options->interval_s;
	d->hour_s = hour_length(d->interval_s);
	d->bin_s = d->hour_s / NT_SERIES_BINS > d->interval_s ? d->hour_s / NT_SERIES_BINS : d->interval_s;
	d->warm_up_s = (int64_t)(o->warm_up_h < 24 ? 24 : o->warm_up_h) * HOUR_S;
	d->hours.per_day = (uint32_t)(DAY_S / d->hour_s);
	d->usual[NT_METRIC_PACKETS] = (struct nt_usual_options){.minimum = o->packets, .factor = o->factor};
	d->usual[NT_METRIC_SOURCES] = (struct nt_usual_options){
	    .minimum = o->sources,
	    .factor = o->factor,
	    .noise = NT_SERIES_SKETCH_ERROR,
	};
	d->sources = calloc(NT_SERIES_KEYS, sizeof(*d->sources));
	d->table = nt_series_table_new(&(struct nt_series_options){
	    .ports = o->series,
	    .least = {o->packets / (2 * o->factor), o->sources / (2 * o->factor)},
	});
	if (d->sources && d->table)
		return d;
	nt_surge_free(d);
	errno = ENOMEM;
	return NULL;
}

void nt_surge_free(struct nt_surge *d)
{
	if (!d)
		return;
	nt_series_table_free(d->table);
	free(d->sources);
	free(d);
}

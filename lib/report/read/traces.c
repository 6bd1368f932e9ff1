/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/analyse/stat.h"
#include "report/evidence.h"
#include "report/read/inside.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* T5 and F6: sources of a region that sent far more than its sources usually do. */

/* The threshold, where none is given: so many times what the heaviest source of a usual day sent, rounded up. */
#define USUAL_TIMES	10
#define THRESHOLD_LEAST 100.0

/* Days of sources belong to one event if no more than so many lie between them. */
#define APART_DAYS 4

/* Days of the figure before and behind an event's. */
#define DAYS_BEFORE 1
#define DAYS_BEHIND 2

#define FIGURE_DAYS 14

/* ---- which regions ---- */

struct suspect {
	char region[NT_GET_NAME];
	uint64_t packets; /* of its events */
};

static struct suspect *suspect_of(struct suspect *s, size_t *n, const char *region)
{
	for (size_t i = 0; i < *n; i++)
		if (!strcmp(s[i].region, region))
			return &s[i];
	snprintf(s[*n].region, sizeof(s[*n].region), "%s", region);
	return &s[(*n)++];
}

static int most_packets_first(const void *a, const void *b)
{
	const struct suspect *x = a, *y = b;

	if (x->packets != y->packets)
		return x->packets < y->packets ? 1 : -1;
	return strcmp(x->region, y->region);
}

/* Regions from which one tool sent, or in which somebody was attacked. */
static size_t find_suspects(const struct nt_report *r, struct suspect *out)
{
	size_t n = 0;

	for (size_t i = 0; i < r->events.n; i++) {
		const struct nt_get_event *e = &r->events.at[i];
		struct nt_evidence evidence;

		if (!is_region_code(e->region) || (!nt_event_is(e, "fixed_tool") && !nt_event_is(e, "dos")))
			continue;
		nt_evidence_read(e->body, &evidence);
		suspect_of(out, &n, e->region)->packets += evidence.packets;
	}
	qsort(out, n, sizeof(*out), most_packets_first);
	return n;
}

/* ---- the sources ---- */

struct days {
	struct nt_get_top *top; /* [n] */
	size_t n;
};

static int read_days(struct reading *r, const char *region, struct days *days)
{
	const struct nt_get_top_options options = {.set = {.key = NT_RKEY_SOURCE, .part = region}};
	const struct nt_period *period = &r->report->wanted.period;
	size_t n = (size_t)(period->last_day - period->first_day + 1);
	int err = 0;

	days->top = calloc(n, sizeof(*days->top));
	if (!days->top)
		return -ENOMEM;
	for (size_t i = 0; i < n && !err; i++) {
		int64_t day = period->first_day + (int64_t)i;
		const struct nt_get_query query = query_days(r, day, day);

		err = nt_get_top(r->get, &query, &options, &days->top[i]);
		days->n += !err;
	}
	return err;
}

static void days_fini(struct days *days)
{
	for (size_t i = 0; i < days->n; i++)
		nt_get_top_fini(&days->top[i]);
	free(days->top);
}

/* 1, 2 or 5 times a power of ten. */
static uint64_t round_up(double value)
{
	double power = pow(10, floor(log10(value)));

	for (unsigned int digit = 1; digit <= 5; digit += digit == 1 ? 1 : 3)
		if (value <= digit * power)
			return (uint64_t)(digit * power);
	return (uint64_t)(10 * power);
}

static int choose_threshold(const struct reading *r, const struct days *days, struct nt_traces *t)
{
	double *heaviest;

	t->threshold = r->report->wanted.threshold;
	if (t->threshold)
		return 0;
	heaviest = calloc(days->n + 1, sizeof(*heaviest));
	if (!heaviest)
		return -ENOMEM;
	for (size_t i = 0; i < days->n; i++)
		heaviest[i] = days->top[i].n ? (double)days->top[i].at[0].packets : NAN;
	t->usual = true;
	t->threshold = round_up(fmax(USUAL_TIMES * fmax(nt_stat_median(heaviest, days->n), 0), THRESHOLD_LEAST));
	free(heaviest);
	return 0;
}

static int add_source(struct nt_traces *t, int64_t day, const struct nt_get_member *m)
{
	struct nt_trace_source *at = reallocarray(t->at, t->n + 1, sizeof(*at));

	if (!at)
		return -ENOMEM;
	t->at = at;
	at[t->n] = (struct nt_trace_source){.day = day, .packets = m->packets};
	memcpy(at[t->n].address, m->name, sizeof(at[t->n].address));
	t->n++;
	return 0;
}

static int take_day(struct nt_traces *t, int64_t day, const struct nt_get_top *top)
{
	size_t above = 0;
	int err = 0;

	while (above < top->n && top->at[above].packets > t->threshold && !err)
		err = add_source(t, day, &top->at[above++]);
	t->at_least |= above && above == top->n && top->rest;
	return err;
}

/* A day on which the region sent something, and that has no sources of it, is one whose sources are not kept. */
static int count_unknown_days(struct reading *r, const struct days *days, struct nt_traces *t)
{
	static const struct nt_get_set set = {.key = NT_RKEY_REGION};
	struct names members = {0};
	struct nt_lines l;
	int err;

	names_add(&members, "%s", t->region);
	err = read_packet_lines(r, &r->period, NT_BUCKET_D, &set, &members, &l);
	names_fini(&members);
	if (err)
		return err;
	for (size_t i = 0; i < days->n && i < l.points; i++)
		t->days_unknown += !days->top[i].n && nt_line(&l, 0)[i] != 0; /* NAN, too */
	nt_lines_fini(&l);
	return 0;
}

/* Sources of one day, [first, end). */
static int name_day(struct reading *r, struct nt_traces *t, size_t first, size_t end)
{
	const struct nt_get_query query = query_days(r, t->at[first].day, t->at[first].day);
	struct owned *owned = calloc(end - first, sizeof(*owned));
	int err = owned ? 0 : -ENOMEM;

	for (size_t i = first; i < end && !err; i++)
		owned[i - first].address = t->at[i].address;
	if (!err)
		err = read_owners(r, &query, owned, end - first);
	for (size_t i = first; i < end && !err; i++) {
		t->at[i].asn = owned[i - first].asn;
		t->at[i].org = owned[i - first].org;
	}
	free(owned);
	return err;
}

static int name_sources(struct reading *r, struct nt_traces *t)
{
	int err = 0;

	for (size_t first = 0, end; first < t->n && !err; first = end) {
		for (end = first + 1; end < t->n && t->at[end].day == t->at[first].day;)
			end++;
		err = name_day(r, t, first, end);
	}
	return err;
}

/* ---- the figure ---- */

static double packets_on(const struct nt_traces *t, int64_t day)
{
	double sum = 0;

	for (size_t i = 0; i < t->n; i++)
		if (t->at[i].day == day)
			sum += (double)t->at[i].packets;
	return sum;
}

/* The days around the one with most packets, as long as no more than some lie between them. */
static void find_event(const struct nt_traces *t, int64_t *first, int64_t *last)
{
	int64_t peak = t->at[0].day;

	for (size_t i = 0; i < t->n; i++)
		if (packets_on(t, t->at[i].day) > packets_on(t, peak))
			peak = t->at[i].day;
	*first = *last = peak;
	for (size_t i = 0; i < t->n; i++)
		if (t->at[i].day > *last && t->at[i].day - *last <= APART_DAYS)
			*last = t->at[i].day;
	for (size_t i = t->n; i-- > 0;)
		if (t->at[i].day < *first && *first - t->at[i].day <= APART_DAYS)
			*first = t->at[i].day;
}

static int read_hours(struct reading *r, struct nt_traces *t)
{
	static const struct nt_get_set set = {.key = NT_RKEY_REGION};
	struct names members = {0};
	struct nt_get_query query;
	int64_t first, last;
	int err;

	find_event(t, &first, &last);
	last += DAYS_BEHIND;
	first -= DAYS_BEFORE;
	if (last - first >= FIGURE_DAYS)
		last = first + FIGURE_DAYS - 1;
	query = query_days(r, first, last);
	names_add(&members, "%s", t->region);
	err = read_packet_lines(r, &query, NT_BUCKET_H, &set, &members, &t->hourly);
	names_fini(&members);
	return err;
}

static int read_traces_of(struct reading *r, const char *region, struct nt_traces *t)
{
	struct days days = {0};
	int err;

	*t = (struct nt_traces){.coverage = r->report->coverage};
	snprintf(t->region, sizeof(t->region), "%s", region);
	err = read_days(r, t->region, &days);
	if (!err)
		err = choose_threshold(r, &days, t);
	for (size_t i = 0; i < days.n && !err; i++)
		err = take_day(t, r->report->wanted.period.first_day + (int64_t)i, &days.top[i]);
	if (!err)
		err = count_unknown_days(r, &days, t);
	days_fini(&days);
	if (!err)
		err = name_sources(r, t);
	if (!err && t->n)
		err = read_hours(r, t);
	return err;
}

int read_traces(struct reading *r)
{
	struct nt_report *report = r->report;
	struct suspect *s = calloc(report->events.n + 1, sizeof(*s));
	size_t n = s && !report->wanted.traces ? find_suspects(report, s) : 0;
	int err = s ? 0 : -ENOMEM;

	if (!err && report->wanted.traces)
		err = read_traces_of(r, report->wanted.traces, &report->traces[report->trace_tables++]);
	for (size_t i = 0; i < n && i < NT_REPORT_TRACES && !err; i++)
		err = read_traces_of(r, s[i].region, &report->traces[report->trace_tables++]);
	free(s);
	return err;
}

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

/* Days that say what is usual. A report on fewer looks back for them, since an event may fill all of its own. */
#define USUAL_DAYS 56
#define USUAL_BACK 92

/* Days of the figure, and those before and behind the days of sources. */
#define FIGURE_DAYS 14
#define BEFORE_DAYS 1
#define BEHIND_DAYS 2

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
	struct nt_get_top *top; /* [n] of the period */
	size_t n;
	struct nt_lines region; /* packets of the region, from before the period on */
	double *heaviest;	/* [known] packets of the heaviest source of a day, some of them before the period */
	size_t known;
};

static int read_top(struct reading *r, const char *region, int64_t day, struct nt_get_top *top)
{
	const struct nt_get_top_options options = {.set = {.key = NT_RKEY_SOURCE, .part = region}};
	const struct nt_get_query query = query_days(r, day, day);

	return nt_get_top(r->get, &query, &options, top);
}

/* A day on which the region sent something, and that has no sources of it, is one whose sources are not kept. */
static bool day_is_known(const struct nt_get_top *top, double packets)
{
	return top->n || packets == 0; /* not if it is NAN */
}

static void add_heaviest(struct days *days, const struct nt_get_top *top, double packets)
{
	if (day_is_known(top, packets))
		days->heaviest[days->known++] = top->n ? (double)top->at[0].packets : 0;
}

static int read_region(struct reading *r, const char *region, struct nt_lines *l)
{
	static const struct nt_get_set set = {.key = NT_RKEY_REGION};
	struct names members = {0};
	int err;

	names_add(&members, "%s", region);
	err = read_packet_lines(r, &r->look_back, NT_BUCKET_D, &set, &members, l);
	names_fini(&members);
	return err;
}

/* Days before the period, until enough are known. */
static int look_back(struct reading *r, const char *region, struct days *days)
{
	const struct nt_lines *l = &days->region;
	int64_t first_day = r->report->wanted.period.first_day;
	int err = 0;

	for (size_t i = 1; i <= USUAL_BACK && i <= l->first && days->known < USUAL_DAYS && !err; i++) {
		double packets = nt_line(l, 0)[l->first - i];
		struct nt_get_top top;

		if (isnan(packets))
			continue;
		err = read_top(r, region, first_day - (int64_t)i, &top);
		if (err)
			break;
		add_heaviest(days, &top, packets);
		nt_get_top_fini(&top);
	}
	return err;
}

static int read_days(struct reading *r, const char *region, struct days *days)
{
	const struct nt_period *period = &r->report->wanted.period;
	size_t n = (size_t)(period->last_day - period->first_day + 1);
	const struct nt_lines *l = &days->region;
	int err = read_region(r, region, &days->region);

	if (err)
		return err;
	days->top = calloc(n, sizeof(*days->top));
	days->heaviest = calloc(n + USUAL_BACK, sizeof(*days->heaviest));
	if (!days->top || !days->heaviest)
		return -ENOMEM;
	for (size_t i = 0; i < n && !err; i++) {
		err = read_top(r, region, period->first_day + (int64_t)i, &days->top[i]);
		days->n += !err;
		if (!err)
			add_heaviest(days, &days->top[i], l->first + i < l->points ? nt_line(l, 0)[l->first + i] : NAN);
	}
	return err ? err : look_back(r, region, days);
}

static void days_fini(struct days *days)
{
	for (size_t i = 0; i < days->n; i++)
		nt_get_top_fini(&days->top[i]);
	free(days->top);
	free(days->heaviest);
	nt_lines_fini(&days->region);
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

static void choose_threshold(const struct reading *r, const struct days *days, struct nt_traces *t)
{
	double usual = nt_stat_median(days->heaviest, days->known);

	t->threshold = r->report->wanted.threshold;
	if (t->threshold)
		return;
	t->usual = true;
	t->usual_days = days->known;
	t->threshold = round_up(fmax(USUAL_TIMES * fmax(usual, 0), THRESHOLD_LEAST));
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

static void count_unknown_days(const struct days *days, struct nt_traces *t)
{
	const struct nt_lines *l = &days->region;

	for (size_t i = 0; i < days->n && l->first + i < l->points; i++)
		t->days_unknown += !day_is_known(&days->top[i], nt_line(l, 0)[l->first + i]);
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

/* The day of sources that is the next one before or after some; 0 if there is none. */
static int64_t next_day(const struct nt_traces *t, int64_t first, int64_t last, bool after)
{
	int64_t found = 0;

	for (size_t i = 0; i < t->n; i++) {
		int64_t day = t->at[i].day;

		if (after ? day > last && (!found || day < found) : day < first && (!found || day > found))
			found = day;
	}
	return found;
}

/* All days of sources if the figure has room for them. Else those around the day with most packets, nearest first. */
static void find_event(const struct nt_traces *t, int64_t *first, int64_t *last)
{
	const int64_t room = FIGURE_DAYS - BEFORE_DAYS - BEHIND_DAYS;
	int64_t peak = t->at[0].day;

	for (size_t i = 0; i < t->n; i++)
		if (packets_on(t, t->at[i].day) > packets_on(t, peak))
			peak = t->at[i].day;
	*first = *last = peak;
	for (;;) {
		int64_t before = next_day(t, *first, *last, false), after = next_day(t, *first, *last, true);
		bool fits_before = before && *last - before < room, fits_after = after && after - *first < room;

		if (!fits_before && !fits_after)
			return;
		if (fits_before && (!fits_after || *first - before <= after - *last))
			*first = before;
		else
			*last = after;
	}
}

/* An event of the region that these days cut goes on in the figure, as far as there is room. */
static void add_event_days(const struct nt_report *r, const struct nt_traces *t, int64_t *first, int64_t *last)
{
	const int64_t room = FIGURE_DAYS - BEFORE_DAYS - BEHIND_DAYS, from = *first, to = *last;

	for (size_t i = 0; i < r->events.n; i++) {
		const struct nt_get_event *e = &r->events.at[i];
		int64_t begin = nt_day_of(e->start_s, r->day_offset_h), end = nt_day_of(e->end_s - 1, r->day_offset_h);

		if (strcmp(e->region, t->region) != 0 || (!nt_event_is(e, "fixed_tool") && !nt_event_is(e, "dos")) ||
		    end < from || begin > to)
			continue;
		if (begin < *first && *last - begin < room)
			*first = begin;
		if (end > *last && end - *first < room)
			*last = end;
	}
}

/* The last day of the figure: two behind the event, if they have begun. */
static int64_t day_behind(const struct nt_report *r, int64_t last)
{
	int64_t newest = last;

	for (size_t i = 0; i < r->sensors.n; i++) {
		const struct nt_get_sensor *s = &r->sensors.at[i];
		int64_t day = s->has_data ? nt_day_of(s->last_s, r->day_offset_h) : last;

		newest = day > newest ? day : newest;
	}
	return last + BEHIND_DAYS < newest ? last + BEHIND_DAYS : newest;
}

static int read_hours(struct reading *r, struct nt_traces *t)
{
	static const struct nt_get_set set = {.key = NT_RKEY_REGION};
	struct names members = {0};
	struct nt_get_query query;
	int64_t first, last;
	int err;

	find_event(t, &first, &last);
	add_event_days(r->report, t, &first, &last);
	query = query_days(r, first - BEFORE_DAYS, day_behind(r->report, last));
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
		choose_threshold(r, &days, t);
	for (size_t i = 0; i < days.n && !err; i++)
		err = take_day(t, r->report->wanted.period.first_day + (int64_t)i, &days.top[i]);
	if (!err)
		count_unknown_days(&days, t);
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

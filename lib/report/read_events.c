/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/evidence.h"
#include "report/read_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Events of the period, and scanners per day. */

/* A stream that holds nearly as many as it does by default has lost older ones, perhaps. */
#define STREAM_FULL 19000

static int by_start(const void *a, const void *b)
{
	const struct nt_get_event *x = a, *y = b;

	if (x->start_s != y->start_s)
		return x->start_s < y->start_s ? -1 : 1;
	return strcmp(x->type, y->type);
}

/* Where a stream may have lost its oldest events, those from its oldest on are known. */
static void find_beginning(struct nt_report *r)
{
	const struct nt_get_events *e = &r->events;

	for (size_t s = 0; s < r->sensors.n; s++) {
		int64_t oldest_s = INT64_MAX;
		size_t n = 0;

		for (size_t i = 0; i < e->n; i++) {
			if (strcmp(e->at[i].sensor, r->sensors.at[s].name) != 0)
				continue;
			n++;
			if ((int64_t)(e->at[i].id.ms / 1000) < oldest_s)
				oldest_s = (int64_t)(e->at[i].id.ms / 1000);
		}
		if (n >= STREAM_FULL && oldest_s > r->events_from_s)
			r->events_from_s = oldest_s;
	}
}

/* Moves the events that are not of the period behind the others, and lets go of them. */
static void keep_period(struct nt_report *r)
{
	struct nt_get_events gone = {0}, *e = &r->events;
	struct nt_get_event *at = calloc(e->n + 1, sizeof(*at));
	size_t n = 0;

	if (!at)
		return; /* they are looked at by their start wherever that matters */
	for (size_t i = 0; i < e->n; i++)
		if (e->at[i].start_s >= r->span.start_s && e->at[i].start_s < r->span.end_s)
			at[n++] = e->at[i];
		else
			e->at[gone.n++] = e->at[i];
	gone.at = e->at;
	e->at = at;
	e->n = n;
	nt_get_events_fini(&gone);
}

int read_events(struct reading *r)
{
	struct nt_report *report = r->report;
	int err = nt_get_events(r->get, &report->sensors, (struct nt_span){0}, 0, &report->events);

	if (err)
		return err;
	find_beginning(report);
	keep_period(report);
	if (report->events.n)
		qsort(report->events.at, report->events.n, sizeof(*report->events.at), by_start);
	return 0;
}

/* ---- scanners ---- */

struct scanner {
	int64_t day;
	const char *source;
	bool known;
};

static int by_day_and_source(const void *a, const void *b)
{
	const struct scanner *x = a, *y = b;

	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	return strcmp(x->source, y->source);
}

static size_t list_scanners(const struct nt_report *r, struct scanner *out)
{
	size_t n = 0;

	for (size_t i = 0; i < r->events.n; i++) {
		const struct nt_get_event *e = &r->events.at[i];
		struct nt_evidence evidence;

		if (!nt_event_is(e, "scanner"))
			continue;
		nt_evidence_read(e->body, &evidence);
		out[n++] = (struct scanner){nt_day_of(e->start_s, r->day_offset_h), e->source, evidence.known};
	}
	if (n)
		qsort(out, n, sizeof(*out), by_day_and_source);
	return n;
}

/* Several sensors may tell of one source. */
static void count_scanners(struct nt_report *r, const struct scanner *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int64_t day = s[i].day - r->wanted.period.first_day;

		if (i && !by_day_and_source(&s[i - 1], &s[i]))
			continue;
		if (day < 0 || day >= (int64_t)r->scanner_days)
			continue;
		r->scanners[day].known += s[i].known;
		r->scanners[day].unknown += !s[i].known;
	}
}

static bool is_gap(const struct nt_report *r, int64_t day)
{
	const struct nt_lines *l = &r->ports.daily;
	size_t at = l->first + (size_t)(day - r->wanted.period.first_day);
	const struct nt_period period = {.first_day = day, .last_day = day};

	if (nt_period_span(&period, r->day_offset_h).start_s < r->events_from_s)
		return true;
	return at < l->points && nt_get_is_gap(&l->point[at]);
}

int read_scanners(struct reading *r)
{
	struct nt_report *report = r->report;
	const struct nt_period *period = &report->wanted.period;
	struct scanner *s = calloc(report->events.n + 1, sizeof(*s));

	report->scanner_days = (size_t)(period->last_day - period->first_day + 1);
	report->scanners = calloc(report->scanner_days, sizeof(*report->scanners));
	if (!s || !report->scanners) {
		free(s);
		return -ENOMEM;
	}
	for (size_t i = 0; i < report->scanner_days; i++) {
		report->scanners[i].day = period->first_day + (int64_t)i;
		report->scanners[i].gap = is_gap(report, report->scanners[i].day);
	}
	count_scanners(report, s, list_scanners(report, s));
	free(s);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/read/inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Events of the period. */

static int by_start(const void *a, const void *b)
{
	const struct nt_get_event *x = a, *y = b;

	if (x->start_s != y->start_s)
		return x->start_s < y->start_s ? -1 : 1;
	return strcmp(x->type, y->type);
}

/* How many events the streams hold, and from when on. */
static int find_told(struct reading *r)
{
	const struct nt_report *report = r->report;

	r->told = calloc(report->sensors.n + 1, sizeof(*r->told));
	if (!r->told)
		return -ENOMEM;
	for (size_t s = 0; s < report->sensors.n; s++) {
		struct told *told = &r->told[s];

		told->oldest_s = INT64_MAX;
		for (size_t i = 0; i < report->events.n; i++) {
			const struct nt_get_event *e = &report->events.at[i];
			int64_t at_s = (int64_t)(e->id.ms / 1000);

			if (strcmp(e->sensor, report->sensors.at[s].name) != 0)
				continue;
			told->n++;
			told->oldest_s = at_s < told->oldest_s ? at_s : told->oldest_s;
		}
	}
	return 0;
}

/* Where a stream may have lost its oldest events, those from its oldest on are known. */
static void find_beginning(struct reading *r)
{
	for (size_t s = 0; s < r->report->sensors.n; s++)
		if (r->told[s].n >= STREAM_FULL && r->told[s].oldest_s > r->report->events_from_s)
			r->report->events_from_s = r->told[s].oldest_s;
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
	err = find_told(r);
	if (err)
		return err;
	find_beginning(r);
	keep_period(report);
	if (report->events.n)
		qsort(report->events.at, report->events.n, sizeof(*report->events.at), by_start);
	return 0;
}

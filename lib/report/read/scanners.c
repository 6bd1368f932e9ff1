/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/evidence.h"
#include "report/read/inside.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * Scanners per day. Events have their addresses, so that one that several sensors saw counts once; but the stream of
 * events forgets the oldest. Totals of a day have how many scanners a sensor told of, and stay as long as the day. So a
 * day is counted from events where the streams of all sensors reach back to it. Else, of one sensor, its total is the
 * number; of several, the largest is a lower bound, since nobody knows how many of them are the same.
 */

enum kind { OTHERS, KNOWN, KINDS };

static const char *const line_name[KINDS] = {[OTHERS] = "scanners", [KNOWN] = "research_scanners"};
static const char *const field[KINDS] = {[OTHERS] = "scanners.others", [KNOWN] = "scanners.known"};

struct scanner {
	int64_t day;
	const char *source;
	size_t sensor;
	enum kind kind;
};

/* Of a sensor on a day. */
struct seen {
	bool data;
	uint64_t told[KINDS];  /* by events that are still there */
	uint64_t total[KINDS]; /* in totals */
};

struct counting {
	struct nt_report *report;
	int64_t first_day;
	size_t days;
	struct seen *seen;	 /* [sensors * days] */
	uint64_t (*once)[KINDS]; /* [days] different sources of all events */
};

/* ---- from events ---- */

static int by_day_and_source(const void *a, const void *b)
{
	const struct scanner *x = a, *y = b;

	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	return strcmp(x->source, y->source);
}

static int by_all(const void *a, const void *b)
{
	const struct scanner *x = a, *y = b;
	int order = by_day_and_source(a, b);

	if (!order)
		order = (x->sensor > y->sensor) - (x->sensor < y->sensor);
	return order ? order : (x->kind > y->kind) - (x->kind < y->kind);
}

static size_t sensor_of(const struct nt_report *r, const char *name)
{
	size_t at = 0;

	while (at < r->sensors.n && strcmp(r->sensors.at[at].name, name) != 0)
		at++;
	return at;
}

static size_t list_scanners(const struct counting *c, struct scanner *out)
{
	const struct nt_report *r = c->report;
	size_t n = 0;

	for (size_t i = 0; i < r->events.n; i++) {
		const struct nt_get_event *e = &r->events.at[i];
		struct scanner s = {.day = nt_day_of(e->start_s, r->day_offset_h) - c->first_day, .source = e->source};
		struct nt_evidence evidence;

		if (!nt_event_is(e, "scanner") || s.day < 0 || s.day >= (int64_t)c->days)
			continue;
		nt_evidence_read(e->body, &evidence);
		s.kind = evidence.known ? KNOWN : OTHERS;
		s.sensor = sensor_of(r, e->sensor);
		if (s.sensor < r->sensors.n)
			out[n++] = s;
	}
	if (n)
		qsort(out, n, sizeof(*out), by_all);
	return n;
}

/* A source may have been told twice: by several sensors, or by one that was started anew. */
static int count_events(const struct counting *c)
{
	struct scanner *s = calloc(c->report->events.n + 1, sizeof(*s));
	size_t n = s ? list_scanners(c, s) : 0;

	for (size_t i = 0; i < n; i++) {
		bool same = i && !by_day_and_source(&s[i - 1], &s[i]);

		if (!same)
			c->once[s[i].day][s[i].kind]++;
		if (!same || s[i - 1].sensor != s[i].sensor)
			c->seen[s[i].sensor * c->days + (size_t)s[i].day].told[s[i].kind]++;
	}
	free(s);
	return s ? 0 : -ENOMEM;
}

/* ---- from totals ---- */

static int read_totals(struct reading *r, const struct counting *c, size_t sensor)
{
	struct nt_get_sensors one = {.at = &r->report->sensors.at[sensor], .n = 1};
	const struct nt_get_query query = {&one, r->report->span, NT_BUCKET_D};
	const struct nt_get_set set = {.key = NT_RKEY_TOTALS};
	struct nt_get_series s;
	int err = nt_get_series(r->get, &query, NT_BUCKET_D, &set, field, KINDS, &s);

	if (err)
		return err;
	for (size_t p = 0; p < s.points; p++) {
		int64_t day = nt_day_of(s.point[p].span.start_s, r->report->day_offset_h) - c->first_day;
		struct seen *seen;

		if (day < 0 || day >= (int64_t)c->days)
			continue;
		seen = &c->seen[sensor * c->days + (size_t)day];
		seen->data = !nt_get_is_gap(&s.point[p]);
		for (enum kind k = 0; k < KINDS && seen->data; k++)
			seen->total[k] = nt_get_series_value(&s, k, p)->packets;
	}
	nt_get_series_fini(&s);
	return 0;
}

/* ---- both ---- */

/* True if all that was told of the day is still in the sensor's stream. */
static bool reaches_back(const struct reading *r, size_t sensor, const struct seen *s, int64_t day_start_s)
{
	const struct told *told = &r->told[sensor];

	return told->oldest_s <= day_start_s ||
	       (told->n < STREAM_FULL && s->total[OTHERS] <= s->told[OTHERS] && s->total[KNOWN] <= s->told[KNOWN]);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* What is known of a day. */
struct found {
	bool any;		 /* a sensor has data of which the number is known */
	bool all_events;	 /* all sensors with data have all their events */
	bool unknown;		 /* a sensor has data of which nothing is known */
	size_t sensors;		 /* that saw scanners */
	uint64_t largest[KINDS]; /* of a sensor */
};

static struct found find(const struct reading *r, const struct counting *c, size_t day)
{
	const struct nt_period one = {.first_day = c->first_day + (int64_t)day,
				      .last_day = c->first_day + (int64_t)day};
	int64_t start_s = nt_period_span(&one, c->report->day_offset_h).start_s;
	struct found f = {.all_events = true};

	for (size_t i = 0; i < c->report->sensors.n; i++) {
		const struct seen *s = &c->seen[i * c->days + day];
		bool whole = reaches_back(r, i, s, start_s), known = whole || s->total[OTHERS] || s->total[KNOWN];

		if (!s->data)
			continue;
		f.any |= known;
		f.unknown |= !known;
		f.all_events &= whole;
		for (enum kind k = 0; k < KINDS; k++)
			f.largest[k] = larger(f.largest[k], whole ? s->told[k] : larger(s->told[k], s->total[k]));
		f.sensors += known && s->told[OTHERS] + s->told[KNOWN] + s->total[OTHERS] + s->total[KNOWN];
	}
	return f;
}

static void draw(const struct reading *r, const struct counting *c)
{
	struct nt_lines *l = &r->report->scanners;

	for (size_t p = l->first; p < l->points; p++) {
		int64_t day = nt_day_of(l->point[p].span.start_s, r->report->day_offset_h) - c->first_day;
		struct found f;

		if (day < 0 || day >= (int64_t)c->days)
			continue;
		f = find(r, c, (size_t)day);
		for (enum kind k = 0; k < KINDS && f.any; k++) {
			uint64_t once = c->once[day][k], number = f.all_events ? once : larger(once, f.largest[k]);
			bool at_least = !f.all_events && (f.unknown || f.sensors > 1);

			if (at_least && !number)
				continue; /* says nothing */
			l->value[k * l->points + p] = (double)number;
			l->at_least[k * l->points + p] = at_least;
		}
	}
}

static int count(struct reading *r, const struct counting *c)
{
	int err = c->seen && c->once ? count_events(c) : -ENOMEM;

	for (size_t i = 0; i < r->report->sensors.n && !err; i++)
		err = read_totals(r, c, i);
	if (!err)
		draw(r, c);
	return err;
}

int read_scanners(struct reading *r)
{
	struct nt_report *report = r->report;
	const struct nt_period *period = &report->wanted.period;
	struct counting c = {.report = report, .first_day = period->first_day};
	int err = lines_like(&report->infected, KINDS, &report->scanners);

	if (err)
		return err;
	for (enum kind k = 0; k < KINDS; k++)
		strcpy(report->scanners.name[k], line_name[k]);
	c.days = (size_t)(period->last_day - period->first_day + 1);
	c.seen = calloc(report->sensors.n * c.days + 1, sizeof(*c.seen));
	c.once = calloc(c.days + 1, sizeof(*c.once));
	err = count(r, &c);
	free(c.seen);
	free(c.once);
	return err;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/read/read.h"

#include "report/read/inside.h"

#include "base/clock.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two quarters, and three where the report is about more days than a quarter has. */
#define LOOK_BACK_DAYS 184

/* 2000-01-01 and 2099-12-31: what has data is looked for between them. */
#define DATA_FIRST 10957
#define DATA_LAST  47481

/* ---- what the parts share ---- */

void names_add(struct names *names, const char *format, ...)
{
	va_list args;

	if (names->n == names->room) {
		size_t room = names->room ? 2 * names->room : 16;
		char(*at)[NT_GET_NAME] = reallocarray(names->at, room, sizeof(*at));

		names->failed |= !at;
		if (!at)
			return;
		names->at = at;
		names->room = room;
	}
	va_start(args, format);
	vsnprintf(names->at[names->n++], NT_GET_NAME, format, args);
	va_end(args);
}

const char *const *names_list(struct names *names)
{
	const char **pointer = names->failed ? NULL : reallocarray(names->pointer, names->n + 1, sizeof(*pointer));

	if (!pointer)
		return NULL;
	names->pointer = pointer;
	for (size_t i = 0; i < names->n; i++)
		pointer[i] = names->at[i];
	return pointer;
}

void names_fini(struct names *names)
{
	free(names->at);
	free(names->pointer);
	*names = (struct names){0};
}

struct nt_get_query query_days(const struct reading *r, int64_t first_day, int64_t last_day)
{
	const struct nt_period period = {.first_day = first_day, .last_day = last_day};

	return (struct nt_get_query){
	    .sensors = &r->report->sensors,
	    .range = nt_period_span(&period, r->report->day_offset_h),
	    .finest = NT_BUCKET_D,
	};
}

bool is_region_code(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

	return strlen(name) == 2 && strspn(name, allowed) == 2;
}

uint64_t packets_of(const struct nt_get_top *top, const char *name)
{
	for (size_t i = 0; i < top->n; i++)
		if (!strcmp(top->at[i].name, name))
			return top->at[i].packets;
	return 0;
}

/* All at once: one question for the numbers and one for the names. */
static int ask_owners(struct reading *r, const struct nt_get_query *query, struct owned *owned, size_t n,
		      const char **address, uint32_t *asn, char **org)
{
	int err;

	for (size_t i = 0; i < n; i++)
		address[i] = owned[i].address;
	err = nt_get_who(r->get, query, address, n, asn);
	if (!err)
		err = nt_get_orgs(r->get, &r->report->sensors, asn, n, org);
	for (size_t i = 0; i < n && !err; i++) {
		owned[i].asn = asn[i];
		owned[i].org = asn[i] ? org[i] : NULL;
		if (!asn[i])
			free(org[i]);
	}
	return err;
}

int read_owners(struct reading *r, const struct nt_get_query *query, struct owned *owned, size_t n)
{
	const char **address = calloc(n + 1, sizeof(*address));
	uint32_t *asn = calloc(n + 1, sizeof(*asn));
	char **org = calloc(n + 1, sizeof(*org));
	int err = address && asn && org ? 0 : -ENOMEM;

	if (!err)
		err = ask_owners(r, query, owned, n, address, asn, org);
	free(address);
	free(asn);
	free(org);
	return err;
}

/* ---- sensors and spans ---- */

static int refuse(char why[static NT_REPORT_WHY], int err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int refuse(char why[static NT_REPORT_WHY], int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, NT_REPORT_WHY, format, args);
	va_end(args);
	return err;
}

static int refuse_group(const struct nt_report *r, char why[static NT_REPORT_WHY])
{
	const struct nt_get_sensors *all = &r->everybody;
	size_t used = 0;
	char groups[160] = "";

	if (!all->n)
		return refuse(why, -ENOENT, "no sensor has written here yet");
	for (size_t i = 0; i < all->n && used < sizeof(groups); i++) {
		bool told = false;

		for (size_t j = 0; j < i && !told; j++)
			told = !strcmp(all->at[i].group, all->at[j].group);
		if (!told)
			used += (size_t)snprintf(&groups[used], sizeof(groups) - used, "%s%.60s", used ? ", " : "",
						 all->at[i].group);
	}
	return refuse(why, -ENOENT, "no sensor is in group %.60s; there are: %s", r->wanted.choice.group, groups);
}

static int check_sensors(struct nt_report *r, char why[static NT_REPORT_WHY])
{
	const struct nt_get_sensors *s = &r->sensors;

	if (!s->n)
		return refuse_group(r, why);
	for (size_t i = 0; i < s->n; i++) {
		if (s->at[i].schema[0] && strcmp(s->at[i].schema, "needletail/1") != 0)
			return refuse(why, -EPROTO, "%s: its keys are of another version: %.40s", s->at[i].name,
				      s->at[i].schema);
		if (s->at[i].day_offset_h != s->at[0].day_offset_h)
			return refuse(why, -EINVAL,
				      "%s and %s have days of different time zones: choose with --sensors",
				      s->at[0].name, s->at[i].name);
	}
	r->day_offset_h = s->at[0].day_offset_h;
	return 0;
}

static void choose_spans(struct nt_report *r)
{
	const struct nt_report_wanted *w = &r->wanted;
	struct nt_period back = nt_period_before(&w->period);

	if (w->period.quarter)
		back = nt_period_before(&back);
	else
		back.first_day = w->period.first_day - LOOK_BACK_DAYS;
	r->span = nt_period_span(&w->period, r->day_offset_h);
	r->before = nt_period_span(&w->compare, r->day_offset_h);
	r->look_back = nt_period_span(&back, r->day_offset_h);
	r->look_back.end_s = r->span.end_s;
}

/* A sensor whose newest interval ended so long ago is not running: what it has not counted since is missing. */
#define SILENT_INTERVALS 10
#define SILENT_S	 900

static void note_silent(struct nt_get_sensors *s, int64_t now_s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct nt_get_sensor *one = &s->at[i];
		int64_t patience_s = (int64_t)SILENT_INTERVALS * one->interval_s;

		if (now_s - one->last_s > one->interval_s + (patience_s > SILENT_S ? patience_s : SILENT_S))
			one->silent_until_s = now_s;
	}
}

static int find_sensors(struct reading *r, char why[static NT_REPORT_WHY])
{
	const struct nt_get_choice all = {0};
	struct nt_report *report = r->report;
	int err = nt_get_sensors(r->get, &all, &report->everybody);

	if (!err)
		err = nt_get_sensors(r->get, &report->wanted.choice, &report->sensors);
	if (err)
		return err;
	err = check_sensors(report, why);
	if (err)
		return err;
	note_silent(&report->everybody, nt_clock_now().s);
	note_silent(&report->sensors, nt_clock_now().s);
	choose_spans(report);
	r->period = (struct nt_get_query){&report->sensors, report->span, NT_BUCKET_D};
	r->before = (struct nt_get_query){&report->sensors, report->before, NT_BUCKET_D};
	r->look_back = (struct nt_get_query){&report->sensors, report->look_back, NT_BUCKET_D};
	return 0;
}

/* ---- the parts, one after the other ---- */

/* Of all quarters, whose totals are kept for ever, the first and the last with data. */
static int find_data(struct reading *r, const struct nt_get_point **first, const struct nt_get_point **last,
		     struct nt_get_series *quarters)
{
	static const char *const field[] = {"frames"};
	const struct nt_get_set totals = {.key = NT_RKEY_TOTALS};
	const struct nt_period years = {.first_day = DATA_FIRST, .last_day = DATA_LAST};
	struct nt_get_query query = {&r->report->sensors, nt_period_span(&years, r->report->day_offset_h), NT_BUCKET_Q};
	int64_t end_s = nt_get_sensors_end(query.sensors);
	int err;

	if (end_s > query.range.start_s && end_s < query.range.end_s)
		query.range.end_s = end_s;
	err = nt_get_series(r->get, &query, NT_BUCKET_Q, &totals, field, 1, quarters);
	for (size_t i = 0; i < quarters->points && !err; i++) {
		if (nt_get_is_gap(&quarters->point[i]))
			continue;
		*first = *first ? *first : &quarters->point[i];
		*last = &quarters->point[i];
	}
	return err;
}

static int refuse_empty(struct reading *r, char why[static NT_REPORT_WHY])
{
	const char *wanted = r->report->wanted.period.name;
	const struct nt_get_point *first = NULL, *last = NULL;
	struct nt_get_series quarters = {0};
	int err = find_data(r, &first, &last, &quarters);

	if (!err && first) {
		int32_t offset_h = r->report->day_offset_h;
		struct nt_period from = nt_quarter_of(nt_day_of(first->span.start_s, offset_h));
		struct nt_period to = nt_quarter_of(nt_day_of(last->span.start_s, offset_h));

		err = refuse(why, -ENODATA, "%s: no data of these sensors; they have data of %s%s%s", wanted, from.name,
			     first == last ? "" : " to ", first == last ? "" : to.name);
	} else if (!err) {
		err = refuse(why, -ENODATA, "%s: no data of these sensors, nor of any other quarter", wanted);
	}
	nt_get_series_fini(&quarters);
	return err;
}

static int read_head(struct reading *r, char why[static NT_REPORT_WHY])
{
	static const char *const all[] = {"sources"};
	struct nt_report *report = r->report;
	struct nt_get_totals totals;
	struct nt_get_unique unique;
	int err = nt_get_totals(r->get, &r->period, &totals);

	if (err)
		return err;
	report->frames = nt_get_total(&totals, "frames");
	report->coverage = totals.coverage;
	nt_get_totals_fini(&totals);
	if (!report->coverage.sensors)
		return refuse_empty(r, why);
	err = nt_get_unique(r->get, &r->period, NT_GET_WHOLE, all, 1, &unique);
	if (err)
		return err;
	report->hosts = *nt_get_unique_at(&unique, 0, 0);
	nt_get_unique_fini(&unique);
	return 0;
}

static const struct {
	const char *what;
	int (*read)(struct reading *r);
} part[] = {
    {"ports and regions", read_rankings},
    {"regions and their ports", read_profiles},
    {"backscatter", read_backscatter},
    {"senders of backscatter", read_senders},
    {"one port from one region", read_focus},
    {"events", read_events},
    {"whom to tell", read_export},
    {"traces of attacks", read_traces},
    {"sensors and groups", read_sensors},
    {"infected hosts", read_infected},
    {"the share of Mirai", read_mirai},
    {"scanners", read_scanners},
};

#define PARTS (sizeof(part) / sizeof(part[0]))

static int read_parts(struct reading *r, const struct nt_report_progress *progress)
{
	int err = 0;

	for (unsigned int i = 0; i < PARTS && !err; i++) {
		if (progress)
			progress->tell(progress->cookie, i, PARTS, part[i].what);
		err = part[i].read(r);
	}
	return err;
}

int nt_report_read(struct nt_get *g, const struct nt_report_wanted *wanted, const struct nt_report_progress *progress,
		   struct nt_report *out, char why[static NT_REPORT_WHY])
{
	struct reading r = {.get = g, .report = out};
	int err;

	*out = (struct nt_report){.wanted = *wanted, .events_from_s = INT64_MIN};
	why[0] = '\0';
	err = find_sensors(&r, why);
	if (!err)
		err = read_head(&r, why);
	if (!err)
		err = read_parts(&r, progress);
	nt_get_top_fini(&r.all_ports);
	nt_get_top_fini(&r.all_regions);
	free(r.told);
	if (err && !why[0])
		refuse(why, err, "%s", err == -ENOMEM ? "out of memory" : nt_get_why(g));
	if (err)
		nt_report_fini(out);
	return err;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/compose/inside.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The report's head, and the order of its items. */

void note_zone(struct composing *c)
{
	int32_t offset_h = c->r->day_offset_h, begin_h = ((-offset_h) % 24 + 24) % 24;
	char zone[16], hour[16];

	snprintf(zone, sizeof(zone), "UTC%+d", offset_h);
	snprintf(hour, sizeof(hour), "%02d:00", begin_h);
	if (offset_h)
		nt_doc_note(c->d, NT_MSG_NOTE_ZONE, WORDS(nt_word("zone", zone), nt_word("hour", hour)));
	else
		nt_doc_note(c->d, NT_MSG_NOTE_UTC, NO_WORDS);
}

struct nt_word word_period(const struct composing *c, const char *place, const struct nt_period *p)
{
	return p->quarter ? nt_word(place, p->name)
			  : nt_word_days(place, c->lang, p->first_day, p->last_day, c->last_day);
}

/* A period where no other date is near: with its year. */
static struct nt_word whole_period(const struct composing *c, const char *place, const struct nt_period *p)
{
	return p->quarter ? nt_word(place, p->name) : nt_word_days(place, c->lang, p->first_day, p->last_day, -1);
}

static void name_document(struct composing *c)
{
	const struct nt_report_wanted *wanted = &c->r->wanted;
	const struct nt_word title = whole_period(c, "period", &wanted->period);

	c->d->title = nt_message_text(c->lang, NT_MSG_TITLE_REPORT, &title, 1);
	c->d->period = strdup(wanted->period.name);
	c->d->compared = strdup(wanted->compare.name);
	c->d->compared_text = strdup(whole_period(c, "", &wanted->compare).text);
}

static void compose_head(struct composing *c)
{
	const struct nt_report *r = c->r;
	const struct nt_word words[] = {
	    nt_word("period", r->wanted.period.name),
	    word_period(c, "compared", &r->wanted.compare),
	    nt_word("group", r->wanted.choice.group ? r->wanted.choice.group : "-"),
	    nt_word_days("days", c->lang, r->wanted.period.first_day, r->wanted.period.last_day, -1),
	    nt_word_count("sensors", (double)r->sensors.n),
	    nt_word_count("packets", (double)r->frames),
	    nt_word_count("hosts", (double)r->hosts.sources),
	};
	size_t n = sizeof(words) / sizeof(words[0]);

	name_document(c);
	nt_doc_item(c->d, "basis", NT_DOC_TABLE, NT_MSG_TITLE_BASIS, NO_WORDS);
	nt_doc_say(c->d, r->wanted.choice.group ? NT_MSG_ABOUT_GROUP : NT_MSG_ABOUT_SENSORS, words, n);
	nt_doc_say(c->d, r->hosts.quality == NT_GET_AT_LEAST ? NT_MSG_FRAMES_AT_LEAST : NT_MSG_FRAMES, words, n);
	nt_doc_note(c->d, NT_MSG_NOTE_HOSTS, NO_WORDS);
	note_zone(c);
	set_basis(c, &r->coverage);
}

/* The newest that was used in the period. */
static void add_geo(struct composing *c, const struct nt_get_coverage *coverage)
{
	if (coverage->geo_newest_s)
		nt_doc_day(c->d, nt_day_of(coverage->geo_newest_s, 0));
	else
		nt_doc_text(c->d, NULL);
}

static void add_sensor(struct composing *c, size_t i)
{
	const struct nt_get_sensor *s = &c->r->sensors.at[i];

	nt_doc_text(c->d, s->name);
	nt_doc_text(c->d, s->group[0] ? s->group : NULL);
	nt_doc_number(c->d, s->addresses ? (double)s->addresses : NAN);
	nt_doc_number(c->d, s->interval_s);
	add_geo(c, &c->r->sensor_top[i].coverage);
	nt_doc_number(c->d, (double)(s->dropped_intervals + s->gap_intervals));
}

static const struct column sensor_column[] = {
    {"sensor", NT_DOC_TEXT, NT_MSG_COL_SENSOR},	       {"group", NT_DOC_TEXT, NT_MSG_COL_GROUP},
    {"addresses", NT_DOC_COUNT, NT_MSG_COL_ADDRESSES}, {"interval_s", NT_DOC_COUNT, NT_MSG_COL_INTERVAL},
    {"region_database", NT_DOC_DATE, NT_MSG_COL_GEO},  {"intervals_never_written", NT_DOC_COUNT, NT_MSG_COL_NEVER},
};

static void compose_basis(struct composing *c)
{
	compose_head(c);
	add_columns(c, COLUMNS_OF(sensor_column));
	for (size_t i = 0; i < c->r->sensors.n; i++)
		add_sensor(c, i);
}

int nt_report_compose(const struct nt_report *r, const struct nt_report_style *style, struct nt_document *out)
{
	static void (*const part[])(struct composing *) = {
	    compose_basis, compose_ranks,  compose_profiles, compose_backscatter, compose_focus,    compose_traces,
	    compose_marks, compose_events, compose_export,   compose_sensors,	  compose_infected, compose_scanners};
	struct composing c = {
	    .r = r,
	    .d = out,
	    .lang = style->lang,
	    .regions = style->regions,
	    .owners = style->owners,
	    .last_day = r->wanted.period.last_day,
	};
	int err;

	nt_doc_begin(out, style->lang);
	out->first_day = r->wanted.period.first_day;
	out->last_day = r->wanted.period.last_day;
	out->span = r->span;
	out->day_offset_h = r->day_offset_h;
	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++)
		part[i](&c);
	if (!out->title || !out->period || !out->compared || !out->compared_text)
		out->error = -ENOMEM;
	err = out->error;
	if (err)
		nt_doc_fini(out);
	return err;
}

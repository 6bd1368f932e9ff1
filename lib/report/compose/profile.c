/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/compose/inside.h"

#include <stdio.h>
#include <string.h>

/* X1: ports of regions, beside all other regions. */

/* At both ends of a course, the days whose median is told. */
#define COURSE_DAYS 14

/* The share of them that must be known. */
#define ENOUGH (2.0 / 3)

static double differs(const struct nt_profile_row *row)
{
	return nt_share_own(&row->of) - nt_share_others(&row->of);
}

static void add_profile_columns(struct composing *c)
{
	nt_doc_column(c->d, "region", NT_DOC_TEXT, NT_MSG_COL_CODE);
	nt_doc_column(c->d, "name", NT_DOC_TEXT, NT_MSG_COL_REGION);
	nt_doc_column(c->d, "rank", NT_DOC_COUNT, NT_MSG_COL_RANK);
	nt_doc_column(c->d, "port", NT_DOC_TEXT, NT_MSG_COL_PORT);
	nt_doc_column(c->d, "service", NT_DOC_TEXT, NT_MSG_COL_SERVICE);
	nt_doc_column(c->d, "packets", NT_DOC_COUNT, NT_MSG_COL_PACKETS);
	nt_doc_column(c->d, "share", NT_DOC_SHARE, NT_MSG_COL_SHARE_OWN);
	nt_doc_column(c->d, "share_others", NT_DOC_SHARE, NT_MSG_COL_SHARE_OTHERS);
	nt_doc_column(c->d, "difference", NT_DOC_SHARE, NT_MSG_COL_DIFFERENCE)->points = true;
}

static void add_rows(struct composing *c, const struct nt_profile *p)
{
	char service[NT_SERVICE_TEXT];

	for (size_t i = 0; i < p->n; i++) {
		const struct nt_profile_row *row = &p->at[i];

		nt_service_name(row->port, service);
		nt_doc_text(c->d, p->region);
		nt_doc_text(c->d, nt_region_name(c->regions, p->region));
		nt_doc_number(c->d, (double)i + 1);
		nt_doc_text(c->d, row->port);
		nt_doc_text(c->d, service);
		nt_doc_at_least(c->d, row->of.pair, row->missing > 0);
		nt_doc_number(c->d, nt_share_own(&row->of));
		nt_doc_number(c->d, nt_share_others(&row->of));
		nt_doc_number(c->d, differs(row));
	}
}

static void say_profile(struct composing *c, const struct nt_profile *p)
{
	struct nt_word region = word_line(c, "region", title_of_region, p->region);
	bool any = false;

	for (size_t i = 0; i < p->n; i++) {
		const struct nt_profile_row *row = &p->at[i];

		if (isnan(differs(row)) || fabs(differs(row)) < NT_SHARE_DIFFERS)
			continue;
		any = true;
		nt_doc_say(c->d, differs(row) > 0 ? NT_MSG_PROFILE_ABOVE : NT_MSG_PROFILE_BELOW,
			   WORDS(region, word_line(c, "port", title_of_port, row->port),
				 nt_word_count("rank", (double)i + 1), nt_word_share("own", nt_share_own(&row->of)),
				 nt_word_share("others", nt_share_others(&row->of))));
	}
	if (!any && p->n)
		nt_doc_say(c->d, NT_MSG_PROFILE_SAME, WORDS(region));
}

static void title_of_course(const struct composing *c, const char *name, char title[static NT_WORD_TEXT])
{
	const char *colon = strchr(name, ':');
	char port[NT_WORD_TEXT], region[8];

	title_of_port(c, colon ? colon + 1 : name, port);
	snprintf(region, sizeof(region), "%.*s", (int)(colon ? colon - name : 0), name);
	if (!strncmp(name, "others:", 7))
		snprintf(title, NT_WORD_TEXT, "%.100s: %.300s", nt_message(c->lang, NT_MSG_OTHERS), port);
	else
		snprintf(title, NT_WORD_TEXT, "%.100s: %.300s", nt_region_name(c->regions, region), port);
}

/* Ports; those of all other regions beside those of the region. */
static void look_of_course(const char *name, struct nt_doc_column *column)
{
	look_of_second_part(name, column);
	column->second = !strncmp(name, "others:", 7);
}

/* A median of a few days of an end says nothing of it. */
static bool is_known(const double *value, size_t days)
{
	return days && (double)nt_stat_known(value, days) >= ENOUGH * (double)days;
}

/* Where the shares of a port began and where they ended, here and elsewhere. */
static void say_course(struct composing *c, const struct nt_profile *p, size_t line)
{
	const struct nt_lines *l = &p->course;
	const double *own = nt_line(l, line), *others = nt_line(l, line + 1);
	size_t points = l->points - l->first, days = points / 2 < COURSE_DAYS ? points / 2 : COURSE_DAYS;
	size_t last = l->points - days;
	const char *colon = strchr(l->name[line], ':');

	if (!colon || !is_known(&own[l->first], days) || !is_known(&own[last], days) ||
	    !is_known(&others[l->first], days) || !is_known(&others[last], days))
		return;
	nt_doc_say(c->d, NT_MSG_PROFILE_COURSE,
		   WORDS(word_line(c, "region", title_of_region, p->region),
			 word_line(c, "port", title_of_port, colon + 1), nt_word_count("n", (double)days),
			 nt_word_share("own_first", nt_stat_median(&own[l->first], days)),
			 nt_word_share("own_last", nt_stat_median(&own[last], days)),
			 nt_word_share("others_first", nt_stat_median(&others[l->first], days)),
			 nt_word_share("others_last", nt_stat_median(&others[last], days))));
}

static void compose_course(struct composing *c, const struct nt_profile *p)
{
	char id[24];
	const struct figure course = {
	    .id = id,
	    .lines = &p->course,
	    .shown = p->course.n,
	    .kind = NT_DOC_SHARE,
	    .title = title_of_course,
	    .axis = NT_MSG_AXIS_SHARE_REGION,
	    .look = look_of_course,
	};

	snprintf(id, sizeof(id), "X1-%.2s", p->region);
	nt_doc_item(c->d, id, NT_DOC_FIGURE, NT_MSG_TITLE_X1_COURSE,
		    WORDS(word_line(c, "region", title_of_region, p->region)));
	add_figure(c, &course);
	for (size_t line = 0; line + 1 < p->course.n; line += 2)
		say_course(c, p, line);
}

/* The focus region, and those that differ from the others. */
static bool is_special(const struct composing *c, const struct nt_profile *p)
{
	bool special = !strcmp(p->region, c->r->wanted.region);

	for (size_t i = 0; i < p->n; i++)
		special |= fabs(differs(&p->at[i])) >= NT_SHARE_DIFFERS;
	return special;
}

void compose_profiles(struct composing *c)
{
	nt_doc_item(c->d, "X1", NT_DOC_TABLE, NT_MSG_TITLE_X1, NO_WORDS);
	add_profile_columns(c);
	for (size_t i = 0; i < c->r->profiles; i++)
		add_rows(c, &c->r->profile[i]);
	set_basis(c, &c->r->coverage);
	for (size_t i = 0; i < c->r->profiles; i++)
		say_profile(c, &c->r->profile[i]);
	for (size_t i = 0; i < c->r->profiles; i++)
		if (c->r->profile[i].course.n && is_special(c, &c->r->profile[i]))
			compose_course(c, &c->r->profile[i]);
}

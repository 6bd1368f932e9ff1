/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/analyse/trend.h"
#include "report/compose/inside.h"

#include <string.h>

/* F4 and F5. */

static void title_of_window(const struct composing *c, const char *name, char title[static NT_WORD_TEXT])
{
	bool mark = !strcmp(name, NT_REPORT_FOCUS_SIG);

	title_as_is(c, nt_message(c->lang, mark ? NT_MSG_WINDOW_8192 : NT_MSG_WINDOW_OTHER), title);
}

static void title_of_focus(const struct composing *c, const char *name, char title[static NT_WORD_TEXT])
{
	const char *colon = strchr(name, ':');

	title_of_port(c, colon ? colon + 1 : name, title);
}

static enum nt_trend trend_of(const struct nt_lines *l, size_t line)
{
	double value[NT_LINE_MAX];

	comparable(l, line, value);
	return nt_trend(&value[l->first], l->points - l->first).trend;
}

static bool grows(enum nt_trend trend)
{
	return trend == NT_TREND_RISE || trend == NT_TREND_SLIGHT_RISE || trend == NT_TREND_SURGES_ON_RISE;
}

/* Of a line of which nothing is known it is not known that it does not grow. */
static bool only_first_grows(const struct nt_lines *l)
{
	enum nt_trend others = trend_of(l, 1);

	return grows(trend_of(l, 0)) && others != NT_TREND_UNKNOWN && !grows(others);
}

void compose_focus(struct composing *c)
{
	const struct nt_report *r = c->r;
	const struct nt_word words[] = {
	    word_line(c, "region", title_of_region, r->wanted.region),
	    word_line(c, "port", title_of_port, NT_REPORT_FOCUS_PORT),
	};
	const struct figure packets = {
	    .id = "F4",
	    .lines = &r->focus,
	    .shown = 1,
	    .kind = NT_DOC_COUNT,
	    .title = title_of_focus,
	    .axis = NT_MSG_AXIS_PACKETS_DAY,
	    .look = look_of_second_part,
	};
	const struct figure hosts = {
	    .id = "F5",
	    .lines = &r->by_window,
	    .shown = 2,
	    .kind = NT_DOC_COUNT,
	    .title = title_of_window,
	    .axis = NT_MSG_AXIS_HOSTS_DAY,
	};

	nt_doc_item(c->d, packets.id, NT_DOC_FIGURE, NT_MSG_TITLE_F4, words, 2);
	add_figure(c, &packets);
	say_trends(c, &packets, UNIT_PACKETS);
	nt_doc_item(c->d, hosts.id, NT_DOC_FIGURE, NT_MSG_TITLE_F5, words, 2);
	add_figure(c, &hosts);
	say_trends(c, &hosts, UNIT_HOSTS);
	if (only_first_grows(&r->by_window))
		nt_doc_say(c->d, NT_MSG_ONLY_8192, words, 2);
	nt_doc_note(c->d, NT_MSG_NOTE_8192, words, 2);
}

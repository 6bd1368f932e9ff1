/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/compose/inside.h"
#include "report/evidence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The events of the period, and scanners per day. */

#define ROWS_SHOWN 30

/* What an event tells of. */
struct once {
	int64_t day;
	const char *source;
};

/* What tells apart what events of a type tell of; of some types nothing does. */
typedef int order(const void *, const void *);

static int by_source(const void *a, const void *b)
{
	const struct once *x = a, *y = b;

	return strcmp(x->source, y->source);
}

static int by_source_and_day(const void *a, const void *b)
{
	const struct once *x = a, *y = b;

	return x->day != y->day ? (x->day > y->day) - (x->day < y->day) : by_source(a, b);
}

static const struct {
	const char *type;
	enum nt_message name;
	order *order;
} type[] = {
    {"dos", NT_MSG_EVENT_DOS, by_source},  {"fixed_tool", NT_MSG_EVENT_FIXED_TOOL, NULL},
    {"surge", NT_MSG_EVENT_SURGE, NULL},   {"scanner", NT_MSG_EVENT_SCANNER, by_source_and_day},
    {"sensor", NT_MSG_EVENT_SENSOR, NULL},
};

#define TYPES (sizeof(type) / sizeof(type[0]))

/* Its place in the list: what has no rows. */
#define SCANNER 3

/* Sources of a type's events, each once over all sensors; and how many events there are. */
static size_t count_once(const struct nt_report *r, size_t t, struct once *room, size_t *events)
{
	size_t once = 0;

	*events = 0;
	for (size_t i = 0; i < r->events.n; i++)
		if (nt_event_is(&r->events.at[i], type[t].type))
			room[(*events)++] = (struct once){
			    .day = nt_day_of(r->events.at[i].start_s, r->day_offset_h),
			    .source = r->events.at[i].source,
			};
	if (!type[t].order || !*events)
		return *events;
	qsort(room, *events, sizeof(*room), type[t].order);
	for (size_t i = 0; i < *events; i++)
		once += !i || type[t].order(&room[i - 1], &room[i]) != 0;
	return once;
}

/* Several sensors tell of one victim, or of one scanner. */
static void say_numbers(struct composing *c)
{
	struct once *room = calloc(c->r->events.n + 1, sizeof(*room));

	if (!room) {
		c->d->error = -ENOMEM;
		return;
	}
	for (size_t t = 0; t < TYPES; t++) {
		size_t events, n = count_once(c->r, t, room, &events);

		if (n)
			nt_doc_say(c->d, n == events ? NT_MSG_EVENTS_OF : NT_MSG_EVENTS_ONCE,
				   WORDS(nt_word_message("type", c->lang, type[t].name), nt_word_count("n", (double)n),
					 nt_word_count("events", (double)events)));
	}
	free(room);
}

static const struct column event_column[] = {
    {"start", NT_DOC_TIME, NT_MSG_COL_START},	{"end", NT_DOC_TIME, NT_MSG_COL_END},
    {"type", NT_DOC_TEXT, NT_MSG_COL_TYPE},	{"region", NT_DOC_TEXT, NT_MSG_COL_CODE},
    {"source", NT_DOC_TEXT, NT_MSG_COL_SOURCE}, {"packets", NT_DOC_COUNT, NT_MSG_COL_PACKETS},
    {"sensor", NT_DOC_TEXT, NT_MSG_COL_SENSOR}, {"what", NT_DOC_TEXT, NT_MSG_COL_WHAT},
};

/* Under pseudonyms an address goes by its owner's. */
static void add_source(struct composing *c, const char *source)
{
	char owner[NT_OWNER_TEXT];

	if (!nt_owners_pseudonyms(c->owners))
		nt_doc_text(c->d, source[0] ? source : NULL);
	else
		nt_doc_text(c->d, nt_owner_text(c->owners, source, NULL, owner) ? owner : NULL);
}

/* In a few words that are the same in every language: what was attacked, what packets had in common, what surged, what
 * was wrong. */
static void add_what(struct composing *c, const struct nt_evidence *e)
{
	const char *part[] = {e->ports, e->mark, e->what, e->port, e->metric};
	struct nt_word what = {.place = ""};

	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++)
		if (part[i][0])
			nt_word_join(&what, " ", part[i]);
	nt_doc_text(c->d, what.text[0] ? what.text : NULL);
}

static void add_row(struct composing *c, const struct nt_get_event *event)
{
	struct nt_evidence e;

	nt_evidence_read(event->body, &e);
	nt_doc_time(c->d, event->start_s);
	nt_doc_time(c->d, event->end_s);
	nt_doc_text(c->d, event->type);
	nt_doc_text(c->d, event->region[0] ? event->region : NULL);
	add_source(c, event->source);
	nt_doc_number(c->d, e.packets ? (double)e.packets : NAN);
	nt_doc_text(c->d, event->sensor);
	add_what(c, &e);
}

/* Scanners are counted per day, and are too many for a list that people read. Attacks may be many, too, and come last:
 * a page shows the first rows only. */
void compose_events(struct composing *c)
{
	const struct nt_report *r = c->r;

	nt_doc_item(c->d, "events", NT_DOC_TABLE, NT_MSG_TITLE_EVENTS, NO_WORDS);
	add_columns(c, COLUMNS_OF(event_column));
	for (size_t t = TYPES; t-- > 0;)
		for (size_t i = 0; i < r->events.n; i++)
			if (t != SCANNER && nt_event_is(&r->events.at[i], type[t].type))
				add_row(c, &r->events.at[i]);
	if (nt_doc_last(c->d))
		nt_doc_last(c->d)->rows_shown = ROWS_SHOWN;
	set_basis(c, &r->coverage);
	say_numbers(c);
	if (!r->events.n)
		nt_doc_say(c->d, NT_MSG_NO_EVENTS, NO_WORDS);
	if (r->events_from_s > r->span.start_s)
		nt_doc_say(
		    c->d, NT_MSG_EVENTS_CUT,
		    WORDS(nt_word_day("date", c->lang, nt_day_of(r->events_from_s, r->day_offset_h), c->last_day)));
}

static void title_of_scanners(const struct composing *c, const char *name, char title[static NT_WORD_TEXT])
{
	title_as_is(c, nt_message(c->lang, strcmp(name, "scanners") ? NT_MSG_COL_RESEARCH : NT_MSG_COL_SCANNERS),
		    title);
}

/* The day with most, unless all have as many. */
static void say_most(struct composing *c, const struct nt_lines *l)
{
	size_t most = l->first, known = 0;
	bool same = true;

	for (size_t p = l->first; p < l->points; p++) {
		double value = nt_line(l, 0)[p];

		if (isnan(value))
			continue;
		same &= !known++ || value == nt_line(l, 0)[most];
		if (!(value <= nt_line(l, 0)[most]))
			most = p;
	}
	if (!known || nt_line(l, 0)[most] <= 0)
		return;
	nt_doc_say(c->d, same && known > 1 ? NT_MSG_SCANNERS_EVERY_DAY : NT_MSG_SCANNERS_MOST,
		   WORDS(nt_word_count("n", nt_line(l, 0)[most]),
			 nt_word_day("date", c->lang, day_at(c, l, most), c->last_day)));
}

void compose_scanners(struct composing *c)
{
	const struct figure f = {
	    .id = "scanners",
	    .lines = &c->r->scanners,
	    .shown = c->r->scanners.n,
	    .kind = NT_DOC_COUNT,
	    .title = title_of_scanners,
	    .axis = NT_MSG_AXIS_SCANNERS_DAY,
	};

	nt_doc_item(c->d, f.id, NT_DOC_FIGURE, NT_MSG_TITLE_SCANNERS, NO_WORDS);
	add_figure(c, &f);
	say_most(c, f.lines);
	nt_doc_note(c->d, NT_MSG_NOTE_SCANNERS, NO_WORDS);
}

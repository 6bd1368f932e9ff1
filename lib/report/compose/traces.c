/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/compose/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* T5 and F6. */

#define OWNERS_SAID 12
#define DAYS_SAID   12

/* ---- T5 ---- */

/* Owners of the sources of a day, each once, with the number of its sources. */
static void list_owners(struct composing *c, const struct nt_traces *t, size_t first, size_t end, struct nt_word *list)
{
	size_t said = 0;

	for (size_t i = first; i < end; i++) {
		char owner[NT_OWNER_TEXT], other[NT_OWNER_TEXT];
		size_t sources = 0;
		bool told = false;

		if (!nt_owner_text(c->owners, t->at[i].address, t->at[i].org, owner))
			snprintf(owner, sizeof(owner), "%s", nt_message(c->lang, NT_MSG_UNKNOWN_OWNER));
		for (size_t j = first; j < end; j++) {
			if (!nt_owner_text(c->owners, t->at[j].address, t->at[j].org, other))
				snprintf(other, sizeof(other), "%s", nt_message(c->lang, NT_MSG_UNKNOWN_OWNER));
			told |= j < i && !strcmp(owner, other);
			sources += !strcmp(owner, other);
		}
		if (!told && said++ < OWNERS_SAID) {
			snprintf(other, sizeof(other), "%.160s (%zu)", owner, sources);
			nt_word_add(list, c->lang, other);
		}
	}
}

static void add_day(struct composing *c, const struct nt_traces *t, size_t first, size_t end)
{
	struct nt_word owners = {.place = ""};
	double packets = 0;

	for (size_t i = first; i < end; i++)
		packets += (double)t->at[i].packets;
	list_owners(c, t, first, end, &owners);
	nt_doc_day(c->d, t->at[first].day);
	nt_doc_at_least(c->d, (double)(end - first), t->at_least);
	nt_doc_text(c->d, owners.text);
	nt_doc_number(c->d, packets);
}

static const struct column trace_column[] = {
    {"date", NT_DOC_DATE, NT_MSG_COL_DATE},
    {"sources", NT_DOC_COUNT, NT_MSG_COL_SOURCES},
    {"organisations", NT_DOC_TEXT, NT_MSG_COL_ORGS},
    {"packets", NT_DOC_COUNT, NT_MSG_COL_PACKETS},
};

static void compose_table(struct composing *c, const struct nt_traces *t, const char *id)
{
	const struct nt_word words[] = {
	    word_line(c, "region", title_of_region, t->region), nt_word_count("threshold", (double)t->threshold),
	    nt_word_count("n", (double)t->days_unknown),	nt_word("id", id),
	    nt_word_count("days", (double)t->usual_days),
	};
	size_t n = sizeof(words) / sizeof(words[0]);

	nt_doc_item(c->d, id, NT_DOC_TABLE, NT_MSG_TITLE_T5, words, n);
	add_columns(c, COLUMNS_OF(trace_column));
	for (size_t i = 0, end; i < t->n; i = end) {
		for (end = i + 1; end < t->n && t->at[end].day == t->at[i].day;)
			end++;
		add_day(c, t, i, end);
	}
	set_basis(c, &t->coverage);
	if (!t->n)
		nt_doc_say(c->d, NT_MSG_NO_TRACES, words, n);
	if (t->days_unknown)
		nt_doc_say(c->d, NT_MSG_DAYS_UNKNOWN, words, n);
	nt_doc_note(c->d, t->usual ? NT_MSG_NOTE_THRESHOLD_USUAL : NT_MSG_NOTE_THRESHOLD, words, n);
	if (c->r->day_offset_h)
		note_zone(c);
}

static const struct column source_column[] = {
    {"date", NT_DOC_DATE, NT_MSG_COL_DATE},	   {"region", NT_DOC_TEXT, NT_MSG_COL_CODE},
    {"address", NT_DOC_TEXT, NT_MSG_COL_ADDRESS},  {"asn", NT_DOC_COUNT, NT_MSG_COL_ASN},
    {"organisation", NT_DOC_TEXT, NT_MSG_COL_ORG}, {"packets", NT_DOC_COUNT, NT_MSG_COL_PACKETS},
};

/* The sources themselves are data, and not under pseudonyms. */
static void add_source_data(struct composing *c, const struct nt_traces *t, const char *id)
{
	char full[24], owner[NT_OWNER_TEXT];

	if (nt_owners_pseudonyms(c->owners))
		return;
	snprintf(full, sizeof(full), "%.10s-sources", id);
	nt_doc_item(c->d, full, NT_DOC_DATA, NT_MSG_TITLE_T5_SOURCES, NO_WORDS);
	add_columns(c, COLUMNS_OF(source_column));
	for (size_t i = 0; i < t->n; i++) {
		nt_doc_day(c->d, t->at[i].day);
		nt_doc_text(c->d, t->region);
		nt_doc_text(c->d, t->at[i].address);
		nt_doc_number(c->d, t->at[i].asn ? (double)t->at[i].asn : NAN);
		nt_doc_text(c->d, nt_owner_text(c->owners, t->at[i].address, t->at[i].org, owner) ? owner : NULL);
		nt_doc_number(c->d, (double)t->at[i].packets);
	}
}

/* The hour with most packets, beside what is usual. */
static void say_hours(struct composing *c, const struct nt_lines *l)
{
	const double *value = nt_line(l, 0);
	size_t most = 0;
	int64_t at_s;
	char hour[16];

	for (size_t p = 0; p < l->points; p++)
		if (value[p] > value[most] || isnan(value[most]))
			most = p;
	if (isnan(value[most]))
		return;
	at_s = l->point[most].span.start_s;
	snprintf(hour, sizeof(hour), "%d", (int)((at_s % 86400 + 86400) % 86400 / 3600));
	nt_doc_say(c->d, NT_MSG_HOURS_MOST,
		   WORDS(nt_word_count("value", value[most]), nt_word("hour", hour),
			 nt_word_day("date", c->lang, nt_day_of(at_s, 0), c->last_day),
			 nt_word_count("usual", nt_stat_median(value, l->points))));
}

/* The next day of sources before or behind the figure, from a source on; the place of it, or n. */
static size_t next_left_out(struct composing *c, const struct nt_traces *t, size_t from)
{
	int64_t first = day_at(c, &t->hourly, 0), last = day_at(c, &t->hourly, t->hourly.points - 1);

	while (from < t->n && t->at[from].day >= first && t->at[from].day <= last)
		from++;
	return from;
}

/* Days of the table whose hours are not in the figure, in stretches. */
static void say_left_out(struct composing *c, const struct nt_traces *t, const char *table)
{
	struct nt_word days = {.place = "days"};
	size_t stretches = 0;

	for (size_t i = next_left_out(c, t, 0); i < t->n; i = next_left_out(c, t, i)) {
		int64_t first = t->at[i].day, last = first;

		for (; i < t->n && t->at[i].day <= last + 1 && next_left_out(c, t, i) == i; i++)
			last = t->at[i].day;
		if (stretches++ < DAYS_SAID)
			nt_word_add(&days, c->lang, nt_word_days("", c->lang, first, last, c->last_day).text);
	}
	if (stretches > DAYS_SAID)
		nt_word_add(&days, c->lang, "...");
	if (stretches)
		nt_doc_say(c->d, NT_MSG_HOURS_LEFT_OUT, WORDS(days, nt_word("id", table)));
}

/* Hours are those of UTC, and so are the days in the title: the axis has the same ones. */
static void compose_hours(struct composing *c, const struct nt_traces *t, const char *id, const char *table)
{
	const struct figure f = {
	    .id = id,
	    .lines = &t->hourly,
	    .shown = 1,
	    .kind = NT_DOC_COUNT,
	    .title = title_of_region,
	    .axis = NT_MSG_AXIS_PACKETS_HOUR,
	};
	int64_t first = nt_day_of(t->hourly.point[0].span.start_s, 0);
	int64_t last = nt_day_of(t->hourly.point[t->hourly.points - 1].span.start_s, 0);

	nt_doc_item(c->d, id, NT_DOC_FIGURE, NT_MSG_TITLE_F6,
		    WORDS(nt_word("id", id), word_line(c, "region", title_of_region, t->region),
			  nt_word_days("days", c->lang, first, last, c->last_day)));
	add_figure(c, &f);
	say_hours(c, f.lines);
	say_left_out(c, t, table);
	if (c->r->day_offset_h)
		note_zone(c);
}

void compose_traces(struct composing *c)
{
	static const char *const table[NT_REPORT_TRACES] = {"T5", "T5b"}, *const figure[] = {"F6", "F6b"};

	if (!c->r->trace_tables) {
		nt_doc_item(c->d, table[0], NT_DOC_TABLE, NT_MSG_TITLE_T5_NONE, NO_WORDS);
		nt_doc_say(c->d, NT_MSG_NO_SUSPECTS, NO_WORDS);
		set_basis(c, &c->r->coverage);
	}
	for (size_t i = 0; i < c->r->trace_tables; i++) {
		const struct nt_traces *t = &c->r->traces[i];

		compose_table(c, t, table[i]);
		add_source_data(c, t, table[i]);
		if (t->hourly.points)
			compose_hours(c, t, figure[i], table[i]);
	}
}

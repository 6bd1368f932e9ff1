/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/compose/inside.h"
#include "report/evidence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The marks of events: what their packets had in common. */

static const struct {
	const char *key;
	enum nt_doc_kind kind;
	enum nt_message title;
	bool data; /* not for people: the meaning says it, and a page has no room */
} mark_column[] = {
    {"start", NT_DOC_TIME, NT_MSG_COL_START, false},
    {"end", NT_DOC_TIME, NT_MSG_COL_END, false},
    {"region", NT_DOC_TEXT, NT_MSG_COL_CODE, false},
    {"asn", NT_DOC_COUNT, NT_MSG_COL_ASN, true},
    {"sources", NT_DOC_COUNT, NT_MSG_COL_SOURCES, false},
    {"packets", NT_DOC_COUNT, NT_MSG_COL_PACKETS, false},
    {"source_port", NT_DOC_COUNT, NT_MSG_COL_SOURCE_PORT, false},
    {"destination_port", NT_DOC_TEXT, NT_MSG_COL_PORT, false},
    {"window", NT_DOC_COUNT, NT_MSG_COL_WINDOW, false},
    {"sequence", NT_DOC_COUNT, NT_MSG_COL_SEQUENCE, false},
    {"backscatter", NT_DOC_FLAG, NT_MSG_COL_BACKSCATTER, true},
    {"means", NT_DOC_TEXT, NT_MSG_COL_MEANS, false},
    {"sensor", NT_DOC_TEXT, NT_MSG_COL_SENSOR, false},
};

static double or_gap(int64_t number)
{
	return number < 0 ? NAN : (double)number;
}

/* Every RST+ACK has the sequence number 0, and a packet without ACK no other acknowledgement than 0. */
static bool is_of_one_tool(const struct nt_evidence *e)
{
	return e->window >= 0 && (e->sequence > (e->backscatter ? 0 : -1) || e->acknowledgement > 0);
}

/* What the marks say of the cause. */
static void add_meaning(struct composing *c, const struct nt_evidence *e)
{
	const struct nt_word words[] = {
	    nt_word_count("source_port", (double)e->source_port),
	    word_line(c, "port", title_of_port, e->port),
	};
	bool flood = e->source_port >= 0 && (e->backscatter || !e->port[0]), tool = is_of_one_tool(e);
	struct nt_word meaning = {.place = "meaning"};
	enum nt_message message[2] = {NT_MESSAGES, NT_MESSAGES};

	if (flood)
		message[0] = NT_MSG_MEANS_FLOOD;
	if (!flood || tool)
		message[1] = e->port[0] ? NT_MSG_MEANS_TOOL_PORT : NT_MSG_MEANS_TOOL;
	for (size_t i = 0; i < 2; i++) {
		char *text = message[i] < NT_MESSAGES ? nt_message_text(c->lang, message[i], words, 2) : NULL;

		if (text)
			nt_word_join(&meaning, c->lang == NT_LANG_JA ? "" : " ", text);
		free(text);
	}
	nt_doc_text(c->d, meaning.text);
}

/* ---- attacks ---- */

/* What an event says, which several rows want to know. */
struct told {
	const struct nt_get_event *event;
	struct nt_evidence e;
};

/* A group of sources with the same marks at that time tells of it already. */
static bool is_told(const struct told *told, size_t n, const struct told *dos)
{
	for (size_t i = 0; i < n; i++) {
		const struct told *t = &told[i];

		if (!strcmp(t->event->sensor, dos->event->sensor) && !strcmp(t->event->region, dos->event->region) &&
		    t->event->start_s < dos->event->end_s && dos->event->start_s < t->event->end_s &&
		    t->e.window == dos->e.window &&
		    ((t->e.sequence >= 0 && t->e.sequence == dos->e.sequence) ||
		     (t->e.acknowledgement >= 0 && t->e.acknowledgement == dos->e.acknowledgement)))
			return true;
	}
	return false;
}

/* Attacks on one address that no group tells of, if one tool made their packets: all else has marks by its nature, such
 * as the port and the window of the server that answers. */
static size_t list_marks(const struct composing *c, struct told *told)
{
	size_t tools = 0, n;

	for (size_t i = 0; i < c->r->events.n; i++)
		if (nt_event_is(&c->r->events.at[i], "fixed_tool")) {
			told[tools].event = &c->r->events.at[i];
			nt_evidence_read(told[tools].event->body, &told[tools].e);
			tools++;
		}
	n = tools;
	for (size_t i = 0; i < c->r->events.n; i++) {
		if (!nt_event_is(&c->r->events.at[i], "dos"))
			continue;
		told[n].event = &c->r->events.at[i];
		nt_evidence_read(told[n].event->body, &told[n].e);
		told[n].e.backscatter = true;
		told[n].e.sources = 1;
		told[n].e.port[0] = '\0';
		n += is_of_one_tool(&told[n].e) && !is_told(told, tools, &told[n]);
	}
	return n;
}

static int by_start(const void *a, const void *b)
{
	const struct told *x = a, *y = b;

	return x->event < y->event ? -1 : x->event > y->event; /* events are in order of time */
}

/* ---- rows ---- */

static void add_mark(struct composing *c, const struct told *told)
{
	const struct nt_evidence *e = &told->e;

	nt_doc_time(c->d, told->event->start_s);
	nt_doc_time(c->d, told->event->end_s);
	nt_doc_text(c->d, told->event->region[0] ? told->event->region : NULL);
	nt_doc_number(c->d, e->asn && !nt_owners_pseudonyms(c->owners) ? (double)e->asn : NAN);
	nt_doc_number(c->d, (double)e->sources);
	nt_doc_number(c->d, (double)e->packets);
	nt_doc_number(c->d, or_gap(e->source_port));
	nt_doc_text(c->d, e->port[0] ? e->port : NULL);
	nt_doc_number(c->d, or_gap(e->window));
	nt_doc_number(c->d, or_gap(e->sequence));
	nt_doc_number(c->d, e->backscatter);
	add_meaning(c, e);
	nt_doc_text(c->d, told->event->sensor);
}

void compose_marks(struct composing *c)
{
	struct told *told = calloc(c->r->events.n + 1, sizeof(*told));
	size_t n = told ? list_marks(c, told) : 0;

	if (!told)
		c->d->error = -ENOMEM;
	nt_doc_item(c->d, "marks", NT_DOC_TABLE, NT_MSG_TITLE_MARKS, NO_WORDS);
	for (size_t i = 0; i < sizeof(mark_column) / sizeof(mark_column[0]); i++)
		nt_doc_column(c->d, mark_column[i].key, mark_column[i].kind, mark_column[i].title)->basis =
		    mark_column[i].data;
	if (n)
		qsort(told, n, sizeof(*told), by_start);
	for (size_t i = 0; i < n; i++)
		add_mark(c, &told[i]);
	free(told);
	set_basis(c, &c->r->coverage);
	if (!n)
		nt_doc_say(c->d, NT_MSG_NO_MARKS, NO_WORDS);
	nt_doc_note(c->d, NT_MSG_NOTE_MARKS, NO_WORDS);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/compose/inside.h"

#include <stdio.h>

/* F3, T3 and T4. */

#define ROWS_SHOWN 40

/* ---- F3 ---- */

static void compose_figure(struct composing *c)
{
	const struct figure f = {
	    .id = "F3",
	    .lines = &c->r->backscatter,
	    .shown = c->r->backscatter_shown,
	    .kind = NT_DOC_COUNT,
	    .title = title_of_region,
	    .axis = NT_MSG_AXIS_SOURCES_DAY,
	};

	nt_doc_item(c->d, f.id, NT_DOC_FIGURE, NT_MSG_TITLE_F3, NO_WORDS);
	add_figure(c, &f);
	for (size_t l = 0; l < f.shown; l++)
		say_spikes(c, &f, l, UNIT_SOURCES);
	if (!f.lines->points)
		nt_doc_say(c->d, NT_MSG_NO_BACKSCATTER, NO_WORDS);
	nt_doc_note(c->d, NT_MSG_NOTE_BACKSCATTER, NO_WORDS);
	add_spikes(c, &f, f.lines->n);
}

/* ---- T3, T4 ---- */

static void add_sender_columns(struct composing *c, const struct nt_senders *s)
{
	char key[NT_DAY_TEXT], title[32];

	nt_doc_column(c->d, "organisation", NT_DOC_TEXT, NT_MSG_COL_ORG);
	if (!nt_owners_pseudonyms(c->owners))
		nt_doc_column(c->d, "address", NT_DOC_TEXT, NT_MSG_COL_ADDRESS);
	for (size_t i = 0; i < s->days; i++) {
		struct nt_date date = nt_date_of(s->first_day + (int64_t)i);

		nt_day_text(s->first_day + (int64_t)i, key);
		snprintf(title, sizeof(title), "%d/%d", date.month, date.day);
		nt_doc_column_named(c->d, key, NT_DOC_FLAG, title);
	}
	nt_doc_column(c->d, "packets", NT_DOC_COUNT, NT_MSG_COL_PACKETS);
}

/* Returns false for a sender whose organisation nobody knows: it has no row. */
static bool add_row(struct composing *c, const struct nt_senders *s, const struct nt_sender *sender)
{
	char owner[NT_OWNER_TEXT];

	if (!nt_owner_text(c->owners, sender->address, sender->org, owner))
		return false;
	nt_doc_text(c->d, owner);
	if (!nt_owners_pseudonyms(c->owners))
		nt_doc_text(c->d, sender->address);
	for (size_t i = 0; i < s->days; i++)
		nt_doc_number(c->d, s->known[i] && (sender->seen[i] || !s->cut[i]) ? sender->seen[i] : NAN);
	nt_doc_number(c->d, (double)sender->packets);
	return true;
}

static void say_senders(struct composing *c, const struct nt_senders *s, size_t left_out)
{
	uint64_t all = s->ports.rest;
	size_t unknown = 0, cut = 0;

	for (size_t i = 0; i < s->ports.n; i++)
		all += s->ports.at[i].packets;
	if (s->ports.n)
		nt_doc_say(c->d, NT_MSG_SENDER_PORT,
			   WORDS(word_line(c, "port", title_of_port, s->ports.at[0].name),
				 nt_word_share("share", (double)s->ports.at[0].packets / (double)all)));
	if (left_out)
		nt_doc_say(c->d, NT_MSG_SENDERS_LEFT_OUT, WORDS(nt_word_count("n", (double)left_out)));
	for (size_t i = 0; i < s->days; i++) {
		unknown += !s->known[i];
		cut += s->cut[i];
	}
	if (unknown)
		nt_doc_say(c->d, NT_MSG_DAYS_UNKNOWN, WORDS(nt_word_count("n", (double)unknown)));
	if (cut)
		nt_doc_note(c->d, NT_MSG_NOTE_SENDERS_CUT, WORDS(nt_word_count("n", (double)cut)));
}

static void compose_table(struct composing *c, size_t which)
{
	static const char *const id_of[NT_REPORT_SENDER_TABLES] = {"T3", "T4", "T4b", "T4c"};
	const struct nt_senders *s = &c->r->senders[which];
	const char *id = id_of[which];
	size_t left_out = 0;

	nt_doc_item(
	    c->d, id, NT_DOC_TABLE, NT_MSG_TITLE_SENDERS,
	    WORDS(nt_word("id", id), word_line(c, "region", title_of_region, s->region),
		  nt_word_days("days", c->lang, s->first_day, s->first_day + (int64_t)s->days - 1, c->last_day)));
	add_sender_columns(c, s);
	for (size_t i = 0; i < s->n; i++)
		left_out += !add_row(c, s, &s->at[i]);
	if (nt_doc_last(c->d))
		nt_doc_last(c->d)->rows_shown = ROWS_SHOWN;
	set_basis(c, &s->coverage);
	say_senders(c, s, left_out);
}

void compose_backscatter(struct composing *c)
{
	compose_figure(c);
	for (size_t i = 0; i < c->r->sender_tables; i++)
		compose_table(c, i);
	if (!c->r->sender_tables)
		nt_doc_say(c->d, NT_MSG_NO_SPIKES, NO_WORDS);
}

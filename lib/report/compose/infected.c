/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/compose/inside.h"

#include <stdio.h>
#include <string.h>

/* Infected hosts by class, and Mirai's share of ports. */

static const enum nt_message class_message[NT_INFECTED_CLASSES] = {
    [NT_INFECTED_MIRAI] = NT_MSG_CLASS_MIRAI,
    [NT_INFECTED_GRE] = NT_MSG_CLASS_GRE,
    [NT_INFECTED_SMB] = NT_MSG_CLASS_SMB,
};

/* "mirai" or "mirai:JP" */
static void title_of_class(const struct composing *c, const char *name, char title[static NT_WORD_TEXT])
{
	const char *colon = strchr(name, ':');
	size_t length = colon ? (size_t)(colon - name) : strlen(name);

	for (size_t i = 0; i < NT_INFECTED_CLASSES; i++) {
		const char *signature = nt_infected_signature[i], *word = nt_message(c->lang, class_message[i]);

		if (strlen(signature) != length || strncmp(name, signature, length) != 0)
			continue;
		if (colon)
			snprintf(title, NT_WORD_TEXT, "%.200s: %.200s", word, nt_region_name(c->regions, colon + 1));
		else
			snprintf(title, NT_WORD_TEXT, "%.200s", word);
		return;
	}
	title_as_is(c, name, title);
}

static void compose_regions(struct composing *c)
{
	const struct nt_report *r = c->r;
	const struct figure daily = {
	    .id = "infected-regions-daily",
	    .lines = &r->infected_by_region,
	    .shown = r->infected_by_region.n,
	    .kind = NT_DOC_COUNT,
	    .title = title_of_class,
	    .axis = NT_MSG_AXIS_INFECTED_DAY,
	};

	nt_doc_item(c->d, "infected-regions", NT_DOC_TABLE, NT_MSG_TITLE_INFECTED_REGIONS, NO_WORDS);
	nt_doc_column(c->d, "region", NT_DOC_TEXT, NT_MSG_COL_CODE);
	nt_doc_column(c->d, "name", NT_DOC_TEXT, NT_MSG_COL_REGION);
	for (size_t i = 0; i < NT_INFECTED_CLASSES; i++)
		nt_doc_column(c->d, nt_infected_signature[i], NT_DOC_COUNT, class_message[i]);
	for (size_t i = 0; i < r->infected_regions; i++) {
		const struct nt_infected_row *row = &r->infected_region[i];
		const char *code = row->region[0] ? row->region : "*";

		nt_doc_text(c->d, code);
		nt_doc_text(c->d, row->region[0] ? nt_region_name(c->regions, code)
						 : nt_message(c->lang, NT_MSG_ALL_REGIONS));
		for (size_t k = 0; k < NT_INFECTED_CLASSES; k++) {
			bool at_least = row->hosts[k].quality == NT_GET_AT_LEAST;

			nt_doc_at_least(c->d, at_least && !row->hosts[k].sources ? NAN : (double)row->hosts[k].sources,
					at_least);
		}
	}
	set_basis(c, &r->infected_coverage);
	if (!r->infected_by_region.n)
		return;
	nt_doc_item(c->d, daily.id, NT_DOC_DATA, NT_MSG_TITLE_INFECTED_REGIONS, NO_WORDS);
	add_figure(c, &daily);
}

static const struct column mirai_column[] = {
    {"port", NT_DOC_TEXT, NT_MSG_COL_PORT},
    {"packets", NT_DOC_COUNT, NT_MSG_COL_PACKETS},
    {"mirai_packets", NT_DOC_COUNT, NT_MSG_COL_MIRAI},
    {"share", NT_DOC_SHARE, NT_MSG_COL_SHARE},
};

static void compose_mirai(struct composing *c)
{
	const struct nt_report *r = c->r;
	const struct figure daily = {
	    .id = "mirai-daily",
	    .lines = &r->mirai_share,
	    .shown = r->mirai_share.n,
	    .kind = NT_DOC_SHARE,
	    .title = title_of_port,
	    .axis = NT_MSG_AXIS_SHARE_PORT,
	};

	nt_doc_item(c->d, "mirai", NT_DOC_TABLE, NT_MSG_TITLE_MIRAI, NO_WORDS);
	add_columns(c, COLUMNS_OF(mirai_column));
	for (size_t i = 0; i < r->mirai_rows; i++) {
		const struct nt_mirai_row *row = &r->mirai[i];

		nt_doc_text(c->d, row->port);
		nt_doc_number(c->d, (double)row->packets);
		nt_doc_number(c->d, (double)row->mirai);
		nt_doc_number(c->d, row->packets ? (double)row->mirai / (double)row->packets : NAN);
	}
	set_basis(c, &r->mirai_coverage);
	nt_doc_note(c->d, NT_MSG_NOTE_MIRAI, NO_WORDS);
	nt_doc_item(c->d, daily.id, NT_DOC_FIGURE, NT_MSG_TITLE_MIRAI_DAILY, NO_WORDS);
	add_figure(c, &daily);
}

void compose_infected(struct composing *c)
{
	const struct figure f = {
	    .id = "infected",
	    .lines = &c->r->infected,
	    .shown = c->r->infected.n,
	    .kind = NT_DOC_COUNT,
	    .title = title_of_class,
	    .axis = NT_MSG_AXIS_INFECTED_DAY,
	    .look = look_of_first_part,
	};

	nt_doc_item(c->d, f.id, NT_DOC_FIGURE, NT_MSG_TITLE_INFECTED, NO_WORDS);
	add_figure(c, &f);
	say_trends(c, &f, UNIT_HOSTS);
	nt_doc_note(c->d, NT_MSG_NOTE_INFECTED, NO_WORDS);
	compose_regions(c);
	compose_mirai(c);
}

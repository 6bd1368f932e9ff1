/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/compose/inside.h"

/* T1, F1, T2 and F2. */

/* What is different between the ranking of ports and that of regions. */
struct ranking {
	const struct nt_ranking *r;
	const char *table; /* IDs */
	const char *figure;
	const char *hosts;
	const char *member; /* key of the column */
	enum nt_message table_title;
	enum nt_message figure_title;
	enum nt_message hosts_title;
	enum nt_message member_title;
	enum nt_message name_title;
	line_title *title;
	bool ports;
};

static void add_rank_columns(struct composing *c, const struct ranking *k)
{
	nt_doc_column(c->d, "rank", NT_DOC_COUNT, NT_MSG_COL_RANK);
	nt_doc_column(c->d, "previous_rank", NT_DOC_COUNT, NT_MSG_COL_PREVIOUS);
	nt_doc_column(c->d, k->member, NT_DOC_TEXT, k->member_title);
	nt_doc_column(c->d, k->ports ? "service" : "name", NT_DOC_TEXT, k->name_title);
	nt_doc_column(c->d, "packets", NT_DOC_COUNT, NT_MSG_COL_PACKETS);
	nt_doc_column(c->d, "share", NT_DOC_SHARE, NT_MSG_COL_SHARE);
	nt_doc_column(c->d, "hosts", NT_DOC_COUNT, NT_MSG_COL_HOSTS);
	nt_doc_column(c->d, "previous_packets", NT_DOC_COUNT, NT_MSG_COL_PREVIOUS_PACKETS);
}

static void add_row(struct composing *c, const struct ranking *k, const struct nt_rank *rank)
{
	bool hosts_known = rank->hosts.sources || !rank->packets, before = k->r->previous.sensors > 0;
	char service[NT_SERVICE_TEXT];

	nt_doc_number(c->d, rank->rank);
	nt_doc_number(c->d, rank->previous ? (double)rank->previous : NAN);
	nt_doc_text(c->d, rank->name);
	nt_service_name(rank->name, service);
	nt_doc_text(c->d, k->ports ? service : nt_region_name(c->regions, rank->name));
	nt_doc_at_least(c->d, (double)rank->packets, rank->missing > 0);
	nt_doc_number(c->d, k->r->packets ? (double)rank->packets / (double)k->r->packets : NAN);
	nt_doc_at_least(c->d, hosts_known ? (double)rank->hosts.sources : NAN, rank->hosts.quality == NT_GET_AT_LEAST);
	nt_doc_number(c->d, before ? (double)rank->previous_packets : NAN);
}

static void say_rank(struct composing *c, const struct ranking *k, const struct nt_rank *rank)
{
	enum nt_message message = NT_MSG_RANK_SAME;

	if (!rank->previous)
		message = NT_MSG_RANK_NEW;
	else if (rank->previous != rank->rank)
		message = rank->previous > rank->rank ? NT_MSG_RANK_UP : NT_MSG_RANK_DOWN;
	nt_doc_say(c->d, message,
		   WORDS(word_line(c, "line", k->title, rank->name), nt_word_count("rank", rank->rank),
			 nt_word_count("previous", rank->previous), word_period(c, "compared", &c->r->wanted.compare)));
}

static void compose_table(struct composing *c, const struct ranking *k)
{
	nt_doc_item(c->d, k->table, NT_DOC_TABLE, k->table_title, NO_WORDS);
	add_rank_columns(c, k);
	for (size_t i = 0; i < k->r->shown; i++)
		add_row(c, k, &k->r->at[i]);
	set_basis(c, &k->r->coverage);
	if (!k->r->previous.sensors)
		nt_doc_say(c->d, NT_MSG_NO_PREVIOUS, WORDS(word_period(c, "compared", &c->r->wanted.compare)));
	for (size_t i = 0; i < k->r->shown && k->r->previous.sensors; i++)
		say_rank(c, k, &k->r->at[i]);
	if (k->ports)
		nt_doc_note(c->d, NT_MSG_NOTE_SERVICES, NO_WORDS);
	else if (c->r->unknown_region)
		nt_doc_note(c->d, NT_MSG_NOTE_UNKNOWN_REGION,
			    WORDS(nt_word_count("packets", (double)c->r->unknown_region)));
}

static void compose_figures(struct composing *c, const struct ranking *k)
{
	const struct figure packets = {
	    .id = k->figure,
	    .lines = &k->r->daily,
	    .shown = k->r->shown,
	    .kind = NT_DOC_COUNT,
	    .title = k->title,
	    .axis = NT_MSG_AXIS_PACKETS_DAY,
	};
	struct figure hosts = packets;

	nt_doc_item(c->d, k->figure, NT_DOC_FIGURE, k->figure_title, NO_WORDS);
	add_figure(c, &packets);
	say_trends(c, &packets, UNIT_PACKETS);
	say_crossings(c, &packets, UNIT_PACKETS);
	hosts.id = k->hosts;
	hosts.lines = &k->r->hosts;
	hosts.axis = NT_MSG_AXIS_HOSTS_DAY;
	nt_doc_item(c->d, k->hosts, NT_DOC_FIGURE, k->hosts_title, NO_WORDS);
	add_figure(c, &hosts);
	say_trends(c, &hosts, UNIT_HOSTS);
}

void compose_ranks(struct composing *c)
{
	const struct ranking ports = {
	    .r = &c->r->ports,
	    .table = "T1",
	    .figure = "F1",
	    .hosts = "F1-hosts",
	    .member = "port",
	    .table_title = NT_MSG_TITLE_T1,
	    .figure_title = NT_MSG_TITLE_F1,
	    .hosts_title = NT_MSG_TITLE_F1_HOSTS,
	    .member_title = NT_MSG_COL_PORT,
	    .name_title = NT_MSG_COL_SERVICE,
	    .title = title_of_port,
	    .ports = true,
	};
	const struct ranking regions = {
	    .r = &c->r->regions,
	    .table = "T2",
	    .figure = "F2",
	    .hosts = "F2-hosts",
	    .member = "region",
	    .table_title = NT_MSG_TITLE_T2,
	    .figure_title = NT_MSG_TITLE_F2,
	    .hosts_title = NT_MSG_TITLE_F2_HOSTS,
	    .member_title = NT_MSG_COL_CODE,
	    .name_title = NT_MSG_COL_REGION,
	    .title = title_of_region,
	};

	compose_table(c, &ports);
	compose_figures(c, &ports);
	compose_table(c, &regions);
	compose_figures(c, &regions);
}

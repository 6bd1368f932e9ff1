/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/compose/inside.h"

#include <stdio.h>

/* Sensors side by side, and groups of them. */

static void compose_tops(struct composing *c)
{
	const struct nt_report *r = c->r;
	char key[NT_DOC_KEY];

	nt_doc_item(c->d, "sensors", NT_DOC_TABLE, NT_MSG_TITLE_SENSORS, NO_WORDS);
	nt_doc_column(c->d, "rank", NT_DOC_COUNT, NT_MSG_COL_RANK);
	for (size_t s = 0; s < r->sensors.n; s++) {
		nt_doc_column_named(c->d, r->sensors.at[s].name, NT_DOC_TEXT, r->sensors.at[s].name);
		snprintf(key, sizeof(key), "%s packets", r->sensors.at[s].name);
		nt_doc_column(c->d, key, NT_DOC_COUNT, NT_MSG_COL_PACKETS);
	}
	for (size_t i = 0; i < NT_REPORT_SENSOR_TOP; i++) {
		nt_doc_number(c->d, (double)i + 1);
		for (size_t s = 0; s < r->sensors.n; s++) {
			const struct nt_get_top *top = &r->sensor_top[s];

			nt_doc_text(c->d, i < top->n ? top->at[i].name : NULL);
			nt_doc_at_least(c->d, i < top->n ? (double)top->at[i].packets : NAN,
					i < top->n && top->at[i].missing);
		}
	}
	set_basis(c, &r->coverage);
}

/* What numbers of all groups are made of. */
static void set_groups_basis(struct composing *c)
{
	const struct nt_get_means *m = &c->r->means;
	struct nt_get_coverage sum = {.covered = {0}};

	for (size_t i = 0; i < m->n; i++) {
		sum.sensors += m->at[i].reporting;
		nt_get_add_coverage(&sum, &m->at[i].coverage);
	}
	set_basis_of(c, &c->r->everybody, &sum);
}

static const struct column group_column[] = {
    {"group", NT_DOC_TEXT, NT_MSG_COL_GROUP},	       {"mean", NT_DOC_REAL, NT_MSG_COL_MEAN},
    {"packets", NT_DOC_COUNT, NT_MSG_COL_PACKETS},     {"sensors", NT_DOC_COUNT, NT_MSG_COL_SENSORS},
    {"reporting", NT_DOC_COUNT, NT_MSG_COL_REPORTING}, {"sensor_days", NT_DOC_COUNT, NT_MSG_COL_SENSOR_DAYS},
    {"cut_days", NT_DOC_COUNT, NT_MSG_COL_CUT_DAYS},   {"lost_packets", NT_DOC_COUNT, NT_MSG_COL_LOST},
};

static void compose_means(struct composing *c)
{
	const struct nt_get_means *m = &c->r->means;

	nt_doc_item(c->d, "groups", NT_DOC_TABLE, NT_MSG_TITLE_GROUPS, NO_WORDS);
	add_columns(c, COLUMNS_OF(group_column));
	for (size_t i = 0; i < m->n; i++) {
		nt_doc_text(c->d, m->at[i].group[0] ? m->at[i].group : "-");
		nt_doc_number(c->d, m->at[i].days ? m->at[i].mean : NAN);
		nt_doc_number(c->d, m->at[i].days ? (double)m->at[i].packets : NAN);
		nt_doc_number(c->d, (double)m->at[i].sensors);
		nt_doc_number(c->d, (double)m->at[i].reporting);
		nt_doc_number(c->d, (double)m->at[i].days);
		nt_doc_number(c->d, (double)m->at[i].cut_days);
		nt_doc_number(c->d, (double)m->at[i].coverage.lost);
	}
	set_groups_basis(c);
	nt_doc_note(c->d, NT_MSG_NOTE_GROUPS, NO_WORDS);
}

void compose_sensors(struct composing *c)
{
	const struct figure daily = {
	    .id = "groups-daily",
	    .lines = &c->r->group_means,
	    .shown = c->r->group_means.n,
	    .kind = NT_DOC_COUNT,
	    .title = title_as_is,
	    .axis = NT_MSG_AXIS_PACKETS_SENSOR,
	    .other_basis = true,
	};

	compose_tops(c);
	compose_means(c);
	nt_doc_item(c->d, daily.id, NT_DOC_FIGURE, NT_MSG_TITLE_GROUPS_DAILY, NO_WORDS);
	add_figure(c, &daily);
	set_groups_basis(c);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/read/inside.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Infected hosts by class, and how much of a port is Mirai's. */

/* How the names of a signature's regions begin. */
#define REGION "region:"

/* ---- per day ---- */

/* For each class all of them, and those of the focus region. */
static int read_daily(struct reading *r)
{
	struct names hlls = {0};
	int err;

	for (size_t c = 0; c < NT_INFECTED_CLASSES; c++) {
		names_add(&hlls, "sig:%s", nt_infected_signature[c]);
		names_add(&hlls, "sig:%s:region:%.8s", nt_infected_signature[c], r->report->wanted.region);
	}
	err = read_host_lines(r, &r->look_back, &hlls, &r->report->infected);
	names_fini(&hlls);
	for (size_t i = 0; i < r->report->infected.n && !err; i++)
		snprintf(r->report->infected.name[i], sizeof(r->report->infected.name[i]), "%s%s%.8s",
			 nt_infected_signature[i / 2], i % 2 ? ":" : "", i % 2 ? r->report->wanted.region : "");
	return err;
}

/* ---- of the period, by region ---- */

static void add_row(struct nt_report *r, const char *region)
{
	for (size_t i = 0; i < r->infected_regions; i++)
		if (!strcmp(r->infected_region[i].region, region))
			return;
	snprintf(r->infected_region[r->infected_regions++].region, NT_GET_NAME, "%s", region);
}

/* Those with most packets of the class. */
static int add_rows(struct reading *r, enum nt_infected class)
{
	const struct nt_get_top_options options = {
	    .set = {.key = NT_RKEY_SIG, .part = nt_infected_signature[class], .prefix = REGION},
	    .most = NT_REPORT_SHOWN,
	};
	struct nt_get_top top;
	int err = nt_get_top(r->get, &r->period, &options, &top);

	if (err)
		return err;
	for (size_t i = 0; i < top.n; i++)
		if (!strncmp(top.at[i].name, REGION, strlen(REGION)) && is_region_code(top.at[i].name + strlen(REGION)))
			add_row(r->report, top.at[i].name + strlen(REGION));
	nt_get_top_fini(&top);
	return 0;
}

/* Each of these regions, day by day. */
static int read_daily_of_regions(struct reading *r)
{
	struct nt_lines *l = &r->report->infected_by_region;
	struct names hlls = {0}, names = {0};
	int err;

	for (size_t i = 0; i < r->report->infected_regions; i++)
		for (size_t c = 0; c < NT_INFECTED_CLASSES && r->report->infected_region[i].region[0]; c++) {
			const char *region = r->report->infected_region[i].region;

			names_add(&hlls, "sig:%s:region:%.8s", nt_infected_signature[c], region);
			names_add(&names, "%s:%.8s", nt_infected_signature[c], region);
		}
	err = names.failed ? -ENOMEM : read_host_lines(r, &r->period, &hlls, l);
	for (size_t i = 0; i < l->n && !err; i++)
		memcpy(l->name[i], names.at[i], sizeof(l->name[i]));
	names_fini(&hlls);
	names_fini(&names);
	return err;
}

static int read_regions(struct reading *r)
{
	struct nt_report *report = r->report;
	struct names hlls = {0};
	const char *const *list;
	struct nt_get_unique u;
	int err = 0;

	add_row(report, "");
	add_row(report, report->wanted.region);
	for (size_t c = 0; c < NT_INFECTED_CLASSES && !err; c++)
		err = add_rows(r, c);
	if (err)
		return err;
	for (size_t i = 0; i < report->infected_regions; i++)
		for (size_t c = 0; c < NT_INFECTED_CLASSES; c++)
			names_add(&hlls, "sig:%s%s%.8s", nt_infected_signature[c], i ? ":region:" : "",
				  report->infected_region[i].region);
	list = names_list(&hlls);
	err = list ? nt_get_unique(r->get, &r->period, NT_GET_WHOLE, list, hlls.n, &u) : -ENOMEM;
	names_fini(&hlls);
	if (err)
		return err;
	for (size_t i = 0; i < report->infected_regions * NT_INFECTED_CLASSES; i++)
		report->infected_region[i / NT_INFECTED_CLASSES].hosts[i % NT_INFECTED_CLASSES] =
		    *nt_get_unique_at(&u, i, 0);
	report->infected_coverage = u.point->coverage;
	nt_get_unique_fini(&u);
	return read_daily_of_regions(r);
}

int read_infected(struct reading *r)
{
	int err = read_daily(r);

	return err ? err : read_regions(r);
}

/* ---- Mirai ---- */

static int read_mirai_rows(struct reading *r, const struct nt_get_set *set)
{
	const struct nt_get_top_options options = {.set = *set};
	struct nt_report *report = r->report;
	struct nt_get_top top;
	int err = nt_get_top(r->get, &r->period, &options, &top);

	if (err)
		return err;
	for (size_t i = 0; i < report->ports.shown; i++) {
		struct nt_mirai_row *row = &report->mirai[report->mirai_rows++];
		char field[NT_GET_NAME];

		memcpy(row->port, report->ports.at[i].name, sizeof(row->port));
		snprintf(field, sizeof(field), "port:%.64s", row->port);
		row->packets = report->ports.at[i].packets;
		row->mirai = packets_of(&top, field);
	}
	report->mirai_coverage = top.coverage;
	nt_get_top_fini(&top);
	return 0;
}

static int read_mirai_lines(struct reading *r, const struct nt_get_set *set)
{
	struct nt_lines *share = &r->report->mirai_share;
	const struct nt_ranking *ports = &r->report->ports;
	struct names members = {0};
	int err;

	for (size_t i = 0; i < ports->shown; i++)
		names_add(&members, "port:%.64s", ports->at[i].name);
	err = read_packet_lines(r, &r->look_back, NT_BUCKET_D, set, &members, share);
	names_fini(&members);
	for (size_t l = 0; l < share->n && !err; l++) {
		memcpy(share->name[l], ports->at[l].name, sizeof(share->name[l]));
		for (size_t p = 0; p < share->points; p++)
			share->value[l * share->points + p] /= nt_line(&ports->daily, l)[p]; /* 0 / 0 is NAN */
	}
	return err;
}

int read_mirai(struct reading *r)
{
	const struct nt_get_set set = {
	    .key = NT_RKEY_SIG, .part = nt_infected_signature[NT_INFECTED_MIRAI], .prefix = "port:"};
	int err = read_mirai_rows(r, &set);

	return err ? err : read_mirai_lines(r, &set);
}

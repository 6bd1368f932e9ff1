/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/read/inside.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* X1: the ports of a region, and how their shares differ from those of all other regions. */

static uint64_t sum_of(const struct nt_get_top *top)
{
	uint64_t sum = top->rest;

	for (size_t i = 0; i < top->n; i++)
		sum += top->at[i].packets;
	return sum;
}

static void take_rows(const struct reading *r, const struct nt_get_top *top, struct nt_profile *p)
{
	size_t prefix = strlen(p->region) + 1;

	for (p->n = 0; p->n < top->n && p->n < NT_REPORT_SHOWN; p->n++) {
		const struct nt_get_member *m = &top->at[p->n];
		struct nt_profile_row *row = &p->at[p->n];

		snprintf(row->port, sizeof(row->port), "%.*s", (int)(sizeof(row->port) - 1 - prefix), &m->name[prefix]);
		row->missing = m->missing;
		row->of = (struct nt_share_of){
		    .pair = (double)m->packets,
		    .region = (double)packets_of(&r->all_regions, p->region),
		    .port = (double)packets_of(&r->all_ports, row->port),
		    .all = (double)sum_of(&r->all_regions),
		};
	}
	p->coverage = top->coverage;
}

/* ---- the course in time ---- */

/* Per day what all regions sent: no region of a day is ever cut. */
static int read_all_regions(struct reading *r, struct nt_lines *out)
{
	const struct nt_get_set set = {.key = NT_RKEY_REGION};
	struct names members = {0};
	struct nt_lines regions;
	int err;

	for (size_t i = 0; i < r->all_regions.n; i++)
		names_add(&members, "%s", r->all_regions.at[i].name);
	err = read_packet_lines(r, &r->period, NT_BUCKET_D, &set, &members, &regions);
	names_fini(&members);
	if (err)
		return err;
	err = lines_like(&regions, 1, out);
	for (size_t p = 0; p < regions.points && !err; p++) {
		if (!nt_get_is_gap(&regions.point[p]))
			out->value[p] = 0;
		for (size_t l = 0; l < regions.n; l++)
			if (!isnan(nt_line(&regions, l)[p]))
				out->value[p] += nt_line(&regions, l)[p];
	}
	nt_lines_fini(&regions);
	return err;
}

/* What a region has more of than the others tells more of it than what it lacks. NAN: nothing is known. */
static double interest(const struct nt_share_of *s)
{
	double above = nt_share_own(s) - nt_share_others(s);

	return above >= NT_SHARE_DIFFERS ? 1 + above : fabs(above);
}

/* Rows by how far the region differs from the others, the furthest first. */
static void choose_courses(const struct nt_profile *p, size_t chosen[static NT_REPORT_PROFILE_COURSES], size_t *n)
{
	*n = 0;
	while (*n < NT_REPORT_PROFILE_COURSES && *n < p->n) {
		double most = -1;

		for (size_t i = 0; i < p->n; i++) {
			double differs = interest(&p->at[i].of);
			bool taken = false;

			for (size_t c = 0; c < *n; c++)
				taken |= chosen[c] == i;
			if (taken || isnan(differs) || differs <= most)
				continue;
			most = differs;
			chosen[*n] = i;
		}
		if (most < 0)
			return;
		*n += 1;
	}
}

struct course {
	struct nt_lines pair;
	struct nt_lines port;
	struct nt_lines region;
};

static int read_course(struct reading *r, const struct nt_profile *p, const size_t *chosen, size_t n, struct course *c)
{
	static const struct nt_get_set region_port = {.key = NT_RKEY_REGION_PORT};
	static const struct nt_get_set port = {.key = NT_RKEY_PORT}, region = {.key = NT_RKEY_REGION};
	struct names pairs = {0}, ports = {0}, regions = {0};
	int err;

	names_add(&regions, "%s", p->region);
	for (size_t i = 0; i < n; i++) {
		names_add(&pairs, "%.8s:%.64s", p->region, p->at[chosen[i]].port);
		names_add(&ports, "%s", p->at[chosen[i]].port);
	}
	err = read_packet_lines(r, &r->period, NT_BUCKET_D, &region_port, &pairs, &c->pair);
	if (!err)
		err = read_packet_lines(r, &r->period, NT_BUCKET_D, &port, &ports, &c->port);
	if (!err)
		err = read_packet_lines(r, &r->period, NT_BUCKET_D, &region, &regions, &c->region);
	names_fini(&pairs);
	names_fini(&ports);
	names_fini(&regions);
	return err;
}

static void make_course(const struct course *c, const struct nt_lines *all, struct nt_lines *out)
{
	for (size_t l = 0; l < c->pair.n; l++) {
		snprintf(out->name[2 * l], sizeof(out->name[0]), "%s", c->pair.name[l]);
		snprintf(out->name[2 * l + 1], sizeof(out->name[0]), "others:%.96s", c->port.name[l]);
		for (size_t p = 0; p < out->points; p++) {
			const struct nt_share_of of = {
			    .pair = nt_line(&c->pair, l)[p],
			    .port = nt_line(&c->port, l)[p],
			    .region = nt_line(&c->region, 0)[p],
			    .all = nt_line(all, 0)[p],
			};
			bool known = !isnan(of.pair) && !isnan(of.port) && !isnan(of.region) && !isnan(of.all);

			out->value[2 * l * out->points + p] = known ? nt_share_own(&of) : NAN;
			out->value[(2 * l + 1) * out->points + p] = known ? nt_share_others(&of) : NAN;
		}
	}
}

static int read_profile(struct reading *r, const struct nt_lines *all, const char *region, struct nt_profile *p)
{
	char prefix[NT_GET_NAME];
	const struct nt_get_top_options options = {.set = {.key = NT_RKEY_REGION_PORT, .prefix = prefix},
						   .most = NT_REPORT_SHOWN};
	size_t chosen[NT_REPORT_PROFILE_COURSES], n;
	struct course course = {0};
	struct nt_get_top top;
	int err;

	snprintf(p->region, sizeof(p->region), "%s", region);
	snprintf(prefix, sizeof(prefix), "%.8s:", region);
	err = nt_get_top(r->get, &r->period, &options, &top);
	if (err)
		return err;
	take_rows(r, &top, p);
	nt_get_top_fini(&top);
	choose_courses(p, chosen, &n);
	if (!n)
		return 0;
	err = read_course(r, p, chosen, n, &course);
	if (!err)
		err = lines_like(all, 2 * n, &p->course);
	if (!err)
		make_course(&course, all, &p->course);
	nt_lines_fini(&course.pair);
	nt_lines_fini(&course.port);
	nt_lines_fini(&course.region);
	return err;
}

int read_profiles(struct reading *r)
{
	struct nt_report *report = r->report;
	const struct nt_ranking *regions = &report->regions;
	struct nt_lines all = {0};
	bool focus = false;
	int err = r->all_regions.n ? read_all_regions(r, &all) : 0;

	for (size_t i = 0; i < regions->shown && !err; i++) {
		focus |= !strcmp(regions->at[i].name, report->wanted.region);
		err = read_profile(r, &all, regions->at[i].name, &report->profile[report->profiles++]);
	}
	if (!err && !focus && packets_of(&r->all_regions, report->wanted.region))
		err = read_profile(r, &all, report->wanted.region, &report->profile[report->profiles++]);
	nt_lines_fini(&all);
	return err;
}

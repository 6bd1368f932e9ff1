/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/read/inside.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* T1, F1, T2 and F2: who has most packets, and what became of them day by day. */

/* Of the period; behind them come those that led in the period before. */
#define FOLLOWED_NOW 8

/* Rank among those who are known; members stand heaviest first. 0: no packets. */
static uint32_t rank_of(const struct nt_get_top *top, const char *name, uint64_t *packets)
{
	uint64_t above = UINT64_MAX;
	uint32_t rank = 0, seen = 0;

	for (size_t i = 0; i < top->n; i++) {
		const struct nt_get_member *m = &top->at[i];

		if (!strcmp(m->name, REGION_UNKNOWN))
			continue;
		seen++;
		if (m->packets < above)
			rank = seen;
		above = m->packets;
		if (strcmp(m->name, name) != 0)
			continue;
		*packets = m->packets;
		return m->packets ? rank : 0;
	}
	*packets = 0;
	return 0;
}

static uint64_t missing_of(const struct nt_get_top *top, const char *name)
{
	for (size_t i = 0; i < top->n; i++)
		if (!strcmp(top->at[i].name, name))
			return top->at[i].missing;
	return top->rest;
}

static bool is_in(const struct nt_ranking *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (!strcmp(r->at[i].name, name))
			return true;
	return false;
}

static void add(struct nt_ranking *r, const struct nt_get_top *now, const struct nt_get_top *before,
		const struct nt_get_member *member)
{
	struct nt_rank *rank = &r->at[r->n];

	if (r->n == NT_REPORT_FOLLOWED || !strcmp(member->name, REGION_UNKNOWN) || is_in(r, member->name))
		return;
	*rank = (struct nt_rank){.missing = missing_of(now, member->name)};
	memcpy(rank->name, member->name, sizeof(rank->name));
	rank->rank = rank_of(now, member->name, &rank->packets);
	rank->previous = rank_of(before, member->name, &rank->previous_packets);
	r->n++;
}

static void make_ranking(const struct nt_get_top *now, const struct nt_get_top *before, struct nt_ranking *r)
{
	for (size_t i = 0; i < now->n && r->n < FOLLOWED_NOW; i++)
		add(r, now, before, &now->at[i]);
	r->shown = r->n < NT_REPORT_SHOWN ? r->n : NT_REPORT_SHOWN;
	for (size_t i = 0, led = 0; i < before->n && led < NT_REPORT_SHOWN; i++) {
		add(r, now, before, &before->at[i]);
		led += strcmp(before->at[i].name, REGION_UNKNOWN) != 0;
	}
	for (size_t i = 0; i < now->n; i++)
		r->packets += now->at[i].packets;
	r->packets += now->rest;
	r->coverage = now->coverage;
	r->previous = before->coverage;
}

/* ---- lines ---- */

/* A port is among those whose sources are counted only while it is one of the 128 heaviest: no sources although there
 * are packets is a number that is not known. */
static void clear_unknown_hosts(const struct nt_lines *packets, struct nt_lines *hosts)
{
	for (size_t l = 0; l < hosts->n; l++)
		for (size_t p = 0; p < hosts->points && p < packets->points; p++) {
			double *value = &hosts->value[l * hosts->points + p];

			if (*value == 0 && nt_line(packets, l)[p] != 0) /* NAN, too */
				*value = NAN;
		}
}

/* Of the whole period. */
static int count_hosts(struct reading *r, struct names *hlls, struct nt_ranking *ranking)
{
	const char *const *list = names_list(hlls);
	struct nt_get_unique u;
	int err = list ? nt_get_unique(r->get, &r->period, NT_GET_WHOLE, list, hlls->n, &u) : -ENOMEM;

	if (err)
		return err;
	for (size_t i = 0; i < ranking->shown; i++)
		ranking->at[i].hosts = *nt_get_unique_at(&u, i, 0);
	nt_get_unique_fini(&u);
	return 0;
}

static int read_hosts(struct reading *r, const char *kind, struct nt_ranking *ranking)
{
	struct names hlls = {0};
	int err;

	for (size_t i = 0; i < ranking->shown; i++)
		names_add(&hlls, "sources:%s:%.64s", kind, ranking->at[i].name);
	err = read_host_lines(r, &r->look_back, &hlls, &ranking->hosts);
	if (!err && hlls.n)
		err = count_hosts(r, &hlls, ranking);
	names_fini(&hlls);
	if (err)
		return err;
	for (size_t i = 0; i < ranking->hosts.n; i++)
		memcpy(ranking->hosts.name[i], ranking->at[i].name, sizeof(ranking->hosts.name[i]));
	clear_unknown_hosts(&ranking->daily, &ranking->hosts);
	return 0;
}

static int read_daily(struct reading *r, const struct nt_get_set *set, struct nt_ranking *ranking)
{
	struct names members = {0};
	int err;

	for (size_t i = 0; i < ranking->n; i++)
		names_add(&members, "%s", ranking->at[i].name);
	err = read_packet_lines(r, &r->look_back, NT_BUCKET_D, set, &members, &ranking->daily);
	names_fini(&members);
	return err;
}

static bool is_port(const char *name)
{
	size_t digits = strspn(name, "0123456789");

	return digits && digits <= 5 && (!strcmp(name + digits, "/tcp") || !strcmp(name + digits, "/udp"));
}

static bool is_region(const char *name)
{
	return is_region_code(name) || !strcmp(name, REGION_UNKNOWN);
}

/* Every member, less those that cannot be one. */
static int read_all(struct reading *r, const struct nt_get_query *query, const struct nt_get_top_options *options,
		    struct nt_get_top *top)
{
	bool (*valid)(const char *) = options->set.key == NT_RKEY_PORT ? is_port : is_region;
	int err = nt_get_top(r->get, query, options, top);
	size_t n = 0;

	for (size_t i = 0; i < top->n && !err; i++)
		if (valid(top->at[i].name))
			top->at[n++] = top->at[i];
	top->n = n;
	return err;
}

static int read_ranking(struct reading *r, enum nt_redis_key key, const char *kind, struct nt_get_top *all,
			struct nt_ranking *ranking)
{
	const struct nt_get_top_options options = {.set = {.key = key}};
	struct nt_get_top before;
	int err = read_all(r, &r->period, &options, all);

	if (!err)
		err = read_all(r, &r->before, &options, &before);
	if (err)
		return err;
	make_ranking(all, &before, ranking);
	nt_get_top_fini(&before);
	err = read_daily(r, &options.set, ranking);
	return err ? err : read_hosts(r, kind, ranking);
}

int read_rankings(struct reading *r)
{
	int err = read_ranking(r, NT_RKEY_PORT, "port", &r->all_ports, &r->report->ports);

	if (!err)
		err = read_ranking(r, NT_RKEY_REGION, "region", &r->all_regions, &r->report->regions);
	r->report->unknown_region = packets_of(&r->all_regions, REGION_UNKNOWN);
	return err;
}

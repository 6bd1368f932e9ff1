/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/report.h"

#include <stdlib.h>

const char *const nt_infected_signature[NT_INFECTED_CLASSES] = {
    [NT_INFECTED_MIRAI] = "mirai",
    [NT_INFECTED_GRE] = "gre",
    [NT_INFECTED_SMB] = NT_REPORT_FOCUS_SIG,
};

void nt_lines_fini(struct nt_lines *l)
{
	free(l->point);
	free(l->name);
	free(l->value);
	free(l->at_least);
	free(l->partial);
	free(l->more);
	*l = (struct nt_lines){0};
}

static void ranking_fini(struct nt_ranking *r)
{
	nt_lines_fini(&r->daily);
	nt_lines_fini(&r->hosts);
}

static void senders_fini(struct nt_senders *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->at[i].org);
	free(s->at);
	nt_get_top_fini(&s->ports);
}

static void traces_fini(struct nt_traces *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->at[i].org);
	free(t->at);
	nt_lines_fini(&t->hourly);
}

void nt_report_fini(struct nt_report *r)
{
	ranking_fini(&r->ports);
	ranking_fini(&r->regions);
	for (size_t i = 0; i < r->profiles; i++)
		nt_lines_fini(&r->profile[i].course);
	for (size_t i = 0; i < r->sender_tables; i++)
		senders_fini(&r->senders[i]);
	for (size_t i = 0; i < r->trace_tables; i++)
		traces_fini(&r->traces[i]);
	nt_lines_fini(&r->backscatter);
	nt_lines_fini(&r->focus);
	nt_lines_fini(&r->by_window);
	nt_lines_fini(&r->group_means);
	nt_lines_fini(&r->infected);
	nt_lines_fini(&r->infected_by_region);
	nt_lines_fini(&r->mirai_share);
	for (size_t i = 0; i < r->exposed_n; i++)
		free(r->exposed[i].org);
	free(r->exposed);
	nt_get_events_fini(&r->events);
	for (size_t i = 0; r->sensor_top && i < r->sensors.n; i++)
		nt_get_top_fini(&r->sensor_top[i]);
	free(r->sensor_top);
	nt_lines_fini(&r->scanners);
	nt_get_means_fini(&r->means);
	nt_get_sensors_fini(&r->sensors);
	nt_get_sensors_fini(&r->everybody);
	*r = (struct nt_report){0};
}

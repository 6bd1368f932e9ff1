/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/read/inside.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sensors side by side, and groups of them. */

static bool in_group(const struct reading *r, const struct nt_get_sensor *s, const char *group)
{
	return s->day_offset_h == r->report->day_offset_h && !strcmp(s->group, group);
}

/* Packets of a group's sensors per day, by the number of those that have any. */
static int read_group(struct reading *r, const char *group, struct nt_lines *out)
{
	static const struct nt_get_set totals = {.key = NT_RKEY_TOTALS};
	const struct nt_get_sensors *all = &r->report->everybody;
	struct nt_get_sensors some = {.at = calloc(all->n + 1, sizeof(*some.at))};
	struct nt_get_query query = r->look_back;
	struct names members = {0};
	int err = some.at ? 0 : -ENOMEM;

	for (size_t i = 0; i < all->n && !err; i++)
		if (in_group(r, &all->at[i], group))
			some.at[some.n++] = all->at[i];
	query.sensors = &some;
	names_add(&members, "frames");
	if (!err && some.n)
		err = read_packet_lines(r, &query, NT_BUCKET_D, &totals, &members, out);
	names_fini(&members);
	free(some.at);
	for (size_t p = 0; p < out->points && !err; p++)
		out->value[p] /= (double)out->point[p].coverage.sensors; /* of a gap it is NAN already */
	return err;
}

static int read_group_lines(struct reading *r)
{
	struct nt_report *report = r->report;
	size_t n = report->means.n < NT_REPORT_GROUPS ? report->means.n : NT_REPORT_GROUPS;
	int err = lines_like(&report->focus, n, &report->group_means);

	for (size_t g = 0; g < n && !err; g++) {
		struct nt_lines one = {0};

		snprintf(report->group_means.name[g], sizeof(report->group_means.name[g]), "%s",
			 report->means.at[g].group[0] ? report->means.at[g].group : "-");
		err = read_group(r, report->means.at[g].group, &one);
		for (size_t p = 0; p < one.points && !err; p++)
			report->group_means.value[g * report->group_means.points + p] = one.value[p];
		nt_lines_fini(&one);
	}
	return err;
}

int read_sensors(struct reading *r)
{
	const struct nt_get_top_options options = {.set = {.key = NT_RKEY_PORT}, .most = NT_REPORT_SENSOR_TOP};
	struct nt_report *report = r->report;
	struct nt_get_query everybody = r->period;
	int err;

	report->sensor_top = calloc(report->sensors.n + 1, sizeof(*report->sensor_top));
	if (!report->sensor_top)
		return -ENOMEM;
	err = nt_get_top_each(r->get, &r->period, &options, report->sensor_top);
	everybody.sensors = &report->everybody;
	if (!err)
		err = nt_get_means(r->get, &everybody, &report->means);
	return err ? err : read_group_lines(r);
}

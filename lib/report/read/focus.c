/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/read/inside.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

/* F4 and F5: one port from one region. */

/* Where the pair was cut from a day, what signatures of the port have by region is there still: its SYNs. */
static void fill_cut_days(const struct nt_lines *one, const struct nt_lines *other, struct nt_lines *l)
{
	for (size_t p = 0; p < l->points && p < one->points && p < other->points; p++) {
		double sum = nt_line(one, 0)[p] + nt_line(other, 0)[p];

		if ((!isnan(l->value[p]) && !l->at_least[p]) || isnan(sum) || sum <= l->value[p])
			continue;
		l->value[p] = sum;
		l->at_least[p] = true;
	}
}

static int read_signature(struct reading *r, const char *name, struct nt_lines *out)
{
	const struct nt_get_set set = {.key = NT_RKEY_SIG, .part = name};
	struct names members = {0};
	int err;

	names_add(&members, "region:%.8s", r->report->wanted.region);
	err = read_packet_lines(r, &r->look_back, NT_BUCKET_D, &set, &members, out);
	names_fini(&members);
	return err;
}

static int read_packets(struct reading *r)
{
	static const struct nt_get_set set = {.key = NT_RKEY_REGION_PORT};
	struct nt_lines one = {0}, other = {0};
	struct names members = {0};
	int err;

	names_add(&members, "%.8s:" NT_REPORT_FOCUS_PORT, r->report->wanted.region);
	err = read_packet_lines(r, &r->look_back, NT_BUCKET_D, &set, &members, &r->report->focus);
	names_fini(&members);
	if (!err)
		err = read_signature(r, NT_REPORT_FOCUS_SIG, &one);
	if (!err)
		err = read_signature(r, NT_REPORT_FOCUS_OTHERS, &other);
	if (!err)
		fill_cut_days(&one, &other, &r->report->focus);
	nt_lines_fini(&one);
	nt_lines_fini(&other);
	return err;
}

int read_focus(struct reading *r)
{
	struct nt_lines *l = &r->report->by_window;
	struct names hlls = {0};
	int err = read_packets(r);

	if (err)
		return err;
	names_add(&hlls, "sig:" NT_REPORT_FOCUS_SIG ":region:%.8s", r->report->wanted.region);
	names_add(&hlls, "sig:" NT_REPORT_FOCUS_OTHERS ":region:%.8s", r->report->wanted.region);
	err = read_host_lines(r, &r->look_back, &hlls, l);
	names_fini(&hlls);
	if (err)
		return err;
	snprintf(l->name[0], sizeof(l->name[0]), NT_REPORT_FOCUS_SIG);
	snprintf(l->name[1], sizeof(l->name[1]), NT_REPORT_FOCUS_OTHERS);
	return 0;
}

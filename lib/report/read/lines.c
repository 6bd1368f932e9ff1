/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/read/inside.h"

#include "report/analyse/stat.h"
#include "report/analyse/whole.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Lines from what Redis has. */

static int mark_steps(struct nt_lines *l)
{
	double *intervals = calloc(2 * l->points + 1, sizeof(*intervals)), *sensors;

	if (!intervals)
		return -ENOMEM;
	sensors = &intervals[l->points];
	for (size_t i = 0; i < l->points; i++) {
		intervals[i] = nt_get_is_gap(&l->point[i]) ? NAN : (double)l->point[i].coverage.intervals;
		sensors[i] = (double)l->point[i].coverage.sensors;
	}
	nt_whole_mark(intervals, sensors, l->points, l->first, l->partial, l->more);
	free(intervals);
	return 0;
}

/* Room for values, all of them gaps. The points are the caller's to set. */
static int make_values(struct nt_lines *l, size_t points, size_t n)
{
	if (points > NT_LINE_MAX)
		return -ERANGE;
	l->points = points;
	l->n = n;
	l->name = calloc(n + 1, sizeof(*l->name));
	l->value = calloc(n * points + 1, sizeof(*l->value));
	l->at_least = calloc(n * points + 1, sizeof(*l->at_least));
	l->partial = calloc(points + 1, sizeof(*l->partial));
	l->more = calloc(points + 1, sizeof(*l->more));
	if (!l->name || !l->value || !l->at_least || !l->partial || !l->more)
		return -ENOMEM;
	for (size_t i = 0; i < n * points; i++)
		l->value[i] = NAN;
	return 0;
}

int lines_like(const struct nt_lines *like, size_t n, struct nt_lines *out)
{
	int err;

	*out = (struct nt_lines){.step = like->step, .first = like->first};
	err = make_values(out, like->points, n);
	out->point = calloc(like->points + 1, sizeof(*out->point));
	if (!out->point)
		err = -ENOMEM;
	if (err) {
		nt_lines_fini(out);
		return err;
	}
	memcpy(out->point, like->point, like->points * sizeof(*out->point));
	memcpy(out->partial, like->partial, like->points * sizeof(*out->partial));
	memcpy(out->more, like->more, like->points * sizeof(*out->more));
	return 0;
}

size_t lines_first(const struct nt_lines *l, int64_t start_s)
{
	size_t first = 0;

	while (first < l->points && l->point[first].span.start_s < start_s)
		first++;
	return first;
}

static int finish(const struct reading *r, const struct names *names, struct nt_lines *l)
{
	for (size_t i = 0; i < names->n; i++)
		memcpy(l->name[i], names->at[i], sizeof(l->name[i]));
	l->first = lines_first(l, r->report->span.start_s);
	if (l->first == l->points)
		l->first = 0;
	return mark_steps(l);
}

/* What was cut altogether is not 0 but unknown. */
static void take_packets(const struct nt_get_series *s, struct nt_lines *l)
{
	for (size_t m = 0; m < s->members; m++)
		for (size_t p = 0; p < s->points; p++) {
			const struct nt_get_value *v = nt_get_series_value(s, m, p);

			if (nt_get_is_gap(&s->point[p]) || (v->low && !v->packets))
				continue;
			l->value[m * s->points + p] = (double)v->packets;
			l->at_least[m * s->points + p] = v->low;
		}
}

int read_packet_lines(struct reading *r, const struct nt_get_query *query, enum nt_bucket step,
		      const struct nt_get_set *set, struct names *members, struct nt_lines *out)
{
	const char *const *list = names_list(members);
	struct nt_get_series s;
	int err;

	*out = (struct nt_lines){.step = step};
	if (!list)
		return -ENOMEM;
	if (!members->n)
		return 0;
	err = nt_get_series(r->get, query, step, set, list, members->n, &s);
	if (err)
		return err;
	err = make_values(out, s.points, s.members);
	if (!err) {
		take_packets(&s, out);
		out->point = s.point;
		s.point = NULL;
		err = finish(r, members, out);
	}
	nt_get_series_fini(&s);
	if (err)
		nt_lines_fini(out);
	return err;
}

static void take_hosts(const struct nt_get_unique *u, struct nt_lines *l)
{
	for (size_t n = 0; n < u->names; n++)
		for (size_t p = 0; p < u->points; p++) {
			const struct nt_get_unique_value *v = nt_get_unique_at(u, n, p);

			if (nt_get_is_gap(&u->point[p]) || (v->quality == NT_GET_AT_LEAST && !v->sources))
				continue;
			l->value[n * u->points + p] = (double)v->sources;
			l->at_least[n * u->points + p] = v->quality == NT_GET_AT_LEAST;
		}
}

int read_host_lines(struct reading *r, const struct nt_get_query *query, struct names *hlls, struct nt_lines *out)
{
	const char *const *list = names_list(hlls);
	struct nt_get_unique u;
	int err;

	*out = (struct nt_lines){.step = NT_BUCKET_D};
	if (!list)
		return -ENOMEM;
	if (!hlls->n)
		return 0;
	err = nt_get_unique(r->get, query, NT_BUCKET_D, list, hlls->n, &u);
	if (err)
		return err;
	err = make_values(out, u.points, u.names);
	if (!err) {
		take_hosts(&u, out);
		out->point = u.point;
		u.point = NULL;
		err = finish(r, hlls, out);
	}
	nt_get_unique_fini(&u);
	if (err)
		nt_lines_fini(out);
	return err;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/analyse/whole.h"

#include "report/analyse/stat.h"

#include <math.h>

#define WHOLE	     0.9
#define NEARLY	     0.95
#define ENOUGH_STEPS 28

struct usual {
	double intervals;
	double sensors;
	double most; /* intervals of any step of the period */
	bool complete;
};

static double most_of(const double *value, size_t n)
{
	double most = 0;

	for (size_t i = 0; i < n; i++)
		most = fmax(most, value[i]); /* which leaves NAN out */
	return most;
}

/* Median of the values of steps that have at least so many intervals. */
static double median_from(const double *value, const double *intervals, size_t n, double least)
{
	double kept[NT_LINE_MAX];

	for (size_t i = 0; i < n; i++)
		kept[i] = intervals[i] >= least ? value[i] : NAN;
	return nt_stat_median(kept, n);
}

static size_t count_from(const double *intervals, size_t n, double least)
{
	size_t steps = 0;

	for (size_t i = 0; i < n; i++)
		steps += intervals[i] >= least;
	return steps;
}

static struct usual find_usual(const double *intervals, const double *sensors, size_t n)
{
	struct usual u = {.most = most_of(intervals, n)};
	double least = 0;

	u.complete = count_from(intervals, n, NEARLY * u.most) >= ENOUGH_STEPS;
	if (u.complete)
		least = NEARLY * u.most;
	u.intervals = median_from(intervals, intervals, n, least);
	u.sensors = median_from(sensors, intervals, n, least);
	return u;
}

static bool is_more(const struct usual *u, double intervals, double sensors)
{
	if (WHOLE * sensors >= u->sensors && sensors > u->sensors)
		return true;
	return WHOLE * intervals > u->intervals && (u->complete || intervals >= NEARLY * u->most);
}

void nt_whole_mark(const double *intervals, const double *sensors, size_t n, size_t first, bool *less, bool *more)
{
	struct usual u;

	if (first > n || nt_stat_known(&intervals[first], n - first) < ENOUGH_STEPS)
		first = 0;
	u = find_usual(&intervals[first], &sensors[first], n - first);
	for (size_t i = 0; i < n; i++) {
		less[i] = intervals[i] < WHOLE * u.intervals; /* not of a gap */
		more[i] = !isnan(intervals[i]) && !less[i] && is_more(&u, intervals[i], sensors[i]);
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/analyse/trend.h"

#include "report/analyse/stat.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* Two weeks: less says nothing of a trend. */
#define KNOWN_LEAST 14

/* Slopes of all pairs of half a year; of longer lines every second, third ... point. */
#define PAIRED_MOST 184

#define CHANCE_Z      3.0
#define RISE	      0.25
#define RISE_SPREADS  1.5
#define SLIGHT	      0.03
#define SLIGHT_SPREAD 0.10
#define UP_AND_DOWN   0.15
#define SURGE	      0.3
#define SURGE_SPREADS 6.0
#define SURGE_ROOTS   5.0
#define SURGES_LEAST  2
#define ROOTS	      2.0
#define SWING	      0.03
#define SWING_STEPS   1.5
#define SWINGS_LEAST  3
#define SMOOTH_HALF   3

const char *const nt_trend_name[NT_TRENDS] = {
    [NT_TREND_UNKNOWN] = "unknown",
    [NT_TREND_FLAT] = "flat",
    [NT_TREND_RISE] = "rise",
    [NT_TREND_FALL] = "fall",
    [NT_TREND_SLIGHT_RISE] = "slight_rise",
    [NT_TREND_SLIGHT_FALL] = "slight_fall",
    [NT_TREND_UP_AND_DOWN] = "up_and_down",
    [NT_TREND_SURGES] = "surges",
    [NT_TREND_SURGES_ON_RISE] = "surges_on_rise",
    [NT_TREND_SHIFT] = "shift",
};

struct fit {
	double slope;
	double start;
	double z; /* Kendall's */
};

static int ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The median slope of all pairs, and how many more of them rise than fall. */
static bool fit_slope(const double *value, size_t n, struct fit *fit)
{
	size_t step = n / PAIRED_MOST + 1, pairs = 0, points = 0;
	double *slope = malloc(PAIRED_MOST * PAIRED_MOST / 2 * sizeof(*slope)), rising = 0, m;

	if (!slope)
		return false;
	for (size_t i = 0; i < n; i += step) {
		points += !isnan(value[i]);
		for (size_t j = i + step; j < n; j += step) {
			if (isnan(value[i]) || isnan(value[j]))
				continue;
			rising += (value[j] > value[i]) - (value[j] < value[i]);
			slope[pairs++] = (value[j] - value[i]) / (double)(j - i);
		}
	}
	if (pairs)
		qsort(slope, pairs, sizeof(*slope), ascending);
	fit->slope = pairs ? slope[pairs / 2] : 0;
	m = (double)points;
	fit->z = pairs ? rising / sqrt(m * (m - 1) * (2 * m + 5) / 18) : 0;
	free(slope);
	return true;
}

static double fitted(const struct fit *fit, size_t i)
{
	return fit->start + fit->slope * (double)i;
}

static void residuals(const double *value, size_t n, const struct fit *fit, double *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = value[i] - fitted(fit, i);
}

/* Groups of neighbouring days far above the line. */
static void find_surges(const double *residual, size_t n, const struct fit *fit, double spread,
			struct nt_trend_found *found)
{
	bool inside = false;

	for (size_t i = 0; i < n; i++) {
		double base = fmax(fitted(fit, i), 1);
		double needed = fmax(fmax(SURGE * base, SURGE_ROOTS * sqrt(base)), SURGE_SPREADS * spread);
		bool above = residual[i] > needed;

		if (isnan(residual[i]))
			continue;
		if (above && !inside && found->surges < NT_SURGES_MAX)
			found->surge[found->surges] = i;
		found->surges += above && !inside;
		inside = above;
	}
}

/* The usual step from one day to the next, as a standard deviation of a day. */
static double usual_step(const double *residual, size_t n)
{
	double step[NT_LINE_MAX];

	for (size_t i = 1; i < n; i++)
		step[i - 1] = residual[i] - residual[i - 1]; /* beside a gap: none */
	return NT_MAD_TO_SIGMA / sqrt(2) * nt_stat_mad(step, n - 1, 0);
}

/* How often the line goes from far above to far below, or back. */
static size_t count_swings(const double *residual, size_t n, double middle)
{
	double smooth[NT_LINE_MAX], far = fmax(SWING * middle, SWING_STEPS * usual_step(residual, n));
	size_t swings = 0;
	int side = 0;

	nt_stat_smooth(residual, n, SMOOTH_HALF, smooth);
	for (size_t i = 0; i < n; i++) {
		int now = (smooth[i] > far) - (smooth[i] < -far); /* 0 in a gap, too */

		swings += side && now == -side;
		side = now ? now : side;
	}
	return swings;
}

static bool goes_up_and_down(const double *residual, size_t n, double middle, double spread)
{
	if (spread >= UP_AND_DOWN * middle && spread >= ROOTS * sqrt(middle))
		return true;
	return count_swings(residual, n, middle) >= SWINGS_LEAST;
}

/* Change and spread are shares of the middle. */
static enum nt_trend direction(double change, double spread, const struct fit *fit)
{
	if (fabs(fit->z) <= CHANCE_Z)
		return NT_TREND_FLAT;
	if (fabs(change) >= RISE && fabs(change) >= RISE_SPREADS * spread)
		return change > 0 ? NT_TREND_RISE : NT_TREND_FALL;
	if (fabs(change) >= SLIGHT && spread <= SLIGHT_SPREAD)
		return change > 0 ? NT_TREND_SLIGHT_RISE : NT_TREND_SLIGHT_FALL;
	return NT_TREND_FLAT;
}

static enum nt_trend with_surges(enum nt_trend trend, size_t surges)
{
	if (surges < SURGES_LEAST)
		return trend;
	return trend == NT_TREND_RISE || trend == NT_TREND_SLIGHT_RISE ? NT_TREND_SURGES_ON_RISE : NT_TREND_SURGES;
}

/* Of the fitted line, at the first and the last point that are known: nothing is known beyond them. */
static void find_ends(const double *value, size_t n, const struct fit *fit, struct nt_trend_found *found)
{
	size_t first = 0, last = n - 1;

	while (first < last && isnan(value[first]))
		first++;
	while (last > first && isnan(value[last]))
		last--;
	found->first = fmax(fitted(fit, first), 0);
	found->last = fmax(fitted(fit, last), 0);
}

static bool may_go_up_and_down(enum nt_trend trend)
{
	return trend == NT_TREND_FLAT || trend == NT_TREND_SLIGHT_RISE || trend == NT_TREND_SLIGHT_FALL;
}

struct nt_trend_found nt_trend(const double *value, size_t n)
{
	struct nt_trend_found found = {.trend = NT_TREND_UNKNOWN};
	struct fit fit = {0};
	double residual[NT_LINE_MAX], spread, middle;

	if (n > NT_LINE_MAX || nt_stat_known(value, n) < KNOWN_LEAST || !fit_slope(value, n, &fit))
		return found;
	residuals(value, n, &fit, residual);
	fit.start = nt_stat_median(residual, n);
	residuals(value, n, &fit, residual);
	find_ends(value, n, &fit, &found);
	middle = fmax((found.first + found.last) / 2, 1);
	spread = NT_MAD_TO_SIGMA * nt_stat_mad(residual, n, 0);
	find_surges(residual, n, &fit, spread, &found);
	found.trend = direction((found.last - found.first) / middle, spread / middle, &fit);
	if (may_go_up_and_down(found.trend) && goes_up_and_down(residual, n, middle, spread))
		found.trend = NT_TREND_UP_AND_DOWN;
	found.trend = with_surges(found.trend, found.surges);
	return found;
}

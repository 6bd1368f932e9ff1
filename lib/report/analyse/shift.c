/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/analyse/shift.h"

#include "report/analyse/stat.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define PART_LEAST 10
#define PRICE	   3.0
#define LEVEL	   0.1
#define SPREADS	   2.0
#define BESIDE	   30

/* Makes a mean distance a standard deviation, where values are distributed normally. */
#define MEAN_TO_SIGMA 1.2533

/* Below this a step from one day to the next is none: a share of the level, and counts are whole numbers. */
#define STEP_SHARE 0.02
#define STEP_LEAST 0.5

/* The points that are known. */
struct line {
	double value[NT_LINE_MAX];
	size_t at[NT_LINE_MAX]; /* where they stand in the line that was given */
	size_t n;
	double price;
};

/* Parts: [start[i], start[i + 1]) */
struct parts {
	size_t start[NT_LINE_MAX / PART_LEAST + 2];
	size_t n;
};

static double level(const struct line *l, size_t first, size_t end)
{
	return nt_stat_median(&l->value[first], end - first);
}

static double part_level(const struct line *l, const struct parts *p, size_t part)
{
	return level(l, p->start[part], p->start[part + 1]);
}

/* ---- cutting ---- */

static double price_of(const struct line *l)
{
	double step[NT_LINE_MAX], usual;

	for (size_t i = 1; i < l->n; i++)
		step[i - 1] = fabs(l->value[i] - l->value[i - 1]);
	usual = NT_MAD_TO_SIGMA / sqrt(2) * nt_stat_median(step, l->n - 1);
	usual = fmax(usual, fmax(STEP_LEAST, STEP_SHARE * level(l, 0, l->n)));
	return PRICE * usual * log((double)l->n);
}

/* Values of a part that grows, in order. Returns the sum of their distances from their median. */
static double insert(double *sorted, size_t n, double value)
{
	size_t at = n;
	double sum = 0;

	while (at && sorted[at - 1] > value)
		at--;
	memmove(&sorted[at + 1], &sorted[at], (n - at) * sizeof(*sorted));
	sorted[at] = value;
	for (size_t i = 0; i <= n; i++)
		sum += i < (n + 1) / 2 ? -sorted[i] : sorted[i];
	return n % 2 ? sum : sum - sorted[n / 2]; /* the middle one of an odd number is no distance away */
}

/* best[j]: least cost of the first j points; from[j]: where the last of their parts begins. */
static void cut(const struct line *l, double *best, size_t *from)
{
	double sorted[NT_LINE_MAX];

	best[0] = 0;
	for (size_t j = 1; j <= l->n; j++)
		best[j] = INFINITY;
	for (size_t i = 0; i + PART_LEAST <= l->n; i++) {
		if (!isfinite(best[i]))
			continue;
		for (size_t j = i; j < l->n; j++) {
			double cost = best[i] + l->price + insert(sorted, j - i, l->value[j]);

			if (j + 1 - i < PART_LEAST || cost >= best[j + 1])
				continue;
			best[j + 1] = cost;
			from[j + 1] = i;
		}
	}
}

static void list_parts(const struct line *l, struct parts *p)
{
	double best[NT_LINE_MAX + 1];
	size_t from[NT_LINE_MAX + 1], back = 0;

	cut(l, best, from);
	for (size_t j = l->n; j; j = from[j])
		back++;
	p->n = back;
	p->start[back] = l->n;
	for (size_t j = l->n; j; j = from[j])
		p->start[--back] = from[j];
}

/* ---- what is no shift ---- */

/* What is left around the levels of parts [first, end). */
static double spread_of(const struct line *l, const struct parts *p, size_t first, size_t end)
{
	double sum = 0;

	for (size_t i = first; i < end; i++)
		sum += nt_stat_distance(&l->value[p->start[i]], p->start[i + 1] - p->start[i], part_level(l, p, i));
	return sum / (double)(p->start[end] - p->start[first]);
}

/* How much nearer values are to the levels of a part and the one behind it than to a level of both. */
static double gain_of(const struct line *l, const struct parts *p, size_t part, double apart)
{
	size_t first = p->start[part], n = p->start[part + 2] - first;

	return nt_stat_distance(&l->value[first], n, level(l, first, first + n)) - apart;
}

/*
 * How much the step between a part and the one behind it is, of what it must be: below 1 it is none. The line may be
 * noisier there than elsewhere, and a high level mostly is: so what the step gains has a price by the noise beside it,
 * too.
 */
static double weigh(const struct line *l, const struct parts *p, size_t part, double spread)
{
	double before = part_level(l, p, part), after = part_level(l, p, part + 1);
	double beside = spread_of(l, p, part, part + 2);
	double gain = gain_of(l, p, part, beside * (double)(p->start[part + 2] - p->start[part]));
	double price = PRICE * MEAN_TO_SIGMA * beside * log((double)l->n);
	double needed = fmax(fmax(LEVEL * before, SPREADS * fmax(spread, beside)), STEP_LEAST);

	return fmin(fabs(after - before) / needed, price > 0 ? gain / price : INFINITY);
}

/* Puts parts together, those first that differ least. */
static void join(const struct line *l, struct parts *p)
{
	while (p->n > 1) {
		double spread = spread_of(l, p, 0, p->n), least = INFINITY;
		size_t at = 0;

		for (size_t i = 0; i + 1 < p->n; i++) {
			double weight = weigh(l, p, i, spread);

			if (weight >= least)
				continue;
			least = weight;
			at = i;
		}
		if (least >= 1)
			return;
		memmove(&p->start[at + 1], &p->start[at + 2], (p->n - at - 1) * sizeof(p->start[0]));
		p->n--;
	}
}

/* ---- slopes ---- */

/* What remains if the line goes up from `before` at a point; *end is where it ends. */
static double ramp_cost(const struct line *l, size_t at, size_t end, double before, double *after)
{
	double slope[NT_LINE_MAX], best, cost = 0;
	size_t first = l->at[at];

	slope[0] = l->value[at] - before;
	for (size_t i = at + 1; i < end; i++)
		slope[i - at] = (l->value[i] - before) / (double)(l->at[i] - first + 1);
	best = nt_stat_median(slope, end - at);
	for (size_t i = at; i < end; i++)
		cost += fabs(l->value[i] - before - best * (double)(l->at[i] - first + 1));
	*after = before + best * (double)(l->at[end - 1] - first + 1);
	return cost;
}

/* Looks for a slope that explains parts `first` to `last` better than their levels. */
static bool find_ramp(const struct line *l, const struct parts *p, size_t first, size_t last, struct nt_shift *shift)
{
	size_t begin = p->start[first], end = p->start[last + 1];
	double least = (double)(last - first - 1) * l->price;
	bool found = false;

	for (size_t i = first; i <= last; i++)
		least += nt_stat_distance(&l->value[p->start[i]], p->start[i + 1] - p->start[i], part_level(l, p, i));
	for (size_t at = begin + PART_LEAST; at + PART_LEAST <= end; at++) {
		double before = level(l, begin, at), after;
		double cost = nt_stat_distance(&l->value[begin], at - begin, before);

		cost += ramp_cost(l, at, end, before, &after);
		if (cost >= least)
			continue;
		least = cost;
		found = true;
		*shift = (struct nt_shift){l->at[at], NT_SHIFT_RAMP, before, after};
	}
	return found;
}

/* The last of the parts that go the same way as the one behind `first`. */
static size_t same_way(const struct line *l, const struct parts *p, size_t first)
{
	bool up = part_level(l, p, first + 1) > part_level(l, p, first);
	size_t last = first + 1;

	while (last + 1 < p->n && (part_level(l, p, last + 1) > part_level(l, p, last)) == up)
		last++;
	return last;
}

/* Levels beside the beginning of a part: those of some weeks, for a part may be long, and its level move a little. */
static double level_before(const struct line *l, const struct parts *p, size_t part)
{
	size_t first = p->start[part - 1], end = p->start[part];

	return level(l, end - first > BESIDE ? end - BESIDE : first, end);
}

static double level_after(const struct line *l, const struct parts *p, size_t part)
{
	size_t first = p->start[part], end = p->start[part + 1];

	return level(l, first, end - first > BESIDE ? first + BESIDE : end);
}

static void add(struct nt_shift *out, size_t *n, const struct nt_shift *shift)
{
	if (*n == NT_SHIFTS_MAX) {
		memmove(&out[0], &out[1], (NT_SHIFTS_MAX - 1) * sizeof(*out));
		*n -= 1;
	}
	out[(*n)++] = *shift;
}

static size_t tell(const struct line *l, const struct parts *p, struct nt_shift *out)
{
	size_t n = 0;

	for (size_t first = 0, last; first + 1 < p->n; first = last) {
		struct nt_shift shift;

		last = same_way(l, p, first);
		if (find_ramp(l, p, first, last, &shift)) {
			add(out, &n, &shift);
			continue;
		}
		for (size_t i = first; i < last; i++)
			add(out, &n,
			    &(struct nt_shift){l->at[p->start[i + 1]], NT_SHIFT_STEP, level_before(l, p, i + 1),
					       level_after(l, p, i + 1)});
	}
	return n;
}

size_t nt_shifts(const double *value, size_t n, struct nt_shift out[static NT_SHIFTS_MAX])
{
	struct line l = {.n = 0};
	struct parts p;

	for (size_t i = 0; i < n && n <= NT_LINE_MAX; i++) {
		if (isnan(value[i]))
			continue;
		l.value[l.n] = value[i];
		l.at[l.n++] = i;
	}
	if (l.n < (size_t)2 * PART_LEAST)
		return 0;
	l.price = price_of(&l);
	list_parts(&l, &p);
	join(&l, &p);
	return tell(&l, &p, out);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/analyse/cross.h"

#include "report/analyse/stat.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SMOOTH_HALF 3
#define HOLDS_DAYS  14
#define EDGE_DAYS   7
#define LEVEL_DAYS  21
#define MOVED_TIMES 2

/* What makes an order of two lines one. */
#define ORDER_DAYS   7
#define ORDER_SHARE  0.6
#define ORDER_CHANCE 2.6

/* ---- ranks that hold ---- */

/*
 * A state for each point, 0 for unknown. Those that do not hold for HOLDS_DAYS known points, at the edges EDGE_DAYS,
 * become the one before them; unknown points, too.
 */
static void settle(size_t *state, size_t n)
{
	size_t held = 0;

	for (size_t i = 0, end; i < n; i = end) {
		size_t known = 0, own = state[i];

		for (end = i; end < n && own && (!state[end] || state[end] == own); end++)
			known += state[end] == own;
		end += !own;
		if (known >= (!held || end == n ? EDGE_DAYS : HOLDS_DAYS))
			held = own;
		for (size_t p = i; p < end; p++)
			state[p] = held;
	}
}

/* ---- two lines ---- */

static double level(const double *value, size_t first, size_t end)
{
	return nt_stat_median(&value[first], end - first);
}

static enum nt_moved who_moved(const struct nt_crossing *c)
{
	double upper = fabs(c->upper_after - c->upper_before), lower = fabs(c->lower_after - c->lower_before);

	if (upper >= MOVED_TIMES * lower)
		return NT_MOVED_UPPER;
	return lower >= MOVED_TIMES * upper ? NT_MOVED_LOWER : NT_MOVED_BOTH;
}

/* Levels are those between the crossings before and behind. */
static void measure(struct nt_crossing *c, const double *const line[2], size_t from, size_t to)
{
	size_t first = c->at > from + LEVEL_DAYS ? c->at - LEVEL_DAYS : from;
	size_t end = c->at + LEVEL_DAYS < to ? c->at + LEVEL_DAYS : to;

	c->upper_before = level(line[c->upper], first, c->at);
	c->upper_after = level(line[c->upper], c->at, end);
	c->lower_before = level(line[c->lower], first, c->at);
	c->lower_after = level(line[c->lower], c->at, end);
	c->moved = who_moved(c);
}

static size_t apart(size_t a, size_t b)
{
	return a > b ? a - b : b - a;
}

/* The day that divides the week before and behind best: before it the one line is above, from it on the other. Smoothed
 * lines that run together change their order some days earlier or later. */
static size_t dividing_day(const double *upper, const double *lower, size_t at, size_t n)
{
	size_t from = at > ORDER_DAYS ? at - ORDER_DAYS : 0, to = at + ORDER_DAYS < n ? at + ORDER_DAYS : n, day = to;
	int most = 0, gain = 0;

	for (size_t i = to; i-- > from;) {
		gain += (upper[i] > lower[i]) - (upper[i] < lower[i]); /* 0 in a gap */
		if (gain < most || (gain == most && apart(i, at) >= apart(day, at)))
			continue;
		most = gain;
		day = i;
	}
	return day;
}

/* 1: a is above, 2: b is. Where they are equal the order is that of the day before. */
static void order(const double *a, const double *b, size_t n, size_t *state)
{
	size_t before = 0;

	for (size_t i = 0; i < n; i++) {
		state[i] = 0;
		if (isnan(a[i]) || isnan(b[i]))
			continue;
		if (a[i] > b[i])
			before = 1;
		else if (b[i] > a[i])
			before = 2;
		state[i] = before;
	}
}

/* Points from `first` on with the same order, or with none. Returns where they end. */
static size_t end_of_order(const size_t *state, size_t first, size_t n)
{
	size_t end = first;

	while (end < n && (!state[end] || state[end] == state[first]))
		end++;
	return end;
}

/* True if the upper line is above on so many single days of a stretch that two lines that run together hardly ever are.
 */
static bool is_order(const double *upper, const double *lower, size_t n)
{
	double known = 0, ahead = 0;

	for (size_t i = 0; i < n; i++) {
		known += !isnan(upper[i]) && !isnan(lower[i]);
		ahead += (upper[i] > lower[i]) - (upper[i] < lower[i]); /* 0 in a gap */
	}
	return known >= ORDER_DAYS && ahead >= ORDER_SHARE * known && ahead >= ORDER_CHANCE * sqrt(known);
}

/* Points with the same order of the smoothed lines. */
struct stretch {
	size_t first;
	size_t end;
	size_t own; /* 0: none is known */
	bool counts;
};

/* Days around each on which the lines change places beyond doubt: a week each day of which is of one order, and then
 * one each day of which is of the other. */
static void mark_sure(const double *const line[2], size_t n, size_t *sure)
{
	memset(sure, 0, n * sizeof(*sure));
	for (size_t day = ORDER_DAYS; day + ORDER_DAYS <= n; day++)
		for (size_t own = 1; own <= 2; own++) {
			const double *upper = line[own - 1], *lower = line[2 - own];
			size_t k = 0;

			while (k < ORDER_DAYS && upper[day + k] > lower[day + k] &&
			       upper[day - 1 - k] < lower[day - 1 - k])
				k++;
			for (k = k < ORDER_DAYS ? 0 : k; k-- > 0;) {
				sure[day + k] = own;
				sure[day - 1 - k] = 3 - own;
			}
		}
}

static bool counts(const double *const line[2], const size_t *sure, struct stretch s)
{
	for (size_t i = s.first; i < s.end; i++)
		if (sure[i] && sure[i] == s.own)
			return true;
	return s.own && is_order(&line[s.own - 1][s.first], &line[2 - s.own][s.first], s.end - s.first);
}

static size_t list_stretches(const double *const line[2], const size_t *sure, const size_t *state, size_t n,
			     struct stretch *out)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i = out[found++].end) {
		out[found] =
		    (struct stretch){.first = i, .end = state[i] ? end_of_order(state, i, n) : i + 1, .own = state[i]};
		out[found].counts = counts(line, sure, out[found]);
	}
	return found;
}

/* What stands between two stretches of the same order and is no order itself does not part them, if together they are
 * one. Returns how many stretches are left. */
static size_t join_stretches(const double *const line[2], const size_t *sure, struct stretch *s, size_t n)
{
	for (size_t k = 1; k + 1 < n;) {
		struct stretch whole = {
		    .first = s[k - 1].first, .end = s[k + 1].end, .own = s[k + 1].own, .counts = true};

		if (s[k].counts || s[k - 1].own != s[k + 1].own || !counts(line, sure, whole)) {
			k++;
			continue;
		}
		s[k - 1] = whole;
		memmove(&s[k], &s[k + 2], (n - k - 2) * sizeof(*s));
		n -= 2;
		k -= k > 1;
	}
	return n;
}

/* Stretches that are no order have the one before. */
static void keep_orders(const double *const line[2], size_t *state, size_t n)
{
	struct stretch stretch[NT_LINE_MAX];
	size_t held = 0, found, sure[NT_LINE_MAX];

	mark_sure(line, n, sure);
	for (size_t i = 0; i < n; i++)
		state[i] = sure[i] ? sure[i] : state[i];
	found = join_stretches(line, sure, stretch, list_stretches(line, sure, state, n, stretch));
	for (size_t k = 0; k < found; k++) {
		held = stretch[k].counts ? stretch[k].own : held;
		for (size_t p = stretch[k].first; p < stretch[k].end; p++)
			state[p] = held;
	}
}

size_t nt_crossings(const double *a, const double *b, size_t n, struct nt_crossing out[static NT_CROSSINGS_MAX])
{
	double smooth_a[NT_LINE_MAX], smooth_b[NT_LINE_MAX];
	const double *const line[2] = {a, b};
	size_t state[NT_LINE_MAX], found = 0;

	if (!n || n > NT_LINE_MAX)
		return 0;
	nt_stat_smooth(a, n, SMOOTH_HALF, smooth_a);
	nt_stat_smooth(b, n, SMOOTH_HALF, smooth_b);
	order(smooth_a, smooth_b, n, state);
	keep_orders(line, state, n);
	for (size_t i = 1; i < n && found < NT_CROSSINGS_MAX; i++)
		if (state[i] != state[i - 1] && state[i - 1])
			out[found++] = (struct nt_crossing){.at = i, .upper = state[i] - 1, .lower = 2 - state[i]};
	for (size_t c = 0; c < found; c++)
		out[c].at = dividing_day(line[out[c].upper], line[out[c].lower], out[c].at, n);
	for (size_t c = 0; c < found; c++)
		measure(&out[c], line, c ? out[c - 1].at : 0, c + 1 < found ? out[c + 1].at : n);
	return found;
}

/* ---- ranks of many ---- */

/* Ranks of the lines at one point, 0 for those of which nothing is known there. Of equal ones the first is higher. */
static void rank_at(const double *smooth, size_t lines, size_t points, size_t point, size_t *rank)
{
	for (size_t l = 0; l < lines; l++) {
		double own = smooth[l * points + point];

		rank[l * points + point] = isnan(own) ? 0 : 1;
		for (size_t o = 0; o < lines && !isnan(own); o++) {
			double other = smooth[o * points + point];

			rank[l * points + point] += other > own || (other == own && o < l);
		}
	}
}

static size_t collect(const size_t *rank, size_t lines, size_t points, size_t shown, struct nt_rank_change *out)
{
	size_t found = 0;

	for (size_t p = 1; p < points; p++)
		for (size_t l = 0; l < lines && found < NT_RANK_CHANGES_MAX; l++) {
			size_t from = rank[l * points + p - 1], to = rank[l * points + p];

			if (from && to && from != to && (from <= shown || to <= shown))
				out[found++] = (struct nt_rank_change){.line = l, .at = p, .from = from, .to = to};
		}
	return found;
}

/* The day on which a line passed the last of those that it passed then. Ranks of smoothed lines change some days
 * earlier or later. */
static size_t passing_day(const double *value, size_t lines, size_t points, const struct nt_rank_change *c)
{
	struct nt_crossing found[NT_CROSSINGS_MAX];
	size_t day = 0;

	for (size_t other = 0; other < lines; other++) {
		size_t n = other == c->line
			       ? 0
			       : nt_crossings(&value[c->line * points], &value[other * points], points, found);

		for (size_t k = 0; k < n; k++)
			if ((found[k].upper == 0) == (c->to < c->from) && apart(found[k].at, c->at) <= ORDER_DAYS &&
			    found[k].at > day)
				day = found[k].at;
	}
	return day ? day : c->at;
}

static int by_day(const void *a, const void *b)
{
	const struct nt_rank_change *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

int nt_rank_changes(const double *value, size_t lines, size_t points, size_t shown,
		    struct nt_rank_change out[static NT_RANK_CHANGES_MAX])
{
	double *smooth = calloc(lines * points + 1, sizeof(*smooth));
	size_t *rank = calloc(lines * points + 1, sizeof(*rank));
	int found = -ENOMEM;

	if (smooth && rank) {
		for (size_t l = 0; l < lines; l++)
			nt_stat_smooth(&value[l * points], points, SMOOTH_HALF, &smooth[l * points]);
		for (size_t p = 0; p < points; p++)
			rank_at(smooth, lines, points, p, rank);
		for (size_t l = 0; l < lines; l++)
			settle(&rank[l * points], points);
		found = (int)collect(rank, lines, points, shown, out);
		for (int c = 0; c < found; c++)
			out[c].at = passing_day(value, lines, points, &out[c]);
		if (found)
			qsort(out, (size_t)found, sizeof(*out), by_day);
	}
	free(smooth);
	free(rank);
	return found;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/analyse/spike.h"

#include "report/analyse/stat.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define TIMES	    3.0
#define SPREADS	    6.0
#define LEAST	    5.0
#define APART	    3
#define KNOWN_LEAST 7

/* What belongs to the course of a spike. */
#define COURSE_SPREADS 3.0
#define COURSE_LEAST   2.0

/* Keeps the highest, in order. */
static size_t insert(struct nt_spike *out, size_t n, size_t room, const struct nt_spike *spike)
{
	size_t at = 0;

	while (at < n && out[at].value >= spike->value)
		at++;
	if (at == room)
		return n;
	n += n < room;
	memmove(&out[at + 1], &out[at], (n - at - 1) * sizeof(*out));
	out[at] = *spike;
	return n;
}

size_t nt_spikes(const double *value, size_t n, struct nt_spike *out, size_t room)
{
	double usual, needed;
	struct nt_spike open;
	size_t found = 0;
	bool inside = false;

	if (n > NT_LINE_MAX || nt_stat_known(value, n) < KNOWN_LEAST)
		return 0;
	usual = nt_stat_median(value, n);
	needed = usual + fmax(SPREADS * NT_MAD_TO_SIGMA * nt_stat_mad(value, n, usual), LEAST);
	needed = fmax(needed, TIMES * usual);
	for (size_t i = 0; i < n; i++) {
		if (inside && i > open.last + APART) {
			found = insert(out, found, room, &open);
			inside = false;
		}
		if (isnan(value[i]) || value[i] < needed)
			continue;
		if (!inside)
			open = (struct nt_spike){.first = i, .usual = usual};
		inside = true;
		open.last = i;
		if (value[i] > open.value) {
			open.value = value[i];
			open.peak = i;
		}
	}
	return inside ? insert(out, found, room, &open) : found;
}

/* How far the next point of the course is from `edge`, downwards (step -1) or upwards (1); 0: there is none near. */
static size_t next_of_course(const double *value, size_t n, size_t edge, int step, double needed)
{
	for (size_t away = 1; away <= APART; away++) {
		if (step < 0 ? edge < away : edge + away >= n)
			return 0;
		if (value[step < 0 ? edge - away : edge + away] >= needed) /* not if it is NAN */
			return away;
	}
	return 0;
}

void nt_spike_widen(const double *value, size_t n, const struct nt_spike *spike, size_t most, size_t *first,
		    size_t *last)
{
	double spread = NT_MAD_TO_SIGMA * nt_stat_mad(value, n, spike->usual);
	double needed = spike->usual + fmax(COURSE_SPREADS * spread, COURSE_LEAST);

	for (;;) {
		size_t room = *last - *first + 1 < most ? most - (*last - *first + 1) : 0;
		size_t down = next_of_course(value, n, *first, -1, needed);
		size_t up = next_of_course(value, n, *last, 1, needed);

		down = down <= room ? down : 0;
		up = up <= room ? up : 0;
		if (!down && !up)
			return;
		if (!up || (down && spike->peak - *first + down <= *last + up - spike->peak))
			*first -= down;
		else
			*last += up;
	}
}

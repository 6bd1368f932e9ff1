/* SPDX-License-Identifier: BSD-3-Clause */
#include "detect/usual.h"

#include <math.h>
#include <stdlib.h>

/* Makes a median absolute deviation a standard deviation, for a normal distribution. */
#define MAD_SIGMA 1.4826

/* How many spreads above the usual are unusual. Numbers of packets have longer tails than a normal distribution. */
#define SPREADS 5

/* Below so many days a deviation is not much of a measure. */
#define FEW_DAYS 5

#define SAMPLES_MIN 3

/* One hour in so many may be a burst in a series that is quiet as a rule, and such bursts are usual in it. */
#define BURST_HOURS  12
#define BURST_FACTOR 1.5

struct sample {
	double value[NT_USUAL_RING];
	uint32_t n;
};

static void add(struct sample *s, const struct nt_past *past, const struct nt_hours *h, int64_t hour)
{
	uint32_t at = nt_hours_place(h, hour);

	if (h->seen[at])
		s->value[s->n++] = (double)past->value[at];
}

static int by_value(const void *left, const void *right)
{
	const double *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* Orders the sample. The lower one of two: a surge of yesterday is not to hide one of today. */
static double median(struct sample *s)
{
	qsort(s->value, s->n, sizeof(s->value[0]), by_value);
	return s->n ? s->value[(s->n - 1) / 2] : 0;
}

static double deviation(const struct sample *s, double from)
{
	struct sample distance = {.n = s->n};

	for (uint32_t i = 0; i < s->n; i++)
		distance.value[i] = fabs(s->value[i] - from);
	return MAD_SIGMA * median(&distance);
}

/* By how much an hour differs from the one before it: what a rhythm over the day does not blow up. */
static double step(const struct nt_past *past, const struct nt_hours *h, int64_t until)
{
	struct sample s = {0};

	for (int64_t hour = until - NT_USUAL_HOURS; hour < until - 1; hour++) {
		uint32_t a = nt_hours_place(h, hour), b = nt_hours_place(h, hour + 1);

		if (hour >= until - h->per_day * (NT_USUAL_DAYS - 1) && h->seen[a] && h->seen[b])
			s.value[s.n++] = fabs((double)past->value[a] - (double)past->value[b]);
	}
	return MAD_SIGMA * median(&s);
}

static void same_hour(struct sample *s, const struct nt_past *past, const struct nt_hours *h, int64_t hour,
		      int64_t until)
{
	for (int64_t day = 1; day < NT_USUAL_DAYS; day++)
		if (hour - day * h->per_day < until)
			add(s, past, h, hour - day * h->per_day);
}

/* Hours before `until`; at most a day's worth less than the ring holds, for today overwrites the oldest day. */
static void last_hours(struct sample *s, const struct nt_past *past, const struct nt_hours *h, int64_t until,
		       uint32_t n)
{
	uint32_t most = h->per_day * (NT_USUAL_DAYS - 1);

	for (uint32_t i = 1; i <= n && i <= most; i++)
		add(s, past, h, until - i);
}

/* How high a series goes that is quiet as a rule. */
static double burst(const struct nt_past *past, const struct nt_hours *h, int64_t until)
{
	struct sample s = {0};

	last_hours(&s, past, h, until, NT_USUAL_RING);
	if (!s.n)
		return 0;
	qsort(s.value, s.n, sizeof(s.value[0]), by_value);
	return s.value[s.n - 1 - s.n / BURST_HOURS];
}

bool nt_usual(const struct nt_past *past, const struct nt_hours *h, const struct nt_usual_options *options,
	      int64_t hour, int64_t until, struct nt_usual *out)
{
	struct sample s = {0};
	uint32_t days;

	same_hour(&s, past, h, hour, until);
	days = s.n;
	if (days < SAMPLES_MIN && h->per_day > 2) {
		same_hour(&s, past, h, hour - 1, until);
		same_hour(&s, past, h, hour + 1, until);
	}
	if (s.n < SAMPLES_MIN) {
		s.n = 0;
		last_hours(&s, past, h, until, NT_USUAL_HOURS);
	}
	if (s.n < SAMPLES_MIN)
		return false;
	out->usual = median(&s);
	out->spread = fmax(deviation(&s, out->usual), sqrt(out->usual)); /* counts spread at least like Poisson's */
	if (days < FEW_DAYS)
		out->spread = fmax(out->spread, step(past, h, until));
	/* The error of estimates is in the past already, unless the same sources came again, of which it is the same.
	 */
	out->spread = hypot(out->spread, options->noise * out->usual);
	out->limit = fmax(options->factor * out->usual, out->usual + SPREADS * out->spread);
	if (options->factor * out->usual < options->minimum)
		out->limit = fmax(out->limit, BURST_FACTOR * burst(past, h, until));
	out->limit = fmax(out->limit, options->minimum);
	return true;
}

void nt_usual_shift(struct nt_past *past, const struct nt_hours *h, int64_t hour)
{
	for (uint32_t i = 0; i < h->per_day; i++) {
		float value = past->value[nt_hours_place(h, hour - i)];

		for (uint32_t day = 1; day < NT_USUAL_DAYS; day++)
			past->value[nt_hours_place(h, hour - i - (int64_t)day * h->per_day)] = value;
	}
}

uint32_t nt_hours_count(const struct nt_hours *h)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < h->per_day * NT_USUAL_DAYS; i++)
		n += h->seen[i];
	return n;
}

float nt_usual_peak(const struct nt_past *past, const struct nt_hours *h)
{
	float peak = 0;

	for (uint32_t i = 0; i < h->per_day * NT_USUAL_DAYS; i++)
		if (h->seen[i] && past->value[i] > peak)
			peak = past->value[i];
	return peak;
}

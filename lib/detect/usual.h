/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_DETECT_USUAL_H
#define NT_DETECT_USUAL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What a number is as a rule at this hour of the day, from what it was in the days before. Time goes in hours, or in
 * what is taken for them when intervals do not divide an hour: some to a day, numbered without end.
 */

#define NT_USUAL_HOURS 24 /* a day has at most */
#define NT_USUAL_DAYS  8  /* kept: a week and today */
#define NT_USUAL_RING  (NT_USUAL_DAYS * NT_USUAL_HOURS)

/** Which hours were seen; the same for all series. */
struct nt_hours {
	uint32_t per_day;
	bool seen[NT_USUAL_RING];
};

/** A number in each of the hours kept; places as in nt_hours.seen[]. */
struct nt_past {
	float value[NT_USUAL_RING];
};

struct nt_usual_options {
	double minimum; /* no limit is below */
	double factor;	/* nor below so many times the usual */
	double noise;	/* standard error of a number that is an estimate, as a part of it; else 0 */
};

struct nt_usual {
	double usual;
	double spread; /* of it, as a standard deviation */
	double limit;  /* more than this is a surge */
};

/** Place of an hour in the ring. */
static inline uint32_t nt_hours_place(const struct nt_hours *h, int64_t hour)
{
	int64_t ring = (int64_t)h->per_day * NT_USUAL_DAYS, at = hour % ring;

	return (uint32_t)(at < 0 ? at + ring : at);
}

/** Hours seen. */
uint32_t nt_hours_count(const struct nt_hours *h);

/**
 * What is usual in `hour`, judged by what was before `until`, which is not above it: hours since are left out, so that
 * a surge does not become its own measure. False if too little is known.
 */
bool nt_usual(const struct nt_past *past, const struct nt_hours *h, const struct nt_usual_options *options,
	      int64_t hour, int64_t until, struct nt_usual *out);

/** Makes the last day up to `hour`, inclusive, what all days were like. */
void nt_usual_shift(struct nt_past *past, const struct nt_hours *h, int64_t hour);

/** Largest value of the hours seen. */
float nt_usual_peak(const struct nt_past *past, const struct nt_hours *h);

#endif

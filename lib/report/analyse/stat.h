/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_ANALYSE_STAT_H
#define NT_REPORT_ANALYSE_STAT_H

#include <stddef.h>

/*
 * Numbers of a line. NAN is a gap: nothing is known of that moment, and it counts nowhere. Medians throughout, so that
 * a surge or an outage moves nothing. Any thread.
 */

/** Makes an absolute deviation from the median a standard deviation, where values are distributed normally. */
#define NT_MAD_TO_SIGMA 1.4826

/** Points that a line may have: the working memory of medians is on the stack. */
#define NT_LINE_MAX 1024

/** Numbers that are known. */
size_t nt_stat_known(const double *value, size_t n);

/** The middle one; NAN if none is known. n is at most NT_LINE_MAX. */
double nt_stat_median(const double *value, size_t n);

/** Median distance from `middle`. */
double nt_stat_mad(const double *value, size_t n, double middle);

/** Sum of the distances from `middle`. */
double nt_stat_distance(const double *value, size_t n, double middle);

/** A running median over `half` neighbours on both sides; gaps stay gaps. out must not be value. */
void nt_stat_smooth(const double *value, size_t n, size_t half, double *out);

#endif

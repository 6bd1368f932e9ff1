/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_ANALYSE_SPIKE_H
#define NT_REPORT_ANALYSE_SPIKE_H

#include <stddef.h>

/*
 * Days far above what is usual of a line: at least three times its median, and above it by six times the spread and by
 * five. Days with at most two others between them are one spike.
 */

struct nt_spike {
	size_t first;
	size_t last;
	size_t peak;
	double value; /**< of the peak */
	double usual; /**< the line's median */
};

/** The highest spikes of a line, the highest first. n is at most NT_LINE_MAX. Any thread. Returns how many. */
size_t nt_spikes(const double *value, size_t n, struct nt_spike *out, size_t room);

/**
 * Widens the points *first to *last, among which the spike's peak is, over its whole course: to those that are above
 * what is usual by three spreads, and by two, with at most two others between them. The nearest to the peak go first,
 * and there are at most `most` points, unless there were more. Any thread.
 */
void nt_spike_widen(const double *value, size_t n, const struct nt_spike *spike, size_t most, size_t *first,
		    size_t *last);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_ANALYSE_SHIFT_H
#define NT_REPORT_ANALYSE_SHIFT_H

#include <stddef.h>

/*
 * Since when a line is on another level, or goes up or down.
 *
 * The line is cut into parts, each with a level of its own, its median, so that the sum of absolute distances from the
 * levels and a price for each part are as small as they can be (optimal partitioning: Jackson et al., An algorithm for
 * optimal partitioning of data on an interval, 2005). Medians and absolute distances: surges and outages of some days
 * move nothing. A part has at least ten known days. The price is 3 ln(n) times the usual step from one day to the next,
 * as a standard deviation. Levels beside each other differ by at least a tenth, and by twice what is left around them
 * there and on the whole line, and what two levels gain there over one is at least that price with the noise there, or
 * the two parts are one. So a stretch with more noise has no shifts of its own: how many are found by chance is counted
 * in test_report_lines.c.
 *
 * Parts that go up one after the other, or down, may be one slope: if a level and from some day on a straight line that
 * begins there explain them better, with one price for both, that day is a ramp's.
 */

enum nt_shift_kind { NT_SHIFT_STEP, NT_SHIFT_RAMP };

struct nt_shift {
	size_t at; /**< first point of the new level, or of the slope */
	enum nt_shift_kind kind;
	double before; /**< level; of a step, that of the 30 days before it */
	double after;  /**< likewise; of a ramp, where it ends */
};

#define NT_SHIFTS_MAX 16

/** Finds shifts in order of time. n is at most NT_LINE_MAX. Any thread. Returns how many; of more than there is room
 * for the last. */
size_t nt_shifts(const double *value, size_t n, struct nt_shift out[static NT_SHIFTS_MAX]);

#endif

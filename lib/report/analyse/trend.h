/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_ANALYSE_TREND_H
#define NT_REPORT_ANALYSE_TREND_H

#include <stddef.h>

/*
 * What a line did, in one word. A straight line is fitted by medians (Theil and Sen: the median of the slopes of all
 * pairs), and Kendall's test says whether its direction can be chance (Mann 1945: |z| > 3).
 *
 *   change  of the fitted line from the first to the last point that is known, as a share of its middle
 *   spread  around it (median distance, as a standard deviation), as a share of the same
 *   surge   days in a row far above the fitted line: by 30 %, by six times the spread, and by five times the
 * root, which is what chance makes of small numbers swing   from far above the fitted line to far below it, or back, in
 * the running median of seven days: by 3 %, and by the usual step from one day to the next, which smoothing makes half
 * as large
 *
 * | word | is |
 * |---|---|
 * | rise, fall | change of at least a quarter, no chance, and larger than 1.5 x spread |
 * | slight rise, fall | change of at least 3 %, no chance, a spread of at most 10 %, and fewer than three swings |
 * | surges on a rising base | rise or slight rise, and at least two surges |
 * | surges | otherwise at least two surges |
 * | up and down | none of these, and at least three swings, or a spread of at least 15 % and twice the root |
 * | flat | the rest |
 *
 * A flat line that has a shift of level (report/analyse/shift.h) in the time looked at is called by that by who knows
 * of it.
 */

enum nt_trend {
	NT_TREND_UNKNOWN, /**< fewer than 14 days are known */
	NT_TREND_FLAT,
	NT_TREND_RISE,
	NT_TREND_FALL,
	NT_TREND_SLIGHT_RISE,
	NT_TREND_SLIGHT_FALL,
	NT_TREND_UP_AND_DOWN,
	NT_TREND_SURGES,
	NT_TREND_SURGES_ON_RISE,
	NT_TREND_SHIFT, /**< flat but for a shift of level; not told by nt_trend() */
	NT_TRENDS
};

#define NT_SURGES_MAX 8

struct nt_trend_found {
	enum nt_trend trend;
	double first; /**< of the fitted line at the first point that is known; not below 0 */
	double last;  /**< likewise, at the last one */
	size_t surges;
	size_t surge[NT_SURGES_MAX]; /**< where the first of them begin */
};

/** The words' names in data: "rise", "up_and_down". */
extern const char *const nt_trend_name[NT_TRENDS];

/** Any thread. */
struct nt_trend_found nt_trend(const double *value, size_t n);

#endif

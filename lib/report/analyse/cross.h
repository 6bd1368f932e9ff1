/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_ANALYSE_CROSS_H
#define NT_REPORT_ANALYSE_CROSS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * When one line passed another, and when ranks changed. Lines are smoothed by a running median of seven days, which
 * leaves a step where it is.
 *
 * The order of two lines is that of the smoothed ones. It counts if it stays so for at least seven known days, and if
 * the line that is above is so on the single days, too: the days on which it is above, less those on which it is below,
 * are at least 2.6 roots of all, and at least six of ten of all. So of seven days it must be above on each, of twelve
 * on eleven, of twenty and more on four of five. An order that does not count is the one before it. A crossing is where
 * an order counts that is another than the one before that counted. Its day is the one that divides the week before and
 * behind best: before it the one line is above, from it on the other. Two lines that run together, and whose days are
 * chance, cross three times in a hundred pairs and half years (test_report_crossings.c counts).
 *
 * What stands between two stretches of the same order and is none itself does not part them. And lines cross wherever
 * one was below on each of seven days and is above on each of the next seven.
 *
 * A rank counts if it holds for 14 known days, 7 at the beginning and the end of the line. Its day is that of the last
 * crossing that made it, if there is one within a week.
 *
 * Which line moved: the medians of up to 21 days before and after, up to the crossings beside it, are compared. The
 * line whose level changed at least twice as much as the other's has moved; otherwise both have.
 */

enum nt_moved { NT_MOVED_UPPER, NT_MOVED_LOWER, NT_MOVED_BOTH };

/** The upper line is the one that is above from `at` on. */
struct nt_crossing {
	size_t upper; /**< which line */
	size_t lower;
	size_t at; /**< first point of the new order */
	enum nt_moved moved;
	double upper_before;
	double upper_after;
	double lower_before;
	double lower_after;
};

#define NT_CROSSINGS_MAX 16

/** Where lines 0 (a) and 1 (b) of n points cross, in order of time. Any thread. Returns how many. */
size_t nt_crossings(const double *a, const double *b, size_t n, struct nt_crossing out[static NT_CROSSINGS_MAX]);

struct nt_rank_change {
	size_t line;
	size_t at; /**< first point of the new rank */
	size_t from;
	size_t to; /**< 1: the highest */
};

#define NT_RANK_CHANGES_MAX 256

/**
 * When lines changed their rank among all of them, of those changes that touch the first `shown` ranks; in order of
 * time. values: [lines * points]. Any thread. Returns how many, or -ENOMEM.
 */
int nt_rank_changes(const double *value, size_t lines, size_t points, size_t shown,
		    struct nt_rank_change out[static NT_RANK_CHANGES_MAX]);

#endif

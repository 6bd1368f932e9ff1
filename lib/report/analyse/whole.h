/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_ANALYSE_WHOLE_H
#define NT_REPORT_ANALYSE_WHOLE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Which steps of time can be compared: those made of as many intervals and sensors as is usual.
 *
 * Usual is what the period has, from point `first` on; all points if fewer than 28 of the period are known. If at least
 * 28 of them have nearly the most intervals (95 % of it), these are the complete ones, however many are not, and usual
 * is their median. Otherwise it is the median of all: a replayed capture has no interval where it has no frames, and
 * none of its days is complete.
 *
 *   less  fewer than 90 % of the usual intervals
 *   more  at least a tenth more sensors than usual, or so many more intervals, if that is another make-up and not the
 *         chance of a capture with few frames: the usual ones are complete, or the step has nearly the most
 */

/** Marks steps; what is NAN in `intervals` is a gap, and none of both. n is at most NT_LINE_MAX. Any thread. */
void nt_whole_mark(const double *intervals, const double *sensors, size_t n, size_t first, bool *less, bool *more);

#endif

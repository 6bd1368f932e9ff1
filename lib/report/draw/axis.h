/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_DRAW_AXIS_H
#define NT_REPORT_DRAW_AXIS_H

#include "report/document.h"

/* Where an axis has marks, and what stands at them. Pure functions. */

#define NT_TICKS_MAX 40
#define NT_TICK_TEXT 40

struct nt_tick {
	double at;
	char text[NT_TICK_TEXT];
};

struct nt_axis {
	size_t n;
	struct nt_tick tick[NT_TICKS_MAX];
	double end; /**< of values: the last tick; 0 is the first */
};

/** From 0 to at least `most`, about five round steps; numbers with commas, or in millions (万 and 億 in Japanese). */
void nt_axis_of_values(enum nt_lang lang, enum nt_doc_kind kind, double most, struct nt_axis *out);

/** Days, halves of months, months or years between two moments (in days since 1970-01-01), `most` of them at most. */
void nt_axis_of_days(enum nt_lang lang, double first, double last, size_t most, struct nt_axis *out);

/** "3 Aug", "8/3": as at an axis. */
void nt_axis_day(enum nt_lang lang, int64_t day, char text[static NT_TICK_TEXT]);

#endif

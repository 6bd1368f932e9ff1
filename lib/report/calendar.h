/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_CALENDAR_H
#define NT_REPORT_CALENDAR_H

#include "redis/schema.h"

#include <stdbool.h>
#include <stdint.h>

/* Days and quarters as people write them. A day is a number: days since 1970-01-01. Any thread. */

#define NT_PERIOD_TEXT 28

/** Whole days, the last one included. */
struct nt_period {
	int64_t first_day;
	int64_t last_day;
	bool quarter;		   /**< it is one, and its name says which */
	char name[NT_PERIOD_TEXT]; /**< "2022Q3" or "2022-07-01/2022-07-31" */
};

/** The quarter that holds a day. */
struct nt_period nt_quarter_of(int64_t day);

/** Reads "2022Q3" or "2022-07-01/2022-07-31". Returns 0 or -EINVAL. */
int nt_period_parse(const char *text, struct nt_period *p);

/** From one day to another. Returns 0, or -EINVAL if it ends before it begins. */
int nt_period_between(int64_t first_day, int64_t last_day, struct nt_period *p);

/** The quarter before a quarter; else as many days, right before it. */
struct nt_period nt_period_before(const struct nt_period *p);

/** Seconds of a period where days are those of UTC + day_offset_h. */
struct nt_span nt_period_span(const struct nt_period *p, int32_t day_offset_h);

/** Reads "2022-07-01". Returns 0 or -EINVAL. */
int nt_day_parse(const char *text, int64_t *day);

/** The day of a moment. */
int64_t nt_day_of(int64_t at_s, int32_t day_offset_h);

#define NT_DAY_TEXT 16

/** Writes "2022-07-01". */
void nt_day_text(int64_t day, char text[static NT_DAY_TEXT]);

struct nt_date {
	int year;
	int month; /**< 1 to 12 */
	int day;   /**< 1 to 31 */
};

struct nt_date nt_date_of(int64_t day);

#endif

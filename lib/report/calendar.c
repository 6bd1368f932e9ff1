/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/calendar.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY_S	   86400
#define HOUR_S	   3600
#define YEAR_FIRST 1970
#define YEAR_LAST  9999

static int64_t day_number(int year, int month, int day)
{
	struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};

	return timegm(&tm) / DAY_S;
}

struct nt_date nt_date_of(int64_t day)
{
	time_t at_s = (time_t)(day * DAY_S);
	struct tm tm = {0};

	gmtime_r(&at_s, &tm);
	return (struct nt_date){.year = tm.tm_year + 1900, .month = tm.tm_mon + 1, .day = tm.tm_mday};
}

void nt_day_text(int64_t day, char text[static NT_DAY_TEXT])
{
	struct nt_date d = nt_date_of(day);

	snprintf(text, NT_DAY_TEXT, "%04u-%02u-%02u", (unsigned int)d.year % 10000u, (unsigned int)d.month % 100u,
		 (unsigned int)d.day % 100u);
}

int64_t nt_day_of(int64_t at_s, int32_t day_offset_h)
{
	int64_t local_s = at_s + day_offset_h * (int64_t)HOUR_S;

	return local_s / DAY_S - (local_s % DAY_S < 0);
}

/* A date that the calendar does not have comes back as another one. */
int nt_day_parse(const char *text, int64_t *day)
{
	char again[NT_DAY_TEXT];
	int year, month, date;

	if (strlen(text) != 10 || sscanf(text, "%4d-%2d-%2d", &year, &month, &date) != 3 || year < YEAR_FIRST)
		return -EINVAL;
	*day = day_number(year, month, date);
	nt_day_text(*day, again);
	return strcmp(text, again) ? -EINVAL : 0;
}

/* ---- periods ---- */

static struct nt_period quarter_of(int year, int quarter)
{
	struct nt_period p = {.quarter = true};
	int month = 3 * (quarter - 1) + 1;

	p.first_day = day_number(year, month, 1);
	p.last_day = day_number(year, month + 3, 1) - 1;
	snprintf(p.name, sizeof(p.name), "%04uQ%u", (unsigned int)year % 10000u, (unsigned int)quarter % 10u);
	return p;
}

struct nt_period nt_quarter_of(int64_t day)
{
	struct nt_date date = nt_date_of(day);

	return quarter_of(date.year, (date.month + 2) / 3);
}

int nt_period_between(int64_t first_day, int64_t last_day, struct nt_period *p)
{
	char first[NT_DAY_TEXT], last[NT_DAY_TEXT];

	if (last_day < first_day)
		return -EINVAL;
	nt_day_text(first_day, first);
	nt_day_text(last_day, last);
	*p = (struct nt_period){.first_day = first_day, .last_day = last_day};
	snprintf(p->name, sizeof(p->name), "%.10s/%.10s", first, last);
	return 0;
}

static int parse_quarter(const char *text, struct nt_period *p)
{
	int year, quarter;

	if (strlen(text) != 6 || strspn(text, "0123456789") != 4 || text[4] != 'Q' || text[5] < '1' || text[5] > '4')
		return -EINVAL;
	year = (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0');
	quarter = text[5] - '0';
	if (year < YEAR_FIRST || year > YEAR_LAST)
		return -EINVAL;
	*p = quarter_of(year, quarter);
	return 0;
}

int nt_period_parse(const char *text, struct nt_period *p)
{
	const char *slash = strchr(text, '/');
	int64_t first_day, last_day;
	char first[NT_DAY_TEXT];

	if (!slash)
		return parse_quarter(text, p);
	if (slash - text >= NT_DAY_TEXT)
		return -EINVAL;
	snprintf(first, sizeof(first), "%.*s", (int)(slash - text), text);
	if (nt_day_parse(first, &first_day) || nt_day_parse(slash + 1, &last_day))
		return -EINVAL;
	return nt_period_between(first_day, last_day, p);
}

struct nt_period nt_period_before(const struct nt_period *p)
{
	struct nt_date first = nt_date_of(p->first_day);
	int64_t days = p->last_day - p->first_day + 1;
	struct nt_period before = {0};

	if (p->quarter)
		return first.month == 1 ? quarter_of(first.year - 1, 4) : quarter_of(first.year, (first.month - 1) / 3);
	nt_period_between(p->first_day - days, p->first_day - 1, &before);
	return before;
}

struct nt_span nt_period_span(const struct nt_period *p, int32_t day_offset_h)
{
	int64_t offset_s = day_offset_h * (int64_t)HOUR_S;

	return (struct nt_span){p->first_day * DAY_S - offset_s, (p->last_day + 1) * DAY_S - offset_s};
}

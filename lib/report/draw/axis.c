/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/draw/axis.h"

#include "report/calendar.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define STEPS 5

/* From here on numbers are said in a unit. */
#define LONG_NUMBER 1e7

/* ---- values ---- */

static double round_step(double most, bool whole)
{
	static const double factor[] = {1, 2, 2.5, 5, 10};
	double raw = most / STEPS, power = pow(10, floor(log10(raw)));

	for (size_t i = 0; i < sizeof(factor) / sizeof(factor[0]); i++) {
		double step = factor[i] * power;

		/* A rounding error of the division is not worth another step. */
		if (step >= raw * (1 - 1e-9) && (!whole || step == floor(step)))
			return step;
	}
	return whole ? 1 : 10 * power;
}

static void value_text(enum nt_lang lang, double value, double most, char text[static NT_TICK_TEXT])
{
	static const struct {
		double unit;
		const char *name;
	} row[NT_LANGS][2] = {
	    [NT_LANG_EN] = {{1e9, " bn"}, {1e6, " M"}},
	    [NT_LANG_JA] = {{1e8, "億"}, {1e4, "万"}},
	};
	size_t i = most >= 10 * row[lang][0].unit ? 0 : 1;

	if (most < LONG_NUMBER || value == 0)
		snprintf(text, NT_TICK_TEXT, "%.30s", nt_word_count("", value).text);
	else if (most > 1e15)
		snprintf(text, NT_TICK_TEXT, "%.1e", value);
	else if (value / row[lang][i].unit >= 1000)
		snprintf(text, NT_TICK_TEXT, "%.30s%s", nt_word_count("", value / row[lang][i].unit).text,
			 row[lang][i].name);
	else
		snprintf(text, NT_TICK_TEXT, "%g%s", value / row[lang][i].unit, row[lang][i].name);
}

void nt_axis_of_values(enum nt_lang lang, enum nt_doc_kind kind, double most, struct nt_axis *out)
{
	bool share = kind == NT_DOC_SHARE;
	double step;

	*out = (struct nt_axis){.n = 0};
	if (!(most > 0))
		most = share ? 0.01 : 1;
	step = round_step(most, !share);
	for (double i = 0; out->n < NT_TICKS_MAX; i++) {
		struct nt_tick *tick = &out->tick[out->n++];

		tick->at = i * step;
		out->end = tick->at;
		if (share)
			snprintf(tick->text, NT_TICK_TEXT, "%.4g %%", 100 * tick->at);
		else
			value_text(lang, tick->at, most, tick->text);
		if (tick->at >= most * (1 - 1e-9))
			return;
	}
}

/* ---- days ---- */

/* Days that have a mark: those of a month, in months that come so many apart. */
struct rhythm {
	int every; /* day of a month, from the first on; of a pair the second is left out before a month's end */
	int last;
	int months;
};

static const struct rhythm rhythm[] = {
    {.every = 1, .last = 31, .months = 1},  {.every = 2, .last = 29, .months = 1},
    {.every = 5, .last = 26, .months = 1},  {.every = 10, .last = 21, .months = 1},
    {.every = 15, .last = 16, .months = 1}, {.every = 31, .last = 1, .months = 1},
    {.every = 31, .last = 1, .months = 2},  {.every = 31, .last = 1, .months = 3},
    {.every = 31, .last = 1, .months = 6},  {.every = 31, .last = 1, .months = 12},
};

static bool has_mark(const struct rhythm *r, int64_t day)
{
	struct nt_date d = nt_date_of(day);

	return (d.day - 1) % r->every == 0 && d.day <= r->last && (d.month - 1) % r->months == 0;
}

static const char month_en[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
				     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void nt_axis_day(enum nt_lang lang, int64_t day, char text[static NT_TICK_TEXT])
{
	struct nt_date d = nt_date_of(day);

	if (lang == NT_LANG_JA)
		snprintf(text, NT_TICK_TEXT, "%d/%d", d.month, d.day);
	else
		snprintf(text, NT_TICK_TEXT, "%d %s", d.day, month_en[d.month - 1]);
}

static void month_text(enum nt_lang lang, int64_t day, char text[static NT_TICK_TEXT])
{
	struct nt_date d = nt_date_of(day);

	if (lang == NT_LANG_JA)
		snprintf(text, NT_TICK_TEXT, "%d月", d.month);
	else
		snprintf(text, NT_TICK_TEXT, "%s", month_en[d.month - 1]);
}

static size_t marks(const struct rhythm *r, int64_t first, int64_t last)
{
	size_t n = 0;

	for (int64_t day = first; day <= last; day++)
		n += has_mark(r, day);
	return n;
}

void nt_axis_of_days(enum nt_lang lang, double first, double last, size_t most, struct nt_axis *out)
{
	int64_t begin = (int64_t)ceil(first), end = (int64_t)floor(last);
	size_t last_rhythm = sizeof(rhythm) / sizeof(rhythm[0]) - 1, i = 0;

	*out = (struct nt_axis){.end = last};
	while (i < last_rhythm && marks(&rhythm[i], begin, end) > most)
		i++;
	for (int64_t day = begin; day <= end && out->n < NT_TICKS_MAX; day++) {
		if (!has_mark(&rhythm[i], day))
			continue;
		out->tick[out->n].at = (double)day;
		if (rhythm[i].last == 1)
			month_text(lang, day, out->tick[out->n++].text);
		else
			nt_axis_day(lang, day, out->tick[out->n++].text);
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/analyse/cross.h"
#include "report/analyse/shift.h"
#include "report/analyse/trend.h"
#include "report/compose/inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* What lines did: words for it, since when, and who passed whom. */

/* Crossings that are told in sentences; the data have all. */
#define CROSSINGS_SAID 12

/* A change of rank belongs to a crossing that is at most so many days away. */
#define SAME_CHANGE 3

/* Days on both sides of a step that belong to neither level. */
#define BESIDE 4

/* Steps to and fro from which on a line goes up and down, rather than from level to level. */
#define TURNS_LEAST 2

#define SHIFT_LEAST 2.0

/* Where so many of a period's days cannot be compared, that is said. */
#define ENOUGH 0.67

/* Days that say something of a line's course, where the others cannot be compared: four weeks. */
#define COMPLETE_LEAST 28

/* ---- trends ---- */

static const enum nt_message trend_message[NT_TRENDS] = {
    [NT_TREND_FLAT] = NT_MSG_TREND_FLAT,
    [NT_TREND_RISE] = NT_MSG_TREND_RISE,
    [NT_TREND_FALL] = NT_MSG_TREND_FALL,
    [NT_TREND_SLIGHT_RISE] = NT_MSG_TREND_SLIGHT_RISE,
    [NT_TREND_SLIGHT_FALL] = NT_MSG_TREND_SLIGHT_FALL,
    [NT_TREND_UP_AND_DOWN] = NT_MSG_TREND_UP_AND_DOWN,
    [NT_TREND_SURGES] = NT_MSG_TREND_SURGES,
    [NT_TREND_SURGES_ON_RISE] = NT_MSG_TREND_SURGES_ON_RISE,
};

/* What is known of a line. */
struct finding {
	struct nt_trend_found trend;
	struct nt_shift shift[NT_SHIFTS_MAX];
	size_t shifts;
	struct kinds kinds; /* of the period's days */
	bool few;	    /* many days cannot be compared, because a part of them is missing */
};

/* The line without its steps: as if it had been on its last level from the beginning. Days beside a step may be
 * neither. */
static void level_out(const struct finding *found, double *value, size_t points)
{
	for (size_t i = 0; i < found->shifts; i++) {
		const struct nt_shift *s = &found->shift[i];

		for (size_t p = 0; p < points && s->kind == NT_SHIFT_STEP; p++) {
			value[p] += p < s->at ? s->after - s->before : 0;
			if (p + BESIDE >= s->at && p < s->at + BESIDE)
				value[p] = NAN;
		}
	}
}

/* Steps of the period: how many, and how often one goes back to where the one before came from. */
static size_t count_steps(const struct finding *found, size_t first, size_t *turns)
{
	const struct nt_shift *last = NULL;
	size_t steps = 0;

	*turns = 0;
	for (size_t i = 0; i < found->shifts; i++) {
		const struct nt_shift *s = &found->shift[i];

		if (s->at <= first || s->kind != NT_SHIFT_STEP)
			continue;
		steps++;
		*turns += last && (last->after > last->before) != (s->after > s->before);
		last = s;
	}
	return steps;
}

/* A host more or less is no other level. */
static void drop_small(struct finding *found)
{
	size_t kept = 0;

	for (size_t i = 0; i < found->shifts; i++)
		if (fabs(found->shift[i].after - found->shift[i].before) >= SHIFT_LEAST)
			found->shift[kept++] = found->shift[i];
	found->shifts = kept;
}

/* Of a line with a step in the period the word is for what it does besides. Steps to and fro are ups and downs. */
static void look_at(const struct nt_lines *l, size_t line, struct finding *out)
{
	size_t n = l->points - l->first;
	double value[NT_LINE_MAX];
	size_t turns;

	comparable(l, line, value);
	out->kinds = count_kinds(l, line);
	out->few = !most_are_bounds(out->kinds) && (double)out->kinds.complete < ENOUGH * (double)out->kinds.known;
	if (most_are_bounds(out->kinds) || (out->few && out->kinds.complete < COMPLETE_LEAST))
		return;
	out->trend = nt_trend(&value[l->first], n);
	out->shifts = nt_shifts(value, l->points, out->shift);
	drop_small(out);
	if (!count_steps(out, l->first, &turns) || out->trend.trend == NT_TREND_UNKNOWN)
		return;
	if (out->trend.trend == NT_TREND_UP_AND_DOWN && turns >= TURNS_LEAST) {
		out->shifts = 0;
		return;
	}
	level_out(out, value, l->points);
	out->trend = nt_trend(&value[l->first], n);
	if (out->trend.trend == NT_TREND_FLAT)
		out->trend.trend = NT_TREND_SHIFT;
}

static enum nt_message shift_message(const struct nt_shift *s)
{
	if (s->kind == NT_SHIFT_RAMP)
		return s->after > s->before ? NT_MSG_SHIFT_RISING : NT_MSG_SHIFT_FALLING;
	return s->after > s->before ? NT_MSG_SHIFT_UP : NT_MSG_SHIFT_DOWN;
}

static void say_shift(struct composing *c, const struct figure *f, size_t line, const struct nt_shift *s, int unit)
{
	int64_t day = day_at(c, f->lines, s->at);
	bool before = day < c->r->wanted.period.first_day;

	nt_doc_say(c->d, shift_message(s),
		   WORDS(word_line(c, "line", f->title, f->lines->name[line]),
			 nt_word_about("about", c->lang, day, c->last_day),
			 nt_word_day("date", c->lang, day, c->last_day), nt_word_count("before", s->before),
			 nt_word_count("after", s->after), word_unit(c, unit, s->after),
			 nt_word("earlier", before ? nt_message(c->lang, NT_MSG_BEFORE_PERIOD) : "")));
}

/* Days on which surges begin. */
static struct nt_word surge_days(const struct composing *c, const struct nt_lines *l, const struct nt_trend_found *t)
{
	struct nt_word days = {.place = "dates"};

	for (size_t i = 0; i < t->surges && i < NT_SURGES_MAX; i++)
		nt_word_add(&days, c->lang,
			    nt_word_day("", c->lang, day_at(c, l, l->first + t->surge[i]), c->last_day).text);
	if (t->surges > NT_SURGES_MAX)
		nt_word_add(&days, c->lang, "...");
	return days;
}

/* Of shifts before the period only the last is told, which led to what the period begins with. */
static bool is_told(const struct nt_lines *l, const struct finding *found, size_t shift)
{
	return found->shift[shift].at >= l->first || shift + 1 == found->shifts ||
	       found->shift[shift + 1].at >= l->first;
}

/* A slope that goes the line's way has ends and a beginning of its own, which the straight line's would contradict. */
static bool has_ramp(const struct nt_lines *l, const struct finding *found)
{
	for (size_t i = 0; i < found->shifts; i++) {
		const struct nt_shift *s = &found->shift[i];

		if (s->kind == NT_SHIFT_RAMP && is_told(l, found, i) &&
		    (s->after > s->before) == (found->trend.last > found->trend.first))
			return true;
	}
	return false;
}

/* The ends of a straight line are those of a line that was levelled out, if there are steps. */
static bool has_step(const struct nt_lines *l, const struct finding *found)
{
	size_t turns;

	return count_steps(found, l->first, &turns) > 0;
}

/* Returns false where shifts say all that there is to say. */
static bool choose_message(const struct nt_lines *l, const struct finding *found, enum nt_message *out)
{
	enum nt_trend trend = found->trend.trend;
	bool ramp = has_ramp(l, found), step = has_step(l, found);

	*out = trend_message[trend];
	switch (trend) {
	case NT_TREND_SHIFT:
		return false;
	case NT_TREND_FLAT:
		*out = nearbyint(found->trend.last) == 0 ? NT_MSG_TREND_NOTHING : *out;
		return true;
	case NT_TREND_RISE:
	case NT_TREND_SLIGHT_RISE:
		*out = step ? NT_MSG_TREND_RISE_BESIDES : *out;
		return !ramp;
	case NT_TREND_FALL:
	case NT_TREND_SLIGHT_FALL:
		*out = step ? NT_MSG_TREND_FALL_BESIDES : *out;
		return !ramp;
	case NT_TREND_SURGES_ON_RISE:
		*out = ramp || step ? NT_MSG_TREND_SURGES : *out;
		return true;
	default:
		return true;
	}
}

/* Why nothing is said of a line whose values are lower bounds. */
static void say_bounds(struct composing *c, const struct figure *f, size_t line, const struct kinds *k)
{
	nt_doc_say(c->d, NT_MSG_BOUNDS,
		   WORDS(word_line(c, "line", f->title, f->lines->name[line]), nt_word_count("n", (double)k->bounds),
			 nt_word_count("all", (double)k->known)));
}

static void say_finding(struct composing *c, const struct figure *f, size_t line, const struct finding *found, int unit)
{
	const struct nt_lines *l = f->lines;
	enum nt_message message;

	if (most_are_bounds(found->kinds))
		say_bounds(c, f, line, &found->kinds);
	if (found->trend.trend == NT_TREND_UNKNOWN)
		return;
	if (choose_message(l, found, &message))
		nt_doc_say(c->d, message,
			   WORDS(word_line(c, "line", f->title, l->name[line]),
				 nt_word_count("first", found->trend.first), nt_word_count("last", found->trend.last),
				 nt_word_count("n", (double)found->trend.surges), surge_days(c, l, &found->trend),
				 word_unit(c, unit, found->trend.last)));
	if (found->trend.trend == NT_TREND_UP_AND_DOWN)
		return;
	for (size_t i = 0; i < found->shifts; i++)
		if (is_told(l, found, i))
			say_shift(c, f, line, &found->shift[i], unit);
}

/* Of which days the sentences are, where a part of the data is missing on many. It is so for all lines of a figure, and
 * said once. */
static void say_few(struct composing *c, const struct figure *f, const struct finding *found)
{
	const struct nt_lines *l = f->lines;
	size_t line = 0, first = l->first, last = l->points;
	double value[NT_LINE_MAX];

	while (line < f->shown && !found[line].few)
		line++;
	if (line == f->shown)
		return;
	comparable(l, line, value);
	while (first < l->points && isnan(value[first]))
		first++;
	while (last > first + 1 && isnan(value[last - 1]))
		last--;
	if (found[line].kinds.complete < COMPLETE_LEAST)
		nt_doc_say(c->d, NT_MSG_FEW_NOTHING,
			   WORDS(nt_word_count("n", (double)found[line].kinds.complete),
				 nt_word_count("all", (double)found[line].kinds.known)));
	else
		nt_doc_say(
		    c->d, NT_MSG_FEW_COMPARED,
		    WORDS(nt_word_count("n", (double)found[line].kinds.complete),
			  nt_word_count("all", (double)found[line].kinds.known),
			  nt_word_days("days", c->lang, day_at(c, l, first), day_at(c, l, last - 1), c->last_day)));
}

static const struct column trend_column[] = {
    {"line", NT_DOC_TEXT, NT_MSG_COL_LINE},	 {"trend", NT_DOC_TEXT, NT_MSG_COL_TREND},
    {"first", NT_DOC_REAL, NT_MSG_COL_FIRST},	 {"last", NT_DOC_REAL, NT_MSG_COL_LAST},
    {"surges", NT_DOC_COUNT, NT_MSG_COL_SURGES},
};

static const struct column shift_column[] = {
    {"line", NT_DOC_TEXT, NT_MSG_COL_LINE},   {"date", NT_DOC_DATE, NT_MSG_COL_DATE},
    {"kind", NT_DOC_TEXT, NT_MSG_COL_KIND},   {"before", NT_DOC_REAL, NT_MSG_COL_BEFORE},
    {"after", NT_DOC_REAL, NT_MSG_COL_AFTER},
};

void begin_data(struct composing *c, const char *id, const char *kind, enum nt_message title,
		const struct column *column, size_t n)
{
	char full[24];

	snprintf(full, sizeof(full), "%s-%s", id, kind);
	nt_doc_item(c->d, full, NT_DOC_DATA, title, NO_WORDS);
	add_columns(c, column, n);
}

static void add_trend_data(struct composing *c, const struct figure *f, const struct finding *found)
{
	begin_data(c, f->id, "trends", NT_MSG_TITLE_TRENDS, COLUMNS_OF(trend_column));
	for (size_t l = 0; l < f->shown; l++) {
		nt_doc_text(c->d, f->lines->name[l]);
		nt_doc_text(c->d, nt_trend_name[found[l].trend.trend]);
		nt_doc_number(c->d, found[l].trend.first);
		nt_doc_number(c->d, found[l].trend.last);
		nt_doc_number(c->d, (double)found[l].trend.surges);
	}
	begin_data(c, f->id, "shifts", NT_MSG_TITLE_SHIFTS, COLUMNS_OF(shift_column));
	for (size_t l = 0; l < f->shown; l++)
		for (size_t i = 0; i < found[l].shifts; i++) {
			const struct nt_shift *s = &found[l].shift[i];

			nt_doc_text(c->d, f->lines->name[l]);
			nt_doc_day(c->d, day_at(c, f->lines, s->at));
			nt_doc_text(c->d, s->kind == NT_SHIFT_RAMP ? "ramp" : "step");
			nt_doc_number(c->d, s->before);
			nt_doc_number(c->d, s->after);
		}
}

/* Days far above the usual are told of such a line already. */
static bool surges(const struct finding *found)
{
	return found->trend.trend == NT_TREND_SURGES || found->trend.trend == NT_TREND_SURGES_ON_RISE;
}

void say_trends(struct composing *c, const struct figure *f, int unit)
{
	struct finding *found = calloc(f->shown + 1, sizeof(*found));

	if (!f->lines->n) {
		free(found);
		return;
	}
	if (!found) {
		c->d->error = -ENOMEM;
		return;
	}
	for (size_t l = 0; l < f->shown; l++)
		look_at(f->lines, l, &found[l]);
	say_few(c, f, found);
	for (size_t l = 0; l < f->shown; l++) {
		say_finding(c, f, l, &found[l], unit);
		if (!surges(&found[l]) && !most_are_bounds(found[l].kinds))
			say_spikes(c, f, l, unit);
	}
	add_trend_data(c, f, found);
	add_spikes(c, f, f->shown);
	free(found);
}

/* ---- crossings and ranks ---- */

struct crossings {
	struct nt_crossing *at;
	size_t n;
	size_t room;
};

static int by_day(const void *a, const void *b)
{
	const struct nt_crossing *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return (x->upper > y->upper) - (x->upper < y->upper);
}

/* Crossings of two lines within the period. */
static int add_pair(struct crossings *list, const struct nt_lines *l, size_t a, size_t b)
{
	struct nt_crossing found[NT_CROSSINGS_MAX];
	double first[NT_LINE_MAX], second[NT_LINE_MAX];
	size_t n;

	comparable(l, a, first);
	comparable(l, b, second);
	n = nt_crossings(first, second, l->points, found);
	for (size_t i = 0; i < n; i++) {
		struct nt_crossing *grown;

		if (found[i].at < l->first)
			continue;
		grown = reallocarray(list->at, list->n + 1, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		list->at = grown;
		grown[list->n] = found[i];
		grown[list->n].upper = found[i].upper ? b : a;
		grown[list->n++].lower = found[i].upper ? a : b;
	}
	return 0;
}

/* Those of which one is in the figure. */
static int find_crossings(const struct figure *f, struct crossings *list)
{
	int err = 0;

	for (size_t a = 0; a < f->shown && !err; a++)
		for (size_t b = a + 1; b < f->lines->n && !err; b++)
			err = add_pair(list, f->lines, a, b);
	if (list->n)
		qsort(list->at, list->n, sizeof(*list->at), by_day);
	return err;
}

static int find_rank_changes(const struct figure *f, struct nt_rank_change out[static NT_RANK_CHANGES_MAX])
{
	const struct nt_lines *l = f->lines;
	double *value = calloc(l->n * l->points + NT_LINE_MAX, sizeof(*value));
	int n;

	if (!value)
		return -ENOMEM;
	for (size_t i = 0; i < l->n; i++)
		comparable(l, i, &value[i * l->points]);
	n = nt_rank_changes(value, l->n, l->points, f->shown, out);
	free(value);
	return n;
}

static bool is_change(const struct nt_rank_change *change, size_t line, size_t at)
{
	size_t apart = change->at > at ? change->at - at : at - change->at;

	return change->line == line && apart <= SAME_CHANGE;
}

/* The rank that the upper line got by the crossing, from the lower one; 0: none of the first ones. */
static size_t rank_won(const struct figure *f, const struct nt_crossing *x, const struct nt_rank_change *change, int n)
{
	for (int lower = 0; lower < n; lower++)
		for (int upper = 0; upper < n; upper++)
			if (is_change(&change[lower], x->lower, x->at) && is_change(&change[upper], x->upper, x->at) &&
			    change[upper].to == change[lower].from && change[upper].to < change[upper].from &&
			    change[upper].to <= f->shown)
				return change[upper].to;
	return 0;
}

static void say_crossing(struct composing *c, const struct figure *f, const struct nt_crossing *x, size_t rank,
			 int unit)
{
	static const enum nt_message message[] = {
	    [NT_MOVED_UPPER] = NT_MSG_CROSSED_UPPER,
	    [NT_MOVED_LOWER] = NT_MSG_CROSSED_LOWER,
	    [NT_MOVED_BOTH] = NT_MSG_CROSSED_BOTH,
	};
	struct nt_word became = {.place = "became"};
	char *text = nt_message_text(c->lang, rank ? NT_MSG_BECAME : NT_MSG_NOT_BECAME,
				     WORDS(nt_word_count("rank", (double)rank)));

	snprintf(became.text, sizeof(became.text), "%s", text ? text : "");
	free(text);
	nt_doc_say(c->d, message[x->moved],
		   WORDS(word_line(c, "upper", f->title, f->lines->name[x->upper]),
			 word_line(c, "lower", f->title, f->lines->name[x->lower]),
			 nt_word_day("date", c->lang, day_at(c, f->lines, x->at), c->last_day), became,
			 nt_word_count("upper_before", x->upper_before), nt_word_count("upper_after", x->upper_after),
			 nt_word_count("lower_before", x->lower_before), nt_word_count("lower_after", x->lower_after),
			 word_unit(c, unit, x->moved == NT_MOVED_LOWER ? x->lower_after : x->upper_after)));
}

static const struct column crossing_column[] = {
    {"date", NT_DOC_DATE, NT_MSG_COL_DATE},
    {"upper", NT_DOC_TEXT, NT_MSG_COL_UPPER},
    {"lower", NT_DOC_TEXT, NT_MSG_COL_LOWER},
    {"moved", NT_DOC_TEXT, NT_MSG_COL_MOVED},
    {"upper_before", NT_DOC_REAL, NT_MSG_COL_UPPER_BEFORE},
    {"upper_after", NT_DOC_REAL, NT_MSG_COL_UPPER_AFTER},
    {"lower_before", NT_DOC_REAL, NT_MSG_COL_LOWER_BEFORE},
    {"lower_after", NT_DOC_REAL, NT_MSG_COL_LOWER_AFTER},
};

static void add_crossing_data(struct composing *c, const struct figure *f, const struct crossings *list)
{
	static const char *const moved[] = {
	    [NT_MOVED_UPPER] = "upper", [NT_MOVED_LOWER] = "lower", [NT_MOVED_BOTH] = "both"};

	begin_data(c, f->id, "crossings", NT_MSG_TITLE_CROSSINGS, COLUMNS_OF(crossing_column));
	for (size_t i = 0; i < list->n; i++) {
		const struct nt_crossing *x = &list->at[i];

		nt_doc_day(c->d, day_at(c, f->lines, x->at));
		nt_doc_text(c->d, f->lines->name[x->upper]);
		nt_doc_text(c->d, f->lines->name[x->lower]);
		nt_doc_text(c->d, moved[x->moved]);
		nt_doc_number(c->d, x->upper_before);
		nt_doc_number(c->d, x->upper_after);
		nt_doc_number(c->d, x->lower_before);
		nt_doc_number(c->d, x->lower_after);
	}
}

static const struct column rank_column[] = {
    {"date", NT_DOC_DATE, NT_MSG_COL_DATE},
    {"line", NT_DOC_TEXT, NT_MSG_COL_LINE},
    {"from", NT_DOC_COUNT, NT_MSG_COL_FROM},
    {"to", NT_DOC_COUNT, NT_MSG_COL_TO},
};

static void add_rank_data(struct composing *c, const struct figure *f, const struct nt_rank_change *change, int n)
{
	begin_data(c, f->id, "ranks", NT_MSG_TITLE_RANKS, COLUMNS_OF(rank_column));
	for (int i = 0; i < n; i++) {
		if (change[i].at < f->lines->first)
			continue;
		nt_doc_day(c->d, day_at(c, f->lines, change[i].at));
		nt_doc_text(c->d, f->lines->name[change[i].line]);
		nt_doc_number(c->d, (double)change[i].from);
		nt_doc_number(c->d, (double)change[i].to);
	}
}

void say_crossings(struct composing *c, const struct figure *f, int unit)
{
	struct nt_rank_change change[NT_RANK_CHANGES_MAX];
	struct crossings list = {0};
	int changes = find_rank_changes(f, change);

	if (changes < 0 || find_crossings(f, &list)) {
		c->d->error = -ENOMEM;
		free(list.at);
		return;
	}
	for (size_t i = 0; i < list.n && i < CROSSINGS_SAID; i++)
		say_crossing(c, f, &list.at[i], rank_won(f, &list.at[i], change, changes), unit);
	add_crossing_data(c, f, &list);
	add_rank_data(c, f, change, changes);
	free(list.at);
}

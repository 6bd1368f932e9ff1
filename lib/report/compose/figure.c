/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/compose/inside.h"

#include <stdio.h>
#include <string.h>

/* Figures as tables, and what is missing in them. */

/* Stretches of days that one sentence names. */
#define STRETCHES_SAID 12

/* ---- titles of lines ---- */

void title_as_is(const struct composing *c, const char *name, char title[static NT_WORD_TEXT])
{
	(void)c;
	snprintf(title, NT_WORD_TEXT, "%s", name);
}

void title_of_port(const struct composing *c, const char *name, char title[static NT_WORD_TEXT])
{
	char service[NT_SERVICE_TEXT];

	(void)c;
	nt_service_name(name, service);
	if (service[0])
		snprintf(title, NT_WORD_TEXT, "%s (%s)", name, service);
	else
		snprintf(title, NT_WORD_TEXT, "%s", name);
}

void title_of_region(const struct composing *c, const char *name, char title[static NT_WORD_TEXT])
{
	bool unknown = !strcmp(name, "--");

	snprintf(title, NT_WORD_TEXT, "%s",
		 unknown ? nt_message(c->lang, NT_MSG_UNKNOWN_REGION) : nt_region_name(c->regions, name));
}

/* ---- how they look ---- */

void look_of_second_part(const char *name, struct nt_doc_column *column)
{
	const char *colon = strchr(name, ':');

	snprintf(column->thing, sizeof(column->thing), "%s", colon ? colon + 1 : name);
}

/* A part of something is drawn as the second line of it. */
void look_of_first_part(const char *name, struct nt_doc_column *column)
{
	snprintf(column->thing, sizeof(column->thing), "%.*s", (int)strcspn(name, ":"), name);
	column->second = strchr(name, ':') != NULL;
}

struct nt_word word_line(const struct composing *c, const char *place, line_title *title, const char *name)
{
	struct nt_word word = {.place = place};

	title(c, name, word.text);
	return word;
}

struct nt_word word_unit(const struct composing *c, int unit, double number)
{
	static const struct {
		int many;
		enum nt_message one;
	} unit_of[] = {
	    {UNIT_PACKETS, NT_MSG_UNIT_PACKET}, {UNIT_HOSTS, NT_MSG_UNIT_HOST}, {UNIT_SOURCES, NT_MSG_UNIT_SOURCE}};
	enum nt_message message = (enum nt_message)unit;

	for (size_t i = 0; i < sizeof(unit_of) / sizeof(unit_of[0]); i++)
		if (unit_of[i].many == unit && nearbyint(number) == 1)
			message = unit_of[i].one;
	return nt_word_message("unit", c->lang, message);
}

/* ---- what numbers are made of ---- */

void set_basis(struct composing *c, const struct nt_get_coverage *coverage)
{
	set_basis_of(c, &c->r->sensors, coverage);
}

void set_basis_of(struct composing *c, const struct nt_get_sensors *s, const struct nt_get_coverage *coverage)
{
	struct nt_doc_item *item = nt_doc_last(c->d);

	if (!item)
		return;
	item->basis = (struct nt_doc_basis){.known = true, .sensors = s->n, .coverage = *coverage};
	for (size_t i = 0; i < s->n; i++) {
		item->basis.addresses += s->at[i].addresses;
		item->basis.without_addresses += !s->at[i].addresses;
	}
}

struct nt_get_coverage coverage_of(const struct nt_lines *l)
{
	struct nt_get_coverage sum = {.covered = {0}};

	for (size_t p = l->first; p < l->points; p++) {
		const struct nt_get_coverage *one = &l->point[p].coverage;

		if (p == l->first)
			sum.covered.start_s = one->covered.start_s;
		sum.covered.end_s = one->covered.end_s;
		sum.sensors = one->sensors > sum.sensors ? one->sensors : sum.sensors;
		nt_get_add_coverage(&sum, one);
	}
	return sum;
}

/* ---- rows ---- */

int64_t day_at(const struct composing *c, const struct nt_lines *l, size_t point)
{
	return nt_day_of(l->point[point].span.start_s, c->r->day_offset_h);
}

void add_columns(struct composing *c, const struct column *column, size_t n)
{
	for (size_t i = 0; i < n; i++)
		nt_doc_column(c->d, column[i].key, column[i].kind, column[i].title);
}

static void add_basis_columns(struct composing *c)
{
	static const struct {
		const char *key;
		enum nt_message title;
	} column[] = {{"sensors", NT_MSG_COL_SENSORS},
		      {"intervals", NT_MSG_COL_INTERVALS},
		      {"expected_intervals", NT_MSG_COL_EXPECTED},
		      {"lost_packets", NT_MSG_COL_LOST}};

	for (size_t i = 0; i < sizeof(column) / sizeof(column[0]); i++)
		nt_doc_column(c->d, column[i].key, NT_DOC_COUNT, column[i].title)->basis = true;
}

static void add_figure_columns(struct composing *c, const struct figure *f)
{
	bool hours = f->lines->step == NT_BUCKET_H;
	struct nt_doc_column *column;
	char title[NT_WORD_TEXT];

	nt_doc_column(c->d, hours ? "time" : "date", hours ? NT_DOC_TIME : NT_DOC_DATE,
		      hours ? NT_MSG_COL_TIME : NT_MSG_COL_DATE);
	for (size_t l = 0; l < f->shown; l++) {
		f->title(c, f->lines->name[l], title);
		column = nt_doc_column_named(c->d, f->lines->name[l], f->kind, title);
		column->line = true;
		if (f->look)
			f->look(f->lines->name[l], column);
	}
	if (f->axis)
		nt_doc_axis(c->d, (enum nt_message)f->axis);
	if (!f->other_basis)
		add_basis_columns(c);
}

static void add_row(struct composing *c, const struct figure *f, size_t point)
{
	const struct nt_lines *l = f->lines;
	const struct nt_get_coverage *coverage = &l->point[point].coverage;

	if (l->step == NT_BUCKET_H)
		nt_doc_time(c->d, l->point[point].span.start_s);
	else
		nt_doc_day(c->d, day_at(c, l, point));
	for (size_t i = 0; i < f->shown; i++)
		nt_doc_at_least(c->d, nt_line(l, i)[point], l->at_least[i * l->points + point]);
	if (f->other_basis)
		return;
	nt_doc_number(c->d, (double)coverage->sensors);
	nt_doc_number(c->d, (double)coverage->intervals);
	nt_doc_number(c->d, (double)coverage->expected);
	nt_doc_number(c->d, (double)coverage->lost);
}

/* ---- what is missing ---- */

static bool is_gap_at(const struct nt_lines *l, size_t point)
{
	return nt_get_is_gap(&l->point[point]);
}

static bool is_partial_at(const struct nt_lines *l, size_t point)
{
	return l->partial[point];
}

static bool is_more_at(const struct nt_lines *l, size_t point)
{
	return l->more[point];
}

/* Says on which days something holds, in stretches. */
static void say_days(struct composing *c, const struct nt_lines *l, bool (*holds)(const struct nt_lines *, size_t),
		     enum nt_message message)
{
	struct nt_word days = {.place = "days"};
	size_t stretches = 0, n = 0;

	for (size_t p = l->first, end; p < l->points; p = end) {
		struct nt_word one;

		end = p + 1;
		if (!holds(l, p))
			continue;
		while (end < l->points && holds(l, end))
			end++;
		n += end - p;
		one = nt_word_days("", c->lang, day_at(c, l, p), day_at(c, l, end - 1), c->last_day);
		if (stretches++ < STRETCHES_SAID)
			nt_word_add(&days, c->lang, one.text);
		else if (stretches == STRETCHES_SAID + 1)
			nt_word_add(&days, c->lang, "...");
	}
	if (n)
		nt_doc_say(c->d, message, WORDS(days, nt_word_count("n", (double)n)));
}

/* Of hours, only how many. */
static void say_hours(struct composing *c, const struct nt_lines *l)
{
	size_t n = 0;

	for (size_t p = l->first; p < l->points; p++)
		n += is_gap_at(l, p);
	if (n)
		nt_doc_say(c->d, NT_MSG_GAPS_HOURS,
			   WORDS(nt_word_count("n", (double)n), nt_word_count("all", (double)(l->points - l->first))));
}

static void say_missing(struct composing *c, const struct nt_lines *l)
{
	if (l->step == NT_BUCKET_H) {
		say_hours(c, l);
		return;
	}
	say_days(c, l, is_gap_at, NT_MSG_GAPS);
	say_days(c, l, is_partial_at, NT_MSG_PARTIAL);
	say_days(c, l, is_more_at, NT_MSG_MORE);
}

static void say_unknown_values(struct composing *c, const struct figure *f)
{
	const struct nt_lines *l = f->lines;
	bool at_least = false;

	for (size_t i = 0; i < f->shown; i++) {
		size_t unknown = 0;

		for (size_t p = l->first; p < l->points; p++) {
			unknown += isnan(nt_line(l, i)[p]) && (f->other_basis || !is_gap_at(l, p));
			at_least |= l->at_least[i * l->points + p];
		}
		if (unknown && f->kind == NT_DOC_COUNT)
			nt_doc_say(
			    c->d, NT_MSG_LINE_UNKNOWN,
			    WORDS(word_line(c, "line", f->title, l->name[i]), nt_word_count("n", (double)unknown)));
	}
	if (at_least)
		nt_doc_note(c->d, NT_MSG_NOTE_AT_LEAST, NO_WORDS);
}

void add_figure(struct composing *c, const struct figure *f)
{
	const struct nt_doc_item *item = nt_doc_last(c->d);
	struct nt_get_coverage coverage;

	if (!f->lines->points)
		return;
	add_figure_columns(c, f);
	for (size_t p = f->lines->first; p < f->lines->points; p++)
		add_row(c, f, p);
	if (item && item->form == NT_DOC_DATA)
		return; /* its rows say what they are made of */
	if (!f->other_basis) {
		coverage = coverage_of(f->lines);
		set_basis(c, &coverage);
		say_missing(c, f->lines);
	}
	say_unknown_values(c, f);
}

/* A value that can be held against others: of a step like them, and complete. */
static bool is_complete(const struct nt_lines *l, size_t line, size_t point)
{
	return !l->partial[point] && !l->more[point] && !l->at_least[line * l->points + point] &&
	       !isnan(nt_line(l, line)[point]);
}

struct kinds count_kinds(const struct nt_lines *l, size_t line)
{
	struct kinds k = {0};

	for (size_t p = l->first; p < l->points; p++) {
		bool known = !isnan(nt_line(l, line)[p]), bound = known && l->at_least[line * l->points + p];

		k.known += known;
		k.bounds += bound;
		k.partial += known && !bound && l->partial[p];
		k.complete += is_complete(l, line, p);
	}
	return k;
}

/* Lower bounds and numbers that are complete are not of one kind, and what is a lower bound today may be one by much
 * less tomorrow. */
void comparable(const struct nt_lines *l, size_t line, double out[static NT_LINE_MAX])
{
	bool bounds = most_are_bounds(count_kinds(l, line));

	for (size_t p = 0; p < l->points; p++)
		out[p] = bounds || !is_complete(l, line, p) ? NAN : nt_line(l, line)[p];
}

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_COMPOSE_INSIDE_H
#define NT_REPORT_COMPOSE_INSIDE_H

#include "report/analyse/stat.h"
#include "report/compose/compose.h"

#include <math.h>

/* What the files of composing share. */

struct composing {
	const struct nt_report *r;
	struct nt_document *d;
	enum nt_lang lang;
	const struct nt_region_names *regions;
	struct nt_owners *owners;
	int64_t last_day; /* of the period: dates of its year are said without the year */
};

/* Words of a message, and how many they are. */
#define WORDS(...)                                                                                                     \
	(const struct nt_word[]){__VA_ARGS__}, sizeof((const struct nt_word[]){__VA_ARGS__}) / sizeof(struct nt_word)

#define NO_WORDS NULL, 0

/* Says a unit: a message without places. */
enum {
	UNIT_PACKETS = NT_MSG_UNIT_PACKETS,
	UNIT_HOSTS = NT_MSG_UNIT_HOSTS,
	UNIT_SOURCES = NT_MSG_UNIT_SOURCES,
	UNIT_SHARE = NT_MSG_UNIT_SHARE
};

/* Titles of lines. */
void title_as_is(const struct composing *c, const char *name, char title[static NT_WORD_TEXT]);
void title_of_port(const struct composing *c, const char *name, char title[static NT_WORD_TEXT]);
void title_of_region(const struct composing *c, const char *name, char title[static NT_WORD_TEXT]);

typedef void line_title(const struct composing *c, const char *name, char title[static NT_WORD_TEXT]);

/* Says which thing a line is of, and whether it is the second one of it. */
typedef void line_look(const char *name, struct nt_doc_column *column);

/* How a figure shows lines. */
struct figure {
	const char *id;
	const struct nt_lines *lines;
	size_t shown; /* the first so many */
	enum nt_doc_kind kind;
	line_title *title;
	int axis;	  /* enum nt_message: what its lines count */
	line_look *look;  /* NULL: a line is of what its name says */
	bool other_basis; /* the points say nothing of what these lines are made of */
};

/* Of "a:b" b, and a. */
void look_of_second_part(const char *name, struct nt_doc_column *column);
void look_of_first_part(const char *name, struct nt_doc_column *column);

/* A word with the title of a line. */
struct nt_word word_line(const struct composing *c, const char *place, line_title *title, const char *name);

/* The word {unit} behind a number: "source host" of one. */
struct nt_word word_unit(const struct composing *c, int unit, double number);

/* A column whose title is a message. */
struct column {
	const char *key;
	enum nt_doc_kind kind;
	enum nt_message title;
};

/* A list of them, and how many they are. */
#define COLUMNS_OF(list) (list), sizeof(list) / sizeof((list)[0])

/* ---- figure.c ---- */

void add_columns(struct composing *c, const struct column *column, size_t n);

/* The table of the item that was begun: a row for each moment of the period; then what is missing in it. */
void add_figure(struct composing *c, const struct figure *f);

/* Of how many steps of the period a line has a value, and of which kind. */
struct kinds {
	size_t known;
	size_t bounds;	 /* lower bounds */
	size_t partial;	 /* others, of steps of which a part is missing */
	size_t complete; /* the rest: these can be compared */
};

struct kinds count_kinds(const struct nt_lines *l, size_t line);

/* More lower bounds than that, and the numbers beside them are an odd choice of days. */
static inline bool most_are_bounds(struct kinds k)
{
	return 3 * k.bounds > k.known;
}

/* Values of a line as they can be compared: without lower bounds, and without steps of which a part is missing. None
 * of a line of lower bounds. From the beginning on. */
void comparable(const struct nt_lines *l, size_t line, double out[static NT_LINE_MAX]);

/* The day of a point. */
int64_t day_at(const struct composing *c, const struct nt_lines *l, size_t point);

/* What the item that was begun is made of. */
void set_basis(struct composing *c, const struct nt_get_coverage *coverage);

/* Likewise, of other sensors than those that the report is about. */
void set_basis_of(struct composing *c, const struct nt_get_sensors *s, const struct nt_get_coverage *coverage);

/* All that its lines are made of. */
struct nt_get_coverage coverage_of(const struct nt_lines *l);

/* ---- findings.c: what lines did, in sentences of the item that was begun and in data behind it ---- */

void say_trends(struct composing *c, const struct figure *f, int unit);
void say_crossings(struct composing *c, const struct figure *f, int unit);

/* Begins the item of data "id-kind". */
void begin_data(struct composing *c, const char *id, const char *kind, enum nt_message title,
		const struct column *column, size_t n);

/* ---- spikes.c ---- */

/* Days of the period on which a line of the figure was far above what is usual: in sentences, and of the first `lines`
 * as data. */
void say_spikes(struct composing *c, const struct figure *f, size_t line, int unit);
void add_spikes(struct composing *c, const struct figure *f, size_t lines);

/* ---- compose.c ---- */

/* A note of when days begin. Where times beside them are UTC, only an offset needs it. */
void note_zone(struct composing *c);

/* A period in a sentence: "2022Q3", or its days. */
struct nt_word word_period(const struct composing *c, const char *place, const struct nt_period *p);

/* ---- the items ---- */

void compose_ranks(struct composing *c);
void compose_profiles(struct composing *c);
void compose_backscatter(struct composing *c);
void compose_focus(struct composing *c);
void compose_traces(struct composing *c);
void compose_marks(struct composing *c);
void compose_events(struct composing *c);
void compose_export(struct composing *c);
void compose_sensors(struct composing *c);
void compose_infected(struct composing *c);
void compose_scanners(struct composing *c);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_DOCUMENT_H
#define NT_REPORT_DOCUMENT_H

#include "redis/get.h"
#include "report/words/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The report as it is written, in whatever format: items with a title, sentences, and a table of typed columns. Of an
 * item that is a figure the rows are moments, and columns that are lines are drawn. Made by report/compose/compose.h,
 * written by report/write/write.h, which know nothing of what it is about.
 *
 * While it is made, a lack of memory is remembered in `error` and looked at once.
 */

/** What a column holds, and how it is shown. */
enum nt_doc_kind {
	NT_DOC_TEXT,
	NT_DOC_COUNT, /**< a whole number */
	NT_DOC_SHARE, /**< of 1, shown in per cent */
	NT_DOC_REAL,
	NT_DOC_DATE, /**< "2022-07-01" */
	NT_DOC_TIME, /**< "2022-07-01T13:00:00Z" */
	NT_DOC_FLAG
};

#define NT_DOC_KEY 112

struct nt_doc_column {
	char key[NT_DOC_KEY]; /**< its name in data; never translated */
	char *title;
	enum nt_doc_kind kind;
	bool line;		/**< is drawn */
	bool second;		/**< of two lines of one thing the one that the other is held against */
	bool points;		/**< a difference of shares: percentage points, and not per cent */
	bool basis;		/**< is for programs, such as what a row is made of; not shown where people read */
	char thing[NT_DOC_KEY]; /**< what it is a line of, which looks the same in all figures; "": its key says it */
};

struct nt_doc_cell {
	char *text;    /**< of texts and dates; NULL: a gap */
	double number; /**< of the others; NAN: a gap */
	bool at_least; /**< the true number may be larger */
};

/** What an item's numbers are made of. */
struct nt_doc_basis {
	bool known;
	size_t sensors;	    /**< chosen */
	uint64_t addresses; /**< of them, where stated */
	size_t without_addresses;
	struct nt_get_coverage coverage;
};

enum nt_doc_form {
	NT_DOC_TABLE,
	NT_DOC_FIGURE, /**< lines over time */
	NT_DOC_DATA    /**< goes with the item before it: is data, and not for people */
};

struct nt_doc_item {
	char id[24];
	char *title;
	enum nt_doc_form form;
	char *axis; /**< of a figure: what its lines count; NULL: is not said */
	struct nt_doc_basis basis;
	char **sentence; /**< [sentences] */
	size_t sentences;
	char **note; /**< [notes] what is to be known of the numbers */
	size_t notes;
	struct nt_doc_column *column;
	size_t columns;
	struct nt_doc_cell *cell; /**< [rows * columns] */
	size_t cells;
	size_t rows_shown; /**< where people read; 0: all */
};

struct nt_document {
	enum nt_lang lang;
	char *title;
	char *period;	     /**< "2022Q3", as in data */
	char *compared;	     /**< "2022Q2", as in data */
	char *compared_text; /**< for people */
	int64_t first_day;   /**< of the period */
	int64_t last_day;
	struct nt_span span;
	int32_t day_offset_h;
	struct nt_doc_item *item;
	size_t items;
	int error; /**< 0 or -ENOMEM */
};

/* ---- making it ---- */

void nt_doc_begin(struct nt_document *d, enum nt_lang lang);
void nt_doc_fini(struct nt_document *d);

/** Begins an item, that all that follows belongs to. The title is a message. */
void nt_doc_item(struct nt_document *d, const char *id, enum nt_doc_form form, enum nt_message title,
		 const struct nt_word *words, size_t n);

/** The item that was begun last; NULL: none, or out of memory. */
struct nt_doc_item *nt_doc_last(struct nt_document *d);

/** Says what the lines of the last item count; a message without places. */
void nt_doc_axis(struct nt_document *d, enum nt_message message);

/** Adds a sentence, or a note, to the last item that is no data. */
void nt_doc_say(struct nt_document *d, enum nt_message message, const struct nt_word *words, size_t n);
void nt_doc_note(struct nt_document *d, enum nt_message message, const struct nt_word *words, size_t n);

/** Adds a column whose title is a message, or a text as it stands. */
struct nt_doc_column *nt_doc_column(struct nt_document *d, const char *key, enum nt_doc_kind kind,
				    enum nt_message title);
struct nt_doc_column *nt_doc_column_named(struct nt_document *d, const char *key, enum nt_doc_kind kind,
					  const char *title);

/* Cells, row by row: NULL and NAN are gaps. */
void nt_doc_text(struct nt_document *d, const char *text);
void nt_doc_number(struct nt_document *d, double number);
void nt_doc_at_least(struct nt_document *d, double number, bool at_least);
void nt_doc_day(struct nt_document *d, int64_t day);
void nt_doc_time(struct nt_document *d, int64_t at_s);

/* ---- looking at it ---- */

static inline size_t nt_doc_rows(const struct nt_doc_item *item)
{
	return item->columns ? item->cells / item->columns : 0;
}

static inline const struct nt_doc_cell *nt_doc_cell(const struct nt_doc_item *item, size_t row, size_t column)
{
	return &item->cell[row * item->columns + column];
}

/** True for columns whose cells are texts. */
static inline bool nt_doc_is_text(enum nt_doc_kind kind)
{
	return kind == NT_DOC_TEXT || kind == NT_DOC_DATE || kind == NT_DOC_TIME;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/document.h"

#include "base/printable.h"
#include "report/calendar.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Room for one more of what there are n of: it doubles at powers of two. */
static void *grow(struct nt_document *d, void *at, size_t n, size_t size)
{
	void *grown;

	if (n & (n - 1))
		return at;
	grown = reallocarray(at, n ? 2 * n : 1, size);
	if (!grown)
		d->error = -ENOMEM;
	return grown;
}

static char *copy(struct nt_document *d, const char *text)
{
	char *made = strdup(text);

	if (made)
		nt_printable(made);
	else
		d->error = -ENOMEM;
	return made;
}

static char *make_message(struct nt_document *d, enum nt_message message, const struct nt_word *words, size_t n)
{
	char *made = nt_message_text(d->lang, message, words, n);

	if (made)
		nt_printable(made); /* words may come from outside, and may be cut */
	else
		d->error = -ENOMEM;
	return made;
}

void nt_doc_begin(struct nt_document *d, enum nt_lang lang)
{
	*d = (struct nt_document){.lang = lang};
}

struct nt_doc_item *nt_doc_last(struct nt_document *d)
{
	return d->items && !d->error ? &d->item[d->items - 1] : NULL;
}

/* The last one that people read: what is said belongs to it. */
static struct nt_doc_item *last_read(struct nt_document *d)
{
	for (size_t i = d->error ? 0 : d->items; i-- > 0;)
		if (d->item[i].form != NT_DOC_DATA)
			return &d->item[i];
	return NULL;
}

void nt_doc_item(struct nt_document *d, const char *id, enum nt_doc_form form, enum nt_message title,
		 const struct nt_word *words, size_t n)
{
	struct nt_doc_item *item = d->error ? NULL : grow(d, d->item, d->items, sizeof(*item));

	if (!item)
		return;
	d->item = item;
	item = &d->item[d->items++];
	*item = (struct nt_doc_item){.form = form, .title = make_message(d, title, words, n)};
	snprintf(item->id, sizeof(item->id), "%s", id);
}

void nt_doc_axis(struct nt_document *d, enum nt_message message)
{
	struct nt_doc_item *item = nt_doc_last(d);

	if (!item)
		return;
	free(item->axis);
	item->axis = make_message(d, message, NULL, 0);
}

/* Appends a text to a list of them. */
static void append(struct nt_document *d, char ***list, size_t *n, char *text)
{
	char **grown = text ? grow(d, *list, *n, sizeof(*grown)) : NULL;

	if (!grown) {
		free(text);
		return;
	}
	*list = grown;
	grown[(*n)++] = text;
}

void nt_doc_say(struct nt_document *d, enum nt_message message, const struct nt_word *words, size_t n)
{
	struct nt_doc_item *item = last_read(d);

	if (item)
		append(d, &item->sentence, &item->sentences, make_message(d, message, words, n));
}

void nt_doc_note(struct nt_document *d, enum nt_message message, const struct nt_word *words, size_t n)
{
	struct nt_doc_item *item = last_read(d);

	if (item)
		append(d, &item->note, &item->notes, make_message(d, message, words, n));
}

/* ---- tables ---- */

/* Where there is no memory for it, a column that nobody looks at takes what the caller sets. */
static struct nt_doc_column *add_column(struct nt_document *d, const char *key, enum nt_doc_kind kind, char *title)
{
	static _Thread_local struct nt_doc_column nowhere;
	struct nt_doc_item *item = nt_doc_last(d);
	struct nt_doc_column *column = item && title ? grow(d, item->column, item->columns, sizeof(*column)) : NULL;

	if (!column) {
		free(title);
		return &nowhere;
	}
	item->column = column;
	column = &item->column[item->columns++];
	*column = (struct nt_doc_column){.kind = kind, .title = title};
	snprintf(column->key, sizeof(column->key), "%s", key);
	nt_printable(column->key);
	return column;
}

struct nt_doc_column *nt_doc_column(struct nt_document *d, const char *key, enum nt_doc_kind kind,
				    enum nt_message title)
{
	return add_column(d, key, kind, make_message(d, title, NULL, 0));
}

struct nt_doc_column *nt_doc_column_named(struct nt_document *d, const char *key, enum nt_doc_kind kind,
					  const char *title)
{
	return add_column(d, key, kind, copy(d, title));
}

static void add_cell(struct nt_document *d, const struct nt_doc_cell *cell)
{
	struct nt_doc_item *item = nt_doc_last(d);
	struct nt_doc_cell *grown = item ? grow(d, item->cell, item->cells, sizeof(*grown)) : NULL;

	if (!grown) {
		free(cell->text);
		return;
	}
	item->cell = grown;
	item->cell[item->cells++] = *cell;
}

void nt_doc_text(struct nt_document *d, const char *text)
{
	add_cell(d, &(struct nt_doc_cell){.text = text ? copy(d, text) : NULL, .number = NAN});
}

void nt_doc_number(struct nt_document *d, double number)
{
	add_cell(d, &(struct nt_doc_cell){.number = number});
}

void nt_doc_at_least(struct nt_document *d, double number, bool at_least)
{
	add_cell(d, &(struct nt_doc_cell){.number = number, .at_least = at_least && !isnan(number)});
}

void nt_doc_day(struct nt_document *d, int64_t day)
{
	char text[NT_DAY_TEXT];

	nt_day_text(day, text);
	nt_doc_text(d, text);
}

void nt_doc_time(struct nt_document *d, int64_t at_s)
{
	char text[40];
	time_t at = (time_t)at_s;
	struct tm tm = {0};

	gmtime_r(&at, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	nt_doc_text(d, text);
}

/* ---- undoing it ---- */

static void free_texts(char **text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(text[i]);
	free(text);
}

static void item_fini(struct nt_doc_item *item)
{
	free(item->title);
	free(item->axis);
	free_texts(item->sentence, item->sentences);
	free_texts(item->note, item->notes);
	for (size_t i = 0; i < item->columns; i++)
		free(item->column[i].title);
	free(item->column);
	for (size_t i = 0; i < item->cells; i++)
		free(item->cell[i].text);
	free(item->cell);
}

void nt_doc_fini(struct nt_document *d)
{
	free(d->title);
	free(d->period);
	free(d->compared);
	free(d->compared_text);
	for (size_t i = 0; i < d->items; i++)
		item_fini(&d->item[i]);
	free(d->item);
	*d = (struct nt_document){0};
}

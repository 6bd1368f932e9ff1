/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/draw/drawing.h"

#include "report/calendar.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of the second line of a thing, by the first one's. */
#define SECOND_WIDTH 0.65

#define CHANGE_OF_SEVERAL "#555555"

const struct nt_drawing_form nt_drawing_wide = {.name = "w", .width = 920, .plot_height = 300, .font = 15, .line = 2};
const struct nt_drawing_form nt_drawing_narrow = {
    .name = "n", .width = 380, .plot_height = 230, .font = 13, .line = 1.5};

/* ---- texts ---- */

/* Room for one more of what there are n of. */
static void *grow(struct nt_drawing *dr, void *at, size_t n, size_t *room, size_t size)
{
	void *grown;

	if (n < *room)
		return at;
	grown = reallocarray(at, *room ? 2 * *room : 16, size);
	if (!grown)
		dr->error = -ENOMEM;
	else
		*room = *room ? 2 * *room : 16;
	return grown;
}

static size_t add_text(struct nt_drawing *dr, const char *text)
{
	char **grown = grow(dr, dr->text, dr->texts, &dr->text_room, sizeof(*grown)), *copy = strdup(text);

	if (grown)
		dr->text = grown;
	if (!grown || !copy) {
		free(copy);
		dr->error = -ENOMEM;
		return 0;
	}
	dr->text[dr->texts] = copy;
	return dr->texts++;
}

void drawing_place(struct nt_drawing *dr, const char *text)
{
	fprintf(dr->out, "'~%zu~'", add_text(dr, text));
}

/* Widths of usual fonts, rather too much: letters of Latin are about half as wide as high, those of East Asia as wide.
 */
double drawing_text_width(const struct nt_drawing *dr, const char *text)
{
	double em = 0;

	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if ((*c & 0xc0) != 0x80)
			em += *c >= 0xe1		? 1.0
			      : *c >= 0x80		? 0.7
			      : strchr("il.,:;|' ", *c) ? 0.36
			      : strchr("mwMW%", *c)	? 0.95
							: 0.61;
	return em * dr->form->font;
}

/* ---- what there is ---- */

bool drawing_is_line(const struct nt_doc_column *column)
{
	return column->line && !nt_doc_is_text(column->kind);
}

double drawing_value(const struct nt_drawing *dr, size_t row, size_t column)
{
	double value = nt_doc_cell(dr->item, row, column)->number;

	return isfinite(value) && isfinite(dr->at[row]) ? value : NAN;
}

bool drawing_is_missing(const struct nt_drawing *dr, size_t row)
{
	for (size_t c = 0; c < dr->item->columns; c++)
		if (drawing_is_line(&dr->item->column[c]) && !isnan(drawing_value(dr, row, c)))
			return false;
	return true;
}

bool drawing_has_bounds(const struct nt_drawing *dr)
{
	for (size_t r = 0; r < nt_doc_rows(dr->item); r++)
		for (size_t c = 0; c < dr->item->columns; c++)
			if (drawing_is_line(&dr->item->column[c]) && nt_doc_cell(dr->item, r, c)->at_least)
				return true;
	return false;
}

/* Things past the end of the list have colours that others have, and other dashes and marks. */
struct drawing_style drawing_style(const struct nt_drawing *dr, const struct nt_doc_column *line)
{
	size_t place = nt_palette_place(dr->palette, line), round = place / NT_LOOKS;
	const struct nt_look *other = &nt_look[(place + 3 * round) % NT_LOOKS];

	return (struct drawing_style){
	    .colour = nt_look[place % NT_LOOKS].colour,
	    .dashes = line->second ? "(2,2)" : other->dashes,
	    .mark = line->second ? other->mark - 1 : other->mark,
	    .width = dr->form->line * (line->second ? SECOND_WIDTH : 1),
	};
}

/* "2022-07-01" or "2022-07-01T13:00:00Z" */
static double moment(const char *text)
{
	char date[NT_DAY_TEXT];
	int hour = 0, minute = 0;
	int64_t day;

	if (!text)
		return NAN;
	snprintf(date, sizeof(date), "%.10s", text);
	if (nt_day_parse(date, &day))
		return NAN;
	if (strlen(text) > 10 && sscanf(text + 10, "T%2d:%2d", &hour, &minute) != 2)
		return NAN;
	return (double)day + hour / 24.0 + minute / 1440.0;
}

static int read_moments(struct nt_drawing *dr)
{
	size_t rows = nt_doc_rows(dr->item);
	bool hours = dr->item->columns && dr->item->column[0].kind == NT_DOC_TIME;

	dr->step = hours ? 1 / 24.0 : 1;
	dr->at = calloc(rows + 1, sizeof(*dr->at));
	if (!dr->at)
		return -ENOMEM;
	for (size_t r = 0; r < rows; r++)
		dr->at[r] = nt_doc_is_text(dr->item->column[0].kind) ? moment(nt_doc_cell(dr->item, r, 0)->text) : NAN;
	return 0;
}

/* ---- changes ---- */

static const struct nt_doc_column *line_named(const struct nt_drawing *dr, const char *key)
{
	for (size_t c = 0; c < dr->item->columns; c++)
		if (key && drawing_is_line(&dr->item->column[c]) && !strcmp(dr->item->column[c].key, key))
			return &dr->item->column[c];
	return NULL;
}

static const char *text_in(const struct nt_doc_item *item, size_t row, const char *key)
{
	for (size_t c = 0; c < item->columns; c++)
		if (!strcmp(item->column[c].key, key))
			return nt_doc_cell(item, row, c)->text;
	return NULL;
}

struct changes {
	struct drawing_change *out;
	size_t n;
	bool too_many;
};

static void add_change(const struct nt_drawing *dr, double at, const char *colour, struct changes *changes)
{
	size_t rows = nt_doc_rows(dr->item);

	if (isnan(at) || at <= dr->at[0] || at > dr->at[rows - 1])
		return;
	for (size_t i = 0; i < changes->n; i++)
		if (changes->out[i].at == at) {
			changes->out[i].colour = CHANGE_OF_SEVERAL;
			return;
		}
	if (changes->n == DRAWING_CHANGES)
		changes->too_many = true;
	else
		changes->out[changes->n++] = (struct drawing_change){.at = at, .colour = colour};
}

/* Of the data behind the figure: shifts of its lines, and crossings of two of them. */
static void add_changes(const struct nt_drawing *dr, const struct nt_doc_item *data, bool crossings,
			struct changes *changes)
{
	for (size_t r = 0; r < nt_doc_rows(data); r++) {
		const struct nt_doc_column *a = line_named(dr, text_in(data, r, crossings ? "upper" : "line"));
		const struct nt_doc_column *b = crossings ? line_named(dr, text_in(data, r, "lower")) : a;

		if (a && b)
			add_change(dr, moment(text_in(data, r, "date")),
				   crossings ? CHANGE_OF_SEVERAL : drawing_style(dr, a).colour, changes);
	}
}

static const struct nt_doc_item *data_of(const struct nt_drawing *dr, const char *kind)
{
	const struct nt_doc_item *end = dr->d->item + dr->d->items;
	char id[sizeof(dr->item->id)];

	snprintf(id, sizeof(id), "%.12s-%s", dr->item->id, kind);
	for (const struct nt_doc_item *i = dr->item + 1; i < end && i->form == NT_DOC_DATA; i++)
		if (!strcmp(i->id, id))
			return i;
	return NULL;
}

static int by_moment(const void *a, const void *b)
{
	const struct drawing_change *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

/* More than some would hide the lines: then crossings are left out, and then all of it. Sentences tell them. */
size_t drawing_changes(const struct nt_drawing *dr, struct drawing_change out[static DRAWING_CHANGES])
{
	const struct nt_doc_item *shifts = data_of(dr, "shifts"), *crossings = data_of(dr, "crossings");
	struct changes changes = {.out = out};
	size_t of_shifts;

	if (shifts)
		add_changes(dr, shifts, false, &changes);
	if (changes.too_many)
		return 0;
	of_shifts = changes.n;
	if (crossings)
		add_changes(dr, crossings, true, &changes);
	if (changes.too_many)
		changes.n = of_shifts;
	qsort(out, changes.n, sizeof(*out), by_moment);
	return changes.n;
}

/* ---- the script ---- */

static double highest(const struct nt_drawing *dr, size_t *lines)
{
	double most = 0;

	*lines = 0;
	for (size_t c = 0; c < dr->item->columns; c++) {
		size_t known = 0;

		if (!drawing_is_line(&dr->item->column[c]))
			continue;
		for (size_t r = 0; r < nt_doc_rows(dr->item); r++) {
			double value = drawing_value(dr, r, c);

			known += !isnan(value);
			most = value > most ? value : most;
		}
		*lines += known > 0;
	}
	return most;
}

static enum nt_doc_kind kind_of_lines(const struct nt_doc_item *item)
{
	for (size_t c = 0; c < item->columns; c++)
		if (drawing_is_line(&item->column[c]))
			return item->column[c].kind;
	return NT_DOC_COUNT;
}

static void put_script(struct nt_drawing *dr)
{
	size_t rows = nt_doc_rows(dr->item);

	nt_axis_of_values(dr->d->lang, kind_of_lines(dr->item), highest(dr, &dr->drawn), &dr->values);
	drawing_put_surroundings(dr);
	fprintf(dr->out, "set xrange [%.10g:%.10g]\nset yrange [0:%.10g]\n", dr->at[0] - dr->step / 2,
		dr->at[rows - 1] + dr->step / 2, dr->values.end);
	drawing_put_lines(dr);
}

int nt_drawing_init(struct nt_drawing *drawing, const struct nt_document *d, const struct nt_doc_item *item,
		    const struct nt_palette *palette, const struct nt_drawing_form *form)
{
	struct nt_drawing *dr = drawing;
	size_t rows = nt_doc_rows(item);

	*dr = (struct nt_drawing){.d = d, .item = item, .palette = palette, .form = form};
	dr->error = read_moments(dr);
	if (!dr->error && (!rows || isnan(dr->at[0]) || isnan(dr->at[rows - 1]) || dr->at[0] > dr->at[rows - 1]))
		dr->error = -ENODATA;
	if (!dr->error) {
		highest(dr, &dr->drawn);
		if (!dr->drawn)
			dr->error = -ENODATA;
	}
	if (!dr->error) {
		dr->out = open_memstream(&dr->script, &dr->size);
		if (dr->out) {
			put_script(dr);
			if (fclose(dr->out))
				dr->error = -ENOMEM;
		} else {
			dr->error = -ENOMEM;
		}
	}
	if (dr->error) {
		int err = dr->error;

		nt_drawing_fini(dr);
		return err;
	}
	return 0;
}

void nt_drawing_fini(struct nt_drawing *drawing)
{
	for (size_t i = 0; i < drawing->texts; i++)
		free(drawing->text[i]);
	free(drawing->text);
	free(drawing->plot);
	free(drawing->script);
	free(drawing->at);
	*drawing = (struct nt_drawing){.d = NULL};
}

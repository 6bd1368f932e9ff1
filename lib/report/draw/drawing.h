/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_DRAW_DRAWING_H
#define NT_REPORT_DRAW_DRAWING_H

#include "report/draw/axis.h"
#include "report/draw/palette.h"

#include <stdio.h>

/*
 * A figure as a script for gnuplot. No text is in it, neither ours nor from outside: only numbers, and places such as
 * ~3~, which are filled in the picture that gnuplot made. So no text can be a command, and gnuplot need not know how
 * wide Japanese is.
 */

/** How large; all in pixels of the picture. */
struct nt_drawing_form {
	const char *name; /**< part of the picture's ids */
	int width;
	int plot_height;
	int font;
	double line; /**< width */
};

extern const struct nt_drawing_form nt_drawing_wide;   /**< screens and paper */
extern const struct nt_drawing_form nt_drawing_narrow; /**< telephones */

struct nt_drawing {
	const struct nt_document *d;
	const struct nt_doc_item *item;
	const struct nt_palette *palette;
	const struct nt_drawing_form *form;
	char *script;
	size_t size;
	char **text; /**< [texts] what places are filled with */
	size_t texts;
	size_t *plot; /**< [plots] the column of each plot, in gnuplot's order */
	size_t plots;
	size_t drawn; /**< lines that have a value */

	/* while it is made */
	FILE *out;
	double *at;  /**< [rows] days since 1970-01-01 */
	double step; /**< days between rows */
	double left, right, top, bottom, height;
	struct nt_axis values;
	struct nt_axis days;
	size_t text_room;
	int error;
};

/** Fonts as CSS has them: those with Japanese first, or those without. */
extern const char *const nt_fonts[NT_LANGS];

/** Makes the script of an item that is a figure of the document. Any thread. Returns 0, -ENODATA if it has no values,
 * or -ENOMEM. */
int nt_drawing_init(struct nt_drawing *drawing, const struct nt_document *d, const struct nt_doc_item *item,
		    const struct nt_palette *palette, const struct nt_drawing_form *form);
void nt_drawing_fini(struct nt_drawing *drawing);

/** Makes of gnuplot's SVG one that can stand in a page with others: texts, title, ids of its own. Any thread. Returns 0
 * with `svg` to be freed, -EBADMSG if it is none, or -ENOMEM. */
int nt_drawing_finish(const struct nt_drawing *drawing, const char *raw, char **svg);

/* ---- what the files of drawing share ---- */

/** Puts a place for a text into the script. */
void drawing_place(struct nt_drawing *dr, const char *text);

/** About how wide a text is. */
double drawing_text_width(const struct nt_drawing *dr, const char *text);

/** What is drawn of a column, over all. */
bool drawing_is_line(const struct nt_doc_column *column);
double drawing_value(const struct nt_drawing *dr, size_t row, size_t column);
bool drawing_is_missing(const struct nt_drawing *dr, size_t row);
bool drawing_has_bounds(const struct nt_drawing *dr);

/** How a line looks. */
struct drawing_style {
	const char *colour;
	const char *dashes;
	int mark;
	double width;
};

struct drawing_style drawing_style(const struct nt_drawing *dr, const struct nt_doc_column *line);

/** Moments that are marked: when a level changed, and when lines crossed. */
#define DRAWING_CHANGES 6

struct drawing_change {
	double at;
	const char *colour;
};

size_t drawing_changes(const struct nt_drawing *dr, struct drawing_change out[static DRAWING_CHANGES]);

/** Data, and the commands that plot them. */
void drawing_put_lines(struct nt_drawing *dr);

/** What stands above the plot, and where the plot begins; then everything else but lines. */
void drawing_put_surroundings(struct nt_drawing *dr);

#endif

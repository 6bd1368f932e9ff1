/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_TOP_CANVAS_H
#define NEEDLETAIL_TOP_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * A page of characters before it goes to a terminal or a file. Whatever is put on it fits: it is cut where its place
 * ends, by the columns that a terminal gives each character, and what could move a cursor is a '?'.
 */

enum top_style {
	TOP_PLAIN,
	TOP_TITLE,
	TOP_HEADING,
	TOP_FAINT,
	TOP_GOOD,
	TOP_ALARM,
	TOP_LINE, /* of rates */
	TOP_STYLES
};

/** A column of a row. Bytes are one character in UTF-8 and marks that belong to it; none: the right half of a wide one.
 */
struct top_cell {
	char text[15];
	uint8_t style; /**< enum top_style */
};

struct top_canvas {
	struct top_cell *cell; /**< [rows * columns] */
	int rows;
	int columns;
	bool utf8; /**< else everything beyond ASCII is a '?' */
};

/** Makes an empty page. Returns 0 or -ENOMEM. */
int top_canvas_init(struct top_canvas *c, int rows, int columns, bool utf8);
void top_canvas_fini(struct top_canvas *c);

/** Writes a text from a column on, in at most `width` columns. Returns the columns that it took. */
int top_canvas_put(struct top_canvas *c, int row, int column, int width, enum top_style style, const char *text);

/** Formatted, up to 511 bytes. */
int top_canvas_print(struct top_canvas *c, int row, int column, int width, enum top_style style, const char *format,
		     ...) __attribute__((format(printf, 6, 7)));

/** The same so that it ends before column + width; what is too long loses its end. */
void top_canvas_right(struct top_canvas *c, int row, int column, int width, enum top_style style, const char *text);

/** Gives a row a style from its first to its last column. */
void top_canvas_fill(struct top_canvas *c, int row, enum top_style style);

/** Prints rows as lines without the blanks at their ends; empty rows at the end of the page are left out. Returns 0 or
 * -EIO. */
int top_canvas_write(const struct top_canvas *c, FILE *out);

#endif

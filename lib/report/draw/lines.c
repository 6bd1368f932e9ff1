/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/draw/drawing.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* Data as blocks of numbers, and the one command that plots them. */

/* The part of a line that is a lower bound is thinner. */
#define BOUND_WIDTH 0.5

#define MARK_SIZE 0.55

/* What of a line a block holds; the letter of its name. */
enum part { PART_KNOWN = 'K', PART_BOUND = 'B', PART_MARKS = 'M' };

static bool is_bound(const struct nt_drawing *dr, size_t row, size_t column)
{
	return nt_doc_cell(dr->item, row, column)->at_least;
}

static bool has_value(const struct nt_drawing *dr, size_t row, size_t column)
{
	return row < nt_doc_rows(dr->item) && !isnan(drawing_value(dr, row, column));
}

/* The piece from one row to the next one; that has a lower bound at one end, is one. */
static bool has_piece(const struct nt_drawing *dr, size_t row, size_t column, enum part part)
{
	if (!has_value(dr, row, column) || !has_value(dr, row + 1, column))
		return false;
	return (is_bound(dr, row, column) || is_bound(dr, row + 1, column)) == (part == PART_BOUND);
}

static void put_point(struct nt_drawing *dr, size_t row, size_t column)
{
	fprintf(dr->out, "%.10g %.10g\n", dr->at[row], drawing_value(dr, row, column));
}

/* Where a piece is missing a blank line breaks the line. */
static size_t put_pieces(struct nt_drawing *dr, size_t column, enum part part)
{
	size_t points = 0;

	for (size_t r = 0; r + 1 < nt_doc_rows(dr->item); r++) {
		if (!has_piece(dr, r, column, part))
			continue;
		if (!r || !has_piece(dr, r - 1, column, part)) {
			fputs(points ? "\n" : "", dr->out);
			put_point(dr, r, column);
		}
		put_point(dr, r + 1, column);
		points++;
	}
	return points;
}

/* Marks of several lines alternate, so that none hides another. What stands alone is no line, and always has one. */
static size_t put_marks(struct nt_drawing *dr, size_t column, size_t nth)
{
	size_t rows = nt_doc_rows(dr->item), points = 0;
	size_t along = (size_t)(dr->right - dr->left) / 64 + 1, every = rows / along + 1;
	size_t phase = dr->drawn > 1 ? nth * every / dr->drawn : 0;

	for (size_t r = 0; r < rows; r++) {
		bool alone = (!r || !has_value(dr, r - 1, column)) && !has_value(dr, r + 1, column);

		if (!has_value(dr, r, column) || (!alone && (dr->drawn < 2 || r % every != phase)))
			continue;
		put_point(dr, r, column);
		points++;
	}
	return points;
}

/* ---- the command ---- */

struct block {
	size_t column;
	enum part part;
};

struct blocks {
	struct block *at;
	size_t n;
};

static void put_block(struct nt_drawing *dr, struct blocks *blocks, size_t column, enum part part, size_t nth)
{
	size_t points;

	fprintf(dr->out, "$%c%zu << EOD\n", part, column);
	points = part == PART_MARKS ? put_marks(dr, column, nth) : put_pieces(dr, column, part);
	fputs("EOD\n", dr->out);
	if (points)
		blocks->at[blocks->n++] = (struct block){.column = column, .part = part};
}

static void put_plot(struct nt_drawing *dr, const struct block *block)
{
	struct drawing_style s = drawing_style(dr, &dr->item->column[block->column]);

	fprintf(dr->out, "$%c%zu ", block->part, block->column);
	if (block->part == PART_MARKS)
		fprintf(dr->out, "with points pt %d ps %.2f lw 1 lc rgb '%s'", s.mark, MARK_SIZE, s.colour);
	else
		fprintf(dr->out, "with lines lw %.2f lc rgb '%s' dt %s",
			block->part == PART_BOUND ? BOUND_WIDTH * s.width : s.width, s.colour, s.dashes);
}

void drawing_put_lines(struct nt_drawing *dr)
{
	const struct nt_doc_item *item = dr->item;
	struct blocks blocks = {.at = calloc(3 * item->columns, sizeof(*blocks.at))};
	size_t nth = 0;

	dr->plot = calloc(3 * item->columns, sizeof(*dr->plot));
	if (!blocks.at || !dr->plot) {
		dr->error = -ENOMEM;
		free(blocks.at);
		return;
	}
	for (size_t c = 0; c < item->columns; c++) {
		if (!drawing_is_line(&item->column[c]))
			continue;
		put_block(dr, &blocks, c, PART_BOUND, nth);
		put_block(dr, &blocks, c, PART_KNOWN, nth);
		put_block(dr, &blocks, c, PART_MARKS, nth++);
	}
	fputs("plot ", dr->out);
	for (size_t i = 0; i < blocks.n; i++) {
		fputs(i ? ", " : "", dr->out);
		put_plot(dr, &blocks.at[i]);
		dr->plot[dr->plots++] = blocks.at[i].column;
	}
	fputc('\n', dr->out);
	free(blocks.at);
}

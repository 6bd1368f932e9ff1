/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/draw/drawing.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * All but the lines: from above, the legend, what the lines count, dates of changes, the plot, days, and which days
 * they are. Legend and dates have their own rows, of which there are as many as they need: nothing lies over the plot.
 */

#define MARGIN	    6
#define SAMPLE	    38 /* of a line in the legend */
#define SAMPLE_GAP  6
#define ENTRY_GAP   20
#define LINE_HEIGHT 1.5 /* of the font */
#define CHANGE_ROWS 3

#define COLOUR_TEXT    "#222222"
#define COLOUR_FRAME   "#666666"
#define COLOUR_GRID    "#dddddd"
#define COLOUR_MISSING "#e8e8e8"

static double line_height(const struct nt_drawing *dr)
{
	return LINE_HEIGHT * dr->form->font;
}

/* Pixels from above, as gnuplot's share of the picture. */
static void put_screen(const struct nt_drawing *dr, double x, double y)
{
	fprintf(dr->out, "screen %.6f,%.6f", x / dr->form->width, 1 - y / dr->height);
}

static void put_label(struct nt_drawing *dr, const char *text, double x, double y, const char *side)
{
	fputs("set label ", dr->out);
	drawing_place(dr, text);
	fputs(" at ", dr->out);
	put_screen(dr, x, y);
	fprintf(dr->out, " %s front tc rgb '" COLOUR_TEXT "'\n", side);
}

/* ---- legend ---- */

enum sample { SAMPLE_LINE, SAMPLE_MISSING, SAMPLE_CHANGE, SAMPLE_BOUND };

struct entry {
	enum sample sample;
	const struct nt_doc_column *line;
	char text[NT_WORD_TEXT];
	double x, y;
};

struct legend {
	struct entry *at;
	size_t n;
	size_t rows;
};

/* What is too long ends with an ellipsis. */
static void set_text(const struct nt_drawing *dr, const char *text, char out[static NT_WORD_TEXT])
{
	double room = dr->form->width - 2 * MARGIN - SAMPLE - SAMPLE_GAP;
	size_t length;

	snprintf(out, NT_WORD_TEXT - 4, "%s", text);
	length = strlen(out);
	if (length == strlen(text) && drawing_text_width(dr, out) <= room)
		return;
	while (length && (drawing_text_width(dr, out) > room - dr->form->font || (out[length] & 0xc0) == 0x80))
		out[--length] = '\0';
	/* A character that was cut is no text. */
	while (length && (out[length - 1] & 0xc0) == 0x80)
		length--;
	if (length && (unsigned char)out[length - 1] >= 0xc0)
		length--;
	memcpy(&out[length], "…", sizeof("…"));
}

static void add_entry(struct nt_drawing *dr, struct legend *legend, const struct entry *like, const char *text)
{
	struct entry *e = &legend->at[legend->n++];

	*e = *like;
	set_text(dr, text, e->text);
}

static bool any_missing(const struct nt_drawing *dr)
{
	for (size_t r = 0; r < nt_doc_rows(dr->item); r++)
		if (drawing_is_missing(dr, r))
			return true;
	return false;
}

/* Places from left to right, in as many rows as it takes. */
static void arrange(const struct nt_drawing *dr, struct legend *legend)
{
	double x = MARGIN;

	legend->rows = legend->n > 0;
	for (size_t i = 0; i < legend->n; i++) {
		struct entry *e = &legend->at[i];
		double width = SAMPLE + SAMPLE_GAP + drawing_text_width(dr, e->text);

		if (x > MARGIN && x + width > dr->form->width - MARGIN) {
			legend->rows++;
			x = MARGIN;
		}
		e->x = x;
		e->y = MARGIN + ((double)legend->rows - 0.5) * line_height(dr);
		x += width + ENTRY_GAP;
	}
}

static int legend_init(struct nt_drawing *dr, struct legend *legend, bool changes)
{
	const struct nt_doc_item *item = dr->item;
	enum nt_lang lang = dr->d->lang;

	*legend = (struct legend){.at = calloc(item->columns + 3, sizeof(*legend->at))};
	if (!legend->at)
		return -ENOMEM;
	for (size_t c = 0; c < item->columns; c++)
		if (drawing_is_line(&item->column[c]))
			add_entry(dr, legend, &(struct entry){.line = &item->column[c]}, item->column[c].title);
	if (drawing_has_bounds(dr))
		add_entry(dr, legend, &(struct entry){.sample = SAMPLE_BOUND}, nt_message(lang, NT_MSG_DRAW_BOUND));
	if (any_missing(dr))
		add_entry(dr, legend, &(struct entry){.sample = SAMPLE_MISSING}, nt_message(lang, NT_MSG_DRAW_MISSING));
	if (changes)
		add_entry(dr, legend, &(struct entry){.sample = SAMPLE_CHANGE}, nt_message(lang, NT_MSG_DRAW_CHANGE));
	arrange(dr, legend);
	return 0;
}

static void put_stroke(const struct nt_drawing *dr, const struct entry *e, double width, const char *colour,
		       const char *dashes)
{
	fputs("set arrow from ", dr->out);
	put_screen(dr, e->x, e->y);
	fputs(" to ", dr->out);
	put_screen(dr, e->x + SAMPLE, e->y);
	fprintf(dr->out, " nohead front lw %.2f lc rgb '%s' dt %s\n", width, colour, dashes);
}

static void put_sample(const struct nt_drawing *dr, const struct entry *e)
{
	struct drawing_style s;

	if (e->sample == SAMPLE_CHANGE) {
		put_stroke(dr, e, 1, COLOUR_FRAME, "(2,3)");
	} else if (e->sample == SAMPLE_BOUND) {
		put_stroke(dr, e, 1, COLOUR_TEXT, "solid");
	} else if (e->sample == SAMPLE_MISSING) {
		fputs("set object rect from ", dr->out);
		put_screen(dr, e->x, e->y + dr->form->font / 2.0);
		fputs(" to ", dr->out);
		put_screen(dr, e->x + SAMPLE, e->y - dr->form->font / 2.0);
		fputs(" fc rgb '" COLOUR_MISSING "' fs solid noborder\n", dr->out);
	} else {
		s = drawing_style(dr, e->line);
		put_stroke(dr, e, s.width, s.colour, s.dashes);
		if (dr->drawn < 2)
			return;
		fputs("set label '' at ", dr->out);
		put_screen(dr, e->x + SAMPLE / 2.0, e->y);
		fprintf(dr->out, " point pt %d ps 0.7 lw 1 lc rgb '%s' front\n", s.mark, s.colour);
	}
}

static void put_legend(struct nt_drawing *dr, const struct legend *legend)
{
	for (size_t i = 0; i < legend->n; i++) {
		put_sample(dr, &legend->at[i]);
		put_label(dr, legend->at[i].text, legend->at[i].x + SAMPLE + SAMPLE_GAP, legend->at[i].y, "left");
	}
}

/* ---- the plot's place ---- */

static double widest(const struct nt_drawing *dr, const struct nt_axis *axis)
{
	double most = 0;

	for (size_t i = 0; i < axis->n; i++)
		most = fmax(most, drawing_text_width(dr, axis->tick[i].text));
	return most;
}

static void find_sides(struct nt_drawing *dr)
{
	double day = drawing_text_width(dr, dr->d->lang == NT_LANG_JA ? "12/31 " : "31 Dec ");
	size_t rows = nt_doc_rows(dr->item);

	dr->left = MARGIN + widest(dr, &dr->values) + 0.7 * dr->form->font;
	dr->right = dr->form->width - MARGIN - day / 2;
	nt_axis_of_days(dr->d->lang, dr->at[0], dr->at[rows - 1], (size_t)((dr->right - dr->left) / (1.3 * day)) + 1,
			&dr->days);
}

static void find_heights(struct nt_drawing *dr, size_t rows_above)
{
	dr->top = MARGIN + ((double)rows_above + 0.5) * line_height(dr);
	dr->bottom = dr->top + dr->form->plot_height;
	dr->height = ceil(dr->bottom + 2.4 * line_height(dr) + MARGIN);
}

/* ---- changes ---- */

/* Dates stand above their lines, in as many rows as they need; one that finds room in none is not written. */
struct change {
	struct drawing_change is;
	char text[NT_TICK_TEXT];
	double x;
	size_t row;
};

struct changes {
	struct change at[DRAWING_CHANGES];
	size_t n;
	size_t rows;
};

static double pixel_of(const struct nt_drawing *dr, double at)
{
	size_t rows = nt_doc_rows(dr->item);
	double first = dr->at[0] - dr->step / 2, last = dr->at[rows - 1] + dr->step / 2;

	return dr->left + (at - first) / (last - first) * (dr->right - dr->left);
}

static void find_changes(const struct nt_drawing *dr, struct changes *changes)
{
	struct drawing_change found[DRAWING_CHANGES];
	double taken[CHANGE_ROWS] = {0};

	*changes = (struct changes){.n = drawing_changes(dr, found)};
	for (size_t i = 0; i < changes->n; i++) {
		struct change *c = &changes->at[i];
		double half;

		c->is = found[i];
		nt_axis_day(dr->d->lang, (int64_t)c->is.at, c->text);
		half = drawing_text_width(dr, c->text) / 2;
		c->x = fmin(pixel_of(dr, c->is.at), dr->form->width - MARGIN - half);
		while (c->row < CHANGE_ROWS && c->x - half < taken[c->row])
			c->row++;
		if (c->row == CHANGE_ROWS)
			continue;
		taken[c->row] = c->x + half + MARGIN;
		changes->rows = c->row >= changes->rows ? c->row + 1 : changes->rows;
	}
}

static void put_changes(struct nt_drawing *dr, const struct changes *changes)
{
	for (size_t i = 0; i < changes->n; i++) {
		const struct change *c = &changes->at[i];

		fprintf(dr->out,
			"set arrow from %.10g,graph 0 to %.10g,graph 1 nohead back lw 1 lc rgb '%s' dt (2,3)\n",
			c->is.at, c->is.at, c->is.colour);
		if (c->row < CHANGE_ROWS)
			put_label(dr, c->text, c->x, dr->top - ((double)c->row + 0.5) * line_height(dr), "center");
	}
}

/* ---- axes ---- */

static void put_ticks(struct nt_drawing *dr, char axis, const struct nt_axis *ticks)
{
	fprintf(dr->out, "set %ctics nomirror scale 0.5 tc rgb '" COLOUR_TEXT "' (", axis);
	for (size_t i = 0; i < ticks->n; i++) {
		fputs(i ? ", " : "", dr->out);
		drawing_place(dr, ticks->tick[i].text);
		fprintf(dr->out, " %.10g", ticks->tick[i].at);
	}
	fputs(")\n", dr->out);
}

/* Which days they are, with the year. */
static void put_period(struct nt_drawing *dr)
{
	size_t rows = nt_doc_rows(dr->item);
	struct nt_word days =
	    nt_word_days("days", dr->d->lang, (int64_t)floor(dr->at[0]), (int64_t)floor(dr->at[rows - 1]), -1);
	char *text = dr->step < 1 ? nt_message_text(dr->d->lang, NT_MSG_DRAW_UTC, &days, 1) : strdup(days.text);

	if (!text) {
		dr->error = -ENOMEM;
		return;
	}
	put_label(dr, text, (dr->left + dr->right) / 2, dr->bottom + 1.9 * line_height(dr), "center");
	free(text);
}

/* Stretches of rows in which no line has a value. */
static void put_missing(const struct nt_drawing *dr)
{
	size_t rows = nt_doc_rows(dr->item);

	for (size_t r = 0, end; r < rows; r = end) {
		end = r + 1;
		if (!drawing_is_missing(dr, r))
			continue;
		while (end < rows && drawing_is_missing(dr, end))
			end++;
		fprintf(dr->out,
			"set object rect from %.10g,graph 0 to %.10g,graph 1 fc rgb '" COLOUR_MISSING
			"' fs solid noborder behind\n",
			dr->at[r] - dr->step / 2, dr->at[end - 1] + dr->step / 2);
	}
}

static void put_head(const struct nt_drawing *dr)
{
	fprintf(dr->out,
		"set terminal svg size %d,%.0f dynamic noenhanced butt font 'NT,%d'\n"
		"set encoding utf8\nunset key\n",
		dr->form->width, dr->height, dr->form->font);
	fprintf(dr->out,
		"set lmargin at screen %.6f\nset rmargin at screen %.6f\nset tmargin at screen %.6f\n"
		"set bmargin at screen %.6f\n",
		dr->left / dr->form->width, dr->right / dr->form->width, 1 - dr->top / dr->height,
		1 - dr->bottom / dr->height);
	fputs("set border 3 lw 1 lc rgb '" COLOUR_FRAME "'\n"
	      "set grid xtics ytics back lt 1 lw 1 lc rgb '" COLOUR_GRID "'\n",
	      dr->out);
}

void drawing_put_surroundings(struct nt_drawing *dr)
{
	struct changes changes;
	struct legend legend;

	find_sides(dr);
	find_changes(dr, &changes);
	if (legend_init(dr, &legend, changes.n > 0)) {
		dr->error = -ENOMEM;
		return;
	}
	find_heights(dr, legend.rows + 1 + changes.rows);
	put_head(dr);
	put_legend(dr, &legend);
	if (dr->item->axis)
		put_label(dr, dr->item->axis, MARGIN, MARGIN + ((double)legend.rows + 0.5) * line_height(dr), "left");
	put_ticks(dr, 'y', &dr->values);
	put_ticks(dr, 'x', &dr->days);
	put_missing(dr);
	put_changes(dr, &changes);
	put_period(dr);
	free(legend.at);
}

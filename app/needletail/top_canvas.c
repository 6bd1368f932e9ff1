/* SPDX-License-Identifier: BSD-3-Clause */
#include "top_canvas.h"

#include "base/printable.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define TEXT_BYTES 512

int top_canvas_init(struct top_canvas *c, int rows, int columns, bool utf8)
{
	*c = (struct top_canvas){.rows = rows, .columns = columns, .utf8 = utf8};
	c->cell = calloc((size_t)rows * (size_t)columns + 1, sizeof(*c->cell));
	if (!c->cell)
		return -ENOMEM;
	for (int i = 0; i < rows * columns; i++)
		c->cell[i].text[0] = ' ';
	return 0;
}

void top_canvas_fini(struct top_canvas *c)
{
	free(c->cell);
	*c = (struct top_canvas){0};
}

static struct top_cell *cell_at(struct top_canvas *c, int row, int column)
{
	return &c->cell[row * c->columns + column];
}

/* One character of a text that nt_printable() has made harmless. */
struct character {
	size_t bytes;
	int columns;
	const char *text;
};

static struct character unknown(size_t bytes)
{
	return (struct character){.bytes = bytes, .columns = 1, .text = "?"};
}

static size_t utf8_bytes(const char *text)
{
	size_t n = 1;

	while ((text[n] & 0xc0) == 0x80)
		n++;
	return n;
}

static struct character read_character(const struct top_canvas *c, const char *text)
{
	struct character character = {.bytes = utf8_bytes(text), .columns = 1, .text = text};
	mbstate_t state = {0};
	wchar_t wide;

	if (!((unsigned char)*text & 0x80))
		return character;
	if (!c->utf8 || mbrtowc(&wide, text, character.bytes, &state) != character.bytes)
		return unknown(character.bytes);
	character.columns = wcwidth(wide);
	return character.columns < 0 ? unknown(character.bytes) : character;
}

/* A mark joins the character before it as long as there is room. */
static void join(struct top_cell *cell, const struct character *mark)
{
	size_t length = strlen(cell->text);

	if (length + mark->bytes < sizeof(cell->text))
		memcpy(cell->text + length, mark->text, mark->bytes);
}

static void set(struct top_cell *cell, enum top_style style, const char *text, size_t bytes)
{
	memset(cell->text, 0, sizeof(cell->text));
	memcpy(cell->text, text, bytes);
	cell->style = (uint8_t)style;
}

static int put(struct top_canvas *c, int row, int column, int width, enum top_style style, const char *text)
{
	int taken = 0, last = -1;

	if (width > c->columns - column)
		width = c->columns - column;
	while (*text) {
		struct character next = read_character(c, text);

		text += next.bytes;
		if (!next.columns) {
			if (last >= 0)
				join(cell_at(c, row, last), &next);
			continue;
		}
		if (taken + next.columns > width)
			break;
		last = column + taken;
		set(cell_at(c, row, last), style, next.text, *next.text == '?' ? 1 : next.bytes);
		if (next.columns == 2)
			set(cell_at(c, row, last + 1), style, "", 0);
		taken += next.columns;
	}
	return taken;
}

int top_canvas_put(struct top_canvas *c, int row, int column, int width, enum top_style style, const char *text)
{
	char harmless[TEXT_BYTES];

	if (row < 0 || row >= c->rows || column < 0 || column >= c->columns)
		return 0;
	snprintf(harmless, sizeof(harmless), "%s", text);
	nt_printable(harmless);
	return put(c, row, column, width, style, harmless);
}

int top_canvas_print(struct top_canvas *c, int row, int column, int width, enum top_style style, const char *format,
		     ...)
{
	char text[TEXT_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return top_canvas_put(c, row, column, width, style, text);
}

void top_canvas_right(struct top_canvas *c, int row, int column, int width, enum top_style style, const char *text)
{
	int length = (int)strlen(text); /* numbers: a column each */

	top_canvas_put(c, row, column + (length < width ? width - length : 0), width, style, text);
}

void top_canvas_fill(struct top_canvas *c, int row, enum top_style style)
{
	for (int i = 0; i < c->columns && row < c->rows; i++)
		cell_at(c, row, i)->style = (uint8_t)style;
}

static int written_columns(const struct top_canvas *c, int row)
{
	int n = c->columns;

	while (n && !strcmp(c->cell[row * c->columns + n - 1].text, " "))
		n--;
	return n;
}

int top_canvas_write(const struct top_canvas *c, FILE *out)
{
	int rows = c->rows;

	while (rows && !written_columns(c, rows - 1))
		rows--;
	for (int row = 0; row < rows; row++) {
		for (int i = 0, n = written_columns(c, row); i < n; i++)
			fputs(c->cell[row * c->columns + i].text, out);
		putc('\n', out);
	}
	return fflush(out) || ferror(out) ? -EIO : 0;
}

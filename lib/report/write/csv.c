/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/write/write.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* Comma-separated values. */

/* The last column, where numbers are lower bounds: keys of those columns. */
#define BOUNDS "at_least"

/* Spreadsheets take a text that begins with one of these as a formula; those of East Asia also where it is of their
 * width. */
static const char *const sign[] = {"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"};

/* Where a formula could stand. Signs alone are none, such as the region "--". */
static bool is_formula(const char *text)
{
	if (!text[strspn(text, "+-")])
		return false;
	for (size_t i = 0; i < sizeof(sign) / sizeof(sign[0]); i++)
		if (!strncmp(text, sign[i], strlen(sign[i])))
			return true;
	return false;
}

/* An apostrophe says that what follows is a text. */
static void put_text(const char *text, FILE *out)
{
	const char *mark = is_formula(text) ? "'" : "";

	if (!strpbrk(text, ",\"\r\n")) {
		fprintf(out, "%s%s", mark, text);
		return;
	}
	fprintf(out, "\"%s", mark);
	for (const char *c = text; *c; c++) {
		if (*c == '"')
			fputc('"', out);
		fputc(*c, out);
	}
	fputc('"', out);
}

static void put_cell(const struct nt_doc_column *column, const struct nt_doc_cell *cell, FILE *out)
{
	bool whole = column->kind == NT_DOC_COUNT || column->kind == NT_DOC_FLAG;

	if (nt_doc_is_text(column->kind))
		put_text(cell->text ? cell->text : "", out);
	else if (!isnan(cell->number))
		fprintf(out, whole ? "%.0f" : "%.9g", whole ? round(cell->number) : cell->number);
}

static void put_bounds(const struct nt_doc_item *item, size_t row, FILE *out)
{
	bool any = false;

	for (size_t i = 0; i < item->columns; i++) {
		if (!nt_doc_cell(item, row, i)->at_least)
			continue;
		if (any)
			fputc(' ', out);
		put_text(item->column[i].key, out);
		any = true;
	}
}

int nt_write_csv(const struct nt_doc_item *item, FILE *out)
{
	bool bounds = nt_item_has_bounds(item);

	for (size_t i = 0; i < item->columns; i++) {
		if (i)
			fputc(',', out);
		put_text(item->column[i].key, out);
	}
	fputs(bounds ? "," BOUNDS "\r\n" : "\r\n", out);
	for (size_t row = 0; row < nt_doc_rows(item); row++) {
		for (size_t i = 0; i < item->columns; i++) {
			if (i)
				fputc(',', out);
			put_cell(&item->column[i], nt_doc_cell(item, row, i), out);
		}
		if (bounds) {
			fputc(',', out);
			put_bounds(item, row, out);
		}
		fputs("\r\n", out);
	}
	if (!fflush(out) && !ferror(out))
		return 0;
	return errno ? -errno : -EIO;
}

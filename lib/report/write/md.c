/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/write/write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Markdown. */

/* Texts from outside must not end a cell, nor begin anything else. */
static void put_escaped(const char *text, FILE *out)
{
	for (const char *c = text; *c; c++) {
		if (strchr("\\|*_`<>[]", *c))
			fputc('\\', out);
		fputc(*c, out);
	}
}

/* ---- tables ---- */

static bool is_read(const struct nt_doc_column *column)
{
	return !column->basis;
}

static void put_head(const struct nt_doc_item *item, FILE *out)
{
	fputs("\n|", out);
	for (size_t i = 0; i < item->columns; i++) {
		if (!is_read(&item->column[i]))
			continue;
		fputc(' ', out);
		put_escaped(item->column[i].title, out);
		fputs(" |", out);
	}
	fputs("\n|", out);
	for (size_t i = 0; i < item->columns; i++)
		if (is_read(&item->column[i]))
			fputs(nt_doc_is_text(item->column[i].kind) ? "---|" : "--:|", out);
}

static void put_row(const struct nt_doc_item *item, size_t row, FILE *out)
{
	char text[1024];

	fputs("\n|", out);
	for (size_t i = 0; i < item->columns; i++) {
		if (!is_read(&item->column[i]))
			continue;
		nt_cell_text(&item->column[i], nt_doc_cell(item, row, i), text, sizeof(text));
		fputc(' ', out);
		put_escaped(text, out);
		fputs(" |", out);
	}
}

static void put_table(const struct nt_doc_item *item, FILE *out)
{
	put_head(item, out);
	for (size_t i = 0; i < nt_item_rows_read(item); i++)
		put_row(item, i, out);
}

/* ---- texts ---- */

static int put_made(char *text, FILE *out)
{
	if (!text)
		return -ENOMEM;
	fputs(text, out);
	free(text);
	return 0;
}

static void put_texts(char *const *text, size_t n, FILE *out)
{
	for (size_t i = 0; i < n; i++) {
		fputs(i ? "\n- " : "\n\n- ", out);
		put_escaped(text[i], out);
	}
}

static int put_item(const struct nt_document *d, const struct nt_doc_item *item, FILE *out)
{
	int err = 0;

	fputs("\n\n## ", out);
	put_escaped(item->title, out);
	put_texts(item->sentence, item->sentences, out);
	if (nt_doc_rows(item)) {
		fputs("\n", out);
		put_table(item, out);
	}
	if (nt_doc_rows(item) > nt_item_rows_read(item)) {
		fputs("\n\n", out);
		err = put_made(nt_item_shown_text(d, item), out);
	}
	put_texts(item->note, item->notes, out);
	if (!err && item->basis.known) {
		fputs("\n\n", out);
		err = put_made(nt_item_basis_text(d, &item->basis), out);
	}
	return err;
}

int nt_write_md(const struct nt_document *d, FILE *out)
{
	int err = 0;

	fputs("# ", out);
	put_escaped(d->title, out);
	for (size_t i = 0; i < d->items && !err; i++)
		if (d->item[i].form != NT_DOC_DATA)
			err = put_item(d, &d->item[i], out);
	fputc('\n', out);
	if (!err && (fflush(out) || ferror(out)))
		err = errno ? -errno : -EIO;
	return err;
}

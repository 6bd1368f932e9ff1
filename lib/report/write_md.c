/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/write.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Markdown. */

/* ---- cells ---- */

void nt_cell_text(const struct nt_doc_column *column, const struct nt_doc_cell *cell, char *text, size_t size)
{
	const char *bound = cell->at_least ? "≥ " : "";

	if (nt_doc_is_text(column->kind)) {
		snprintf(text, size, "%s", cell->text ? cell->text : "-");
		return;
	}
	if (isnan(cell->number))
		snprintf(text, size, "-");
	else if (column->kind == NT_DOC_SHARE)
		snprintf(text, size, "%s%s", bound, nt_word_share("", cell->number).text);
	else if (column->kind == NT_DOC_FLAG)
		snprintf(text, size, "%s", cell->number != 0 ? "●" : "");
	else
		snprintf(text, size, "%s%s", bound, nt_word_count("", cell->number).text);
}

bool nt_item_has_bounds(const struct nt_doc_item *item)
{
	for (size_t i = 0; i < item->cells; i++)
		if (item->cell[i].at_least)
			return true;
	return false;
}

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

static size_t rows_read(const struct nt_doc_item *item)
{
	size_t rows = nt_doc_rows(item);

	return item->rows_shown && item->rows_shown < rows ? item->rows_shown : rows;
}

static void put_table(const struct nt_doc_item *item, FILE *out)
{
	put_head(item, out);
	for (size_t i = 0; i < rows_read(item); i++)
		put_row(item, i, out);
}

/* ---- texts ---- */

static int put_message(const struct nt_document *d, enum nt_message message, const struct nt_word *words, size_t n,
		       FILE *out)
{
	char *text = nt_message_text(d->lang, message, words, n);

	if (!text)
		return -ENOMEM;
	fputs(text, out);
	free(text);
	return 0;
}

static int put_basis(const struct nt_document *d, const struct nt_doc_basis *b, FILE *out)
{
	const struct nt_get_coverage *c = &b->coverage;
	const struct nt_word made_of[] = {
	    nt_word_count("sensors", (double)b->sensors),
	    nt_word_count("addresses", (double)b->addresses),
	    nt_word_count("lost", (double)c->lost),
	    nt_word_count("missing", c->expected > c->intervals ? (double)(c->expected - c->intervals) : 0),
	    nt_word_count("expected", (double)c->expected),
	};
	const struct nt_word geo =
	    nt_word_days("days", d->lang, nt_day_of(b->geo_from_s, 0), nt_day_of(b->geo_to_s, 0), -1);
	const struct nt_word unstated = nt_word_count("n", (double)b->without_addresses);
	const struct nt_word loss = nt_word_count("n", (double)c->missed_unknown);
	const char *blank = d->lang == NT_LANG_JA ? "" : " ";
	int err = put_message(d, NT_MSG_BASIS, made_of, sizeof(made_of) / sizeof(made_of[0]), out);

	if (!err && b->without_addresses) {
		fputs(blank, out);
		err = put_message(d, NT_MSG_BASIS_UNSTATED, &unstated, 1, out);
	}
	if (!err && c->missed_unknown) {
		fputs(blank, out);
		err = put_message(d, NT_MSG_BASIS_LOSS_UNKNOWN, &loss, 1, out);
	}
	fputs(blank, out);
	return err ? err : put_message(d, b->geo_to_s ? NT_MSG_BASIS_GEO : NT_MSG_BASIS_NO_GEO, &geo, 1, out);
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
	if (nt_doc_rows(item) > rows_read(item)) {
		const struct nt_word words[] = {nt_word_count("n", (double)rows_read(item)),
						nt_word_count("all", (double)nt_doc_rows(item))};

		fputs("\n\n", out);
		err = put_message(d, NT_MSG_SHOWN, words, 2, out);
	}
	put_texts(item->note, item->notes, out);
	if (!err && item->basis.known) {
		fputs("\n\n", out);
		err = put_basis(d, &item->basis, out);
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

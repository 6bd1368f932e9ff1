/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/write_html.h"

#include "report/calendar.h"
#include "report/write.h"
#include "report/xml.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One page of HTML5: sections with what is to be said first, then figure or table, then what is to be known of it. */

/* ---- texts ---- */

static void put_element(const char *tag, const char *text, FILE *out)
{
	fprintf(out, "<%s>", tag);
	nt_put_xml(text, out);
	fprintf(out, "</%.*s>\n", (int)strcspn(tag, " "), tag);
}

static void put_list(const char *kind, char *const *text, size_t n, FILE *out)
{
	if (!n)
		return;
	fprintf(out, "<ul class=\"%s\">\n", kind);
	for (size_t i = 0; i < n; i++)
		put_element("li", text[i], out);
	fputs("</ul>\n", out);
}

static int put_made(const char *tag, char *text, FILE *out)
{
	if (!text)
		return -ENOMEM;
	put_element(tag, text, out);
	free(text);
	return 0;
}

static void put_message(const struct nt_document *d, const char *tag, enum nt_message message, FILE *out)
{
	put_element(tag, nt_message(d->lang, message), out);
}

/* ---- cells ---- */

static const char *class_of(enum nt_doc_kind kind)
{
	static const char *const name[] = {
	    [NT_DOC_TEXT] = "t", [NT_DOC_COUNT] = "n", [NT_DOC_SHARE] = "n", [NT_DOC_REAL] = "n",
	    [NT_DOC_DATE] = "d", [NT_DOC_TIME] = "d",  [NT_DOC_FLAG] = "f",
	};

	return name[kind];
}

/* A moment is read without its letters. */
static void put_moment(const char *text, FILE *out)
{
	bool is_time = strlen(text) == 20 && text[10] == 'T' && !strcmp(text + 16, ":00Z");

	fputs("<time datetime=\"", out);
	nt_put_xml(text, out);
	fputs("\">", out);
	if (is_time)
		fprintf(out, "%.10s %.5s", text, text + 11);
	else
		nt_put_xml(text, out);
	fputs("</time>", out);
}

static bool is_gap(const struct nt_doc_column *column, const struct nt_doc_cell *cell)
{
	return nt_doc_is_text(column->kind) ? !cell->text : isnan(cell->number);
}

static void put_cell(const struct nt_doc_column *column, const struct nt_doc_cell *cell, FILE *out)
{
	char text[64];

	if (is_gap(column, cell)) {
		fprintf(out, "<td class=\"%s gap\">%s</td>", class_of(column->kind),
			column->kind == NT_DOC_FLAG ? "?" : "–");
		return;
	}
	fprintf(out, "<td class=\"%s\">", class_of(column->kind));
	if (column->kind == NT_DOC_DATE || column->kind == NT_DOC_TIME) {
		put_moment(cell->text, out);
	} else if (column->kind == NT_DOC_TEXT) {
		nt_put_xml(cell->text, out);
	} else {
		nt_cell_text(column, cell, text, sizeof(text));
		nt_put_xml(text, out);
	}
	fputs("</td>", out);
}

/* ---- tables ---- */

/* What a column takes of a page's width, about; a page has so much. */
#define PAGE_WIDTH 36

static size_t width_of(const struct nt_doc_column *column)
{
	return column->kind == NT_DOC_FLAG ? 1 : column->kind == NT_DOC_TEXT ? 4 : 3;
}

/* Columns that stand at the left of every part of a table: names, or a number such as a rank. */
static size_t leading(const struct nt_doc_item *item)
{
	size_t n = 1;

	while (n < 2 && n < item->columns && item->column[0].kind == NT_DOC_TEXT && item->column[n].kind == NT_DOC_TEXT)
		n++;
	return n;
}

/* The columns from one on that are a part of a table; what has room on one page is not divided, nor what is of many
 * kinds of columns, which must be read in a row. */
static size_t end_of_part(const struct nt_doc_item *item, size_t first)
{
	size_t width = 0, at = first;

	for (size_t i = 0; i < leading(item); i++)
		width += width_of(&item->column[i]);
	while (at < item->columns && (at == first || width + width_of(&item->column[at]) <= PAGE_WIDTH))
		width += item->column[at].basis ? 0 : width_of(&item->column[at]), at++;
	return at;
}

struct part {
	size_t leading;
	size_t first;
	size_t end;
};

static bool is_in(const struct part *p, const struct nt_doc_item *item, size_t column)
{
	return !item->column[column].basis && (column < p->leading || (column >= p->first && column < p->end));
}

static void put_head(const struct nt_doc_item *item, const struct part *p, FILE *out)
{
	fputs("<thead><tr>", out);
	for (size_t c = 0; c < item->columns; c++) {
		if (!is_in(p, item, c))
			continue;
		fprintf(out, "<th scope=\"col\" class=\"%s\">", class_of(item->column[c].kind));
		nt_put_xml(item->column[c].title, out);
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n", out);
}

static void put_part(const struct nt_doc_item *item, const struct part *p, FILE *out)
{
	fputs("<div class=\"scroll\"><table>\n", out);
	put_head(item, p, out);
	fputs("<tbody>\n", out);
	for (size_t r = 0; r < nt_item_rows_read(item); r++) {
		fputs("<tr>", out);
		for (size_t c = 0; c < item->columns; c++)
			if (is_in(p, item, c))
				put_cell(&item->column[c], nt_doc_cell(item, r, c), out);
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table></div>\n", out);
}

static bool has_unknown_flags(const struct nt_doc_item *item)
{
	for (size_t i = 0; i < item->cells; i++)
		if (item->column[i % item->columns].kind == NT_DOC_FLAG && isnan(item->cell[i].number))
			return true;
	return false;
}

static int put_table(const struct nt_document *d, const struct nt_doc_item *item, FILE *out)
{
	size_t end = 0, lead = leading(item);

	do {
		struct part p = {.leading = lead, .first = end > lead ? end : lead};

		p.end = end_of_part(item, p.first);
		put_part(item, &p, out);
		end = p.end;
	} while (end < item->columns);
	if (has_unknown_flags(item))
		put_message(d, "p class=\"shown\"", NT_MSG_PAGE_UNKNOWN, out);
	if (nt_doc_rows(item) > nt_item_rows_read(item))
		return put_made("p class=\"shown\"", nt_item_shown_text(d, item), out);
	return 0;
}

/* ---- items ---- */

static int put_basis(const struct nt_document *d, const struct nt_doc_item *item, const char *tag, FILE *out)
{
	return item->basis.known ? put_made(tag, nt_item_basis_text(d, &item->basis), out) : 0;
}

static int put_figure(const struct nt_document *d, const struct nt_doc_item *item, const struct nt_figure *figure,
		      FILE *out)
{
	int err;

	if (!figure->wide || !figure->narrow) {
		put_message(d, "p class=\"nothing\"", NT_MSG_DRAW_NOTHING, out);
		return put_basis(d, item, "p class=\"basis\"", out);
	}
	fprintf(out, "<figure>\n<div class=\"wide\">%s</div>\n<div class=\"narrow\">%s</div>\n", figure->wide,
		figure->narrow);
	err = put_basis(d, item, "figcaption", out);
	fputs("</figure>\n", out);
	if (err)
		return err;
	fputs("<details>\n", out);
	put_message(d, "summary", NT_MSG_PAGE_NUMBERS, out);
	err = put_table(d, item, out);
	fputs("</details>\n", out);
	return err;
}

static int put_item(const struct nt_document *d, const struct nt_doc_item *item, const struct nt_figure *figure,
		    FILE *out)
{
	int err = 0;

	fputs("<section id=\"", out);
	nt_put_id(item->id, out);
	fputs("\">\n", out);
	put_element("h2", item->title, out);
	put_list("said", item->sentence, item->sentences, out);
	if (item->form == NT_DOC_FIGURE) {
		err = put_figure(d, item, figure, out);
	} else {
		if (nt_doc_rows(item))
			err = put_table(d, item, out);
		if (!err)
			err = put_basis(d, item, "p class=\"basis\"", out);
	}
	put_list("notes", item->note, item->notes, out);
	fputs("</section>\n", out);
	return err;
}

/* ---- the page ---- */

static void put_head_of_page(const struct nt_document *d, FILE *out)
{
	fprintf(
	    out,
	    "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n",
	    nt_lang_code[d->lang]);
	put_element("title", d->title, out);
	fprintf(out, "<style>\n%s@page{@top-left{content:", nt_html_style);
	nt_put_css(d->title, out);
	fputs("}}\n</style>\n</head>\n", out);
}

static int put_title(const struct nt_document *d, FILE *out)
{
	const struct nt_word words[] = {nt_word_days("days", d->lang, d->first_day, d->last_day, -1),
					nt_word("compared", d->compared)};

	fputs("<header>\n", out);
	put_element("h1", d->title, out);
	return put_made("p", nt_message_text(d->lang, NT_MSG_PAGE_COMPARED, words, 2), out);
}

static void put_contents(const struct nt_document *d, FILE *out)
{
	fputs("</header>\n<nav>\n", out);
	put_message(d, "h2", NT_MSG_PAGE_CONTENTS, out);
	fputs("<ul>\n", out);
	for (size_t i = 0; i < d->items; i++) {
		if (d->item[i].form == NT_DOC_DATA)
			continue;
		fputs("<li><a href=\"#", out);
		nt_put_id(d->item[i].id, out);
		fputs("\">", out);
		nt_put_xml(d->item[i].title, out);
		fputs("</a></li>\n", out);
	}
	fputs("</ul>\n</nav>\n", out);
}

int nt_write_html(const struct nt_document *d, const struct nt_figures *figures, FILE *out)
{
	int err;

	put_head_of_page(d, out);
	fputs("<body>\n", out);
	err = put_title(d, out);
	put_contents(d, out);
	fputs("<main>\n", out);
	for (size_t i = 0; i < d->items && !err; i++)
		if (d->item[i].form != NT_DOC_DATA)
			err = put_item(d, &d->item[i], &figures->at[i], out);
	fputs("</main>\n</body>\n</html>\n", out);
	if (!err && (fflush(out) || ferror(out)))
		err = errno ? -errno : -EIO;
	return err;
}

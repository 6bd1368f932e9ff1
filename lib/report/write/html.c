/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/write/html.h"

#include "report/calendar.h"
#include "report/draw/drawing.h"
#include "report/xml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One page of HTML5: sections with what is to be said first, then figure or table, then what is to be known of it. */

/* ---- texts ---- */

void html_put_element(const char *tag, const char *text, FILE *out)
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
		html_put_element("li", text[i], out);
	fputs("</ul>\n", out);
}

int html_put_made(const char *tag, char *text, FILE *out)
{
	if (!text)
		return -ENOMEM;
	html_put_element(tag, text, out);
	free(text);
	return 0;
}

void html_put_message(const struct nt_document *d, const char *tag, enum nt_message message, FILE *out)
{
	html_put_element(tag, nt_message(d->lang, message), out);
}

/* ---- items ---- */

static int put_basis(const struct nt_document *d, const struct nt_doc_item *item, const char *tag, FILE *out)
{
	return item->basis.known ? html_put_made(tag, nt_item_basis_text(d, &item->basis), out) : 0;
}

static int put_figure(const struct nt_document *d, const struct nt_doc_item *item, const struct nt_figure *figure,
		      FILE *out)
{
	int err;

	if (!figure->wide || !figure->narrow) {
		html_put_message(d, "p class=\"nothing\"", NT_MSG_DRAW_NOTHING, out);
		return put_basis(d, item, "p class=\"basis\"", out);
	}
	fprintf(out, "<figure>\n<div class=\"wide\">%s</div>\n<div class=\"narrow\">%s</div>\n", figure->wide,
		figure->narrow);
	err = put_basis(d, item, "figcaption", out);
	fputs("</figure>\n", out);
	if (err)
		return err;
	fputs("<details>\n", out);
	html_put_message(d, "summary", NT_MSG_PAGE_NUMBERS, out);
	err = html_put_table(d, item, out);
	fputs("</details>\n", out);
	return err;
}

/* Rows that a page of paper holds together, if they are no higher than a line or two. */
#define SHORT_TABLE 14

static const char *class_of(const struct nt_doc_item *item)
{
	bool is_short = item->form == NT_DOC_FIGURE || nt_item_rows_read(item) <= SHORT_TABLE;
	bool is_whole = is_short && !html_has_sentences(item);

	if (html_paper_of(item) == HTML_LONG)
		return is_short ? "whole long" : "long";
	return is_whole ? "whole" : "usual";
}

static int put_item(const struct nt_document *d, const struct nt_doc_item *item, const struct nt_figure *figure,
		    FILE *out)
{
	int err = 0;

	fputs("<section id=\"", out);
	nt_put_id(item->id, out);
	fprintf(out, "\" class=\"%s\">\n", class_of(item));
	html_put_element("h2", item->title, out);
	put_list("said", item->sentence, item->sentences, out);
	if (item->form == NT_DOC_FIGURE) {
		err = put_figure(d, item, figure, out);
	} else {
		if (nt_doc_rows(item))
			err = html_put_table(d, item, out);
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
	html_put_element("title", d->title, out);
	fprintf(out, "<style>\n:root{--fonts:%s}\n%s%s%s@page{@top-left{content:", nt_fonts[d->lang], nt_html_style,
		nt_html_style_narrow, nt_html_style_paper);
	nt_put_css(d->title, out);
	fputs("}}\n</style>\n</head>\n", out);
}

static int put_title(const struct nt_document *d, FILE *out)
{
	const struct nt_word words[] = {nt_word_days("days", d->lang, d->first_day, d->last_day, -1),
					nt_word("compared", d->compared_text)};

	fputs("<header>\n", out);
	html_put_element("h1", d->title, out);
	return html_put_made("p", nt_message_text(d->lang, NT_MSG_PAGE_COMPARED, words, 2), out);
}

static void put_contents(const struct nt_document *d, FILE *out)
{
	fputs("</header>\n<nav>\n", out);
	html_put_message(d, "h2", NT_MSG_PAGE_CONTENTS, out);
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

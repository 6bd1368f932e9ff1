/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/write/html.h"
#include "report/xml.h"

#include <math.h>
#include <string.h>

/* Tables for a screen and for paper: one that is too wide for a page is divided into parts, one below another. */

/* ---- cells ---- */

static const char *class_of(enum nt_doc_kind kind)
{
	static const char *const name[] = {
	    [NT_DOC_TEXT] = "t", [NT_DOC_COUNT] = "n", [NT_DOC_SHARE] = "n", [NT_DOC_REAL] = "n",
	    [NT_DOC_DATE] = "d", [NT_DOC_TIME] = "d",  [NT_DOC_FLAG] = "f",
	};

	return name[kind];
}

/* A moment is read without its letters and seconds; the element has them. The day stays on its line. */
static void put_moment(const char *text, FILE *out)
{
	bool is_time = strlen(text) == strlen("2022-07-01T00:00:00Z") && text[10] == 'T';

	fputs("<time datetime=\"", out);
	nt_put_xml(text, out);
	fputs("\">", out);
	if (is_time)
		fprintf(out, "<span>%.10s</span> %.5s", text, text + 11);
	else
		nt_put_xml(text, out);
	fputs("</time>", out);
}

static bool is_gap(const struct nt_doc_column *column, const struct nt_doc_cell *cell)
{
	return nt_doc_is_text(column->kind) ? !cell->text : isnan(cell->number);
}

/* Letters of East Asia are wide. */
static size_t letters(const char *text)
{
	size_t n = 0;

	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		n += *c >= 0xe1 ? 2 : (*c & 0xc0) != 0x80;
	return n;
}

/* What has no place for the end of a line for as many letters may have it anywhere. */
#define WORD_MOST 24

static bool has_long_word(const char *text)
{
	char word[4 * WORD_MOST + 1];

	for (const char *at = text; *at; at += strspn(at, " ")) {
		size_t n = strcspn(at, " ");

		snprintf(word, sizeof(word), "%.*s", (int)n, at);
		if (n >= sizeof(word) || letters(word) > WORD_MOST)
			return true;
		at += n;
	}
	return false;
}

/* Names such as "osaka-1" stay on their line. */
#define NAME_MOST 16

static const char *wrapping(const char *text)
{
	return letters(text) <= NAME_MOST ? " w" : has_long_word(text) ? " l" : "";
}

/* Where the head is not shown, a cell says what it is. */
static void put_title(const struct nt_doc_column *column, FILE *out)
{
	fputs(" data-title=\"", out);
	nt_put_xml(column->title, out);
	fputc('"', out);
}

static void put_cell(const struct nt_doc_column *column, const struct nt_doc_cell *cell, bool card, FILE *out)
{
	char text[64];

	if (is_gap(column, cell)) {
		fprintf(out, "<td class=\"%s gap\"", class_of(column->kind));
		if (card)
			put_title(column, out);
		fprintf(out, ">%s</td>", column->kind == NT_DOC_FLAG ? "?" : "–");
		return;
	}
	fprintf(out, "<td class=\"%s%s\"", class_of(column->kind),
		column->kind == NT_DOC_TEXT ? wrapping(cell->text) : "");
	if (card)
		put_title(column, out);
	fputc('>', out);
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

/* Widths are in letters of about half the type's height. A4 less its margins (180 mm) has so many of 8 and of 7 points,
 * and laid on its side (267 mm) of 7 points; a column takes two more for its edges. */
#define LINE_USUAL 115
#define LINE_DENSE 131
#define LINE_LONG  194
#define EDGES	   2

/* Longer texts are wrapped, and moments can be. Rather than a page on its side, texts are wrapped earlier. */
#define TEXT_MOST   24
#define TEXT_LEAST  16
#define MOMENT_WIDE 10
#define HEAD_MOST   9

/* Heads are wrapped between words, and Japanese anywhere. */
static size_t width_of_head(const char *title, size_t least)
{
	size_t most = 0, all = letters(title);

	for (const char *at = title; *at; at += strspn(at, " ")) {
		size_t n = strcspn(at, " ");

		most = n > most && (unsigned char)*at < 0x80 ? n : most;
		at += n;
	}
	most = most > least ? most : least;
	return most < all ? most : all;
}

static size_t width_of_cell(const struct nt_doc_column *column, const struct nt_doc_cell *cell, size_t text_most)
{
	char text[64];

	if (is_gap(column, cell) || column->kind == NT_DOC_FLAG)
		return 1;
	if (column->kind == NT_DOC_DATE || column->kind == NT_DOC_TIME)
		return MOMENT_WIDE;
	if (column->kind == NT_DOC_TEXT)
		return letters(cell->text) < text_most ? letters(cell->text) : text_most;
	nt_cell_text(column, cell, text, sizeof(text));
	return letters(text);
}

static size_t width_of_cells(const struct nt_doc_item *item, size_t column, size_t text_most)
{
	size_t most = 0;

	for (size_t r = 0; r < nt_item_rows_read(item); r++) {
		size_t width = width_of_cell(&item->column[column], nt_doc_cell(item, r, column), text_most);

		most = width > most ? width : most;
	}
	return most;
}

static size_t width_of(const struct nt_doc_item *item, size_t column, size_t text_most)
{
	size_t head = width_of_head(item->column[column].title, HEAD_MOST), cells;

	if (item->column[column].basis)
		return 0;
	cells = width_of_cells(item, column, text_most);
	return (cells > head ? cells : head) + (item->column[column].kind == NT_DOC_FLAG ? EDGES / 2 : EDGES);
}

static size_t width_of_all(const struct nt_doc_item *item, size_t text_most)
{
	size_t width = 0;

	for (size_t c = 0; c < item->columns; c++)
		width += width_of(item, c, text_most);
	return width;
}

enum html_paper html_paper_of(const struct nt_doc_item *item)
{
	if (item->form != NT_DOC_TABLE || width_of_all(item, TEXT_MOST) <= LINE_USUAL)
		return HTML_USUAL;
	return width_of_all(item, TEXT_LEAST) <= LINE_DENSE ? HTML_DENSE : HTML_LONG;
}

/* Columns that stand at the left of every part of a table: one, or a name and what belongs to it. */
static size_t leading(const struct nt_doc_item *item)
{
	bool two = item->columns > 1 && item->column[0].kind == NT_DOC_TEXT && item->column[1].kind == NT_DOC_TEXT;

	return two ? 2 : 1;
}

/* The end of a part of a table that begins at a column: so many as have room beside the leading ones, one at least. */
static size_t end_of_part(const struct nt_doc_item *item, size_t first)
{
	size_t width = 0, at = first;

	for (size_t c = 0; c < leading(item); c++)
		width += width_of(item, c, TEXT_MOST);
	while (at < item->columns && (at == first || width + width_of(item, at, TEXT_MOST) <= LINE_LONG))
		width += width_of(item, at++, TEXT_MOST);
	return at;
}

struct part {
	size_t leading;
	size_t first;
	size_t end;
	bool dense;
	const char *cards; /* class; "": none */
};

/* On telephones, rows of a table that holds sentences are cards: one value below another. Those of one that is too wide
 * are cards with two values beside each other. */
#define SENTENCE 40

/* A telephone's width (366 px) in letters of 12 px; a column takes one more for its edges. Three wide letters of a head
 * stay together. */
#define LINE_PHONE 56
#define HEAD_PHONE 6

bool html_has_sentences(const struct nt_doc_item *item)
{
	bool any = false;

	if (item->form != NT_DOC_TABLE)
		return false;
	for (size_t i = 0; i < item->cells; i++)
		any |= item->column[i % item->columns].kind == NT_DOC_TEXT && item->cell[i].text &&
		       letters(item->cell[i].text) > SENTENCE;
	return any;
}

static bool is_wide_on_phones(const struct nt_doc_item *item)
{
	size_t width = 0;

	if (item->form != NT_DOC_TABLE)
		return false;
	for (size_t c = 0; c < item->columns; c++) {
		size_t head = width_of_head(item->column[c].title, HEAD_PHONE),
		       cells = width_of_cells(item, c, TEXT_LEAST);

		width += (cells > head ? cells : head) + 1;
	}
	return width > LINE_PHONE;
}

static bool has_flags(const struct nt_doc_item *item)
{
	for (size_t c = 0; c < item->columns; c++)
		if (item->column[c].kind == NT_DOC_FLAG && !item->column[c].basis)
			return item->form == NT_DOC_TABLE;
	return false;
}

/* A row of marks is the dates on which there is one. */
static const char *cards_of(const struct nt_doc_item *item)
{
	if (has_flags(item))
		return " cards days";
	if (html_has_sentences(item))
		return " cards";
	return is_wide_on_phones(item) ? " cards pairs" : "";
}

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
	fprintf(out, "<div class=\"scroll\"><table class=\"%s%s\">\n", p->dense ? "dense" : "plain", p->cards);
	put_head(item, p, out);
	fputs("<tbody>\n", out);
	for (size_t r = 0; r < nt_item_rows_read(item); r++) {
		fputs("<tr>", out);
		for (size_t c = 0; c < item->columns; c++)
			if (is_in(p, item, c))
				put_cell(&item->column[c], nt_doc_cell(item, r, c), p->cards[0], out);
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

int html_put_table(const struct nt_document *d, const struct nt_doc_item *item, FILE *out)
{
	size_t end = 0, lead = leading(item);
	bool dense = html_paper_of(item) != HTML_USUAL;
	const char *cards = cards_of(item);

	do {
		struct part p = {.leading = lead, .first = end > lead ? end : lead, .dense = dense, .cards = cards};

		p.end = end_of_part(item, p.first);
		put_part(item, &p, out);
		end = p.end;
	} while (end < item->columns);
	if (has_unknown_flags(item))
		html_put_message(d, "p class=\"shown\"", NT_MSG_PAGE_UNKNOWN, out);
	if (nt_doc_rows(item) > nt_item_rows_read(item))
		return html_put_made("p class=\"shown\"", nt_item_shown_text(d, item), out);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_WRITE_HTML_H
#define NT_REPORT_WRITE_HTML_H

#include "report/write/write.h"

/* What the files of writing HTML share. Those that return something: 0 or -ENOMEM. */

/** The page's style sheet: html_style.c. Of any page, and of paper. */
extern const char nt_html_style[];
extern const char nt_html_style_narrow[];
extern const char nt_html_style_paper[];

/** An element: its name, maybe with attributes, and a text. */
void html_put_element(const char *tag, const char *text, FILE *out);

/** Of a text that was made for it, which is freed; NULL: there was no memory. */
int html_put_made(const char *tag, char *text, FILE *out);

/** Of a message without places. */
void html_put_message(const struct nt_document *d, const char *tag, enum nt_message message, FILE *out);

/** What the table of an item needs when it is printed: nothing, smaller type, or that and a page on its side. */
enum html_paper { HTML_USUAL, HTML_DENSE, HTML_LONG };

enum html_paper html_paper_of(const struct nt_doc_item *item);

/** True for a table of few rows with sentences in them, which are high. */
bool html_has_sentences(const struct nt_doc_item *item);

/** The rows of an item that people read: write_html_table.c. */
int html_put_table(const struct nt_document *d, const struct nt_doc_item *item, FILE *out);

#endif

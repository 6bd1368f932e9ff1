/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_WRITE_WRITE_H
#define NT_REPORT_WRITE_WRITE_H

#include "report/document.h"
#include "report/draw/figure.h"

#include <stdio.h>

/* A document in a format. Any thread. All return 0, -ENOMEM or the failure of writing as -errno. */

#define NT_REPORT_SCHEMA "needletail-report/1"

/** For people: Markdown with tables (GitHub's), without items of data. */
int nt_write_md(const struct nt_document *d, FILE *out);

/** For people: one page of HTML5 that needs nothing else, with the figures that were drawn of the document. */
int nt_write_html(const struct nt_document *d, const struct nt_figures *figures, FILE *out);

/** For programs: one JSON document, described in config/report.md. */
int nt_write_json(const struct nt_document *d, FILE *out);

/** One item as comma-separated values (RFC 4180, UTF-8): keys of the columns, then rows; gaps are empty. */
int nt_write_csv(const struct nt_doc_item *item, FILE *out);

/** A cell's text as people read it: "-" for a gap; size is that of `text`. */
void nt_cell_text(const struct nt_doc_column *column, const struct nt_doc_cell *cell, char *text, size_t size);

/** True if cells of the item are lower bounds. */
bool nt_item_has_bounds(const struct nt_doc_item *item);

/** Rows that are shown where people read. */
size_t nt_item_rows_read(const struct nt_doc_item *item);

/** That these are the first rows of so many; what an item's numbers are made of. To be freed; NULL: out of memory. */
char *nt_item_shown_text(const struct nt_document *d, const struct nt_doc_item *item);
char *nt_item_basis_text(const struct nt_document *d, const struct nt_doc_basis *b);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_DRAW_PALETTE_H
#define NT_REPORT_DRAW_PALETTE_H

#include "report/document.h"

/*
 * How lines look. A thing (a port, a region, a class of hosts) looks the same in all figures of a document, and things
 * that meet in a figure look different: in colour for those who see it, and in dashes and marks for everybody else.
 */

struct nt_look {
	const char *colour; /**< "#0b4f8a" */
	const char *dashes; /**< gnuplot's dash type */
	int mark;	    /**< gnuplot's point type, filled; that before it is the same, open */
};

#define NT_LOOKS 8

extern const struct nt_look nt_look[NT_LOOKS];

struct nt_palette;

/** Any thread. NULL: out of memory. */
struct nt_palette *nt_palette_new(const struct nt_document *d);
void nt_palette_free(struct nt_palette *palette);

/** The place of a line's thing in the list of looks; past its end they begin anew. */
size_t nt_palette_place(const struct nt_palette *palette, const struct nt_doc_column *line);

#endif

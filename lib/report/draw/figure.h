/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_DRAW_FIGURE_H
#define NT_REPORT_DRAW_FIGURE_H

#include "report/child.h"
#include "report/document.h"

#include <stdio.h>

/* The figures of a document as SVG, drawn by gnuplot. */

/** One item's, as elements that can stand in a page; both NULL: it is no figure, or there is nothing to draw. */
struct nt_figure {
	char *wide;   /**< for screens and paper */
	char *narrow; /**< for telephones */
};

struct nt_figures {
	struct nt_figure *at; /**< [n] for each item of the document */
	size_t n;
};

/** The program, and the package that has it in Debian. */
#define NT_FIGURE_PROGRAM "gnuplot"
#define NT_FIGURE_PACKAGE "gnuplot-nox"

/** How long one figure may take. */
#define NT_FIGURE_LIMIT_S 60

/**
 * Draws all figures, each with a run of the program (its path). Main thread. Returns 0, or -errno with why: -EINTR,
 * -ETIMEDOUT, -EIO, -EBADMSG (gnuplot wrote no SVG), -ENOMEM.
 */
int nt_figures_draw(struct nt_figures *figures, const struct nt_document *d, const char *program, int limit_s,
		    char why[static NT_CHILD_WHY]);
void nt_figures_fini(struct nt_figures *figures);

/** Writes one as a file of its own. Returns 0 or -errno. */
int nt_write_svg(const struct nt_figure *figure, FILE *out);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_WRITE_PDF_H
#define NT_REPORT_WRITE_PDF_H

#include "report/child.h"

/* A page of HTML as PDF, printed by a Chromium without a window. */

/** How long printing may take. */
#define NT_PDF_LIMIT_S 180

/** What to install in Debian. */
#define NT_PDF_PACKAGE "chromium"

/** Finds the first of chromium, chromium-browser, google-chrome, google-chrome-stable in PATH. Returns 0 or -ENOENT. */
int nt_pdf_find(char path[static PATH_MAX]);

/**
 * Prints a page with a program (its path) that works in a folder of its own under TMPDIR, or /tmp, which is gone
 * afterwards. Main thread; SIGINT, SIGTERM and SIGHUP are held back until then. Returns 0 with the PDF to be freed; or
 * -errno with why.
 */
int nt_pdf_print(const char *program, const char *html, size_t size, int limit_s, struct nt_child_output *pdf,
		 char why[static NT_CHILD_WHY]);

#endif

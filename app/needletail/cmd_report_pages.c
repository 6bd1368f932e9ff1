/* SPDX-License-Identifier: BSD-3-Clause */
#include "cmd_report_parts.h"

#include "base/log.h"
#include "report/write/pdf.h"
#include "report/write/write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Figures, the page, and what is printed of it. */

#define DRAWN (REPORT_HTML | REPORT_PDF | REPORT_SVG)

int report_programs_find(const struct report_options *o)
{
	char path[PATH_MAX];

	if (o->formats & DRAWN && nt_child_find(NT_FIGURE_PROGRAM, path)) {
		nt_error("report: html, pdf and svg need " NT_FIGURE_PROGRAM
			 ", which is not installed: apt-get install " NT_FIGURE_PACKAGE);
		return -ENOENT;
	}
	if (o->formats & REPORT_PDF && nt_pdf_find(path)) {
		nt_error("report: pdf needs chromium, which is not installed: apt-get install " NT_PDF_PACKAGE
			 " (html prints as well from any browser)");
		return -ENOENT;
	}
	return 0;
}

static void tell(const char *what)
{
	if (!isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r\033[K%s%s", what[0] ? "needletail: report: " : "", what);
	fflush(stderr);
}

static int complain(const char *what, const char *why, int err)
{
	tell("");
	if (err != -EINTR) /* whoever sent the signal knows */
		nt_error("report: %s: %s", what, why);
	return err;
}

static int make_page(struct report_pages *pages, const struct nt_document *d)
{
	FILE *out = open_memstream(&pages->html, &pages->html_size);
	int err = out ? nt_write_html(d, &pages->figures, out) : -ENOMEM;

	if (out && fclose(out) && !err)
		err = -ENOMEM;
	return err ? complain("html", strerror(-err), err) : 0;
}

int report_pages_init(struct report_pages *pages, const struct report_options *o, const struct nt_document *d)
{
	char program[PATH_MAX], why[NT_CHILD_WHY];
	int err;

	*pages = (struct report_pages){.html = NULL};
	if (!(o->formats & DRAWN))
		return 0;
	tell("drawing figures");
	err = nt_child_find(NT_FIGURE_PROGRAM, program);
	snprintf(why, sizeof(why), "%s", strerror(-err));
	if (!err)
		err = nt_figures_draw(&pages->figures, d, program, NT_FIGURE_LIMIT_S, why);
	if (err)
		return complain("figures", why, err);
	tell("");
	return o->formats & (REPORT_HTML | REPORT_PDF) ? make_page(pages, d) : 0;
}

int report_pages_print(struct report_pages *pages)
{
	char program[PATH_MAX], why[NT_CHILD_WHY];
	int err = nt_pdf_find(program);

	tell("printing to PDF");
	snprintf(why, sizeof(why), "%s", strerror(-err));
	if (!err)
		err = nt_pdf_print(program, pages->html, pages->html_size, NT_PDF_LIMIT_S, &pages->pdf, why);
	if (err)
		return complain("pdf", why, err);
	tell("");
	return 0;
}

void report_pages_fini(struct report_pages *pages)
{
	nt_figures_fini(&pages->figures);
	free(pages->html);
	free(pages->pdf.text);
}

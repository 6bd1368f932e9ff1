/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_CMD_REPORT_PARTS_H
#define NEEDLETAIL_CMD_REPORT_PARTS_H

#include "redis/url.h"
#include "report/compose/compose.h"
#include "report/document.h"
#include "report/draw/figure.h"
#include "report/report.h"

#include <stdbool.h>

/* What the files of `needletail report` share. */

#define REPORT_SENSORS_MAX 256

enum report_format {
	REPORT_MD = 1,
	REPORT_JSON = 2,
	REPORT_CSV = 4,
	REPORT_MISP = 8,
	REPORT_HTML = 16,
	REPORT_PDF = 32,
	REPORT_SVG = 64
};

struct report_options {
	struct nt_redis_url url;
	const char *password_file;
	const char *labels; /* NULL: none */
	const char *folder; /* NULL: standard output */
	enum nt_lang lang;
	unsigned int formats; /* enum report_format */
	bool pseudonyms;
	bool help;
	struct nt_report_wanted wanted;
	char *sensor_list; /* the words that wanted.choice points to */
	const char *sensor[REPORT_SENSORS_MAX];
};

/** Reads the command line, and says what is wrong with it. Returns 0 or -EINVAL. */
int report_options_read(int argc, char **argv, struct report_options *o);
void report_options_fini(struct report_options *o);

/* ---- what other programs make ---- */

struct report_pages {
	struct nt_figures figures;
	char *html; /* html_size bytes */
	size_t html_size;
	struct nt_child_output pdf;
};

/** Looks for the programs that the formats need, and says which package has one that is missing. Returns 0 or -ENOENT.
 */
int report_programs_find(const struct report_options *o);

/** Draws the figures and writes the page, where formats need them, and says what went wrong. Returns 0 or -errno. */
int report_pages_init(struct report_pages *pages, const struct report_options *o, const struct nt_document *d);
void report_pages_fini(struct report_pages *pages);

/** Makes the PDF of the page; as above. */
int report_pages_print(struct report_pages *pages);

/** What is written: a report, and the document that was made of it. */
struct report_made {
	const struct nt_report *report;
	const struct nt_report_style *style;
	const struct nt_document *document;
};

/**
 * Makes the folder if it is not there (`made`) and looks whether files can be put into it: with pseudonyms only if it
 * is empty, because files of an earlier report may tell what this one is to hide. Says what is wrong. Returns 0 or
 * -errno.
 */
int report_folder_prepare(const struct report_options *o, bool *made);

/** Writes it in the formats wanted, each file in full or not at all, and says what went wrong. Returns 0 or -errno. */
int report_files_write(const struct report_options *o, const struct report_made *made);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "cmd_report_parts.h"

#include "base/log.h"
#include "report/write/misp.h"
#include "report/write/write.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a file is filled with: a document, an item of it, a figure, what MISP takes, or what was made before. */
struct content {
	int (*document)(const struct nt_document *d, FILE *out);
	const struct nt_document *d;
	const struct nt_doc_item *item; /* CSV */
	const struct nt_figure *figure;
	const char *bytes;
	size_t size;
	const struct report_made *misp;
};

static int write_bytes(const struct content *c, FILE *out)
{
	fwrite(c->bytes, 1, c->size, out);
	if (fflush(out) || ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}

static int write_content(const struct content *c, FILE *out)
{
	errno = 0;
	if (c->bytes)
		return write_bytes(c, out);
	if (c->figure)
		return nt_write_svg(c->figure, out);
	if (c->misp)
		return nt_write_misp(c->misp->report, c->misp->style, c->misp->document, out);
	return c->item ? nt_write_csv(c->item, out) : c->document(c->d, out);
}

static int refuse(const char *path, int err)
{
	nt_error("%s: %s", path, strerror(-err));
	return err;
}

/* Returns 1 if there is nothing in it, 0 if there is, or -errno. */
static int is_empty(const char *folder)
{
	const struct dirent *entry;
	DIR *dir = opendir(folder);
	bool empty = true;
	int err;

	if (!dir)
		return -errno;
	errno = 0;
	while (empty && (entry = readdir(dir)))
		empty = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
	err = -errno;
	closedir(dir);
	return err ? err : empty;
}

int report_folder_prepare(const struct report_options *o, bool *made)
{
	struct stat status;
	int empty;

	*made = !mkdir(o->folder, 0777);
	if (!*made && errno != EEXIST)
		return refuse(o->folder, -errno);
	if (stat(o->folder, &status))
		return refuse(o->folder, -errno);
	if (!S_ISDIR(status.st_mode))
		return refuse(o->folder, -ENOTDIR);
	if (access(o->folder, W_OK | X_OK))
		return refuse(o->folder, -errno);
	empty = o->pseudonyms ? is_empty(o->folder) : 1;
	if (empty < 0)
		return refuse(o->folder, empty);
	if (empty)
		return 0;
	nt_error(
	    "%s: is not empty: with --pseudonyms nothing may stand there that tells addresses, such as the files of an "
	    "earlier report",
	    o->folder);
	return -ENOTEMPTY;
}

/* A reader never finds half a file: it is written beside its place and then put there. */
static int write_file(const char *folder, const char *name, const char *end, const struct content *content)
{
	char path[PATH_MAX], part[PATH_MAX];
	FILE *out;
	int err;

	if (snprintf(path, sizeof(path), "%s/%s%s", folder, name, end) >= (int)sizeof(path) ||
	    snprintf(part, sizeof(part), "%s/.%s%s.part", folder, name, end) >= (int)sizeof(part))
		return refuse(folder, -ENAMETOOLONG);
	out = fopen(part, "we");
	if (!out)
		return refuse(path, -errno);
	err = write_content(content, out);
	if (fclose(out) && !err)
		err = -errno;
	if (!err && rename(part, path))
		err = -errno;
	if (!err)
		return 0;
	unlink(part);
	return refuse(path, err);
}

/* A code of two capitals or digits: anything else is no name of a file. */
static bool names_file(const char *region)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

	return region && strlen(region) == 2 && strspn(region, allowed) == 2;
}

/* What goes to one region's CSIRT is a file of its own: rows stand by region, whose code is their first cell. */
static int write_regions(const char *folder, const struct nt_doc_item *item)
{
	size_t rows = nt_doc_rows(item);
	int err = 0;

	for (size_t row = 0, end; row < rows && !err; row = end) {
		const char *region = nt_doc_cell(item, row, 0)->text;
		struct nt_doc_item part = *item;
		char end_of_name[16];

		for (end = row + 1; end < rows; end++) {
			const char *next = nt_doc_cell(item, end, 0)->text;

			if (!region || !next || strcmp(region, next) != 0)
				break;
		}
		if (!names_file(region))
			continue;
		part.cell += row * item->columns;
		part.cells = (end - row) * item->columns;
		snprintf(end_of_name, sizeof(end_of_name), "-%.2s.csv", region);
		err = write_file(folder, item->id, end_of_name, &(struct content){.item = &part});
	}
	return err;
}

static int write_tables(const char *folder, const struct nt_document *d)
{
	int err = 0;

	for (size_t i = 0; i < d->items && !err; i++)
		if (d->item[i].columns)
			err = write_file(folder, d->item[i].id, ".csv", &(struct content){.item = &d->item[i]});
	for (size_t i = 0; i < d->items && !err; i++)
		if (!strcmp(d->item[i].id, "export"))
			err = write_regions(folder, &d->item[i]);
	return err;
}

static int write_figures(const char *folder, const struct nt_document *d, const struct nt_figures *figures)
{
	int err = 0;

	for (size_t i = 0; i < d->items && !err; i++)
		if (figures->at[i].wide)
			err = write_file(folder, d->item[i].id, ".svg", &(struct content){.figure = &figures->at[i]});
	return err;
}

/* PDF comes last: what may fail outside keeps nobody from the rest. */
static int write_pages(const struct report_options *o, const struct nt_document *d, struct report_pages *pages)
{
	int err = 0;

	if (o->formats & REPORT_SVG)
		err = write_figures(o->folder, d, &pages->figures);
	if (!err && o->formats & REPORT_HTML)
		err = write_file(o->folder, "report", ".html",
				 &(struct content){.bytes = pages->html, .size = pages->html_size});
	if (!err && o->formats & REPORT_PDF)
		err = report_pages_print(pages);
	if (!err && o->formats & REPORT_PDF)
		err = write_file(o->folder, "report", ".pdf",
				 &(struct content){.bytes = pages->pdf.text, .size = pages->pdf.size});
	return err;
}

static int write_folder(const struct report_options *o, const struct report_made *made, struct report_pages *pages)
{
	const struct nt_document *d = made->document;
	int err = 0;

	if (o->formats & REPORT_MD)
		err = write_file(o->folder, "report", ".md", &(struct content){.document = nt_write_md, .d = d});
	if (!err && o->formats & REPORT_JSON)
		err = write_file(o->folder, "report", ".json", &(struct content){.document = nt_write_json, .d = d});
	if (!err && o->formats & REPORT_CSV)
		err = write_tables(o->folder, d);
	if (!err && o->formats & REPORT_MISP)
		err = write_file(o->folder, "report", ".misp.json", &(struct content){.misp = made});
	return err ? err : write_pages(o, d, pages);
}

static int write_out(const struct report_options *o, const struct report_made *made, struct report_pages *pages)
{
	struct content content = {.document = nt_write_md, .d = made->document};
	int err = o->formats & REPORT_PDF ? report_pages_print(pages) : 0;

	if (err)
		return err;
	if (o->formats & REPORT_PDF)
		content = (struct content){.bytes = pages->pdf.text, .size = pages->pdf.size};
	else if (o->formats & REPORT_HTML)
		content = (struct content){.bytes = pages->html, .size = pages->html_size};
	else if (o->formats & REPORT_MISP)
		content.misp = made;
	else if (o->formats & REPORT_JSON)
		content.document = nt_write_json;
	err = write_content(&content, stdout);
	return err ? refuse("standard output", err) : 0;
}

int report_files_write(const struct report_options *o, const struct report_made *made)
{
	struct report_pages pages;
	int err = report_pages_init(&pages, o, made->document);

	if (!err)
		err = o->folder ? write_folder(o, made, &pages) : write_out(o, made, &pages);
	report_pages_fini(&pages);
	return err;
}

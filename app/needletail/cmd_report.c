/* SPDX-License-Identifier: BSD-3-Clause */
#include "cmd_report_parts.h"
#include "commands.h"

#include "base/log.h"
#include "needletail/errors.h"
#include "report/compose/compose.h"
#include "report/read/read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_MS 10000

static const char help[] =
    "usage: needletail report --redis URL --quarter 2022Q3 [options]\n"
    "\n"
    "Writes the report of a quarter: ports and regions with their ranks in the quarter before, what their lines did,\n"
    "backscatter, traces of attacks, infected hosts, scanners.\n"
    "\n"
    "      --redis URL             redis://[user[:password]@]host[:port][/db] or "
    "unix://[user[:password]@]/path[?db=N]\n"
    "      --password-file FILE    password of the server, in a file that nobody else can read\n"
    "      --quarter QUARTER       such as 2022Q3\n"
    "      --from DATE --to DATE   any other days, such as 2022-07-01; both are included; at most 366\n"
    "      --compare-to PERIOD     2022Q2 or 2022-04-01/2022-06-30 (default: the quarter, or as many days, before)\n"
    "      --group GROUP           sensors of this group (default: domestic)\n"
    "      --sensors NAME[,NAME]   these sensors\n"
    "      --focus-region CC       region that is looked at closely (default: JP)\n"
    "      --senders CC:DATE/DATE  whose senders of backscatter are listed; up to four times (default: of the "
    "highest\n"
    "                              spikes, the third of the month around them and all of their course)\n"
    "      --traces CC             region whose sources are held against the threshold (default: of attacks and "
    "tools)\n"
    "      --threshold PACKETS     of a source and day, in the table of traces (default: ten times the usual)\n"
    "      --labels FILE           whose addresses are: lines network,organisation,category\n"
    "      --pseudonyms            call organisations after their category: bank A, portal B; leave addresses out;\n"
    "                              the folder must be empty\n"
    "      --lang ja|en            language (default: that of LC_ALL, LC_MESSAGES, LANG)\n"
    "      --format FORMAT         md, html, pdf, json, csv, svg, misp, or several with commas (default: md); html, "
    "pdf\n"
    "                              and svg need gnuplot, pdf also chromium; misp: attacks, as an event for MISP\n"
    "  -o, --output DIR            folder for report.md, report.html, report.pdf, report.json, report.misp.json, a "
    "CSV\n"
    "                              file for each table and figure, and an SVG file for each figure (default: standard\n"
    "                              output)\n"
    "\n"
    "Each option is given once, but for --senders.\n";

/* ---- progress ---- */

static void tell(void *cookie, unsigned int done, unsigned int of, const char *what)
{
	(void)cookie;
	fprintf(stderr, "\r\033[Kneedletail: report: %u/%u %s", done + 1, of, what);
	fflush(stderr);
}

static void end_progress(const struct nt_report_progress *progress)
{
	if (progress)
		fputs("\r\033[K", stderr);
}

/* ---- from Redis to files ---- */

static int write_report(const struct report_options *o, const struct nt_report *r, const struct nt_labels *labels,
			const struct nt_region_names *regions)
{
	struct nt_report_style style = {
	    .lang = o->lang,
	    .regions = regions,
	    .owners = nt_owners_new(labels, o->pseudonyms, o->lang),
	};
	struct nt_document d = {.lang = o->lang};
	int err = -ENOMEM;

	if (style.owners)
		err = nt_report_compose(r, &style, &d);
	if (err)
		nt_error("report: %s", strerror(-err));
	else
		err = report_files_write(o, &(struct report_made){.report = r, .style = &style, .document = &d});
	nt_doc_fini(&d);
	nt_owners_free(style.owners);
	return err;
}

static int read_report(const struct report_options *o, struct nt_report *r)
{
	const struct nt_report_progress on_terminal = {.tell = tell};
	const struct nt_report_progress *progress = isatty(STDERR_FILENO) ? &on_terminal : NULL;
	struct nt_get *get = nt_get_new(&o->url, TIMEOUT_MS);
	char why[NT_REPORT_WHY], where[NT_REDIS_URL_TEXT];
	int err;

	if (!get) {
		nt_error("report: %s", strerror(errno));
		return -ENOMEM;
	}
	err = nt_report_read(get, &o->wanted, progress, r, why);
	end_progress(progress);
	nt_redis_url_text(&o->url, where);
	if (err)
		nt_error("%s: %s", where, why);
	nt_get_free(get);
	return err;
}

/* ---- what can be refused before anything is read ---- */

static int check_region(const struct nt_region_names *regions, const char *option, const char *code)
{
	if (!code || nt_region_known(regions, code))
		return 0;
	nt_error("--%s %s: no region has this code (ISO 3166-1)", option, code);
	return -EINVAL;
}

static int check_regions(const struct report_options *o, const struct nt_region_names *regions)
{
	const struct nt_report_wanted *w = &o->wanted;
	int err = check_region(regions, "focus-region", w->region);

	if (!err)
		err = check_region(regions, "traces", w->traces);
	for (size_t i = 0; i < w->sender_tables && !err; i++)
		err = check_region(regions, "senders", w->senders[i].region);
	return err;
}

/* What the report is made with, besides Redis. */
struct tools {
	struct nt_region_names *regions;
	struct nt_labels *labels; /* NULL: none */
	bool made_folder;
};

static int prepare(const struct report_options *o, struct tools *t)
{
	char why[NT_LABELS_WHY];
	int err = report_programs_find(o);

	if (err)
		return err;
	t->regions = nt_region_names_new(o->lang);
	if (!t->regions) {
		err = -errno;
		nt_error("report: %s", strerror(errno));
		return err;
	}
	err = check_regions(o, t->regions);
	if (err)
		return err;
	if (o->labels) {
		t->labels = nt_labels_load(o->labels, why);
		if (!t->labels) {
			nt_error("%s", why);
			return -EINVAL;
		}
	}
	return o->folder ? report_folder_prepare(o, &t->made_folder) : 0;
}

static int run(const struct report_options *o)
{
	struct tools t = {.regions = NULL};
	struct nt_report r = {.frames = 0};
	int status = NT_EXIT_UNUSABLE;

	if (!prepare(o, &t)) {
		int err = read_report(o, &r);

		if (!err)
			err = write_report(o, &r, t.labels, t.regions);
		status = err ? NT_EXIT_FAILED : NT_EXIT_OK;
		if (err && t.made_folder)
			rmdir(o->folder); /* which it leaves if there is something in it */
		nt_report_fini(&r);
	}
	nt_labels_free(t.labels);
	nt_region_names_free(t.regions);
	return status;
}

int cmd_report(int argc, char **argv)
{
	static char name[] = "needletail: report"; /* getopt's messages begin like ours */
	struct report_options o;
	int status = NT_EXIT_UNUSABLE;

	argv[0] = name;
	if (!report_options_read(argc, argv, &o)) {
		if (o.help)
			status = printf("%s", help) < 0 ? NT_EXIT_FAILED : NT_EXIT_OK;
		else
			status = run(&o);
	}
	report_options_fini(&o);
	return status;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/write/pdf.h"

#include <ctype.h>
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int nt_pdf_find(char path[static PATH_MAX])
{
	static const char *const name[] = {"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"};

	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++)
		if (!nt_child_find(name[i], path))
			return 0;
	return -ENOENT;
}

/* ---- the folder ---- */

static int forget_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	remove(path);
	return 0;
}

static void forget(const char *folder)
{
	nftw(folder, forget_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static int make_folder(char folder[static PATH_MAX])
{
	const char *parent = getenv("TMPDIR");

	if (!parent || parent[0] != '/')
		parent = "/tmp";
	if (snprintf(folder, PATH_MAX, "%.2000s/needletail-report.XXXXXX", parent) >= PATH_MAX)
		return -ENAMETOOLONG;
	return mkdtemp(folder) ? 0 : -errno;
}

static int write_page(const char *folder, const char *html, size_t size)
{
	char path[PATH_MAX + 16];
	FILE *out;
	int err = 0;

	snprintf(path, sizeof(path), "%s/report.html", folder);
	out = fopen(path, "wex");
	if (!out)
		return -errno;
	if (fwrite(html, 1, size, out) != size)
		err = -errno;
	if (fclose(out) && !err)
		err = -errno;
	return err;
}

static int read_pdf(const char *folder, struct nt_child_output *pdf)
{
	char path[PATH_MAX + 16];
	FILE *in;
	long size;

	snprintf(path, sizeof(path), "%s/report.pdf", folder);
	in = fopen(path, "re");
	if (!in)
		return -errno;
	*pdf = (struct nt_child_output){.text = NULL};
	if (!fseek(in, 0, SEEK_END) && (size = ftell(in)) > 4 && !fseek(in, 0, SEEK_SET)) {
		pdf->text = malloc((size_t)size);
		if (pdf->text)
			pdf->size = fread(pdf->text, 1, (size_t)size, in);
	}
	fclose(in);
	if (pdf->size > 4 && !memcmp(pdf->text, "%PDF", 4))
		return 0;
	free(pdf->text);
	pdf->text = NULL;
	return -EBADMSG;
}

/* ---- the program ---- */

#define ARGUMENT_MOST (PATH_MAX + 64)

/* A file as an address (RFC 8089), whatever characters its path has. */
static void put_address(const char *path, char *out, size_t size)
{
	size_t used = (size_t)snprintf(out, size, "file://");

	for (; *path && used + 4 < size; path++)
		used += (size_t)snprintf(out + used, size - used,
					 isalnum((unsigned char)*path) || strchr("/._-", *path) ? "%c" : "%%%02X",
					 (unsigned char)*path);
}

/* Nothing is kept: profile, caches and temporary files are in the folder; the user's fonts are found at home. The page
 * asks for nothing outside itself. As root Chromium has no sandbox, and says so unless it is told. */
static int print(const char *program, const char *folder, int limit_s, char why[static NT_CHILD_WHY])
{
	char profile[ARGUMENT_MOST], target[ARGUMENT_MOST], file[ARGUMENT_MOST], page[3 * ARGUMENT_MOST];
	char path[ARGUMENT_MOST];
	char temporary[ARGUMENT_MOST], cache[ARGUMENT_MOST], config[ARGUMENT_MOST];
	char home[ARGUMENT_MOST];
	const char *argv[20] = {program,
				"--headless",
				"--disable-gpu",
				"--no-pdf-header-footer",
				"--no-first-run",
				"--disable-extensions",
				"--disable-background-networking",
				"--disable-sync",
				"--disable-component-update",
				"--disable-breakpad",
				"--disable-crash-reporter",
				"--disable-dev-shm-usage",
				"--no-proxy-server",
				profile,
				target};
	const char *environment[] = {path, home, temporary, cache, config, "LC_ALL=C.UTF-8", NULL};
	const struct nt_child child = {
	    .program = program, .argv = argv, .environment = environment, .input = "", .limit_s = limit_s};
	struct nt_child_output said;
	size_t n = 0;
	int err;

	snprintf(path, sizeof(path), "PATH=%.4000s", getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
	snprintf(home, sizeof(home), "HOME=%.4000s", getenv("HOME") ? getenv("HOME") : folder);
	snprintf(cache, sizeof(cache), "XDG_CACHE_HOME=%s", folder);
	snprintf(config, sizeof(config), "XDG_CONFIG_HOME=%s", folder);
	snprintf(temporary, sizeof(temporary), "TMPDIR=%s", folder);
	snprintf(profile, sizeof(profile), "--user-data-dir=%s/profile", folder);
	snprintf(target, sizeof(target), "--print-to-pdf=%s/report.pdf", folder);
	snprintf(file, sizeof(file), "%s/report.html", folder);
	put_address(file, page, sizeof(page));
	while (argv[n])
		n++;
	if (!geteuid())
		argv[n++] = "--no-sandbox";
	argv[n++] = page;
	err = nt_child_run(&child, &said, why);
	free(said.text);
	return err;
}

static int print_in(const char *folder, const char *program, const char *html, size_t size, int limit_s,
		    struct nt_child_output *pdf, char why[static NT_CHILD_WHY])
{
	int err = write_page(folder, html, size);

	if (err) {
		snprintf(why, NT_CHILD_WHY, "%.150s: %s", folder, strerror(-err));
		return err;
	}
	err = print(program, folder, limit_s, why);
	if (err)
		return err;
	err = read_pdf(folder, pdf);
	if (err)
		snprintf(why, NT_CHILD_WHY, "%.150s made no PDF", program);
	return err;
}

int nt_pdf_print(const char *program, const char *html, size_t size, int limit_s, struct nt_child_output *pdf,
		 char why[static NT_CHILD_WHY])
{
	char folder[PATH_MAX];
	sigset_t ending, before;
	int err;

	*pdf = (struct nt_child_output){.text = NULL};
	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &ending, &before);
	err = make_folder(folder);
	if (err) {
		snprintf(why, NT_CHILD_WHY, "temporary folder: %s", strerror(-err));
	} else {
		err = print_in(folder, program, html, size, limit_s, pdf, why);
		forget(folder);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

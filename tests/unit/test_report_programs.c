/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/draw/figure.h"
#include "report/write/pdf.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Programs here are shell scripts in a folder of their own. */
static char folder[] = "/tmp/needletail-programs-XXXXXX";
static char path[PATH_MAX];

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[PATH_MAX];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command); /* NOLINT: the folder's name is ours */
}

static const char *program(const char *text)
{
	FILE *out;

	snprintf(path, sizeof(path), "%s/program", folder);
	unlink(path);
	out = fopen(path, "w");
	assert_non_null(out);
	fprintf(out, "#!/bin/sh\n%s\n", text);
	fclose(out);
	chmod(path, 0700);
	return path;
}

static int run(const char *text, const char *input, int limit_s, struct nt_child_output *out,
	       char why[static NT_CHILD_WHY])
{
	const char *const argv[] = {"program", "a b", "$(c)", NULL};
	const char *const environment[] = {"PATH=/usr/bin:/bin", NULL};
	const struct nt_child child = {.program = program(text),
				       .argv = argv,
				       .environment = environment,
				       .input = input,
				       .input_size = strlen(input),
				       .limit_s = limit_s};

	why[0] = '\0';
	return nt_child_run(&child, out, why);
}

static void no_child_is_left(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* ---- running ---- */

static void input_goes_in_and_output_comes_out(void **state)
{
	static char input[3 << 20]; /* more than a pipe holds */
	struct nt_child_output out;
	char why[NT_CHILD_WHY];

	(void)state;
	memset(input, 'x', sizeof(input) - 1);
	assert_int_equal(run("cat; echo noise >&2", input, 20, &out, why), 0);
	assert_int_equal(out.size, sizeof(input) - 1);
	assert_memory_equal(out.text, input, out.size);
	free(out.text);
	assert_int_equal(run("printf '%s|' \"$@\"", "", 20, &out, why), 0);
	assert_string_equal(out.text, "a b|$(c)|");
	free(out.text);
	no_child_is_left();
}

static void failures_say_why(void **state)
{
	static const struct {
		const char *text;
		int err;
		const char *why;
	} row[] = {
	    {"echo first >&2; printf 'no such terminal\\n\\n' >&2; exit 3", -EIO,
	     "program failed with status 3: no such terminal"},
	    {"exit 1", -EIO, "program failed with status 1"},
	    {"kill -9 $$", -EIO, "program was ended by signal 9"},
	    {"printf '\\033]0;x\\007' >&2; exit 1", -EIO, "program failed with status 1: ?]0;x?"},
	    {"sleep 100", -ETIMEDOUT, "program was not done after 1 s"},
	    {"trap '' TERM INT HUP; while :; do sleep 1; done", -ETIMEDOUT, "program was not done after 1 s"},
	};
	struct nt_child_output out;
	char why[NT_CHILD_WHY];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(run(row[i].text, "", 1, &out, why), row[i].err);
		assert_string_equal(why, row[i].why);
		assert_null(out.text);
		no_child_is_left();
	}
}

static bool is_running(long pid)
{
	char name[64], text[256] = "";
	FILE *in;

	snprintf(name, sizeof(name), "/proc/%ld/stat", pid);
	in = fopen(name, "r");
	if (!in)
		return false;
	if (!fgets(text, sizeof(text), in))
		text[0] = '\0';
	fclose(in);
	return strrchr(text, ')') && strncmp(strrchr(text, ')'), ") Z", 3) != 0;
}

/* Chromium is many processes: when the first one is over, so are the others. */
static void what_it_started_ends_with_it(void **state)
{
	static const char *const text[] = {"sleep 100 & echo $!", "sleep 100 & echo $! >&2; sleep 100"};
	struct nt_child_output out;
	char why[NT_CHILD_WHY];
	char *end;
	long pid;

	(void)state;
	assert_int_equal(run(text[0], "", 10, &out, why), 0);
	pid = strtol(out.text, &end, 10);
	assert_true(pid > 1);
	for (int i = 0; i < 100 && is_running(pid); i++)
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	assert_false(is_running(pid));
	free(out.text);
	assert_int_equal(run(text[1], "", 1, &out, why), -ETIMEDOUT);
	no_child_is_left();
}

static void a_signal_ends_it_and_stays_pending(void **state)
{
	struct nt_child_output out;
	char why[NT_CHILD_WHY];
	sigset_t set, before;
	int got;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, &before);
	raise(SIGTERM);
	assert_int_equal(run("sleep 100", "", 60, &out, why), -EINTR);
	assert_int_equal(sigwait(&set, &got), 0);
	assert_int_equal(got, SIGTERM);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	no_child_is_left();
}

static void programs_are_looked_for_in_path(void **state)
{
	char *before = strdup(getenv("PATH")), found[PATH_MAX], list[PATH_MAX + 64];

	(void)state;
	program("true");
	snprintf(list, sizeof(list), "/nowhere::/etc:%s:/bin", folder);
	setenv("PATH", list, 1);
	assert_int_equal(nt_child_find("program", found), 0);
	assert_string_equal(found, path);
	assert_int_equal(nt_child_find("group", found), -ENOENT); /* /etc/group cannot be run */
	assert_int_equal(nt_pdf_find(found), access("/bin/chromium", X_OK) ? -ENOENT : 0);
	setenv("PATH", before, 1);
	free(before);
}

/* ---- gnuplot ---- */

static int draw(const char *text, int limit_s, struct nt_figures *figures, char why[static NT_CHILD_WHY])
{
	struct nt_document d;
	int err;

	nt_doc_begin(&d, NT_LANG_EN);
	nt_doc_item(&d, "F1", NT_DOC_FIGURE, NT_MSG_TITLE_F1, NULL, 0);
	nt_doc_column(&d, "date", NT_DOC_DATE, NT_MSG_COL_DATE);
	nt_doc_column_named(&d, "a", NT_DOC_COUNT, "a")->line = true;
	for (int i = 0; i < 3; i++) {
		nt_doc_day(&d, 19174 + i);
		nt_doc_number(&d, i);
	}
	nt_doc_item(&d, "T1", NT_DOC_TABLE, NT_MSG_TITLE_T1, NULL, 0);
	err = nt_figures_draw(figures, &d, program(text), limit_s, why);
	nt_doc_fini(&d);
	return err;
}

static void figures_are_what_gnuplot_drew(void **state)
{
	struct nt_figures figures;
	char why[NT_CHILD_WHY];

	(void)state;
	assert_int_equal(
	    draw("grep -q '^plot' || exit 1; echo '<svg><g id=\"gnuplot_canvas\">drawn</g></svg>'", 10, &figures, why),
	    0);
	assert_int_equal(figures.n, 2);
	assert_non_null(strstr(figures.at[0].wide, "F1-w-gnuplot_canvas\">drawn</g>"));
	assert_non_null(strstr(figures.at[0].narrow, "F1-n-gnuplot_canvas\">drawn</g>"));
	assert_null(figures.at[1].wide);
	nt_figures_fini(&figures);
}

static void gnuplot_may_fail(void **state)
{
	static const struct {
		const char *text;
		int err;
		const char *why;
	} row[] = {
	    {"echo 'line 1: unknown or ambiguous terminal type' >&2; exit 1", -EIO,
	     "program failed with status 1: line 1: unknown or ambiguous terminal type"},
	    {"sleep 100", -ETIMEDOUT, "program was not done after 1 s"},
	    {"echo nothing", -EBADMSG, "gnuplot made no picture; has it a terminal svg?"},
	};
	struct nt_figures figures;
	char why[NT_CHILD_WHY];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(draw(row[i].text, 1, &figures, why), row[i].err);
		assert_string_equal(why, row[i].why);
		assert_null(figures.at);
	}
	no_child_is_left();
}

/* ---- the browser ---- */

static size_t files_in(const char *where)
{
	DIR *dir = opendir(where);
	size_t n = 0;

	assert_non_null(dir);
	for (const struct dirent *one; (one = readdir(dir));)
		n += one->d_name[0] != '.';
	closedir(dir);
	return n;
}

/* The page comes as an address of which blanks and such are escaped; the PDF goes where the option says. */
#define FIND                                                                                                           \
	"for a in \"$@\"; do case $a in --print-to-pdf=*) to=${a#*=};; --user-data-dir=*) dir=${a#*=};; file://*) "    \
	"page=${a#file://};; esac; done; mkdir -p \"$dir/deep/er\"; ln -s / \"$dir/root\"; touch \"$TMPDIR/x\"\n"

static void pdf_is_what_the_browser_printed(void **state)
{
	static const struct {
		const char *text;
		int err;
		const char *why;
	} row[] = {
	    {FIND "page=$(printf %s \"$page\" | sed 's/%20/ /g; s/%23/#/g'); (printf %%PDF-; cat \"$page\") >\"$to\"",
	     0, ""},
	    {FIND "echo no display >&2; exit 5", -EIO, "program failed with status 5: no display"},
	    {FIND "exit 0", -ENOENT, NULL},
	    {FIND "echo nonsense >\"$to\"", -EBADMSG, NULL},
	    {FIND "sleep 100", -ETIMEDOUT, "program was not done after 1 s"},
	};
	char why[NT_CHILD_WHY], temporary[PATH_MAX];
	struct nt_child_output pdf;

	(void)state;
	snprintf(temporary, sizeof(temporary), "%s/a b#c", folder);
	mkdir(temporary, 0700);
	setenv("TMPDIR", temporary, 1);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		why[0] = '\0';
		assert_int_equal(nt_pdf_print(program(row[i].text), "<html>", 6, i == 4 ? 1 : 20, &pdf, why),
				 row[i].err);
		if (row[i].why)
			assert_string_equal(why, row[i].why);
		else
			assert_non_null(strstr(why, "made no PDF"));
		if (!row[i].err)
			assert_memory_equal(pdf.text, "%PDF-<html>", 11);
		else
			assert_null(pdf.text);
		free(pdf.text);
		assert_int_equal(files_in(temporary), 0);
		no_child_is_left();
	}
	setenv("TMPDIR", "/nowhere", 1);
	assert_int_equal(nt_pdf_print(path, "", 0, 1, &pdf, why), -ENOENT);
	assert_string_equal(why, "temporary folder: No such file or directory");
	unsetenv("TMPDIR");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(input_goes_in_and_output_comes_out),
	    cmocka_unit_test(failures_say_why),
	    cmocka_unit_test(what_it_started_ends_with_it),
	    cmocka_unit_test(a_signal_ends_it_and_stays_pending),
	    cmocka_unit_test(programs_are_looked_for_in_path),
	    cmocka_unit_test(figures_are_what_gnuplot_drew),
	    cmocka_unit_test(gnuplot_may_fail),
	    cmocka_unit_test(pdf_is_what_the_browser_printed),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "random.h"
#include "spool/whose.h"
#include "spool_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A file of somebody else's in the place of the spool is refused and not touched; one of ours that is damaged makes way
 * for a new one, whatever the damage. */

enum { BLOCK = 4096, PAGE = 8192, HEADER = 100, AT_APPLICATION = 68, AT_ROWS = 103 };

static void discard(enum nt_log_level level, const char *line)
{
	(void)level;
	(void)line;
}

/* The spool is closed, and what the test does is to its file. */
static int set_up(void **state)
{
	struct spool_fixture *f;

	nt_log_set_sink(discard);
	random_state = 1;
	spool_fixture_set_up(state);
	f = *state;
	for (uint64_t i = 1; i <= 5; i++)
		assert_int_equal(fixture_push(f, i), 0);
	nt_spool_free(f->spool);
	f->spool = NULL;
	return 0;
}

static void write_file(const struct spool_fixture *f, const void *bytes, size_t n)
{
	int fd = open(f->path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	close(fd);
}

static uint8_t *read_file(const char *path, size_t *n)
{
	struct stat status;
	uint8_t *bytes;
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &status), 0);
	*n = (size_t)status.st_size;
	bytes = malloc(*n + 1);
	assert_non_null(bytes);
	assert_int_equal(read(fd, bytes, *n), *n);
	close(fd);
	return bytes;
}

static size_t files_in(const char *path)
{
	DIR *dir = opendir(path);
	size_t n = 0;

	assert_non_null(dir);
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

/* Refused, and not a byte, a time or a name is another one. */
static void expect_refused(const struct spool_fixture *f, const char *what)
{
	size_t before, after, files = files_in(f->directory);
	uint8_t *was = read_file(f->path, &before), *is;
	struct stat then, now;

	assert_int_equal(stat(f->path, &then), 0);
	errno = 0;
	if (nt_spool_open(&f->options) || errno != EMEDIUMTYPE)
		fail_msg("%s: %s", what, strerror(errno));
	assert_int_equal(stat(f->path, &now), 0);
	is = read_file(f->path, &after);
	assert_int_equal(before, after);
	assert_memory_equal(was, is, before);
	assert_int_equal(now.st_ino, then.st_ino);
	assert_memory_equal(&now.st_mtim, &then.st_mtim, sizeof(now.st_mtim));
	assert_int_equal(files_in(f->directory), files);
	free(was);
	free(is);
}

/* It works, with what was there or put aside and begun anew, and goes on working. */
static void expect_ours(struct spool_fixture *f, const char *what)
{
	nt_spool_free(f->spool);
	f->spool = nt_spool_open(&f->options);
	if (!f->spool)
		fail_msg("%s: %s", what, strerror(errno));
	assert_int_equal(fixture_push(f, 77), 0);
	fixture_expect(f, nt_spool_end(f->spool) - 1, 77);
	nt_spool_free(f->spool);
	f->spool = NULL;
}

static void header_of_a_database(uint8_t *page, uint32_t application, uint16_t tables)
{
	memcpy(page, "SQLite format 3", 16);
	page[16] = BLOCK >> 8;
	page[18] = page[19] = 1;
	page[21] = 64;
	page[22] = page[23] = 32;
	page[31] = 1;
	for (int i = 0; i < 4; i++)
		page[AT_APPLICATION + i] = (uint8_t)(application >> (24 - 8 * i));
	page[HEADER] = 13;
	page[AT_ROWS] = (uint8_t)(tables >> 8);
	page[AT_ROWS + 1] = (uint8_t)tables;
}

static void files_of_others_are_refused(void **state)
{
	struct spool_fixture *f = *state;
	static const char *const texts[] = {"x",
					    "\n",
					    "SQLite\n",
					    "this is no spool\n",
					    "{\"schema\":\"needletail/1\"}",
					    "NTSP is how it begins, but for what comes then",
					    "SQLite format 2\n"};
	static uint8_t bytes[20 * BLOCK];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		write_file(f, texts[i], strlen(texts[i]));
		expect_refused(f, texts[i]);
	}
	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)next_random();
		write_file(f, bytes, 1 + next_random() % sizeof(bytes));
		expect_refused(f, "bytes");
	}
	memset(bytes, 0, BLOCK / 2); /* an image of a disk */
	write_file(f, bytes, sizeof(bytes));
	expect_refused(f, "image");
}

static void databases_of_others_are_refused(void **state)
{
	struct spool_fixture *f = *state;
	static const uint32_t application[] = {1, 0x4e545351, 0x0f055112, 0xffffffff, 0};

	for (size_t i = 0; i < sizeof(application) / sizeof(application[0]); i++) {
		uint8_t page[BLOCK] = {0};

		header_of_a_database(page, application[i], (uint16_t)(i + 1) * 100);
		write_file(f, page, sizeof(page));
		expect_refused(f, "database");
	}
}

static void an_empty_file_becomes_a_spool(void **state)
{
	struct spool_fixture *f = *state;

	write_file(f, "", 0);
	expect_ours(f, "empty");
	assert_int_equal(files_in(f->directory), 1); /* nothing is put aside */
}

/* What a power failure leaves: zeros, a beginning, blocks of either. */
static void what_is_left_of_a_spool_is_ours(void **state)
{
	struct spool_fixture *f = *state;
	static const size_t zeros[] = {16, 72, 100, 512, BLOCK, PAGE, 3 * PAGE, SIZE_MAX};
	static const size_t cuts[] = {1, 2, 15, 16, 17, 99, 100, 107, 108, 511, BLOCK, PAGE, 2 * PAGE + 1};
	size_t n;
	uint8_t *whole = read_file(f->path, &n), *broken = malloc(n);

	assert_non_null(broken);
	for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++) {
		memcpy(broken, whole, n);
		memset(broken, 0, zeros[i] < n ? zeros[i] : n);
		write_file(f, broken, n);
		expect_ours(f, "zeros");
	}
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		write_file(f, whole, cuts[i]);
		expect_ours(f, "cut");
	}
	for (size_t length = 1; length <= PAGE; length *= 2)
		for (size_t at = 0; at < 2 * HEADER; at += 1 + length / 8) {
			memcpy(broken, whole, n);
			for (size_t i = at; i < at + length; i++)
				broken[i] = (uint8_t)next_random();
			write_file(f, broken, n);
			expect_ours(f, "nonsense");
		}
	free(whole);
	free(broken);
}

static void crash_after(const struct spool_fixture *f, uint64_t pushes)
{
	int status;
	pid_t child = fork();

	if (!child) {
		struct spool_fixture own = *f;

		own.spool = nt_spool_open(&f->options);
		for (uint64_t i = 1; own.spool && i <= pushes; i++)
			fixture_push(&own, i);
		_exit(!own.spool); /* without closing */
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* A crash before the log was ever emptied: the file says nothing of its own. Nothing is lost by it. */
static void a_spool_whose_log_has_all_is_ours(void **state)
{
	struct spool_fixture *f = *state;
	char log[128];
	uint8_t page[PAGE];

	snprintf(log, sizeof(log), "%s-wal", f->path);
	for (uint64_t pushes = 0; pushes <= 3; pushes += 3) {
		unlink(f->path);
		unlink(log);
		crash_after(f, pushes);
		fixture_restart(f);
		for (uint64_t i = 1; i <= pushes; i++)
			fixture_expect(f, i, i);
		nt_spool_free(f->spool);
		f->spool = NULL;
	}
	for (size_t i = 0; i < sizeof(page); i++)
		page[i] = (uint8_t)next_random();
	for (uint64_t pushes = 0; pushes <= 3; pushes += 3) {
		unlink(f->path);
		unlink(log);
		crash_after(f, pushes);
		write_file(f, page, sizeof(page));
		expect_ours(f, "log");
	}
}

/* What somebody does who looks does not end the lock of the one who works. */
static void looking_keeps_the_lock(void **state)
{
	struct spool_fixture *f = *state;
	int status;
	pid_t child;

	fixture_restart(f);
	assert_null(nt_spool_open(&f->options));
	assert_int_equal(errno, EBUSY);
	child = fork();
	if (!child)
		_exit(nt_spool_open(&f->options) || errno != EBUSY);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void a_link_that_leads_nowhere_is_named_so(void **state)
{
	struct spool_fixture *f = *state;
	char target[128];
	struct stat status;

	snprintf(target, sizeof(target), "%s/nowhere", f->directory);
	unlink(f->path);
	assert_int_equal(symlink(target, f->path), 0);
	assert_null(nt_spool_open(&f->options));
	assert_int_equal(errno, ENOLINK);
	assert_string_equal(nt_spool_refusal(ENOLINK), "it is a link to a file that is not there");
	assert_int_equal(lstat(f->path, &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	assert_int_not_equal(access(target, F_OK), 0);
	assert_int_equal(close(open(target, O_CREAT | O_WRONLY, 0600)), 0);
	expect_ours(f, "a link that leads somewhere");
}

#define WHOSE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, spool_fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WHOSE_TEST(files_of_others_are_refused),	       WHOSE_TEST(databases_of_others_are_refused),
	    WHOSE_TEST(an_empty_file_becomes_a_spool),	       WHOSE_TEST(what_is_left_of_a_spool_is_ours),
	    WHOSE_TEST(a_spool_whose_log_has_all_is_ours),     WHOSE_TEST(looking_keeps_the_lock),
	    WHOSE_TEST(a_link_that_leads_nowhere_is_named_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

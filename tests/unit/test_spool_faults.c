/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "random.h"
#include "spool_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Disks that are full, read-only or broken, and files that somebody removes, cuts or overwrites. */

static uint32_t errors, infos; /* lines logged */

static void count_line(enum nt_log_level level, const char *line)
{
	(void)line;
	errors += level == NT_LOG_ERROR;
	infos += level == NT_LOG_INFO;
}

static int set_up(void **state)
{
	nt_log_set_sink(count_line);
	random_state = 1;
	spool_fixture_set_up(state);
	errors = infos = 0;
	return 0;
}

static bool on_disk(struct spool_fixture *f)
{
	struct nt_spool_counters c;

	nt_spool_read_counters(f->spool, &c);
	return c.on_disk;
}

/* Nothing is lost and nothing moved: entries first..last are those that were pushed. */
static void expect_all(struct spool_fixture *f, uint64_t first, uint64_t last)
{
	for (uint64_t i = first; i <= last; i++)
		fixture_expect(f, i, i);
}

/* ---- disks that refuse ---- */

static void refuse_writes(void)
{
	const struct rlimit none = {.rlim_cur = 0, .rlim_max = RLIM_INFINITY};

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
}

static void allow_writes(void)
{
	const struct rlimit any = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &any), 0);
}

static void what_the_disk_refuses_waits_in_memory(void **state)
{
	struct spool_fixture *f = *state;
	uint64_t i = 0;

	while (i < 5)
		assert_int_equal(fixture_push(f, ++i), 0);
	refuse_writes();
	while (i < 12)
		assert_int_equal(fixture_push(f, ++i), 1);
	assert_int_equal(errors, 1); /* said once */
	assert_false(on_disk(f));
	expect_all(f, 6, 12);
	assert_int_equal(nt_spool_set_applied(f->spool, NT_SINK_REDIS, 8), -EIO);
	assert_int_equal(nt_spool_applied(f->spool, NT_SINK_REDIS), 8);
	allow_writes();
	assert_int_equal(fixture_push(f, ++i), 0);
	assert_true(on_disk(f));
	assert_int_equal(infos, 1);
	expect_all(f, 1, 13);
	fixture_restart(f);
	expect_all(f, 1, 13);
	assert_int_equal(nt_spool_applied(f->spool, NT_SINK_REDIS), 8);
	assert_int_equal(nt_spool_dropped(f->spool, 1, 14), 0);
	assert_int_equal(errors, 1);
}

/* Memory is bounded too, and what goes then is counted and remembered on disk. */
static void memory_is_bounded_while_the_disk_refuses(void **state)
{
	struct spool_fixture *f = *state;
	struct nt_spool_counters c;
	uint64_t i = 0;

	f->options.memory_snapshots = 10;
	fixture_restart(f);
	while (i < 5)
		assert_int_equal(fixture_push(f, ++i), 0);
	refuse_writes();
	while (i < 30)
		assert_int_equal(fixture_push(f, ++i), 1);
	allow_writes();
	assert_int_equal(fixture_push(f, ++i), 0);
	fixture_restart(f);
	expect_all(f, 1, 5);
	expect_all(f, 22, 31);
	assert_int_equal(nt_spool_next(f->spool, 6), 22);
	nt_spool_read_counters(f->spool, &c);
	assert_int_equal(c.dropped, 16);
	assert_int_equal(nt_spool_dropped(f->spool, 6, 22), 16);
}

/* What was only in memory dies with the process, but its numbers are not given again. */
static void numbers_of_a_refusing_disk_are_not_given_again(void **state)
{
	struct spool_fixture *f = *state;
	char command[256];

	assert_int_equal(fixture_push(f, 1), 0);
	refuse_writes();
	assert_int_equal(fixture_push(f, 2), 1);
	assert_int_equal(fixture_push(f, 3), 1);
	allow_writes();
	/* As a crash leaves it */
	snprintf(command, sizeof(command), "cd %s && mkdir crashed && cp spool.db spool.db-wal crashed", f->directory);
	assert_int_equal(system(command), 0);
	nt_spool_free(f->spool);
	f->spool = NULL;
	snprintf(command, sizeof(command), "cd %s && rm -f spool.db* && mv crashed/* .", f->directory);
	assert_int_equal(system(command), 0);
	fixture_restart(f);
	fixture_expect(f, 1, 1);
	fixture_expect(f, 2, 0);
	assert_true(nt_spool_end(f->spool) > 1000);
}

/* A small file system of its own; only root may make one. */
static bool mount_small(struct spool_fixture *f, const char *options)
{
	nt_spool_free(f->spool);
	f->spool = NULL;
	if (!mount("tmpfs", f->directory, "tmpfs", 0, options))
		return true;
	print_message("a full disk is not tested: mount: %s\n", strerror(errno));
	return false;
}

static void a_full_disk_gets_room_again(void **state)
{
	struct spool_fixture *f = *state;
	char filler[128];
	uint64_t i = 0, held;
	int fd;

	if (!mount_small(f, "size=3m"))
		skip();
	snprintf(filler, sizeof(filler), "%s/filler", f->directory);
	fd = open(filler, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(posix_fallocate(fd, 0, 2 << 20), 0);
	close(fd);
	fixture_restart(f);
	while (!fixture_push(f, ++i))
		assert_true(i < 100);
	held = i + 10;
	while (i < held)
		assert_int_equal(fixture_push(f, ++i), 1);
	assert_int_equal(errors, 1);
	expect_all(f, 1, i);
	assert_int_equal(nt_spool_set_applied(f->spool, NT_SINK_LINES, 3), -EIO);
	unlink(filler);
	assert_int_equal(fixture_push(f, ++i), 0);
	assert_true(on_disk(f));
	fixture_restart(f);
	expect_all(f, 1, i);
	assert_int_equal(nt_spool_applied(f->spool, NT_SINK_LINES), 3);
	nt_spool_free(f->spool);
	f->spool = NULL;
	assert_int_equal(umount(f->directory), 0);
}

static void a_disk_that_is_full_from_the_start_is_waited_for(void **state)
{
	struct spool_fixture *f = *state;
	char filler[128];
	int fd;

	if (!mount_small(f, "size=1m"))
		skip();
	snprintf(filler, sizeof(filler), "%s/filler", f->directory);
	fd = open(filler, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(posix_fallocate(fd, 0, 1 << 20), 0);
	close(fd);
	fixture_restart(f);
	assert_int_equal(fixture_push(f, 1), 1);
	assert_int_equal(fixture_push(f, 2), 1);
	assert_int_equal(errors, 1);
	unlink(filler);
	assert_int_equal(fixture_push(f, 3), 0);
	fixture_restart(f);
	expect_all(f, 1, 3);
	nt_spool_free(f->spool);
	f->spool = NULL;
	assert_int_equal(umount(f->directory), 0);
}

static void a_disk_that_is_read_only_is_waited_for(void **state)
{
	struct spool_fixture *f = *state;

	if (!mount_small(f, "size=8m"))
		skip();
	assert_int_equal(mount("tmpfs", f->directory, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
	fixture_restart(f);
	assert_int_equal(fixture_push(f, 1), 1);
	assert_int_equal(errors, 1);
	expect_all(f, 1, 1);
	assert_int_equal(mount("tmpfs", f->directory, "tmpfs", MS_REMOUNT, NULL), 0);
	assert_int_equal(fixture_push(f, 2), 0);
	fixture_restart(f);
	expect_all(f, 1, 2);
	nt_spool_free(f->spool);
	f->spool = NULL;
	assert_int_equal(umount(f->directory), 0);
}

/* ---- files that somebody breaks ---- */

static uint64_t file_size(const char *path)
{
	struct stat status;

	return stat(path, &status) ? 0 : (uint64_t)status.st_size;
}

static void overwrite(const char *path, uint64_t offset, size_t length)
{
	int fd = open(path, O_WRONLY);
	uint8_t bytes[8192];

	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)next_random();
	assert_int_equal(pwrite(fd, bytes, length, (off_t)offset), length);
	close(fd);
}

/* Every entry is as it was pushed, or not there and counted as damaged. Returns how many are there. */
static uint64_t expect_rest(struct spool_fixture *f, uint64_t n)
{
	struct nt_spool_counters c;
	uint64_t held = 0;

	for (uint64_t i = 1; i <= n; i++) {
		const struct nt_snapshot *snapshot;

		if (nt_spool_get(f->spool, i, &snapshot))
			continue;
		nt_spool_release(f->spool, snapshot);
		fixture_expect(f, i, i);
		held++;
	}
	nt_spool_read_counters(f->spool, &c);
	if (c.damaged != n - held || c.dropped != c.damaged)
		fail_msg("%llu of %llu held, damaged %llu, dropped %llu", (unsigned long long)held,
			 (unsigned long long)n, (unsigned long long)c.damaged, (unsigned long long)c.dropped);
	assert_int_equal(nt_spool_dropped(f->spool, 1, n + 1), n - held);
	return held;
}

enum { ENTRIES = 12, MANY_ENTRIES = 160, PAGE = 8192 };

/* Opens what was broken while it was closed. It works, and goes on working. */
static bool open_broken(struct spool_fixture *f, const char *id)
{
	bool same;

	fixture_restart(f);
	same = !strcmp(nt_spool_id(f->spool), id);
	if (same)
		expect_rest(f, ENTRIES);
	else
		assert_int_equal(nt_spool_next(f->spool, 1), 0); /* put aside, begun anew */
	assert_int_equal(fixture_push(f, 500), 0);
	fixture_expect(f, nt_spool_end(f->spool) - 1, 500);
	return same;
}

static void copy(const char *from, const char *to)
{
	char command[512];

	snprintf(command, sizeof(command), "cp '%s' '%s'", from, to);
	assert_int_equal(system(command), 0);
}

static void broken_while_closed(void **state, bool cut)
{
	struct spool_fixture *f = *state;
	char id[NT_SPOOL_ID], good[128], command[256];
	uint32_t same = 0, anew = 0;
	uint64_t size;

	for (uint64_t i = 1; i <= ENTRIES; i++)
		assert_int_equal(fixture_push(f, i), 0);
	strcpy(id, nt_spool_id(f->spool));
	nt_spool_free(f->spool);
	f->spool = NULL;
	snprintf(good, sizeof(good), "%s/good", f->directory);
	copy(f->path, good);
	size = file_size(good);
	for (uint64_t offset = 0; offset < size; offset += cut ? 3 * PAGE + 1000 : PAGE) {
		snprintf(command, sizeof(command), "rm -f '%s'*", f->path);
		assert_int_equal(system(command), 0);
		copy(good, f->path);
		if (cut)
			assert_int_equal(truncate(f->path, (off_t)offset), 0);
		else
			overwrite(f->path, offset, PAGE);
		if (open_broken(f, id))
			same++;
		else
			anew++;
		nt_spool_free(f->spool);
		f->spool = NULL;
	}
	print_message("of %u broken files, %u were usable\n", same + anew, same);
	assert_true(same > anew); /* most pages are of one entry each, and the others stay */
	assert_true(anew > 0);
	fixture_restart(f);
}

static void pages_overwritten_while_closed(void **state)
{
	broken_while_closed(state, false);
}

static void cut_while_closed(void **state)
{
	broken_while_closed(state, true);
}

enum { BROKEN_ROUNDS = 10 };
enum how { OVERWRITE, CUT, REMOVE, REPLACE, BREAK_LOG, HOWS };

static void break_file(struct spool_fixture *f, enum how how)
{
	uint64_t size = file_size(f->path);
	char log[128];

	snprintf(log, sizeof(log), "%s-wal", f->path);
	if (how == OVERWRITE && size) {
		for (int i = 0; i < 3; i++)
			overwrite(f->path, next_random() % (size / PAGE) * PAGE, PAGE);
	} else if (how == CUT) {
		assert_int_equal(truncate(f->path, (off_t)(next_random() % (size + 1))), 0);
	} else if (how == REMOVE) {
		assert_int_equal(unlink(f->path), 0);
	} else if (how == REPLACE) {
		unlink(f->path);
		assert_int_equal(close(open(f->path, O_CREAT | O_WRONLY, 0600)), 0);
		overwrite(f->path, 0, 5000);
	} else if (how == BREAK_LOG && file_size(log)) {
		overwrite(log, next_random() % file_size(log), 8000);
	}
}

/* Whatever is done to the file of a spool that is at work, pushes go on, what is read is right, what is missing is
 * counted, and a restart finds the same. */
static void broken_while_open(void **state)
{
	struct spool_fixture *f = *state;
	uint32_t kept = 0;

	for (uint32_t round = 0; round < BROKEN_ROUNDS; round++) {
		enum how how = round % HOWS;
		char command[256];
		uint64_t i = 0, held;

		nt_spool_free(f->spool);
		f->spool = NULL;
		snprintf(command, sizeof(command), "rm -f '%s'*", f->path);
		assert_int_equal(system(command), 0);
		fixture_restart(f);
		while (i < MANY_ENTRIES) /* more than SQLite keeps in memory, or in the log */
			assert_int_equal(fixture_push(f, ++i), 0);
		break_file(f, how);
		if (round % 2)
			expect_rest(f, i);
		while (i < MANY_ENTRIES + 5)
			assert_true(fixture_push(f, ++i) >= 0);
		nt_spool_set_applied(f->spool, NT_SINK_LINES, i);
		held = expect_rest(f, i);
		assert_true(held >= 5);
		kept += held == i;
		if (how == REMOVE || how == REPLACE)
			assert_int_equal(held, i);
		assert_true(on_disk(f));
		fixture_restart(f);
		assert_in_range(expect_rest(f, i), 5, held);
	}
	print_message("of %u files broken at work, %u lost nothing\n", BROKEN_ROUNDS, kept);
}

#define FAULT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, spool_fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    FAULT_TEST(what_the_disk_refuses_waits_in_memory),
	    FAULT_TEST(memory_is_bounded_while_the_disk_refuses),
	    FAULT_TEST(numbers_of_a_refusing_disk_are_not_given_again),
	    FAULT_TEST(a_full_disk_gets_room_again),
	    FAULT_TEST(a_disk_that_is_full_from_the_start_is_waited_for),
	    FAULT_TEST(a_disk_that_is_read_only_is_waited_for),
	    FAULT_TEST(pages_overwritten_while_closed),
	    FAULT_TEST(cut_while_closed),
	    FAULT_TEST(broken_while_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

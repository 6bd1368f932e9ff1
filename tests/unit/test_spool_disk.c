/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "random.h"
#include "redis_samples.h"
#include "snapshot/pack.h"
#include "spool_fixture.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The spool on disk as long as the disk works: restarts, kills, bounds. test_spool_faults.c has the rest. */

/* ---- restarts ---- */

static void a_restart_changes_nothing(void **state)
{
	struct spool_fixture *f = *state;
	char id[NT_SPOOL_ID], note[16];

	strcpy(id, nt_spool_id(f->spool));
	for (uint64_t i = 1; i <= 30; i++)
		assert_int_equal(fixture_push(f, i), 0);
	nt_spool_discard(f->spool, 7);
	nt_spool_skip(f->spool, 2);
	assert_int_equal(nt_spool_set_applied_note(f->spool, NT_SINK_LINES, 12, "offset 9", 9), 0);
	assert_int_equal(nt_spool_set_applied(f->spool, NT_SINK_REDIS, 10), 0);
	for (int restart = 0; restart < 3; restart++) {
		assert_string_equal(nt_spool_id(f->spool), id);
		assert_int_equal(nt_spool_end(f->spool), 33);
		assert_int_equal(nt_spool_applied(f->spool, NT_SINK_LINES), 12);
		assert_int_equal(nt_spool_applied(f->spool, NT_SINK_REDIS), 10);
		assert_int_equal(nt_spool_note(f->spool, NT_SINK_LINES, note, sizeof(note)), 9);
		assert_string_equal(note, "offset 9");
		assert_int_equal(nt_spool_note(f->spool, NT_SINK_REDIS, note, sizeof(note)), 0);
		assert_int_equal(nt_spool_waiting(f->spool, NT_SINK_LINES), 19);
		assert_int_equal(nt_spool_waiting(f->spool, NT_SINK_REDIS), 21);
		assert_int_equal(nt_spool_dropped(f->spool, 1, 40), 3);
		assert_int_equal(nt_spool_given(f->spool, 1, 33), 32);
		for (uint64_t i = 1; i <= 30; i++)
			fixture_expect(f, i, i == 7 ? 0 : i);
		fixture_restart(f);
	}
}

static void a_crash_passes_numbers_over(void **state)
{
	struct spool_fixture *f = *state;
	uint64_t end;
	int status;
	pid_t child;

	nt_spool_free(f->spool);
	f->spool = NULL;
	child = fork();
	if (!child) {
		f->spool = nt_spool_open(&f->options);
		for (uint64_t i = 1; f->spool && i <= 5; i++)
			fixture_push(f, i);
		_exit(0); /* without closing */
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	fixture_restart(f);
	end = nt_spool_end(f->spool);
	assert_true(end > 1000); /* nobody knows which numbers the dead process gave out */
	assert_int_equal(nt_spool_given(f->spool, 1, end), 5);
	assert_int_equal(fixture_push(f, 6), 0);
	fixture_expect(f, 5, 5);
	fixture_expect(f, end, 6);
	assert_int_equal(nt_spool_next(f->spool, 6), end);
	fixture_restart(f);
	assert_int_equal(nt_spool_end(f->spool), end + 1); /* no crash, no jump */
	assert_int_equal(nt_spool_given(f->spool, 1, end + 1), 6);
	assert_int_equal(nt_spool_dropped(f->spool, 1, end + 1), 0);
}

static void the_time_of_keeping_goes_on(void **state)
{
	struct spool_fixture *f = *state;

	f->options.keep_applied_s = 2;
	fixture_restart(f);
	assert_int_equal(fixture_push(f, 1), 0);
	assert_int_equal(fixture_push(f, 2), 0);
	nt_spool_set_applied(f->spool, NT_SINK_LINES, 2);
	nt_spool_set_applied(f->spool, NT_SINK_REDIS, 2);
	fixture_restart(f);
	fixture_expect(f, 1, 1);
	usleep(2100000);
	fixture_restart(f);
	fixture_expect(f, 1, 0);
	fixture_expect(f, 2, 2);
	assert_int_equal(nt_spool_dropped(f->spool, 1, 3), 0);
}

static void the_file_of_others_is_left_alone(void **state)
{
	struct spool_fixture *f = *state;
	struct nt_spool_options options = f->options;

	assert_int_equal(fixture_push(f, 1), 0);
	assert_null(nt_spool_open(&options));
	assert_int_equal(errno, EBUSY);
	nt_spool_free(f->spool);
	options.sensor = "other";
	assert_null(nt_spool_open(&options));
	assert_int_equal(errno, EEXIST);
	options.path = "/nonexistent/spool.db";
	assert_null(nt_spool_open(&options));
	assert_int_equal(errno, ENOENT);
	options.path = "/tmp";
	assert_null(nt_spool_open(&options));
	assert_int_equal(errno, EISDIR);
	f->spool = NULL;
	fixture_restart(f);
	fixture_expect(f, 1, 1);
}

static void another_process_is_kept_out(void **state)
{
	struct spool_fixture *f = *state;
	int status;
	pid_t child = fork();

	if (!child)
		_exit(nt_spool_open(&f->options) || errno != EBUSY);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* A sink that is new begins where the others stand, and one that is gone holds nothing up. */
static void sinks_come_and_go(void **state)
{
	struct spool_fixture *f = *state;

	f->options.sinks = NT_SINK_BIT(NT_SINK_REDIS);
	fixture_restart(f);
	for (uint64_t i = 1; i <= 6; i++)
		assert_int_equal(fixture_push(f, i), 0);
	nt_spool_set_applied(f->spool, NT_SINK_REDIS, 4);
	f->options.sinks |= NT_SINK_BIT(NT_SINK_LINES);
	fixture_restart(f);
	assert_int_equal(nt_spool_applied(f->spool, NT_SINK_LINES), 4);
	nt_spool_set_applied(f->spool, NT_SINK_LINES, 6);
	f->options.sinks = NT_SINK_BIT(NT_SINK_LINES);
	fixture_restart(f);
	assert_int_equal(nt_spool_waiting(f->spool, NT_SINK_LINES), 1);
	assert_int_equal(nt_spool_waiting(f->spool, NT_SINK_REDIS), 0);
	nt_spool_set_applied(f->spool, NT_SINK_LINES, 7);
	f->options.sinks = NT_SINK_BIT(NT_SINK_REDIS);
	fixture_restart(f);
	assert_int_equal(nt_spool_applied(f->spool, NT_SINK_REDIS), 7);
	assert_int_equal(nt_spool_waiting(f->spool, NT_SINK_REDIS), 0);
}

/* ---- kills ---- */

enum { KILLS = 60, ACKNOWLEDGED = 100000, REPORT_PUSHED = 1, REPORT_APPLIED };

/* NT_KILLS: for more of them than a test has time for. */
static uint64_t kills(void)
{
	const char *text = getenv("NT_KILLS");

	return text ? strtoull(text, NULL, 10) : KILLS;
}

struct report {
	uint64_t kind;
	uint64_t sequence;
	uint64_t seed;
};

static void tell(int to, uint64_t kind, uint64_t sequence, uint64_t seed)
{
	const struct report r = {kind, sequence, seed};

	if (write(to, &r, sizeof(r)) != sizeof(r))
		_exit(1);
}

/* Pushes and applies until it is killed; what it was told is done it tells. */
static void work(const struct nt_spool_options *options, int to, uint64_t seed)
{
	struct nt_spool *s = nt_spool_open(options);
	struct nt_snapshot snapshot;

	if (!s)
		_exit(2);
	for (;; seed++) {
		uint64_t sequence = nt_spool_end(s), applied;

		fixture_make(&snapshot, seed);
		if (nt_spool_push(s, &snapshot))
			_exit(3);
		tell(to, REPORT_PUSHED, sequence, seed);
		applied = nt_spool_next(s, nt_spool_applied(s, NT_SINK_REDIS));
		if (seed % 3 && !nt_spool_set_applied(s, NT_SINK_REDIS, applied + 1))
			tell(to, REPORT_APPLIED, applied + 1, 0);
		nt_spool_set_applied(s, NT_SINK_LINES, sequence + 1);
		if (seed % 5 == 0)
			nt_spool_pin(s, applied);
	}
}

struct acknowledged {
	uint64_t sequence[ACKNOWLEDGED];
	uint64_t seed[ACKNOWLEDGED];
	size_t n;
	uint64_t applied;
};

static void note(struct acknowledged *a, const struct report *r)
{
	if (r->kind == REPORT_APPLIED) {
		a->applied = r->sequence;
		return;
	}
	assert_true(a->n < ACKNOWLEDGED);
	assert_true(!a->n || r->sequence > a->sequence[a->n - 1]); /* never used again */
	a->sequence[a->n] = r->sequence;
	a->seed[a->n++] = r->seed;
}

static void kill_once(struct spool_fixture *f, struct acknowledged *a, uint64_t seed)
{
	struct report r;
	int from_to[2], status;
	pid_t child;

	assert_int_equal(pipe(from_to), 0);
	child = fork();
	if (!child) {
		close(from_to[0]);
		work(&f->options, from_to[1], seed);
	}
	close(from_to[1]);
	/* Every other one is given time to begin, on however slow a machine. */
	if (seed / 1000 % 2 && read(from_to[0], &r, sizeof(r)) == sizeof(r))
		note(a, &r);
	usleep((useconds_t)(seed * 7919 % 40000));
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	while (read(from_to[0], &r, sizeof(r)) == sizeof(r))
		note(a, &r);
	close(from_to[0]);
}

/* Everything acknowledged is there, once, in order, equal; what was applied is not asked for again. */
static void check_acknowledged(struct spool_fixture *f, const struct acknowledged *a)
{
	uint64_t applied = nt_spool_applied(f->spool, NT_SINK_REDIS), held = 0, sequence = 0;

	assert_true(applied >= a->applied);
	assert_true(!a->n || nt_spool_end(f->spool) > a->sequence[a->n - 1]);
	for (size_t i = 0; i < a->n; i++)
		fixture_expect(f, a->sequence[i], a->seed[i]);
	while ((sequence = nt_spool_next(f->spool, sequence + 1)))
		held++;
	assert_in_range(held, a->n, a->n + kills()); /* the last one of each child may be there unknown to us */
	assert_int_equal(nt_spool_dropped(f->spool, 1, nt_spool_end(f->spool)), 0);
}

static void what_was_acknowledged_survives_kills(void **state)
{
	struct spool_fixture *f = *state;
	struct acknowledged *a = calloc(1, sizeof(*a));
	size_t with_work = 0;
	uint64_t n = kills();

	assert_non_null(a);
	f->options.disk_bytes = UINT64_C(1) << 32;
	nt_spool_free(f->spool);
	f->spool = NULL;
	for (uint64_t i = 0; i < n; i++) {
		size_t before = a->n;

		kill_once(f, a, 1000 * i + 1);
		with_work += a->n > before;
		if (i % 10 == 9) {
			fixture_restart(f);
			check_acknowledged(f, a);
			nt_spool_free(f->spool);
			f->spool = NULL;
		}
	}
	assert_true(with_work >= n / 2);
	free(a);
	fixture_restart(f);
}

/* ---- bounds ---- */

static uint64_t size_of_files(const struct spool_fixture *f)
{
	char log[PATH_MAX];
	struct stat status;
	uint64_t size = 0;

	if (!stat(f->path, &status))
		size = (uint64_t)status.st_size;
	snprintf(log, sizeof(log), "%s-wal", f->path);
	if (!stat(log, &status))
		size += (uint64_t)status.st_size;
	return size;
}

enum { MIB = 1 << 20, SMALL = 4 * MIB };

static bool is_reduced(struct spool_fixture *f, uint64_t sequence)
{
	const struct nt_snapshot *snapshot;
	bool reduced;

	assert_int_equal(nt_spool_get(f->spool, sequence, &snapshot), 0);
	reduced = snapshot->reduced;
	nt_spool_release(f->spool, snapshot);
	return reduced;
}

static void detail_goes_before_intervals(void **state)
{
	struct spool_fixture *f = *state;
	struct nt_spool_counters c;
	uint64_t first, i = 0;

	f->options.disk_bytes = SMALL;
	fixture_restart(f);
	nt_spool_pin(f->spool, 3);
	do {
		assert_int_equal(fixture_push(f, ++i), 0);
		nt_spool_read_counters(f->spool, &c);
		assert_true(c.on_disk);
		/* The log beside the file holds one transaction and what was not yet moved out of it. */
		assert_true(size_of_files(f) <= SMALL + 5 * MIB);
	} while (!c.dropped && i < 5000);
	assert_true(c.dropped && c.reduced > 50);
	first = nt_spool_next(f->spool, 1);
	assert_int_equal(first, 2);	/* 1 went */
	assert_false(is_reduced(f, 3)); /* the pinned one */
	assert_true(is_reduced(f, 2));	/* old ones */
	assert_false(is_reduced(f, i)); /* new ones */
	assert_int_equal(c.dropped, nt_spool_dropped(f->spool, 1, i + 1));
	for (uint64_t k = 1; k <= 100; k++)
		assert_int_equal(fixture_push(f, ++i), 0);
	fixture_restart(f);
	nt_spool_read_counters(f->spool, &c);
	assert_int_equal(c.dropped, nt_spool_dropped(f->spool, 1, i + 1));
	assert_int_equal(nt_spool_waiting(f->spool, NT_SINK_REDIS) + c.dropped, i);
	assert_false(is_reduced(f, 3));
	fixture_expect(f, i, i);
}

/* Whatever the sizes, it is the rules of dropping that keep the file small, and never a disk that says it is full. */
static void entries_of_all_sizes_fit(void **state)
{
	struct spool_fixture *f = *state;
	struct nt_spool_counters c;

	f->options.disk_bytes = SMALL;
	f->options.memory_bytes = 0;
	fixture_restart(f);
	random_state = 1;
	for (uint64_t i = 1; i <= 600; i++) {
		struct nt_snapshot s;

		sample_make(&s, &(struct sample){.start_s = fixture_start(i),
						 .entries = (uint32_t)(next_random() % (1 << next_random() % 13)),
						 .seed = i});
		assert_int_equal(nt_spool_push(f->spool, &s), 0);
		nt_spool_read_counters(f->spool, &c);
		assert_true(c.on_disk);
		if (next_random() % 20 == 0)
			nt_spool_set_applied(f->spool, NT_SINK_LINES, nt_spool_next(f->spool, 1) + next_random() % 30);
	}
	assert_true(c.dropped + c.reduced > 20);
}

static size_t packed_length(const struct sample *sample)
{
	struct nt_snapshot s;
	uint8_t *bytes;
	size_t length;

	sample_make(&s, sample);
	assert_int_equal(nt_snapshot_pack(&s, &bytes, &length), 0);
	free(bytes);
	nt_snapshot_fini(&s);
	return length;
}

static void push_sample(struct spool_fixture *f, const struct sample *sample, struct nt_spool_counters *c)
{
	struct nt_snapshot s;

	sample_make(&s, sample);
	assert_int_equal(nt_spool_push(f->spool, &s), 0);
	nt_spool_read_counters(f->spool, c);
	assert_true(c->on_disk);
}

/* A quiet sensor's intervals are a few hundred bytes: a page is for many of them. */
static void small_intervals_share_pages(void **state)
{
	struct spool_fixture *f = *state;
	struct nt_spool_counters c = {0};
	struct sample sample = {.entries = 1, .bare = true};
	uint64_t i = 0, bytes = 0;

	f->options.disk_bytes = MIB;
	fixture_restart(f);
	while (!c.dropped && !c.reduced) {
		sample.seed = ++i;
		sample.start_s = fixture_start(i);
		push_sample(f, &sample, &c);
		bytes += packed_length(&sample);
		assert_true(size_of_files(f) <= MIB + 5 * MIB);
	}
	print_message("%llu intervals of %llu bytes\n", (unsigned long long)i, (unsigned long long)(bytes / i));
	assert_true(bytes > MIB / 6);
	fixture_restart(f);
	assert_true(nt_spool_waiting(f->spool, NT_SINK_REDIS) >= i - 1);
}

/* The worst for pages that are shared: small ones between ones of nearly a page, which leave the rest of it empty. */
static void uneven_neighbours_fit(void **state)
{
	struct spool_fixture *f = *state;
	struct sample large = {.entries = 1, .start_s = fixture_start(1), .seed = 1},
		      small = {.entries = 0, .bare = true};
	struct nt_spool_counters c = {0};

	while (packed_length(&large) < 7000)
		large.entries++;
	f->options.disk_bytes = SMALL;
	f->options.memory_bytes = 0;
	fixture_restart(f);
	for (uint64_t i = 1; i <= 2500; i++) {
		struct sample *sample = i % 2 ? &small : &large;

		sample->start_s = fixture_start(i);
		sample->seed = i;
		push_sample(f, sample, &c);
	}
	assert_true(c.dropped + c.reduced > 20);
}

static void applied_ones_go_first(void **state)
{
	struct spool_fixture *f = *state;
	struct nt_spool_counters c;
	uint64_t i;

	f->options.disk_bytes = SMALL;
	fixture_restart(f);
	for (i = 1; i <= 400; i++) {
		assert_int_equal(fixture_push(f, i), 0);
		nt_spool_set_applied(f->spool, NT_SINK_LINES, i);
		nt_spool_set_applied(f->spool, NT_SINK_REDIS, i);
	}
	nt_spool_read_counters(f->spool, &c);
	assert_int_equal(c.reduced + c.dropped, 0);
	assert_true(nt_spool_next(f->spool, 1) > 10); /* they did not all fit */
	assert_true(nt_spool_next(f->spool, 1) < 395);
}

/* After an outage the file shrinks again. */
static void the_file_gets_small_again(void **state)
{
	struct spool_fixture *f = *state;
	uint64_t large;

	f->options.disk_bytes = 64 * MIB;
	f->options.keep_applied_s = 0;
	fixture_restart(f);
	for (uint64_t i = 1; i <= 800; i++)
		assert_int_equal(fixture_push(f, i), 0);
	large = size_of_files(f);
	assert_true(large > 20 * MIB);
	nt_spool_set_applied(f->spool, NT_SINK_LINES, 801);
	nt_spool_set_applied(f->spool, NT_SINK_REDIS, 801);
	for (uint64_t i = 801; i <= 830; i++) {
		assert_int_equal(fixture_push(f, i), 0);
		nt_spool_set_applied(f->spool, NT_SINK_LINES, i);
		nt_spool_set_applied(f->spool, NT_SINK_REDIS, i);
	}
	fixture_restart(f);
	assert_true(size_of_files(f) < large / 2);
	fixture_expect(f, 830, 830);
}

/* ---- threads ---- */

enum { THREADS_PUSH = 300 };

static void *read_all(void *argument)
{
	struct spool_fixture *f = argument;
	enum nt_sink sink = atomic_fetch_add(&f->readers, 1) ? NT_SINK_REDIS : NT_SINK_LINES;
	uint64_t next = 1;

	while (next <= THREADS_PUSH) {
		uint64_t sequence = nt_spool_next(f->spool, next);
		const struct nt_snapshot *snapshot;

		if (!sequence) {
			usleep(100);
			continue;
		}
		if (sequence != next || nt_spool_get(f->spool, sequence, &snapshot))
			abort();
		if (snapshot->start_s != fixture_start(sequence))
			abort();
		if (sink == NT_SINK_REDIS)
			nt_spool_pin(f->spool, sequence);
		if (nt_spool_set_applied_note(f->spool, sink, sequence + 1, &sequence, sizeof(sequence)))
			abort();
		nt_spool_release(f->spool, snapshot);
		next = sequence + 1;
	}
	return NULL;
}

static void sinks_read_while_another_thread_pushes(void **state)
{
	struct spool_fixture *f = *state;
	struct nt_spool_counters c;
	pthread_t reader[2];

	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&reader[i], NULL, read_all, f), 0);
	for (uint64_t i = 1; i <= THREADS_PUSH; i++)
		assert_int_equal(fixture_push(f, i), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(reader[i], NULL);
	nt_spool_read_counters(f->spool, &c);
	assert_true(c.on_disk);
	assert_int_equal(nt_spool_waiting(f->spool, NT_SINK_LINES), 0);
	assert_int_equal(nt_spool_waiting(f->spool, NT_SINK_REDIS), 0);
}

#define SPOOL_TEST(name) cmocka_unit_test_setup_teardown(name, spool_fixture_set_up, spool_fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SPOOL_TEST(a_restart_changes_nothing),
	    SPOOL_TEST(a_crash_passes_numbers_over),
	    SPOOL_TEST(the_time_of_keeping_goes_on),
	    SPOOL_TEST(the_file_of_others_is_left_alone),
	    SPOOL_TEST(another_process_is_kept_out),
	    SPOOL_TEST(sinks_come_and_go),
	    SPOOL_TEST(what_was_acknowledged_survives_kills),
	    SPOOL_TEST(detail_goes_before_intervals),
	    SPOOL_TEST(entries_of_all_sizes_fit),
	    SPOOL_TEST(small_intervals_share_pages),
	    SPOOL_TEST(uneven_neighbours_fit),
	    SPOOL_TEST(applied_ones_go_first),
	    SPOOL_TEST(the_file_gets_small_again),
	    SPOOL_TEST(sinks_read_while_another_thread_pushes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

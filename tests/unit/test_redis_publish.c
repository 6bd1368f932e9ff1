/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "publish.h"

#include "lines.h"

#include "base/clock.h"
#include "base/log.h"
#include "redis_model.h"
#include "redis_samples.h"
#include "redis_server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define START INT64_C(1664575200) /* 2022-09-30 22:00 UTC */

/* A server, a file for lines, and what must be in both. */
struct stage {
	struct redis_server server;
	struct nt_redis_url url;
	struct publisher_options options;
	char path[64];
	struct model *model;
};

static struct lines *open_lines(const char *path)
{
	const struct lines_options options = {.path = path, .sensor = "s"};
	struct lines *lines = lines_open(&options);

	assert_non_null(lines);
	return lines;
}

static struct stage *stage_new(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));
	int fd;

	assert_non_null(s);
	*state = s;
	redis_server_start(&s->server);
	s->url = redis_server_url(&s->server);
	strcpy(s->path, "/tmp/needletail-lines-XXXXXX");
	fd = mkstemp(s->path);
	assert_true(fd >= 0);
	close(fd);
	s->model = model_new("s", 0);
	s->options = (struct publisher_options){
	    .sensor = {.name = "s", .group = "", .version = "0", .interval_s = 60, .limits = sample_limits},
	    .lines = open_lines(s->path),
	    .redis = &s->url,
	    .timeout_ms = 500,
	    .patience_ms = 5000,
	};
	return s;
}

static int set_up(void **state)
{
	signal(SIGPIPE, SIG_IGN);
	stage_new(state);
	return 0;
}

static int tear_down(void **state)
{
	struct stage *s = *state;

	lines_close(s->options.lines);
	unlink(s->path);
	model_free(s->model);
	redis_server_stop(&s->server);
	free(s);
	return 0;
}

static struct publisher *start(const struct stage *s)
{
	struct publisher *p = publisher_new(&s->options);

	assert_non_null(p);
	assert_int_equal(publisher_start(p), 0);
	return p;
}

static int submit(struct stage *s, struct publisher *p, int i)
{
	struct nt_snapshot snapshot;
	int err;

	sample_make(&snapshot,
		    &(struct sample){.start_s = START + 60 * i, .entries = 30, .keys = 500, .seed = (uint64_t)i});
	snapshot.geo_build_s = s->options.sensor.geo_build_s; /* as the publisher says it */
	model_add(s->model, &snapshot);
	err = publisher_submit(p, &snapshot);
	assert_null(snapshot.table[NT_TABLE_REGION].entry);
	return err;
}

static unsigned int lines_in(const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned int lines = 0;
	int c;

	assert_non_null(file);
	while ((c = getc(file)) != EOF)
		lines += c == '\n';
	fclose(file);
	return lines;
}

static uint64_t ms_since(uint64_t begin_ns)
{
	return (nt_clock_monotonic_ns() - begin_ns) / 1000000;
}

static struct publisher_counters counters(struct publisher *p)
{
	struct publisher_counters c;

	publisher_read_counters(p, &c);
	return c;
}

static void everything_gets_there(void **state)
{
	struct stage *s = *state;
	struct publisher *p;
	bool holds = true;

	s->options.wait = true;
	p = publisher_new(&s->options);
	assert_non_null(p);
	assert_int_equal(publisher_holds_from(p, START, &holds), 0);
	assert_false(holds);
	assert_int_equal(publisher_start(p), 0);
	for (int i = 0; i < 300; i++)
		assert_int_equal(submit(s, p, i), 0);
	publisher_set_geo_build(p, 1234);
	s->options.sensor.geo_build_s = 1234;
	assert_int_equal(submit(s, p, 300), 0);
	assert_int_equal(publisher_finish(p), 0);
	assert_int_equal(counters(p).published, 301);
	assert_int_equal(counters(p).lines, 301);
	assert_int_equal(counters(p).unpublished, 0);
	publisher_free(p);
	assert_int_equal(lines_in(s->path), 301);
	model_check(s->model, &s->server, &s->options.sensor.limits);
	assert_int_equal(redis_server_number(&s->server, "HGET nt:{s}:info geo_build"), 1234);
}

static void either_of_the_two_will_do(void **state)
{
	struct stage *s = *state;
	struct lines *lines = s->options.lines;
	struct publisher *p;
	bool holds = true;

	s->options.redis = NULL;
	p = start(s);
	assert_int_equal(publisher_holds_from(p, 0, &holds), 0);
	assert_false(holds);
	submit(s, p, 0);
	assert_int_equal(publisher_finish(p), 0);
	publisher_free(p);
	assert_int_equal(lines_in(s->path), 1);
	s->options.redis = &s->url;
	s->options.lines = NULL;
	p = start(s);
	submit(s, p, 0);
	assert_int_equal(publisher_finish(p), 0);
	publisher_free(p);
	s->options.lines = lines;
	assert_int_equal(redis_server_number(&s->server, "XLEN nt:{s}:live"), 1);
}

/* A server that hangs holds up no line. */
static void lines_do_not_wait_for_redis(void **state)
{
	struct stage *s = *state;
	uint64_t begin_ns;
	struct publisher *p;

	s->options.timeout_ms = 3000;
	kill(s->server.pid, SIGSTOP);
	p = start(s);
	begin_ns = nt_clock_monotonic_ns();
	for (int i = 0; i < 20; i++)
		assert_int_equal(submit(s, p, i), 0);
	while (counters(p).lines < 20)
		usleep(1000);
	assert_true(ms_since(begin_ns) < 2000);
	assert_int_equal(lines_in(s->path), 20);
	assert_int_equal(counters(p).published, 0);
	kill(s->server.pid, SIGCONT);
	assert_int_equal(publisher_finish(p), 0);
	assert_int_equal(counters(p).published, 20);
	publisher_free(p);
	model_check(s->model, &s->server, &s->options.sensor.limits);
}

static void a_stop_waits_for_redis_but_not_for_ever(void **state)
{
	struct stage *s = *state;
	uint64_t begin_ns;
	struct publisher *p;

	s->options.patience_ms = 700;
	redis_server_kill(&s->server);
	p = start(s);
	for (int i = 0; i < 7; i++)
		submit(s, p, i);
	usleep(100000);
	begin_ns = nt_clock_monotonic_ns();
	assert_int_equal(publisher_finish(p), -ETIMEDOUT);
	assert_in_range(ms_since(begin_ns), 600, 3000);
	assert_int_equal(counters(p).unpublished, 7);
	publisher_free(p);
	assert_int_equal(lines_in(s->path), 7);
}

static void what_waited_is_published_at_the_stop(void **state)
{
	struct stage *s = *state;
	struct publisher *p;

	redis_server_kill(&s->server);
	p = start(s);
	for (int i = 0; i < 7; i++)
		submit(s, p, i);
	usleep(1000000); /* long enough to be between two attempts */
	redis_server_restart(&s->server);
	assert_int_equal(publisher_finish(p), 0);
	publisher_free(p);
	model_check(s->model, &s->server, &s->options.sensor.limits);
}

/* A replay gives up after a while; its lines are complete all the same. */
static void a_replay_without_redis_gives_up(void **state)
{
	struct stage *s = *state;
	uint64_t begin_ns = nt_clock_monotonic_ns();
	struct publisher *p;

	s->options.wait = true;
	s->options.patience_ms = 500;
	s->options.spool_snapshots = 10;
	redis_server_kill(&s->server);
	p = start(s);
	for (int i = 0; i < 100; i++)
		assert_int_equal(submit(s, p, i), 0);
	assert_int_equal(publisher_finish(p), -ETIMEDOUT);
	assert_in_range(ms_since(begin_ns), 500, 5000);
	assert_int_equal(counters(p).unpublished, 100);
	publisher_free(p);
	assert_int_equal(lines_in(s->path), 100);
}

/* Waiting does not mend a wrong password. */
static void a_replay_does_not_wait_for_what_cannot_come(void **state)
{
	struct stage *s = *state;
	uint64_t begin_ns = nt_clock_monotonic_ns();
	struct publisher *p;
	bool holds;

	s->options.wait = true;
	s->options.patience_ms = 60000;
	redis_server_kill(&s->server);
	s->server.password = "right";
	redis_server_restart(&s->server);
	p = publisher_new(&s->options);
	assert_non_null(p);
	assert_int_equal(publisher_holds_from(p, START, &holds), -EACCES);
	assert_int_equal(publisher_start(p), 0);
	submit(s, p, 0);
	assert_int_equal(publisher_finish(p), -ETIMEDOUT);
	assert_true(ms_since(begin_ns) < 5000);
	publisher_free(p);
}

/* Stops the server now and lets another process wake it up later, because we may be the one who waits. */
static pid_t stop_for(const struct redis_server *server, useconds_t us)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		usleep(us);
		kill(server->pid, SIGCONT);
		_exit(0);
	}
	kill(server->pid, SIGSTOP);
	return pid;
}

static void a_replay_waits_for_a_slow_redis(void **state)
{
	struct stage *s = *state;
	struct publisher *p;
	pid_t waker = 0;

	s->options.wait = true;
	s->options.spool_snapshots = 3;
	p = start(s);
	for (int i = 0; i < 60; i++) {
		if (i == 20)
			waker = stop_for(&s->server, 700000); /* beyond the time-out of an answer */
		assert_int_equal(submit(s, p, i), 0);
	}
	assert_int_equal(publisher_finish(p), 0);
	assert_int_equal(waitpid(waker, NULL, 0), waker);
	assert_int_equal(counters(p).dropped, 0);
	publisher_free(p);
	model_check(s->model, &s->server, &s->options.sensor.limits);
}

static void live_drops_the_oldest_when_the_spool_is_full(void **state)
{
	struct stage *s = *state;
	struct publisher *p;

	s->options.spool_snapshots = 5;
	redis_server_kill(&s->server);
	p = start(s);
	for (int i = 0; i < 20; i++) {
		submit(s, p, i);
		while (counters(p).lines <= (uint64_t)i)
			usleep(1000); /* dropped for Redis alone */
	}
	while (counters(p).dropped < 15)
		usleep(1000);
	redis_server_restart(&s->server);
	assert_int_equal(publisher_finish(p), 0);
	assert_int_equal(counters(p).dropped, 15);
	assert_int_equal(counters(p).published, 5);
	publisher_free(p);
	assert_int_equal(redis_server_number(&s->server, "HGET nt:{s}:info dropped_intervals"), 15);
	assert_int_equal(redis_server_number(&s->server, "XLEN nt:{s}:live"), 5);
	assert_int_equal(lines_in(s->path), 20);
}

/* A reader of lines that stops reading holds up nobody else, and gets them all in the end. */
static void a_stuck_reader_costs_nothing(void **state)
{
	struct stage *s = *state;
	struct lines *lines = s->options.lines;
	char path[40], bytes[65536];
	struct publisher *p;
	int fd[2], read_lines = 0;

	assert_int_equal(pipe(fd), 0);
	assert_int_equal(fcntl(fd[0], F_SETFL, O_NONBLOCK), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd[1]);
	s->options.lines = open_lines(path);
	p = start(s);
	for (int i = 0; i < 400; i++) {
		assert_int_equal(submit(s, p, i), 0);
		while (counters(p).stored < (uint64_t)i)
			usleep(100);
	}
	while (counters(p).published < 400)
		usleep(1000);
	assert_true(counters(p).lines < 300);
	while (read_lines < 400) {
		ssize_t n = read(fd[0], bytes, sizeof(bytes));

		for (ssize_t i = 0; i < n; i++)
			read_lines += bytes[i] == '\n';
		if (n < 0)
			usleep(1000);
	}
	assert_int_equal(publisher_finish(p), 0);
	assert_int_equal(counters(p).lines, 400);
	publisher_free(p);
	lines_close(s->options.lines);
	close(fd[0]);
	close(fd[1]);
	s->options.lines = lines;
}

static unsigned int errors_said;

static void count_errors(enum nt_log_level level, const char *line)
{
	(void)line;
	errors_said += level == NT_LOG_ERROR;
}

static void a_device_without_room_is_said_once(void **state)
{
	struct stage *s = *state;
	struct lines *lines = s->options.lines;
	struct publisher *p;

	s->options.lines = open_lines("/dev/full");
	nt_log_set_sink(count_errors);
	errors_said = 0;
	p = start(s);
	for (int i = 0; i < 10; i++)
		submit(s, p, i);
	assert_int_equal(publisher_finish(p), -EIO);
	nt_log_set_sink(nt_log_stderr);
	assert_int_equal(errors_said, 2); /* when it happened, and how many in the end */
	assert_int_equal(counters(p).failed_lines, 10);
	assert_int_equal(counters(p).published, 10); /* Redis is another matter */
	publisher_free(p);
	lines_close(s->options.lines);
	s->options.lines = lines;
}

static void set_room(struct rlimit before, rlim_t room)
{
	before.rlim_cur = room;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
}

static off_t size_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status.st_size;
}

/* A file without room gets no half line, and all of them when there is room again. */
static void lines_wait_for_room(void **state)
{
	struct stage *s = *state;
	struct publisher *p = start(s);
	struct rlimit before;
	off_t size;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	submit(s, p, 0);
	while (counters(p).lines < 1)
		usleep(1000);
	size = size_of(s->path);
	nt_log_set_sink(count_errors);
	errors_said = 0;
	set_room(before, (rlim_t)size + 100);
	for (int i = 1; i < 5; i++)
		submit(s, p, i);
	while (!errors_said || counters(p).published < 5)
		usleep(1000);
	usleep(300000); /* some attempts */
	assert_int_equal(counters(p).waiting_lines, 4);
	assert_int_equal(size_of(s->path), size);
	set_room(before, before.rlim_cur);
	assert_int_equal(publisher_finish(p), 0);
	nt_log_set_sink(nt_log_stderr);
	assert_int_equal(errors_said, 1);
	assert_int_equal(counters(p).failed_lines, 0);
	publisher_free(p);
	assert_int_equal(lines_in(s->path), 5);
}

/* A replay has nobody who would make room. */
static void a_replay_does_not_wait_for_room(void **state)
{
	struct stage *s = *state;
	struct publisher *p;
	struct rlimit before;

	s->options.wait = true;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	p = start(s);
	set_room(before, 100);
	for (int i = 0; i < 5; i++)
		submit(s, p, i);
	assert_int_equal(publisher_finish(p), -EIO);
	set_room(before, before.rlim_cur);
	assert_int_equal(counters(p).failed_lines, 5);
	assert_int_equal(counters(p).published, 5);
	publisher_free(p);
	assert_int_equal(size_of(s->path), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(everything_gets_there),
	    TEST(either_of_the_two_will_do),
	    TEST(lines_do_not_wait_for_redis),
	    TEST(a_stop_waits_for_redis_but_not_for_ever),
	    TEST(what_waited_is_published_at_the_stop),
	    TEST(a_replay_without_redis_gives_up),
	    TEST(a_replay_does_not_wait_for_what_cannot_come),
	    TEST(a_replay_waits_for_a_slow_redis),
	    TEST(live_drops_the_oldest_when_the_spool_is_full),
	    TEST(a_stuck_reader_costs_nothing),
	    TEST(a_device_without_room_is_said_once),
	    TEST(lines_wait_for_room),
	    TEST(a_replay_does_not_wait_for_room),
	};

	if (!redis_server_installed())
		return 77; /* meson: skipped */
	return cmocka_run_group_tests(tests, NULL, NULL);
}

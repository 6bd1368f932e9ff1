/* SPDX-License-Identifier: BSD-3-Clause */
#include "publish.h"

#include "base/clock.h"
#include "base/log.h"
#include "redis/put.h"
#include "snapshot/json.h"
#include "spool/queue.h"
#include "spool/spool.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Deep enough for a disk or a server that stalls for seconds at one interval a second; one that stalls for longer
 * has more than a stall. A replay waits, and there depth would only be memory. */
#define PLACES_LIVE 64
#define PLACES_WAIT 4

#define MS_NS		UINT64_C(1000000)
#define BACK_OFF_MIN_NS (100 * MS_NS)
#define BACK_OFF_MAX_NS (10000 * MS_NS)
#define LOOK_NS		(200 * MS_NS) /* between looks at whether to give up */

struct publisher {
	struct publisher_options options;
	struct nt_queue *lines_queue; /* submit -> lines thread */
	struct nt_queue *redis_queue; /* lines thread -> Redis thread; NULL: no Redis */
	pthread_t lines_thread;
	pthread_t redis_thread;
	bool started;
	_Atomic int64_t geo_build_s; /* any thread writes, Redis thread reads */
	_Atomic uint64_t finish_ns;  /* when to finish was asked for, 0: not yet; caller writes, Redis thread reads */

	/* lines thread */
	bool torn; /* the last line was not written to its end */

	/* Redis thread, once that is started */
	struct nt_spool *spool;
	struct nt_put *put;
	struct nt_snapshot held; /* taken from the queue and waiting for a place in the spool */
	bool holding;
	bool given_up;
	bool said_dropped;
	uint64_t discarded;	   /* snapshots given up before they got into the spool */
	bool closing;		   /* nothing more will come */
	uint64_t failing_since_ns; /* 0: the last step went well */
	uint64_t back_off_ns;

	pthread_mutex_t lock; /* guards counters */
	struct publisher_counters counters;
};

/* ---- making and freeing ---- */

static int make_redis_side(struct publisher *p)
{
	const struct publisher_options *o = &p->options;
	const struct nt_put_options put = {.url = *o->redis, .timeout_ms = o->timeout_ms, .sensor = o->sensor};
	struct nt_spool_options spool = nt_spool_defaults;

	if (o->spool_snapshots)
		spool.snapshots = o->spool_snapshots;
	p->redis_queue = nt_queue_new(o->wait ? PLACES_WAIT : PLACES_LIVE);
	p->spool = nt_spool_new(&spool);
	if (!p->redis_queue || !p->spool)
		return -errno;
	p->put = nt_put_new(&put, p->spool);
	return p->put ? 0 : -errno;
}

struct publisher *publisher_new(const struct publisher_options *options)
{
	struct publisher *p = calloc(1, sizeof(*p));
	int err = 0;

	if (!p)
		return NULL;
	p->options = *options;
	if (options->json)
		fflush(options->json); /* lines go past stdio */
	p->back_off_ns = BACK_OFF_MIN_NS;
	atomic_init(&p->geo_build_s, options->sensor.geo_build_s);
	nt_snapshot_init(&p->held);
	pthread_mutex_init(&p->lock, NULL);
	p->lines_queue = nt_queue_new(options->wait ? PLACES_WAIT : PLACES_LIVE);
	if (!p->lines_queue)
		err = -errno;
	else if (options->redis)
		err = make_redis_side(p);
	p->options.redis = NULL; /* the caller's, and it may hold a password */
	if (err) {
		publisher_free(p);
		errno = -err;
		return NULL;
	}
	return p;
}

void publisher_free(struct publisher *p)
{
	if (!p)
		return;
	nt_snapshot_fini(&p->held);
	nt_put_free(p->put);
	nt_spool_free(p->spool);
	nt_queue_free(p->redis_queue);
	nt_queue_free(p->lines_queue);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

int publisher_holds_from(struct publisher *p, int64_t time_s, bool *holds)
{
	*holds = false;
	return p->put ? nt_put_holds_from(p->put, time_s, holds) : 0;
}

/* ---- lines ---- */

/* Straight to the file: what stdio has taken but not written would come out later, in the middle of something. */
static int write_all(int fd, const char *bytes, size_t length, size_t *written)
{
	*written = 0;
	while (*written < length) {
		ssize_t n = write(fd, bytes + *written, length - *written);

		if (n > 0)
			*written += (size_t)n;
		else if (n < 0 && errno != EINTR)
			return -errno;
	}
	return 0;
}

/* Writes a line and frees it. */
static int write_line(struct publisher *p, char *line)
{
	int fd = fileno(p->options.json), err = 0;
	size_t written = 0, length = strlen(line);

	line[length] = '\n'; /* in the place of the NUL */
	if (p->torn)
		err = write_all(fd, "\n", 1, &written);
	if (!err) {
		p->torn = false;
		err = write_all(fd, line, length + 1, &written);
		p->torn = err && written;
	}
	free(line);
	return err;
}

static void count_line(struct publisher *p, int err)
{
	bool first;

	pthread_mutex_lock(&p->lock);
	first = err && !p->counters.failed_lines;
	p->counters.lines += !err;
	p->counters.failed_lines += !!err;
	pthread_mutex_unlock(&p->lock);
	if (first)
		nt_error("json: %s; said once, further lines are tried", strerror(-err));
}

/* A line for the snapshot, and one for each of its events. */
static void write_lines(struct publisher *p, const struct nt_snapshot *snapshot)
{
	const char *sensor = p->options.sensor.name;
	char *line;
	int err = nt_snapshot_json(snapshot, sensor, &line);

	count_line(p, err ? err : write_line(p, line));
	for (size_t i = 0; i < snapshot->n_events; i++) {
		err = nt_event_json(&snapshot->event[i], sensor, &line);
		count_line(p, err ? err : write_line(p, line));
	}
}

/* Hands a snapshot to the Redis thread, or ends its life here. */
static void pass_on(struct publisher *p, struct nt_snapshot *snapshot)
{
	if (!p->redis_queue)
		nt_snapshot_fini(snapshot);
	else if (p->options.wait)
		nt_queue_put(p->redis_queue, snapshot);
	else if (nt_queue_offer(p->redis_queue, snapshot))
		nt_warning("the Redis thread is behind: an interval is not published there");
}

static void note_lost(struct publisher *p, uint64_t lost)
{
	if (!lost)
		return;
	if (p->redis_queue)
		nt_queue_note_lost(p->redis_queue, lost);
	nt_warning("the publisher was behind: %" PRIu64 " intervals are lost", lost);
}

static void *run_lines(void *argument)
{
	struct publisher *p = argument;
	struct nt_snapshot snapshot;
	uint64_t lost;

	while (!nt_queue_take(p->lines_queue, NT_QUEUE_FOREVER, &snapshot, &lost)) {
		note_lost(p, lost);
		if (p->options.json)
			write_lines(p, &snapshot);
		pass_on(p, &snapshot);
	}
	note_lost(p, lost);
	if (p->redis_queue)
		nt_queue_close(p->redis_queue);
	return NULL;
}

/* ---- Redis ---- */

static void note_dropped(struct publisher *p, uint64_t dropped_before)
{
	if (p->said_dropped || nt_spool_dropped(p->spool, 1, nt_spool_end(p->spool)) == dropped_before)
		return;
	p->said_dropped = true;
	nt_warning("no more room for intervals that wait for Redis: the oldest are dropped");
}

static void discard(struct publisher *p)
{
	nt_snapshot_fini(&p->held);
	nt_snapshot_init(&p->held);
	p->holding = false;
	p->discarded++;
}

/* Puts the snapshot that is held into the spool. False if it has to wait for a place there. */
static bool store(struct publisher *p)
{
	uint64_t dropped = nt_spool_dropped(p->spool, 1, nt_spool_end(p->spool));

	if (p->options.wait && !nt_spool_fits(p->spool, &p->held))
		return false;
	if (nt_spool_push(p->spool, &p->held)) {
		nt_error("out of memory: an interval is not published in Redis");
		discard(p);
		nt_spool_skip(p->spool, 1);
		return true;
	}
	p->holding = false;
	note_dropped(p, dropped);
	return true;
}

/* Moves what is in the queue into the spool, without waiting. */
static void take_all(struct publisher *p)
{
	uint64_t lost = 0;

	for (;;) {
		if (p->holding && p->given_up)
			discard(p);
		if (p->holding && !store(p))
			return;
		p->holding = !nt_queue_take(p->redis_queue, 0, &p->held, &lost);
		nt_spool_skip(p->spool, lost);
		if (!p->holding)
			return;
	}
}

static void update_counters(struct publisher *p)
{
	struct nt_put_counters put;

	nt_put_read_counters(p->put, &put);
	pthread_mutex_lock(&p->lock);
	p->counters.published = put.published;
	p->counters.dropped = put.dropped_intervals;
	p->counters.gap = put.gap_intervals;
	p->counters.failed_writes = put.failed_writes;
	p->counters.unpublished = nt_spool_waiting(p->spool) + p->discarded + p->holding;
	pthread_mutex_unlock(&p->lock);
}

/* Errors that no waiting mends: a replay, which somebody watches, stops trying at once. */
static bool is_final(int err)
{
	return err == -EACCES || err == -EINVAL || err == -EEXIST || err == -EALREADY;
}

static bool told_to_give_up(const struct publisher *p)
{
	return p->options.give_up && atomic_load_explicit(p->options.give_up, memory_order_relaxed);
}

/* A replay gives Redis up when it fails for too long; live capture only when it has to end. */
static bool patience_is_over(const struct publisher *p, int err)
{
	uint64_t patience_ns = p->options.patience_ms * MS_NS, now_ns = nt_clock_monotonic_ns();
	uint64_t finish_ns = atomic_load_explicit(&p->finish_ns, memory_order_relaxed);

	if (!p->options.wait)
		return finish_ns && now_ns >= finish_ns + patience_ns;
	if (err && told_to_give_up(p))
		return true;
	return err && (is_final(err) || now_ns - p->failing_since_ns >= patience_ns);
}

/* The end of one look at whether to give up, on the way to until_ns. */
static uint64_t next_look(uint64_t until_ns)
{
	uint64_t look_ns = nt_clock_monotonic_ns() + LOOK_NS;

	return look_ns < until_ns ? look_ns : until_ns;
}

static void sleep_until(uint64_t until_ns)
{
	const struct timespec until = {.tv_sec = (time_t)(until_ns / NT_SECOND_NS),
				       .tv_nsec = (long)(until_ns % NT_SECOND_NS)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

/* Waits before the next attempt. Meanwhile the queue is emptied, so that nobody waits for us who need not. */
static void back_off(struct publisher *p)
{
	uint64_t until_ns = nt_clock_monotonic_ns() + p->back_off_ns;
	int rc = 0;

	p->back_off_ns = p->back_off_ns * 2 < BACK_OFF_MAX_NS ? p->back_off_ns * 2 : BACK_OFF_MAX_NS;
	while (!rc && !p->closing && !told_to_give_up(p)) {
		uint64_t look_ns = next_look(until_ns);

		take_all(p);
		update_counters(p);
		rc =
		    p->holding ? nt_queue_wait_closed(p->redis_queue, look_ns) : nt_queue_wait(p->redis_queue, look_ns);
		if (rc == -ETIMEDOUT && look_ns < until_ns) {
			rc = 0;
			continue;
		}
		if (rc == -EPIPE || (!rc && p->holding)) {
			/* Time is short from now on: try at once, then often. */
			p->closing = true;
			p->back_off_ns = BACK_OFF_MIN_NS;
			return;
		}
	}
	while (p->closing && !told_to_give_up(p) && nt_clock_monotonic_ns() < until_ns)
		sleep_until(next_look(until_ns));
}

/* Everything in the spool is published. Returns false when nothing will come any more. */
static bool wait_for_work(struct publisher *p)
{
	p->said_dropped = false;
	return nt_queue_wait(p->redis_queue, NT_QUEUE_FOREVER) == 0;
}

/* Looks at how a step went. False when there is nothing left to do, or to hope for. */
static bool go_on(struct publisher *p, int rc)
{
	int err = rc < 0 ? rc : 0;

	if (!err)
		p->failing_since_ns = 0;
	else if (!p->failing_since_ns)
		p->failing_since_ns = nt_clock_monotonic_ns();
	if (!rc && !p->holding)
		return false;
	p->given_up = patience_is_over(p, err);
	if (p->given_up)
		return false;
	if (err)
		back_off(p);
	else
		p->back_off_ns = BACK_OFF_MIN_NS;
	return true;
}

static void publish_all(struct publisher *p, int (*step)(struct nt_put *put))
{
	int rc;

	do {
		take_all(p);
		nt_put_set_geo_build(p->put, atomic_load_explicit(&p->geo_build_s, memory_order_relaxed));
		rc = step(p->put);
		update_counters(p);
	} while (go_on(p, rc));
}

static void *run_redis(void *argument)
{
	struct publisher *p = argument;

	do {
		if (p->given_up)
			take_all(p); /* the queue goes on being emptied */
		else
			publish_all(p, nt_put_step);
	} while (wait_for_work(p));
	if (!p->given_up)
		publish_all(p, nt_put_finish);
	update_counters(p);
	return NULL;
}

/* ---- the caller's side ---- */

int publisher_start(struct publisher *p)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&p->lines_thread, NULL, run_lines, p);
	if (!err && p->redis_queue) {
		err = pthread_create(&p->redis_thread, NULL, run_redis, p);
		if (err) {
			nt_queue_close(p->lines_queue);
			pthread_join(p->lines_thread, NULL);
		}
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	p->started = !err;
	return -err;
}

int publisher_submit(struct publisher *p, struct nt_snapshot *snapshot)
{
	if (!p->options.wait)
		return nt_queue_offer(p->lines_queue, snapshot);
	nt_queue_put(p->lines_queue, snapshot);
	return 0;
}

void publisher_set_geo_build(struct publisher *p, int64_t geo_build_s)
{
	atomic_store_explicit(&p->geo_build_s, geo_build_s, memory_order_relaxed);
}

int publisher_finish(struct publisher *p)
{
	struct publisher_counters c;

	if (p->started) {
		atomic_store_explicit(&p->finish_ns, nt_clock_monotonic_ns(), memory_order_relaxed);
		nt_queue_close(p->lines_queue);
		pthread_join(p->lines_thread, NULL);
		if (p->redis_queue)
			pthread_join(p->redis_thread, NULL);
		p->started = false;
	}
	publisher_read_counters(p, &c);
	if (c.unpublished)
		nt_error("intervals not published in Redis: %" PRIu64, c.unpublished);
	if (c.failed_lines)
		nt_error("lines of JSON not written: %" PRIu64, c.failed_lines);
	if (c.unpublished)
		return -ETIMEDOUT;
	if (c.failed_lines)
		return -EIO;
	return c.lost ? -ENOSPC : 0;
}

void publisher_read_counters(struct publisher *p, struct publisher_counters *out)
{
	pthread_mutex_lock(&p->lock);
	*out = p->counters;
	pthread_mutex_unlock(&p->lock);
	out->lost = nt_queue_lost(p->lines_queue);
}

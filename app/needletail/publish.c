/* SPDX-License-Identifier: BSD-3-Clause */
#include "publish.h"

#include "lines.h"
#include "publish_parts.h"
#include "thread.h"

#include "base/clock.h"
#include "base/log.h"
#include "redis/put.h"
#include "spool/queue.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Deep enough for a disk that stalls for seconds at one interval a second; one that stalls for longer has more than a
 * stall. A replay waits, and there depth would only be memory. */
#define PLACES_LIVE 64
#define PLACES_WAIT 4

#define LOOK_NS (200 * MS_NS) /* between looks at whether to give up */

/* ---- making and freeing ---- */

static bool has_path(const struct publisher *p)
{
	return p->options.spool_path && *p->options.spool_path;
}

static int open_spool(struct publisher *p)
{
	const struct publisher_options *o = &p->options;
	struct nt_spool_options options = nt_spool_defaults;

	options.path = o->spool_path;
	options.sensor = o->sensor.name;
	options.sinks = (o->lines ? NT_SINK_BIT(NT_SINK_LINES) : 0) | (o->redis ? NT_SINK_BIT(NT_SINK_REDIS) : 0);
	options.keep_applied_s = o->keep_applied_s;
	if (o->spool_snapshots)
		options.memory_snapshots = o->spool_snapshots;
	if (o->spool_bytes)
		options.disk_bytes = o->spool_bytes;
	p->spool = nt_spool_open(&options);
	p->durable = p->spool && has_path(p);
	if (p->spool || !has_path(p) || nt_spool_refusal(errno) || errno == ENOMEM)
		return p->spool ? 0 : -errno;
	nt_warning("spool.path: %s: %s; what waits is kept in memory and lost with the program", o->spool_path,
		   strerror(errno));
	options.path = NULL;
	p->spool = nt_spool_open(&options);
	return p->spool ? 0 : -errno;
}

/* A sink that is not in use waits for nothing, and one that was not in use before does not get what is older. */
static void settle(struct publisher *p, enum nt_sink sink, bool used)
{
	char note[NT_SPOOL_NOTE];

	if (!used || !nt_spool_note(p->spool, sink, note, sizeof(note)))
		nt_spool_set_applied_note(p->spool, sink, nt_spool_end(p->spool), "", 0);
}

static void settle_both(struct publisher *p)
{
	settle(p, NT_SINK_LINES, p->options.lines);
	settle(p, NT_SINK_REDIS, p->has_redis);
}

static void find_left_over(struct publisher *p)
{
	struct nt_spool_counters before;
	char note[LINES_NOTE];
	size_t length, lines, redis;

	nt_spool_read_counters(p->spool, &before);
	p->reduced = p->reduced_before = before.reduced;
	p->dropped = p->dropped_before = before.dropped;
	if (p->options.lines) {
		length = nt_spool_note(p->spool, NT_SINK_LINES, note, sizeof(note));
		lines_recover(p->options.lines, note, length);
	}
	lines = nt_spool_waiting(p->spool, NT_SINK_LINES);
	redis = nt_spool_waiting(p->spool, NT_SINK_REDIS);
	p->left_over = lines > redis ? lines : redis;
	if (p->left_over)
		nt_info("%s: %zu intervals are left from before; they go first", p->options.spool_path, p->left_over);
}

static int make_parts(struct publisher *p, const struct publisher_options *o)
{
	int err = open_spool(p);

	if (!err)
		settle_both(p);
	p->queue = nt_queue_new(o->wait ? PLACES_WAIT : PLACES_LIVE);
	if (!err && !p->queue)
		err = -errno;
	if (!err && o->redis) {
		const struct nt_put_options put = {.url = *o->redis, .timeout_ms = o->timeout_ms, .sensor = o->sensor};

		p->put = nt_put_new(&put, p->spool);
		err = p->put ? 0 : -errno;
	}
	return err;
}

static void init_sync(struct publisher *p)
{
	pthread_condattr_t attributes;

	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&attributes);
	/* Waiting times must not change when somebody sets the wall clock. */
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&p->changed, &attributes);
	pthread_condattr_destroy(&attributes);
}

struct publisher *publisher_new(const struct publisher_options *options)
{
	struct publisher *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return NULL;
	p->options = *options;
	p->has_redis = options->redis;
	atomic_init(&p->geo_build_s, options->sensor.geo_build_s);
	init_sync(p);
	err = make_parts(p, options);
	p->options.redis = NULL; /* the caller's, and it may hold a password */
	if (err) {
		publisher_free(p);
		errno = -err;
		return NULL;
	}
	find_left_over(p);
	return p;
}

void publisher_free(struct publisher *p)
{
	if (!p)
		return;
	nt_put_free(p->put);
	nt_spool_free(p->spool);
	nt_queue_free(p->queue);
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

size_t publisher_left_over(const struct publisher *p)
{
	return p->left_over;
}

/* Does something that is on its way to Redis end after that time? */
static bool spool_holds_from(struct publisher *p, int64_t time_s)
{
	uint64_t at = nt_spool_applied(p->spool, NT_SINK_REDIS);
	bool holds = false;

	while (!holds && (at = nt_spool_next(p->spool, at))) {
		const struct nt_snapshot *snapshot;

		if (!nt_spool_get(p->spool, at, &snapshot)) {
			holds = snapshot->end_s > time_s;
			nt_spool_release(p->spool, snapshot);
		}
		at++;
	}
	return holds;
}

int publisher_holds_from(struct publisher *p, int64_t time_s, bool *holds)
{
	*holds = p->put && spool_holds_from(p, time_s);
	return p->put && !*holds ? nt_put_holds_from(p->put, time_s, holds) : 0;
}

/* ---- waiting ---- */

static void wait_until(struct publisher *p, uint64_t until_ns)
{
	const struct timespec until = {.tv_sec = (time_t)(until_ns / NT_SECOND_NS),
				       .tv_nsec = (long)(until_ns % NT_SECOND_NS)};

	pthread_cond_timedwait(&p->changed, &p->lock, &until);
}

void publisher_changed(struct publisher *p)
{
	pthread_mutex_lock(&p->lock);
	p->changes++;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
}

uint64_t publisher_changes(struct publisher *p)
{
	uint64_t changes;

	pthread_mutex_lock(&p->lock);
	changes = p->changes;
	pthread_mutex_unlock(&p->lock);
	return changes;
}

bool publisher_wait(struct publisher *p, uint64_t seen)
{
	bool more;

	pthread_mutex_lock(&p->lock);
	while (p->changes == seen && !p->stored_all)
		pthread_cond_wait(&p->changed, &p->lock);
	more = p->changes != seen;
	pthread_mutex_unlock(&p->lock);
	return more;
}

bool publisher_told_to_give_up(const struct publisher *p)
{
	return p->options.wait && p->options.give_up && atomic_load_explicit(p->options.give_up, memory_order_relaxed);
}

bool publisher_is_finishing(const struct publisher *p)
{
	return atomic_load_explicit(&p->finish_ns, memory_order_relaxed);
}

bool publisher_is_late(const struct publisher *p)
{
	uint64_t finish_ns = atomic_load_explicit(&p->finish_ns, memory_order_relaxed);

	return finish_ns && nt_clock_monotonic_ns() >= finish_ns + p->options.patience_ms * MS_NS;
}

void publisher_attempted(struct attempts *a, int err)
{
	if (!err) {
		a->failing_since_ns = 0;
		a->back_off_ns = BACK_OFF_MIN_NS;
	} else if (!a->failing_since_ns) {
		a->failing_since_ns = nt_clock_monotonic_ns();
	}
}

void publisher_back_off(struct publisher *p, struct attempts *a)
{
	uint64_t now_ns = nt_clock_monotonic_ns(), until_ns = now_ns + a->back_off_ns;

	a->back_off_ns = a->back_off_ns * 2 < BACK_OFF_MAX_NS ? a->back_off_ns * 2 : BACK_OFF_MAX_NS;
	pthread_mutex_lock(&p->lock);
	for (; now_ns < until_ns && !publisher_told_to_give_up(p); now_ns = nt_clock_monotonic_ns()) {
		if (publisher_is_finishing(p) && !a->closing) {
			/* Time is short from now on: try at once, then often. */
			a->closing = true;
			a->back_off_ns = BACK_OFF_MIN_NS;
			break;
		}
		if (!p->options.wait && publisher_is_late(p))
			break;
		wait_until(p, now_ns + LOOK_NS < until_ns ? now_ns + LOOK_NS : until_ns);
	}
	pthread_mutex_unlock(&p->lock);
}

/* ---- storing ---- */

/* With the lock held. Once a sink is given up, a replay no longer waits for it, but for the other one it does, before a
 * full spool takes the detail of what that one is to get. */
static bool has_place(const struct publisher *p, const struct nt_snapshot *snapshot)
{
	if (!p->redis_given_up && !p->lines_given_up)
		return nt_spool_fits(p->spool, snapshot);
	if (p->options.lines && !p->lines_given_up && nt_spool_waiting(p->spool, NT_SINK_LINES))
		return false;
	return p->redis_given_up || !p->has_redis || !nt_spool_waiting(p->spool, NT_SINK_REDIS);
}

static void wait_for_place(struct publisher *p, const struct nt_snapshot *snapshot)
{
	for (;;) {
		bool fits;

		pthread_mutex_lock(&p->lock);
		fits = has_place(p, snapshot);
		if (!fits)
			wait_until(p, nt_clock_monotonic_ns() + LOOK_NS);
		pthread_mutex_unlock(&p->lock);
		if (fits)
			return;
	}
}

void publisher_let_go(struct publisher *p)
{
	if (p->durable)
		return;
	p->discarded += nt_spool_waiting(p->spool, NT_SINK_REDIS);
	nt_spool_set_applied(p->spool, NT_SINK_REDIS, nt_spool_end(p->spool));
}

/* What a full spool costs, said once for each outage. */
static void note_full(struct publisher *p)
{
	struct nt_spool_counters c;

	nt_spool_read_counters(p->spool, &c);
	if (c.reduced > p->reduced && !p->said_reduced) {
		nt_warning("no more room for intervals that wait: the oldest lose their detail");
		p->said_reduced = true;
	}
	if (c.dropped > p->dropped && !p->said_dropped) {
		nt_warning("no more room for intervals that wait: the oldest are dropped");
		p->said_dropped = true;
	}
	if (!nt_spool_waiting(p->spool, NT_SINK_REDIS) && !nt_spool_waiting(p->spool, NT_SINK_LINES))
		p->said_reduced = p->said_dropped = false;
	p->reduced = c.reduced;
	p->dropped = c.dropped;
}

static void store(struct publisher *p, struct nt_snapshot *snapshot)
{
	int rc;

	if (p->options.wait)
		wait_for_place(p, snapshot);
	rc = nt_spool_push(p->spool, snapshot);
	if (rc < 0) {
		nt_error("out of memory: an interval is lost");
		nt_snapshot_fini(snapshot);
		nt_spool_skip(p->spool, 1);
	}
	pthread_mutex_lock(&p->lock);
	p->counters.stored += !rc;
	if (p->redis_given_up)
		publisher_let_go(p);
	pthread_mutex_unlock(&p->lock);
	note_full(p);
	publisher_changed(p);
}

static void note_lost(struct publisher *p, uint64_t lost)
{
	if (!lost)
		return;
	nt_spool_skip(p->spool, lost);
	p->dropped += lost; /* which is said here */
	nt_warning("the publisher was behind: %" PRIu64 " intervals are lost", lost);
}

static void *run_store(void *argument)
{
	struct publisher *p = argument;
	struct nt_snapshot snapshot;
	uint64_t lost;

	while (!nt_queue_take(p->queue, NT_QUEUE_FOREVER, &snapshot, &lost)) {
		note_lost(p, lost);
		store(p, &snapshot);
	}
	note_lost(p, lost);
	pthread_mutex_lock(&p->lock);
	p->stored_all = true;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* ---- the caller's side ---- */

static void stop_storing(struct publisher *p)
{
	nt_queue_close(p->queue);
	pthread_join(p->store_thread, NULL);
}

static int start_threads(struct publisher *p)
{
	int err = thread_start(&p->store_thread, NULL, run_store, p);

	if (err)
		return err;
	if (p->options.lines)
		err = thread_start(&p->lines_thread, NULL, publisher_run_lines, p);
	if (!err && p->put) {
		err = thread_start(&p->redis_thread, NULL, publisher_run_redis, p);
		if (err && p->options.lines) {
			stop_storing(p);
			pthread_join(p->lines_thread, NULL);
			return err;
		}
	}
	if (err)
		stop_storing(p);
	return err;
}

int publisher_start(struct publisher *p)
{
	int err = publisher_begin_lines(p);

	if (err)
		return err;
	err = start_threads(p);
	p->started = !err;
	return err;
}

int publisher_submit(struct publisher *p, struct nt_snapshot *snapshot)
{
	snapshot->geo_build_s = atomic_load_explicit(&p->geo_build_s, memory_order_relaxed);
	if (!p->options.wait)
		return nt_queue_offer(p->queue, snapshot);
	nt_queue_put(p->queue, snapshot);
	return 0;
}

void publisher_set_geo_build(struct publisher *p, int64_t geo_build_s)
{
	atomic_store_explicit(&p->geo_build_s, geo_build_s, memory_order_relaxed);
}

void publisher_reopen_lines(struct publisher *p)
{
	if (p->options.lines)
		lines_reopen(p->options.lines);
}

/* What waits is there for the next start. Live that is how it should be. */
static int say_kept(const struct publisher *p, const struct publisher_counters *c)
{
	if (!c->unpublished && !c->waiting_lines)
		return 0;
	if (!p->options.wait) {
		nt_info("%s: %" PRIu64 " intervals wait for the next start", p->options.spool_path,
			c->unpublished > c->waiting_lines ? c->unpublished : c->waiting_lines);
		return 0;
	}
	if (c->unpublished)
		nt_error("intervals not published in Redis: %" PRIu64 "; they wait in %s for the next start",
			 c->unpublished, p->options.spool_path);
	if (c->waiting_lines)
		nt_error("intervals without their lines of JSON: %" PRIu64 "; they wait in %s for the next start",
			 c->waiting_lines, p->options.spool_path);
	return c->unpublished ? -ETIMEDOUT : -EIO;
}

static int say_given_up(const struct publisher_counters *c)
{
	if (c->unpublished)
		nt_error("intervals not published in Redis: %" PRIu64, c->unpublished);
	if (c->waiting_lines)
		nt_error("intervals without their lines of JSON: %" PRIu64, c->waiting_lines);
	if (c->unpublished)
		return -ETIMEDOUT;
	return c->waiting_lines ? -EIO : 0;
}

static void join(struct publisher *p)
{
	atomic_store_explicit(&p->finish_ns, nt_clock_monotonic_ns(), memory_order_relaxed);
	publisher_changed(p);
	stop_storing(p);
	if (p->options.lines)
		pthread_join(p->lines_thread, NULL);
	if (p->put)
		pthread_join(p->redis_thread, NULL);
	settle_both(p);
	p->started = false;
}

int publisher_finish(struct publisher *p)
{
	struct nt_spool_counters spool;
	struct publisher_counters c;
	int err;

	if (p->started)
		join(p);
	publisher_read_counters(p, &c);
	nt_spool_read_counters(p->spool, &spool);
	err = p->durable && spool.on_disk ? say_kept(p, &c) : say_given_up(&c);
	if (c.failed_lines)
		nt_error("lines of JSON not written: %" PRIu64, c.failed_lines);
	if (err)
		return err;
	if (c.failed_lines)
		return -EIO;
	return c.lost ? -ENOSPC : 0;
}

int publisher_flush(struct publisher *p)
{
	int err;

	p->options.begin_anew = false;
	err = publisher_start(p);
	return err ? err : publisher_finish(p);
}

void publisher_read_counters(struct publisher *p, struct publisher_counters *out)
{
	struct nt_spool_counters spool;

	nt_spool_read_counters(p->spool, &spool);
	pthread_mutex_lock(&p->lock);
	*out = p->counters;
	out->unpublished = p->put ? nt_spool_waiting(p->spool, NT_SINK_REDIS) + p->discarded : 0;
	out->waiting_lines = p->options.lines ? nt_spool_waiting(p->spool, NT_SINK_LINES) : 0;
	pthread_mutex_unlock(&p->lock);
	out->reduced = spool.reduced - p->reduced_before;
	out->dropped = spool.dropped - p->dropped_before;
	out->lost = nt_queue_lost(p->queue);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "replay.h"

#include "capture.h"
#include "closing.h"
#include "databases.h"
#include "detect_config.h"
#include "dispatch.h"
#include "machine.h"
#include "rules.h"
#include "sinks.h"
#include "sizing.h"
#include "stats.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/pages.h"
#include "fold/fold.h"
#include "needletail/errors.h"
#include "worker/worker.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WHY_BYTES	  512
#define HEAP_BYTES	  (256u << 20) /* reserved, not taken; intervals of a /16 need less */
#define FIRST_SLOTS	  (1u << 17)   /* a /16's sources of a minute; nobody waits where a table grows */
#define REDIS_PATIENCE_MS 60000	       /* without progress */

/*
 * Captures through the packet path, in packet time. One thread reads, spreads the frames over the workers and, at an
 * interval's end, waits until all are counted: the barrier that makes interval boundaries exact. What else an interval
 * ends with goes on beside it (closing.h). There is no device, and so no EAL, whose start takes longer than counting a
 * million frames.
 */
struct replay {
	const struct replay_options *options;
	uint64_t begin_ns; /* monotonic */
	struct stats stats;
	struct dispatch *dispatch;
	struct sinks sinks;
	struct nt_detect *detect;
	struct closing *closing;
	struct nt_signatures *signatures;
	bool open; /* an interval is */
	int64_t start_s;
	int64_t end_s;
	uint64_t received; /* frames of the open interval */
	uint64_t late;
	uint64_t unfolded; /* frames handed on since the last fold */
	int64_t fold_s;	   /* Unix seconds of packets at which to fold, however long the interval */
	struct closing_totals totals;
	bool warned_late;
};

static _Atomic bool interrupted; /* a signal handler writes; lock-free on every machine DPDK knows */

static void note_interrupt(int number)
{
	(void)number;
	atomic_store_explicit(&interrupted, true, memory_order_relaxed);
}

/* Without SA_RESTART: a read from a pipe that nobody feeds is to end, too. A second signal kills. */
static void stop_on_signals(void)
{
	const struct sigaction action = {.sa_handler = note_interrupt, .sa_flags = (int)SA_RESETHAND};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void open_interval(struct replay *r, int64_t time_s)
{
	int64_t length_s = r->options->config.interval_s;

	r->open = true;
	r->fold_s = time_s + NT_FOLD_EVERY_S;
	r->received = 0;
	r->late = 0;
	if (r->options->one_interval) {
		r->start_s = time_s;
		r->end_s = time_s + 1;
	} else {
		r->start_s = nt_interval_start(time_s, length_s);
		r->end_s = r->start_s + length_s;
	}
}

static int close_interval(struct replay *r, enum closing_step step)
{
	const struct closing_job job = {
	    .step = step,
	    .interval =
		{
		    .start_s = r->start_s,
		    .end_s = r->end_s,
		    .partial = interrupted,
		    .received = r->received,
		    .late = r->late,
		},
	};

	dispatch_drain(r->dispatch);
	r->open = false;
	r->unfolded = 0;
	return closing_hand_over(r->closing, &job);
}

static void note_late(struct replay *r)
{
	r->late++;
	if (!r->warned_late)
		nt_warning("frames out of order: those older than the open interval are counted in it, as late");
	r->warned_late = true;
}

/* Makes the open interval one that takes a frame of this moment. */
static int adjust_interval(struct replay *r, int64_t time_s)
{
	int err = 0;

	if (r->open && r->options->one_interval) {
		r->start_s = time_s < r->start_s ? time_s : r->start_s;
		r->end_s = time_s >= r->end_s ? time_s + 1 : r->end_s;
		return 0;
	}
	if (r->open && time_s >= r->end_s)
		err = close_interval(r, CLOSING_END);
	if (!r->open)
		open_interval(r, time_s);
	else if (time_s < r->start_s)
		note_late(r);
	return err;
}

/* A bank's counters must not wrap, nor its bins of victims run out, however long the interval. */
static int guard_banks(struct replay *r, int64_t time_s)
{
	if (r->unfolded < NT_TALLY_FRAMES_MAX && time_s < r->fold_s)
		return 0;
	r->unfolded = 0;
	r->fold_s = time_s + NT_FOLD_EVERY_S;
	dispatch_drain(r->dispatch);
	return closing_hand_over(r->closing, &(struct closing_job){.step = CLOSING_FOLD});
}

/* Hands on frames that belong to the open interval, and of which no bank can get too many. */
static void hand_on(struct replay *r, const struct nt_frame *frames, uint32_t n, enum nt_link link)
{
	dispatch_burst(r->dispatch, frames, n, link);
	r->received += n;
	r->unfolded += n;
}

/* Is there nothing to be done between the records of a burst? */
static bool all_fit(const struct replay *r, const struct capture_burst *b)
{
	return r->open && b->earliest_s >= r->start_s && b->latest_s < r->end_s && b->latest_s < r->fold_s &&
	       r->unfolded + b->n <= NT_TALLY_FRAMES_MAX;
}

static int count_singly(struct replay *r, const struct capture_burst *b)
{
	int err = 0;

	for (uint32_t i = 0; i < b->n && !err; i++) {
		err = adjust_interval(r, b->time[i].s);
		if (!err)
			err = guard_banks(r, b->time[i].s);
		if (!err)
			hand_on(r, &b->frame[i], 1, b->link);
	}
	return err;
}

static int count_all(struct replay *r, struct capture_set *set)
{
	const struct capture_burst *b;
	int err = 0;

	while (!err && !interrupted && (b = capture_set_burst(set))) {
		if (all_fit(r, b))
			hand_on(r, b->frame, b->n, b->link);
		else
			err = count_singly(r, b);
	}
	if (!err && r->open)
		err = close_interval(r, CLOSING_LAST);
	return err;
}

/* For whoever sits and waits, from the start on; a script gets silence where all went well. */
static void say_summary(const struct replay *r)
{
	uint64_t wall_ns = nt_clock_monotonic_ns() - r->begin_ns;
	struct nt_time cpu = nt_clock_read(CLOCK_PROCESS_CPUTIME_ID);

	if (!isatty(STDERR_FILENO))
		return;
	nt_info("%" PRIu64 " frames in %" PRIu64 " intervals, %.2f s wall, %.2f s CPU", r->totals.frames,
		r->totals.intervals, (double)wall_ns / NT_SECOND_NS, (double)cpu.s + (double)cpu.ns / NT_SECOND_NS);
}

/* Counts with everything in place. Returns 0 or -errno. */
static int count_and_close(struct replay *r, struct capture_set *set)
{
	int err, closed;

	r->closing = closing_start(&r->stats, r->detect, r->sinks.publisher);
	if (!r->closing)
		return -errno;
	err = count_all(r, set);
	closed = closing_stop(r->closing, &r->totals);
	return err ? err : closed;
}

/* Counts with workers. Returns 0 or -errno, which has been said. */
static int count_with_workers(struct replay *r, struct capture_set *set)
{
	int err;

	r->dispatch = dispatch_start(r->stats.worker, r->stats.n, r->options->config.lcores);
	if (!r->dispatch) {
		err = -errno;
		nt_error("workers: %s", strerror(-err));
		return err;
	}
	err = count_and_close(r, set);
	dispatch_stop(r->dispatch);
	detect_say_dropped(r->detect);
	if (err)
		nt_error("replay: %s", strerror(-err));
	return err;
}

/* Counts and publishes: the exit status. */
static int count(struct replay *r, struct capture_set *set)
{
	int err = count_with_workers(r, set);

	if (publisher_finish(r->sinks.publisher))
		err = -EIO; /* it has said why */
	say_summary(r);
	return err || interrupted || r->totals.unexplained || capture_set_defective(set) ? NT_EXIT_FAILED : NT_EXIT_OK;
}

/* A replay that was done before must not be added a second time unnoticed. */
static int refuse_repetition(struct replay *r, struct capture_set *set)
{
	const struct capture_record *first = capture_set_first(set);
	bool holds = false;

	if (!r->sinks.has_redis || r->options->add || !first)
		return 0;
	if (publisher_holds_from(r->sinks.publisher, first->time.s, &holds))
		return 0; /* away: it has said so; what is there is looked at when it is back */
	if (!holds)
		return 0;
	nt_error("%s: Redis holds data of this sensor at or after the first frame; --add adds to it",
		 r->options->config.sensor);
	if (publisher_left_over(r->sinks.publisher))
		publisher_flush(r->sinks.publisher); /* what was counted before is another matter */
	return -EEXIST;
}

static int publish_and_count(struct replay *r, struct capture_set *set)
{
	if (refuse_repetition(r, set) || sinks_start(&r->sinks))
		return NT_EXIT_FAILED;
	return count(r, set);
}

static int with_sinks(struct replay *r, struct capture_set *set, int64_t geo_build_s)
{
	const struct sinks_options options = {
	    .config = &r->options->config,
	    .interval_s = r->options->config.interval_s,
	    .geo_build_s = geo_build_s,
	    .wait = true,
	    .patience_ms = REDIS_PATIENCE_MS,
	    .give_up = &interrupted,
	};
	int status;

	if (sinks_open(&r->sinks, &options))
		return NT_EXIT_UNUSABLE;
	status = publish_and_count(r, set);
	return sinks_close(&r->sinks) && status == NT_EXIT_OK ? NT_EXIT_FAILED : status;
}

static int start_stats(struct replay *r, const struct databases *d)
{
	struct stats_options options = {
	    .workers = r->options->config.workers,
	    .locate = d->geo.locate,
	    .asn = d->asn,
	    .signatures = r->signatures,
	    .tables = sizing_tables(&r->options->config),
	    .sketches = *r->options->config.redis.url,
	    .ordinary_memory = true,
	};
	int err;

	options.tables.first_slots = FIRST_SLOTS;
	err = stats_init(&r->stats, &options);
	if (err)
		nt_error("workers: %s", strerror(-err));
	return err;
}

static int with_databases(struct replay *r, struct capture_set *set, const struct databases *d)
{
	int status;

	if (start_stats(r, d))
		return NT_EXIT_UNUSABLE;
	nt_pages_heap(HEAP_BYTES); /* large tables exist; from here on memory is for what comes with each interval */
	nt_detect_set_geo(r->detect, d->geo.info.build_epoch_s, d->asn ? nt_asn_build_s(d->asn) : 0);
	status = with_sinks(r, set, d->geo.info.build_epoch_s);
	stats_fini(&r->stats);
	return status;
}

static int open_databases(struct replay *r, struct capture_set *set)
{
	struct databases databases;
	char why[WHY_BYTES];
	int status;

	if (machine_check_cpus(r->options->config.lcores, why, sizeof(why))) {
		nt_error("%s", why);
		return NT_EXIT_UNUSABLE;
	}
	if (databases_open(&r->options->config.geo, DATABASES_ORDINARY, &databases))
		return NT_EXIT_UNUSABLE;
	status = with_databases(r, set, &databases);
	databases_free(&databases);
	return status;
}

int replay(const struct replay_options *options)
{
	struct replay r = {.options = options, .begin_ns = nt_clock_monotonic_ns()};
	char why[WHY_BYTES];
	int status = NT_EXIT_UNUSABLE;
	struct capture_set *set = capture_set_open(options->paths, options->n, why, sizeof(why));

	if (!set) {
		nt_error("%s", why);
		return status;
	}
	stop_on_signals();
	r.detect = detect_start(&options->config, options->one_interval ? 0 : options->config.interval_s);
	if (r.detect && !rules_open(&options->config, &r.signatures))
		status = open_databases(&r, set);
	nt_signatures_free(r.signatures);
	nt_detect_free(r.detect);
	capture_set_close(set);
	return status;
}

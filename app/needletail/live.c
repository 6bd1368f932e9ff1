/* SPDX-License-Identifier: BSD-3-Clause */
#include "live.h"

#include "detect_config.h"
#include "port.h"
#include "publish.h"
#include "rx_loop.h"
#include "stats.h"

#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "needletail/errors.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MS_NS INT64_C(1000000)

/* Longest sleep: how late a clock that jumps, or a database that is ready, may be noticed. */
#define LOOK_NS (100 * MS_NS)

/* While something is waited for that takes milliseconds. */
#define CLOSE_LOOK_NS MS_NS

/* How long the devices may be drained after the signal: a full queue of 32,768 packets takes a few milliseconds. */
#define DRAIN_NS (500 * MS_NS)

/*
 * How long the end may take, publishing included, which has bounds of its own: this one is for a disk or a reader of
 * the lines that does not answer at all.
 */
#define FINISH_S 30

static const int signals_answered[] = {SIGINT, SIGTERM, SIGHUP};

static int64_t wall_ns(void)
{
	struct nt_time t = nt_clock_now();

	return t.s * NT_SECOND_NS + t.ns;
}

static int64_t steady_ns(void)
{
	return (int64_t)nt_clock_monotonic_ns();
}

/* Signals */

static sigset_t answered(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals_answered) / sizeof(signals_answered[0]); i++)
		sigaddset(&set, signals_answered[i]);
	return set;
}

void live_block_signals(void)
{
	sigset_t set = answered();

	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void quit(int number)
{
	static const char late[] = "needletail: cannot finish what is to be written: given up\n";

	if (number == SIGALRM && write(STDERR_FILENO, late, sizeof(late) - 1) < 0)
		_exit(NT_EXIT_FAILED);
	_exit(NT_EXIT_FAILED);
}

/* From now on SIGINT and SIGTERM end the process, whatever it waits for, and so does time. */
static void let_signals_kill(void)
{
	struct sigaction action = {.sa_handler = quit};
	sigset_t set = answered();

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	alarm(FINISH_S);
	sigdelset(&set, SIGHUP);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void ask_reload(struct live *l)
{
	reload_ask(&l->reload);
	publisher_reopen_lines(l->publisher);
}

/* Sleeps, and answers what wakes it. */
static void wait_for_signal(struct live *l, int64_t ns)
{
	const struct timespec timeout = {.tv_sec = ns / NT_SECOND_NS, .tv_nsec = ns % NT_SECOND_NS};
	sigset_t set = answered();
	int number = sigtimedwait(&set, NULL, &timeout);

	if (number == SIGHUP)
		ask_reload(l);
	else if (number > 0)
		l->stopping = true;
}

/* Intervals */

/* Signatures that were replaced, as soon as no worker has them any more. */
static void drop_retired(struct live *l)
{
	if (!stats_signatures_changed(l->stats))
		return;
	nt_signatures_free(l->retired);
	l->retired = NULL;
}

static uint64_t clamp(uint64_t value, uint64_t min, uint64_t max)
{
	return value < min ? min : value > max ? max : value;
}

/*
 * Ends the open interval. While workers poll, a packet may be polled and not counted yet, or counted since the banks
 * were switched: what was folded lies between the packets counted before and those polled after. When they have
 * ended, all three are one number.
 */
static int close_interval(struct live *l, void (*losses)(struct watch *w, struct nt_loss *into),
			  void (*look)(struct nt_detect *d, struct nt_snapshot *s))
{
	struct interval interval = {
	    .start_s = l->timeline.start_s,
	    .end_s = l->timeline.end_s,
	    .partial = l->timeline.partial,
	};
	uint64_t counted = rx_counted(l->rx);
	struct nt_snapshot snapshot;
	int err = stats_fold_last(l->stats);

	if (err)
		return err;
	interval.received =
	    clamp(l->accounted + stats_folded_frames(l->stats), counted, rx_packets(l->rx)) - l->accounted;
	losses(&l->watch, &interval.loss);
	err = stats_take(l->stats, &interval, &snapshot);
	if (!err)
		err = watch_queues(&l->watch, &snapshot);
	if (err) {
		nt_snapshot_fini(&snapshot);
		return err;
	}
	l->accounted += interval.received;
	l->unexplained += snapshot.loss.unexplained;
	l->intervals++;
	drop_retired(l);
	look(l->detect, &snapshot);
	detect_say_events(&snapshot);
	publisher_submit(l->publisher, &snapshot); /* what it cannot take it counts and says */
	return 0;
}

static void say_jump(const struct timeline *t)
{
	if (t->jumped_ns)
		nt_warning("the clock jumped %s by %.1f s", t->jumped_ns > 0 ? "forward" : "back",
			   (double)llabs(t->jumped_ns) / NT_SECOND_NS);
}

/* Ends every interval that is over by the wall clock. */
static int follow_clock(struct live *l)
{
	enum timeline_state state;
	int err = 0;

	while (!err && (state = timeline_look(&l->timeline, wall_ns(), steady_ns())) != TIMELINE_OPEN) {
		say_jump(&l->timeline);
		err = close_interval(l, watch_interval, detect_look);
		if (state == TIMELINE_ENDED)
			timeline_next(&l->timeline);
		else
			timeline_begin(&l->timeline, l->timeline.length_s, wall_ns(), steady_ns());
		if (!err && wall_ns() / NT_SECOND_NS >= l->timeline.end_s)
			nt_clock_nap(CLOSE_LOOK_NS); /* late by several: the publisher's queue is short */
	}
	if (!err)
		say_jump(&l->timeline);
	return err;
}

/* Links */

/*
 * Counting begins when there is something to count: an interval must not say that nothing came while no link was up.
 * Workers poll already, so nothing is lost by waiting.
 */
static void wait_for_links(struct live *l)
{
	while (!ports_watch_links(l->ports) && !rx_packets(l->rx) && steady_ns() < l->link_until_ns && !l->stopping)
		wait_for_signal(l, 10 * CLOSE_LOOK_NS);
}

static void say_links_down(struct live *l)
{
	if (steady_ns() < l->link_until_ns)
		return;
	for (uint32_t i = 0; i < l->ports->n; i++)
		if (!l->ports->port[i].link_up)
			nt_warning("%s: no link after %" PRIu32 " s, going on without it", l->ports->port[i].name,
				   l->config->link_wait_s);
	l->link_until_ns = INT64_MAX;
}

/* Reloading */

static void use_signatures(struct live *l, struct nt_signatures *fresh)
{
	if (stats_signatures_changed(l->stats))
		l->retired = l->signatures;
	else
		nt_signatures_free(l->signatures); /* asked for twice in an interval: they were never used */
	l->signatures = fresh;
	stats_set_signatures(l->stats, fresh);
}

static void say_reloaded(const struct live *l)
{
	const struct nt_config_geo *config = &l->config->geo;
	const struct nt_geo_info *info = &l->databases.geo.info;

	if (*config->country)
		nt_info("%s: reloaded, %" PRIu32 " IPv4 and %" PRIu32 " IPv6 prefixes", config->country,
			info->prefixes4, info->prefixes6);
	if (*config->asn)
		nt_info("%s: reloaded", config->asn);
	nt_info("%s: reloaded, %" PRIu32 " signatures from the next interval on", l->path,
		nt_signatures_n(l->signatures));
}

static void tell_ages(struct live *l)
{
	const struct databases *d = &l->databases;

	nt_detect_set_geo(l->detect, d->geo.info.build_epoch_s, d->asn ? nt_asn_build_s(d->asn) : 0);
}

static void look_at_reload(struct live *l)
{
	struct reloaded fresh;
	struct databases old = l->databases;
	const char *why;

	if (!reload_look(&l->reload, &fresh, &why))
		return;
	if (why) {
		nt_error("%s: what was loaded before stays in use", why);
		return;
	}
	stats_set_locate(l->stats, fresh.databases.geo.locate);
	stats_set_asn(l->stats, fresh.databases.asn);
	publisher_set_geo_build(l->publisher, fresh.databases.geo.info.build_epoch_s);
	l->databases = fresh.databases;
	use_signatures(l, fresh.signatures);
	tell_ages(l);
	reload_free(&l->reload, &old);
	say_reloaded(l);
}

/* The loop */

static int64_t until_next(const struct live *l)
{
	int64_t end_ns = l->timeline.end_s * NT_SECOND_NS - wall_ns();
	int64_t second_ns = l->next_second_ns - steady_ns();
	int64_t ns = end_ns < second_ns ? end_ns : second_ns;

	return ns < 0 ? 0 : ns > LOOK_NS ? LOOK_NS : ns;
}

static int every_second(struct live *l)
{
	int64_t now_ns = steady_ns();

	if (now_ns < l->next_second_ns)
		return 0;
	l->next_second_ns = now_ns + NT_SECOND_NS;
	watch_second(&l->watch);
	ports_watch_links(l->ports);
	say_links_down(l);
	return stats_guard(l->stats);
}

static int capture(struct live *l)
{
	int err = 0;

	while (!err && !l->stopping) {
		wait_for_signal(l, until_next(l));
		err = follow_clock(l);
		if (!err)
			err = every_second(l);
		look_at_reload(l);
	}
	return err;
}

/* Polls on until nothing of what had arrived is left in the devices. */
static void drain(struct live *l)
{
	int64_t until_ns = steady_ns() + DRAIN_NS;

	watch_stopping(&l->watch);
	rx_drain(l->rx);
	while (!(rx_drained(l->rx) && watch_caught_up(&l->watch)) && steady_ns() < until_ns)
		nt_clock_nap(CLOSE_LOOK_NS);
}

static int stop(struct live *l)
{
	int err, closed;

	let_signals_kill();
	drain(l);
	err = rx_stop(l->rx);
	l->timeline.partial = true;
	closed = close_interval(l, watch_finish, detect_look_last);
	watch_say_queues(&l->watch);
	detect_say_dropped(l->detect);
	nt_info("%" PRIu64 " packets in %" PRIu64 " intervals, %" PRIu64 " unexplained", l->accounted, l->intervals,
		l->unexplained);
	return err ? err : closed;
}

int live_run(struct live *l)
{
	int err, stopped;

	reload_init(&l->reload, l->path, &l->config->geo);
	watch_init(&l->watch, l->ports, l->rx);
	tell_ages(l);
	l->link_until_ns = steady_ns() + (int64_t)l->config->link_wait_s * NT_SECOND_NS;
	wait_for_links(l);
	timeline_begin(&l->timeline, l->config->interval_s, wall_ns(), steady_ns());
	err = capture(l);
	stopped = stop(l);
	reload_fini(&l->reload);
	return err ? err : stopped;
}

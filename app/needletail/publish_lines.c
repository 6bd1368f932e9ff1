/* SPDX-License-Identifier: BSD-3-Clause */
#include "publish_parts.h"

#include "lines.h"

#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* Keeps the place in the spool together with where the file ends. What the disk does not take now is in memory. */
static void note(struct publisher *p, uint64_t applied)
{
	char text[LINES_NOTE];
	size_t length = lines_note(p->options.lines, text);

	nt_spool_set_applied_note(p->spool, NT_SINK_LINES, applied, text, length);
}

int publisher_begin_lines(struct publisher *p)
{
	int err;

	if (!p->options.lines)
		return 0;
	err = lines_create(p->options.lines);
	if (!err && p->options.begin_anew && !nt_spool_waiting(p->spool, NT_SINK_LINES))
		err = lines_empty(p->options.lines);
	if (!err && !nt_spool_waiting(p->spool, NT_SINK_LINES))
		note(p, nt_spool_applied(p->spool, NT_SINK_LINES));
	return err;
}

static void count(struct publisher *p, uint64_t lines, uint64_t failed)
{
	pthread_mutex_lock(&p->lock);
	p->counters.lines += lines;
	p->counters.failed_lines += failed;
	pthread_mutex_unlock(&p->lock);
}

/* The rendered interval's lines into the right file. Returns 0 or -errno. */
static int write_rendered(struct publisher *p, uint64_t sequence)
{
	int err;

	if (lines_prepare(p->options.lines) || !p->noted) {
		note(p, nt_spool_applied(p->spool, NT_SINK_LINES));
		p->noted = true;
	}
	err = lines_write(p->options.lines);
	if (!err)
		note(p, sequence + 1);
	return err;
}

/* Returns 0, or -errno with the lines still to be written; *lines is how many they are. */
static int write_interval(struct publisher *p, uint64_t sequence, uint64_t *lines)
{
	uint64_t unmade = lines_unmade(p->options.lines);
	const struct nt_snapshot *snapshot;
	int n, err = nt_spool_get(p->spool, sequence, &snapshot);

	*lines = 1;
	if (err == -ENOENT)
		return 0; /* dropped meanwhile, which is counted */
	if (err)
		return err;
	n = lines_render(p->options.lines, snapshot);
	nt_spool_release(p->spool, snapshot);
	if (n < 0)
		return n;
	*lines = (uint64_t)n;
	err = write_rendered(p, sequence);
	if (!err)
		count(p, *lines - (lines_unmade(p->options.lines) - unmade), lines_unmade(p->options.lines) - unmade);
	return err;
}

static void say_failure(struct publisher *p, int err)
{
	if (p->said_failure)
		return;
	p->said_failure = true;
	if (lines_can_cut(p->options.lines) && !p->options.wait)
		nt_error("json: %s; intervals wait", strerror(-err));
	else
		nt_error("json: %s; said once, further lines are tried", strerror(-err));
}

static void say_back(struct publisher *p)
{
	if (!p->said_failure || !lines_can_cut(p->options.lines))
		return;
	p->said_failure = false;
	nt_info("json: lines are written again; intervals that waited: %zu", nt_spool_waiting(p->spool, NT_SINK_LINES));
}

/* What becomes of an interval whose lines cannot be written. */
enum fate { FATE_AGAIN, FATE_SKIP, FATE_STOP };

/*
 * A line that may have gone out in part cannot be tried again. A file can: live for as long as it takes, and if the
 * spool keeps the interval, the next start does it. A replay that nothing keeps for goes on with the next line.
 */
static enum fate choose(const struct publisher *p)
{
	if (!lines_can_cut(p->options.lines))
		return FATE_SKIP;
	if (p->options.wait)
		return p->durable ? FATE_STOP : FATE_SKIP;
	if (!publisher_is_late(p))
		return FATE_AGAIN;
	return p->durable ? FATE_STOP : FATE_SKIP;
}

static void give_up(struct publisher *p)
{
	pthread_mutex_lock(&p->lock);
	p->lines_given_up = true;
	p->changes++;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
}

/* Writes everything that waits. False if that was given up. */
static bool write_all_waiting(struct publisher *p, struct attempts *a)
{
	uint64_t sequence, lines;

	while ((sequence = nt_spool_next(p->spool, nt_spool_applied(p->spool, NT_SINK_LINES)))) {
		int err = write_interval(p, sequence, &lines);
		enum fate fate = err ? choose(p) : FATE_SKIP;

		publisher_attempted(a, err);
		if (err)
			say_failure(p, err);
		else
			say_back(p);
		if (err && fate == FATE_SKIP) {
			count(p, 0, lines);
			note(p, sequence + 1);
		}
		if (fate == FATE_STOP) {
			give_up(p);
			return false;
		}
		if (fate == FATE_AGAIN)
			publisher_back_off(p, a);
		else if (p->options.wait)
			publisher_changed(p); /* there may be a place now */
	}
	return true;
}

void *publisher_run_lines(void *publisher)
{
	struct publisher *p = publisher;
	struct attempts attempts = {.back_off_ns = BACK_OFF_MIN_NS};
	uint64_t seen;

	do {
		seen = publisher_changes(p);
		if (!write_all_waiting(p, &attempts))
			break;
	} while (publisher_wait(p, seen));
	return NULL;
}

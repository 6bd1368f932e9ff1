/* SPDX-License-Identifier: BSD-3-Clause */
#include "publish_parts.h"

#include "base/clock.h"
#include "redis/put.h"

#include <errno.h>

/* Errors that no waiting mends: a replay, which somebody watches, stops trying at once. */
static bool is_final(int err)
{
	return err == -EACCES || err == -EINVAL || err == -EEXIST || err == -EALREADY;
}

static bool is_kept(const struct publisher *p)
{
	struct nt_spool_counters c;

	nt_spool_read_counters(p->spool, &c);
	return p->durable && c.on_disk;
}

/* A replay gives Redis up when it fails for too long; live capture only when it has to end, and at once if nothing is
 * lost by that. */
static bool patience_is_over(const struct publisher *p, const struct attempts *a, int err)
{
	if (!p->options.wait)
		return publisher_is_late(p) || (err && publisher_is_finishing(p) && is_kept(p));
	if (err && publisher_told_to_give_up(p))
		return true;
	return err &&
	       (is_final(err) || nt_clock_monotonic_ns() - a->failing_since_ns >= p->options.patience_ms * MS_NS);
}

static void update_counters(struct publisher *p)
{
	struct nt_put_counters put;

	nt_put_read_counters(p->put, &put);
	pthread_mutex_lock(&p->lock);
	p->counters.published = put.published;
	p->counters.gap = put.gap_intervals;
	p->counters.failed_writes = put.failed_writes;
	pthread_mutex_unlock(&p->lock);
}

static void give_up(struct publisher *p)
{
	pthread_mutex_lock(&p->lock);
	p->redis_given_up = true;
	publisher_let_go(p);
	p->changes++;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
}

/* Takes steps until nothing is left to do. False if that was given up. */
static bool publish_all(struct publisher *p, struct attempts *a, int (*step)(struct nt_put *put))
{
	for (;;) {
		int rc, err;

		nt_put_set_geo_build(p->put, atomic_load_explicit(&p->geo_build_s, memory_order_relaxed));
		rc = step(p->put);
		err = rc < 0 ? rc : 0;
		publisher_attempted(a, err);
		update_counters(p);
		if (!rc)
			return true;
		if (patience_is_over(p, a, err)) {
			give_up(p);
			return false;
		}
		if (err)
			publisher_back_off(p, a);
		else if (p->options.wait)
			publisher_changed(p); /* there may be a place now */
	}
}

void *publisher_run_redis(void *publisher)
{
	struct publisher *p = publisher;
	struct attempts attempts = {.back_off_ns = BACK_OFF_MIN_NS};
	uint64_t seen;

	do {
		seen = publisher_changes(p);
		if (!publish_all(p, &attempts, nt_put_step))
			return NULL;
	} while (publisher_wait(p, seen));
	publish_all(p, &attempts, nt_put_finish);
	return NULL;
}

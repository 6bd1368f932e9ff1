/* SPDX-License-Identifier: BSD-3-Clause */
#include "closing.h"

#include "detect_config.h"
#include "publish.h"
#include "thread.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

/* What goes through the stages. */
struct item {
	struct closing_job job;
	struct nt_snapshot snapshot; /* from the first stage to the second */
};

enum state {
	IDLE,
	AT_WORK, /* there is an item */
	STOPPED
};

/* A thread that takes one item at a time. */
struct stage {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int (*work)(struct closing *c, struct item *item);
	struct closing *closing;
	/* Under lock: */
	enum state state;
	struct item item; /* while AT_WORK: the thread's */
	int err;	  /* of an item; after it there is no other */
};

struct closing {
	struct stats *stats;
	struct nt_detect *detect;
	struct publisher *publisher;
	struct closing_totals totals; /* the second stage's; whoever stopped it reads them */
	bool beside;		      /* stages are threads; else there is no CPU for them but the caller's */
	struct stage fold;
	struct stage look;
};

/* ---- a stage ---- */

static void set_state(struct stage *s, enum state state)
{
	s->state = state;
	pthread_cond_broadcast(&s->changed);
}

static void *run(void *argument)
{
	struct stage *s = argument;

	pthread_mutex_lock(&s->lock);
	while (s->state != STOPPED) {
		if (s->state == AT_WORK) {
			pthread_mutex_unlock(&s->lock);
			s->err = s->work(s->closing, &s->item);
			pthread_mutex_lock(&s->lock);
			set_state(s, IDLE);
		} else {
			pthread_cond_wait(&s->changed, &s->lock);
		}
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static int start(struct stage *s, struct closing *c, int (*work)(struct closing *c, struct item *item))
{
	s->closing = c;
	s->work = work;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	return thread_start(&s->thread, NULL, run, s);
}

/* Until there is no item. Returns with the lock held. */
static int wait_idle(struct stage *s)
{
	pthread_mutex_lock(&s->lock);
	while (s->state == AT_WORK)
		pthread_cond_wait(&s->changed, &s->lock);
	return s->err;
}

/* With the lock held, which is let go. */
static void hand_on(struct stage *s, const struct item *item)
{
	s->item = *item;
	set_state(s, AT_WORK);
	pthread_mutex_unlock(&s->lock);
}

static int stop(struct stage *s)
{
	int err = wait_idle(s);

	set_state(s, STOPPED);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	return err;
}

/* ---- the two ---- */

static int look(struct closing *c, struct item *item)
{
	c->totals.frames += item->job.interval.received;
	c->totals.intervals++;
	c->totals.unexplained += item->snapshot.loss.unexplained;
	if (item->job.step == CLOSING_LAST)
		detect_look_last(c->detect, &item->snapshot);
	else
		detect_look(c->detect, &item->snapshot);
	if (isatty(STDERR_FILENO))
		detect_say_events(&item->snapshot);
	return publisher_submit(c->publisher, &item->snapshot);
}

static int look_beside(struct closing *c, struct item *item)
{
	int err = wait_idle(&c->look);

	if (!err) {
		hand_on(&c->look, item);
		return 0;
	}
	pthread_mutex_unlock(&c->look.lock);
	nt_snapshot_fini(&item->snapshot);
	return err;
}

static int fold(struct closing *c, struct item *item)
{
	int err = stats_fold_retired(c->stats);

	if (err || item->job.step == CLOSING_FOLD)
		return err;
	err = stats_take(c->stats, &item->job.interval, &item->snapshot);
	if (err)
		return err;
	return c->beside ? look_beside(c, item) : look(c, item);
}

/* ---- the main thread's side ---- */

static bool has_cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) || CPU_COUNT(&set) > 1;
}

static int start_stages(struct closing *c)
{
	int err = start(&c->look, c, look);

	if (err)
		return err;
	err = start(&c->fold, c, fold);
	if (err)
		stop(&c->look);
	return err;
}

struct closing *closing_start(struct stats *stats, struct nt_detect *detect, struct publisher *publisher)
{
	struct closing *c = calloc(1, sizeof(*c));
	int err = 0;

	if (!c)
		return NULL;
	c->stats = stats;
	c->detect = detect;
	c->publisher = publisher;
	c->beside = has_cpus();
	if (c->beside)
		err = start_stages(c);
	if (!err)
		return c;
	free(c);
	errno = -err;
	return NULL;
}

/* Both stages at once; then the workers have their bank back, which the caches know. */
static int close_here(struct closing *c, struct item *item)
{
	int err;

	stats_switch(c->stats);
	err = fold(c, item);
	stats_switch(c->stats);
	return err;
}

int closing_hand_over(struct closing *c, const struct closing_job *job)
{
	struct item item = {.job = *job};
	int err;

	if (!c->beside)
		return close_here(c, &item);
	err = wait_idle(&c->fold);
	if (err) {
		pthread_mutex_unlock(&c->fold.lock);
		return err;
	}
	stats_switch(c->stats);
	hand_on(&c->fold, &item);
	return 0;
}

int closing_stop(struct closing *c, struct closing_totals *totals)
{
	int folded = c->beside ? stop(&c->fold) : 0, looked = c->beside ? stop(&c->look) : 0;

	*totals = c->totals;
	free(c);
	return folded ? folded : looked;
}

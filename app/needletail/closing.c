/* SPDX-License-Identifier: BSD-3-Clause */
#include "closing.h"

#include "detect_config.h"
#include "publish.h"
#include "thread.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum state {
	IDLE,
	AT_WORK, /* there is a job */
	STOPPED
};

struct closing {
	struct stats *stats;
	struct nt_detect *detect;
	struct publisher *publisher;
	struct closing_totals totals; /* the thread's; whoever waited for it reads them */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* Under lock: */
	enum state state;
	struct closing_job job; /* while AT_WORK: the thread's */
	int err;		/* of a job; after it there is no other */
};

static int end_interval(struct closing *c, const struct closing_job *job)
{
	struct nt_snapshot snapshot;
	int err = stats_take(c->stats, &job->interval, &snapshot);

	if (err)
		return err;
	c->totals.frames += job->interval.received;
	c->totals.intervals++;
	c->totals.unexplained += snapshot.loss.unexplained;
	if (job->step == CLOSING_LAST)
		detect_look_last(c->detect, &snapshot);
	else
		detect_look(c->detect, &snapshot);
	if (isatty(STDERR_FILENO))
		detect_say_events(&snapshot);
	return publisher_submit(c->publisher, &snapshot);
}

static int work(struct closing *c, const struct closing_job *job)
{
	int err = stats_fold_retired(c->stats);

	return err || job->step == CLOSING_FOLD ? err : end_interval(c, job);
}

static void set_state(struct closing *c, enum state state)
{
	c->state = state;
	pthread_cond_broadcast(&c->changed);
}

static void *run(void *argument)
{
	struct closing *c = argument;

	pthread_mutex_lock(&c->lock);
	while (c->state != STOPPED) {
		if (c->state == AT_WORK) {
			pthread_mutex_unlock(&c->lock);
			c->err = work(c, &c->job);
			pthread_mutex_lock(&c->lock);
			set_state(c, IDLE);
		} else {
			pthread_cond_wait(&c->changed, &c->lock);
		}
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

struct closing *closing_start(struct stats *stats, struct nt_detect *detect, struct publisher *publisher)
{
	struct closing *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return NULL;
	c->stats = stats;
	c->detect = detect;
	c->publisher = publisher;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, NULL);
	err = thread_start(&c->thread, NULL, run, c);
	if (!err)
		return c;
	free(c);
	errno = -err;
	return NULL;
}

/* Returns with the lock held. */
static int wait_idle(struct closing *c)
{
	pthread_mutex_lock(&c->lock);
	while (c->state == AT_WORK)
		pthread_cond_wait(&c->changed, &c->lock);
	return c->err;
}

int closing_hand_over(struct closing *c, const struct closing_job *job)
{
	int err = wait_idle(c);

	if (!err) {
		stats_switch(c->stats);
		c->job = *job;
		set_state(c, AT_WORK);
	}
	pthread_mutex_unlock(&c->lock);
	return err;
}

int closing_stop(struct closing *c, struct closing_totals *totals)
{
	int err = wait_idle(c);

	set_state(c, STOPPED);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	*totals = c->totals;
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
	free(c);
	return err;
}

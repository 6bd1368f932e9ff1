/* SPDX-License-Identifier: BSD-3-Clause */
#include "spool/queue.h"

#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct place {
	struct nt_snapshot snapshot;
	uint64_t lost_before;
};

struct nt_queue {
	pthread_mutex_t lock;	/* guards everything below */
	pthread_cond_t changed; /* something was appended, taken, or the queue was closed */
	struct place *place;	/* ring */
	size_t places;
	size_t first;
	size_t n;
	uint64_t lost_at_end; /* since the last snapshot that found a place */
	uint64_t lost;
	bool closed;
};

static int init_sync(struct nt_queue *q)
{
	pthread_condattr_t attributes;
	int err = pthread_condattr_init(&attributes);

	if (err)
		return err;
	/* Waiting times must not change when somebody sets the wall clock. */
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	err = pthread_cond_init(&q->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	if (err)
		return err;
	err = pthread_mutex_init(&q->lock, NULL);
	if (err)
		pthread_cond_destroy(&q->changed);
	return err;
}

struct nt_queue *nt_queue_new(size_t places)
{
	struct nt_queue *q = calloc(1, sizeof(*q));
	int err;

	if (!q)
		return NULL;
	q->places = places;
	q->place = calloc(places, sizeof(*q->place));
	err = q->place ? init_sync(q) : ENOMEM;
	if (err) {
		free(q->place);
		free(q);
		errno = err;
		return NULL;
	}
	return q;
}

void nt_queue_free(struct nt_queue *q)
{
	if (!q)
		return;
	for (size_t i = 0; i < q->n; i++)
		nt_snapshot_fini(&q->place[(q->first + i) % q->places].snapshot);
	pthread_mutex_destroy(&q->lock);
	pthread_cond_destroy(&q->changed);
	free(q->place);
	free(q);
}

/* With the lock held and a place free. */
static void append(struct nt_queue *q, struct nt_snapshot *snapshot)
{
	q->place[(q->first + q->n) % q->places] = (struct place){.snapshot = *snapshot, .lost_before = q->lost_at_end};
	q->n++;
	q->lost_at_end = 0;
	nt_snapshot_init(snapshot);
	pthread_cond_broadcast(&q->changed);
}

int nt_queue_offer(struct nt_queue *q, struct nt_snapshot *snapshot)
{
	int err = 0;

	pthread_mutex_lock(&q->lock);
	if (q->n < q->places) {
		append(q, snapshot);
	} else {
		q->lost++;
		q->lost_at_end++;
		err = -ENOSPC;
	}
	pthread_mutex_unlock(&q->lock);
	if (err) {
		nt_snapshot_fini(snapshot);
		nt_snapshot_init(snapshot);
	}
	return err;
}

void nt_queue_note_lost(struct nt_queue *q, uint64_t n)
{
	pthread_mutex_lock(&q->lock);
	q->lost += n;
	q->lost_at_end += n;
	pthread_mutex_unlock(&q->lock);
}

void nt_queue_put(struct nt_queue *q, struct nt_snapshot *snapshot)
{
	pthread_mutex_lock(&q->lock);
	while (q->n == q->places)
		pthread_cond_wait(&q->changed, &q->lock);
	append(q, snapshot);
	pthread_mutex_unlock(&q->lock);
}

void nt_queue_close(struct nt_queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->closed = true;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
}

/* With the lock held: waits for a change. Returns false once the time is over. */
static bool wait_for_change(struct nt_queue *q, uint64_t until_ns)
{
	const struct timespec until = {.tv_sec = (time_t)(until_ns / NT_SECOND_NS),
				       .tv_nsec = (long)(until_ns % NT_SECOND_NS)};

	if (until_ns == NT_QUEUE_FOREVER)
		return pthread_cond_wait(&q->changed, &q->lock) == 0;
	if (!until_ns)
		return false;
	return pthread_cond_timedwait(&q->changed, &q->lock, &until) == 0;
}

/* With the lock held: waits until there is something to take. */
static int wait_for_snapshot(struct nt_queue *q, uint64_t until_ns)
{
	while (!q->n && !q->closed)
		if (!wait_for_change(q, until_ns))
			return -ETIMEDOUT;
	return q->n ? 0 : -EPIPE;
}

int nt_queue_take(struct nt_queue *q, uint64_t until_ns, struct nt_snapshot *out, uint64_t *lost)
{
	int err;

	pthread_mutex_lock(&q->lock);
	err = wait_for_snapshot(q, until_ns);
	*lost = 0;
	if (!err) {
		*out = q->place[q->first].snapshot;
		*lost = q->place[q->first].lost_before;
		q->first = (q->first + 1) % q->places;
		q->n--;
		pthread_cond_broadcast(&q->changed);
	} else if (err == -EPIPE) {
		*lost = q->lost_at_end;
		q->lost_at_end = 0;
	}
	pthread_mutex_unlock(&q->lock);
	return err;
}

int nt_queue_wait(struct nt_queue *q, uint64_t until_ns)
{
	int err;

	pthread_mutex_lock(&q->lock);
	err = wait_for_snapshot(q, until_ns);
	pthread_mutex_unlock(&q->lock);
	return err;
}

int nt_queue_wait_closed(struct nt_queue *q, uint64_t until_ns)
{
	int err = 0;

	pthread_mutex_lock(&q->lock);
	while (!q->closed && !err)
		if (!wait_for_change(q, until_ns))
			err = -ETIMEDOUT;
	pthread_mutex_unlock(&q->lock);
	return err;
}

uint64_t nt_queue_lost(struct nt_queue *q)
{
	uint64_t lost;

	pthread_mutex_lock(&q->lock);
	lost = q->lost;
	pthread_mutex_unlock(&q->lock);
	return lost;
}

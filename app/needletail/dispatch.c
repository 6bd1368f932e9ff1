/* SPDX-License-Identifier: BSD-3-Clause */
#include "dispatch.h"

#include "spread.h"
#include "thread.h"

#include "base/clock.h"
#include "config/cpus.h"
#include "worker/worker.h"

#include <errno.h>
#include <rte_pause.h>
#include <rte_ring.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_FRAMES   256
#define FRAME_BYTES    262144 /* libpcap's largest record */
#define BATCH_BYTES    (2 * FRAME_BYTES)
#define BATCHES	       16 /* a worker; a power of two less than the ring's size */
#define RING_SLOTS     32
#define GATHERED_BELOW 16  /* frames that are handed on together */
#define SPINS	       256 /* empty polls before a side gives its core away */
#define NAP_NS	       20000

struct batch {
	uint32_t n;
	uint32_t used; /* bytes of `bytes` */
	struct nt_frame frame[BATCH_FRAMES];
	uint8_t link[BATCH_FRAMES];
	uint8_t bytes[BATCH_BYTES];
};

/* The dispatcher and one worker. */
struct lane {
	struct nt_worker *worker;
	pthread_t thread;
	struct rte_ring *full;	/* dispatcher -> worker */
	struct rte_ring *empty; /* worker -> dispatcher */
	struct batch *filling;	/* the dispatcher's; NULL: none in hand */
	uint64_t sent;		/* frames of batches that went to the worker */
	struct batch *batches;	/* [BATCHES] */
	const _Atomic bool *stop;
};

struct dispatch {
	_Atomic bool stop;	 /* the dispatcher writes, workers read */
	struct nt_worker *alone; /* counted for by the caller; NULL: there are lanes */
	bool resting;		 /* `alone` holds no bank */
	struct batch *gathered;	 /* for `alone`: frames that came in ones and twos */
	uint32_t n;		 /* lanes */
	struct spread spread;
	struct lane lane[];
};

/* Gives way: a spin first, because the other side is usually quick, then the core. */
static void wait_a_little(uint32_t tries)
{
	if (tries < SPINS)
		rte_pause();
	else
		sched_yield();
}

static void count_batch(struct nt_worker *w, const struct batch *b)
{
	for (uint32_t at = 0; at < b->n;) {
		uint32_t end = at + 1;

		while (end < b->n && end - at < NT_BURST && b->link[end] == b->link[at])
			end++;
		nt_worker_burst(w, &b->frame[at], end - at, b->link[at]);
		at = end;
	}
}

static void nap(struct nt_worker *w)
{
	nt_worker_pause(w);
	nt_clock_nap(NAP_NS);
	nt_worker_resume(w);
}

/* A worker's life. */
static void *lane_main(void *argument)
{
	struct lane *lane = argument;
	void *batch;

	for (uint32_t empty = 0; !atomic_load_explicit(lane->stop, memory_order_acquire);) {
		if (rte_ring_sc_dequeue(lane->full, &batch) == 0) {
			count_batch(lane->worker, batch);
			rte_ring_sp_enqueue(lane->empty, batch);
			empty = 0;
		} else if (++empty < SPINS) {
			nt_worker_idle(lane->worker);
			rte_pause();
		} else {
			nap(lane->worker);
		}
	}
	nt_worker_leave(lane->worker);
	return NULL;
}

static void clear(struct batch *b)
{
	b->n = 0;
	b->used = 0;
}

static struct batch *empty_batch(struct lane *lane)
{
	void *batch;

	for (uint32_t tries = 0; rte_ring_sc_dequeue(lane->empty, &batch); tries++)
		wait_a_little(tries);
	clear(batch);
	return batch;
}

static void send_batch(struct lane *lane)
{
	if (!lane->filling)
		return;
	lane->sent += lane->filling->n;
	rte_ring_sp_enqueue(lane->full, lane->filling);
	lane->filling = NULL;
}

/* Copies a frame; true if there may be no room for another. */
static bool append(struct batch *b, const struct nt_frame *frame, enum nt_link link)
{
	memcpy(b->bytes + b->used, frame->data, frame->cap_len);
	b->frame[b->n] = *frame;
	b->frame[b->n].data = b->bytes + b->used;
	b->link[b->n++] = (uint8_t)link;
	b->used += frame->cap_len;
	return b->n == BATCH_FRAMES || b->used > BATCH_BYTES - FRAME_BYTES;
}

static void resume(struct dispatch *d)
{
	if (d->resting)
		nt_worker_resume(d->alone);
	d->resting = false;
}

static void count_gathered(struct dispatch *d)
{
	resume(d);
	count_batch(d->alone, d->gathered);
	clear(d->gathered);
}

/* Counting few frames costs each of them more than copying it and waiting for others. */
static void count_here(struct dispatch *d, const struct nt_frame *frames, uint32_t n, enum nt_link link)
{
	if (n < GATHERED_BELOW) {
		for (uint32_t i = 0; i < n; i++)
			if (append(d->gathered, &frames[i], link))
				count_gathered(d);
		return;
	}
	count_gathered(d);
	nt_worker_burst(d->alone, frames, n, link);
}

void dispatch_burst(struct dispatch *d, const struct nt_frame *frames, uint32_t n, enum nt_link link)
{
	if (d->alone) {
		count_here(d, frames, n, link);
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		struct lane *lane = &d->lane[spread_worker(&d->spread, &frames[i], link)];

		if (!lane->filling)
			lane->filling = empty_batch(lane);
		if (append(lane->filling, &frames[i], link))
			send_batch(lane);
	}
}

void dispatch_drain(struct dispatch *d)
{
	if (d->alone) {
		count_gathered(d);
		nt_worker_pause(d->alone); /* the caller will wait for it to pass a burst boundary */
		d->resting = true;
	}
	for (uint32_t i = 0; i < d->n; i++)
		send_batch(&d->lane[i]);
	for (uint32_t i = 0; i < d->n; i++)
		for (uint32_t tries = 0; nt_worker_frames(d->lane[i].worker) != d->lane[i].sent; tries++)
			wait_a_little(tries);
}

/* ---- starting and stopping ---- */

static struct rte_ring *make_ring(void)
{
	struct rte_ring *ring = aligned_alloc(RTE_CACHE_LINE_SIZE, (size_t)rte_ring_get_memsize(RING_SLOTS));

	if (ring && rte_ring_init(ring, "lane", RING_SLOTS, RING_F_SP_ENQ | RING_F_SC_DEQ)) {
		free(ring);
		return NULL;
	}
	return ring;
}

static int make_lane(struct dispatch *d, struct nt_worker *worker)
{
	struct lane *lane = &d->lane[d->n++];

	lane->worker = worker;
	lane->stop = &d->stop;
	lane->full = make_ring();
	lane->empty = make_ring();
	lane->batches = malloc(BATCHES * sizeof(struct batch)); /* touched as far as frames fill it */
	if (!lane->full || !lane->empty || !lane->batches)
		return -ENOMEM;
	for (uint32_t b = 0; b < BATCHES; b++)
		rte_ring_sp_enqueue(lane->empty, &lane->batches[b]);
	return 0;
}

static void free_all(struct dispatch *d)
{
	for (uint32_t i = 0; i < d->n; i++) {
		free(d->lane[i].full);
		free(d->lane[i].empty);
		free(d->lane[i].batches);
	}
	free(d->gathered);
	free(d);
}

/* Where the list names no CPU a thread stays where it may be. */
static int choose_cpu(const struct nt_cpus *cpus, uint32_t lcore, cpu_set_t *set)
{
	if (!cpus->n)
		return sched_getaffinity(0, sizeof(*set), set) ? -errno : 0;
	CPU_ZERO(set);
	CPU_SET(nt_cpus_of_lcore(cpus, lcore), set);
	return 0;
}

static int start_lane(struct dispatch *d, uint32_t i, const cpu_set_t *cpus)
{
	struct lane *lane = &d->lane[i];
	pthread_attr_t attributes;
	int err = nt_worker_join(lane->worker);

	if (err)
		return err;
	pthread_attr_init(&attributes);
	err = -pthread_attr_setaffinity_np(&attributes, sizeof(*cpus), cpus);
	if (!err)
		err = thread_start(&lane->thread, &attributes, lane_main, lane);
	pthread_attr_destroy(&attributes);
	if (err)
		nt_worker_leave(lane->worker);
	return err;
}

static void stop_lanes(struct dispatch *d, uint32_t n)
{
	atomic_store_explicit(&d->stop, true, memory_order_release);
	for (uint32_t i = 0; i < n; i++)
		pthread_join(d->lane[i].thread, NULL);
}

static int start_lanes(struct dispatch *d, const struct nt_cpus *cpus)
{
	uint32_t started = 0;
	cpu_set_t set;
	int err = 0;

	while (started < d->n && !err) {
		err = choose_cpu(cpus, 1 + started, &set);
		if (!err)
			err = start_lane(d, started, &set);
		started += !err;
	}
	if (err)
		stop_lanes(d, started);
	return err;
}

static int start_alone(struct dispatch *d, struct nt_worker *worker)
{
	int err = nt_worker_join(worker);

	if (err)
		return err;
	d->gathered = malloc(sizeof(*d->gathered));
	if (!d->gathered) {
		nt_worker_leave(worker);
		return -ENOMEM;
	}
	clear(d->gathered);
	d->alone = worker;
	return 0;
}

static int start(struct dispatch *d, struct nt_worker *const *workers, uint32_t n, const struct nt_cpus *cpus)
{
	int err = 0;

	if (n == 1)
		return start_alone(d, workers[0]);
	spread_init(&d->spread, n);
	while (!err && d->n < n)
		err = make_lane(d, workers[d->n]);
	if (!err)
		err = start_lanes(d, cpus);
	return err;
}

struct dispatch *dispatch_start(struct nt_worker *const *workers, uint32_t n, const char *lcores)
{
	struct dispatch *d = calloc(1, sizeof(*d) + n * sizeof(struct lane));
	struct nt_cpus cpus = {0};
	const char *why;
	cpu_set_t set;
	int err = d ? 0 : -ENOMEM;

	if (!err && *lcores)
		err = nt_cpus_parse(lcores, &cpus, &why);
	if (!err && cpus.n) {
		err = choose_cpu(&cpus, 0, &set);
		if (!err)
			err = sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
	}
	if (!err) {
		atomic_init(&d->stop, false);
		err = start(d, workers, n, &cpus);
	}
	if (!err)
		return d;
	if (d)
		free_all(d);
	errno = -err;
	return NULL;
}

void dispatch_stop(struct dispatch *d)
{
	dispatch_drain(d);
	if (d->alone)
		nt_worker_leave(d->alone);
	stop_lanes(d, d->n);
	free_all(d);
}

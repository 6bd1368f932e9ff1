/* SPDX-License-Identifier: BSD-3-Clause */
#include "dispatch.h"

#include "eal.h"
#include "spread.h"

#include "base/clock.h"
#include "worker/worker.h"

#include <errno.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_pause.h>
#include <rte_ring.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_FRAMES 256
#define FRAME_BYTES  262144 /* libpcap's largest record */
#define BATCH_BYTES  (2 * FRAME_BYTES)
#define BATCHES	     16 /* a worker; a power of two less than the ring's size */
#define RING_SLOTS   32
#define SPINS	     256 /* empty polls before a side gives its core away */
#define NAP_NS	     20000

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
	struct rte_ring *full;	/* dispatcher -> worker */
	struct rte_ring *empty; /* worker -> dispatcher */
	struct batch *filling;	/* the dispatcher's; NULL: none in hand */
	uint64_t sent;		/* frames of batches that went to the worker */
	struct batch *batches;	/* [BATCHES] */
	const _Atomic bool *stop;
};

struct dispatch {
	_Atomic bool stop; /* the dispatcher writes, workers read */
	uint32_t n;
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

/* A worker lcore's life. */
static int lane_main(void *argument)
{
	struct lane *lane = argument;
	void *batch;
	int err = nt_worker_join(lane->worker);

	if (err)
		return err;
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
	return 0;
}

static struct batch *empty_batch(struct lane *lane)
{
	void *batch;

	for (uint32_t tries = 0; rte_ring_sc_dequeue(lane->empty, &batch); tries++)
		wait_a_little(tries);
	((struct batch *)batch)->n = 0;
	((struct batch *)batch)->used = 0;
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

void dispatch_frame(struct dispatch *d, const struct nt_frame *frame, enum nt_link link)
{
	struct lane *lane = &d->lane[spread_worker(&d->spread, frame, link)];
	struct batch *b;

	if (!lane->filling)
		lane->filling = empty_batch(lane);
	b = lane->filling;
	memcpy(b->bytes + b->used, frame->data, frame->cap_len);
	b->frame[b->n] = *frame;
	b->frame[b->n].data = b->bytes + b->used;
	b->link[b->n++] = (uint8_t)link;
	b->used += frame->cap_len;
	if (b->n == BATCH_FRAMES || b->used > BATCH_BYTES - FRAME_BYTES)
		send_batch(lane);
}

void dispatch_drain(struct dispatch *d)
{
	for (uint32_t i = 0; i < d->n; i++)
		send_batch(&d->lane[i]);
	for (uint32_t i = 0; i < d->n; i++)
		for (uint32_t tries = 0; nt_worker_frames(d->lane[i].worker) != d->lane[i].sent; tries++)
			wait_a_little(tries);
}

static struct rte_ring *make_ring(const char *use, uint32_t lane)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "%s-%u", use, lane);
	return rte_ring_create(name, RING_SLOTS, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

static int make_lane(struct dispatch *d, uint32_t i, struct nt_worker *worker)
{
	struct lane *lane = &d->lane[i];

	lane->worker = worker;
	lane->stop = &d->stop;
	lane->full = make_ring("full", i);
	lane->empty = make_ring("empty", i);
	if (!lane->full || !lane->empty)
		return -rte_errno;
	lane->batches = malloc(BATCHES * sizeof(struct batch)); /* touched as far as frames fill it */
	if (!lane->batches)
		return -ENOMEM;
	for (uint32_t b = 0; b < BATCHES; b++)
		rte_ring_sp_enqueue(lane->empty, &lane->batches[b]);
	return 0;
}

static void free_lanes(struct dispatch *d)
{
	for (uint32_t i = 0; i < d->n; i++) {
		rte_ring_free(d->lane[i].full);
		rte_ring_free(d->lane[i].empty);
		free(d->lane[i].batches);
	}
	free(d);
}

struct dispatch *dispatch_start(struct nt_worker *const *workers, uint32_t n)
{
	struct dispatch *d = calloc(1, sizeof(*d) + n * sizeof(struct lane));
	int err = -ENOMEM;

	if (!d)
		goto err;
	d->n = n;
	atomic_init(&d->stop, false);
	spread_init(&d->spread, n);
	for (uint32_t i = 0; i < n; i++) {
		err = make_lane(d, i, workers[i]);
		if (err)
			goto err_lanes;
	}
	for (uint32_t i = 0; i < n; i++)
		rte_eal_remote_launch(lane_main, &d->lane[i], EAL_WORKER_LCORE(i));
	return d;
err_lanes:
	free_lanes(d);
err:
	errno = -err;
	return NULL;
}

void dispatch_stop(struct dispatch *d)
{
	dispatch_drain(d);
	atomic_store_explicit(&d->stop, true, memory_order_release);
	rte_eal_mp_wait_lcore();
	free_lanes(d);
}

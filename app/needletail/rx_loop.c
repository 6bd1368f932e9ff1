/* SPDX-License-Identifier: BSD-3-Clause */
#include "rx_loop.h"

#include "rx_burst.h"
#include "rx_idle.h"

#include "worker/worker.h"

#include <rte_mbuf.h>
#include <rte_pause.h>

/* Rounds without a packet before a worker rests, some microseconds: gaps inside fast traffic are shorter. */
#define SPINS 64

/* A piece of a burst, which the device gives and has back. */
static void take(struct nt_worker *worker, struct rx_queue *q, struct rte_mbuf **mbufs, uint32_t n, int64_t time_ns)
{
	struct nt_frame frames[RX_BURST];

	/* before they are counted: a packet that is counted was polled, at any moment anybody looks */
	atomic_store_explicit(&q->packets, atomic_load_explicit(&q->packets, memory_order_relaxed) + n,
			      memory_order_relaxed);
	rx_burst_frames(frames, mbufs, n, time_ns);
	nt_worker_take(worker, frames, n, NT_LINK_ETHERNET);
	rte_pktmbuf_free_bulk(mbufs, n);
}

static uint32_t poll_queue(struct nt_worker *worker, struct rx_queue *q)
{
	struct rte_mbuf *mbufs[RX_BURST];
	int64_t time_ns = 0;
	uint32_t n = 0, got;

	do {
		got = rx_burst_take(q->port, q->queue, mbufs, RX_BURST);
		if (!got)
			break;
		if (!n)
			time_ns = rx_burst_time();
		take(worker, q, mbufs, got, time_ns);
		n += got;
	} while (got == RX_BURST && n < NT_BURST);
	if (n)
		nt_worker_count(worker);
	return n;
}

uint32_t rx_poll_round(struct rx_worker *w)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->queues; i++)
		n += poll_queue(w->worker, &w->queue[i]);
	return n;
}

int rx_loop(void *argument)
{
	struct rx_worker *w = argument;
	uint32_t phase, empty_rounds = 0, nap_ns = 0;
	int err = nt_worker_join(w->worker);

	if (err)
		return err;
	rx_idle_begin();
	while ((phase = atomic_load_explicit(w->phase, memory_order_acquire)) != RX_STOP) {
		if (rx_poll_round(w)) {
			empty_rounds = 0;
			nap_ns = 0;
			continue;
		}
		nt_worker_idle(w->worker);
		if (phase == RX_DRAIN)
			atomic_store_explicit(&w->drained, true, memory_order_release);
		if (empty_rounds++ < SPINS || !w->idle_sleep_ns)
			rte_pause();
		else
			nap_ns = rx_rest(w, nap_ns);
	}
	nt_worker_leave(w->worker);
	return 0;
}

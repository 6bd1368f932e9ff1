/* SPDX-License-Identifier: BSD-3-Clause */
#include "rx_loop.h"

#include "eal.h"
#include "rx_burst.h"

#include "base/clock.h"
#include "worker/worker.h"

#include <errno.h>
#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_pause.h>
#include <rte_prefetch.h>
#include <sys/prctl.h>

/* Rounds without a packet before a worker sleeps, some ten microseconds: gaps inside traffic are shorter. */
#define SPINS 256

#define FIRST_SLEEP_NS 1000

/* The kernel rounds sleeps up by 50 us unless told otherwise: that is as much as idle_sleep_us is by default. */
#define TIMER_SLACK_NS 1

static uint32_t poll_queue(struct nt_worker *worker, struct rx_queue *q)
{
	struct rte_mbuf *mbufs[NT_BURST];
	struct nt_frame frames[NT_BURST];
	uint32_t n = rte_eth_rx_burst(q->port, q->queue, mbufs, NT_BURST);

	if (!n)
		return 0;
	/* before they are counted: a packet that is counted was polled, at any moment anybody looks */
	atomic_store_explicit(&q->packets, atomic_load_explicit(&q->packets, memory_order_relaxed) + n,
			      memory_order_relaxed);
	rx_burst_frames(frames, mbufs, n);
	nt_worker_burst(worker, frames, n, NT_LINK_ETHERNET);
	rte_pktmbuf_free_bulk(mbufs, n);
	return n;
}

/* One look at each queue. Returns the packets found. */
static uint32_t poll_round(struct rx_worker *w)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->queues; i++)
		n += poll_queue(w->worker, &w->queue[i]);
	return n;
}

/* The longer nothing comes, the longer the sleep, up to the configured one. */
static uint32_t rest(struct rx_worker *w, uint32_t empty_rounds, uint32_t sleep_ns)
{
	if (empty_rounds < SPINS || !w->idle_sleep_ns) {
		rte_pause();
		return FIRST_SLEEP_NS;
	}
	if (sleep_ns > w->idle_sleep_ns)
		sleep_ns = w->idle_sleep_ns;
	nt_worker_pause(w->worker);
	nt_clock_nap(sleep_ns);
	nt_worker_resume(w->worker);
	return 2 * sleep_ns;
}

/* A worker lcore's life. */
int rx_loop(void *argument)
{
	struct rx_worker *w = argument;
	uint32_t phase, empty_rounds = 0, sleep_ns = FIRST_SLEEP_NS;
	int err = nt_worker_join(w->worker);

	if (err)
		return err;
	prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
	while ((phase = atomic_load_explicit(w->phase, memory_order_acquire)) != RX_STOP) {
		if (poll_round(w)) {
			empty_rounds = 0;
			continue;
		}
		nt_worker_idle(w->worker);
		if (phase == RX_DRAIN)
			atomic_store_explicit(&w->drained, true, memory_order_release);
		sleep_ns = rest(w, empty_rounds++, sleep_ns);
	}
	nt_worker_leave(w->worker);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "rx_idle.h"

#include "rx_loop.h"

#include "base/clock.h"
#include "worker/worker.h"

#include <poll.h>
#include <rte_ethdev.h>
#include <rte_interrupts.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/* The kernel rounds sleeps up by 50 us unless told otherwise: as much as the first nap. */
#define TIMER_SLACK_NS 1

void rx_idle_begin(void)
{
	prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
}

static void arm(const struct rx_worker *w)
{
	for (uint32_t i = 0; i < w->queues; i++)
		if (w->queue[i].interrupts)
			rte_eth_dev_rx_intr_enable(w->queue[i].port, w->queue[i].queue);
}

static void disarm(const struct rx_worker *w)
{
	for (uint32_t i = 0; i < w->queues; i++)
		if (w->queue[i].interrupts)
			rte_eth_dev_rx_intr_disable(w->queue[i].port, w->queue[i].queue);
}

/* Whatever woke the worker must not do so again without a new reason. */
static void silence(const struct rx_worker *w)
{
	struct rte_epoll_event event[RTE_MAX_ETHPORTS];
	socklen_t length = sizeof(int);
	int error;

	for (uint32_t i = 0; i < w->n_wake; i++) {
		if (!w->wake[i].revents)
			continue;
		if (w->wake[i].fd == w->interrupts)
			rte_epoll_wait(w->interrupts, event, RTE_MAX_ETHPORTS, 0);
		else if (w->wake[i].revents & POLLERR) /* an interface that goes down is an error until it is read */
			getsockopt(w->wake[i].fd, SOL_SOCKET, SO_ERROR, &error, &length);
	}
}

/* True if something came, or seemed to. */
static bool wait_for_packets(struct rx_worker *w)
{
	bool woken;

	arm(w);
	woken = rx_poll_round(w); /* what came before it was armed wakes nobody */
	if (!woken) {
		nt_worker_pause(w->worker);
		woken = poll(w->wake, w->n_wake, RX_WAIT_MS);
		nt_worker_resume(w->worker);
		if (woken)
			silence(w);
	}
	disarm(w);
	return woken;
}

/* Sleeps once. Returns how long the next nap is to be. */
static uint32_t nap(struct rx_worker *w, uint32_t ns)
{
	bool bounded = ns >= w->idle_sleep_ns;

	nt_worker_pause(w->worker);
	nt_clock_nap(bounded ? w->idle_sleep_ns : ns);
	nt_worker_resume(w->worker);
	return bounded && !w->n_wake ? ns : 2 * ns;
}

/*
 * Woken for nothing, a worker naps before it waits again, so that a device that does that for ever does not take the
 * core: only after packets, nap_ns being 0, the nap may be left out.
 */
uint32_t rx_rest(struct rx_worker *w, uint32_t nap_ns)
{
	uint64_t begin_ns;
	bool woken;

	if (!w->n_wake || (nap_ns ? nap_ns == RX_FIRST_NAP_NS : !w->sparse))
		return nap(w, nap_ns ? nap_ns : RX_FIRST_NAP_NS);
	begin_ns = nt_clock_monotonic_ns();
	woken = wait_for_packets(w);
	w->sparse = nt_clock_monotonic_ns() - begin_ns > RX_FIRST_NAP_NS;
	return woken ? RX_FIRST_NAP_NS : 2 * RX_FIRST_NAP_NS;
}

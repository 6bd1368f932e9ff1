/* SPDX-License-Identifier: BSD-3-Clause */
#include "rx_loop.h"

#include "eal.h"

#include "worker/worker.h"

#include <errno.h>
#include <rte_launch.h>
#include <rte_malloc.h>

/* What the main lcore does with the receive loops: makes, starts, drains and stops them, and reads what they counted.
 */

int rx_init(struct rx *rx, struct nt_worker *const *workers, uint32_t n, uint32_t idle_sleep_us)
{
	rx->n = n;
	atomic_init(&rx->phase, RX_POLL);
	rx->worker = rte_zmalloc("rx", n * sizeof(struct rx_worker), alignof(struct rx_worker));
	if (!rx->worker)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		rx->worker[i].worker = workers[i];
		rx->worker[i].phase = &rx->phase;
		rx->worker[i].idle_sleep_ns = idle_sleep_us * 1000;
		rx->worker[i].interrupts = -1;
	}
	return 0;
}

void rx_fini(struct rx *rx)
{
	rte_free(rx->worker);
	rx->worker = NULL;
	rx->n = 0;
}

void rx_add(struct rx *rx, uint32_t worker, uint16_t port, uint16_t queue)
{
	struct rx_worker *w = &rx->worker[worker];

	w->queue[w->queues].port = port;
	w->queue[w->queues].queue = queue;
	w->queues++;
}

int rx_start(struct rx *rx)
{
	int err = 0;

	for (uint32_t i = 0; i < rx->n && !err; i++)
		err = rte_eal_remote_launch(rx_loop, &rx->worker[i], EAL_WORKER_LCORE(i));
	if (err)
		rx_stop(rx);
	return err;
}

void rx_drain(struct rx *rx)
{
	atomic_store_explicit(&rx->phase, RX_DRAIN, memory_order_release);
}

bool rx_drained(const struct rx *rx)
{
	bool drained = true;

	for (uint32_t i = 0; i < rx->n; i++)
		drained = drained && atomic_load_explicit(&rx->worker[i].drained, memory_order_acquire);
	return drained;
}

int rx_stop(struct rx *rx)
{
	int err = 0;

	atomic_store_explicit(&rx->phase, RX_STOP, memory_order_release);
	for (uint32_t i = 0; i < rx->n; i++) {
		int returned = rte_eal_wait_lcore(EAL_WORKER_LCORE(i));

		err = err ? err : returned;
	}
	return err;
}

static uint64_t packets_of(const struct rx_queue *q)
{
	return atomic_load_explicit(&q->packets, memory_order_relaxed);
}

uint64_t rx_queue_packets(const struct rx *rx, uint16_t port, uint16_t queue)
{
	uint64_t packets = 0;

	for (uint32_t i = 0; i < rx->n; i++)
		for (uint32_t j = 0; j < rx->worker[i].queues; j++)
			if (rx->worker[i].queue[j].port == port && rx->worker[i].queue[j].queue == queue)
				packets += packets_of(&rx->worker[i].queue[j]);
	return packets;
}

uint64_t rx_port_packets(const struct rx *rx, uint16_t port)
{
	uint64_t packets = 0;

	for (uint32_t i = 0; i < rx->n; i++)
		for (uint32_t j = 0; j < rx->worker[i].queues; j++)
			if (rx->worker[i].queue[j].port == port)
				packets += packets_of(&rx->worker[i].queue[j]);
	return packets;
}

uint64_t rx_packets(const struct rx *rx)
{
	uint64_t packets = 0;

	for (uint32_t i = 0; i < rx->n; i++)
		for (uint32_t j = 0; j < rx->worker[i].queues; j++)
			packets += packets_of(&rx->worker[i].queue[j]);
	return packets;
}

uint64_t rx_counted(const struct rx *rx)
{
	uint64_t packets = 0;

	for (uint32_t i = 0; i < rx->n; i++)
		packets += nt_worker_frames(rx->worker[i].worker);
	return packets;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_BENCH_DEVICE_H
#define NEEDLETAIL_BENCH_DEVICE_H

#include "bench_traffic.h"

struct rte_mempool;

/*
 * The endless device of a benchmark: net_pcap with infinite_rx, a port of one queue for each part. Queues of one port
 * would not do: what its driver counts for a queue stands in the line of the cache where it looks up the frames of the
 * queue before, once for each of them, and two workers would wait for each other. One at a time. Main lcore.
 */
struct bench_device {
	uint16_t port[BENCH_WORKERS_MAX]; /* of each part */
	uint32_t n;
	struct rte_mempool *pool;
};

/** Plugs it in and starts it. Returns 0 or -errno; it has said why. Undone by bench_device_close(). */
int bench_device_open(struct bench_device *d, const struct bench_parts *parts);
void bench_device_close(struct bench_device *d);

/** Packet buffers that it takes. */
uint64_t bench_device_mbufs(uint64_t frames, uint32_t ports);

#endif

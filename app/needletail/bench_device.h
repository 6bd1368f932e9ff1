/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_BENCH_DEVICE_H
#define NEEDLETAIL_BENCH_DEVICE_H

#include "bench_traffic.h"

struct rte_mempool;

/* The endless device of a benchmark: net_pcap with infinite_rx, a queue for each part. One at a time. Main lcore. */
struct bench_device {
	uint16_t port;
	struct rte_mempool *pool;
};

/** Plugs it in and starts it. Returns 0 or -errno; it has said why. Undone by bench_device_close(). */
int bench_device_open(struct bench_device *d, const struct bench_parts *parts);
void bench_device_close(struct bench_device *d);

/** Packet buffers that it takes. */
uint64_t bench_device_mbufs(uint64_t frames, uint32_t queues);

#endif

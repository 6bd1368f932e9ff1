/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_device.h"

#include "eal.h"

#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <stdlib.h>

#define DESCRIPTORS 1024
#define DEVICE	    "net_pcap_bench"
#define QUEUE_ARG   (BENCH_PATH + 16)

/* Buffers beside those that the endless frames are kept in: what is under way, and the workers' caches. */
#define SPARE_MBUFS 8191
#define POOL_CACHE  250 /* as testpmd has it */

uint64_t bench_device_mbufs(uint64_t frames, uint32_t queues)
{
	return frames + queues * (uint64_t)(SPARE_MBUFS + DESCRIPTORS);
}

static int plug(const struct bench_parts *parts)
{
	char *args = malloc(parts->n * (size_t)QUEUE_ARG + QUEUE_ARG), path[BENCH_PATH];
	size_t used = 0, size = parts->n * (size_t)QUEUE_ARG + QUEUE_ARG;
	int err;

	if (!args)
		return -ENOMEM;
	for (uint32_t i = 0; i < parts->n; i++) {
		bench_parts_path(parts, i, path);
		used += (size_t)snprintf(args + used, size - used, "rx_pcap=%s,", path);
	}
	snprintf(args + used, size - used, "infinite_rx=1");
	err = rte_eal_hotplug_add("vdev", DEVICE, args);
	free(args);
	return err;
}

static int set_up(struct bench_device *d, uint32_t queues)
{
	const struct rte_eth_conf conf = {.rxmode = {.mq_mode = RTE_ETH_MQ_RX_NONE}};
	int err = rte_eth_dev_get_port_by_name(DEVICE, &d->port);

	if (!err)
		err = rte_eth_dev_configure(d->port, (uint16_t)queues, 0, &conf);
	for (uint32_t q = 0; q < queues && !err; q++)
		err = rte_eth_rx_queue_setup(d->port, (uint16_t)q, DESCRIPTORS, 0, NULL, d->pool);
	return err ? err : rte_eth_dev_start(d->port);
}

void bench_device_close(struct bench_device *d)
{
	if (d->port != RTE_MAX_ETHPORTS) {
		rte_eth_dev_stop(d->port);
		rte_eth_dev_close(d->port);
	}
	rte_eal_hotplug_remove("vdev", DEVICE);
	rte_mempool_free(d->pool);
}

int bench_device_open(struct bench_device *d, const struct bench_parts *parts)
{
	uint64_t mbufs = bench_device_mbufs(parts->frames_all, parts->n);
	int err;

	d->port = RTE_MAX_ETHPORTS;
	d->pool =
	    rte_pktmbuf_pool_create("bench", (uint32_t)mbufs, POOL_CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (!d->pool) {
		nt_error("no memory for %" PRIu64 " buffers: fewer --frames, or more hugepages", mbufs);
		return -ENOMEM;
	}
	eal_hold_messages();
	err = plug(parts);
	if (!err)
		err = set_up(d, parts->n);
	if (err) {
		nt_error("the endless device: %s", eal_reason(err));
		bench_device_close(d);
	}
	eal_release_messages();
	return err;
}

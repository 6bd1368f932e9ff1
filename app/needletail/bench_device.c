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

#define DESCRIPTORS  1024
#define NAME_BYTES   32
#define DEVICE_BYTES (BENCH_PATH + 64)

/* Buffers beside those that the endless frames are kept in: what is under way, and the workers' caches. */
#define SPARE_MBUFS 8191
#define POOL_CACHE  250 /* as testpmd has it */

_Static_assert(BENCH_WORKERS_MAX <= RTE_MAX_ETHPORTS, "a port for each");

uint64_t bench_device_mbufs(uint64_t frames, uint32_t ports)
{
	return frames + ports * (uint64_t)(SPARE_MBUFS + DESCRIPTORS);
}

static void name_of(uint32_t i, char name[static NAME_BYTES])
{
	snprintf(name, NAME_BYTES, "net_pcap_bench%" PRIu32, i);
}

static int plug(const struct bench_parts *parts, uint32_t i, uint16_t *port)
{
	char name[NAME_BYTES], path[BENCH_PATH], args[DEVICE_BYTES];
	int err;

	name_of(i, name);
	bench_parts_path(parts, i, path);
	snprintf(args, sizeof(args), "rx_pcap=%s,infinite_rx=1", path);
	err = rte_eal_hotplug_add("vdev", name, args);
	if (err)
		return err;
	err = rte_eth_dev_get_port_by_name(name, port);
	if (err)
		rte_eal_hotplug_remove("vdev", name);
	return err;
}

static int start(uint16_t port, struct rte_mempool *pool)
{
	const struct rte_eth_conf conf = {.rxmode = {.mq_mode = RTE_ETH_MQ_RX_NONE}};
	int err = rte_eth_dev_configure(port, 1, 0, &conf);

	if (!err)
		err = rte_eth_rx_queue_setup(port, 0, DESCRIPTORS, 0, NULL, pool);
	return err ? err : rte_eth_dev_start(port);
}

void bench_device_close(struct bench_device *d)
{
	char name[NAME_BYTES];

	for (; d->n; d->n--) {
		rte_eth_dev_stop(d->port[d->n - 1]);
		rte_eth_dev_close(d->port[d->n - 1]);
		name_of(d->n - 1, name);
		rte_eal_hotplug_remove("vdev", name);
	}
	rte_mempool_free(d->pool);
}

int bench_device_open(struct bench_device *d, const struct bench_parts *parts)
{
	uint64_t mbufs = bench_device_mbufs(parts->frames_all, parts->n);
	int err = 0;

	d->n = 0;
	d->pool =
	    rte_pktmbuf_pool_create("bench", (uint32_t)mbufs, POOL_CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (!d->pool) {
		nt_error("no memory for %" PRIu64 " buffers: fewer --frames, or more hugepages", mbufs);
		return -ENOMEM;
	}
	eal_hold_messages();
	for (uint32_t i = 0; i < parts->n && !err; i++) {
		err = plug(parts, i, &d->port[i]);
		if (!err) {
			d->n++;
			err = start(d->port[i], d->pool);
		}
	}
	if (err) {
		nt_error("the endless device: %s", eal_reason(err));
		bench_device_close(d);
	}
	eal_release_messages();
	return err;
}

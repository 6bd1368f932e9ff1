/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_PORT_H
#define NEEDLETAIL_PORT_H

#include "config/config.h"
#include "loss.h"

#include <rte_config.h>
#include <rte_dev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct driver;
struct rte_mempool;

/*
 * The devices of the configuration, as DPDK's ports: configured, started, watched, stopped. A device that the
 * configuration does not name is never touched. Everything here belongs to the main lcore.
 */

struct port {
	uint16_t id;
	unsigned int if_index; /* kernel interface that it works on; 0: none */
	char name[RTE_DEV_NAME_MAX_LEN];
	const struct nt_config_device *device;
	const struct driver *driver;
	uint32_t descriptors; /* per queue, as the device takes them */
	uint16_t mtu;
	uint32_t room; /* bytes of a buffer that it needs */
	bool scatter;  /* longer frames come in several buffers */
	int socket;
	uint64_t rss; /* hash functions applied: RTE_ETH_RSS_* */
	bool wake;    /* asked to wake idle workers by interrupts, and did not refuse */
	bool link_up; /* when it was looked at last */
	bool made_promiscuous;
	struct loss_counters base; /* at the start */
};

struct ports {
	struct port port[RTE_MAX_ETHPORTS];
	uint32_t n;
	struct rte_mempool *pool[RTE_MAX_NUMA_NODES];
	uint32_t mbufs; /* per socket */
};

/** Bytes of a packet buffer's data room that hold a frame of the default MTU. */
uint32_t port_default_room(void);

/** Packet buffers that a device's queues and the caches of their workers can hold at once. */
uint32_t port_mbufs(const struct nt_config_device *device);

/**
 * Finds and configures the ports of the configured devices, with buffers and queues. After eal_start(); `c` must stay.
 * Returns 0; undone by ports_close(). Or -errno with one line in `why` and nothing to undo.
 */
int ports_open(struct ports *p, const struct nt_config *c, char *why, size_t why_size);

/** Starts all ports and says how each runs. Returns 0, or -errno with one line in `why`. */
int ports_start(struct ports *p, char *why, size_t why_size);

/** Looks at the links and says what changed. Returns true if all are up. */
bool ports_watch_links(struct ports *p);

/** A port's counters since its start. Returns 0 or -errno. */
int port_counters(const struct port *p, struct loss_counters *counters);

/** Stops and closes the ports and frees the buffers. */
void ports_close(struct ports *p);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_DRIVER_H
#define NEEDLETAIL_DRIVER_H

#include <stdbool.h>

/** What no call of DPDK tells about a driver. */
struct driver {
	const char *name;   /**< as rte_eth_dev_info has it */
	const char *spread; /**< who spreads packets over queues where there is no RSS, in words; NULL: nobody known */
	const char *queues; /**< arguments that give it its queues, all of which get packets; NULL: DPDK chooses */
	bool no_loss_counter; /**< never sets imissed: zero is no statement about loss */
	bool totals_of_16;    /**< ipackets adds up the first RTE_ETHDEV_QUEUE_STAT_CNTRS queues only */
};

/** The driver of that name, or a nameless one without peculiarities. */
const struct driver *driver_find(const char *name);

#endif

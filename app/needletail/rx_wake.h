/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_RX_WAKE_H
#define NEEDLETAIL_RX_WAKE_H

struct ports;
struct rx;

/*
 * Finds out which devices can wake idle workers: by an interrupt of each queue, which DPDK hands on, or, with
 * af_packet, by the queue's socket. A worker all of whose queues can do that waits for them, any other naps.
 */

/** Prepares the workers, and says of each port what became of it. After ports_start(), before rx_start(). Main lcore.
 */
void rx_wake_init(struct rx *rx, const struct ports *ports);

/** Takes it back. Main lcore, while no worker runs, before the ports are closed. */
void rx_wake_fini(struct rx *rx);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_AF_PACKET_H
#define NEEDLETAIL_AF_PACKET_H

#include <stdint.h>

/*
 * What stands between the wire and AF_PACKET sockets, which DPDK's net_af_packet uses: the kernel may put packets
 * together before it hands them on, and the ring cuts what is longer than its frames.
 */

/**
 * The socket of a queue of the interface with that index, -1 if there is none: readable while the queue's ring holds a
 * packet. `n` counts the queues of all devices on the interface, in the order in which DPDK made them. Main thread.
 */
int af_packet_socket(unsigned int if_index, uint32_t n);

/** Longest line that af_packet_each_doubt() says, with its NUL. */
#define AF_PACKET_DOUBT 512

/**
 * Says what would make the counts of such a device wrong without anybody noticing, and what to type against it: one
 * line a call of `say`, none for other devices. Looks only.
 */
void af_packet_each_doubt(const char *device, void (*say)(void *cookie, const char *line), void *cookie);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_DEVARGS_H
#define NEEDLETAIL_DEVARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Device names of the configuration, as DPDK takes them: "0000:01:00.0", "01:00.0", "vmbus:UUID", or a virtual device
 * that begins with its driver's name, "net_pcap0,rx_pcap=a.pcap,rx_pcap=b.pcap". Any thread.
 */

/** True for a virtual device. */
bool devargs_virtual(const char *device);

/** True for a PCI address. */
bool devargs_pci(const char *device);

/** Copies the name without arguments and bus; cut if the room is small. */
void devargs_name(const char *device, char *name, size_t size);

/** Copies the n-th value, counted from 0, of an argument. False if there are fewer or it does not fit. */
bool devargs_value(const char *device, const char *key, uint32_t n, char *value, size_t size);

#endif

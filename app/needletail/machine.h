/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_MACHINE_H
#define NEEDLETAIL_MACHINE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nt_config_device;

/* The machine as the kernel shows it. Looks only: nothing is opened for use, bound or changed, no EAL is needed. */

/** A network controller on the PCI bus. */
struct machine_pci {
	char address[16]; /**< "0000:01:00.0" */
	uint16_t vendor;
	uint16_t device;
	char driver[32];	     /**< kernel driver it is bound to; "": none */
	char interface[IF_NAMESIZE]; /**< kernel interface; "": none */
};

/** What stands between a PCI device and DPDK. */
enum machine_binding {
	MACHINE_READY,	/**< bound to a driver that hands it over, such as vfio-pci */
	MACHINE_SHARED, /**< its kernel driver and DPDK work side by side */
	MACHINE_KERNEL	/**< the kernel has it, or nobody */
};

/** A kernel interface. */
struct machine_interface {
	char name[IF_NAMESIZE];
	bool ethernet; /**< its frames begin with an Ethernet header */
	bool loopback;
	bool up;
	bool link; /**< has a carrier */
	uint32_t mtu;
};

/** Calls `visit` for every network controller on the PCI bus, by address. Returns 0, or what reading failed with. */
int machine_each_pci(void (*visit)(void *cookie, const struct machine_pci *pci), void *cookie);

enum machine_binding machine_binding(const struct machine_pci *pci);

/** Reads a kernel interface of this network namespace. Returns 0, or -errno (-ENODEV: there is none). */
int machine_read_interface(const char *name, struct machine_interface *interface);

/** True if DPDK's driver of that name, such as "net_af_xdp", can be loaded. */
bool machine_has_driver(const char *name);

/**
 * Is there what a device of the configuration names: driver, interface, captures, queues, PCI device with a suitable
 * binding? For mistakes to which DPDK says nothing, or nothing that helps.
 * Returns 0, or -errno with one line in `why` that says what to do.
 */
int machine_check_device(const struct nt_config_device *device, char *why, size_t why_size);

/** Are the CPUs of a list such as "0-3,6" there for this process? Returns 0, or -ENODEV with one line in `why`. */
int machine_check_cpus(const char *list, char *why, size_t why_size);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_EAL_H
#define NEEDLETAIL_EAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lcore 0 is the main lcore: control and stats. Lcores 1..workers are the workers. */
#define EAL_MAIN_LCORE	    0
#define EAL_WORKER_LCORE(i) (1 + (i))

struct eal_options {
	uint32_t workers;
	const char *lcores;  /**< CPU list: the first for the main lcore, the others for workers; NULL: any CPU */
	bool hugepages;	     /**< else ordinary memory */
	uint32_t memory_mib; /**< most that is used without hugepages; taken from the system when touched */
	bool shared_memory;  /**< a device hands the memory to another process, as virtio-user does */
	const char *const *devices; /**< [n_devices] PCI addresses and virtual devices with their arguments */
	uint32_t n_devices;
};

/**
 * Starts DPDK's environment. Nothing of it reaches the terminal: what it says goes to the log, and why it failed comes
 * back as one line in `why`. Main thread, once a process; undone by eal_stop().
 * Returns 0, or -errno with a reason in `why`.
 */
int eal_start(const struct eal_options *options, char *why, size_t why_size);

/** Stops it. */
void eal_stop(void);

/**
 * Keeps DPDK's messages off the log until eal_release_messages(): while a step may fail, whose error line says it
 * better. Main thread.
 */
void eal_hold_messages(void);
void eal_release_messages(void);

/** What DPDK complained of first since it was last asked, or what `err` (errno, of any sign) means. Main thread. */
const char *eal_reason(int err);

/** NUMA node of a worker's CPUs; negative: unknown, or several. Needs the EAL. */
int eal_worker_socket(uint32_t worker);

/** Hugepages of any size that are free on this machine, in MiB. */
uint64_t eal_free_hugepages_mib(void);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_SIZING_H
#define NEEDLETAIL_SIZING_H

#include "tally/tally.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nt_config;

/* How much of the machine live capture takes, before anything of it is taken. */

/**
 * Number of workers: queue q of every device is worker q's, so there are as many as the device with most queues has.
 * Returns 0, or -EINVAL with one line in `why` if the configuration asks for another number.
 */
int sizing_workers(const struct nt_config *c, uint32_t *workers, char *why, size_t why_size);

/** Sizes of the tables of the whole sensor, and one worker's part of them. Sketches are each worker's. */
struct nt_tally_options sizing_tables(const struct nt_config *c);
struct nt_tally_options sizing_split(const struct nt_tally_options *whole, uint32_t workers);

/** DPDK memory in MiB that is needed on one socket: packet buffers, workers, the region tables and their reload. */
uint64_t sizing_mib(const struct nt_config *c, uint32_t workers);

/**
 * Decides between hugepages and plain memory. Returns 0, or -ENOMEM with one line in `why` if the configuration
 * demands hugepages and there are too few.
 */
int sizing_hugepages(const struct nt_config *c, uint32_t workers, bool *hugepages, char *why, size_t why_size);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_CONFIG_CPUS_H
#define NT_CONFIG_CPUS_H

#include <stdint.h>

/** CPU numbers end below this: CPU_SETSIZE of glibc, the most that an affinity mask of fixed size can name. */
#define NT_CPUS_MAX 1024

/** CPUs in the order in which they were written. */
struct nt_cpus {
	uint32_t n;
	uint16_t cpu[NT_CPUS_MAX];
};

/**
 * Reads a CPU list such as "0-3,6": numbers and upward ranges, no CPU twice, no space. Any thread.
 * Returns 0, or -EINVAL with *why a static text; *out is then undefined.
 */
int nt_cpus_parse(const char *text, struct nt_cpus *out, const char **why);

/** CPU of an lcore: the first of the list for lcore 0, the main one, the others in turn for the workers. Any thread. */
uint16_t nt_cpus_of_lcore(const struct nt_cpus *cpus, uint32_t lcore);

#endif

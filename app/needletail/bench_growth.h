/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_BENCH_GROWTH_H
#define NEEDLETAIL_BENCH_GROWTH_H

#include <stdint.h>

struct bench;
struct bench_options;
struct nt_config;

/** Memory that the measurements of growth take beside what every benchmark takes, in MiB. */
uint64_t bench_growth_mib(const struct bench_options *o);

/** Measures how the cost grows with what the path holds, and prints it. Returns 0 or -errno; it has said why. */
int bench_growth_run(struct bench *b);

/** Makes the tables of a configuration large enough for so many sources. */
void bench_growth_tables(struct nt_config *c, uint32_t sources);

#endif

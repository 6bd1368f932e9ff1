/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_BENCH_REGIONS_H
#define NEEDLETAIL_BENCH_REGIONS_H

#include <stdint.h>

struct nt_locate;

/** Most prefixes that can be asked for. */
#define BENCH_PREFIXES_MAX 900000u

/**
 * Region tables with prefixes of nobody, from /5 to /25: about as many as wanted, 0 as real databases have. Says how
 * many. Needs the EAL. Undone by nt_locate_free(). NULL + errno.
 */
struct nt_locate *bench_regions(uint32_t wanted, uint32_t *prefixes);

#endif

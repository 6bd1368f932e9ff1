/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/geo.h"
#include "private_eal.h"
#include "random.h"

#include "base/clock.h"

#include <rte_cpuflags.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * bench_locate FILE.mmdb: what a region database costs in time and memory, and nanoseconds per look-up of random
 * addresses in bursts of 32: scalar, with AVX-512 where the machine has it, and in ordinary memory.
 */

#define ADDRESSES (1u << 20)
#define BURST	  32u
#define ROUNDS	  5u

static uint32_t address4[ADDRESSES];
static uint8_t address6[ADDRESSES][16];
static uint16_t region[ADDRESSES];

static double milliseconds_since(uint64_t start_ns)
{
	return (double)(nt_clock_monotonic_ns() - start_ns) / 1e6;
}

/* IPv4 over all the space; IPv6 in 2a00::/13, which is well filled. */
static void choose_addresses(void)
{
	for (uint32_t i = 0; i < ADDRESSES; i++) {
		uint64_t high = next_random(), low = next_random();

		address4[i] = (uint32_t)next_random();
		memcpy(address6[i], &high, sizeof(high));
		memcpy(address6[i] + sizeof(high), &low, sizeof(low));
		address6[i][0] = 0x2a;
		address6[i][1] &= 0x07;
	}
}

static double best_ns(const struct nt_locate *l, bool ipv6)
{
	uint64_t best = UINT64_MAX;

	for (uint32_t round = 0; round < ROUNDS; round++) {
		uint64_t start = nt_clock_monotonic_ns(), took;

		for (uint32_t i = 0; i < ADDRESSES; i += BURST) {
			if (ipv6)
				nt_locate_v6(l, (const uint8_t(*)[16])address6 + i, region + i, BURST);
			else
				nt_locate_v4(l, address4 + i, region + i, BURST);
		}
		took = nt_clock_monotonic_ns() - start;
		best = took < best ? took : best;
	}
	return (double)best / ADDRESSES;
}

static int measure(const struct nt_geo_options *options)
{
	char why[NT_GEO_WHY];
	struct nt_geo geo;
	uint64_t start;
	double load_ms;

	start = nt_clock_monotonic_ns();
	if (nt_geo_load(options, &geo, why)) {
		fprintf(stderr, "%s\n", why);
		return -1;
	}
	load_ms = milliseconds_since(start);
	printf("%s: %u regions, ", nt_locate_simd(geo.locate), geo.info.regions);
	if (!options->ordinary_memory)
		printf("%u IPv4 and %u IPv6 prefixes, %.0f MiB of DPDK's, ", geo.info.prefixes4, geo.info.prefixes6,
		       (double)geo.info.table_bytes / (1 << 20));
	printf("loaded in %.0f ms; ", load_ms);
	printf("IPv4 %.1f ns, ", best_ns(geo.locate, false));
	printf("IPv6 %.1f ns\n", best_ns(geo.locate, true));
	nt_geo_unload(&geo);
	return 0;
}

int main(int argc, char **argv)
{
	struct nt_geo_options options = {.numa_socket = -1};
	int rc;

	if (argc != 2) {
		fprintf(stderr, "usage: bench_locate FILE.mmdb\n");
		return 2;
	}
	if (private_eal_start("2048"))
		return 1;
	choose_addresses();
	options.path = argv[1];
	rte_vect_set_max_simd_bitwidth(RTE_VECT_SIMD_256);
	rc = measure(&options);
	if (rc == 0 && rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512F) > 0) {
		rte_vect_set_max_simd_bitwidth(RTE_VECT_SIMD_512);
		rc = measure(&options);
	}
	options.ordinary_memory = true;
	if (rc == 0)
		rc = measure(&options);
	return private_eal_stop() || rc;
}

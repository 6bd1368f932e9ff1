/* SPDX-License-Identifier: BSD-3-Clause */
#include "locate/address6.h"
#include "locate/plain.h"
#include "locate/table.h"

#include <rte_branch_prediction.h>

static inline void fill(uint16_t *regions, uint32_t n, uint16_t region)
{
	for (uint32_t i = 0; i < n; i++)
		regions[i] = region;
}

/* DPDK's lookups do not write to the addresses, they only forget to say so: the casts drop a const and no more. */
static inline void lookup4(const struct nt_locate *l, const uint32_t *addresses, uint16_t *regions, uint32_t n)
{
	uint64_t hop[NT_LOCATE_BURST];

	rte_fib_lookup_bulk(l->fib4, (uint32_t *)(uintptr_t)addresses, hop, (int)n);
	for (uint32_t i = 0; i < n; i++)
		regions[i] = (uint16_t)hop[i];
}

void nt_locate_v4(const struct nt_locate *l, const uint32_t *addresses, uint16_t *regions, uint32_t n)
{
	if (l && l->plain) {
		for (uint32_t i = 0; i < n; i++)
			regions[i] = nt_plain_find4(l->plain, addresses[i]);
		return;
	}
	if (unlikely(!l || !l->fib4)) {
		fill(regions, n, l ? l->default4 : NT_REGION_UNKNOWN);
		return;
	}
	for (uint32_t done = 0; done < n; done += NT_LOCATE_BURST)
		lookup4(l, addresses + done, regions + done, RTE_MIN(n - done, NT_LOCATE_BURST));
}

static inline uint32_t aliased_ipv4(const uint8_t address[16], uint32_t alias_length)
{
	return (uint32_t)(nt_address6_load(address) >> (NT_ALIAS_LENGTH_MAX - alias_length));
}

static inline void lookup6(const struct nt_locate *l, const uint8_t (*addresses)[16], uint16_t *regions, uint32_t n)
{
	uint64_t hop[NT_LOCATE_BURST];
	uint32_t ipv4[NT_LOCATE_BURST], aliased = 0;
	uint16_t index[NT_LOCATE_BURST], ipv4_region[NT_LOCATE_BURST];

	if (l->plain)
		for (uint32_t i = 0; i < n; i++)
			hop[i] = nt_plain_find6(l->plain, nt_address6_load(addresses[i]));
	else
		rte_fib6_lookup_bulk(l->fib6, (uint8_t(*)[16])(uintptr_t)addresses, hop, (int)n);
	for (uint32_t i = 0; i < n; i++) {
		regions[i] = (uint16_t)hop[i];
		if (unlikely(hop[i] >= NT_REGIONS)) {
			index[aliased] = (uint16_t)i;
			ipv4[aliased++] = aliased_ipv4(addresses[i], (uint32_t)hop[i] - NT_REGIONS);
		}
	}
	nt_locate_v4(l, ipv4, ipv4_region, aliased);
	for (uint32_t i = 0; i < aliased; i++)
		regions[index[i]] = ipv4_region[i];
}

void nt_locate_v6(const struct nt_locate *l, const uint8_t (*addresses)[16], uint16_t *regions, uint32_t n)
{
	if (unlikely(!l || (!l->fib6 && !l->plain))) {
		fill(regions, n, l ? l->default6 : NT_REGION_UNKNOWN);
		return;
	}
	for (uint32_t done = 0; done < n; done += NT_LOCATE_BURST)
		lookup6(l, addresses + done, regions + done, RTE_MIN(n - done, NT_LOCATE_BURST));
}

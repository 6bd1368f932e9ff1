/* SPDX-License-Identifier: BSD-3-Clause */
#include "locate/address6.h"
#include "locate/plain.h"
#include "locate/table.h"
#include "locate/tree.h"

#include <rte_branch_prediction.h>
#include <string.h>

static inline void ask_v4(const struct nt_locate *l, uint32_t address)
{
	if (l->tree)
		nt_tree_ask4(l->tree, address);
	else
		nt_plain_ask4(l->plain, address);
}

void nt_locate_ask_v4(const struct nt_locate *l, const uint32_t *first, size_t stride, uint32_t n)
{
	const uint8_t *address = (const uint8_t *)first;

	for (uint32_t i = 0; l && i < n; i++, address += stride) {
		uint32_t one;

		memcpy(&one, address, sizeof(one));
		ask_v4(l, one);
	}
}

void nt_locate_v4(const struct nt_locate *l, const uint32_t *addresses, uint16_t *regions, uint32_t n)
{
	if (l && l->tree) {
		nt_tree_find4(l->tree, addresses, regions, n);
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		regions[i] = l ? nt_plain_find4(l->plain, addresses[i]) : NT_REGION_UNKNOWN;
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

	if (l->tree) {
		nt_tree_find6(l->tree, addresses, regions, n);
		return;
	}
	if (!l->fib6)
		for (uint32_t i = 0; i < n; i++)
			hop[i] = l->default6;
	else /* which does not write to the addresses, it only forgets to say so: the cast drops a const and no more */
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
	if (unlikely(!l)) {
		for (uint32_t i = 0; i < n; i++)
			regions[i] = NT_REGION_UNKNOWN;
		return;
	}
	for (uint32_t done = 0; done < n; done += NT_LOCATE_BURST)
		lookup6(l, addresses + done, regions + done, RTE_MIN(n - done, NT_LOCATE_BURST));
}

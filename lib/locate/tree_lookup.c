/* SPDX-License-Identifier: BSD-3-Clause */
#include "locate/tree.h"

#include "locate/address6.h"
#include "locate/locate.h"
#include "needletail/snapshot.h"

#include <rte_common.h>

#define WORD_BITS 64u

/*
 * A burst goes down together, a bit at a time, so that its addresses wait for memory together: each step asks for the
 * next one's node. `bits` of every word, from `bit` down to 0, say the way.
 */
static inline void descend(const struct nt_tree *t, uint32_t *at, const uint64_t *word, uint32_t bit, uint32_t n)
{
	uint32_t on_the_way[NT_LOCATE_BURST], left = 0;

	for (uint32_t i = 0; i < n; i++) {
		on_the_way[left] = i;
		left += !nt_tree_is_leaf(at[i]);
	}
	while (left && bit-- > 0) {
		uint32_t before = left;

		left = 0;
		for (uint32_t k = 0; k < before; k++) {
			uint32_t i = on_the_way[k], next = t->node[at[i]].child[word[i] >> bit & 1];

			at[i] = next;
			on_the_way[left] = i;
			left += !nt_tree_is_leaf(next);
			__builtin_prefetch(&t->node[next & ~NT_TREE_LEAF]);
		}
	}
}

static inline void put_regions(const uint32_t *at, uint16_t *regions, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		regions[i] = nt_tree_is_leaf(at[i]) ? (uint16_t)at[i] : NT_REGION_UNKNOWN;
}

static void find4(const struct nt_tree *t, const uint32_t *addresses, uint16_t *regions, uint32_t n)
{
	uint32_t at[NT_LOCATE_BURST];
	uint64_t word[NT_LOCATE_BURST];

	for (uint32_t i = 0; i < n; i++) {
		word[i] = addresses[i];
		at[i] = t->first4[addresses[i] >> (32 - NT_TREE_FIRST_BITS)];
		__builtin_prefetch(&t->node[at[i] & ~NT_TREE_LEAF]);
	}
	descend(t, at, word, 32 - NT_TREE_FIRST_BITS, n);
	put_regions(at, regions, n);
}

void nt_tree_find4(const struct nt_tree *t, const uint32_t *addresses, uint16_t *regions, uint32_t n)
{
	for (uint32_t done = 0; done < n; done += NT_LOCATE_BURST)
		find4(t, addresses + done, regions + done, RTE_MIN(n - done, NT_LOCATE_BURST));
}

void nt_tree_find6(const struct nt_tree *t, const uint8_t (*addresses)[16], uint16_t *regions, uint32_t n)
{
	uint32_t at[NT_LOCATE_BURST];
	uint64_t word[NT_LOCATE_BURST];

	for (uint32_t i = 0; i < n; i++) {
		word[i] = (uint64_t)(nt_address6_load(addresses[i]) >> WORD_BITS);
		at[i] = t->first6[word[i] >> (WORD_BITS - NT_TREE_FIRST_BITS)];
	}
	descend(t, at, word, WORD_BITS - NT_TREE_FIRST_BITS, n);
	for (uint32_t i = 0; i < n; i++)
		word[i] = (uint64_t)nt_address6_load(addresses[i]);
	descend(t, at, word, WORD_BITS, n);
	put_regions(at, regions, n);
}

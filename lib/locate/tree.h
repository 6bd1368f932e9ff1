/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_LOCATE_TREE_H
#define NT_LOCATE_TREE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A binary tree over the bits of an address, in ordinary memory: a table that is ready as soon as its nodes are
 * written, for programs that end (README.md). Needs no EAL. Whoever reads a database writes the nodes, once.
 */

/** In a child: the rest is a region, below NT_REGIONS, and not the number of a node. */
#define NT_TREE_LEAF 0x80000000u

static inline bool nt_tree_is_leaf(uint32_t child)
{
	return child & NT_TREE_LEAF;
}

/** Where a 0 bit leads, and where a 1 bit does. More than one node may lead to the same. */
struct nt_tree_node {
	uint32_t child[2];
};

/** Bits of an address that are looked up at once. */
#define NT_TREE_FIRST_BITS 16u

struct nt_tree {
	struct nt_tree_node *node; /**< [nodes] */
	uint32_t nodes;
	uint32_t root4;				   /**< as a child: what the first bit of an IPv4 address is asked of */
	uint32_t root6;				   /**< likewise of an IPv6 address */
	uint32_t first4[1u << NT_TREE_FIRST_BITS]; /**< where the first bits lead; nt_locate_of_tree() fills them in */
	uint32_t first6[1u << NT_TREE_FIRST_BITS];
};

struct nt_locate;

/** A tree of so many nodes, which are to be written, as both roots are. NULL: no memory. */
struct nt_tree *nt_tree_new(uint32_t nodes);

/** NULL is fine. */
void nt_tree_free(struct nt_tree *t);

/**
 * The tree as a table, to which it belongs from now on. All children must be leaves or below `nodes`; an address that
 * comes to no leaf with its last bit is unknown. Control threads only. NULL: no memory, and the tree is gone, too.
 */
struct nt_locate *nt_locate_of_tree(struct nt_tree *t);

/** Regions of `n` addresses: nt_locate_v4() and nt_locate_v6(). Packet path. At most NT_LOCATE_BURST of IPv6. */
void nt_tree_find4(const struct nt_tree *t, const uint32_t *addresses, uint16_t *regions, uint32_t n);
void nt_tree_find6(const struct nt_tree *t, const uint8_t (*addresses)[16], uint16_t *regions, uint32_t n);

/** Asks the cache for an IPv4 address's first bits. Packet path. */
static inline void nt_tree_ask4(const struct nt_tree *t, uint32_t address)
{
	__builtin_prefetch(&t->first4[address >> (32 - NT_TREE_FIRST_BITS)]);
}

#endif

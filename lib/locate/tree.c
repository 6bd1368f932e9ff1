/* SPDX-License-Identifier: BSD-3-Clause */
#include "locate/tree.h"

#include "base/pages.h"
#include "locate/locate.h"
#include "locate/table.h"

#include <stdlib.h>

struct nt_tree *nt_tree_new(uint32_t nodes)
{
	struct nt_tree *t = malloc(sizeof(*t));

	if (!t)
		return NULL;
	t->nodes = nodes;
	t->node = nt_pages_take((size_t)nodes * sizeof(*t->node));
	if (t->node)
		return t;
	free(t);
	return NULL;
}

void nt_tree_free(struct nt_tree *t)
{
	if (!t)
		return;
	nt_pages_give(t->node, (size_t)t->nodes * sizeof(*t->node));
	free(t);
}

/* Level by level: each entry becomes the two of the next bit, from the last one on, so that none is overwritten. */
static void fill_first(const struct nt_tree *t, uint32_t root, uint32_t *first)
{
	first[0] = root;
	for (uint32_t bit = 0; bit < NT_TREE_FIRST_BITS; bit++)
		for (uint32_t i = 1u << bit; i-- > 0;) {
			uint32_t here = first[i];

			first[2 * i] = nt_tree_is_leaf(here) ? here : t->node[here].child[0];
			first[2 * i + 1] = nt_tree_is_leaf(here) ? here : t->node[here].child[1];
		}
}

struct nt_locate *nt_locate_of_tree(struct nt_tree *t)
{
	struct nt_locate *l = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*l));

	if (!l) {
		nt_tree_free(t);
		return NULL;
	}
	fill_first(t, t->root4, t->first4);
	fill_first(t, t->root6, t->first6);
	*l = (struct nt_locate){.tree = t, .simd = "tree"};
	return l;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/heaviest.h"

#include <stdlib.h>

/*
 * A heap with the lightest pick at its root: an interval may have half a million entries of which 128 are wanted,
 * and nearly all offers end at the comparison with the root.
 */

static int by_place(const void *left, const void *right)
{
	const struct nt_pick *a = left, *b = right;

	if (a->table != b->table)
		return a->table < b->table ? -1 : 1;
	return (a->entry.key > b->entry.key) - (a->entry.key < b->entry.key);
}

static bool lighter(const struct nt_pick *a, const struct nt_pick *b)
{
	if (a->entry.count != b->entry.count)
		return a->entry.count < b->entry.count;
	return by_place(a, b) > 0;
}

static void swap(struct nt_pick *a, struct nt_pick *b)
{
	struct nt_pick kept = *a;

	*a = *b;
	*b = kept;
}

static void sift_up(struct nt_heaviest *h, size_t i)
{
	for (size_t parent; i > 0 && lighter(&h->pick[i], &h->pick[(i - 1) / 2]); i = parent) {
		parent = (i - 1) / 2;
		swap(&h->pick[i], &h->pick[parent]);
	}
}

static void sift_down(struct nt_heaviest *h, size_t i)
{
	for (size_t least = i;; i = least) {
		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < h->n; child++)
			if (lighter(&h->pick[child], &h->pick[least]))
				least = child;
		if (least == i)
			return;
		swap(&h->pick[i], &h->pick[least]);
	}
}

void nt_heaviest_offer(struct nt_heaviest *h, enum nt_table table, const struct nt_counts *counts)
{
	for (size_t i = 0; i < counts->n; i++) {
		const struct nt_pick offered = {.table = table, .entry = counts->entry[i]};

		if (h->n < h->wanted) {
			h->pick[h->n++] = offered;
			sift_up(h, h->n - 1);
		} else if (lighter(&h->pick[0], &offered)) {
			h->pick[0] = offered;
			sift_down(h, 0);
		}
	}
}

void nt_heaviest_sort(struct nt_heaviest *h)
{
	qsort(h->pick, h->n, sizeof(*h->pick), by_place);
}

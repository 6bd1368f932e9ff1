/* SPDX-License-Identifier: BSD-3-Clause */
#include "needletail/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Room for the common table of a quiet interval without a second allocation. */
#define FIRST_CAPACITY 64

int nt_counts_append(struct nt_counts *c, uint64_t key, uint64_t count)
{
	if (c->n == c->capacity) {
		size_t capacity = c->capacity ? c->capacity * 2 : FIRST_CAPACITY;
		struct nt_count *entry = reallocarray(c->entry, capacity, sizeof(*entry));

		if (!entry)
			return -ENOMEM;
		c->entry = entry;
		c->capacity = capacity;
	}
	c->entry[c->n++] = (struct nt_count){.key = key, .count = count};
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	const struct nt_count *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

/* Below this, comparing is as quick as counting digits. */
#define RADIX_MIN 256

#define RADIX_BITS 11
#define RADIX	   (1u << RADIX_BITS)

/* One pass: stable, by one digit. */
static void pass(const struct nt_count *from, struct nt_count *to, size_t n, unsigned shift)
{
	size_t at[RADIX] = {0}, before = 0;

	for (size_t i = 0; i < n; i++)
		at[from[i].key >> shift & (RADIX - 1)]++;
	for (size_t d = 0; d < RADIX; d++) {
		size_t here = at[d];

		at[d] = before;
		before += here;
	}
	for (size_t i = 0; i < n; i++)
		to[at[from[i].key >> shift & (RADIX - 1)]++] = from[i];
}

/* By key. Keys have 28 bits at most, three digits, and are a hundred thousand: no comparison sort comes near that. */
static void sort_by_key(struct nt_counts *c)
{
	struct nt_count *from = c->entry, *to = c->n < RADIX_MIN ? NULL : malloc(c->capacity * sizeof(*to));
	uint64_t differ = 0;

	if (!to) {
		qsort(from, c->n, sizeof(*from), compare_keys);
		return;
	}
	for (size_t i = 1; i < c->n; i++)
		differ |= from[i].key ^ from[0].key;
	for (unsigned shift = 0; shift < 64 && differ >> shift; shift += RADIX_BITS) {
		struct nt_count *sorted = to;

		if (!(differ >> shift & (RADIX - 1)))
			continue;
		pass(from, to, c->n, shift);
		to = from;
		from = sorted;
	}
	c->entry = from;
	free(to);
}

static bool is_compact(const struct nt_counts *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (!c->entry[i].count || (i && c->entry[i - 1].key >= c->entry[i].key))
			return false;
	return true;
}

void nt_counts_compact(struct nt_counts *c)
{
	size_t kept = 0;

	if (is_compact(c))
		return;
	sort_by_key(c);
	for (size_t i = 0; i < c->n; i++) {
		if (kept && c->entry[kept - 1].key == c->entry[i].key)
			c->entry[kept - 1].count += c->entry[i].count;
		else if (c->entry[i].count)
			c->entry[kept++] = c->entry[i];
	}
	c->n = kept;
}

uint64_t nt_counts_total(const struct nt_counts *c)
{
	uint64_t total = 0;

	for (size_t i = 0; i < c->n; i++)
		total += c->entry[i].count;
	return total;
}

uint64_t nt_counts_get(const struct nt_counts *c, uint64_t key)
{
	const struct nt_count wanted = {.key = key};
	const struct nt_count *found = NULL;

	if (c->n)
		found = bsearch(&wanted, c->entry, c->n, sizeof(c->entry[0]), compare_keys);
	return found ? found->count : 0;
}

int nt_counts_merge(struct nt_counts *into, const struct nt_counts *from)
{
	for (size_t i = 0; i < from->n; i++) {
		int err = nt_counts_append(into, from->entry[i].key, from->entry[i].count);

		if (err)
			return err;
	}
	nt_counts_compact(into);
	return 0;
}

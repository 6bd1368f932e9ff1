/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/json_parts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * Members come in the order of their keys, which are numbers: five digits behind four behind three, and each of these
 * runs is in the order of texts. And most counts are small. So members are dealt out by count, in the order in which
 * they come, and what then has the same count is merged run by run. Where the order was another it is a merge sort like
 * any. qsort() took half of the time of a line.
 */

/* Counts of so many and more are dealt out together. */
#define LARGE 256u

/* The first bytes of a text as a number that is in the order of texts; they are padded with zeros that far. */
static uint64_t beginning(const struct nt_json_member *m)
{
	uint64_t v;

	memcpy(&v, m->text, sizeof(v));
	return __builtin_bswap64(v);
}

static bool comes_first(const struct nt_json_member *a, const struct nt_json_member *b)
{
	uint64_t x, y;

	if (a->count != b->count)
		return a->count > b->count;
	x = beginning(a);
	y = beginning(b);
	return x != y ? x < y : strcmp(a->text, b->text) < 0;
}

/* Where the run ends that begins at `from`: behind it there is an end, or one that should stand before. */
static size_t end_of_run(const struct nt_json_member *member, size_t from, size_t n)
{
	size_t end = from + 1;

	while (end < n && !comes_first(&member[end], &member[end - 1]))
		end++;
	return end;
}

/* Two runs, [at, middle) and [middle, end), into one. */
static void merge(const struct nt_json_member *from, size_t at, size_t middle, size_t end, struct nt_json_member *to)
{
	size_t a = at, b = middle;

	for (size_t i = at; i < end; i++)
		to[i] = a < middle && (b == end || !comes_first(&from[b], &from[a])) ? from[a++] : from[b++];
}

/* Merges each run with the next one. Returns how many there are then. */
static size_t merge_pairs(const struct nt_json_member *from, size_t n, struct nt_json_member *to)
{
	size_t runs = 0;

	for (size_t at = 0; at < n; runs++) {
		size_t middle = end_of_run(from, at, n), end = middle < n ? end_of_run(from, middle, n) : n;

		merge(from, at, middle, end, to);
		at = end;
	}
	return runs;
}

/* Sorts `member`, which lies in `other` now. */
static void merge_all(struct nt_json_member *other, size_t n, struct nt_json_member *member)
{
	struct nt_json_member *from = other, *to = member;

	while (merge_pairs(from, n, to) > 1) {
		struct nt_json_member *merged = to;

		to = from;
		from = merged;
	}
	if (to != member)
		memcpy(member, to, n * sizeof(*member));
}

/* The large ones are first, then each count has a bin of its own. */
static inline size_t bin_of(const struct nt_json_member *m)
{
	return m->count < LARGE ? LARGE - (size_t)m->count : 0;
}

static void sort_with(struct nt_json_member *member, size_t n, struct nt_json_member *scratch)
{
	size_t end[LARGE + 2] = {0}; /* of the bin before; in the end of each bin itself */

	for (size_t i = 0; i < n; i++)
		end[bin_of(&member[i]) + 1]++;
	for (size_t bin = 1; bin <= LARGE; bin++)
		end[bin] += end[bin - 1];
	for (size_t i = 0; i < n; i++)
		scratch[end[bin_of(&member[i])]++] = member[i];
	for (size_t bin = 0, at = 0; bin <= LARGE; at = end[bin++])
		if (end[bin] > at)
			merge_all(scratch + at, end[bin] - at, member + at);
}

void nt_json_sort(struct nt_json *j, struct nt_json_member *member, size_t n)
{
	struct nt_json_member *scratch = n > 1 ? malloc(n * sizeof(*scratch)) : NULL;

	if (n > 1 && !scratch)
		j->failed = true;
	else if (n > 1)
		sort_with(member, n, scratch);
	free(scratch);
}

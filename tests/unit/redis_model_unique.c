/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "redis_model.h"

#include <stdlib.h>
#include <string.h>

/* Which numbers of different sources an old bucket keeps. */

/* What stands before the last part of a name, 0: nothing that makes a kind. */
static size_t kind_length(const char *name)
{
	const char *first = strchr(name, ':'), *last = strrchr(name, ':');

	return last == first ? 0 : (size_t)(last - name);
}

static bool same_kind(const struct number *a, const struct number *b)
{
	size_t length = kind_length(a->name);

	return length == kind_length(b->name) && strncmp(a->name, b->name, length) == 0;
}

/* How many of the numbers, only of the same kind or of all, go before number i; those that stay already do not count.
 */
static size_t larger(const struct numbers *all, size_t i, bool of_kind, const bool *stays)
{
	const struct number *n = &all->number[i];
	size_t before = 0;

	for (size_t j = 0; j < all->n; j++) {
		const struct number *o = &all->number[j];

		if (kind_length(o->name) && !(stays && stays[j]) && (!of_kind || same_kind(n, o)))
			before += o->value > n->value || (o->value == n->value && strcmp(o->name, n->name) > 0);
	}
	return before;
}

void model_check_unique(const struct numbers *all, const struct numbers *unique, size_t bound)
{
	size_t kinds = 0, alone = 0, first = 0, places;
	bool *stays = calloc(all->n + 1, sizeof(*stays));

	assert_non_null(stays);
	for (size_t i = 0; i < all->n; i++) {
		bool is_new = kind_length(all->number[i].name);

		for (size_t j = 0; j < i; j++)
			is_new = is_new && !same_kind(&all->number[i], &all->number[j]);
		kinds += is_new;
		alone += !kind_length(all->number[i].name);
	}
	places = bound > alone ? bound - alone : 0;
	for (size_t i = 0; i < all->n; i++)
		if (kind_length(all->number[i].name) && larger(all, i, true, NULL) < places / kinds) {
			stays[i] = true;
			first++;
		}
	for (size_t i = 0; i < all->n; i++) {
		bool kept =
		    !kind_length(all->number[i].name) || stays[i] || larger(all, i, false, stays) < places - first;

		if (kept != !!numbers_find(unique, all->number[i].name))
			fail_msg("%s: %s", all->number[i].name, kept ? "missing" : "not cut");
	}
	assert_int_equal(unique->n, bound > all->n ? all->n : bound > alone ? bound : alone);
	free(stays);
}

/* Which HyperLogLogs stay. */

enum { DENSE_ROOM = 14500, SPARSE_HOSTS = 3950, PLACE_BYTES = 224, FEW_BYTES = 128 };

/* jemalloc's classes: eight of a step, then the step doubles and four are new. */
static uint64_t allocated(uint64_t bytes)
{
	uint64_t step = 16;

	while (bytes > 8 * step)
		step *= 2;
	return (bytes + step - 1) / step * step;
}

static uint64_t place(const struct number *n, size_t key_bytes)
{
	uint64_t hosts = n->value, name = strlen(n->name), bytes = 16;

	if (hosts > SPARSE_HOSTS)
		return DENSE_ROOM;
	bytes += hosts;				    /* registers */
	bytes += hosts + 1;			    /* runs of empty ones */
	bytes += hosts + 1 < 252 ? hosts + 1 : 252; /* of which so many may be long */
	return allocated(bytes + 6) + allocated(key_bytes + name + 6) + allocated(name + 6) + PLACE_BYTES;
}

uint64_t model_sketches_place(const struct numbers *counted, size_t key_bytes)
{
	uint64_t total = 0;

	for (size_t i = 0; i < counted->n; i++)
		total += place(&counted->number[i], key_bytes);
	return total;
}

uint64_t model_sketches_room(size_t bound)
{
	return (uint64_t)bound * DENSE_ROOM;
}

/* The largest first, of equal ones the last by name. */
static int larger_first(const void *a, const void *b)
{
	const struct number *const *x = a, *const *y = b;

	if ((*x)->value != (*y)->value)
		return (*x)->value < (*y)->value ? 1 : -1;
	return strcmp((*y)->name, (*x)->name);
}

static const struct number **in_order(const struct numbers *counted)
{
	const struct number **order = calloc(counted->n + 1, sizeof(*order));

	assert_non_null(order);
	for (size_t i = 0; i < counted->n; i++)
		order[i] = &counted->number[i];
	if (counted->n)
		qsort(order, counted->n, sizeof(*order), larger_first);
	return order;
}

void model_sketches_kept(const struct numbers *counted, size_t key_bytes, size_t bound, bool *kept)
{
	const struct number **order = in_order(counted);
	uint64_t taken = 0;

	for (size_t i = 0; i < counted->n; i++) {
		taken += place(order[i], key_bytes);
		kept[order[i] - counted->number] = !bound || taken <= model_sketches_room(bound);
	}
	free(order);
}

void model_few_kept(const struct numbers *counted, size_t key_bytes, size_t bound, bool *kept)
{
	const struct number **order = in_order(counted);
	uint64_t left = model_sketches_room(bound);
	size_t n = 0;

	for (; n < counted->n && place(order[n], key_bytes) <= left; n++)
		left -= place(order[n], key_bytes);
	for (size_t i = 0; i < counted->n && bound; i++) {
		uint64_t bytes =
		    allocated(8 + 4 * order[i]->value) + allocated(key_bytes + strlen(order[i]->name) + 6) + FEW_BYTES;
		bool *stays = &kept[order[i] - counted->number];

		*stays = *stays && i < n && bytes <= left;
		left -= *stays ? bytes : 0;
	}
	free(order);
}

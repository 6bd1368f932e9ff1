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

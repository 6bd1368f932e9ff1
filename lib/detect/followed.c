/* SPDX-License-Identifier: BSD-3-Clause */
#include "detect/followed.h"

#include <errno.h>
#include <stdlib.h>

#define SLOTS_FIRST 1024u

int nt_followed_init(struct nt_followed_table *t)
{
	*t = (struct nt_followed_table){.slots = SLOTS_FIRST};
	t->index = calloc(SLOTS_FIRST, sizeof(*t->index));
	return t->index ? 0 : -ENOMEM;
}

void nt_followed_fini(struct nt_followed_table *t)
{
	for (uint32_t i = 0; i < t->chunks; i++)
		free(t->chunk[i]);
	free(t->chunk);
	free(t->index);
	*t = (struct nt_followed_table){0};
}

static void enter(struct nt_followed_table *t, uint32_t place, uint32_t hash)
{
	uint32_t at = hash;

	while (t->index[at & (t->slots - 1)])
		at++;
	t->index[at & (t->slots - 1)] = (uint64_t)hash << 32 | (place + 1);
}

static void index_all(struct nt_followed_table *t)
{
	memset(t->index, 0, t->slots * sizeof(*t->index));
	for (uint32_t i = 0; i < t->n; i++)
		enter(t, i, nt_followed_hash(&nt_followed_at(t, i)->address));
}

static int add_chunk(struct nt_followed_table *t)
{
	struct nt_followed **grown = reallocarray(t->chunk, t->chunks + 1, sizeof(struct nt_followed *));

	if (!grown)
		return -ENOMEM;
	t->chunk = grown;
	t->chunk[t->chunks] = malloc(NT_FOLLOWED_CHUNK * sizeof(struct nt_followed));
	if (!t->chunk[t->chunks])
		return -ENOMEM;
	t->chunks++;
	return 0;
}

static int grow_index(struct nt_followed_table *t)
{
	uint64_t *grown = reallocarray(t->index, t->slots, 2 * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	t->index = grown;
	t->slots *= 2;
	index_all(t);
	return 0;
}

int nt_followed_add(struct nt_followed_table *t, const struct nt_address *address, uint32_t hash)
{
	int err = t->n == t->chunks * NT_FOLLOWED_CHUNK ? add_chunk(t) : 0;

	if (!err && t->n == t->slots / 2)
		err = grow_index(t);
	if (err)
		return err;
	enter(t, t->n, hash);
	*nt_followed_at(t, t->n++) =
	    (struct nt_followed){.address = *address, .first_s = INT64_MAX, .last_s = INT64_MIN};
	return 0;
}

void nt_followed_leave(struct nt_followed_table *t, uint32_t n)
{
	t->n = n;
	index_all(t);
}

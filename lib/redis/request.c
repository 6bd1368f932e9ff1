/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_TEXT 24

/* Returns the array with room for `wanted` elements, or NULL with the array as it was; doubling keeps appending cheap.
 */
static void *grow(void *array, size_t *room, size_t wanted, size_t element)
{
	size_t more = *room ? *room : 64;
	void *grown;

	if (wanted <= *room)
		return array;
	while (more < wanted)
		more *= 2;
	grown = reallocarray(array, more, element);
	if (grown)
		*room = more;
	return grown;
}

/* Appends bytes without making them an entry of the list. */
static int store(struct nt_texts *t, const void *text, size_t length, struct nt_text_at *at)
{
	char *bytes = grow(t->bytes, &t->room, t->used + length + 1, 1);

	if (!bytes)
		return -ENOMEM;
	t->bytes = bytes;
	memcpy(t->bytes + t->used, text, length);
	t->bytes[t->used + length] = '\0';
	*at = (struct nt_text_at){.offset = t->used, .length = length};
	t->used += length + 1;
	return 0;
}

static int append(struct nt_texts *t, const void *text, size_t length)
{
	struct nt_text_at *entry = grow(t->at, &t->n_room, t->n + 1, sizeof(*t->at));

	if (!entry)
		return -ENOMEM;
	t->at = entry;
	if (store(t, text, length, &t->at[t->n]))
		return -ENOMEM;
	t->n++;
	return 0;
}

static void clear(struct nt_texts *t)
{
	t->used = 0;
	t->n = 0;
}

static void release(struct nt_texts *t)
{
	free(t->bytes);
	free(t->at);
	*t = (struct nt_texts){0};
}

void nt_request_reset(struct nt_request *r)
{
	clear(&r->key);
	clear(&r->type);
	clear(&r->arg);
	r->error = 0;
}

void nt_request_fini(struct nt_request *r)
{
	release(&r->key);
	release(&r->type);
	release(&r->arg);
}

/* A request names few keys, and mostly the ones named last. */
size_t nt_request_key(struct nt_request *r, enum nt_redis_type type, const char *key)
{
	const char letter[] = {nt_redis_type_letter[type], '\0'};

	for (size_t i = r->key.n; i > 0; i--)
		if (strcmp(nt_texts_get(&r->key, i - 1), key) == 0)
			return i;
	if (append(&r->key, key, strlen(key)) || append(&r->type, letter, 1))
		r->error = -ENOMEM;
	return r->key.n;
}

void nt_request_bytes(struct nt_request *r, const void *bytes, size_t length)
{
	if (append(&r->arg, bytes, length))
		r->error = -ENOMEM;
}

void nt_request_text(struct nt_request *r, const char *text)
{
	nt_request_bytes(r, text, strlen(text));
}

void nt_request_number(struct nt_request *r, int64_t number)
{
	char text[NUMBER_TEXT];

	snprintf(text, sizeof(text), "%" PRId64, number);
	nt_request_text(r, text);
}

void nt_request_count(struct nt_request *r, uint64_t count)
{
	nt_request_number(r, count > INT64_MAX ? INT64_MAX : (int64_t)count);
}

size_t nt_request_reserve(struct nt_request *r)
{
	size_t reserved = r->arg.n;

	nt_request_text(r, "");
	return reserved;
}

void nt_request_fill(struct nt_request *r, size_t reserved, int64_t number)
{
	char text[NUMBER_TEXT];

	snprintf(text, sizeof(text), "%" PRId64, number);
	if (r->error || store(&r->arg, text, strlen(text), &r->arg.at[reserved]))
		r->error = -ENOMEM;
}

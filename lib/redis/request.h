/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REDIS_REQUEST_H
#define NT_REDIS_REQUEST_H

#include "redis/schema.h"

#include <stddef.h>
#include <stdint.h>

/*
 * One call of the script (script.lua): the keys that it touches and the arguments that say what to do with them.
 * Every text is an argument of its own, so that nothing in it can be taken for a command. A request can be filled
 * again and again; it keeps its memory. Not shared between threads. Running out of memory is remembered in `error`
 * and looked at once, by whoever sends the request.
 */

/** Texts, one behind the other, each ended by a NUL that is not part of it; one may hold NULs of its own. */
struct nt_texts {
	char *bytes;
	size_t used;
	size_t room;
	struct nt_text_at {
		size_t offset;
		size_t length;
	} * at;
	size_t n;
	size_t n_room;
};

struct nt_request {
	struct nt_texts key;
	struct nt_texts type; /**< a letter per key */
	struct nt_texts arg;
	int error; /**< 0 or -ENOMEM */
};

/** Empties a request, zero-initialised or used before. */
void nt_request_reset(struct nt_request *r);

/** Frees what it holds. */
void nt_request_fini(struct nt_request *r);

/** Number, as the script counts (from 1), of a key; a key that is there already is not added again. */
size_t nt_request_key(struct nt_request *r, enum nt_redis_type type, const char *key);

void nt_request_text(struct nt_request *r, const char *text);
void nt_request_bytes(struct nt_request *r, const void *bytes, size_t length);
void nt_request_number(struct nt_request *r, int64_t number);

/** Packets and bytes; what Redis' signed 64-bit numbers cannot hold is cut to their greatest. */
void nt_request_count(struct nt_request *r, uint64_t count);

/** Adds an argument whose value is not known yet; nt_request_fill() sets it. */
size_t nt_request_reserve(struct nt_request *r);
void nt_request_fill(struct nt_request *r, size_t reserved, int64_t number);

/** Text number i of a list. */
static inline const char *nt_texts_get(const struct nt_texts *t, size_t i)
{
	return t->bytes + t->at[i].offset;
}

#endif

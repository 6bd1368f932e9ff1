/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/value.h"

#include <errno.h>

/* The deepest records in the field, MaxMind's city databases, need 9 levels with the pointers on the way. */
#define DEPTH_MAX 64u

/* Values in one record, counted as often as pointers lead to them. City databases have under 200. */
#define RECORD_VALUES_MAX (1u << 16)

enum type { TYPE_EXTENDED = 0, TYPE_POINTER = 1, TYPE_MAP = 7, TYPE_ARRAY = 11, TYPE_BOOLEAN = 14 };

struct header {
	uint32_t type;
	uint32_t size;	 /* bytes, or entries of a map or array */
	uint32_t target; /* of a pointer */
	uint32_t next;	 /* offset behind the header and, except for maps and arrays, the payload */
};

static uint32_t big_endian(const uint8_t *bytes, uint32_t n)
{
	uint32_t value = 0;

	for (uint32_t i = 0; i < n; i++)
		value = value << 8 | bytes[i];
	return value;
}

static int read_pointer(const struct nt_values *v, uint32_t offset, uint8_t control, struct header *h)
{
	static const uint32_t base[] = {0, 2048, 526336, 0};
	uint32_t n = (control >> 3 & 3u) + 1;

	if (n > v->size - offset)
		return -EBADMSG;
	h->target = big_endian(v->data + offset, n);
	if (n < 4)
		h->target += ((control & 7u) << (8 * n)) + base[n - 1];
	h->next = offset + n;
	return 0;
}

static int read_header(const struct nt_values *v, uint32_t offset, struct header *h)
{
	static const uint32_t base[] = {29, 285, 65821};
	uint8_t control;
	uint32_t payload;

	if (offset >= v->size)
		return -EBADMSG;
	control = v->data[offset++];
	h->type = control >> 5;
	if (h->type == TYPE_POINTER)
		return read_pointer(v, offset, control, h);
	if (h->type == TYPE_EXTENDED) {
		if (offset >= v->size)
			return -EBADMSG;
		h->type = 7u + v->data[offset++];
	}
	h->size = control & 31u;
	if (h->size >= 29) {
		uint32_t n = h->size - 28;

		if (n > v->size - offset)
			return -EBADMSG;
		h->size = base[n - 1] + big_endian(v->data + offset, n);
		offset += n;
	}
	payload = h->type == TYPE_MAP || h->type == TYPE_ARRAY || h->type == TYPE_BOOLEAN ? 0 : h->size;
	if (payload > v->size - offset)
		return -EBADMSG;
	h->next = offset + payload;
	return 0;
}

/* Sets *next to the offset behind the value as it stands in the file. */
static int walk(struct nt_values *v, uint32_t offset, uint32_t depth, uint32_t *next)
{
	struct header h = {0};
	uint32_t entries, ignored;

	if (depth > DEPTH_MAX || v->steps_left == 0)
		return -EBADMSG;
	v->steps_left--;
	if (read_header(v, offset, &h))
		return -EBADMSG;
	*next = h.next;
	if (h.type == TYPE_POINTER)
		return walk(v, h.target, depth + 1, &ignored);
	entries = h.type == TYPE_MAP ? 2 * h.size : h.type == TYPE_ARRAY ? h.size : 0;
	for (uint32_t i = 0; i < entries; i++)
		if (walk(v, *next, depth + 1, next))
			return -EBADMSG;
	return 0;
}

int nt_value_check(struct nt_values *values, uint32_t offset)
{
	uint64_t allowed = values->steps_left < RECORD_VALUES_MAX ? values->steps_left : RECORD_VALUES_MAX;
	struct nt_values record = {.data = values->data, .size = values->size, .steps_left = allowed};
	uint32_t ignored;
	int rc = walk(&record, offset, 0, &ignored);

	values->steps_left -= allowed - record.steps_left;
	return rc;
}

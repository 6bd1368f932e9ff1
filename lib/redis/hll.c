/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/hll.h"

#include "base/hll.h"

#include <string.h>

#define HEADER		16
#define SPARSE		1
#define STALE		0x80 /* top bit of the number's last byte */
#define VALUE_MAX	32   /* the sparse form has five bits for a register */
#define VALUE_RUN	4
#define ZEROS_IN_A_BYTE 64

/* Registers in sparse form; room < 0 once they do not fit. */
struct sparse {
	uint8_t *at;
	ptrdiff_t room;
};

static void put(struct sparse *s, uint32_t byte)
{
	if (--s->room >= 0)
		*s->at++ = (uint8_t)byte;
}

/* 00llllll: up to 64 empty registers; 01llllll llllllll: up to 16,384. */
static void put_zeros(struct sparse *s, uint32_t n)
{
	if (n > ZEROS_IN_A_BYTE) {
		put(s, 0x40 | (n - 1) >> 8);
		put(s, (n - 1) & 0xff);
	} else if (n) {
		put(s, n - 1);
	}
}

/* 1vvvvvll: up to four registers of a value from 1 to 32. */
static void put_values(struct sparse *s, uint32_t value, uint32_t n)
{
	if (value > VALUE_MAX)
		s->room = -1;
	else
		put(s, 0x80 | (value - 1) << 2 | (n - 1));
}

static size_t pack_sparse(const struct nt_sketch *sketch, uint8_t *out)
{
	struct sparse s = {.at = out, .room = NT_REDIS_HLL_SPARSE};
	uint32_t next = 0;

	for (uint32_t i = 0, run; i < sketch->n && s.room >= 0; i += run) {
		uint32_t index = sketch->registers[i] >> 8, rank = sketch->registers[i] & 0xff;

		put_zeros(&s, index - next);
		for (run = 1; run < VALUE_RUN && i + run < sketch->n; run++)
			if (sketch->registers[i + run] != ((index + run) << 8 | rank))
				break;
		put_values(&s, rank, run);
		next = index + run;
	}
	put_zeros(&s, NT_HLL_REGISTERS - next);
	return s.room >= 0 ? (size_t)(s.at - out) : 0;
}

/* Six bits a register, the first in the lowest bits of the first byte. */
static size_t pack_dense(const struct nt_sketch *sketch, uint8_t *out)
{
	memset(out, 0, NT_REDIS_HLL_BYTES - HEADER);
	for (uint32_t i = 0; i < sketch->n; i++) {
		uint32_t bit = (sketch->registers[i] >> 8) * 6, rank = sketch->registers[i] & 0x3f;
		uint32_t low = bit & 7;

		out[bit / 8] |= (uint8_t)(rank << low);
		if (low > 2)
			out[bit / 8 + 1] |= (uint8_t)(rank >> (8 - low));
	}
	return NT_REDIS_HLL_BYTES - HEADER;
}

size_t nt_redis_hll_pack(const struct nt_sketch *sketch, uint8_t out[static NT_REDIS_HLL_BYTES])
{
	size_t length;

	memset(out, 0, HEADER);
	memcpy(out, "HYLL", 4);
	out[HEADER - 1] = STALE;
	length = pack_sparse(sketch, out + HEADER);
	if (length)
		out[4] = SPARSE;
	else
		length = pack_dense(sketch, out + HEADER);
	return HEADER + length;
}

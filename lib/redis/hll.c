/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/hll.h"

#include "base/hll.h"

#include <errno.h>
#include <stdbool.h>
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

/* ---- reading ---- */

static void raise_to(uint8_t *rank, uint32_t value)
{
	if (*rank < value)
		*rank = (uint8_t)value;
}

static int unite_dense(const uint8_t *in, size_t length, uint8_t *registers)
{
	if (length != NT_REDIS_HLL_BYTES - HEADER)
		return -EINVAL;
	for (uint32_t i = 0; i < NT_HLL_REGISTERS; i++) {
		uint32_t bit = i * 6, low = bit & 7, value = in[bit / 8] >> low;

		if (low > 2)
			value |= (uint32_t)in[bit / 8 + 1] << (8 - low);
		value &= 0x3f;
		raise_to(&registers[i], value < NT_HLL_RANK_MAX ? value : NT_HLL_RANK_MAX);
	}
	return 0;
}

/* One run of the sparse form: how many bytes it takes, how many registers it is of, and their value. */
static size_t sparse_run(const uint8_t *in, size_t length, uint32_t *n, uint32_t *value)
{
	*value = 0;
	if (in[0] & 0x80) {
		*value = (in[0] >> 2 & 0x1f) + 1u;
		*n = (in[0] & 3) + 1u;
		return 1;
	}
	*n = (in[0] & 0x3f) + 1u;
	if (!(in[0] & 0x40))
		return 1;
	if (length < 2)
		return 0;
	*n = ((in[0] & 0x3fu) << 8 | in[1]) + 1u;
	return 2;
}

/* All runs together must be of all registers. Without registers to fill it only looks. */
static bool read_sparse(const uint8_t *in, size_t length, uint8_t *registers)
{
	uint32_t next = 0;

	while (length) {
		uint32_t n, value;
		size_t bytes = sparse_run(in, length, &n, &value);

		if (!bytes || n > NT_HLL_REGISTERS - next)
			return false;
		for (uint32_t i = 0; i < n && registers && value; i++)
			raise_to(&registers[next + i], value);
		next += n;
		in += bytes;
		length -= bytes;
	}
	return next == NT_HLL_REGISTERS;
}

int nt_redis_hll_unite(const uint8_t *bytes, size_t length, uint8_t registers[static NT_HLL_REGISTERS])
{
	if (length < HEADER || memcmp(bytes, "HYLL", 4) != 0)
		return -EINVAL;
	if (bytes[4] == 0)
		return unite_dense(bytes + HEADER, length - HEADER, registers);
	if (bytes[4] != SPARSE || !read_sparse(bytes + HEADER, length - HEADER, NULL))
		return -EINVAL;
	read_sparse(bytes + HEADER, length - HEADER, registers);
	return 0;
}

uint64_t nt_redis_hll_count(const uint8_t registers[static NT_HLL_REGISTERS])
{
	uint32_t histogram[NT_HLL_RANK_MAX + 1] = {0};

	for (uint32_t i = 0; i < NT_HLL_REGISTERS; i++)
		histogram[registers[i] < NT_HLL_RANK_MAX ? registers[i] : NT_HLL_RANK_MAX]++;
	return nt_hll_estimate(histogram);
}

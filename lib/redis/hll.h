/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REDIS_HLL_H
#define NT_REDIS_HLL_H

#include "needletail/snapshot.h"

#include <stddef.h>
#include <stdint.h>

/*
 * HyperLogLogs as Redis keeps them in a string (hyperloglog.c of Redis 7.0): "HYLL", a byte for the encoding (0 dense,
 * 1 sparse), three zero bytes, eight bytes of a number that was counted before, and the registers. We mark that number
 * as out of date, or PFCOUNT would believe it.
 */

/** Bytes of the largest: a header of 16 and 16,384 registers of six bits. */
#define NT_REDIS_HLL_BYTES (16 + 16384 * 6 / 8)

/** Registers in sparse form take at most so many bytes (hll-sparse-max-bytes, as shipped); more go dense. */
#define NT_REDIS_HLL_SPARSE 3000

/** Writes a sketch, sparse when that is small and dense otherwise. Returns its bytes. Any thread. */
size_t nt_redis_hll_pack(const struct nt_sketch *sketch, uint8_t out[static NT_REDIS_HLL_BYTES]);

/**
 * Reads a string of Redis' into registers: each becomes the larger of what it was and what is read, which makes them
 * those of the union. Any thread. Returns 0, or -EINVAL for what is no such string; the registers are then as they
 * were.
 */
int nt_redis_hll_unite(const uint8_t *bytes, size_t length, uint8_t registers[static 16384]);

/** Number of different elements of registers. Any thread. */
uint64_t nt_redis_hll_count(const uint8_t registers[static 16384]);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_SNAPSHOT_PACK_FORMAT_H
#define NT_SNAPSHOT_PACK_FORMAT_H

#include <stdint.h>

/* What both directions of pack.h share. */

#define PACK_MAGIC   "NTSP"
#define PACK_VERSION 2 /* 1 had no hosts of sketches and no date of the region database; it is still read */

/* Bits of the byte that begins a snapshot, a source and a sender of backscatter. */
enum { PACK_PARTIAL = 1, PACK_REDUCED = 2, PACK_MISSED_UNKNOWN = 4, PACK_ESTIMATED = 8 };
enum { PACK_V6 = 1, PACK_BACKSCATTER = 2, PACK_HAS_PORT = 4, PACK_PORT_SAME = 8 };

static inline uint64_t pack_zigzag(int64_t value)
{
	return (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
}

static inline int64_t unpack_zigzag(uint64_t value)
{
	return (int64_t)(value >> 1 ^ -(value & 1));
}

#endif

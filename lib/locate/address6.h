/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_LOCATE_ADDRESS6_H
#define NT_LOCATE_ADDRESS6_H

#include <stdint.h>
#include <string.h>

/** An IPv6 address as a number, so that prefixes can be shifted, masked and compared. */
__extension__ typedef unsigned __int128 nt_u128;

static inline nt_u128 nt_address6_load(const uint8_t bytes[static 16])
{
	uint64_t high, low;

	memcpy(&high, bytes, sizeof(high));
	memcpy(&low, bytes + sizeof(high), sizeof(low));
	return (nt_u128)__builtin_bswap64(high) << 64 | __builtin_bswap64(low);
}

static inline void nt_address6_store(nt_u128 address, uint8_t bytes[static 16])
{
	uint64_t high = __builtin_bswap64((uint64_t)(address >> 64)), low = __builtin_bswap64((uint64_t)address);

	memcpy(bytes, &high, sizeof(high));
	memcpy(bytes + sizeof(high), &low, sizeof(low));
}

/** The bits behind the first `length` (0..128), all set. */
static inline nt_u128 nt_address6_host_bits(uint32_t length)
{
	return length < 128 ? ~(nt_u128)0 >> length : 0;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_LOCATE_PLAIN_H
#define NT_LOCATE_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Inside lib/locate: IPv4 in ordinary memory. DIR24_8 (Gupta et al., "Routing lookups in hardware at memory access
 * speeds", 1998) with two bytes an entry: one for each /24, which is a region or leads to a group of 256.
 */

/** In an entry: the rest is the number of a group, counted from the first one of its /9, which has 2^15 entries. */
#define NT_PLAIN_GROUP 0x8000u

struct nt_locate_options;

struct nt_plain {
	uint16_t *entry;	 /**< [2^24] */
	uint16_t *group;	 /**< [groups][256] */
	uint32_t first[1u << 9]; /**< group of each /9 */
};

/** True if the list of IPv4 is as nt_locate_create() wants it. */
bool nt_plain_valid4(const struct nt_locate_options *o);

/** The table of a valid list. NULL: no memory. */
struct nt_plain *nt_plain_create(const struct nt_locate_options *o);

/** NULL is fine. */
void nt_plain_free(struct nt_plain *p);

/** Asks the cache for an IPv4 address's entry. Packet path. */
static inline void nt_plain_ask4(const struct nt_plain *p, uint32_t address)
{
	__builtin_prefetch(&p->entry[address >> 8]);
}

/** Region of an IPv4 address in host byte order. Packet path. */
static inline uint16_t nt_plain_find4(const struct nt_plain *p, uint32_t address)
{
	uint32_t entry = p->entry[address >> 8];

	if (__builtin_expect(entry & NT_PLAIN_GROUP, 0))
		entry = p->group[(size_t)(p->first[address >> 23] + (entry & ~NT_PLAIN_GROUP)) << 8 | (address & 0xff)];
	return (uint16_t)entry;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_LOCATE_PLAIN_H
#define NT_LOCATE_PLAIN_H

#include "locate/address6.h"
#include "locate/locate.h"

#include <stddef.h>

/*
 * Inside lib/locate: tables in ordinary memory. IPv4 is DIR24_8 (Gupta et al., "Routing lookups in hardware at memory
 * access speeds", 1998) with two bytes an entry: one for each /24, which is a region or leads to a group of 256. IPv6
 * is a list of ranges: an index on the first two bytes, then halving. That is slower than DPDK's trie by some tens of
 * nanoseconds, and built in no time.
 */

/** In an entry: the rest is the number of a group, counted from the first one of its /9, which has 2^15 entries. */
#define NT_PLAIN_GROUP 0x8000u

/** Slots of the index on the first two bytes of an IPv6 address. */
#define NT_PLAIN_SLOTS6 (1u << 16)

struct nt_plain {
	uint16_t *entry;	 /**< [2^24] */
	uint16_t *group;	 /**< [groups][256] */
	uint32_t first[1u << 9]; /**< group of each /9 */

	uint32_t ranges;		   /**< of IPv6 */
	nt_u128 *from;			   /**< [ranges] where each begins; the first at 0 */
	uint16_t *hop;			   /**< [ranges] as in table.h */
	uint32_t at[NT_PLAIN_SLOTS6 + 1u]; /**< the range that holds a slot's first address; one more at the end */
};

struct nt_locate_filling;

/** True if the list of IPv4 is as nt_locate_create() wants it. */
bool nt_plain_valid4(const struct nt_locate_options *o);

/** Fill tables (filling.h) from valid lists. Return 0 or -ENOMEM. */
int nt_plain_fill4(struct nt_locate_filling *f, const struct nt_locate_options *o);
int nt_plain_fill6(struct nt_locate_filling *f, const struct nt_locate_options *o);

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

/** Next hop (table.h) of an IPv6 address. Packet path. */
static inline uint16_t nt_plain_find6(const struct nt_plain *p, nt_u128 address)
{
	uint32_t slot = (uint32_t)(address >> 112), range = p->at[slot], behind = p->at[slot + 1] + 1;

	while (behind - range > 1) {
		uint32_t middle = range + (behind - range) / 2;
		bool beyond = p->from[middle] <= address;

		range = beyond ? middle : range;
		behind = beyond ? behind : middle;
	}
	return p->hop[range];
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TALLY_SLOTS_H
#define NT_TALLY_SLOTS_H

#include <stdint.h>

/*
 * Sizes of tables with open addressing. One that may grow begins with fewer slots than its entries need; each of its
 * sizes stands behind the ones before, N slots from the N-th on, so that what it holds moves without other memory.
 */

/** Slots that hold so many entries with short searches: a power of two, at most three quarters full. Any thread. */
static inline uint32_t nt_slots_for(uint32_t entries)
{
	uint32_t slots = 16;

	while (slots / 4 * 3 < entries)
		slots *= 2;
	return slots;
}

/** Entries that so many slots take at most, of those that there are. Any thread. */
static inline uint32_t nt_slots_hold(uint32_t slots, uint32_t entries)
{
	return entries < slots / 4 * 3 ? entries : slots / 4 * 3;
}

/** Places of an index that holds so many: they are small, and with half of them free searches end at once. */
static inline uint32_t nt_places_for(uint32_t entries)
{
	uint32_t places = 16;

	while (places / 2 < entries)
		places *= 2;
	return places;
}

/** As nt_slots_hold(), of an index. Any thread. */
static inline uint32_t nt_places_hold(uint32_t places, uint32_t entries)
{
	return entries < places / 2 ? entries : places / 2;
}

#endif

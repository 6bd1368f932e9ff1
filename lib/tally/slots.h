/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TALLY_SLOTS_H
#define NT_TALLY_SLOTS_H

#include <stdint.h>

/** Slots that hold so many entries with short searches: a power of two, at most three quarters full. Any thread. */
static inline uint32_t nt_slots_for(uint32_t entries)
{
	uint32_t slots = 16;

	while (slots / 4 * 3 < entries)
		slots *= 2;
	return slots;
}

#endif

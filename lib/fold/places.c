/* SPDX-License-Identifier: BSD-3-Clause */
#include "fold/places.h"

#include <errno.h>
#include <stdlib.h>

#define SLOTS_MIN  1024u
#define SPARE_PART 16 /* of what is wanted first: the next interval wants about as much */

int nt_places_reserve(struct nt_places *x, size_t entries)
{
	struct nt_places grown = {.mask = x->slot ? x->mask : SLOTS_MIN - 1, .n = x->n};

	while (grown.mask / 3 * 2 < entries && grown.mask < UINT32_MAX / 2)
		grown.mask = grown.mask * 2 + 1;
	if (x->slot && grown.mask == x->mask)
		return 0;
	grown.slot = calloc((size_t)grown.mask + 1, sizeof(*grown.slot));
	if (!grown.slot)
		return -ENOMEM;
	for (size_t i = 0; x->slot && i <= x->mask; i++) {
		uint32_t at = (uint32_t)(x->slot[i] >> 32);

		if (!x->slot[i])
			continue;
		while (grown.slot[at & grown.mask])
			at++;
		grown.slot[at & grown.mask] = x->slot[i];
	}
	free(x->slot);
	*x = grown;
	return 0;
}

void nt_places_fini(struct nt_places *x)
{
	free(x->slot);
	*x = (struct nt_places){0};
}

void *nt_places_grow_array(void *array, size_t *capacity, size_t wanted, size_t size)
{
	size_t larger = *capacity + *capacity / 2;
	void *grown;

	if (array && wanted <= *capacity)
		return array;
	if (larger < wanted)
		larger = wanted + wanted / SPARE_PART + 1;
	grown = reallocarray(array, larger, size);
	if (grown)
		*capacity = larger;
	return grown;
}

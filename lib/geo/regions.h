/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_GEO_REGIONS_H
#define NT_GEO_REGIONS_H

#include "needletail/snapshot.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Offset of a record -> region. Thousands of prefixes share a record, and reading one takes a microsecond.
 * All zero is an empty cache.
 */
struct nt_region_cache {
	struct nt_region_slot *slot; /* open addressing, at most half full */
	uint32_t slots;		     /* power of two, or 0 */
	uint32_t used;
	uint32_t known; /* different regions in it, the unknown one apart */
	bool seen[NT_REGIONS];
};

struct nt_mmdb;

/** Region of the data at an offset, from the cache or the database. Returns its index, or -errno, and *reason why. */
int nt_region_cache_find(struct nt_region_cache *cache, struct nt_mmdb *mmdb, uint32_t offset, const char **reason);

/** Region of an offset, or -1 if it is not there. */
int nt_region_cache_get(const struct nt_region_cache *cache, uint32_t offset);

/** Remembers an offset that is not there yet. Returns 0 or -ENOMEM. */
int nt_region_cache_put(struct nt_region_cache *cache, uint32_t offset, uint16_t region);

void nt_region_cache_fini(struct nt_region_cache *cache);

#endif

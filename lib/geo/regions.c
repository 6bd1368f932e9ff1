/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/regions.h"
#include "geo/mmdb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_MIN 1024u

struct nt_region_slot {
	uint32_t offset;
	uint16_t region;
	uint16_t taken;
};

/* Fibonacci hashing: the high bits of a product with 2^32 / golden ratio (Knuth, volume 3, 6.4). */
static struct nt_region_slot *find(const struct nt_region_cache *c, uint32_t offset)
{
	uint32_t i = (uint32_t)((uint64_t)(offset * 2654435769u) * c->slots >> 32);

	while (c->slot[i].taken && c->slot[i].offset != offset)
		i = (i + 1) & (c->slots - 1);
	return &c->slot[i];
}

static int grow(struct nt_region_cache *c)
{
	struct nt_region_cache larger = *c;

	larger.slots = c->slots ? 2 * c->slots : SLOTS_MIN;
	larger.slot = calloc(larger.slots, sizeof(*larger.slot));
	if (!larger.slot)
		return -ENOMEM;
	for (uint32_t i = 0; i < c->slots; i++)
		if (c->slot[i].taken)
			*find(&larger, c->slot[i].offset) = c->slot[i];
	free(c->slot);
	*c = larger;
	return 0;
}

int nt_region_cache_get(const struct nt_region_cache *cache, uint32_t offset)
{
	const struct nt_region_slot *s = cache->slots ? find(cache, offset) : NULL;

	return s && s->taken ? s->region : -1;
}

int nt_region_cache_put(struct nt_region_cache *cache, uint32_t offset, uint16_t region)
{
	if (2 * cache->used >= cache->slots) {
		int rc = grow(cache);

		if (rc)
			return rc;
	}
	*find(cache, offset) = (struct nt_region_slot){.offset = offset, .region = region, .taken = 1};
	cache->used++;
	return 0;
}

int nt_region_cache_find(struct nt_region_cache *cache, struct nt_mmdb *mmdb, uint32_t offset, const char **reason)
{
	int region = nt_region_cache_get(cache, offset);

	if (region >= 0)
		return region;
	region = nt_mmdb_region(mmdb, offset, reason);
	if (region < 0)
		return region;
	if (nt_region_cache_put(cache, offset, (uint16_t)region)) {
		*reason = strerrordesc_np(ENOMEM);
		return -ENOMEM;
	}
	cache->known += region != NT_REGION_UNKNOWN && !cache->seen[region];
	cache->seen[region] = true;
	return region;
}

void nt_region_cache_fini(struct nt_region_cache *cache)
{
	free(cache->slot);
	*cache = (struct nt_region_cache){0};
}

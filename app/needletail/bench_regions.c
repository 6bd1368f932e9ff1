/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench.h"

#include "base/mix.h"
#include "locate/locate.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST	 0x0100u /* 1.0/16 */
#define END	 0xe000u /* 224.0/16 */
#define REGIONS	 250u
#define ROOM_MAX (1u << 20)

/* Into prefixes of which length a /16 falls: parts of a thousand. They make some 600,000, as country databases have. */
static const struct {
	uint16_t below;
	uint8_t length;
} lengths[] = {{558, 16}, {808, 18}, {928, 20}, {988, 22}, {1000, 24}};

static uint8_t length_of(uint32_t draw)
{
	size_t i = 0;

	while (draw >= lengths[i].below)
		i++;
	return lengths[i].length;
}

/* Prefixes of one /16; returns how many. */
static uint32_t split_block(struct nt_prefix4 *list, uint32_t block)
{
	uint8_t length = length_of((uint32_t)(nt_mix(block, 6) % 1000));
	uint32_t n = UINT32_C(1) << (length - 16);

	for (uint32_t i = 0; i < n; i++)
		list[i] = (struct nt_prefix4){
		    .network = block << 16 | i << (32 - length),
		    .length = length,
		    .region = (uint16_t)(1 + nt_mix(block, 7 + i) % REGIONS),
		};
	return n;
}

struct nt_locate *bench_regions(uint32_t *prefixes)
{
	struct nt_prefix4 *list = malloc(ROOM_MAX * sizeof(*list));
	struct nt_locate_options o = {.numa_socket = -1, .prefix4 = list};
	struct nt_locate *locate;

	if (!list)
		return NULL;
	for (uint32_t block = FIRST; block < END && o.prefixes4 + 256 <= ROOM_MAX; block++)
		o.prefixes4 += split_block(&list[o.prefixes4], block);
	locate = nt_locate_create(&o);
	*prefixes = o.prefixes4;
	free(list);
	return locate;
}

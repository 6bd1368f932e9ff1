/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_regions.h"

#include "base/mix.h"
#include "locate/locate.h"

#include <stdbool.h>
#include <stdlib.h>

#define FIRST	0x0100u /* 1.0/16 */
#define END	0xe000u /* 224.0/16 */
#define REGIONS 250u
#define ROOM	(1u << 20)

/*
 * Into prefixes of how many bits more a block falls: parts of a thousand. Blocks of 16 bits make some 600,000 prefixes,
 * as country databases have them.
 */
static const struct {
	uint16_t below;
	uint8_t bits;
} splits[] = {{558, 0}, {808, 2}, {928, 4}, {988, 6}, {1000, 8}};

#define PREFIXES_A_BLOCK 10.39 /* on average */

/* Blocks of so many bits, and how many of a thousand fall into smaller prefixes at all. */
struct blocks {
	uint32_t bits;
	uint32_t split;
	uint32_t most; /* prefixes */
};

static uint32_t first_block(uint32_t bits)
{
	return (uint32_t)((uint64_t)FIRST << bits >> 16);
}

static uint32_t end_block(uint32_t bits)
{
	return (uint32_t)((uint64_t)END << bits >> 16);
}

/* Blocks of which some stay whole. By chance more are split than must be, but the last ones only while there is room.
 */
static struct blocks blocks_for(uint32_t wanted)
{
	struct blocks b = {.bits = 4, .most = wanted};
	double n, each;

	do {
		b.bits++;
		n = end_block(b.bits) - first_block(b.bits);
	} while (n * PREFIXES_A_BLOCK < 2.0 * wanted);
	each = wanted / n;
	b.split = each > 1 ? (uint32_t)(1500 * (each - 1) / (PREFIXES_A_BLOCK - 1)) : 0;
	return b;
}

static uint8_t bits_of(uint32_t draw)
{
	size_t i = 0;

	while (draw >= splits[i].below)
		i++;
	return splits[i].bits;
}

static uint8_t bits_of_block(uint32_t block, const struct blocks *b, uint32_t made)
{
	uint32_t left = end_block(b->bits) - block - 1; /* blocks, of which each makes one at least */
	uint8_t bits = bits_of((uint32_t)(nt_mix(block, 6) % 1000));

	if (nt_mix(block, 5) % 1000 >= b->split)
		return 0;
	while (bits && made + (1u << bits) + left > b->most)
		bits -= 2;
	return bits;
}

/* Adds the prefixes of one block. */
static void split_block(struct nt_prefix4 *list, uint32_t *made, uint32_t block, const struct blocks *b)
{
	uint8_t more = bits_of_block(block, b, *made), length = (uint8_t)(b->bits + more);

	for (uint32_t i = 0; i < UINT32_C(1) << more; i++)
		list[(*made)++] = (struct nt_prefix4){
		    .network = block << (32 - b->bits) | i << (32 - length),
		    .length = length,
		    .region = (uint16_t)(1 + nt_mix(block, 7 + i) % REGIONS),
		};
}

struct nt_locate *bench_regions(uint32_t wanted, uint32_t *prefixes)
{
	const struct blocks usual = {.bits = 16, .split = 1000, .most = ROOM}, b = wanted ? blocks_for(wanted) : usual;
	struct nt_prefix4 *list = malloc(ROOM * sizeof(*list));
	struct nt_locate_options o = {.numa_socket = -1, .prefix4 = list};
	struct nt_locate *locate;

	if (!list)
		return NULL;
	for (uint32_t block = first_block(b.bits); block < end_block(b.bits); block++)
		split_block(list, &o.prefixes4, block, &b);
	locate = nt_locate_create(&o);
	*prefixes = o.prefixes4;
	free(list);
	return locate;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_LOCATE_LOCATE_H
#define NT_LOCATE_LOCATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Source address -> region index, a burst at a time. One table for IPv4 and one for IPv6, filled once and never
 * changed afterwards: new data make a new table, and the old one is freed when no worker looks into it.
 * What that costs: README.md.
 */

/** Most addresses that are looked up in one go; a longer array is cut into pieces of this size. */
#define NT_LOCATE_BURST 128u

/** One IPv4 prefix and the region behind it. */
struct nt_prefix4 {
	uint32_t network; /**< host byte order; bits behind `length` are zero */
	uint8_t length;	  /**< 1..32 */
	uint16_t region;  /**< below NT_REGIONS */
};

/** One IPv6 prefix and the region behind it. */
struct nt_prefix6 {
	uint8_t network[16]; /**< as on the wire; bits behind `length` are zero */
	uint8_t length;	     /**< 1..128 */
	uint16_t region;     /**< below NT_REGIONS */
};

/** An IPv6 prefix whose next 32 bits are an IPv4 address and have that address's region (2002::/16, ::ffff:0:0/96). */
struct nt_alias6 {
	uint8_t network[16]; /**< as on the wire; bits behind `length` are zero */
	uint8_t length;	     /**< 1..96 */
};

/**
 * What a table is made of. Each list is in ascending order: by network, then by length. The longest prefix that holds
 * an address decides; prefix6 and alias6 have no prefix in common. What is in none has the default.
 */
struct nt_locate_options {
	int numa_socket;   /**< where DPDK's table lives; negative: anywhere */
	uint16_t default4; /**< region of every other IPv4 address */
	uint16_t default6; /**< region of every other IPv6 address */
	const struct nt_prefix4 *prefix4;
	uint32_t prefixes4;
	const struct nt_prefix6 *prefix6;
	uint32_t prefixes6;
	const struct nt_alias6 *alias6;
	uint32_t aliases6;
};

struct nt_locate;

/**
 * Builds the tables, for live capture; programs that end have tree.h. The lists are not needed afterwards. Control
 * threads only, for DPDK's table after rte_eal_init(). NULL and errno: EINVAL (a list out of order or out of range),
 * ENOMEM (see nt_locate_bytes()).
 */
struct nt_locate *nt_locate_create(const struct nt_locate_options *options);

/** Frees a table that no worker looks into any more; NULL is fine. Control threads only. */
void nt_locate_free(struct nt_locate *l);

/**
 * DPDK memory in bytes that nt_locate_create() takes for these lists, within a few per cent; the lists must be valid.
 * Any thread. A reload needs it twice: the old table is in use while the new one is built.
 */
uint64_t nt_locate_bytes(const struct nt_locate_options *options);

/**
 * How IPv6 is looked up: by DPDK with "avx512" or "scalar", "plain" (it has one region), or "tree" (tree.h). Any
 * thread. DPDK takes AVX-512 only if the EAL is allowed to.
 */
const char *nt_locate_simd(const struct nt_locate *l);

/**
 * Asks the cache for what the next function reads, of `n` addresses that are `stride` bytes apart. Any thread; packet
 * path.
 */
void nt_locate_ask_v4(const struct nt_locate *l, const uint32_t *first, size_t stride, uint32_t n);

/**
 * Regions of `n` IPv4 addresses in host byte order. Any thread; packet path.
 * Without a table (NULL) every region is NT_REGION_UNKNOWN.
 */
void nt_locate_v4(const struct nt_locate *l, const uint32_t *addresses, uint16_t *regions, uint32_t n);

/**
 * Regions of `n` IPv6 addresses as they stand in the header. Any thread; packet path.
 * Without a table (NULL) every region is NT_REGION_UNKNOWN.
 */
void nt_locate_v6(const struct nt_locate *l, const uint8_t (*addresses)[16], uint16_t *regions, uint32_t n);

#endif

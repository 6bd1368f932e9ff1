/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_GEO_MMDB_H
#define NT_GEO_MMDB_H

#include "geo/geo.h"
#include "needletail/snapshot.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * libmaxminddb as the rest of lib/geo sees it. Only mmdb.c includes its header; its errors end there: functions return
 * 0 or -errno, and then *reason says why.
 */

struct nt_mmdb;

/** What a record of the search tree leads to. */
enum nt_mmdb_kind {
	NT_MMDB_NODE,  /**< value: number of a node */
	NT_MMDB_EMPTY, /**< nothing known */
	NT_MMDB_DATA   /**< value: offset of the data */
};

struct nt_mmdb_record {
	enum nt_mmdb_kind kind;
	uint32_t value;
};

/** Opens a database. Any thread. Undone by nt_mmdb_close(). */
int nt_mmdb_open(struct nt_mmdb **mmdb, const struct nt_geo_options *options, const char **reason);

void nt_mmdb_close(struct nt_mmdb *mmdb);

/** Fills in what the database says about itself; leaves the counts alone. */
void nt_mmdb_info(const struct nt_mmdb *mmdb, struct nt_geo_info *info);

/** Number of nodes in the search tree; node 0 is its root. */
uint32_t nt_mmdb_nodes(const struct nt_mmdb *mmdb);

/** Where a lookup of an IPv4 address begins: the root, or what stands at ::/96 in a tree of IPv6. */
int nt_mmdb_ipv4_start(const struct nt_mmdb *mmdb, struct nt_mmdb_record *start, const char **reason);

/** Reads both records of a node: [0] the left one, for a 0 bit. */
int nt_mmdb_read(const struct nt_mmdb *mmdb, uint32_t node, struct nt_mmdb_record child[static 2], const char **reason);

/** Region of the data at `offset`. Returns the region's index, or -errno. */
int nt_mmdb_region(struct nt_mmdb *mmdb, uint32_t offset, const char **reason);

/** What a record says about an AS. */
struct nt_mmdb_as {
	uint32_t number; /**< 0: nothing */
	const char *org; /**< in the database, without a NUL; as long as that is open */
	uint32_t length; /**< of `org`, bytes; 0: it has none */
};

/** Finds the data of an address with the library's own look-up. False if there is none. One thread at a time. */
bool nt_mmdb_find(struct nt_mmdb *mmdb, const struct nt_address *address, uint32_t *offset);

/** Lifts the limit on values looked at over all calls, for look-ups that go on as long as the program does. */
void nt_mmdb_unlimited(struct nt_mmdb *mmdb);

/** AS of the data at `offset`. Returns 0, also if they say nothing of an AS, or -errno. */
int nt_mmdb_as(struct nt_mmdb *mmdb, uint32_t offset, struct nt_mmdb_as *as, const char **reason);

#endif

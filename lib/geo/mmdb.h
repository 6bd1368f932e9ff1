/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_GEO_MMDB_H
#define NT_GEO_MMDB_H

#include "geo/geo.h"
#include "needletail/snapshot.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

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

/** The search tree in memory: any thread may read it. */
struct nt_mmdb_tree {
	const uint8_t *node; /**< [nodes], with 8 bytes to read from each */
	uint32_t nodes;
	uint32_t node_bytes; /**< 6, 7 or 8, of both records */
	uint32_t data_bytes; /**< behind the tree */
};

/** Zero bytes between the search tree and the data. */
#define NT_MMDB_SEPARATOR_BYTES 16u

/** Why nt_mmdb_tree_read() fails. */
#define NT_MMDB_OUTSIDE "search tree points outside of the data"

/* A record is the number of a node, the number of nodes for "nothing", or an offset into the data behind those. */
static inline int nt_mmdb_classify(const struct nt_mmdb_tree *t, uint32_t value, struct nt_mmdb_record *record)
{
	if (value < t->nodes) {
		*record = (struct nt_mmdb_record){.kind = NT_MMDB_NODE, .value = value};
		return 0;
	}
	if (value == t->nodes) {
		*record = (struct nt_mmdb_record){.kind = NT_MMDB_EMPTY};
		return 0;
	}
	if (value - t->nodes < NT_MMDB_SEPARATOR_BYTES || value - t->nodes >= t->data_bytes)
		return -EBADMSG;
	*record = (struct nt_mmdb_record){.kind = NT_MMDB_DATA, .value = value - t->nodes - NT_MMDB_SEPARATOR_BYTES};
	return 0;
}

/**
 * Both records of a node below `nodes`, as they stand there: [0] the left one, for a 0 bit. The form is that of the
 * MaxMind DB file format specification, 2.0: three bytes, four, or three and half of a shared one.
 */
static inline void nt_mmdb_tree_values(const struct nt_mmdb_tree *t, uint32_t node, uint32_t value[static 2])
{
	uint64_t bytes;

	memcpy(&bytes, t->node + (size_t)node * t->node_bytes, sizeof(bytes));
	bytes = be64toh(bytes);
	if (t->node_bytes == 6) {
		value[0] = (uint32_t)(bytes >> 40);
		value[1] = (uint32_t)(bytes >> 16) & 0xffffff;
	} else if (t->node_bytes == 7) {
		value[0] = (uint32_t)(bytes >> 40) | ((uint32_t)(bytes >> 36) & 0xf) << 24;
		value[1] = ((uint32_t)(bytes >> 32) & 0xf) << 24 | ((uint32_t)(bytes >> 8) & 0xffffff);
	} else {
		value[0] = (uint32_t)(bytes >> 32);
		value[1] = (uint32_t)bytes;
	}
}

/** Likewise, and what they lead to. Returns 0, or -EBADMSG for NT_MMDB_OUTSIDE. */
static inline int nt_mmdb_tree_read(const struct nt_mmdb_tree *t, uint32_t node, struct nt_mmdb_record child[static 2])
{
	uint32_t value[2];
	int rc;

	nt_mmdb_tree_values(t, node, value);
	rc = nt_mmdb_classify(t, value[0], &child[0]);
	return rc ? rc : nt_mmdb_classify(t, value[1], &child[1]);
}

/** Opens a database. Any thread. Undone by nt_mmdb_close(). */
int nt_mmdb_open(struct nt_mmdb **mmdb, const struct nt_geo_options *options, const char **reason);

void nt_mmdb_close(struct nt_mmdb *mmdb);

/** Fills in what the database says about itself; leaves the counts alone. */
void nt_mmdb_info(const struct nt_mmdb *mmdb, struct nt_geo_info *info);

/** Number of nodes in the search tree; node 0 is its root. */
uint32_t nt_mmdb_nodes(const struct nt_mmdb *mmdb);

/** As long as the database is open. */
const struct nt_mmdb_tree *nt_mmdb_tree(const struct nt_mmdb *mmdb);

/** Where a lookup of an IPv4 address begins: the root, or what stands at ::/96 in a tree of IPv6. */
int nt_mmdb_ipv4_start(const struct nt_mmdb *mmdb, struct nt_mmdb_record *start, const char **reason);

/** nt_mmdb_tree_read(), with a reason. */
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

/** Counts values looked at anew, whose number over all calls is limited. */
void nt_mmdb_anew(struct nt_mmdb *mmdb);

/** Lifts that limit, for look-ups that go on as long as the program does. */
void nt_mmdb_unlimited(struct nt_mmdb *mmdb);

/** AS of the data at `offset`. Returns 0, also if they say nothing of an AS, or -errno. */
int nt_mmdb_as(struct nt_mmdb *mmdb, uint32_t offset, struct nt_mmdb_as *as, const char **reason);

#endif

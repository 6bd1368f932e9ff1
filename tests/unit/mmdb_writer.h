/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TEST_MMDB_WRITER_H
#define NT_TEST_MMDB_WRITER_H

#include <stddef.h>
#include <stdint.h>

/*
 * Writes small databases in the MaxMind DB format, good ones and, record by record, bad ones. Running out of memory or
 * disk ends the test.
 */

/** Bytes that grow. All zero is empty; free(data) undoes it. */
struct mmdb_bytes {
	uint8_t *data;
	size_t size;
	size_t capacity;
};

void mmdb_raw(struct mmdb_bytes *b, const void *bytes, size_t size);

/** One value each; the entries of a map (key, value, key, value ...) or array follow it. */
void mmdb_map(struct mmdb_bytes *b, uint32_t entries);
void mmdb_array(struct mmdb_bytes *b, uint32_t entries);
void mmdb_string(struct mmdb_bytes *b, const char *text);
void mmdb_unsigned(struct mmdb_bytes *b, uint32_t type, uint64_t value);
void mmdb_pointer(struct mmdb_bytes *b, uint32_t offset);

/** Types of mmdb_unsigned(). */
enum { MMDB_UINT16 = 5, MMDB_UINT32 = 6, MMDB_UINT64 = 9 };

/** What a record of the tree leads to, before the number of nodes is known. */
#define MMDB_EMPTY     (UINT64_C(1) << 62)
#define MMDB_DATA(o)   (UINT64_C(1) << 61 | (o)) /**< offset in `data` */
#define MMDB_BEYOND(n) (UINT64_C(1) << 60 | (n)) /**< number of nodes + n, whatever that is */
#define MMDB_NODE_MAX  (UINT64_C(1) << 32)	 /**< below: number of a node */

struct mmdb_writer {
	uint32_t ip_version;
	uint32_t record_bits;	 /**< 24, 28 or 32 */
	uint32_t claimed_nodes;	 /**< node count in the metadata, if not 0 */
	uint32_t claimed_bits;	 /**< record size in the metadata, if not 0 */
	struct mmdb_bytes data;	 /**< data section */
	struct mmdb_bytes extra; /**< first in the metadata map: one more key and value, if not empty */
	uint64_t (*record)[2];	 /**< the tree */
	uint32_t nodes;
};

void mmdb_writer_init(struct mmdb_writer *w, uint32_t ip_version, uint32_t record_bits);
void mmdb_writer_fini(struct mmdb_writer *w);

/** Adds a node with two empty records; returns its number. */
uint32_t mmdb_add_node(struct mmdb_writer *w);

/**
 * Puts `leads_to` at a prefix; what it covers is replaced, what covers it is split. In a tree of IPv6 an IPv4 prefix
 * is one below ::/96.
 */
void mmdb_insert(struct mmdb_writer *w, const uint8_t *network, uint32_t length, uint64_t leads_to);

/** What a prefix leads to, as far as the tree goes; that is how aliases are made. */
uint64_t mmdb_find(const struct mmdb_writer *w, const uint8_t *network, uint32_t length);

/** Encodes the file; free(data) undoes it. */
struct mmdb_bytes mmdb_encode(const struct mmdb_writer *w);

/** Writes bytes to a file. */
void mmdb_save(const struct mmdb_bytes *b, const char *path);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_SNAPSHOT_JSON_PARTS_H
#define NT_SNAPSHOT_JSON_PARTS_H

#include "needletail/schema.h"

#include <jansson.h>

/*
 * What the files that write JSON share. jansson keeps the order in which keys were set and carries a failed allocation
 * along: setting a NULL value fails, and a failure anywhere makes the whole NULL.
 */

bool nt_json_set(json_t *object, const char *key, json_t *value);
bool nt_json_set_count(json_t *object, const char *key, uint64_t count);

/** The object if it holds all it should, else NULL. */
json_t *nt_json_complete(json_t *object, bool ok);

/** {"KEY":N}, most first, then by key; NULL without memory. */
json_t *nt_json_map(const struct nt_counts *table, void (*member)(char text[static NT_MEMBER_TEXT], uint64_t key));

/** {"NAME":N} of what is not zero, in the same order. */
json_t *nt_json_named_map(const uint64_t *counts, const char *const *names, size_t n);

/** `sources`, `backscatter` and `signatures` of the line. */
json_t *nt_json_sources(const struct nt_snapshot *s);
json_t *nt_json_backscatter(const struct nt_snapshot *s);
json_t *nt_json_signatures(const struct nt_snapshot *s);

/** Texts of keys: a region, and an nt_port_key(). */
void nt_json_region_text(char text[static NT_MEMBER_TEXT], uint64_t key);
void nt_json_port_text(char text[static NT_MEMBER_TEXT], uint64_t key);

#endif

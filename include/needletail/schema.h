/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_SCHEMA_H
#define NEEDLETAIL_SCHEMA_H

#include "needletail/snapshot.h"

/*
 * The names under which other programs know our numbers, in JSON and in Redis alike. A name that is published
 * here stays.
 */

#define NT_SCHEMA "needletail/1"

extern const char *const nt_class_name[NT_CLASSES];
extern const char *const nt_reason_name[NT_REASONS];
extern const char *const nt_backscatter_name[NT_BACKSCATTERS];

/** Room for any member's text with its terminating NUL. */
#define NT_MEMBER_TEXT 24

/** How a table is published. */
struct nt_table_row {
	const char *json;	  /**< name in the JSON line */
	const char *redis;	  /**< last part of the Redis key; several tables may share one; NULL: not there */
	const char *redis_suffix; /**< appended to the member's text in Redis, so that shared keys do not mix */
	/** Writes the member's text for a key, as it stands in Redis (without suffix) and, unless nested, in JSON. */
	void (*member)(char text[static NT_MEMBER_TEXT], uint64_t key);
	bool nested; /**< JSON: {"JP":{"445/tcp":N}}, the text before ':' being the outer key */
};

extern const struct nt_table_row nt_table_row[NT_TABLES];

/** Full text of a table's member in Redis, suffix included. Any thread. */
void nt_table_member(enum nt_table table, uint64_t key, char text[static NT_MEMBER_TEXT]);

/** Two characters and a NUL for a region index below NT_REGIONS. */
void nt_region_text(uint32_t region, char text[static 3]);

/** Region index of a code of two characters of [A-Z0-9]; anything else is NT_REGION_UNKNOWN. */
uint32_t nt_region_index(const char *code, size_t length);

#endif

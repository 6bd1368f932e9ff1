/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_SCHEMA_H
#define NEEDLETAIL_SCHEMA_H

#include "needletail/snapshot.h"

/*
 * The names under which other programs know our numbers, in JSON and in Redis alike. A name that is published
 * here stays.
 */

#define NT_SCHEMA	"needletail/1"
#define NT_EVENT_SCHEMA "needletail-event/1"

extern const char *const nt_class_name[NT_CLASSES];
extern const char *const nt_reason_name[NT_REASONS];
extern const char *const nt_backscatter_name[NT_BACKSCATTERS];
extern const char *const nt_overflow_name[NT_OVERFLOWS];
extern const char *const nt_event_name[NT_EVENT_TYPES];

/** Room for any member's text with its terminating NUL. */
#define NT_MEMBER_TEXT 24

/** How a table is published. */
struct nt_table_row {
	const char *json;	  /**< name in the JSON line */
	const char *redis;	  /**< last part of the Redis key; several tables may share one; NULL: not there */
	const char *redis_suffix; /**< appended to the member's text in Redis, so that shared keys do not mix */
	/** Writes the member's text for a key, as it stands in Redis (without suffix) and, unless nested, in JSON. */
	void (*member)(char text[static NT_MEMBER_TEXT], uint64_t key);
	bool detail; /**< nt_snapshot_reduce() lets go of it */
	bool nested; /**< JSON: {"JP":{"445/tcp":N}}, the text before ':' being the outer key */
};

extern const struct nt_table_row nt_table_row[NT_TABLES];

/** Full text of a table's member in Redis, suffix included. Any thread. */
void nt_table_member(enum nt_table table, uint64_t key, char text[static NT_MEMBER_TEXT]);

/** Longest text of an address with its NUL (INET6_ADDRSTRLEN). */
#define NT_ADDRESS_TEXT 46

/** Address as text: dotted quad, or RFC 5952. Any thread. */
void nt_address_text(const struct nt_address *address, char text[static NT_ADDRESS_TEXT]);

/** "445/tcp" for an nt_port_key(). Any thread. */
void nt_port_text(uint32_t port, char text[static NT_MEMBER_TEXT]);

/** Longest name of a sketch with its NUL: "sig:", a signature, ":region:JP". */
#define NT_SKETCH_TEXT (4 + NT_SIGNATURE_NAME + 16)

/** Name of a sketch of a snapshot: "sources", "sources:region:JP", "sources:port:445/tcp", "backscatter",
 * "backscatter:region:JP", "sig:mirai", "sig:mirai:region:JP", "sig:mirai:port:23/tcp". Any thread. */
void nt_sketch_text(const struct nt_snapshot *s, uint32_t key, char text[static NT_SKETCH_TEXT]);

/** Two characters and a NUL for a region index below NT_REGIONS. */
void nt_region_text(uint32_t region, char text[static 3]);

/** Region index of a code of two characters of [A-Z0-9]; anything else is NT_REGION_UNKNOWN. */
uint32_t nt_region_index(const char *code, size_t length);

#endif

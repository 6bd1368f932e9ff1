/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REDIS_CURSOR_H
#define NT_REDIS_CURSOR_H

#include "spool/spool.h"

#include <stdbool.h>
#include <stdint.h>

/** Place of a chunk: "<spool>:<sequence>:<chunk>" in Redis. */
struct nt_cursor {
	uint64_t sequence; /**< of the snapshot, from 1 */
	uint32_t chunk;	   /**< of the snapshot, from 0 */
};

/** Longest text of a cursor with its NUL. */
#define NT_CURSOR_TEXT (NT_SPOOL_ID + 21 + 11)

/** True if a comes before b. */
static inline bool nt_cursor_before(struct nt_cursor a, struct nt_cursor b)
{
	return a.sequence != b.sequence ? a.sequence < b.sequence : a.chunk < b.chunk;
}

/** Writes a cursor of the spool `id`. Any thread. */
void nt_cursor_text(struct nt_cursor c, const char *id, char text[static NT_CURSOR_TEXT]);

/** Reads a cursor of the spool `id`; false for any other text, *out is then as it was. Any thread. */
bool nt_cursor_parse(const char *text, const char *id, struct nt_cursor *out);

#endif

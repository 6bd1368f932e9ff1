/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/cursor.h"

#include "base/parse.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void nt_cursor_text(struct nt_cursor c, const char *id, char text[static NT_CURSOR_TEXT])
{
	snprintf(text, NT_CURSOR_TEXT, "%s:%" PRIu64 ":%u", id, c.sequence, c.chunk);
}

bool nt_cursor_parse(const char *text, const char *id, struct nt_cursor *out)
{
	size_t length = strlen(id);
	char sequence[NT_CURSOR_TEXT];
	uint64_t number, chunk;
	const char *colon;

	if (strncmp(text, id, length) != 0 || text[length] != ':')
		return false;
	text += length + 1;
	colon = strchr(text, ':');
	if (!colon || (size_t)(colon - text) >= sizeof(sequence))
		return false;
	memcpy(sequence, text, (size_t)(colon - text));
	sequence[colon - text] = '\0';
	if (nt_parse_u64(sequence, 1, UINT64_MAX, &number) || nt_parse_u64(colon + 1, 0, UINT32_MAX, &chunk))
		return false;
	*out = (struct nt_cursor){.sequence = number, .chunk = (uint32_t)chunk};
	return true;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/printable.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* RFC 3629, section 3: by the first byte, how many there are and the smallest value that needs so many. */
static size_t read_head(unsigned char head, uint32_t *value, uint32_t *smallest)
{
	if (head < 0x80) {
		*value = head;
		*smallest = 0;
		return 1;
	}
	if ((head & 0xe0) == 0xc0) {
		*value = head & 0x1f;
		*smallest = 0x80;
		return 2;
	}
	if ((head & 0xf0) == 0xe0) {
		*value = head & 0x0f;
		*smallest = 0x800;
		return 3;
	}
	if ((head & 0xf8) == 0xf0) {
		*value = head & 0x07;
		*smallest = 0x10000;
		return 4;
	}
	return 0;
}

/* Reads one character. Returns its bytes, or 0 if there is none. The NUL at the end continues nothing. */
static size_t read_character(const char *text, uint32_t *value)
{
	uint32_t smallest;
	size_t n = read_head((unsigned char)text[0], value, &smallest);

	for (size_t i = 1; i < n; i++) {
		unsigned char byte = (unsigned char)text[i];

		if ((byte & 0xc0) != 0x80)
			return 0;
		*value = *value << 6 | (byte & 0x3f);
	}
	if (!n || *value < smallest || *value > 0x10ffff || (*value >= 0xd800 && *value <= 0xdfff))
		return 0;
	return n;
}

static bool is_harmless(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c <= 0x9f)) /* C0, DEL and C1: some terminals obey U+009B as they do ESC [ */
		return false;
	if (c == 0x2028 || c == 0x2029) /* end a line for some readers */
		return false;
	/* Unicode's annex 9: marks, embeddings, overrides and isolates, which make a line read otherwise than it is. */
	return c != 0x061c && c != 0x200e && c != 0x200f && !(c >= 0x202a && c <= 0x202e) &&
	       !(c >= 0x2066 && c <= 0x2069);
}

void nt_printable(char *text)
{
	while (*text) {
		uint32_t c = 0;
		size_t n = read_character(text, &c);

		if (!n || !is_harmless(c))
			memset(text, '?', n ? n : 1);
		text += n ? n : 1;
	}
}

bool nt_is_utf8(const char *text)
{
	size_t n = 1;

	for (; *text && n; text += n) {
		uint32_t c;

		n = read_character(text, &c);
	}
	return n;
}

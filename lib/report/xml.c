/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/xml.h"

#include "base/printable.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define CHARACTER_MOST 4

static size_t length_of(unsigned char head)
{
	return head < 0x80 ? 1 : head < 0xe0 ? 2 : head < 0xf0 ? 3 : 4;
}

/* U+FDD0 to U+FDEF, and the last two of every plane (Unicode 15, 23.7). */
static bool is_noncharacter(const char *character, size_t n)
{
	const unsigned char *c = (const unsigned char *)character;

	if (n == 3 && c[0] == 0xef)
		return (c[1] == 0xb7 && c[2] >= 0x90 && c[2] <= 0xaf) || (c[1] == 0xbf && c[2] >= 0xbe);
	return n == 4 && (c[1] & 0x0f) == 0x0f && c[2] == 0xbf && c[3] >= 0xbe;
}

/* The next character, as one that may be printed; returns how many bytes of the text it took. */
static size_t next(const char *text, char out[static CHARACTER_MOST + 1])
{
	size_t n = strnlen(text, length_of((unsigned char)*text));

	memcpy(out, text, n);
	out[n] = '\0';
	nt_printable(out);
	if (out[0] == '?') { /* the others may be the beginning of a character */
		out[1] = '\0';
		return 1;
	}
	if (is_noncharacter(out, n))
		strcpy(out, "?");
	return n;
}

void nt_put_xml(const char *text, FILE *out)
{
	char character[CHARACTER_MOST + 1];

	while (*text) {
		text += next(text, character);
		switch (character[0]) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			fputs(character, out);
		}
	}
}

void nt_put_id(const char *text, FILE *out)
{
	for (; *text; text++)
		fputc(isalnum((unsigned char)*text) || *text == '-' || *text == '_' ? *text : '_', out);
}

void nt_put_css(const char *text, FILE *out)
{
	char character[CHARACTER_MOST + 1];

	fputc('"', out);
	while (*text) {
		text += next(text, character);
		if (strchr("\"'\\<>&{};", character[0]))
			fprintf(out, "\\%x ", (unsigned int)character[0]);
		else
			fputs(character, out);
	}
	fputc('"', out);
}

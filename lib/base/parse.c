/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/parse.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

int nt_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	uint64_t v = 0;

	if (!*text)
		return -EINVAL;
	for (const char *c = text; *c; c++) {
		uint64_t digit = (uint64_t)(*c - '0');

		if (*c < '0' || *c > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, digit, &v))
			return -ERANGE;
	}
	if (v < min || v > max)
		return -ERANGE;
	*value = v;
	return 0;
}

bool nt_name_valid(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t length = strlen(name);

	return length >= 1 && length <= NT_NAME_MAX && strspn(name, allowed) == length;
}

/* Levenshtein's distance, one row of the matrix at a time; longer names than NT_NAME_MAX are never near. */
static uint32_t edit_distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	uint32_t row[NT_NAME_MAX + 1];

	if (la > NT_NAME_MAX || lb > NT_NAME_MAX)
		return UINT32_MAX;
	for (size_t j = 0; j <= lb; j++)
		row[j] = (uint32_t)j;
	for (size_t i = 1; i <= la; i++) {
		uint32_t diagonal = row[0];

		row[0] = (uint32_t)i;
		for (size_t j = 1; j <= lb; j++) {
			uint32_t substitute = diagonal + (a[i - 1] != b[j - 1]);
			uint32_t insert = row[j - 1] + 1, remove = row[j] + 1;

			diagonal = row[j];
			row[j] = insert < remove ? insert : remove;
			if (substitute < row[j])
				row[j] = substitute;
		}
	}
	return row[lb];
}

const char *nt_nearest_name(const char *name, const char *const *known, uint32_t n)
{
	uint32_t best = (uint32_t)strlen(name) / 3 + 2; /* a third of the letters wrong is still a slip */
	const char *nearest = NULL;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t d = edit_distance(name, known[i]);

		if (d < best) {
			best = d;
			nearest = known[i];
		}
	}
	return nearest;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_BASE_PARSE_H
#define NT_BASE_PARSE_H

#include <stdbool.h>
#include <stdint.h>

/** Longest name of a sensor or signature, without the NUL. */
#define NT_NAME_MAX 64

/**
 * Reads a whole string as a decimal number; no sign, no space. Any thread.
 * Returns 0, -EINVAL (no number) or -ERANGE (outside min..max).
 */
int nt_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *value);

/** True for a name of a sensor or signature: [A-Za-z0-9._-]{1,64}. */
bool nt_name_valid(const char *name);

/** Nearest of `n` known names by edit distance, for a misspelt one; NULL if none is near. */
const char *nt_nearest_name(const char *name, const char *const *known, uint32_t n);

#endif

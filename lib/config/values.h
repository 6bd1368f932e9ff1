/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_CONFIG_VALUES_H
#define NT_CONFIG_VALUES_H

#include "config/why.h"

/** The values of a file as texts, not yet checked. */
struct nt_config_values;

/**
 * Second pass over a file, with libcyaml and a schema made of the table of keys. Undone by
 * nt_config_values_free(). Returns 0, -ENOMEM, or -EINVAL with the reason, which nt_config_scan() leaves it none for.
 */
int nt_config_values_read(const uint8_t *bytes, size_t size, struct nt_config_values **out, const struct nt_why *why);

/** A key's text, NULL if the file does not have it; `item` counts the items of its list from 1, 0 outside of lists. */
const char *nt_config_values_get(const struct nt_config_values *v, int row, uint32_t item);

/** NULL is fine. */
void nt_config_values_free(struct nt_config_values *v);

#endif

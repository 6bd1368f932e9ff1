/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_CONFIG_SCAN_H
#define NT_CONFIG_SCAN_H

#include "config/config.h"
#include "config/keys.h"
#include "config/why.h"

/** What the scan finds out: where things stand. Lines count from 1; 0: not in the file. */
struct nt_config_lines {
	uint32_t key[1 + NT_KEY_ITEMS_MAX][NT_KEYS_MAX]; /**< [0]: outside of lists; [n]: in the nth item of its list */
	uint32_t item[NT_KEYS_MAX][1 + NT_KEY_ITEMS_MAX]; /**< where the nth item of a list begins */
	uint32_t items[NT_KEYS_MAX];			  /**< of a list */
};

/**
 * First pass over a file, with libyaml: its form. Syntax, one document, known keys, none of them twice, a section
 * where there is to be one and a value elsewhere, required keys. What passes holds no surprise for libcyaml, which
 * reads the values afterwards and knows neither lines of values nor keys given twice nor neighbours of a key.
 * Returns 0, -ENOMEM, or -EINVAL with the reason.
 */
int nt_config_scan(const uint8_t *bytes, size_t size, struct nt_config_lines *lines, const struct nt_why *why);

#endif

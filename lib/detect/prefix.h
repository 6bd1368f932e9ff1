/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_DETECT_PREFIX_H
#define NT_DETECT_PREFIX_H

#include "needletail/snapshot.h"

#include <stdbool.h>

/** Addresses that begin alike, as files of the operator name them. */
struct nt_prefix {
	struct nt_address address;
	uint8_t bits;
};

/** Reads "192.0.2.0/24"; a lone address is a prefix of all its bits. Changes the text. Any thread. Returns NULL, or
 * what is wrong: "is not an address". */
const char *nt_prefix_read(char *text, struct nt_prefix *p);

/** True if an address is in it. Any thread. */
bool nt_prefix_covers(const struct nt_prefix *p, const struct nt_address *address);

/** True if two are the same. Any thread. */
bool nt_prefix_equal(const struct nt_prefix *a, const struct nt_prefix *b);

#endif

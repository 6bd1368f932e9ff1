/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_LOCATE_ROUTES6_H
#define NT_LOCATE_ROUTES6_H

#include "locate/address6.h"
#include "locate/locate.h"

/** One IPv6 route: a prefix or an alias, as next hop (table.h). */
struct nt_route6 {
	nt_u128 network;
	uint32_t length;
	uint16_t hop;
};

/** Goes through prefixes and aliases as one list in ascending order; begins with all but `options` zero. */
struct nt_cursor6 {
	const struct nt_locate_options *options;
	uint32_t prefix, alias;
};

/** Does a stand before b in ascending order? */
bool nt_route6_precedes(const struct nt_route6 *a, const struct nt_route6 *b);

/** The next route. False at the end. */
bool nt_cursor6_next(struct nt_cursor6 *c, struct nt_route6 *r);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_DETECT_PORTS_H
#define NT_DETECT_PORTS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The set of destination ports of a source, exact: nearly all sources have one or two, for which there is room in the
 * place itself; a scanner may have all 131,072. Those beyond live in a hash table that doubles, and at last in a
 * bitmap of 16 KiB. What all sets of a table take together is bounded by a budget that they share.
 */

#define NT_PORTS_FEW   3
#define NT_PORTS_FIRST 10

struct nt_ports_more;

/** Zeroed: the empty set. */
struct nt_ports {
	uint32_t n;
	uint32_t few[NT_PORTS_FEW]; /**< while there is nothing in `more` */
	struct nt_ports_more *more;
};

/** Adds an nt_port_key(). Returns 1 if it is new, 0 if it was there, -ENOSPC past the budget, or -ENOMEM. */
int nt_ports_add(struct nt_ports *p, uint32_t key, size_t *budget);

/** Empties the set and gives its bytes back to the budget. */
void nt_ports_clear(struct nt_ports *p, size_t *budget);

/** The ports that were added first, in that order; `*n` of them, NT_PORTS_FIRST at most. */
const uint32_t *nt_ports_first(const struct nt_ports *p, uint32_t *n);

#endif

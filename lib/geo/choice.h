/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_GEO_CHOICE_H
#define NT_GEO_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Fewest prefixes for the same answers (Draves, King, Venkatachary, Zill: Constructing Optimal IP Routing Tables,
 * INFOCOM 1999). Upwards: the regions that a subtree could have as its default at no extra cost are those that both
 * halves could have, or, if there are none, all that either could have. Downwards: a subtree needs a prefix only if
 * what it inherits is not among them.
 */

/** Regions kept per subtree. The paper keeps all; which of them are dropped costs prefixes, never an answer. */
#define NT_CHOICES 4u

/** Regions that are equally good for a subtree; none: any region will do. */
struct nt_choice {
	uint16_t region[NT_CHOICES];
	uint8_t n;
};

bool nt_choice_has(const struct nt_choice *choice, uint16_t region);

/** The choice of a subtree from those of its halves. */
struct nt_choice nt_choice_join(const struct nt_choice *left, const struct nt_choice *right);

#endif

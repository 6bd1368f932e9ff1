/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TALLY_COMPILE_H
#define NT_TALLY_COMPILE_H

#include "tally/condition.h"
#include "tally/signature_tables.h"

/**
 * Makes the tables of s->n signatures from their conditions; what it allocates is freed by nt_signatures_free(), also
 * after a failure. Control threads. Returns 0, -ENOMEM, or -EINVAL with a reason and the signature that is to blame.
 */
int nt_signatures_compile(struct nt_signatures *s, const struct nt_conjunction *conjunction, uint32_t *blamed,
			  char why[static NT_SIGNATURE_WHY]);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_RULES_H
#define NEEDLETAIL_RULES_H

#include "config/config.h"
#include "tally/signature.h"

/**
 * Compiles the signatures of a configuration. Any thread but a worker. Returns 0, undone by nt_signatures_free() once
 * no worker uses them, or -errno with one line in `why`.
 */
int rules_compile(const struct nt_config *config, struct nt_signatures **signatures, char *why, size_t why_size);

/** Likewise, and logs what is wrong. */
int rules_open(const struct nt_config *config, struct nt_signatures **signatures);

#endif

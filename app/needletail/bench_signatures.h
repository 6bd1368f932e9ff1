/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_BENCH_SIGNATURES_H
#define NEEDLETAIL_BENCH_SIGNATURES_H

#include "tally/signature.h"

/**
 * A set of any size up to NT_SIGNATURES_MAX: the shipped ones, then others of all kinds. Undone by
 * nt_signatures_free(). NULL + errno.
 */
struct nt_signatures *bench_signatures(uint32_t n);

#endif

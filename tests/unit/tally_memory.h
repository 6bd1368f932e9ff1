/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_TALLY_MEMORY_H
#define TESTS_UNIT_TALLY_MEMORY_H

#include "tally/tally.h"

#include <stdlib.h>
#include <string.h>

/* A bank with tables of these sizes; free() undoes it. NULL: no memory. */
static inline struct nt_tally *new_tally(const struct nt_tally_options *options)
{
	size_t bytes = (nt_tally_memsize(options) + 63) / 64 * 64;
	void *memory = aligned_alloc(64, bytes);

	if (!memory)
		return NULL;
	memset(memory, 0, bytes);
	return nt_tally_init(memory, options);
}

#endif

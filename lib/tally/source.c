/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/source.h"

void nt_sources_clear(struct nt_sources *t)
{
	for (uint32_t i = 0; i < t->n_touched; i++) {
		t->line[t->touched[i]] = (struct nt_source_line){0};
		t->tag[t->touched[i]] = 0;
	}
	t->n_touched = 0;
	t->overflow = 0;
}

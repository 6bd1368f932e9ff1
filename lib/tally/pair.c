/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/pair.h"

void nt_pairs_clear(struct nt_pairs *t)
{
	for (uint32_t i = 0; i < t->n_touched; i++)
		t->group[t->touched[i] / NT_PAIR_GROUP] = (struct nt_pair_group){0};
	t->n_touched = 0;
	t->overflow = 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/pair.h"

bool nt_pairs_count(struct nt_pairs *t, const struct nt_source_pair *p, uint32_t group)
{
	uint32_t i;

	while ((i = nt_pair_seek(&t->group[group], p)) == NT_PAIR_GROUP)
		group = nt_pairs_next(t, group);
	if (t->group[group].line[i])
		t->group[group].packets[i] += p->packets;
	else if (nt_pairs_have(t, 1))
		nt_pairs_put(t, group, i, p);
	else
		return false;
	return true;
}

void nt_pairs_clear(struct nt_pairs *t)
{
	for (uint32_t i = 0; i < t->n_touched; i++)
		t->group[t->touched[i] / NT_PAIR_GROUP] = (struct nt_pair_group){0};
	t->n_touched = 0;
	t->overflow = 0;
}

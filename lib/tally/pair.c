/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/pair.h"

#include "tally/slots.h"

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

void nt_pairs_grow(struct nt_pairs *t)
{
	const struct nt_pairs from = *t;

	t->group += from.mask + 1;
	t->mask = from.mask * 2 + 1;
	t->limit = nt_slots_hold((t->mask + 1) * NT_PAIR_GROUP, t->entries);
	t->n_touched = 0;
	for (uint32_t i = 0; i < from.n_touched; i++) {
		const struct nt_source_pair pair = nt_pairs_at(&from, i);

		nt_pairs_count(t, &pair, nt_pairs_home(t, pair.line, pair.port));
	}
}

void nt_pairs_clear(struct nt_pairs *t)
{
	for (uint32_t i = 0; i < t->n_touched; i++)
		t->group[t->touched[i] / NT_PAIR_GROUP] = (struct nt_pair_group){0};
	t->n_touched = 0;
	t->overflow = 0;
}

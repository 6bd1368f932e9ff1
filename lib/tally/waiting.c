/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/packet.h"

/* Each where it was asked for; who finds no room there asks for the next group and waits again. */
static void count_soon(struct nt_waiting *w, struct nt_pairs *t)
{
	struct nt_pairs pairs = *t; /* a copy that no store is one to */
	struct nt_waiting_pair *again = w->pair;

	for (const struct nt_waiting_pair *p = w->pair, *end = p + w->n; p < end; p++) {
		uint32_t i = nt_pair_seek(&pairs.group[p->group], &p->pair);

		if (__builtin_expect(i < NT_PAIR_GROUP, 1))
			nt_pairs_put(&pairs, p->group, i, &p->pair);
		else
			nt_waiting_put(again++, &pairs, &p->pair, nt_pairs_next(&pairs, p->group));
	}
	t->n_touched = pairs.n_touched;
	w->n = (uint32_t)(again - w->pair);
}

void nt_waiting_count(struct nt_tally *t)
{
	if (t->waiting.n <= NT_PAIRS_OF_BURST && nt_pairs_have(&t->pairs, t->waiting.n + NT_PAIRS_OF_BURST))
		count_soon(&t->waiting, &t->pairs);
	else
		nt_waiting_finish(t);
}

void nt_waiting_finish(struct nt_tally *t)
{
	for (const struct nt_waiting_pair *p = t->waiting.pair, *end = p + t->waiting.n; p < end; p++)
		if (!nt_pairs_count(&t->pairs, &p->pair, p->group))
			nt_unplaced_pair(t, &p->pair);
	t->waiting.n = 0;
}

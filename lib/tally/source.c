/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/source.h"

/* So many lines in a table, and to clear its index at once costs less than place by place. */
#define MANY(places) ((places) / 32)

/* Others may have been forgotten on the way to its place. */
static void forget(struct nt_sources *t, uint32_t number)
{
	bool v6 = t->line[number].traits & NT_SOURCE_V6;
	uint32_t home = nt_source_home(t, nt_source_hash(nt_source_address(t, number), v6)), at = home;

	while ((t->index[at] & t->mask) != number)
		at = nt_source_next(t, home, at);
	t->index[at] = 0;
}

void nt_sources_clear(struct nt_sources *t)
{
	if (t->n > MANY(t->mask))
		memset(t->index, 0, ((size_t)t->mask + 1) * sizeof(t->index[0]));
	else
		for (uint32_t i = 1; i <= t->n; i++)
			forget(t, i);
	memset(&t->line[1], 0, t->n * sizeof(t->line[0]));
	t->n = 0;
	t->overflow = 0;
}

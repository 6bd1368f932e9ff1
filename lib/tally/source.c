/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/source.h"

#include "tally/slots.h"

/* So many lines in a table, and to clear its index at once costs less than place by place. */
#define MANY(places) ((places) / 32)

/* How far ahead places are asked for. */
#define AHEAD 16u

static uint32_t home_of(const struct nt_sources *t, uint32_t number)
{
	return nt_source_home(t, nt_source_hash(nt_source_address(t, number), t->line[number].traits & NT_SOURCE_V6));
}

/* Others may have been forgotten on the way to its place. */
static void forget(struct nt_sources *t, uint32_t number)
{
	uint32_t home = home_of(t, number), at = home;

	while ((t->index[at] & t->mask) != number)
		at = nt_source_next(t, home, at);
	t->index[at] = 0;
}

/* The first place of its own that is free. */
static uint32_t place_of(const struct nt_sources *t, uint32_t home)
{
	uint32_t at = home;

	while (t->index[at])
		at = nt_source_next(t, home, at);
	return at;
}

void nt_sources_grow(struct nt_sources *t)
{
	uint32_t places = t->mask + 1;

	t->index += places;
	t->mask = 2 * places - 1;
	t->limit = nt_places_hold(2 * places, t->entries);
	for (uint32_t i = 1; i <= t->n; i++) {
		bool v6 = t->line[i].traits & NT_SOURCE_V6;
		uint64_t hash = nt_source_hash(nt_source_address(t, i), v6);

		t->index[place_of(t, nt_source_home(t, hash))] = nt_source_tag(t, hash) | i;
	}
}

void nt_sources_clear(struct nt_sources *t)
{
	if (t->n > MANY(t->mask))
		memset(t->index, 0, ((size_t)t->mask + 1) * sizeof(t->index[0]));
	else
		for (uint32_t i = 1; i <= t->n; i++) {
			__builtin_prefetch(&t->index[home_of(t, i + AHEAD <= t->n ? i + AHEAD : i)], 1);
			forget(t, i);
		}
	memset(&t->line[1], 0, t->n * sizeof(t->line[0]));
	t->n = 0;
	t->overflow = 0;
}

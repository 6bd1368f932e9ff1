/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/packet.h"

/*
 * The first passes over a burst: each asks the cache for what the next one touches, so that the packets of a burst wait
 * for memory together and not one after the other.
 */

/* The window is the other thing of many that a packet touches at random. */
void nt_tally_ask(const struct nt_tally *t, struct nt_burst *b, uint32_t from, uint32_t to)
{
	const struct nt_sources *s = &t->sources;

	for (uint32_t i = from; i < to; i++) {
		const struct nt_fields *f = &b->fields[i];
		uint64_t hash = nt_source_hash(source_of(f), is_v6(f));

		b->place[i] = nt_source_home(s, hash);
		b->tag[i] = nt_source_tag(s, hash);
		__builtin_prefetch(&s->index[b->place[i]], 1);
		nt_histogram_prefetch(&t->histogram[NT_TABLE_TCP_WINDOW], f->window);
	}
}

/* Asks for the lines of sources, which are all but sure to be those that the index says. */
static void ask_lines(struct nt_sources sources, struct nt_burst *b)
{
	uint32_t n = b->n; /* a copy, and one of the table: what is written below could be either */

	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = nt_sources_seek(&sources, b->place[i], b->tag[i]);

		b->place[i] = at;
		__builtin_prefetch(&sources.line[nt_source_number(&sources, at)], 1);
	}
}

/* Whose regions are wanted at once. */
enum wanted {
	LINELESS, /* of sources without a line alone */
	EVERYBODY,
	ONCE /* everybody's, and from the bank's first packet on: lines that counted before know theirs */
};

static void want_region(const struct nt_tally *t, struct nt_burst *b, uint32_t i, enum wanted wanted)
{
	uint32_t at = b->line[i];

	if (wanted == ONCE && at != NT_SOURCE_NONE && t->sources.line[at].packets)
		b->region[i] = t->sources.line[at].region;
	else if (wanted != LINELESS || at == NT_SOURCE_NONE)
		b->unlocated[b->n_unlocated++] = (uint8_t)i;
}

static void find_lines(struct nt_tally *t, struct nt_burst *b, enum wanted wanted)
{
	for (uint32_t i = 0; i < b->n; i++) {
		const struct nt_fields *f = &b->fields[i];

		if (!has_source(f))
			continue;
		b->line[i] = nt_sources_find(&t->sources, source_of(f), is_v6(f), b->place[i], b->tag[i]);
		want_region(t, b, i, wanted);
	}
}

/* A packet whose pair may find no place is counted by its region at once. */
static enum wanted regions_wanted(const struct nt_tally *t)
{
	if (nt_signatures_ask_region(t->signatures))
		return ONCE;
	return t->pairs.limit - t->pairs.n_touched < NT_PAIRS_OF_BURST ? EVERYBODY : LINELESS;
}

void nt_tally_find(struct nt_tally *t, struct nt_burst *b)
{
	enum wanted wanted = regions_wanted(t);

	b->n_unlocated = 0;
	ask_lines(t->sources, b);
	b->found = wanted != LINELESS || !nt_sources_have(&t->sources, NT_BURST);
	if (b->found)
		find_lines(t, b, wanted);
}

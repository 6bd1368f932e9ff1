/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/packet.h"

/*
 * The first passes over a burst: each asks the cache for what the next one touches, so that the packets of a burst wait
 * for memory together and not one after the other. Most bursts need no more than the first: each packet is sure of a
 * line, which is found when it is counted.
 */

/* The window is the other thing of many that a packet touches at random. */
void nt_tally_ask(const struct nt_tally *t, struct nt_burst *b, uint32_t from, uint32_t to)
{
	const struct nt_sources *s = &t->sources;
	const uint8_t *first = nt_sources_full(s) ? s->tag : (const uint8_t *)s->line;
	size_t bytes = nt_sources_full(s) ? sizeof(s->tag[0]) : sizeof(s->line[0]);

	for (uint32_t i = from; i < to; i++) {
		const struct nt_fields *f = &b->fields[i];
		uint64_t hash = nt_source_hash(source_of(f), is_v6(f));

		b->line[i] = nt_source_home(s, hash);
		b->tag[i] = nt_source_tag(hash);
		__builtin_prefetch(first + b->line[i] * bytes, 1);
		nt_histogram_prefetch(&t->histogram[NT_TABLE_TCP_WINDOW], f->window);
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
	else
		b->unlocated[b->n_unlocated++] = (uint8_t)i;
}

/* A packet's line as it was found, or none. */
static inline void note_line(const struct nt_tally *t, struct nt_burst *b, uint32_t i, uint32_t at, enum wanted wanted)
{
	b->line[i] = at;
	if (wanted != LINELESS || at == NT_SOURCE_NONE)
		want_region(t, b, i, wanted);
}

static void find_with_regions(struct nt_tally *t, struct nt_burst *b, enum wanted wanted)
{
	for (uint32_t i = 0; i < b->n; i++) {
		const struct nt_fields *f = &b->fields[i];

		if (has_source(f))
			note_line(t, b, i, nt_sources_find(&t->sources, source_of(f), is_v6(f), b->line[i], b->tag[i]),
				  wanted);
	}
}

/* In a full table: the line of a source whose tag was found at `at`, or none. */
static uint32_t find_from(const struct nt_tally *t, const struct nt_fields *f, uint32_t at, uint8_t tag)
{
	const struct nt_sources *s = &t->sources;
	struct nt_key128 address = source_of(f);
	uint32_t v6 = is_v6(f) ? NT_SOURCE_V6 : 0;

	while (at != NT_SOURCE_NONE && !nt_source_is(s, at, address, v6))
		at = nt_sources_candidate(s, (at + 1) & s->mask, tag);
	return at;
}

static void find_in_full(struct nt_tally *t, struct nt_burst *b, enum wanted wanted)
{
	const struct nt_sources *s = &t->sources;

	for (uint32_t i = 0; i < b->n; i++) {
		b->line[i] = nt_sources_candidate(s, b->line[i], b->tag[i]);
		if (b->line[i] != NT_SOURCE_NONE)
			__builtin_prefetch(&s->line[b->line[i]], 1);
	}
	for (uint32_t i = 0; i < b->n; i++)
		if (has_source(&b->fields[i]))
			note_line(t, b, i, find_from(t, &b->fields[i], b->line[i], b->tag[i]), wanted);
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
	const struct nt_sources *s = &t->sources;
	enum wanted wanted = regions_wanted(t);

	b->n_unlocated = 0;
	if (nt_sources_full(s))
		find_in_full(t, b, wanted);
	else if (wanted != LINELESS || s->limit - s->n_touched < NT_BURST)
		find_with_regions(t, b, wanted);
}

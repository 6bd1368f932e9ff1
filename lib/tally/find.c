/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/packet.h"

/*
 * The first passes over a burst: each asks the cache for what the next one touches, so that the packets of a burst wait
 * for memory together and not one after the other.
 */

/* The window is the other thing of many that a packet touches at random. */
void nt_tally_ask(const struct nt_tally *t, struct nt_burst *b, uint32_t from)
{
	const struct nt_sources *s = &t->sources;

	for (struct nt_packet *p = &b->packet[from], *end = &b->packet[b->n]; p < end; p++) {
		uint64_t hash = nt_source_hash(source_of(&p->fields), is_v6(&p->fields));

		p->home = nt_source_home(s, hash);
		p->tag = nt_source_tag(s, hash);
		__builtin_prefetch(&s->index[p->home], 1);
		nt_histogram_prefetch(&t->histogram[NT_TABLE_TCP_WINDOW], p->fields.window);
	}
	if (!nt_signatures_ask_region(t->signatures))
		nt_signatures_match_burst(t->signatures, &b->packet[from], b->n - from);
}

/* Asks for the lines of sources, which are all but sure to be those that the index says. */
static void ask_lines(struct nt_sources sources /* a copy that no store is one to */, struct nt_burst *b)
{
	for (struct nt_packet *p = b->packet, *end = p + b->n; p < end; p++) {
		p->place = nt_sources_seek(&sources, p->home, p->tag);
		p->line = nt_source_number(&sources, p->place);
		__builtin_prefetch(&sources.line[p->line], 1);
	}
}

/* Whose regions are wanted at once. */
enum wanted {
	LINELESS, /* of sources without a line alone */
	EVERYBODY,
	ONCE /* everybody's, and from the bank's first packet on: lines that counted before know theirs */
};

static inline bool wants_region(const struct nt_tally *t, struct nt_packet *p, enum wanted wanted)
{
	if (wanted == LINELESS)
		return p->line == NT_SOURCE_NONE;
	if (wanted == EVERYBODY || p->line == NT_SOURCE_NONE || !t->sources.line[p->line].packets)
		return true;
	p->region = t->sources.line[p->line].region;
	return false;
}

/* A call of its own: a flood into a full table goes without, and should not pay for its registers. */
static __attribute__((noinline)) void find_line(struct nt_sources *s, struct nt_packet *p)
{
	const struct nt_fields *f = &p->fields;

	p->line = nt_sources_find(s, source_of(f), is_v6(f), p->home, p->place, p->tag);
}

/* Where nobody finds a line any more, a place that is free says all. `wanted` is a constant where that is so. */
static inline __attribute__((always_inline)) void find_lines(struct nt_tally *t, struct nt_burst *b, enum wanted wanted)
{
	bool full = nt_tally_full(t);
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->n; i++) {
		struct nt_packet *p = &b->packet[i];

		if (!has_source(&p->fields))
			continue;
		if (p->line != NT_SOURCE_NONE || !full)
			find_line(&t->sources, p);
		if (wants_region(t, p, wanted))
			b->unlocated[n++] = (uint8_t)i;
	}
	b->n_unlocated = n;
}

/* A packet whose pair may find no place, once those that wait have theirs, is counted by its region at once. */
static enum wanted regions_wanted(const struct nt_tally *t)
{
	if (nt_signatures_ask_region(t->signatures))
		return ONCE;
	return nt_pairs_have(&t->pairs, t->waiting.n + NT_PAIRS_OF_BURST) ? LINELESS : EVERYBODY;
}

void nt_tally_find(struct nt_tally *t, struct nt_burst *b)
{
	enum wanted wanted = regions_wanted(t);

	b->n_unlocated = 0;
	ask_lines(t->sources, b);
	nt_waiting_count(t); /* and meanwhile the lines come */
	b->found = wanted != LINELESS || !nt_sources_have(&t->sources, NT_BURST);
	if (!b->found)
		return;
	if (wanted == LINELESS)
		find_lines(t, b, LINELESS);
	else
		find_lines(t, b, wanted);
}

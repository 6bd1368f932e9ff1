/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/packet.h"

#include "base/clock.h"
#include "base/differ.h"

/*
 * The first passes over a burst: each asks the cache for what the next one touches, so that the packets of a burst wait
 * for memory together and not one after the other.
 */

/* What there is to say of a source once. */
static void begin_line(struct nt_source_line *line, const struct nt_fields *f, int64_t time_ns)
{
	line->first_s = line->last_s = (uint32_t)nt_seconds_of_ns(time_ns);
	memcpy(&line->seq, &f->seq, NT_DIFFER_BYTES);
	line->traits |= has_port(f) ? NT_SOURCE_PORT : 0;
	line->traits |= f->fate == NT_FATE_TCP ? NT_SOURCE_TCP : 0;
}

/* The window is the other thing of many that a packet touches at random. */
void nt_tally_ask(const struct nt_tally *t, struct nt_burst *b, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		const struct nt_fields *f = &b->fields[i];

		b->line[i] = nt_source_home(&t->sources, source_of(f), is_v6(f));
		nt_sources_prefetch(&t->sources, b->line[i]);
		nt_histogram_prefetch(&t->histogram[NT_TABLE_TCP_WINDOW], f->window);
	}
}

static inline void find(struct nt_tally *t, struct nt_burst *b, uint32_t i)
{
	const struct nt_fields *f = &b->fields[i];
	uint32_t lines = t->sources.n_touched, at = nt_sources_find(&t->sources, source_of(f), is_v6(f), b->line[i]);
	const struct nt_source_line *line = &t->sources.line[at];

	b->line[i] = at;
	if (t->sources.n_touched != lines)
		begin_line(&t->sources.line[at], f, b->time_ns[i]);
	if (at == NT_SOURCE_NONE || !line->packets) /* new in this burst, but perhaps not by this packet */
		b->unlocated[b->n_unlocated++] = (uint8_t)i;
	else
		b->region[i] = line->region;
}

void nt_tally_find(struct nt_tally *t, struct nt_burst *b)
{
	b->n_unlocated = 0;
	for (uint32_t i = 0; i < b->n; i++)
		if (has_source(&b->fields[i]))
			find(t, b, i);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/backscatter.h"

#include <string.h>

_Static_assert(sizeof(struct nt_reply_line) == 192 && offsetof(struct nt_reply_line, packets) == 64 &&
		   offsetof(struct nt_reply_line, head) == 128,
	       "three cache lines");

struct nt_moment nt_moment_of(int64_t time_ns)
{
	int64_t s = nt_seconds_of_ns(time_ns);

	return (struct nt_moment){
	    .ns = time_ns,
	    .begin_ns = (int64_t)((uint64_t)s * NT_SECOND_NS),
	    .s = (uint32_t)s,
	    .bin = (uint32_t)((s - (s < 0 ? NT_VICTIM_BIN_S - 1 : 0)) / NT_VICTIM_BIN_S),
	};
}

/* ---- attacked ports ---- */

/* A permutation of the ports without an order that anybody would choose: Knuth's golden ratio of 2^16, odd. */
static uint16_t port_rank(uint16_t port)
{
	return (uint16_t)(port * 40503u);
}

void nt_victim_ports_note(struct nt_victim_ports *p, uint16_t port)
{
	uint32_t last = 0;

	for (uint32_t i = 0; i < p->n; i++) {
		if (p->port[i] == port)
			return;
		if (port_rank(p->port[i]) > port_rank(p->port[last]))
			last = i;
	}
	if (p->n < NT_VICTIM_PORTS) {
		p->port[p->n++] = port;
		return;
	}
	p->more = true;
	if (port_rank(port) < port_rank(p->port[last]))
		p->port[last] = port;
}

/* A port unlike those before. Returns how many packets' ports this line counts no longer. */
static uint32_t note_port(struct nt_reply_line *line, const struct nt_reply *r, uint16_t *before)
{
	bool several = line->port & NT_REPLY_PORTS;

	*before = (uint16_t)line->port;
	line->port |= NT_REPLY_PORTS;
	if (r->port != NT_REPLY_NO_PORT)
		nt_victim_ports_note(&line->ports, (uint16_t)r->port);
	return several ? 1 : nt_reply_packets(line);
}

/* The published port is that of the earliest packet; of two at the same time the first counted. */
static void note_first(struct nt_reply_line *line, const struct nt_reply *r)
{
	line->first_ns = r->time_ns;
	line->port = (line->port & ~(uint32_t)UINT16_MAX) | (uint16_t)r->port;
}

/* ---- bins ---- */

/* Ends the newest bin and moves on to a newer one; what lies between was silent. */
static void advance(struct nt_reply_line *line, uint32_t bin)
{
	const uint32_t n = NT_VICTIM_BINS - 1;
	uint32_t steps = bin - line->last_bin;
	uint32_t kept = steps < n ? n - steps : 0;

	line->peak = nt_reply_peak(line);
	if (line->last_bin - line->first_bin < NT_VICTIM_BINS)
		line->head[line->last_bin - line->first_bin] += line->newest;
	memmove(&line->older[n - kept], line->older, kept * sizeof(line->older[0]));
	memset(line->older, 0, (n - kept) * sizeof(line->older[0]));
	if (steps <= n)
		line->older[steps - 1] = line->newest;
	line->newest = 0;
	line->last_bin = bin;
}

/* Makes a bin before the first one the first; those pushed off the end are none of the first any more. */
static void lower_head(struct nt_reply_line *line, uint32_t bin)
{
	uint32_t steps = line->first_bin - bin; /* it is no older than older[], so fewer than NT_VICTIM_BINS */

	memmove(&line->head[steps], line->head, (NT_VICTIM_BINS - steps) * sizeof(line->head[0]));
	memset(line->head, 0, steps * sizeof(line->head[0]));
	line->first_bin = bin;
}

/*
 * Counts a packet in its bin. Differences of bins are taken with a sign, so that late packets are told from new ones.
 * A packet older than `older` stands in the head if its bin is one of the first, and else in `packets` alone.
 */
static void note_bin(struct nt_reply_line *line, uint32_t bin)
{
	uint32_t late;

	if ((int32_t)(bin - line->last_bin) > 0)
		advance(line, bin);
	late = line->last_bin - bin;
	if (!late) {
		line->newest++;
		return;
	}
	if (late < NT_VICTIM_BINS) {
		line->older[late - 1]++;
		if ((int32_t)(bin - line->first_bin) < 0)
			lower_head(line, bin);
	}
	if (bin - line->first_bin < NT_VICTIM_BINS)
		line->head[bin - line->first_bin]++;
}

/* ---- lines ---- */

static inline bool is_line_of(const struct nt_reply_line *line, const struct nt_reply *r)
{
	return !((line->address.low ^ r->address.low) | (line->address.high ^ r->address.high) |
		 (uint32_t)(line->kind ^ r->kind));
}

/* A source with a line, that answers for itself, has its number there. */
static void note_own(struct nt_replies *t, const struct nt_reply_line *line, uint32_t number)
{
	if (line->source != NT_SOURCE_NONE && nt_reply_is_own(line->kind))
		t->own[line->source].line[nt_reply_has_port(line->kind)] = number;
}

/* In a free place. As if there had been a packet like this one, which is not counted yet. */
static struct nt_reply_line *make(struct nt_replies *t, const struct nt_reply *r, uint32_t at)
{
	struct nt_reply_line *line = &t->line[t->n + 1];

	if (t->n == t->limit) {
		t->overflow++;
		return NULL;
	}
	t->index[at] = ++t->n;
	line->address = r->address;
	line->kind = r->kind;
	line->source = r->source;
	note_own(t, line, t->n);
	line->first_ns = line->last_ns = r->time_ns;
	line->first_bin = line->last_bin = r->bin;
	line->port = r->port;
	if (r->port != NT_REPLY_NO_PORT)
		nt_victim_ports_note(&line->ports, (uint16_t)r->port);
	return line;
}

/* Place after place, from the home on. */
static struct nt_reply_line *find(struct nt_replies *t, const struct nt_reply *r)
{
	uint32_t at = r->home;

	if (r->line)
		return &t->line[r->line];
	for (; t->index[at]; at = (at + 1) & t->mask)
		if (is_line_of(&t->line[t->index[at]], r))
			return &t->line[t->index[at]];
	return make(t, r, at);
}

uint32_t nt_replies_note(struct nt_replies *t, const struct nt_reply *r, uint16_t *before)
{
	struct nt_reply_line *line = find(t, r);
	uint32_t elsewhere = 0;

	if (!line)
		return nt_reply_has_port(r->kind);
	nt_reply_count(line, r);
	note_bin(line, r->bin);
	if (r->port != line->port)
		elsewhere = note_port(line, r, before);
	if (r->time_ns < line->first_ns)
		note_first(line, r);
	return nt_reply_has_port(r->kind) ? elsewhere : 0;
}

/* Others may have been forgotten on the way to its place. */
static void forget(struct nt_replies *t, uint32_t number)
{
	const struct nt_reply_line *line = &t->line[number];
	uint32_t at = nt_replies_home(t, line->address, line->kind);

	while (t->index[at] != number)
		at = (at + 1) & t->mask;
	t->index[at] = 0;
	note_own(t, line, 0);
}

void nt_replies_clear(struct nt_replies *t)
{
	for (uint32_t i = 1; i <= t->n; i++)
		forget(t, i);
	memset(&t->line[1], 0, t->n * sizeof(t->line[0]));
	t->n = 0;
	t->overflow = 0;
}

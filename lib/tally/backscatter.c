/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/backscatter.h"

#include "base/clock.h"
#include "base/targets.h"

#include <string.h>

_Static_assert(sizeof(struct nt_sender_line) == 128 && sizeof(struct nt_victim_line) == 128, "two cache lines");

static bool equal(struct nt_key128 a, struct nt_key128 b)
{
	return a.low == b.low && a.high == b.high;
}

struct nt_moment nt_moment_of(int64_t time_ns)
{
	int64_t s = nt_seconds_of_ns(time_ns);

	return (struct nt_moment){time_ns, (uint32_t)s,
				  (uint32_t)((s - (s < 0 ? NT_VICTIM_BIN_S - 1 : 0)) / NT_VICTIM_BIN_S)};
}

static inline struct nt_sender_line *find_sender(struct nt_senders *t, const struct nt_reply *r)
{
	uint32_t at = r->sender_home;
	struct nt_sender_line *line;

	for (line = &t->line[at]; line->used; line = &t->line[at]) {
		if (equal(line->address, r->sender) && line->v6 == r->v6)
			return line;
		at = (at + 1) & t->mask;
	}
	if (t->n_touched == t->limit) {
		t->overflow++;
		return NULL;
	}
	t->touched[t->n_touched++] = at;
	line->used = NT_SENDER_USED;
	line->address = r->sender;
	line->v6 = r->v6;
	line->first_ns = line->last_ns = r->when.ns;
	return line;
}

/* The published port is that of the earliest packet with one; of two at the same time the first counted. */
static inline void note_port(struct nt_sender_line *line, const struct nt_reply *r)
{
	if (line->has_port && line->src_port != r->src_port)
		line->port_varies = true;
	if (line->has_port && line->first_port_ns <= r->when.ns)
		return;
	line->has_port = true;
	line->src_port = r->src_port;
	line->first_port_ns = r->when.ns;
}

/* Before the packet is counted; as nt_replies_note() says it. */
static inline void note_ports(struct nt_sender_line *line, struct nt_reply *r)
{
	bool varied = line->port_varies;

	r->before = line->src_port;
	note_port(line, r);
	if (line->port_varies)
		r->elsewhere = varied ? 1 : 1 + nt_sender_with_port(line);
}

static inline void note_sender(struct nt_senders *t, struct nt_reply *r)
{
	struct nt_sender_line *line = find_sender(t, r);

	r->elsewhere = r->has_port && !line;
	if (!line)
		return;
	if (r->has_port)
		note_ports(line, r);
	line->used |= r->line != NT_SOURCE_NONE ? NT_SENDER_PLACED : 0;
	line->packets[nt_backscatter_slot(r->class)]++;
	if (r->when.ns < line->first_ns)
		line->first_ns = r->when.ns;
	line->last_ns = r->when.ns > line->last_ns ? r->when.ns : line->last_ns; /* a coin toss for a branch */
	nt_targets_add(line->targets, NT_SENDER_TARGETS, r->target);
}

void nt_senders_clear(struct nt_senders *t)
{
	for (uint32_t i = 0; i < t->n_touched; i++)
		t->line[t->touched[i]] = (struct nt_sender_line){0};
	t->n_touched = 0;
	t->overflow = 0;
}

static bool is_line_of(const struct nt_victim_line *line, const struct nt_reply *r)
{
	return equal(line->address, r->victim) && line->proto == r->proto && line->v6 == r->v6;
}

static inline struct nt_victim_line *find_victim(struct nt_victims *t, const struct nt_reply *r)
{
	uint32_t at = r->victim_home;
	struct nt_victim_line *line;

	for (line = &t->line[at]; line->used; line = &t->line[at]) {
		if (is_line_of(line, r))
			return line;
		at = (at + 1) & t->mask;
	}
	if (t->n_touched == t->limit) {
		t->overflow++;
		return NULL;
	}
	t->touched[t->n_touched++] = at;
	line->used = true;
	line->address = r->victim;
	line->proto = r->proto;
	line->v6 = r->v6;
	return line;
}

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

/* Most victims are attacked at one port. */
static inline void note_attacked(struct nt_victim_ports *p, uint16_t port)
{
	if (!p->n || p->port[0] != port)
		nt_victim_ports_note(p, port);
}

/* Moves the ring on to a newer bin; what lies between was silent. */
static __attribute__((noinline)) void advance_ring(struct nt_victim_line *line, uint32_t bin)
{
	uint32_t steps = bin - line->last_bin;

	line->peak = nt_victim_peak(line);
	if (steps > NT_VICTIM_BINS)
		steps = NT_VICTIM_BINS;
	for (uint32_t i = 0; i < steps; i++)
		line->ring[(bin - i) % NT_VICTIM_BINS] = 0;
	line->last_bin = bin;
}

/* Makes a bin before the first one the first; those pushed off the end are none of the first any more. */
static __attribute__((noinline)) void lower_head(struct nt_victim_line *line, uint32_t bin)
{
	uint32_t steps = line->first_bin - bin; /* it is in the ring, so fewer than NT_VICTIM_BINS */

	memmove(&line->head[steps], line->head, (NT_VICTIM_BINS - steps) * sizeof(line->head[0]));
	memset(line->head, 0, steps * sizeof(line->head[0]));
	line->first_bin = bin;
}

/*
 * Counts a packet in its bin. Differences of bins are taken with a sign, so that late packets are told from new ones.
 * A packet older than the ring stands in the head if its bin is one of the first, and else in `packets` alone.
 */
static inline void note_bin(struct nt_victim_line *line, uint32_t bin)
{
	if ((int32_t)(bin - line->last_bin) > 0)
		advance_ring(line, bin);
	if (line->last_bin - bin < NT_VICTIM_BINS) {
		line->ring[bin % NT_VICTIM_BINS]++;
		if ((int32_t)(bin - line->first_bin) < 0)
			lower_head(line, bin);
	}
	if (bin - line->first_bin < NT_VICTIM_BINS)
		line->head[bin - line->first_bin]++;
}

static inline void note_time(struct nt_victim_line *line, const struct nt_moment *when)
{
	if (!line->packets) {
		line->first_s = line->last_s = when->s;
		line->first_bin = line->last_bin = when->bin;
	}
	if ((int32_t)(when->s - line->first_s) < 0)
		line->first_s = when->s;
	if ((int32_t)(when->s - line->last_s) > 0)
		line->last_s = when->s;
	note_bin(line, when->bin);
}

static inline void note_victim(struct nt_victims *t, const struct nt_reply *r)
{
	struct nt_victim_line *line = find_victim(t, r);

	if (!line)
		return;
	note_time(line, &r->when);
	line->packets++;
	line->classes |= 1u << r->class;
	if (r->has_attacked_port)
		note_attacked(&line->ports, r->attacked_port);
	nt_targets_add(line->targets, NT_VICTIM_TARGETS, r->target);
}

void nt_replies_note(struct nt_senders *senders, struct nt_victims *victims, struct nt_reply *reply, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		note_sender(senders, &reply[i]);
	for (uint32_t i = 0; i < n; i++)
		note_victim(victims, &reply[i]);
}

void nt_victims_clear(struct nt_victims *t)
{
	for (uint32_t i = 0; i < t->n_touched; i++)
		t->line[t->touched[i]] = (struct nt_victim_line){0};
	t->n_touched = 0;
	t->overflow = 0;
}

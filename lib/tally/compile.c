/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/compile.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * From conditions to tables. Each is made the same way: which signatures accept this value? A field of 16 bits or more
 * is first cut into runs that no signature tells apart. A signature that a table has no bit for at all can match no
 * packet, which is a mistake worth telling.
 */

#define CHUNK_WORDS 256u
#define FIELD_WORDS 65536u
#define ALIGNMENT   64u /* of what the packet path reads: cache lines */

/* Slots of a hash of values, and how many multipliers are tried before more are taken: some 300 values fit. */
enum { SLOT_BITS_MIN = 4, SLOT_BITS_MAX = 13, MULTIPLIERS = 1000 };

struct compiler {
	struct nt_signatures *s;
	const struct nt_conjunction *conjunction; /* [s->n] */
	uint32_t *chunk;			  /* [NT_WIDE_TABLES * FIELD_WORDS] */
	uint32_t n_chunk;			  /* words used */
	uint32_t *blamed;
	char *why;
};

/* First values of the runs of a field, and the signatures that accept each. */
struct runs {
	nt_wide *start; /* [n] */
	uint32_t *bits; /* [n] */
	uint32_t n;
};

static uint32_t all_bits(const struct compiler *c)
{
	return c->s->n < NT_SIGNATURES_MAX ? (1u << c->s->n) - 1 : UINT32_MAX;
}

/* Signatures that accept a value of a field. */
static uint32_t accepting(const struct compiler *c, enum nt_field field, nt_wide value)
{
	uint32_t bits = 0;

	for (uint32_t i = 0; i < c->s->n; i++)
		bits |= (uint32_t)nt_conjunction_accepts(&c->conjunction[i], field, value) << i;
	return bits;
}

/* Signatures that have a plain or a negated condition on a field. */
static uint32_t having(const struct compiler *c, enum nt_field field, bool negated)
{
	uint32_t bits = 0;

	for (uint32_t i = 0; i < c->s->n; i++)
		for (uint32_t k = 0; k < c->conjunction[i].n; k++) {
			const struct nt_condition *condition = &c->conjunction[i].condition[k];

			if (condition->field == field && condition->negated == negated)
				bits |= 1u << i;
		}
	return bits;
}

static uint32_t needing(const struct compiler *c, enum nt_field field)
{
	return having(c, field, false) | having(c, field, true);
}

/* Complains about a signature that is not among those that some packet is right for. */
static int check_possible(const struct compiler *c, uint32_t seen, const char *what)
{
	uint32_t never = all_bits(c) & ~seen;

	if (!never)
		return 0;
	*c->blamed = (uint32_t)__builtin_ctz(never);
	snprintf(c->why, NT_SIGNATURE_WHY, "no packet can match: %s", what);
	return -EINVAL;
}

/* ---- kind of packet ---- */

enum { NEED_PORTS = 1, NEED_TCP = 2, NEED_IPV4 = 4 };

/* What a packet must be to have a field at all; every field needs an IP header. */
static const uint8_t field_needs[NT_FIELDS] = {
    [NT_FIELD_DST_PORT] = NEED_PORTS,
    [NT_FIELD_SRC_PORT] = NEED_PORTS,
    [NT_FIELD_FLAGS] = NEED_TCP,
    [NT_FIELD_WINDOW] = NEED_TCP,
    [NT_FIELD_OPTION] = NEED_TCP,
    [NT_FIELD_LAYOUT] = NEED_TCP,
    [NT_FIELD_SEQ] = NEED_TCP,
    [NT_FIELD_ACK] = NEED_TCP,
    [NT_FIELD_IP_ID] = NEED_IPV4,
    [NT_FIELD_WINDOW_SCALE] = NEED_TCP,
    [NT_FIELD_MASSCAN] = NEED_TCP | NEED_IPV4,
    [NT_FIELD_SEQ_IS_DST] = NEED_TCP | NEED_IPV4,
};

/* Protocol number that a fate tells, or -1. */
static int proto_of(enum nt_fate fate)
{
	switch (fate) {
	case NT_FATE_TCP:
		return IPPROTO_TCP;
	case NT_FATE_UDP:
		return IPPROTO_UDP;
	case NT_FATE_ICMP:
		return IPPROTO_ICMP;
	case NT_FATE_ICMP6:
		return IPPROTO_ICMPV6;
	default:
		return -1;
	}
}

/* Can a packet of this class and fate match? */
static bool fits(const struct nt_conjunction *c, enum nt_class class, enum nt_fate fate)
{
	int proto = proto_of(fate);

	for (uint32_t k = 0; k < c->n; k++) {
		uint8_t needs = field_needs[c->condition[k].field];

		if ((needs & NEED_IPV4 && class != NT_CLASS_IPV4) || (needs & NEED_TCP && fate != NT_FATE_TCP) ||
		    (needs & NEED_PORTS && fate != NT_FATE_TCP && fate != NT_FATE_UDP))
			return false;
	}
	if (proto >= 0 && !nt_conjunction_accepts(c, NT_FIELD_PROTO, (nt_wide)proto))
		return false;
	return nt_conjunction_accepts(c, NT_FIELD_VERSION, class == NT_CLASS_IPV4 ? 4 : 6);
}

/* Signatures that some packet of this class is right for. */
static uint32_t make_kind(const struct compiler *c, enum nt_class class)
{
	uint32_t seen = 0;

	for (uint32_t fate = 0; fate < NT_FATES; fate++) {
		uint32_t bits = 0;

		for (uint32_t i = 0; i < c->s->n; i++)
			bits |= (uint32_t)fits(&c->conjunction[i], class, fate) << i;
		c->s->kind[nt_kind_of(class, fate)] = bits;
		seen |= bits;
	}
	return seen;
}

/* The fates that say what the protocol is: for them kind[] holds what proto[] says. */
static void put_protocols_into_kind(struct nt_signatures *s)
{
	static const uint8_t proto[] = {
	    [NT_FATE_TCP] = 6, [NT_FATE_UDP] = 17, [NT_FATE_ICMP] = 1, [NT_FATE_ICMP6] = 58};

	for (uint32_t class = 0; class < NT_CLASSES; class ++)
		for (uint32_t fate = 0; fate < sizeof(proto); fate++)
			s->kind[nt_kind_of(class, fate)] &= s->proto[proto[fate]];
}

/* ---- fields of a byte, and regions ---- */

/* Fills a table with a place for each value; returns the bits seen. */
static uint32_t make_direct(const struct compiler *c, enum nt_field field, uint32_t *table, uint32_t values)
{
	uint32_t seen = 0;

	for (uint32_t v = 0; v < values; v++) {
		table[v] = accepting(c, field, v);
		seen |= table[v];
	}
	return seen;
}

static int make_bytes(const struct compiler *c)
{
	struct nt_signatures *s = c->s;
	int err = check_possible(c, make_direct(c, NT_FIELD_PROTO, s->proto, NT_PROTO_UNRESOLVED), "proto");

	s->proto[NT_PROTO_UNRESOLVED] = all_bits(c) & ~needing(c, NT_FIELD_PROTO);
	if (!err)
		err = check_possible(c, make_direct(c, NT_FIELD_FLAGS, s->flags, UINT8_MAX + 1), "flags");
	if (!err)
		err = check_possible(c, make_direct(c, NT_FIELD_TTL, s->ttl, UINT8_MAX + 1), "ttl");
	if (!err)
		err = check_possible(c, make_direct(c, NT_FIELD_OPTION, s->option, 1 << NT_TCP_OPTION_BITS), "option");
	if (!err)
		err = check_possible(c, make_direct(c, NT_FIELD_WINDOW_SCALE, s->window_scale, NT_WINDOW_SCALE_NONE),
				     "wscale");
	s->window_scale[NT_WINDOW_SCALE_NONE] = all_bits(c) & ~needing(c, NT_FIELD_WINDOW_SCALE);
	if (!err)
		err = check_possible(c, make_direct(c, NT_FIELD_REGION, s->region, NT_REGIONS), "region");
	return err;
}

/* ---- runs ---- */

static int by_value(const void *a, const void *b)
{
	const nt_wide *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void runs_fini(struct runs *r)
{
	free(r->start);
	free(r->bits);
}

static uint32_t count_spans(const struct compiler *c, enum nt_field field)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->s->n; i++)
		for (uint32_t k = 0; k < c->conjunction[i].n; k++) {
			const struct nt_spans *s = nt_condition_spans(&c->conjunction[i].condition[k], field);

			n += s ? s->n : 0;
		}
	return n;
}

/* Where a run may begin: at 0, at the first value of a span and behind its last one. */
static void collect_starts(const struct compiler *c, enum nt_field field, nt_wide max, struct runs *r)
{
	r->start[r->n++] = 0;
	for (uint32_t i = 0; i < c->s->n; i++)
		for (uint32_t k = 0; k < c->conjunction[i].n; k++) {
			const struct nt_spans *s = nt_condition_spans(&c->conjunction[i].condition[k], field);

			for (uint32_t j = 0; s && j < s->n; j++) {
				r->start[r->n++] = s->span[j].low;
				if (s->span[j].high < max)
					r->start[r->n++] = s->span[j].high + 1;
			}
		}
}

/* Undone by runs_fini(), also after a failure. */
static int make_runs(const struct compiler *c, enum nt_field field, nt_wide max, struct runs *r)
{
	size_t places = 2 * (size_t)count_spans(c, field) + 1;
	uint32_t n = 0;

	*r = (struct runs){.start = calloc(places, sizeof(*r->start)), .bits = calloc(places, sizeof(*r->bits))};
	if (!r->start || !r->bits)
		return -ENOMEM;
	collect_starts(c, field, max, r);
	qsort(r->start, r->n, sizeof(*r->start), by_value);
	for (uint32_t i = 0; i < r->n; i++) {
		uint32_t bits;

		if (n && r->start[i] == r->start[n - 1])
			continue;
		bits = accepting(c, field, r->start[i]);
		if (n && bits == r->bits[n - 1])
			continue;
		r->start[n] = r->start[i];
		r->bits[n++] = bits;
	}
	r->n = n;
	return 0;
}

static uint32_t seen_in(const struct runs *r)
{
	uint32_t seen = 0;

	for (uint32_t i = 0; i < r->n; i++)
		seen |= r->bits[i];
	return seen;
}

/* ---- fields of 16 bits ---- */

/* Place of a chunk among those that are there already, of any field; appended if it is new. */
static uint32_t place_chunk(struct compiler *c, const uint32_t words[static CHUNK_WORDS])
{
	uint32_t at = 0;

	while (at < c->n_chunk && memcmp(c->chunk + at, words, CHUNK_WORDS * sizeof(*words)) != 0)
		at += CHUNK_WORDS;
	if (at == c->n_chunk) {
		memcpy(c->chunk + at, words, CHUNK_WORDS * sizeof(*words));
		c->n_chunk += CHUNK_WORDS;
	}
	return at;
}

static int make_wide(struct compiler *c, enum nt_field field, enum nt_wide_table table, const char *what)
{
	uint32_t *words = calloc(FIELD_WORDS, sizeof(*words)), run = 0;
	struct runs r = {0};
	int err = words ? make_runs(c, field, UINT16_MAX, &r) : -ENOMEM;

	if (err)
		goto out;
	for (uint32_t v = 0; v < FIELD_WORDS; v++) {
		run += run + 1 < r.n && r.start[run + 1] == v;
		words[v] = r.bits[run];
	}
	for (uint32_t i = 0; i < FIELD_WORDS / CHUNK_WORDS; i++)
		c->s->wide[table][i] = place_chunk(c, words + (size_t)i * CHUNK_WORDS);
	err = check_possible(c, seen_in(&r), what);
out:
	runs_fini(&r);
	free(words);
	return err;
}

static void *aligned(size_t bytes)
{
	return aligned_alloc(ALIGNMENT, (bytes + ALIGNMENT) / ALIGNMENT * ALIGNMENT);
}

static int make_all_wide(struct compiler *c)
{
	int err;

	c->chunk = calloc(NT_WIDE_TABLES * FIELD_WORDS, sizeof(*c->chunk));
	if (!c->chunk)
		return -ENOMEM;
	err = make_wide(c, NT_FIELD_DST_PORT, NT_WIDE_DST_PORT, "dport");
	if (!err)
		err = make_wide(c, NT_FIELD_SRC_PORT, NT_WIDE_SRC_PORT, "sport");
	if (!err)
		err = make_wide(c, NT_FIELD_WINDOW, NT_WIDE_WINDOW, "window");
	if (!err)
		err = make_wide(c, NT_FIELD_IP_ID, NT_WIDE_IP_ID, "ipid");
	if (!err)
		c->s->chunk = aligned(c->n_chunk * sizeof(*c->chunk));
	if (!err && !c->s->chunk)
		err = -ENOMEM;
	if (!err)
		memcpy(c->s->chunk, c->chunk, c->n_chunk * sizeof(*c->chunk));
	free(c->chunk);
	return err;
}

/* ---- values of 32 bits ---- */

/* Values that conditions on a field name, each once. Their number, or -ENOMEM; the caller frees *values. */
static int collect_values(const struct compiler *c, enum nt_field field, nt_wide **values)
{
	struct nt_spans all = {0};
	uint32_t n = 0;

	*values = NULL;
	for (uint32_t i = 0; i < c->s->n; i++)
		for (uint32_t k = 0; k < c->conjunction[i].n; k++) {
			const struct nt_spans *s = nt_condition_spans(&c->conjunction[i].condition[k], field);

			for (uint32_t j = 0; s && j < s->n; j++)
				if (nt_spans_append(&all, s->span[j].low, s->span[j].high))
					goto err_all;
		}
	nt_spans_merge(&all);
	for (uint32_t i = 0; i < all.n; i++)
		n += (uint32_t)(all.span[i].high - all.span[i].low) + 1;
	*values = calloc(n + 1, sizeof(**values));
	if (!*values)
		goto err_all;
	n = 0;
	for (uint32_t i = 0; i < all.n; i++)
		for (nt_wide v = all.span[i].low; v <= all.span[i].high; v++)
			(*values)[n++] = v;
	free(all.span);
	return (int)n;

err_all:
	free(all.span);
	return -ENOMEM;
}

/* True if no two values share a slot; `taken` has a place for each slot. */
static bool no_collision(const struct nt_values *t, const nt_wide *values, uint32_t n, bool *taken)
{
	memset(taken, 0, (size_t)1 << (32 - t->shift));
	for (uint32_t i = 0; i < n; i++) {
		uint32_t slot = (uint32_t)values[i] * t->multiplier >> t->shift;

		if (taken[slot])
			return false;
		taken[slot] = true;
	}
	return true;
}

/* Tries multipliers, and more slots when none will do. -ENOMEM if there are too many values for that. */
static int choose_hash(struct nt_values *t, const nt_wide *values, uint32_t n)
{
	bool *taken = calloc((size_t)1 << SLOT_BITS_MAX, sizeof(*taken));
	uint32_t random = 1;

	if (!taken)
		return -ENOMEM;
	for (uint32_t bits = SLOT_BITS_MIN; bits <= SLOT_BITS_MAX; bits++)
		for (uint32_t i = 0; i < MULTIPLIERS; i++) {
			random = random * 1664525u + 1013904223u; /* Knuth's linear congruential generator */
			t->multiplier = random | 1;
			t->shift = 32 - bits;
			if (no_collision(t, values, n, taken)) {
				free(taken);
				return 0;
			}
		}
	free(taken);
	return -E2BIG;
}

static int fill_slots(const struct compiler *c, enum nt_field field, struct nt_values *t, const nt_wide *values,
		      uint32_t n)
{
	size_t slots = (size_t)1 << (32 - t->shift);
	nt_wide other = 0;

	t->slot = calloc(slots, sizeof(*t->slot));
	if (!t->slot)
		return -ENOMEM;
	while (other < n && values[other] == other)
		other++; /* the least value that nobody names */
	t->otherwise = accepting(c, field, other);
	for (size_t i = 0; i < slots; i++)
		t->slot[i].bits = t->otherwise;
	for (uint32_t i = 0; i < n; i++)
		t->slot[(uint32_t)values[i] * t->multiplier >> t->shift] = (struct nt_value_slot){
		    .value = (uint32_t)values[i],
		    .bits = accepting(c, field, values[i]),
		};
	return 0;
}

static int make_values(const struct compiler *c, enum nt_field field, enum nt_value_table table, const char *what)
{
	struct nt_values *t = &c->s->values[table];
	uint32_t seen = 0;
	nt_wide *values;
	int n = collect_values(c, field, &values);
	int err = n < 0 ? n : choose_hash(t, values, (uint32_t)n);

	if (err == -E2BIG) {
		*c->blamed = (uint32_t)__builtin_ctz(needing(c, field));
		snprintf(c->why, NT_SIGNATURE_WHY, "%s: more different values than can be told apart", what);
		err = -EINVAL;
	}
	if (!err)
		err = fill_slots(c, field, t, values, (uint32_t)n);
	free(values);
	if (err)
		return err;
	seen = t->otherwise;
	for (size_t i = 0; i < (size_t)1 << (32 - t->shift); i++)
		seen |= t->slot[i].bits;
	return check_possible(c, seen, what);
}

/* ---- sources ---- */

/* Cuts the runs at every first byte, so that the steps of each stand together. */
static void cut_at_bytes(const struct runs *r, struct nt_signatures *s)
{
	uint32_t run = 0, n = 0;

	for (uint32_t byte = 0; byte <= UINT8_MAX; byte++) {
		struct nt_steps4 *steps = &s->source[byte];
		uint32_t all = UINT32_MAX;

		steps->first = n;
		for (;;) {
			s->start4[n] = steps->n ? (uint32_t)r->start[run] : byte << 24;
			s->bits4[n] = r->bits[run];
			steps->some |= s->bits4[n];
			all &= s->bits4[n++];
			steps->n++;
			if (run + 1 == r->n || r->start[run + 1] >> 24 != byte)
				break;
			run++;
		}
		steps->undecided = steps->some & ~all;
		/* the next byte may begin with a run of its own */
		if (run + 1 < r->n && r->start[run + 1] == (nt_wide)(byte + 1) << 24)
			run++;
	}
}

static int make_sources4(const struct compiler *c, uint32_t *seen)
{
	struct runs r;
	int err = make_runs(c, NT_FIELD_SOURCE4, UINT32_MAX, &r);

	if (err)
		goto out;
	c->s->start4 = calloc(r.n + UINT8_MAX + 1, sizeof(*c->s->start4));
	c->s->bits4 = calloc(r.n + UINT8_MAX + 1, sizeof(*c->s->bits4));
	if (!c->s->start4 || !c->s->bits4) {
		err = -ENOMEM;
		goto out;
	}
	cut_at_bytes(&r, c->s);
	*seen = seen_in(&r);
out:
	runs_fini(&r);
	return err;
}

static int make_sources6(const struct compiler *c, uint32_t *seen)
{
	struct nt_steps4 *all = &c->s->source[NT_SOURCE_BYTE_IPV6];
	struct runs r;
	int err = make_runs(c, NT_FIELD_SOURCE6, ~(nt_wide)0, &r);

	if (err)
		goto out;
	c->s->start6 = calloc(r.n, sizeof(*c->s->start6));
	c->s->bits6 = calloc(r.n, sizeof(*c->s->bits6));
	if (!c->s->start6 || !c->s->bits6) {
		err = -ENOMEM;
		goto out;
	}
	all->n = r.n;
	all->some = *seen = seen_in(&r);
	all->undecided = needing(c, NT_FIELD_SOURCE4);
	for (uint32_t i = 0; i < r.n; i++) {
		c->s->start6[i].high = (uint64_t)(r.start[i] >> 64);
		c->s->start6[i].low = (uint64_t)r.start[i];
		c->s->bits6[i] = r.bits[i];
	}
out:
	runs_fini(&r);
	return err;
}

/* `possible4` and `possible6`: signatures that packets of each version may match as far as is known by now. */
static int make_sources(const struct compiler *c, uint32_t possible4, uint32_t possible6)
{
	uint32_t seen4 = 0, seen6 = 0;
	int err = make_sources4(c, &seen4);

	if (!err)
		err = make_sources6(c, &seen6);
	return err ? err : check_possible(c, (seen4 & possible4) | (seen6 & possible6), "src");
}

static int make_relations(const struct compiler *c)
{
	struct nt_signatures *s = c->s;
	int err;

	for (uint32_t holds = 0; holds < 2; holds++) {
		s->seq_dst[holds] = ~having(c, NT_FIELD_SEQ_IS_DST, holds);
		s->masscan[holds] = ~having(c, NT_FIELD_MASSCAN, holds);
	}
	err = check_possible(c, s->seq_dst[false] | s->seq_dst[true], "seq dst");
	return err ? err : check_possible(c, s->masscan[false] | s->masscan[true], "ipid masscan");
}

static uint32_t needing_any(const struct compiler *c, uint32_t fields)
{
	uint32_t bits = 0;

	for (; fields; fields &= fields - 1)
		bits |= needing(c, (enum nt_field)__builtin_ctz(fields));
	return bits;
}

int nt_signatures_compile(struct nt_signatures *s, const struct nt_conjunction *conjunction, uint32_t *blamed,
			  char why[static NT_SIGNATURE_WHY])
{
	struct compiler c = {.s = s, .conjunction = conjunction, .blamed = blamed, .why = why};
	uint32_t possible4 = make_kind(&c, NT_CLASS_IPV4), possible6 = make_kind(&c, NT_CLASS_IPV6);
	int err = check_possible(&c, possible4 | possible6, "its conditions belong to different protocols");

	if (!err)
		err = make_bytes(&c);
	if (!err)
		err = make_all_wide(&c);
	if (!err)
		err = make_values(&c, NT_FIELD_SEQ, NT_VALUES_SEQ, "seq");
	if (!err)
		err = make_values(&c, NT_FIELD_ACK, NT_VALUES_ACK, "ack");
	if (!err)
		err = make_values(&c, NT_FIELD_LAYOUT, NT_VALUES_LAYOUT, "layout");
	if (!err)
		err = make_sources(&c, possible4, possible6);
	put_protocols_into_kind(s);
	for (uint32_t f = 0; f < NT_FIELDS; f++)
		s->asked |= (uint32_t)(needing(&c, f) != 0) << f;
	s->seldom = needing_any(&c, NT_SELDOM_FIELDS);
	return err ? err : make_relations(&c);
}

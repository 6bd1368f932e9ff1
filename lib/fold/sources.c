/* SPDX-License-Identifier: BSD-3-Clause */
#include "fold/sources.h"

#include "base/targets.h"

#include <errno.h>
#include <stdlib.h>

/* How far ahead lines and slots are asked for. */
#define AHEAD 16u

/* Values of which the earlier line's hold, because it saw the first packet. */
static void take_firsts(struct nt_fold_source *s, const struct nt_source_line *line)
{
	s->region = line->region;
	if (line->traits & NT_SOURCE_TCP) {
		s->seq = line->seq;
		s->ack = line->ack;
		s->window = line->window;
	}
	if (line->traits & NT_SOURCE_PORT) {
		s->src_port = line->src_port;
		s->port = line->port;
	}
}

/* What two lines that never met have not noticed: each says "the same", and yet they differ. */
static uint16_t differences(const struct nt_fold_source *s, const struct nt_source_line *line)
{
	uint16_t both = s->traits & line->traits, varies = 0;

	if (both & NT_SOURCE_TCP) {
		varies |= s->seq != line->seq ? NT_SOURCE_SEQ_VARIES : 0;
		varies |= s->ack != line->ack ? NT_SOURCE_ACK_VARIES : 0;
		varies |= s->window != line->window ? NT_SOURCE_WINDOW_VARIES : 0;
	}
	if (both & NT_SOURCE_PORT) {
		varies |= s->src_port != line->src_port ? NT_SOURCE_SRC_PORT_VARIES : 0;
		varies |= s->port != line->port ? NT_SOURCE_PORT_VARIES : 0;
	}
	return varies;
}

/* Values that only the line has so far. */
static void take_missing(struct nt_fold_source *s, const struct nt_source_line *line)
{
	uint16_t fresh = line->traits & ~s->traits;

	if (fresh & NT_SOURCE_TCP) {
		s->seq = line->seq;
		s->ack = line->ack;
		s->window = line->window;
	}
	if (fresh & NT_SOURCE_PORT) {
		s->src_port = line->src_port;
		s->port = line->port;
	}
}

static void merge(struct nt_fold_source *s, const struct nt_source_line *line)
{
	uint16_t varies = differences(s, line);

	take_missing(s, line);
	if ((int32_t)(line->first_s - s->first_s) < 0) {
		s->first_s = line->first_s;
		take_firsts(s, line);
	}
	if ((int32_t)(line->last_s - s->last_s) > 0)
		s->last_s = line->last_s;
	s->packets += line->packets;
	s->traits |= line->traits | varies;
	s->matched |= line->matched;
	s->missed |= line->missed;
	nt_targets_merge(&s->targets, &line->targets, 1);
}

static void begin(struct nt_fold_source *s, struct nt_key128 address, const struct nt_source_line *line)
{
	*s = (struct nt_fold_source){
	    .address = address,
	    .packets = line->packets,
	    .targets = line->targets,
	    .first_s = line->first_s,
	    .last_s = line->last_s,
	    .matched = line->matched,
	    .missed = line->missed,
	    .seq = line->seq,
	    .ack = line->ack,
	    .port = line->port,
	    .region = line->region,
	    .traits = line->traits,
	    .window = line->window,
	    .src_port = line->src_port,
	};
}

static bool same(const struct nt_fold_source *s, struct nt_key128 address, const struct nt_source_line *line)
{
	return s->address.low == address.low && s->address.high == address.high &&
	       !((s->traits ^ line->traits) & NT_SOURCE_V6);
}

static uint32_t hash_of(const struct nt_sources *bank, uint32_t at)
{
	bool v6 = bank->line[at].traits & NT_SOURCE_V6;

	return (uint32_t)nt_source_hash(nt_source_address(bank, at), v6);
}

/* The lines of a bank are of different sources: while there is no other bank, nobody has to be looked for. */
static void add_first_bank(struct nt_fold_sources *s, const struct nt_sources *bank)
{
	for (uint32_t i = 1; i <= bank->n; i++) {
		begin(&s->entry[i - 1], nt_source_address(bank, i), &bank->line[i]);
		s->place[i] = i - 1;
	}
	s->n = bank->n;
}

/* Once another bank comes. There is room. */
static void index_first_bank(struct nt_fold_sources *s)
{
	for (uint32_t i = s->index.n; i < s->n; i++) {
		const struct nt_fold_source *source = &s->entry[i];
		uint32_t hash = (uint32_t)nt_source_hash(source->address, source->traits & NT_SOURCE_V6), at = hash;

		while (nt_places_next(&s->index, hash, &at) != NT_PLACES_NONE)
			at++;
		nt_places_put(&s->index, at, hash, i);
	}
}

/* The source of a line, made or merged. There is room. */
static uint32_t add_line(struct nt_fold_sources *s, const struct nt_sources *bank, uint32_t line_at)
{
	const struct nt_source_line *line = &bank->line[line_at];
	struct nt_key128 address = nt_source_address(bank, line_at);
	uint32_t hash = hash_of(bank, line_at), at = hash, i;

	while ((i = nt_places_next(&s->index, hash, &at)) != NT_PLACES_NONE) {
		if (same(&s->entry[i], address, line)) {
			merge(&s->entry[i], line);
			return i;
		}
		at++;
	}
	i = (uint32_t)s->n++;
	nt_places_put(&s->index, at, hash, i);
	begin(&s->entry[i], address, line);
	return i;
}

static int reserve_places(struct nt_fold_sources *s, size_t lines)
{
	uint32_t *grown;

	if (lines <= s->lines)
		return 0;
	grown = reallocarray(s->place, lines, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	s->place = grown;
	s->lines = lines;
	return 0;
}

int nt_fold_sources_add(struct nt_fold_sources *s, const struct nt_sources *bank)
{
	size_t wanted = s->n + bank->n;
	struct nt_fold_source *grown = nt_places_grow_array(s->entry, &s->capacity, wanted, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	s->entry = grown;
	if (reserve_places(s, (size_t)bank->n + 1))
		return -ENOMEM;
	if (!s->n) {
		add_first_bank(s, bank);
		return 0;
	}
	if (nt_places_reserve(&s->index, wanted))
		return -ENOMEM;
	index_first_bank(s);
	for (uint32_t i = 1; i <= bank->n; i++) {
		if (i + AHEAD <= bank->n)
			nt_places_prefetch(&s->index, hash_of(bank, i + AHEAD));
		s->place[i] = add_line(s, bank, i);
	}
	return 0;
}

void nt_fold_sources_clear(struct nt_fold_sources *s)
{
	nt_places_fini(&s->index);
	s->n = 0;
}

void nt_fold_sources_fini(struct nt_fold_sources *s)
{
	nt_places_fini(&s->index);
	free(s->entry);
	free(s->place);
	*s = (struct nt_fold_sources){0};
}

/* ---- pairs ---- */

static uint32_t pair_hash(uint32_t source, uint32_t port)
{
	return (uint32_t)nt_mix(source, port);
}

static void append_pair(struct nt_fold_pairs *p, uint32_t source, uint32_t port, uint32_t matched)
{
	p->entry[p->n++] = (struct nt_fold_pair){.source = source, .port = port, .matched = matched};
}

/* A pair of a later bank, made or merged. There is room. */
static void merge_pair(struct nt_fold_pairs *p, uint32_t source, uint32_t port, uint32_t matched)
{
	uint32_t hash = pair_hash(source, port), at = hash, i;

	while ((i = nt_places_next(&p->index, hash, &at)) != NT_PLACES_NONE) {
		if (p->entry[i].source == source && p->entry[i].port == port) {
			p->entry[i].matched |= matched;
			return;
		}
		at++;
	}
	nt_places_put(&p->index, at, hash, (uint32_t)p->n);
	append_pair(p, source, port, matched);
}

/* As those of one bank are sorted in the end anyway, nothing is looked for before there is another. */
static void add_pair(struct nt_fold_pairs *p, uint32_t source, uint32_t port, uint32_t matched)
{
	if (p->index.slot)
		merge_pair(p, source, port, matched);
	else
		append_pair(p, source, port, matched);
}

static int index_first_pairs(struct nt_fold_pairs *p, size_t more)
{
	size_t appended = p->n;

	if (nt_places_reserve(&p->index, p->n + more))
		return -ENOMEM;
	p->n = 0;
	for (size_t i = 0; i < appended; i++) {
		const struct nt_fold_pair pair = p->entry[i];

		merge_pair(p, pair.source, pair.port, pair.matched);
	}
	return 0;
}

static int reserve_pairs(struct nt_fold_pairs *p, size_t more)
{
	struct nt_fold_pair *grown = nt_places_grow_array(p->entry, &p->capacity, p->n + more, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	p->entry = grown;
	if (p->index.slot)
		return nt_places_reserve(&p->index, p->n + more);
	return p->n ? index_first_pairs(p, more) : 0;
}

/* The pairs that stand in lines. */
static void add_own_pairs(struct nt_fold_pairs *p, const struct nt_sources *bank, const uint32_t *place)
{
	for (uint32_t i = 1; i <= bank->n; i++)
		if (bank->line[i].pair_packets)
			add_pair(p, place[i], bank->line[i].port, bank->line[i].pair_matched);
}

static void add_other_pairs(struct nt_fold_pairs *p, const struct nt_pairs *bank, const uint32_t *place)
{
	for (uint32_t i = 0; i < bank->n_touched; i++) {
		const struct nt_source_pair pair = nt_pairs_at(bank, i);

		if (i + 2 * AHEAD < bank->n_touched)
			nt_pairs_ask_at(bank, i + 2 * AHEAD);
		if (p->index.slot && i + AHEAD < bank->n_touched) {
			const struct nt_source_pair soon = nt_pairs_at(bank, i + AHEAD);

			nt_places_prefetch(&p->index, pair_hash(place[soon.line], soon.port));
		}
		if (nt_pair_is_port(&pair))
			add_pair(p, place[pair.line], pair.port, pair.matched);
	}
}

int nt_fold_pairs_add(struct nt_fold_pairs *p, const struct nt_sources *lines, const struct nt_pairs *bank,
		      const uint32_t *place)
{
	int err = reserve_pairs(p, (size_t)lines->n + bank->n_touched);

	if (err)
		return err;
	add_own_pairs(p, lines, place);
	add_other_pairs(p, bank, place);
	return 0;
}

void nt_fold_pairs_clear(struct nt_fold_pairs *p)
{
	nt_places_fini(&p->index);
	p->n = 0;
}

void nt_fold_pairs_fini(struct nt_fold_pairs *p)
{
	nt_places_fini(&p->index);
	free(p->entry);
	*p = (struct nt_fold_pairs){0};
}

/* ---- addresses ---- */

struct nt_address nt_fold_address(struct nt_key128 key, bool v6)
{
	struct nt_address a = {.length = v6 ? 16 : 4};

	if (!v6)
		for (uint32_t i = 0; i < 4; i++)
			a.byte[i] = (uint8_t)(key.low >> (24 - 8 * i));
	for (uint32_t i = 0; v6 && i < 8; i++) {
		a.byte[i] = (uint8_t)(key.high >> (56 - 8 * i));
		a.byte[8 + i] = (uint8_t)(key.low >> (56 - 8 * i));
	}
	return a;
}

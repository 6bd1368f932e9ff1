/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/pack.h"

#include "base/hll.h"
#include "snapshot/pack_format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Longest number. */
#define NUMBER 10

struct writer {
	uint8_t *bytes;
	size_t n;
	size_t room;
	bool failed; /* out of memory; nothing is written any more */
};

/* Room for more. Growing by halves keeps the copies few and the waste bounded. */
static bool reserve(struct writer *w, size_t more)
{
	size_t room = w->room + w->room / 2 + 4096;
	uint8_t *bytes;

	if (w->failed)
		return false;
	if (more <= w->room - w->n)
		return true;
	if (room < w->n + more)
		room = w->n + more;
	bytes = realloc(w->bytes, room);
	w->failed = !bytes;
	if (!bytes)
		return false;
	w->bytes = bytes;
	w->room = room;
	return true;
}

/* With room reserved. */
static void put(struct writer *w, uint64_t value)
{
	uint8_t *at = w->bytes + w->n;

	while (value >= 0x80) {
		*at++ = (uint8_t)value | 0x80;
		value >>= 7;
	}
	*at++ = (uint8_t)value;
	w->n = (size_t)(at - w->bytes);
}

static void put_bytes(struct writer *w, const void *bytes, size_t n)
{
	memcpy(w->bytes + w->n, bytes, n);
	w->n += n;
}

static void number(struct writer *w, uint64_t value)
{
	if (reserve(w, NUMBER))
		put(w, value);
}

static void numbers(struct writer *w, const uint64_t *value, size_t n)
{
	number(w, n);
	for (size_t i = 0; i < n; i++)
		number(w, value[i]);
}

static void text(struct writer *w, const char *string)
{
	size_t length = strlen(string);

	if (!reserve(w, NUMBER + length))
		return;
	put(w, length);
	put_bytes(w, string, length);
}

static void counts(struct writer *w, const struct nt_counts *c)
{
	uint64_t before = 0;

	if (!reserve(w, NUMBER + c->n * 2 * NUMBER))
		return;
	put(w, c->n);
	for (size_t i = 0; i < c->n; i++) {
		put(w, c->entry[i].key - before);
		put(w, c->entry[i].count);
		before = c->entry[i].key;
	}
}

/* ---- parts of a snapshot ---- */

static void totals(struct writer *w, const struct nt_snapshot *s)
{
	number(w, (s->partial ? PACK_PARTIAL : 0) | (s->reduced ? PACK_REDUCED : 0) |
		      (s->loss.missed_unknown ? PACK_MISSED_UNKNOWN : 0) | (s->unique.estimated ? PACK_ESTIMATED : 0));
	number(w, pack_zigzag(s->start_s));
	number(w, pack_zigzag(s->end_s));
	number(w, s->frames);
	number(w, s->bytes);
	number(w, s->late);
	numbers(w, s->class_frames, NT_CLASSES);
	numbers(w, s->malformed, NT_REASONS);
	numbers(w, s->truncated, NT_REASONS);
	numbers(w, s->cut, NT_TABLES);
	numbers(w, s->overflow, NT_OVERFLOWS);
	number(w, s->loss.missed);
	number(w, s->loss.no_mbuf);
	number(w, s->loss.errors);
	number(w, s->loss.unexplained);
	number(w, s->unique.sources);
	number(w, s->unique.backscatter);
}

static void tables(struct writer *w, const struct nt_snapshot *s)
{
	number(w, NT_TABLES);
	for (enum nt_table t = 0; t < NT_TABLES; t++)
		counts(w, &s->table[t]);
	counts(w, &s->unique.region);
	counts(w, &s->unique.port);
	counts(w, &s->unique.backscatter_region);
	counts(w, &s->backscatter_port);
}

static void signatures(struct writer *w, const struct nt_snapshot *s)
{
	number(w, s->n_signatures);
	for (size_t i = 0; i < s->n_signatures; i++) {
		const struct nt_signature_counts *c = &s->signature[i];

		text(w, c->name);
		number(w, c->packets);
		number(w, c->sources);
		counts(w, &c->region_packets);
		counts(w, &c->region_sources);
		counts(w, &c->port_packets);
		counts(w, &c->port_sources);
	}
}

static void senders(struct writer *w, const struct nt_snapshot *s)
{
	number(w, s->n_backscatter);
	for (size_t i = 0; i < s->n_backscatter; i++) {
		const struct nt_backscatter_source *b = &s->backscatter[i];

		if (!reserve(w, sizeof(b->address.byte) + NUMBER * (9 + NT_BACKSCATTERS)))
			return;
		put(w, (b->address.length == 16 ? PACK_V6 : 0) | (b->has_port ? PACK_HAS_PORT : 0) |
			   (b->source_port_same ? PACK_PORT_SAME : 0));
		put_bytes(w, b->address.byte, b->address.length);
		put(w, b->region);
		put(w, b->source_port);
		put(w, b->asn);
		put(w, b->packets);
		for (uint32_t k = 0; k < NT_BACKSCATTERS; k++)
			put(w, b->classes[k]);
		put(w, b->targets);
		put(w, pack_zigzag(b->first_s));
		put(w, pack_zigzag(b->last_s));
	}
}

static void sources(struct writer *w, const struct nt_snapshot *s)
{
	number(w, s->n_sources);
	for (size_t i = 0; i < s->n_sources; i++) {
		const struct nt_source *source = &s->source[i];

		if (!reserve(w, sizeof(source->address.byte) + 5 * NUMBER))
			return;
		put(w, (source->address.length == 16 ? PACK_V6 : 0) | (source->backscatter ? PACK_BACKSCATTER : 0));
		put_bytes(w, source->address.byte, source->address.length);
		put(w, source->region);
		put(w, source->asn);
		put(w, source->signatures);
		put(w, source->packets);
	}
}

static void sketches(struct writer *w, const struct nt_snapshot *s)
{
	number(w, s->n_sketches);
	for (size_t i = 0; i < s->n_sketches; i++) {
		const struct nt_sketch *k = &s->sketch[i];
		uint32_t before = 0;

		if (!reserve(w, (2 + 2 * (size_t)k->n) * NUMBER))
			return;
		put(w, k->key);
		put(w, k->n);
		for (uint32_t r = 0; r < k->n; r++) {
			put(w, (uint32_t)((k->registers[r] >> 8) - before));
			put(w, k->registers[r] & 0xff);
			before = k->registers[r] >> 8;
		}
	}
}

/* Those of each sketch. */
static void hosts(struct writer *w, const struct nt_snapshot *s)
{
	for (size_t i = 0; i < s->n_sketches; i++) {
		const struct nt_sketch *k = &s->sketch[i];
		uint32_t before = 0;

		if (!reserve(w, (1 + (size_t)k->n_hosts) * NUMBER))
			return;
		put(w, k->n_hosts);
		for (uint32_t h = 0; h < k->n_hosts; h++) {
			put(w, k->host[h] - before);
			before = k->host[h];
		}
	}
}

static void told(struct writer *w, const struct nt_snapshot *s)
{
	number(w, s->n_orgs);
	for (size_t i = 0; i < s->n_orgs; i++) {
		number(w, s->org[i].asn);
		text(w, s->org[i].name);
	}
	number(w, s->n_events);
	for (size_t i = 0; i < s->n_events; i++) {
		const struct nt_event *e = &s->event[i];

		number(w, e->type);
		number(w, pack_zigzag(e->start_s));
		number(w, pack_zigzag(e->end_s));
		text(w, e->region);
		text(w, e->source);
		text(w, e->body ? e->body : "");
	}
}

/* ---- the header ---- */

static void little_endian(uint8_t *bytes, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
}

void nt_snapshot_pack_seal(uint8_t *bytes, size_t length)
{
	memcpy(bytes, PACK_MAGIC, 4);
	little_endian(bytes + 4, PACK_VERSION, 2);
	little_endian(bytes + 6, 0, 2);
	little_endian(bytes + 8, length - NT_PACK_HEADER, 8);
	little_endian(bytes + 16, nt_hll_hash(bytes + NT_PACK_HEADER, length - NT_PACK_HEADER), 8);
}

int nt_snapshot_pack(const struct nt_snapshot *s, uint8_t **bytes, size_t *length)
{
	struct writer w = {0};

	/* Most of a large snapshot are its sources; for the rest a few steps of growing are cheap. */
	if (reserve(&w, NT_PACK_HEADER + 20 * s->n_sources + (sizeof(s->source->address.byte) + 5 * NUMBER)))
		w.n = NT_PACK_HEADER;
	totals(&w, s);
	tables(&w, s);
	signatures(&w, s);
	senders(&w, s);
	sources(&w, s);
	sketches(&w, s);
	told(&w, s);
	hosts(&w, s);
	number(&w, pack_zigzag(s->geo_build_s));
	if (w.failed) {
		free(w.bytes);
		return -ENOMEM;
	}
	nt_snapshot_pack_seal(w.bytes, w.n);
	*bytes = w.bytes;
	*length = w.n;
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/pack.h"

#include "base/hll.h"
#include "snapshot/pack_format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * What is read is not to be trusted, hash or not. The reader remembers the first thing that went wrong and from then
 * on gives zeros, so that lists end; no list gets more memory than the bytes that are left could fill.
 */
struct reader {
	const uint8_t *at;
	const uint8_t *end;
	int err;
};

static size_t left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}

static void fail(struct reader *r, int err)
{
	if (!r->err)
		r->err = err;
	r->at = r->end;
}

static uint64_t number(struct reader *r)
{
	uint64_t value = 0;

	for (uint32_t shift = 0; shift < 64 && r->at < r->end; shift += 7) {
		uint8_t byte = *r->at++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return value;
	}
	fail(r, -EBADMSG);
	return 0;
}

static uint64_t number_to(struct reader *r, uint64_t max)
{
	uint64_t value = number(r);

	if (value <= max)
		return value;
	fail(r, -EBADMSG);
	return 0;
}

static int64_t moment(struct reader *r)
{
	return unpack_zigzag(number(r));
}

/* Fills the array with as many numbers as were written; what a later version may have appended to it was not. */
static void numbers(struct reader *r, uint64_t *value, size_t room)
{
	size_t n = number_to(r, room);

	for (size_t i = 0; i < n; i++)
		value[i] = number(r);
}

/* A list of that many members of at least `bytes` bytes each: memory for it, NULL for none. */
static void *list(struct reader *r, size_t bytes, size_t size, size_t *n)
{
	void *members;

	*n = number_to(r, left(r) / bytes);
	members = *n ? calloc(*n, size) : NULL;
	if (*n && !members) {
		fail(r, -ENOMEM);
		*n = 0;
	}
	return members;
}

/* The bytes of a text that is at most `max` long, not NUL-terminated. */
static const char *text(struct reader *r, size_t max, size_t *length)
{
	const uint8_t *begin;

	*length = number_to(r, max);
	begin = r->at;
	if (*length > left(r) || memchr(begin, '\0', *length)) {
		fail(r, -EBADMSG);
		*length = 0;
		return "";
	}
	r->at += *length;
	return (const char *)begin;
}

static void text_into(struct reader *r, char *place, size_t room)
{
	size_t length;
	const char *begin = text(r, room - 1, &length);

	memcpy(place, begin, length);
	place[length] = '\0';
}

static char *text_copy(struct reader *r)
{
	size_t length;
	const char *begin = text(r, SIZE_MAX, &length);
	char *copy = strndup(begin, length);

	if (!copy)
		fail(r, -ENOMEM);
	return copy;
}

static void counts(struct reader *r, struct nt_counts *c, uint64_t max_key)
{
	uint64_t key = 0; /* wraps for a list that is not in the order of its keys */

	c->entry = list(r, 2, sizeof(*c->entry), &c->n);
	c->capacity = c->n;
	for (size_t i = 0; i < c->n; i++) {
		key += number(r);
		if (key > max_key)
			fail(r, -EBADMSG);
		c->entry[i] = (struct nt_count){.key = key, .count = number(r)};
	}
}

static struct nt_address address(struct reader *r, uint64_t flags)
{
	struct nt_address a = {.length = flags & PACK_V6 ? 16 : 4};

	if (left(r) < a.length) {
		fail(r, -EBADMSG);
		return a;
	}
	memcpy(a.byte, r->at, a.length);
	r->at += a.length;
	return a;
}

/* ---- parts of a snapshot ---- */

#define REGION_MAX	(NT_REGIONS - 1)
#define PORT_MAX	0xffff
#define PORT_KEY_MAX	0x1ffff
#define REGION_PORT_MAX ((uint64_t)REGION_MAX << 17 | PORT_KEY_MAX)

static void totals(struct reader *r, struct nt_snapshot *s)
{
	uint64_t flags = number_to(r, PACK_PARTIAL | PACK_REDUCED | PACK_MISSED_UNKNOWN | PACK_ESTIMATED);

	s->partial = flags & PACK_PARTIAL;
	s->reduced = flags & PACK_REDUCED;
	s->loss.missed_unknown = flags & PACK_MISSED_UNKNOWN;
	s->unique.estimated = flags & PACK_ESTIMATED;
	s->start_s = moment(r);
	s->end_s = moment(r);
	s->frames = number(r);
	s->bytes = number(r);
	s->late = number(r);
	numbers(r, s->class_frames, NT_CLASSES);
	numbers(r, s->malformed, NT_REASONS);
	numbers(r, s->truncated, NT_REASONS);
	numbers(r, s->cut, NT_TABLES);
	numbers(r, s->overflow, NT_OVERFLOWS);
	s->loss.missed = number(r);
	s->loss.no_mbuf = number(r);
	s->loss.errors = number(r);
	s->loss.unexplained = number(r);
	s->unique.sources = number(r);
	s->unique.backscatter = number(r);
}

static void tables(struct reader *r, struct nt_snapshot *s)
{
	static const uint64_t max_key[NT_TABLES] = {
	    [NT_TABLE_NO_L4] = NT_PROTO_UNRESOLVED,
	    [NT_TABLE_IP_PROTO] = NT_PROTO_UNRESOLVED,
	    [NT_TABLE_TCP_PORT] = PORT_MAX,
	    [NT_TABLE_UDP_PORT] = PORT_MAX,
	    [NT_TABLE_TCP_FLAGS] = 0xff,
	    [NT_TABLE_TCP_WINDOW] = 0xffff,
	    [NT_TABLE_ICMP] = 0xffff,
	    [NT_TABLE_ICMP6] = 0xffff,
	    [NT_TABLE_REGION] = REGION_MAX,
	    [NT_TABLE_ASN] = UINT32_MAX,
	    [NT_TABLE_REGION_PORT] = REGION_PORT_MAX,
	};
	size_t n = number_to(r, NT_TABLES);

	for (size_t t = 0; t < n; t++)
		counts(r, &s->table[t], max_key[t]);
	counts(r, &s->unique.region, REGION_MAX);
	counts(r, &s->unique.port, PORT_KEY_MAX);
	counts(r, &s->unique.backscatter_region, REGION_MAX);
	counts(r, &s->backscatter_port, REGION_PORT_MAX);
}

static void signatures(struct reader *r, struct nt_snapshot *s)
{
	s->signature = list(r, 7, sizeof(*s->signature), &s->n_signatures);
	if (s->n_signatures > NT_SIGNATURES_MAX)
		fail(r, -EBADMSG);
	for (size_t i = 0; i < s->n_signatures; i++) {
		struct nt_signature_counts *c = &s->signature[i];

		text_into(r, c->name, sizeof(c->name));
		c->packets = number(r);
		c->sources = number(r);
		counts(r, &c->region_packets, REGION_MAX);
		counts(r, &c->region_sources, REGION_MAX);
		counts(r, &c->port_packets, PORT_KEY_MAX);
		counts(r, &c->port_sources, PORT_KEY_MAX);
	}
}

static void senders(struct reader *r, struct nt_snapshot *s)
{
	s->backscatter = list(r, 12 + NT_BACKSCATTERS, sizeof(*s->backscatter), &s->n_backscatter);
	for (size_t i = 0; i < s->n_backscatter; i++) {
		struct nt_backscatter_source *b = &s->backscatter[i];
		uint64_t flags = number_to(r, PACK_V6 | PACK_HAS_PORT | PACK_PORT_SAME);

		b->has_port = flags & PACK_HAS_PORT;
		b->source_port_same = flags & PACK_PORT_SAME;
		b->address = address(r, flags);
		b->region = (uint16_t)number_to(r, REGION_MAX);
		b->source_port = (uint16_t)number_to(r, PORT_MAX);
		b->asn = (uint32_t)number_to(r, UINT32_MAX);
		b->packets = number(r);
		for (uint32_t k = 0; k < NT_BACKSCATTERS; k++)
			b->classes[k] = number(r);
		b->targets = number(r);
		b->first_s = moment(r);
		b->last_s = moment(r);
	}
}

static void sources(struct reader *r, struct nt_snapshot *s)
{
	s->source = list(r, 9, sizeof(*s->source), &s->n_sources);
	for (size_t i = 0; i < s->n_sources; i++) {
		struct nt_source *source = &s->source[i];
		uint64_t flags = number_to(r, PACK_V6 | PACK_BACKSCATTER);

		source->backscatter = flags & PACK_BACKSCATTER;
		source->address = address(r, flags);
		source->region = (uint16_t)number_to(r, REGION_MAX);
		source->asn = (uint32_t)number_to(r, UINT32_MAX);
		source->signatures = (uint32_t)number_to(r, UINT32_MAX);
		source->packets = number(r);
	}
}

static bool sketch_key_valid(const struct nt_snapshot *s, uint32_t key)
{
	uint32_t kind = key >> 24, id = key & 0xffffff;

	return kind < NT_SKETCH_KINDS && (kind < NT_SKETCH_SIGNATURE || id >> 17 < s->n_signatures);
}

static void registers(struct reader *r, struct nt_sketch *k)
{
	uint64_t index = 0;
	size_t n;

	k->registers = list(r, 2, sizeof(k->registers[0]), &n);
	if (n > NT_HLL_REGISTERS)
		fail(r, -EBADMSG);
	k->n = (uint32_t)n;
	for (size_t i = 0; i < n; i++) {
		uint64_t step = number_to(r, NT_HLL_REGISTERS);

		index += step;
		if (index >= NT_HLL_REGISTERS || (i && !step))
			fail(r, -EBADMSG);
		k->registers[i] = (uint32_t)index << 8 | (uint32_t)number_to(r, NT_HLL_RANK_MAX);
	}
}

static void sketches(struct reader *r, struct nt_snapshot *s)
{
	s->sketch = list(r, 2, sizeof(*s->sketch), &s->n_sketches);
	for (size_t i = 0; i < s->n_sketches && !r->err; i++) {
		s->sketch[i].key = (uint32_t)number_to(r, UINT32_MAX);
		if (!sketch_key_valid(s, s->sketch[i].key))
			fail(r, -EBADMSG);
		registers(r, &s->sketch[i]);
	}
}

static void hosts_of(struct reader *r, struct nt_sketch *k)
{
	uint64_t host = 0;
	size_t n;

	k->host = list(r, 1, sizeof(k->host[0]), &n);
	if (n > NT_FEW_HOSTS)
		fail(r, -EBADMSG);
	for (size_t i = 0; i < n && !r->err; i++) {
		uint64_t step = number_to(r, UINT32_MAX);

		host += step;
		if (host > UINT32_MAX || (i && !step))
			fail(r, -EBADMSG);
		k->host[i] = (uint32_t)host;
	}
	k->n_hosts = r->err ? 0 : (uint32_t)n;
}

static void hosts(struct reader *r, struct nt_snapshot *s)
{
	for (size_t i = 0; i < s->n_sketches && !r->err; i++)
		hosts_of(r, &s->sketch[i]);
}

static void told(struct reader *r, struct nt_snapshot *s)
{
	s->org = list(r, 2, sizeof(*s->org), &s->n_orgs);
	for (size_t i = 0; i < s->n_orgs; i++) {
		s->org[i].asn = (uint32_t)number_to(r, UINT32_MAX);
		s->org[i].name = text_copy(r);
	}
	s->event = list(r, 6, sizeof(*s->event), &s->n_events);
	for (size_t i = 0; i < s->n_events; i++) {
		struct nt_event *e = &s->event[i];

		e->type = (enum nt_event_type)number_to(r, NT_EVENT_TYPES - 1);
		e->start_s = moment(r);
		e->end_s = moment(r);
		text_into(r, e->region, sizeof(e->region));
		text_into(r, e->source, sizeof(e->source));
		e->body = text_copy(r);
	}
}

/* ---- the header ---- */

static uint64_t little_endian(const uint8_t *bytes, size_t n)
{
	uint64_t value = 0;

	for (size_t i = 0; i < n; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	return value;
}

static uint64_t version_of(const uint8_t *bytes)
{
	return little_endian(bytes + 4, 2);
}

static bool header_valid(const uint8_t *bytes, size_t length)
{
	return length >= NT_PACK_HEADER && !memcmp(bytes, PACK_MAGIC, 4) && version_of(bytes) >= 1 &&
	       version_of(bytes) <= PACK_VERSION && little_endian(bytes + 6, 2) == 0 &&
	       little_endian(bytes + 8, 8) == length - NT_PACK_HEADER &&
	       little_endian(bytes + 16, 8) == nt_hll_hash(bytes + NT_PACK_HEADER, length - NT_PACK_HEADER);
}

int nt_snapshot_unpack(struct nt_snapshot *s, const uint8_t *bytes, size_t length)
{
	struct reader r;

	nt_snapshot_init(s);
	if (!header_valid(bytes, length))
		return -EBADMSG;
	r = (struct reader){.at = bytes + NT_PACK_HEADER, .end = bytes + length};
	totals(&r, s);
	tables(&r, s);
	signatures(&r, s);
	senders(&r, s);
	sources(&r, s);
	sketches(&r, s);
	told(&r, s);
	if (version_of(bytes) >= 2) {
		hosts(&r, s);
		s->geo_build_s = moment(&r);
	}
	if (left(&r) && !r.err)
		r.err = -EBADMSG;
	if (r.err)
		nt_snapshot_fini(s);
	return r.err;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis_samples.h"

#include "needletail/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S 86400

const struct nt_redis_limits sample_limits = {
    .lifetime_s = {[NT_BUCKET_M] = 2 * DAY_S,
		   [NT_BUCKET_H] = 130 * DAY_S,
		   [NT_BUCKET_D] = 400 * DAY_S,
		   [NT_BUCKET_Q] = 1830 * DAY_S},
    .h_hll_lifetime_s = 7 * DAY_S,
    .d_sources_lifetime_s = 130 * DAY_S,
    .live_entries = 129600,
    .events_entries = 100000,
    .members = {[NT_BOUND_M] = 128,
		[NT_BOUND_H] = 128,
		[NT_BOUND_D_PORT] = 512,
		[NT_BOUND_D_REGION_PORT] = 512,
		[NT_BOUND_D_OTHER] = 128,
		[NT_BOUND_Q] = 4096,
		[NT_BOUND_OPEN_REGION_PORT] = 32768,
		[NT_BOUND_OPEN_ASN] = 32768,
		[NT_BOUND_SIG] = 32,
		[NT_BOUND_OPEN_SIG] = 2048,
		[NT_BOUND_D_SOURCE] = 20,
		[NT_BOUND_D_BACKSCATTER] = 2000,
		[NT_BOUND_OPEN_SOURCE] = 512,
		[NT_BOUND_OPEN_BACKSCATTER] = 1000,
		[NT_BOUND_D_HLL] = 48,
		[NT_BOUND_Q_HLL] = 128,
		[NT_BOUND_OPEN_HLL] = 4096},
};

/* xorshift64 (Marsaglia 2003) */
static uint64_t draw(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint64_t draw_key(enum nt_table table, uint64_t keys, uint64_t *random)
{
	uint64_t r = draw(random) >> 8;

	switch (table) {
	case NT_TABLE_NO_L4:
		return r & 1 ? 6 : 17;
	case NT_TABLE_IP_PROTO:
		return keys ? r % keys % 256 : r % 257;
	case NT_TABLE_TCP_FLAGS:
		return r % (keys && keys < 256 ? keys : 256);
	case NT_TABLE_REGION:
		return r % (keys && keys < 251 ? keys : 251);
	case NT_TABLE_REGION_PORT:
		return nt_region_port_key((uint32_t)(r % (keys && keys < 251 ? keys : 251)), r >> 20 & 1,
					  (uint16_t)((r >> 24) % (keys ? keys : 65536)));
	default:
		return r % (keys ? keys : 65536);
	}
}

static void *need(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static uint64_t mix(uint64_t x)
{
	x ^= x >> 31;
	x *= UINT64_C(0x9e3779b97f4a7c15);
	x ^= x >> 29;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	return x ^ x >> 32;
}

static void count(struct nt_counts *c, uint64_t key, uint64_t packets)
{
	if (nt_counts_append(c, key, packets))
		abort();
}

/* Host number `host` has the same address, region and AS in every sample. */
static struct nt_source host_source(uint64_t host)
{
	static const char *const region[SAMPLE_REGIONS] = {"JP", "US", "TW", "NL", "CN"};
	static const uint8_t of[] = {0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4}; /* not as many hosts in each */
	uint64_t bits = mix(host + 1);
	struct nt_source s = {
	    .address = {.length = host % 7 ? 4 : 16},
	    .region = (uint16_t)nt_region_index(region[of[bits % sizeof(of)]], 2),
	    .asn = (uint32_t)(bits >> 20) % 3000,
	};

	for (uint32_t i = 0; i < s.address.length; i++)
		s.address.byte[i] = (uint8_t)(mix(bits + i / 4) >> (i % 4 * 8));
	return s;
}

/* A sketch while it is made: all registers. */
struct growing {
	uint32_t key;
	uint8_t rank[16384];
	uint32_t host[NT_FEW_HOSTS];
	uint32_t n_hosts; /* may be more */
};

static void see(struct growing *g, size_t *n, uint32_t key, uint64_t hash)
{
	uint8_t rank = (uint8_t)(1 + __builtin_ctzll(hash >> 14 | UINT64_C(1) << 50));
	size_t i = 0;

	while (i < *n && g[i].key != key)
		i++;
	if (i == *n) {
		*n += 1;
		g[i] = (struct growing){.key = key};
	}
	if (g[i].rank[hash & 16383] < rank)
		g[i].rank[hash & 16383] = rank;
	if (g[i].n_hosts < NT_FEW_HOSTS)
		g[i].host[g[i].n_hosts] = (uint32_t)(hash >> 32);
	g[i].n_hosts++;
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Hosts of a few; of some it is not known which they are. */
static void take_hosts(const struct growing *g, int64_t start_s, struct nt_sketch *sketch)
{
	if (g->n_hosts > NT_FEW_HOSTS || mix(g->key + (uint64_t)start_s) % 8 == 0)
		return;
	sketch->host = need(calloc(g->n_hosts, sizeof(*sketch->host)));
	memcpy(sketch->host, g->host, g->n_hosts * sizeof(*sketch->host));
	qsort(sketch->host, g->n_hosts, sizeof(*sketch->host), by_number);
	sketch->n_hosts = g->n_hosts;
}

static int by_key(const void *a, const void *b)
{
	const struct nt_sketch *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

static void take_sketches(struct nt_snapshot *s, const struct growing *g, size_t n)
{
	s->sketch = need(calloc(n + 1, sizeof(*s->sketch)));
	s->n_sketches = n;
	for (size_t i = 0; i < n; i++) {
		struct nt_sketch *sketch = &s->sketch[i];

		sketch->key = g[i].key;
		sketch->registers = need(calloc(16384, sizeof(*sketch->registers)));
		for (uint32_t r = 0; r < 16384; r++)
			if (g[i].rank[r])
				sketch->registers[sketch->n++] = r << 8 | g[i].rank[r];
		take_hosts(&g[i], s->start_s, sketch);
	}
	qsort(s->sketch, n, sizeof(*s->sketch), by_key);
}

enum { SKETCHES_MOST = 64 };

static void add_backscatter(struct nt_snapshot *s, const struct nt_source *source, uint64_t packets, uint64_t port)
{
	struct nt_backscatter_source *b = &s->backscatter[s->n_backscatter++];

	*b = (struct nt_backscatter_source){
	    .address = source->address, .region = source->region, .asn = source->asn, .packets = packets};
	b->classes[NT_BACKSCATTER_SYNACK] = packets;
	count(&s->backscatter_port, (uint64_t)source->region << 17 | port % 700, packets);
}

static void add_match(struct nt_signature_counts *c, const struct nt_source *source, uint64_t port)
{
	c->packets += source->packets;
	count(&c->region_packets, source->region, source->packets);
	count(&c->port_packets, port % 131072, source->packets);
}

static void add_source(struct nt_snapshot *s, struct growing *g, size_t *n, uint64_t host, uint64_t *random)
{
	struct nt_source *source = &s->source[s->n_sources++];
	uint64_t hash = mix(host + 77), which = host % SAMPLE_SIGNATURES;

	*source = host_source(host);
	source->packets = 1 + draw(random) % (host % 13 ? 20 : 2000);
	see(g, n, nt_sketch_key(NT_SKETCH_SOURCES, 0), hash);
	see(g, n, nt_sketch_key(NT_SKETCH_REGION, source->region), hash);
	see(g, n, nt_sketch_key(NT_SKETCH_PORT, (uint32_t)(host % 3 << 16 | host % 5)), hash);
	if (host % 3 == 0) {
		add_backscatter(s, source, source->packets, draw(random));
		see(g, n, nt_sketch_key(NT_SKETCH_BACKSCATTER, 0), hash);
		see(g, n, nt_sketch_key(NT_SKETCH_BACKSCATTER_REGION, source->region), hash);
	}
	if (host % 4 == 0) {
		add_match(&s->signature[which], source, draw(random));
		see(g, n, nt_sketch_key(NT_SKETCH_SIGNATURE, (uint32_t)which << 17), hash);
		see(g, n, nt_sketch_key(NT_SKETCH_SIGNATURE_REGION, (uint32_t)which << 17 | source->region), hash);
		see(g, n, nt_sketch_key(NT_SKETCH_SIGNATURE_PORT, (uint32_t)which << 17 | 23), hash);
	}
}

static void compact_signatures(struct nt_snapshot *s)
{
	for (size_t i = 0; i < s->n_signatures; i++) {
		nt_counts_compact(&s->signature[i].region_packets);
		nt_counts_compact(&s->signature[i].port_packets);
	}
}

/* About as many sources as there are entries in a table, out of twice as many hosts. */
static void add_sources(struct nt_snapshot *s, const struct sample *sample, uint64_t *random)
{
	static const char *const name[SAMPLE_SIGNATURES] = {"mirai", "smb-8192", "zmap.new_2"};
	uint32_t most = sample->entries < 2000 ? sample->entries : 2000;
	struct growing *g = need(calloc(SKETCHES_MOST, sizeof(*g)));
	size_t n = 0;

	s->source = need(calloc(2 * most + 1, sizeof(*s->source)));
	s->backscatter = need(calloc(2 * most + 1, sizeof(*s->backscatter)));
	s->signature = need(calloc(SAMPLE_SIGNATURES, sizeof(*s->signature)));
	s->n_signatures = SAMPLE_SIGNATURES;
	for (size_t i = 0; i < SAMPLE_SIGNATURES; i++)
		snprintf(s->signature[i].name, sizeof(s->signature[i].name), "%s", name[i]);
	for (uint64_t host = 0; host < 2 * most; host++)
		if (draw(random) >> 40 & 1)
			add_source(s, g, &n, host, random);
	nt_counts_compact(&s->backscatter_port);
	compact_signatures(s);
	take_sketches(s, g, n);
	free(g);
	s->unique.sources = s->n_sources;
	s->unique.backscatter = s->n_backscatter;
	if (most) {
		s->org = need(calloc(1, sizeof(*s->org)));
		s->n_orgs = 1;
		s->org[0].asn = s->n_sources ? s->source[0].asn : 1;
		s->org[0].name = need(strdup("An organisation, \"quoted\" \xc3\xa9"));
	}
}

static void add_events(struct nt_snapshot *s, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct nt_event e = {.type = i % NT_EVENT_TYPES,
				     .start_s = s->start_s - 300 - i,
				     .end_s = s->start_s + i,
				     .region = "JP",
				     .source = "192.0.2.1"};
		char body[64];

		snprintf(body, sizeof(body), "{\"packets\":%u%s}", i, i / NT_EVENT_TYPES % 2 ? ",\"known\":true" : "");
		e.body = need(strdup(body));
		if (nt_snapshot_add_event(s, &e))
			abort();
	}
}

void sample_make(struct nt_snapshot *s, const struct sample *sample)
{
	uint64_t random = (sample->seed + 1) * UINT64_C(0x9e3779b97f4a7c15);

	nt_snapshot_init(s);
	s->start_s = sample->start_s;
	s->end_s = sample->start_s + (sample->length_s ? sample->length_s : 60);
	s->partial = sample->partial;
	for (enum nt_table t = 0; t < NT_TABLES; t++) {
		for (uint32_t i = 0; i < sample->entries; i++)
			if (nt_counts_append(&s->table[t], draw_key(t, sample->keys, &random), 1 + draw(&random) % 100))
				abort();
		nt_counts_compact(&s->table[t]);
	}
	s->class_frames[NT_CLASS_IPV4] = nt_counts_total(&s->table[NT_TABLE_IP_PROTO]);
	s->class_frames[NT_CLASS_IPV6] = 1 + draw(&random) % 10;
	s->class_frames[NT_CLASS_ARP] = draw(&random) % 3;
	for (uint32_t i = 0; i < NT_CLASSES; i++)
		s->frames += s->class_frames[i];
	s->bytes = s->frames * 60;
	s->late = draw(&random) % 2;
	s->geo_build_s = 1650000000 + 86400 * (int64_t)(mix((uint64_t)s->start_s) % 3);
	s->malformed[NT_REASON_TCP_OFFSET] = 1 + draw(&random) % 5;
	s->truncated[NT_REASON_UDP_HEADER] = draw(&random) % 5;
	s->overflow[NT_OVERFLOW_REGION_PORT] = draw(&random) % 4;
	s->loss.missed = draw(&random) % 4;
	s->loss.missed_unknown = sample->missed_unknown;
	s->loss.no_mbuf = draw(&random) % 2;
	s->overflow[NT_OVERFLOW_SOURCES] = draw(&random) % 3;
	if (!sample->bare)
		add_sources(s, sample, &random);
	add_events(s, sample->events);
}

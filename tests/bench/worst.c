/* SPDX-License-Identifier: BSD-3-Clause */
#include "worst.h"

#include "base/hll.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOP_PORTS 128
#define POOL	  16 /* different HyperLogLogs of one size, taken in turn */

static uint64_t random_state = 88172645463325252u;

/* xorshift64 (Marsaglia 2003) */
static uint64_t draw(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state * UINT64_C(0x2545f4914f6cdd1d) >> 8;
}

static void *need(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static void add(struct nt_counts *c, uint64_t key, uint64_t packets)
{
	if (nt_counts_append(c, key, packets))
		abort();
}

static uint32_t region_of(uint32_t i)
{
	return 1 + i % WORST_REGIONS * 5;
}

static uint64_t some_packets(const struct worst *w)
{
	return 1 + draw() % (w->packets ? w->packets : 100);
}

/* All of `keys` keys, or so many of them. */
static void fill(struct nt_counts *c, uint32_t keys, uint32_t wanted, const struct worst *w)
{
	for (uint32_t i = 0; i < wanted && i < keys; i++)
		add(c, wanted < keys ? draw() % keys : i, some_packets(w));
	nt_counts_compact(c);
}

static void add_tables(struct nt_snapshot *s, const struct worst *w)
{
	fill(&s->table[NT_TABLE_TCP_PORT], 65536, w->ports, w);
	fill(&s->table[NT_TABLE_UDP_PORT], 65536, w->ports, w);
	fill(&s->table[NT_TABLE_TCP_WINDOW], 65536, w->windows, w);
	fill(&s->table[NT_TABLE_ICMP], 65536, w->icmp, w);
	fill(&s->table[NT_TABLE_ICMP6], 65536, w->icmp, w);
	fill(&s->table[NT_TABLE_ASN], 75000, w->asn, w);
	fill(&s->table[NT_TABLE_TCP_FLAGS], 256, 256, w);
	fill(&s->table[NT_TABLE_IP_PROTO], 256, 256, w);
	for (uint32_t i = 0; i < WORST_REGIONS; i++)
		add(&s->table[NT_TABLE_REGION], region_of(i), some_packets(w));
	for (uint32_t i = 0; i < w->region_ports; i++)
		add(&s->table[NT_TABLE_REGION_PORT],
		    nt_region_port_key(region_of((uint32_t)draw()), draw() & 1, (uint16_t)draw()), some_packets(w));
	nt_counts_compact(&s->table[NT_TABLE_REGION]);
	nt_counts_compact(&s->table[NT_TABLE_REGION_PORT]);
}

static void add_signatures(struct nt_snapshot *s, const struct worst *w)
{
	s->signature = need(calloc(WORST_SIGNATURES, sizeof(*s->signature)));
	s->n_signatures = WORST_SIGNATURES;
	for (uint32_t i = 0; i < WORST_SIGNATURES; i++) {
		struct nt_signature_counts *sig = &s->signature[i];

		snprintf(sig->name, sizeof(sig->name), "signature-%u", i);
		for (uint32_t r = 0; r < WORST_REGIONS; r++)
			add(&sig->region_packets, region_of(r), some_packets(w));
		nt_counts_compact(&sig->region_packets);
		fill(&sig->port_packets, 131072, w->signature_ports, w);
		sig->packets = nt_counts_total(&sig->region_packets);
	}
}

static struct nt_address draw_address(void)
{
	uint32_t bytes = (uint32_t)draw();
	struct nt_address address = {.length = 4};

	memcpy(address.byte, &bytes, sizeof(bytes));
	return address;
}

static void add_sources(struct nt_snapshot *s, const struct worst *w)
{
	s->source = need(calloc((size_t)w->sources * WORST_REGIONS + 1, sizeof(*s->source)));
	s->backscatter = need(calloc((size_t)w->backscatter * WORST_REGIONS + 1, sizeof(*s->backscatter)));
	for (uint32_t i = 0; i < w->sources * WORST_REGIONS; i++)
		s->source[s->n_sources++] = (struct nt_source){.address = draw_address(),
							       .region = (uint16_t)region_of(i),
							       .asn = (uint32_t)draw() % 75000,
							       .packets = some_packets(w)};
	for (uint32_t i = 0; i < w->backscatter * WORST_REGIONS; i++)
		s->backscatter[s->n_backscatter++] = (struct nt_backscatter_source){.address = draw_address(),
										    .region = (uint16_t)region_of(i),
										    .asn = (uint32_t)draw() % 75000,
										    .packets = some_packets(w)};
	for (uint32_t i = 0; i < w->backscatter_ports * WORST_REGIONS; i++)
		add(&s->backscatter_port, (uint64_t)region_of(i) << 17 | draw() % 65536, some_packets(w));
	nt_counts_compact(&s->backscatter_port);
	s->unique.sources = w->seen;
	s->unique.backscatter = w->seen / 20;
}

/* Registers after n sources, drawn as they are distributed: a rank is at most r with probability exp(-n/2^(14+r)). */
static void draw_sketch(struct nt_sketch *sketch, double n)
{
	uint32_t *registers = need(calloc(NT_HLL_REGISTERS, sizeof(*registers)));

	sketch->n = 0;
	for (uint32_t i = 0; i < NT_HLL_REGISTERS; i++) {
		double u = ((double)(draw() & 0xffffffff) + 0.5) / 4294967296.0;
		double rank = ceil(log2(n / NT_HLL_REGISTERS / -log(u)));

		if (rank >= 1)
			registers[sketch->n++] = i << 8 | (uint32_t)(rank < 50 ? rank : 50);
	}
	sketch->registers = registers;
}

/* Hosts of a few, in order; who they are plays no part. */
static void draw_hosts(struct nt_sketch *sketch, uint64_t n)
{
	if (n > NT_FEW_HOSTS)
		return;
	sketch->host = need(calloc(n, sizeof(*sketch->host)));
	sketch->n_hosts = (uint32_t)n;
	for (uint32_t i = 0; i < n; i++)
		sketch->host[i] = (uint32_t)(UINT32_MAX / n * i + draw() % (UINT32_MAX / n));
}

/* One of a few that were drawn for that number of sources. */
static void add_sketch(struct nt_snapshot *s, enum nt_sketch_kind kind, uint32_t id, uint64_t n)
{
	static struct pool {
		uint64_t n;
		struct nt_sketch sketch[POOL];
	} pools[16];
	struct nt_sketch *sketch = &s->sketch[s->n_sketches], *drawn;
	struct pool *pool = pools;

	while (pool->n && pool->n != n)
		pool++;
	drawn = &pool->sketch[draw() % POOL];
	pool->n = n;
	if (!drawn->registers)
		draw_sketch(drawn, (double)n);
	if (!drawn->n)
		return;
	*sketch = (struct nt_sketch){.key = nt_sketch_key(kind, id), .n = drawn->n};
	sketch->registers = need(calloc(drawn->n, sizeof(*sketch->registers)));
	memcpy(sketch->registers, drawn->registers, drawn->n * sizeof(*sketch->registers));
	draw_hosts(sketch, n);
	s->n_sketches++;
}

static int by_key(const void *a, const void *b)
{
	const struct nt_sketch *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

static void add_sketches(struct nt_snapshot *s, const struct worst *w)
{
	uint32_t offset = (uint32_t)draw() % 130000;

	s->sketch = need(calloc(w->names + 4096, sizeof(*s->sketch)));
	if (!w->names)
		return;
	add_sketch(s, NT_SKETCH_SOURCES, 0, w->seen);
	add_sketch(s, NT_SKETCH_BACKSCATTER, 0, w->seen / 20);
	for (uint32_t r = 0; r < WORST_REGIONS && w->names > 2; r++) {
		add_sketch(s, NT_SKETCH_REGION, region_of(r), w->seen / WORST_REGIONS);
		add_sketch(s, NT_SKETCH_BACKSCATTER_REGION, region_of(r), w->seen / 20 / WORST_REGIONS);
		for (uint32_t i = 0; i < WORST_SIGNATURES; i++)
			add_sketch(s, NT_SKETCH_SIGNATURE_REGION, i << 17 | region_of(r),
				   w->seen / WORST_SIGNATURES / WORST_REGIONS);
	}
	for (uint32_t i = 0; i < WORST_SIGNATURES && w->names > 2; i++)
		add_sketch(s, NT_SKETCH_SIGNATURE, i << 17, w->seen / WORST_SIGNATURES);
	for (uint32_t i = 0; i < TOP_PORTS && w->names > 2; i++)
		add_sketch(s, NT_SKETCH_PORT, i * 7, w->seen / TOP_PORTS);
	/* ports that were among the heaviest for an interval */
	for (uint32_t i = 0; s->n_sketches < w->names; i++)
		add_sketch(s, NT_SKETCH_PORT, 1000 + (offset + i * 61) % 130000, 40);
	qsort(s->sketch, s->n_sketches, sizeof(*s->sketch), by_key);
	while (s->n_sketches > w->names) {
		free(s->sketch[--s->n_sketches].registers);
		free(s->sketch[s->n_sketches].host);
	}
}

static void add_orgs(struct nt_snapshot *s, const struct worst *w)
{
	s->org = need(calloc(w->orgs + 1, sizeof(*s->org)));
	for (uint32_t i = 0; i < w->orgs; i++) {
		char name[48];

		snprintf(name, sizeof(name), "Organisation number %u of the world", i);
		s->org[s->n_orgs].asn = i + 1;
		s->org[s->n_orgs++].name = need(strdup(name));
	}
}

static uint64_t protocols(const struct nt_snapshot *s)
{
	return nt_counts_total(&s->table[NT_TABLE_IP_PROTO]);
}

void worst_make(struct nt_snapshot *s, const struct worst *w, int64_t start_s, int64_t length_s)
{
	nt_snapshot_init(s);
	s->start_s = start_s;
	s->end_s = start_s + length_s;
	add_tables(s, w);
	add_signatures(s, w);
	add_sources(s, w);
	add_sketches(s, w);
	add_orgs(s, w);
	s->frames = protocols(s);
	s->bytes = s->frames * 60;
	for (uint32_t i = 0; i < NT_CLASSES; i++)
		s->class_frames[i] = some_packets(w);
	for (uint32_t i = 0; i < NT_REASONS; i++)
		s->malformed[i] = s->truncated[i] = some_packets(w);
}

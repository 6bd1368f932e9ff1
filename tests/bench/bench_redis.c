/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "redis/put.h"
#include "redis_samples.h"
#include "redis_server.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What one sensor's worst day costs a Redis server: every port, 250 regions that are all alike, 10 M sources, seven
 * signatures that match sources of every region.
 *
 *     bench_redis [INTERVALS [SOURCES]]      144 70000: ten minutes each, 10 M sources in a day
 *
 * Prints memory while the day is open and when it is closed, kind by kind, and how long the script kept the server.
 */

#define START	   INT64_C(1664496000) /* 2022-09-30 00:00 UTC, the last day of a quarter */
#define DAY_S	   86400
#define REGIONS	   250
#define SIGNATURES 7
#define TOP_PORTS  128

static uint64_t random_state = 88172645463325252u;

/* xorshift64 (Marsaglia 2003) */
static uint64_t draw(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state * UINT64_C(0x2545f4914f6cdd1d);
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
	return 1 + i % REGIONS * 5;
}

/* Registers of every sketch of an interval. */
enum {
	OF_ALL = 0,
	OF_REGION = 1,
	OF_PORT = OF_REGION + REGIONS,
	OF_BACKSCATTER = OF_PORT + TOP_PORTS,
	OF_BACKSCATTER_REGION,
	OF_SIGNATURE = OF_BACKSCATTER_REGION + REGIONS,
	OF_SIGNATURE_REGION = OF_SIGNATURE + SIGNATURES,
	SKETCHES = OF_SIGNATURE_REGION + SIGNATURES * REGIONS
};

static uint8_t (*rank)[16384];
static uint32_t port_of[TOP_PORTS];

static void see(uint32_t sketch, uint64_t hash)
{
	uint8_t r = (uint8_t)(1 + __builtin_ctzll(hash >> 14 | UINT64_C(1) << 50));

	if (rank[sketch][hash & 16383] < r)
		rank[sketch][hash & 16383] = r;
}

static uint32_t key_of(uint32_t i)
{
	if (i >= OF_SIGNATURE_REGION)
		return nt_sketch_key(NT_SKETCH_SIGNATURE_REGION, (i - OF_SIGNATURE_REGION) / REGIONS << 17 |
								     region_of((i - OF_SIGNATURE_REGION) % REGIONS));
	if (i >= OF_SIGNATURE)
		return nt_sketch_key(NT_SKETCH_SIGNATURE, (i - OF_SIGNATURE) << 17);
	if (i >= OF_BACKSCATTER_REGION)
		return nt_sketch_key(NT_SKETCH_BACKSCATTER_REGION, region_of(i - OF_BACKSCATTER_REGION));
	if (i >= OF_BACKSCATTER)
		return nt_sketch_key(NT_SKETCH_BACKSCATTER, 0);
	if (i >= OF_PORT)
		return nt_sketch_key(NT_SKETCH_PORT, port_of[i - OF_PORT]);
	return i ? nt_sketch_key(NT_SKETCH_REGION, region_of(i - OF_REGION)) : nt_sketch_key(NT_SKETCH_SOURCES, 0);
}

static int by_key(const void *a, const void *b)
{
	const struct nt_sketch *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

static void add_sketches(struct nt_snapshot *s)
{
	s->sketch = need(calloc(SKETCHES, sizeof(*s->sketch)));
	for (uint32_t i = 0; i < SKETCHES; i++) {
		struct nt_sketch *sketch = &s->sketch[s->n_sketches];

		for (uint32_t r = 0; r < 16384; r++)
			sketch->n += rank[i][r] != 0;
		if (!sketch->n)
			continue;
		sketch->key = key_of(i);
		sketch->registers = need(calloc(sketch->n, sizeof(*sketch->registers)));
		sketch->n = 0;
		for (uint32_t r = 0; r < 16384; r++)
			if (rank[i][r])
				sketch->registers[sketch->n++] = r << 8 | rank[i][r];
		s->n_sketches++;
	}
	qsort(s->sketch, s->n_sketches, sizeof(*s->sketch), by_key);
}

static void add_source(struct nt_snapshot *s, uint32_t i, uint64_t hash)
{
	uint32_t place = (uint32_t)(hash >> 20) % REGIONS, signature = (uint32_t)(hash >> 30) % SIGNATURES;
	struct nt_source *source = &s->source[s->n_sources++];

	*source = (struct nt_source){.address = {.length = 4},
				     .region = (uint16_t)region_of(place),
				     .asn = (uint32_t)(hash >> 40) % 75000,
				     .packets = 1 + (draw() % 100 ? 0 : draw() % 10000)};
	memcpy(source->address.byte, &hash, 4);
	see(OF_ALL, hash);
	see(OF_REGION + place, hash);
	see(OF_PORT + i % TOP_PORTS, hash);
	see(OF_SIGNATURE + signature, hash);
	see(OF_SIGNATURE_REGION + signature * REGIONS + place, hash);
	s->signature[signature].packets += source->packets;
	add(&s->signature[signature].region_packets, source->region, source->packets);
	add(&s->signature[signature].port_packets, draw() % 131072, source->packets);
	if (i % 20)
		return;
	see(OF_BACKSCATTER, hash);
	see(OF_BACKSCATTER_REGION + place, hash);
	s->backscatter[s->n_backscatter++] = (struct nt_backscatter_source){
	    .address = source->address, .region = source->region, .asn = source->asn, .packets = source->packets};
	add(&s->backscatter_port, (uint64_t)source->region << 17 | draw() % 65536, source->packets);
}

static void add_tables(struct nt_snapshot *s)
{
	for (uint32_t i = 0; i < 20000; i++) {
		add(&s->table[NT_TABLE_TCP_PORT], draw() % 65536, 1 + draw() % 100);
		add(&s->table[NT_TABLE_UDP_PORT], draw() % 65536, 1 + draw() % 100);
		add(&s->table[NT_TABLE_TCP_WINDOW], draw() % 65536, 1 + draw() % 100);
		add(&s->table[NT_TABLE_ASN], draw() % 75000, 1 + draw() % 100);
		add(&s->table[NT_TABLE_REGION_PORT],
		    nt_region_port_key(region_of((uint32_t)(draw() >> 8) % REGIONS), draw() & 1, (uint16_t)draw()),
		    1 + draw() % 100);
	}
	for (uint32_t i = 0; i < 256; i++)
		add(&s->table[NT_TABLE_TCP_FLAGS], i, 1 + draw() % 100);
	for (uint32_t i = 0; i < REGIONS; i++)
		add(&s->table[NT_TABLE_REGION], region_of(i), 1 + draw() % 10000);
	for (enum nt_table t = 0; t < NT_TABLES; t++)
		nt_counts_compact(&s->table[t]);
}

static void make(struct nt_snapshot *s, int64_t start_s, int64_t length_s, uint32_t sources)
{
	nt_snapshot_init(s);
	s->start_s = start_s;
	s->end_s = start_s + length_s;
	memset(rank, 0, SKETCHES * sizeof(*rank));
	for (uint32_t i = 0; i < TOP_PORTS; i++) /* most are the same all day */
		port_of[i] = i < 100 ? i * 7 : (uint32_t)(draw() % 131072);
	s->source = need(calloc(sources + 1, sizeof(*s->source)));
	s->backscatter = need(calloc(sources + 1, sizeof(*s->backscatter)));
	s->signature = need(calloc(SIGNATURES, sizeof(*s->signature)));
	s->n_signatures = SIGNATURES;
	for (uint32_t i = 0; i < SIGNATURES; i++)
		snprintf(s->signature[i].name, sizeof(s->signature[i].name), "signature-%u", i);
	for (uint32_t i = 0; i < sources; i++)
		add_source(s, i, i % 100 ? draw() : (i + 1) * UINT64_C(0x9e3779b97f4a7c15)); /* 1 % come again */
	nt_counts_compact(&s->backscatter_port);
	for (uint32_t i = 0; i < SIGNATURES; i++) {
		nt_counts_compact(&s->signature[i].region_packets);
		nt_counts_compact(&s->signature[i].port_packets);
	}
	if (sources)
		add_tables(s);
	add_sketches(s);
	s->unique.sources = s->n_sources;
	s->unique.backscatter = s->n_backscatter;
}

static void say_memory(struct redis_server *server, const char *when)
{
	redisReply *reply = redis_server_do(server, "INFO memory");
	const char *at = strstr(reply->str, "used_memory:");

	printf("%s: %.1f MiB\n", when, strtod(at + strlen("used_memory:"), NULL) / 1048576);
	freeReplyObject(reply);
}

/* Memory of all keys that match. */
static void say_keys(struct redis_server *server, const char *pattern)
{
	redisReply *keys = redis_server_do(server, "KEYS nt:{s}:%s", pattern);
	double bytes = 0;

	for (size_t i = 0; i < keys->elements; i++)
		bytes += (double)redis_server_number(server, "MEMORY USAGE %s SAMPLES 0", keys->element[i]->str);
	printf("  %-22s %6zu keys %9.2f MiB\n", pattern, keys->elements, bytes / 1048576);
	freeReplyObject(keys);
}

static void say_all(struct redis_server *server)
{
	static const char *const pattern[] = {"m:*",
					      "m:*:sig:*",
					      "h:*",
					      "h:*:sig:*",
					      "h:*:hll:*",
					      "d:*",
					      "d:*:source:*",
					      "d:*:backscatter:*",
					      "d:*:backscatter_port:*",
					      "d:*:who",
					      "d:*:hll:*",
					      "d:*:unique",
					      "d:*:sig:*",
					      "d:*:asn",
					      "d:*:region_port",
					      "q:*",
					      "q:*:hll:*",
					      "q:*:sig:*",
					      "q:*:port_all:*",
					      "q:*:unique",
					      "[lenioc]*"};

	for (size_t i = 0; i < sizeof(pattern) / sizeof(pattern[0]); i++)
		say_keys(server, pattern[i]);
}

static double cpu_s(struct redis_server *server)
{
	redisReply *reply = redis_server_do(server, "INFO cpu");
	const char *user = strstr(reply->str, "used_cpu_user:"), *sys = strstr(reply->str, "used_cpu_sys:");
	double s = strtod(user + strlen("used_cpu_user:"), NULL) + strtod(sys + strlen("used_cpu_sys:"), NULL);

	freeReplyObject(reply);
	return s;
}

/* Calls, and the server's time that they took: processor time, because a shared machine keeps others waiting. */
struct spent {
	uint64_t calls;
	double s;
	double longest_s;
};

static void say_time(const char *what, const struct spent *t, uint64_t n)
{
	printf("%s: %.2f s of the server's time in %" PRIu64 " calls, %.1f ms each, the longest %.1f ms\n", what,
	       t->s / (double)n, t->calls / n, t->s * 1e3 / (double)t->calls, t->longest_s * 1e3);
}

static void publish(struct nt_put *put, struct redis_server *server, struct spent *t)
{
	double before = cpu_s(server), after;
	int rc;

	while ((rc = nt_put_step(put)) > 0) {
		after = cpu_s(server);
		t->calls++;
		t->s += after - before;
		t->longest_s = after - before > t->longest_s ? after - before : t->longest_s;
		before = after;
	}
	if (rc) {
		fprintf(stderr, "%s\n", nt_put_why(put));
		exit(1);
	}
}

int main(int argc, char **argv)
{
	uint32_t intervals = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 144;
	uint32_t sources = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 70000;
	struct redis_server server = {0};
	struct nt_put_options options = {.timeout_ms = 60000,
					 .sensor = {.name = "s", .interval_s = 60, .limits = sample_limits}};
	struct nt_spool *spool = nt_spool_open(&nt_spool_defaults);
	struct nt_snapshot s;
	struct nt_put *put;
	struct spent open = {0}, closing = {0};

	rank = need(calloc(SKETCHES, sizeof(*rank)));
	redis_server_start(&server);
	options.url = redis_server_url(&server);
	options.sensor.limits.members[NT_BOUND_OPEN_Q_REGION_PORT] = 262144;
	put = need(nt_put_new(&options, need(spool)));
	setlinebuf(stdout);
	say_memory(&server, "empty");
	for (uint32_t i = 0; i < intervals; i++) {
		make(&s, START + (int64_t)i * DAY_S / intervals, 60, sources);
		if (nt_spool_push(spool, &s))
			return 1;
		publish(put, &server, &open);
		nt_spool_set_applied(spool, NT_SINK_REDIS, i + 2);
	}
	say_time("an interval", &open, intervals);
	say_memory(&server, "day and quarter open");
	say_all(&server);
	make(&s, START + DAY_S, 60, 0); /* nothing but the time, which closes all */
	if (nt_spool_push(spool, &s))
		return 1;
	publish(put, &server, &closing);
	say_time("closing", &closing, 1);
	say_memory(&server, "day and quarter closed");
	say_all(&server);
	nt_put_free(put);
	nt_spool_free(spool);
	redis_server_stop(&server);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fold/fold.h"
#include "fold_model.h"
#include "geo/asn.h"
#include "geo_fixture.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define START_S	  INT64_C(1662422400)
#define BANKS_MAX 4
#define PACKETS	  3000

/* Signatures of the test's own, so that what matches is known without a language. */
struct nt_signatures {
	int none;
};

static const struct nt_signatures signatures;

uint32_t nt_signatures_n(const struct nt_signatures *s)
{
	(void)s;
	return MODEL_SIGNATURES;
}

const char *nt_signatures_name(const struct nt_signatures *s, uint32_t i)
{
	(void)s;
	return model_signature_name[i];
}

uint32_t nt_signatures_all_syns(const struct nt_signatures *s)
{
	(void)s;
	return MODEL_ALL_SYNS;
}

uint32_t nt_signatures_explaining(const struct nt_signatures *s)
{
	(void)s;
	return MODEL_EXPLAINING;
}

uint32_t nt_signatures_seq_dst(const struct nt_signatures *s)
{
	(void)s;
	return MODEL_SEQ_DST;
}

bool nt_signatures_ask_region(const struct nt_signatures *s)
{
	(void)s;
	return false;
}

void nt_signatures_match_burst(const struct nt_signatures *s, struct nt_packet *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		p[i].matched = s ? model_match(&p[i].fields) : 0;
}

/* Regions of the test's own, too: the model's unless it says otherwise. */
static uint16_t (*region4)(uint32_t address) = model_region4;

void nt_locate_v4(const struct nt_locate *l, const uint32_t *addresses, uint16_t *regions, uint32_t n)
{
	(void)l;
	for (uint32_t i = 0; i < n; i++)
		regions[i] = region4(addresses[i]);
}

void nt_locate_v6(const struct nt_locate *l, const uint8_t (*addresses)[16], uint16_t *regions, uint32_t n)
{
	(void)l;
	for (uint32_t i = 0; i < n; i++)
		regions[i] = model_region6(addresses[i]);
}

static const struct nt_tally_options roomy = {
    .region_port_entries = 4096,
    .match_entries = 4096,
    .source_entries = 2048,
    .pair_entries = 8192,
    .victim_entries = 2048,
    .sketches = 64,
};

static struct nt_tally *make_bank(const struct nt_tally_options *o)
{
	size_t bytes = (nt_tally_memsize(o) + 63) / 64 * 64;
	void *memory = aligned_alloc(64, bytes);
	struct nt_tally *t;

	assert_non_null(memory);
	memset(memory, 0, bytes);
	t = nt_tally_init(memory, o);
	t->signatures = &signatures;
	return t;
}

/* Counts one packet. */
static void count(struct nt_tally *t, const struct packet *p)
{
	static struct nt_burst b;
	const struct nt_frame frame = {.wire_len = 60};

	b.n = 1;
	b.packet[0].fields = p->fields;
	b.packet[0].region = p->region;
	b.packet[0].time_ns = p->time_ns;
	nt_tally_arrival(t, &frame, 1);
	nt_tally_ask(t, &b, 0);
	nt_tally_find(t, &b);
	nt_tally_burst(t, &b);
}

static void fold_and_clear(struct nt_fold *f, struct nt_tally **bank, uint32_t banks)
{
	assert_int_equal(nt_fold_add(f, bank, banks), 0);
	for (uint32_t i = 0; i < banks; i++)
		nt_tally_clear(bank[i]);
}

/* Spreads packets over banks, all of a source to one or anywhere, and over folds. */
static void run(struct nt_fold *f, struct nt_tally **bank, uint32_t banks, const struct packet *p, uint32_t n,
		uint32_t folds, bool by_source)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t to =
		    by_source ? (p[i].fields.src4 + p[i].fields.src6[15]) % banks : (uint32_t)(next_random() % banks);

		count(bank[to], &p[i]);
		if (folds > 1 && i % (n / folds) == 0)
			fold_and_clear(f, bank, banks);
	}
	fold_and_clear(f, bank, banks);
}

static void any_spread_gives_what_the_packets_say(void **state)
{
	static struct packet p[PACKETS];
	struct nt_fold *f = nt_fold_new(&(struct nt_fold_options){0});
	struct nt_tally *bank[BANKS_MAX];

	(void)state;
	for (uint32_t i = 0; i < BANKS_MAX; i++)
		bank[i] = make_bank(&roomy);
	for (uint32_t seed = 0; seed < 16; seed++) {
		/* 120 s is where peaks stop being exact for hosts in several lines, of workers or of one */
		uint32_t banks = 1 + seed % 4, folds = 1 + seed / 4, seconds = 120;
		struct nt_snapshot s;

		random_state = seed;
		model_fill(p, PACKETS, 20 << seed % 6, START_S, seconds);
		run(f, bank, banks, p, PACKETS, folds, seed % 3 == 0);
		assert_int_equal(nt_fold_frames(f), PACKETS);
		assert_int_equal(nt_fold_take(f, START_S, START_S + seconds, &s), 0);
		assert_int_equal(s.frames, PACKETS);
		for (uint32_t i = 0; i < NT_OVERFLOWS; i++)
			assert_int_equal(s.overflow[i], 0);
		assert_int_equal(s.n_sketches, 0); /* nobody asked */
		model_check(p, PACKETS, &s);
		nt_snapshot_fini(&s);
		assert_int_equal(nt_fold_frames(f), 0);
	}
	for (uint32_t i = 0; i < BANKS_MAX; i++)
		free(bank[i]);
	nt_fold_free(f);
}

/* Of long intervals: bins are exact at both ends, and the peak is never above the truth nor below each part's. */
static void peaks_of_long_intervals_are_bounded(void **state)
{
	struct nt_fold *f = nt_fold_new(&(struct nt_fold_options){0});
	struct nt_tally *bank[2] = {make_bank(&roomy), make_bank(&roomy)};
	struct packet p = {.fields = {.fate = NT_FATE_TCP, .ip_proto = 6, .tcp_flags = 0x12}};
	struct nt_snapshot s;

	(void)state;
	for (int64_t bin = 0; bin < 60; bin++) { /* ten minutes, the middle busiest, one worker before, one after */
		p.time_ns = (START_S + bin * 10) * 1000000000;
		for (uint32_t k = 0; k < (bin == 29 || bin == 30 ? 100u : 1u); k++)
			count(bank[bin >= 30], &p);
	}
	fold_and_clear(f, bank, 2);
	assert_int_equal(nt_fold_take(f, START_S, START_S + 600, &s), 0);
	assert_int_equal(s.n_victims, 1);
	assert_int_equal(s.victim[0].packets, 258);
	assert_int_equal(s.victim[0].peak, 204); /* across where one ends and the other begins */
	assert_int_equal(s.victim[0].head[0], 1);
	assert_int_equal(s.victim[0].tail[5], 1);
	nt_snapshot_fini(&s);
	nt_fold_free(f);
	free(bank[0]);
	free(bank[1]);
}

/* ---- sketches and estimates ---- */

static void registers_of(const struct nt_snapshot *s, uint32_t key, uint8_t *registers)
{
	memset(registers, 0, NT_HLL_REGISTERS);
	for (size_t i = 0; i < s->n_sketches; i++)
		for (uint32_t r = 0; s->sketch[i].key == key && r < s->sketch[i].n; r++)
			registers[s->sketch[i].registers[r] >> 8] = (uint8_t)s->sketch[i].registers[r];
}

static const struct nt_sketch *sketch_of(const struct nt_snapshot *s, uint32_t key)
{
	for (size_t i = 0; i < s->n_sketches; i++)
		if (s->sketch[i].key == key)
			return &s->sketch[i];
	return NULL;
}

/* Hosts must be those of the sources that meet a condition, if they are few, or none. */
static void expect_hosts(const struct nt_snapshot *s, uint32_t key, const bool *in)
{
	const struct nt_sketch *sketch = sketch_of(s, key);
	size_t sources = 0;

	for (size_t i = 0; i < s->n_sources; i++)
		sources += in[i];
	assert_int_equal(sketch ? sketch->n_hosts : 0, sources <= NT_FEW_HOSTS ? sources : 0);
	for (uint32_t h = 1; sketch && h < sketch->n_hosts; h++)
		assert_true(sketch->host[h - 1] < sketch->host[h]);
	for (size_t i = 0; i < s->n_sources; i++) {
		uint64_t hash = nt_hll_hash(s->source[i].address.byte, s->source[i].address.length);
		bool found = false;

		for (uint32_t h = 0; sketch && h < sketch->n_hosts; h++)
			found |= sketch->host[h] == hash >> 32;
		if (sources <= NT_FEW_HOSTS)
			assert_true(found == in[i]);
	}
}

/* A sketch must be that of the packets' sources that meet a condition. */
static void expect_sketch(const struct nt_snapshot *s, uint32_t key, const bool *in)
{
	uint8_t expected[NT_HLL_REGISTERS] = {0}, found[NT_HLL_REGISTERS];

	for (size_t i = 0; i < s->n_sources; i++) {
		uint64_t hash = nt_hll_hash(s->source[i].address.byte, s->source[i].address.length);
		uint8_t *r = &expected[nt_hll_index(hash)];

		if (in[i] && *r < nt_hll_rank(hash))
			*r = nt_hll_rank(hash);
	}
	registers_of(s, key, found);
	assert_memory_equal(found, expected, sizeof(expected));
	expect_hosts(s, key, in);
}

static void expect_by_source(const struct nt_snapshot *s, bool *in)
{
	for (uint32_t r = 0; r < NT_REGIONS; r++) {
		for (size_t i = 0; i < s->n_sources; i++)
			in[i] = s->source[i].region == r;
		expect_sketch(s, nt_sketch_key(NT_SKETCH_REGION, r), in);
		for (size_t i = 0; i < s->n_sources; i++)
			in[i] = s->source[i].region == r && s->source[i].backscatter;
		expect_sketch(s, nt_sketch_key(NT_SKETCH_BACKSCATTER_REGION, r), in);
		for (size_t i = 0; i < s->n_sources; i++)
			in[i] = s->source[i].region == r && s->source[i].signatures & 2;
		expect_sketch(s, nt_sketch_key(NT_SKETCH_SIGNATURE_REGION, 1 << 17 | r), in);
	}
	for (size_t i = 0; i < s->n_sources; i++)
		in[i] = true;
	expect_sketch(s, nt_sketch_key(NT_SKETCH_SOURCES, 0), in);
	for (size_t i = 0; i < s->n_sources; i++)
		in[i] = s->source[i].backscatter;
	expect_sketch(s, nt_sketch_key(NT_SKETCH_BACKSCATTER, 0), in);
	for (size_t i = 0; i < s->n_sources; i++)
		in[i] = s->source[i].signatures & 1;
	expect_sketch(s, nt_sketch_key(NT_SKETCH_SIGNATURE, 0), in);
}

static void sketches_are_of_all_sources(void **state)
{
	static struct packet p[PACKETS];
	static bool in[PACKETS];
	struct nt_fold *f = nt_fold_new(&(struct nt_fold_options){.sketches = true});
	struct nt_tally *bank[2] = {make_bank(&roomy), make_bank(&roomy)};
	struct nt_snapshot s;

	(void)state;
	random_state = 5;
	model_fill(p, PACKETS, 1500, START_S, 60);
	run(f, bank, 2, p, PACKETS, 2, false);
	assert_int_equal(nt_fold_take(f, START_S, START_S + 60, &s), 0);
	model_check(p, PACKETS, &s); /* numbers stay exact */
	expect_by_source(&s, in);
	for (size_t k = 0; k < s.unique.port.n; k++) {
		memset(in, 0, sizeof(in));
		for (size_t i = 0; i < s.n_pairs; i++)
			if (s.pair[i].port == s.unique.port.entry[k].key)
				in[s.pair[i].source] = true;
		expect_sketch(&s, nt_sketch_key(NT_SKETCH_PORT, (uint32_t)s.unique.port.entry[k].key), in);
	}
	for (size_t i = 0; i < s.n_sketches; i++) {
		assert_true(s.sketch[i].n);
		if (i)
			assert_true(s.sketch[i - 1].key < s.sketch[i].key);
		for (uint32_t r = 1; r < s.sketch[i].n; r++)
			assert_true(s.sketch[i].registers[r - 1] >> 8 < s.sketch[i].registers[r] >> 8);
	}
	nt_snapshot_fini(&s);
	nt_fold_free(f);
	free(bank[0]);
	free(bank[1]);
}

static void near(uint64_t found, uint64_t truth)
{
	if (fabs((double)found - (double)truth) > 0.033 * (double)truth)
		fail_msg("%llu instead of %llu", (unsigned long long)found, (unsigned long long)truth);
}

/* Two scans of many sources each, through tables that hold a fraction; sources are in both banks or in one. */
static void full_tables_give_estimates(void **state)
{
	static const struct nt_tally_options small = {.region_port_entries = 4096,
						      .match_entries = 4096,
						      .source_entries = 1000,
						      .pair_entries = 1000,
						      .victim_entries = 100,
						      .sketches = 128};
	const uint32_t sources = 100000, jp = 18 * 36 + 25 + 1 + 36;
	struct nt_fold *f = nt_fold_new(&(struct nt_fold_options){0});
	struct nt_tally *bank[2] = {make_bank(&small), make_bank(&small)};
	struct packet p = {.fields = {.fate = NT_FATE_TCP, .ip_proto = 6, .tcp_flags = 0x02, .window = 1024}};
	struct nt_snapshot s;

	(void)state;
	for (uint32_t i = 0; i < sources; i++) {
		p.fields.src4 = i * 2654435761u;
		p.fields.dst_port = i % 2 ? 445 : 23;
		p.fields.tcp_flags = i % 4 ? 0x02 : 0x12;
		p.region = (uint16_t)(i % 5 ? jp : 0);
		p.time_ns = START_S * 1000000000 + i;
		count(bank[i % 2], &p);
		if (i % 3 == 0)
			count(bank[1 - i % 2], &p);
	}
	fold_and_clear(f, bank, 2);
	assert_int_equal(nt_fold_take(f, START_S, START_S + 60, &s), 0);
	assert_true(s.unique.estimated);
	assert_int_equal(s.frames, sources + (sources + 2) / 3);
	assert_int_equal(nt_counts_total(&s.table[NT_TABLE_TCP_PORT]), s.frames);
	near(s.unique.sources, sources);
	near(s.unique.backscatter, sources / 4);
	near(nt_counts_get(&s.unique.region, jp), sources / 5 * 4);
	near(nt_counts_get(&s.unique.region, 0), sources / 5);
	near(nt_counts_get(&s.unique.backscatter_region, 0), sources / 20);
	near(nt_counts_get(&s.unique.port, 445), sources / 2);
	near(nt_counts_get(&s.unique.port, 23), sources / 2);
	near(s.signature[0].sources, sources / 2);
	near(s.signature[1].sources, sources);
	near(nt_counts_get(&s.signature[1].region_sources, jp), sources / 5 * 4);
	near(nt_counts_get(&s.signature[1].port_sources, 23), sources / 2);
	assert_int_equal(s.signature[2].sources, 0);
	assert_int_equal(s.signature[1].packets, s.frames);
	assert_in_range(s.overflow[NT_OVERFLOW_SOURCES], sources * 90 / 100, sources * 103 / 100);
	assert_true(s.overflow[NT_OVERFLOW_VICTIMS]);
	assert_int_equal(s.overflow[NT_OVERFLOW_ASN_PACKETS], 0); /* there is no database that it were missing in */
	assert_true(s.n_sketches);
	for (size_t i = 0; i < s.n_sketches; i++)
		if (!nt_sketch_is_regional(s.sketch[i].key)) /* regions of lines are the model's */
			assert_int_equal(s.sketch[i].n_hosts, 0);
	nt_snapshot_fini(&s);
	nt_fold_free(f);
	free(bank[0]);
	free(bank[1]);
}

/* ---- more names than sketches ---- */

enum { RANDOM_SOURCES = 300000, LATE_SOURCES = 60000, LATE_PORT = 4444, FEW = 50, REGIONS_IN_USE = 250 };

/* Sources by what they are counted by; each sends to one port only. */
struct truth {
	uint32_t port[65536];
	uint32_t signature_port[65536];
	uint32_t region[REGIONS_IN_USE];
	uint32_t signature_region[REGIONS_IN_USE];
};

static void close_to(uint64_t found, uint64_t truth, double slack)
{
	if (fabs((double)found - (double)truth) > fmax(slack, 0.033 * (double)truth))
		fail_msg("%llu instead of %llu", (unsigned long long)found, (unsigned long long)truth);
}

static uint16_t any_region(uint32_t address)
{
	return (uint16_t)(nt_mix(address, 1) % REGIONS_IN_USE);
}

/* Sources over all ports, three hundred of which have a third of them; then one port alone has many. The first few
 * sources are of another signature, and all of them are in the table. */
static void send_to_all_ports(struct nt_tally **bank, uint32_t banks, struct truth *t)
{
	struct packet p = {.fields = {.ip_proto = 6, .tcp_flags = 0x02}, .time_ns = START_S * 1000000000};

	for (uint32_t i = 0; i < RANDOM_SOURCES + LATE_SOURCES; i++) {
		uint64_t random = next_random();
		bool scans = random >> 32 & 1;

		p.fields.fate = i < FEW ? NT_FATE_UDP : NT_FATE_TCP;
		p.fields.udp = i < FEW;
		p.fields.src4 = i * 2654435761u;
		p.fields.dst_port = (uint16_t)(random >> 33 & 3 ? random & 0xffff : random % 300);
		p.fields.dst_port = i < RANDOM_SOURCES ? p.fields.dst_port : LATE_PORT;
		p.fields.window = scans ? 1024 : 64;
		p.region = any_region(p.fields.src4);
		count(bank[next_random() % banks], &p);
		if (i % 5 == 0)
			count(bank[next_random() % banks], &p);
		t->region[p.region]++;
		if (i < FEW)
			continue;
		t->port[p.fields.dst_port]++;
		t->signature_port[p.fields.dst_port] += scans;
		t->signature_region[p.region] += scans;
	}
}

static void check_all_ports(const struct nt_snapshot *s, const struct truth *t)
{
	assert_int_equal(s->unique.port.n, NT_UNIQUE_PORTS);
	for (size_t i = 0; i < s->unique.port.n; i++)
		close_to(s->unique.port.entry[i].count, t->port[s->unique.port.entry[i].key], 2);
	assert_true(nt_counts_get(&s->unique.port, LATE_PORT));
	for (uint32_t port = 0; port < 65536; port++)
		/* so many small numbers that in some of them a few sources share registers */
		close_to(nt_counts_get(&s->signature[1].port_sources, port), t->signature_port[port], 6);
	for (uint32_t r = 0; r < REGIONS_IN_USE; r++) {
		close_to(nt_counts_get(&s->unique.region, r), t->region[r], 2);
		close_to(nt_counts_get(&s->signature[1].region_sources, r), t->signature_region[r], 2);
	}
	assert_int_equal(s->signature[2].sources, FEW); /* nothing of it was lost */
	assert_int_equal(nt_counts_total(&s->signature[2].region_sources), FEW);
	assert_int_equal(nt_counts_total(&s->signature[2].port_sources), FEW);
}

/* Hosts are told of what lost nothing: the few sources that came first. */
static void check_few(const struct nt_snapshot *s, uint64_t lost)
{
	const struct nt_sketch *few = sketch_of(s, nt_sketch_key(NT_SKETCH_SIGNATURE, 2 << 17));

	assert_non_null(few);
	assert_int_equal(few->n_hosts, lost ? 0 : FEW);
	for (size_t i = 0; i < s->n_sketches; i++)
		if ((s->sketch[i].key >> 17 & 0x7f) != 2)
			assert_int_equal(s->sketch[i].n_hosts, 0);
}

static void all_ports_are_estimated(void **state)
{
	static const uint32_t sketches[] = {1, 16, 1024, 1024, 1024}, banks[] = {1, 2, 1, 2, 4};
	static struct truth t;

	(void)state;
	region4 = any_region;
	for (uint32_t run = 0; run < 5; run++) {
		struct nt_tally_options o = {.region_port_entries = 1 << 20, .source_entries = 1000};
		struct nt_fold *f = nt_fold_new(&(struct nt_fold_options){.sketches = run & 1});
		struct nt_tally *bank[BANKS_MAX];
		struct nt_snapshot s;
		uint64_t left = 0, lost = 0;

		o.pair_entries = 900;
		o.sketches = sketches[run];
		random_state = run;
		memset(&t, 0, sizeof(t));
		for (uint32_t i = 0; i < banks[run]; i++)
			bank[i] = make_bank(&o);
		send_to_all_ports(bank, banks[run], &t);
		for (uint32_t i = 0; i < banks[run]; i++)
			lost += bank[i]->sketches.overflow;
		fold_and_clear(f, bank, banks[run]);
		for (uint32_t i = 0; i < banks[run]; i++)
			left += bank[i]->sketches.n + bank[i]->sketches.n_sparse;
		assert_int_equal(left, 0);
		assert_int_equal(nt_fold_take(f, START_S, START_S + 60, &s), 0);
		close_to(s.unique.sources, RANDOM_SOURCES + LATE_SOURCES, 0);
		assert_true((sketches[run] == 1024) == !lost);
		assert_true(s.overflow[NT_OVERFLOW_PAIRS] >= lost);
		if (sketches[run] == 1024)
			check_all_ports(&s, &t);
		check_few(&s, lost);
		nt_snapshot_fini(&s);
		nt_fold_free(f);
		for (uint32_t i = 0; i < banks[run]; i++)
			free(bank[i]);
	}
	region4 = model_region4;
}

/* ---- AS numbers ---- */

static uint64_t as_record(struct mmdb_writer *w, uint32_t number, const char *name)
{
	uint64_t at = MMDB_DATA(w->data.size);

	mmdb_map(&w->data, 2);
	mmdb_string(&w->data, "autonomous_system_number");
	mmdb_unsigned(&w->data, MMDB_UINT32, number);
	mmdb_string(&w->data, "autonomous_system_organization");
	mmdb_string(&w->data, name);
	return at;
}

static struct nt_asn *make_asn(void)
{
	struct mmdb_writer w;
	struct nt_asn *asn;

	mmdb_writer_init(&w, 4, 24);
	mmdb_insert(&w, (uint8_t[]){10}, 8, as_record(&w, 2907, "SINET"));
	mmdb_insert(&w, (uint8_t[]){10, 0}, 16, as_record(&w, 2500, "WIDE"));
	mmdb_insert(&w, (uint8_t[]){11}, 8, as_record(&w, 1, "")); /* has no name to tell */
	save(&w);
	mmdb_writer_fini(&w);
	if (nt_asn_open(file, &asn, why))
		fail_msg("%s", why);
	return asn;
}

static void take_one(struct nt_fold *f, struct nt_tally *bank, int64_t start_s, struct nt_snapshot *s)
{
	static const uint32_t source[] = {0x0a000001, 0x0a000002, 0x0a010001, 0x0b000001, 0x0c000001};
	struct packet p = {.fields = {.fate = NT_FATE_TCP, .ip_proto = 6, .tcp_flags = 0x12},
			   .time_ns = start_s * 1000000000};

	for (uint32_t i = 0; i < 5; i++)
		for (uint32_t k = 0; k <= i; k++) {
			p.fields.src4 = source[i];
			count(bank, &p);
		}
	fold_and_clear(f, &bank, 1);
	assert_int_equal(nt_fold_take(f, start_s, start_s + 60, s), 0);
}

static void sources_have_their_as(void **state)
{
	struct nt_fold *f = nt_fold_new(&(struct nt_fold_options){0});
	struct nt_tally *bank = make_bank(&roomy);
	struct nt_asn *asn = make_asn();
	struct nt_snapshot s;

	(void)state;
	take_one(f, bank, START_S, &s); /* without a database */
	assert_int_equal(s.table[NT_TABLE_ASN].n, 0);
	nt_snapshot_fini(&s);
	nt_fold_set_asn(f, asn);
	take_one(f, bank, START_S, &s);
	assert_int_equal(nt_counts_get(&s.table[NT_TABLE_ASN], 2500), 3);
	assert_int_equal(nt_counts_get(&s.table[NT_TABLE_ASN], 2907), 3);
	assert_int_equal(nt_counts_get(&s.table[NT_TABLE_ASN], 1), 4);
	assert_int_equal(nt_counts_get(&s.table[NT_TABLE_ASN], 0), 5);
	assert_int_equal(s.source[0].asn, 2500);
	assert_int_equal(s.backscatter[0].asn, 0); /* most packets */
	assert_int_equal(s.backscatter[1].asn, 1);
	assert_int_equal(s.victim[2].asn, 2907);
	assert_int_equal(s.n_orgs, 2);
	assert_int_equal(s.org[0].asn, 2500);
	assert_string_equal(s.org[0].name, "WIDE");
	nt_snapshot_fini(&s);
	take_one(f, bank, START_S + 60, &s); /* told already */
	assert_int_equal(s.n_orgs, 0);
	nt_snapshot_fini(&s);
	take_one(f, bank, START_S + 86400, &s); /* another day */
	assert_int_equal(s.n_orgs, 2);
	nt_snapshot_fini(&s);
	nt_fold_free(f);
	nt_asn_close(asn);
	free(bank);
}

/* A million sources: no assertion about time, which hangs on the machine, but a line for who wants to know. */
static void a_million_sources(void **state)
{
	static const struct nt_tally_options large = {.region_port_entries = 4096,
						      .match_entries = 4096,
						      .source_entries = 1000000,
						      .pair_entries = 1000000,
						      .victim_entries = 100,
						      .sketches = 16};
	struct nt_fold *f = nt_fold_new(&(struct nt_fold_options){.sketches = true});
	struct nt_tally *bank = make_bank(&large);
	struct packet p = {.fields = {.fate = NT_FATE_TCP, .ip_proto = 6, .tcp_flags = 0x02, .window = 1024}};
	struct nt_snapshot s;
	clock_t begin;

	(void)state;
	p.time_ns = START_S * 1000000000;
	for (uint32_t i = 0; i < 1000000; i++) {
		p.fields.src4 = i * 2654435761u;
		p.fields.dst_port = (uint16_t)(i % 3 * 100);
		p.region = (uint16_t)(i % 250);
		count(bank, &p);
	}
	begin = clock();
	assert_int_equal(nt_fold_add(f, &bank, 1), 0);
	assert_int_equal(nt_fold_take(f, START_S, START_S + 60, &s), 0);
	print_message("1 M sources folded in %.0f ms of CPU\n", (double)(clock() - begin) * 1000 / CLOCKS_PER_SEC);
	assert_int_equal(s.unique.sources, 1000000);
	assert_int_equal(s.n_pairs, 1000000);
	assert_false(s.unique.estimated);
	nt_snapshot_fini(&s);
	nt_fold_free(f);
	free(bank);
}

static void nothing_is_an_interval_too(void **state)
{
	struct nt_fold *f = nt_fold_new(&(struct nt_fold_options){.sketches = true});
	struct nt_tally *bank = make_bank(&roomy);
	struct nt_snapshot s;

	(void)state;
	assert_int_equal(nt_fold_take(f, START_S, START_S + 60, &s), 0);
	nt_snapshot_fini(&s);
	fold_and_clear(f, &bank, 1);
	assert_int_equal(nt_fold_take(f, START_S, START_S + 60, &s), 0);
	assert_int_equal(s.unique.sources + s.n_sketches + s.n_pairs, 0);
	assert_int_equal(s.n_signatures, MODEL_SIGNATURES); /* that nothing matched is an answer */
	nt_snapshot_fini(&s);
	nt_fold_free(f);
	free(bank);
}

static int start(void **state)
{
	(void)state;
	return geo_fixture_start();
}

static int stop(void **state)
{
	(void)state;
	return geo_fixture_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(any_spread_gives_what_the_packets_say),
	    cmocka_unit_test(peaks_of_long_intervals_are_bounded),
	    cmocka_unit_test(sketches_are_of_all_sources),
	    cmocka_unit_test(full_tables_give_estimates),
	    cmocka_unit_test(all_ports_are_estimated),
	    cmocka_unit_test(sources_have_their_as),
	    cmocka_unit_test(a_million_sources),
	    cmocka_unit_test(nothing_is_an_interval_too),
	};

	return cmocka_run_group_tests_name("fold", tests, start, stop);
}

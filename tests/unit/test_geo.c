/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo_fixture.h"
#include "locate/address6.h"
#include "needletail/schema.h"
#include "private_eal.h"
#include "random.h"

#include <errno.h>
#include <maxminddb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The database that was loaded last, and the same in ordinary memory: every question goes to both. */
static const struct nt_locate *newest;
static struct nt_geo ordinary;

static struct nt_geo load(const char *country_path)
{
	struct nt_geo_options o = {.path = file, .country_path = country_path, .numa_socket = -1};
	struct nt_geo geo;

	if (nt_geo_load(&o, &geo, why))
		fail_msg("%s", why);
	nt_geo_unload(&ordinary);
	o.ordinary_memory = true;
	if (nt_geo_load(&o, &ordinary, why))
		fail_msg("%s", why);
	assert_int_equal(geo.info.regions, ordinary.info.regions);
	newest = geo.locate;
	return geo;
}

static uint16_t region4(const struct nt_geo *geo, uint32_t address)
{
	uint16_t region, again;

	nt_locate_v4(geo->locate, &address, &region, 1);
	if (geo->locate == newest) {
		nt_locate_v4(ordinary.locate, &address, &again, 1);
		assert_int_equal(again, region);
	}
	return region;
}

static uint16_t region6(const struct nt_geo *geo, nt_u128 address)
{
	uint8_t bytes[1][16];
	uint16_t region, again;

	nt_address6_store(address, bytes[0]);
	nt_locate_v6(geo->locate, (const uint8_t(*)[16])bytes, &region, 1);
	if (geo->locate == newest) {
		nt_locate_v6(ordinary.locate, (const uint8_t(*)[16])bytes, &again, 1);
		assert_int_equal(again, region);
	}
	return region;
}

static uint16_t code(const char *text)
{
	return (uint16_t)nt_region_index(text, strlen(text));
}

/* The rule, straight from the library that has the last word. */
static uint16_t by_library(MMDB_s *db, const struct sockaddr *address)
{
	MMDB_entry_data_s data;
	int error;
	MMDB_lookup_result_s found = MMDB_lookup_sockaddr(db, address, &error);

	if (error || !found.found_entry)
		return NT_REGION_UNKNOWN;
	if ((MMDB_get_value(&found.entry, &data, "country", "iso_code", NULL) || !data.has_data) &&
	    (MMDB_get_value(&found.entry, &data, "country_code", NULL) || !data.has_data) &&
	    (MMDB_get_value(&found.entry, &data, "country", NULL) || !data.has_data))
		return NT_REGION_UNKNOWN;
	if (data.type != MMDB_DATA_TYPE_UTF8_STRING)
		return NT_REGION_UNKNOWN;
	return (uint16_t)nt_region_index(data.utf8_string, data.data_size);
}

static uint16_t expected4(MMDB_s *db, uint32_t address)
{
	const struct sockaddr_in s = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(address)}};

	return by_library(db, (const struct sockaddr *)&s);
}

static uint16_t expected6(MMDB_s *db, nt_u128 address)
{
	struct sockaddr_in6 s = {.sin6_family = AF_INET6};

	nt_address6_store(address, s.sin6_addr.s6_addr);
	return by_library(db, (const struct sockaddr *)&s);
}

/* Prefixes that a test put into its database; the edges of each are where mistakes show. */
struct probes {
	nt_u128 network[8192];
	uint32_t length[8192];
	uint32_t n;
};

/* The i-th: four per prefix, then any number near them. */
static nt_u128 probe(const struct probes *p, uint32_t i)
{
	nt_u128 random = (nt_u128)next_random() << 64 | next_random();
	uint32_t from = i < 4 * p->n ? i / 4 : p->n ? (uint32_t)(next_random() % p->n) : 0;
	nt_u128 first = p->network[from], host = nt_address6_host_bits(p->length[from]);
	const nt_u128 edge[] = {first - 1, first, first | host, (first | host) + 1};

	if (i < 4 * p->n)
		return edge[i % 4];
	return i % 4 ? first | (random & host) : random;
}

/* Of the database that was compared last. */
static struct nt_geo_info last;

/* Returns how many answers were a known region. */
static uint32_t compare_all(uint32_t ip_version, const struct probes *p, uint32_t more)
{
	struct nt_geo geo = load(NULL);
	uint32_t known = 0;
	MMDB_s db;

	assert_int_equal(MMDB_open(file, MMDB_MODE_MMAP, &db), MMDB_SUCCESS);
	for (uint32_t i = 0; i < 4 * p->n + more; i++) {
		nt_u128 address = probe(p, i);
		uint32_t address4 = (uint32_t)(ip_version == 4 ? address >> 96 : address);
		uint16_t region = region4(&geo, address4);

		assert_int_equal(region, expected4(&db, address4));
		known += region != NT_REGION_UNKNOWN;
		region = region6(&geo, address);
		assert_int_equal(region, expected6(&db, address));
		known += region != NT_REGION_UNKNOWN;
	}
	MMDB_close(&db);
	last = geo.info;
	nt_geo_unload(&geo);
	return known;
}

static void pair(struct mmdb_bytes *b, const char *key, const char *value)
{
	mmdb_string(b, key);
	mmdb_string(b, value);
}

/* Whether a record has each kind of country, and how. */
enum { NO, STRING, NUMBER, MAP };

struct layout {
	int iso_code; /* of "country", which is then a map */
	int country;  /* MAP: a map without iso_code */
	int country_code;
	const char *value; /* of the first */
	const char *region;
};

static const struct layout layouts[] = {
    {.iso_code = STRING, .value = "JP", .region = "JP"},
    {.country_code = STRING, .value = "JP", .region = "JP"},
    {.country = STRING, .value = "JP", .region = "JP"},
    {.iso_code = STRING, .country_code = STRING, .value = "JP", .region = "JP"},
    {.country = STRING, .country_code = STRING, .value = "ZZ", .region = "US"},
    {.country = MAP, .country_code = STRING, .value = "ZZ", .region = "US"},
    {.country = MAP, .region = "--"},
    {.iso_code = NUMBER, .country_code = STRING, .value = "JP", .region = "--"},
    {.iso_code = MAP, .country_code = STRING, .value = "JP", .region = "--"},
    {.country = STRING, .country_code = NUMBER, .value = "JP", .region = "--"},
    {.country = NUMBER, .region = "--"},
    {.iso_code = STRING, .value = "jp", .region = "--"},
    {.iso_code = STRING, .value = "J", .region = "--"},
    {.iso_code = STRING, .value = "JPN", .region = "--"},
    {.iso_code = STRING, .value = "", .region = "--"},
    {.iso_code = STRING, .country_code = STRING, .value = "", .region = "--"},
    {.iso_code = STRING, .value = "--", .region = "--"},
    {.iso_code = STRING, .value = "A1", .region = "A1"},
    {.iso_code = STRING, .value = "00", .region = "00"},
    {.country = STRING, .value = "Germany", .region = "--"},
    {.region = "--"},
};

static void put_value(struct mmdb_bytes *b, int kind, const char *value)
{
	if (kind == STRING)
		mmdb_string(b, value);
	else if (kind == NUMBER)
		mmdb_unsigned(b, MMDB_UINT16, 81);
	else
		mmdb_map(b, 0);
}

/* registered_country is always there, and never the answer. */
static uint64_t put_layout(struct mmdb_bytes *b, const struct layout *l)
{
	uint64_t offset = b->size;

	mmdb_map(b, 1 + (l->iso_code || l->country) + (l->country_code != NO));
	mmdb_string(b, "registered_country");
	mmdb_map(b, 1);
	pair(b, "iso_code", "FR");
	if (l->country_code) {
		mmdb_string(b, "country_code");
		put_value(b, l->country_code, l->iso_code || l->country ? "US" : l->value);
	}
	if (l->iso_code || l->country)
		mmdb_string(b, "country");
	if (l->iso_code) {
		mmdb_map(b, 2);
		pair(b, "name", "Somewhere");
		mmdb_string(b, "iso_code");
		put_value(b, l->iso_code, l->value);
	} else if (l->country) {
		put_value(b, l->country, l->value);
	}
	return MMDB_DATA(offset);
}

static void records_of_every_layout(void **state)
{
	struct mmdb_writer w;
	struct nt_geo geo;

	(void)state;
	mmdb_writer_init(&w, 4, 24);
	for (uint32_t i = 0; i < LENGTH(layouts); i++)
		mmdb_insert(&w, (uint8_t[]){(uint8_t)(1 + i), 2}, 16, put_layout(&w.data, &layouts[i]));
	save(&w);
	geo = load(NULL);
	for (uint32_t i = 0; i < LENGTH(layouts); i++) {
		char text[3];

		nt_region_text(region4(&geo, (1 + i) << 24 | 2 << 16 | 0x304), text);
		assert_string_equal(text, layouts[i].region);
	}
	assert_int_equal(geo.info.ip_version, 4);
	assert_int_equal(geo.info.build_epoch_s, 1700000000);
	assert_string_equal(geo.info.database_type, "Test-Country");
	assert_int_equal(geo.info.aliases6, 0);
	assert_int_equal(geo.info.regions, 4); /* JP, US, A1, 00 */
	nt_geo_unload(&geo);
	assert_null(geo.locate);
	mmdb_writer_fini(&w);
}

/* Not a map at all; keys and values behind pointers, as real writers save space. */
static void records_of_odd_shape(void **state)
{
	struct mmdb_writer w;
	struct nt_geo geo;
	uint32_t key, value, inner, offset;

	(void)state;
	mmdb_writer_init(&w, 4, 32);
	key = (uint32_t)w.data.size;
	mmdb_string(&w.data, "country");
	value = (uint32_t)w.data.size;
	mmdb_string(&w.data, "SE");
	inner = (uint32_t)w.data.size;
	mmdb_map(&w.data, 1);
	mmdb_string(&w.data, "iso_code");
	mmdb_pointer(&w.data, value);
	offset = (uint32_t)w.data.size;
	mmdb_map(&w.data, 1);
	mmdb_pointer(&w.data, key);
	mmdb_pointer(&w.data, inner);
	mmdb_insert(&w, (uint8_t[]){1}, 8, MMDB_DATA(offset));
	mmdb_insert(&w, (uint8_t[]){2}, 8, MMDB_DATA(value));
	mmdb_insert(&w, (uint8_t[]){3}, 8, MMDB_DATA(w.data.size));
	mmdb_array(&w.data, 1);
	mmdb_pointer(&w.data, offset);
	mmdb_insert(&w, (uint8_t[]){4}, 8, MMDB_DATA(w.data.size));
	mmdb_pointer(&w.data, offset);
	save(&w);
	geo = load(NULL);
	assert_int_equal(region4(&geo, 0x01000000), code("SE"));
	assert_int_equal(region4(&geo, 0x02000000), NT_REGION_UNKNOWN);
	assert_int_equal(region4(&geo, 0x03000000), NT_REGION_UNKNOWN);
	assert_int_equal(region4(&geo, 0x04000000), code("SE"));
	nt_geo_unload(&geo);
	mmdb_writer_fini(&w);
}

static void a_configured_path_replaces_the_others(void **state)
{
	static const char *const bad[] = {"", ".", "a.", ".a", "a..b", "1.2.3.4.5.6.7.8.9"};
	struct mmdb_writer w;
	struct nt_geo geo;

	(void)state;
	mmdb_writer_init(&w, 4, 28);
	mmdb_insert(&w, (uint8_t[]){1}, 8, MMDB_DATA(0));
	mmdb_map(&w.data, 2);
	pair(&w.data, "country_code", "US");
	mmdb_string(&w.data, "where");
	mmdb_array(&w.data, 2);
	mmdb_unsigned(&w.data, MMDB_UINT32, 7);
	mmdb_map(&w.data, 1);
	pair(&w.data, "land", "AT");
	save(&w);
	geo = load("where.1.land");
	assert_int_equal(region4(&geo, 0x01020304), code("AT"));
	nt_geo_unload(&geo);
	geo = load("where.2.land");
	assert_int_equal(region4(&geo, 0x01020304), NT_REGION_UNKNOWN);
	nt_geo_unload(&geo);
	geo = load("where.0");
	assert_int_equal(region4(&geo, 0x01020304), NT_REGION_UNKNOWN);
	nt_geo_unload(&geo);
	for (uint32_t i = 0; i < LENGTH(bad); i++) {
		assert_int_equal(check(bad[i]), -EINVAL);
		assert_non_null(strstr(why, "path"));
	}
	mmdb_writer_fini(&w);
}

/* What stands at ::/96 or above it is all of IPv4: a record, nothing, or a tree. */
static void the_ipv4_space_ends_early(void **state)
{
	static const uint32_t lengths[] = {1, 40, 95, 96};
	static const uint8_t zero[16];
	static struct probes p;

	(void)state;
	for (uint32_t i = 0; i < 2 * LENGTH(lengths); i++) {
		struct mmdb_writer w;
		uint64_t jp, se;

		mmdb_writer_init(&w, 6, 24);
		jp = country(&w, "JP");
		se = country(&w, "SE");
		mmdb_insert(&w, (uint8_t[16]){0xfc}, 8, se);
		mmdb_insert(&w, zero, 128, se);
		mmdb_insert(&w, zero, lengths[i / 2], i % 2 ? jp : MMDB_EMPTY);
		mmdb_insert(&w, (uint8_t[16]){0x20, 2}, 16, mmdb_find(&w, zero, 96));
		save(&w);
		p.n = 3;
		p.length[0] = lengths[i / 2];
		p.network[1] = (nt_u128)0x2002 << 112;
		p.length[1] = 16;
		p.network[2] = (nt_u128)0xfc << 120;
		p.length[2] = 8;
		assert_true(compare_all(6, &p, 1000) > 0);
		mmdb_writer_fini(&w);
	}
}

static void one_record_for_everything(void **state)
{
	static const struct probes none;
	struct mmdb_writer w;

	(void)state;
	mmdb_writer_init(&w, 4, 24);
	w.record[0][0] = w.record[0][1] = country(&w, "JP");
	save(&w);
	assert_int_equal(compare_all(4, &none, 1000), 1000); /* IPv6 is unknown in a database of IPv4 */
	mmdb_writer_fini(&w);
	mmdb_writer_init(&w, 6, 24);
	w.record[0][0] = w.record[0][1] = country(&w, "JP");
	save(&w);
	assert_int_equal(compare_all(6, &none, 1000), 2000);
	mmdb_writer_fini(&w);
	mmdb_writer_init(&w, 6, 24);
	save(&w);
	assert_int_equal(compare_all(6, &none, 1000), 0);
	mmdb_writer_fini(&w);
}

/* Prefixes in clusters, so that they nest and touch; in IPv6 a third of them in the IPv4 space. */
static void random_prefix(struct probes *p, uint32_t ip_version)
{
	uint32_t bits = ip_version == 4 ? 32 : 128;
	uint32_t near_to = p->n ? (uint32_t)(next_random() % p->n) : 0, shared = (uint32_t)(next_random() % bits);
	nt_u128 network = (nt_u128)next_random() << 64 | next_random();

	p->length[p->n] = 1 + (uint32_t)(next_random() % bits);
	if (next_random() % 3) /* few deep ones: a random one at /100 says little */
		p->length[p->n] = 1 + p->length[p->n] / 2;
	if (p->n && next_random() % 8)
		network =
		    (network & nt_address6_host_bits(shared)) | (p->network[near_to] & ~nt_address6_host_bits(shared));
	if (ip_version == 6 && next_random() % 3 == 0) {
		network = (uint32_t)network;
		p->length[p->n] = 97 + (uint32_t)(next_random() % 32);
	}
	p->network[p->n] = network & ~nt_address6_host_bits(p->length[p->n]);
	if (ip_version == 6 && p->length[p->n] <= 96 && p->network[p->n] == 0) /* would cover the IPv4 space */
		p->network[p->n] = (nt_u128)1 << 127;
	p->n++;
}

/* The IPv4 space again elsewhere: the customary places, a NAT64 prefix, and lengths that are no whole bytes. */
static void add_aliases(struct mmdb_writer *w, struct probes *p)
{
	static const struct {
		uint8_t network[16];
		uint32_t length;
	} place[] = {
	    {{[10] = 0xff, [11] = 0xff}, 96},  {{0x20, 2}, 16}, {{0x20, 1}, 32},
	    {{0, 0x64, 0xff, 0x9b}, 96},       {{0xfc}, 6},	{{0xfa, 0x80}, 9},
	    {{0xf9, 1, 2, 3, 4, 5, 0x40}, 51},
	};
	static const uint8_t zero[16];
	uint64_t ipv4 = mmdb_find(w, zero, 96);
	uint32_t prefixes = p->n;

	for (uint32_t i = 0; i < LENGTH(place); i++)
		mmdb_insert(w, place[i].network, place[i].length, ipv4);
	for (uint32_t i = 0; i < LENGTH(place); i++) {
		p->network[p->n] = nt_address6_load(place[i].network);
		p->length[p->n++] = place[i].length;
		for (uint32_t j = 0; j < prefixes; j++) {
			if (p->network[j] >> 32 || p->length[j] < 97 || j % 4 != i % 4)
				continue;
			p->network[p->n] = nt_address6_load(place[i].network) | p->network[j] << (96 - place[i].length);
			p->length[p->n++] = p->length[j] - 96 + place[i].length;
		}
	}
}

static void fill_at_random(struct mmdb_writer *w, struct probes *p, uint32_t prefixes)
{
	uint64_t record[LENGTH(layouts) + 9 + 1500];
	uint32_t n = 0;

	for (uint32_t i = 0; i < LENGTH(layouts); i++)
		record[n++] = put_layout(&w->data, &layouts[i]);
	for (uint32_t i = 0; i < 8; i++) /* a few that are frequent, one of them twice: other data, same region */
		record[n++] = country(w, i < 4 ? "DE" : i < 7 ? "BR" : "CN");
	record[n++] = MMDB_EMPTY;
	while (prefixes > 1000 && n < LENGTH(record)) { /* databases that tell more than countries have many records */
		const char rare[] = {(char)('A' + n % 26), (char)('A' + n / 26 % 26), '\0'};

		record[n++] = country(w, rare);
	}
	while (p->n < prefixes) {
		uint8_t network[16];

		random_prefix(p, w->ip_version);
		nt_address6_store(p->network[p->n - 1], network);
		mmdb_insert(w, network, p->length[p->n - 1], record[next_random() % n]);
	}
}

static void random_databases(void **state)
{
	static const uint32_t versions[] = {4, 6}, record_bits[] = {24, 28, 32}, prefixes[] = {5, 3000};
	static struct probes p;

	(void)state;
	for (uint32_t i = 0; i < 12; i++) {
		struct mmdb_writer w;

		memset(&p, 0, sizeof(p));
		random_state = 1000 * i;
		mmdb_writer_init(&w, versions[i % 2], record_bits[i / 2 % 3]);
		fill_at_random(&w, &p, prefixes[i / 6]);
		if (w.ip_version == 6)
			add_aliases(&w, &p);
		save(&w);
		assert_true(compare_all(w.ip_version, &p, i < 6 ? 1000 : 100000) > 100);
		assert_int_equal(last.aliases6, w.ip_version == 6 ? 8 : 0);
		mmdb_writer_fini(&w);
	}
}

/* (B, A), (C, A): A for all and two exceptions, not one prefix each. */
static void fewest_prefixes(void **state)
{
	static const char *const codes[] = {"BB", "AA", "CC", "AA"};
	static const struct probes none;
	struct mmdb_writer w;

	(void)state;
	mmdb_writer_init(&w, 4, 24);
	for (uint32_t i = 0; i < LENGTH(codes); i++)
		mmdb_insert(&w, (uint8_t[]){(uint8_t)(i << 6)}, 2, country(&w, codes[i]));
	mmdb_insert(&w, (uint8_t[]){255, 1, 2, 3}, 32, country(&w, "DD"));
	save(&w);
	assert_int_equal(compare_all(4, &none, 10000), 10000);
	assert_int_equal(last.prefixes4, 3);
	mmdb_writer_fini(&w);
}

/* A subtree that is not the IPv4 space may stand at several places, too. */
static void shared_subtrees(void **state)
{
	static struct probes p;
	struct mmdb_writer w;
	uint64_t subtree;

	(void)state;
	mmdb_writer_init(&w, 6, 24);
	memset(&p, 0, sizeof(p));
	fill_at_random(&w, &p, 50);
	mmdb_insert(&w, (uint8_t[16]){0x20, 0x01, 0x0d, 0xb8}, 32, country(&w, "JP"));
	mmdb_insert(&w, (uint8_t[16]){0x20, 0x01, 0x0d, 0xb8, 0x80}, 34, country(&w, "SE"));
	subtree = mmdb_find(&w, (uint8_t[16]){0x20, 0x01, 0x0d, 0xb8}, 32);
	for (uint32_t i = 0; i < 3; i++) {
		const uint8_t network[16] = {0x28, (uint8_t)(16 * i)};

		p.network[p.n] = nt_address6_load(network);
		p.length[p.n++] = 12;
		mmdb_insert(&w, network, 12, subtree);
	}
	save(&w);
	assert_true(compare_all(6, &p, 10000) > 100);
	mmdb_writer_fini(&w);
}

/* Numbers all nodes but the root from the last to the first: those that lead to others stand behind them. */
static void turn_round(struct mmdb_writer *w)
{
	for (uint32_t i = 0; i < w->nodes; i++)
		for (uint32_t c = 0; c < 2; c++)
			if (w->record[i][c] && w->record[i][c] < w->nodes)
				w->record[i][c] = w->nodes - w->record[i][c];
	for (uint32_t i = 1; i < w->nodes - i; i++) {
		uint64_t moved[2];

		memcpy(moved, w->record[i], sizeof(moved));
		memcpy(w->record[i], w->record[w->nodes - i], sizeof(moved));
		memcpy(w->record[w->nodes - i], moved, sizeof(moved));
	}
}

/* Programs write a node behind the one that leads to it, and no node that is not used. The format asks for neither. */
static void nodes_in_another_order(void **state)
{
	static const uint32_t versions[] = {4, 6};
	static struct probes p;

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		struct mmdb_writer w;
		uint32_t unused;

		memset(&p, 0, sizeof(p));
		mmdb_writer_init(&w, versions[i / 2], 24);
		fill_at_random(&w, &p, 200);
		if (i / 2)
			add_aliases(&w, &p);
		unused = mmdb_add_node(&w);
		w.record[unused][0] = MMDB_BEYOND(100000);
		if (i % 2)
			turn_round(&w);
		save(&w);
		assert_int_equal(check(NULL), 0);
		assert_true(compare_all(versions[i / 2], &p, 10000) > 100);
		mmdb_writer_fini(&w);
	}
}

/* A record of 27,000 values in a hundred bytes. */
static uint64_t put_costly(struct mmdb_bytes *b)
{
	enum { ENTRIES = 30, LEVELS = 3 };
	uint32_t below = 0, here = 0;

	for (uint32_t level = 0; level < LEVELS; level++, below = here) {
		here = (uint32_t)b->size;
		mmdb_array(b, ENTRIES);
		for (uint32_t i = 0; i < ENTRIES; i++) {
			if (level)
				mmdb_pointer(b, below);
			else
				mmdb_unsigned(b, MMDB_UINT16, 1);
		}
	}
	return MMDB_DATA(here);
}

static void add_unused(struct mmdb_writer *w, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t node = mmdb_add_node(w);

		w->record[node][0] = country(w, "ZZ");
		w->record[node][1] = put_costly(&w->data);
	}
}

/* More than may be looked at stands where nothing leads to; nor are regions there any of the database's. */
static void unused_nodes_are_not_read(void **state)
{
	enum { UNUSED = 150 };
	static struct probes p;

	(void)state;
	for (uint32_t place = 0; place < 2; place++) { /* before nearly all others, or behind them */
		struct mmdb_writer w;

		memset(&p, 0, sizeof(p));
		mmdb_writer_init(&w, 4, 24);
		add_unused(&w, place ? 0 : UNUSED);
		fill_at_random(&w, &p, 100);
		add_unused(&w, place ? UNUSED : 0);
		save(&w);
		assert_true(compare_all(4, &p, 10000) > 100);
		mmdb_writer_fini(&w);
	}
}

/* Old tables answer on while the file and its successor come and go. */
static void reload_beside_the_old_tables(void **state)
{
	static const char *const codes[] = {"JP", "SE", "BR", "US", "CN"};
	struct nt_geo old = {0};

	(void)state;
	for (uint32_t i = 0; i < LENGTH(codes); i++) {
		struct mmdb_writer w;
		struct nt_geo new;

		mmdb_writer_init(&w, 6, 24);
		mmdb_insert(&w, (uint8_t[16]){0x20, 0x01, 0x0d}, 24, country(&w, codes[i]));
		mmdb_insert(&w, (uint8_t[16]){[12] = 8}, 104, country(&w, codes[i]));
		save(&w);
		mmdb_writer_fini(&w);
		new = load(NULL);
		assert_int_equal(truncate(file, 0), 0);
		assert_int_equal(region4(&new, 0x08080808), code(codes[i]));
		assert_int_equal(region6(&new, (nt_u128)0x20010d99 << 96), code(codes[i]));
		if (i)
			assert_int_equal(region4(&old, 0x08080808), code(codes[i - 1]));
		nt_geo_unload(&old);
		old = new;
	}
	nt_geo_unload(&old);
}

static int start(void **state)
{
	(void)state;
	return geo_fixture_start() || private_eal_start("512");
}

static int stop(void **state)
{
	(void)state;
	return geo_fixture_stop() | private_eal_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(records_of_every_layout),
	    cmocka_unit_test(records_of_odd_shape),
	    cmocka_unit_test(a_configured_path_replaces_the_others),
	    cmocka_unit_test(the_ipv4_space_ends_early),
	    cmocka_unit_test(one_record_for_everything),
	    cmocka_unit_test(random_databases),
	    cmocka_unit_test(fewest_prefixes),
	    cmocka_unit_test(shared_subtrees),
	    cmocka_unit_test(nodes_in_another_order),
	    cmocka_unit_test(unused_nodes_are_not_read),
	    cmocka_unit_test(reload_beside_the_old_tables),
	};

	return cmocka_run_group_tests(tests, start, stop);
}

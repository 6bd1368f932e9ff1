/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/asn.h"
#include "geo_fixture.h"
#include "random.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PREFIXES 2000

static void entry(struct mmdb_bytes *b, const char *key, const char *value)
{
	mmdb_string(b, key);
	mmdb_string(b, value);
}

/* Forms in which a database tells an AS. */
enum form { MAXMIND, IPINFO, ASN_NUMBER, ASN_TEXT, FORMS };

static uint64_t record(struct mmdb_writer *w, enum form form, uint32_t number, const char *org)
{
	uint32_t offset = (uint32_t)w->data.size;
	char text[16];

	mmdb_map(&w->data, 3);
	entry(&w->data, "country_code", "JP");
	snprintf(text, sizeof(text), "%s%u", form == IPINFO ? "AS" : "", number);
	mmdb_string(&w->data, form == MAXMIND ? "autonomous_system_number" : "asn");
	if (form == IPINFO || form == ASN_TEXT)
		mmdb_string(&w->data, text);
	else
		mmdb_unsigned(&w->data, form == MAXMIND ? MMDB_UINT32 : MMDB_UINT64, number);
	entry(&w->data, form == MAXMIND ? "autonomous_system_organization" : "as_name", org);
	return MMDB_DATA(offset);
}

static struct nt_asn *opened(const struct mmdb_writer *w)
{
	struct nt_asn *asn;

	save(w);
	if (nt_asn_open(file, &asn, why))
		fail_msg("%s", why);
	return asn;
}

static void refused(const char *reason)
{
	struct nt_asn *asn;

	memset(why, 0, sizeof(why));
	assert_true(nt_asn_open(file, &asn, why) < 0);
	assert_null(asn);
	assert_non_null(strstr(why, reason));
	assert_int_equal(strncmp(why, file, strlen(file)), 0);
	assert_null(strchr(why, '\n'));
}

static struct nt_address v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return (struct nt_address){.byte = {a, b, c, d}, .length = 4};
}

static void every_form_of_record(void **state)
{
	(void)state;
	for (uint32_t f = 0; f < FORMS; f++) {
		const struct nt_address inside = v4(1, 2, 3, 4), outside = v4(9, 2, 3, 4);
		struct mmdb_writer w;
		char org[NT_ASN_ORG];
		struct nt_asn *asn;

		mmdb_writer_init(&w, 4, 24);
		mmdb_insert(&w, (uint8_t[]){1}, 8, record(&w, f, UINT32_MAX - f, "WIDE Project"));
		asn = opened(&w);
		assert_int_equal(nt_asn_build_s(asn), 1700000000);
		assert_int_equal(nt_asn_lookup(asn, &inside), UINT32_MAX - f);
		assert_int_equal(nt_asn_lookup(asn, &inside), UINT32_MAX - f); /* as remembered */
		assert_int_equal(nt_asn_lookup_org(asn, &inside, org), UINT32_MAX - f);
		assert_string_equal(org, "WIDE Project");
		assert_int_equal(nt_asn_lookup(asn, &outside), 0);
		assert_int_equal(nt_asn_lookup_org(asn, &outside, org), 0);
		assert_string_equal(org, "");
		nt_asn_close(asn);
		mmdb_writer_fini(&w);
	}
	nt_asn_close(NULL);
}

static void what_is_no_number_is_none(void **state)
{
	static const char *const bad[] = {"", "AS", "ASX", "AS12x", "-1", "4294967296", "AS99999999999", " 12", "AS 1"};
	struct mmdb_writer w;
	struct nt_asn *asn;

	(void)state;
	mmdb_writer_init(&w, 4, 24);
	mmdb_insert(&w, (uint8_t[]){200}, 8, record(&w, MAXMIND, 7, "")); /* else it were refused */
	for (uint32_t i = 0; i < LENGTH(bad); i++) {
		mmdb_insert(&w, (uint8_t[]){(uint8_t)i}, 8, MMDB_DATA(w.data.size));
		mmdb_map(&w.data, 1);
		entry(&w.data, "asn", bad[i]);
	}
	mmdb_insert(&w, (uint8_t[]){100}, 8, MMDB_DATA(w.data.size));
	mmdb_map(&w.data, 1);
	mmdb_string(&w.data, "asn");
	mmdb_map(&w.data, 0);
	mmdb_insert(&w, (uint8_t[]){101}, 8, MMDB_DATA(w.data.size));
	mmdb_string(&w.data, "no map at all");
	asn = opened(&w);
	for (uint32_t i = 0; i < 200; i++) {
		const struct nt_address address = v4((uint8_t)i, 1, 1, 1);

		assert_int_equal(nt_asn_lookup(asn, &address), 0);
	}
	nt_asn_close(asn);
	mmdb_writer_fini(&w);
}

static void names_are_cut_between_characters(void **state)
{
	static const struct {
		const char *unit, *expected;
		uint32_t units, expected_units;
	} row[] = {
	    {"a", "a", 127, 127},
	    {"a", "a", 128, 127},
	    {"\xc3\xa9", "\xc3\xa9", 100, 63},		       /* 126 bytes: half a letter does not fit */
	    {"\xe6\x97\xa5", "\xe6\x97\xa5", 100, 42},	       /* likewise */
	    {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", 100, 31}, /* likewise */
	    {"\xff", "?", 3, 3},			       /* no UTF-8 */
	    {"\xc3", "?", 2, 2},			       /* cut off */
	    {"\xed\xa0\x80", "?", 1, 3},		       /* a surrogate */
	    {"\n", "?", 2, 2},
	};

	(void)state;
	for (uint32_t i = 0; i < LENGTH(row); i++) {
		char name[1024] = "", expected[1024] = "", org[NT_ASN_ORG];
		const struct nt_address address = v4(1, 1, 1, 1);
		struct mmdb_writer w;
		struct nt_asn *asn;

		for (uint32_t n = 0; n < row[i].units; n++)
			strcat(name, row[i].unit);
		for (uint32_t n = 0; n < row[i].expected_units; n++)
			strcat(expected, row[i].expected);
		mmdb_writer_init(&w, 4, 24);
		mmdb_insert(&w, (uint8_t[]){1}, 8, record(&w, MAXMIND, 1, name));
		asn = opened(&w);
		assert_int_equal(nt_asn_lookup_org(asn, &address, org), 1);
		assert_string_equal(org, expected);
		nt_asn_close(asn);
		mmdb_writer_fini(&w);
	}
}

/* ---- against a list of prefixes ---- */

struct model {
	uint8_t network[PREFIXES][16];
	uint32_t length[PREFIXES];
	uint32_t number[PREFIXES];
	uint32_t n;
};

static bool covers(const uint8_t *network, uint32_t length, const uint8_t *address)
{
	for (uint32_t i = 0; i < length; i++)
		if ((network[i / 8] ^ address[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

/* The prefix that was put in last holds. IPv4 stands at ::/96, and once more at 2002::/16. */
static uint32_t expected(const struct model *m, const struct nt_address *a)
{
	uint8_t address[16] = {0};

	if (a->length == 4)
		memcpy(address + 12, a->byte, 4);
	else if (a->byte[0] == 0x20 && a->byte[1] == 2)
		memcpy(address + 12, a->byte + 2, 4);
	else
		memcpy(address, a->byte, 16);
	for (uint32_t i = m->n; i-- > 0;)
		if (covers(m->network[i], m->length[i], address))
			return m->number[i];
	return 0;
}

static void add_random(struct model *m, struct mmdb_writer *w)
{
	uint8_t *network = m->network[m->n];
	bool ipv4 = next_random() % 2;

	for (uint32_t i = ipv4 ? 12 : 0; i < 16; i++)
		network[i] = (uint8_t)next_random();
	m->length[m->n] = ipv4 ? 97 + next_random() % 32 : 4 + next_random() % 60;
	if (!ipv4)
		network[0] = 0x28; /* clear of the IPv4 space and of its alias */
	if (m->n && next_random() % 2)
		memcpy(network, m->network[next_random() % m->n], 14);
	if (!network[0] && m->length[m->n] < 97)
		m->length[m->n] = 100;
	m->number[m->n] = (uint32_t)next_random() % 1000;
	mmdb_insert(w, network, m->length[m->n], record(w, next_random() % FORMS, m->number[m->n], "X"));
	m->n++;
}

static void answers_are_those_of_the_prefixes(void **state)
{
	static struct model m;
	struct mmdb_writer w;
	struct nt_asn *asn;
	uint32_t known = 0;

	(void)state;
	mmdb_writer_init(&w, 6, 28);
	while (m.n < PREFIXES)
		add_random(&m, &w);
	mmdb_insert(&w, (uint8_t[16]){0x20, 2}, 16, mmdb_find(&w, (uint8_t[16]){0}, 96));
	asn = opened(&w);
	for (uint32_t i = 0; i < 50000; i++) {
		const uint8_t *near = m.network[next_random() % m.n];
		struct nt_address a = {.length = near[0] ? 16 : i % 2 ? 4 : 16};

		if (a.length == 4)
			memcpy(a.byte, near + 12, 4);
		else if (near[0])
			memcpy(a.byte, near, 16);
		else
			memcpy(a.byte, (uint8_t[]){0x20, 2, near[12], near[13], near[14], near[15]}, 6);
		for (uint32_t n = i % 3; n; n--)
			a.byte[next_random() % a.length] ^= (uint8_t)(1 << next_random() % 8);
		assert_int_equal(nt_asn_lookup(asn, &a), expected(&m, &a));
		known += expected(&m, &a) != 0;
	}
	assert_in_range(known, 10000, 49999);
	nt_asn_close(asn);
	mmdb_writer_fini(&w);
}

static void ipv6_in_a_database_of_ipv4_is_unknown(void **state)
{
	const struct nt_address a = {.byte = {1, 1, 1, 1}, .length = 16};
	struct mmdb_writer w;
	struct nt_asn *asn;

	(void)state;
	mmdb_writer_init(&w, 4, 24);
	w.record[0][0] = w.record[0][1] = record(&w, MAXMIND, 5, "");
	asn = opened(&w);
	assert_int_equal(nt_asn_lookup(asn, &a), 0);
	nt_asn_close(asn);
	mmdb_writer_fini(&w);
}

static void other_files_are_refused(void **state)
{
	const struct mmdb_bytes text = {.data = (uint8_t *)(char[]){"not a database"}, .size = 14};
	const struct mmdb_bytes empty = {0};
	struct mmdb_bytes whole;
	struct mmdb_writer w;

	(void)state;
	unlink(file);
	refused("No such file");
	mmdb_save(&text, file);
	refused("not a MaxMind database");
	mmdb_save(&empty, file);
	refused("empty");
	mmdb_writer_init(&w, 4, 24);
	mmdb_insert(&w, (uint8_t[]){1}, 8, country(&w, "JP"));
	save(&w);
	refused("no AS number");
	mmdb_insert(&w, (uint8_t[]){1, 1, 1, 1}, 32, record(&w, IPINFO, 1, "X"));
	w.record[20][1] = MMDB_BEYOND(1u << 20);
	save(&w);
	refused("outside");
	w.record[20][1] = MMDB_DATA(w.data.size);
	mmdb_raw(&w.data, (uint8_t[]){0xff, 0xff, 0xff, 0xff}, 4);
	whole = mmdb_encode(&w);
	whole.size /= 2;
	mmdb_save(&whole, file);
	refused("");
	free(whole.data);
	mmdb_writer_fini(&w);
}

/* A broken record that was not come upon at the start is no AS, and no crash. */
static void a_broken_record_says_nothing(void **state)
{
	const struct nt_address good = v4(1, 1, 1, 1), bad = v4(200, 1, 1, 1);
	struct mmdb_writer w;
	struct nt_asn *asn;
	char org[NT_ASN_ORG];

	(void)state;
	mmdb_writer_init(&w, 4, 24);
	w.record[0][0] = record(&w, MAXMIND, 5, "X");
	w.record[0][1] = MMDB_DATA(w.data.size);
	mmdb_raw(&w.data, (uint8_t[]){0xff, 0xff, 0xff, 0xff}, 4);
	asn = opened(&w);
	assert_int_equal(nt_asn_lookup(asn, &good), 5);
	assert_int_equal(nt_asn_lookup(asn, &bad), 0);
	assert_int_equal(nt_asn_lookup_org(asn, &bad, org), 0);
	assert_string_equal(org, "");
	nt_asn_close(asn);
	mmdb_writer_fini(&w);
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
	    cmocka_unit_test(every_form_of_record),
	    cmocka_unit_test(what_is_no_number_is_none),
	    cmocka_unit_test(names_are_cut_between_characters),
	    cmocka_unit_test(answers_are_those_of_the_prefixes),
	    cmocka_unit_test(ipv6_in_a_database_of_ipv4_is_unknown),
	    cmocka_unit_test(other_files_are_refused),
	    cmocka_unit_test(a_broken_record_says_nothing),
	};

	return cmocka_run_group_tests_name("asn", tests, start, stop);
}

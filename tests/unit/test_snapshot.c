/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "needletail/schema.h"
#include "snapshot/json.h"

#include <stdlib.h>
#include <string.h>

static void counts_are_compacted(void **state)
{
	struct nt_counts c = {0};

	(void)state;
	nt_counts_compact(&c);
	assert_int_equal(c.n, 0);
	assert_int_equal(nt_counts_get(&c, 1), 0);
	for (uint64_t i = 0; i < 1000; i++)
		assert_int_equal(nt_counts_append(&c, (i * 7) % 100, i % 100 ? 1 : 0), 0);
	nt_counts_compact(&c);
	assert_int_equal(c.n, 99); /* key 0 has no packet */
	for (size_t i = 1; i < c.n; i++)
		assert_true(c.entry[i - 1].key < c.entry[i].key);
	assert_int_equal(nt_counts_total(&c), 990);
	assert_int_equal(nt_counts_get(&c, 7), 10);
	assert_int_equal(nt_counts_get(&c, 0), 0);
	assert_int_equal(nt_counts_get(&c, 100), 0);
	free(c.entry);
}

static void counts_merge(void **state)
{
	struct nt_counts a = {0}, b = {0};

	(void)state;
	nt_counts_append(&a, 1, 10);
	nt_counts_append(&a, 3, 30);
	nt_counts_append(&b, 2, 5);
	nt_counts_append(&b, 3, 7);
	assert_int_equal(nt_counts_merge(&a, &b), 0);
	assert_int_equal(a.n, 3);
	assert_int_equal(nt_counts_get(&a, 2), 5);
	assert_int_equal(nt_counts_get(&a, 3), 37);
	free(a.entry);
	free(b.entry);
}

static void regions_have_one_index_each(void **state)
{
	static const char characters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	bool seen[NT_REGIONS] = {false};
	char text[3];

	(void)state;
	for (const char *a = characters; *a; a++)
		for (const char *b = characters; *b; b++) {
			const char code[] = {*a, *b, '\0'};
			uint32_t index = nt_region_index(code, 2);

			assert_in_range(index, 1, NT_REGIONS - 1);
			assert_false(seen[index]);
			seen[index] = true;
			nt_region_text(index, text);
			assert_string_equal(text, code);
		}
	nt_region_text(NT_REGION_UNKNOWN, text);
	assert_string_equal(text, "--");
}

static void what_is_no_region_is_unknown(void **state)
{
	static const char *const bad[] = {"", "J", "jp", "Jp", "JPN", "--", "J ", "\xc3\xa9"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(nt_region_index(bad[i], strlen(bad[i])), NT_REGION_UNKNOWN);
	assert_int_equal(nt_region_index("J\0", 2), NT_REGION_UNKNOWN);
	assert_int_equal(nt_region_index("JP!", 2), nt_region_index("JP", 2)); /* length counts, no NUL needed */
}

static void members_have_their_text(void **state)
{
	char text[NT_MEMBER_TEXT];
	uint32_t jp = nt_region_index("JP", 2);

	(void)state;
	nt_table_member(NT_TABLE_TCP_PORT, 445, text);
	assert_string_equal(text, "445/tcp");
	nt_table_member(NT_TABLE_UDP_PORT, 65535, text);
	assert_string_equal(text, "65535/udp");
	nt_table_member(NT_TABLE_IP_PROTO, NT_PROTO_UNRESOLVED, text);
	assert_string_equal(text, "unresolved");
	nt_table_member(NT_TABLE_TCP_FLAGS, 2, text);
	assert_string_equal(text, "0x02");
	nt_table_member(NT_TABLE_ICMP, 0x0301, text);
	assert_string_equal(text, "3/1");
	nt_table_member(NT_TABLE_REGION, jp, text);
	assert_string_equal(text, "JP");
	nt_table_member(NT_TABLE_REGION_PORT, nt_region_port_key(jp, false, 445), text);
	assert_string_equal(text, "JP:445/tcp");
	nt_table_member(NT_TABLE_REGION_PORT, nt_region_port_key(NT_REGION_UNKNOWN, true, 53), text);
	assert_string_equal(text, "--:53/udp");
	nt_table_member(NT_TABLE_REGION_PORT, nt_region_port_key(NT_REGIONS - 1, true, 65535), text);
	assert_string_equal(text, "ZZ:65535/udp");
}

static void put(struct nt_snapshot *s, enum nt_table table, uint64_t key, uint64_t count)
{
	assert_int_equal(nt_counts_append(&s->table[table], key, count), 0);
	nt_counts_compact(&s->table[table]);
}

static void every_backscatter_class_is_told(void **state)
{
	static const uint8_t icmp[] = {0, 3, 4, 5, 11, 12, 14, 16, 18}, icmp6[] = {1, 2, 3, 4, 129};
	struct nt_snapshot s;
	uint64_t packets[NT_BACKSCATTERS], sum = 0;

	(void)state;
	nt_snapshot_init(&s);
	for (uint32_t flags = 0; flags < 256; flags++)
		put(&s, NT_TABLE_TCP_FLAGS, flags, 1);
	for (uint32_t type = 0; type < 256; type++) {
		put(&s, NT_TABLE_ICMP, type << 8, 1);
		put(&s, NT_TABLE_ICMP, type << 8 | 9, 1);
		put(&s, NT_TABLE_ICMP6, type << 8, 3);
	}
	nt_snapshot_backscatter(&s, packets);
	for (uint32_t c = NT_BACKSCATTER_SYNACK; c <= NT_BACKSCATTER_RSTACK; c++)
		assert_int_equal(packets[c], 16); /* the four bits outside the mask are free */
	for (uint32_t i = 0; i < sizeof(icmp); i++)
		assert_int_equal(packets[NT_BACKSCATTER_ICMP_ECHO_REPLY + i], 2);
	for (uint32_t i = 0; i < sizeof(icmp6); i++)
		assert_int_equal(packets[NT_BACKSCATTER_ICMP6_DEST_UNREACH + i], 3);
	for (uint32_t c = 0; c < NT_BACKSCATTERS; c++)
		sum += packets[c];
	assert_int_equal(sum, 3 * 16 + 9 * 2 + 5 * 3);
	nt_snapshot_fini(&s);
}

/* A snapshot that adds up. */
static void fill(struct nt_snapshot *s)
{
	nt_snapshot_init(s);
	s->start_s = 1662422400;
	s->end_s = 1662422460;
	s->frames = 10;
	s->bytes = 600;
	s->class_frames[NT_CLASS_IPV4] = 7;
	s->class_frames[NT_CLASS_IPV6] = 1;
	s->class_frames[NT_CLASS_ARP] = 1;
	s->class_frames[NT_CLASS_OTHER] = 1;
	s->malformed[NT_REASON_ETH] = 1;
	s->malformed[NT_REASON_IPV4_IHL] = 1;
	s->truncated[NT_REASON_TCP_HEADER] = 1;
	s->truncated[NT_REASON_IPV6_EXT] = 1;
	put(s, NT_TABLE_NO_L4, 17, 1);
	put(s, NT_TABLE_IP_PROTO, 6, 5);
	put(s, NT_TABLE_IP_PROTO, 17, 1);
	put(s, NT_TABLE_IP_PROTO, NT_PROTO_UNRESOLVED, 1);
	put(s, NT_TABLE_TCP_PORT, 23, 2);
	put(s, NT_TABLE_TCP_PORT, 110, 1);
	put(s, NT_TABLE_TCP_PORT, 445, 1);
	put(s, NT_TABLE_TCP_FLAGS, 0x02, 3);
	put(s, NT_TABLE_TCP_FLAGS, 0x12, 1);
	put(s, NT_TABLE_TCP_WINDOW, 8192, 4);
	put(s, NT_TABLE_REGION, nt_region_index("JP", 2), 3);
	put(s, NT_TABLE_REGION, nt_region_index("US", 2), 4);
	put(s, NT_TABLE_REGION_PORT, nt_region_port_key(nt_region_index("JP", 2), false, 445), 1);
	put(s, NT_TABLE_REGION_PORT, nt_region_port_key(nt_region_index("US", 2), false, 23), 2);
	put(s, NT_TABLE_REGION_PORT, nt_region_port_key(nt_region_index("US", 2), false, 110), 1);
}

static void conservation_holds_and_breaks(void **state)
{
	struct nt_snapshot s;

	(void)state;
	fill(&s);
	assert_int_equal(nt_snapshot_imbalance(&s), 0);
	s.frames++;
	assert_int_equal(nt_snapshot_imbalance(&s), 1);
	s.frames--;
	s.class_frames[NT_CLASS_IPV4]--; /* two identities notice */
	assert_int_equal(nt_snapshot_imbalance(&s), 2);
	s.class_frames[NT_CLASS_IPV4]++;
	put(&s, NT_TABLE_UDP_PORT, 53, 1);
	assert_int_equal(nt_snapshot_imbalance(&s), 1);
	put(&s, NT_TABLE_IP_PROTO, 17, 1);
	put(&s, NT_TABLE_ICMP, 0x0800, 1);
	put(&s, NT_TABLE_ICMP6, 0x8000, 1);
	assert_int_equal(nt_snapshot_imbalance(&s), 3);
	nt_snapshot_fini(&s);
}

static void adding_sums_everything(void **state)
{
	struct nt_snapshot a, b;

	(void)state;
	fill(&a);
	fill(&b);
	assert_true(nt_snapshot_equal(&a, &b));
	b.start_s += 60;
	b.end_s += 60;
	b.late = 1;
	b.loss.missed = 5;
	assert_false(nt_snapshot_equal(&a, &b));
	assert_int_equal(nt_snapshot_add(&a, &b), 0);
	assert_int_equal(a.end_s - a.start_s, 120);
	assert_int_equal(a.frames, 20);
	assert_int_equal(a.loss.missed, 5);
	assert_int_equal(nt_counts_get(&a.table[NT_TABLE_TCP_PORT], 23), 4);
	assert_int_equal(nt_snapshot_imbalance(&a), 0);
	nt_snapshot_fini(&a);
	nt_snapshot_fini(&b);
}

static void the_line_is_the_contract(void **state)
{
	static const char expected[] =
	    "{\"schema\":\"needletail/1\",\"sensor\":\"t-1\",\"start\":1662422400,\"end\":1662422460,"
	    "\"partial\":true,\"frames\":10,\"bytes\":600,\"late\":0,"
	    "\"class\":{\"ipv4\":7,\"ipv6\":1,\"arp\":1,\"other\":1},\"malformed\":{\"eth\":1,\"ipv4_ihl\":1},"
	    "\"truncated\":{\"ipv6_ext\":1,\"tcp_header\":1},\"no_l4\":{\"17\":1},"
	    "\"ip_proto\":{\"6\":5,\"17\":1,\"unresolved\":1},\"tcp_port\":{\"23\":2,\"110\":1,\"445\":1},"
	    "\"udp_port\":{},\"tcp_flags\":{\"0x02\":3,\"0x12\":1},\"tcp_window\":{\"8192\":4},\"icmp\":{},"
	    "\"icmp6\":{},\"region\":{\"US\":4,\"JP\":3},"
	    "\"asn\":{},\"region_port\":{\"US\":{\"23/tcp\":2,\"110/tcp\":1},\"JP\":{\"445/tcp\":1}},"
	    "\"backscatter\":{\"packets\":{\"synack\":1}},"
	    "\"overflow\":{\"sources\":0,\"pairs\":0,\"victims\":0,\"region_port\":0,\"asn_packets\":0},"
	    "\"loss\":{\"missed\":0,\"no_mbuf\":0,\"errors\":0,\"unexplained\":0}}";
	struct nt_snapshot s;
	char *line;

	(void)state;
	fill(&s);
	s.partial = true;
	assert_int_equal(nt_snapshot_json(&s, "t-1", &line), 0);
	assert_string_equal(line, expected);
	free(line);
	s.loss.missed_unknown = true;
	assert_int_equal(nt_snapshot_json(&s, "t-1", &line), 0);
	assert_non_null(strstr(line, "\"missed\":null"));
	free(line);
	nt_snapshot_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counts_are_compacted),	     cmocka_unit_test(counts_merge),
	    cmocka_unit_test(regions_have_one_index_each),   cmocka_unit_test(what_is_no_region_is_unknown),
	    cmocka_unit_test(members_have_their_text),	     cmocka_unit_test(every_backscatter_class_is_told),
	    cmocka_unit_test(conservation_holds_and_breaks), cmocka_unit_test(adding_sums_everything),
	    cmocka_unit_test(the_line_is_the_contract),
	};

	return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}

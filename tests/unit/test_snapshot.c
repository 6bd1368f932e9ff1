/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "random.h"

#include "needletail/schema.h"
#include "snapshot/json.h"

#include <errno.h>
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

/* Of every size and width of keys, some often, some with no count: as counting them one by one has it. */
static void many_counts_are_compacted(void **state)
{
	(void)state;
	for (uint32_t round = 0; round < 300; round++) {
		uint32_t n = (uint32_t)(next_random() % 2000), bits = 1 + (uint32_t)(next_random() % 64);
		struct nt_counts c = {0};
		uint64_t *key = malloc((n + 1) * sizeof(*key)), *count = malloc((n + 1) * sizeof(*count));

		assert_true(key && count);
		for (uint32_t i = 0; i < n; i++) {
			key[i] = i && next_random() % 4 == 0 ? key[next_random() % i] : next_random() >> (64 - bits);
			count[i] = next_random() % 5;
			assert_int_equal(nt_counts_append(&c, key[i], count[i]), 0);
		}
		nt_counts_compact(&c);
		for (uint32_t i = 0; i < n; i++) {
			uint64_t sum = 0;

			for (uint32_t k = 0; k < n; k++)
				sum += key[k] == key[i] ? count[k] : 0;
			assert_int_equal(nt_counts_get(&c, key[i]), sum);
		}
		for (size_t i = 0; i < c.n; i++) {
			assert_true(c.entry[i].count);
			assert_true(!i || c.entry[i - 1].key < c.entry[i].key);
		}
		free(c.entry);
		free(key);
		free(count);
	}
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
	    "\"sources\":{\"total\":0,\"estimated\":false,\"region\":{},\"port\":{}},"
	    "\"backscatter\":{\"packets\":{\"synack\":1},\"sources\":0,\"region\":{},\"top\":[]},"
	    "\"signatures\":{},"
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

static void addresses_are_written_as_rfc_5952_says(void **state)
{
	static const struct {
		struct nt_address address;
		const char *text;
	} row[] = {
	    {{.byte = {203, 0, 113, 9}, .length = 4}, "203.0.113.9"},
	    {{.byte = {0, 0, 0, 0}, .length = 4}, "0.0.0.0"},
	    {{.byte = {0}, .length = 16}, "::"},
	    {{.byte = {[15] = 1}, .length = 16}, "::1"},
	    {{.byte = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}, .length = 16}, "2001:db8::1"},
	    /* section 4.2.2: one zero group stays; 4.2.3: the longest run, the first of equals; 4.3: small letters */
	    {{.byte = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1}, .length = 16}, "2001:db8:0:1:1:1:1:1"},
	    {{.byte = {0x20, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1}, .length = 16}, "2001:0:0:1::1"},
	    {{.byte = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1}, .length = 16}, "2001:db8::1:0:0:1"},
	    {{.byte = {0x20, 1, 0xd, 0xb8, [14] = 0xab, 0xcd}, .length = 16}, "2001:db8::abcd"},
	    /* section 5: an IPv4 address behind a well-known prefix */
	    {{.byte = {[10] = 0xff, 0xff, 192, 0, 2, 1}, .length = 16}, "::ffff:192.0.2.1"},
	    {{.byte = {[12] = 192, 0, 2, 1}, .length = 16}, "::192.0.2.1"},
	    {{.byte = {0x20, 2, 192, 0, 2, 1}, .length = 16}, "2002:c000:201::"},
	};
	char text[NT_ADDRESS_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		nt_address_text(&row[i].address, text);
		assert_string_equal(text, row[i].text);
	}
}

static void copy_counts(struct nt_counts *c, uint64_t key, uint64_t count)
{
	assert_int_equal(nt_counts_append(c, key, count), 0);
	nt_counts_compact(c);
}

static void *zeroed(size_t n, size_t size)
{
	void *memory = calloc(n, size);

	assert_non_null(memory);
	return memory;
}

static void fill_signatures(struct nt_snapshot *s)
{
	static const char *const name[] = {"zmap-old", "b", "a"};
	struct nt_signature_counts *c;

	s->n_signatures = 3;
	s->signature = zeroed(3, sizeof(*s->signature));
	for (uint32_t i = 0; i < 3; i++)
		memcpy(s->signature[i].name, name[i], strlen(name[i]) + 1);
	c = &s->signature[1];
	c->packets = 9;
	c->sources = 4;
	copy_counts(&c->region_packets, nt_region_index("JP", 2), 4);
	copy_counts(&c->region_packets, nt_region_index("US", 2), 5);
	copy_counts(&c->region_sources, nt_region_index("JP", 2), 3);
	copy_counts(&c->region_sources, nt_region_index("SE", 2), 1); /* its packets found no place */
	copy_counts(&c->port_packets, nt_port_key(true, 53), 4);
	copy_counts(&c->port_packets, nt_port_key(false, 445), 4);
	copy_counts(&c->port_sources, nt_port_key(false, 445), 2);
}

static void fill_backscatter(struct nt_snapshot *s)
{
	struct nt_backscatter_source *b;

	s->n_backscatter = 103;
	b = s->backscatter = zeroed(103, sizeof(*s->backscatter));
	for (uint32_t i = 0; i < 103; i++)
		b[i] = (struct nt_backscatter_source){.address = {.byte = {10, 0, 0, (uint8_t)i}, .length = 4},
						      .packets = 1};
	b[0] = (struct nt_backscatter_source){
	    .address = {.byte = {203, 0, 113, 9}, .length = 4},
	    .region = (uint16_t)nt_region_index("JP", 2),
	    .source_port = 443,
	    .has_port = true,
	    .source_port_same = true,
	    .asn = 2907,
	    .packets = 7,
	    .targets = 5,
	    .first_s = 1662422401,
	    .last_s = 1662422459,
	};
	b[0].classes[NT_BACKSCATTER_SYNACK] = 3;
	b[0].classes[NT_BACKSCATTER_RSTACK] = 2;
	b[0].classes[NT_BACKSCATTER_ICMP_DEST_UNREACH] = 2;
	b[1].source_port = 1; /* without has_port it is none */
	b[1].source_port_same = true;
}

/* Every member that a line shows. */
static void fill_sources(struct nt_snapshot *s)
{
	s->unique = (struct nt_unique){.estimated = true, .sources = 12, .backscatter = 103};
	copy_counts(&s->unique.region, nt_region_index("JP", 2), 2);
	copy_counts(&s->unique.region, NT_REGION_UNKNOWN, 10);
	copy_counts(&s->unique.port, nt_port_key(false, 445), 2);
	copy_counts(&s->unique.port, nt_port_key(true, 53), 2);
	copy_counts(&s->unique.backscatter_region, nt_region_index("JP", 2), 1);
	copy_counts(&s->table[NT_TABLE_ASN], 2907, 3);
	copy_counts(&s->table[NT_TABLE_ASN], 0, 4);
	for (uint32_t i = 0; i < NT_OVERFLOWS; i++)
		s->overflow[i] = i + 1;
	fill_signatures(s);
	fill_backscatter(s);
}

static void sources_are_in_the_line(void **state)
{
	static const char *const part[] = {
	    "\"asn\":{\"0\":4,\"2907\":3},\"region_port\":",
	    "\"sources\":{\"total\":12,\"estimated\":true,\"region\":{\"--\":10,\"JP\":2},"
	    "\"port\":{\"445/tcp\":2,\"53/udp\":2}},\"backscatter\":",
	    "\"backscatter\":{\"packets\":{\"synack\":1},\"sources\":103,\"region\":{\"JP\":1},"
	    "\"top\":[{\"source\":\"203.0.113.9\",\"region\":\"JP\",\"asn\":2907,\"packets\":7,\"source_port\":443,"
	    "\"source_port_same\":true,\"classes\":{\"synack\":3,\"icmp_dest_unreach\":2,\"rstack\":2},\"targets\":5,"
	    "\"first\":1662422401,\"last\":1662422459},{\"source\":\"10.0.0.1\",\"region\":\"--\",\"asn\":0,"
	    "\"packets\":1,"
	    "\"source_port\":null,\"source_port_same\":false,\"classes\":{},\"targets\":0,\"first\":0,\"last\":0},",
	    "\"first\":0,\"last\":0}]},\"signatures\":{\"b\":{\"packets\":9,\"sources\":4,\"region\":{"
	    "\"US\":{\"packets\":5,\"sources\":0},\"JP\":{\"packets\":4,\"sources\":3},\"SE\":{\"packets\":0,"
	    "\"sources\":1}},"
	    "\"port\":{\"445/tcp\":{\"packets\":4,\"sources\":2},\"53/udp\":{\"packets\":4,\"sources\":0}}},"
	    "\"a\":{\"packets\":0,\"sources\":0,\"region\":{},\"port\":{}},"
	    "\"zmap-old\":{\"packets\":0,\"sources\":0,\"region\":{},\"port\":{}}},\"overflow\":{\"sources\":1,"
	    "\"pairs\":2,"
	    "\"victims\":3,\"region_port\":4,\"asn_packets\":5},\"loss\":",
	};
	struct nt_snapshot s;
	char *line;

	(void)state;
	fill(&s);
	fill_sources(&s);
	assert_int_equal(nt_snapshot_json(&s, "t-1", &line), 0);
	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++)
		if (!strstr(line, part[i]))
			fail_msg("%s\nis not in\n%s", part[i], line);
	assert_non_null(strstr(line, "\"10.0.0.99\"")); /* the hundredth */
	assert_null(strstr(line, "\"10.0.0.100\""));
	free(line);
	nt_snapshot_fini(&s);
}

/* A map that is not known is not empty: it is not there. */
static void a_reduced_line_says_so(void **state)
{
	static const char expected[] =
	    "{\"schema\":\"needletail/1\",\"sensor\":\"t-1\",\"start\":1662422400,\"end\":1662422460,"
	    "\"reduced\":true,\"frames\":10,\"bytes\":600,\"late\":0,"
	    "\"class\":{\"ipv4\":7,\"ipv6\":1,\"arp\":1,\"other\":1},\"malformed\":{\"eth\":1,\"ipv4_ihl\":1},"
	    "\"truncated\":{\"ipv6_ext\":1,\"tcp_header\":1},\"no_l4\":{\"17\":1},"
	    "\"ip_proto\":{\"6\":5,\"17\":1,\"unresolved\":1},"
	    "\"tcp_flags\":{\"0x02\":3,\"0x12\":1},\"icmp\":{},"
	    "\"icmp6\":{},\"region\":{\"US\":4,\"JP\":3},"
	    "\"sources\":{\"total\":12,\"estimated\":true,\"region\":{\"--\":10,\"JP\":2}},"
	    "\"backscatter\":{\"packets\":{\"synack\":1},\"sources\":103,\"region\":{\"JP\":1}},"
	    "\"signatures\":{\"b\":{\"packets\":9,\"sources\":4},\"a\":{\"packets\":0,\"sources\":0},"
	    "\"zmap-old\":{\"packets\":0,\"sources\":0}},"
	    "\"overflow\":{\"sources\":1,\"pairs\":2,\"victims\":3,\"region_port\":4,\"asn_packets\":5},"
	    "\"loss\":{\"missed\":0,\"no_mbuf\":0,\"errors\":0,\"unexplained\":0}}";
	struct nt_snapshot s;
	char *line;

	(void)state;
	fill(&s);
	fill_sources(&s);
	nt_snapshot_reduce(&s);
	assert_int_equal(nt_snapshot_json(&s, "t-1", &line), 0);
	assert_string_equal(line, expected);
	free(line);
	nt_snapshot_fini(&s);
}

static void an_event_has_a_line(void **state)
{
	static const char expected[] =
	    "{\"schema\":\"needletail-event/1\",\"sensor\":\"t-1\",\"type\":\"fixed_tool\",\"start\":60,\"end\":120,"
	    "\"region\":\"JP\",\"source\":\"AS2907\",\"body\":{\"share\":0.1,\"a\":[1]}}";
	struct nt_event e = {.type = NT_EVENT_FIXED_TOOL, .start_s = 60, .end_s = 120, .region = "JP"};
	char body[] = "{\"share\": 0.1,\n\"a\": [1]}", broken[] = "{";
	char *line;

	(void)state;
	strcpy(e.source, "AS2907");
	e.body = body;
	assert_int_equal(nt_event_json(&e, "t-1", &line), 0);
	assert_string_equal(line, expected);
	free(line);
	e.body = broken;
	assert_int_equal(nt_event_json(&e, "t-1", &line), -EINVAL);
	assert_null(line);
}

/* One of everything that a snapshot can hold. */
static void fill_all(struct nt_snapshot *s)
{
	struct nt_event event = {.type = NT_EVENT_DOS, .body = strdup("{}")};

	fill(s);
	fill_sources(s);
	copy_counts(&s->backscatter_port, 443, 1);
	s->n_sources = 2;
	s->source = zeroed(2, sizeof(*s->source));
	s->detail = zeroed(2, sizeof(*s->detail));
	s->n_pairs = s->n_victims = s->n_queues = s->n_sketches = s->n_orgs = 1;
	s->pair = zeroed(1, sizeof(*s->pair));
	s->victim = zeroed(1, sizeof(*s->victim));
	s->queue = zeroed(1, sizeof(*s->queue));
	s->sketch = zeroed(1, sizeof(*s->sketch));
	s->sketch[0].n = 1;
	s->sketch[0].registers = zeroed(1, sizeof(uint32_t));
	s->sketch[0].n_hosts = 1;
	s->sketch[0].host = zeroed(1, sizeof(uint32_t));
	s->org = zeroed(1, sizeof(*s->org));
	s->org[0].name = strdup("WIDE");
	assert_int_equal(nt_snapshot_add_event(s, &event), 0);
	assert_null(event.body);
}

static void equality_sees_every_member(void **state)
{
	struct nt_snapshot a, b;

	(void)state;
	fill_all(&a);
	fill_all(&b);
	assert_true(nt_snapshot_equal(&a, &b));
#define DIFFERS(member)                                                                                                \
	do {                                                                                                           \
		b.member ^= 1;                                                                                         \
		assert_false(nt_snapshot_equal(&a, &b));                                                               \
		b.member ^= 1;                                                                                         \
	} while (0)
	DIFFERS(overflow[NT_OVERFLOW_PAIRS]);
	DIFFERS(unique.sources);
	DIFFERS(unique.region.entry[0].count);
	DIFFERS(unique.port.entry[1].key);
	DIFFERS(signature[2].sources);
	DIFFERS(signature[1].port_sources.entry[0].count);
	DIFFERS(backscatter[50].address.byte[3]);
	DIFFERS(backscatter[50].classes[3]);
	DIFFERS(backscatter_port.entry[0].count);
	DIFFERS(source[1].packets);
	DIFFERS(detail[1].traits);
	DIFFERS(pair[0].port);
	DIFFERS(victim[0].tail[5]);
	DIFFERS(queue[0].packets);
	DIFFERS(sketch[0].registers[0]);
	DIFFERS(sketch[0].host[0]);
	DIFFERS(geo_build_s);
	DIFFERS(org[0].name[0]);
	DIFFERS(event[0].body[0]);
#undef DIFFERS
	assert_true(nt_snapshot_equal(&a, &b));
	nt_snapshot_fini(&a);
	nt_snapshot_fini(&b);
}

static void stripping_leaves_what_is_published(void **state)
{
	struct nt_snapshot s;
	size_t before, after;

	(void)state;
	fill_all(&s);
	before = nt_snapshot_bytes(&s);
	nt_snapshot_strip(&s);
	after = nt_snapshot_bytes(&s);
	assert_int_equal(before - after,
			 2 * sizeof(*s.detail) + sizeof(*s.pair) + sizeof(*s.victim) + sizeof(*s.queue));
	assert_true(after > sizeof(s) + 103 * sizeof(*s.backscatter));
	assert_null(s.detail);
	assert_int_equal(s.n_pairs + s.n_victims + s.n_queues, 0);
	assert_int_equal(s.n_sources, 2);
	nt_snapshot_strip(&s);
	nt_snapshot_fini(&s);
	assert_int_equal(nt_snapshot_bytes(&s), sizeof(s));
}

static void sketches_have_names(void **state)
{
	static const struct {
		enum nt_sketch_kind kind;
		uint32_t id;
		const char *text;
	} row[] = {
	    {NT_SKETCH_SOURCES, 0, "sources"},
	    {NT_SKETCH_REGION, NT_REGIONS - 1, "sources:region:ZZ"},
	    {NT_SKETCH_PORT, 445, "sources:port:445/tcp"},
	    {NT_SKETCH_BACKSCATTER, 0, "backscatter"},
	    {NT_SKETCH_BACKSCATTER_REGION, 0, "backscatter:region:--"},
	    {NT_SKETCH_SIGNATURE, 1 << 17, "sig:b"},
	    {NT_SKETCH_SIGNATURE_REGION, 2 << 17 | (NT_REGIONS - 1), "sig:a:region:ZZ"},
	    {NT_SKETCH_SIGNATURE_PORT, 0 << 17 | 65536 | 53, "sig:zmap-old:port:53/udp"},
	};
	char text[NT_SKETCH_TEXT];
	struct nt_snapshot s;

	(void)state;
	nt_snapshot_init(&s);
	fill_signatures(&s);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		nt_sketch_text(&s, nt_sketch_key(row[i].kind, row[i].id), text);
		assert_string_equal(text, row[i].text);
	}
	nt_snapshot_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counts_are_compacted),
	    cmocka_unit_test(many_counts_are_compacted),
	    cmocka_unit_test(counts_merge),
	    cmocka_unit_test(regions_have_one_index_each),
	    cmocka_unit_test(what_is_no_region_is_unknown),
	    cmocka_unit_test(members_have_their_text),
	    cmocka_unit_test(every_backscatter_class_is_told),
	    cmocka_unit_test(conservation_holds_and_breaks),
	    cmocka_unit_test(the_line_is_the_contract),
	    cmocka_unit_test(addresses_are_written_as_rfc_5952_says),
	    cmocka_unit_test(sources_are_in_the_line),
	    cmocka_unit_test(a_reduced_line_says_so),
	    cmocka_unit_test(an_event_has_a_line),
	    cmocka_unit_test(equality_sees_every_member),
	    cmocka_unit_test(stripping_leaves_what_is_published),
	    cmocka_unit_test(sketches_have_names),
	};

	return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "frames.h"
#include "random.h"
#include "signature_model.h"

#include "tally/burst.h"
#include "tally/signature.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* ---- against the model ---- */

enum { PACKETS = 3000 };

struct set {
	struct model_signature model[NT_SIGNATURES_MAX];
	char text[NT_SIGNATURES_MAX][MODEL_TEXT];
	char name[NT_SIGNATURES_MAX][16];
	struct nt_signature signature[NT_SIGNATURES_MAX];
	uint32_t n;
};

/* What the compiler refuses as impossible matches no packet of the model either. */
static void expect_impossible(const struct model_signature *model, const char *why)
{
	static const char expected[] = "no packet can match: ";

	assert_memory_equal(why, expected, sizeof(expected) - 1);
	for (uint32_t i = 0; i < PACKETS; i++) {
		struct model_packet p = model_random_packet();

		assert_false(model_match(model, &p));
	}
}

static void make_set(struct set *set, uint32_t n)
{
	char why[NT_SIGNATURE_WHY];

	set->n = 0;
	while (set->n < n) {
		struct model_signature *model = &set->model[set->n];
		char *text = set->text[set->n];

		*model = model_random_signature();
		model_write(model, text);
		if (nt_signature_check(text, why)) {
			expect_impossible(model, why);
			continue;
		}
		snprintf(set->name[set->n], sizeof(set->name[0]), "s%u", set->n);
		set->signature[set->n] = (struct nt_signature){
		    .name = set->name[set->n],
		    .match = text,
		    .all_syns = next_random() & 1,
		    .explains = next_random() & 1,
		};
		set->n++;
	}
}

static uint32_t model_bits(const struct set *set, const struct model_packet *p)
{
	uint32_t bits = 0;

	for (uint32_t i = 0; i < set->n; i++)
		bits |= (uint32_t)model_match(&set->model[i], p) << i;
	return bits;
}

static void expect_same(const struct set *set, const struct nt_signatures *s, uint64_t *matched)
{
	for (uint32_t i = 0; i < PACKETS; i++) {
		struct model_packet p = model_random_packet();
		uint32_t model = model_bits(set, &p), bits = nt_signatures_match(s, &p.fields, p.region);
		struct nt_packet packet = {.fields = p.fields, .region = p.region, .matched = UINT32_MAX};

		nt_signatures_match_burst(s, &packet, 1);
		assert_int_equal(packet.matched, bits);
		if (bits != model)
			print_error("%s\n", set->text[__builtin_ctz(bits ^ model)]);
		assert_int_equal(bits, model);
		*matched += (uint64_t)__builtin_popcount(bits);
	}
}

static void random_signatures_against_the_model(void **state)
{
	static struct set set;
	char why[NT_SIGNATURE_WHY];
	uint64_t matched = 0;

	(void)state;
	for (uint32_t round = 0; round < 60; round++) {
		uint32_t all_syns = 0, explaining = 0;
		struct nt_signatures *s;

		make_set(&set, round % 3 == 0 ? NT_SIGNATURES_MAX : 1 + round % NT_SIGNATURES_MAX);
		s = nt_signatures_new(set.signature, set.n, why);
		assert_non_null(s);
		assert_int_equal(nt_signatures_n(s), set.n);
		for (uint32_t i = 0; i < set.n; i++) {
			assert_string_equal(nt_signatures_name(s, i), set.signature[i].name);
			all_syns |= (uint32_t)set.signature[i].all_syns << i;
			explaining |= (uint32_t)set.signature[i].explains << i;
		}
		assert_int_equal(nt_signatures_all_syns(s), all_syns);
		assert_int_equal(nt_signatures_explaining(s), explaining);
		expect_same(&set, s, &matched);
		nt_signatures_free(s);
	}
	assert_true(matched > 100000);
}

/* Every value of a field of 16 bits, with 32 signatures that cut it at every odd place. */
static void every_value_of_a_port(void **state)
{
	struct nt_signature signature[NT_SIGNATURES_MAX];
	char text[NT_SIGNATURES_MAX][64], name[NT_SIGNATURES_MAX][8], why[NT_SIGNATURE_WHY];
	struct nt_fields f = {.fate = NT_FATE_UDP, .ip_proto = 17, .window_scale = NT_WINDOW_SCALE_NONE};
	struct nt_signatures *s;

	(void)state;
	f.class = NT_CLASS_IPV6;
	for (uint32_t i = 0; i < NT_SIGNATURES_MAX; i++) {
		snprintf(name[i], sizeof(name[i]), "p%u", i);
		snprintf(text[i], sizeof(text[i]), "%s dport %u-%u,%u", i % 2 ? "not" : "udp", 255 * i, 65535 - 257 * i,
			 65535 - i);
		signature[i] = (struct nt_signature){.name = name[i], .match = text[i]};
	}
	s = nt_signatures_new(signature, NT_SIGNATURES_MAX, why);
	assert_non_null(s);
	for (uint32_t port = 0; port < 65536; port++) {
		uint32_t expected = 0;

		for (uint32_t i = 0; i < NT_SIGNATURES_MAX; i++) {
			bool in = (port >= 255 * i && port <= 65535 - 257 * i) || port == 65535 - i;

			expected |= (uint32_t)(in != (i % 2)) << i;
		}
		f.dst_port = (uint16_t)port;
		assert_int_equal(nt_signatures_match(s, &f, 0), expected);
	}
	nt_signatures_free(s);
}

/* ---- language ---- */

static void wrong_words(void **state)
{
	static const struct {
		const char *match;
		const char *why;
	} wrong[] = {
	    {"", "no condition; expected some such as: tcp dport 445 flags S/SAFR"},
	    {"   ", "no condition; expected some such as: tcp dport 445 flags S/SAFR"},
	    {"tcp dprt 445", "\"dprt\" is no condition, did you mean dport?"},
	    {"port 445", "\"port\" is no condition, did you mean dport?"},
	    {"udpp", "\"udpp\" is no condition, did you mean udp?"},
	    {"xyzzy", "\"xyzzy\" is no condition"},
	    {"dport", "\"dport\" lacks its value, such as 445 or 1-1023,3389"},
	    {"tcp not", "a condition has to follow \"not\""},
	    {"not not tcp", "a condition has to follow \"not\""},
	    {"dport 65536", "dport: \"65536\" is not a number or range from 0 to 65535"},
	    {"dport 80,,81", "dport: \"\" is not a number or range from 0 to 65535"},
	    {"dport 80,", "dport: \"\" is not a number or range from 0 to 65535"},
	    {"dport 80-", "dport: \"80-\" is not a number or range from 0 to 65535"},
	    {"dport -80", "dport: \"-80\" is not a number or range from 0 to 65535"},
	    {"dport 1-2-3", "dport: \"1-2-3\" is not a number or range from 0 to 65535"},
	    {"dport 90-80", "dport: \"90-80\" is not a range: it ends before it begins"},
	    {"dport http", "dport: \"http\" is not a number or range from 0 to 65535"},
	    {"window 0x", "window: \"0x\" is not a number or range from 0 to 65535"},
	    {"window 0x1g", "window: \"0x1g\" is not a number or range from 0 to 65535"},
	    {"ipid 54321 ipid 0x10000", "ipid: \"0x10000\" is not a number or range from 0 to 65535"},
	    {"ttl 256", "ttl: \"256\" is not a number or range from 0 to 255"},
	    {"wscale 255", "wscale: \"255\" is not a number or range from 0 to 254"},
	    {"seq 4294967296", "seq: \"4294967296\" is not a number from 0 to 4294967295"},
	    {"proto tcpp", "proto: \"tcpp\" is not a number or range from 0 to 255"},
	    {"flags X", "flags: \"X\" is not letters of FSRPAUEW or a number, such as S/SAFR or 0x02/0x17"},
	    {"flags /SA", "flags: \"/SA\" is not letters of FSRPAUEW or a number, such as S/SAFR or 0x02/0x17"},
	    {"flags S/", "flags: \"S/\" is not letters of FSRPAUEW or a number, such as S/SAFR or 0x02/0x17"},
	    {"flags SA/S", "flags: \"SA/S\" is not possible: a flag is asked for that the mask leaves out"},
	    {"option nop", "option: \"nop\" is not one of mss, ws, sackok, ts, tfo, md5, other, none"},
	    {"layout mss,ts,tfo",
	     "layout: \"tfo\" is not one of nop, mss, ws, sackok, sack, ts, other or a kind from 1 to 14"},
	    {"layout mss,15",
	     "layout: \"15\" is not one of nop, mss, ws, sackok, sack, ts, other or a kind from 1 to 14"},
	    {"layout nop,nop,nop,nop,nop,nop,nop,nop,nop", "layout: more than the first 8 options cannot be told"},
	    {"src 192.0.2.0/33", "src: \"192.0.2.0/33\" is not a prefix such as 192.0.2.0/24 or 2001:db8::/32"},
	    {"src 192.0.2", "src: \"192.0.2\" is not a prefix such as 192.0.2.0/24 or 2001:db8::/32"},
	    {"src 2001:db8::/129", "src: \"2001:db8::/129\" is not a prefix such as 192.0.2.0/24 or 2001:db8::/32"},
	    {"src 10.0.0.1/8", "src: \"10.0.0.1/8\" is not a prefix: bits behind its length are set"},
	    {"src 2001:db8::1/32", "src: \"2001:db8::1/32\" is not a prefix: bits behind its length are set"},
	    {"region JP,us", "region: \"us\" is not a region: two of A-Z 0-9, or -- for an unknown one"},
	    {"udp window 5", "no packet can match: its conditions belong to different protocols"},
	    {"tcp udp", "no packet can match: proto"},
	    {"ipv6 ipid 5", "no packet can match: its conditions belong to different protocols"},
	    {"ipv6 seq dst", "no packet can match: its conditions belong to different protocols"},
	    {"proto 50 dport 5", "no packet can match: its conditions belong to different protocols"},
	    {"gre esp", "no packet can match: proto"},
	    {"dport 80 not dport 0-1023", "no packet can match: dport"},
	    {"flags S/SA flags SA/SA", "no packet can match: flags"},
	    {"seq dst not seq dst", "no packet can match: seq dst"},
	    {"layout mss layout none", "no packet can match: layout"},
	    {"ipv6 src 192.0.2.0/24", "no packet can match: src"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		char why[NT_SIGNATURE_WHY] = "";

		if (!nt_signature_check(wrong[i].match, why))
			print_error("accepted: %s\n", wrong[i].match);
		assert_string_equal(why, wrong[i].why);
	}
}

static void right_words(void **state)
{
	static const char *const right[] = {
	    "tcp",
	    "  tcp   dport 445  ",
	    "not icmp6 not ipv4",
	    "proto tcp,17,47-50",
	    "flags S/SAFR,SA/SAFR not flags 0x20/0x20",
	    "flags S",
	    "flags 0",
	    "ttl 129-255 wscale 0-254",
	    "option mss,ts option none,sackok",
	    "layout mss,nop,ws,nop,nop,sackok",
	    "layout none",
	    "seq 0xdeadbeef,1,2,3 ack 0",
	    "src 0.0.0.0/0,::/0",
	    "src 10.0.0.0/8,2001:db8::1 not src 10.0.0.1,10.0.0.1/32",
	    "region JP,--,T1",
	    "icmp ipv6",
	    "ipv4 icmp6",
	};
	char why[NT_SIGNATURE_WHY];

	(void)state;
	for (size_t i = 0; i < COUNT(right); i++) {
		const char *refused = nt_signature_check(right[i], why);

		if (refused)
			print_error("%s: %s\n", right[i], why);
		assert_null(refused);
	}
}

/* Any text of any length gives a reason that fits. */
static void long_words(void **state)
{
	char text[4096], why[NT_SIGNATURE_WHY];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_non_null(nt_signature_check(text, why));
	assert_true(strlen(why) < 128);
	memcpy(text, "dport ", 6);
	assert_non_null(nt_signature_check(text, why));
	assert_true(strlen(why) < 128);
	text[0] = '\0';
	for (uint32_t i = 0; i < 65; i++)
		strcat(text, "tcp ");
	assert_string_equal(nt_signature_check(text, why), "more than 64 conditions");
}

static void wrong_sets(void **state)
{
	struct nt_signature many[NT_SIGNATURES_MAX + 1];
	char name[NT_SIGNATURES_MAX + 1][8], why[NT_SIGNATURE_WHY];
	struct nt_signature two[] = {{.name = "a", .match = "tcp"}, {.name = "b", .match = "tcp dport x"}};
	struct nt_signatures *s;

	(void)state;
	for (uint32_t i = 0; i <= NT_SIGNATURES_MAX; i++) {
		snprintf(name[i], sizeof(name[i]), "n%u", i);
		many[i] = (struct nt_signature){.name = name[i], .match = "tcp"};
	}
	assert_null(nt_signatures_new(many, NT_SIGNATURES_MAX + 1, why));
	assert_int_equal(errno, EINVAL);
	assert_string_equal(why, "more than 32 signatures");
	assert_null(nt_signatures_new(two, 2, why));
	assert_int_equal(errno, EINVAL);
	assert_string_equal(why, "b: dport: \"x\" is not a number or range from 0 to 65535");
	two[1] = (struct nt_signature){.name = "b", .match = "tcp udp"};
	assert_null(nt_signatures_new(two, 2, why));
	assert_string_equal(why, "b: no packet can match: proto");
	two[1].name = "a";
	assert_null(nt_signatures_new(two, 2, why));
	assert_string_equal(why, "a: a second signature of this name");
	two[1].name = "a b";
	assert_null(nt_signatures_new(two, 2, why));
	assert_string_equal(why, "a b: not a name, which is 1 to 64 of A-Z a-z 0-9 . _ -");
	s = nt_signatures_new(NULL, 0, why);
	assert_non_null(s);
	assert_int_equal(nt_signatures_match(s, &(struct nt_fields){.ip_proto = 6, .fate = NT_FATE_TCP}, 0), 0);
	nt_signatures_free(s);
	nt_signatures_free(NULL);
}

/* Which signatures have an address of ours for a sequence number: not those that ask for one, or for the opposite. */
static void which_have_seq_dst(void **state)
{
	static const struct nt_signature signature[] = {
	    {.name = "a", .match = "tcp"},
	    {.name = "b", .match = "seq dst"},
	    {.name = "c", .match = "tcp dport 23 seq dst"},
	    {.name = "d", .match = "not seq dst"},
	    {.name = "e", .match = "seq 0x7f000001"},
	};
	char why[NT_SIGNATURE_WHY];
	struct nt_signatures *s = nt_signatures_new(signature, COUNT(signature), why);

	(void)state;
	assert_non_null(s);
	assert_int_equal(nt_signatures_seq_dst(s), 1u << 1 | 1u << 2);
	assert_int_equal(nt_signatures_explaining(s), 0);
	nt_signatures_free(s);
}

/* ---- shipped ---- */

enum { SMB_8192 = 1, SMB_OTHER = 2, MIRAI = 4, ZMAP_OLD = 8, ZMAP_NEW = 16, MASSCAN = 32, GRE = 64 };

static struct nt_signatures *shipped(void)
{
	char why[NT_SIGNATURE_WHY];
	struct nt_signatures *s = nt_signatures_new(nt_signatures_shipped, nt_signatures_shipped_n, why);

	assert_non_null(s);
	return s;
}

static uint32_t match_frame(const struct nt_signatures *s, const uint8_t *bytes, uint32_t length)
{
	const struct nt_frame frame = whole_frame(bytes, length);
	struct nt_fields f;

	nt_decode(&frame, NT_LINK_ETHERNET, &f);
	return nt_signatures_match(s, &f, 0);
}

static void shipped_names(void **state)
{
	static const char *const name[] = {"smb-8192", "smb-other", "mirai", "zmap-old", "zmap-new", "masscan", "gre"};
	struct nt_signatures *s = shipped();

	(void)state;
	assert_int_equal(nt_signatures_n(s), COUNT(name));
	for (uint32_t i = 0; i < COUNT(name); i++)
		assert_string_equal(nt_signatures_name(s, i), name[i]);
	assert_int_equal(nt_signatures_all_syns(s), ZMAP_OLD | ZMAP_NEW | MASSCAN);
	assert_int_equal(nt_signatures_explaining(s), SMB_8192 | MIRAI | ZMAP_OLD | ZMAP_NEW | MASSCAN | GRE);
	assert_int_equal(nt_signatures_seq_dst(s), MIRAI);
	nt_signatures_free(s);
}

/* tcp4_frame is a SYN to port 445 with window 8192 and IP ID 54321. */
static void shipped_by_header(void **state)
{
	struct nt_signatures *s = shipped();
	uint8_t frame[sizeof(tcp4_frame)];
	uint8_t *ip = frame + ETHERNET, *tcp = ip + IPV4;

	(void)state;
	memcpy(frame, tcp4_frame, sizeof(frame));
	assert_int_equal(match_frame(s, frame, sizeof(frame)), SMB_8192 | ZMAP_OLD);
	tcp[14] = 0x21;
	assert_int_equal(match_frame(s, frame, sizeof(frame)), SMB_OTHER | ZMAP_OLD);
	tcp[13] = 0x12; /* SYN|ACK: no scan of any kind */
	assert_int_equal(match_frame(s, frame, sizeof(frame)), 0);
	tcp[13] = 0xea; /* CWR, ECE, URG and PSH do not matter */
	ip[4] = 0;
	assert_int_equal(match_frame(s, frame, sizeof(frame)), SMB_OTHER);
	memcpy(tcp + 4, ip + 16, 4);
	assert_int_equal(match_frame(s, frame, sizeof(frame)), SMB_OTHER | MIRAI);
	/* IP ID = low half of (dst ^ port ^ seq), and dst ^ seq is 0 here */
	ip[4] = 0x01;
	ip[5] = 0xbd;
	assert_int_equal(match_frame(s, frame, sizeof(frame)), SMB_OTHER | MIRAI | MASSCAN);
	tcp[3] ^= 1;
	ip[5] ^= 1;
	assert_int_equal(match_frame(s, frame, sizeof(frame)), MIRAI | MASSCAN);
	ip[9] = 47;
	assert_int_equal(match_frame(s, frame, sizeof(frame)), GRE);
	nt_signatures_free(s);
}

static void shipped_gre_ipv6(void **state)
{
	struct nt_signatures *s = shipped();
	uint8_t frame[sizeof(icmp6_frame)];

	(void)state;
	memcpy(frame, icmp6_frame, sizeof(frame));
	assert_int_equal(match_frame(s, frame, sizeof(frame)), 0);
	frame[ETHERNET + 6] = 47;
	assert_int_equal(match_frame(s, frame, sizeof(frame)), GRE);
	nt_signatures_free(s);
}

static void shipped_zmap_new(void **state)
{
	static const uint8_t options[12] = {2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2};
	struct nt_signatures *s = shipped();
	uint8_t frame[sizeof(tcp4_frame) + sizeof(options)];
	uint8_t *ip = frame + ETHERNET, *tcp = ip + IPV4;

	(void)state;
	memcpy(frame, tcp4_frame, sizeof(tcp4_frame));
	memcpy(tcp + TCP, options, sizeof(options));
	ip[3] = IPV4 + TCP + sizeof(options);
	ip[4] = 0;
	ip[8] = 240;
	tcp[3] = 80;
	tcp[12] = 0x80;
	tcp[14] = tcp[15] = 0xff;
	assert_int_equal(match_frame(s, frame, sizeof(frame)), ZMAP_NEW);
	ip[8] = 128;
	assert_int_equal(match_frame(s, frame, sizeof(frame)), 0);
	ip[8] = 129;
	assert_int_equal(match_frame(s, frame, sizeof(frame)), ZMAP_NEW);
	tcp[TCP + 7] = 7; /* window scale */
	assert_int_equal(match_frame(s, frame, sizeof(frame)), 0);
	tcp[TCP + 7] = 8;
	tcp[TCP + 10] = 5; /* another option in the last place */
	assert_int_equal(match_frame(s, frame, sizeof(frame)), 0);
	tcp[TCP + 10] = 4;
	tcp[15] = 0xfe; /* window */
	assert_int_equal(match_frame(s, frame, sizeof(frame)), 0);
	nt_signatures_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_signatures_against_the_model),
	    cmocka_unit_test(every_value_of_a_port),
	    cmocka_unit_test(wrong_words),
	    cmocka_unit_test(right_words),
	    cmocka_unit_test(long_words),
	    cmocka_unit_test(wrong_sets),
	    cmocka_unit_test(which_have_seq_dst),
	    cmocka_unit_test(shipped_names),
	    cmocka_unit_test(shipped_by_header),
	    cmocka_unit_test(shipped_gre_ipv6),
	    cmocka_unit_test(shipped_zmap_new),
	};

	return cmocka_run_group_tests_name("signature", tests, NULL, NULL);
}

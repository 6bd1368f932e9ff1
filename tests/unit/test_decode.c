/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "frames.h"

#include <netinet/in.h>
#include <stdlib.h>

enum { MALFORMED = NT_FATE_MALFORMED, TRUNCATED = NT_FATE_TRUNCATED };

/*
 * Decodes a copy that ends where the captured bytes end, so that the sanitizer sees a read behind them.
 */
static struct nt_fields decode_at(const uint8_t *bytes, uint32_t cap, uint32_t wire, enum nt_link link)
{
	uint8_t *copy = malloc(cap ? cap : 1);
	struct nt_fields f;

	assert_non_null(copy);
	memcpy(copy, bytes, cap);
	nt_decode(&(struct nt_frame){.data = copy, .cap_len = cap, .wire_len = wire}, link, &f);
	free(copy);
	return f;
}

static struct nt_fields decode_ethernet(const uint8_t *bytes, uint32_t length)
{
	return decode_at(bytes, length, length, NT_LINK_ETHERNET);
}

static void whole_frames_give_their_fields(void **state)
{
	static const uint8_t source6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
	struct nt_fields f = decode_ethernet(tcp4_frame, sizeof(tcp4_frame));

	(void)state;
	assert_int_equal(f.fate, NT_FATE_TCP);
	assert_int_equal(f.class, NT_CLASS_IPV4);
	assert_int_equal(f.ip_proto, IPPROTO_TCP);
	assert_int_equal(f.src4, 0xc0000201);
	assert_int_equal(f.src_port, 40000);
	assert_int_equal(f.dst_port, 445);
	assert_int_equal(f.tcp_flags, 0x02);
	assert_int_equal(f.window, 8192);

	f = decode_ethernet(udp4_frame, sizeof(udp4_frame));
	assert_int_equal(f.fate, NT_FATE_UDP);
	assert_int_equal(f.dst_port, 53);

	f = decode_ethernet(icmp6_frame, sizeof(icmp6_frame));
	assert_int_equal(f.fate, NT_FATE_ICMP6);
	assert_int_equal(f.class, NT_CLASS_IPV6);
	assert_int_equal(f.icmp, 128 << 8);
	assert_memory_equal(f.src6, source6, sizeof(source6));
}

/* Which verdict a frame gets that ends after `length` bytes, in the capture or on the wire. */
static enum nt_reason tcp4_reason(uint32_t length)
{
	if (length < ETHERNET)
		return NT_REASON_ETH;
	return length < ETHERNET + IPV4 ? NT_REASON_IPV4_HEADER : NT_REASON_TCP_HEADER;
}

static void every_cut_of_a_capture_is_truncated(void **state)
{
	(void)state;
	for (uint32_t cap = 0; cap < sizeof(tcp4_frame); cap++) {
		struct nt_fields f = decode_at(tcp4_frame, cap, sizeof(tcp4_frame), NT_LINK_ETHERNET);

		assert_int_equal(f.fate, TRUNCATED + tcp4_reason(cap));
	}
}

static void every_cut_on_the_wire_is_malformed(void **state)
{
	(void)state;
	for (uint32_t length = 0; length < sizeof(tcp4_frame); length++) {
		enum nt_reason reason = length < ETHERNET + IPV4 ? tcp4_reason(length) : NT_REASON_IPV4_LENGTH;

		assert_int_equal(decode_ethernet(tcp4_frame, length).fate, MALFORMED + reason);
	}
	for (uint8_t total = IPV4; total < IPV4 + TCP; total++) {
		uint8_t frame[sizeof(tcp4_frame)];

		memcpy(frame, tcp4_frame, sizeof(frame));
		frame[ETHERNET + 3] = total; /* the bytes behind it are padding */
		assert_int_equal(decode_ethernet(frame, sizeof(frame)).fate, MALFORMED + NT_REASON_TCP_HEADER);
	}
}

/* A frame with one byte changed. */
static struct nt_fields changed(const uint8_t *template, uint32_t length, uint32_t at, uint8_t value)
{
	uint8_t frame[256];

	memcpy(frame, template, length);
	frame[at] = value;
	return decode_ethernet(frame, length);
}

static void ipv4_header_checks_come_in_order(void **state)
{
	(void)state;
	for (uint32_t version = 0; version < 16; version++)
		for (uint32_t ihl = 0; ihl < 16; ihl++) {
			struct nt_fields f =
			    changed(tcp4_frame, sizeof(tcp4_frame), ETHERNET, (uint8_t)(version << 4 | ihl));
			uint32_t fate = version != 4 ? MALFORMED + NT_REASON_IPV4_VERSION
					: ihl < 5    ? MALFORMED + NT_REASON_IPV4_IHL
					: ihl == 5   ? (uint32_t)NT_FATE_TCP
					: ihl <= 10  ? MALFORMED + NT_REASON_TCP_HEADER
						     : MALFORMED + NT_REASON_IPV4_LENGTH;

			assert_int_equal(f.fate, fate);
			assert_int_equal(f.class, NT_CLASS_IPV4);
		}
	assert_int_equal(changed(tcp4_frame, sizeof(tcp4_frame), ETHERNET + 3, 41).fate,
			 MALFORMED + NT_REASON_IPV4_LENGTH);
}

static void ipv4_options_may_be_cut_off(void **state)
{
	uint8_t frame[ETHERNET + 60 + TCP] = {0};

	(void)state;
	memcpy(frame, tcp4_frame, ETHERNET + IPV4);
	frame[ETHERNET] = 0x4f;
	frame[ETHERNET + 3] = 60 + TCP;
	frame[ETHERNET + 60 + 12] = 0x50;
	for (uint32_t cap = ETHERNET + IPV4; cap < ETHERNET + 60; cap++)
		assert_int_equal(decode_at(frame, cap, sizeof(frame), NT_LINK_ETHERNET).fate,
				 TRUNCATED + NT_REASON_IPV4_OPTIONS);
	assert_int_equal(decode_ethernet(frame, sizeof(frame)).fate, NT_FATE_TCP);
}

static void every_data_offset(void **state)
{
	(void)state;
	for (uint32_t offset = 0; offset < 16; offset++) {
		uint32_t fate = offset == 5 ? (uint32_t)NT_FATE_TCP : MALFORMED + NT_REASON_TCP_OFFSET;
		uint32_t at = ETHERNET + IPV4 + 12;

		assert_int_equal(changed(tcp4_frame, sizeof(tcp4_frame), at, (uint8_t)(offset << 4)).fate, fate);
	}
}

static void udp_length_is_checked(void **state)
{
	uint32_t at = ETHERNET + IPV4 + 5;

	(void)state;
	for (uint32_t length = 0; length < 256; length++) {
		uint32_t fate = length >= 8 && length <= 12 ? (uint32_t)NT_FATE_UDP : MALFORMED + NT_REASON_UDP_LENGTH;

		assert_int_equal(changed(udp4_frame, sizeof(udp4_frame), at, (uint8_t)length).fate, fate);
	}
}

static void fragments(void **state)
{
	uint8_t frame[sizeof(udp4_frame)];

	(void)state;
	memcpy(frame, udp4_frame, sizeof(frame));
	frame[ETHERNET + 6] = 0x20;	   /* first, more to come */
	frame[ETHERNET + IPV4 + 4] = 0x05; /* a UDP length that the other fragments fill */
	assert_int_equal(decode_ethernet(frame, sizeof(frame)).fate, NT_FATE_UDP);
	frame[ETHERNET + 6] = 0;
	assert_int_equal(decode_ethernet(frame, sizeof(frame)).fate, MALFORMED + NT_REASON_UDP_LENGTH);
	frame[ETHERNET + 7] = 1; /* a later one */
	assert_int_equal(decode_ethernet(frame, sizeof(frame)).fate, NT_FATE_NO_L4);
	assert_int_equal(decode_ethernet(frame, sizeof(frame)).ip_proto, IPPROTO_UDP);
	frame[ETHERNET + 9] = 47;
	assert_int_equal(decode_ethernet(frame, sizeof(frame)).fate, NT_FATE_IP_OTHER);
}

static void every_protocol_has_one_fate(void **state)
{
	(void)state;
	for (uint32_t proto = 0; proto < 256; proto++) {
		struct nt_fields f = changed(tcp4_frame, sizeof(tcp4_frame), ETHERNET + 9, (uint8_t)proto);
		uint32_t fate = proto == IPPROTO_TCP	  ? (uint32_t)NT_FATE_TCP
				: proto == IPPROTO_UDP	  ? MALFORMED + NT_REASON_UDP_LENGTH
				: proto == IPPROTO_ICMP	  ? (uint32_t)NT_FATE_ICMP
				: proto == IPPROTO_ICMPV6 ? (uint32_t)NT_FATE_NO_L4
							  : (uint32_t)NT_FATE_IP_OTHER;

		assert_int_equal(f.ip_proto, proto);
		assert_int_equal(f.fate, fate);
	}
	assert_int_equal(changed(icmp6_frame, sizeof(icmp6_frame), ETHERNET + 6, IPPROTO_ICMP).fate, NT_FATE_NO_L4);
}

static void vlan_tags_are_skipped(void **state)
{
	static const uint8_t tags[][2] = {{0x81, 0x00}, {0x88, 0xa8}, {0x91, 0x00}};
	uint8_t frame[sizeof(tcp4_frame) + 12];

	(void)state;
	memcpy(frame, tcp4_frame, 12);
	for (uint32_t t = 0; t < 3; t++) {
		memcpy(frame + 12 + 4 * t, tags[t], 2);
		frame[12 + 4 * t + 2] = 0;
		frame[12 + 4 * t + 3] = 5;
	}
	memcpy(frame + 24, tcp4_frame + 12, sizeof(tcp4_frame) - 12);
	assert_int_equal(decode_ethernet(frame, sizeof(frame)).fate, NT_FATE_TCP);
	for (uint32_t length = 14; length < 26; length++) {
		struct nt_fields f = decode_ethernet(frame, length);

		assert_int_equal(f.fate, MALFORMED + NT_REASON_VLAN);
		assert_int_equal(f.class, NT_CLASS_OTHER);
		f = decode_at(frame, length, sizeof(frame), NT_LINK_ETHERNET);
		assert_int_equal(f.fate, TRUNCATED + NT_REASON_VLAN);
	}
}

static void ethertypes(void **state)
{
	(void)state;
	assert_int_equal(changed(tcp4_frame, sizeof(tcp4_frame), 13, 0x06).fate, NT_FATE_ARP);
	assert_int_equal(changed(tcp4_frame, sizeof(tcp4_frame), 13, 0x06).class, NT_CLASS_ARP);
	assert_int_equal(changed(tcp4_frame, sizeof(tcp4_frame), 12, 0x88).fate, NT_FATE_OTHER);
	assert_int_equal(changed(tcp4_frame, sizeof(tcp4_frame), 12, 0x00).fate, NT_FATE_OTHER); /* LLC length */
}

static void null_families(void **state)
{
	static const uint8_t six[] = {10, 24, 28, 30};
	uint8_t frame[4 + IPV4 + TCP] = {2, 0, 0, 0};

	(void)state;
	memcpy(frame + 4, tcp4_frame + ETHERNET, IPV4 + TCP);
	assert_int_equal(decode_at(frame, sizeof(frame), sizeof(frame), NT_LINK_NULL).fate, NT_FATE_TCP);
	memcpy(frame, (const uint8_t[]){0, 0, 0, 2}, 4);
	assert_int_equal(decode_at(frame, sizeof(frame), sizeof(frame), NT_LINK_NULL).fate, NT_FATE_TCP);
	for (uint32_t i = 0; i < sizeof(six); i++) {
		memcpy(frame, (const uint8_t[]){six[i], 0, 0, 0}, 4);
		assert_int_equal(decode_at(frame, sizeof(frame), sizeof(frame), NT_LINK_NULL).fate,
				 MALFORMED + NT_REASON_IPV6_VERSION);
	}
	memcpy(frame, (const uint8_t[]){0, 2, 0, 0}, 4);
	assert_int_equal(decode_at(frame, sizeof(frame), sizeof(frame), NT_LINK_NULL).fate, NT_FATE_OTHER);
	assert_int_equal(decode_at(frame, 3, 3, NT_LINK_NULL).fate, MALFORMED + NT_REASON_ETH);
}

static void raw_and_cooked(void **state)
{
	uint8_t frame[20 + IPV6 + ICMP] = {0};
	const uint8_t *ip = tcp4_frame + ETHERNET;

	(void)state;
	assert_int_equal(decode_at(ip, IPV4 + TCP, IPV4 + TCP, NT_LINK_RAW).fate, NT_FATE_TCP);
	assert_int_equal(decode_at(icmp6_frame + ETHERNET, IPV6 + ICMP, IPV6 + ICMP, NT_LINK_RAW).fate, NT_FATE_ICMP6);
	assert_int_equal(decode_at(ip + IPV4, TCP, TCP, NT_LINK_RAW).fate, NT_FATE_OTHER);
	assert_int_equal(decode_at(ip, 0, 0, NT_LINK_RAW).fate, NT_FATE_OTHER);
	memcpy(frame + 14, (const uint8_t[]){0x86, 0xdd}, 2);
	memcpy(frame + 16, icmp6_frame + ETHERNET, IPV6 + ICMP);
	assert_int_equal(decode_at(frame, 16 + IPV6 + ICMP, 16 + IPV6 + ICMP, NT_LINK_SLL).fate, NT_FATE_ICMP6);
	memmove(frame + 20, frame + 16, IPV6 + ICMP);
	memcpy(frame, (const uint8_t[]){0x86, 0xdd}, 2);
	assert_int_equal(decode_at(frame, sizeof(frame), sizeof(frame), NT_LINK_SLL2).fate, NT_FATE_ICMP6);
	assert_int_equal(decode_at(frame, 19, 20, NT_LINK_SLL2).fate, TRUNCATED + NT_REASON_ETH);
}

/* IPv6 with a chain of extension headers in front of ICMPv6; the chain's first type is `next`. */
static uint32_t with_chain(uint8_t *frame, uint8_t next, const uint8_t *chain, uint32_t bytes)
{
	memcpy(frame, icmp6_frame, ETHERNET + IPV6);
	frame[ETHERNET + 5] = (uint8_t)(bytes + ICMP);
	frame[ETHERNET + 6] = next;
	memcpy(frame + ETHERNET + IPV6, chain, bytes);
	memcpy(frame + ETHERNET + IPV6 + bytes, icmp6_frame + ETHERNET + IPV6, ICMP);
	return ETHERNET + IPV6 + bytes + ICMP;
}

static void extension_headers_are_walked(void **state)
{
	/* hop-by-hop (8), routing (16), atomic fragment (8), authentication (12), destination (8) */
	static const uint8_t chain[52] = {[0] = 43, [8] = 44, [9] = 1, [24] = 51, [32] = 60, [33] = 1, [44] = 58};
	uint8_t frame[256];
	uint32_t length = with_chain(frame, 0, chain, sizeof(chain));

	(void)state;
	assert_int_equal(decode_ethernet(frame, length).fate, NT_FATE_ICMP6);
	for (uint32_t cap = ETHERNET + IPV6; cap < ETHERNET + IPV6 + sizeof(chain); cap++) {
		struct nt_fields f = decode_at(frame, cap, length, NT_LINK_ETHERNET);

		assert_int_equal(f.fate, TRUNCATED + NT_REASON_IPV6_EXT);
		assert_int_equal(f.ip_proto, NT_PROTO_UNRESOLVED);
	}
	for (uint8_t payload = 1; payload < sizeof(chain); payload++) {
		frame[ETHERNET + 5] = payload;
		assert_int_equal(decode_ethernet(frame, length).fate, MALFORMED + NT_REASON_IPV6_EXT);
	}
}

static void a_later_ipv6_fragment_counts_for_its_protocol(void **state)
{
	static const uint8_t fragment[8] = {58, 0, 0x00, 0x08};
	uint8_t frame[256], chain[8];
	uint32_t length = with_chain(frame, 44, fragment, sizeof(fragment));

	(void)state;
	assert_int_equal(decode_ethernet(frame, length).fate, NT_FATE_NO_L4);
	assert_int_equal(decode_ethernet(frame, length).ip_proto, IPPROTO_ICMPV6);
	memcpy(chain, fragment, sizeof(chain));
	chain[0] = 60; /* not followed: it begins in another fragment */
	length = with_chain(frame, 44, chain, sizeof(chain));
	assert_int_equal(decode_ethernet(frame, length).fate, NT_FATE_IP_OTHER);
	assert_int_equal(decode_ethernet(frame, length).ip_proto, 60);
}

static void jumbograms(void **state)
{
	static const uint8_t header[8] = {17, 0, 0xc2, 4, 0, 0, 0, 16};
	static const uint8_t datagram[8] = {0, 1, 0, 53, 0, 0, 0, 0}; /* length 0 */
	uint8_t frame[256];
	uint32_t length = ETHERNET + IPV6 + 16;

	(void)state;
	with_chain(frame, 0, header, sizeof(header));
	memcpy(frame + ETHERNET + IPV6 + 8, datagram, sizeof(datagram));
	assert_int_equal(decode_ethernet(frame, length).fate, MALFORMED + NT_REASON_UDP_LENGTH);
	frame[ETHERNET + 5] = 0;
	assert_int_equal(decode_ethernet(frame, length).fate, NT_FATE_UDP);
	assert_int_equal(decode_ethernet(frame, length - 1).fate, MALFORMED + NT_REASON_IPV6_LENGTH);
	for (uint32_t cap = ETHERNET + IPV6; cap < ETHERNET + IPV6 + 8; cap++)
		assert_int_equal(decode_at(frame, cap, length, NT_LINK_ETHERNET).fate, TRUNCATED + NT_REASON_IPV6_EXT);
	frame[ETHERNET + IPV6 + 2] = 1; /* no jumbo option: the packet is empty */
	assert_int_equal(decode_ethernet(frame, length).fate, MALFORMED + NT_REASON_IPV6_EXT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whole_frames_give_their_fields),
	    cmocka_unit_test(every_cut_of_a_capture_is_truncated),
	    cmocka_unit_test(every_cut_on_the_wire_is_malformed),
	    cmocka_unit_test(ipv4_header_checks_come_in_order),
	    cmocka_unit_test(ipv4_options_may_be_cut_off),
	    cmocka_unit_test(every_data_offset),
	    cmocka_unit_test(udp_length_is_checked),
	    cmocka_unit_test(fragments),
	    cmocka_unit_test(every_protocol_has_one_fate),
	    cmocka_unit_test(vlan_tags_are_skipped),
	    cmocka_unit_test(ethertypes),
	    cmocka_unit_test(null_families),
	    cmocka_unit_test(raw_and_cooked),
	    cmocka_unit_test(extension_headers_are_walked),
	    cmocka_unit_test(a_later_ipv6_fragment_counts_for_its_protocol),
	    cmocka_unit_test(jumbograms),
	};

	return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}

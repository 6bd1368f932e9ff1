/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "frames.h"
#include "random.h"

#include <netinet/in.h>
#include <stdlib.h>

/* What is read beside addresses and ports: addresses of targets, TCP options, the packet that an ICMP error quotes. */

enum { OPTIONS_MAX = 40, FRAME_MAX = 256 };

/* Decodes a copy that ends where the captured bytes end, into a struct that was full of something else. */
static struct nt_fields decode_at(const uint8_t *bytes, uint32_t cap, uint32_t wire)
{
	uint8_t *copy = malloc(cap ? cap : 1);
	struct nt_fields f;

	assert_non_null(copy);
	memcpy(copy, bytes, cap);
	memset(&f, 0xa5, sizeof(f));
	nt_decode(&(struct nt_frame){.data = copy, .cap_len = cap, .wire_len = wire}, NT_LINK_ETHERNET, &f);
	free(copy);
	return f;
}

static struct nt_fields decode(const uint8_t *bytes, uint32_t length)
{
	return decode_at(bytes, length, length);
}

static void expect_nothing_inside(const struct nt_fields *f)
{
	static const uint8_t none[16];

	assert_false(f->has_inner);
	assert_false(f->has_inner_port);
	if (f->class == NT_CLASS_IPV4) /* the rest may be as it was */
		return;
	assert_int_equal(f->inner_proto, 0);
	assert_int_equal(f->inner_port, 0);
	assert_memory_equal(f->inner_dst, none, sizeof(none));
}

static void headers_give_their_fields(void **state)
{
	static const uint8_t target6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 2};
	uint8_t frame[sizeof(tcp4_frame)];
	struct nt_fields f;

	(void)state;
	memcpy(frame, tcp4_frame, sizeof(frame));
	memcpy(frame + ETHERNET + IPV4 + 4, (const uint8_t[]){0xde, 0xad, 0xbe, 0xef, 0xca, 0xfe, 0xba, 0xbe}, 8);
	f = decode(frame, sizeof(frame));
	assert_int_equal(f.ip_id, 54321);
	assert_int_equal(f.ttl, 64);
	assert_int_equal(f.dst4, 0xc6120001);
	assert_int_equal(f.seq, 0xdeadbeef);
	assert_int_equal(f.ack, 0xcafebabe);
	assert_int_equal(f.tcp_options, 0);
	assert_int_equal(f.option_layout, 0);
	assert_int_equal(f.window_scale, NT_WINDOW_SCALE_NONE);
	assert_false(f.has_inner);

	f = decode(udp4_frame, sizeof(udp4_frame));
	assert_int_equal(f.ip_id, 1);
	assert_int_equal(f.seq, 0);
	assert_int_equal(f.window, 0);
	assert_int_equal(f.window_scale, NT_WINDOW_SCALE_NONE);

	f = decode(icmp6_frame, sizeof(icmp6_frame));
	assert_int_equal(f.ttl, 64);
	assert_int_equal(f.ip_id, 0);
	assert_int_equal(f.dst4, 0);
	assert_memory_equal(f.dst6, target6, sizeof(target6));
	expect_nothing_inside(&f);
}

/* A fragment behind the first and a header that fails its checks have addresses and no more. */
static void no_transport_fields_without_its_header(void **state)
{
	uint8_t frame[sizeof(tcp4_frame)];
	struct nt_fields f;

	(void)state;
	memcpy(frame, tcp4_frame, sizeof(frame));
	frame[ETHERNET + 7] = 1;
	f = decode(frame, sizeof(frame));
	assert_int_equal(f.fate, NT_FATE_NO_L4);
	assert_int_equal(f.dst4, 0xc6120001);
	assert_int_equal(f.seq, 0);
	frame[ETHERNET + 7] = 0;
	frame[ETHERNET + IPV4 + 12] = 0x40;
	f = decode(frame, sizeof(frame));
	assert_int_equal(f.fate, NT_FATE_MALFORMED + NT_REASON_TCP_OFFSET);
	assert_int_equal(f.ttl, 64);
	assert_int_equal(f.seq | f.dst_port | f.window | f.tcp_flags, 0);
}

/* A SYN with options, of a multiple of four bytes, and `extra` bytes of payload. Returns its length. */
static uint32_t with_options(uint8_t *frame, const uint8_t *options, uint32_t bytes, uint32_t extra)
{
	memcpy(frame, tcp4_frame, sizeof(tcp4_frame));
	frame[ETHERNET + 3] = (uint8_t)(IPV4 + TCP + bytes + extra);
	frame[ETHERNET + IPV4 + 12] = (uint8_t)((5 + bytes / 4) << 4);
	memcpy(frame + sizeof(tcp4_frame), options, bytes);
	memset(frame + sizeof(tcp4_frame) + bytes, 2, extra); /* would read as options of kind 2 */
	return sizeof(tcp4_frame) + bytes + extra;
}

static void options_of_known_stacks(void **state)
{
	/* Linux: MSS, SACK permitted, timestamp, NOP, window scale 7; ZMap 4.1: MSS, NOP, WS 8, NOP, NOP, SACK
	 * permitted */
	static const uint8_t linux_syn[20] = {2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7};
	static const uint8_t zmap[12] = {2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2};
	static const uint8_t others[40] = {34, 2, 19, 18, [20] = 30, 4, 0, 0, 5, 2, 14, 2, 15, 2, 0, 2};
	uint8_t frame[FRAME_MAX];
	struct nt_fields f;

	(void)state;
	f = decode(frame, with_options(frame, linux_syn, sizeof(linux_syn), 4));
	assert_int_equal(f.fate, NT_FATE_TCP);
	assert_int_equal(f.tcp_options, NT_TCP_OPTION_MSS | NT_TCP_OPTION_SACK_OK | NT_TCP_OPTION_TIMESTAMP |
					    NT_TCP_OPTION_WINDOW_SCALE);
	assert_int_equal(f.option_layout, 0x31842);
	assert_int_equal(f.window_scale, 7);
	f = decode(frame, with_options(frame, zmap, sizeof(zmap), 0));
	assert_int_equal(f.option_layout, 0x411312);
	assert_int_equal(f.window_scale, 8);
	assert_int_equal(f.tcp_options, NT_TCP_OPTION_MSS | NT_TCP_OPTION_SACK_OK | NT_TCP_OPTION_WINDOW_SCALE);
	f = decode(frame, with_options(frame, others, sizeof(others), 0));
	assert_int_equal(f.option_layout, 0xfe5fff);
	assert_int_equal(f.tcp_options, NT_TCP_OPTION_FAST_OPEN | NT_TCP_OPTION_MD5 | NT_TCP_OPTION_OTHER);
	assert_int_equal(f.window_scale, NT_WINDOW_SCALE_NONE);
}

/* What an option list says, by recursion over what is left of it. */
static void model_options(const uint8_t *at, const uint8_t *end, uint32_t index, struct nt_fields *f)
{
	uint32_t length = at < end && *at == 1 ? 1 : end - at >= 2 ? at[1] : 0;

	if (at >= end || *at == 0 || length == 0 || (*at != 1 && length < 2) || length > end - at)
		return;
	if (index < 8)
		f->option_layout += (uint32_t)(*at > 14 ? 15 : *at) * (1u << (4 * index));
	if (*at == 2)
		f->tcp_options |= 1;
	else if (*at == 3)
		f->tcp_options |= 2;
	else if (*at == 4)
		f->tcp_options |= 4;
	else if (*at == 8)
		f->tcp_options |= 8;
	else if (*at == 34)
		f->tcp_options |= 16;
	else if (*at == 19)
		f->tcp_options |= 32;
	else if (*at != 1)
		f->tcp_options |= 64;
	if (*at == 3 && length == 3)
		f->window_scale = at[2];
	model_options(at + length, end, index + 1, f);
}

/* Mostly known kinds with lengths that mostly fit. */
static void random_options(uint8_t *options, uint32_t bytes)
{
	static const uint8_t kind[] = {1, 1, 2, 3, 4, 5, 8, 14, 15, 19, 34, 254};
	uint32_t at = 0;

	while (at < bytes) {
		uint64_t r = next_random();
		uint32_t length = r % 16 == 0 ? r >> 8 & 0xff : 2 + (r >> 8) % 3;

		options[at] = r % 32 == 1 ? 0 : r % 32 == 2 ? (uint8_t)(r >> 16) : kind[(r >> 16) % sizeof(kind)];
		if (at + 1 < bytes)
			options[at + 1] = options[at] == 1 ? 1 : (uint8_t)length;
		for (uint32_t i = at + 2; i < bytes; i++)
			options[i] = (uint8_t)next_random();
		at += options[at] == 1 || !length ? 1 : length;
	}
}

/* Random lists, cut anywhere by the capture. */
static void options_against_a_model(void **state)
{
	uint64_t with_wscale = 0, full_layout = 0;

	(void)state;
	for (uint32_t round = 0; round < 200000; round++) {
		uint8_t options[OPTIONS_MAX], frame[FRAME_MAX];
		uint32_t bytes = 4 * (uint32_t)(next_random() % 11), length, cap;
		struct nt_fields f, model = {.window_scale = NT_WINDOW_SCALE_NONE};

		random_options(options, bytes);
		length = with_options(frame, options, bytes, 8);
		cap = (uint32_t)(sizeof(tcp4_frame) + next_random() % (bytes + 9));
		f = decode_at(frame, cap, length);
		if (cap > sizeof(tcp4_frame) + bytes)
			cap = sizeof(tcp4_frame) + bytes;
		model_options(options, options + (cap - sizeof(tcp4_frame)), 0, &model);
		assert_int_equal(f.fate, NT_FATE_TCP);
		assert_int_equal(f.tcp_options, model.tcp_options);
		assert_int_equal(f.option_layout, model.option_layout);
		assert_int_equal(f.window_scale, model.window_scale);
		with_wscale += f.window_scale != NT_WINDOW_SCALE_NONE;
		full_layout += f.option_layout >> 28 != 0;
	}
	assert_true(with_wscale > 1000 && full_layout > 1000);
}

/* An ICMP error about the packet `quote`, of which `bytes` are sent back. Returns its length. */
static uint32_t with_quote(uint8_t *frame, uint8_t type, const uint8_t *quote, uint32_t bytes)
{
	memcpy(frame, tcp4_frame, ETHERNET + IPV4);
	frame[ETHERNET + 3] = (uint8_t)(IPV4 + ICMP + bytes);
	frame[ETHERNET + 9] = IPPROTO_ICMP;
	memset(frame + ETHERNET + IPV4, 0, ICMP);
	frame[ETHERNET + IPV4] = type;
	memcpy(frame + ETHERNET + IPV4 + ICMP, quote, bytes);
	return ETHERNET + IPV4 + ICMP + bytes;
}

static uint32_t with_quote6(uint8_t *frame, uint8_t type, const uint8_t *quote, uint32_t bytes)
{
	memcpy(frame, icmp6_frame, sizeof(icmp6_frame));
	frame[ETHERNET + 5] = (uint8_t)(ICMP + bytes);
	frame[ETHERNET + IPV6] = type;
	memcpy(frame + sizeof(icmp6_frame), quote, bytes);
	return (uint32_t)sizeof(icmp6_frame) + bytes;
}

static void errors_quote_and_others_do_not(void **state)
{
	(void)state;
	for (uint32_t type = 0; type < 256; type++) {
		bool error = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
		uint8_t frame[FRAME_MAX];
		struct nt_fields f;

		f = decode(frame, with_quote(frame, (uint8_t)type, tcp4_frame + ETHERNET, IPV4 + TCP));
		assert_int_equal(f.fate, NT_FATE_ICMP);
		assert_int_equal(f.has_inner, error);
		if (error) {
			assert_int_equal(f.inner_proto, IPPROTO_TCP);
			assert_memory_equal(f.inner_dst, tcp4_frame + ETHERNET + 16, 4);
			assert_true(f.has_inner_port);
			assert_int_equal(f.inner_port, 445);
		} else {
			expect_nothing_inside(&f);
		}
		f = decode(frame, with_quote6(frame, (uint8_t)type, icmp6_frame + ETHERNET, IPV6 + ICMP));
		assert_int_equal(f.fate, NT_FATE_ICMP6);
		assert_int_equal(f.has_inner, type >= 1 && type <= 4);
		assert_false(f.has_inner_port);
		if (f.has_inner) {
			assert_int_equal(f.inner_proto, IPPROTO_ICMPV6);
			assert_memory_equal(f.inner_dst, icmp6_frame + ETHERNET + 24, 16);
		}
	}
}

/* The quote ends anywhere, in the packet or in the capture: the destination needs 20 bytes, the ports 24. */
static void quotes_end_anywhere(void **state)
{
	uint8_t frame[FRAME_MAX];
	uint32_t whole = with_quote(frame, 3, tcp4_frame + ETHERNET, IPV4 + TCP);

	(void)state;
	for (uint32_t bytes = 0; bytes <= IPV4 + TCP; bytes++) {
		struct nt_fields captured = decode_at(frame, ETHERNET + IPV4 + ICMP + bytes, whole);
		uint8_t shorter[FRAME_MAX];
		struct nt_fields sent = decode(shorter, with_quote(shorter, 3, tcp4_frame + ETHERNET, bytes));

		assert_int_equal(captured.fate, NT_FATE_ICMP);
		assert_int_equal(captured.has_inner, bytes >= IPV4);
		assert_int_equal(captured.has_inner_port, bytes >= IPV4 + 4);
		assert_memory_equal(&sent, &captured, sizeof(sent));
		if (bytes < IPV4)
			expect_nothing_inside(&captured);
	}
	/* bytes behind the IP total length are not part of the packet */
	frame[ETHERNET + 3] = IPV4 + ICMP + IPV4;
	assert_true(decode(frame, whole).has_inner);
	assert_false(decode(frame, whole).has_inner_port);
}

static void quoted_ipv4_headers(void **state)
{
	uint8_t quote[IPV4 + 40 + TCP] = {0}, frame[FRAME_MAX];
	struct nt_fields f;

	(void)state;
	for (uint32_t first = 0; first < 256; first++) {
		uint32_t header = first % 16 * 4;
		bool right = first >> 4 == 4 && header >= IPV4;

		memset(quote, 0, sizeof(quote));
		memcpy(quote, tcp4_frame + ETHERNET, IPV4);
		quote[0] = (uint8_t)first;
		if (right)
			memcpy(quote + header, tcp4_frame + ETHERNET + IPV4, TCP);
		f = decode(frame, with_quote(frame, 11, quote, sizeof(quote)));
		assert_int_equal(f.has_inner, right);
		assert_int_equal(f.has_inner_port, right);
		assert_int_equal(f.inner_port, right ? 445 : 0);
	}
	memcpy(quote, tcp4_frame + ETHERNET, IPV4 + TCP);
	for (uint32_t proto = 0; proto < 256; proto++) {
		quote[9] = (uint8_t)proto;
		f = decode(frame, with_quote(frame, 3, quote, IPV4 + TCP));
		assert_true(f.has_inner);
		assert_int_equal(f.inner_proto, proto);
		assert_int_equal(f.has_inner_port, proto == IPPROTO_TCP || proto == IPPROTO_UDP);
	}
	quote[9] = IPPROTO_UDP;
	quote[6] = 0x20; /* the first fragment has ports, a later one has not */
	assert_true(decode(frame, with_quote(frame, 3, quote, IPV4 + TCP)).has_inner_port);
	quote[7] = 1;
	f = decode(frame, with_quote(frame, 3, quote, IPV4 + TCP));
	assert_true(f.has_inner);
	assert_false(f.has_inner_port);
}

static void quoted_ipv6_extensions(void **state)
{
	/* hop-by-hop (8), routing (16), atomic fragment (8), authentication (12), destination (8), ports */
	static const uint8_t chain[] = {
	    43, 0, [8] = 44, [9] = 1, [24] = 51, [32] = 60, [33] = 1, [44] = 17, [52] = 0, 1, 0, 53};
	static const uint32_t ends[] = {8, 24, 32, 44, 52};
	static const uint8_t known[] = {0, 43, 44, 51, 60, 17};
	uint8_t quote[IPV6 + sizeof(chain)], frame[FRAME_MAX];
	struct nt_fields f;

	(void)state;
	memcpy(quote, icmp6_frame + ETHERNET, IPV6);
	quote[6] = 0;
	memcpy(quote + IPV6, chain, sizeof(chain));
	for (uint32_t bytes = 0; bytes <= sizeof(quote); bytes++) {
		uint32_t headers = 0;

		f = decode(frame, with_quote6(frame, 1, quote, bytes));
		assert_int_equal(f.fate, NT_FATE_ICMP6);
		assert_int_equal(f.has_inner, bytes >= IPV6);
		while (headers < 5 && bytes >= IPV6 + ends[headers])
			headers++;
		assert_int_equal(f.inner_proto, bytes >= IPV6 ? known[headers] : 0);
		assert_int_equal(f.has_inner_port, bytes == sizeof(quote));
	}
	assert_int_equal(f.inner_port, 53);
	assert_memory_equal(f.inner_dst, icmp6_frame + ETHERNET + 24, 16);
	quote[IPV6 + 24 + 3] = 8; /* a later fragment: its protocol is known, what follows is no header */
	f = decode(frame, with_quote6(frame, 1, quote, sizeof(quote)));
	assert_int_equal(f.inner_proto, 51);
	assert_false(f.has_inner_port);
	quote[0] = 0x40;
	f = decode(frame, with_quote6(frame, 1, quote, sizeof(quote)));
	expect_nothing_inside(&f);
}

/* A chain of extension headers without end is left after a while. */
static void quoted_ipv6_chain_is_bounded(void **state)
{
	uint8_t quote[IPV6 + 96] = {0}, frame[FRAME_MAX];
	struct nt_fields f;

	(void)state;
	memcpy(quote, icmp6_frame + ETHERNET, IPV6);
	quote[6] = 60;
	for (uint32_t i = 0; i < 12; i++)
		quote[IPV6 + 8 * i] = i == 7 ? 17 : 60;
	f = decode(frame, with_quote6(frame, 4, quote, sizeof(quote)));
	assert_true(f.has_inner_port);
	quote[IPV6 + 8 * 7] = 60;
	quote[IPV6 + 8 * 8] = 17;
	f = decode(frame, with_quote6(frame, 4, quote, sizeof(quote)));
	assert_true(f.has_inner);
	assert_int_equal(f.inner_proto, 60);
	assert_false(f.has_inner_port);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(headers_give_their_fields),
	    cmocka_unit_test(no_transport_fields_without_its_header),
	    cmocka_unit_test(options_of_known_stacks),
	    cmocka_unit_test(options_against_a_model),
	    cmocka_unit_test(errors_quote_and_others_do_not),
	    cmocka_unit_test(quotes_end_anywhere),
	    cmocka_unit_test(quoted_ipv4_headers),
	    cmocka_unit_test(quoted_ipv6_extensions),
	    cmocka_unit_test(quoted_ipv6_chain_is_bounded),
	};

	return cmocka_run_group_tests_name("decode_fields", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "decode/decode.h"
#include "frames.h"
#include "random.h"

#include <string.h>

/* What is read straight through must be what the layers say: they read the same packet where no Ethernet stands before
 * it. */

#define FRAMES 2000000
#define BYTES  80

/* All but the fields that an IPv4 frame may leave as they were. */
static void expect_alike(const struct nt_fields *a, const struct nt_fields *b)
{
	assert_int_equal(a->fate, b->fate);
	assert_int_equal(a->class, b->class);
	assert_int_equal(a->tcp_flags, b->tcp_flags);
	assert_int_equal(a->ttl, b->ttl);
	assert_int_equal(a->ip_proto, b->ip_proto);
	assert_int_equal(a->window, b->window);
	assert_int_equal(a->src4, b->src4);
	assert_int_equal(a->dst4, b->dst4);
	assert_int_equal(a->src_port, b->src_port);
	assert_int_equal(a->dst_port, b->dst_port);
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->ack, b->ack);
	assert_int_equal(a->icmp, b->icmp);
	assert_int_equal(a->ip_id, b->ip_id);
	assert_int_equal(a->window_scale, b->window_scale);
	assert_int_equal(a->tcp_options, b->tcp_options);
	assert_int_equal(a->option_layout, b->option_layout);
	assert_int_equal(a->has_inner, b->has_inner);
	assert_int_equal(a->has_inner_port, b->has_inner_port);
	assert_int_equal(a->udp, b->udp);
	if (!b->has_inner)
		return;
	assert_int_equal(a->inner_proto, b->inner_proto);
	assert_int_equal(a->inner_port, b->inner_port);
	assert_memory_equal(a->inner_dst, b->inner_dst, 4);
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)(next_random() % n);
}

/* Bytes that decisions hang on: ethertype, version, length, fragment, protocol, offset, flags, UDP length. */
static void disturb(uint8_t *frame)
{
	static const uint8_t at[] = {14, 16, 17, 20, 21, 23, 38, 39, 46, 47};
	static const uint8_t value[] = {0, 1, 4, 6, 8, 17, 20, 28, 40, 0x20, 0x40, 0x45, 0x46, 0x50, 0x60, 255};

	frame[at[below(sizeof(at))]] = below(4) ? value[below(sizeof(value))] : (uint8_t)next_random();
}

static void make_frame(uint8_t *frame)
{
	const uint8_t *from = below(2) ? tcp4_frame : udp4_frame;
	size_t length = from == tcp4_frame ? sizeof(tcp4_frame) : sizeof(udp4_frame);

	for (uint32_t i = 0; i < BYTES; i++)
		frame[i] = (uint8_t)next_random();
	memcpy(frame, from, length);
	for (uint32_t i = 26; i < 38; i++) /* addresses and ports */
		frame[i] = (uint8_t)next_random();
	if (!below(6)) {
		frame[17] = (uint8_t)(28 + below(BYTES - 41)); /* ICMP of any length, */
		frame[23] = 1;
		frame[34] %= 40;				      /* its type, */
		frame[42] = below(4) ? 0x45 : (uint8_t)next_random(); /* and what it may quote: where that begins, */
		frame[48] = below(2) ? 0 : (uint8_t)next_random();    /* whether it is a first fragment, */
		frame[49] = frame[48];
		frame[51] = below(2) ? 17 : 6; /* and its protocol */
	}
	for (uint32_t n = below(4); n; n--)
		disturb(frame);
}

static void straight_through_is_what_the_layers_say(void **state)
{
	uint8_t bytes[BYTES];
	uint32_t fates[NT_FATES] = {0}, quotes = 0, quoted_ports = 0;

	(void)state;
	random_state = 5;
	for (uint32_t i = 0; i < FRAMES; i++) {
		uint32_t wire = below(4) ? 54 + below(BYTES - 53) : 14 + below(40),
			 cap = below(3) ? wire : 14 + below(wire - 13);
		const struct nt_frame whole = {.data = bytes, .cap_len = cap, .wire_len = wire};
		const struct nt_frame inside = {.data = bytes + 14, .cap_len = cap - 14, .wire_len = wire - 14};
		struct nt_fields straight, layers;

		make_frame(bytes);
		memset(&straight, 0xa5, sizeof(straight));
		nt_decode(&whole, NT_LINK_ETHERNET, &straight);
		nt_decode(&inside, NT_LINK_RAW, &layers);
		if (layers.class != NT_CLASS_IPV4 || bytes[14] >> 4 != 4)
			continue; /* with raw IP the nibble decides, not the ethertype */
		expect_alike(&straight, &layers);
		fates[layers.fate]++;
		quotes += layers.has_inner;
		quoted_ports += layers.has_inner_port;
	}
	assert_true(fates[NT_FATE_TCP] > FRAMES / 20 && fates[NT_FATE_UDP] > FRAMES / 20);
	assert_true(fates[NT_FATE_ICMP] > FRAMES / 100);
	assert_true(quoted_ports > 200 && quotes > 2 * quoted_ports);
	assert_true(fates[NT_FATE_MALFORMED + NT_REASON_ICMP_HEADER]);
	assert_true(fates[NT_FATE_TRUNCATED + NT_REASON_ICMP_HEADER]);
	assert_true(fates[NT_FATE_NO_L4] && fates[NT_FATE_IP_OTHER]);
	assert_true(fates[NT_FATE_MALFORMED + NT_REASON_UDP_LENGTH] && fates[NT_FATE_MALFORMED + NT_REASON_TCP_OFFSET]);
	assert_true(fates[NT_FATE_TRUNCATED + NT_REASON_TCP_HEADER] && fates[NT_FATE_TRUNCATED + NT_REASON_UDP_HEADER]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(straight_through_is_what_the_layers_say),
	};

	return cmocka_run_group_tests_name("decode_usual", tests, NULL, NULL);
}

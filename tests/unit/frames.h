/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_FRAMES_H
#define TESTS_UNIT_FRAMES_H

#include "decode/decode.h"

#include <string.h>

/* Frames for tests, written byte by byte: a template, and what a test changes in it. */

enum { ETHERNET = 14, IPV4 = 20, IPV6 = 40, TCP = 20, UDP = 8, ICMP = 8 };

/* A SYN from 192.0.2.1:40000 to 198.18.0.1:445, window 8192. */
static const uint8_t tcp4_frame[ETHERNET + IPV4 + TCP] = {
    2,	  0,	0,    0,    0,	  1,	2, 0, 0,  0, 0, 2, 0x08, 0x00,				  /* Ethernet */
    0x45, 0,	0,    40,   0xd4, 0x31, 0, 0, 64, 6, 0, 0, 192,	 0,    2,    1,	   198, 18, 0, 1, /* IPv4 */
    0x9c, 0x40, 0x01, 0xbd, 0,	  0,	0, 1, 0,  0, 0, 0, 0x50, 0x02, 0x20, 0x00, 0,	0,  0, 0, /* TCP */
};

/* A datagram of 4 bytes from 192.0.2.1:5353 to 198.18.0.1:53. */
static const uint8_t udp4_frame[ETHERNET + IPV4 + UDP + 4] = {
    2,	  0,	0,    0,    0, 1,  2, 0, 0,   0,   0,	2,   0x08, 0x00,		      /* Ethernet */
    0x45, 0,	0,    32,   0, 1,  0, 0, 64,  17,  0,	0,   192,  0,	 2, 1, 198, 18, 0, 1, /* IPv4 */
    0x14, 0xe9, 0x00, 0x35, 0, 12, 0, 0, 'n', 't', 'n', 't',				      /* UDP */
};

/* An echo request from 2001:db8::1. */
static const uint8_t icmp6_frame[ETHERNET + IPV6 + ICMP] = {
    2,	  0,	0,    0,    0, 1, 2,  0,  0, 0, 0, 2, 0x86, 0xdd, /* Ethernet */
    0x60, 0,	0,    0,    0, 8, 58, 64,			  /* IPv6 */
    0x20, 0x01, 0x0d, 0xb8, 0, 0, 0,  0,  0, 0, 0, 0, 0,    0,	  0, 1, 0x20, 0x01, 0x0d, 0xb8,
    0,	  0,	0,    0,    0, 0, 0,  0,  0, 0, 0, 2, 128,  0,	  0, 0, 0,    1,    0,	  1, /* ICMPv6 */
};

static inline struct nt_frame whole_frame(const uint8_t *bytes, uint32_t length)
{
	return (struct nt_frame){.data = bytes, .cap_len = length, .wire_len = length};
}

#endif

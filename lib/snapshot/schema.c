/* SPDX-License-Identifier: BSD-3-Clause */
#include "needletail/schema.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *const nt_class_name[NT_CLASSES] = {
    [NT_CLASS_IPV4] = "ipv4",
    [NT_CLASS_IPV6] = "ipv6",
    [NT_CLASS_ARP] = "arp",
    [NT_CLASS_OTHER] = "other",
};

const char *const nt_reason_name[NT_REASONS] = {
    [NT_REASON_ETH] = "eth",
    [NT_REASON_VLAN] = "vlan",
    [NT_REASON_IPV4_HEADER] = "ipv4_header",
    [NT_REASON_IPV4_VERSION] = "ipv4_version",
    [NT_REASON_IPV4_IHL] = "ipv4_ihl",
    [NT_REASON_IPV4_LENGTH] = "ipv4_length",
    [NT_REASON_IPV4_OPTIONS] = "ipv4_options",
    [NT_REASON_IPV6_HEADER] = "ipv6_header",
    [NT_REASON_IPV6_VERSION] = "ipv6_version",
    [NT_REASON_IPV6_LENGTH] = "ipv6_length",
    [NT_REASON_IPV6_EXT] = "ipv6_ext",
    [NT_REASON_TCP_HEADER] = "tcp_header",
    [NT_REASON_TCP_OFFSET] = "tcp_offset",
    [NT_REASON_UDP_HEADER] = "udp_header",
    [NT_REASON_UDP_LENGTH] = "udp_length",
    [NT_REASON_ICMP_HEADER] = "icmp_header",
    [NT_REASON_ICMP6_HEADER] = "icmp6_header",
};

const char *const nt_backscatter_name[NT_BACKSCATTERS] = {
    [NT_BACKSCATTER_SYNACK] = "synack",
    [NT_BACKSCATTER_RST] = "rst",
    [NT_BACKSCATTER_RSTACK] = "rstack",
    [NT_BACKSCATTER_ICMP_ECHO_REPLY] = "icmp_echo_reply",
    [NT_BACKSCATTER_ICMP_DEST_UNREACH] = "icmp_dest_unreach",
    [NT_BACKSCATTER_ICMP_SOURCE_QUENCH] = "icmp_source_quench",
    [NT_BACKSCATTER_ICMP_REDIRECT] = "icmp_redirect",
    [NT_BACKSCATTER_ICMP_TIME_EXCEEDED] = "icmp_time_exceeded",
    [NT_BACKSCATTER_ICMP_PARAM_PROBLEM] = "icmp_param_problem",
    [NT_BACKSCATTER_ICMP_TS_REPLY] = "icmp_ts_reply",
    [NT_BACKSCATTER_ICMP_INFO_REPLY] = "icmp_info_reply",
    [NT_BACKSCATTER_ICMP_MASK_REPLY] = "icmp_mask_reply",
    [NT_BACKSCATTER_ICMP6_DEST_UNREACH] = "icmp6_dest_unreach",
    [NT_BACKSCATTER_ICMP6_PKT_TOO_BIG] = "icmp6_pkt_too_big",
    [NT_BACKSCATTER_ICMP6_TIME_EXCEEDED] = "icmp6_time_exceeded",
    [NT_BACKSCATTER_ICMP6_PARAM_PROBLEM] = "icmp6_param_problem",
    [NT_BACKSCATTER_ICMP6_ECHO_REPLY] = "icmp6_echo_reply",
};

const char *const nt_overflow_name[NT_OVERFLOWS] = {
    [NT_OVERFLOW_SOURCES] = "sources",	       [NT_OVERFLOW_PAIRS] = "pairs",
    [NT_OVERFLOW_VICTIMS] = "victims",	       [NT_OVERFLOW_REGION_PORT] = "region_port",
    [NT_OVERFLOW_ASN_PACKETS] = "asn_packets",
};

const char *const nt_event_name[NT_EVENT_TYPES] = {
    [NT_EVENT_DOS] = "dos",	    [NT_EVENT_FIXED_TOOL] = "fixed_tool", [NT_EVENT_SURGE] = "surge",
    [NT_EVENT_SCANNER] = "scanner", [NT_EVENT_SENSOR] = "sensor",
};

/* A line of JSON has a hundred thousand of these: printf() would be most of its cost. Returns where the text ends. */
static char *put_number(char *text, uint64_t number)
{
	char digit[20];
	size_t n = 0;

	do
		digit[n++] = (char)('0' + number % 10);
	while (number /= 10);
	while (n)
		*text++ = digit[--n];
	*text = '\0';
	return text;
}

static void put_port(char *text, uint32_t port)
{
	memcpy(put_number(text, port & 0xffff), port >> 16 & 1 ? "/udp" : "/tcp", sizeof("/tcp"));
}

static void number_text(char text[static NT_MEMBER_TEXT], uint64_t key)
{
	put_number(text, key);
}

static void proto_text(char text[static NT_MEMBER_TEXT], uint64_t key)
{
	if (key == NT_PROTO_UNRESOLVED)
		snprintf(text, NT_MEMBER_TEXT, "unresolved");
	else
		number_text(text, key);
}

static void flags_text(char text[static NT_MEMBER_TEXT], uint64_t key)
{
	snprintf(text, NT_MEMBER_TEXT, "0x%02" PRIx64, key);
}

static void icmp_text(char text[static NT_MEMBER_TEXT], uint64_t key)
{
	snprintf(text, NT_MEMBER_TEXT, "%" PRIu64 "/%" PRIu64, key >> 8, key & 0xff);
}

static void region_text(char text[static NT_MEMBER_TEXT], uint64_t key)
{
	nt_region_text((uint32_t)key, text);
}

static void region_port_text(char text[static NT_MEMBER_TEXT], uint64_t key)
{
	nt_region_text((uint32_t)(key >> 17), text);
	text[2] = ':';
	put_port(text + 3, (uint32_t)key);
}

const struct nt_table_row nt_table_row[NT_TABLES] = {
    [NT_TABLE_NO_L4] = {.json = "no_l4", .member = number_text},
    [NT_TABLE_IP_PROTO] = {.json = "ip_proto", .redis = "proto", .member = proto_text},
    [NT_TABLE_TCP_PORT] =
	{.json = "tcp_port", .redis = "port", .redis_suffix = "/tcp", .member = number_text, .detail = true},
    [NT_TABLE_UDP_PORT] =
	{.json = "udp_port", .redis = "port", .redis_suffix = "/udp", .member = number_text, .detail = true},
    [NT_TABLE_TCP_FLAGS] = {.json = "tcp_flags", .redis = "flags", .member = flags_text},
    [NT_TABLE_TCP_WINDOW] = {.json = "tcp_window", .redis = "window", .member = number_text, .detail = true},
    [NT_TABLE_ICMP] = {.json = "icmp", .redis = "icmp", .member = icmp_text},
    [NT_TABLE_ICMP6] = {.json = "icmp6", .redis = "icmp6", .member = icmp_text},
    [NT_TABLE_REGION] = {.json = "region", .redis = "region", .member = region_text},
    [NT_TABLE_ASN] = {.json = "asn", .redis = "asn", .member = number_text, .detail = true},
    [NT_TABLE_REGION_PORT] =
	{.json = "region_port", .redis = "region_port", .member = region_port_text, .detail = true, .nested = true},
};

void nt_table_member(enum nt_table table, uint64_t key, char text[static NT_MEMBER_TEXT])
{
	const struct nt_table_row *row = &nt_table_row[table];

	row->member(text, key);
	if (row->redis_suffix)
		strncat(text, row->redis_suffix, NT_MEMBER_TEXT - strlen(text) - 1);
}

void nt_address_text(const struct nt_address *address, char text[static NT_ADDRESS_TEXT])
{
	/* glibc writes what RFC 5952 wants, IPv4 inside of ::ffff:0:0/96 and ::/96 as such (its section 5) included */
	inet_ntop(address->length == 4 ? AF_INET : AF_INET6, address->byte, text, NT_ADDRESS_TEXT);
}

void nt_port_text(uint32_t port, char text[static NT_MEMBER_TEXT])
{
	put_port(text, port);
}

/* The part of a sketch's name that says of what it is. */
static void sketch_part(enum nt_sketch_kind kind, uint32_t id, char text[static NT_MEMBER_TEXT])
{
	char region[3];

	switch (kind) {
	case NT_SKETCH_REGION:
	case NT_SKETCH_BACKSCATTER_REGION:
	case NT_SKETCH_SIGNATURE_REGION:
		nt_region_text(id & 0x1ffff, region);
		snprintf(text, NT_MEMBER_TEXT, ":region:%s", region);
		break;
	case NT_SKETCH_PORT:
	case NT_SKETCH_SIGNATURE_PORT:
		snprintf(text, NT_MEMBER_TEXT, ":port:%u/%s", id & 0xffff, id >> 16 & 1 ? "udp" : "tcp");
		break;
	default:
		text[0] = '\0';
		break;
	}
}

void nt_sketch_text(const struct nt_snapshot *s, uint32_t key, char text[static NT_SKETCH_TEXT])
{
	enum nt_sketch_kind kind = key >> 24;
	uint32_t id = key & 0xffffff;
	char part[NT_MEMBER_TEXT];

	sketch_part(kind, id, part);
	if (kind >= NT_SKETCH_SIGNATURE)
		snprintf(text, NT_SKETCH_TEXT, "sig:%s%s",
			 id >> 17 < s->n_signatures ? s->signature[id >> 17].name : "", part);
	else if (kind == NT_SKETCH_BACKSCATTER || kind == NT_SKETCH_BACKSCATTER_REGION)
		snprintf(text, NT_SKETCH_TEXT, "backscatter%s", part);
	else
		snprintf(text, NT_SKETCH_TEXT, "sources%s", part);
}

/* Digits sort before letters, so that index order is the codes' byte order. */
static const char code_characters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

void nt_region_text(uint32_t region, char text[static 3])
{
	uint32_t code = region - 1;

	if (region == NT_REGION_UNKNOWN || region >= NT_REGIONS) {
		memcpy(text, "--", 3);
		return;
	}
	text[0] = code_characters[code / 36];
	text[1] = code_characters[code % 36];
	text[2] = '\0';
}

uint32_t nt_region_index(const char *code, size_t length)
{
	const char *first, *second;

	if (length != 2 || !code[0] || !code[1])
		return NT_REGION_UNKNOWN;
	first = strchr(code_characters, code[0]);
	second = strchr(code_characters, code[1]);
	if (!first || !second)
		return NT_REGION_UNKNOWN;
	return 1 + (uint32_t)(first - code_characters) * 36 + (uint32_t)(second - code_characters);
}

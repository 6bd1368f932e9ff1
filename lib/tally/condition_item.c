/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/condition.h"

#include "base/parse.h"
#include "needletail/schema.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Items of a list: numbers and ranges, names, flags, prefixes, regions. */

/* Most bytes of a word that a message repeats. */
#define WORD 48

struct name {
	const char *name;
	uint32_t value;
};

/* IANA's protocol numbers, of those that telescopes see. */
static const struct name proto_name[] = {
    {"tcp", 6},	 {"udp", 17}, {"icmp", 1}, {"icmp6", 58}, {"gre", 47},	 {"igmp", 2},
    {"ipip", 4}, {"esp", 50}, {"ah", 51},  {"ospf", 89},  {"sctp", 132}, {NULL, 0},
};

static const struct name option_name[] = {
    {"mss", NT_TCP_OPTION_MSS},
    {"ws", NT_TCP_OPTION_WINDOW_SCALE},
    {"sackok", NT_TCP_OPTION_SACK_OK},
    {"ts", NT_TCP_OPTION_TIMESTAMP},
    {"tfo", NT_TCP_OPTION_FAST_OPEN},
    {"md5", NT_TCP_OPTION_MD5},
    {"other", NT_TCP_OPTION_OTHER},
    {"none", 0},
    {NULL, 0},
};

/* Kinds of nt_fields.option_layout: kinds above 14 cannot be told apart there. */
static const struct name layout_name[] = {
    {"nop", 1}, {"mss", 2}, {"ws", 3}, {"sackok", 4}, {"sack", 5}, {"ts", 8}, {"other", 15}, {NULL, 0},
};

enum { LAYOUT_OPTIONS = 8, LAYOUT_BITS = 4, LAYOUT_KIND_MAX = 14, FLAG_BITS = 8 };

/* What is read: the condition's name, and where the reason goes. */
struct items {
	struct nt_condition *c;
	const char *word;
	char *why;
};

static int wrong(const struct items *p, const char *item, const char *expected)
{
	snprintf(p->why, NT_SIGNATURE_WHY, "%s: \"%.*s\" is not %s", p->word, WORD, item, expected);
	return -EINVAL;
}

static int find_name(const struct name *names, const char *name)
{
	for (uint32_t i = 0; names[i].name; i++)
		if (!strcmp(names[i].name, name))
			return (int)names[i].value;
	return -1;
}

int nt_condition_proto(const char *name)
{
	return find_name(proto_name, name);
}

const char *nt_condition_proto_name(uint32_t i)
{
	return i < sizeof(proto_name) / sizeof(*proto_name) ? proto_name[i].name : NULL;
}

/* A number, decimal or hexadecimal. 0 or -EINVAL. */
static int parse_number(const char *text, uint64_t max, uint64_t *value)
{
	static const char hex[] = "0123456789abcdefABCDEF";
	size_t digits;

	if (text[0] != '0' || text[1] != 'x')
		return nt_parse_u64(text, 0, max, value) ? -EINVAL : 0;
	digits = strlen(text + 2);
	if (!digits || digits > 16 || strspn(text + 2, hex) != digits)
		return -EINVAL;
	*value = strtoull(text + 2, NULL, 16);
	return *value <= max ? 0 : -EINVAL;
}

/* A number or a range of numbers up to `max`. */
static int parse_range(const struct items *p, char *item, uint64_t max)
{
	char *dash = strchr(item, '-'), expected[64];
	uint64_t low = 0, high = 0;
	int err;

	if (dash)
		*dash = '\0';
	err = parse_number(item, max, &low);
	if (!err)
		err = dash ? parse_number(dash + 1, max, &high) : 0;
	if (dash)
		*dash = '-';
	if (err) {
		snprintf(expected, sizeof(expected), "a number or range from 0 to %llu", (unsigned long long)max);
		return wrong(p, item, expected);
	}
	if (dash && low > high)
		return wrong(p, item, "a range: it ends before it begins");
	return nt_spans_append(&p->c->spans, low, dash ? high : low);
}

static int parse_value(const struct items *p, char *item)
{
	uint64_t value;

	if (parse_number(item, UINT32_MAX, &value))
		return wrong(p, item, "a number from 0 to 4294967295");
	return nt_spans_append(&p->c->spans, value, value);
}

static int parse_proto(const struct items *p, char *item)
{
	int proto = nt_condition_proto(item);

	return proto < 0 ? parse_range(p, item, UINT8_MAX)
			 : nt_spans_append(&p->c->spans, (nt_wide)proto, (nt_wide)proto);
}

/* Letters as in tcpdump and pf, or a number. -1 if it is neither. */
static int parse_flag_set(const char *text)
{
	static const char letter[] = "FSRPAUEW";
	uint64_t number;
	int flags = 0;

	if (*text >= '0' && *text <= '9')
		return parse_number(text, UINT8_MAX, &number) ? -1 : (int)number;
	for (const char *c = text; *c; c++) {
		const char *at = strchr(letter, *c);

		if (!at)
			return -1;
		flags |= 1 << (at - letter);
	}
	return *text ? flags : -1;
}

/* VALUE or VALUE/MASK; without a mask all eight flags are looked at. */
static int parse_flags(const struct items *p, char *item)
{
	char *slash = strchr(item, '/');
	int value, mask = (1 << FLAG_BITS) - 1;

	if (slash)
		*slash = '\0';
	value = parse_flag_set(item);
	if (slash) {
		mask = parse_flag_set(slash + 1);
		*slash = '/';
	}
	if (value < 0 || mask < 0)
		return wrong(p, item, "letters of FSRPAUEW or a number, such as S/SAFR or 0x02/0x17");
	if (value & ~mask)
		return wrong(p, item, "possible: a flag is asked for that the mask leaves out");
	return nt_spans_append(&p->c->spans, (nt_wide)value, (nt_wide)mask);
}

static int parse_option(const struct items *p, char *item)
{
	int bit = find_name(option_name, item);

	if (bit < 0)
		return wrong(p, item, "one of mss, ws, sackok, ts, tfo, md5, other, none");
	return nt_spans_append(&p->c->spans, (nt_wide)bit, (nt_wide)bit);
}

static int parse_kind(const char *item)
{
	int kind = find_name(layout_name, item);
	uint64_t number;

	if (kind >= 0)
		return kind;
	return parse_number(item, LAYOUT_KIND_MAX, &number) || !number ? -1 : (int)number;
}

/* Items of a layout are one value: the kinds in their order. */
static int parse_layout(const struct items *p, char *list)
{
	uint32_t layout = 0, n = 0;

	if (!strcmp(list, "none"))
		return nt_spans_append(&p->c->spans, 0, 0);
	for (char *item = strsep(&list, ","); item; item = strsep(&list, ",")) {
		int kind = parse_kind(item);

		if (kind < 0)
			return wrong(p, item, "one of nop, mss, ws, sackok, sack, ts, other or a kind from 1 to 14");
		if (n == LAYOUT_OPTIONS) {
			snprintf(p->why, NT_SIGNATURE_WHY, "%s: more than the first %d options cannot be told", p->word,
				 LAYOUT_OPTIONS);
			return -EINVAL;
		}
		layout |= (uint32_t)kind << (LAYOUT_BITS * n++);
	}
	return nt_spans_append(&p->c->spans, layout, layout);
}

/* Most significant byte first, as on the wire. */
static nt_wide wide_of(const uint8_t *bytes, uint32_t n)
{
	nt_wide value = 0;

	for (uint32_t i = 0; i < n; i++)
		value = value << 8 | bytes[i];
	return value;
}

/* ADDRESS or ADDRESS/LENGTH. */
static int parse_prefix(const struct items *p, char *item)
{
	char *slash = strchr(item, '/');
	uint8_t address[16];
	bool v6 = strchr(item, ':');
	uint64_t bits = v6 ? 128 : 32, length = bits;
	nt_wide low, behind;
	int right;

	if (slash)
		*slash = '\0';
	right = inet_pton(v6 ? AF_INET6 : AF_INET, item, address);
	if (slash)
		*slash = '/';
	if (right != 1 || (slash && nt_parse_u64(slash + 1, 0, bits, &length)))
		return wrong(p, item, "a prefix such as 192.0.2.0/24 or 2001:db8::/32");
	low = wide_of(address, (uint32_t)bits / 8);
	behind = length ? ((nt_wide)1 << (bits - length)) - 1 : v6 ? ~(nt_wide)0 : UINT32_MAX;
	if (low & behind)
		return wrong(p, item, "a prefix: bits behind its length are set");
	return nt_spans_append(v6 ? &p->c->spans6 : &p->c->spans, low, low | behind);
}

static int parse_region(const struct items *p, char *item)
{
	uint32_t region = nt_region_index(item, strlen(item));

	if (region == NT_REGION_UNKNOWN && strcmp(item, "--"))
		return wrong(p, item, "a region: two of A-Z 0-9, or -- for an unknown one");
	return nt_spans_append(&p->c->spans, region, region);
}

static int parse_item(const struct items *p, char *item)
{
	switch (p->c->field) {
	case NT_FIELD_PROTO:
		return parse_proto(p, item);
	case NT_FIELD_FLAGS:
		return parse_flags(p, item);
	case NT_FIELD_OPTION:
		return parse_option(p, item);
	case NT_FIELD_SOURCE4:
		return parse_prefix(p, item);
	case NT_FIELD_REGION:
		return parse_region(p, item);
	case NT_FIELD_TTL:
		return parse_range(p, item, UINT8_MAX);
	case NT_FIELD_WINDOW_SCALE:
		return parse_range(p, item, NT_WINDOW_SCALE_NONE - 1);
	case NT_FIELD_SEQ:
	case NT_FIELD_ACK:
		return parse_value(p, item);
	default:
		return parse_range(p, item, UINT16_MAX);
	}
}

int nt_condition_parse_items(struct nt_condition *c, const char *word, char *items, char why[static NT_SIGNATURE_WHY])
{
	const struct items p = {.c = c, .word = word, .why = why};
	int err = 0;

	if (c->field == NT_FIELD_LAYOUT)
		return parse_layout(&p, items);
	if (c->field == NT_FIELD_SEQ && !strcmp(items, "dst")) {
		c->field = NT_FIELD_SEQ_IS_DST;
		return 0;
	}
	if (c->field == NT_FIELD_IP_ID && !strcmp(items, "masscan")) {
		c->field = NT_FIELD_MASSCAN;
		return 0;
	}
	for (char *item = strsep(&items, ","); item && !err; item = strsep(&items, ","))
		err = parse_item(&p, item);
	if (err || c->field == NT_FIELD_FLAGS || c->field == NT_FIELD_OPTION)
		return err;
	nt_spans_merge(&c->spans);
	nt_spans_merge(&c->spans6);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "signature_model.h"

#include "needletail/schema.h"
#include "random.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static uint32_t below(uint32_t n)
{
	return (uint32_t)(next_random() % n);
}

/* One of a few values of a field, or now and then any. */
static uint32_t value_of(enum model_field field)
{
	static const uint32_t port[] = {0, 22, 80, 255, 256, 443, 445, 511, 512, 8192, 65280, 65535};
	static const uint32_t ttl[] = {0, 1, 64, 128, 129, 254, 255};
	static const uint32_t number[] = {0, 1, 2, 0x7fffffff, 0x80000000, 0xc0000201, UINT32_MAX};
	static const uint32_t proto[] = {0, 1, 2, 6, 6, 6, 17, 17, 47, 58, 255};
	bool any = below(8) == 0;

	switch (field) {
	case MODEL_PROTO:
		return any ? below(256) : proto[below(COUNT(proto))];
	case MODEL_TTL:
		return any ? below(256) : ttl[below(COUNT(ttl))];
	case MODEL_WSCALE:
		return any ? below(255) : 6 + below(4);
	case MODEL_SEQ:
	case MODEL_ACK:
		return any ? (uint32_t)next_random() : number[below(COUNT(number))];
	case MODEL_REGION:
		return any ? below(NT_REGIONS) : below(2) * (NT_REGIONS - 1);
	default:
		return any ? below(65536) : port[below(COUNT(port))];
	}
}

/* Addresses in a few nested prefixes. */
static void random_address(uint8_t address[static 16], bool v6)
{
	memset(address, 0, 16);
	for (uint32_t i = 0; i < (v6 ? 16 : 4); i++)
		address[i] = below(3) == 0 ? 0xff : (uint8_t)(below(2) << 7);
	if (v6)
		memcpy(address, (const uint8_t[]){0x20, 0x01, 0x0d, 0xb8}, 4);
}

static void random_prefix(struct model_item *item)
{
	static const uint8_t length4[] = {0, 1, 8, 9, 16, 24, 31, 32}, length6[] = {0, 1, 32, 33, 63, 64, 65, 127, 128};

	item->v6 = below(2);
	item->length = item->v6 ? length6[below(COUNT(length6))] : length4[below(COUNT(length4))];
	random_address(item->address, item->v6);
	for (uint32_t bit = item->length; bit < 128; bit++)
		item->address[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
}

static uint32_t random_layout(void)
{
	static const uint32_t layout[] = {0, 0x411312, 0x31842, 0xffffffff, 0x12345678, 0x2};

	return layout[below(COUNT(layout))];
}

static struct model_item random_item(enum model_field field)
{
	struct model_item item = {0};

	switch (field) {
	case MODEL_VERSION:
		item.low = below(2) ? 4 : 6;
		break;
	case MODEL_FLAGS:
		item.high = below(2) ? 0x17 : below(256);
		item.low = (below(2) ? 0x02 : below(256)) & item.high;
		break;
	case MODEL_OPTION:
		item.low = below(8) == 0 ? 0 : 1u << below(NT_TCP_OPTION_BITS);
		break;
	case MODEL_LAYOUT:
		item.low = random_layout();
		break;
	case MODEL_SRC:
		random_prefix(&item);
		break;
	default:
		item.low = item.high = value_of(field);
		if (below(3) == 0 && field != MODEL_REGION && field != MODEL_SEQ && field != MODEL_ACK)
			item.high = value_of(field);
		if (item.high < item.low)
			item.high = item.low;
		break;
	}
	return item;
}

/* Conditions that are one word or one value have one item. */
static bool has_list(enum model_field field)
{
	return field != MODEL_VERSION && field != MODEL_LAYOUT && field != MODEL_SEQ_DST && field != MODEL_MASSCAN;
}

struct model_signature model_random_signature(void)
{
	struct model_signature s = {.n = 1 + below(MODEL_CONDITIONS)};

	for (uint32_t i = 0; i < s.n; i++) {
		struct model_condition *c = &s.condition[i];

		c->field = below(MODEL_FIELDS);
		c->negated = below(3) == 0;
		c->n = has_list(c->field) ? 1 + below(MODEL_ITEMS) : 1;
		for (uint32_t k = 0; k < c->n; k++)
			c->item[k] = random_item(c->field);
	}
	return s;
}

static void random_tcp(struct nt_fields *f)
{
	f->tcp_flags = (uint8_t)(below(2) ? 0x02 : below(256));
	f->window = (uint16_t)value_of(MODEL_WINDOW);
	f->seq = below(4) == 0 ? f->dst4 : value_of(MODEL_SEQ);
	f->ack = value_of(MODEL_ACK);
	f->tcp_options = (uint8_t)below(1 << NT_TCP_OPTION_BITS);
	f->option_layout = random_layout();
	if (below(2))
		f->window_scale = (uint8_t)value_of(MODEL_WSCALE);
	if (f->class == NT_CLASS_IPV4 && below(4) == 0)
		f->ip_id = (uint16_t)(f->dst4 ^ f->seq ^ f->dst_port);
}

/* Protocol and fate of a packet with an IP header. */
static void random_transport(struct nt_fields *f)
{
	f->ip_proto = (uint16_t)value_of(MODEL_PROTO);
	f->fate = NT_FATE_IP_OTHER;
	if (f->ip_proto == 6)
		f->fate = NT_FATE_TCP;
	else if (f->ip_proto == 17)
		f->fate = NT_FATE_UDP;
	else if (f->ip_proto == 1)
		f->fate = f->class == NT_CLASS_IPV4 ? NT_FATE_ICMP : NT_FATE_NO_L4;
	else if (f->ip_proto == 58)
		f->fate = f->class == NT_CLASS_IPV6 ? NT_FATE_ICMP6 : NT_FATE_NO_L4;
	if (f->fate < NT_FATE_IP_OTHER && below(8) == 0)
		f->fate = below(2) ? NT_FATE_NO_L4 : (uint8_t)(NT_FATE_MALFORMED + below(2 * NT_REASONS));
	if (f->class == NT_CLASS_IPV6 && below(16) == 0) {
		f->ip_proto = NT_PROTO_UNRESOLVED;
		f->fate = NT_FATE_MALFORMED + NT_REASON_IPV6_EXT;
	}
	if (f->fate == NT_FATE_TCP || f->fate == NT_FATE_UDP) {
		f->dst_port = (uint16_t)value_of(MODEL_DPORT);
		f->src_port = (uint16_t)value_of(MODEL_SPORT);
	}
	if (f->fate == NT_FATE_TCP)
		random_tcp(f);
}

struct model_packet model_random_packet(void)
{
	struct model_packet p = {.fields = {.ip_proto = NT_PROTO_NONE, .window_scale = NT_WINDOW_SCALE_NONE}};
	struct nt_fields *f = &p.fields;
	uint8_t address[16];

	f->class = below(16) == 0 ? (below(2) ? NT_CLASS_ARP : NT_CLASS_OTHER)
				  : (below(3) == 0 ? NT_CLASS_IPV6 : NT_CLASS_IPV4);
	f->fate = f->class == NT_CLASS_ARP ? NT_FATE_ARP : NT_FATE_OTHER;
	if (f->class != NT_CLASS_IPV4 && f->class != NT_CLASS_IPV6)
		return p;
	if (below(16) == 0) { /* its header failed the checks: it has no source either */
		f->fate = (uint8_t)(NT_FATE_MALFORMED + below(2 * NT_REASONS));
		return p;
	}
	p.region = (uint16_t)value_of(MODEL_REGION);
	f->ttl = (uint8_t)value_of(MODEL_TTL);
	random_address(address, f->class == NT_CLASS_IPV6);
	if (f->class == NT_CLASS_IPV6) {
		memcpy(f->src6, address, sizeof(f->src6));
	} else {
		f->src4 = (uint32_t)address[0] << 24 | address[1] << 16 | address[2] << 8 | address[3];
		f->dst4 = value_of(MODEL_SEQ);
		f->ip_id = (uint16_t)value_of(MODEL_IPID);
	}
	random_transport(f);
	return p;
}

/* ---- in words ---- */

static const char *const field_word[MODEL_FIELDS] = {
    [MODEL_PROTO] = "proto",   [MODEL_DPORT] = "dport",	  [MODEL_SPORT] = "sport",     [MODEL_FLAGS] = "flags",
    [MODEL_WINDOW] = "window", [MODEL_TTL] = "ttl",	  [MODEL_IPID] = "ipid",       [MODEL_OPTION] = "option",
    [MODEL_LAYOUT] = "layout", [MODEL_WSCALE] = "wscale", [MODEL_SEQ] = "seq",	       [MODEL_ACK] = "ack",
    [MODEL_REGION] = "region", [MODEL_SRC] = "src",	  [MODEL_SEQ_DST] = "seq dst", [MODEL_MASSCAN] = "ipid masscan",
};

static void add(char text[static MODEL_TEXT], const char *word)
{
	strncat(text, word, MODEL_TEXT - strlen(text) - 1);
}

static void add_number(char text[static MODEL_TEXT], uint32_t number)
{
	char word[16];

	snprintf(word, sizeof(word), below(2) ? "0x%x" : "%u", number);
	add(text, word);
}

static void add_flags(char text[static MODEL_TEXT], uint32_t flags)
{
	static const char letters[] = "FSRPAUEW";
	char word[16] = "";
	uint32_t n = 0;

	if (!flags || below(2)) {
		add_number(text, flags);
		return;
	}
	for (uint32_t bit = 0; bit < 8; bit++)
		if (flags >> bit & 1)
			word[n++] = letters[bit];
	add(text, word);
}

static void add_layout(char text[static MODEL_TEXT], uint32_t layout)
{
	static const char *const kind[16] = {
	    [1] = "nop", [2] = "mss", [3] = "ws", [4] = "sackok", [5] = "sack", [8] = "ts", [15] = "other"};

	if (!layout)
		add(text, "none");
	for (; layout; layout >>= 4) {
		if (kind[layout & 15] && ((layout & 15) == 15 || below(2)))
			add(text, kind[layout & 15]);
		else
			add_number(text, layout & 15);
		if (layout >> 4)
			add(text, ",");
	}
}

static void add_prefix(char text[static MODEL_TEXT], const struct model_item *item)
{
	char word[INET6_ADDRSTRLEN];

	add(text, inet_ntop(item->v6 ? AF_INET6 : AF_INET, item->address, word, sizeof(word)));
	if (item->length == (item->v6 ? 128 : 32) && below(2))
		return;
	snprintf(word, sizeof(word), "/%u", item->length);
	add(text, word);
}

static void add_item(char text[static MODEL_TEXT], enum model_field field, const struct model_item *item)
{
	static const char *const option[] = {"mss", "ws", "sackok", "ts", "tfo", "md5", "other"};
	char region[3];

	switch (field) {
	case MODEL_FLAGS:
		add_flags(text, item->low);
		add(text, "/");
		add_flags(text, item->high);
		break;
	case MODEL_OPTION:
		add(text, item->low ? option[__builtin_ctz(item->low)] : "none");
		break;
	case MODEL_LAYOUT:
		add_layout(text, item->low);
		break;
	case MODEL_SRC:
		add_prefix(text, item);
		break;
	case MODEL_REGION:
		nt_region_text(item->low, region);
		add(text, region);
		break;
	default:
		add_number(text, item->low);
		if (item->low == item->high && (below(4) || field == MODEL_SEQ || field == MODEL_ACK))
			break;
		add(text, "-");
		add_number(text, item->high);
		break;
	}
}

void model_write(const struct model_signature *s, char text[static MODEL_TEXT])
{
	text[0] = '\0';
	for (uint32_t i = 0; i < s->n; i++) {
		const struct model_condition *c = &s->condition[i];

		add(text, c->negated ? " not " : " ");
		if (c->field == MODEL_VERSION) {
			add(text, c->item[0].low == 4 ? "ipv4" : "ipv6");
			continue;
		}
		add(text, field_word[c->field]);
		for (uint32_t k = 0; k < c->n && c->field != MODEL_SEQ_DST && c->field != MODEL_MASSCAN; k++) {
			add(text, k ? "," : " ");
			add_item(text, c->field, &c->item[k]);
		}
	}
}

/* ---- evaluated ---- */

static bool has_field(enum model_field field, const struct nt_fields *f)
{
	if (f->ip_proto == NT_PROTO_NONE)
		return false;
	switch (field) {
	case MODEL_PROTO:
		return f->ip_proto != NT_PROTO_UNRESOLVED;
	case MODEL_DPORT:
	case MODEL_SPORT:
		return f->fate == NT_FATE_TCP || f->fate == NT_FATE_UDP;
	case MODEL_IPID:
		return f->class == NT_CLASS_IPV4;
	case MODEL_WSCALE:
		return f->fate == NT_FATE_TCP && f->window_scale != NT_WINDOW_SCALE_NONE;
	case MODEL_SEQ_DST:
	case MODEL_MASSCAN:
		return f->fate == NT_FATE_TCP && f->class == NT_CLASS_IPV4;
	case MODEL_VERSION:
	case MODEL_TTL:
	case MODEL_REGION:
	case MODEL_SRC:
		return true;
	default:
		return f->fate == NT_FATE_TCP;
	}
}

static bool in_prefix(const struct nt_fields *f, const struct model_item *item)
{
	uint8_t address[16] = {(uint8_t)(f->src4 >> 24), (uint8_t)(f->src4 >> 16), (uint8_t)(f->src4 >> 8),
			       (uint8_t)f->src4};

	if (item->v6 != (f->class == NT_CLASS_IPV6))
		return false;
	if (item->v6)
		memcpy(address, f->src6, sizeof(address));
	for (uint32_t bit = 0; bit < item->length; bit++)
		if ((address[bit / 8] ^ item->address[bit / 8]) & 0x80 >> bit % 8)
			return false;
	return true;
}

static bool item_holds(enum model_field field, const struct model_item *item, const struct model_packet *p)
{
	const struct nt_fields *f = &p->fields;
	uint32_t value = 0;

	switch (field) {
	case MODEL_FLAGS:
		return (f->tcp_flags & item->high) == item->low;
	case MODEL_OPTION:
		return item->low ? (f->tcp_options & item->low) != 0 : f->tcp_options == 0;
	case MODEL_LAYOUT:
		return f->option_layout == item->low;
	case MODEL_SRC:
		return in_prefix(f, item);
	case MODEL_VERSION:
		return (item->low == 4) == (f->class == NT_CLASS_IPV4);
	case MODEL_SEQ_DST:
		return f->seq == f->dst4;
	case MODEL_MASSCAN:
		return f->ip_id == ((f->dst4 ^ f->dst_port ^ f->seq) & 0xffff);
	case MODEL_PROTO:
		value = f->ip_proto;
		break;
	case MODEL_DPORT:
		value = f->dst_port;
		break;
	case MODEL_SPORT:
		value = f->src_port;
		break;
	case MODEL_WINDOW:
		value = f->window;
		break;
	case MODEL_TTL:
		value = f->ttl;
		break;
	case MODEL_IPID:
		value = f->ip_id;
		break;
	case MODEL_WSCALE:
		value = f->window_scale;
		break;
	case MODEL_SEQ:
		value = f->seq;
		break;
	case MODEL_ACK:
		value = f->ack;
		break;
	case MODEL_REGION:
		value = p->region;
		break;
	case MODEL_FIELDS:
		break;
	}
	return item->low <= value && value <= item->high;
}

bool model_match(const struct model_signature *s, const struct model_packet *p)
{
	for (uint32_t i = 0; i < s->n; i++) {
		const struct model_condition *c = &s->condition[i];
		bool holds = false;

		if (!has_field(c->field, &p->fields))
			return false;
		for (uint32_t k = 0; k < c->n; k++)
			holds = holds || item_holds(c->field, &c->item[k], p);
		if (holds == c->negated)
			return false;
	}
	return true;
}

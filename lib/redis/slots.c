/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/slots.h"

#include "base/parse.h"

#include <errno.h>
#include <string.h>

/* CRC16-CCITT, polynomial 0x1021, nothing reflected, start 0. A few keys a second: no table. */
static uint16_t crc16(const char *bytes, size_t n)
{
	uint32_t crc = 0;

	for (size_t i = 0; i < n; i++) {
		crc ^= (uint32_t)(unsigned char)bytes[i] << 8;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 0x8000 ? (crc << 1 ^ 0x1021) & 0xffff : crc << 1 & 0xffff;
	}
	return (uint16_t)crc;
}

uint16_t nt_key_slot(const char *key)
{
	const char *open = strchr(key, '{'), *close = open ? strchr(open + 1, '}') : NULL;

	if (close && close > open + 1)
		return crc16(open + 1, (size_t)(close - open - 1)) % NT_SLOTS;
	return crc16(key, strlen(key)) % NT_SLOTS;
}

/* A host that is given to the resolver and to the log: what looks like one. "?" is what a node says that does not know
 * the name of another. */
static int take_host(const char *host, size_t n, struct nt_node_address *out)
{
	if (n >= 2 && host[0] == '[' && host[n - 1] == ']') {
		host++;
		n -= 2;
	}
	if (n >= sizeof(out->host) || (n == 1 && *host == '?'))
		return -EPROTO;
	for (size_t i = 0; i < n; i++)
		if (host[i] <= ' ' || host[i] >= 0x7f || strchr("@/?#[]", host[i]))
			return -EPROTO;
	memcpy(out->host, host, n);
	out->host[n] = '\0';
	return 0;
}

/* Takes digits up to `end` off the front. */
static int take_number(const char **text, char end, uint64_t min, uint64_t max, uint64_t *value)
{
	size_t n = strspn(*text, "0123456789");
	char digits[8];

	if (!n || n >= sizeof(digits) || (*text)[n] != end)
		return -EPROTO;
	memcpy(digits, *text, n);
	digits[n] = '\0';
	*text += n;
	return nt_parse_u64(digits, min, max, value) ? -EPROTO : 0;
}

/* "host:port" and nothing more; an IPv6 address has colons of its own, and the last one counts. */
static int take_address(const char *text, struct nt_node_address *out)
{
	const char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : "";
	uint64_t number;

	if (take_number(&port, '\0', 1, UINT16_MAX, &number) || take_host(text, (size_t)(colon - text), out))
		return -EPROTO;
	out->port = (uint16_t)number;
	return 0;
}

int nt_redirect_parse(const char *error, struct nt_redirect *out)
{
	uint64_t slot;

	*out = (struct nt_redirect){.ask = strncmp(error, "ASK ", 4) == 0};
	if (!out->ask && strncmp(error, "MOVED ", 6) != 0)
		return 0;
	error += out->ask ? 4 : 6;
	if (take_number(&error, ' ', 0, NT_SLOTS - 1, &slot) || take_address(error + 1, &out->to))
		return -EPROTO;
	out->slot = (uint16_t)slot;
	return 1;
}

static bool is_number(const redisReply *r, long long min, long long max)
{
	return r->type == REDIS_REPLY_INTEGER && r->integer >= min && r->integer <= max;
}

/* A node: its address, its port, and more that does not matter. No address: the one that was asked. */
static int read_node(const redisReply *r, struct nt_node_address *out)
{
	*out = (struct nt_node_address){.host = ""};
	if (r->type != REDIS_REPLY_ARRAY || r->elements < 2)
		return -EPROTO;
	if (!is_number(r->element[1], 1, UINT16_MAX))
		return -EPROTO;
	out->port = (uint16_t)r->element[1]->integer;
	if (r->element[0]->type == REDIS_REPLY_NIL)
		return 0;
	if (r->element[0]->type != REDIS_REPLY_STRING || strlen(r->element[0]->str) != (size_t)r->element[0]->len)
		return -EPROTO;
	return take_host(r->element[0]->str, (size_t)r->element[0]->len, out);
}

int nt_slots_read(const redisReply *reply, nt_slots_visitor *visit, void *context)
{
	if (reply->type != REDIS_REPLY_ARRAY)
		return -EPROTO;
	for (size_t i = 0; i < reply->elements; i++) {
		const redisReply *range = reply->element[i];
		uint16_t from, to;

		if (range->type != REDIS_REPLY_ARRAY || range->elements < 2 ||
		    !is_number(range->element[0], 0, NT_SLOTS - 1) ||
		    !is_number(range->element[1], range->element[0]->integer, NT_SLOTS - 1))
			return -EPROTO;
		from = (uint16_t)range->element[0]->integer;
		to = (uint16_t)range->element[1]->integer;
		for (size_t n = 2; n < range->elements; n++) {
			struct nt_node_address node;

			if (!read_node(range->element[n], &node))
				visit(context, from, to, &node, n == 2);
		}
	}
	return 0;
}

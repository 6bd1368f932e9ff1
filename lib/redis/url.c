/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"

#define DB_MAX INT32_MAX /* SELECT takes a C int */

/** A stretch of the text that is being read. */
struct part {
	const char *from;
	const char *to; /* exclusive */
};

static size_t part_length(struct part p)
{
	return (size_t)(p.to - p.from);
}

static const char *part_find(struct part p, char c)
{
	return memchr(p.from, c, part_length(p));
}

static int refuse(const char **why, const char *text)
{
	*why = text;
	return -EINVAL;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes %XX into `out`. A decoded NUL would cut the text short without anybody noticing, so it is refused. */
static int decode(struct part p, char *out, size_t size, const char **why)
{
	size_t n = 0;

	for (const char *c = p.from; c < p.to; c++) {
		char byte = *c;

		if (byte == '%') {
			int high = p.to - c > 2 ? hex_digit(c[1]) : -1, low = p.to - c > 2 ? hex_digit(c[2]) : -1;

			if (high < 0 || low < 0)
				return refuse(why, "% must be followed by two hexadecimal digits");
			byte = (char)(high << 4 | low);
			if (!byte)
				return refuse(why, "%00 has no place in it");
			c += 2;
		}
		if (n + 1 >= size)
			return refuse(why, "a part of it is too long");
		out[n++] = byte;
	}
	out[n] = '\0';
	return 0;
}

static int read_number(struct part p, uint64_t min, uint64_t max, uint64_t *value)
{
	char digits[24];

	if (part_length(p) >= sizeof(digits))
		return -ERANGE;
	memcpy(digits, p.from, part_length(p));
	digits[part_length(p)] = '\0';
	return nt_parse_u64(digits, min, max, value);
}

static int read_db(struct part p, struct nt_redis_url *out, const char **why)
{
	uint64_t db;

	if (read_number(p, 0, DB_MAX, &db))
		return refuse(why, "the database must be a number");
	out->db = (uint32_t)db;
	return 0;
}

static int read_credentials(struct part p, struct nt_redis_url *out, const char **why)
{
	const char *colon = part_find(p, ':');
	struct part user = {p.from, colon ? colon : p.to};
	int err = decode(user, out->user, sizeof(out->user), why);

	if (err || !colon)
		return err;
	return decode((struct part){colon + 1, p.to}, out->password, sizeof(out->password), why);
}

/* An address in brackets, checked here because a resolver's answer to a typing mistake comes late and is vague. */
static int read_ipv6(struct part p, struct nt_redis_url *out, const char **why)
{
	char bare[sizeof(out->host)];
	struct in6_addr address;
	int err = decode(p, out->host, sizeof(out->host), why);

	if (err)
		return err;
	memcpy(bare, out->host, sizeof(bare));
	bare[strcspn(bare, "%")] = '\0'; /* RFC 4007: a zone follows */
	if (inet_pton(AF_INET6, bare, &address) != 1)
		return refuse(why, "no IPv6 address between the brackets");
	return 0;
}

static int read_port(struct part p, struct nt_redis_url *out, const char **why)
{
	uint64_t port;

	if (read_number(p, 1, UINT16_MAX, &port))
		return refuse(why, "the port must be a number from 1 to 65535");
	out->port = (uint16_t)port;
	return 0;
}

static int read_host(struct part p, struct nt_redis_url *out, const char **why)
{
	const char *colon, *end;
	int err;

	if (p.from < p.to && *p.from == '[') {
		end = part_find(p, ']');
		if (!end)
			return refuse(why, "the bracket of the IPv6 address is not closed");
		err = read_ipv6((struct part){p.from + 1, end}, out, why);
		if (err)
			return err;
		colon = end + 1 < p.to ? end + 1 : NULL;
		if (colon && *colon != ':')
			return refuse(why, "only :port may follow the bracket");
	} else {
		colon = part_find(p, ':');
		err = decode((struct part){p.from, colon ? colon : p.to}, out->host, sizeof(out->host), why);
		if (err)
			return err;
	}
	if (!out->host[0])
		return refuse(why, "no host");
	return colon ? read_port((struct part){colon + 1, p.to}, out, why) : 0;
}

static int read_tcp(struct part p, struct nt_redis_url *out, const char **why)
{
	const char *slash = part_find(p, '/');
	struct part authority = {p.from, slash ? slash : p.to};
	const char *at = part_find(authority, '@');
	int err;

	if (part_find(p, '?') || part_find(p, '#'))
		return refuse(why, "redis:// takes no ? and no # (in a password write %3F and %23)");
	if (at) {
		err = read_credentials((struct part){authority.from, at}, out, why);
		if (err)
			return err;
		authority.from = at + 1;
		if (part_find(authority, '@'))
			return refuse(why, "an @ in the user or password must be written %40");
	}
	err = read_host(authority, out, why);
	if (err)
		return err;
	return slash && slash + 1 < p.to ? read_db((struct part){slash + 1, p.to}, out, why) : 0;
}

static int read_unix(struct part p, struct nt_redis_url *out, const char **why)
{
	const char *question = part_find(p, '?');
	struct part query = {question ? question + 1 : p.to, p.to};
	const char *slash = part_find(p, '/');
	const char *at = slash ? part_find((struct part){p.from, slash}, '@') : NULL;
	int err = at ? read_credentials((struct part){p.from, at}, out, why) : 0;

	if (err)
		return err;
	if (at)
		p.from = at + 1;
	if (p.from == p.to || *p.from != '/')
		return refuse(why, "unix:// must be followed by an absolute path, or by user@ and one");
	err = decode((struct part){p.from, question ? question : p.to}, out->path, sizeof(out->path), why);
	if (err || !question)
		return err;
	if (part_length(query) < 3 || memcmp(query.from, "db=", 3) != 0)
		return refuse(why, "only ?db=N may follow the path");
	query.from += 3;
	return read_db(query, out, why);
}

static bool take_scheme(struct part *p, const char *scheme)
{
	size_t length = strlen(scheme);

	if (part_length(*p) < length || memcmp(p->from, scheme, length) != 0)
		return false;
	p->from += length;
	return true;
}

int nt_redis_url_parse(const char *text, struct nt_redis_url *out, const char **why)
{
	struct part p = {text, text + strlen(text)};

	*out = (struct nt_redis_url){.port = NT_REDIS_PORT};
	*why = NULL;
	for (const char *c = p.from; c < p.to; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return refuse(why, "spaces and control characters must be percent-encoded");
	if (take_scheme(&p, "redis://"))
		return read_tcp(p, out, why);
	if (take_scheme(&p, "unix://"))
		return read_unix(p, out, why);
	if (take_scheme(&p, "rediss://"))
		return refuse(why, "TLS is not built in; run stunnel and give its unix socket");
	return refuse(why, "it must begin with redis:// or unix:///");
}

void nt_redis_url_text(const struct nt_redis_url *url, char text[static NT_REDIS_URL_TEXT])
{
	bool brackets = strchr(url->host, ':') != NULL;

	if (url->path[0])
		snprintf(text, NT_REDIS_URL_TEXT, "unix://%s?db=%u", url->path, url->db);
	else
		snprintf(text, NT_REDIS_URL_TEXT, "redis://%s%s%s:%u/%u", brackets ? "[" : "", url->host,
			 brackets ? "]" : "", url->port, url->db);
}

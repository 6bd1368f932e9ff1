/* SPDX-License-Identifier: BSD-3-Clause */
#include "detect/prefix.h"

#include "base/parse.h"

#include <arpa/inet.h>
#include <string.h>

bool nt_prefix_covers(const struct nt_prefix *p, const struct nt_address *address)
{
	uint32_t whole = p->bits / 8, rest = p->bits % 8;

	if (p->address.length != address->length || memcmp(p->address.byte, address->byte, whole) != 0)
		return false;
	return !rest || (p->address.byte[whole] ^ address->byte[whole]) >> (8 - rest) == 0;
}

bool nt_prefix_equal(const struct nt_prefix *a, const struct nt_prefix *b)
{
	return a->bits == b->bits && !memcmp(&a->address, &b->address, sizeof(a->address));
}

static bool has_host_bits(const struct nt_prefix *p)
{
	for (uint32_t bit = p->bits; bit < p->address.length * 8u; bit++)
		if (p->address.byte[bit / 8] >> (7 - bit % 8) & 1)
			return true;
	return false;
}

const char *nt_prefix_read(char *text, struct nt_prefix *p)
{
	char *slash = strchr(text, '/');
	uint64_t bits;

	*p = (struct nt_prefix){.bits = 0};
	if (slash)
		*slash = '\0';
	if (inet_pton(AF_INET, text, p->address.byte) == 1)
		p->address.length = 4;
	else if (inet_pton(AF_INET6, text, p->address.byte) == 1)
		p->address.length = 16;
	else
		return "is not an address";
	bits = p->address.length * 8u;
	if (slash && nt_parse_u64(slash + 1, 0, bits, &bits))
		return p->address.length == 4 ? "the length of an IPv4 prefix is 0 to 32"
					      : "the length of an IPv6 prefix is 0 to 128";
	p->bits = (uint8_t)bits;
	return has_host_bits(p) ? "has bits behind its length" : NULL;
}

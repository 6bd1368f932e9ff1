/* SPDX-License-Identifier: BSD-3-Clause */
#include "detect/known.h"

#include "base/parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPACE	   " \t\r"
#define LINE_BYTES 512

struct prefix {
	struct nt_address address;
	uint8_t bits;
	char name[NT_KNOWN_NAME];
};

struct nt_known {
	struct prefix *prefix;
	size_t n;
	size_t capacity;
};

/* A few thousand at most, and looked at once per event: no tree. */
static bool covers(const struct prefix *p, const struct nt_address *address)
{
	uint32_t whole = p->bits / 8, rest = p->bits % 8;

	if (p->address.length != address->length || memcmp(p->address.byte, address->byte, whole) != 0)
		return false;
	return !rest || (p->address.byte[whole] ^ address->byte[whole]) >> (8 - rest) == 0;
}

const char *nt_known_find(const struct nt_known *k, const struct nt_address *address)
{
	const struct prefix *best = NULL;

	for (size_t i = 0; k && i < k->n; i++)
		if (covers(&k->prefix[i], address) && (!best || k->prefix[i].bits > best->bits))
			best = &k->prefix[i];
	return best ? best->name : NULL;
}

static bool has_host_bits(const struct prefix *p)
{
	for (uint32_t bit = p->bits; bit < p->address.length * 8u; bit++)
		if (p->address.byte[bit / 8] >> (7 - bit % 8) & 1)
			return true;
	return false;
}

/* Reads "192.0.2.0/24"; a lone address is a prefix of all its bits. NULL, or what is wrong. */
static const char *read_prefix(char *text, struct prefix *p)
{
	char *slash = strchr(text, '/');
	uint64_t bits;

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

static const char *read_name(const char *text, struct prefix *p)
{
	if (!*text)
		return "a name is missing behind the prefix";
	if (strlen(text) >= NT_KNOWN_NAME)
		return "the name is longer than 64 bytes";
	for (const char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			return "the name has other characters than those of ASCII";
	snprintf(p->name, sizeof(p->name), "%s", text);
	return NULL;
}

static int append(struct nt_known *k, const struct prefix *p)
{
	if (k->n == k->capacity) {
		size_t capacity = k->capacity ? 2 * k->capacity : 64;
		struct prefix *grown = realloc(k->prefix, capacity * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		k->prefix = grown;
		k->capacity = capacity;
	}
	k->prefix[k->n++] = *p;
	return 0;
}

static bool is_known(const struct nt_known *k, const struct prefix *p)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->prefix[i].bits == p->bits && !memcmp(&k->prefix[i].address, &p->address, sizeof(p->address)))
			return true;
	return false;
}

/* Reads a line without its newline. Returns 0, -ENOMEM, or -EINVAL with a reason. */
static int read_line(struct nt_known *k, char *line, const char **reason)
{
	struct prefix p = {0};
	char *end, *name;

	line[strcspn(line, "#")] = '\0';
	line += strspn(line, SPACE);
	for (end = line + strlen(line); end > line && strchr(SPACE, end[-1]); end--)
		end[-1] = '\0';
	if (!*line)
		return 0;
	name = line + strcspn(line, SPACE);
	if (*name)
		*name++ = '\0';
	name += strspn(name, SPACE);
	*reason = read_prefix(line, &p);
	if (!*reason)
		*reason = read_name(name, &p);
	if (!*reason && is_known(k, &p))
		*reason = "this prefix stands in the file twice";
	if (!*reason && k->n == NT_KNOWN_MAX)
		*reason = "more than 16384 prefixes";
	return *reason ? -EINVAL : append(k, &p);
}

static int read_all(struct nt_known *k, FILE *file, uint32_t *number, const char **reason)
{
	char line[LINE_BYTES];
	int err = 0;

	while (!err && fgets(line, sizeof(line), file)) {
		size_t length = strcspn(line, "\n");

		++*number;
		if (!line[length] && !feof(file)) {
			*reason = "the line is too long, or holds a NUL";
			return -EINVAL;
		}
		line[length] = '\0';
		err = read_line(k, line, reason);
	}
	if (!err && ferror(file))
		err = -EIO;
	return err;
}

struct nt_known *nt_known_load(const char *path, char why[static NT_DETECT_WHY])
{
	struct nt_known *k = calloc(1, sizeof(*k));
	const char *reason = NULL;
	uint32_t number = 0;
	FILE *file;
	int err;

	file = k ? fopen(path, "re") : NULL;
	err = file ? read_all(k, file, &number, &reason) : -errno;
	if (file)
		fclose(file);
	if (!err)
		return k;
	if (reason)
		snprintf(why, NT_DETECT_WHY, "%s:%u: %s", path, number, reason);
	else
		snprintf(why, NT_DETECT_WHY, "%s: %s", path, strerror(-err));
	nt_known_free(k);
	errno = -err;
	return NULL;
}

void nt_known_free(struct nt_known *k)
{
	if (!k)
		return;
	free(k->prefix);
	free(k);
}

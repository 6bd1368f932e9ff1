/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/check.h"

#include "base/parse.h"
#include "config/cpus.h"
#include "redis/url.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S  86400u
#define HOUR_S 3600u

/* Longest device name of DPDK with its NUL: RTE_DEV_NAME_MAX_LEN. */
#define DEVICE_NAME_BYTES 64

/* YAML cannot hold these as they are, or takes them for line breaks (YAML 1.1, section 4.1 and 4.2). */
static const char *const unprintable[] = {
    "\xe2\x80\xa8", /* U+2028 line separator */
    "\xe2\x80\xa9", /* U+2029 paragraph separator */
    "\xef\xbb\xbf", /* U+FEFF byte order mark */
    "\xef\xbf\xbe", /* U+FFFE */
    "\xef\xbf\xbf", /* U+FFFF */
};

const char *nt_check_printable(const char *text)
{
	static const char why[] = "holds a control character";

	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if (*c < 0x20 || *c == 0x7f || (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0))
			return why;
	for (size_t i = 0; i < sizeof(unprintable) / sizeof(*unprintable); i++)
		if (strstr(text, unprintable[i]))
			return why;
	return NULL;
}

const char *nt_check_name(const char *text)
{
	return nt_name_valid(text) ? NULL : "not a name, which is 1 to 64 of A-Z a-z 0-9 . _ -";
}

const char *nt_check_cpus(const char *text)
{
	struct nt_cpus cpus;
	const char *why;

	return nt_cpus_parse(text, &cpus, &why) < 0 ? why : NULL;
}

/* [domain:]bus:device.function in hexadecimal, as lspci prints it. */
static bool pci_address(const char *name)
{
	static const char *const form[] = {"xxxx:xx:xx.x", "xx:xx.x"};

	for (size_t i = 0; i < sizeof(form) / sizeof(*form); i++) {
		const char *f = form[i], *c = name;

		while (*f && (*f == 'x' ? isxdigit((unsigned char)*c) : *f == *c)) {
			f++;
			c++;
		}
		if (!*f && !*c)
			return true;
	}
	return false;
}

/* Prefixes under which DPDK's network drivers take virtual devices. */
static bool virtual_device(const char *name)
{
	static const char *const prefix[] = {"net_", "eth_", "virtio_user"};

	for (size_t i = 0; i < sizeof(prefix) / sizeof(*prefix); i++)
		if (!strncmp(name, prefix[i], strlen(prefix[i])))
			return true;
	return false;
}

/* "bus:device", such as vmbus:UUID. */
static bool bus_device(const char *name)
{
	size_t bus = strspn(name, "abcdefghijklmnopqrstuvwxyz_");

	return bus && name[bus] == ':' && name[bus + 1];
}

const char *nt_check_device(const char *text)
{
	char name[DEVICE_NAME_BYTES];
	size_t length = strcspn(text, ",");

	if (length >= sizeof(name))
		return "the name before the first comma is longer than 63 bytes";
	memcpy(name, text, length);
	name[length] = '\0';
	if (strpbrk(name, " /"))
		return "holds a space or a slash before the first comma";
	if (virtual_device(name) || pci_address(name))
		return NULL;
	/* "bad:00.0" would pass for a bus and a device; that is a PCI address gone wrong */
	if (bus_device(name) && name[strspn(name, "0123456789abcdef:.")])
		return NULL;
	return "not a device; write a PCI address such as 0000:01:00.0, "
	       "or net_af_packet0,iface=NAME for a kernel interface";
}

const char *nt_check_country_path(const char *text)
{
	size_t length = strlen(text);

	if (text[0] == '.' || text[length - 1] == '.' || strstr(text, ".."))
		return "an element between the dots is empty";
	return NULL;
}

const char *nt_check_redis_url(const char *text)
{
	struct nt_redis_url url;
	const char *why = "not a Redis URL";

	return nt_redis_url_parse(text, &url, &why) < 0 ? why : NULL;
}

/* Where a key stands; 0 if it does not. */
static uint32_t line_of(const struct nt_config_lines *lines, const char *leaf)
{
	return lines->key[0][nt_key_find(NT_KEY_ROOT, leaf)];
}

static int check_interval(const struct nt_config *c, const struct nt_config_lines *lines, const struct nt_why *why)
{
	uint32_t line = line_of(lines, "interval");

	if (DAY_S % c->interval_s)
		return nt_why(why, line, "interval: %u does not divide a day (86400 seconds)", c->interval_s);
	if (*c->redis.url && HOUR_S % c->interval_s)
		return nt_why(why, line,
			      "interval: %u does not divide an hour (3600 seconds), which redis.url asks for",
			      c->interval_s);
	return 0;
}

/* Compares the names of two devices without their arguments. */
static bool same_device(const char *a, const char *b)
{
	size_t length = strcspn(a, ",");

	return strcspn(b, ",") == length && !strncasecmp(a, b, length);
}

/* The EAL would drop the second one and say so in words of its own. */
static int check_devices(const struct nt_config *c, const struct nt_config_lines *lines, const struct nt_why *why)
{
	int name = nt_key_find(nt_key_find(NT_KEY_ROOT, "devices"), "name");

	for (uint32_t i = 1; i < c->n_devices; i++)
		for (uint32_t j = 0; j < i; j++)
			if (same_device(c->device[i].name, c->device[j].name))
				return nt_why(why, lines->key[1 + i][name],
					      "devices[%u].name: \"%.*s\" is there already, in line %u", i, NT_WHY_WORD,
					      c->device[i].name, lines->key[1 + j][name]);
	return 0;
}

/* Two signatures of one name would be one in Redis. */
static int check_signatures(const struct nt_config *c, const struct nt_config_lines *lines, const struct nt_why *why)
{
	int list = nt_key_find(NT_KEY_ROOT, "signatures");
	int name = nt_key_find(list, "name"), match = nt_key_find(list, "match");
	char reason[NT_SIGNATURE_WHY];

	if (!lines->key[0][list]) /* the shipped ones */
		return 0;
	for (uint32_t i = 0; i < c->n_signatures; i++) {
		for (uint32_t j = 0; j < i; j++)
			if (!strcmp(c->signature[i].name, c->signature[j].name))
				return nt_why(why, lines->key[1 + i][name],
					      "signatures[%u].name: \"%s\" is there already, in line %u", i,
					      c->signature[i].name, lines->key[1 + j][name]);
		if (nt_signature_check(c->signature[i].match, reason))
			return nt_why(why, lines->key[1 + i][match], "signatures[%u].match: %s", i, reason);
	}
	return 0;
}

/* Each would write over what the other has written. */
static int check_files(const struct nt_config *c, const struct nt_config_lines *lines, const struct nt_why *why)
{
	if (!*c->json || strcmp(c->json, c->spool.path))
		return 0;
	return nt_why(why, line_of(lines, "json"), "json: \"%.*s\" is the file of spool.path, too", NT_WHY_WORD,
		      c->json);
}

int nt_check_together(const struct nt_config *c, const struct nt_config_lines *lines, const struct nt_why *why)
{
	int rc = check_interval(c, lines, why);

	if (rc == 0)
		rc = check_devices(c, lines, why);
	if (rc == 0)
		rc = check_files(c, lines, why);
	return rc < 0 ? rc : check_signatures(c, lines, why);
}

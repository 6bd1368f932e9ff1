/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/asn.h"
#include "geo/geo.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* MMDB_open() 1.7.1 does not free all that it has when it finds broken metadata. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:MMDB_open\nleak:libmaxminddb";
}

/* The same bytes as an AS database: what it says of an address is a text that ends. */
static void look_up_as(const char *path)
{
	static const struct nt_address address[] = {
	    {.byte = {192, 0, 2, 1}, .length = 4},
	    {.byte = {0x20, 0x01, 0x0d, 0xb8}, .length = 16},
	    {.byte = {0}, .length = 4},
	};
	char why[NT_GEO_WHY] = "", org[NT_ASN_ORG];
	struct nt_asn *asn;

	if (nt_asn_open(path, &asn, why)) {
		if (!*why || strchr(why, '\n'))
			abort();
		return;
	}
	for (size_t i = 0; i < sizeof(address) / sizeof(*address); i++)
		if (nt_asn_lookup(asn, &address[i]) != nt_asn_lookup_org(asn, &address[i], org) ||
		    !memchr(org, 0, sizeof(org)))
			abort();
	nt_asn_close(asn);
}

/* A table in ordinary memory is made of what was found good, and of nothing else. */
static void load(const struct nt_geo_options *options, bool good)
{
	static const uint32_t ipv4[] = {0, 0x01020304, 0xc0000201, UINT32_MAX};
	static const uint8_t ipv6[][16] = {{0}, {0x20, 0x01, 0x0d, 0xb8}, {0x20, 0x02, 1}, {0xff, 0xff}};
	struct nt_geo_options ordinary = *options;
	uint16_t region[4];
	char why[NT_GEO_WHY] = "";
	struct nt_geo geo;

	ordinary.ordinary_memory = true;
	if ((nt_geo_load(&ordinary, &geo, why) == 0) != good || !geo.locate == good)
		abort();
	nt_locate_v4(geo.locate, ipv4, region, 4);
	nt_locate_v6(geo.locate, ipv6, region, 4);
	nt_geo_unload(&geo);
}

/* Any bytes as a region database: an answer or one line, and soon. Needs no EAL: DPDK's tables are not built. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[32], why[NT_GEO_WHY] = "";
	struct nt_geo_options options = {.path = path, .country_path = size % 4 == 0 ? "country.names.0.en" : NULL};
	struct nt_geo_info info;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	int rc;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	rc = nt_geo_check(&options, &info, why);
	if (rc > 0 || (rc < 0) != (why[0] != '\0') || strchr(why, '\n'))
		abort();
	if (rc == 0 && info.ip_version != 4 && info.ip_version != 6)
		abort();
	load(&options, rc == 0);
	look_up_as(path);
	close(fd);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/geo.h"

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

/* Any bytes as a region database: an answer or one line, and soon. Needs no EAL: the tables are not built. */
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
	close(fd);
	return 0;
}

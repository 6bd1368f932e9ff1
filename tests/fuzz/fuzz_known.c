/* SPDX-License-Identifier: BSD-3-Clause */
#include "detect/known.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes as a list of known scanners: a list or one line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct nt_address address = {.byte = {192, 0, 2, 1}, .length = 4};
	char path[32], why[NT_DETECT_WHY] = "";
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct nt_known *known;
	const char *name;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	known = nt_known_load(path, why);
	if (!known != (why[0] != '\0') || strchr(why, '\n'))
		abort();
	name = nt_known_find(known, &address);
	if (name && strlen(name) >= NT_KNOWN_NAME)
		abort();
	nt_known_free(known);
	close(fd);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as a capture file: it is refused, or read to its end or first defect; records never run backwards. */
#include "capture.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int file = -1;
	static char path[64];
	char *const paths[] = {path};
	char why[512];
	struct capture_set *set;
	const struct capture_record *record;
	uint64_t sum = 0;

	if (file < 0) {
		nt_log_set_sink(NULL);
		file = memfd_create("capture", 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	}
	if (ftruncate(file, 0) || pwrite(file, data, size, 0) != (ssize_t)size)
		abort();
	set = capture_set_open(paths, 1, why, sizeof(why));
	if (!set)
		return 0;
	while ((record = capture_set_next(set))) {
		if (record->frame.wire_len < record->frame.cap_len || record->time.ns >= NT_SECOND_NS)
			abort();
		for (uint32_t i = 0; i < record->frame.cap_len; i++)
			sum += record->frame.data[i];
	}
	capture_set_close(set);
	return sum == UINT64_MAX; /* so that the reading is not optimized away */
}

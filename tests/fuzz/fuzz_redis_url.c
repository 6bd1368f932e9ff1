/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "redis/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nt_redis_url url;
	char line[NT_REDIS_URL_TEXT];
	const char *why = "";
	char *text = malloc(size + 1);
	int rc;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	rc = nt_redis_url_parse(text, &url, &why);
	assert(rc == 0 || (rc == -EINVAL && why));
	if (!rc) {
		assert(!url.host[0] != !url.path[0]);
		nt_redis_url_text(&url, line);
		assert(strlen(line) < sizeof(line));
	}
	free(text);
	return 0;
}

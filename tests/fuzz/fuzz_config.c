/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Any bytes as a configuration file. They are refused with one clean line, or what they say can be printed, and
 * the print loads again and says the same.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool condition)
{
	if (!condition)
		abort();
}

static char *print(const struct nt_config *c)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	expect(f && nt_config_print(c, f) == 0);
	fclose(f);
	return text;
}

static void check_why(const char *why)
{
	size_t length = strlen(why);

	expect(length > strlen("f: ") && length < NT_CONFIG_WHY - 1);
	/* without a line only what no line is to blame for */
	expect(!strncmp(why, "f:", 2) && ((why[2] >= '1' && why[2] <= '9') || !strncmp(why, "f: empty, ", 10)));
	for (const unsigned char *c = (const unsigned char *)why; *c; c++)
		expect(*c >= 0x20 && *c != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[NT_CONFIG_WHY] = "", *once, *twice;
	struct nt_config c;

	if (nt_config_load_bytes("f", data, size, &c, why, sizeof(why)) < 0) {
		check_why(why);
		return 0;
	}
	once = print(&c);
	nt_config_fini(&c);
	expect(!nt_config_load_bytes("f", (const uint8_t *)once, strlen(once), &c, why, sizeof(why)));
	twice = print(&c);
	nt_config_fini(&c);
	expect(!strcmp(once, twice));
	free(once);
	free(twice);
	return 0;
}

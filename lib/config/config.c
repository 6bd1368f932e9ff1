/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/config.h"

#include "config/check.h"
#include "config/keys.h"
#include "config/scan.h"
#include "config/values.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * A file goes through four steps, each of which may refuse it: scan.c looks at its form and notes where things
 * stand, values.c reads the texts, key.c turns each into its member, check.c looks at what they say together.
 */

/* A thousand times the size of any sensible file; keeps /dev/zero and a capture given by mistake out of memory. */
#define FILE_BYTES_MAX (1u << 20)

/* Puts the defaults into the keys of a device, or into all others. */
static int reset_keys(void *base, bool device)
{
	for (int i = 0; i < nt_keys; i++) {
		if (!nt_key[i].value || nt_key_in_device(i) != device)
			continue;
		if (nt_key_reset(i, base) < 0)
			return -ENOMEM;
	}
	return 0;
}

static void clear_keys(void *base, bool device)
{
	for (int i = 0; i < nt_keys; i++)
		if (nt_key_in_device(i) == device)
			nt_key_clear(i, base);
}

int nt_config_defaults(struct nt_config *c)
{
	memset(c, 0, sizeof(*c));
	if (reset_keys(c, false) < 0) {
		nt_config_fini(c);
		return -ENOMEM;
	}
	return 0;
}

void nt_config_fini(struct nt_config *c)
{
	for (uint32_t i = 0; i < c->n_devices; i++)
		clear_keys(&c->device[i], true);
	free(c->device);
	clear_keys(c, false);
	memset(c, 0, sizeof(*c));
}

static int make_devices(struct nt_config *c, uint32_t n)
{
	if (!n)
		return 0;
	c->device = calloc(n, sizeof(*c->device));
	if (!c->device)
		return -ENOMEM;
	c->n_devices = n;
	for (uint32_t i = 0; i < n; i++)
		if (reset_keys(&c->device[i], true) < 0)
			return -ENOMEM;
	return 0;
}

/* Sets the members of one device (`item` counts from 1), or all others (0), that the file has keys for. */
static int set_keys(void *base, uint32_t item, const struct nt_config_values *values,
		    const struct nt_config_lines *lines, const struct nt_why *why)
{
	char reason[NT_KEY_REASON], path[NT_KEY_PATH];

	for (int i = 0; i < nt_keys; i++) {
		const char *text;
		int rc;

		if (!nt_key[i].value || nt_key_in_device(i) != (item > 0))
			continue;
		text = nt_config_values_get(values, i, item);
		if (!text)
			continue;
		rc = nt_key_set(i, base, text, reason);
		if (rc == -EINVAL) {
			nt_key_path(i, item, path);
			return nt_why(why, lines->key[item][i], "%s: %s", path, reason);
		}
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int fill(struct nt_config *c, const struct nt_config_values *values, const struct nt_config_lines *lines,
		const struct nt_why *why)
{
	int rc = nt_config_defaults(c);

	if (rc < 0)
		return rc;
	rc = make_devices(c, lines->n_devices);
	if (rc < 0)
		return rc;
	rc = set_keys(c, 0, values, lines, why);
	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < c->n_devices; i++) {
		rc = set_keys(&c->device[i], i + 1, values, lines, why);
		if (rc < 0)
			return rc;
	}
	c->devices_line = lines->key[0][nt_key_find(NT_KEY_ROOT, "devices")];
	return nt_check_together(c, lines, why);
}

int nt_config_load_bytes(const char *name, const uint8_t *bytes, size_t size, struct nt_config *out, char *why,
			 size_t why_size)
{
	struct nt_why w = {.file = name, .text = why, .size = why_size};
	struct nt_config_values *values = NULL;
	struct nt_config_lines lines;
	int rc;

	memset(out, 0, sizeof(*out));
	rc = nt_config_scan(bytes, size, &lines, &w);
	if (rc < 0)
		return rc;
	rc = nt_config_values_read(bytes, size, &values, &w);
	if (rc < 0)
		return rc;
	rc = fill(out, values, &lines, &w);
	nt_config_values_free(values);
	if (rc == -ENOMEM)
		nt_why(&w, 0, "out of memory");
	if (rc < 0)
		nt_config_fini(out);
	return rc;
}

/* Reads a file until its end or until the room is full. Returns the bytes read or -errno. */
static ssize_t read_file(const char *path, uint8_t *bytes, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t size = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	while (size < room && n != 0) {
		n = read(fd, bytes + size, room - size);
		if (n < 0 && errno != EINTR) {
			int rc = -errno;

			close(fd);
			return rc;
		}
		size += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	return (ssize_t)size;
}

int nt_config_load(const char *path, struct nt_config *out, char *why, size_t why_size)
{
	struct nt_why w = {.file = path, .text = why, .size = why_size};
	uint8_t *bytes = malloc(FILE_BYTES_MAX + 1);
	ssize_t size = bytes ? read_file(path, bytes, FILE_BYTES_MAX + 1) : -ENOMEM;
	int rc;

	memset(out, 0, sizeof(*out));
	if (size < 0) {
		nt_why(&w, 0, "%s", strerror((int)-size));
		rc = (int)size;
	} else if (size > FILE_BYTES_MAX) {
		rc = nt_why(&w, 0, "larger than 1 MiB, so it is not a configuration");
	} else {
		rc = nt_config_load_bytes(path, bytes, (size_t)size, out, why, why_size);
	}
	free(bytes);
	return rc;
}

int nt_config_check_run(const struct nt_config *c, const char *path, char *why, size_t why_size)
{
	struct nt_why w = {.file = path, .text = why, .size = why_size};

	if (!c->n_devices)
		return nt_why(&w, c->devices_line,
			      "devices: required key is missing or empty; `needletail ports` prints some");
	return 0;
}

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

/* Puts the defaults into the keys of an item of a list, or into all that are in none (NT_KEY_NONE). */
static int reset_keys(void *base, int list)
{
	for (int i = 0; i < nt_keys; i++) {
		if (!nt_key[i].value || nt_key_list(i) != list)
			continue;
		if (nt_key_reset(i, base) < 0)
			return -ENOMEM;
	}
	return 0;
}

static void clear_keys(void *base, int list)
{
	for (int i = 0; i < nt_keys; i++)
		if (nt_key_list(i) == list)
			nt_key_clear(i, base);
}

static int make_items(struct nt_config *c, int list, uint32_t n)
{
	if (nt_key_make_items(list, c, n) < 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		if (reset_keys(nt_key_item(list, c, i), list) < 0)
			return -ENOMEM;
	return 0;
}

static void clear_items(struct nt_config *c, int list)
{
	for (uint32_t i = 0; i < nt_key_count(list, c); i++)
		clear_keys(nt_key_item(list, c, i), list);
	free(nt_key_items(list, c));
	(void)nt_key_make_items(list, c, 0);
}

/* Puts the items into a list that it has by default. */
static int default_items(struct nt_config *c, int list)
{
	char reason[NT_KEY_REASON];
	uint32_t n = 0;

	while (nt_key[list].item && nt_key[list].item(n, "name"))
		n++;
	if (make_items(c, list, n) < 0)
		return -ENOMEM;
	for (int row = 0; row < nt_keys; row++)
		for (uint32_t i = 0; i < n && nt_key_list(row) == list; i++)
			if (nt_key_set(row, nt_key_item(list, c, i), nt_key[list].item(i, nt_key_leaf(row)), reason) <
			    0)
				return -ENOMEM;
	return 0;
}

int nt_config_defaults(struct nt_config *c)
{
	int err;

	memset(c, 0, sizeof(*c));
	err = reset_keys(c, NT_KEY_NONE);
	for (int i = 0; i < nt_keys && !err; i++)
		if (nt_key[i].type == NT_KEY_LIST)
			err = default_items(c, i);
	if (err)
		nt_config_fini(c);
	return err;
}

void nt_config_fini(struct nt_config *c)
{
	for (int i = 0; i < nt_keys; i++)
		if (nt_key[i].type == NT_KEY_LIST)
			clear_items(c, i);
	clear_keys(c, NT_KEY_NONE);
	memset(c, 0, sizeof(*c));
}

/* Sets the members of an item of a list (`item` counts from 1), or those in none, that the file has keys for. */
static int set_keys(void *base, int list, uint32_t item, const struct nt_config_values *values,
		    const struct nt_config_lines *lines, const struct nt_why *why)
{
	char reason[NT_KEY_REASON], path[NT_KEY_PATH];

	for (int i = 0; i < nt_keys; i++) {
		const char *text;
		int rc;

		if (!nt_key[i].value || nt_key_list(i) != list)
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

/* Replaces a list by what the file has in it. */
static int set_items(struct nt_config *c, int list, const struct nt_config_values *values,
		     const struct nt_config_lines *lines, const struct nt_why *why)
{
	int rc;

	clear_items(c, list);
	rc = make_items(c, list, lines->items[list]);
	for (uint32_t i = 0; i < lines->items[list] && rc >= 0; i++)
		rc = set_keys(nt_key_item(list, c, i), list, i + 1, values, lines, why);
	return rc;
}

static int fill(struct nt_config *c, const struct nt_config_values *values, const struct nt_config_lines *lines,
		const struct nt_why *why)
{
	int rc = nt_config_defaults(c);

	if (rc < 0)
		return rc;
	rc = set_keys(c, NT_KEY_NONE, 0, values, lines, why);
	for (int i = 0; i < nt_keys && rc >= 0; i++)
		if (nt_key[i].type == NT_KEY_LIST && lines->key[0][i])
			rc = set_items(c, i, values, lines, why);
	if (rc < 0)
		return rc;
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

uint32_t nt_config_signatures(const struct nt_config *c, struct nt_signature signature[static NT_SIGNATURES_MAX])
{
	for (uint32_t i = 0; i < c->n_signatures; i++)
		signature[i] = (struct nt_signature){
		    .name = c->signature[i].name,
		    .match = c->signature[i].match,
		    .all_syns = c->signature[i].sources == NT_SOURCES_ALL_SYNS,
		    .explains = c->signature[i].explains,
		};
	return c->n_signatures;
}

int nt_config_check_run(const struct nt_config *c, const char *path, char *why, size_t why_size)
{
	struct nt_why w = {.file = path, .text = why, .size = why_size};

	if (!c->n_devices)
		return nt_why(&w, c->devices_line,
			      "devices: required key is missing or empty; `needletail ports` prints some");
	return 0;
}

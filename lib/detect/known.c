/* SPDX-License-Identifier: BSD-3-Clause */
#include "detect/known.h"

#include "detect/prefix.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPACE	   " \t\r"
#define LINE_BYTES 512

struct line {
	struct nt_prefix prefix;
	char name[NT_KNOWN_NAME];
};

struct nt_known {
	struct line *line;
	size_t n;
	size_t capacity;
};

/* A few thousand at most, and looked at once per event: no tree. */
const char *nt_known_find(const struct nt_known *k, const struct nt_address *address)
{
	const struct line *best = NULL;

	for (size_t i = 0; k && i < k->n; i++)
		if (nt_prefix_covers(&k->line[i].prefix, address) &&
		    (!best || k->line[i].prefix.bits > best->prefix.bits))
			best = &k->line[i];
	return best ? best->name : NULL;
}

static const char *read_name(const char *text, struct line *l)
{
	if (!*text)
		return "a name is missing behind the prefix";
	if (strlen(text) >= NT_KNOWN_NAME)
		return "the name is longer than 64 bytes";
	for (const char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			return "the name has other characters than those of ASCII";
	snprintf(l->name, sizeof(l->name), "%s", text);
	return NULL;
}

static int append(struct nt_known *k, const struct line *l)
{
	if (k->n == k->capacity) {
		size_t capacity = k->capacity ? 2 * k->capacity : 64;
		struct line *grown = realloc(k->line, capacity * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		k->line = grown;
		k->capacity = capacity;
	}
	k->line[k->n++] = *l;
	return 0;
}

static bool is_known(const struct nt_known *k, const struct nt_prefix *p)
{
	for (size_t i = 0; i < k->n; i++)
		if (nt_prefix_equal(&k->line[i].prefix, p))
			return true;
	return false;
}

/* Reads a line without its newline. Returns 0, -ENOMEM, or -EINVAL with a reason. */
static int read_line(struct nt_known *k, char *line, const char **reason)
{
	struct line l = {0};
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
	*reason = nt_prefix_read(line, &l.prefix);
	if (!*reason)
		*reason = read_name(name, &l);
	if (!*reason && is_known(k, &l.prefix))
		*reason = "this prefix stands in the file twice";
	if (!*reason && k->n == NT_KNOWN_MAX)
		*reason = "more than 16384 prefixes";
	return *reason ? -EINVAL : append(k, &l);
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
	free(k->line);
	free(k);
}

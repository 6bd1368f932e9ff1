/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/words/labels.h"

#include "base/printable.h"
#include "detect/prefix.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPACE	   " \t"
#define LINE_BYTES 512
#define HEAD	   "network"
#define UTF8_MARK  "\xef\xbb\xbf" /* Excel begins a file with it */
#define LABELS_MAX 65536

enum { NETWORK, ORGANISATION, CATEGORY, VALUES };

struct line {
	struct nt_prefix prefix;
	struct nt_label label;
};

struct nt_labels {
	struct line *line;
	size_t n;
	size_t room;
};

const struct nt_label *nt_labels_find(const struct nt_labels *l, const char *address)
{
	const struct line *best = NULL;
	char text[64];
	struct nt_prefix one;

	snprintf(text, sizeof(text), "%s", address);
	if (!l || strchr(text, '/') || nt_prefix_read(text, &one))
		return NULL;
	for (size_t i = 0; i < l->n; i++)
		if (nt_prefix_covers(&l->line[i].prefix, &one.address) &&
		    (!best || l->line[i].prefix.bits > best->prefix.bits))
			best = &l->line[i];
	return best ? &best->label : NULL;
}

/* Cuts blanks off both ends. */
static char *trim(char *text)
{
	text += strspn(text, SPACE);
	for (char *end = text + strlen(text); end > text && strchr(SPACE, end[-1]); end--)
		end[-1] = '\0';
	return text;
}

/* Takes a text out of its quotes, of which two stand for one. Returns what follows, NULL if they do not end. */
static char *unquote(char *text)
{
	char *to = text;

	for (char *from = text + 1; *from; from++) {
		if (*from == '"' && from[1] != '"') {
			*to = '\0';
			return from + 1;
		}
		from += *from == '"';
		*to++ = *from;
	}
	return NULL;
}

/* Cuts a value off and stores where the next begins, NULL: there is none. Returns NULL if it is broken. */
static char *next_value(char *text, char **next)
{
	char *value = text + strspn(text, SPACE), *end = value + strcspn(value, ",");

	if (*value == '"') {
		end = unquote(value);
		if (!end)
			return NULL;
		end += strspn(end, SPACE);
		if (*end && *end != ',')
			return NULL;
	}
	*next = *end ? end + 1 : NULL;
	*end = '\0';
	return trim(value);
}

/* Returns false if there are more values than that, or one is broken; those that are missing are empty. */
static bool split(char *text, char *value[static VALUES])
{
	static char none[] = "";

	for (size_t i = 0; i < VALUES; i++) {
		value[i] = text ? next_value(text, &text) : none;
		if (!value[i])
			return false;
	}
	return !text;
}

/* A text from outside as the report will show it; false if it is too long. */
static bool take_text(const char *text, char out[static NT_LABEL_TEXT])
{
	if (strlen(text) >= NT_LABEL_TEXT)
		return false;
	snprintf(out, NT_LABEL_TEXT, "%s", text);
	nt_printable(out);
	return true;
}

static int append(struct nt_labels *l, const struct line *line)
{
	struct line *at;

	if (l->n == l->room) {
		at = reallocarray(l->line, l->room ? 2 * l->room : 64, sizeof(*at));
		if (!at)
			return -ENOMEM;
		l->line = at;
		l->room = l->room ? 2 * l->room : 64;
	}
	l->line[l->n++] = *line;
	return 0;
}

static const char *parse(char *text, struct line *line)
{
	char *value[VALUES];
	const char *reason;

	if (!split(text, value))
		return "is not network,organisation,category";
	if (strpbrk(value[NETWORK], ";\t"))
		return "commas are to stand between its values, not semicolons or tabs";
	reason = nt_prefix_read(value[NETWORK], &line->prefix);
	if (reason)
		return reason;
	if (!*value[ORGANISATION] || !take_text(value[ORGANISATION], line->label.org))
		return "an organisation of 1 to 127 bytes is to stand behind the network";
	return take_text(value[CATEGORY], line->label.category) ? NULL : "a category has at most 127 bytes";
}

/* Returns 0, -ENOMEM, or -EINVAL with a reason. */
static int read_line(struct nt_labels *l, char *text, const char **reason)
{
	struct line line = {0};

	text[strcspn(text, "\r\n")] = '\0';
	if (!nt_is_utf8(text)) {
		*reason = "is not UTF-8: save the file as \"CSV UTF-8\"";
		return -EINVAL;
	}
	text = trim(text);
	if (!*text || *text == '#' || (!l->n && !strncmp(text, HEAD, strlen(HEAD))))
		return 0;
	*reason = parse(text, &line);
	for (size_t i = 0; i < l->n && !*reason; i++)
		if (nt_prefix_equal(&l->line[i].prefix, &line.prefix))
			*reason = "this prefix stands in the file twice";
	if (!*reason && l->n == LABELS_MAX)
		*reason = "more than 65536 prefixes";
	return *reason ? -EINVAL : append(l, &line);
}

static bool is_utf16(const char *text)
{
	return !strncmp(text, "\xff\xfe", 2) || !strncmp(text, "\xfe\xff", 2);
}

static int read_all(struct nt_labels *l, FILE *file, unsigned int *number, const char **reason)
{
	char text[LINE_BYTES];
	bool marked;
	int err = 0;

	errno = 0;
	while (!err && fgets(text, sizeof(text), file)) {
		++*number;
		if (*number == 1 && is_utf16(text)) {
			*reason = "is UTF-16: save the file as \"CSV UTF-8\"";
			return -EINVAL;
		}
		if (!strchr(text, '\n') && !feof(file)) {
			*reason = "the line is too long, or holds a NUL";
			return -EINVAL;
		}
		marked = *number == 1 && !strncmp(text, UTF8_MARK, strlen(UTF8_MARK));
		err = read_line(l, marked ? text + strlen(UTF8_MARK) : text, reason);
		errno = 0;
	}
	return !err && ferror(file) ? (errno ? -errno : -EIO) : err;
}

struct nt_labels *nt_labels_load(const char *path, char why[static NT_LABELS_WHY])
{
	struct nt_labels *l = calloc(1, sizeof(*l));
	FILE *file = l ? fopen(path, "re") : NULL;
	const char *reason = NULL;
	unsigned int number = 0;
	int err = file ? read_all(l, file, &number, &reason) : l ? -errno : -ENOMEM;

	if (file)
		fclose(file);
	if (!err)
		return l;
	if (reason)
		snprintf(why, NT_LABELS_WHY, "%.200s:%u: %s", path, number, reason);
	else
		snprintf(why, NT_LABELS_WHY, "%.200s: %s", path, strerror(-err));
	nt_labels_free(l);
	errno = -err;
	return NULL;
}

void nt_labels_free(struct nt_labels *l)
{
	if (!l)
		return;
	free(l->line);
	free(l);
}

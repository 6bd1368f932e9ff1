/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/keys.h"

#include "base/parse.h"
#include "config/check.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Elements of lists are written "list[].key". */
#define ITEM	 "[]"
#define ITEM_LEN (sizeof(ITEM) - 1)

/* Two numbers of 64 bits and what joins them. */
#define RANGE_TEXT 64

const char *nt_key_leaf(int row)
{
	const char *dot = strrchr(nt_key[row].path, '.');

	return dot ? dot + 1 : nt_key[row].path;
}

int nt_key_parent(int row)
{
	const char *path = nt_key[row].path;
	const char *dot = strrchr(path, '.');
	size_t length;

	if (!dot)
		return NT_KEY_ROOT;
	length = (size_t)(dot - path);
	if (length > ITEM_LEN && !memcmp(dot - ITEM_LEN, ITEM, ITEM_LEN))
		length -= ITEM_LEN;
	for (int i = 0; i < nt_keys; i++)
		if (strlen(nt_key[i].path) == length && !memcmp(nt_key[i].path, path, length))
			return i;
	return NT_KEY_NONE;
}

int nt_key_find(int parent, const char *leaf)
{
	for (int i = 0; i < nt_keys; i++)
		if (!strcmp(nt_key_leaf(i), leaf) && nt_key_parent(i) == parent)
			return i;
	return NT_KEY_NONE;
}

int nt_key_list(int row)
{
	int parent = nt_key_parent(row);

	return parent >= 0 && nt_key[parent].type == NT_KEY_LIST ? parent : NT_KEY_NONE;
}

void nt_key_path(int row, uint32_t item, char text[static NT_KEY_PATH])
{
	const char *path = nt_key[row].path;
	const char *mark = strstr(path, ITEM);

	if (mark && item)
		snprintf(text, NT_KEY_PATH, "%.*s[%" PRIu32 "]%s", (int)(mark - path), path, item - 1, mark + ITEM_LEN);
	else
		snprintf(text, NT_KEY_PATH, "%s", path);
}

static void *member(int row, void *base)
{
	return (char *)base + nt_key[row].offset;
}

static const void *const_member(int row, const void *base)
{
	return (const char *)base + nt_key[row].offset;
}

void *nt_key_items(int list, const struct nt_config *c)
{
	void *items;

	memcpy(&items, const_member(list, c), sizeof(items));
	return items;
}

uint32_t nt_key_count(int list, const struct nt_config *c)
{
	uint32_t n;

	memcpy(&n, (const char *)c + nt_key[list].count_offset, sizeof(n));
	return n;
}

int nt_key_make_items(int list, struct nt_config *c, uint32_t n)
{
	void *items = n ? calloc(n, nt_key[list].size) : NULL;

	if (n && !items)
		return -ENOMEM;
	memcpy(member(list, c), &items, sizeof(items));
	memcpy((char *)c + nt_key[list].count_offset, &n, sizeof(n));
	return 0;
}

void *nt_key_item(int list, const struct nt_config *c, uint32_t i)
{
	return (char *)nt_key_items(list, c) + i * nt_key[list].size;
}

/* Members are 4 or 8 bytes wide, signed where the table has negative values. */
static void store_number(int row, void *base, int64_t value)
{
	int32_t narrow = (int32_t)value;

	if (nt_key[row].size == sizeof(narrow))
		memcpy(member(row, base), &narrow, sizeof(narrow));
	else
		memcpy(member(row, base), &value, sizeof(value));
}

static int64_t load_number(int row, const void *base)
{
	int64_t value;
	int32_t narrow;

	if (nt_key[row].size == sizeof(narrow)) {
		memcpy(&narrow, const_member(row, base), sizeof(narrow));
		return narrow;
	}
	memcpy(&value, const_member(row, base), sizeof(value));
	return value;
}

static void range_text(const struct nt_key *key, char text[static RANGE_TEXT])
{
	snprintf(text, RANGE_TEXT, "%s%" PRId64 "..%" PRId64, key->zero ? "0 or " : "", key->min, key->max);
}

/*
 * Not left to libcyaml, whose strtol() takes "60s" for 60, "010" for 8, 1.5 for 1 and, unsigned, -1 for 2^64 - 1;
 * nor are the truth values below, of which it takes every unknown word for true.
 */
static int set_number(int row, void *base, const char *text, char reason[static NT_KEY_REASON])
{
	const struct nt_key *key = &nt_key[row];
	bool negative = *text == '-';
	uint64_t digits = 0;
	int rc = nt_parse_u64(text + negative, 0, INT64_MAX, &digits);
	int64_t value = negative ? -(int64_t)digits : (int64_t)digits;
	char range[RANGE_TEXT];

	range_text(key, range);
	if (rc == -EINVAL) {
		snprintf(reason, NT_KEY_REASON, "\"%.*s\" is not a whole number (%s, %s)", NT_WHY_WORD, text, key->unit,
			 range);
		return -EINVAL;
	}
	if (rc == -ERANGE || ((value < key->min || value > key->max) && !(key->zero && value == 0))) {
		snprintf(reason, NT_KEY_REASON, "%.*s is outside %s (%s)", NT_WHY_WORD, text, range, key->unit);
		return -EINVAL;
	}
	store_number(row, base, value);
	return 0;
}

static int set_bool(int row, void *base, const char *text, char reason[static NT_KEY_REASON])
{
	static const char *const word[] = {"false", "true", "no", "yes", "off", "on"};

	for (size_t i = 0; i < sizeof(word) / sizeof(*word); i++) {
		bool value = i % 2;

		if (strcasecmp(text, word[i]))
			continue;
		memcpy(member(row, base), &value, sizeof(value));
		return 0;
	}
	snprintf(reason, NT_KEY_REASON, "\"%.*s\" is neither true nor false", NT_WHY_WORD, text);
	return -EINVAL;
}

static int set_choice(int row, void *base, const char *text, char reason[static NT_KEY_REASON])
{
	const char *const *word = nt_key[row].word;
	int n;

	for (int i = 0; word[i]; i++) {
		if (!strcmp(text, word[i])) {
			store_number(row, base, i);
			return 0;
		}
	}
	n = snprintf(reason, NT_KEY_REASON, "\"%.*s\" is none of", NT_WHY_WORD, text);
	for (int i = 0; word[i] && n < NT_KEY_REASON; i++)
		n += snprintf(reason + n, NT_KEY_REASON - (size_t)n, "%s %s", i ? "," : "", word[i]);
	return -EINVAL;
}

static int store_text(int row, void *base, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	nt_key_clear(row, base);
	memcpy(member(row, base), &copy, sizeof(copy));
	return 0;
}

static int set_text(int row, void *base, const char *text, char reason[static NT_KEY_REASON])
{
	const struct nt_key *key = &nt_key[row];
	int64_t length = (int64_t)strlen(text);
	const char *wrong = nt_check_printable(text);

	if (!wrong && (length || key->min) && key->check)
		wrong = key->check(text);
	if (!length && key->min)
		snprintf(reason, NT_KEY_REASON, "is empty; expected: %s", key->form);
	else if (length > key->max && !wrong)
		snprintf(reason, NT_KEY_REASON, "is longer than %" PRId64 " bytes", key->max);
	else if (wrong && key->secret)
		snprintf(reason, NT_KEY_REASON, "%s", wrong);
	else if (wrong)
		snprintf(reason, NT_KEY_REASON, "\"%.*s\": %s", NT_WHY_WORD, text, wrong);
	else
		return store_text(row, base, text);
	return -EINVAL;
}

int nt_key_set(int row, void *base, const char *text, char reason[static NT_KEY_REASON])
{
	switch (nt_key[row].type) {
	case NT_KEY_NUMBER:
		return set_number(row, base, text, reason);
	case NT_KEY_BOOL:
		return set_bool(row, base, text, reason);
	case NT_KEY_CHOICE:
		return set_choice(row, base, text, reason);
	case NT_KEY_TEXT:
		return set_text(row, base, text, reason);
	case NT_KEY_SECTION:
	case NT_KEY_LIST:
		break;
	}
	return 0;
}

int nt_key_reset(int row, void *base)
{
	char reason[NT_KEY_REASON];

	/* The default of a required text is "", which no file may say. */
	if (nt_key[row].type == NT_KEY_TEXT)
		return store_text(row, base, nt_key[row].value);
	return nt_key_set(row, base, nt_key[row].value, reason);
}

void nt_key_clear(int row, void *base)
{
	char *text;

	if (nt_key[row].type != NT_KEY_TEXT)
		return;
	memcpy(&text, member(row, base), sizeof(text));
	free(text);
	memset(member(row, base), 0, sizeof(text));
}

/* A double-quoted scalar; nt_check_printable() has kept out what would need more than a backslash. */
static void write_quoted(const char *text, FILE *out)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
}

/* The one secret is redis.url, whose user and password stand between the slashes and '@'. */
static void write_text(int row, const char *text, FILE *out)
{
	const char *behind = nt_key[row].secret ? strstr(text, "://") : NULL;
	const char *at = behind ? memchr(behind + 3, '@', strcspn(behind + 3, "/")) : NULL;

	fputc('"', out);
	if (at)
		fprintf(out, "%.*s", (int)(behind + 3 - text), text);
	write_quoted(at ? at + 1 : text, out);
	fputc('"', out);
}

void nt_key_write(int row, const void *base, FILE *out)
{
	const struct nt_key *key = &nt_key[row];
	bool truth;
	char *text;

	switch (key->type) {
	case NT_KEY_NUMBER:
		fprintf(out, "%" PRId64, load_number(row, base));
		break;
	case NT_KEY_BOOL:
		memcpy(&truth, const_member(row, base), sizeof(truth));
		fputs(truth ? "true" : "false", out);
		break;
	case NT_KEY_CHOICE:
		fputs(key->word[load_number(row, base)], out);
		break;
	case NT_KEY_TEXT:
		memcpy(&text, const_member(row, base), sizeof(text));
		write_text(row, text, out);
		break;
	case NT_KEY_SECTION:
	case NT_KEY_LIST:
		break;
	}
}

void nt_key_write_range(int row, FILE *out)
{
	const struct nt_key *key = &nt_key[row];
	char range[RANGE_TEXT];

	switch (key->type) {
	case NT_KEY_NUMBER:
		range_text(key, range);
		fprintf(out, "%s, %s", key->unit, range);
		break;
	case NT_KEY_BOOL:
		fputs("true or false", out);
		break;
	case NT_KEY_CHOICE:
		for (int i = 0; key->word[i]; i++)
			fprintf(out, "%s%s", i ? ", " : "", key->word[i]);
		break;
	case NT_KEY_TEXT:
		fputs(key->form, out);
		break;
	case NT_KEY_SECTION:
	case NT_KEY_LIST:
		return;
	}
	if (key->required)
		fputs(", required", out);
	else if (key->type == NT_KEY_TEXT)
		fprintf(out, ", default \"%s\"", key->value);
	else
		fprintf(out, ", default %s", key->value);
}

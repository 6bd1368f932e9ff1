/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/json_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN    4096
#define NUMBER_TEXT 21 /* the longest: -9223372036854775808 and its NUL */

/* Makes room for so much more. */
static bool room_for(struct nt_json *j, size_t more)
{
	size_t room = j->room ? j->room : ROOM_MIN;
	char *text;

	if (j->failed)
		return false;
	if (j->room - j->n >= more)
		return true;
	while (room - j->n < more)
		room *= 2;
	text = realloc(j->text, room);
	if (!text) {
		j->failed = true;
		return false;
	}
	j->text = text;
	j->room = room;
	return true;
}

static void put(struct nt_json *j, const char *text, size_t n)
{
	if (!room_for(j, n))
		return;
	memcpy(j->text + j->n, text, n);
	j->n += n;
}

/* Whatever stands before, a value ends on another character than these. */
static void put_comma(struct nt_json *j)
{
	char last = j->n ? j->text[j->n - 1] : '{';

	if (last != '{' && last != '[' && last != ':')
		put(j, ",", 1);
}

void nt_json_open(struct nt_json *j, char bracket)
{
	put_comma(j);
	put(j, &bracket, 1);
}

void nt_json_close(struct nt_json *j, char bracket)
{
	put(j, &bracket, 1);
}

/* RFC 8259, section 7: what must not stand in a string as it is. */
static void put_escaped(struct nt_json *j, char c)
{
	static const char short_for[] = "\b\f\n\r\t", letter[] = "bfnrt";
	const char *found = strchr(short_for, c);
	char text[7] = {'\\', c};
	size_t n = 2;

	if (found && *found)
		text[1] = letter[found - short_for];
	else if (c != '"' && c != '\\')
		n = (size_t)snprintf(text, sizeof(text), "\\u%04x", (unsigned)(unsigned char)c);
	put(j, text, n);
}

static void put_string(struct nt_json *j, const char *string)
{
	put(j, "\"", 1);
	while (*string) {
		size_t plain = 0;

		while ((unsigned char)string[plain] >= 0x20 && string[plain] != '"' && string[plain] != '\\')
			plain++;
		put(j, string, plain);
		string += plain;
		if (*string)
			put_escaped(j, *string++);
	}
	put(j, "\"", 1);
}

void nt_json_key(struct nt_json *j, const char *key)
{
	put_comma(j);
	put_string(j, key);
	put(j, ":", 1);
}

void nt_json_string(struct nt_json *j, const char *string)
{
	put_string(j, string);
}

void nt_json_item(struct nt_json *j, const char *string)
{
	put_comma(j);
	put_string(j, string);
}

char *nt_json_text(struct nt_json *j)
{
	put(j, "", 1);
	if (!j->failed)
		return j->text;
	free(j->text);
	return NULL;
}

/* Writes a number so that it ends before `end`, and returns where it begins. */
static char *write_number(char *end, int64_t number)
{
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;

	do
		*--end = (char)('0' + rest % 10);
	while (rest /= 10);
	if (number < 0)
		*--end = '-';
	return end;
}

void nt_json_signed(struct nt_json *j, int64_t number)
{
	char text[NUMBER_TEXT], *end = text + sizeof(text), *at = write_number(end, number);

	put(j, at, (size_t)(end - at));
}

void nt_json_count(struct nt_json *j, uint64_t count)
{
	nt_json_signed(j, (int64_t)count);
}

void nt_json_word(struct nt_json *j, const char *word)
{
	put(j, word, strlen(word));
}

void nt_json_bool(struct nt_json *j, bool value)
{
	nt_json_word(j, value ? "true" : "false");
}

void nt_json_set_count(struct nt_json *j, const char *key, uint64_t count)
{
	nt_json_key(j, key);
	nt_json_count(j, count);
}

/* There are a hundred thousand in a line, of a few characters each: calls would take longer than writing them here. */
void nt_json_member(struct nt_json *j, const char *text, uint64_t count)
{
	char number[NUMBER_TEXT], *end = number + sizeof(number), *digit = write_number(end, (int64_t)count), *at;

	if (!room_for(j, 1 + 1 + NT_MEMBER_TEXT + 2 + NUMBER_TEXT))
		return;
	at = j->text + j->n;
	if (j->n && at[-1] != '{')
		*at++ = ',';
	*at++ = '"';
	while (*text)
		*at++ = *text++;
	*at++ = '"';
	*at++ = ':';
	while (digit < end)
		*at++ = *digit++;
	j->n = (size_t)(at - j->text);
}

void nt_json_member_begin(struct nt_json_member *member, uint64_t count)
{
	member->count = count;
	memset(member->text, 0, sizeof(uint64_t));
}

static struct nt_json_member *take_members(struct nt_json *j, size_t n)
{
	struct nt_json_member *member = j->failed ? NULL : malloc((n ? n : 1) * sizeof(*member));

	j->failed = !member;
	return member;
}

/* Sorts, writes and frees the members. */
static void put_map(struct nt_json *j, struct nt_json_member *member, size_t n)
{
	nt_json_sort(j, member, n);
	nt_json_open(j, '{');
	for (size_t i = 0; i < n; i++)
		nt_json_member(j, member[i].text, member[i].count);
	nt_json_close(j, '}');
	free(member);
}

void nt_json_named_map(struct nt_json *j, const uint64_t *counts, const char *const *names, size_t n)
{
	struct nt_json_member *member = take_members(j, n);
	size_t used = 0;

	if (!member)
		return;
	for (size_t i = 0; i < n; i++) {
		if (!counts[i])
			continue;
		nt_json_member_begin(&member[used], counts[i]);
		memcpy(member[used++].text, names[i], strlen(names[i]) + 1);
	}
	put_map(j, member, used);
}

void nt_json_map(struct nt_json *j, const struct nt_counts *table,
		 void (*member)(char text[static NT_MEMBER_TEXT], uint64_t key))
{
	struct nt_json_member *members = take_members(j, table->n);

	if (!members)
		return;
	for (size_t i = 0; i < table->n; i++) {
		nt_json_member_begin(&members[i], table->entry[i].count);
		member(members[i].text, table->entry[i].key);
	}
	put_map(j, members, table->n);
}

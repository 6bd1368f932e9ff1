/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_SNAPSHOT_JSON_PARTS_H
#define NT_SNAPSHOT_JSON_PARTS_H

#include "needletail/schema.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What the files that write an interval's JSON share: a text that grows. A line has a hundred thousand members, so it
 * is written as it comes and never stands in memory as a tree. A failed allocation is carried along to the end.
 */
struct nt_json {
	char *text; /* [room], n in use, no NUL */
	size_t n;
	size_t room;
	bool failed;
};

/** A member of an open map before it is sorted. */
struct nt_json_member {
	uint64_t count;
	char text[NT_MEMBER_TEXT];
};

/** Opens or closes an object or array, as `bracket` says; the first with the comma that it takes. */
void nt_json_open(struct nt_json *j, char bracket);
void nt_json_close(struct nt_json *j, char bracket);

/** Writes a key, with the comma that it takes; its value is to follow. */
void nt_json_key(struct nt_json *j, const char *key);

void nt_json_count(struct nt_json *j, uint64_t count);
void nt_json_signed(struct nt_json *j, int64_t number);
void nt_json_string(struct nt_json *j, const char *string);

/** A string in an array, with the comma that it takes. */
void nt_json_item(struct nt_json *j, const char *string);

/** Ends the text: what was written, the caller's to free; NULL: no memory. */
char *nt_json_text(struct nt_json *j);

/** `true`, `false` or `null`. */
void nt_json_word(struct nt_json *j, const char *word);
void nt_json_bool(struct nt_json *j, bool value);

/** A key and its number. */
void nt_json_set_count(struct nt_json *j, const char *key, uint64_t count);

/** As nt_json_set_count(), of a text that fits NT_MEMBER_TEXT and needs no escapes. */
void nt_json_member(struct nt_json *j, const char *text, uint64_t count);

/** Sets the count; the text is to follow. */
void nt_json_member_begin(struct nt_json_member *member, uint64_t count);

/** Most first, then by text. */
void nt_json_sort(struct nt_json *j, struct nt_json_member *member, size_t n);

/** {"KEY":N}, most first, then by key. */
void nt_json_map(struct nt_json *j, const struct nt_counts *table,
		 void (*member)(char text[static NT_MEMBER_TEXT], uint64_t key));

/** {"NAME":N} of what is not zero, in the same order. */
void nt_json_named_map(struct nt_json *j, const uint64_t *counts, const char *const *names, size_t n);

/** Values of `sources`, `backscatter` and `signatures` of the line. */
void nt_json_sources(struct nt_json *j, const struct nt_snapshot *s);
void nt_json_backscatter(struct nt_json *j, const struct nt_snapshot *s);
void nt_json_signatures(struct nt_json *j, const struct nt_snapshot *s);

/** Texts of keys: a region, and an nt_port_key(). */
void nt_json_region_text(char text[static NT_MEMBER_TEXT], uint64_t key);
void nt_json_port_text(char text[static NT_MEMBER_TEXT], uint64_t key);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_WORDS_MESSAGE_H
#define NT_REPORT_WORDS_MESSAGE_H

#include "report/calendar.h"
#include "report/words/names.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Everything that the report says in words. A template has places such as {region}, which words fill by their names, so
 * that languages may have them in their own order. One table a language: message_en.c, message_ja.c.
 */

enum nt_message {
#define NT_MESSAGE(name) NT_MSG_##name,
#include "report/words/message_list.h"
#undef NT_MESSAGE
	NT_MESSAGES
};

extern const char *const nt_message_en[NT_MESSAGES];
extern const char *const nt_message_ja[NT_MESSAGES];

/** The template. */
const char *nt_message(enum nt_lang lang, enum nt_message message);

#define NT_WORD_TEXT 512

struct nt_word {
	const char *place;
	char text[NT_WORD_TEXT];
};

/** A text, a whole number with commas, a share in per cent, a size with three digits. */
struct nt_word nt_word(const char *place, const char *text);
struct nt_word nt_word_count(const char *place, double number);
struct nt_word nt_word_share(const char *place, double share);

/** Another message that has no places. */
struct nt_word nt_word_message(const char *place, enum nt_lang lang, enum nt_message message);

/** "6 September" or "9月6日"; the year is said if it is not that of `in_day`. */
struct nt_word nt_word_day(const char *place, enum nt_lang lang, int64_t day, int64_t in_day);

/** "late April", "4月下旬". */
struct nt_word nt_word_about(const char *place, enum nt_lang lang, int64_t day, int64_t in_day);

/** From one day to another, or the day if they are one. */
struct nt_word nt_word_days(const char *place, enum nt_lang lang, int64_t first, int64_t last, int64_t in_day);

/** Appends a text; what would not fit is left out. */
void nt_word_join(struct nt_word *word, const char *between, const char *text);

/** Appends a text to a list of them, behind a comma of the language. */
void nt_word_add(struct nt_word *word, enum nt_lang lang, const char *text);

/** The message with its words, to be freed; a place that no word fills stays as it is. NULL: out of memory. */
char *nt_message_text(enum nt_lang lang, enum nt_message message, const struct nt_word *words, size_t n);

#endif

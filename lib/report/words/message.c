/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/words/message.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *nt_message(enum nt_lang lang, enum nt_message message)
{
	return lang == NT_LANG_JA ? nt_message_ja[message] : nt_message_en[message];
}

/* ---- words ---- */

struct nt_word nt_word(const char *place, const char *text)
{
	struct nt_word word = {.place = place};

	snprintf(word.text, sizeof(word.text), "%s", text);
	return word;
}

struct nt_word nt_word_message(const char *place, enum nt_lang lang, enum nt_message message)
{
	return nt_word(place, nt_message(lang, message));
}

struct nt_word nt_word_count(const char *place, double number)
{
	char digits[40], text[60];
	size_t n, at = 0;

	if (isnan(number))
		return nt_word(place, "-");
	snprintf(digits, sizeof(digits), "%.0f", round(fabs(number)));
	n = strlen(digits);
	if (number <= -0.5)
		text[at++] = '-';
	for (size_t i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = digits[i];
	}
	text[at] = '\0';
	return nt_word(place, text);
}

struct nt_word nt_word_share(const char *place, double share)
{
	char text[32];

	if (isnan(share))
		return nt_word(place, "-");
	snprintf(text, sizeof(text), "%.1f %%", 100 * share);
	return nt_word(place, text);
}

static const char *const month_en[] = {"January", "February", "March",	   "April",   "May",	  "June",
				       "July",	  "August",   "September", "October", "November", "December"};

static void day_text(enum nt_lang lang, int64_t day, int64_t in_day, char *text, size_t size)
{
	struct nt_date d = nt_date_of(day);
	bool year = d.year != nt_date_of(in_day).year;

	if (lang == NT_LANG_JA && year)
		snprintf(text, size, "%d年%d月%d日", d.year, d.month, d.day);
	else if (lang == NT_LANG_JA)
		snprintf(text, size, "%d月%d日", d.month, d.day);
	else if (year)
		snprintf(text, size, "%d %s %d", d.day, month_en[d.month - 1], d.year);
	else
		snprintf(text, size, "%d %s", d.day, month_en[d.month - 1]);
}

struct nt_word nt_word_day(const char *place, enum nt_lang lang, int64_t day, int64_t in_day)
{
	struct nt_word word = {.place = place};

	day_text(lang, day, in_day, word.text, sizeof(word.text));
	return word;
}

struct nt_word nt_word_about(const char *place, enum nt_lang lang, int64_t day, int64_t in_day)
{
	static const char *const third[NT_LANGS][3] = {
	    [NT_LANG_EN] = {"early", "mid", "late"},
	    [NT_LANG_JA] = {"上旬", "中旬", "下旬"},
	};
	struct nt_word word = {.place = place};
	struct nt_date d = nt_date_of(day);
	const char *part = third[lang][d.day <= 10 ? 0 : d.day <= 20 ? 1 : 2];
	char year[16] = "";

	if (d.year != nt_date_of(in_day).year)
		snprintf(year, sizeof(year), lang == NT_LANG_JA ? "%d年" : " %d", d.year);
	if (lang == NT_LANG_JA)
		snprintf(word.text, sizeof(word.text), "%s%d月%s", year, d.month, part);
	else
		snprintf(word.text, sizeof(word.text), "%s%s%s%s", part, d.day > 10 && d.day <= 20 ? "-" : " ",
			 month_en[d.month - 1], year);
	return word;
}

struct nt_word nt_word_days(const char *place, enum nt_lang lang, int64_t first, int64_t last, int64_t in_day)
{
	struct nt_word word = {.place = place};
	char from[64], to[64];

	day_text(lang, first, in_day, from, sizeof(from));
	day_text(lang, last, in_day, to, sizeof(to));
	if (first == last)
		snprintf(word.text, sizeof(word.text), "%s", from);
	else
		snprintf(word.text, sizeof(word.text), lang == NT_LANG_JA ? "%s～%s" : "%s to %s", from, to);
	return word;
}

void nt_word_join(struct nt_word *word, const char *between, const char *text)
{
	size_t used = strlen(word->text), length = strlen(text), gap = used ? strlen(between) : 0;

	if (used + gap + length >= sizeof(word->text))
		return;
	memcpy(&word->text[used], between, gap);
	memcpy(&word->text[used + gap], text, length + 1);
}

void nt_word_add(struct nt_word *word, enum nt_lang lang, const char *text)
{
	nt_word_join(word, lang == NT_LANG_JA ? "、" : ", ", text);
}

/* ---- messages ---- */

static const char *text_for(const char *place, size_t length, const struct nt_word *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(words[i].place) == length && !strncmp(words[i].place, place, length))
			return words[i].text;
	return NULL;
}

/* Japanese has no blank between its own characters; places have one around them, for what is not Japanese. */
static void close_up(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		bool between = to > text && (unsigned char)to[-1] >= 0x80 && (unsigned char)from[1] >= 0x80;

		if (*from != ' ' || !between)
			*to++ = *from;
	}
	*to = '\0';
}

char *nt_message_text(enum nt_lang lang, enum nt_message message, const struct nt_word *words, size_t n)
{
	const char *at = nt_message(lang, message);
	char *made = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&made, &size);

	if (!out)
		return NULL;
	while (*at) {
		const char *end = *at == '{' ? strchr(at, '}') : NULL;
		const char *text = end ? text_for(at + 1, (size_t)(end - at - 1), words, n) : NULL;

		if (text)
			fputs(text, out);
		else
			fputc(*at, out);
		at = text ? end + 1 : at + 1;
	}
	if (fclose(out)) {
		free(made);
		return NULL;
	}
	if (lang == NT_LANG_JA)
		close_up(made);
	return made;
}

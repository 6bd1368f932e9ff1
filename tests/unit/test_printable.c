/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/printable.h"
#include "random.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void escapes_become_question_marks(void **state)
{
	static const struct {
		const char *in, *out;
	} row[] = {
	    {"", ""},
	    {"plain 1~", "plain 1~"},
	    {"a\nb\rc\td\x1b[2Je\x7f", "a?b?c?d?[2Je?"},
	    {"\xc2\x9b"
	     "31m",
	     "??31m"}, /* CSI as one character */
	    {"\xc2\xa0\xc3\xa9 \xe6\x9d\xb1\xe4\xba\xac \xf0\x9f\x93\xa1",
	     "\xc2\xa0\xc3\xa9 \xe6\x9d\xb1\xe4\xba\xac \xf0\x9f\x93\xa1"},
	    {"\x9b"
	     "2J",
	     "?2J"}, /* a C1 byte as a terminal of eight bits has it */
	    {"\xe2\x80\xae"
	     "gpj.exe",
	     "???gpj.exe"}, /* right-to-left override */
	    {"\xe2\x80\xa8\xe2\x80\xa9", "??????"},
	    {"\xc0\x9b\xe0\x80\x9b", "?????"}, /* longer than need be */
	    {"\xed\xa0\x80", "???"},	       /* half a surrogate */
	    {"\xf4\x90\x80\x80", "????"},      /* beyond Unicode */
	    {"\xe6\x9d", "??"},		       /* cut off */
	    {"\xe6"
	     "a\xff\xfe",
	     "?a??"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s", row[i].in);
		nt_printable(text);
		assert_string_equal(text, row[i].out);
	}
}

/* Of any bytes nothing is left that a terminal could obey, and what is left stays as it is. */
static void any_bytes_are_harmless(void **state)
{
	(void)state;
	for (int round = 0; round < 200000; round++) {
		char text[12], again[12];

		for (size_t i = 0; i + 1 < sizeof(text); i++) {
			uint64_t r = next_random();

			/* Mostly what makes up longer characters. */
			text[i] = (char)(r % 4 ? 0x80 | (r >> 8 & 0x7f) : r >> 8 & 0xff);
		}
		text[sizeof(text) - 1] = '\0';
		nt_printable(text);
		for (const char *c = text; *c; c++) {
			const unsigned char *u = (const unsigned char *)c;

			assert_true(*u >= 0x20 && *u != 0x7f && *u != 0xff);
			assert_false(u[0] == 0xc2 && u[1] >= 0x80 && u[1] <= 0x9f);
		}
		memcpy(again, text, sizeof(again));
		nt_printable(again);
		assert_string_equal(again, text);
	}
}

static char said[2048];

static void note(enum nt_log_level level, const char *line)
{
	(void)level;
	snprintf(said, sizeof(said), "%s", line);
}

static void log_lines_are_printable(void **state)
{
	char organisation[1200];

	(void)state;
	nt_log_set_sink(note);
	nt_info("%s: %s", "AS 1", "Evil\x1b]0;owned\x07\r\nneedletail: all is well");
	assert_string_equal(said, "AS 1: Evil?]0;owned???needletail: all is well");
	memset(organisation, 'x', sizeof(organisation));
	for (size_t i = 0; i + 3 < sizeof(organisation); i += 3)
		memcpy(organisation + i, "\xe6\x9d\xb1", 3);
	organisation[sizeof(organisation) - 1] = '\0';
	nt_info("%s", organisation); /* cut within a character */
	assert_true(strlen(said) > 1000 && strlen(said) < sizeof(organisation));
	for (const char *c = said; *c; c++)
		assert_true((unsigned char)*c >= 0x20);
	nt_log_set_sink(nt_log_stderr);
}

static void utf8_is_told_from_others(void **state)
{
	(void)state;
	assert_true(nt_is_utf8("") && nt_is_utf8("a") && nt_is_utf8("\xe9\x8a\x80\xe8\xa1\x8c") && nt_is_utf8("\t"));
	assert_false(nt_is_utf8("\xff") || nt_is_utf8("a\xe9") || nt_is_utf8("\xc0\x80") || nt_is_utf8("\x8b\xe2"));
	assert_false(nt_is_utf8("\xe9\x8a") || nt_is_utf8("\xed\xa0\x80") || nt_is_utf8("\xf5\x80\x80\x80"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(escapes_become_question_marks),
	    cmocka_unit_test(any_bytes_are_harmless),
	    cmocka_unit_test(log_lines_are_printable),
	    cmocka_unit_test(utf8_is_told_from_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/words/labels.h"
#include "report/words/names.h"
#include "report/words/owners.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char path[] = "/tmp/nt_report_labels";

/* ---- services and regions ---- */

static void services_are_the_systems(void **state)
{
	char text[NT_SERVICE_TEXT];

	(void)state;
	nt_service_name("23/tcp", text);
	assert_string_equal(text, "telnet");
	nt_service_name("53/udp", text);
	assert_string_equal(text, "domain");
	nt_service_name("53/sctp", text);
	assert_string_equal(text, "");
	nt_service_name("64999/tcp", text);
	assert_string_equal(text, "");
	nt_service_name("", text);
	assert_string_equal(text, "");
	nt_service_name("70000/tcp", text);
	assert_string_equal(text, "");
	nt_service_name("0000000000023/tcp", text);
	assert_string_equal(text, "");
}

static void regions_have_names_in_both_languages(void **state)
{
	static const struct {
		const char *code, *name[NT_LANGS];
	} row[] = {
	    {"JP", {"Japan", "日本"}},
	    {"US", {"United States", "米国"}},
	    {"TW", {"Taiwan", "台湾"}},
	    {"NZ", {"New Zealand", "ニュージーランド"}},
	    {"RU", {"Russian Federation", "ロシア連邦"}},
	    {"KR", {"South Korea", "韓国"}},
	    {"KP", {"North Korea", "北朝鮮"}},
	    {"TR", {"Türkiye", "トルコ"}},
	    {"CZ", {"Czechia", "チェコ"}},
	    {"MK", {"North Macedonia", "北マケドニア"}},
	    {"SZ", {"Eswatini", "エスワティニ"}},
	    {"VN", {"Vietnam", "ベトナム"}},
	    {"XK", {"Kosovo", "コソボ"}}, /* which the standard lacks, and databases have */
	    {"AP", {"Asia and the Pacific", "アジア太平洋"}},
	    {"ZZ", {"ZZ", "ZZ"}},
	    {"--", {"--", "--"}},
	    {"JPN", {"JPN", "JPN"}},
	};

	(void)state;
	if (access("/usr/share/iso-codes/json/iso_3166-1.json", R_OK))
		skip(); /* then every name is a code */
	setenv("LANGUAGE", "fr", 1);
	for (unsigned int lang = 0; lang < NT_LANGS; lang++) {
		struct nt_region_names *names = nt_region_names_new((enum nt_lang)lang);

		assert_non_null(names);
		for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
			assert_string_equal(nt_region_name(names, row[i].code), row[i].name[lang]);
		assert_true(nt_region_known(names, "JP") && nt_region_known(names, "XK"));
		assert_false(nt_region_known(names, "XX") || nt_region_known(names, "JPN") ||
			     nt_region_known(names, ""));
		nt_region_names_free(names);
	}
	assert_string_equal(getenv("LANGUAGE"), "fr");
}

/* ---- labels ---- */

static struct nt_labels *load(const char *text, char why[static NT_LABELS_WHY])
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	why[0] = '\0';
	return nt_labels_load(path, why);
}

static void the_longest_prefix_counts(void **state)
{
	char why[NT_LABELS_WHY];
	struct nt_labels *l = load("network,organisation,category\r\n"
				   "# owners\n"
				   "192.0.2.0/24,Example Bank,bank\n"
				   " 192.0.2.128/25 , みどりポータル , portal \r\n"
				   "\n"
				   "198.51.100.7,\"Some, \"\"quoted\"\" Ltd\",\"isp\"\n"
				   "2001:db8::/32,Example Net",
				   why);

	(void)state;
	assert_string_equal(why, "");
	assert_non_null(l);
	assert_string_equal(nt_labels_find(l, "192.0.2.1")->org, "Example Bank");
	assert_string_equal(nt_labels_find(l, "192.0.2.1")->category, "bank");
	assert_string_equal(nt_labels_find(l, "192.0.2.200")->org, "みどりポータル");
	assert_string_equal(nt_labels_find(l, "192.0.2.200")->category, "portal");
	assert_string_equal(nt_labels_find(l, "198.51.100.7")->org, "Some, \"quoted\" Ltd");
	assert_string_equal(nt_labels_find(l, "198.51.100.7")->category, "isp");
	assert_string_equal(nt_labels_find(l, "2001:db8::5")->category, "");
	assert_null(nt_labels_find(l, "198.51.100.1"));
	assert_null(nt_labels_find(l, "AS2907"));
	assert_null(nt_labels_find(l, ""));
	assert_null(nt_labels_find(NULL, "192.0.2.1"));
	nt_labels_free(l);
	unlink(path);
}

static void broken_lines_are_told_of(void **state)
{
	static const struct {
		const char *text, *why;
	} row[] = {
	    {"192.0.2.0/24,,bank\n", ":1: an organisation"},
	    {"\n192.0.2.0/24\n", ":2: an organisation"},
	    {"192.0.2.0/24,a,b,c\n", ":1: is not network,"},
	    {"192.0.2.0/24,\"a,b\n", ":1: is not network,"},
	    {"192.0.2.0/24,\"a\"b,c\n", ":1: is not network,"},
	    {"192.0.2.1/24,X,bank\n", ":1: has bits behind its length"},
	    {"bank,192.0.2.0/24,X\n", ":1: is not an address"},
	    {"192.0.2.0/24,a,b\nnetwork,organisation\n", ":2: is not an address"},
	    {"192.0.2.0/24,a,b\n192.0.2.0/24,c,d\n", ":2: this prefix stands in the file twice"},
	    {"network;organisation\n192.0.2.0/24;a;b\n", ":2: commas are to stand between"},
	    {"192.0.2.0/24;Some, Ltd;b\n", ":1: commas are to stand between"},
	    {"192.0.2.0/24\ta\tb\n", ":1: commas are to stand between"},
	    {"192.0.2.0/24,a,b\n198.51.100.0/24,\x8b\xe2\x8d\x73,bank\n", ":2: is not UTF-8"}, /* Shift_JIS */
	    {"192.0.2.0/24,caf\xc3\n", ":1: is not UTF-8"},
	    {"# \xe9t\xe9\n", ":1: is not UTF-8"},
	    {"\xff\xfen\n", ":1: is UTF-16"},
	    {"\xef\xbb\xbf"
	     "192.0.2.0/24\n",
	     ":1: an organisation"},
	    {"192.0.2.0/24,a\n\xef\xbb\xbf"
	     "198.51.100.0/24,b\n",
	     ":2: is not an address"},
	};
	char why[NT_LABELS_WHY];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_null(load(row[i].text, why));
		assert_int_equal(errno, EINVAL);
		if (!strstr(why, row[i].why))
			fail_msg("%s: %s", row[i].text, why);
	}
	unlink(path);
	assert_null(nt_labels_load(path, why));
	assert_int_equal(errno, ENOENT);
	assert_null(nt_labels_load("/tmp", why));
	assert_int_equal(errno, EISDIR);
	assert_string_equal(why, "/tmp: Is a directory");
}

static void the_mark_of_a_spreadsheet_is_skipped(void **state)
{
	static const char *const text[] = {"\xef\xbb\xbf"
					   "network,organisation,category\r\n192.0.2.0/24,銀行,bank\r\n",
					   "\xef\xbb\xbf"
					   "192.0.2.0/24,銀行,bank\r\n"};
	char why[NT_LABELS_WHY];

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		struct nt_labels *l = load(text[i], why);

		assert_string_equal(why, "");
		assert_string_equal(nt_labels_find(l, "192.0.2.1")->org, "銀行");
		nt_labels_free(l);
	}
	unlink(path);
}

/* ---- owners ---- */

static void check(struct nt_owners *o, const char *address, const char *org, const char *expected)
{
	char text[NT_OWNER_TEXT];

	assert_int_equal(nt_owner_text(o, address, org, text), expected[0] != '\0');
	assert_string_equal(text, expected);
}

static void labels_go_before_the_as(void **state)
{
	char why[NT_LABELS_WHY];
	struct nt_labels *l = load("192.0.2.0/24,Example Bank,bank\n", why);
	struct nt_owners *o = nt_owners_new(l, false, NT_LANG_EN);

	(void)state;
	check(o, "192.0.2.1", "Some AS", "Example Bank");
	check(o, "198.51.100.1", "Some AS", "Some AS");
	check(o, "198.51.100.1", NULL, "");
	check(o, "198.51.100.1", "", "");
	nt_owners_free(o);
	nt_labels_free(l);
	unlink(path);
}

static void pseudonyms_are_by_category_and_stay(void **state)
{
	char why[NT_LABELS_WHY];
	struct nt_labels *l = load("192.0.2.0/25,First Bank,bank\n"
				   "192.0.2.128/25,Second Bank,bank\n"
				   "198.51.100.0/24,Some Portal,portal\n"
				   "203.0.113.0/24,Some Lottery,lottery\n"
				   "203.0.114.0/24,Some Thing\n",
				   why);
	struct nt_owners *o = nt_owners_new(l, true, NT_LANG_EN), *ja = nt_owners_new(l, true, NT_LANG_JA);

	(void)state;
	check(o, "192.0.2.200", NULL, "bank A");
	check(o, "192.0.2.1", NULL, "bank B");
	check(o, "198.51.100.1", "Some AS", "portal A");
	check(o, "192.0.2.201", NULL, "bank A");
	check(o, "203.0.113.1", NULL, "lottery A");
	check(o, "203.0.114.1", "Some AS", "organisation A");
	check(o, "8.8.8.8", "Some AS", "organisation B");
	check(o, "9.9.9.9", NULL, "");
	check(ja, "192.0.2.1", NULL, "銀行A");
	check(ja, "198.51.100.1", NULL, "ポータルサイトA");
	nt_owners_free(o);
	nt_owners_free(ja);
	nt_labels_free(l);
	unlink(path);
}

static void letters_do_not_end(void **state)
{
	struct nt_owners *o = nt_owners_new(NULL, true, NT_LANG_EN);
	char org[16], text[NT_OWNER_TEXT];

	(void)state;
	for (int i = 0; i < 26 * 27 + 1; i++) {
		snprintf(org, sizeof(org), "org %d", i);
		assert_true(nt_owner_text(o, "8.8.8.8", org, text));
		if (i == 25)
			assert_string_equal(text, "organisation Z");
		if (i == 26)
			assert_string_equal(text, "organisation AA");
		if (i == 26 + 26 * 26 - 1)
			assert_string_equal(text, "organisation ZZ");
	}
	assert_string_equal(text, "organisation AAA");
	nt_owners_free(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(services_are_the_systems),	 cmocka_unit_test(regions_have_names_in_both_languages),
	    cmocka_unit_test(the_longest_prefix_counts), cmocka_unit_test(broken_lines_are_told_of),
	    cmocka_unit_test(labels_go_before_the_as),	 cmocka_unit_test(pseudonyms_are_by_category_and_stay),
	    cmocka_unit_test(letters_do_not_end),	 cmocka_unit_test(the_mark_of_a_spreadsheet_is_skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

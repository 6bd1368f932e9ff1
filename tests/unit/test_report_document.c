/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/compose/compose.h"
#include "report/write/write.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- messages ---- */

static size_t places(const char *text)
{
	size_t n = 0;

	for (; (text = strchr(text, '{')); text++)
		n++;
	return n;
}

/* A language may leave a place out or use it twice, but not have one that the other does not know. */
static bool knows_places(const char *text, const char *of)
{
	for (const char *at = of; (at = strchr(at, '{')); at++) {
		char place[64];

		snprintf(place, sizeof(place), "%.*s", (int)(strchr(at, '}') - at + 1), at);
		if (!strstr(text, place))
			return false;
	}
	return true;
}

static void languages_say_the_same(void **state)
{
	(void)state;
	for (unsigned int m = 0; m < NT_MESSAGES; m++) {
		assert_non_null(nt_message_en[m]);
		assert_non_null(nt_message_ja[m]);
		if (!knows_places(nt_message_en[m], nt_message_ja[m]) ||
		    !knows_places(nt_message_ja[m], nt_message_en[m]))
			fail_msg("%s\n%s", nt_message_en[m], nt_message_ja[m]);
	}
}

static void words_take_their_places(void **state)
{
	const struct nt_word words[] = {
	    nt_word("line", "23/tcp"), nt_word_count("rank", 2), nt_word_count("previous", 12345678),
	    nt_word("compared", "{rank}"), /* is not looked into */
	};
	char *text = nt_message_text(NT_LANG_EN, NT_MSG_RANK_UP, words, 4);

	(void)state;
	assert_string_equal(text, "23/tcp rose from number 12,345,678 ({rank}) to number 2.");
	free(text);
	text = nt_message_text(NT_LANG_EN, NT_MSG_RANK_UP, words, 1); /* places that nobody fills stay */
	assert_int_equal(places(text), 3);
	free(text);
}

static void numbers_and_days_in_words(void **state)
{
	static const struct {
		double number;
		const char *text;
	} row[] = {
	    {0, "0"}, {999, "999"}, {1000, "1,000"}, {-1234.4, "-1,234"}, {9007199254740992, "9,007,199,254,740,992"}};
	int64_t day, other;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_string_equal(nt_word_count("", row[i].number).text, row[i].text);
	assert_string_equal(nt_word_count("", NAN).text, "-");
	assert_string_equal(nt_word_share("", 0.12345).text, "12.3 %");
	nt_day_parse("2022-04-25", &day);
	nt_day_parse("2021-12-12", &other);
	assert_string_equal(nt_word_day("", NT_LANG_EN, day, day).text, "25 April");
	assert_string_equal(nt_word_day("", NT_LANG_JA, day, day).text, "4月25日");
	assert_string_equal(nt_word_day("", NT_LANG_JA, other, day).text, "2021年12月12日");
	assert_string_equal(nt_word_about("", NT_LANG_EN, day, day).text, "late April");
	assert_string_equal(nt_word_about("", NT_LANG_JA, day, day).text, "4月下旬");
	assert_string_equal(nt_word_about("", NT_LANG_EN, other, day).text, "mid-December 2021");
	assert_string_equal(nt_word_days("", NT_LANG_EN, day, day + 5, day).text, "25 April to 30 April");
	assert_string_equal(nt_word_days("", NT_LANG_JA, day, day, day).text, "4月25日");
}

/* ---- writers ---- */

static char *written(int (*write)(const struct nt_document *, FILE *), const struct nt_document *d)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(write(d, out), 0);
	fclose(out);
	return text;
}

static char *csv_of(const struct nt_doc_item *item)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(nt_write_csv(item, out), 0);
	fclose(out);
	return text;
}

/* A table with a gap of each kind, a lower bound, and texts that mean something elsewhere. */
static void make(struct nt_document *d)
{
	nt_doc_begin(d, NT_LANG_EN);
	d->title = strdup("A report");
	d->period = strdup("2022Q3");
	d->compared = strdup("2022Q2");
	d->compared_text = strdup("2022Q2");
	nt_doc_item(d, "T1", NT_DOC_TABLE, NT_MSG_TITLE_T1, NULL, 0);
	nt_doc_column_named(d, "name", NT_DOC_TEXT, "a|b");
	nt_doc_column(d, "packets", NT_DOC_COUNT, NT_MSG_COL_PACKETS);
	nt_doc_column(d, "share", NT_DOC_SHARE, NT_MSG_COL_SHARE);
	nt_doc_column(d, "flag", NT_DOC_FLAG, NT_MSG_COL_BACKSCATTER);
	nt_doc_column(d, "lost", NT_DOC_COUNT, NT_MSG_COL_LOST)->basis = true;
	nt_doc_text(d, "x|<b>\n\"y\",z");
	nt_doc_at_least(d, 1234567, true);
	nt_doc_number(d, 0.5);
	nt_doc_number(d, 1);
	nt_doc_number(d, 7);
	nt_doc_text(d, NULL);
	nt_doc_number(d, NAN);
	nt_doc_number(d, NAN);
	nt_doc_number(d, NAN);
	nt_doc_number(d, NAN);
	nt_doc_say(d, NT_MSG_NO_EVENTS, NULL, 0);
	nt_doc_item(d, "T1-x", NT_DOC_DATA, NT_MSG_TITLE_RANKS, NULL, 0);
	nt_doc_note(d, NT_MSG_NOTE_MARKS, NULL, 0); /* goes to what people read */
	assert_int_equal(d->error, 0);
}

static void gaps_are_no_zeros(void **state)
{
	struct nt_document d;
	char *csv, *md, *text;
	json_t *json, *rows;

	(void)state;
	make(&d);
	csv = csv_of(&d.item[0]);
	assert_string_equal(csv, "name,packets,share,flag,lost,at_least\r\n"
				 "\"x|<b>?\"\"y\"\",z\",1234567,0.5,1,7,packets\r\n"
				 ",,,,,\r\n");
	md = written(nt_write_md, &d);
	assert_non_null(strstr(md, "| a\\|b | packets | share | backscatter |"));
	assert_non_null(strstr(md, "| x\\|\\<b\\>?\"y\",z | ≥ 1,234,567 | 50.0 % | ● |"));
	assert_non_null(strstr(md, "| - | - | - | - |"));
	assert_null(strstr(md, "T1-x"));
	text = written(nt_write_json, &d);
	json = json_loads(text, 0, NULL);
	rows = json_object_get(json_array_get(json_object_get(json, "items"), 0), "rows");
	assert_int_equal(json_array_size(rows), 2);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(rows, 0), "packets")), 1234567);
	assert_int_equal(json_array_size(json_object_get(json_array_get(rows, 0), "at_least")), 1);
	assert_true(json_is_true(json_object_get(json_array_get(rows, 0), "flag")));
	assert_true(json_is_null(json_object_get(json_array_get(rows, 1), "packets")));
	assert_true(json_is_null(json_object_get(json_array_get(rows, 1), "name")));
	assert_int_equal(d.item[0].notes, 1);
	json_decref(json);
	free(text);
	free(md);
	free(csv);
	nt_doc_fini(&d);
}

/* What a spreadsheet would run is marked as a text there, and stays as it is elsewhere. */
static void formulas_are_texts(void **state)
{
	static const char *const text[] = {"=1+1",     "+81", "-2+3", "@SUM(A1)", "＝1",
					   "=\"a\",b", "--",  "a=b",  "'=1",	  "-"};
	struct nt_document d;
	char *csv, *json;

	(void)state;
	nt_doc_begin(&d, NT_LANG_EN);
	d.title = strdup("A report");
	d.period = strdup("2022Q3");
	d.compared = strdup("2022Q2");
	d.compared_text = strdup("2022Q2");
	nt_doc_item(&d, "T1", NT_DOC_TABLE, NT_MSG_TITLE_T1, NULL, 0);
	nt_doc_column_named(&d, "-1+sensor", NT_DOC_TEXT, "x");
	nt_doc_column_named(&d, "n", NT_DOC_COUNT, "n");
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		nt_doc_text(&d, text[i]);
		nt_doc_number(&d, -5);
	}
	csv = csv_of(&d.item[0]);
	assert_string_equal(csv, "'-1+sensor,n\r\n"
				 "'=1+1,-5\r\n'+81,-5\r\n'-2+3,-5\r\n'@SUM(A1),-5\r\n'＝1,-5\r\n"
				 "\"'=\"\"a\"\",b\",-5\r\n--,-5\r\na=b,-5\r\n'=1,-5\r\n-,-5\r\n");
	json = written(nt_write_json, &d);
	assert_non_null(strstr(json, "\"=1+1\""));
	assert_null(strstr(json, "'+81"));
	free(json);
	free(csv);
	nt_doc_fini(&d);
}

/* A report of which nothing is known is one of gaps and sentences. */
static void an_empty_report_can_be_told(void **state)
{
	(void)state;
	for (unsigned int lang = 0; lang < NT_LANGS; lang++) {
		struct nt_region_names *regions = nt_region_names_new((enum nt_lang)lang);
		struct nt_owners *owners = nt_owners_new(NULL, lang == NT_LANG_JA, (enum nt_lang)lang);
		const struct nt_report_style style = {(enum nt_lang)lang, regions, owners};
		struct nt_report r = {.wanted = {.region = "JP"}};
		struct nt_document d;
		char *text;

		nt_period_parse("2022Q3", &r.wanted.period);
		nt_period_parse("2022Q2", &r.wanted.compare);
		assert_int_equal(nt_report_compose(&r, &style, &d), 0);
		text = written(nt_write_md, &d);
		assert_true(strlen(text) > 1000);
		free(text);
		text = written(nt_write_json, &d);
		assert_true(strlen(text) > 1000);
		free(text);
		nt_doc_fini(&d);
		nt_owners_free(owners);
		nt_region_names_free(regions);
	}
}

/* ---- what is said of lines ---- */

#define QUARTER 92

/* A line of packets to a port, half a year of days of which the second half are the period. */
struct line {
	struct nt_get_point point[2 * QUARTER];
	double value[2 * QUARTER];
	bool at_least[2 * QUARTER];
	bool partial[2 * QUARTER];
	bool more[2 * QUARTER];
	char name[1][NT_GET_NAME];
};

static struct nt_report report_of(struct line *line)
{
	struct nt_report r = {.wanted = {.region = "JP"}, .ports = {.n = 1, .shown = 1}};

	nt_period_parse("2022Q3", &r.wanted.period);
	nt_period_parse("2022Q2", &r.wanted.compare);
	strcpy(line->name[0], "23/tcp");
	strcpy(r.ports.at[0].name, "23/tcp");
	for (int i = 0; i < 2 * QUARTER; i++) {
		int64_t start_s = (r.wanted.period.first_day + i - QUARTER) * 86400;

		line->point[i].span = (struct nt_span){start_s, start_s + 86400};
		line->point[i].coverage = (struct nt_get_coverage){.buckets = 1, .sensors = 1, .intervals = 24};
	}
	r.ports.daily = (struct nt_lines){
	    .step = NT_BUCKET_D,
	    .point = line->point,
	    .points = 2 * QUARTER,
	    .first = QUARTER,
	    .n = 1,
	    .name = line->name,
	    .value = line->value,
	    .at_least = line->at_least,
	    .partial = line->partial,
	    .more = line->more,
	};
	return r;
}

/* All sentences of an item, a line each; to be freed. */
static char *said_of(const struct nt_report *r, const char *id)
{
	struct nt_region_names *regions = nt_region_names_new(NT_LANG_EN);
	struct nt_owners *owners = nt_owners_new(NULL, false, NT_LANG_EN);
	const struct nt_report_style style = {NT_LANG_EN, regions, owners};
	struct nt_document d;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(nt_report_compose(r, &style, &d), 0);
	for (size_t i = 0; i < d.items; i++)
		for (size_t s = 0; s < d.item[i].sentences && !strcmp(d.item[i].id, id); s++)
			fprintf(out, "%s\n", d.item[i].sentence[s]);
	fclose(out);
	nt_doc_fini(&d);
	nt_owners_free(owners);
	nt_region_names_free(regions);
	return text;
}

static void assert_said(const struct nt_report *r, const char *id, const char *said, const char *not_said)
{
	char *text = said_of(r, id);

	if (!strstr(text, said) || (not_said && strstr(text, not_said)))
		fail_msg("%s", text);
	free(text);
}

static void complete_days_are_compared(void **state)
{
	struct line line = {0};
	struct nt_report r = report_of(&line);

	(void)state;
	for (int i = 0; i < 2 * QUARTER; i++) {
		line.partial[i] = i >= QUARTER + 39;
		line.value[i] = line.partial[i] ? 500 : 1000 + 5 * (i - QUARTER);
	}
	assert_said(&r, "F1", "Only 39 of 92 days are complete, all of them within 1 July to 8 August.", "lower bound");
	for (int i = QUARTER; i < 2 * QUARTER; i++)
		line.partial[i] = i >= QUARTER + 20;
	assert_said(&r, "F1", "Only 20 of 92 days are complete: too few", "a day");
}

/* A sensor that was there for ten days more: they are no other level. */
static void days_with_more_data_are_not_compared(void **state)
{
	struct line line = {0};
	struct nt_report r = report_of(&line);

	(void)state;
	for (int i = 0; i < 2 * QUARTER; i++) {
		line.more[i] = i >= QUARTER + 62 && i < QUARTER + 77;
		line.value[i] = line.more[i] ? 2000 : 1000;
	}
	assert_said(&r, "F1", "more sensors or hours than usual on 1 September to 15 September;", "level is");
	assert_said(&r, "F1", "stayed about the same, at 1,000 packets a day.", NULL);
}

/* Two lines: the first one grows, and the other one may be one of lower bounds. */
static void one_that_is_not_known_may_grow_too(void **state)
{
	struct {
		double value[2][2 * QUARTER];
		bool at_least[2][2 * QUARTER];
		char name[2][NT_GET_NAME];
	} *both = calloc(1, sizeof(*both));
	struct line line = {0};
	struct nt_report r = report_of(&line);

	(void)state;
	r.by_window = r.ports.daily;
	r.by_window.n = 2;
	r.by_window.name = both->name;
	r.by_window.value = both->value[0];
	r.by_window.at_least = both->at_least[0];
	strcpy(both->name[0], NT_REPORT_FOCUS_SIG);
	strcpy(both->name[1], NT_REPORT_FOCUS_OTHERS);
	for (size_t i = 0; i < 2 * QUARTER; i++) {
		both->value[0][i] = 100 + 10 * (double)i;
		both->value[1][i] = 50;
	}
	assert_said(&r, "F5", "only the one with window 8192 grows", NULL);
	memset(both->at_least[1], true, sizeof(both->at_least[1]));
	assert_said(&r, "F5", "lower bounds", "only the one with window 8192 grows");
	free(both);
}

static void lower_bounds_have_no_course(void **state)
{
	struct line line = {0};
	struct nt_report r = report_of(&line);

	(void)state;
	for (int i = 0; i < 2 * QUARTER; i++) {
		line.value[i] = i % 9 ? 1 : 50;
		line.at_least[i] = i % 9;
	}
	assert_said(&r, "F1", "82 of 92 daily values are lower bounds", "a day");
}

static void a_ramp_is_told_once(void **state)
{
	struct line line = {0};
	struct nt_report r = report_of(&line);

	(void)state;
	for (int i = 0; i < 2 * QUARTER; i++)
		line.value[i] = i < QUARTER + 30 ? 100 : 100 + 20 * (i - QUARTER - 30);
	assert_said(&r, "F1", "has been rising since", "was rising, from about");
}

/* The straight line is that of a line without its step, and has ends that are nowhere. */
static void a_step_on_a_slope_has_its_own_levels(void **state)
{
	struct line line = {0};
	struct nt_report r = report_of(&line);

	(void)state;
	for (int i = 0; i < 2 * QUARTER; i++)
		line.value[i] = 2000 + (i < QUARTER + 46 ? 0 : -1500) + 2 * (i - QUARTER) * (i >= QUARTER);
	assert_said(&r, "F1", "was rising besides its shifts of level.", "from about");
	assert_said(&r, "F1", "the level is lower since mid-August (16 August)", NULL);
}

static void numbers_and_units_agree(void **state)
{
	struct line line = {0};
	struct nt_report r = report_of(&line);

	(void)state;
	assert_said(&r, "F1", "23/tcp (telnet) had hardly any packets, on most days none.", "about the same");
	for (int i = 0; i < 2 * QUARTER; i++)
		line.value[i] = 1;
	assert_said(&r, "F1", "stayed about the same, at 1 packet a day.", NULL);
}

static void events_of_several_sensors_count_once(void **state)
{
	static char dos[] = "dos", scanner[] = "scanner", surge[] = "surge", region[] = "JP", body[] = "{}";
	struct nt_get_event event[12] = {0};
	struct line line = {0};
	struct nt_report r = report_of(&line);

	(void)state;
	r.events = (struct nt_get_events){.at = event, .n = 12};
	for (size_t i = 0; i < 12; i++) {
		event[i].type = i < 4 ? dos : i < 10 ? scanner : surge;
		event[i].start_s = line.point[QUARTER + i / 8].span.start_s + 7;
		event[i].source = (char *)(i % 2 ? "198.51.100.1" : "198.51.100.2");
		event[i].region = region;
		event[i].body = body;
	}
	assert_said(&r, "events",
		    "Victims of attacks, seen in their replies: 2, each counted once; events that tell of them: 4.",
		    NULL);
	assert_said(&r, "events", "Scanners, by source and day: 4, each counted once; events that tell of them: 6.",
		    NULL);
	assert_said(&r, "events", "Surges, by sensor: 2.\n", NULL);
}

static void days_with_as_many_scanners(void **state)
{
	struct line line = {0};
	struct nt_report r = report_of(&line);

	(void)state;
	r.scanners = r.ports.daily;
	strcpy(line.name[0], "scanners");
	for (int i = 0; i < 2 * QUARTER; i++)
		line.value[i] = i % 10 ? 3 : NAN;
	assert_said(&r, "scanners", "Scanners on every day of which the number is known: 3.", "Most");
	line.value[QUARTER + 50] = 2;
	line.value[QUARTER + 1] = 4;
	assert_said(&r, "scanners", "Most scanners were seen on 2 July: 4.", NULL);
}

static void shares_of_a_few_days_are_not_told(void **state)
{
	struct {
		double value[2][2 * QUARTER];
		bool at_least[2][2 * QUARTER];
		char name[2][NT_GET_NAME];
	} *both = calloc(1, sizeof(*both));
	struct line line = {0};
	struct nt_report r = report_of(&line);

	(void)state;
	r.profiles = 1;
	strcpy(r.profile[0].region, "JP");
	strcpy(both->name[0], "JP:23/tcp");
	strcpy(both->name[1], "others:23/tcp");
	r.profile[0].course = r.ports.daily;
	r.profile[0].course.n = 2;
	r.profile[0].course.name = both->name;
	r.profile[0].course.value = both->value[0];
	r.profile[0].course.at_least = both->at_least[0];
	for (size_t i = 0; i < 2 * QUARTER; i++) {
		both->value[0][i] = i < QUARTER + 10 ? 0.125 : 0.25;
		both->value[1][i] = 0.5;
	}
	assert_said(&r, "X1-JP", "had 12.5 % of its packets in the first 14 days and 25.0 % in the last 14", NULL);
	for (size_t i = QUARTER; i < QUARTER + 5; i++)
		both->value[0][i] = NAN;
	assert_said(&r, "X1-JP", "", "in the first 14 days");
	free(both);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(languages_say_the_same),
	    cmocka_unit_test(words_take_their_places),
	    cmocka_unit_test(numbers_and_days_in_words),
	    cmocka_unit_test(gaps_are_no_zeros),
	    cmocka_unit_test(an_empty_report_can_be_told),
	    cmocka_unit_test(complete_days_are_compared),
	    cmocka_unit_test(days_with_more_data_are_not_compared),
	    cmocka_unit_test(lower_bounds_have_no_course),
	    cmocka_unit_test(one_that_is_not_known_may_grow_too),
	    cmocka_unit_test(a_ramp_is_told_once),
	    cmocka_unit_test(a_step_on_a_slope_has_its_own_levels),
	    cmocka_unit_test(numbers_and_units_agree),
	    cmocka_unit_test(events_of_several_sensors_count_once),
	    cmocka_unit_test(days_with_as_many_scanners),
	    cmocka_unit_test(shares_of_a_few_days_are_not_told),
	    cmocka_unit_test(formulas_are_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

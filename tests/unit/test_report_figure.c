/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/draw/drawing.h"
#include "report/write/write.h"
#include "report/xml.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- texts ---- */

static char *put(void (*function)(const char *, FILE *), const char *text)
{
	char *made = NULL;
	size_t size;
	FILE *out = open_memstream(&made, &size);

	function(text, out);
	fclose(out);
	return made;
}

static void texts_mean_themselves(void **state)
{
	static const struct {
		void (*function)(const char *, FILE *);
		const char *text;
		const char *expected;
	} row[] = {
	    {nt_put_xml, "plain 日本語", "plain 日本語"},
	    {nt_put_xml, "</td><script>\"a\" & 'b'", "&lt;/td&gt;&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;"},
	    {nt_put_xml, "a\tb\nc\033[m\x7f", "a?b?c?[m?"},
	    {nt_put_xml, "\xff\xc3", "??"}, /* no UTF-8, and a character that is cut */
	    {nt_put_xml, "\xe2\x80\xae!",
	     "??"
	     "?!"},					      /* from right to left */
	    {nt_put_xml, "\xef\xbf\xbe \xef\xb7\x90", "? ?"}, /* U+FFFE, U+FDD0 */
	    {nt_put_xml, "\xf0\x9f\xbf\xbf\xf0\x9f\x98\x80", "?\xf0\x9f\x98\x80"},
	    {nt_put_id, "X1-J\"P> é", "X1-J_P____"},
	    {nt_put_css, "a\"}</style>\\", "\"a\\22 \\7d \\3c /style\\3e \\5c \""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char *made = put(row[i].function, row[i].text);

		assert_string_equal(made, row[i].expected);
		free(made);
	}
}

/* ---- axes ---- */

static void values_have_round_steps(void **state)
{
	static const struct {
		enum nt_lang lang;
		enum nt_doc_kind kind;
		double most;
		size_t n;
		const char *last;
	} row[] = {
	    {NT_LANG_EN, NT_DOC_COUNT, 0, 2, "1"},
	    {NT_LANG_EN, NT_DOC_COUNT, 3, 4, "3"},
	    {NT_LANG_EN, NT_DOC_COUNT, 7, 5, "8"},
	    {NT_LANG_EN, NT_DOC_COUNT, 393, 5, "400"},
	    {NT_LANG_EN, NT_DOC_COUNT, 1100, 6, "1,250"},
	    {NT_LANG_EN, NT_DOC_COUNT, 4000000, 5, "4,000,000"},
	    {NT_LANG_EN, NT_DOC_COUNT, 23e6, 6, "25 M"},
	    {NT_LANG_EN, NT_DOC_COUNT, 2e11, 5, "200 bn"},
	    {NT_LANG_JA, NT_DOC_COUNT, 11e6, 6, "1,250万"},
	    {NT_LANG_JA, NT_DOC_COUNT, 1.1e9, 6, "12.5億"},
	    {NT_LANG_EN, NT_DOC_COUNT, 1e300, 6, "1.0e+300"},
	    {NT_LANG_EN, NT_DOC_SHARE, 0.25, 6, "25 %"},
	    {NT_LANG_EN, NT_DOC_SHARE, 1, 6, "100 %"},
	    {NT_LANG_EN, NT_DOC_SHARE, 0, 6, "1 %"},
	};
	struct nt_axis axis;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		nt_axis_of_values(row[i].lang, row[i].kind, row[i].most, &axis);
		assert_string_equal(axis.tick[axis.n - 1].text, row[i].last);
		assert_int_equal(axis.n, row[i].n);
		assert_string_equal(axis.tick[0].text, row[i].kind == NT_DOC_SHARE ? "0 %" : "0");
		assert_true(axis.end >= row[i].most);
	}
}

static void days_have_marks_that_find_room(void **state)
{
	static const struct {
		enum nt_lang lang;
		int64_t days;
		size_t most;
		size_t n;
		const char *first;
		const char *last;
	} row[] = {
	    {NT_LANG_EN, 1, 8, 1, "1 Jul", "1 Jul"},   {NT_LANG_JA, 8, 8, 8, "7/1", "7/8"},
	    {NT_LANG_EN, 31, 8, 6, "1 Jul", "26 Jul"}, {NT_LANG_EN, 92, 10, 9, "1 Jul", "21 Sep"},
	    {NT_LANG_EN, 92, 6, 6, "1 Jul", "16 Sep"}, {NT_LANG_JA, 92, 4, 3, "7月", "9月"},
	    {NT_LANG_EN, 366, 13, 13, "Jul", "Jul"},   {NT_LANG_EN, 366, 4, 3, "Jul", "Jul"},
	};
	struct nt_axis axis;
	int64_t first;

	(void)state;
	nt_day_parse("2022-07-01", &first);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		nt_axis_of_days(row[i].lang, (double)first, (double)(first + row[i].days - 1), row[i].most, &axis);
		assert_int_equal(axis.n, row[i].n);
		assert_string_equal(axis.tick[0].text, row[i].first);
		assert_string_equal(axis.tick[axis.n - 1].text, row[i].last);
	}
}

/* ---- figures ---- */

#define HOSTILE "`touch /tmp/x`'\n; system('x') \"${y}\" ~0~ </text>&"

/* A figure of so many days and two lines; of the first one, days 3 and 4 are missing, and 5 stands alone. */
static void add_figure(struct nt_document *d, const char *id, const char *first, const char *second, size_t days)
{
	int64_t begin;

	nt_day_parse("2022-07-01", &begin);
	nt_doc_item(d, id, NT_DOC_FIGURE, NT_MSG_TITLE_F1, NULL, 0);
	nt_doc_axis(d, NT_MSG_AXIS_PACKETS_DAY);
	nt_doc_column(d, "date", NT_DOC_DATE, NT_MSG_COL_DATE);
	nt_doc_column_named(d, first, NT_DOC_COUNT, first)->line = true;
	nt_doc_column_named(d, second, NT_DOC_COUNT, second)->line = true;
	nt_doc_column(d, "sensors", NT_DOC_COUNT, NT_MSG_COL_SENSORS)->basis = true;
	for (size_t i = 0; i < days; i++) {
		bool gap = i == 3 || i == 4 || i == 6;

		nt_doc_day(d, begin + (int64_t)i);
		nt_doc_at_least(d, gap ? NAN : 100 + (double)i, i == 8);
		nt_doc_number(d, 50);
		nt_doc_number(d, 2);
	}
}

static void add_shifts(struct nt_document *d, const char *id, const char *line, size_t n)
{
	int64_t begin;

	nt_day_parse("2022-07-03", &begin);
	nt_doc_item(d, id, NT_DOC_DATA, NT_MSG_TITLE_SHIFTS, NULL, 0);
	nt_doc_column(d, "line", NT_DOC_TEXT, NT_MSG_COL_LINE);
	nt_doc_column(d, "date", NT_DOC_DATE, NT_MSG_COL_DATE);
	for (size_t i = 0; i < n; i++) {
		nt_doc_text(d, line);
		nt_doc_day(d, begin + (int64_t)i);
	}
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
		n++;
	return n;
}

static void begin_drawing(const struct nt_document *d, struct nt_palette **palette, struct nt_drawing *drawing)
{
	*palette = nt_palette_new(d);
	assert_non_null(*palette);
	assert_int_equal(nt_drawing_init(drawing, d, &d->item[0], *palette, &nt_drawing_wide), 0);
}

static void no_text_is_in_a_script(void **state)
{
	struct nt_palette *palette;
	struct nt_drawing drawing;
	struct nt_document d;

	(void)state;
	nt_doc_begin(&d, NT_LANG_JA);
	add_figure(&d, "F1", HOSTILE, "23/tcp (telnet)", 12);
	begin_drawing(&d, &palette, &drawing);
	for (const char *c = drawing.script; *c; c++)
		assert_true(*c == '\n' || ((unsigned char)*c >= 0x20 && (unsigned char)*c < 0x7f));
	assert_null(strpbrk(drawing.script, "`\"\\;!"));
	assert_null(strstr(drawing.script, "system"));
	assert_null(strstr(drawing.script, "telnet"));
	assert_int_equal(count(drawing.script, "~"), 2 * drawing.texts);
	nt_drawing_fini(&drawing);
	nt_palette_free(palette);
	nt_doc_fini(&d);
}

/* The numbers of a data block. */
static char *block(const struct nt_drawing *drawing, const char *name)
{
	const char *begin = strstr(drawing->script, name), *end;

	assert_non_null(begin);
	begin = strchr(begin, '\n') + 1;
	end = strstr(begin, "EOD\n");
	return strndup(begin, (size_t)(end - begin));
}

static void missing_days_break_the_line(void **state)
{
	struct nt_palette *palette;
	struct nt_drawing drawing;
	struct nt_document d;
	char *known, *bound, *marks;

	(void)state;
	nt_doc_begin(&d, NT_LANG_EN);
	add_figure(&d, "F1", "a", "b", 12);
	begin_drawing(&d, &palette, &drawing);
	known = block(&drawing, "$K1 <<");
	bound = block(&drawing, "$B1 <<");
	marks = block(&drawing, "$M1 <<");
	assert_string_equal(known, "19174 100\n19175 101\n19176 102\n\n19183 109\n19184 110\n19185 111\n");
	assert_string_equal(bound, "19181 107\n19182 108\n19183 109\n"); /* on both sides of a lower bound */
	assert_non_null(strstr(marks, "19179 105\n"));			 /* has no neighbour */
	assert_null(strstr(drawing.script, "nan"));
	free(known);
	free(bound);
	free(marks);
	known = block(&drawing, "$K2 <<");
	assert_int_equal(count(known, "\n"), 12);
	assert_null(strstr(drawing.script, "$B2 with")); /* a block without points is not plotted */
	free(known);
	nt_drawing_fini(&drawing);
	nt_palette_free(palette);
	nt_doc_fini(&d);
}

static void days_without_any_line_are_shaded(void **state)
{
	struct nt_palette *palette;
	struct nt_drawing drawing;
	struct nt_document d;

	(void)state;
	nt_doc_begin(&d, NT_LANG_EN);
	add_figure(&d, "F1", "a", "b", 12);
	for (size_t r = 3; r < 5; r++)
		d.item[0].cell[r * d.item[0].columns + 2].number = NAN;
	begin_drawing(&d, &palette, &drawing);
	assert_non_null(strstr(drawing.script, "set object rect from 19176.5,graph 0 to 19178.5,graph 1"));
	nt_drawing_fini(&drawing);
	nt_palette_free(palette);
	nt_doc_fini(&d);
}

static void changes_are_marked_unless_they_are_many(void **state)
{
	static const struct {
		const char *id;
		const char *line;
		size_t n;
		size_t marked;
	} row[] = {{"F1-shifts", "a", 1, 1},
		   {"F1-shifts", "a", 6, 6},
		   {"F1-shifts", "a", 7, 0},
		   {"F1-shifts", "not drawn", 2, 0},
		   {"F2-shifts", "a", 2, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct drawing_change change[DRAWING_CHANGES];
		struct nt_palette *palette;
		struct nt_drawing drawing;
		struct nt_document d;

		nt_doc_begin(&d, NT_LANG_EN);
		add_figure(&d, "F1", "a", "b", 30);
		add_shifts(&d, row[i].id, row[i].line, row[i].n);
		begin_drawing(&d, &palette, &drawing);
		assert_int_equal(drawing_changes(&drawing, change), row[i].marked);
		assert_int_equal(count(drawing.script, "graph 1 nohead"), row[i].marked);
		nt_drawing_fini(&drawing);
		nt_palette_free(palette);
		nt_doc_fini(&d);
	}
}

static void what_cannot_be_drawn_is_not(void **state)
{
	static const double number[] = {NAN, INFINITY, -INFINITY};
	struct nt_drawing drawing;

	(void)state;
	for (size_t i = 0; i < 2 + sizeof(number) / sizeof(number[0]); i++) {
		struct nt_palette *palette;
		struct nt_document d;

		nt_doc_begin(&d, NT_LANG_EN);
		add_figure(&d, "F1", "a", "b", i ? 5 : 0);
		for (size_t c = 0; c < d.item[0].cells; c++)
			d.item[0].cell[c].number = i >= 2 ? number[i - 2] : 1;
		if (i == 1)
			strcpy(d.item[0].cell[0].text, "yesterday");
		palette = nt_palette_new(&d);
		assert_int_equal(nt_drawing_init(&drawing, &d, &d.item[0], palette, &nt_drawing_narrow), -ENODATA);
		nt_palette_free(palette);
		nt_doc_fini(&d);
	}
}

/* ---- how lines look ---- */

static void things_keep_their_looks(void **state)
{
	const struct nt_doc_item *item;
	struct nt_palette *palette;
	struct nt_doc_column *second;
	struct nt_document d;

	(void)state;
	nt_doc_begin(&d, NT_LANG_EN);
	add_figure(&d, "F1", "a", "b", 1);
	add_figure(&d, "F2", "c", "a", 1);
	add_figure(&d, "F3", "b", "c", 1);
	add_figure(&d, "F4", "d", "x:d", 1);
	second = &d.item[3].column[2];
	strcpy(second->thing, "d");
	second->second = true;
	item = d.item;
	palette = nt_palette_new(&d);
	assert_int_equal(nt_palette_place(palette, &item[0].column[1]), 0);
	assert_int_equal(nt_palette_place(palette, &item[1].column[2]), 0); /* a, again */
	assert_int_equal(nt_palette_place(palette, &item[0].column[2]), 1);
	assert_int_equal(nt_palette_place(palette, &item[1].column[1]), 2); /* c meets a in F2 and b in F3 */
	assert_int_equal(nt_palette_place(palette, &item[2].column[2]), 2);
	assert_int_equal(nt_palette_place(palette, &item[3].column[1]), 0); /* d meets nobody but itself */
	assert_int_equal(nt_palette_place(palette, second), 0);
	nt_palette_free(palette);
	nt_doc_fini(&d);
}

/* More lines than looks. */
static void no_two_lines_look_the_same(void **state)
{
	struct drawing_style style[2 * NT_LOOKS];
	struct nt_palette *palette;
	struct nt_drawing drawing;
	struct nt_document d;
	char name[16];

	(void)state;
	nt_doc_begin(&d, NT_LANG_EN);
	nt_doc_item(&d, "F1", NT_DOC_FIGURE, NT_MSG_TITLE_F1, NULL, 0);
	nt_doc_column(&d, "date", NT_DOC_DATE, NT_MSG_COL_DATE);
	for (size_t i = 0; i < 2 * NT_LOOKS; i++) {
		snprintf(name, sizeof(name), "line %zu", i);
		nt_doc_column_named(&d, name, NT_DOC_COUNT, name)->line = true;
	}
	nt_doc_day(&d, 19174);
	for (size_t i = 0; i < 2 * NT_LOOKS; i++)
		nt_doc_number(&d, (double)i);
	begin_drawing(&d, &palette, &drawing);
	for (size_t i = 0; i < 2 * NT_LOOKS; i++) {
		style[i] = drawing_style(&drawing, &d.item[0].column[i + 1]);
		for (size_t j = 0; j < i; j++)
			assert_true(strcmp(style[i].colour, style[j].colour) != 0 ||
				    strcmp(style[i].dashes, style[j].dashes) != 0);
	}
	nt_drawing_fini(&drawing);
	nt_palette_free(palette);
	nt_doc_fini(&d);
}

/* WCAG 2.1: of two colours, from their relative luminance. */
static double luminance(const char *colour)
{
	static const double weight[] = {0.2126, 0.7152, 0.0722};
	double sum = 0;

	for (int i = 0; i < 3; i++) {
		char hex[3] = {colour[1 + 2 * i], colour[2 + 2 * i], '\0'};
		double c = (double)strtoul(hex, NULL, 16) / 255;

		sum += weight[i] * (c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
	}
	return sum;
}

static void colours_are_seen_in_print(void **state)
{
	(void)state;
	for (size_t i = 0; i < NT_LOOKS; i++) {
		assert_true(1.05 / (luminance(nt_look[i].colour) + 0.05) >= 3); /* on white */
		for (size_t j = 0; j < i && i < 5; j++) {
			double a = 116 * cbrt(luminance(nt_look[i].colour)),
			       b = 116 * cbrt(luminance(nt_look[j].colour));

			assert_true(fabs(a - b) >= 9);
		}
	}
}

/* ---- the picture ---- */

static const char raw[] =
    "<?xml version=\"1.0\"?>\n<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\">\n<svg>\n"
    "<title>Gnuplot</title>\n<g id=\"gnuplot_canvas\">\n"
    "<g fill=\"none\" color=\"black\">\n</g>\n<path id='gpPt1'/>\n<use xlink:href='#gpPt1'/>\n"
    "<g id=\"gnuplot_plot_1\" ><title>$K1</title>\n"
    "<g font-family=\"NT\" font-size=\"15\"><text>~0~</text><text>~99~ ~x~ ~</text></g>\n</g>\n</g>\n</svg>\n";

static void pictures_can_stand_side_by_side(void **state)
{
	struct nt_palette *palette;
	struct nt_drawing drawing;
	struct nt_document d;
	char *svg;

	(void)state;
	nt_doc_begin(&d, NT_LANG_JA);
	add_figure(&d, "F\"1", HOSTILE, "b", 12);
	begin_drawing(&d, &palette, &drawing);
	assert_int_equal(nt_drawing_finish(&drawing, raw, &svg), 0);
	assert_ptr_equal(strstr(svg, "<svg xmlns="), svg);
	assert_null(strstr(svg, "DOCTYPE"));
	assert_null(strstr(svg, "Gnuplot"));
	assert_null(strstr(svg, "NT"));
	assert_non_null(strstr(svg, "<path id='F_1-w-gpPt1'/>\n<use xlink:href='#F_1-w-gpPt1'/>"));
	assert_non_null(strstr(svg, "<g id=\"F_1-w-gnuplot_plot_1\"><title>`touch /tmp/x`&#39;?; system"));
	assert_non_null(strstr(svg, "~0~ &lt;/text&gt;&amp;")); /* what is put in is not looked into */
	assert_non_null(strstr(svg, "<text>~99~ ~x~ ~</text>"));
	assert_null(strstr(svg, "color=\"black\""));
	free(svg);
	assert_int_equal(nt_drawing_finish(&drawing, "", &svg), -EBADMSG);
	assert_int_equal(nt_drawing_finish(&drawing, "<svg><g id=\"gnuplot_canvas\"> and nothing more", &svg),
			 -EBADMSG);
	nt_drawing_fini(&drawing);
	nt_palette_free(palette);
	nt_doc_fini(&d);
}

/* ---- the page ---- */

static char *page_of(const struct nt_document *d, const struct nt_figures *figures)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(nt_write_html(d, figures, out), 0);
	fclose(out);
	return text;
}

static void nothing_from_outside_is_a_tag(void **state)
{
	static char drawn[] = "<svg></svg>";
	struct nt_figure figure[2] = {{.wide = drawn, .narrow = drawn}, {.wide = NULL}};
	struct nt_figures figures = {.at = figure, .n = 2};
	struct nt_document d;
	char *page;

	(void)state;
	nt_doc_begin(&d, NT_LANG_EN);
	d.title = strdup("</title><script>");
	d.compared = strdup("<b>");
	d.compared_text = strdup("<b>");
	add_figure(&d, "F1", "<i>line", "b", 3);
	nt_doc_item(&d, "T3\"><i>", NT_DOC_TABLE, NT_MSG_TITLE_T1, NULL, 0);
	nt_doc_column_named(&d, "name", NT_DOC_TEXT, "<i>");
	nt_doc_column_named(&d, "time", NT_DOC_TIME, "time");
	nt_doc_column_named(&d, "day", NT_DOC_FLAG, "1/1");
	nt_doc_say(&d, NT_MSG_RANK_UP, (const struct nt_word[]){nt_word("line", "<i>\xff")}, 1);
	nt_doc_text(&d, "<i>&amp;");
	nt_doc_text(&d, "2022-07-01T13:05:59Z");
	nt_doc_number(&d, NAN);
	page = page_of(&d, &figures);
	assert_null(strstr(page, "<i>"));
	assert_null(strstr(page, "<script"));
	assert_null(strstr(page, "<b>"));
	assert_null(strchr(page, '\xff'));
	assert_non_null(strstr(page, "<td class=\"t w\" data-title=\"&lt;i&gt;\">&lt;i&gt;&amp;amp;</td>"));
	assert_non_null(strstr(page, "<time datetime=\"2022-07-01T13:05:59Z\"><span>2022-07-01</span> 13:05</time>"));
	assert_non_null(strstr(page, "<td class=\"f gap\" data-title=\"1/1\">?</td>"));
	assert_non_null(strstr(page, "<section id=\"T3___i_\""));
	assert_null(strstr(page, "http://"));
	free(page);
	nt_doc_fini(&d);
}

static void wide_tables_have_parts(void **state)
{
	struct nt_figure none = {.wide = NULL};
	struct nt_figures figures = {.at = &none, .n = 1};
	struct nt_document d;
	char *page, name[32];

	(void)state;
	nt_doc_begin(&d, NT_LANG_EN);
	d.title = strdup("t");
	d.compared = strdup("c");
	d.compared_text = strdup("c");
	nt_doc_item(&d, "sensors", NT_DOC_TABLE, NT_MSG_TITLE_SENSORS, NULL, 0);
	nt_doc_column(&d, "rank", NT_DOC_COUNT, NT_MSG_COL_RANK);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "sensor-%d", i);
		nt_doc_column_named(&d, name, NT_DOC_TEXT, name);
	}
	nt_doc_number(&d, 1);
	for (int i = 0; i < 100; i++)
		nt_doc_text(&d, "445/tcp");
	page = page_of(&d, &figures);
	assert_int_equal(count(page, "445/tcp"), 100);
	assert_int_equal(count(page, "<table"), count(page, ">rank</th>"));
	assert_int_equal(count(page, "<table"), 6);
	assert_non_null(strstr(page, "class=\"whole long\""));
	free(page);
	nt_doc_fini(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(texts_mean_themselves),
	    cmocka_unit_test(values_have_round_steps),
	    cmocka_unit_test(days_have_marks_that_find_room),
	    cmocka_unit_test(no_text_is_in_a_script),
	    cmocka_unit_test(missing_days_break_the_line),
	    cmocka_unit_test(days_without_any_line_are_shaded),
	    cmocka_unit_test(changes_are_marked_unless_they_are_many),
	    cmocka_unit_test(what_cannot_be_drawn_is_not),
	    cmocka_unit_test(things_keep_their_looks),
	    cmocka_unit_test(no_two_lines_look_the_same),
	    cmocka_unit_test(colours_are_seen_in_print),
	    cmocka_unit_test(pictures_can_stand_side_by_side),
	    cmocka_unit_test(nothing_from_outside_is_a_tag),
	    cmocka_unit_test(wide_tables_have_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lines.h"

#include "base/log.h"
#include "random.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file of lines: rotation, and every interval in it once whenever the process dies. */

#define HOUR_S	INT64_C(3600)
#define MINUTES 240
#define FILES	400

struct stage {
	char folder[64];
	char path[96];
	struct lines_options options;
};

static int set_up(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	strcpy(s->folder, "/tmp/needletail-lines-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	snprintf(s->path, sizeof(s->path), "%s/a.json", s->folder);
	s->options = (struct lines_options){.path = s->path, .sensor = "s", .keep = FILES};
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *s = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", s->folder);
	assert_int_equal(system(command), 0);
	free(s);
	return 0;
}

static struct lines *open_lines(const struct stage *s)
{
	struct lines *l = lines_open(&s->options);

	assert_non_null(l);
	assert_int_equal(lines_create(l), 0);
	return l;
}

/* An interval of a minute, with none to two events. */
static void render(struct lines *l, int minute)
{
	struct nt_snapshot snapshot;

	nt_snapshot_init(&snapshot);
	snapshot.start_s = minute * 60;
	snapshot.end_s = snapshot.start_s + 60;
	snapshot.frames = (uint64_t)minute * 1000003;
	for (int i = 0; i < minute % 3; i++) {
		struct nt_event event = {.type = NT_EVENT_SURGE, .start_s = minute * 60, .body = strdup("{\"a\":1}")};

		assert_int_equal(nt_snapshot_add_event(&snapshot, &event), 0);
	}
	assert_int_equal(lines_render(l, &snapshot), 1 + minute % 3);
	nt_snapshot_fini(&snapshot);
}

static void write_minute(struct lines *l, int minute)
{
	render(l, minute);
	lines_prepare(l);
	assert_int_equal(lines_write(l), 0);
}

static void numbered(const struct stage *s, int n, char name[static 128])
{
	if (n)
		snprintf(name, 128, "%s.%d", s->path, n);
	else
		snprintf(name, 128, "%s", s->path);
}

static bool exists(const struct stage *s, int n)
{
	char name[128];

	numbered(s, n, name);
	return !access(name, F_OK);
}

static char *content(const struct stage *s, int n)
{
	char name[128], *text;
	struct stat status;
	FILE *file;

	numbered(s, n, name);
	file = fopen(name, "r");
	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &status), 0);
	text = calloc(1, (size_t)status.st_size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)status.st_size, file), status.st_size);
	fclose(file);
	return text;
}

/* Asserts that a file holds whole intervals from *minute on, each with its events, and moves *minute behind them. */
static void check_file(const struct stage *s, int n, int *minute)
{
	char *text = content(s, n), *line = text, *end;
	int events = 0;

	for (; (end = strchr(line, '\n')); line = end + 1) {
		char head[128];

		*end = '\0';
		if (events) {
			assert_int_equal(strncmp(line, "{\"schema\":\"needletail-event/1\"", 30), 0);
			events--;
			continue;
		}
		snprintf(head, sizeof(head), "{\"schema\":\"needletail/1\",\"sensor\":\"s\",\"start\":%d,",
			 *minute * 60);
		if (strncmp(line, head, strlen(head)) != 0)
			fail_msg("file %d: %.80s and not minute %d", n, line, *minute);
		assert_int_equal(line[strlen(line) - 1], '}');
		events = *minute % 3;
		++*minute;
	}
	assert_string_equal(line, "");
	assert_int_equal(events, 0);
	free(text);
}

/* All files, oldest first, hold the minutes 0 to n - 1. Numbers may be missing between them. */
static void check_all(const struct stage *s, int n)
{
	int minute = 0;

	for (int i = FILES; i >= 0; i--)
		if (exists(s, i))
			check_file(s, i, &minute);
	assert_int_equal(minute, n);
}

static void a_file_ends_before_it_is_too_large(void **state)
{
	struct stage *s = *state;
	struct lines *l;
	int files = 0;

	s->options.rotate_bytes = 4000;
	l = open_lines(s);
	for (int i = 0; i < MINUTES; i++)
		write_minute(l, i);
	assert_int_equal(lines_close(l), 0);
	check_all(s, MINUTES);
	for (; exists(s, files); files++) {
		char *text = content(s, files);

		assert_in_range(strlen(text), files ? 2500 : 1, 4000);
		free(text);
	}
	assert_true(files > 20);
}

static void a_file_ends_with_its_hours(void **state)
{
	struct stage *s = *state;
	struct lines *l;
	int minute = 0;

	s->options.rotate_hours = 2;
	l = open_lines(s);
	for (int i = 0; i < 300; i++)
		write_minute(l, i);
	assert_int_equal(lines_close(l), 0);
	check_file(s, 2, &minute);
	assert_int_equal(minute, 120);
	check_file(s, 1, &minute);
	assert_int_equal(minute, 240);
	check_file(s, 0, &minute);
	assert_int_equal(minute, 300);
	assert_false(exists(s, 3));
}

static void an_interval_may_be_larger_than_a_file(void **state)
{
	struct stage *s = *state;
	struct lines *l;

	s->options.rotate_bytes = 10;
	s->options.keep = 3;
	l = open_lines(s);
	for (int i = 0; i < 10; i++)
		write_minute(l, i);
	assert_int_equal(lines_close(l), 0);
	for (int n = 0, minute = 9; n <= 3; n++, minute -= 2)
		check_file(s, n, &minute);
	assert_false(exists(s, 4)); /* the oldest went */
}

/* A name that is free is filled, and nothing that stands behind it moves. */
static void a_gap_is_filled(void **state)
{
	struct stage *s = *state;
	struct lines *l;
	char name[128], *text;
	FILE *file;

	s->options.rotate_bytes = 10;
	l = open_lines(s);
	for (int i = 0; i < 5; i++)
		write_minute(l, i);
	numbered(s, 2, name);
	assert_int_equal(unlink(name), 0);
	numbered(s, 3, name);
	file = fopen(name, "w");
	assert_non_null(file);
	fputs("mine", file);
	fclose(file);
	write_minute(l, 5);
	assert_int_equal(lines_close(l), 0);
	text = content(s, 3);
	assert_string_equal(text, "mine");
	free(text);
}

static void somebody_moves_it_away(void **state)
{
	struct stage *s = *state;
	struct lines *l = open_lines(s);
	char away[160];
	int minute = 0;

	for (int i = 0; i < 5; i++)
		write_minute(l, i);
	snprintf(away, sizeof(away), "%s.1", s->path);
	assert_int_equal(rename(s->path, away), 0);
	write_minute(l, 5); /* nobody has said so yet */
	assert_false(exists(s, 0));
	lines_reopen(l);
	write_minute(l, 6);
	assert_int_equal(lines_close(l), 0);
	check_file(s, 1, &minute);
	assert_int_equal(minute, 6);
	check_file(s, 0, &minute);
	assert_int_equal(minute, 7);
}

/* What a process wrote that is gone: the note it left, and which minute comes next. */
struct left {
	char note[LINES_NOTE];
	size_t length;
	int next;
};

static void take_note(const struct lines *l, struct left *left, int next)
{
	left->length = lines_note(l, left->note);
	left->next = next;
}

/* Some first bytes of a minute's lines, past the object that would know of them. */
static void write_part(const struct stage *s, int minute, size_t n)
{
	struct stage other = *s;
	struct lines *l;
	char *text, name[128];
	int fd;

	snprintf(other.path, sizeof(other.path), "%s/other", s->folder);
	other.options = (struct lines_options){.path = other.path, .sensor = "s"};
	l = open_lines(&other);
	assert_int_equal(lines_empty(l), 0);
	write_minute(l, minute);
	assert_int_equal(lines_close(l), 0);
	text = content(&other, 0);
	numbered(s, 0, name);
	fd = open(name, O_WRONLY | O_APPEND);
	assert_true(fd >= 0);
	n %= strlen(text) + 1;
	assert_int_equal(write(fd, text, n), n);
	close(fd);
	free(text);
}

/* A process that dies after some intervals, somewhere in the next one. */
static void live_and_die(const struct stage *s, struct left *left)
{
	int lives = (int)(next_random() % 9);
	struct lines *l = open_lines(s);
	bool noted = false;

	lines_recover(l, left->note, left->length);
	for (; lives > 0; lives--) {
		if (next_random() % 16 == 0)
			lines_reopen(l);
		render(l, left->next);
		if (lines_prepare(l) || !noted)
			take_note(l, left, left->next);
		noted = true;
		assert_int_equal(lines_write(l), 0);
		take_note(l, left, left->next + 1);
	}
	render(l, left->next);
	if (next_random() % 4) {
		bool changed = lines_prepare(l) || !noted;

		switch (next_random() % 3) {
		case 0: /* before the note of another file */
			break;
		case 1:
			if (changed)
				take_note(l, left, left->next);
			assert_int_equal(lines_write(l), 0);
			break;
		default:
			if (changed)
				take_note(l, left, left->next);
			write_part(s, left->next, next_random());
			break;
		}
	}
	assert_int_equal(lines_close(l), 0);
}

static void no_log(enum nt_log_level level, const char *line)
{
	(void)level;
	(void)line;
}

static void every_interval_once(void **state)
{
	struct stage *s = *state;

	nt_log_set_sink(no_log);
	for (int run = 0; run < 60; run++) {
		struct left left = {.length = 0};
		char command[128];

		s->options.rotate_bytes = run % 3 ? 3000 : 0;
		s->options.rotate_hours = run % 2;
		while (left.next < MINUTES)
			live_and_die(s, &left);
		{
			struct lines *l = open_lines(s);

			lines_recover(l, left.note, left.length);
			write_minute(l, left.next);
			assert_int_equal(lines_close(l), 0);
		}
		check_all(s, left.next + 1);
		snprintf(command, sizeof(command), "rm -f %s*", s->path);
		assert_int_equal(system(command), 0);
	}
}

/* Whoever else wrote to the file keeps what is his. */
static void lines_of_others_stay(void **state)
{
	struct stage *s = *state;
	struct lines *l = open_lines(s);
	struct left left;
	int minute = 0;

	write_minute(l, 0);
	take_note(l, &left, 1);
	write_minute(l, 1);
	write_minute(l, 2);
	assert_int_equal(lines_close(l), 0);
	l = open_lines(s);
	lines_recover(l, left.note, left.length);
	write_minute(l, 3);
	assert_int_equal(lines_close(l), 0);
	check_file(s, 0, &minute);
	assert_int_equal(minute, 4);
}

static void broken_notes_are_no_notes(void **state)
{
	static const char *const note[] = {"", "1", "2 3 4 0 0 x", "1 x", "1 1 1 1 1", "1 0 0 0 0 /x"};
	struct stage *s = *state;
	struct lines *l = open_lines(s);
	int minute = 0;

	for (size_t i = 0; i < sizeof(note) / sizeof(note[0]); i++)
		lines_recover(l, note[i], strlen(note[i]));
	write_minute(l, 0);
	assert_int_equal(lines_close(l), 0);
	check_file(s, 0, &minute);
	assert_int_equal(minute, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_file_ends_before_it_is_too_large),
	    TEST(a_file_ends_with_its_hours),
	    TEST(an_interval_may_be_larger_than_a_file),
	    TEST(a_gap_is_filled),
	    TEST(somebody_moves_it_away),
	    TEST(every_interval_once),
	    TEST(lines_of_others_stay),
	    TEST(broken_notes_are_no_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

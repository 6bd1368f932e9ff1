/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands.h"
#include "options.h"
#include "top_data.h"
#include "top_page.h"
#include "top_screen.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/parse.h"
#include "needletail/errors.h"

#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS     2000
#define INTERVAL_S     2
#define INTERVAL_MAX_S 3600
#define ONCE_ROWS      40
#define COLUMNS_MAX    500

/* Where no sensor has told of a newer interval the tables are the same. An interval's numbers come one after the other,
 * so they are looked at some times after it was told of, and now and then in any case. */
#define LOOKS	     3
#define LOOK_AGAIN_S 30

/* Keys wait no longer than that for a signal that came between two looks. */
#define TICK_MS 200

static const char help[] =
    "usage: needletail top --redis URL [options]\n"
    "\n"
    "Shows what sensors count, as they write it into Redis: rates, ports, regions, backscatter, signatures, events.\n"
    "In the screen, h tells of the keys and q quits.\n"
    "\n"
    "      --redis URL           redis://[user[:password]@]host[:port][/db] or unix://[user[:password]@]/path[?db=N]\n"
    "      --password-file FILE  password of the server, in a file that nobody else can read\n"
    "      --sensor NAME         begin with this sensor (default: all together)\n"
    "      --interval SECONDS    look for new data so often, 1 to 3600 (default 2)\n"
    "      --once                print to standard output and exit; as wide as COLUMNS says, at least 80\n";

enum option_id { OPT_REDIS = 256, OPT_PASSWORD_FILE, OPT_SENSOR, OPT_INTERVAL, OPT_ONCE };

static const struct option options_table[] = {
    {"redis", required_argument, NULL, OPT_REDIS},
    {"password-file", required_argument, NULL, OPT_PASSWORD_FILE},
    {"sensor", required_argument, NULL, OPT_SENSOR},
    {"interval", required_argument, NULL, OPT_INTERVAL},
    {"once", no_argument, NULL, OPT_ONCE},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct top {
	struct nt_redis_url url;
	bool has_url;
	const char *password_file;
	const char *sensor; /* NULL: all */
	uint32_t interval_s;
	bool once;

	struct nt_get *get;
	char where[NT_REDIS_URL_TEXT];
	struct nt_get_sensors sensors;
	size_t chosen;			   /* sensors.n: all together */
	char chosen_name[NT_NAME_MAX + 1]; /* "": all together; the list may change under it */
	enum top_span span;
	bool by_sources;
	bool help;
	bool utf8;
	bool checked; /* the sensor that was asked for was there once */
	bool unknown; /* or it was not */
	bool has_data;
	bool trouble;
	struct top_data data;
	uint64_t seen;	/* what the data were read of */
	uint32_t looks; /* how often they were read of it */
	uint64_t looked_ns;
};

static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
	stopped = signal_number;
}

/* ---- options ---- */

static int set_interval(struct top *t, const char *value)
{
	uint64_t seconds;

	if (nt_parse_u64(value, 1, INTERVAL_MAX_S, &seconds))
		return options_bad_value("interval", value, "must be seconds, 1 to 3600");
	t->interval_s = (uint32_t)seconds;
	return 0;
}

static int set_option(struct top *t, int id, const char *value)
{
	switch (id) {
	case OPT_REDIS:
		t->has_url = true;
		return options_redis(value, &t->url);
	case OPT_PASSWORD_FILE:
		t->password_file = value;
		return 0;
	case OPT_SENSOR:
		t->sensor = value;
		return nt_name_valid(value)
			   ? 0
			   : options_bad_value("sensor", value, "a name is 1 to 64 of A-Z a-z 0-9 . _ -");
	case OPT_INTERVAL:
		return set_interval(t, value);
	case OPT_ONCE:
		t->once = true;
		return 0;
	default:
		return -EINVAL; /* getopt has named it */
	}
}

/* Positive: help was asked for. */
static int parse(struct top *t, int argc, char **argv)
{
	int id, err = 0;

	while (!err && (id = getopt_long(argc, argv, "h", options_table, NULL)) != -1) {
		if (id == 'h')
			return 1;
		err = set_option(t, id, optarg);
	}
	if (err)
		return err;
	if (optind < argc) {
		nt_error("top: %s: nothing is expected here, see needletail top --help", argv[optind]);
		return -EINVAL;
	}
	if (!t->has_url) {
		nt_error("top: --redis URL is missing, see needletail top --help");
		return -EINVAL;
	}
	return t->password_file ? options_password(t->password_file, &t->url) : 0;
}

/* ---- data ---- */

/* The sensor of that name in the list as it is now. Returns -ENOENT if it is not there. */
static int find_chosen(struct top *t)
{
	t->chosen = 0;
	while (t->chosen < t->sensors.n && strcmp(t->sensors.at[t->chosen].name, t->chosen_name) != 0)
		t->chosen++;
	return t->chosen < t->sensors.n || !t->chosen_name[0] ? 0 : -ENOENT;
}

static int read_sensors(struct top *t)
{
	const struct nt_get_choice all = {0};
	struct nt_get_sensors sensors;
	int err = nt_get_sensors(t->get, &all, &sensors);

	if (err)
		return err;
	nt_get_sensors_fini(&t->sensors);
	t->sensors = sensors;
	err = find_chosen(t);
	t->unknown = err && !t->checked;
	if (t->unknown)
		return err;
	t->checked = true;
	if (err)
		t->chosen_name[0] = '\0'; /* somebody deleted it */
	if (t->sensors.n == 1)
		t->chosen = 0;
	return 0;
}

static int read_data(struct top *t)
{
	const struct nt_get_sensors one = {.at = t->chosen < t->sensors.n ? &t->sensors.at[t->chosen] : NULL, .n = 1};
	struct top_data data;
	int err = top_data_read(t->get, one.at ? &one : &t->sensors, t->span, &data);

	if (err)
		return err;
	if (t->has_data)
		top_data_fini(&t->data);
	t->data = data;
	t->has_data = true;
	return 0;
}

/* A number that is another one when the page is of something else. */
static uint64_t what_is_there(const struct top *t)
{
	uint64_t sum = (uint64_t)t->span;

	for (size_t i = 0; i < t->sensors.n; i++)
		sum = sum * 31 + (uint64_t)t->sensors.at[i].last_s;
	return sum * 31 + t->chosen;
}

static bool is_known(struct top *t)
{
	uint64_t there = what_is_there(t), now_ns = nt_clock_monotonic_ns();

	if (there != t->seen)
		t->looks = 0;
	t->seen = there;
	return t->has_data && t->looks >= LOOKS && now_ns - t->looked_ns < LOOK_AGAIN_S * (uint64_t)NT_SECOND_NS;
}

static void refresh(struct top *t)
{
	int err = read_sensors(t);

	if (!err && !is_known(t)) {
		err = read_data(t);
		t->looks++;
		t->looked_ns = nt_clock_monotonic_ns();
	}
	t->trouble = err != 0;
	if (err)
		t->looks = 0;
}

/* ---- once ---- */

static int columns_wanted(void)
{
	const char *text = getenv("COLUMNS");
	uint64_t columns;

	if (!text || nt_parse_u64(text, 1, COLUMNS_MAX, &columns))
		return TOP_COLUMNS_MIN;
	return columns < TOP_COLUMNS_MIN ? TOP_COLUMNS_MIN : (int)columns;
}

static void fill(const struct top *t, struct top_canvas *c, bool keys)
{
	const struct top_view view = {
	    .now_s = nt_clock_now().s,
	    .by_sources = t->by_sources,
	    .help = t->help,
	    .keys = keys,
	    .trouble = t->trouble ? nt_get_why(t->get) : NULL,
	    .where = t->where,
	};

	top_page(c, t->has_data ? &t->data : NULL, &view);
}

/* Of a cluster it may be another node than that of the URL. */
static void say_failure(const struct top *t)
{
	char where[NT_REDIS_URL_TEXT];

	nt_get_where(t->get, where);
	nt_error("%s: %s", where, nt_get_why(t->get));
}

static int print_once(struct top *t)
{
	struct top_canvas c;
	int err;

	if (!t->sensors.n) {
		nt_error("%s: no sensor has written here yet", t->where);
		return -ENOENT;
	}
	err = read_data(t);
	if (err) {
		say_failure(t);
		return err;
	}
	err = top_canvas_init(&c, ONCE_ROWS, columns_wanted(), t->utf8);
	if (err)
		return err;
	fill(t, &c, false);
	err = top_canvas_write(&c, stdout);
	top_canvas_fini(&c);
	return err;
}

/* ---- the screen ---- */

static void draw(struct top *t)
{
	struct top_canvas c;
	int rows, columns;

	top_screen_size(&rows, &columns);
	if (top_canvas_init(&c, rows, columns, t->utf8))
		return; /* the old page stays */
	fill(t, &c, true);
	top_screen_draw(&c);
	top_canvas_fini(&c);
}

/* Behind the last sensor come all together, then the first. */
static void choose(struct top *t, size_t chosen)
{
	t->chosen = chosen;
	snprintf(t->chosen_name, sizeof(t->chosen_name), "%s", chosen < t->sensors.n ? t->sensors.at[chosen].name : "");
}

/* Returns true if other data are wanted. */
static bool turn(struct top *t, enum top_key key, int character)
{
	size_t all = t->sensors.n + 1;

	if (key == TOP_KEY_NEXT || key == TOP_KEY_PREVIOUS) {
		choose(t, (t->chosen + (key == TOP_KEY_NEXT ? 1 : all - 1)) % all);
		return true;
	}
	switch (character) {
	case 'a':
		choose(t, t->sensors.n);
		return true;
	case 't':
		t->span = t->span == TOP_DAY ? TOP_HOUR : TOP_DAY;
		return true;
	case 's':
		t->by_sources = !t->by_sources;
		return false;
	case 'h':
	case '?':
		t->help = !t->help;
		return false;
	default:
		return false;
	}
}

static void watch(struct top *t)
{
	uint64_t next_ns = 0;

	while (!stopped && !t->unknown) {
		enum top_key key;
		int character;

		if (nt_clock_monotonic_ns() >= next_ns) {
			refresh(t);
			next_ns = nt_clock_monotonic_ns() + t->interval_s * (uint64_t)NT_SECOND_NS;
		}
		draw(t);
		key = top_screen_key(TICK_MS, &character);
		if (key == TOP_KEY_GONE || (key == TOP_KEY_OTHER && character == 'q'))
			return;
		if (key != TOP_KEY_NONE && key != TOP_KEY_RESIZE && turn(t, key, character))
			next_ns = 0;
	}
}

/* With the nearest name that there is. */
static int say_unknown(struct top *t)
{
	const struct nt_get_choice wanted = {.name = &t->sensor, .names = 1};
	struct nt_get_sensors found;

	if (nt_get_sensors(t->get, &wanted, &found))
		nt_error("%s: %s", t->where, nt_get_why(t->get));
	else
		nt_get_sensors_fini(&found);
	return NT_EXIT_FAILED;
}

static int show(struct top *t)
{
	const struct sigaction action = {.sa_handler = stop};
	const char *why;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	if (top_screen_open(&why)) {
		nt_error("top: %s", why);
		return NT_EXIT_UNUSABLE;
	}
	watch(t);
	top_screen_close();
	return t->unknown ? say_unknown(t) : NT_EXIT_OK;
}

/* ---- all of it ---- */

/* What may be over in a while, so that it is waited for. */
static bool may_pass(int err)
{
	return err != -EACCES && err != -EINVAL && err != -EPROTO && err != -ENOMEM;
}

static int run(struct top *t)
{
	int err;

	snprintf(t->chosen_name, sizeof(t->chosen_name), "%s", t->sensor ? t->sensor : "");
	err = read_sensors(t);
	if (t->unknown)
		return say_unknown(t);
	if (err && (t->once || !may_pass(err))) {
		say_failure(t);
		return NT_EXIT_FAILED;
	}
	if (t->once)
		return print_once(t) ? NT_EXIT_FAILED : NT_EXIT_OK;
	return show(t);
}

int cmd_top(int argc, char **argv)
{
	static char name[] = "needletail: top"; /* getopt's messages begin like ours */
	struct top t = {.interval_s = INTERVAL_S, .span = TOP_DAY};
	int status = NT_EXIT_UNUSABLE, parsed;

	argv[0] = name;
	parsed = parse(&t, argc, argv);
	if (parsed)
		return parsed < 0 ? NT_EXIT_UNUSABLE : printf("%s", help) < 0 ? NT_EXIT_FAILED : NT_EXIT_OK;
	setlocale(LC_CTYPE, "");
	t.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	nt_redis_url_text(&t.url, t.where);
	t.get = nt_get_new(&t.url, TIMEOUT_MS);
	if (t.get)
		status = run(&t);
	else
		nt_error("top: %s", strerror(errno));
	explicit_bzero(&t.url, sizeof(t.url));
	nt_get_sensors_fini(&t.sensors);
	if (t.has_data)
		top_data_fini(&t.data);
	nt_get_free(t.get);
	return status;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "cmd_report_parts.h"
#include "options.h"

#include "base/log.h"
#include "base/parse.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GROUP_DEFAULT  "domestic"
#define REGION_DEFAULT "JP"
#define PERIOD_DAYS    366

/* A double holds every whole number up to here. */
#define THRESHOLD_MOST (UINT64_C(1) << 53)

enum option_id {
	OPT_REDIS = 256,
	OPT_PASSWORD_FILE,
	OPT_QUARTER,
	OPT_FROM,
	OPT_TO,
	OPT_COMPARE_TO,
	OPT_LANG,
	OPT_SENSORS,
	OPT_GROUP,
	OPT_FOCUS_REGION,
	OPT_SENDERS,
	OPT_TRACES,
	OPT_THRESHOLD,
	OPT_LABELS,
	OPT_PSEUDONYMS,
	OPT_FORMAT
};

static const struct option options_table[] = {
    {"redis", required_argument, NULL, OPT_REDIS},
    {"password-file", required_argument, NULL, OPT_PASSWORD_FILE},
    {"quarter", required_argument, NULL, OPT_QUARTER},
    {"from", required_argument, NULL, OPT_FROM},
    {"to", required_argument, NULL, OPT_TO},
    {"compare-to", required_argument, NULL, OPT_COMPARE_TO},
    {"lang", required_argument, NULL, OPT_LANG},
    {"sensors", required_argument, NULL, OPT_SENSORS},
    {"group", required_argument, NULL, OPT_GROUP},
    {"focus-region", required_argument, NULL, OPT_FOCUS_REGION},
    {"senders", required_argument, NULL, OPT_SENDERS},
    {"traces", required_argument, NULL, OPT_TRACES},
    {"threshold", required_argument, NULL, OPT_THRESHOLD},
    {"labels", required_argument, NULL, OPT_LABELS},
    {"pseudonyms", no_argument, NULL, OPT_PSEUDONYMS},
    {"format", required_argument, NULL, OPT_FORMAT},
    {"output", required_argument, NULL, 'o'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* What is put together when all options are known. */
struct raw {
	struct report_options *o;
	bool has_url;
	bool has_quarter;
	bool has_from;
	bool has_to;
	bool has_compare;
	bool has_group;
	uint32_t seen; /* a bit for each row of the table of options */
	int64_t from_day;
	int64_t to_day;
};

static int set_quarter(struct raw *raw, const char *value)
{
	raw->has_quarter = true;
	if (!strchr(value, '/') && !nt_period_parse(value, &raw->o->wanted.period))
		return 0;
	return options_bad_value("quarter", value, "no such quarter; it is a year, Q and 1 to 4, such as 2022Q3");
}

static int set_day(const char *option, const char *value, bool *has, int64_t *day)
{
	*has = true;
	if (!nt_day_parse(value, day))
		return 0;
	return options_bad_value(option, value, "no such date; it is written 2022-07-01");
}

static int set_compare(struct raw *raw, const char *value)
{
	raw->has_compare = true;
	if (!nt_period_parse(value, &raw->o->wanted.compare))
		return 0;
	return options_bad_value("compare-to", value, "is a quarter, 2022Q2, or two dates, 2022-04-01/2022-06-30");
}

static int set_lang(struct report_options *o, const char *value)
{
	for (unsigned int i = 0; i < NT_LANGS; i++)
		if (!strcmp(value, nt_lang_code[i])) {
			o->lang = (enum nt_lang)i;
			return 0;
		}
	return options_bad_value("lang", value, "must be ja or en");
}

/* Names between commas. */
static int set_sensors(struct report_options *o, const char *value)
{
	char *rest = NULL;

	o->sensor_list = strdup(value);
	o->wanted.choice.name = o->sensor;
	if (!o->sensor_list)
		return -ENOMEM;
	for (char *name = strtok_r(o->sensor_list, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
		if (!nt_name_valid(name))
			return options_bad_value("sensors", name, "a name is 1 to 64 of A-Z a-z 0-9 . _ -");
		if (o->wanted.choice.names == REPORT_SENSORS_MAX)
			return options_bad_value("sensors", name, "more than 256 names");
		o->sensor[o->wanted.choice.names++] = name;
	}
	return o->wanted.choice.names ? 0 : options_bad_value("sensors", value, "names no sensor");
}

static bool is_region(const char *value)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

	return strlen(value) == 2 && strspn(value, allowed) == 2;
}

static int set_region(const char *option, const char *value, const char **region)
{
	*region = value;
	return is_region(value) ? 0 : options_bad_value(option, value, "a region is two letters, such as JP");
}

/* "JP:2022-09-01/2022-09-10" */
static int set_senders(struct report_options *o, const char *value)
{
	struct nt_report_wanted *w = &o->wanted;
	struct nt_report_window *window = &w->senders[w->sender_tables];

	if (w->sender_tables == NT_REPORT_SENDER_TABLES)
		return options_bad_value("senders", value, "there are four tables of senders");
	snprintf(window->region, sizeof(window->region), "%.*s", (int)strcspn(value, ":"), value);
	if (!is_region(window->region) || value[2] != ':' || !strchr(value, '/') ||
	    nt_period_parse(value + 3, &window->days) ||
	    window->days.last_day - window->days.first_day >= NT_REPORT_SENDER_DAYS)
		return options_bad_value("senders", value, "is a region and at most 31 days: JP:2022-09-01/2022-09-10");
	w->sender_tables++;
	return 0;
}

static int set_formats(struct report_options *o, const char *value)
{
	static const struct {
		const char *name;
		enum report_format format;
	} known[] = {{"md", REPORT_MD},	  {"json", REPORT_JSON}, {"csv", REPORT_CSV},  {"html", REPORT_HTML},
		     {"pdf", REPORT_PDF}, {"svg", REPORT_SVG},	 {"misp", REPORT_MISP}};
	const size_t n = sizeof(known) / sizeof(known[0]);

	while (*value) {
		size_t length = strcspn(value, ","), i = 0;

		while (i < n && (strlen(known[i].name) != length || strncmp(known[i].name, value, length) != 0))
			i++;
		if (i == n)
			return options_bad_value(
			    "format", value, "must be md, html, pdf, json, csv, svg or misp, or several with commas");
		o->formats |= known[i].format;
		value += length + (value[length] == ',');
	}
	return 0;
}

static int set_option(struct raw *raw, int id, const char *value)
{
	struct report_options *o = raw->o;

	switch (id) {
	case OPT_REDIS:
		raw->has_url = true;
		return options_redis(value, &o->url);
	case OPT_PASSWORD_FILE:
		o->password_file = value;
		return 0;
	case OPT_QUARTER:
		return set_quarter(raw, value);
	case OPT_FROM:
		return set_day("from", value, &raw->has_from, &raw->from_day);
	case OPT_TO:
		return set_day("to", value, &raw->has_to, &raw->to_day);
	case OPT_COMPARE_TO:
		return set_compare(raw, value);
	case OPT_LANG:
		return set_lang(o, value);
	case OPT_SENSORS:
		return set_sensors(o, value);
	case OPT_GROUP:
		raw->has_group = true;
		o->wanted.choice.group = value;
		return 0;
	case OPT_FOCUS_REGION:
		return set_region("focus-region", value, &o->wanted.region);
	case OPT_SENDERS:
		return set_senders(o, value);
	case OPT_TRACES:
		return set_region("traces", value, &o->wanted.traces);
	case OPT_THRESHOLD:
		return options_number("threshold", value, 1, THRESHOLD_MOST, &o->wanted.threshold);
	case OPT_LABELS:
		o->labels = value;
		return 0;
	case OPT_PSEUDONYMS:
		o->pseudonyms = true;
		return 0;
	case OPT_FORMAT:
		return set_formats(o, value);
	case 'o':
		o->folder = value;
		return 0;
	default:
		return -EINVAL; /* getopt has named it */
	}
}

/* Two quarters, or two folders, are a slip: none of them is taken silently. */
static int note(struct raw *raw, int id)
{
	uint32_t bit = 1;

	for (const struct option *row = options_table; row->name; row++, bit <<= 1) {
		if (row->val != id)
			continue;
		if (raw->seen & bit && id != OPT_SENDERS) {
			nt_error("report: --%s is given twice", row->name);
			return -EINVAL;
		}
		raw->seen |= bit;
	}
	return 0;
}

/* ---- all of them together ---- */

static int refuse(const char *why)
{
	nt_error("report: %s, see needletail report --help", why);
	return -EINVAL;
}

static int choose_period(struct raw *raw)
{
	struct nt_report_wanted *w = &raw->o->wanted;

	if (raw->has_quarter && (raw->has_from || raw->has_to))
		return refuse("--quarter and --from, --to exclude each other");
	if (!raw->has_quarter && !(raw->has_from && raw->has_to))
		return refuse("say --quarter, or --from and --to");
	if (!raw->has_quarter && nt_period_between(raw->from_day, raw->to_day, &w->period))
		return refuse("--to is a day before --from");
	if (w->period.last_day - w->period.first_day >= PERIOD_DAYS)
		return refuse("--from and --to are more than 366 days apart");
	if (!raw->has_compare)
		w->compare = nt_period_before(&w->period);
	return 0;
}

static int choose_sensors(struct raw *raw)
{
	struct nt_get_choice *choice = &raw->o->wanted.choice;

	if (raw->has_group && choice->names)
		return refuse("--group and --sensors exclude each other");
	if (!raw->has_group && !choice->names)
		choice->group = GROUP_DEFAULT;
	return 0;
}

static int complete(struct raw *raw)
{
	struct report_options *o = raw->o;
	int err = choose_period(raw);

	if (!err)
		err = choose_sensors(raw);
	if (err)
		return err;
	if (!raw->has_url)
		return refuse("--redis URL is missing");
	if (!o->formats)
		o->formats = REPORT_MD;
	if (!o->folder && (o->formats & (REPORT_CSV | REPORT_SVG) || o->formats & (o->formats - 1)))
		return refuse("csv, svg, and more than one format, need a folder: -o DIR");
	if (!o->folder && o->formats & REPORT_PDF && isatty(STDOUT_FILENO))
		return refuse("pdf is nothing for a terminal: say -o DIR, or > FILE");
	if (o->pseudonyms && o->formats & REPORT_MISP)
		return refuse("--format misp tells addresses, which --pseudonyms leaves out");
	return o->password_file ? options_password(o->password_file, &o->url) : 0;
}

/* What the user's environment says, as gettext reads it. */
static enum nt_lang usual_lang(void)
{
	static const char *const variable[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < sizeof(variable) / sizeof(variable[0]); i++) {
		const char *value = getenv(variable[i]);

		if (value && *value)
			return strncmp(value, "ja", 2) ? NT_LANG_EN : NT_LANG_JA;
	}
	return NT_LANG_EN;
}

int report_options_read(int argc, char **argv, struct report_options *o)
{
	struct raw raw = {.o = o};
	int id, err = 0;

	*o = (struct report_options){.lang = usual_lang()};
	o->wanted.region = REGION_DEFAULT;
	while (!err && (id = getopt_long(argc, argv, "ho:", options_table, NULL)) != -1) {
		o->help |= id == 'h';
		if (o->help)
			return 0;
		err = note(&raw, id);
		if (!err)
			err = set_option(&raw, id, optarg);
	}
	if (err)
		return err;
	if (optind < argc) {
		nt_error("report: %s: nothing is expected here, see needletail report --help", argv[optind]);
		return -EINVAL;
	}
	return complete(&raw);
}

void report_options_fini(struct report_options *o)
{
	explicit_bzero(&o->url, sizeof(o->url));
	free(o->sensor_list);
}

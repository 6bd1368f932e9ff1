/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands.h"
#include "complete.h"
#include "options.h"
#include "replay.h"

#include "base/log.h"
#include "base/parse.h"
#include "needletail/errors.h"
#include "redis/url.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORKERS_MAX 64
#define DAY_S	    86400
#define HOUR_S	    3600

static const char help[] =
    "usage: needletail replay [options] CAPTURE...\n"
    "\n"
    "Counts captures (pcap, pcapng; - is standard input), several merged by time, and writes one line of JSON\n"
    "an interval. Without --json and --redis the lines go to standard output.\n"
    "\n"
    "  -c, --config FILE       take settings from a configuration file; options come after it\n"
    "      --json FILE|-       write JSON lines to FILE or standard output\n"
    "      --redis URL         redis://[user[:password]@]host[:port][/db] or unix://[user[:password]@]/path[?db=N]\n"
    "      --add               add to what the sensor already holds in Redis\n"
    "      --sensor NAME       sensor's name (default: host name)\n"
    "      --interval S|all    seconds, a divisor of 86400 and with --redis of 3600 (default 60); all: one interval\n"
    "      --country FILE      country database, MMDB\n"
    "      --asn FILE          AS database, MMDB\n"
    "      --workers N         worker lcores, 1 to 64 (default 1)\n";

enum option_id { OPT_JSON = 256, OPT_REDIS, OPT_ADD, OPT_SENSOR, OPT_INTERVAL, OPT_COUNTRY, OPT_ASN, OPT_WORKERS };

static const struct option options_table[] = {
    {"config", required_argument, NULL, 'c'},
    {"help", no_argument, NULL, 'h'},
    {"json", required_argument, NULL, OPT_JSON},
    {"redis", required_argument, NULL, OPT_REDIS},
    {"add", no_argument, NULL, OPT_ADD},
    {"sensor", required_argument, NULL, OPT_SENSOR},
    {"interval", required_argument, NULL, OPT_INTERVAL},
    {"country", required_argument, NULL, OPT_COUNTRY},
    {"asn", required_argument, NULL, OPT_ASN},
    {"workers", required_argument, NULL, OPT_WORKERS},
    {NULL, 0, NULL, 0},
};

/* An empty name is rather a variable that was not set than "none". */
static int set_path(char **text, const char *option, const char *value)
{
	return *value ? config_set_text(text, value)
		      : options_bad_value(option, value, "the name of a file is missing");
}

static int set_interval(struct replay_options *o, const char *value)
{
	uint64_t seconds;

	o->one_interval = !strcmp(value, "all");
	if (o->one_interval)
		return 0;
	if (nt_parse_u64(value, 1, DAY_S, &seconds) || DAY_S % seconds)
		return options_bad_value("interval", value, "must be all, or seconds that divide 86400");
	o->config.interval_s = (uint32_t)seconds;
	return 0;
}

static int set_workers(struct replay_options *o, const char *value)
{
	uint64_t workers = 0;
	int err = options_number("workers", value, 1, WORKERS_MAX, &workers);

	o->config.workers = (uint32_t)workers;
	return err;
}

static int set_sensor(struct replay_options *o, const char *value)
{
	if (!nt_name_valid(value))
		return options_bad_value("sensor", value, "a name is 1 to 64 of A-Z a-z 0-9 . _ -");
	return config_set_text(&o->config.sensor, value);
}

static int set_redis(struct replay_options *o, const char *value)
{
	struct nt_redis_url url;
	const char *why;

	if (nt_redis_url_parse(value, &url, &why)) {
		nt_error("--redis: %s", why); /* without the URL: it may hold a password */
		return -EINVAL;
	}
	return config_set_text(&o->config.redis.url, value);
}

static int set_option(struct replay_options *o, int id, const char *value)
{
	switch (id) {
	case 'c':
		return 0; /* read before the others */
	case OPT_JSON:
		return set_path(&o->config.json, "json", value);
	case OPT_REDIS:
		return set_redis(o, value);
	case OPT_ADD:
		o->add = true;
		return 0;
	case OPT_SENSOR:
		return set_sensor(o, value);
	case OPT_INTERVAL:
		return set_interval(o, value);
	case OPT_COUNTRY:
		return set_path(&o->config.geo.country, "country", value);
	case OPT_ASN:
		return set_path(&o->config.geo.asn, "asn", value);
	case OPT_WORKERS:
		return set_workers(o, value);
	default:
		return -EINVAL; /* getopt has named it */
	}
}

static int check_together(struct replay_options *o)
{
	bool redis = *o->config.redis.url;

	if (redis && o->one_interval)
		return options_bad_value("interval", "all", "not with --redis");
	if (redis && HOUR_S % o->config.interval_s) {
		nt_error("--interval %u: with --redis it must divide 3600", o->config.interval_s);
		return -EINVAL;
	}
	if (!redis && o->add) {
		nt_error("--add: it adds to what is in Redis, and there is no --redis");
		return -EINVAL;
	}
	return complete_config(&o->config);
}

/* Positive: help was asked for. */
static int parse(struct replay_options *o, int argc, char **argv)
{
	int id, err = options_read_config(argc, argv, options_table, &o->config);

	while (!err && (id = getopt_long(argc, argv, "c:h", options_table, NULL)) != -1) {
		if (id == 'h')
			return 1;
		err = set_option(o, id, optarg);
	}
	if (err)
		return err;
	o->paths = argv + optind;
	o->n = (size_t)(argc - optind);
	if (!o->n) {
		nt_error("replay: no capture given, see needletail replay --help");
		return -EINVAL;
	}
	if (!o->config.workers)
		o->config.workers = 1;
	return check_together(o);
}

int cmd_replay(int argc, char **argv)
{
	struct replay_options options = {0};
	int status = NT_EXIT_UNUSABLE, parsed;

	argv[0] = (char[]){"needletail: replay"}; /* getopt's messages begin like ours */
	if (nt_config_defaults(&options.config))
		return NT_EXIT_FAILED;
	parsed = parse(&options, argc, argv);
	if (parsed > 0)
		status = printf("%s", help) < 0 ? NT_EXIT_FAILED : NT_EXIT_OK;
	else if (!parsed)
		status = replay(&options);
	nt_config_fini(&options.config);
	return status;
}

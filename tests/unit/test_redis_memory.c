/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/config.h"
#include "redis_fixture.h"
#include "worst.h"

#include <inttypes.h>
#include <stdio.h>

/*
 * With the default configuration all that Redis keeps of a sensor that is always at its worst stays below 512 MiB. Here
 * is one bucket of each kind and age, as full as it may be, weighed and multiplied; tests/bench/bench_redis_years.c
 * writes all of them.
 */

#define QUARTER INT64_C(1656633600) /* 2022-07-01 00:00 UTC */
#define DAY_S	86400
#define KIB	1024
#define MIB	1048576

/* Everything that a quarter, its first day and its first hour can hold. */
static const struct worst everything = {
    .sources = 30,
    .backscatter = 12,
    .backscatter_ports = 300,
    .ports = 65536,
    .windows = 65536,
    .icmp = 5000,
    .asn = 75000,
    .region_ports = 120000,
    .signature_ports = 3000,
    .seen = 10000000,
    .names = 4096,
    .orgs = 75000,
    .packets = 1000000,
};

/* More sources of each region than an open day has room for. */
static const struct worst crowd = {.sources = 400, .backscatter = 600, .packets = 1000};

/* A minute's own bucket. */
static const struct worst minute = {
    .ports = 120,
    .windows = 200,
    .icmp = 200,
    .asn = 200,
    .region_ports = 200,
    .signature_ports = 200,
    .packets = 20000,
};

/* Nothing but the time. */
static const struct worst nothing = {0};

static void write_at(struct fixture *f, const struct worst *w, int64_t start_s)
{
	struct nt_snapshot s;

	worst_make(&s, w, start_s, 60);
	assert_int_equal(nt_spool_push(f->spool, &s), 0);
	fixture_publish(f);
	nt_spool_set_applied(f->spool, NT_SINK_REDIS, nt_spool_end(f->spool));
}

/* Bytes of the keys that match and live at least so many days; 64 bytes for what MEMORY USAGE leaves out of a key: its
 * place in the table of keys and in that of lifetimes. */
static double weigh(struct fixture *f, const char *pattern, int64_t start_s, int days)
{
	static const char *const script =
	    "local bytes = 0\n"
	    "for _, key in ipairs(redis.call('KEYS', 'nt:{s}:' .. ARGV[1])) do\n"
	    "	if redis.call('TTL', key) >= tonumber(ARGV[2]) then\n"
	    "		bytes = bytes + redis.call('MEMORY', 'USAGE', key, 'SAMPLES', 0) + 64\n"
	    "	end\n"
	    "end\n"
	    "return bytes";
	char keys[64];

	snprintf(keys, sizeof(keys), pattern, start_s);
	return (double)redis_server_number(&f->server, "EVAL %s 0 %s %d", script, keys, days * DAY_S);
}

struct share {
	const char *what;
	double buckets;
	double kib; /* of one, at most: what was measured and a tenth */
};

enum {
	MINUTE,
	HOUR,
	OLD_HOUR,
	HOUR_HLL,
	DAY,
	OLD_DAY,
	OLDER_DAY,
	NEW_QUARTER,
	OLD_QUARTER,
	OPEN_HOUR,
	OPEN_DAY,
	OPEN_QUARTER,
	SENSOR,
	SHARES
};

/* As many as the default configuration keeps. */
static const struct share share[SHARES] = {
    [MINUTE] = {"a minute", 2880, 24},
    [HOUR] = {"an hour", 7 * 24, 26},
    [OLD_HOUR] = {"an old hour", 123 * 24, 15.5},
    [HOUR_HLL] = {"an hour's HyperLogLogs", 7 * 24, 31},
    [DAY] = {"a day", 7, 2700},
    [OLD_DAY] = {"an old day", 123, 650},
    [OLDER_DAY] = {"a day after 130", 270, 106},
    [NEW_QUARTER] = {"a quarter", 2, 7000},
    [OLD_QUARTER] = {"an old quarter", 17, 1970},
    [OPEN_HOUR] = {"an open hour", 1, 19500},
    [OPEN_DAY] = {"an open day", 1, 113000},
    [OPEN_QUARTER] = {"an open quarter", 1, 71000},
    [SENSOR] = {"streams and organisations", 1, 31000},
};

static void weigh_all(struct fixture *f, double bytes[static SHARES])
{
	const int64_t day_s = QUARTER, hour_s = QUARTER;

	write_at(f, &everything, QUARTER);
	write_at(f, &crowd, QUARTER + 60);
	bytes[OPEN_HOUR] = weigh(f, "h:%" PRId64 ":*", hour_s, 0);
	bytes[OPEN_DAY] = weigh(f, "d:%" PRId64 ":*", day_s, 0);
	bytes[OPEN_QUARTER] = weigh(f, "q:%" PRId64 ":*", QUARTER, 0);
	write_at(f, &minute, QUARTER + 3600);
	bytes[MINUTE] = weigh(f, "m:%" PRId64 ":*", QUARTER + 3600, 0);
	bytes[HOUR] = weigh(f, "h:%" PRId64 ":*", hour_s, 100);
	bytes[HOUR_HLL] = weigh(f, "h:%" PRId64 ":hll*", hour_s, 0);
	write_at(f, &nothing, QUARTER + DAY_S);
	bytes[DAY] = weigh(f, "d:%" PRId64 ":*", day_s, 0);
	write_at(f, &nothing, QUARTER + 9 * DAY_S);
	bytes[OLD_HOUR] = weigh(f, "h:%" PRId64 ":*", hour_s, 100);
	bytes[OLD_DAY] = weigh(f, "d:%" PRId64 ":*", day_s, 0);
	bytes[OLDER_DAY] = weigh(f, "d:%" PRId64 ":*", day_s, 200);
	write_at(f, &nothing, QUARTER + 95 * DAY_S); /* in the next quarter; then two more */
	bytes[NEW_QUARTER] = weigh(f, "q:%" PRId64 ":*", QUARTER, 0);
	write_at(f, &nothing, QUARTER + 190 * DAY_S);
	write_at(f, &nothing, QUARTER + 280 * DAY_S);
	write_at(f, &nothing, QUARTER + 370 * DAY_S);
	bytes[OLD_QUARTER] = weigh(f, "q:%" PRId64 ":*", QUARTER, 0);
	/* The streams: entries of some 90 bytes, and events with 400 bytes of evidence. */
	bytes[SENSOR] = weigh(f, "org%.0" PRId64, 0, -1) + 129600 * 90.0 + 20000 * 500.0;
}

static void all_buckets_stay_below_512_mib(void **state)
{
	struct fixture *f = *state;
	struct nt_config config;
	double total = 0, bytes[SHARES];
	int over = 0;

	assert_int_equal(nt_config_defaults(&config), 0);
	f->options.sensor.limits = nt_config_redis_limits(&config.redis);
	nt_config_fini(&config);
	f->spool_options.keep_applied_s = 0;
	fixture_new_writer(f);
	weigh_all(f, bytes);
	for (size_t i = 0; i < SHARES; i++) {
		print_message("%-26s %5.0f * %9.1f KiB, at most %9.1f: %6.1f MiB\n", share[i].what, share[i].buckets,
			      bytes[i] / KIB, share[i].kib, share[i].buckets * bytes[i] / MIB);
		total += share[i].buckets * bytes[i];
		over += bytes[i] > share[i].kib * KIB;
	}
	print_message("all together %.1f MiB\n", total / MIB);
	assert_int_equal(over, 0);
	assert_true(total < 490.0 * MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(all_buckets_stay_below_512_mib, fixture_set_up, fixture_tear_down),
	};

	if (!redis_server_installed())
		return 77; /* meson: skipped */
	return cmocka_run_group_tests(tests, NULL, NULL);
}

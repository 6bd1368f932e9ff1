/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/config.h"
#include "redis/put.h"
#include "redis_server.h"
#include "worst.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * All that Redis keeps of one sensor that is at its worst all the time, with the default configuration: 20 quarters,
 * 400 days, 130 days of hours, 2 days of minutes; the last day and quarter are open.
 *
 *     bench_redis_years [DAYS [HOURS_OF_DAYS [MINUTES_OF_DAYS [QUARTERS [INTERVALS]]]]]     400 130 2 20 24
 *
 * The past is written in few intervals, each with as many members as a closed bucket can keep and more. The last day
 * gets INTERVALS of 70,000 sources besides; the streams are full, events with 400 bytes of evidence each. Keys whose
 * life would be over are deleted. Prints memory by kind of key and age of bucket, and how long the server was kept.
 * Exit status 1: more than 512 MiB at any time, or a p99 of a call's processor time from 20 ms on.
 */

#define END    INT64_C(1664582400) /* 2022-10-01 00:00 UTC: a quarter ends */
#define HOUR_S 3600
#define DAY_S  86400

#define PROMISED_BYTES (512u << 20)
#define PROMISED_MS    20

#define SEEN_IN_A_DAY UINT64_C(10000000)
#define NAMES	      4096 /* HyperLogLogs of a day: what open_hll lets in */

struct years {
	struct redis_server server;
	struct nt_put *put;
	struct nt_spool *spool;
	uint64_t sequence;
	uint64_t calls_usec; /* of the script, so far */
	uint32_t *usec;	     /* of each call since nt_years_reset() */
	size_t n;
	size_t room;
	int64_t days;
	int64_t hours_of_days;
	int64_t minutes_of_days;
	int64_t quarters;
	int64_t intervals;
	bool over; /* something is larger, or takes longer, than was promised */
};

static const struct worst whole_quarter = {
    .sources = 30,
    .backscatter = 12,
    .backscatter_ports = 150,
    .ports = 65536,
    .windows = 65536,
    .icmp = 5000,
    .asn = 75000,
    .region_ports = 300000,
    .signature_ports = 12000,
    .seen = SEEN_IN_A_DAY,
    .names = NAMES,
    .orgs = 75000,
    .packets = 1000000,
};

static const struct worst whole_day = {
    .sources = 30,
    .backscatter = 12,
    .backscatter_ports = 150,
    .ports = 600,
    .windows = 300,
    .icmp = 300,
    .asn = 1000,
    .region_ports = 1000,
    .signature_ports = 600,
    .seen = SEEN_IN_A_DAY,
    .names = NAMES,
    .packets = 1000000,
};

/* Those that are old at the end: more than an old bucket keeps is enough. */
static const struct worst past_quarter = {
    .ports = 65536,
    .windows = 5000,
    .icmp = 5000,
    .asn = 5000,
    .region_ports = 5000,
    .signature_ports = 600,
    .seen = SEEN_IN_A_DAY,
    .names = 700,
    .packets = 1000000,
};

static const struct worst past_day = {
    .sources = 22,
    .backscatter = 9,
    .backscatter_ports = 100,
    .ports = 600,
    .windows = 300,
    .icmp = 300,
    .asn = 1000,
    .region_ports = 1000,
    .signature_ports = 600,
    .seen = SEEN_IN_A_DAY,
    .names = 700,
    .packets = 1000000,
};

static const struct worst whole_hour = {
    .ports = 120,
    .windows = 200,
    .icmp = 200,
    .asn = 200,
    .region_ports = 200,
    .signature_ports = 200,
    .seen = SEEN_IN_A_DAY / 24,
    .names = 2,
    .packets = 20000,
};

static const struct worst whole_interval = {
    .sources = 280,
    .backscatter = 14,
    .backscatter_ports = 14,
    .ports = 20000,
    .windows = 20000,
    .icmp = 300,
    .asn = 20000,
    .region_ports = 20000,
    .signature_ports = 10000,
    .seen = 70000,
    .names = 2386 + 100,
    .packets = 100,
};

static uint64_t used_memory(struct years *y, const char *which)
{
	redisReply *reply = redis_server_do(&y->server, "INFO memory");
	const char *at = strstr(reply->str, which);
	uint64_t bytes = at ? strtoull(at + strlen(which), NULL, 10) : 0;

	freeReplyObject(reply);
	return bytes;
}

static void say_memory(struct years *y, const char *when)
{
	y->over |= used_memory(y, "used_memory_peak:") > PROMISED_BYTES;
	printf("%s: used_memory %.1f MiB, at most %.1f\n", when, (double)used_memory(y, "used_memory:") / 1048576,
	       (double)used_memory(y, "used_memory_peak:") / 1048576);
}

/* ---- the server's time ---- */

/* Processor time of the server's only busy thread: on a machine that others use too, a clock shows their time as well.
 */
static uint64_t script_usec(struct years *y)
{
	redisReply *reply = redis_server_do(&y->server, "INFO cpu");
	const char *user = strstr(reply->str, "used_cpu_user_main_thread:");
	const char *sys = strstr(reply->str, "used_cpu_sys_main_thread:");
	double s = strtod(user + strlen("used_cpu_user_main_thread:"), NULL) +
		   strtod(sys + strlen("used_cpu_sys_main_thread:"), NULL);

	freeReplyObject(reply);
	return (uint64_t)(s * 1e6);
}

static void note_call(struct years *y)
{
	uint64_t usec = script_usec(y);

	if (y->n == y->room) {
		y->room = y->room ? 2 * y->room : 4096;
		y->usec = reallocarray(y->usec, y->room, sizeof(*y->usec));
		assert_non_null(y->usec);
	}
	y->usec[y->n++] = (uint32_t)(usec - y->calls_usec);
	y->calls_usec = script_usec(y);
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double share_ms(const struct years *y, double share)
{
	return y->n ? (double)y->usec[(size_t)((double)(y->n - 1) * share)] / 1000 : 0;
}

static void say_time(struct years *y, const char *what)
{
	double s = 0;

	if (!y->n)
		return;
	qsort(y->usec, y->n, sizeof(*y->usec), by_number);
	for (size_t i = 0; i < y->n; i++)
		s += (double)y->usec[i] / 1e6;
	printf(
	    "%s: %zu calls, %.1f s of the server's time; of a call p50 %.1f ms, p99 %.1f, p99.9 %.1f, longest %.1f\n",
	    what, y->n, s, share_ms(y, 0.5), share_ms(y, 0.99), share_ms(y, 0.999), share_ms(y, 1));
	y->over |= share_ms(y, 0.99) >= PROMISED_MS;
	y->n = 0;
}

/* ---- writing ---- */

static void publish(struct years *y, const struct worst *w, int64_t start_s)
{
	struct nt_snapshot s;
	int rc;

	worst_make(&s, w, start_s, 60);
	assert_int_equal(nt_spool_push(y->spool, &s), 0);
	y->calls_usec = script_usec(y);
	while ((rc = nt_put_step(y->put)) > 0)
		note_call(y);
	if (rc) {
		fprintf(stderr, "%s\n", nt_put_why(y->put));
		exit(1);
	}
	nt_spool_set_applied(y->spool, NT_SINK_REDIS, ++y->sequence + 1);
}

/* The streams hold as much as they may from the beginning. */
static void fill_streams(struct years *y, const struct nt_redis_limits *limits)
{
	static const char *const script =
	    "local live = {'XADD', 'nt:{s}:live', ''}\n"
	    "for name in string.gmatch(ARGV[3], '%S+') do live[#live + 1] = name; live[#live + 1] = '123456' end\n"
	    "for i = 1, tonumber(ARGV[1]) do live[3] = i .. '-0'; redis.call(unpack(live)) end\n"
	    "local body = string.rep('evidence,', 44)\n"
	    "for i = 1, tonumber(ARGV[2]) do\n"
	    "	redis.call('XADD', 'nt:{s}:events', i .. '-1', 'type', 'scanner', 'start', '1664496000', 'end', "
	    "'1664496060',\n"
	    "		'region', 'JP', 'source', '203.0.113.' .. i % 256, 'body', body)\n"
	    "end";

	freeReplyObject(redis_server_do(&y->server, "EVAL %s 0 %d %d %s", script, (int)limits->live_entries,
					(int)limits->events_entries,
					"frames bytes tcp udp icmp other sources backscatter_packets "
					"backscatter_sources malformed truncated missed no_mbuf errors unexplained"));
}

/* Deletes what has outlived itself by END, of buckets that are old by now_s. Redis counts a lifetime from now on,
 * because all of this is written now. */
static void sweep(struct years *y, int64_t now_s)
{
	static const char *const script =
	    "local length = {m = 60, h = 3600, d = 86400, q = 92 * 86400}\n"
	    "for _, key in ipairs(redis.call('KEYS', 'nt:{s}:[mhdq]:*')) do\n"
	    "	local letter, start = string.match(key, '^nt:{s}:(%l):(%d+):')\n"
	    "	local lives = math.ceil(redis.call('PTTL', key) / 86400000) * 86400\n"
	    "	if lives > 0 and start + length[letter] + lives <= tonumber(ARGV[1]) and start + length[letter] <= "
	    "tonumber(ARGV[2]) then redis.call('UNLINK', key) end\n"
	    "end";

	freeReplyObject(redis_server_do(&y->server, "EVAL %s 0 %lld %lld", script, (long long)END, (long long)now_s));
}

static int64_t quarter_start(int64_t time_s)
{
	return nt_bucket_span(NT_BUCKET_Q, (struct nt_span){time_s, time_s + 60}, 0).start_s;
}

/* Quarters that have no days any more. */
static void write_quarters(struct years *y, int64_t first_day_s)
{
	int64_t start[64], n = 0, wanted = y->quarters;

	for (int64_t at = END; wanted > 0; wanted--) {
		at = quarter_start(at - 60);
		if (at < first_day_s)
			start[n++] = at;
	}
	while (n-- > 0) {
		publish(y, &past_quarter, start[n]);
		sweep(y, start[n] - 10 * DAY_S);
	}
	say_time(y, "quarters");
}

static void write_minutes(struct years *y, int64_t hour_s)
{
	for (int64_t minute = 1; minute < 60; minute++)
		publish(y, &whole_hour, hour_s + 60 * minute);
}

static void write_day(struct years *y, int64_t day_s)
{
	bool recent = day_s >= END - 10 * DAY_S;

	publish(y, recent ? &whole_day : &past_day, day_s);
	if (quarter_start(day_s) == day_s)
		publish(y, quarter_start(END - 1) == day_s ? &whole_quarter : &past_quarter, day_s + 60);
	if (day_s < END - y->hours_of_days * DAY_S)
		return;
	for (int64_t hour_s = day_s; hour_s < day_s + DAY_S; hour_s += HOUR_S) {
		if (hour_s != day_s)
			publish(y, &whole_hour, hour_s);
		if (hour_s >= END - y->minutes_of_days * DAY_S)
			write_minutes(y, hour_s);
	}
}

static void write_last_intervals(struct years *y)
{
	for (int64_t i = 0; i < y->intervals; i++)
		publish(y, &whole_interval, END - HOUR_S + i * HOUR_S / y->intervals + 30);
	say_time(y, "intervals of 70,000 sources");
}

/* ---- what is there ---- */

/* Memory by bucket letter, age in tens of days, and kind; 64 bytes for what MEMORY USAGE leaves out of a key: its
 * place in the table of keys and in that of lifetimes. */
static void say_keys(struct years *y)
{
	static const char *const script =
	    "local bytes, keys, out = {}, {}, {}\n"
	    "for _, key in ipairs(redis.call('KEYS', 'nt:*')) do\n"
	    "	local letter, start, kind = string.match(key, '^nt:{s}:(%l):(%d+):([a-z_0-9]+)')\n"
	    "	local name = letter and letter .. ' ' .. kind or '- ' .. key\n"
	    "	if letter == 'd' or letter == 'q' then\n"
	    "		local days = (tonumber(ARGV[1]) - start) / 86400\n"
	    "		local class = days <= (letter == 'd' and 1 or 92) and ' open' or days <= tonumber(ARGV[2]) and "
	    "' new' or days <= 130 and ' old' or ' older'\n"
	    "		name = letter .. class .. ' ' .. kind\n"
	    "	end\n"
	    "	bytes[name] = (bytes[name] or 0) + redis.call('MEMORY', 'USAGE', key, 'SAMPLES', 0) + 64\n"
	    "	keys[name] = (keys[name] or 0) + 1\n"
	    "end\n"
	    "for name, n in pairs(bytes) do out[#out + 1] = string.format('%-28s %7d keys %12.0f KiB', name, "
	    "keys[name], n / 1024) end\n"
	    "table.sort(out)\n"
	    "return out";
	redisReply *reply = redis_server_do(&y->server, "EVAL %s 0 %lld 8", script, (long long)END);

	for (size_t i = 0; i < reply->elements; i++)
		printf("  %s\n", reply->element[i]->str);
	freeReplyObject(reply);
}

static int64_t argument(int argc, char **argv, int i, int64_t otherwise)
{
	return argc > i ? strtoll(argv[i], NULL, 10) : otherwise;
}

static void start(struct years *y)
{
	struct nt_config config;
	struct nt_put_options options = {.timeout_ms = 60000, .sensor = {.name = "s", .interval_s = 60}};
	struct nt_spool_options spool = nt_spool_defaults;

	assert_int_equal(nt_config_defaults(&config), 0);
	options.sensor.limits = nt_config_redis_limits(&config.redis);
	nt_config_fini(&config);
	spool.keep_applied_s = 0;
	y->spool = nt_spool_open(&spool);
	assert_non_null(y->spool);
	redis_server_start(&y->server);
	fill_streams(y, &options.sensor.limits);
	options.url = redis_server_url(&y->server);
	y->put = nt_put_new(&options, y->spool);
	assert_non_null(y->put);
}

int main(int argc, char **argv)
{
	struct years y = {.days = argument(argc, argv, 1, 400),
			  .hours_of_days = argument(argc, argv, 2, 130),
			  .minutes_of_days = argument(argc, argv, 3, 2),
			  .quarters = argument(argc, argv, 4, 20),
			  .intervals = argument(argc, argv, 5, 24)};
	int64_t first_day_s = END - y.days * DAY_S;

	setlinebuf(stdout);
	start(&y);
	write_quarters(&y, first_day_s);
	for (int64_t day_s = first_day_s; day_s < END; day_s += DAY_S) {
		if (day_s == END - DAY_S) {
			say_time(&y, "days, hours and minutes");
			say_memory(&y, "before the last day");
		}
		write_day(&y, day_s);
		if ((day_s / DAY_S) % 10 == 0)
			sweep(&y, day_s - 10 * DAY_S);
	}
	say_time(&y, "the last day");
	write_last_intervals(&y);
	sweep(&y, END);
	say_memory(&y, "at the end of the last day");
	say_keys(&y);
	nt_put_free(y.put);
	nt_spool_free(y.spool);
	free(y.usec);
	redis_server_stop(&y.server);
	if (y.over)
		fprintf(stderr, "more than 512 MiB, or a p99 of 20 ms and more\n");
	return y.over;
}

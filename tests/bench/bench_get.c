/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "random.h"
#include "redis/get.h"
#include "redis/hll.h"
#include "redis_server.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * How long the questions of a quarterly report take: closed days as full as they can be, dense HyperLogLogs.
 *
 *     bench_get [SENSORS [DAYS]]      20 91: all but one of a quarter, so that it is read day by day
 *
 * Prints the time that passed, and what the reader and the server computed of it.
 */

#define BEGIN INT64_C(1656633600) /* 2022-07-01 00:00 UTC */
#define DAY_S INT64_C(86400)
#define PORTS 512

static void take(struct redis_server *s, int n)
{
	void *reply;

	for (int i = 0; i < n; i++) {
		if (redisGetReply(s->link, &reply) != REDIS_OK)
			abort();
		freeReplyObject(reply);
	}
}

static size_t make_sketch(uint8_t out[static NT_REDIS_HLL_BYTES])
{
	static uint32_t registers[16384];
	struct nt_sketch sketch = {.n = 16384, .registers = registers};

	for (uint32_t r = 0; r < 16384; r++)
		registers[r] = r << 8 | (1 + (uint32_t)__builtin_ctzll(next_random() | 1 << 20));
	return nt_redis_hll_pack(&sketch, out);
}

static void fill_bucket(struct redis_server *s, unsigned int sensor, const char *bucket)
{
	const char *word[2 + 2 * PORTS] = {"ZADD"};
	static char text[1 + 2 * PORTS][64];
	uint8_t sketch[NT_REDIS_HLL_BYTES];
	size_t bytes = make_sketch(sketch);

	snprintf(text[0], sizeof(text[0]), "nt:{s%u}:%s:port", sensor, bucket);
	for (size_t i = 1; i <= 2 * PORTS; i += 2) {
		snprintf(text[i], sizeof(text[i]), "%" PRIu64, 100 + next_random() % 1000000);
		snprintf(text[i + 1], sizeof(text[i + 1]), "%zu/tcp", i / 2 + (i > PORTS ? next_random() % 65000 : 0));
	}
	for (size_t i = 0; i <= 2 * PORTS; i++)
		word[i + 1] = text[i];
	redisAppendCommandArgv(s->link, 2 + 2 * PORTS, word, NULL);
	redisAppendCommand(s->link, "HSET nt:{s%u}:%s:totals intervals 1440 frames 90000000 rest.port 12345", sensor,
			   bucket);
	redisAppendCommand(s->link, "HSET nt:{s%u}:%s:unique sources 20000", sensor, bucket);
	redisAppendCommand(s->link, "SET nt:{s%u}:%s:hll:sources %b", sensor, bucket, sketch, bytes);
	take(s, 4);
}

/* Every port of the quarter. */
static void fill_port_all(struct redis_server *s, unsigned int sensor)
{
	char text[1 + 1024][64];
	const char *word[2 + 1024] = {"HSET"};

	for (unsigned int k = 0; k < 256; k++) {
		snprintf(text[0], sizeof(text[0]), "nt:{s%u}:q:%" PRId64 ":port_all:%s:%u", sensor, BEGIN,
			 k & 1 ? "tcp" : "udp", k / 2);
		for (unsigned int i = 0; i < 512; i++) {
			snprintf(text[1 + 2 * i], sizeof(text[0]), "%u", k / 2 * 512 + i);
			snprintf(text[2 + 2 * i], sizeof(text[0]), "%" PRIu64, next_random() % 100000);
		}
		for (size_t i = 0; i < 1025; i++)
			word[i + 1] = text[i];
		redisAppendCommandArgv(s->link, 1026, word, NULL);
		take(s, 1);
	}
}

static void fill(struct redis_server *s, unsigned int sensors, unsigned int days)
{
	char bucket[64];

	for (unsigned int i = 0; i < sensors; i++) {
		freeReplyObject(redis_server_do(s, "SADD nt:sensors s%u", i));
		freeReplyObject(
		    redis_server_do(s, "HSET nt:{s%u}:info interval 60 day_offset_h 0 last %" PRId64 " group g%u", i,
				    BEGIN + 92 * DAY_S, i % 2));
		for (unsigned int d = 0; d < days; d++) {
			snprintf(bucket, sizeof(bucket), "d:%" PRId64, BEGIN + d * DAY_S);
			fill_bucket(s, i, bucket);
		}
		snprintf(bucket, sizeof(bucket), "q:%" PRId64, BEGIN);
		fill_bucket(s, i, bucket);
		fill_port_all(s, i);
	}
}

/* ---- questions ---- */

struct asking {
	struct nt_get *g;
	struct nt_get_sensors all;
	struct nt_get_query days; /* and no quarter instead of them */
	struct nt_get_query quarter;
};

static const struct nt_get_set ports = {.key = NT_RKEY_PORT}, totals = {.key = NT_RKEY_TOTALS};

static int ask_sensors(struct asking *a)
{
	int err = nt_get_sensors(a->g, &(struct nt_get_choice){0}, &a->all);

	a->days.sensors = &a->all;
	a->quarter.sensors = &a->all;
	return err;
}

static int ask_series(struct asking *a, const struct nt_get_set *set, const char *const *member, size_t n)
{
	struct nt_get_series s;
	int err = nt_get_series(a->g, &a->days, NT_BUCKET_D, set, member, n, &s);

	nt_get_series_fini(&s);
	return err;
}

static int ask_ports(struct asking *a)
{
	static const char *const member[] = {"1/tcp", "2/tcp", "3/tcp", "4/tcp", "5/tcp"};

	return ask_series(a, &ports, member, 5);
}

static int ask_frames(struct asking *a)
{
	static const char *const frames[] = {"frames"};

	return ask_series(a, &totals, frames, 1);
}

static int ask_means(struct asking *a)
{
	struct nt_get_means m;
	int err = nt_get_means(a->g, &a->days, &m);

	nt_get_means_fini(&m);
	return err;
}

static int ask_top(struct asking *a, const struct nt_get_query *query, size_t depth)
{
	const struct nt_get_top_options options = {.set = ports, .most = 10, .depth = depth};
	struct nt_get_top top;
	int err = nt_get_top(a->g, query, &options, &top);

	nt_get_top_fini(&top);
	return err;
}

static int ask_top_of_days(struct asking *a)
{
	return ask_top(a, &a->days, 0);
}

static int ask_top_of_100(struct asking *a)
{
	return ask_top(a, &a->days, 100);
}

static int ask_top_of_quarter(struct asking *a)
{
	return ask_top(a, &a->quarter, 0);
}

static int ask_sources(struct asking *a, enum nt_bucket step)
{
	static const char *const name[] = {"sources"};
	struct nt_get_unique u;
	int err = nt_get_unique(a->g, &a->days, step, name, 1, &u);

	nt_get_unique_fini(&u);
	return err;
}

static int ask_sources_of_days(struct asking *a)
{
	return ask_sources(a, NT_BUCKET_D);
}

static int ask_sources_of_all(struct asking *a)
{
	return ask_sources(a, NT_GET_WHOLE);
}

static const struct {
	const char *what;
	int (*ask)(struct asking *a);
} question[] = {
    {"sensors", ask_sensors},
    {"five ports, a value a day", ask_ports},
    {"frames, a value a day", ask_frames},
    {"mean packets of a sensor and a day, by group", ask_means},
    {"top 10 ports from days", ask_top_of_days},
    {"top 10 ports from days, the heaviest 100 of each", ask_top_of_100},
    {"top 10 ports from the quarter, exact", ask_top_of_quarter},
    {"different sources of all sensors, a number a day", ask_sources_of_days},
    {"different sources of all sensors and days", ask_sources_of_all},
};

/* ---- clocks ---- */

/* Seconds that the server has computed. */
static double server_s(struct redis_server *s)
{
	redisReply *reply = redis_server_do(s, "INFO cpu");
	const char *user = strstr(reply->str, "used_cpu_user:"), *sys = strstr(reply->str, "used_cpu_sys:");
	double seconds =
	    (user ? atof(user + strlen("used_cpu_user:")) : 0) + (sys ? atof(sys + strlen("used_cpu_sys:")) : 0);

	freeReplyObject(reply);
	return seconds;
}

static double now_s(clockid_t id)
{
	struct nt_time t = nt_clock_read(id);

	return (double)t.s + (double)t.ns / 1e9;
}

static void ask_all(struct redis_server *s, struct asking *a)
{
	printf("%-60s %8s %8s %8s\n", "ms", "passed", "reader", "server");
	for (size_t i = 0; i < sizeof(question) / sizeof(question[0]); i++) {
		double server = server_s(s), reader = now_s(CLOCK_PROCESS_CPUTIME_ID), passed = now_s(CLOCK_MONOTONIC);
		int err = question[i].ask(a);

		passed = now_s(CLOCK_MONOTONIC) - passed;
		reader = now_s(CLOCK_PROCESS_CPUTIME_ID) - reader;
		printf("%-60s %8.1f %8.1f %8.1f%s%s\n", question[i].what, passed * 1e3, reader * 1e3,
		       (server_s(s) - server) * 1e3, err ? "  failed: " : "", err ? nt_get_why(a->g) : "");
	}
}

int main(int argc, char **argv)
{
	unsigned int sensors = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : 20;
	unsigned int days = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : 91;
	struct asking a = {
	    .days = {.range = {BEGIN, BEGIN + (int64_t)days * DAY_S}, .finest = NT_BUCKET_D},
	    .quarter = {.range = {BEGIN, BEGIN + 92 * DAY_S}, .finest = NT_BUCKET_Q},
	};
	struct redis_server s = {0};
	struct nt_redis_url url;

	redis_server_start(&s);
	fill(&s, sensors, days);
	url = redis_server_url(&s);
	a.g = nt_get_new(&url, 10000);
	if (!a.g)
		return 1;
	ask_all(&s, &a);
	nt_get_sensors_fini(&a.all);
	nt_get_free(a.g);
	redis_server_stop(&s);
	return 0;
}

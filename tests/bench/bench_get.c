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
 *     bench_get [SENSORS [DAYS]]      20 92
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

static void say(const struct nt_get *g, const char *what, int err, uint64_t from_ns)
{
	printf("%-64s %8.1f ms%s%s\n", what, (double)(nt_clock_monotonic_ns() - from_ns) / 1e6, err ? "  failed: " : "",
	       err ? nt_get_why(g) : "");
}

int main(int argc, char **argv)
{
	unsigned int sensors = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : 20;
	unsigned int days = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : 92;
	static const struct nt_get_set ports = {.key = NT_RKEY_PORT}, totals = {.key = NT_RKEY_TOTALS};
	static const char *const member[] = {"1/tcp", "2/tcp", "3/tcp", "4/tcp", "5/tcp"}, *const frames[] = {"frames"};
	static const char *const name[] = {"sources"};
	const struct nt_get_top_options top10 = {.set = ports, .most = 10},
					of_100 = {.set = ports, .most = 10, .depth = 100};
	struct redis_server s = {0};
	struct nt_get_sensors all;
	struct nt_get_series series;
	struct nt_get_unique unique;
	struct nt_get_means means;
	struct nt_get_top top;
	struct nt_redis_url url;
	struct nt_get *g;
	uint64_t ns;
	int err;

	redis_server_start(&s);
	fill(&s, sensors, days);
	url = redis_server_url(&s);
	g = nt_get_new(&url, 10000);
	ns = nt_clock_monotonic_ns();
	err = nt_get_sensors(g, &(struct nt_get_choice){0}, &all);
	say(g, "sensors", err, ns);

	struct nt_get_query q = {
	    .sensors = &all, .range = {BEGIN, BEGIN + (int64_t)days * DAY_S}, .finest = NT_BUCKET_D};
	struct nt_get_query quarter = q;
	quarter.range.end_s = BEGIN + 92 * DAY_S;
	q.range.end_s -= days == 92 ? DAY_S : 0; /* days, and no quarter instead of them */

	ns = nt_clock_monotonic_ns();
	err = nt_get_series(g, &q, NT_BUCKET_D, &ports, member, 5, &series);
	say(g, "five ports, a value a day", err, ns);
	nt_get_series_fini(&series);
	ns = nt_clock_monotonic_ns();
	err = nt_get_series(g, &q, NT_BUCKET_D, &totals, frames, 1, &series);
	say(g, "frames, a value a day", err, ns);
	nt_get_series_fini(&series);
	ns = nt_clock_monotonic_ns();
	err = nt_get_means(g, &q, &means);
	say(g, "mean packets of a sensor and a day, by group", err, ns);
	nt_get_means_fini(&means);
	ns = nt_clock_monotonic_ns();
	err = nt_get_top(g, &q, &top10, &top);
	say(g, "top 10 ports from days", err, ns);
	nt_get_top_fini(&top);
	ns = nt_clock_monotonic_ns();
	err = nt_get_top(g, &q, &of_100, &top);
	say(g, "top 10 ports from days, the heaviest 100 of each", err, ns);
	nt_get_top_fini(&top);
	ns = nt_clock_monotonic_ns();
	err = nt_get_top(g, &quarter, &top10, &top);
	say(g, "top 10 ports from the quarter, every port of every sensor", err, ns);
	nt_get_top_fini(&top);
	ns = nt_clock_monotonic_ns();
	err = nt_get_unique(g, &q, NT_BUCKET_D, name, 1, &unique);
	say(g, "different sources of all sensors, a number a day", err, ns);
	nt_get_unique_fini(&unique);
	ns = nt_clock_monotonic_ns();
	err = nt_get_unique(g, &q, NT_GET_WHOLE, name, 1, &unique);
	say(g, "different sources of all sensors and days", err, ns);
	nt_get_unique_fini(&unique);
	nt_get_sensors_fini(&all);
	nt_get_free(g);
	redis_server_stop(&s);
	return 0;
}

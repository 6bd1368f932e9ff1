/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hll.h"
#include "random.h"
#include "redis/get.h"
#include "redis/hll.h"
#include "redis_server.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What somebody else wrote: the reader answers or refuses, and never falls over. */

#define DAY INT64_C(1664409600)

/* Everything that the reader looks at, of one sensor and one day, hour, minute and quarter. */
static const char *const key[] = {
    "info",
    "live",
    "events",
    "org",
    "now:port",
    "d:1664409600:totals",
    "h:1664409600:totals",
    "m:1664409600:totals",
    "q:1656633600:totals",
    "d:1664409600:port",
    "h:1664409600:port",
    "m:1664409600:port",
    "q:1656633600:port",
    "d:1664409600:region_port",
    "d:1664409600:source:JP",
    "d:1664409600:sig:x",
    "d:1664409600:names",
    "d:1664409600:unique",
    "d:1664409600:hll_names",
    "d:1664409600:hll:sources",
    "d:1664496000:totals",
    "d:1664496000:port",
    "d:1664496000:unique",
    "d:1664496000:hll_names",
    "d:1664496000:hll:sources",
    "q:1656633600:port_all:tcp:0",
};

#define KEYS (sizeof(key) / sizeof(key[0]))

static const char *const field[] = {
    "intervals", "partial",   "reopened", "rest.port", "rest.source",  "rest.hll",    "loss.missed",	 "frames",
    "group",	 "addresses", "interval", "last",      "day_offset_h", "packets",     "port:445/tcp",	 "rest:port",
    "sources",	 "445",	      "445/tcp",  "JP:1/udp",  "sig:x",	       "sig:\x1b[2J", "missed",		 "start",
    "end",	 "body",      "region",	  "2907",      "type",	       "backscatter", "backscatter.rst",
};

static const char *const number[] = {
    "0",
    "1",
    "60",
    "18446744073709551615",
    "99999999999999999999999",
    "-1",
    "1e300",
    "nan",
    "1664409600",
    "",
    "-9223372036854775808",
    "inf",
    "1.5",
    "0x10",
    " 7",
    "9007199254740993",
    "86400",
    "1664496000000",
};

#define PICK(list) (list)[next_random() % (sizeof(list) / sizeof((list)[0]))]

/* A text of a field's or a number's, or of bytes without meaning. */
static size_t any_text(char text[static 256], const char *sensible)
{
	size_t n = next_random() % 200;

	if (next_random() % 4) {
		snprintf(text, 256, "%s", sensible);
		return strlen(text);
	}
	for (size_t i = 0; i < n; i++)
		text[i] = (char)next_random();
	return n;
}

static void forget(redisReply *reply)
{
	if (reply)
		freeReplyObject(reply);
}

static void write_any(struct redis_server *s, const char *name)
{
	char member[256], value[256];
	size_t m = any_text(member, PICK(field)), v = any_text(value, PICK(number));
	static const char *const score[] = {"1", "0", "-5", "inf", "-inf", "1e300", "0.25", "12345678901234567"};

	/* An error, which most of these are once the key is of another type, is fine. */
	switch (next_random() % 8) {
	case 0:
		forget(redisCommand(s->link, "SET nt:{x}:%s %b", name, value, v));
		break;
	case 1:
		forget(redisCommand(s->link, "RPUSH nt:{x}:%s %b", name, member, m));
		break;
	case 2:
		forget(redisCommand(s->link, "SADD nt:{x}:%s %b", name, member, m));
		break;
	case 3:
		forget(redisCommand(s->link, "ZADD nt:{x}:%s %s %b", name, PICK(score), member, m));
		break;
	case 4:
		forget(redisCommand(s->link, "XADD nt:{x}:%s * %b %b", name, member, m, value, v));
		break;
	default:
		forget(redisCommand(s->link, "HSET nt:{x}:%s %b %b", name, member, m, value, v));
		break;
	}
}

/* Buckets that are there, so that more than their totals is looked at. */
static void write_totals(struct redis_server *s)
{
	static const char *const bucket[] = {"m:1664409600", "h:1664409600", "d:1664409600", "d:1664496000",
					     "q:1656633600"};

	for (size_t i = 0; i < sizeof(bucket) / sizeof(bucket[0]); i++)
		if (next_random() & 3)
			forget(redisCommand(s->link, "HSET nt:{x}:%s:totals intervals 1 rest.port %s rest.hll %s",
					    bucket[i], PICK(number), PICK(number)));
	forget(redisCommand(s->link, "ZADD nt:{x}:d:1664409600:port 5 445/tcp 3 23/tcp"));
	forget(redisCommand(s->link, "ZADD nt:{x}:d:1664409600:hll_names 5 sources"));
	forget(redisCommand(s->link, "ZADD nt:{x}:d:1664496000:hll_names 5 sources"));
}

/* ---- all questions ---- */

static void ask_sets(struct nt_get *g, const struct nt_get_query *q)
{
	static const struct nt_get_top_options options[] = {
	    {.set = {.key = NT_RKEY_PORT}},
	    {.set = {.key = NT_RKEY_PORT}, .depth = 3},
	    {.set = {.key = NT_RKEY_REGION_PORT, .prefix = "JP:"}, .most = 2},
	    {.set = {.key = NT_RKEY_SOURCE, .part = "JP"}},
	    {.set = {.key = NT_RKEY_SIG, .part = "x", .prefix = "port:"}},
	    {.set = {.key = NT_RKEY_SIG, .part = "x"}},
	};
	static const char *const member[] = {"445/tcp", "\xff\xfe", "packets", "port:445/tcp"};
	struct nt_get_series series;
	struct nt_get_top top;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		nt_get_top(g, q, &options[i], &top);
		nt_get_top_fini(&top);
		nt_get_series(g, q, NT_BUCKET_D, &options[i].set, member, 4, &series);
		nt_get_series_fini(&series);
	}
}

static void ask_all(struct nt_get *g)
{
	const struct nt_get_choice all = {0};
	static const char *const name[] = {"sources", "backscatter:region:JP", "sig:x"};
	static const uint32_t asn[] = {2907, 0};
	struct nt_get_query q = {.range = {DAY, DAY + 2 * 86400}};
	struct nt_get_sensors sensors;
	struct nt_get_totals totals;
	struct nt_get_unique unique;
	struct nt_get_events events;
	struct nt_get_means means;
	struct nt_get_live live;
	struct nt_get_top top;
	char *org[2];

	assert_int_equal(nt_get_sensors(g, &all, &sensors), 0);
	q.sensors = &sensors;
	for (q.finest = NT_BUCKET_M; q.finest < NT_BUCKETS; q.finest++) {
		ask_sets(g, &q);
		nt_get_totals(g, &q, &totals);
		nt_get_totals_fini(&totals);
		nt_get_signatures(g, &q, &top);
		nt_get_top_fini(&top);
		nt_get_backscatter(g, &q, &top);
		nt_get_top_fini(&top);
		nt_get_unique(g, &q, NT_GET_WHOLE, name, 3, &unique);
		nt_get_unique_fini(&unique);
	}
	nt_get_means(g, &q, &means);
	nt_get_means_fini(&means);
	nt_get_live(g, "x", NULL, 100, &live);
	nt_get_live_fini(&live);
	nt_get_events(g, &sensors, (struct nt_span){0}, 100, &events);
	nt_get_events_fini(&events);
	nt_get_now(g, &sensors, NT_RKEY_NOW_PORT, &top);
	nt_get_top_fini(&top);
	if (!nt_get_orgs(g, &sensors, asn, 2, org)) {
		free(org[0]);
		free(org[1]);
	}
	nt_get_sensors_fini(&sensors);
}

static void survives_whatever_was_written(void **state)
{
	struct redis_server s = {0};
	struct nt_redis_url url;
	struct nt_get *g;

	(void)state;
	redis_server_start(&s);
	url = redis_server_url(&s);
	g = nt_get_new(&url, 5000);
	assert_non_null(g);
	for (int round = 0; round < 60; round++) {
		freeReplyObject(redis_server_do(&s, "FLUSHALL"));
		freeReplyObject(redis_server_do(&s, "SADD nt:sensors x %b", "a\0b", (size_t)3));
		write_totals(&s);
		for (int i = 0; i < 150; i++)
			write_any(&s, PICK(key));
		ask_all(g);
	}
	freeReplyObject(redis_server_do(&s, "DEL nt:sensors"));
	freeReplyObject(redis_server_do(&s, "SET nt:sensors x"));
	assert_int_equal(nt_get_sensors(g, &(struct nt_get_choice){0}, &(struct nt_get_sensors){0}), 0);
	nt_get_free(g);
	redis_server_stop(&s);
}

/* One wrong thing among right ones is told, and costs no more than itself. */
static void tells_of_defects(void **state)
{
	const struct nt_get_top_options ports = {.set = {.key = NT_RKEY_PORT}};
	struct nt_get_query q = {.range = {DAY, DAY + 2 * 86400}, .finest = NT_BUCKET_D};
	struct redis_server s = {0};
	struct nt_get_sensors sensors;
	struct nt_redis_url url;
	struct nt_get_top top;
	struct nt_get *g;

	(void)state;
	redis_server_start(&s);
	url = redis_server_url(&s);
	g = nt_get_new(&url, 5000);
	freeReplyObject(redis_server_do(&s, "SADD nt:sensors x"));
	freeReplyObject(redis_server_do(&s, "HSET nt:{x}:d:1664409600:totals intervals 3 partial many"));
	freeReplyObject(redis_server_do(&s, "HSET nt:{x}:d:1664496000:totals intervals 4"));
	freeReplyObject(redis_server_do(&s, "ZADD nt:{x}:d:1664409600:port 5 445/tcp -3 23/tcp"));
	freeReplyObject(redis_server_do(&s, "SET nt:{x}:d:1664496000:port 445/tcp"));
	assert_int_equal(nt_get_sensors(g, &(struct nt_get_choice){0}, &sensors), 0);
	q.sensors = &sensors;
	assert_int_equal(nt_get_top(g, &q, &ports, &top), 0);
	assert_int_equal(top.coverage.intervals, 7);
	assert_int_equal(top.n, 1);
	assert_string_equal(top.at[0].name, "445/tcp");
	assert_int_equal(top.at[0].packets, 5);
	assert_int_equal(top.coverage.defects, 3);
	nt_get_top_fini(&top);
	nt_get_sensors_fini(&sensors);
	redis_server_kill(&s);
	assert_int_not_equal(nt_get_sensors(g, &(struct nt_get_choice){0}, &sensors), 0);
	assert_true(strlen(nt_get_why(g)) > 5);
	redis_server_restart(&s);
	assert_int_equal(nt_get_sensors(g, &(struct nt_get_choice){0}, &sensors), 0);
	nt_get_sensors_fini(&sensors);
	nt_get_free(g);
	redis_server_stop(&s);
}

/* Members that one sensor lost come from port_all, and all of that is not read: in its way stands what would be a
 * defect. */
static void finds_the_ports_that_a_quarter_lost(void **state)
{
	const struct nt_get_top_options two = {.set = {.key = NT_RKEY_PORT}, .most = 2};
	const struct nt_get_top_options four = {.set = {.key = NT_RKEY_PORT}, .most = 4};
	struct nt_get_query q = {.range = {1656633600, 1664582400}, .finest = NT_BUCKET_Q};
	static const char *const command[] = {
	    "SADD nt:sensors x y",
	    "HSET nt:{x}:q:1656633600:totals intervals 1 rest.port 9",
	    "HSET nt:{y}:q:1656633600:totals intervals 1 rest.port 15",
	    "ZADD nt:{x}:q:1656633600:port 5000 1/tcp 4000 2/tcp 10 3/tcp",
	    "ZADD nt:{y}:q:1656633600:port 3000 2/tcp 4998 513/udp 10 6/tcp",
	    "HSET nt:{x}:q:1656633600:port_all:tcp:0 1 5000 2 4000 3 10",
	    "HSET nt:{x}:q:1656633600:port_all:udp:1 513 9",
	    "HSET nt:{y}:q:1656633600:port_all:tcp:0 1 8 2 3000 6 10 7 7",
	    "HSET nt:{y}:q:1656633600:port_all:udp:1 513 4998",
	    "SET nt:{x}:q:1656633600:port_all:tcp:9 trap",
	};
	struct redis_server s = {0};
	struct nt_get_sensors sensors;
	struct nt_redis_url url;
	struct nt_get_top top;
	struct nt_get *g;

	(void)state;
	redis_server_start(&s);
	url = redis_server_url(&s);
	g = nt_get_new(&url, 5000);
	for (size_t i = 0; i < sizeof(command) / sizeof(command[0]); i++)
		freeReplyObject(redis_server_do(&s, command[i]));
	assert_int_equal(nt_get_sensors(g, &(struct nt_get_choice){0}, &sensors), 0);
	q.sensors = &sensors;
	assert_int_equal(nt_get_top(g, &q, &two, &top), 0);
	assert_int_equal(top.n, 2);
	assert_string_equal(top.at[0].name, "2/tcp");
	assert_int_equal(top.at[0].packets, 7000);
	assert_string_equal(top.at[1].name, "1/tcp"); /* 5000 + 8; 513/udp has 4998 + 9 */
	assert_int_equal(top.at[1].packets, 5008);
	assert_int_equal(top.at[0].missing + top.at[1].missing, 0);
	assert_int_equal(top.others, 4998 + 9 + 10 + 10);
	assert_int_equal(top.rest, 9 + 15 - 8 - 9);
	assert_int_equal(top.coverage.defects, 0);
	nt_get_top_fini(&top);
	/* Four of these few are not certain without all of it. */
	assert_int_equal(nt_get_top(g, &q, &four, &top), 0);
	assert_int_equal(top.n, 4);
	assert_string_equal(top.at[2].name, "513/udp");
	assert_int_equal(top.at[2].packets, 5007);
	assert_string_equal(top.at[3].name, "3/tcp");
	assert_int_equal(top.rest, 0);
	assert_int_equal(top.others, 10 + 7);
	assert_int_equal(top.coverage.defects, 1);
	nt_get_top_fini(&top);
	nt_get_sensors_fini(&sensors);
	nt_get_free(g);
	redis_server_stop(&s);
}

/* ---- HyperLogLogs ---- */

static size_t make_string(uint8_t out[static NT_REDIS_HLL_BYTES], uint8_t rank[static NT_HLL_REGISTERS],
			  size_t elements)
{
	uint32_t registers[NT_HLL_REGISTERS];
	struct nt_sketch sketch = {.registers = registers};

	memset(rank, 0, NT_HLL_REGISTERS);
	for (size_t i = 0; i < elements; i++) {
		uint64_t hash = next_random();

		if (rank[nt_hll_index(hash)] < nt_hll_rank(hash))
			rank[nt_hll_index(hash)] = nt_hll_rank(hash);
	}
	for (uint32_t r = 0; r < NT_HLL_REGISTERS; r++)
		if (rank[r])
			registers[sketch.n++] = r << 8 | rank[r];
	return nt_redis_hll_pack(&sketch, out);
}

static void unites_what_was_packed(void **state)
{
	static const size_t elements[] = {0, 1, 3, 50, 400, 1500, 3000, 20000, 1000000};
	uint8_t string[NT_REDIS_HLL_BYTES], rank[NT_HLL_REGISTERS], other[NT_HLL_REGISTERS], all[NT_HLL_REGISTERS];

	(void)state;
	for (size_t a = 0; a < sizeof(elements) / sizeof(elements[0]); a++)
		for (size_t b = 0; b < sizeof(elements) / sizeof(elements[0]); b++) {
			memset(all, 0, sizeof(all));
			assert_int_equal(nt_redis_hll_unite(string, make_string(string, rank, elements[a]), all), 0);
			assert_memory_equal(all, rank, sizeof(all));
			assert_int_equal(nt_redis_hll_unite(string, make_string(string, other, elements[b]), all), 0);
			for (uint32_t r = 0; r < NT_HLL_REGISTERS; r++)
				assert_int_equal(all[r], rank[r] > other[r] ? rank[r] : other[r]);
		}
}

/* Strings that are not quite one, in memory of their own so that a sanitizer sees a step too far. */
static void refuses_broken_strings(void **state)
{
	uint8_t string[NT_REDIS_HLL_BYTES], rank[NT_HLL_REGISTERS], all[NT_HLL_REGISTERS];
	int refused = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t n = make_string(string, rank, next_random() % 40), kept = n;
		uint8_t *copy;

		if (next_random() & 1)
			kept = next_random() % (n + 1);
		copy = malloc(kept + 1);
		assert_non_null(copy);
		memcpy(copy, string, kept);
		for (uint64_t flips = next_random() % 4; flips && kept; flips--)
			copy[next_random() % kept] = (uint8_t)next_random();
		memset(all, 0, sizeof(all));
		refused += nt_redis_hll_unite(copy, kept, all) == -EINVAL;
		for (uint32_t r = 0; r < NT_HLL_REGISTERS; r++)
			assert_true(all[r] <= NT_HLL_RANK_MAX);
		free(copy);
	}
	assert_true(refused > 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(unites_what_was_packed),
	    cmocka_unit_test(refuses_broken_strings),
	    cmocka_unit_test(tells_of_defects),
	    cmocka_unit_test(finds_the_ports_that_a_quarter_lost),
	    cmocka_unit_test(survives_whatever_was_written),
	};

	signal(SIGPIPE, SIG_IGN);
	if (!redis_server_installed())
		return 77; /* meson: skipped */
	return cmocka_run_group_tests(tests, NULL, NULL);
}

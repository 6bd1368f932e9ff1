/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/parse.h"
#include "needletail/schema.h"
#include "redis/cursor.h"
#include "redis/schema.h"

#include <string.h>
#include <time.h>

static int64_t utc(int year, int month, int day, int hour)
{
	struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour};

	return timegm(&tm);
}

static struct nt_span span_of(enum nt_bucket bucket, int64_t start_s, int32_t day_offset_h)
{
	return nt_bucket_span(bucket, (struct nt_span){start_s, start_s + 60}, day_offset_h);
}

static void minutes_and_hours(void **state)
{
	int64_t t = utc(2022, 9, 6, 13) + 59 * 60;
	struct nt_span m = span_of(NT_BUCKET_M, t, 9), h = span_of(NT_BUCKET_H, t, 9);

	(void)state;
	assert_int_equal(m.start_s, t);
	assert_int_equal(m.end_s, t + 60);
	assert_int_equal(h.start_s, utc(2022, 9, 6, 13));
	assert_int_equal(h.end_s, utc(2022, 9, 6, 14));
}

static void days_begin_at_midnight_of_the_zone(void **state)
{
	struct nt_span d;

	(void)state;
	d = span_of(NT_BUCKET_D, utc(2022, 9, 6, 23), 0);
	assert_int_equal(d.start_s, utc(2022, 9, 6, 0));
	assert_int_equal(d.end_s, utc(2022, 9, 7, 0));
	d = span_of(NT_BUCKET_D, utc(2022, 9, 6, 14), 9); /* 23:00 in Tokyo */
	assert_int_equal(d.start_s, utc(2022, 9, 5, 15));
	d = span_of(NT_BUCKET_D, utc(2022, 9, 6, 15), 9); /* midnight there */
	assert_int_equal(d.start_s, utc(2022, 9, 6, 15));
	d = span_of(NT_BUCKET_D, utc(2022, 9, 6, 4), -5);
	assert_int_equal(d.start_s, utc(2022, 9, 5, 5));
	d = span_of(NT_BUCKET_D, 0, 9);
	assert_int_equal(d.start_s, -9 * 3600);
}

static void quarters_follow_the_calendar(void **state)
{
	struct nt_span q;

	(void)state;
	for (int year = 1968; year < 2105; year++) {
		for (int month = 1; month <= 12; month++) {
			int first = (month - 1) / 3 * 3 + 1;

			q = span_of(NT_BUCKET_Q, utc(year, month, 28, 23), 0);
			assert_int_equal(q.start_s, utc(year, first, 1, 0));
			assert_int_equal(q.end_s, utc(year, first + 3, 1, 0)); /* timegm knows month 13 */
		}
	}
	q = span_of(NT_BUCKET_Q, utc(2020, 2, 29, 12), 0);
	assert_int_equal(q.end_s - q.start_s, 91 * 86400);
	q = span_of(NT_BUCKET_Q, utc(2100, 2, 28, 12), 0);
	assert_int_equal(q.end_s - q.start_s, 90 * 86400);
}

static void quarters_have_the_zone_s_edges(void **state)
{
	struct nt_span q;

	(void)state;
	q = span_of(NT_BUCKET_Q, utc(2022, 6, 30, 15), 9);
	assert_int_equal(q.start_s, utc(2022, 6, 30, 15));
	assert_int_equal(q.end_s, utc(2022, 9, 30, 15));
	q = span_of(NT_BUCKET_Q, utc(2022, 6, 30, 15) - 1, 9);
	assert_int_equal(q.start_s, utc(2022, 3, 31, 15));
	q = span_of(NT_BUCKET_Q, utc(2023, 1, 1, 4), -5);
	assert_int_equal(q.start_s, utc(2022, 10, 1, 5));
	q = span_of(NT_BUCKET_Q, utc(2023, 1, 1, 5), -5);
	assert_int_equal(q.start_s, utc(2023, 1, 1, 5));
}

static void smaller_buckets_lie_within_larger(void **state)
{
	(void)state;
	for (int32_t offset = -12; offset <= 14; offset++) {
		for (int64_t t = utc(2019, 12, 30, 0); t < utc(2020, 4, 3, 0); t += 1800) {
			struct nt_span inner = span_of(NT_BUCKET_M, t, offset);

			for (enum nt_bucket b = NT_BUCKET_H; b < NT_BUCKETS; b++) {
				struct nt_span outer = span_of(b, t, offset);

				assert_true(outer.start_s <= inner.start_s && inner.end_s <= outer.end_s);
				inner = outer;
			}
		}
	}
}

static void keys_are_those_of_the_contract(void **state)
{
	char text[NT_REDIS_KEY_TEXT];

	(void)state;
	nt_redis_key(text, "tokyo-1", NT_RKEY_SENSORS);
	assert_string_equal(text, "nt:sensors");
	nt_redis_key(text, "tokyo-1", NT_RKEY_INFO);
	assert_string_equal(text, "nt:{tokyo-1}:info");
	nt_redis_key(text, "tokyo-1", NT_RKEY_NOW_WINDOW);
	assert_string_equal(text, "nt:{tokyo-1}:now:window");
	nt_redis_bucket_key(text, "a.b", NT_BUCKET_D, 1662422400, NT_RKEY_REGION_PORT);
	assert_string_equal(text, "nt:{a.b}:d:1662422400:region_port");
	nt_redis_key(text, "tokyo-1", NT_RKEY_EVENTS);
	assert_string_equal(text, "nt:{tokyo-1}:events");
	nt_redis_key(text, "tokyo-1", NT_RKEY_ORG);
	assert_string_equal(text, "nt:{tokyo-1}:org");
	nt_redis_part_key(text, "s", NT_BUCKET_D, 1662422400, NT_RKEY_BACKSCATTER, "JP");
	assert_string_equal(text, "nt:{s}:d:1662422400:backscatter:JP");
	nt_redis_part_key(text, "s", NT_BUCKET_Q, 1662422400, NT_RKEY_HLL, "sig:mirai:region:JP");
	assert_string_equal(text, "nt:{s}:q:1662422400:hll:sig:mirai:region:JP");
	nt_redis_bucket_key(text, "s", NT_BUCKET_H, 1662422400, NT_RKEY_UNIQUE);
	assert_string_equal(text, "nt:{s}:h:1662422400:unique");
	nt_redis_port_all_key(text, "s", 1656633600, "udp", 65535);
	assert_string_equal(text, "nt:{s}:q:1656633600:port_all:udp:127");
	nt_redis_port_all_key(text, "s", 1656633600, "tcp", 511);
	assert_string_equal(text, "nt:{s}:q:1656633600:port_all:tcp:0");
}

static void the_longest_key_fits(void **state)
{
	char name[NT_NAME_MAX + 1], text[NT_REDIS_KEY_TEXT], part[NT_SKETCH_TEXT];

	(void)state;
	memset(name, 'n', NT_NAME_MAX);
	name[NT_NAME_MAX] = '\0';
	memset(part, 'x', sizeof(part) - 1);
	memcpy(part + sizeof(part) - 10, ":region:s", 10);
	nt_redis_port_all_key(text, name, INT64_MIN, "tcp", 65535);
	assert_string_equal(text + strlen(text) - 4, ":127");
	nt_redis_part_key(text, name, NT_BUCKET_Q, INT64_MIN, NT_RKEY_HLL, part);
	assert_string_equal(text + strlen(text) - 9, ":region:s");
	nt_redis_bucket_key(text, name, NT_BUCKET_Q, INT64_MIN, NT_RKEY_REGION_PORT);
	assert_string_equal(text + strlen(text) - 12, ":region_port");
}

/* A table that goes to Redis has a row that says how much of it is kept. */
static void every_table_has_a_row(void **state)
{
	(void)state;
	for (enum nt_table t = 0; t < NT_TABLES; t++) {
		enum nt_redis_key key = nt_redis_table_key(t);

		if (!nt_table_row[t].redis) {
			assert_int_equal(key, NT_REDIS_KEYS);
			continue;
		}
		assert_true(key < NT_REDIS_KEYS);
		assert_string_equal(nt_redis_key_row[key].name, nt_table_row[t].redis);
		for (enum nt_bucket b = 0; b < NT_BUCKETS; b++)
			assert_true(nt_redis_key_in(key, b));
	}
	for (enum nt_redis_key key = 0; key < NT_REDIS_KEYS; key++)
		assert_non_null(nt_redis_key_row[key].name);
}

static void bounds_are_those_of_the_contract(void **state)
{
	const struct nt_redis_key_row *port = &nt_redis_key_row[NT_RKEY_PORT];
	const struct nt_redis_key_row *region = &nt_redis_key_row[NT_RKEY_REGION];
	const struct nt_redis_key_row *window = &nt_redis_key_row[NT_RKEY_WINDOW];
	const struct nt_redis_key_row *region_port = &nt_redis_key_row[NT_RKEY_REGION_PORT];

	(void)state;
	for (enum nt_redis_key key = NT_RKEY_PORT; key < NT_RKEY_PORT_ALL; key++) {
		assert_int_equal(nt_redis_key_row[key].open[NT_BUCKET_M], NT_BOUND_M);
		assert_int_equal(nt_redis_key_row[key].closed[NT_BUCKET_M], NT_BOUND_M);
		assert_int_equal(nt_redis_key_row[key].closed[NT_BUCKET_H], NT_BOUND_H);
	}
	assert_int_equal(port->open[NT_BUCKET_D], NT_BOUND_NONE);
	assert_int_equal(port->closed[NT_BUCKET_D], NT_BOUND_D_PORT);
	assert_int_equal(port->closed[NT_BUCKET_Q], NT_BOUND_Q);
	assert_int_equal(region->closed[NT_BUCKET_D], NT_BOUND_NONE);
	assert_int_equal(region->closed[NT_BUCKET_Q], NT_BOUND_NONE);
	assert_int_equal(window->closed[NT_BUCKET_D], NT_BOUND_D_OTHER);
	assert_int_equal(region_port->open[NT_BUCKET_D], NT_BOUND_OPEN_REGION_PORT);
	assert_int_equal(region_port->open[NT_BUCKET_Q], NT_BOUND_OPEN_Q_REGION_PORT);
	assert_int_equal(region_port->closed[NT_BUCKET_D], NT_BOUND_D_REGION_PORT);
	assert_int_equal(nt_redis_key_row[NT_RKEY_ASN].open[NT_BUCKET_D], NT_BOUND_OPEN_ASN);
	assert_int_equal(nt_redis_key_row[NT_RKEY_ASN].closed[NT_BUCKET_D], NT_BOUND_D_PORT);
	assert_int_equal(nt_redis_key_row[NT_RKEY_HLL].closed[NT_BUCKET_D], NT_BOUND_D_HLL);
	assert_int_equal(nt_redis_key_row[NT_RKEY_HLL].closed[NT_BUCKET_Q], NT_BOUND_Q_HLL);
	assert_int_equal(nt_redis_key_row[NT_RKEY_SOURCE].closed[NT_BUCKET_D], NT_BOUND_D_SOURCE);
	assert_false(nt_redis_key_in(NT_RKEY_SOURCE, NT_BUCKET_Q));
	assert_false(nt_redis_key_in(NT_RKEY_HLL, NT_BUCKET_M));
}

static void lifetimes_are_those_of_the_contract(void **state)
{
	const struct nt_redis_limits limits = {
	    .lifetime_s = {1, 2, 3, 4}, .h_hll_lifetime_s = 10, .d_sources_lifetime_s = 11};

	(void)state;
	assert_int_equal(nt_redis_lifetime_s(&limits, NT_RKEY_HLL, NT_BUCKET_H), 10);
	assert_int_equal(nt_redis_lifetime_s(&limits, NT_RKEY_HLL, NT_BUCKET_D), 11);
	assert_int_equal(nt_redis_lifetime_s(&limits, NT_RKEY_HLL, NT_BUCKET_Q), 4);
	assert_int_equal(nt_redis_lifetime_s(&limits, NT_RKEY_SOURCE, NT_BUCKET_D), 11);
	assert_int_equal(nt_redis_lifetime_s(&limits, NT_RKEY_WHO, NT_BUCKET_D), 11);
	assert_int_equal(nt_redis_lifetime_s(&limits, NT_RKEY_BACKSCATTER_PORT, NT_BUCKET_D), 11);
	assert_int_equal(nt_redis_lifetime_s(&limits, NT_RKEY_UNIQUE, NT_BUCKET_H), 2);
}

static void cursors_read_back(void **state)
{
	const struct nt_cursor written = {.sequence = UINT64_MAX, .chunk = UINT32_MAX};
	struct nt_cursor read = {0};
	char text[NT_CURSOR_TEXT];

	(void)state;
	nt_cursor_text(written, "0123456789abcdef", text);
	assert_true(nt_cursor_parse(text, "0123456789abcdef", &read));
	assert_int_equal(read.sequence, written.sequence);
	assert_int_equal(read.chunk, written.chunk);
	assert_false(nt_cursor_parse(text, "0123456789abcdee", &read));
	assert_false(nt_cursor_parse("0123456789abcdef:1", "0123456789abcdef", &read));
	assert_false(nt_cursor_parse("0123456789abcdef:0:1", "0123456789abcdef", &read));
	assert_false(nt_cursor_parse("0123456789abcdef:1:x", "0123456789abcdef", &read));
	assert_false(nt_cursor_parse("0123456789abcdef:1:", "0123456789abcdef", &read));
	assert_false(nt_cursor_parse("", "0123456789abcdef", &read));
	assert_true(nt_cursor_before((struct nt_cursor){1, 5}, (struct nt_cursor){2, 0}));
	assert_true(nt_cursor_before((struct nt_cursor){1, 0}, (struct nt_cursor){1, 1}));
	assert_false(nt_cursor_before((struct nt_cursor){1, 1}, (struct nt_cursor){1, 1}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(minutes_and_hours),
	    cmocka_unit_test(days_begin_at_midnight_of_the_zone),
	    cmocka_unit_test(quarters_follow_the_calendar),
	    cmocka_unit_test(quarters_have_the_zone_s_edges),
	    cmocka_unit_test(smaller_buckets_lie_within_larger),
	    cmocka_unit_test(keys_are_those_of_the_contract),
	    cmocka_unit_test(the_longest_key_fits),
	    cmocka_unit_test(every_table_has_a_row),
	    cmocka_unit_test(bounds_are_those_of_the_contract),
	    cmocka_unit_test(lifetimes_are_those_of_the_contract),
	    cmocka_unit_test(cursors_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

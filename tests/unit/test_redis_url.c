/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "redis/url.h"

#include <errno.h>
#include <string.h>

static void good_urls(void **state)
{
	static const struct {
		const char *text;
		struct nt_redis_url url;
	} row[] = {
	    {"redis://localhost", {.host = "localhost", .port = 6379}},
	    {"redis://localhost/", {.host = "localhost", .port = 6379}},
	    {"redis://h:1", {.host = "h", .port = 1}},
	    {"redis://h:65535/15", {.host = "h", .port = 65535, .db = 15}},
	    {"redis://192.0.2.1/3", {.host = "192.0.2.1", .port = 6379, .db = 3}},
	    {"redis://[2001:db8::1]", {.host = "2001:db8::1", .port = 6379}},
	    {"redis://[::1]:7000/2", {.host = "::1", .port = 7000, .db = 2}},
	    {"redis://[fe80::1%25eth0]", {.host = "fe80::1%eth0", .port = 6379}},
	    {"redis://user:secret@h", {.host = "h", .port = 6379, .user = "user", .password = "secret"}},
	    {"redis://:secret@h", {.host = "h", .port = 6379, .password = "secret"}},
	    {"redis://user@h", {.host = "h", .port = 6379, .user = "user"}},
	    {"redis://u:a:b@h", {.host = "h", .port = 6379, .user = "u", .password = "a:b"}},
	    {"redis://u:%40%3a%2F%3F%25%20@h", {.host = "h", .port = 6379, .user = "u", .password = "@:/?% "}},
	    {"unix:///run/redis.sock", {.path = "/run/redis.sock", .port = 6379}},
	    {"unix:///run/my%20redis.sock?db=7", {.path = "/run/my redis.sock", .port = 6379, .db = 7}},
	    {"unix://user@/run/a@b", {.path = "/run/a@b", .port = 6379, .user = "user"}},
	    {"unix://u:%2Fp%3Fa@/s?db=2", {.path = "/s", .port = 6379, .user = "u", .password = "/p?a", .db = 2}},
	    {"unix://:secret@/s", {.path = "/s", .port = 6379, .password = "secret"}},
	    {"unix:///a@b", {.path = "/a@b", .port = 6379}},
	    {"unix:///%3f", {.path = "/?", .port = 6379}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct nt_redis_url url;
		const char *why = "set";

		assert_int_equal(nt_redis_url_parse(row[i].text, &url, &why), 0);
		assert_null(why);
		assert_string_equal(url.host, row[i].url.host);
		assert_string_equal(url.path, row[i].url.path);
		assert_string_equal(url.user, row[i].url.user);
		assert_string_equal(url.password, row[i].url.password);
		assert_int_equal(url.port, row[i].url.port);
		assert_int_equal(url.db, row[i].url.db);
	}
}

static void bad_urls_say_why(void **state)
{
	static const char *const text[] = {
	    "",
	    "redis",
	    "redis:",
	    "redis:/h",
	    "redis://",
	    "redis:///0",
	    "redis://:secret@",
	    "redis://@",
	    "redis://:1",
	    "http://h",
	    "REDIS://h",
	    "rediss://h",
	    "redis://h:",
	    "redis://h:0",
	    "redis://h:65536",
	    "redis://h:+1",
	    "redis://h:1:2",
	    "redis://h/x",
	    "redis://h/-1",
	    "redis://h/2147483648",
	    "redis://h/99999999999999999999999999",
	    "redis://h/1/2",
	    "redis://h?db=1",
	    "redis://h/0?x",
	    "redis://h#1",
	    "redis://a@b@h",
	    "redis://p@ss:w@rd@h",
	    "redis://[::1",
	    "redis://[::1]x",
	    "redis://[nonsense]",
	    "redis://[]",
	    "redis://::1",
	    "redis://%",
	    "redis://%4",
	    "redis://%zz",
	    "redis://h%00",
	    "redis://u:%00@h",
	    "redis://h ",
	    " redis://h",
	    "redis://h\n",
	    "unix://",
	    "unix://relative",
	    "unix:/x",
	    "unix://user@",
	    "unix://user@relative",
	    "unix://a@b@/x",
	    "unix://p@ss:w@rd@/x",
	    "unix://user/x",
	    "unix:///x?db=",
	    "unix:///x?db=a",
	    "unix:///x?d=1",
	    "unix:///x?db=1&x=2",
	    "unix:///x?",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		struct nt_redis_url url;
		const char *why = NULL;

		assert_int_equal(nt_redis_url_parse(text[i], &url, &why), -EINVAL);
		assert_non_null(why);
		assert_null(strstr(why, "p@ss"));
	}
}

static void parts_have_bounds(void **state)
{
	char text[1400] = "unix:///";
	struct nt_redis_url url;
	const char *why;

	(void)state;
	memset(text + 8, 'a', sizeof(url.path) - 2);
	assert_int_equal(nt_redis_url_parse(text, &url, &why), 0);
	assert_int_equal(strlen(url.path), sizeof(url.path) - 1);
	memset(text + 8, 'a', sizeof(url.path) - 1);
	assert_int_equal(nt_redis_url_parse(text, &url, &why), -EINVAL);
	memcpy(text, "redis://", 8);
	memset(text + 8, 'a', sizeof(text) - 9);
	assert_int_equal(nt_redis_url_parse(text, &url, &why), -EINVAL);
	memcpy(text + sizeof(text) - 3, "@h", 2);
	assert_int_equal(nt_redis_url_parse(text, &url, &why), -EINVAL);
	text[8] = ':';
	memset(text + 9 + sizeof(url.password) - 1, 0, sizeof(text) - 9 - sizeof(url.password) + 1);
	memcpy(text + 9 + sizeof(url.password) - 1, "@h", 2);
	assert_int_equal(nt_redis_url_parse(text, &url, &why), 0);
	assert_int_equal(strlen(url.password), sizeof(url.password) - 1);
}

static void text_has_no_secret(void **state)
{
	char text[NT_REDIS_URL_TEXT];
	struct nt_redis_url url;
	const char *why;

	(void)state;
	assert_int_equal(nt_redis_url_parse("redis://me:secret@[::1]:7/2", &url, &why), 0);
	nt_redis_url_text(&url, text);
	assert_string_equal(text, "redis://[::1]:7/2");
	assert_int_equal(nt_redis_url_parse("unix:///a?db=3", &url, &why), 0);
	nt_redis_url_text(&url, text);
	assert_string_equal(text, "unix:///a?db=3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_urls),
	    cmocka_unit_test(bad_urls_say_why),
	    cmocka_unit_test(parts_have_bounds),
	    cmocka_unit_test(text_has_no_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "random.h"
#include "redis/slots.h"

#include <string.h>

/* What CLUSTER KEYSLOT of Redis 7.0 says. */
static void slots_are_those_of_redis(void **state)
{
	static const struct {
		const char *key;
		uint16_t slot;
	} row[] = {
	    {"", 0},
	    {"123456789", 12739},
	    {"foo", 12182},
	    {"bar", 5061},
	    {"somekey", 11058},
	    {"hash_tag", 2515},
	    {"foo{hash_tag}", 2515},
	    {"nt:{hash_tag}:info", 2515},
	    {"{hash_tag}{foo}", 2515},
	    {"{}foo", 9500},
	    {"{foo", 13308},
	    {"foo}{bar}", 5061},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (nt_key_slot(row[i].key) != row[i].slot)
			fail_msg("%s: %u, not %u", row[i].key, nt_key_slot(row[i].key), row[i].slot);
}

/* Whatever a node says, it is a redirect to somewhere possible, another error, or spoilt. */
static void any_text_is_read(void **state)
{
	static const char letters[] = "0123456789:.[]? \x1b\xff-ahMOVED";
	uint64_t redirects = 0;

	(void)state;
	for (int i = 0; i < 300000; i++) {
		char text[48] = "MOVED 1", *at = text + (i % 2 ? 6 : 8);
		struct nt_redirect to;
		size_t n = next_random() % 24;

		for (size_t k = 0; k < n; k++)
			at[k] = letters[next_random() % (sizeof(letters) - 1)];
		if (i % 2 == 0)
			text[7] = ' ';
		if (nt_redirect_parse(text, &to) != 1)
			continue;
		redirects++;
		assert_true(to.slot < NT_SLOTS && to.to.port);
		assert_null(strpbrk(to.to.host, " \x1b\xff?[]"));
	}
	assert_true(redirects > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(slots_are_those_of_redis),
	    cmocka_unit_test(any_text_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

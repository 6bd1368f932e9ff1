/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "snapshot/json.h"

/* A body is written as it is only if reading it and writing it again, which a blank before it asks for, says the same.
 */
static void a_body_is_written_in_one_form(void **state)
{
	static const char *const bodies[] = {
	    "{}",
	    "{\"a\":1,\"b\":-2.5,\"c\":[],\"d\":{\"e\":[1,\"x\",true,false,null]}}",
	    "{\"a\":1234567890123456789}",
	    "{\"a\":1e9}",
	    "{\"a\":1.5e9}",
	    "{\"a\":0.12345678901234567}",
	    "{\"a\":\"\\u00e9\"}",
	    "{\"a\":\"\xc3\xa9\"}",
	    "{\"a\":\"\xe9\"}",
	    "{\"a\":\"\\n\\\"\"}",
	    "{\"a\":[[[[[[[[[[[]]]]]]]]]]]}",
	    "{\"a\":01}",
	    "{\"a\":1.}",
	    "{\"a\":.5}",
	    "{\"a\":-}",
	    "{\"a\":}",
	    "{\"a\"}",
	    "{\"a\":1,}",
	    "{,}",
	    "{\"a\":[1,]}",
	    "{\"a\":1}}",
	    "{\"a\":1]",
	    "{\"a\":1",
	    "{\"a\":\"x",
	    "{\"a\":tru}",
	    "[]",
	    "[{}]",
	    "1",
	    "",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct nt_event e = {.type = NT_EVENT_SURGE, .region = "--"};
		char *line, *other;
		int err;

		e.body = malloc(strlen(bodies[i]) + 2);
		assert_non_null(e.body);
		e.body[0] = ' ';
		strcpy(e.body + 1, bodies[i]);
		err = nt_event_json(&e, "t-1", &other);
		memmove(e.body, e.body + 1, strlen(e.body));
		assert_int_equal(nt_event_json(&e, "t-1", &line), err);
		if (!err)
			assert_string_equal(line, other);
		free(line);
		free(other);
		free(e.body);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_body_is_written_in_one_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

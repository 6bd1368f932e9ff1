/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "random.h"
#include "redis/outage.h"

#include <errno.h>
#include <string.h>

/* What the log hears of a server that comes and goes. */

#define S NT_SECOND_NS

static uint32_t more;

static bool failed(struct nt_outage *o, int err, uint64_t now_s)
{
	return nt_outage_failed(o, err, err == -EACCES || err == -EROFS, now_s * S, &more);
}

static bool over(struct nt_outage *o, uint64_t now_s)
{
	return nt_outage_over(o, now_s * S, &more);
}

static void one_outage_is_said_twice(void **state)
{
	struct nt_outage o = {0};

	(void)state;
	assert_false(over(&o, 1000));
	assert_true(failed(&o, -ECONNREFUSED, 1000));
	assert_int_equal(more, 0);
	for (uint64_t s = 1000; s < 2000; s++)
		assert_false(failed(&o, s % 2 ? -ETIMEDOUT : -ECONNREFUSED, s));
	assert_true(over(&o, 2000));
	assert_int_equal(more, 0);
	for (uint64_t s = 2000; s < 3000; s++)
		assert_false(over(&o, s));
	assert_true(failed(&o, -ECONNREFUSED, 3000));
	assert_true(over(&o, 3001));
}

static void the_others_of_a_minute_are_counted(void **state)
{
	struct nt_outage o = {0};

	(void)state;
	assert_true(failed(&o, -ECONNRESET, 1000));
	assert_true(over(&o, 1001));
	for (uint64_t s = 1002; s < 1060; s += 2) {
		assert_false(failed(&o, -ECONNRESET, s));
		assert_false(over(&o, s + 1));
	}
	assert_true(failed(&o, -ECONNRESET, 1060));
	assert_int_equal(more, 29);
	assert_true(over(&o, 1061));
	assert_int_equal(more, 0);
	assert_false(failed(&o, -ECONNRESET, 1062));
	assert_false(over(&o, 1063));
	assert_false(over(&o, 1119));
	assert_true(over(&o, 1120)); /* it has stayed */
	assert_int_equal(more, 1);
	assert_false(over(&o, 1300));
}

static void one_that_lasts_is_said_when_it_may_be(void **state)
{
	struct nt_outage o = {0};

	(void)state;
	assert_true(failed(&o, -ECONNRESET, 1000));
	assert_true(over(&o, 1001));
	for (uint64_t s = 1002; s < 1060; s++)
		assert_false(failed(&o, -ECONNRESET, s));
	assert_true(failed(&o, -ECONNRESET, 1060));
	assert_int_equal(more, 0); /* it is the one that is said */
	for (uint64_t s = 1060; s < 2000; s++)
		assert_false(failed(&o, -ECONNRESET, s));
	assert_true(over(&o, 2000));
}

static void what_somebody_has_to_mend_is_said_at_once(void **state)
{
	struct nt_outage o = {0};

	(void)state;
	assert_true(failed(&o, -ECONNREFUSED, 1000));
	assert_true(failed(&o, -EACCES, 1005));
	assert_false(failed(&o, -EACCES, 1006));
	assert_true(over(&o, 1007));
	assert_false(failed(&o, -EACCES, 1008)); /* known */
	assert_false(over(&o, 1009));
	assert_false(failed(&o, -EROFS, 1010)); /* one a minute */
	assert_true(failed(&o, -EROFS, 1065));
}

/* Whatever a server does, three lines a minute and one for the end of each; and every outage is said or counted. */
static void the_log_does_not_fill(void **state)
{
	static const int errors[] = {-ECONNREFUSED, -ETIMEDOUT, -EACCES, -EROFS};

	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++) {
		struct nt_outage o = {0};
		uint64_t began = 0, said = 0, told = 0, lines = 0, s = 1000;
		bool away = false, announced = false;

		random_state = seed;
		for (int step = 0; step < 5000; step++, s += next_random() % 3) {
			if (next_random() % 100 < seed) {
				began += !away;
				announced = announced && away;
				away = true;
				if (failed(&o, errors[next_random() % 4], s)) {
					said += !announced;
					announced = true;
					told += more;
					lines++;
				}
			} else {
				lines += over(&o, s);
				told += more;
				away = false;
			}
		}
		while (!over(&o, s += 60) && o.unsaid)
			;
		told += more;
		assert_int_equal(said + told, began);
		assert_true(lines <= 5 * ((s - 1000) / 60 + 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_outage_is_said_twice),
	    cmocka_unit_test(the_others_of_a_minute_are_counted),
	    cmocka_unit_test(one_that_lasts_is_said_when_it_may_be),
	    cmocka_unit_test(what_somebody_has_to_mend_is_said_at_once),
	    cmocka_unit_test(the_log_does_not_fill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

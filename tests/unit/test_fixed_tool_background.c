/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixed_tool_fixture.h"

#include <math.h>

/* ---- a background with no tool in it ---- */

/* Poisson (Knuth, TAOCP 2, 3.4.1), in parts that exp() can hold. */
static uint32_t poisson(double mean)
{
	uint32_t n = 0;

	for (; mean > 0; mean -= 20) {
		double limit = exp(-(mean < 20 ? mean : 20)), product = random_unit();

		while (product > limit) {
			product *= random_unit();
			n++;
		}
	}
	return n;
}

/*
 * Bots in their hundreds of groups: operating systems' windows towards popular ports, from crowded regions and empty
 * ones, by day three times what they are by night. And what looks alike: hosts that send a SYN again and again, RST
 * and RST+ACK without an acknowledgement, victims of floods with fixed numbers that are one of a kind.
 */
static void background(struct fixture *f, uint32_t hour)
{
	static const char *const code[] = {"CN", "US", "RU", "BR", "IN", "NZ", "IS", "FJ"};
	static const double crowd[] = {12, 8, 5, 3, 2, 0.3, 0.1, 0.03};
	static const uint16_t window[] = {64240, 65535, 8192, 29200, 5840, 14600};
	static const uint16_t port[] = {23, 445, 22, 80, 443, 1433, 3389, 8080};
	double rhythm = 1 + 0.5 * sin(hour * 6.283185 / 24);

	for (uint32_t r = 0; r < 8; r++)
		for (uint32_t w = 0; w < 6; w++)
			for (uint32_t p = 0; p < 8; p++) {
				struct sender from = {.region = code[r],
						      .asn = 100 + r * 3 + p % 3,
						      .traits = ORDINARY,
						      .window = window[w],
						      .port = port[p]};
				uint32_t n = poisson(crowd[r] * rhythm / (1 + w) * (p < 3 ? 1 : 0.1));

				for (uint32_t i = 0; i < n; i++)
					send_from(f, &from, (uint32_t)next_random(), 20 + random_below(200));
			}
	for (uint32_t i = 0; i < 100; i++) {
		struct sender from = flood, rst = reply;

		from.region = rst.region = code[random_below(8)];
		from.seq = (uint32_t)next_random();
		send_from(f, &from, (uint32_t)next_random(), 3 + random_below(30));
		rst.window = 0;
		rst.ack = random_below(2) == 0 ? 0 : (uint32_t)next_random();
		rst.seq = 0;
		rst.traits |= NT_TRAIT_SEQ_SAME;
		send_from(f, &rst, (uint32_t)next_random(), 3 + random_below(300));
	}
}

struct plan {
	uint32_t hour;
	uint32_t hours;
	const struct sender *from;
	uint32_t sources;
	const char *mark;
};

static void run_background(struct fixture *f, uint32_t seed, const struct plan *plan, size_t plans)
{
	random_state = seed;
	for (uint32_t hour = 0; hour < 96; hour++) {
		begin(f, BASE + (int64_t)hour * HOUR, HOUR);
		background(f, hour);
		for (size_t i = 0; i < plans; i++)
			if (hour >= plan[i].hour && hour < plan[i].hour + plan[i].hours)
				send_all(f, plan[i].from, 0x0a000000 + (uint32_t)i * 1000, plan[i].sources, 60);
		end(f, hour == 95);
	}
}

/* Twenty seeds: on the background alone nothing is told; what is planted is, in its hours, and nothing else. */
static void test_precision_and_recall(void **state)
{
	static const struct sender unusual = {.region = "NZ", .traits = ORDINARY, .window = 1400, .port = 23};
	static const struct plan plan[] = {
	    {10, 2, &flood, 4, "sequence"},
	    {40, 3, &reply, 5, "acknowledgement"},
	    {60, 4, &unusual, 7, "port"},
	    {80, 1, &flood, 7, "sequence"},
	};
	uint32_t found = 0, false_alarms = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= 20; seed++) {
		struct fixture f;

		set_up(&f, &options);
		run_background(&f, seed, NULL, 0);
		assert_int_equal(f.list.n_events, 0);
		tear_down(&f);

		set_up(&f, &options);
		run_background(&f, seed, plan, 4);
		for (size_t i = 0; i < f.list.n_events; i++) {
			const struct nt_event *e = &f.list.event[i];
			uint32_t at = 0;

			while (at < 4 && e->start_s != BASE + (int64_t)plan[at].hour * HOUR)
				at++;
			if (at == 4) {
				false_alarms++;
				continue;
			}
			assert_int_equal(e->end_s, BASE + (int64_t)(plan[at].hour + plan[at].hours) * HOUR);
			assert_body_text(e, "mark", plan[at].mark);
			assert_int_equal(body_number(e, "sources"), plan[at].sources);
			found++;
		}
		tear_down(&f);
	}
	print_message("fixed_tool: recall %u of %u, %u false alarms\n", found, 20 * 4, false_alarms);
	assert_int_equal(found, 20 * 4);
	assert_int_equal(false_alarms, 0);
}

static void test_order_does_not_matter(void **state)
{
	static const struct plan plan[] = {{5, 2, &flood, 30, ""}, {6, 3, &reply, 30, ""}, {30, 3, &probe, 300, ""}};
	struct nt_detect_options o = options;
	struct fixture f[2];

	(void)state;
	o.fixed_tool.tracked = 150; /* most of the background finds no room */
	o.fixed_tool.groups = 40;
	for (uint32_t i = 0; i < 2; i++) {
		set_up(&f[i], &o);
		f[i].backwards = i == 1;
		run_background(&f[i], 3, plan, 3);
		assert_true(nt_fixed_tool_dropped(f[i].d) > 0);
	}
	assert_true(f[0].list.n_events > 0);
	assert_events_equal(&f[0].list, &f[1].list);
	assert_int_equal(nt_fixed_tool_dropped(f[0].d), nt_fixed_tool_dropped(f[1].d));
	tear_down(&f[0]);
	tear_down(&f[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_precision_and_recall),
	    cmocka_unit_test(test_order_does_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "devargs.h"
#include "driver.h"
#include "loss.h"
#include "rss.h"
#include "timeline.h"

#include <rte_ethdev.h>
#include <string.h>

/* What live capture decides without looking at a device or a clock. */

#define SECOND INT64_C(1000000000)
#define START  (INT64_C(1662422400) * SECOND) /* a multiple of every interval */

/* ---- timeline ---- */

static void intervals_follow_one_another(void **state)
{
	struct timeline t;

	(void)state;
	timeline_begin(&t, 60, START + 7 * SECOND, 0);
	assert_int_equal(t.start_s * SECOND, START);
	assert_int_equal(t.end_s * SECOND, START + 60 * SECOND);
	assert_true(t.partial);
	assert_int_equal(timeline_look(&t, START + 60 * SECOND - 1, 53 * SECOND - 1), TIMELINE_OPEN);
	assert_int_equal(timeline_look(&t, START + 60 * SECOND, 53 * SECOND), TIMELINE_ENDED);
	timeline_next(&t);
	assert_false(t.partial);
	assert_int_equal(t.start_s * SECOND, START + 60 * SECOND);
	assert_int_equal(timeline_look(&t, START + 60 * SECOND, 53 * SECOND), TIMELINE_OPEN);
}

static void a_late_look_leaves_no_gap(void **state)
{
	struct timeline t;
	uint32_t ended = 0;

	(void)state;
	timeline_begin(&t, 60, START, 0);
	while (timeline_look(&t, START + 300 * SECOND, 300 * SECOND) == TIMELINE_ENDED) {
		ended++;
		timeline_next(&t);
		assert_false(t.partial);
	}
	assert_int_equal(ended, 5);
	assert_int_equal(t.start_s * SECOND, START + 300 * SECOND);
}

static void a_jump_forward_leaves_the_interval(void **state)
{
	struct timeline t;

	(void)state;
	timeline_begin(&t, 60, START, 0);
	timeline_look(&t, START + 60 * SECOND, 60 * SECOND);
	timeline_next(&t);
	assert_int_equal(timeline_look(&t, START + 3600 * SECOND, 61 * SECOND), TIMELINE_LEFT);
	assert_int_equal(t.jumped_ns, (3600 - 61) * SECOND);
	assert_true(t.partial);
	timeline_begin(&t, 60, START + 3600 * SECOND, 61 * SECOND);
	assert_int_equal(timeline_look(&t, START + 3601 * SECOND, 62 * SECOND), TIMELINE_OPEN);
	assert_int_equal(t.jumped_ns, 0);
}

static void a_jump_into_the_next_interval_cuts_both(void **state)
{
	struct timeline t;

	(void)state;
	timeline_begin(&t, 60, START, 0);
	timeline_look(&t, START + 60 * SECOND, 60 * SECOND);
	timeline_next(&t);
	assert_int_equal(timeline_look(&t, START + 130 * SECOND, 100 * SECOND), TIMELINE_ENDED);
	assert_true(t.partial);
	timeline_next(&t);
	assert_true(t.partial);
	assert_int_equal(timeline_look(&t, START + 131 * SECOND, 101 * SECOND), TIMELINE_OPEN);
}

static void a_short_jump_back_waits(void **state)
{
	struct timeline t;

	(void)state;
	timeline_begin(&t, 60, START, 0);
	timeline_look(&t, START + 60 * SECOND, 60 * SECOND);
	timeline_next(&t);
	assert_int_equal(timeline_look(&t, START + 1 * SECOND, 61 * SECOND), TIMELINE_OPEN);
	assert_int_equal(t.jumped_ns, -60 * SECOND);
	assert_true(t.partial);
	assert_int_equal(timeline_look(&t, START + 119 * SECOND, 179 * SECOND), TIMELINE_OPEN);
	assert_int_equal(timeline_look(&t, START + 120 * SECOND, 180 * SECOND), TIMELINE_ENDED);
}

static void a_long_jump_back_is_followed(void **state)
{
	struct timeline t;

	(void)state;
	timeline_begin(&t, 60, START + 600 * SECOND, 0);
	assert_int_equal(timeline_look(&t, START, SECOND), TIMELINE_LEFT);
	timeline_begin(&t, 60, START, SECOND);
	assert_int_equal(t.start_s * SECOND, START);
}

static void slewing_is_no_jump(void **state)
{
	struct timeline t;

	(void)state;
	timeline_begin(&t, 3600, START, 0);
	for (int64_t s = 1; s < 3000; s++) {
		assert_int_equal(timeline_look(&t, START + s * SECOND + s * 500000, s * SECOND), TIMELINE_OPEN);
		assert_int_equal(t.jumped_ns, 0);
	}
}

/* ---- loss ---- */

static struct loss_counters received(uint64_t packets)
{
	return (struct loss_counters){.received = packets};
}

/* Notes an interval in which all that was polled was polled long ago. */
static uint64_t note(struct loss *l, uint64_t got, uint64_t polled)
{
	const struct loss_counters now = received(got);
	const struct loss_polled range = {.min = polled, .max = polled};
	struct nt_loss into = {0};

	loss_note(l, &now, &range, &into);
	return into.unexplained;
}

static uint64_t finish(struct loss *l, uint64_t stopped, uint64_t got, uint64_t polled)
{
	const struct loss_counters before = received(stopped), now = received(got);
	struct nt_loss into = {0};

	loss_finish(l, &before, &now, polled, &into);
	return into.unexplained;
}

static void drops_are_differences(void **state)
{
	struct loss l = {0};
	struct loss_counters now = {.missed = 5, .no_mbuf = 3, .errors = 1};
	const struct loss_polled range = {0};
	struct nt_loss into = {0};

	(void)state;
	loss_note(&l, &now, &range, &into);
	now.missed = 7;
	loss_note(&l, &now, &range, &into);
	assert_int_equal(into.missed, 7);
	assert_int_equal(into.no_mbuf, 3);
	assert_int_equal(into.errors, 1);
	now = (struct loss_counters){.missed = 2}; /* the driver began anew */
	memset(&into, 0, sizeof(into));
	loss_note(&l, &now, &range, &into);
	assert_int_equal(into.missed, 2);
	assert_int_equal(into.no_mbuf, 0);
}

static void what_lies_in_the_queues_is_carried_over(void **state)
{
	struct loss l = {.comparable = true, .capacity = 1024};

	(void)state;
	assert_int_equal(note(&l, 1024, 0), 0);
	assert_int_equal(note(&l, 5000, 4000), 0);
	assert_int_equal(note(&l, 6000, 6000), 0);
	assert_int_equal(finish(&l, 6500, 6600, 6500), 0);
}

static void what_is_more_than_that_is_unexplained_once(void **state)
{
	struct loss l = {.comparable = true, .capacity = 1024};

	(void)state;
	assert_int_equal(note(&l, 3024, 1000), 1000);
	assert_int_equal(note(&l, 4024, 2000), 0);
	assert_int_equal(note(&l, 4025, 2000), 1);
	assert_int_equal(finish(&l, 5001, 5001, 2000), 2000); /* 3001 in all never came */
}

static void the_end_is_exact(void **state)
{
	struct loss one = {.comparable = true, .capacity = 1024}, two = one, three = one;

	(void)state;
	assert_int_equal(finish(&one, 1000, 1000, 999), 1);
	assert_int_equal(finish(&two, 1000, 1000, 1001), 1);
	assert_int_equal(finish(&three, 1000, 1500, 1200), 0); /* they came while it ended */
}

static void counters_may_be_late_but_not_wrong(void **state)
{
	struct loss l = {.comparable = true, .capacity = 1024};
	const struct loss_counters now = received(1000);
	const struct loss_polled range = {.min = 900, .max = 50000};
	struct nt_loss into = {0};

	(void)state;
	loss_note(&l, &now, &range, &into);
	assert_int_equal(into.unexplained, 0);
	assert_int_equal(note(&l, 1000, 1010), 10);
	assert_int_equal(note(&l, 1000, 1010), 0);
}

static void what_turns_up_is_no_second_violation(void **state)
{
	struct loss l = {.comparable = true, .capacity = 64};

	(void)state;
	assert_int_equal(note(&l, 1064, 900), 100);
	assert_int_equal(note(&l, 1064, 1064), 0);
	assert_int_equal(note(&l, 1064, 1065), 1);
	assert_int_equal(finish(&l, 1064, 1064, 1065), 0);
}

static void incomparable_counters_are_not_compared(void **state)
{
	struct loss l = {.capacity = 64};

	(void)state;
	assert_int_equal(note(&l, 0, 1000000), 0);
	assert_int_equal(finish(&l, 0, 0, 1000000), 0);
}

/* ---- names ---- */

static void devices_are_told_apart(void **state)
{
	char name[32];

	(void)state;
	assert_true(devargs_virtual("net_pcap0,rx_pcap=a:b"));
	assert_true(devargs_virtual("virtio_user0"));
	assert_false(devargs_pci("net_pcap0,rx_pcap=a:b"));
	assert_true(devargs_pci("0000:01:00.0"));
	assert_true(devargs_pci("ab:00.0,mprq_en=1"));
	assert_true(devargs_pci("pci:0000:01:00.0"));
	assert_false(devargs_pci("vmbus:635a7ae3-091e-4410-ad59-667c4f8c04c3"));
	devargs_name("pci:0000:01:00.0,a=1", name, sizeof(name));
	assert_string_equal(name, "0000:01:00.0");
	devargs_name("0000:01:00.0", name, sizeof(name));
	assert_string_equal(name, "0000:01:00.0");
	devargs_name("net_pcap0,rx_pcap=a:b", name, sizeof(name));
	assert_string_equal(name, "net_pcap0");
}

static void arguments_are_found(void **state)
{
	static const char device[] = "net_x0,path=a,pathology=b,path=c=d,path=";
	char value[4];

	(void)state;
	assert_true(devargs_value(device, "path", 0, value, sizeof(value)));
	assert_string_equal(value, "a");
	assert_true(devargs_value(device, "path", 1, value, sizeof(value)));
	assert_string_equal(value, "c=d");
	assert_true(devargs_value(device, "path", 2, value, sizeof(value)));
	assert_string_equal(value, "");
	assert_false(devargs_value(device, "path", 3, value, sizeof(value)));
	assert_false(devargs_value(device, "net_x0", 0, value, sizeof(value)));
	assert_false(devargs_value("net_x0,path=long", "path", 0, value, sizeof(value)));
	assert_false(devargs_value("net_x0", "path", 0, value, sizeof(value)));
}

static void drivers_without_loss_counter_are_known(void **state)
{
	(void)state;
	assert_true(driver_find("net_af_packet")->no_loss_counter);
	assert_true(driver_find("net_mana")->no_loss_counter);
	assert_false(driver_find("net_ice")->no_loss_counter);
	assert_string_equal(driver_find("net_virtio_user")->spread, "peer");
}

/* ---- RSS ---- */

static void source_address_alone_if_possible(void **state)
{
	uint64_t all = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP;
	char text[128];

	(void)state;
	assert_true(rss_choose(all | RTE_ETH_RSS_L3_SRC_ONLY | RTE_ETH_RSS_L4_SRC_ONLY) & RTE_ETH_RSS_L3_SRC_ONLY);
	assert_false(rss_choose(all | RTE_ETH_RSS_L3_SRC_ONLY) & (RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP));
	assert_int_equal(rss_choose(all | RTE_ETH_RSS_L2_PAYLOAD), all);
	assert_int_equal(rss_choose(RTE_ETH_RSS_L2_PAYLOAD), 0);
	rss_text(rss_choose(all | RTE_ETH_RSS_L3_SRC_ONLY), text, sizeof(text));
	assert_string_equal(text, "source address");
	rss_text(RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_IPV6, text, sizeof(text));
	assert_string_equal(text, "ipv4 ipv4-tcp ipv6");
	rss_text(0, text, sizeof(text));
	assert_string_equal(text, "none");
	rss_text(UINT64_MAX & ~RTE_ETH_RSS_L3_SRC_ONLY, text, 16);
	assert_int_equal(strlen(text), 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(intervals_follow_one_another),
	    cmocka_unit_test(a_late_look_leaves_no_gap),
	    cmocka_unit_test(a_jump_forward_leaves_the_interval),
	    cmocka_unit_test(a_jump_into_the_next_interval_cuts_both),
	    cmocka_unit_test(a_short_jump_back_waits),
	    cmocka_unit_test(a_long_jump_back_is_followed),
	    cmocka_unit_test(slewing_is_no_jump),
	    cmocka_unit_test(drops_are_differences),
	    cmocka_unit_test(what_lies_in_the_queues_is_carried_over),
	    cmocka_unit_test(what_is_more_than_that_is_unexplained_once),
	    cmocka_unit_test(the_end_is_exact),
	    cmocka_unit_test(counters_may_be_late_but_not_wrong),
	    cmocka_unit_test(what_turns_up_is_no_second_violation),
	    cmocka_unit_test(incomparable_counters_are_not_compared),
	    cmocka_unit_test(devices_are_told_apart),
	    cmocka_unit_test(arguments_are_found),
	    cmocka_unit_test(drivers_without_loss_counter_are_known),
	    cmocka_unit_test(source_address_alone_if_possible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

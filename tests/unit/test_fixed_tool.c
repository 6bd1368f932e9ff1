/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixed_tool_fixture.h"

#include <math.h>

/* ---- the report's example ---- */

/* T5: New Zealand, 4 sources on August 27, 1 on August 30, 7 on August 31, in intervals of `length_s`. */
static void new_zealand(struct fixture *f, int64_t length_s)
{
	static const struct {
		int64_t start_s, end_s;
		uint32_t sources;
	} wave[] = {{BASE + 1 * DAY + 9 * HOUR, BASE + 1 * DAY + 11 * HOUR, 4},
		    {BASE + 4 * DAY + 2 * HOUR, BASE + 4 * DAY + 20 * HOUR, 1},
		    {BASE + 5 * DAY + 14 * HOUR, BASE + 5 * DAY + 18 * HOUR, 7}};

	for (int64_t t = BASE; t < BASE + 7 * DAY; t += length_s) {
		begin(f, t, length_s);
		for (uint32_t w = 0; w < 3; w++)
			if (t >= wave[w].start_s && t < wave[w].end_s)
				send_all(f, &flood, 0x0a000000, wave[w].sources, (uint64_t)length_s / 60);
		send_all(f, &probe, 0x0b000000 + (uint32_t)(t / DAY), 1, (uint64_t)length_s / 60);
		end(f, t + length_s == BASE + 7 * DAY);
	}
}

static void test_new_zealand(void **state)
{
	static const int64_t length_s[] = {60, 300, 900, 3600};
	struct fixture f[4];

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		const struct nt_event *e;

		set_up(&f[i], &options);
		new_zealand(&f[i], length_s[i]);
		assert_int_equal(f[i].list.n_events, 2);
		assert_events_equal(&f[i].list, &f[0].list);
		e = f[i].list.event;
		assert_int_equal(e[0].start_s, BASE + 1 * DAY + 9 * HOUR);
		assert_int_equal(e[0].end_s, BASE + 1 * DAY + 11 * HOUR);
		assert_string_equal(e[0].region, "NZ");
		assert_string_equal(e[0].source, "");
		assert_body_text(&e[0], "mark", "sequence");
		assert_int_equal(body_number(&e[0], "sources"), 4);
		assert_int_equal(body_number(&e[0], "packets"), 4 * 120);
		assert_int_equal(body_number(&e[0], "window"), 5840);
		assert_int_equal(body_number(&e[0], "sequence"), 0x12345678);
		assert_int_equal(body_number(&e[0], "source_port"), 443);
		assert_true(body_is_null(&e[0], "destination_port"));
		assert_int_equal(body_number(&e[0], "asn"), 64500);
		assert_true(fabs(body_real(&e[0], "packets_share") - 4.0 / 5) < 1e-6);
		assert_int_equal(e[1].start_s, BASE + 5 * DAY + 14 * HOUR);
		assert_int_equal(e[1].end_s, BASE + 5 * DAY + 18 * HOUR);
		assert_int_equal(body_number(&e[1], "sources"), 7);
	}
	for (uint32_t i = 0; i < 4; i++)
		tear_down(&f[i]);
}

/* ---- each mark, and just less than it ---- */

/* Events of n senders in one hour after `hours` quiet ones; the last one's text is in f->list. */
static size_t told_of(const struct sender *from, uint32_t n, uint64_t packets, uint32_t hours)
{
	struct fixture f;
	size_t told;
	int64_t t;

	set_up(&f, &options);
	t = quiet_hours(&f, BASE, hours);
	begin(&f, t, HOUR);
	send_all(&f, from, 0x0a000000, n, packets);
	end(&f, true);
	told = f.list.n_events;
	tear_down(&f);
	return told;
}

static void test_thresholds(void **state)
{
	(void)state;
	assert_int_equal(told_of(&flood, 4, 10, 0), 1);
	assert_int_equal(told_of(&flood, 3, 1000, 0), 0);
	assert_int_equal(told_of(&flood, 40, 9, 0), 0);
	assert_int_equal(told_of(&reply, 4, 10, 0), 1);
	assert_int_equal(told_of(&reply, 3, 1000, 0), 0);
	assert_int_equal(told_of(&probe, 4, 10, 24), 1);
	assert_int_equal(told_of(&probe, 3, 1000, 24), 0);
	assert_int_equal(told_of(&probe, 40, 9, 24), 0);
	assert_int_equal(told_of(&probe, 40, 100, 23), 0); /* no past yet */
}

/* What programs send without meaning to is no mark, or needs a past. */
static void test_ordinary_values(void **state)
{
	struct sender from = flood;

	(void)state;
	from.seq = 0;
	assert_int_equal(told_of(&from, 10, 100, 23), 0);
	assert_int_equal(told_of(&from, 10, 100, 24), 1);
	from.backscatter = true; /* RST+ACK: sequence 0, window 0 */
	from.traits &= ~(uint32_t)NT_TRAIT_ACK_SAME;
	assert_int_equal(told_of(&from, 10, 100, 48), 0);
	from = reply;
	from.ack = 0;
	assert_int_equal(told_of(&from, 10, 100, 48), 0);
	from.ack = 1;
	assert_int_equal(told_of(&from, 10, 100, 23), 0);
	assert_int_equal(told_of(&from, 10, 100, 24), 1);
	from.backscatter = false; /* an acknowledgement in anything else */
	assert_int_equal(told_of(&from, 10, 100, 48), 0);
	from = flood;
	from.traits &= ~(uint32_t)NT_TRAIT_WINDOW_SAME;
	assert_int_equal(told_of(&from, 10, 100, 48), 0);
}

static void test_signatures_explain(void **state)
{
	struct sender from = probe;

	(void)state;
	from.signatures = SMB_8192;
	assert_int_equal(told_of(&from, 10, 100, 48), 0);
	from = flood;
	from.signatures = SMB_8192; /* it says nothing of the sequence number */
	assert_int_equal(told_of(&from, 10, 100, 0), 1);
	from.signatures = SEQ_DST | SMB_OTHER; /* the address of ours that it scans over and over */
	assert_int_equal(told_of(&from, 10, 100, 0), 0);
	from = probe;
	from.port = 0; /* towards many ports */
	from.traits &= ~(uint32_t)NT_TRAIT_PORT_SAME;
	assert_int_equal(told_of(&from, 10, 100, 48), 0);
}

/* A signature that only counts, such as all other scans of a port, or everything, keeps nobody from being told. */
static void test_signatures_that_only_count(void **state)
{
	struct sender from = probe;

	(void)state;
	from.port = 445;
	from.window = 1024;
	from.signatures = SMB_OTHER;
	assert_int_equal(told_of(&from, 6, 20, 24), 1);
	from.signatures = SMB_OTHER | SEQ_DST; /* one that explains is enough */
	assert_int_equal(told_of(&from, 6, 20, 24), 0);
	from.window = 8192;
	from.signatures = SMB_8192;
	assert_int_equal(told_of(&from, 6, 20, 24), 0);
	from = flood;
	from.signatures = SEQ_DST_COUNTS;
	assert_int_equal(told_of(&from, 6, 20, 24), 1);
}

/* A new configuration may give the bits to other signatures, or take them all away, in the middle of an hour. */
static void test_signatures_change(void **state)
{
	struct sender from = probe;
	struct fixture f;
	int64_t t;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		set_up(&f, &options);
		t = quiet_hours(&f, BASE, 24);
		begin(&f, t, HOUR / 2);
		from.signatures = i == 0 ? SMB_8192 : SMB_OTHER;
		send_all(&f, &from, 0x0a000000, 6, 20);
		end(&f, false);
		begin(&f, t + HOUR / 2, HOUR / 2);
		f.s.signature[2] = signature[0]; /* from now on the third one explains */
		f.s.n_signatures = i == 2 ? SIGNATURES : 0;
		send_all(&f, &from, 0x0a000000, 6, 20);
		end(&f, true);
		assert_int_equal(f.list.n_events, i == 1);
		tear_down(&f);
	}
}

/* Values that each source keeps and all of them share in part only. */
static void test_not_shared(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, &options);
	begin(&f, BASE, HOUR);
	for (uint32_t i = 0; i < 12; i++) {
		struct sender from = flood;

		from.seq += i / 3;
		send_from(&f, &from, i, 100);
		from.seq = flood.seq;
		from.window = (uint16_t)(100 + i / 3);
		send_from(&f, &from, 100 + i, 100);
		from.window = flood.window;
		from.region = i % 4 == 0 ? "DE" : i % 4 == 1 ? "FR" : i % 4 == 2 ? "IT" : "ES";
		from.asn = 1 + i / 3;
		send_from(&f, &from, 200 + i, 100);
	}
	end(&f, true);
	assert_int_equal(f.list.n_events, 0);
	tear_down(&f);
}

/* The same value in one interval and another one in the next is not the same. */
static void test_changes_between_intervals(void **state)
{
	struct sender from = flood;
	struct fixture f;

	(void)state;
	set_up(&f, &options);
	for (uint32_t i = 0; i < 60; i++) {
		begin(&f, BASE + i * 60, 60);
		from.seq = 1000 + i % 2;
		send_all(&f, &from, 1, 10, 10);
		end(&f, i == 59);
	}
	assert_int_equal(f.list.n_events, 0);
	tear_down(&f);
}

/* ---- groups and events ---- */

static void test_by_as(void **state)
{
	struct sender from = flood;
	struct fixture f;

	(void)state;
	set_up(&f, &options);
	begin(&f, BASE, HOUR);
	send_all(&f, &from, 1, 2, 50);
	from.region = "AU";
	send_all(&f, &from, 10, 2, 50);
	end(&f, true);
	assert_int_equal(f.list.n_events, 1);
	assert_string_equal(f.list.event[0].source, "AS64500");
	assert_string_equal(f.list.event[0].region, "");
	assert_int_equal(body_number(&f.list.event[0], "asn"), 64500);
	tear_down(&f);
}

/* One tool with every mark is told once, by the first. */
static void test_told_once(void **state)
{
	struct sender from = flood;
	struct fixture f;
	int64_t t;

	(void)state;
	from.traits |= NT_TRAIT_PORT_SAME;
	from.port = 23;
	set_up(&f, &options);
	t = quiet_hours(&f, BASE, 30);
	for (uint32_t h = 0; h < 5; h++, t += HOUR) {
		begin(&f, t, HOUR);
		send_all(&f, &from, 10 * h, 12, 50 + h);
		assert_int_equal(end(&f, false), 0);
	}
	begin(&f, t, HOUR);
	assert_int_equal(end(&f, false), 1);
	assert_body_text(&f.list.event[0], "mark", "sequence");
	assert_body_text(&f.list.event[0], "destination_port", "23/tcp");
	assert_int_equal(body_number(&f.list.event[0], "sources"), 52); /* 12, then 10 new ones an hour */
	assert_int_equal(body_number(&f.list.event[0], "peak_sources"), 12);
	assert_int_equal(f.list.event[0].end_s - f.list.event[0].start_s, 5 * HOUR);
	begin(&f, t + HOUR, HOUR);
	assert_int_equal(end(&f, true), 0);
	tear_down(&f);
}

/* What never ends is told after three days and is the usual state from then on. */
static void test_goes_on_for_ever(void **state)
{
	struct fixture f;
	int64_t t = BASE;

	(void)state;
	set_up(&f, &options);
	for (uint32_t h = 0; h < 400; h++, t += HOUR) {
		begin(&f, t, HOUR);
		send_all(&f, &flood, 1, 20, 50);
		assert_int_equal(end(&f, false), h == 71);
	}
	begin(&f, t, HOUR);
	send_all(&f, &flood, 1, 500, 50);
	end(&f, true);
	assert_int_equal(f.list.n_events, 2); /* far above that */
	tear_down(&f);
}

/* Replay leaves hours out: they end an event. */
static void test_gap(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, &options);
	for (uint32_t i = 0; i < 2; i++) {
		begin(&f, BASE + i * 2 * HOUR, 600);
		send_all(&f, &flood, 1, 6, 50);
		assert_int_equal(end(&f, false), i); /* the first, once the gap is seen */
	}
	begin(&f, BASE + 5 * HOUR, 60);
	assert_int_equal(end(&f, false), 1);
	assert_int_equal(f.list.event[0].end_s, BASE + 600);
	tear_down(&f);
}

/* One interval over everything. */
static void test_one_interval(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, &options);
	begin(&f, BASE, 5 * DAY);
	send_all(&f, &flood, 1, 6, 50);
	send_all(&f, &probe, 100, 60, 500);
	end(&f, true);
	assert_int_equal(f.list.n_events, 1);
	assert_body_text(&f.list.event[0], "mark", "sequence");
	tear_down(&f);
}

/* ---- bounds ---- */

/* More tools at a time than are followed, each of more sources than are remembered. */
static void test_bounds(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, &options);
	begin(&f, BASE, HOUR);
	for (uint32_t i = 0; i < 300; i++) {
		struct sender from = flood;

		from.seq = 1000 + i;
		send_all(&f, &from, i * 5000, i == 0 ? 1500 : 5, 50);
	}
	end(&f, true);
	assert_int_equal(f.list.n_events, 256);
	assert_true(nt_fixed_tool_dropped(f.d) >= 44);
	assert_int_equal(
	    body_number(&f.list.event[0], "peak_sources") + body_number(&f.list.event[255], "peak_sources"), 1505);
	tear_down(&f);
}

static void test_wrong_size(void **state)
{
	struct nt_detect_options o = options;

	(void)state;
	o.fixed_tool.tracked = 0;
	assert_null(nt_fixed_tool_new(&o));
	o = options;
	o.fixed_tool.groups = 0;
	assert_null(nt_fixed_tool_new(&o));
	nt_fixed_tool_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_new_zealand),
	    cmocka_unit_test(test_thresholds),
	    cmocka_unit_test(test_ordinary_values),
	    cmocka_unit_test(test_signatures_explain),
	    cmocka_unit_test(test_signatures_that_only_count),
	    cmocka_unit_test(test_signatures_change),
	    cmocka_unit_test(test_not_shared),
	    cmocka_unit_test(test_changes_between_intervals),
	    cmocka_unit_test(test_by_as),
	    cmocka_unit_test(test_told_once),
	    cmocka_unit_test(test_goes_on_for_ever),
	    cmocka_unit_test(test_gap),
	    cmocka_unit_test(test_one_interval),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_wrong_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "detect/detector.h"
#include "detect_fixture.h"

#include <math.h>

#define BASE	    1598400000 /* 2020-08-26 00:00 UTC */
#define HOUR	    3600
#define DAY	    86400
#define SOURCES_MAX 20000
#define ALL_THE_SAME                                                                                                   \
	(NT_TRAIT_SEQ_SAME | NT_TRAIT_ACK_SAME | NT_TRAIT_WINDOW_SAME | NT_TRAIT_SRC_PORT_SAME | NT_TRAIT_PORT_SAME)
#define ORDINARY (NT_TRAIT_TCP | NT_TRAIT_PORT | NT_TRAIT_ACK_SAME | NT_TRAIT_WINDOW_SAME | NT_TRAIT_PORT_SAME)

static const struct nt_detect_options options = {
    .fixed_tool =
	{.enabled = true, .sources = 4, .packets = 10, .factor = 4, .warm_up_h = 24, .groups = 4096, .tracked = 20000},
};

/* What the detector knows of a signature are two bits of it, and not its name. */
enum { SMB_8192 = 1u << 0, SEQ_DST = 1u << 1, SMB_OTHER = 1u << 2, SEQ_DST_COUNTS = 1u << 3, SIGNATURES = 4 };

static const struct nt_signature_counts signature[SIGNATURES] = {
    {.name = "smb-8192", .explains = true},
    {.name = "bot", .explains = true, .seq_dst = true},
    {.name = "smb-other"},
    {.name = "mirai", .seq_dst = true},
};

/* A detector and the snapshot being filled. */
struct fixture {
	struct nt_fixed_tool *d;
	struct nt_snapshot s;
	struct nt_snapshot list; /* all that was told */
	bool backwards;		 /* give arrays the other way round */
};

static uint16_t region(const char *code)
{
	return (uint16_t)nt_region_index(code, 2);
}

static void set_up(struct fixture *f, const struct nt_detect_options *o)
{
	memset(f, 0, sizeof(*f));
	f->d = nt_fixed_tool_new(o);
	assert_non_null(f->d);
	nt_snapshot_init(&f->list);
}

static void tear_down(struct fixture *f)
{
	nt_fixed_tool_free(f->d);
	nt_snapshot_fini(&f->list);
}

static void begin(struct fixture *f, int64_t start_s, int64_t length_s)
{
	nt_snapshot_init(&f->s);
	f->s.start_s = start_s;
	f->s.end_s = start_s + length_s;
	f->s.source = calloc(SOURCES_MAX, sizeof(f->s.source[0]));
	f->s.detail = calloc(SOURCES_MAX, sizeof(f->s.detail[0]));
	f->s.signature = calloc(SIGNATURES, sizeof(f->s.signature[0]));
	assert_true(f->s.source != NULL && f->s.detail != NULL && f->s.signature != NULL);
	memcpy(f->s.signature, signature, sizeof(signature));
	f->s.n_signatures = SIGNATURES;
}

static void turn_round(struct nt_snapshot *s)
{
	for (size_t i = 0, j = s->n_sources; i + 1 < j; i++) {
		struct nt_source source = s->source[i];
		struct nt_source_detail detail = s->detail[i];

		j--;
		s->source[i] = s->source[j];
		s->source[j] = source;
		s->detail[i] = s->detail[j];
		s->detail[j] = detail;
	}
}

/* Returns how many events it brought. */
static size_t end(struct fixture *f, bool finish)
{
	size_t events;

	if (f->backwards)
		turn_round(&f->s);
	assert_int_equal(nt_fixed_tool_interval(f->d, &f->s), 0);
	if (finish)
		assert_int_equal(nt_fixed_tool_finish(f->d, &f->s), 0);
	nt_detect_sort_events(&f->s, 0);
	events = f->s.n_events;
	keep_events(&f->list, &f->s);
	nt_snapshot_fini(&f->s);
	return events;
}

/* A kind of sender. */
struct sender {
	const char *region;
	uint32_t asn;
	uint32_t traits;
	uint32_t seq;
	uint32_t ack;
	uint16_t window;
	uint16_t src_port;
	uint16_t port;
	bool backscatter;
	uint32_t signatures;
};

static const struct sender flood = {.region = "NZ",
				    .asn = 64500,
				    .traits = NT_TRAIT_TCP | NT_TRAIT_PORT | (ALL_THE_SAME & ~NT_TRAIT_PORT_SAME),
				    .seq = 0x12345678,
				    .window = 5840,
				    .src_port = 443,
				    .port = 9000};
static const struct sender reply = {.region = "JP",
				    .asn = 2907,
				    .traits = NT_TRAIT_TCP | NT_TRAIT_PORT | NT_TRAIT_ACK_SAME | NT_TRAIT_WINDOW_SAME |
					      NT_TRAIT_SRC_PORT_SAME,
				    .ack = 0x0badcafe,
				    .window = 14600,
				    .src_port = 443,
				    .port = 1024,
				    .backscatter = true};
static const struct sender probe = {
    .region = "NZ", .asn = 64501, .traits = ORDINARY, .window = 5840, .src_port = 50000, .port = 23};

static void send_from(struct fixture *f, const struct sender *from, uint32_t address, uint64_t packets)
{
	size_t i = f->s.n_sources++;

	assert_true(i < SOURCES_MAX);
	f->s.source[i] = (struct nt_source){.address = v4(address),
					    .backscatter = from->backscatter,
					    .region = region(from->region),
					    .asn = from->asn,
					    .signatures = from->signatures,
					    .packets = packets};
	f->s.detail[i] =
	    (struct nt_source_detail){.first_s = f->s.start_s,
				      .last_s = f->s.end_s - 1,
				      .targets = 1,
				      .seq = from->traits & NT_TRAIT_SEQ_SAME ? from->seq : (uint32_t)next_random(),
				      .ack = from->ack,
				      .port = from->port,
				      .window = from->window,
				      .src_port = from->src_port,
				      .traits = from->traits};
}

/* `n` senders of a kind, each with `packets`. */
static void send_all(struct fixture *f, const struct sender *from, uint32_t first_address, uint32_t n, uint64_t packets)
{
	for (uint32_t i = 0; i < n; i++)
		send_from(f, from, first_address + i, packets);
}

/* Hours with nothing but a stranger, so that there is a past. */
static int64_t quiet_hours(struct fixture *f, int64_t start_s, uint32_t hours)
{
	for (uint32_t h = 0; h < hours; h++, start_s += HOUR) {
		begin(f, start_s, HOUR);
		send_from(f, &probe, 77, 5);
		assert_int_equal(end(f, false), 0);
	}
	return start_s;
}

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

/* ---- bounds and order ---- */

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
	    cmocka_unit_test(test_precision_and_recall),
	    cmocka_unit_test(test_order_does_not_matter),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_wrong_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mix.h"
#include "base/targets.h"
#include "detect/detector.h"
#include "detect_fixture.h"

#define BASE	    1662422400 /* a midnight */
#define VICTIMS	    5
#define PACKETS_MAX 4000

static const struct nt_detect_options options = {
    .addresses = 65536,
    .interval_s = 60,
    .dos = {.enabled = true, .packets = 25, .duration_s = 60, .window_packets = 30, .silence_s = 300, .victims = 64},
};

/* A packet of backscatter as the reference sees it. */
struct packet {
	int64_t second;
	uint32_t victim;
	uint16_t port;
	uint32_t target;
	uint32_t class;
};

struct capture {
	struct packet packet[PACKETS_MAX];
	size_t n;
};

static struct nt_address victim_address(uint32_t victim)
{
	struct nt_address address = v4(0xcb007100 + victim / 2);

	if (victim == 4)
		address = (struct nt_address){.byte = {0x20, 0x01, 0x0d, 0xb8, [15] = 9}, .length = 16};
	return address;
}

/* Two protocols of one address are two attacks. */
static uint8_t victim_proto(uint32_t victim)
{
	return victim % 2 == 0 ? 6 : 17;
}

static int by_second(const void *left, const void *right)
{
	const struct packet *a = left, *b = right;

	return a->second < b->second ? -1 : a->second > b->second;
}

/* Bursts around every threshold: silences of 299 to 302 s, windows and sums of about 25 to 30 packets. */
static void make_capture(struct capture *c)
{
	c->n = 0;
	for (uint32_t victim = 0; victim < VICTIMS; victim++) {
		int64_t second = BASE + random_below(200);

		for (uint32_t burst = 0; burst < 12; burst++) {
			uint32_t packets = 1 + random_below(50), spread = 1 + random_below(5);

			for (uint32_t i = 0; i < packets; i++) {
				c->packet[c->n++] = (struct packet){.second = second,
								    .victim = victim,
								    .port = (uint16_t)random_below(40),
								    .target = random_below(1000),
								    .class = random_below(3)};
				if (i + 1 < packets)
					second += random_below(spread + 1);
			}
			second += random_below(3) == 0 ? random_below(100) : 298 + random_below(5);
		}
	}
	qsort(c->packet, c->n, sizeof(c->packet[0]), by_second);
}

/* ---- what the reference says ---- */

static uint64_t densest_window(const struct packet *const *p, size_t n)
{
	uint64_t most = 0;

	for (int64_t bin = p[0]->second / 10 - 5; bin <= p[n - 1]->second / 10; bin++) {
		uint64_t packets = 0;

		for (size_t i = 0; i < n; i++)
			packets += p[i]->second / 10 >= bin && p[i]->second / 10 < bin + 6;
		most = packets > most ? packets : most;
	}
	return most;
}

/* Ports that were told were attacked; if none are missing, they are all that were. */
static void compare_ports(const struct nt_event *e, const struct packet *const *p, size_t n)
{
	json_t *body = body_of(e), *ports = json_object_get(body, "ports"), *classes = json_object_get(body, "classes");
	uint64_t attacked = 0, told = 0;
	uint32_t class = 0;

	for (size_t i = 0; i < n; i++) {
		attacked |= UINT64_C(1) << p[i]->port;
		class |= 1u << p[i]->class;
	}
	for (size_t i = 0; i < json_array_size(ports); i++)
		told |= UINT64_C(1) << json_integer_value(json_array_get(ports, i));
	assert_int_equal(json_array_size(ports), __builtin_popcountll(told));
	assert_true(json_array_size(ports) <= 32);
	assert_int_equal(told & ~attacked, 0);
	if (json_is_false(json_object_get(body, "more_ports")))
		assert_int_equal(told, attacked);
	else
		assert_true(__builtin_popcountll(attacked) > 8);
	assert_int_equal(json_array_size(classes), __builtin_popcount(class));
	json_decref(body);
}

static void compare_event(const struct nt_event *e, const struct packet *const *p, size_t n, uint64_t peak)
{
	uint64_t sketch[NT_VICTIM_TARGETS] = {0};
	char address[NT_ADDRESS_TEXT];
	struct nt_address victim = victim_address(p[0]->victim);

	nt_address_text(&victim, address);
	assert_string_equal(e->source, address);
	assert_int_equal(e->type, NT_EVENT_DOS);
	assert_int_equal(e->end_s, p[n - 1]->second + 1);
	compare_ports(e, p, n);
	assert_int_equal(body_number(e, "packets"), n);
	assert_int_equal(body_number(e, "peak_packets"), peak);
	assert_int_equal(body_number(e, "protocol"), victim_proto(p[0]->victim));
	assert_int_equal(body_number(e, "duration"), p[n - 1]->second - p[0]->second);
	assert_true(body_real(e, "peak_rate") > (double)peak / 60 - 1e-6);
	assert_true(body_real(e, "peak_rate") < (double)peak / 60 + 1e-6);
	for (size_t i = 0; i < n; i++)
		nt_targets_add(sketch, NT_VICTIM_TARGETS, nt_mix(p[i]->target, 1));
	assert_int_equal(body_number(e, "targets"), nt_targets_estimate(sketch, NT_VICTIM_TARGETS));
	if (victim.length == 16)
		assert_true(body_is_null(e, "estimated_rate"));
	else
		assert_int_equal((int64_t)(body_real(e, "estimated_rate") / 65536 * 60 / peak * 65536 + 0.5), 65536);
}

static const struct nt_event *find(const struct nt_snapshot *list, const struct packet *first)
{
	struct nt_address victim = victim_address(first->victim);
	char address[NT_ADDRESS_TEXT];

	nt_address_text(&victim, address);
	for (size_t i = 0; i < list->n_events; i++)
		if (list->event[i].start_s == first->second && strcmp(list->event[i].source, address) == 0 &&
		    body_number(&list->event[i], "protocol") == victim_proto(first->victim))
			return &list->event[i];
	return NULL;
}

/*
 * Moore's rules on the packets themselves. Within one interval a silence cannot be seen; as long as intervals are no
 * longer than a silence that makes no difference. Returns how many events there must be.
 */
static size_t compare_all(const struct capture *c, int64_t interval_s, const struct nt_snapshot *list)
{
	static const struct packet *p[PACKETS_MAX];
	size_t events = 0;

	for (uint32_t victim = 0; victim < VICTIMS; victim++) {
		size_t n = 0;

		for (size_t i = 0; i <= c->n; i++) {
			const struct packet *next = i < c->n ? &c->packet[i] : NULL;
			bool ends;

			if (next != NULL && next->victim != victim)
				continue;
			ends = next == NULL || (n > 0 && next->second - p[n - 1]->second > 300 &&
						next->second / interval_s != p[n - 1]->second / interval_s);
			if (ends && n > 0) {
				uint64_t peak = densest_window(p, n);

				if (n >= 25 && p[n - 1]->second - p[0]->second >= 60 && peak >= 30) {
					const struct nt_event *e = find(list, p[0]);

					assert_non_null(e);
					compare_event(e, p, n, peak);
					events++;
				}
				n = 0;
			}
			if (next != NULL)
				p[n++] = next;
		}
	}
	return events;
}

/* ---- what the detector is given ---- */

static void add_packet(struct nt_victim *v, const struct packet *p)
{
	int64_t bin = p->second / 10;
	uint32_t at = 0;

	v->first_s = v->packets == 0 ? p->second : v->first_s;
	v->last_s = p->second;
	v->first_bin = v->packets == 0 ? bin : v->first_bin;
	if (v->packets == 0)
		v->last_bin = bin;
	for (; v->last_bin < bin; v->last_bin++) {
		memmove(v->tail + 1, v->tail, sizeof(v->tail) - sizeof(v->tail[0]));
		v->tail[0] = 0;
	}
	v->packets++;
	v->tail[0]++;
	if (bin - v->first_bin < NT_VICTIM_BINS)
		v->head[bin - v->first_bin]++;
	v->classes |= 1u << p->class;
	nt_targets_add(v->targets, NT_VICTIM_TARGETS, nt_mix(p->target, 1));
	while (at < v->ports && v->port[at] != p->port)
		at++;
	if (at == NT_VICTIM_PORTS)
		v->more_ports = true;
	else if (at == v->ports)
		v->port[v->ports++] = p->port;
}

/* Victims of packets [from, to), in a random order. */
static void make_snapshot(struct nt_snapshot *s, const struct capture *c, size_t from, size_t to)
{
	static const struct packet *p[PACKETS_MAX];

	s->victim = calloc(VICTIMS, sizeof(s->victim[0]));
	assert_non_null(s->victim);
	for (uint32_t victim = 0; victim < VICTIMS; victim++) {
		struct nt_victim *v = &s->victim[s->n_victims], other;
		uint32_t swap = random_below((uint32_t)s->n_victims + 1);
		size_t n = 0;

		*v = (struct nt_victim){.address = victim_address(victim), .proto = victim_proto(victim)};
		v->region = (uint16_t)nt_region_index("JP", 2);
		for (size_t i = from; i < to; i++)
			if (c->packet[i].victim == victim) {
				add_packet(v, &c->packet[i]);
				p[n++] = &c->packet[i];
			}
		if (n == 0)
			continue;
		v->peak = densest_window(p, n);
		s->n_victims++;
		other = s->victim[swap];
		s->victim[swap] = *v;
		*v = other;
	}
}

/* Runs the detector over a capture cut into intervals; some empty ones are left out, as replay does. */
static void detect(const struct capture *c, int64_t interval_s, struct nt_snapshot *list)
{
	struct nt_dos *d = nt_dos_new(&options);
	int64_t last = c->packet[c->n - 1].second, start = c->packet[0].second / interval_s * interval_s;
	size_t from = 0;

	assert_non_null(d);
	for (; start <= last; start += interval_s) {
		struct nt_snapshot s;
		size_t to = from;

		while (to < c->n && c->packet[to].second < start + interval_s)
			to++;
		if (to == from && random_below(2) == 0)
			continue;
		nt_snapshot_init(&s);
		s.start_s = start;
		s.end_s = start + interval_s;
		make_snapshot(&s, c, from, to);
		from = to;
		assert_int_equal(nt_dos_interval(d, &s), 0);
		if (start + interval_s > last)
			assert_int_equal(nt_dos_finish(d, &s), 0);
		keep_events(list, &s);
		nt_snapshot_fini(&s);
	}
	assert_int_equal(nt_dos_dropped(d), 0);
	nt_dos_free(d);
}

static void test_as_the_packets_say(void **state)
{
	static const int64_t interval_s[] = {1, 5, 10, 15, 60, 90, 300, 3600, 86400};
	static struct capture c;
	size_t told = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= 12; seed++) {
		random_state = seed;
		make_capture(&c);
		for (size_t i = 0; i < sizeof(interval_s) / sizeof(interval_s[0]); i++) {
			struct nt_snapshot list;

			nt_snapshot_init(&list);
			detect(&c, interval_s[i], &list);
			assert_int_equal(list.n_events, compare_all(&c, interval_s[i], &list));
			told += list.n_events;
			nt_snapshot_fini(&list);
		}
	}
	assert_true(told > 500);
}

/* ---- thresholds ---- */

/* `packets` in each of ten-second bins from 0, told or not in intervals of a minute. */
static size_t events_of(const struct nt_detect_options *o, const uint32_t *packets, size_t bins, uint32_t last_second,
			struct nt_snapshot *list)
{
	static struct capture c;
	struct nt_dos *d = nt_dos_new(o);
	struct nt_snapshot s;

	assert_non_null(d);
	c.n = 0;
	for (size_t bin = 0; bin < bins; bin++)
		for (uint32_t i = 0; i < packets[bin]; i++)
			c.packet[c.n++] = (struct packet){.second = BASE + (int64_t)bin * 10, .port = 443};
	c.packet[c.n - 1].second = BASE + last_second;
	for (size_t from = 0, to; from < c.n; from = to) {
		int64_t start = c.packet[from].second / 60 * 60;

		for (to = from; to < c.n && c.packet[to].second < start + 60;)
			to++;
		nt_snapshot_init(&s);
		s.start_s = start;
		s.end_s = start + 60;
		make_snapshot(&s, &c, from, to);
		assert_int_equal(nt_dos_interval(d, &s), 0);
		assert_int_equal(s.n_events, 0); /* not before it is over */
		nt_snapshot_fini(&s);
	}
	nt_snapshot_init(&s);
	s.start_s = BASE + 3600;
	s.end_s = BASE + 3660;
	assert_int_equal(nt_dos_interval(d, &s), 0);
	keep_events(list, &s);
	assert_int_equal(nt_dos_finish(d, &s), 0);
	assert_int_equal(s.n_events, 0);
	nt_snapshot_fini(&s);
	nt_dos_free(d);
	return list->n_events;
}

static void test_thresholds(void **state)
{
	static const uint32_t dense[] = {0, 0, 10, 5, 5, 5, 4, 1, 0, 1}; /* 30 within bins 2..7, across a border */
	static const uint32_t thin[] = {0, 0, 9, 5, 5, 5, 4, 1, 0, 3};
	static const uint32_t many[] = {25, 0, 0, 0, 0, 0, 1};
	struct nt_detect_options o = options;
	struct nt_snapshot list;

	(void)state;
	nt_snapshot_init(&list);
	assert_int_equal(events_of(&options, thin, 10, 98, &list), 0);
	assert_int_equal(events_of(&options, dense, 10, 79, &list), 0); /* 59 s */
	assert_int_equal(events_of(&options, dense, 10, 98, &list), 1);
	assert_int_equal(list.event[0].start_s, BASE + 20);
	assert_int_equal(list.event[0].end_s, BASE + 99);
	assert_string_equal(list.event[0].region, "JP");
	assert_int_equal(body_number(&list.event[0], "addresses"), 65536);
	assert_int_equal(body_number(&list.event[0], "more_ports"), false);
	o.dos.window_packets = 1;
	o.dos.packets = 27;
	assert_int_equal(events_of(&o, many, 7, 60, &list), 1); /* the one that is there already */
	o.dos.packets = 26;
	o.addresses = 0;
	assert_int_equal(events_of(&o, many, 7, 60, &list), 2);
	assert_true(body_is_null(&list.event[1], "estimated_rate"));
	nt_snapshot_fini(&list);
}

/* ---- bounds ---- */

static void flood(struct nt_snapshot *s, uint32_t victims, bool backwards)
{
	nt_snapshot_init(s);
	s->start_s = BASE;
	s->end_s = BASE + 300;
	s->victim = calloc(victims, sizeof(s->victim[0]));
	assert_non_null(s->victim);
	for (uint32_t i = 0; i < victims; i++) {
		uint32_t victim = backwards ? victims - 1 - i : i;

		s->victim[i] = (struct nt_victim){.address = v4(victim),
						  .proto = 6,
						  .packets = 100 + victim % 7,
						  .first_s = BASE + victim % 5,
						  .last_s = BASE + 200,
						  .first_bin = BASE / 10,
						  .last_bin = BASE / 10 + 20,
						  .peak = 60};
	}
	s->n_victims = victims;
}

static void test_bounded_and_in_one_order(void **state)
{
	struct nt_detect_options o = options;
	struct nt_snapshot s[2];

	(void)state;
	o.dos.victims = 10;
	for (uint32_t i = 0; i < 2; i++) {
		struct nt_dos *d = nt_dos_new(&o);

		assert_non_null(d);
		flood(&s[i], 37, i == 1);
		assert_int_equal(nt_dos_interval(d, &s[i]), 0);
		assert_int_equal(nt_dos_finish(d, &s[i]), 0);
		assert_int_equal(nt_dos_dropped(d), 27);
		assert_int_equal(s[i].n_events, 10);
		nt_detect_sort_events(&s[i], 0);
		nt_dos_free(d);
	}
	assert_events_equal(&s[0], &s[1]);
	for (size_t i = 0; i < 10; i++)
		assert_true(body_number(&s[0].event[i], "packets") >= 105); /* the heaviest found room */
	for (size_t i = 1; i < 10; i++)
		assert_true(s[0].event[i - 1].start_s <= s[0].event[i].start_s);
	nt_snapshot_fini(&s[0]);
	nt_snapshot_fini(&s[1]);
}

/* Attacks that are over make room. */
static void test_room_again(void **state)
{
	struct nt_detect_options o = options;
	struct nt_dos *d;

	(void)state;
	o.dos.victims = 10;
	d = nt_dos_new(&o);
	assert_non_null(d);
	for (uint32_t round = 0; round < 5; round++) {
		struct nt_snapshot s;

		flood(&s, 10, false);
		s.start_s += round * 3600;
		s.end_s += round * 3600;
		for (uint32_t i = 0; i < 10; i++) {
			s.victim[i].address = v4(round * 100 + i);
			s.victim[i].first_s += round * 3600;
			s.victim[i].last_s += round * 3600;
		}
		assert_int_equal(nt_dos_interval(d, &s), 0);
		assert_int_equal(s.n_events, round == 0 ? 0 : 10);
		nt_snapshot_fini(&s);
	}
	assert_int_equal(nt_dos_dropped(d), 0);
	nt_dos_free(d);
}

/* ---- what replies have in common ---- */

#define ALL_SAME (NT_TRAIT_TCP | NT_TRAIT_SEQ_SAME | NT_TRAIT_ACK_SAME | NT_TRAIT_WINDOW_SAME | NT_TRAIT_SRC_PORT_SAME)

/* An interval with two victims, one of them by UDP, and what each sent; and another host, no victim. */
static void make_replies(struct nt_snapshot *s, int64_t start_s, int64_t length_s,
			 const struct nt_source_detail *detail)
{
	nt_snapshot_init(s);
	s->start_s = start_s;
	s->end_s = start_s + length_s;
	s->victim = calloc(2, sizeof(s->victim[0]));
	s->source = calloc(3, sizeof(s->source[0]));
	s->detail = calloc(3, sizeof(s->detail[0]));
	assert_true(s->victim && s->source && s->detail);
	s->n_victims = 2;
	s->n_sources = 3;
	for (uint32_t i = 0; i < 3; i++) {
		s->source[i] = (struct nt_source){.address = v4(i), .backscatter = true, .packets = 100};
		s->detail[i] = *detail;
		if (i < 2)
			s->victim[i] = (struct nt_victim){.address = v4(i),
							  .proto = i == 0 ? 6 : 17,
							  .packets = 100,
							  .first_s = start_s,
							  .last_s = start_s + (length_s > 60 ? 60 : 59),
							  .first_bin = start_s / 10,
							  .last_bin = start_s / 10 + 5,
							  .peak = 100};
	}
}

static bool is_told(const struct nt_event *e, const char *key, int64_t value)
{
	return value < 0 ? body_is_null(e, key) : body_number(e, key) == value;
}

/* Runs intervals of one attack, and compares what is told of it; -1: nothing. */
static void compare_common(const struct nt_source_detail *detail, size_t intervals, int64_t length_s,
			   const int64_t expected[static 4])
{
	static const char *const key[] = {"source_port", "window", "sequence", "acknowledgement"};
	struct nt_dos *d = nt_dos_new(&options);
	size_t told = 0;

	assert_non_null(d);
	for (size_t i = 0; i <= intervals; i++) {
		struct nt_snapshot s;

		make_replies(&s, BASE + (int64_t)i * length_s, length_s, &detail[i < intervals ? i : 0]);
		if (i == intervals)
			s.n_victims = s.n_sources = 0;
		assert_int_equal(nt_dos_interval(d, &s), 0);
		if (i == intervals)
			assert_int_equal(nt_dos_finish(d, &s), 0);
		for (size_t e = 0; e < s.n_events; e++, told++)
			for (size_t k = 0; k < 4; k++)
				assert_true(is_told(&s.event[e], key[k],
						    body_number(&s.event[e], "protocol") == 6 ? expected[k] : -1));
		nt_snapshot_fini(&s);
	}
	assert_int_equal(told, length_s > 300 ? 2 * intervals : 2);
	nt_dos_free(d);
}

static void test_what_replies_have_in_common(void **state)
{
	const struct nt_source_detail one = {
	    .seq = 123456, .ack = 77, .window = 5840, .src_port = 443, .traits = ALL_SAME};
	struct nt_source_detail detail[3] = {one, one, one};
	const int64_t all[] = {443, 5840, 123456, 77};

	(void)state;
	compare_common(detail, 3, 60, all);
	compare_common(detail, 3, 3600, all); /* told in the interval in which it began */
	detail[1].window = 5841;
	compare_common(detail, 3, 60, (const int64_t[]){443, -1, 123456, 77});
	detail[2].traits &= ~(uint32_t)NT_TRAIT_SEQ_SAME;
	compare_common(detail, 3, 60, (const int64_t[]){443, -1, -1, 77});
	detail[0].traits &= ~(uint32_t)(NT_TRAIT_SRC_PORT_SAME | NT_TRAIT_ACK_SAME);
	compare_common(detail, 3, 60, (const int64_t[]){-1, -1, -1, -1});
	detail[0] = (struct nt_source_detail){.traits = 0}; /* no TCP in this one: it says nothing */
	detail[1] = detail[2] = one;
	compare_common(detail, 3, 60, all);
	detail[1] = detail[2] = detail[0];
	compare_common(detail, 3, 60, (const int64_t[]){-1, -1, -1, -1});
}

static void test_wrong_size(void **state)
{
	struct nt_detect_options o = options;

	(void)state;
	o.dos.victims = 0;
	assert_null(nt_dos_new(&o));
	nt_dos_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_as_the_packets_say),		cmocka_unit_test(test_thresholds),
	    cmocka_unit_test(test_bounded_and_in_one_order),	cmocka_unit_test(test_room_again),
	    cmocka_unit_test(test_what_replies_have_in_common), cmocka_unit_test(test_wrong_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

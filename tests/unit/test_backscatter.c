/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "random.h"
#include "tally_memory.h"

#include "base/clock.h"
#include "base/targets.h"
#include "tally/packet.h"

/* Lines of senders and victims of backscatter against what a list of all packets says, searched from end to end. */

#define PACKETS 3000
#define BURST	64
#define NS	INT64_C(1000000000)

static struct nt_packet packet[PACKETS];

static bool same_key(struct nt_key128 a, struct nt_key128 b)
{
	return a.high == b.high && a.low == b.low;
}

static bool is_error(enum nt_backscatter class)
{
	return (class >= NT_BACKSCATTER_ICMP_DEST_UNREACH && class <= NT_BACKSCATTER_ICMP_PARAM_PROBLEM) ||
	       (class >= NT_BACKSCATTER_ICMP6_DEST_UNREACH && class <= NT_BACKSCATTER_ICMP6_PARAM_PROBLEM);
}

/* A packet of backscatter from one of few addresses, quoting one of few. */
static struct nt_fields some_fields(enum nt_backscatter *class)
{
	static const uint8_t icmp_type[] = {0, 3, 4, 5, 11, 12, 14, 16, 18}, icmp6_type[] = {1, 2, 3, 4, 129};
	static const uint8_t flags[] = {0x12, 0x04, 0x14};
	bool v6 = next_random() % 2;
	uint32_t kind = (uint32_t)(next_random() % 2), which;
	struct nt_fields f = {
	    .class = v6 ? NT_CLASS_IPV6 : NT_CLASS_IPV4,
	    .src4 = (uint32_t)(next_random() % 12),
	    .src6 = {[15] = (uint8_t)(next_random() % 12)},
	    .inner_proto = next_random() % 2 ? 6 : 17,
	    .inner_port = (uint16_t)(next_random() % 10),
	    .inner_dst = {[3] = v6 ? 0 : (uint8_t)(next_random() % 12), [15] = (uint8_t)(next_random() % 12)},
	};

	if (kind) {
		which = (uint32_t)(next_random() % 3);
		f.fate = NT_FATE_TCP;
		f.src_port = (uint16_t)(next_random() % 12);
		f.tcp_flags = flags[which] | (next_random() % 2 ? 0xe8 : 0); /* CWR, ECE, URG and PSH are free */
		*class = NT_BACKSCATTER_SYNACK + which;
	} else if (v6) {
		which = (uint32_t)(next_random() % sizeof(icmp6_type));
		f.fate = NT_FATE_ICMP6;
		f.icmp = (uint16_t)(icmp6_type[which] << 8 | next_random() % 4);
		*class = NT_BACKSCATTER_ICMP6_DEST_UNREACH + which;
	} else {
		which = (uint32_t)(next_random() % sizeof(icmp_type));
		f.fate = NT_FATE_ICMP;
		f.icmp = (uint16_t)(icmp_type[which] << 8 | next_random() % 4);
		*class = NT_BACKSCATTER_ICMP_ECHO_REPLY + which;
	}
	f.has_inner = is_error(*class) && next_random() % 4;
	f.has_inner_port = f.has_inner && next_random() % 4;
	return f;
}

/* What a packet says to one line: contract C11 and the victim rules, written down once more. */
struct said {
	struct nt_key128 address;
	uint32_t part;
	uint8_t proto;
	bool v6;
	bool has_port;
	uint16_t port;
};

/* Returns to how many lines. */
static uint32_t said_by(const struct nt_fields *f, struct said said[static 2])
{
	bool v6 = f->class == NT_CLASS_IPV6, tcp = f->fate == NT_FATE_TCP;

	said[0] = (struct said){
	    .address.low = v6 ? f->src6[15] : f->src4,
	    .part = NT_REPLY_BOTH,
	    .proto = tcp  ? 6
		     : v6 ? 58
			  : 1,
	    .v6 = v6,
	    .has_port = tcp,
	    .port = f->src_port,
	};
	if (!f->has_inner)
		return 1;
	said[0].part = NT_REPLY_SENDER;
	said[0].proto = 0;
	said[1] = (struct said){
	    .address.low = v6 ? f->inner_dst[15] : f->inner_dst[3],
	    .part = NT_REPLY_VICTIM,
	    .proto = f->inner_proto,
	    .v6 = v6,
	    .has_port = f->has_inner_port,
	    .port = f->inner_port,
	};
	return 2;
}

static bool says_to(const struct said *s, struct nt_key128 address, uint32_t kind)
{
	return same_key(s->address, address) &&
	       kind == ((s->v6 ? NT_REPLY_V6 : 0) | s->part << NT_REPLY_PART_SHIFT | s->proto);
}

static void victims_are_who_was_attacked(void **state)
{
	(void)state;
	random_state = 21;
	for (uint32_t i = 0; i < 20000; i++) {
		enum nt_backscatter class;
		struct nt_fields f = some_fields(&class);
		struct nt_reply r[NT_REPLY_LINES] = {0};
		struct said said[2];
		uint32_t n = said_by(&f, said);

		assert_int_equal(nt_reply_class(&f), class + 1);
		assert_int_equal(nt_reply_make(r, &f, source_of(&f), class), n);
		for (uint32_t k = 0; k < n; k++) {
			assert_true(says_to(&said[k], r[k].address, r[k].kind));
			assert_int_equal(r[k].port, said[k].has_port ? said[k].port : NT_REPLY_NO_PORT);
			assert_int_equal(nt_reply_class_of_slot(r[k].kind, r[k].slot), class);
		}
	}
}

static void all_else_is_no_backscatter(void **state)
{
	uint32_t replies = 0;

	(void)state;
	for (uint32_t fate = 0; fate < NT_FATES; fate++)
		for (uint32_t i = 0; i < 256; i++) {
			struct nt_fields f = {.fate = (uint8_t)fate, .tcp_flags = (uint8_t)i};

			f.icmp = (uint16_t)(i << 8);
			replies += nt_reply_class(&f) != 0;
		}
	assert_int_equal(replies, 3 * 16 + 9 + 5);
}

static void classes_have_slots_of_their_own(void **state)
{
	(void)state;
	for (uint32_t c = 0; c < NT_BACKSCATTERS; c++) {
		const struct nt_reply_shape *shape = &nt_reply_shape[c];

		assert_true(shape->slot < NT_REPLY_SLOTS);
		assert_int_equal(nt_reply_class_of_slot(shape->kind, shape->slot), c);
	}
}

/* Who the line of a packet's source would be. */
static uint32_t line_of(const struct nt_fields *f)
{
	return source_of(f).low % 3 ? 1 + (uint32_t)source_of(f).low + (is_v6(f) ? 20 : 0) : NT_SOURCE_NONE;
}

/* Fills packet[]; times wander: mostly on, at times back, with gaps and ties. */
static void make_packets(int64_t start_s, uint32_t disorder_s)
{
	int64_t now = start_s * NS;

	for (uint32_t i = 0; i < PACKETS; i++) {
		enum nt_backscatter class;

		memset(&packet[i], 0, sizeof(packet[i]));
		packet[i].fields = some_fields(&class);
		packet[i].fields.dst4 = (uint32_t)(next_random() % 500);
		packet[i].fields.dst6[15] = (uint8_t)next_random();
		packet[i].line = line_of(&packet[i].fields);
		if (next_random() % 3)
			now += (int64_t)(next_random() % 400) * NS / 1000;
		if (next_random() % 200 == 0)
			now += (int64_t)(next_random() % 150) * NS;
		packet[i].time_ns = now - (int64_t)(disorder_s ? next_random() % disorder_s : 0) * NS;
	}
}

/* A sketch of targets against its registers one by one. */
static void registers_hold_the_highest_rank(void **state)
{
	(void)state;
	random_state = 24;
	for (uint32_t words = 1; words <= 4; words *= 2) {
		uint64_t sketch[4] = {0};
		uint32_t highest[64] = {0};

		for (uint32_t i = 0; i < 3000; i++) {
			uint64_t hash = next_random() & ~(next_random() % 8 ? 0 : UINT64_C(0x3fff) << 32);
			uint32_t at = (uint32_t)((hash >> 32) * (16 * words) >> 32), rank = 1;

			while (rank < 15 && !(hash >> (31 + rank) & 1))
				rank++;
			highest[at] = rank > highest[at] ? rank : highest[at];
			nt_targets_add(sketch, words, hash);
			for (uint32_t r = 0; r < 16 * words; r++)
				assert_int_equal(sketch[r / 16] >> r % 16 * 4 & 15, highest[r]);
		}
	}
}

/* Half a sketch is what the same targets make of half the words. */
static void half_a_sketch_is_that_of_half_the_words(void **state)
{
	(void)state;
	random_state = 25;
	for (uint32_t words = 1; words <= 2; words *= 2) {
		uint64_t whole[4] = {0}, expected[2] = {0}, half[2] = {0};

		for (uint32_t i = 0; i < 300; i++) {
			uint64_t hash = next_random();

			nt_targets_add(whole, 2 * words, hash);
			nt_targets_add(expected, words, hash);
			nt_targets_halve(half, whole, words);
			assert_memory_equal(half, expected, sizeof(half));
		}
	}
}

static int64_t bin_of(int64_t time_ns)
{
	int64_t bin_ns = NT_VICTIM_BIN_S * NS, into = time_ns % bin_ns;

	return (time_ns - (into < 0 ? into + bin_ns : into)) / bin_ns;
}

/* Bins of one victim, as lists of moments. */
struct bins {
	int64_t counted[PACKETS]; /* bins of the packets that were not too late, in the order of arrival */
	uint32_t n;
	int64_t newest;
	int64_t first;
	uint32_t peak;
};

static uint32_t in_bins(const struct bins *b, int64_t from, int64_t to)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->n; i++)
		n += b->counted[i] >= from && b->counted[i] <= to;
	return n;
}

static void note_bin(struct bins *b, int64_t bin)
{
	uint32_t window;

	if (!b->n) {
		b->newest = bin;
		b->first = bin;
	}
	b->newest = bin > b->newest ? bin : b->newest;
	if (b->newest - bin >= NT_VICTIM_BINS && (bin < b->first || bin >= b->first + NT_VICTIM_BINS))
		return; /* too late for ring and head */
	b->counted[b->n++] = bin;
	if (b->newest - bin >= NT_VICTIM_BINS)
		return;
	b->first = bin < b->first ? bin : b->first;
	window = in_bins(b, b->newest - NT_VICTIM_BINS + 1, b->newest);
	b->peak = window > b->peak ? window : b->peak;
}

static void check_bins(const struct nt_reply_line *line, const struct bins *b)
{
	uint32_t newest = line->last_bin - line->first_bin;

	assert_int_equal(line->first_bin, (uint32_t)b->first);
	assert_int_equal(line->last_bin, (uint32_t)b->newest);
	assert_int_equal(nt_reply_peak(line), b->peak);
	assert_int_equal(line->newest, in_bins(b, b->newest, b->newest));
	for (uint32_t i = 0; i < NT_VICTIM_BINS; i++)
		assert_int_equal(line->head[i],
				 i == newest ? 0
					     : in_bins(b, b->first + i, b->first + i)); /* that one is yet to come */
	for (uint32_t i = 1; i < NT_VICTIM_BINS; i++)
		assert_int_equal(line->older[i - 1], in_bins(b, b->newest - i, b->newest - i));
}

/* Attacked ports, as many as have room; which of them, whoever came first, is what another order gives. */
static void check_ports(const struct nt_reply_line *line, const uint16_t *met, uint32_t n)
{
	struct nt_victim_ports turned = {0};

	for (uint32_t i = n; i--;)
		nt_victim_ports_note(&turned, met[i]);
	assert_int_equal(line->ports.n, n < NT_VICTIM_PORTS ? n : NT_VICTIM_PORTS);
	assert_int_equal(line->ports.more, n > NT_VICTIM_PORTS);
	assert_int_equal(turned.n, line->ports.n);
	for (uint32_t i = 0; i < turned.n; i++) {
		bool found = false;

		for (uint32_t k = 0; k < turned.n; k++)
			found = found || turned.port[i] == line->ports.port[k];
		assert_true(found);
	}
}

static void note_port(uint16_t *met, uint32_t *n, uint16_t port)
{
	for (uint32_t i = 0; i < *n; i++)
		if (met[i] == port)
			return;
	met[(*n)++] = port;
}

/* What a line must be, from one packet after the other. */
struct expected {
	uint32_t packets[NT_BACKSCATTERS];
	int64_t first_ns, last_ns;
	uint64_t targets[NT_REPLY_TARGETS];
	uint16_t port; /* of the earliest packet */
	uint16_t met[64];
	uint32_t n_met;
	bool without_port;
	struct bins bins;
};

static void expect(struct expected *e, const struct nt_packet *p, const struct said *said)
{
	int64_t ns = p->time_ns;
	bool first = !e->bins.n || ns < e->first_ns;

	e->packets[nt_reply_class(&p->fields) - 1]++;
	e->last_ns = !e->bins.n || ns > e->last_ns ? ns : e->last_ns;
	e->first_ns = first ? ns : e->first_ns;
	e->port = first ? said->port : e->port;
	nt_targets_add(e->targets, NT_REPLY_TARGETS, target_of(&p->fields, is_v6(&p->fields)));
	note_bin(&e->bins, bin_of(ns));
	if (said->has_port)
		note_port(e->met, &e->n_met, said->port);
	else
		e->without_port = true;
}

/* Returns the packets of the line. */
static uint32_t check_line(const struct nt_reply_line *line)
{
	static struct expected e;
	uint32_t packets = 0;

	memset(&e, 0, sizeof(e));
	for (uint32_t i = 0; i < PACKETS; i++) {
		struct said said[2];

		for (uint32_t k = 0, n = said_by(&packet[i].fields, said); k < n; k++)
			if (says_to(&said[k], line->address, line->kind))
				expect(&e, &packet[i], &said[k]);
	}
	for (uint32_t slot = 0; slot < NT_REPLY_SLOTS; slot++) {
		uint32_t class = nt_reply_class_of_slot(line->kind, slot);

		packets += line->packets[slot];
		assert_int_equal(line->packets[slot], class < NT_BACKSCATTERS ? e.packets[class] : 0);
	}
	assert_int_equal(nt_reply_packets(line), packets);
	assert_true(line->first_ns == e.first_ns && line->last_ns == e.last_ns);
	assert_memory_equal(line->targets, e.targets, sizeof(e.targets));
	assert_int_equal(!!(line->port & NT_REPLY_PORTS), e.n_met + e.without_port > 1);
	if (nt_reply_has_port(line->kind))
		assert_int_equal((uint16_t)line->port, e.port);
	check_bins(line, &e.bins);
	check_ports(line, e.met, e.n_met);
	return packets;
}

/* Packets by source port, of sources with a line: each must be found once, in its sender's line or among the pairs. */
static void check_source_ports(struct nt_tally *t)
{
	static uint32_t sent[UINT16_MAX + 1], found[UINT16_MAX + 1];

	memset(sent, 0, sizeof(sent));
	memset(found, 0, sizeof(found));
	for (uint32_t i = 0; i < PACKETS; i++)
		sent[packet[i].fields.src_port] += packet[i].fields.fate == NT_FATE_TCP && packet[i].line;
	for (uint32_t i = 1; i <= t->replies.n; i++) {
		const struct nt_reply_line *line = &t->replies.line[i];

		if (nt_reply_has_port(line->kind) && line->source != NT_SOURCE_NONE && !(line->port & NT_REPLY_PORTS))
			found[line->port] += nt_reply_packets(line);
	}
	for (uint32_t i = 0; i < t->pairs.n_touched; i++) {
		const struct nt_source_pair pair = nt_pairs_at(&t->pairs, i);

		assert_true(pair.port & NT_PAIR_REPLY);
		found[(uint16_t)pair.port] += pair.packets;
	}
	assert_memory_equal(found, sent, sizeof(found));
}

/* Counts all and checks what came of it. Returns how often a packet was counted in a line. */
static uint64_t note_packets(struct nt_tally *t)
{
	struct nt_packet_list tcp, unusual;
	uint64_t counted = 0;

	for (uint32_t i = 0; i < PACKETS; i += BURST) {
		uint32_t n = PACKETS - i < BURST ? PACKETS - i : BURST;

		tcp.n = unusual.n = 0;
		for (uint32_t k = i; k < i + n; k++) {
			const struct nt_fields *f = &packet[k].fields;
			struct nt_packet_list *l = f->fate == NT_FATE_TCP && !is_v6(f) ? &tcp : &unusual;

			l->packet[l->n++] = &packet[k];
		}
		nt_backscatter_burst(t, &tcp, &unusual, false);
		nt_waiting_finish(t);
	}
	for (uint32_t i = 1; i <= t->replies.n; i++)
		counted += check_line(&t->replies.line[i]);
	check_source_ports(t);
	return counted;
}

/* How often packets are to be counted. */
static uint64_t all_said(void)
{
	struct said said[2];
	uint64_t n = 0;

	for (uint32_t i = 0; i < PACKETS; i++)
		n += said_by(&packet[i].fields, said);
	return n;
}

/* The lines that sources know are theirs; once cleared they know none. */
static void check_own(const struct nt_tally *t)
{
	uint32_t known = 0, own = 0;

	for (uint32_t i = 1; i <= t->replies.n; i++) {
		const struct nt_reply_line *line = &t->replies.line[i];

		if (!nt_reply_is_own(line->kind) || line->source == NT_SOURCE_NONE)
			continue;
		assert_int_equal(t->replies.own[line->source].line[nt_reply_has_port(line->kind)], i);
		own++;
	}
	for (uint32_t i = 0; i <= t->sources.limit; i++)
		known += !!t->replies.own[i].line[0] + !!t->replies.own[i].line[1];
	assert_int_equal(known, own);
}

static void tables_equal_the_list(int64_t start_s, uint32_t disorder_s)
{
	struct nt_tally *t =
	    new_tally(&(struct nt_tally_options){.victim_entries = 100, .pair_entries = 1000, .source_entries = 40});

	for (uint32_t round = 0; round < 3; round++) {
		make_packets(start_s, disorder_s);
		assert_int_equal(note_packets(t), all_said());
		assert_int_equal(t->replies.overflow, 0);
		check_own(t);
		nt_tally_clear(t);
		check_own(t);
		for (uint32_t i = 0; i <= t->replies.mask; i++)
			assert_int_equal(t->replies.index[i], 0);
	}
	free(t);
}

static void senders_and_victims_equal_a_list(void **state)
{
	(void)state;
	random_state = 22;
	tables_equal_the_list(1662422400, 0);
	tables_equal_the_list(1662422400, 40);	   /* late within the ring and beyond head */
	tables_equal_the_list(1662422400, 300);	   /* late beyond the ring */
	tables_equal_the_list(UINT32_MAX - 60, 5); /* seconds wrap */
	tables_equal_the_list(-100000, 30);	   /* before 1970 */
}

static void a_full_table_counts_what_it_lost(void **state)
{
	struct nt_tally *t =
	    new_tally(&(struct nt_tally_options){.victim_entries = 5, .pair_entries = 1000, .source_entries = 40});

	(void)state;
	random_state = 23;
	make_packets(0, 0);
	assert_int_equal(note_packets(t) + t->replies.overflow, all_said());
	assert_int_equal(t->replies.n, 2 * 5);
	assert_true(t->replies.overflow > 0);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(registers_hold_the_highest_rank),
	    cmocka_unit_test(half_a_sketch_is_that_of_half_the_words),
	    cmocka_unit_test(victims_are_who_was_attacked),
	    cmocka_unit_test(all_else_is_no_backscatter),
	    cmocka_unit_test(classes_have_slots_of_their_own),
	    cmocka_unit_test(senders_and_victims_equal_a_list),
	    cmocka_unit_test(a_full_table_counts_what_it_lost),
	};

	return cmocka_run_group_tests_name("backscatter", tests, NULL, NULL);
}

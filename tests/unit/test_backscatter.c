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

/* Senders and victims of backscatter against what a list of all packets says, searched from end to end. */

#define PACKETS 3000
#define BURST	64
#define NS	INT64_C(1000000000)

static struct nt_reply packet[PACKETS];

static bool same_key(struct nt_key128 a, struct nt_key128 b)
{
	return a.high == b.high && a.low == b.low;
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
	    .src_port = (uint16_t)(next_random() % 12),
	    .has_inner = next_random() % 4,
	    .inner_proto = next_random() % 2 ? 6 : 17,
	    .inner_port = (uint16_t)(next_random() % 10),
	    .inner_dst = {[3] = v6 ? 0 : (uint8_t)(next_random() % 12), [15] = (uint8_t)(next_random() % 12)},
	};

	f.has_inner_port = next_random() % 4;
	if (kind) {
		which = (uint32_t)(next_random() % 3);
		f.fate = NT_FATE_TCP;
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
	return f;
}

static struct nt_key128 source_of(const struct nt_fields *f)
{
	return f->class == NT_CLASS_IPV6 ? nt_key128_of(f->src6) : (struct nt_key128){.low = f->src4};
}

static bool is_error(enum nt_backscatter class)
{
	return (class >= NT_BACKSCATTER_ICMP_DEST_UNREACH && class <= NT_BACKSCATTER_ICMP_PARAM_PROBLEM) ||
	       (class >= NT_BACKSCATTER_ICMP6_DEST_UNREACH && class <= NT_BACKSCATTER_ICMP6_PARAM_PROBLEM);
}

/* What contract C11 and the victim rules say, written down once more. */
static void check_reply(const struct nt_reply *r, const struct nt_fields *f, enum nt_backscatter class)
{
	bool v6 = f->class == NT_CLASS_IPV6, tcp = f->fate == NT_FATE_TCP;

	assert_int_equal(r->class, class);
	assert_int_equal(r->v6, v6);
	assert_int_equal(r->has_port, tcp);
	assert_true(!tcp || r->src_port == f->src_port);
	if (is_error(class) && f->has_inner) {
		assert_true(v6 ? same_key(r->victim, (struct nt_key128){.low = f->inner_dst[15]})
			       : same_key(r->victim, (struct nt_key128){.low = f->inner_dst[3]}));
		assert_int_equal(r->proto, f->inner_proto);
		assert_int_equal(r->has_attacked_port, f->has_inner_port);
		assert_true(!r->has_attacked_port || r->attacked_port == f->inner_port);
	} else {
		assert_true(same_key(r->victim, r->sender));
		assert_int_equal(r->proto, tcp ? 6 : v6 ? 58 : 1);
		assert_int_equal(r->has_attacked_port, tcp);
		assert_true(!tcp || r->attacked_port == f->src_port);
	}
}

static void victims_are_who_was_attacked(void **state)
{
	(void)state;
	random_state = 21;
	for (uint32_t i = 0; i < 20000; i++) {
		enum nt_backscatter class;
		struct nt_fields f = some_fields(&class);
		struct nt_reply r = {0};

		assert_int_equal(nt_reply_class(&f), class + 1);
		nt_reply_make(&r, &f, source_of(&f), class);
		check_reply(&r, &f, class);
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

static void slots_and_classes_correspond(void **state)
{
	(void)state;
	for (uint32_t c = 0; c < NT_BACKSCATTERS; c++) {
		bool v4 = c < NT_BACKSCATTER_ICMP6_DEST_UNREACH, v6 = !v4 || c <= NT_BACKSCATTER_RSTACK;

		assert_true(nt_backscatter_slot(c) < NT_BACKSCATTER_SLOTS);
		if (v4)
			assert_int_equal(nt_backscatter_of_slot(nt_backscatter_slot(c), false), c);
		if (v6)
			assert_int_equal(nt_backscatter_of_slot(nt_backscatter_slot(c), true), c);
	}
}

/* Fills packet[]; times wander: mostly on, at times back, with gaps and ties. */
static void make_packets(const struct nt_tally *t, int64_t start_s, uint32_t disorder_s)
{
	int64_t now = start_s * NS;

	for (uint32_t i = 0; i < PACKETS; i++) {
		enum nt_backscatter class;
		struct nt_fields f = some_fields(&class);

		memset(&packet[i], 0, sizeof(packet[i]));
		nt_reply_make(&packet[i], &f, source_of(&f), class);
		packet[i].line = NT_SOURCE_NONE;
		if (next_random() % 3)
			now += (int64_t)(next_random() % 400) * NS / 1000;
		if (next_random() % 200 == 0)
			now += (int64_t)(next_random() % 150) * NS;
		packet[i].when = nt_moment_of(now - (int64_t)(disorder_s ? next_random() % disorder_s : 0) * NS);
		packet[i].target = nt_mix(0, next_random() % 500);
		nt_reply_prefetch(&packet[i], &t->senders, &t->victims);
	}
}

static void check_sender(const struct nt_sender_line *line)
{
	struct nt_sender_line e = {.address = line->address, .v6 = line->v6, .used = true};
	bool any = false;

	for (uint32_t i = 0; i < PACKETS; i++) {
		const struct nt_reply *r = &packet[i];

		if (!same_key(r->sender, line->address) || r->v6 != line->v6)
			continue;
		e.first_ns = !any || r->when.ns < e.first_ns ? r->when.ns : e.first_ns;
		e.last_ns = !any || r->when.ns > e.last_ns ? r->when.ns : e.last_ns;
		any = true;
		e.packets[nt_backscatter_slot(r->class)]++;
		nt_targets_add(e.targets, NT_SENDER_TARGETS, r->target);
		if (!r->has_port)
			continue;
		e.port_varies = e.port_varies || (e.has_port && r->src_port != e.src_port);
		if (!e.has_port || r->when.ns < e.first_port_ns) {
			e.src_port = r->src_port;
			e.first_port_ns = r->when.ns;
		}
		e.has_port = true;
	}
	assert_memory_equal(line, &e, sizeof(e));
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

static void check_bins(const struct nt_victim_line *line, const struct bins *b)
{
	assert_int_equal(line->first_bin, (uint32_t)b->first);
	assert_int_equal(line->last_bin, (uint32_t)b->newest);
	assert_int_equal(nt_victim_peak(line), b->peak);
	for (uint32_t i = 0; i < NT_VICTIM_BINS; i++) {
		assert_int_equal(line->head[i], in_bins(b, b->first + i, b->first + i));
		assert_int_equal(line->ring[(line->last_bin - i) % NT_VICTIM_BINS],
				 in_bins(b, b->newest - i, b->newest - i));
	}
}

/* Attacked ports, as many as have room; which of them, whoever came first, is what another order gives. */
static void check_ports(const struct nt_victim_line *line, const uint16_t *met, uint32_t n)
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

static void check_victim(const struct nt_victim_line *line)
{
	static struct bins bins;
	uint32_t packets = 0, classes = 0, ports = 0;
	int64_t first_s = INT64_MAX, last_s = INT64_MIN;
	uint64_t targets[NT_VICTIM_TARGETS] = {0};
	uint16_t met[64];

	memset(&bins, 0, sizeof(bins));
	for (uint32_t i = 0; i < PACKETS; i++) {
		const struct nt_reply *r = &packet[i];
		int64_t s = nt_seconds_of_ns(r->when.ns);

		if (!same_key(r->victim, line->address) || r->v6 != line->v6 || r->proto != line->proto)
			continue;
		packets++;
		classes |= 1u << r->class;
		first_s = s < first_s ? s : first_s;
		last_s = s > last_s ? s : last_s;
		nt_targets_add(targets, NT_VICTIM_TARGETS, r->target);
		note_bin(&bins, bin_of(r->when.ns));
		if (r->has_attacked_port)
			note_port(met, &ports, r->attacked_port);
	}
	assert_int_equal(line->packets, packets);
	assert_int_equal(line->classes, classes);
	assert_int_equal(line->first_s, (uint32_t)first_s);
	assert_int_equal(line->last_s, (uint32_t)last_s);
	assert_memory_equal(line->targets, targets, sizeof(targets));
	check_bins(line, &bins);
	check_ports(line, met, ports);
}

/* Counts all. By source port each packet must be found once: in its sender's line, or elsewhere. */
static void note_packets(struct nt_tally *t)
{
	static uint32_t sent[UINT16_MAX + 1], found[UINT16_MAX + 1];

	memset(sent, 0, sizeof(sent));
	memset(found, 0, sizeof(found));
	for (uint32_t i = 0; i < PACKETS; i += BURST)
		nt_replies_note(&t->senders, &t->victims, &packet[i], PACKETS - i < BURST ? PACKETS - i : BURST);
	for (uint32_t i = 0; i < PACKETS; i++) {
		uint32_t n = packet[i].elsewhere;

		sent[packet[i].src_port] += packet[i].has_port;
		found[packet[i].before] += n > 1 ? n - 1 : 0;
		found[packet[i].src_port] += n > 0;
		assert_true(packet[i].has_port || !n);
	}
	for (uint32_t i = 0; i < t->senders.n_touched; i++) {
		const struct nt_sender_line *line = &t->senders.line[t->senders.touched[i]];

		if (line->has_port && !line->port_varies)
			found[line->src_port] += nt_sender_with_port(line);
	}
	assert_memory_equal(found, sent, sizeof(found));
}

static void tables_equal_the_list(int64_t start_s, uint32_t disorder_s)
{
	struct nt_tally *t = new_tally(&(struct nt_tally_options){.victim_entries = 200});
	uint64_t sent = 0, suffered = 0;

	for (uint32_t round = 0; round < 3; round++) {
		make_packets(t, start_s, disorder_s);
		note_packets(t);
		for (uint32_t i = 0; i < t->senders.n_touched; i++) {
			check_sender(&t->senders.line[t->senders.touched[i]]);
			for (uint32_t c = 0; c < NT_BACKSCATTER_SLOTS; c++)
				sent += t->senders.line[t->senders.touched[i]].packets[c];
		}
		for (uint32_t i = 0; i < t->victims.n_touched; i++) {
			check_victim(&t->victims.line[t->victims.touched[i]]);
			suffered += t->victims.line[t->victims.touched[i]].packets;
		}
		nt_senders_clear(&t->senders);
		nt_victims_clear(&t->victims);
	}
	assert_int_equal(sent, 3 * PACKETS);
	assert_int_equal(suffered, 3 * PACKETS);
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

static void full_tables_count_what_they_lost(void **state)
{
	struct nt_tally *t = new_tally(&(struct nt_tally_options){.victim_entries = 5});
	uint64_t sent = 0, suffered = 0;

	(void)state;
	random_state = 23;
	make_packets(t, 0, 0);
	note_packets(t);
	assert_int_equal(t->senders.n_touched, 5);
	assert_int_equal(t->victims.n_touched, 5);
	for (uint32_t i = 0; i < 5; i++) {
		check_sender(&t->senders.line[t->senders.touched[i]]);
		check_victim(&t->victims.line[t->victims.touched[i]]);
		suffered += t->victims.line[t->victims.touched[i]].packets;
		for (uint32_t c = 0; c < NT_BACKSCATTER_SLOTS; c++)
			sent += t->senders.line[t->senders.touched[i]].packets[c];
	}
	assert_int_equal(sent + t->senders.overflow, PACKETS);
	assert_int_equal(suffered + t->victims.overflow, PACKETS);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(registers_hold_the_highest_rank),	cmocka_unit_test(victims_are_who_was_attacked),
	    cmocka_unit_test(all_else_is_no_backscatter),	cmocka_unit_test(slots_and_classes_correspond),
	    cmocka_unit_test(senders_and_victims_equal_a_list), cmocka_unit_test(full_tables_count_what_they_lost),
	};

	return cmocka_run_group_tests_name("backscatter", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "random.h"
#include "tally_memory.h"

#include "base/targets.h"

/* Whole bursts: what stands in the tables afterwards against a list of all packets, searched from end to end. */

#define PACKETS 12000u
#define SOURCES 150u

enum { FIN = 0x01, SYN = 0x02, RST = 0x04, PSH = 0x08, ACK = 0x10, URG = 0x20 };

struct packet {
	struct nt_fields fields;
	uint16_t region;
	int64_t time_ns;
};

static struct packet packet[PACKETS];

static bool region_is_asked; /* by the signatures */

/* Odd, and so that MANY_INVERSE takes it back. */
#define MANY_FACTOR  2654435761u
#define MANY_INVERSE 244002641u

static uint16_t region_of(uint32_t address)
{
	return (uint16_t)(address < SOURCES ? address % 5 : address * MANY_INVERSE % 3);
}

static uint16_t region_of_packet(const struct nt_fields *f)
{
	return region_of(f->class == NT_CLASS_IPV6 ? f->src6[15] : f->src4);
}

/* Stands in for compiled signatures, which are tested elsewhere: the bits are the packet's TTL and IP ID. */
static uint32_t bits_of(const struct nt_fields *fields)
{
	return fields->ttl < 40 ? 0 : (uint32_t)fields->ip_id << (fields->ttl & 1 ? 16 : 0);
}

bool nt_signatures_ask_region(const struct nt_signatures *s)
{
	return s && region_is_asked;
}

void nt_signatures_match_burst(const struct nt_signatures *s, struct nt_packet *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		p[i].matched = s ? bits_of(&p[i].fields) : 0;
		if (nt_signatures_ask_region(s) && p[i].fields.ip_proto != NT_PROTO_NONE)
			assert_int_equal(p[i].region, region_of_packet(&p[i].fields));
	}
}

/* Regions hang on the source, by what is looked at in addresses here. */
void nt_locate_v4(const struct nt_locate *l, const uint32_t *addresses, uint16_t *regions, uint32_t n)
{
	(void)l;
	for (uint32_t i = 0; i < n; i++)
		regions[i] = region_of(addresses[i]);
}

void nt_locate_v6(const struct nt_locate *l, const uint8_t (*addresses)[16], uint16_t *regions, uint32_t n)
{
	(void)l;
	for (uint32_t i = 0; i < n; i++)
		regions[i] = region_of(addresses[i][15]);
}

/* As the worker does it. */
static void count_burst(struct nt_tally *t, struct nt_burst *b)
{
	for (uint32_t i = 0; i < b->n; i++)
		b->packet[i].region = 0xdead;
	nt_tally_ask(t, b, 0);
	nt_tally_find(t, b);
	for (uint32_t i = 0; i < b->n_unlocated; i++)
		b->packet[b->unlocated[i]].region = region_of_packet(&b->packet[b->unlocated[i]].fields);
	nt_tally_burst(t, b);
}

static const struct nt_signatures *some_signatures(void)
{
	static char place;

	return (const struct nt_signatures *)(const void *)&place;
}

static void some_transport(struct nt_fields *f)
{
	static const uint8_t v4_fates[] = {
	    NT_FATE_TCP,   NT_FATE_TCP,	     NT_FATE_UDP, NT_FATE_ICMP,
	    NT_FATE_NO_L4, NT_FATE_IP_OTHER, NT_FATE_TCP, NT_FATE_MALFORMED + NT_REASON_TCP_HEADER};
	static const uint8_t flags[] = {SYN, SYN | URG, SYN | ACK, RST | PSH, RST | ACK, ACK, FIN, 0};
	static const uint16_t icmp[] = {8 << 8, 0, 3 << 8 | 1, 129 << 8, 1 << 8, 14 << 8};
	static const uint8_t protos[NT_FATES] = {[NT_FATE_TCP] = 6,
						 [NT_FATE_UDP] = 17,
						 [NT_FATE_ICMP] = 1,
						 [NT_FATE_ICMP6] = 58,
						 [NT_FATE_NO_L4] = 17,
						 [NT_FATE_IP_OTHER] = 47,
						 [NT_FATE_MALFORMED + NT_REASON_TCP_HEADER] = 6};

	f->fate = v4_fates[next_random() % sizeof(v4_fates)];
	if (f->fate == NT_FATE_ICMP && f->class == NT_CLASS_IPV6)
		f->fate = NT_FATE_ICMP6;
	f->ip_proto = protos[f->fate];
	if (f->fate == NT_FATE_ICMP || f->fate == NT_FATE_ICMP6)
		f->icmp = icmp[next_random() % (sizeof(icmp) / sizeof(icmp[0]))];
	if (f->fate != NT_FATE_TCP && f->fate != NT_FATE_UDP)
		return;
	f->src_port = (uint16_t)(next_random() % 2);
	f->dst_port = (uint16_t)(next_random() % 3);
	f->udp = f->fate == NT_FATE_UDP;
	if (f->udp)
		return;
	f->tcp_flags = flags[next_random() % sizeof(flags)];
	f->window = (uint16_t)(next_random() % 2);
	f->seq = (uint32_t)(next_random() % 2) << next_random() % 2 * 31;
	f->ack = (uint32_t)(next_random() % 2) << next_random() % 2 * 31;
}

/* Few packets of many sources, and of the other way about, so that what varies varies for some of them only. */
static void make_packet(struct packet *p, int64_t start_s)
{
	uint32_t source = (uint32_t)(next_random() % (next_random() % SOURCES + 1));
	struct nt_fields *f = &p->fields;

	memset(p, 0, sizeof(*p));
	f->class = source % 3 ? NT_CLASS_IPV4 : NT_CLASS_IPV6;
	f->src4 = source;
	f->src6[15] = (uint8_t)source;
	f->dst4 = (uint32_t)(next_random() % 40);
	f->dst6[15] = (uint8_t)(next_random() % 40);
	f->ttl = (uint8_t)(next_random() % 64);
	f->ip_id = (uint16_t)(next_random() & next_random() & next_random());
	some_transport(f);
	if (next_random() % 20 == 0)
		*f = (struct nt_fields){.class = NT_CLASS_ARP, .fate = NT_FATE_ARP, .ip_proto = NT_PROTO_NONE};
	p->region = f->ip_proto == NT_PROTO_NONE ? 0 : region_of(source);
	p->time_ns = (start_s + (int64_t)(next_random() % 120)) * 1000000000;
}

static void count(struct nt_tally *t)
{
	static struct nt_burst burst;

	for (uint32_t at = 0; at < PACKETS; at += burst.n) {
		uint32_t n = (uint32_t)(next_random() % NT_BURST + 1);

		burst.n = PACKETS - at < n ? PACKETS - at : n;
		for (uint32_t i = 0; i < burst.n; i++) {
			burst.packet[i].fields = packet[at + i].fields;
			burst.packet[i].time_ns = packet[at + i].time_ns;
		}
		count_burst(t, &burst);
	}
}

static bool has_source(const struct packet *p)
{
	return p->fields.ip_proto != NT_PROTO_NONE;
}

static bool has_port(const struct packet *p)
{
	return p->fields.fate == NT_FATE_TCP || p->fields.fate == NT_FATE_UDP;
}

static uint32_t port_of(const struct packet *p)
{
	return nt_port_key(p->fields.fate == NT_FATE_UDP, p->fields.dst_port);
}

static uint32_t matched_by(const struct nt_tally *t, const struct packet *p)
{
	return t->signatures ? bits_of(&p->fields) : 0;
}

static bool is_from(const struct packet *p, const struct nt_sources *s, uint32_t line)
{
	bool v6 = s->line[line].traits & NT_SOURCE_V6;

	return has_source(p) && (p->fields.class == NT_CLASS_IPV6) == v6 &&
	       (v6 ? p->fields.src6[15] : p->fields.src4) == nt_source_address(s, line).low;
}

static uint32_t halves(uint32_t a, uint32_t b)
{
	return ((a ^ b) & 0xffff ? 1 : 0) | ((a ^ b) >> 16 ? 2 : 0);
}

static void expect_tcp(struct nt_source_line *e, const struct nt_fields *f, uint32_t matched)
{
	if (!(e->traits & NT_SOURCE_TCP)) {
		e->seq = f->seq;
		e->ack = f->ack;
		e->window = f->window;
	}
	e->traits |= NT_SOURCE_TCP;
	e->traits |= (uint16_t)(halves(f->seq, e->seq) << 8 | halves(f->ack, e->ack) << 10);
	if (f->window != e->window)
		e->traits |= NT_SOURCE_WINDOW_VARIES;
	if ((f->tcp_flags & (SYN | ACK | RST | FIN)) == SYN) {
		e->traits |= NT_SOURCE_SYN;
		e->missed |= ~matched;
	}
}

/* The port that stands there is one that the source had; that it varies is known, if not by which half. */
static void expect_ports(struct nt_source_line *e, const struct packet *p)
{
	if (!(e->traits & NT_SOURCE_PORT)) {
		e->src_port = p->fields.src_port;
		e->port = port_of(p);
	}
	e->traits |= NT_SOURCE_PORT;
	if (e->src_port != p->fields.src_port)
		e->traits |= NT_SOURCE_SRC_PORT_VARIES;
	if (e->port != port_of(p))
		e->traits |= NT_SOURCE_PORT_VARIES;
}

static uint64_t target_of(const struct packet *p)
{
	return p->fields.class == NT_CLASS_IPV6 ? nt_mix(0, p->fields.dst6[15]) : nt_targets_hash4(p->fields.dst4);
}

static void check_line(const struct nt_tally *t, uint32_t number)
{
	const struct nt_source_line *line = &t->sources.line[number];
	struct nt_source_line e = {.key = line->key, .traits = line->traits & NT_SOURCE_V6};
	int64_t first = INT64_MAX, last = INT64_MIN;
	struct nt_source_line found;

	for (uint32_t i = 0; i < PACKETS; i++) {
		const struct packet *p = &packet[i];

		if (!is_from(p, &t->sources, number))
			continue;
		e.region = p->region;
		e.packets++;
		first = p->time_ns < first ? p->time_ns : first;
		last = p->time_ns > last ? p->time_ns : last;
		e.matched |= matched_by(t, p);
		nt_targets_add(&e.targets, 1, target_of(p));
		if (nt_reply_class(&p->fields))
			e.traits |= NT_SOURCE_BACKSCATTER;
		if (p->fields.fate == NT_FATE_TCP)
			expect_tcp(&e, &p->fields, matched_by(t, p));
		if (has_port(p))
			expect_ports(&e, p);
	}
	e.first_s = (uint32_t)(first / 1000000000);
	e.last_s = (uint32_t)(last / 1000000000);
	found = *line;
	found.traits |= found.traits & NT_SOURCE_PORT_VARIES ? NT_SOURCE_PORT_VARIES : 0;
	if (e.traits & NT_SOURCE_SRC_PORT_VARIES)
		e.src_port = line->src_port; /* of which it was does not matter then */
	e.pair_packets = line->pair_packets; /* check_pairs() looks at these */
	e.pair_matched = line->pair_matched;
	e.port = line->port;
	assert_memory_equal(&found, &e, sizeof(e));
}

static uint32_t line_number(const struct nt_tally *t, const struct packet *p)
{
	for (uint32_t i = 1; i <= t->sources.n; i++)
		if (is_from(p, &t->sources, i))
			return i;
	return NT_SOURCE_NONE;
}

/* The number of its slot. */
static uint32_t pair_of(const struct nt_tally *t, const struct packet *p)
{
	uint32_t line = line_number(t, p), port = port_of(p), matched = matched_by(t, p);

	for (uint32_t i = 0; i < t->pairs.n_touched; i++) {
		const struct nt_source_pair pair = nt_pairs_at(&t->pairs, i);

		if (pair.line == line && pair.port == port && pair.matched == matched)
			return t->pairs.touched[i];
	}
	return UINT32_MAX;
}

static bool is_own(const struct nt_source_line *line, const struct packet *p, const struct nt_tally *t)
{
	return line->pair_packets && line->port == port_of(p) && line->pair_matched == matched_by(t, p);
}

/* Each packet is in its pair or in its source's own, and in both together are as many as came. */
static void check_pairs(const struct nt_tally *t)
{
	uint32_t *packets = calloc((size_t)(t->pairs.mask + 1) * NT_PAIR_GROUP, sizeof(*packets));
	uint32_t *own = calloc(t->sources.n + 1, sizeof(*own));

	for (uint32_t i = 0; i < PACKETS; i++) {
		uint32_t at, slot;

		if (!has_port(&packet[i]))
			continue;
		at = line_number(t, &packet[i]);
		slot = pair_of(t, &packet[i]);
		if (is_own(&t->sources.line[at], &packet[i], t) && own[at] < t->sources.line[at].pair_packets) {
			own[at]++;
			continue;
		}
		assert_int_not_equal(slot, UINT32_MAX);
		packets[slot]++;
	}
	for (uint32_t i = 0; i < t->pairs.n_touched; i++) {
		const struct nt_source_pair pair = nt_pairs_at(&t->pairs, i);

		if (nt_pair_is_port(&pair))
			assert_int_equal(pair.packets, packets[t->pairs.touched[i]]);
	}
	for (uint32_t i = 1; i <= t->sources.n; i++)
		assert_int_equal(t->sources.line[i].pair_packets, own[i]);
	free(packets);
	free(own);
}

/* What settling makes of lines and pairs. */
static void check_made(const struct nt_tally *t)
{
	uint32_t port[2][3] = {0}, region[5] = {0}, proto[256] = {0};

	for (uint32_t i = 0; i < PACKETS; i++) {
		const struct nt_fields *f = &packet[i].fields;

		if (has_port(&packet[i]))
			port[f->fate == NT_FATE_UDP][f->dst_port]++;
		if (has_source(&packet[i])) {
			region[packet[i].region]++;
			proto[f->ip_proto]++;
		}
	}
	assert_memory_equal(t->histogram[NT_TABLE_TCP_PORT].count, port[0], sizeof(port[0]));
	assert_memory_equal(t->histogram[NT_TABLE_UDP_PORT].count, port[1], sizeof(port[1]));
	assert_memory_equal(t->histogram[NT_TABLE_REGION].count, region, sizeof(region));
	assert_memory_equal(t->histogram[NT_TABLE_IP_PROTO].count, proto, sizeof(proto));
}

static uint32_t matched_of(const struct nt_tally *t, const struct packet *p)
{
	return has_source(p) ? matched_by(t, p) : 0;
}

static uint32_t destination_of(const struct packet *p)
{
	return nt_region_port_key(p->region, port_of(p) >> 16, p->fields.dst_port);
}

/* Packets that stand under a key of the region x port table. */
static uint32_t expected_of_key(const struct nt_tally *t, uint32_t key)
{
	uint32_t id = key & NT_KIND_MASK, n = 0;

	for (uint32_t i = 0; i < PACKETS; i++) {
		const struct packet *p = &packet[i];

		if (key >> NT_KIND_SHIFT == NT_KIND_REGION_PORT)
			n += has_port(p) && !matched_of(t, p) && id == destination_of(p);
		else
			n += p->fields.fate == NT_FATE_TCP && nt_reply_class(&p->fields) &&
			     id == nt_region_port_key(p->region, false, p->fields.src_port);
	}
	return n;
}

/* Keys of one kind: what all of them together must hold. */
static void check_region_port(const struct nt_tally *t)
{
	uint64_t sum[2] = {0}, expected[2] = {0};

	for (uint32_t i = 0; i < t->region_port.n_touched; i++) {
		const struct nt_region_port_slot *slot = &t->region_port.slot[t->region_port.touched[i]];

		assert_int_equal(slot->count, expected_of_key(t, slot->key));
		sum[slot->key >> NT_KIND_SHIFT] += slot->count;
	}
	for (uint32_t i = 0; i < PACKETS; i++) {
		bool reply = packet[i].fields.fate == NT_FATE_TCP && nt_reply_class(&packet[i].fields);

		expected[NT_KIND_REGION_PORT] += has_port(&packet[i]) && !matched_of(t, &packet[i]);
		expected[NT_KIND_BACKSCATTER_PORT] += reply;
	}
	assert_memory_equal(sum, expected, sizeof(sum));
}

/* Packets that stand under a key and a set of signatures in the table of matches. */
static uint32_t expected_of_match(const struct nt_tally *t, const struct nt_match_slot *slot)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < PACKETS; i++) {
		const struct packet *p = &packet[i];
		uint32_t portless = (uint32_t)p->region << 17 | NT_MATCH_PORTLESS;

		n += matched_of(t, p) == slot->matched && slot->key == (has_port(p) ? destination_of(p) : portless);
	}
	return n;
}

static void check_matches(const struct nt_tally *t)
{
	uint32_t sum = 0, expected = 0;

	for (uint32_t i = 0; i < t->matches.n_touched; i++) {
		const struct nt_match_slot *slot = &t->matches.slot[t->matches.touched[i]];

		assert_int_not_equal(slot->matched, 0);
		assert_int_equal(slot->count, expected_of_match(t, slot));
		sum += slot->count;
	}
	for (uint32_t i = 0; i < PACKETS; i++)
		expected += matched_of(t, &packet[i]) != 0;
	assert_int_equal(sum, expected);
	for (uint32_t s = 0; s < NT_SIGNATURES_MAX; s++)
		assert_int_equal(t->signature_packets[s], 0);
}

/* Puts what settling says where packets without a pair stand, so that all of it is in one place. */
struct into_tables {
	struct nt_cross_sink sink;
	struct nt_tally *t;
};

static void into_tables(struct nt_cross_sink *sink, uint32_t key, uint32_t matched, uint32_t packets)
{
	struct nt_tally *t = ((struct into_tables *)sink)->t;

	assert_int_not_equal(packets, 0);
	if (matched)
		assert_true(nt_matches_add(&t->matches, key, matched, packets));
	else
		nt_region_port_add(&t->region_port, key, packets);
}

static void settle(struct nt_tally *t)
{
	struct into_tables to = {.sink.add = into_tables, .t = t};

	nt_tally_settle(t, NULL, &to.sink);
}

static void check_all(struct nt_tally *t)
{
	uint64_t sent = 0, replies = 0;

	settle(t);
	for (uint32_t i = 1; i <= t->sources.n; i++)
		check_line(t, i);
	for (uint32_t i = 0; i < PACKETS; i++) {
		assert_true(!has_source(&packet[i]) || line_number(t, &packet[i]) != NT_SOURCE_NONE);
		replies += has_source(&packet[i]) && nt_reply_class(&packet[i].fields);
	}
	check_pairs(t);
	check_made(t);
	check_region_port(t);
	check_matches(t);
	for (uint32_t i = 1; i <= t->replies.n; i++) {
		const struct nt_reply_line *line = &t->replies.line[i];

		sent += nt_reply_is(line, NT_REPLY_SENDER) ? nt_reply_packets(line) : 0;
	}
	assert_int_equal(sent, replies);
	assert_int_equal(t->sketches.n, 0);
}

static void tables_equal_a_list(void **state)
{
	static const int64_t starts[] = {1662422400, UINT32_MAX - 60}; /* the second one wraps */
	struct nt_tally *t = new_tally(&(struct nt_tally_options){.region_port_entries = 2048,
								  .match_entries = 16384,
								  .source_entries = SOURCES,
								  .pair_entries = 20000,
								  .victim_entries = 200});

	(void)state;
	random_state = 31;
	for (uint32_t round = 0; round < 6; round++) {
		t->signatures = round < 4 ? some_signatures() : NULL;
		region_is_asked = round % 4 > 1;
		for (uint32_t i = 0; i < PACKETS; i++)
			make_packet(&packet[i], starts[round % 2]);
		count(t);
		check_all(t);
		nt_tally_clear(t);
		assert_ptr_equal(t->signatures, round < 4 ? some_signatures() : NULL);
	}
	region_is_asked = false;
	free(t);
}

/* Pairs that are counted at once must end where the others are put when the bank is settled. */
static void few_pairs_change_no_packet(void **state)
{
	(void)state;
	random_state = 32;
	for (uint32_t entries = 0; entries < 4000; entries = 3 * entries + 1) {
		struct nt_tally *t = new_tally(&(struct nt_tally_options){.region_port_entries = 2048,
									  .match_entries = 16384,
									  .source_entries = SOURCES,
									  .pair_entries = entries,
									  .victim_entries = 200,
									  .sketches = 64});

		t->signatures = some_signatures();
		for (uint32_t i = 0; i < PACKETS; i++)
			make_packet(&packet[i], 1662422400);
		count(t);
		settle(t);
		assert_true(t->pairs.overflow);
		check_made(t);
		check_region_port(t);
		check_matches(t);
		free(t);
	}
}

/* ---- full tables ---- */

#define MANY 200000u

/* SYNs of `n` sources to one of 4 ports each, regions by source, some of it backscatter. */
static void count_many(struct nt_tally *t, uint32_t n)
{
	static struct nt_burst burst;

	for (uint32_t at = 0; at < n; at += burst.n) {
		burst.n = n - at < NT_BURST ? n - at : NT_BURST;
		for (uint32_t i = 0; i < burst.n; i++) {
			uint32_t source = at + i;

			burst.packet[i].fields = (struct nt_fields){.class = NT_CLASS_IPV4,
								    .fate = NT_FATE_TCP,
								    .ip_proto = 6,
								    .tcp_flags = source % 5 ? SYN : SYN | ACK,
								    .src4 = source * MANY_FACTOR,
								    .dst_port = (uint16_t)(source % 4),
								    .ttl = 40,
								    .ip_id = source % 2};
			burst.packet[i].time_ns = source;
		}
		count_burst(t, &burst);
	}
}

static uint64_t estimate_of(const struct nt_tally *t, uint32_t key)
{
	uint32_t histogram[NT_HLL_RANK_MAX + 1] = {0};
	uint8_t whole[NT_HLL_REGISTERS];

	for (uint32_t i = 0; i < t->sketches.n; i++) {
		if (t->sketches.key[i] != key)
			continue;
		memcpy(whole, t->sketches.registers[i], sizeof(whole));
		for (uint32_t k = 0; k < t->sketches.n_sparse; k++) {
			uint64_t element = t->sketches.sparse[t->sketches.sparse_touched[k]];
			uint8_t *at = &whole[nt_sparse_index(element)];

			if (nt_sparse_key(element) == key && *at < nt_sparse_rank(element))
				*at = nt_sparse_rank(element);
		}
		for (uint32_t r = 0; r < NT_HLL_REGISTERS; r++)
			histogram[whole[r]]++;
		return nt_hll_estimate(histogram);
	}
	return 0;
}

static void near(uint64_t estimate, uint64_t truth)
{
	assert_in_range(estimate * 1000, truth * 967, truth * 1033);
}

static void sources_without_a_line_are_estimated(void **state)
{
	struct nt_tally *t = new_tally(&(struct nt_tally_options){.region_port_entries = 1024,
								  .match_entries = 1024,
								  .source_entries = 1000,
								  .pair_entries = 400,
								  .victim_entries = 100,
								  .sketches = 64});
	uint32_t missing = MANY - 1000;

	(void)state;
	t->signatures = some_signatures();
	count_many(t, MANY);
	settle(t);
	settle(t); /* once is enough, twice is no more */
	assert_int_equal(t->sources.overflow, missing);
	assert_int_equal(t->histogram[NT_TABLE_TCP_PORT].count[3], MANY / 4);
	assert_int_equal(t->histogram[NT_TABLE_REGION].count[2], MANY / 3);
	assert_int_equal(t->pairs.overflow, 0); /* each has one pair, which is its own */
	assert_int_equal(t->replies.overflow, MANY / 5 - 2 * 100);
	assert_int_equal(t->fate[NT_FATE_TCP], MANY);
	assert_int_equal(t->signature_packets[0], 0);
	assert_int_equal(t->matches.slot[t->matches.touched[0]].matched, 1);
	assert_int_equal(t->sketches.overflow, 0);
	assert_int_equal(t->sketches.n, 1 + 3 + 4 + 1 + 3 + 1 + 3 + 2);
	near(estimate_of(t, nt_sketch_key(NT_SKETCH_SOURCES, 0)), missing);
	near(estimate_of(t, nt_sketch_key(NT_SKETCH_REGION, 2)), missing / 3);
	near(estimate_of(t, nt_sketch_key(NT_SKETCH_PORT, 3)), (missing + 600) / 4);
	near(estimate_of(t, nt_sketch_key(NT_SKETCH_BACKSCATTER, 0)), missing / 5);
	near(estimate_of(t, nt_sketch_key(NT_SKETCH_BACKSCATTER_REGION, 0)), missing / 15);
	near(estimate_of(t, nt_sketch_key(NT_SKETCH_SIGNATURE, 0)), missing / 2);
	near(estimate_of(t, nt_sketch_key(NT_SKETCH_SIGNATURE_REGION, 1)), missing / 6);
	near(estimate_of(t, nt_sketch_key(NT_SKETCH_SIGNATURE_PORT, 3)), (missing + 600) / 4);
	free(t);
}

/* Sources that have a line each try four ports: one of these pairs is their own, and the table takes few others. */
static void pairs_without_a_place_are_estimated(void **state)
{
	struct nt_tally *t = new_tally(&(struct nt_tally_options){.region_port_entries = 1024,
								  .match_entries = 1024,
								  .source_entries = 8000,
								  .pair_entries = 500,
								  .victim_entries = 100,
								  .sketches = 64});
	static struct nt_burst burst = {.n = 1};
	uint64_t sketched = 0;

	(void)state;
	for (uint32_t i = 0; i < 4 * 8000; i++) {
		burst.packet[0].fields = (struct nt_fields){.class = NT_CLASS_IPV4,
							    .fate = NT_FATE_TCP,
							    .ip_proto = 6,
							    .src4 = i % 8000 * MANY_FACTOR,
							    .dst_port = (uint16_t)(i / 8000)};
		count_burst(t, &burst);
	}
	settle(t);
	assert_int_equal(t->sources.overflow, 0);
	assert_int_equal(t->pairs.overflow, 3 * 8000 - 500);
	for (uint16_t port = 0; port < 4; port++) {
		assert_int_equal(t->histogram[NT_TABLE_TCP_PORT].count[port], 8000);
		sketched += estimate_of(t, nt_sketch_key(NT_SKETCH_PORT, port));
	}
	near(sketched, 3 * 8000 - 500);
	free(t);
}

/* Tables that take nothing at all. */
static void every_total_stands_without_any_table(void **state)
{
	struct nt_tally *t = new_tally(&(struct nt_tally_options){0});

	(void)state;
	t->signatures = some_signatures();
	count_many(t, 1000);
	settle(t);
	assert_int_equal(t->sources.overflow, 1000);
	assert_int_equal(t->replies.overflow, 200);
	assert_int_equal(t->region_port.overflow, 1000 + 200 + 2 * 500);
	assert_int_equal(t->fate[NT_FATE_TCP], 1000);
	assert_int_equal(t->histogram[NT_TABLE_TCP_PORT].count[3], 250);
	assert_int_equal(t->signature_packets[0], 500);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tables_equal_a_list),
	    cmocka_unit_test(few_pairs_change_no_packet),
	    cmocka_unit_test(sources_without_a_line_are_estimated),
	    cmocka_unit_test(pairs_without_a_place_are_estimated),
	    cmocka_unit_test(every_total_stands_without_any_table),
	};

	return cmocka_run_group_tests_name("burst", tests, NULL, NULL);
}

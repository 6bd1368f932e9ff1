/* SPDX-License-Identifier: BSD-3-Clause */
#include "fold_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/targets.h"
#include "needletail/schema.h"
#include "random.h"

const char *const model_signature_name[MODEL_SIGNATURES] = {"smb", "scan", "udp", "none"};

static bool is_tcp(const struct nt_fields *f)
{
	return f->fate == NT_FATE_TCP;
}

static bool has_port(const struct nt_fields *f)
{
	return is_tcp(f) || f->fate == NT_FATE_UDP;
}

uint32_t model_match(const struct nt_fields *f)
{
	return (is_tcp(f) && f->dst_port == 445) | (uint32_t)(is_tcp(f) && f->window == 1024) << 1 |
	       (uint32_t)(f->fate == NT_FATE_UDP) << 2;
}

/* ---- packets ---- */

/* IPv4 addresses of sources. */
#define FIRST4 0x0a000000u
#define STEP4  7919u

static uint32_t below(uint32_t n)
{
	return (uint32_t)(next_random() % n);
}

static void put_source6(uint8_t address[static 16], uint32_t source)
{
	memcpy(address, (uint8_t[16]){0x20, 1, 0xd, 0xb8, [14] = (uint8_t)(source >> 8), (uint8_t)source}, 16);
}

static void fill_addresses(struct nt_fields *f, uint32_t source)
{
	bool v6 = source % 5 == 0;
	uint32_t to = below(40);

	f->class = v6 ? NT_CLASS_IPV6 : NT_CLASS_IPV4;
	f->src4 = FIRST4 + source * STEP4;
	f->dst4 = 0xc6120000 + to;
	put_source6(f->src6, source);
	memcpy(f->dst6, (uint8_t[16]){0x20, 1, 0xd, 0xb9, [15] = (uint8_t)to}, 16);
}

/* A source that is constant in some things and not in others. */
static void fill_tcp(struct nt_fields *f, uint32_t source)
{
	static const uint8_t flags[] = {0x02, 0x02, 0x02, 0x12, 0x04, 0x14, 0x10};
	static const uint16_t port[] = {445, 23, 80, 22, 3389};

	f->fate = NT_FATE_TCP;
	f->ip_proto = 6;
	f->tcp_flags = flags[source % 3 ? below(7) : 0];
	f->dst_port = source % 7 == 0 ? 445 : port[below(5)];
	f->src_port = (uint16_t)(source % 2 ? 80 : 1000 + below(12));
	f->window = source % 4 ? 1024 : (uint16_t)(1024 + below(2));
	f->seq = source % 6 ? 77 : below(3);
	f->ack = source % 8 ? source : below(2);
}

/* Where a quoted packet went to: hosts of whom nothing else is seen, or some that send replies of their own. */
static void fill_inner_dst(struct nt_fields *f)
{
	uint32_t v4 = htobe32(FIRST4 + (1 + below(4)) * STEP4);

	if (below(2))
		memcpy(f->inner_dst, (uint8_t[16]){0x20, 1, 0xd, [15] = (uint8_t)below(10)}, 16);
	else if (f->class == NT_CLASS_IPV6)
		put_source6(f->inner_dst, 5 * below(4));
	else
		memcpy(f->inner_dst, &v4, sizeof(v4));
}

static void fill_icmp(struct nt_fields *f, uint32_t source)
{
	static const uint8_t v4[] = {0, 3, 11, 8, 5}, v6[] = {129, 1, 3, 128, 2};
	bool is_v6 = f->class == NT_CLASS_IPV6;
	uint32_t kind = below(5);

	f->fate = is_v6 ? NT_FATE_ICMP6 : NT_FATE_ICMP;
	f->ip_proto = is_v6 ? 58 : 1;
	f->icmp = (uint16_t)((is_v6 ? v6[kind] : v4[kind]) << 8 | below(2));
	if (kind != 1 && kind != 2)
		return;
	f->has_inner = source % 3;
	f->inner_proto = below(2) ? 6 : 17;
	f->has_inner_port = f->has_inner && below(4);
	f->inner_port = (uint16_t)(50 + below(12));
	fill_inner_dst(f);
}

static uint16_t region_of(uint32_t source)
{
	static const char *const region[] = {"JP", "US", "--", "SE"};

	return (uint16_t)nt_region_index(region[source % 4], 2);
}

uint16_t model_region4(uint32_t address)
{
	return region_of((address - FIRST4) / STEP4);
}

uint16_t model_region6(const uint8_t address[static 16])
{
	return region_of((uint32_t)address[14] << 8 | address[15]);
}

void model_fill(struct packet *p, uint32_t n, uint32_t sources, int64_t start_s, uint32_t seconds)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t source = below(1 + below(sources)), kind = below(10);
		struct nt_fields *f = &p[i].fields;

		memset(&p[i], 0, sizeof(p[i]));
		fill_addresses(f, source);
		p[i].region = region_of(source);
		p[i].time_ns = start_s * 1000000000 + (int64_t)((double)i / n * seconds * 1e9);
		if (source % 11 == 0 || kind == 0)
			fill_icmp(f, source);
		else if (kind < 8)
			fill_tcp(f, source);
		else {
			f->fate = NT_FATE_UDP;
			f->udp = 1;
			f->ip_proto = 17;
			f->dst_port = (uint16_t)(kind == 8 ? 53 : below(200));
			f->src_port = (uint16_t)(source % 2 ? 80 : 5000);
		}
	}
}

/* ---- questions ---- */

struct nt_address model_source(const struct nt_fields *f)
{
	struct nt_address a = {.length = f->class == NT_CLASS_IPV6 ? 16 : 4};

	if (a.length == 16)
		memcpy(a.byte, f->src6, 16);
	for (uint32_t i = 0; a.length == 4 && i < 4; i++)
		a.byte[i] = (uint8_t)(f->src4 >> (24 - 8 * i));
	return a;
}

static bool equal(const struct nt_address *a, const struct nt_address *b)
{
	return a->length == b->length && !memcmp(a->byte, b->byte, a->length);
}

static bool is_from(const struct packet *p, const struct nt_address *a)
{
	struct nt_address source = model_source(&p->fields);

	return equal(&source, a);
}

/* Contract C11. */
static int class_of(const struct nt_fields *f)
{
	static const struct {
		uint8_t type;
		enum nt_backscatter class;
	} icmp[] = {{0, NT_BACKSCATTER_ICMP_ECHO_REPLY},
		    {3, NT_BACKSCATTER_ICMP_DEST_UNREACH},
		    {5, NT_BACKSCATTER_ICMP_REDIRECT},
		    {11, NT_BACKSCATTER_ICMP_TIME_EXCEEDED}},
	  icmp6[] = {{129, NT_BACKSCATTER_ICMP6_ECHO_REPLY},
		     {1, NT_BACKSCATTER_ICMP6_DEST_UNREACH},
		     {2, NT_BACKSCATTER_ICMP6_PKT_TOO_BIG},
		     {3, NT_BACKSCATTER_ICMP6_TIME_EXCEEDED}};

	for (uint32_t i = 0; i < 4; i++) {
		if (f->fate == NT_FATE_ICMP && f->icmp >> 8 == icmp[i].type)
			return icmp[i].class;
		if (f->fate == NT_FATE_ICMP6 && f->icmp >> 8 == icmp6[i].type)
			return icmp6[i].class;
	}
	if (!is_tcp(f))
		return -1;
	switch (f->tcp_flags & 0x17) {
	case 0x12:
		return NT_BACKSCATTER_SYNACK;
	case 0x04:
		return NT_BACKSCATTER_RST;
	case 0x14:
		return NT_BACKSCATTER_RSTACK;
	default:
		return -1;
	}
}

static bool is_syn(const struct nt_fields *f)
{
	return is_tcp(f) && (f->tcp_flags & 0x17) == 0x02;
}

static uint32_t port_of(const struct nt_fields *f)
{
	return nt_port_key(f->fate == NT_FATE_UDP, f->dst_port);
}

/* The same hash that the tally gives targets. */
static uint64_t target_of(const struct nt_fields *f)
{
	uint64_t high = 0, low = 0;

	if (f->class == NT_CLASS_IPV4)
		return nt_targets_hash4(f->dst4);
	for (uint32_t i = 0; i < 8; i++) {
		high = high << 8 | f->dst6[i];
		low = low << 8 | f->dst6[8 + i];
	}
	return nt_mix(high, low);
}

static uint32_t counted(const struct packet *p, uint32_t n, const struct nt_address *a)
{
	uint32_t matched = 0, missed = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (!is_from(&p[i], a))
			continue;
		matched |= model_match(&p[i].fields);
		if (is_syn(&p[i].fields))
			missed |= ~model_match(&p[i].fields);
	}
	return matched & ~(missed & MODEL_ALL_SYNS);
}

/* ---- sources ---- */

/* Traits of a source, and the values that are of all its packets. */
static void expect_traits(const struct packet *p, uint32_t n, const struct nt_address *a,
			  const struct nt_source_detail *d)
{
	const struct nt_fields *tcp = NULL, *port = NULL;
	uint32_t traits =
	    NT_TRAIT_SEQ_SAME | NT_TRAIT_ACK_SAME | NT_TRAIT_WINDOW_SAME | NT_TRAIT_SRC_PORT_SAME | NT_TRAIT_PORT_SAME;

	for (uint32_t i = 0; i < n; i++) {
		const struct nt_fields *f = &p[i].fields;

		if (!is_from(&p[i], a) || !has_port(f))
			continue;
		port = port ? port : f;
		traits &= port->src_port == f->src_port ? ~0u : ~(uint32_t)NT_TRAIT_SRC_PORT_SAME;
		traits &= port_of(port) == port_of(f) ? ~0u : ~(uint32_t)NT_TRAIT_PORT_SAME;
		if (!is_tcp(f))
			continue;
		tcp = tcp ? tcp : f;
		traits &= tcp->seq == f->seq ? ~0u : ~(uint32_t)NT_TRAIT_SEQ_SAME;
		traits &= tcp->ack == f->ack ? ~0u : ~(uint32_t)NT_TRAIT_ACK_SAME;
		traits &= tcp->window == f->window ? ~0u : ~(uint32_t)NT_TRAIT_WINDOW_SAME;
	}
	traits &= tcp ? ~0u : ~(uint32_t)(NT_TRAIT_SEQ_SAME | NT_TRAIT_ACK_SAME | NT_TRAIT_WINDOW_SAME);
	traits &= port ? ~0u : ~(uint32_t)(NT_TRAIT_SRC_PORT_SAME | NT_TRAIT_PORT_SAME);
	traits |= (tcp ? NT_TRAIT_TCP : 0) | (port ? NT_TRAIT_PORT : 0);
	assert_int_equal(d->traits, traits);
	if (traits & NT_TRAIT_SEQ_SAME)
		assert_int_equal(d->seq, tcp->seq);
	if (traits & NT_TRAIT_ACK_SAME)
		assert_int_equal(d->ack, tcp->ack);
	if (traits & NT_TRAIT_WINDOW_SAME)
		assert_int_equal(d->window, tcp->window);
	if (traits & NT_TRAIT_SRC_PORT_SAME)
		assert_int_equal(d->src_port, port->src_port);
	if (traits & NT_TRAIT_PORT_SAME)
		assert_int_equal(d->port, port_of(port));
}

static void expect_source(const struct packet *p, uint32_t n, const struct nt_source *s,
			  const struct nt_source_detail *d)
{
	uint64_t packets = 0, targets = 0;
	int64_t first_s = INT64_MAX, last_s = INT64_MIN;
	bool backscatter = false;
	uint16_t region = 0;

	for (uint32_t i = 0; i < n; i++) {
		int64_t time_s = p[i].time_ns / 1000000000;

		if (!is_from(&p[i], &s->address))
			continue;
		packets++;
		region = p[i].region;
		backscatter = backscatter || class_of(&p[i].fields) >= 0;
		first_s = time_s < first_s ? time_s : first_s;
		last_s = time_s > last_s ? time_s : last_s;
		nt_targets_add(&targets, 1, target_of(&p[i].fields));
	}
	assert_int_equal(s->packets, packets);
	assert_true(packets);
	assert_int_equal(s->region, region);
	assert_int_equal(s->backscatter, backscatter);
	assert_int_equal(s->signatures, counted(p, n, &s->address));
	assert_int_equal(d->first_s, first_s);
	assert_int_equal(d->last_s, last_s);
	assert_int_equal(d->targets, targets);
	expect_traits(p, n, &s->address, d);
}

/* ---- pairs, and the numbers ---- */

static void expect_pairs(const struct packet *p, uint32_t n, const struct nt_snapshot *s)
{
	for (size_t i = 0; i < s->n_pairs; i++) {
		const struct nt_pair *pair = &s->pair[i];
		const struct nt_source *source = &s->source[pair->source];
		uint32_t matched = 0, found = 0;

		if (i)
			assert_true(pair[-1].source < pair->source ||
				    (pair[-1].source == pair->source && pair[-1].port < pair->port));
		for (uint32_t k = 0; k < n; k++)
			if (is_from(&p[k], &source->address) && has_port(&p[k].fields) &&
			    port_of(&p[k].fields) == pair->port) {
				matched |= model_match(&p[k].fields);
				found++;
			}
		assert_true(found);
		assert_int_equal(pair->signatures, matched & source->signatures);
	}
	for (uint32_t k = 0; k < n; k++) {
		bool found = !has_port(&p[k].fields);

		for (size_t i = 0; i < s->n_pairs && !found; i++)
			found = s->pair[i].port == port_of(&p[k].fields) &&
				is_from(&p[k], &s->source[s->pair[i].source].address);
		assert_true(found);
	}
}

/* Sources that meet a condition, counted in the lists, which are known to be right by now. */
static uint64_t sources_with(const struct nt_snapshot *s, int region, bool backscatter, uint32_t signature)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->n_sources; i++)
		n += (region < 0 || s->source[i].region == region) && (!backscatter || s->source[i].backscatter) &&
		     (s->source[i].signatures & signature) == signature;
	return n;
}

static uint64_t pairs_with(const struct nt_snapshot *s, uint32_t port, uint32_t signature)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->n_pairs; i++)
		n += s->pair[i].port == port && (s->pair[i].signatures & signature) == signature;
	return n;
}

/* How many ports had more packets, or as many and a lower key. */
static uint32_t rank_of_port(const uint64_t *packets, uint32_t port)
{
	uint32_t rank = 0;

	for (uint32_t k = 0; k < 1u << 17; k++)
		rank += packets[k] > packets[port] || (packets[k] == packets[port] && k < port);
	return rank;
}

static void expect_unique(const struct packet *p, uint32_t n, const struct nt_snapshot *s)
{
	uint64_t *packets = calloc(1u << 17, sizeof(*packets));
	uint32_t ports = 0;

	assert_non_null(packets);
	assert_false(s->unique.estimated);
	assert_int_equal(s->unique.sources, s->n_sources);
	assert_int_equal(s->unique.backscatter, sources_with(s, -1, true, 0));
	for (uint32_t r = 0; r < NT_REGIONS; r++) {
		assert_int_equal(nt_counts_get(&s->unique.region, r), sources_with(s, (int)r, false, 0));
		assert_int_equal(nt_counts_get(&s->unique.backscatter_region, r), sources_with(s, (int)r, true, 0));
	}
	for (uint32_t i = 0; i < n; i++)
		if (has_port(&p[i].fields))
			packets[port_of(&p[i].fields)]++;
	for (uint32_t k = 0; k < 1u << 17; k++) {
		if (!packets[k] || rank_of_port(packets, k) >= NT_UNIQUE_PORTS)
			continue;
		assert_int_equal(nt_counts_get(&s->unique.port, k), pairs_with(s, k, 0));
		ports++;
	}
	assert_int_equal(s->unique.port.n, ports);
	free(packets);
}

static void expect_signature(const struct packet *p, uint32_t n, const struct nt_snapshot *s, uint32_t i)
{
	const struct nt_signature_counts *c = &s->signature[i];
	uint64_t packets = 0, region = 0, port = 0;

	for (uint32_t k = 0; k < n; k++)
		packets += model_match(&p[k].fields) >> i & 1;
	assert_string_equal(c->name, model_signature_name[i]);
	assert_int_equal(c->explains, MODEL_EXPLAINING >> i & 1);
	assert_int_equal(c->seq_dst, MODEL_SEQ_DST >> i & 1);
	assert_int_equal(c->packets, packets);
	assert_int_equal(c->sources, sources_with(s, -1, false, 1u << i));
	for (uint32_t r = 0; r < NT_REGIONS; r++) {
		assert_int_equal(nt_counts_get(&c->region_sources, r), sources_with(s, (int)r, false, 1u << i));
		region += nt_counts_get(&c->region_packets, r);
	}
	assert_int_equal(region, packets);
	for (size_t k = 0; k < c->port_packets.n; k++) {
		uint32_t key = (uint32_t)c->port_packets.entry[k].key;

		port += c->port_packets.entry[k].count;
		assert_int_equal(nt_counts_get(&c->port_sources, key), pairs_with(s, key, 1u << i));
	}
	assert_int_equal(port, packets); /* all of these signatures are of TCP or UDP */
}

/* ---- backscatter ---- */

static void expect_sender(const struct packet *p, uint32_t n, const struct nt_backscatter_source *b)
{
	uint64_t classes[NT_BACKSCATTERS] = {0}, packets = 0, targets[NT_REPLY_TARGETS] = {0};
	const struct packet *first = NULL, *last = NULL, *port = NULL;
	bool same = true;

	for (uint32_t i = 0; i < n; i++) {
		int class = class_of(&p[i].fields);

		if (class < 0 || !is_from(&p[i], &b->address))
			continue;
		first = first ? first : &p[i];
		last = &p[i];
		classes[class]++;
		packets++;
		nt_targets_add(targets, NT_REPLY_TARGETS, target_of(&p[i].fields));
		if (!is_tcp(&p[i].fields))
			continue;
		port = port ? port : &p[i];
		same = same && port->fields.src_port == p[i].fields.src_port;
	}
	assert_int_equal(b->packets, packets);
	assert_memory_equal(b->classes, classes, sizeof(classes));
	assert_int_equal(b->region, first->region);
	assert_int_equal(b->first_s, first->time_ns / 1000000000);
	assert_int_equal(b->last_s, last->time_ns / 1000000000);
	assert_true(b->targets <= packets);
	assert_int_equal(b->targets < packets ? b->targets : nt_targets_estimate(targets, NT_REPLY_TARGETS) >= packets,
			 b->targets < packets ? nt_targets_estimate(targets, NT_REPLY_TARGETS) : 1);
	assert_int_equal(b->has_port, port != NULL);
	assert_int_equal(b->source_port, port ? port->fields.src_port : 0);
	assert_int_equal(b->source_port_same, port && same);
}

static void expect_senders(const struct packet *p, uint32_t n, const struct nt_snapshot *s)
{
	assert_int_equal(s->n_backscatter, s->unique.backscatter);
	for (size_t i = 0; i < s->n_backscatter; i++) {
		const struct nt_backscatter_source *b = &s->backscatter[i];
		char text[NT_ADDRESS_TEXT], before[NT_ADDRESS_TEXT];

		expect_sender(p, n, b);
		if (!i)
			continue;
		nt_address_text(&b->address, text);
		nt_address_text(&b[-1].address, before);
		assert_true(b[-1].packets > b->packets || (b[-1].packets == b->packets && strcmp(before, text) < 0));
	}
}

/* Victim of a packet of backscatter. */
static struct nt_victim victim_of(const struct nt_fields *f)
{
	struct nt_victim v = {.address = model_source(f), .proto = (uint8_t)f->ip_proto};

	if (is_tcp(f)) {
		v.ports = 1;
		v.port[0] = f->src_port;
	}
	if (!f->has_inner)
		return v;
	memcpy(v.address.byte, f->inner_dst, v.address.length);
	v.proto = f->inner_proto;
	v.ports = f->has_inner_port;
	v.port[0] = f->inner_port;
	return v;
}

static void note_port(struct nt_victim *v, uint16_t port)
{
	for (uint32_t i = 0; i < v->ports; i++)
		if (v->port[i] == port)
			return;
	if (v->ports == NT_VICTIM_PORTS)
		v->more_ports = true;
	else
		v->port[v->ports++] = port;
}

static void expect_bins(const struct nt_victim *v, const uint64_t *bin, int64_t first_bin, uint32_t bins)
{
	uint64_t peak = 0;

	for (uint32_t i = 0; i < NT_VICTIM_BINS; i++) {
		int64_t head = v->first_bin + i - first_bin, tail = v->last_bin - i - first_bin;

		assert_int_equal(v->head[i], head < bins ? bin[head] : 0);
		assert_int_equal(v->tail[i], tail >= 0 ? bin[tail] : 0);
	}
	for (uint32_t b = 0; b < bins; b++) {
		uint64_t sum = 0;

		for (uint32_t i = b; i < b + NT_VICTIM_BINS && i < bins; i++)
			sum += bin[i];
		peak = sum > peak ? sum : peak;
	}
	assert_int_equal(v->peak, peak);
}

#define BINS 100

static void expect_victim(const struct packet *p, uint32_t n, const struct nt_victim *v)
{
	struct nt_victim e = {.first_s = INT64_MAX, .last_s = INT64_MIN};
	int64_t base = p[0].time_ns / 1000000000 / NT_VICTIM_BIN_S;
	uint64_t bin[BINS] = {0};

	for (uint32_t i = 0; i < n; i++) {
		const struct nt_victim of = victim_of(&p[i].fields);
		int class = class_of(&p[i].fields);
		int64_t time_s = p[i].time_ns / 1000000000;

		if (class < 0 || !equal(&of.address, &v->address) || of.proto != v->proto)
			continue;
		e.packets++;
		e.classes |= 1u << class;
		e.first_s = time_s < e.first_s ? time_s : e.first_s;
		e.last_s = time_s > e.last_s ? time_s : e.last_s;
		assert_true(time_s / NT_VICTIM_BIN_S - base < BINS);
		bin[time_s / NT_VICTIM_BIN_S - base]++;
		nt_targets_add(e.targets, NT_VICTIM_TARGETS, target_of(&p[i].fields));
		if (of.ports)
			note_port(&e, of.port[0]);
	}
	assert_int_equal(v->packets, e.packets);
	assert_int_equal(v->classes, e.classes);
	assert_int_equal(v->first_s, e.first_s);
	assert_int_equal(v->last_s, e.last_s);
	assert_int_equal(v->first_bin, e.first_s / NT_VICTIM_BIN_S);
	assert_int_equal(v->last_bin, e.last_s / NT_VICTIM_BIN_S);
	assert_memory_equal(v->targets, e.targets, sizeof(e.targets));
	assert_int_equal(v->ports, e.ports);
	assert_int_equal(v->more_ports, e.more_ports);
	expect_bins(v, bin, base, BINS);
}

static void expect_victims(const struct packet *p, uint32_t n, const struct nt_snapshot *s)
{
	uint64_t packets = 0, of_backscatter = 0;

	for (size_t i = 0; i < s->n_victims; i++) {
		expect_victim(p, n, &s->victim[i]);
		packets += s->victim[i].packets;
		for (size_t k = 0; k < i; k++)
			assert_false(s->victim[k].proto == s->victim[i].proto &&
				     equal(&s->victim[k].address, &s->victim[i].address));
	}
	for (uint32_t i = 0; i < n; i++)
		of_backscatter += class_of(&p[i].fields) >= 0;
	assert_int_equal(packets, of_backscatter);
}

void model_check(const struct packet *p, uint32_t n, const struct nt_snapshot *s)
{
	uint64_t packets = 0;

	for (size_t i = 0; i < s->n_sources; i++) {
		expect_source(p, n, &s->source[i], &s->detail[i]);
		packets += s->source[i].packets;
		for (size_t k = 0; k < i; k++)
			assert_false(equal(&s->source[k].address, &s->source[i].address));
	}
	assert_int_equal(packets, n); /* so that no source is missing */
	expect_pairs(p, n, s);
	expect_unique(p, n, s);
	assert_int_equal(s->n_signatures, MODEL_SIGNATURES);
	for (uint32_t i = 0; i < MODEL_SIGNATURES; i++)
		expect_signature(p, n, s, i);
	expect_senders(p, n, s);
	expect_victims(p, n, s);
}

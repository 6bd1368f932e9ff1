/* SPDX-License-Identifier: BSD-3-Clause */
#include "detect/detector.h"
#include "detect/index.h"

#include "base/targets.h"
#include "needletail/schema.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Denial of service as its victims' replies show it: D. Moore, G. M. Voelker, S. Savage, "Inferring Internet
 * Denial-of-Service Activity", 2001; thresholds as CAIDA's Corsaro has them. An attack is the packets of one victim
 * and one attacked protocol with no silence longer than silence_s between them. It is told once it is over, if it had
 * enough packets, lasted long enough and was dense enough in some window of NT_VICTIM_BINS bins.
 *
 * Snapshots hold per interval only what is needed to join intervals: first and last second, the packets of the first
 * and the last bins, and the most packets of a window within. So an attack's numbers are those of its packets, however
 * they are cut into intervals, with one exception: in an interval longer than silence_s, two attacks with a silence
 * between them look like one, and are told as one.
 */

#define PORTS	  32
#define PROTO_TCP 6

/* What all TCP packets of a victim may have in common. */
#define COMMON (NT_TRAIT_SEQ_SAME | NT_TRAIT_ACK_SAME | NT_TRAIT_WINDOW_SAME | NT_TRAIT_SRC_PORT_SAME)

struct attack {
	struct nt_address address;
	uint8_t proto;
	bool more_ports;
	uint16_t ports;
	uint16_t port[PORTS];
	uint16_t region;
	uint32_t asn;
	uint32_t classes;
	uint64_t packets;
	int64_t first_s;
	int64_t last_s;
	uint64_t targets[NT_VICTIM_TARGETS];
	int64_t last_bin;
	uint64_t tail[NT_VICTIM_BINS]; /* packets of last_bin, last_bin - 1, ... */
	uint64_t peak;
	uint32_t common; /* enum nt_trait; nothing without NT_TRAIT_TCP: no TCP packet of the victim is known */
	uint32_t seq;
	uint32_t ack;
	uint16_t window;
	uint16_t src_port;
};

struct nt_dos {
	struct nt_detect_dos limit;
	uint64_t addresses;
	struct nt_index index; /* by address and protocol */
	struct attack *attack; /* [index.capacity], [0, index.n) going on */
	int64_t oldest_last_s; /* no attack's last packet is older; saves looking for ended ones in every interval */
	uint64_t dropped;
};

static struct nt_index_key key_of(const struct nt_victim *v)
{
	return nt_index_address(&v->address, v->proto);
}

struct nt_dos *nt_dos_new(const struct nt_detect_options *options)
{
	struct nt_dos *d = calloc(1, sizeof(*d));
	int err;

	if (d == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	d->limit = options->dos;
	d->addresses = options->addresses;
	d->oldest_last_s = INT64_MAX;
	err = nt_index_init(&d->index, d->limit.victims);
	if (err == 0) {
		d->attack = calloc(d->limit.victims, sizeof(d->attack[0]));
		err = d->attack == NULL ? -ENOMEM : 0;
	}
	if (err) {
		nt_dos_free(d);
		errno = -err;
		return NULL;
	}
	return d;
}

void nt_dos_free(struct nt_dos *d)
{
	if (d == NULL)
		return;
	nt_index_fini(&d->index);
	free(d->attack);
	free(d);
}

uint64_t nt_dos_dropped(const struct nt_dos *d)
{
	return d->dropped;
}

/* ---- joining intervals ---- */

/* Packets of a bin, as far as bins from `end` downwards (step -1) or upwards (step 1) are known. */
static uint64_t bin_packets(const uint64_t *bins, int64_t end, int64_t step, int64_t bin)
{
	int64_t at = (bin - end) * step;

	return at >= 0 && at < NT_VICTIM_BINS ? bins[at] : 0;
}

/*
 * Most packets of a window that begins within the attack so far and ends within the interval. All bins of such a
 * window are in the tail of the one or the head of the other; a bin that the intervals' border cuts is in both.
 */
static uint64_t peak_across(const struct attack *a, const struct nt_victim *v)
{
	uint64_t peak = 0;

	for (int64_t begin = v->first_bin - NT_VICTIM_BINS + 1; begin <= a->last_bin; begin++) {
		uint64_t packets = 0;

		if (begin > v->first_bin + NT_VICTIM_BINS)
			break; /* packets that came late: the rest lies behind what head[] knows */
		for (int64_t bin = begin; bin < begin + NT_VICTIM_BINS; bin++)
			packets +=
			    bin_packets(a->tail, a->last_bin, -1, bin) + bin_packets(v->head, v->first_bin, 1, bin);
		peak = packets > peak ? packets : peak;
	}
	return peak;
}

static void join_tails(struct attack *a, const struct nt_victim *v)
{
	uint64_t tail[NT_VICTIM_BINS];
	int64_t last_bin = v->last_bin > a->last_bin ? v->last_bin : a->last_bin;

	for (int64_t i = 0; i < NT_VICTIM_BINS; i++)
		tail[i] = bin_packets(a->tail, a->last_bin, -1, last_bin - i) +
			  bin_packets(v->tail, v->last_bin, -1, last_bin - i);
	memcpy(a->tail, tail, sizeof(tail));
	a->last_bin = last_bin;
}

static void join_ports(struct attack *a, const struct nt_victim *v)
{
	a->more_ports = a->more_ports || v->more_ports;
	for (uint32_t i = 0; i < v->ports; i++) {
		uint32_t at = 0;

		while (at < a->ports && a->port[at] != v->port[i])
			at++;
		if (at == PORTS)
			a->more_ports = true;
		else if (at == a->ports)
			a->port[a->ports++] = v->port[i];
	}
}

static void begin_attack(struct nt_dos *d, struct attack *a, const struct nt_victim *v)
{
	*a = (struct attack){.address = v->address,
			     .proto = v->proto,
			     .region = v->region,
			     .asn = v->asn,
			     .classes = v->classes,
			     .packets = v->packets,
			     .first_s = v->first_s,
			     .last_s = v->last_s,
			     .last_bin = v->last_bin,
			     .peak = v->peak};
	memcpy(a->targets, v->targets, sizeof(a->targets));
	memcpy(a->tail, v->tail, sizeof(a->tail));
	join_ports(a, v);
	d->oldest_last_s = v->last_s < d->oldest_last_s ? v->last_s : d->oldest_last_s;
}

static void go_on(struct attack *a, const struct nt_victim *v)
{
	uint64_t across = peak_across(a, v);

	a->peak = across > a->peak ? across : a->peak;
	a->peak = v->peak > a->peak ? v->peak : a->peak;
	join_tails(a, v);
	join_ports(a, v);
	nt_targets_merge(a->targets, v->targets, NT_VICTIM_TARGETS);
	a->asn = a->asn != 0 ? a->asn : v->asn;
	a->classes |= v->classes;
	a->packets += v->packets;
	a->first_s = v->first_s < a->first_s ? v->first_s : a->first_s;
	a->last_s = v->last_s > a->last_s ? v->last_s : a->last_s;
}

/* ---- what replies have in common ---- */

/* The same detail may be seen twice. */
static void join_detail(struct attack *a, const struct nt_source_detail *d)
{
	if (!(a->common & NT_TRAIT_TCP)) {
		a->common = NT_TRAIT_TCP | (d->traits & COMMON);
		a->seq = d->seq;
		a->ack = d->ack;
		a->window = d->window;
		a->src_port = d->src_port;
		return;
	}
	a->common &=
	    d->traits & ((a->seq == d->seq ? NT_TRAIT_SEQ_SAME : 0) | (a->ack == d->ack ? NT_TRAIT_ACK_SAME : 0) |
			 (a->window == d->window ? NT_TRAIT_WINDOW_SAME : 0) |
			 (a->src_port == d->src_port ? NT_TRAIT_SRC_PORT_SAME : 0) | NT_TRAIT_TCP);
}

/* Victims of attacks by TCP answer themselves, and are sources. What they sent in the interval is of the attack. */
static void join_details(struct nt_dos *d, const struct nt_snapshot *s)
{
	if (s->n_victims == 0 || s->detail == NULL || d->index.n == 0)
		return;
	for (size_t i = 0; i < s->n_sources; i++) {
		struct nt_index_key key;
		uint32_t at;

		if (!s->source[i].backscatter || !(s->detail[i].traits & NT_TRAIT_TCP))
			continue;
		key = nt_index_address(&s->source[i].address, PROTO_TCP);
		at = nt_index_find(&d->index, &key);
		if (at != NT_INDEX_NONE && d->attack[at].last_s >= s->start_s)
			join_detail(&d->attack[at], &s->detail[i]);
	}
}

/* ---- telling ---- */

static bool worth_telling(const struct nt_dos *d, const struct attack *a)
{
	return a->packets >= d->limit.packets && a->last_s - a->first_s >= (int64_t)d->limit.duration_s &&
	       a->peak >= d->limit.window_packets;
}

static int by_port(const void *left, const void *right)
{
	const uint16_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

static json_t *ports_json(struct attack *a)
{
	json_t *list = json_array();

	qsort(a->port, a->ports, sizeof(a->port[0]), by_port);
	for (uint32_t i = 0; list != NULL && i < a->ports; i++)
		json_array_append_new(list, json_integer(a->port[i]));
	return list;
}

static json_t *classes_json(const struct attack *a)
{
	json_t *list = json_array();

	for (uint32_t c = 0; list != NULL && c < NT_BACKSCATTERS; c++)
		if (a->classes >> c & 1)
			json_array_append_new(list, json_string(nt_backscatter_name[c]));
	return list;
}

/*
 * Packets per second at the victim: what a sensor of n addresses sees of an attack whose sources are forged at random
 * is n / 2^32 of it (Moore et al.). Nothing can be said of IPv6, nor without n.
 */
static json_t *estimated_rate_json(const struct nt_dos *d, const struct attack *a, double peak_rate)
{
	if (d->addresses == 0 || a->address.length != 4)
		return json_null();
	return json_real(peak_rate * 4294967296.0 / (double)d->addresses);
}

static json_t *common_json(const struct attack *a, enum nt_trait what, uint32_t value)
{
	return a->common & what ? json_integer(value) : json_null();
}

static int tell(struct nt_dos *d, struct nt_snapshot *s, struct attack *a)
{
	char source[NT_ADDRESS_TEXT];
	double peak_rate = (double)a->peak / (NT_VICTIM_BINS * NT_VICTIM_BIN_S);
	struct nt_about about = {
	    .type = NT_EVENT_DOS, .start_s = a->first_s, .end_s = a->last_s + 1, .region = a->region, .source = source};
	json_t *body;

	if (!worth_telling(d, a))
		return 0;
	nt_address_text(&a->address, source);
	body = json_pack("{s:i, s:o, s:b, s:I, s:I, s:I, s:b, s:I, s:f, s:o, s:I, s:o, s:I, s:o, s:o, s:o, s:o}",
			 "protocol", (int)a->proto, "ports", ports_json(a), "more_ports", (int)a->more_ports, "packets",
			 (json_int_t)a->packets, "duration", (json_int_t)(a->last_s - a->first_s), "targets",
			 (json_int_t)nt_targets_estimate(a->targets, NT_VICTIM_TARGETS), "targets_estimated", 1,
			 "peak_packets", (json_int_t)a->peak, "peak_rate", peak_rate, "classes", classes_json(a),
			 "addresses", (json_int_t)d->addresses, "estimated_rate", estimated_rate_json(d, a, peak_rate),
			 "asn", (json_int_t)a->asn, "source_port", common_json(a, NT_TRAIT_SRC_PORT_SAME, a->src_port),
			 "window", common_json(a, NT_TRAIT_WINDOW_SAME, a->window), "sequence",
			 common_json(a, NT_TRAIT_SEQ_SAME, a->seq), "acknowledgement",
			 common_json(a, NT_TRAIT_ACK_SAME, a->ack));
	return nt_detect_tell(s, &about, body);
}

/* ---- intervals ---- */

static bool silent(const struct nt_dos *d, int64_t last_s, int64_t now_s)
{
	return now_s - last_s > (int64_t)d->limit.silence_s;
}

static int take(struct nt_dos *d, struct nt_snapshot *s, uint32_t at, const struct nt_victim *v)
{
	struct attack *a = &d->attack[at];
	int err = 0;

	if (silent(d, a->last_s, v->first_s)) {
		err = tell(d, s, a);
		begin_attack(d, a, v);
	} else {
		go_on(a, v);
	}
	return err;
}

/* Tells and forgets attacks whose victim can no longer go on without a silence, if its next packet is at `now_s`. */
static int end_attacks(struct nt_dos *d, struct nt_snapshot *s, int64_t now_s)
{
	int64_t oldest_s = INT64_MAX;
	int first_err = 0;

	if (d->index.n == 0 || !silent(d, d->oldest_last_s, now_s))
		return 0;
	for (uint32_t at = 0; at < d->index.n;) {
		struct attack *a = &d->attack[at];
		int err;

		if (!silent(d, a->last_s, now_s)) {
			oldest_s = a->last_s < oldest_s ? a->last_s : oldest_s;
			at++;
			continue;
		}
		err = tell(d, s, a);
		first_err = first_err != 0 ? first_err : err;
		nt_index_remove(&d->index, at);
		*a = d->attack[d->index.n];
	}
	d->oldest_last_s = oldest_s;
	return first_err;
}

/* Most packets first: who finds no place must not depend on the order of victims in a snapshot. */
static int by_weight(const void *left, const void *right)
{
	const struct nt_victim *a = *(const struct nt_victim *const *)left;
	const struct nt_victim *b = *(const struct nt_victim *const *)right;
	struct nt_index_key a_key = key_of(a), b_key = key_of(b);

	if (a->packets != b->packets)
		return a->packets > b->packets ? -1 : 1;
	return nt_index_compare(&a_key, &b_key);
}

static void begin_attacks(struct nt_dos *d, const struct nt_victim **fresh, size_t n)
{
	if (n > d->index.capacity - d->index.n)
		qsort(fresh, n, sizeof(fresh[0]), by_weight);
	for (size_t i = 0; i < n; i++) {
		struct nt_index_key key = key_of(fresh[i]);
		uint32_t at = nt_index_add(&d->index, &key);

		if (at == NT_INDEX_NONE)
			d->dropped++;
		else
			begin_attack(d, &d->attack[at], fresh[i]);
	}
}

int nt_dos_interval(struct nt_dos *d, struct nt_snapshot *s)
{
	const struct nt_victim **fresh = NULL;
	size_t n = 0;
	int first_err = 0, err;

	if (s->n_victims != 0) {
		fresh = malloc(s->n_victims * sizeof(fresh[0]));
		if (fresh == NULL)
			return -ENOMEM;
	}
	for (size_t i = 0; i < s->n_victims; i++) {
		struct nt_index_key key = key_of(&s->victim[i]);
		uint32_t at = nt_index_find(&d->index, &key);

		if (at == NT_INDEX_NONE) {
			fresh[n++] = &s->victim[i];
			continue;
		}
		err = take(d, s, at, &s->victim[i]);
		first_err = first_err != 0 ? first_err : err;
	}
	join_details(d, s);
	err = end_attacks(d, s, s->end_s); /* first, so that new ones find room */
	first_err = first_err != 0 ? first_err : err;
	begin_attacks(d, fresh, n);
	free(fresh);
	if (n != 0)
		join_details(d, s);
	err = end_attacks(d, s, s->end_s);
	return first_err != 0 ? first_err : err;
}

int nt_dos_finish(struct nt_dos *d, struct nt_snapshot *s)
{
	int first_err = 0;

	for (uint32_t at = 0; at < d->index.n; at++) {
		int err = tell(d, s, &d->attack[at]);

		first_err = first_err != 0 ? first_err : err;
	}
	nt_index_clear(&d->index);
	d->oldest_last_s = INT64_MAX;
	return first_err;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "fold/interval.h"

#include "base/clock.h"
#include "base/targets.h"
#include "locate/locate.h"
#include "needletail/schema.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- sources ---- */

static uint32_t traits_of(const struct nt_fold_source *s)
{
	static const struct {
		uint32_t needs, without, trait;
	} row[] = {
	    {NT_SOURCE_TCP, 0, NT_TRAIT_TCP},
	    {NT_SOURCE_TCP, NT_SOURCE_SEQ_VARIES, NT_TRAIT_SEQ_SAME},
	    {NT_SOURCE_TCP, NT_SOURCE_ACK_VARIES, NT_TRAIT_ACK_SAME},
	    {NT_SOURCE_TCP, NT_SOURCE_WINDOW_VARIES, NT_TRAIT_WINDOW_SAME},
	    {NT_SOURCE_PORT, NT_SOURCE_SRC_PORT_VARIES, NT_TRAIT_SRC_PORT_SAME},
	    {NT_SOURCE_PORT, 0, NT_TRAIT_PORT},
	    {NT_SOURCE_PORT, NT_SOURCE_PORT_VARIES, NT_TRAIT_PORT_SAME},
	};
	uint32_t traits = 0;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if ((s->traits & row[i].needs) && !(s->traits & row[i].without))
			traits |= row[i].trait;
	return traits;
}

static void fill_detail(const struct nt_fold_source *s, int64_t start_s, struct nt_source_detail *d)
{
	*d = (struct nt_source_detail){
	    .first_s = nt_fold_seconds(s->first_s, start_s),
	    .last_s = nt_fold_seconds(s->last_s, start_s),
	    .targets = s->targets,
	    .seq = s->seq,
	    .ack = s->ack,
	    .port = s->traits & NT_SOURCE_PORT_VARIES ? 0 : s->port,
	    .window = s->window,
	    .src_port = s->src_port,
	    .traits = traits_of(s),
	};
}

int nt_fold_list_sources(const struct nt_fold_interval *i, struct nt_snapshot *into)
{
	uint32_t in_use = (uint32_t)((UINT64_C(1) << i->open.n_signatures) - 1);

	if (!i->sources.n)
		return 0;
	into->source = malloc(i->sources.n * sizeof(*into->source));
	into->detail = malloc(i->sources.n * sizeof(*into->detail));
	if (!into->source || !into->detail)
		return -ENOMEM;
	for (size_t n = 0; n < i->sources.n; n++) {
		const struct nt_fold_source *s = &i->sources.entry[n];

		into->source[n] = (struct nt_source){
		    .address = nt_fold_address(s->address, s->traits & NT_SOURCE_V6),
		    .backscatter = s->traits & NT_SOURCE_BACKSCATTER,
		    .region = s->region,
		    .signatures = nt_fold_counted(s, i->all_syns) & in_use,
		    .packets = s->packets,
		};
		fill_detail(s, into->start_s, &into->detail[n]);
	}
	into->n_sources = i->sources.n;
	return 0;
}

/* ---- pairs ---- */

/* A port key has two digits. */
#define DIGIT_BITS 9u
#define DIGITS	   (1u << DIGIT_BITS)

static inline uint32_t digit_of(const struct nt_pair *pair, uint32_t shift)
{
	return (pair->port >> shift) % DIGITS;
}

/* Sorts by a digit of the port; pairs that have the same one stay in their order. */
static void sort_by_digit(const struct nt_pair *from, size_t n, uint32_t shift, struct nt_pair *to)
{
	size_t at[DIGITS + 1] = {0};

	for (size_t i = 0; i < n; i++)
		at[digit_of(&from[i], shift) + 1]++;
	for (size_t digit = 1; digit < DIGITS; digit++)
		at[digit] += at[digit - 1];
	for (size_t i = 0; i < n; i++)
		to[at[digit_of(&from[i], shift)]++] = from[i];
}

/* Likewise by source. `at`: one place more than there are sources, all zero. */
static void sort_by_source(const struct nt_pair *from, size_t n, size_t *at, size_t sources, struct nt_pair *to)
{
	for (size_t i = 0; i < n; i++)
		at[from[i].source + 1]++;
	for (size_t source = 1; source < sources; source++)
		at[source] += at[source - 1];
	for (size_t i = 0; i < n; i++)
		to[at[from[i].source]++] = from[i];
}

/* Leaves each of them once, with the signatures of all. Returns how many they are then. */
static size_t join_pairs(struct nt_pair *pair, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (kept && pair[kept - 1].source == pair[i].source && pair[kept - 1].port == pair[i].port)
			pair[kept - 1].signatures |= pair[i].signatures;
		else
			pair[kept++] = pair[i];
	}
	return kept;
}

static void take_pairs(const struct nt_fold_pairs *pairs, const struct nt_source *source, struct nt_pair *to)
{
	for (size_t i = 0; i < pairs->n; i++) {
		const struct nt_fold_pair *p = &pairs->entry[i];

		to[i] = (struct nt_pair){
		    .source = p->source,
		    .port = p->port,
		    .signatures = p->matched & source[p->source].signatures,
		};
	}
}

/* By source and port. They are as many as packets may have made them, and in the order of these. */
int nt_fold_list_pairs(const struct nt_fold_interval *i, struct nt_snapshot *into)
{
	size_t n = i->pairs.n, *at = calloc(i->sources.n + 1, sizeof(*at));
	struct nt_pair *pair = malloc(n * sizeof(*pair)), *scratch = malloc(n * sizeof(*scratch));
	int err = n && !(at && pair && scratch) ? -ENOMEM : 0;

	if (n && !err) {
		take_pairs(&i->pairs, into->source, pair);
		sort_by_digit(pair, n, 0, scratch);
		sort_by_digit(scratch, n, DIGIT_BITS, pair);
		sort_by_source(pair, n, at, i->sources.n, scratch);
		into->pair = scratch;
		into->n_pairs = join_pairs(scratch, n);
		scratch = NULL;
	}
	free(at);
	free(pair);
	free(scratch);
	return err;
}

/* ---- senders of backscatter ---- */

/* What they are sorted by. The first 16 characters of an address are all of IPv4, and decide for nearly all others. */
struct rank {
	uint64_t packets;
	char text[16];
	const struct nt_backscatter_source *source;
};

static int by_packets_then_address(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;
	char one[NT_ADDRESS_TEXT], other[NT_ADDRESS_TEXT];
	int order;

	if (x->packets != y->packets)
		return x->packets < y->packets ? 1 : -1;
	order = memcmp(x->text, y->text, sizeof(x->text));
	if (order)
		return order;
	nt_address_text(&x->source->address, one);
	nt_address_text(&y->source->address, other);
	return strcmp(one, other);
}

static void fill_sender(const struct nt_fold_sender *s, struct nt_backscatter_source *b)
{
	*b = (struct nt_backscatter_source){
	    .address = nt_fold_address(s->address, s->v6),
	    .region = s->region,
	    .source_port = s->has_port ? s->src_port : 0,
	    .has_port = s->has_port,
	    .source_port_same = s->has_port && !s->port_varies,
	    .first_s = nt_seconds_of_ns(s->first_ns),
	    .last_s = nt_seconds_of_ns(s->last_ns),
	};
	for (uint32_t i = 0; i < NT_BACKSCATTERS; i++) {
		b->classes[i] = s->packets[i];
		b->packets += s->packets[i];
	}
	b->targets = nt_targets_estimate(s->targets, NT_REPLY_TARGETS);
	if (b->targets > b->packets)
		b->targets = b->packets;
}

static void fill_rank(const struct nt_backscatter_source *source, struct rank *r)
{
	char text[NT_ADDRESS_TEXT] = "";

	nt_address_text(&source->address, text);
	*r = (struct rank){.packets = source->packets, .source = source};
	memcpy(r->text, text, sizeof(r->text));
}

int nt_fold_list_senders(const struct nt_fold_interval *i, struct nt_snapshot *into)
{
	size_t n = i->senders.n;
	struct nt_backscatter_source *unsorted;
	struct rank *rank;
	int err = -ENOMEM;

	if (!n)
		return 0;
	unsorted = malloc(n * sizeof(*unsorted));
	rank = malloc(n * sizeof(*rank));
	into->backscatter = malloc(n * sizeof(*into->backscatter));
	if (!unsorted || !rank || !into->backscatter)
		goto out;
	for (size_t s = 0; s < n; s++) {
		fill_sender(&i->senders.entry[s], &unsorted[s]);
		fill_rank(&unsorted[s], &rank[s]);
	}
	qsort(rank, n, sizeof(*rank), by_packets_then_address);
	for (size_t s = 0; s < n; s++)
		into->backscatter[s] = *rank[s].source;
	into->n_backscatter = n;
	err = 0;
out:
	free(rank);
	free(unsorted);
	return err;
}

/* ---- victims ---- */

static uint16_t region_of(const struct nt_locate *locate, const struct nt_fold_victim *v)
{
	const struct nt_address a = nt_fold_address(v->address, v->v6);
	uint32_t v4 = (uint32_t)v->address.low;
	uint16_t region = NT_REGION_UNKNOWN;

	if (!locate)
		return region;
	if (v->v6)
		nt_locate_v6(locate, &a.byte, &region, 1);
	else
		nt_locate_v4(locate, &v4, &region, 1);
	return region;
}

static int compare_ports(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

static void fill_victim(const struct nt_fold_victim *from, int64_t start_s, struct nt_victim *v)
{
	*v = (struct nt_victim){
	    .address = nt_fold_address(from->address, from->v6),
	    .proto = from->proto,
	    .more_ports = from->ports.more,
	    .ports = from->ports.n,
	    .classes = from->classes,
	    .packets = from->packets,
	    .first_s = nt_fold_seconds(from->first_s, start_s),
	    .last_s = nt_fold_seconds(from->last_s, start_s),
	    .first_bin = nt_fold_seconds(from->first_bin, start_s / NT_VICTIM_BIN_S),
	    .last_bin = nt_fold_seconds(from->last_bin, start_s / NT_VICTIM_BIN_S),
	    .peak = from->peak,
	};
	memcpy(v->port, from->ports.port, sizeof(v->port));
	qsort(v->port, v->ports, sizeof(v->port[0]), compare_ports);
	memcpy(v->targets, from->targets, sizeof(v->targets));
	memcpy(v->head, from->head, sizeof(v->head));
	memcpy(v->tail, from->tail, sizeof(v->tail));
}

int nt_fold_list_victims(const struct nt_fold_interval *i, const struct nt_locate *locate, struct nt_snapshot *into)
{
	if (!i->victims.n)
		return 0;
	into->victim = malloc(i->victims.n * sizeof(*into->victim));
	if (!into->victim)
		return -ENOMEM;
	for (size_t n = 0; n < i->victims.n; n++) {
		fill_victim(&i->victims.entry[n], into->start_s, &into->victim[n]);
		into->victim[n].region = region_of(locate, &i->victims.entry[n]);
	}
	into->n_victims = i->victims.n;
	return 0;
}

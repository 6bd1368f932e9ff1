/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/json_parts.h"

#include <stdlib.h>
#include <string.h>

/* Senders of backscatter in a line. */
#define TOP 100

void nt_json_region_text(char text[static NT_MEMBER_TEXT], uint64_t key)
{
	nt_region_text((uint32_t)key, text);
}

void nt_json_port_text(char text[static NT_MEMBER_TEXT], uint64_t key)
{
	nt_port_text((uint32_t)key, text);
}

void nt_json_sources(struct nt_json *j, const struct nt_snapshot *s)
{
	const struct nt_unique *u = &s->unique;

	nt_json_open(j, '{');
	nt_json_set_count(j, "total", u->sources);
	nt_json_key(j, "estimated");
	nt_json_bool(j, u->estimated);
	nt_json_key(j, "region");
	nt_json_map(j, &u->region, nt_json_region_text);
	if (!s->reduced) {
		nt_json_key(j, "port");
		nt_json_map(j, &u->port, nt_json_port_text);
	}
	nt_json_close(j, '}');
}

/* ---- backscatter ---- */

static void put_sender(struct nt_json *j, const struct nt_backscatter_source *b)
{
	char address[NT_ADDRESS_TEXT], region[3];

	nt_address_text(&b->address, address);
	nt_region_text(b->region, region);
	nt_json_open(j, '{');
	nt_json_key(j, "source");
	nt_json_string(j, address);
	nt_json_key(j, "region");
	nt_json_string(j, region);
	nt_json_set_count(j, "asn", b->asn);
	nt_json_set_count(j, "packets", b->packets);
	nt_json_key(j, "source_port");
	if (b->has_port)
		nt_json_count(j, b->source_port);
	else
		nt_json_word(j, "null");
	nt_json_key(j, "source_port_same");
	nt_json_bool(j, b->has_port && b->source_port_same);
	nt_json_key(j, "classes");
	nt_json_named_map(j, b->classes, nt_backscatter_name, NT_BACKSCATTERS);
	nt_json_set_count(j, "targets", b->targets);
	nt_json_key(j, "first");
	nt_json_signed(j, b->first_s);
	nt_json_key(j, "last");
	nt_json_signed(j, b->last_s);
	nt_json_close(j, '}');
}

void nt_json_backscatter(struct nt_json *j, const struct nt_snapshot *s)
{
	uint64_t packets[NT_BACKSCATTERS];

	nt_snapshot_backscatter(s, packets);
	nt_json_open(j, '{');
	nt_json_key(j, "packets");
	nt_json_named_map(j, packets, nt_backscatter_name, NT_BACKSCATTERS);
	nt_json_set_count(j, "sources", s->unique.backscatter);
	nt_json_key(j, "region");
	nt_json_map(j, &s->unique.backscatter_region, nt_json_region_text);
	if (!s->reduced) {
		nt_json_key(j, "top");
		nt_json_open(j, '[');
		for (size_t i = 0; i < s->n_backscatter && i < TOP; i++)
			put_sender(j, &s->backscatter[i]);
		nt_json_close(j, ']');
	}
	nt_json_close(j, '}');
}

/* ---- signatures ---- */

/* A member {"packets":N,"sources":N} of an open map before it is sorted. */
struct both {
	uint64_t packets;
	uint64_t sources;
	char text[NT_MEMBER_TEXT];
};

static int by_packets_then_text(const void *a, const void *b)
{
	const struct both *x = a, *y = b;

	if (x->packets != y->packets)
		return x->packets < y->packets ? 1 : -1;
	return strcmp(x->text, y->text);
}

/* Every key of either table; both are sorted by key. */
static size_t join(const struct nt_counts *packets, const struct nt_counts *sources, struct both *into,
		   void (*member)(char text[static NT_MEMBER_TEXT], uint64_t key))
{
	size_t p = 0, s = 0, n = 0;

	while (p < packets->n || s < sources->n) {
		uint64_t packets_key = p < packets->n ? packets->entry[p].key : UINT64_MAX;
		uint64_t sources_key = s < sources->n ? sources->entry[s].key : UINT64_MAX;
		uint64_t key = packets_key < sources_key ? packets_key : sources_key;

		into[n] = (struct both){.packets = packets_key == key ? packets->entry[p++].count : 0,
					.sources = sources_key == key ? sources->entry[s++].count : 0};
		member(into[n++].text, key);
	}
	return n;
}

static void put_both(struct nt_json *j, const struct nt_counts *packets, const struct nt_counts *sources,
		     void (*member)(char text[static NT_MEMBER_TEXT], uint64_t key))
{
	struct both *both = malloc((packets->n + sources->n + 1) * sizeof(*both));
	size_t n = 0;

	if (both) {
		n = join(packets, sources, both, member);
		qsort(both, n, sizeof(*both), by_packets_then_text);
	} else {
		j->failed = true;
	}
	nt_json_open(j, '{');
	for (size_t i = 0; i < n; i++) {
		nt_json_key(j, both[i].text);
		nt_json_open(j, '{');
		nt_json_set_count(j, "packets", both[i].packets);
		nt_json_set_count(j, "sources", both[i].sources);
		nt_json_close(j, '}');
	}
	nt_json_close(j, '}');
	free(both);
}

static void put_signature(struct nt_json *j, const struct nt_signature_counts *c, bool reduced)
{
	nt_json_open(j, '{');
	nt_json_set_count(j, "packets", c->packets);
	nt_json_set_count(j, "sources", c->sources);
	if (!reduced) {
		nt_json_key(j, "region");
		put_both(j, &c->region_packets, &c->region_sources, nt_json_region_text);
		nt_json_key(j, "port");
		put_both(j, &c->port_packets, &c->port_sources, nt_json_port_text);
	}
	nt_json_close(j, '}');
}

static int by_packets_then_name(const void *a, const void *b)
{
	const struct nt_signature_counts *const *x = a, *const *y = b;

	if ((*x)->packets != (*y)->packets)
		return (*x)->packets < (*y)->packets ? 1 : -1;
	return strcmp((*x)->name, (*y)->name);
}

/* Every signature stands there, also those that matched nothing: that is an answer. */
void nt_json_signatures(struct nt_json *j, const struct nt_snapshot *s)
{
	const struct nt_signature_counts **order = malloc((s->n_signatures + 1) * sizeof(*order));

	nt_json_open(j, '{');
	if (!order)
		j->failed = true;
	for (size_t i = 0; i < s->n_signatures && order; i++)
		order[i] = &s->signature[i];
	if (order)
		qsort(order, s->n_signatures, sizeof(*order), by_packets_then_name);
	for (size_t i = 0; i < s->n_signatures && order; i++) {
		nt_json_key(j, order[i]->name);
		put_signature(j, order[i], s->reduced);
	}
	nt_json_close(j, '}');
	free(order);
}

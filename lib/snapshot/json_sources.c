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

json_t *nt_json_sources(const struct nt_snapshot *s)
{
	const struct nt_unique *u = &s->unique;
	json_t *object = json_object();
	bool ok = nt_json_set_count(object, "total", u->sources) &&
		  nt_json_set(object, "estimated", json_boolean(u->estimated)) &&
		  nt_json_set(object, "region", nt_json_map(&u->region, nt_json_region_text)) &&
		  (s->reduced || nt_json_set(object, "port", nt_json_map(&u->port, nt_json_port_text)));

	return nt_json_complete(object, ok);
}

/* ---- backscatter ---- */

static json_t *source_port(const struct nt_backscatter_source *b)
{
	return b->has_port ? json_integer(b->source_port) : json_null();
}

static json_t *sender_object(const struct nt_backscatter_source *b)
{
	char address[NT_ADDRESS_TEXT], region[3];
	json_t *object = json_object();
	bool ok;

	nt_address_text(&b->address, address);
	nt_region_text(b->region, region);
	ok = nt_json_set(object, "source", json_string(address)) &&
	     nt_json_set(object, "region", json_string(region)) && nt_json_set_count(object, "asn", b->asn) &&
	     nt_json_set_count(object, "packets", b->packets) && nt_json_set(object, "source_port", source_port(b)) &&
	     nt_json_set(object, "source_port_same", json_boolean(b->has_port && b->source_port_same)) &&
	     nt_json_set(object, "classes", nt_json_named_map(b->classes, nt_backscatter_name, NT_BACKSCATTERS)) &&
	     nt_json_set_count(object, "targets", b->targets) &&
	     nt_json_set(object, "first", json_integer(b->first_s)) &&
	     nt_json_set(object, "last", json_integer(b->last_s));
	return nt_json_complete(object, ok);
}

static json_t *top_array(const struct nt_snapshot *s)
{
	json_t *array = json_array();
	bool ok = array;

	for (size_t i = 0; i < s->n_backscatter && i < TOP && ok; i++)
		ok = json_array_append_new(array, sender_object(&s->backscatter[i])) == 0;
	return nt_json_complete(array, ok);
}

json_t *nt_json_backscatter(const struct nt_snapshot *s)
{
	uint64_t packets[NT_BACKSCATTERS];
	json_t *object = json_object();
	bool ok;

	nt_snapshot_backscatter(s, packets);
	ok = nt_json_set(object, "packets", nt_json_named_map(packets, nt_backscatter_name, NT_BACKSCATTERS)) &&
	     nt_json_set_count(object, "sources", s->unique.backscatter) &&
	     nt_json_set(object, "region", nt_json_map(&s->unique.backscatter_region, nt_json_region_text)) &&
	     (s->reduced || nt_json_set(object, "top", top_array(s)));
	return nt_json_complete(object, ok);
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

static json_t *both_object(uint64_t packets, uint64_t sources)
{
	json_t *object = json_object();

	return nt_json_complete(object, nt_json_set_count(object, "packets", packets) &&
					    nt_json_set_count(object, "sources", sources));
}

static json_t *both_map(const struct nt_counts *packets, const struct nt_counts *sources,
			void (*member)(char text[static NT_MEMBER_TEXT], uint64_t key))
{
	struct both *both = calloc(packets->n + sources->n + 1, sizeof(*both));
	json_t *map = json_object();
	bool ok = both && map;
	size_t n = 0;

	if (ok) {
		n = join(packets, sources, both, member);
		qsort(both, n, sizeof(*both), by_packets_then_text);
	}
	for (size_t i = 0; i < n && ok; i++)
		ok = nt_json_set(map, both[i].text, both_object(both[i].packets, both[i].sources));
	free(both);
	return nt_json_complete(map, ok);
}

static json_t *signature_object(const struct nt_signature_counts *c, bool reduced)
{
	json_t *object = json_object();
	bool ok = nt_json_set_count(object, "packets", c->packets) && nt_json_set_count(object, "sources", c->sources);

	if (ok && !reduced)
		ok = nt_json_set(object, "region",
				 both_map(&c->region_packets, &c->region_sources, nt_json_region_text)) &&
		     nt_json_set(object, "port", both_map(&c->port_packets, &c->port_sources, nt_json_port_text));
	return nt_json_complete(object, ok);
}

static int by_packets_then_name(const void *a, const void *b)
{
	const struct nt_signature_counts *const *x = a, *const *y = b;

	if ((*x)->packets != (*y)->packets)
		return (*x)->packets < (*y)->packets ? 1 : -1;
	return strcmp((*x)->name, (*y)->name);
}

/* Every signature stands there, also those that matched nothing: that is an answer. */
json_t *nt_json_signatures(const struct nt_snapshot *s)
{
	const struct nt_signature_counts **order = calloc(s->n_signatures + 1, sizeof(*order));
	json_t *map = json_object();
	bool ok = order && map;

	for (size_t i = 0; i < s->n_signatures && ok; i++)
		order[i] = &s->signature[i];
	if (ok)
		qsort(order, s->n_signatures, sizeof(*order), by_packets_then_name);
	for (size_t i = 0; i < s->n_signatures && ok; i++)
		ok = nt_json_set(map, order[i]->name, signature_object(order[i], s->reduced));
	free(order);
	return nt_json_complete(map, ok);
}

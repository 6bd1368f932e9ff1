/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/tally.h"

#include "tally/slots.h"

#define ALIGNMENT 64

/* Keys of each dense table. NT_TABLE_REGION_PORT is made of pairs, NT_TABLE_ASN of sources. */
static const uint32_t histogram_size[NT_TABLES] = {
    [NT_TABLE_NO_L4] = 256,	    [NT_TABLE_IP_PROTO] = NT_PROTO_UNRESOLVED + 1,
    [NT_TABLE_TCP_PORT] = 65536,    [NT_TABLE_UDP_PORT] = 65536,
    [NT_TABLE_TCP_FLAGS] = 256,	    [NT_TABLE_TCP_WINDOW] = 65536,
    [NT_TABLE_ICMP] = 65536,	    [NT_TABLE_ICMP6] = 65536,
    [NT_TABLE_REGION] = NT_REGIONS,
};

/* Those of at most so many keys have no flags: to look through them costs no more. */
#define SMALL 2048

/* Nor has the one that is counted for nearly every packet, for which to write a flag takes longer than to count. */
static bool has_flags(enum nt_table table)
{
	return histogram_size[table] > SMALL && table != NT_TABLE_TCP_WINDOW;
}

static size_t aligned(size_t bytes)
{
	return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* Hands out the bank's memory piece by piece; without memory it only adds up, so that size and layout cannot differ. */
struct room {
	uint8_t *memory;
	size_t used;
};

static void *take(struct room *r, size_t n, size_t size)
{
	void *taken = r->memory ? r->memory + r->used : NULL;

	r->used += aligned(n * size);
	return taken;
}

static void lay_histograms(struct nt_tally *t, struct room *r)
{
	for (uint32_t i = 0; i < NT_TABLES; i++) {
		struct nt_histogram *h = &t->histogram[i];

		h->size = histogram_size[i];
		if (!h->size)
			continue;
		h->count = take(r, h->size, sizeof(h->count[0]));
		if (has_flags(i))
			h->used = take(r, h->size / NT_HISTOGRAM_CHUNK, sizeof(h->used[0]));
	}
}

/* What tables with open addressing have in common: lines, which of them are in use, and a mask for places. */
struct table {
	void *line;
	uint32_t *touched;
	uint32_t mask;
};

static struct table lay_table(struct room *r, uint32_t slots, size_t line_bytes, uint32_t entries)
{
	struct table t = {.mask = slots - 1};

	t.line = take(r, slots, line_bytes);
	t.touched = take(r, entries, sizeof(t.touched[0]));
	return t;
}

static void lay_sketches(struct nt_sketches *t, uint32_t entries, struct room *r)
{
	uint32_t slots = nt_slots_for(entries), elements = entries * NT_SPARSE_PER_SKETCH;
	uint32_t places = nt_slots_for(elements);

	t->of_region = take(r, NT_REGIONS, sizeof(t->of_region[0]));
	t->of_port = take(r, NT_SKETCH_PORTS, sizeof(t->of_port[0]));
	t->line = take(r, slots, sizeof(t->line[0]));
	t->registers = take(r, entries, sizeof(t->registers[0]));
	t->key = take(r, entries, sizeof(t->key[0]));
	t->mask = slots - 1;
	t->limit = entries;
	t->sparse = take(r, places, sizeof(t->sparse[0]));
	t->sparse_touched = take(r, elements, sizeof(t->sparse_touched[0]));
	t->sparse_mask = places - 1;
	t->sparse_limit = elements;
	t->waiting = take(r, NT_SKETCH_COUNTERS, sizeof(t->waiting[0]));
}

#define LAY_TABLE(t, field, slots, entries)                                                                            \
	do {                                                                                                           \
		struct table laid = lay_table(r, slots, sizeof((t)->field[0]), entries);                               \
                                                                                                                       \
		(t)->field = laid.line;                                                                                \
		(t)->touched = laid.touched;                                                                           \
		(t)->mask = laid.mask;                                                                                 \
		(t)->limit = entries;                                                                                  \
	} while (0)

/*
 * Slots or places that are more in the end, if their table begins with fewer: all its sizes follow each other. Returns
 * those that it begins with.
 */
static void *take_growing(struct room *r, uint32_t *n, uint32_t first, size_t size)
{
	uint32_t most = *n;
	uint8_t *all;

	if (!first || first >= most)
		return take(r, most, size);
	*n = first;
	all = take(r, 2 * (size_t)most, size);
	return all ? all + first * size : NULL;
}

static void lay_sources(struct nt_sources *t, uint32_t entries, uint32_t first, struct room *r)
{
	uint32_t places = nt_places_for(entries);

	t->index = take_growing(r, &places, first, sizeof(t->index[0]));
	t->line = take(r, entries + 1, sizeof(t->line[0]));
	t->address6 = take(r, entries + 1, sizeof(t->address6[0]));
	t->mask = places - 1;
	t->limit = nt_places_hold(places, entries);
	t->entries = entries;
}

static void lay_pairs(struct nt_pairs *t, uint32_t entries, uint32_t first, struct room *r)
{
	uint32_t groups = nt_slots_for(entries) / NT_PAIR_GROUP;

	t->group = take_growing(r, &groups, first / NT_PAIR_GROUP, sizeof(t->group[0]));
	t->touched = take(r, entries, sizeof(t->touched[0]));
	t->mask = groups - 1;
	t->limit = nt_slots_hold(groups * NT_PAIR_GROUP, entries);
	t->entries = entries;
}

static void lay_replies(struct nt_replies *t, uint32_t entries, uint32_t sources, struct room *r)
{
	uint32_t places = nt_places_for(entries);

	t->index = take(r, places, sizeof(t->index[0]));
	t->line = take(r, entries + 1, sizeof(t->line[0]));
	t->own = take(r, sources + 1, sizeof(t->own[0]));
	t->mask = places - 1;
	t->limit = entries;
}

static void lay_out(struct nt_tally *t, const struct nt_tally_options *o, struct room *r)
{
	lay_histograms(t, r);
	LAY_TABLE(&t->region_port, slot, nt_slots_for(o->region_port_entries), o->region_port_entries);
	LAY_TABLE(&t->matches, slot, nt_slots_for(o->match_entries), o->match_entries);
	lay_sources(&t->sources, o->source_entries, o->first_slots, r);
	lay_pairs(&t->pairs, o->pair_entries, o->first_slots, r);
	lay_replies(&t->replies, 2 * o->victim_entries, o->source_entries, r);
	lay_sketches(&t->sketches, o->sketches, r);
}

size_t nt_tally_memsize(const struct nt_tally_options *o)
{
	struct nt_tally nowhere = {0};
	struct room room = {.used = aligned(sizeof(struct nt_tally))};

	lay_out(&nowhere, o, &room);
	return room.used;
}

struct nt_tally *nt_tally_init(void *zeroed, const struct nt_tally_options *o)
{
	struct room room = {.memory = zeroed, .used = aligned(sizeof(struct nt_tally))};

	struct nt_tally *t = zeroed;

	lay_out(t, o, &room);
	t->sources.line[NT_SOURCE_NONE].key = NT_SOURCE_NOBODY;
	return t;
}

/* Room for the pairs of a burst, and of those before that wait. */
static bool pairs_have_room(const struct nt_tally *t)
{
	return nt_pairs_have(&t->pairs, t->waiting.n + 2 * NT_PAIRS_OF_BURST);
}

static void grow_pairs(struct nt_tally *t)
{
	nt_pairs_grow(&t->pairs);
	for (struct nt_waiting_pair *p = t->waiting.pair, *end = p + t->waiting.n; p < end; p++)
		p->group = nt_pairs_home(&t->pairs, p->pair.line, p->pair.port);
}

void nt_tally_make_room(struct nt_tally *t)
{
	while (t->sources.limit < t->sources.entries && !nt_sources_have(&t->sources, NT_BURST))
		nt_sources_grow(&t->sources);
	while (t->pairs.limit < t->pairs.entries && !pairs_have_room(t))
		grow_pairs(t);
}

void nt_tally_clear(struct nt_tally *t)
{
	for (uint32_t i = 0; i < NT_TABLES; i++)
		nt_histogram_clear(&t->histogram[i]);
	nt_region_port_clear(&t->region_port);
	nt_matches_clear(&t->matches);
	nt_sources_clear(&t->sources);
	nt_pairs_clear(&t->pairs);
	nt_replies_clear(&t->replies);
	nt_sketches_clear(&t->sketches);
	t->waiting.n = 0;
	for (uint32_t i = 0; i < NT_SIGNATURES_MAX; i++)
		t->signature_packets[i] = 0;
	t->settled = false;
	t->frames = 0;
	t->bytes = 0;
	for (uint32_t c = 0; c < NT_CLASSES; c++)
		t->class_frames[c] = 0;
	for (uint32_t i = 0; i < NT_FATES; i++)
		t->fate[i] = 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "tally/tally.h"

#define ALIGNMENT 64

/* Keys of each dense table. NT_TABLE_REGION_PORT has a table of its own kind, NT_TABLE_ASN is made of sources. */
static const uint32_t histogram_size[NT_TABLES] = {
    [NT_TABLE_NO_L4] = 256,	    [NT_TABLE_IP_PROTO] = NT_PROTO_UNRESOLVED + 1,
    [NT_TABLE_TCP_PORT] = 65536,    [NT_TABLE_UDP_PORT] = 65536,
    [NT_TABLE_TCP_FLAGS] = 256,	    [NT_TABLE_TCP_WINDOW] = 65536,
    [NT_TABLE_ICMP] = 65536,	    [NT_TABLE_ICMP6] = 65536,
    [NT_TABLE_REGION] = NT_REGIONS,
};

static size_t aligned(size_t bytes)
{
	return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static size_t counts_bytes(uint32_t size)
{
	return aligned(size * sizeof(uint32_t));
}

static size_t touched_bytes(uint32_t size)
{
	return aligned((size + 1) * sizeof(uint16_t));
}

size_t nt_tally_memsize(const struct nt_tally_options *o)
{
	size_t bytes = aligned(sizeof(struct nt_tally));

	for (uint32_t t = 0; t < NT_TABLES; t++)
		if (histogram_size[t])
			bytes += counts_bytes(histogram_size[t]) + touched_bytes(histogram_size[t]);
	bytes += aligned(nt_region_port_slots(o->region_port_entries) * sizeof(struct nt_region_port_slot));
	return bytes + aligned(o->region_port_entries * sizeof(uint32_t));
}

/* The next `bytes` of the bank's memory. */
static void *take(uint8_t **memory, size_t bytes)
{
	void *taken = *memory;

	*memory += bytes;
	return taken;
}

struct nt_tally *nt_tally_init(void *zeroed, const struct nt_tally_options *o)
{
	uint8_t *memory = zeroed;
	struct nt_tally *t = take(&memory, aligned(sizeof(*t)));
	uint32_t slots = nt_region_port_slots(o->region_port_entries);

	for (uint32_t i = 0; i < NT_TABLES; i++) {
		struct nt_histogram *h = &t->histogram[i];

		h->size = histogram_size[i];
		if (!h->size)
			continue;
		h->count = take(&memory, counts_bytes(h->size));
		h->touched = take(&memory, touched_bytes(h->size));
	}
	t->region_port.slot = take(&memory, aligned(slots * sizeof(struct nt_region_port_slot)));
	t->region_port.touched = take(&memory, aligned(o->region_port_entries * sizeof(uint32_t)));
	t->region_port.mask = slots - 1;
	t->region_port.limit = o->region_port_entries;
	return t;
}

void nt_tally_arrival(struct nt_tally *t, const struct nt_frame *frames, uint32_t n)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < n; i++)
		bytes += frames[i].wire_len;
	t->frames += n;
	t->bytes += bytes;
}

static bool has_port(const struct nt_fields *f)
{
	return f->fate == NT_FATE_TCP || f->fate == NT_FATE_UDP;
}

static uint32_t region_port_key(const struct nt_burst *b, uint32_t i)
{
	const struct nt_fields *f = &b->fields[i];

	return nt_region_port_key(b->region[i], f->fate == NT_FATE_UDP, f->dst_port);
}

/* The transport layer's tables of one packet. */
static void count_transport(struct nt_histogram *h, const struct nt_fields *f)
{
	switch (f->fate) {
	case NT_FATE_TCP:
		nt_histogram_count(&h[NT_TABLE_TCP_PORT], f->dst_port);
		nt_histogram_count(&h[NT_TABLE_TCP_FLAGS], f->tcp_flags);
		nt_histogram_count(&h[NT_TABLE_TCP_WINDOW], f->window);
		break;
	case NT_FATE_UDP:
		nt_histogram_count(&h[NT_TABLE_UDP_PORT], f->dst_port);
		break;
	case NT_FATE_ICMP:
		nt_histogram_count(&h[NT_TABLE_ICMP], f->icmp);
		break;
	case NT_FATE_ICMP6:
		nt_histogram_count(&h[NT_TABLE_ICMP6], f->icmp);
		break;
	case NT_FATE_NO_L4:
		nt_histogram_count(&h[NT_TABLE_NO_L4], f->ip_proto);
		break;
	default: /* every other fate is in fate[] alone */
		break;
	}
}

void nt_tally_burst(struct nt_tally *t, const struct nt_burst *b)
{
	for (uint32_t i = 0; i < b->n; i++)
		if (has_port(&b->fields[i]))
			nt_region_port_prefetch(&t->region_port, region_port_key(b, i));
	for (uint32_t i = 0; i < b->n; i++) {
		const struct nt_fields *f = &b->fields[i];

		t->class_frames[f->class]++;
		t->fate[f->fate]++;
		if (f->ip_proto != NT_PROTO_NONE) {
			nt_histogram_count(&t->histogram[NT_TABLE_IP_PROTO], f->ip_proto);
			nt_histogram_count(&t->histogram[NT_TABLE_REGION], b->region[i]);
		}
		count_transport(t->histogram, f);
		if (has_port(f))
			nt_region_port_count(&t->region_port, region_port_key(b, i));
	}
}

void nt_tally_clear(struct nt_tally *t)
{
	for (uint32_t i = 0; i < NT_TABLES; i++)
		nt_histogram_clear(&t->histogram[i]);
	nt_region_port_clear(&t->region_port);
	t->frames = 0;
	t->bytes = 0;
	for (uint32_t c = 0; c < NT_CLASSES; c++)
		t->class_frames[c] = 0;
	for (uint32_t i = 0; i < NT_FATES; i++)
		t->fate[i] = 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "needletail/snapshot.h"

#include "needletail/schema.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

void nt_snapshot_init(struct nt_snapshot *s)
{
	memset(s, 0, sizeof(*s));
}

static void free_queues(struct nt_snapshot *s)
{
	free(s->queue);
	s->queue = NULL;
	s->n_queues = 0;
}

void nt_snapshot_strip(struct nt_snapshot *s)
{
	free(s->detail);
	free(s->pair);
	free(s->victim);
	s->detail = NULL;
	s->pair = NULL;
	s->victim = NULL;
	s->n_pairs = 0;
	s->n_victims = 0;
	free_queues(s);
}

static void free_unique(struct nt_unique *u)
{
	free(u->region.entry);
	free(u->port.entry);
	free(u->backscatter_region.entry);
}

static void free_signatures(struct nt_snapshot *s)
{
	for (size_t i = 0; i < s->n_signatures; i++) {
		free(s->signature[i].region_packets.entry);
		free(s->signature[i].region_sources.entry);
		free(s->signature[i].port_packets.entry);
		free(s->signature[i].port_sources.entry);
	}
	free(s->signature);
}

static void free_sketches(struct nt_snapshot *s)
{
	for (size_t i = 0; i < s->n_sketches; i++) {
		free(s->sketch[i].registers);
		free(s->sketch[i].host);
	}
	free(s->sketch);
	s->sketch = NULL;
	s->n_sketches = 0;
}

/* Lists whose members hold memory of their own. */
static void free_lists(struct nt_snapshot *s)
{
	free_sketches(s);
	for (size_t i = 0; i < s->n_orgs; i++)
		free(s->org[i].name);
	free(s->org);
	for (size_t i = 0; i < s->n_events; i++)
		free(s->event[i].body);
	free(s->event);
}

void nt_snapshot_fini(struct nt_snapshot *s)
{
	for (uint32_t t = 0; t < NT_TABLES; t++)
		free(s->table[t].entry);
	free_unique(&s->unique);
	free_signatures(s);
	free_lists(s);
	free(s->backscatter);
	free(s->backscatter_port.entry);
	free(s->source);
	nt_snapshot_strip(s);
	memset(s, 0, sizeof(*s));
}

int nt_snapshot_add_event(struct nt_snapshot *s, struct nt_event *event)
{
	/* Events are rare: room for one more each time */
	struct nt_event *grown = reallocarray(s->event, s->n_events + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	s->event = grown;
	grown[s->n_events++] = *event;
	*event = (struct nt_event){0};
	return 0;
}

/* Frees a table and returns its packets. */
static uint64_t cut_table(struct nt_counts *c)
{
	uint64_t packets = nt_counts_total(c);

	free(c->entry);
	*c = (struct nt_counts){0};
	return packets;
}

static void reduce_signatures(struct nt_snapshot *s)
{
	for (size_t i = 0; i < s->n_signatures; i++) {
		struct nt_signature_counts *c = &s->signature[i];

		cut_table(&c->region_packets);
		cut_table(&c->region_sources);
		cut_table(&c->port_packets);
		cut_table(&c->port_sources);
	}
}

void nt_snapshot_reduce(struct nt_snapshot *s)
{
	nt_snapshot_strip(s);
	for (enum nt_table t = 0; t < NT_TABLES; t++)
		if (nt_table_row[t].detail)
			s->cut[t] += cut_table(&s->table[t]);
	reduce_signatures(s);
	cut_table(&s->unique.port);
	cut_table(&s->backscatter_port);
	free_sketches(s);
	free(s->source);
	free(s->backscatter);
	s->source = NULL;
	s->backscatter = NULL;
	s->n_sources = s->n_backscatter = 0;
	s->reduced = true;
}

static size_t counts_bytes(const struct nt_counts *c)
{
	return c->capacity * sizeof(struct nt_count);
}

static size_t signature_bytes(const struct nt_signature_counts *c)
{
	return sizeof(*c) + counts_bytes(&c->region_packets) + counts_bytes(&c->region_sources) +
	       counts_bytes(&c->port_packets) + counts_bytes(&c->port_sources);
}

size_t nt_snapshot_bytes(const struct nt_snapshot *s)
{
	size_t bytes = sizeof(*s) + counts_bytes(&s->unique.region) + counts_bytes(&s->unique.port) +
		       counts_bytes(&s->unique.backscatter_region) + counts_bytes(&s->backscatter_port);

	for (uint32_t t = 0; t < NT_TABLES; t++)
		bytes += counts_bytes(&s->table[t]);
	for (size_t i = 0; i < s->n_signatures; i++)
		bytes += signature_bytes(&s->signature[i]);
	for (size_t i = 0; i < s->n_sketches; i++)
		bytes += sizeof(s->sketch[i]) + s->sketch[i].n * sizeof(s->sketch[i].registers[0]) +
			 s->sketch[i].n_hosts * sizeof(s->sketch[i].host[0]);
	for (size_t i = 0; i < s->n_orgs; i++)
		bytes += sizeof(s->org[i]) + strlen(s->org[i].name) + 1;
	for (size_t i = 0; i < s->n_events; i++)
		bytes += sizeof(s->event[i]) + (s->event[i].body ? strlen(s->event[i].body) + 1 : 0);
	bytes += s->n_backscatter * sizeof(s->backscatter[0]) + s->n_sources * sizeof(s->source[0]);
	if (s->detail)
		bytes += s->n_sources * sizeof(s->detail[0]);
	return bytes + s->n_pairs * sizeof(s->pair[0]) + s->n_victims * sizeof(s->victim[0]) +
	       s->n_queues * sizeof(s->queue[0]);
}

uint64_t nt_snapshot_proto(const struct nt_snapshot *s, uint32_t proto)
{
	return nt_counts_get(&s->table[NT_TABLE_IP_PROTO], proto);
}

/* Class of a TCP packet by its flags; NT_BACKSCATTERS: none. */
static enum nt_backscatter tcp_backscatter(uint64_t flags)
{
	enum { FIN = 0x01, SYN = 0x02, RST = 0x04, ACK = 0x10 };

	switch (flags & (ACK | RST | SYN | FIN)) {
	case SYN | ACK:
		return NT_BACKSCATTER_SYNACK;
	case RST:
		return NT_BACKSCATTER_RST;
	case RST | ACK:
		return NT_BACKSCATTER_RSTACK;
	default:
		return NT_BACKSCATTERS;
	}
}

/* ICMP types that answer a packet: RFC 792, RFC 950 (mask), RFC 4443 (ICMPv6). */
struct icmp_class {
	uint8_t type;
	enum nt_backscatter class;
};

static const struct icmp_class icmp_classes[] = {
    {0, NT_BACKSCATTER_ICMP_ECHO_REPLY},     {3, NT_BACKSCATTER_ICMP_DEST_UNREACH},
    {4, NT_BACKSCATTER_ICMP_SOURCE_QUENCH},  {5, NT_BACKSCATTER_ICMP_REDIRECT},
    {11, NT_BACKSCATTER_ICMP_TIME_EXCEEDED}, {12, NT_BACKSCATTER_ICMP_PARAM_PROBLEM},
    {14, NT_BACKSCATTER_ICMP_TS_REPLY},	     {16, NT_BACKSCATTER_ICMP_INFO_REPLY},
    {18, NT_BACKSCATTER_ICMP_MASK_REPLY},
};

static const struct icmp_class icmp6_classes[] = {
    {1, NT_BACKSCATTER_ICMP6_DEST_UNREACH},  {2, NT_BACKSCATTER_ICMP6_PKT_TOO_BIG},
    {3, NT_BACKSCATTER_ICMP6_TIME_EXCEEDED}, {4, NT_BACKSCATTER_ICMP6_PARAM_PROBLEM},
    {129, NT_BACKSCATTER_ICMP6_ECHO_REPLY},
};

static void add_icmp(const struct nt_counts *table, const struct icmp_class *classes, size_t n, uint64_t *packets)
{
	for (size_t i = 0; i < table->n; i++)
		for (size_t c = 0; c < n; c++)
			if (table->entry[i].key >> 8 == classes[c].type)
				packets[classes[c].class] += table->entry[i].count;
}

void nt_snapshot_backscatter(const struct nt_snapshot *s, uint64_t packets[static NT_BACKSCATTERS])
{
	const struct nt_counts *flags = &s->table[NT_TABLE_TCP_FLAGS];

	memset(packets, 0, NT_BACKSCATTERS * sizeof(packets[0]));
	for (size_t i = 0; i < flags->n; i++) {
		enum nt_backscatter class = tcp_backscatter(flags->entry[i].key);

		if (class != NT_BACKSCATTERS)
			packets[class] += flags->entry[i].count;
	}
	add_icmp(&s->table[NT_TABLE_ICMP], icmp_classes, sizeof(icmp_classes) / sizeof(icmp_classes[0]), packets);
	add_icmp(&s->table[NT_TABLE_ICMP6], icmp6_classes, sizeof(icmp6_classes) / sizeof(icmp6_classes[0]), packets);
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* Frames that failed one of the reasons first..last, cut off or malformed alike. */
static uint64_t failed(const struct nt_snapshot *s, enum nt_reason first, enum nt_reason last)
{
	uint64_t sum = 0;

	for (uint32_t r = first; r <= last; r++)
		sum += s->malformed[r] + s->truncated[r];
	return sum;
}

/* Packets of a transport protocol against the table it fills, its failed headers and what has no header to read. */
static uint64_t transport_imbalance(const struct nt_snapshot *s, uint32_t proto, enum nt_table table,
				    enum nt_reason first, enum nt_reason last)
{
	uint64_t counted = nt_counts_total(&s->table[table]) + s->cut[table] + failed(s, first, last) +
			   nt_counts_get(&s->table[NT_TABLE_NO_L4], proto);

	return distance(nt_snapshot_proto(s, proto), counted);
}

uint64_t nt_snapshot_imbalance(const struct nt_snapshot *s)
{
	uint64_t ip = s->class_frames[NT_CLASS_IPV4] + s->class_frames[NT_CLASS_IPV6];
	uint64_t all = ip + s->class_frames[NT_CLASS_ARP] + s->class_frames[NT_CLASS_OTHER];
	uint64_t passed = nt_counts_total(&s->table[NT_TABLE_IP_PROTO]);
	uint64_t failed_ip = failed(s, NT_REASON_IPV4_HEADER, NT_REASON_IPV6_LENGTH);

	return distance(s->frames, all) + distance(ip, passed + failed_ip) +
	       transport_imbalance(s, IPPROTO_TCP, NT_TABLE_TCP_PORT, NT_REASON_TCP_HEADER, NT_REASON_TCP_OFFSET) +
	       transport_imbalance(s, IPPROTO_UDP, NT_TABLE_UDP_PORT, NT_REASON_UDP_HEADER, NT_REASON_UDP_LENGTH) +
	       transport_imbalance(s, IPPROTO_ICMP, NT_TABLE_ICMP, NT_REASON_ICMP_HEADER, NT_REASON_ICMP_HEADER) +
	       transport_imbalance(s, IPPROTO_ICMPV6, NT_TABLE_ICMP6, NT_REASON_ICMP6_HEADER, NT_REASON_ICMP6_HEADER);
}

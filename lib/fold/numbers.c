/* SPDX-License-Identifier: BSD-3-Clause */
#include "fold/interval.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PORTS (1u << 17) /* of both transports */

/* Sources while they are counted. */
struct numbers {
	uint64_t region[NT_REGIONS];
	uint64_t backscatter[NT_REGIONS];
	uint64_t signature[NT_SIGNATURES_MAX][NT_REGIONS];
	uint64_t port[NT_UNIQUE_PORTS];
	struct nt_fold_ports ports;
};

/* ---- the ports ---- */

static bool goes_before(const struct nt_count *a, const struct nt_count *b)
{
	return a->count != b->count ? a->count > b->count : a->key < b->key;
}

static void offer(struct nt_fold_ports *p, struct nt_count port)
{
	uint32_t at = p->n;

	if (p->n == NT_UNIQUE_PORTS && !goes_before(&port, &p->top[p->n - 1]))
		return;
	if (p->n == NT_UNIQUE_PORTS)
		at--;
	else
		p->n++;
	for (; at && goes_before(&port, &p->top[at - 1]); at--)
		p->top[at] = p->top[at - 1];
	p->top[at] = port;
}

void nt_fold_top_ports(const struct nt_snapshot *s, struct nt_fold_ports *ports)
{
	const struct nt_counts *tcp = &s->table[NT_TABLE_TCP_PORT], *udp = &s->table[NT_TABLE_UDP_PORT];

	ports->n = 0;
	for (size_t i = 0; i < tcp->n; i++)
		offer(ports, (struct nt_count){.key = nt_port_key(false, (uint16_t)tcp->entry[i].key),
					       .count = tcp->entry[i].count});
	for (size_t i = 0; i < udp->n; i++)
		offer(ports, (struct nt_count){.key = nt_port_key(true, (uint16_t)udp->entry[i].key),
					       .count = udp->entry[i].count});
	for (uint32_t i = 0; i < PORTS; i++)
		ports->place[i] = 0;
	for (uint32_t i = 0; i < ports->n; i++)
		ports->place[ports->top[i].key] = (uint8_t)(i + 1);
}

/* ---- counting ---- */

static void count_sources(struct nt_snapshot *s, struct numbers *n)
{
	for (size_t i = 0; i < s->n_sources; i++) {
		const struct nt_source *source = &s->source[i];

		n->region[source->region]++;
		n->backscatter[source->region] += source->backscatter;
		s->unique.backscatter += source->backscatter;
		for (uint32_t bits = source->signatures; bits; bits &= bits - 1) {
			uint32_t signature = (uint32_t)__builtin_ctz(bits);

			n->signature[signature][source->region]++;
			s->signature[signature].sources++;
		}
	}
	s->unique.sources = s->n_sources;
}

/* Dense counts -> a table; key i is count[i]. */
static int append_all(struct nt_counts *table, const uint64_t *count, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (count[i] && nt_counts_append(table, i, count[i]))
			return -ENOMEM;
	return 0;
}

static int append_regions(struct nt_snapshot *s, const struct numbers *n)
{
	int err = append_all(&s->unique.region, n->region, NT_REGIONS);

	if (!err)
		err = append_all(&s->unique.backscatter_region, n->backscatter, NT_REGIONS);
	for (size_t i = 0; i < s->n_signatures && !err; i++)
		err = append_all(&s->signature[i].region_sources, n->signature[i], NT_REGIONS);
	return err;
}

static int count_ports(struct nt_snapshot *s, struct numbers *n)
{
	nt_fold_top_ports(s, &n->ports);
	for (size_t i = 0; i < s->n_pairs; i++)
		if (n->ports.place[s->pair[i].port])
			n->port[n->ports.place[s->pair[i].port] - 1]++;
	for (uint32_t i = 0; i < n->ports.n; i++)
		if (n->port[i] && nt_counts_append(&s->unique.port, n->ports.top[i].key, n->port[i]))
			return -ENOMEM;
	nt_counts_compact(&s->unique.port);
	return 0;
}

/* Sources of one signature at each port. */
static int count_signature(const struct nt_snapshot *s, uint32_t bit, uint32_t count[static PORTS],
			   struct nt_counts *ports)
{
	int err = 0;

	memset(count, 0, PORTS * sizeof(*count));
	for (size_t i = 0; i < s->n_pairs; i++)
		count[s->pair[i].port] += s->pair[i].signatures >> bit & 1;
	for (uint32_t port = 0; port < PORTS && !err; port++)
		if (count[port])
			err = nt_counts_append(ports, port, count[port]);
	return err;
}

/* One after the other, so that the counts stay in the cache. */
static int count_signature_ports(struct nt_snapshot *s)
{
	uint32_t *count = malloc(PORTS * sizeof(*count)), seen = 0;
	int err = count ? 0 : -ENOMEM;

	for (size_t i = 0; i < s->n_pairs; i++)
		seen |= s->pair[i].signatures;
	for (uint32_t i = 0; i < s->n_signatures && !err; i++)
		if (seen >> i & 1)
			err = count_signature(s, i, count, &s->signature[i].port_sources);
	free(count);
	return err;
}

int nt_fold_count(struct nt_snapshot *into)
{
	struct numbers *n = calloc(1, sizeof(*n)); /* large for a stack */
	int err;

	if (!n)
		return -ENOMEM;
	count_sources(into, n);
	err = append_regions(into, n);
	if (!err)
		err = count_ports(into, n);
	if (!err)
		err = count_signature_ports(into);
	free(n);
	return err;
}

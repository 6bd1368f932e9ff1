/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/plan_sources.h"

#include "redis/heaviest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

size_t nt_plan_source_parts(const struct nt_snapshot *snapshot)
{
	/* Each signature: itself, and ports and regions twice. Each region: sources, backscatter, its ports. Then
	 * sketches, organisations, events. */
	return 5 * snapshot->n_signatures + (size_t)3 * NT_REGIONS + 3;
}

/* Rows of a signature that are written for one bound, and what stays out. Picks go to *used, which moves on. */
struct sig_rows {
	const struct nt_counts *counts;
	size_t bound; /* 0: all */
	const struct nt_count *entry;
	size_t n;
	uint64_t rest;
};

static size_t picked(const struct nt_counts *counts, size_t bound)
{
	return bound && counts->n > bound ? bound : 0;
}

static void pick_rows(struct sig_rows *rows, struct nt_pick *pick, struct nt_count **used)
{
	struct nt_heaviest h = {.pick = pick, .wanted = rows->bound};

	rows->entry = rows->counts->entry;
	rows->n = rows->counts->n;
	if (!picked(rows->counts, rows->bound))
		return;
	nt_heaviest_offer(&h, NT_TABLES, rows->counts);
	nt_heaviest_sort(&h);
	rows->entry = *used;
	rows->n = h.n;
	rows->rest = nt_counts_total(rows->counts);
	for (size_t i = 0; i < h.n; i++) {
		*(*used)++ = h.pick[i].entry;
		rows->rest -= h.pick[i].entry.count;
	}
}

static void add_rows(struct nt_plan *p, enum nt_plan_kind kind, size_t signature, bool ports,
		     const struct sig_rows *rows)
{
	if (rows->n)
		nt_plan_add_part(p, (struct nt_plan_part){.kind = kind,
							  .table = NT_TABLES,
							  .entry = rows->entry,
							  .id = (uint32_t)signature,
							  .ports = ports,
							  .n = rows->n});
}

static void add_signature(struct nt_plan *p, size_t signature, struct nt_pick *pick, struct nt_count **used)
{
	const struct nt_signature_counts *s = &p->snapshot->signature[signature];
	const uint32_t *members = p->sensor->limits.members;
	struct sig_rows minute_regions = {.counts = &s->region_packets, .bound = members[NT_BOUND_SIG]};
	struct sig_rows minute_ports = {.counts = &s->port_packets, .bound = members[NT_BOUND_SIG]};
	struct sig_rows regions = {.counts = &s->region_packets};
	struct sig_rows ports = {.counts = &s->port_packets, .bound = members[NT_BOUND_OPEN_SIG]};

	if (!s->packets)
		return;
	pick_rows(&minute_regions, pick, used);
	pick_rows(&minute_ports, pick, used);
	pick_rows(&regions, pick, used);
	pick_rows(&ports, pick, used);
	p->sig[signature] = (struct nt_plan_sig){
	    .minute_regions = minute_regions.rest, .minute_ports = minute_ports.rest, .long_ports = ports.rest};
	nt_plan_add_part(
	    p, (struct nt_plan_part){.kind = NT_PLAN_SIG, .table = NT_TABLES, .id = (uint32_t)signature, .n = 1});
	add_rows(p, NT_PLAN_SIG_MINUTE, signature, false, &minute_regions);
	add_rows(p, NT_PLAN_SIG_MINUTE, signature, true, &minute_ports);
	add_rows(p, NT_PLAN_SIG_LONG, signature, false, &regions);
	add_rows(p, NT_PLAN_SIG_LONG, signature, true, &ports);
}

/* Entries that all cuts of a signature's rows together leave. */
static size_t picks_of(const struct nt_signature_counts *s, const uint32_t *members)
{
	return picked(&s->region_packets, members[NT_BOUND_SIG]) + picked(&s->port_packets, members[NT_BOUND_SIG]) +
	       picked(&s->port_packets, members[NT_BOUND_OPEN_SIG]);
}

static int add_signatures(struct nt_plan *p)
{
	const uint32_t *members = p->sensor->limits.members;
	size_t n = p->snapshot->n_signatures, picks = 0, most;
	struct nt_count *used;
	struct nt_pick *pick;

	if (!n)
		return 0;
	for (size_t i = 0; i < n; i++)
		picks += picks_of(&p->snapshot->signature[i], members);
	most = members[NT_BOUND_SIG] > members[NT_BOUND_OPEN_SIG] ? members[NT_BOUND_SIG] : members[NT_BOUND_OPEN_SIG];
	pick = calloc(most + 1, sizeof(*pick));
	p->sig = calloc(n, sizeof(*p->sig));
	used = p->sig_heaviest = calloc(picks + 1, sizeof(*p->sig_heaviest));
	if (!pick || !p->sig || !used) {
		free(pick);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++)
		add_signature(p, i, pick, &used);
	free(pick);
	return 0;
}

/* Places of n elements by region, those of one region in the order in which they stand; a part for each region. */
static int add_by_region(struct nt_plan *p, enum nt_plan_kind kind, size_t n,
			 uint32_t (*region_of)(const struct nt_snapshot *s, size_t i), uint32_t **order)
{
	size_t *next;

	if (!n)
		return 0;
	*order = calloc(n, sizeof(**order));
	next = calloc(NT_REGIONS + 1, sizeof(*next));
	if (!*order || !next) {
		free(next);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++)
		next[region_of(p->snapshot, i) + 1]++;
	for (uint32_t region = 0; region < NT_REGIONS; region++) {
		size_t members = next[region + 1];

		if (members)
			nt_plan_add_part(p, (struct nt_plan_part){.kind = kind,
								  .table = NT_TABLES,
								  .order = *order + next[region],
								  .id = region,
								  .n = members});
		next[region + 1] += next[region];
	}
	for (size_t i = 0; i < n; i++)
		(*order)[next[region_of(p->snapshot, i)]++] = (uint32_t)i;
	free(next);
	return 0;
}

static uint32_t known_region(uint32_t region)
{
	return region < NT_REGIONS ? region : NT_REGION_UNKNOWN;
}

static uint32_t source_region(const struct nt_snapshot *s, size_t i)
{
	return known_region(s->source[i].region);
}

static uint32_t backscatter_region(const struct nt_snapshot *s, size_t i)
{
	return known_region(s->backscatter[i].region);
}

/* The table is sorted by region, then port. */
static void add_backscatter_ports(struct nt_plan *p)
{
	const struct nt_counts *c = &p->snapshot->backscatter_port;

	for (size_t i = 0, begin = 0; i < c->n; i++) {
		uint64_t region = c->entry[i].key >> 17;

		if (i + 1 < c->n && c->entry[i + 1].key >> 17 == region)
			continue;
		nt_plan_add_part(p, (struct nt_plan_part){.kind = NT_PLAN_BACKSCATTER_PORT,
							  .table = NT_TABLES,
							  .entry = c->entry + begin,
							  .id = (uint32_t)region,
							  .n = i + 1 - begin});
		begin = i + 1;
	}
}

/* Sketches are sorted by kind, and the last kind is not published. */
static size_t published_sketches(const struct nt_snapshot *s)
{
	size_t n = s->n_sketches;

	while (n && s->sketch[n - 1].key >= nt_sketch_key(NT_SKETCH_SIGNATURE_PORT, 0))
		n--;
	return n;
}

static void add_list(struct nt_plan *p, enum nt_plan_kind kind, size_t n)
{
	if (n)
		nt_plan_add_part(p, (struct nt_plan_part){.kind = kind, .table = NT_TABLES, .n = n});
}

int nt_plan_add_sources(struct nt_plan *p)
{
	const struct nt_snapshot *s = p->snapshot;

	if (add_signatures(p) || add_by_region(p, NT_PLAN_SOURCE, s->n_sources, source_region, &p->source_order) ||
	    add_by_region(p, NT_PLAN_BACKSCATTER, s->n_backscatter, backscatter_region, &p->backscatter_order))
		return -ENOMEM;
	add_backscatter_ports(p);
	add_list(p, NT_PLAN_SKETCH, published_sketches(s));
	add_list(p, NT_PLAN_ORG, s->n_orgs);
	add_list(p, NT_PLAN_EVENT, s->n_events);
	return 0;
}

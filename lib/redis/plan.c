/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/plan.h"

#include "redis/heaviest.h"
#include "redis/plan_sources.h"

#include <errno.h>
#include <stdlib.h>

/*
 * What a row costs, in additions to Redis. Rows of LONG go to three buckets. An addition to a `port_all` hash walks
 * its compact form, and rows of rare ports each need a hash of their own: counted as three.
 */
#define LONG_COST     3
#define PORT_ALL_COST 3
#define HEAD_COST     300 /* some 70 fields in each of four buckets */
#define TAIL_COST     150 /* five times 20 members, and the stream */
#define SIG_COST      12
#define SOURCE_COST   3	 /* two looks, the set, and now and then the AS */
#define SKETCH_COST   75 /* two unions of 16,384 registers, each counted */
#define HOSTS_A_WRITE 3	 /* hosts of a sketch that cost as much as one addition: they are added twice */
#define EVENT_COST    10 /* their evidence is long */
#define PART_COST     12 /* looking at types and setting lifetimes, key by key */

static size_t row_cost(const struct nt_plan *p, const struct nt_plan_part *part, size_t row)
{
	static const size_t cost[] = {
	    [NT_PLAN_HEAD] = HEAD_COST,	    [NT_PLAN_MINUTE] = 1,
	    [NT_PLAN_LONG] = LONG_COST,	    [NT_PLAN_PORT_ALL] = PORT_ALL_COST,
	    [NT_PLAN_TAIL] = TAIL_COST,	    [NT_PLAN_SIG] = SIG_COST,
	    [NT_PLAN_SIG_MINUTE] = 1,	    [NT_PLAN_SIG_LONG] = LONG_COST,
	    [NT_PLAN_SOURCE] = SOURCE_COST, [NT_PLAN_BACKSCATTER] = SOURCE_COST,
	    [NT_PLAN_BACKSCATTER_PORT] = 1, [NT_PLAN_ORG] = 1,
	    [NT_PLAN_EVENT] = EVENT_COST,
	};

	if (part->kind == NT_PLAN_SKETCH)
		return SKETCH_COST + p->snapshot->sketch[row].n_hosts / HOSTS_A_WRITE;
	return cost[part->kind];
}

void nt_plan_add_part(struct nt_plan *p, struct nt_plan_part part)
{
	p->part[p->n_parts++] = part;
}

static void add_part(struct nt_plan *p, enum nt_plan_kind kind, enum nt_table table, const struct nt_count *entry,
		     size_t n)
{
	if (n)
		nt_plan_add_part(p, (struct nt_plan_part){.kind = kind, .table = table, .entry = entry, .n = n});
}

/* Tables of one set as they are: all of it fits. */
static void add_whole_tables(struct nt_plan *p, enum nt_redis_key key)
{
	for (enum nt_table t = 0; t < NT_TABLES; t++)
		if (nt_redis_table_key(t) == key)
			add_part(p, NT_PLAN_MINUTE, t, p->snapshot->table[t].entry, p->snapshot->table[t].n);
}

/* The picks of one set, table by table, out of p->heaviest from `used` on. */
static void add_picks(struct nt_plan *p, const struct nt_heaviest *h, size_t used)
{
	struct nt_count *entry = p->heaviest + used;
	size_t begin = 0;

	for (size_t i = 0; i < h->n; i++) {
		entry[i] = h->pick[i].entry;
		if (i + 1 == h->n || h->pick[i + 1].table != h->pick[i].table) {
			add_part(p, NT_PLAN_MINUTE, h->pick[i].table, entry + begin, i + 1 - begin);
			begin = i + 1;
		}
	}
}

/* Members of a set, over all of its tables, and their packets. */
static size_t set_size(const struct nt_plan *p, enum nt_redis_key key, uint64_t *packets)
{
	size_t n = 0;

	*packets = 0;
	for (enum nt_table t = 0; t < NT_TABLES; t++) {
		if (nt_redis_table_key(t) != key)
			continue;
		n += p->snapshot->table[t].n;
		*packets += nt_counts_total(&p->snapshot->table[t]);
	}
	return n;
}

static void cut_set(struct nt_plan *p, enum nt_redis_key key, struct nt_pick *pick, size_t bound, size_t used)
{
	struct nt_heaviest h = {.pick = pick, .wanted = bound};

	for (enum nt_table t = 0; t < NT_TABLES; t++)
		if (nt_redis_table_key(t) == key)
			nt_heaviest_offer(&h, t, &p->snapshot->table[t]);
	nt_heaviest_sort(&h);
	for (size_t i = 0; i < h.n; i++)
		p->minute_rest[key] -= h.pick[i].entry.count;
	add_picks(p, &h, used);
}

/* The interval's own bucket gets only the heaviest members, cut before they are written. */
static int add_minute(struct nt_plan *p)
{
	size_t bound = p->sensor->limits.members[NT_BOUND_M], used = 0, sets = 0;
	struct nt_pick *pick = NULL;
	size_t over[NT_REDIS_KEYS] = {0};

	for (enum nt_redis_key key = 0; key < NT_REDIS_KEYS; key++) {
		uint64_t packets;

		over[key] = bound && set_size(p, key, &packets) > bound;
		p->minute_rest[key] = over[key] ? packets : 0;
		sets += over[key];
	}
	if (sets) {
		pick = calloc(bound, sizeof(*pick));
		p->heaviest = calloc(sets * bound, sizeof(*p->heaviest));
		if (!pick || !p->heaviest) {
			free(pick);
			return -ENOMEM;
		}
	}
	for (enum nt_redis_key key = 0; key < NT_REDIS_KEYS; key++) {
		if (over[key]) {
			cut_set(p, key, pick, bound, used);
			used += bound;
		} else {
			add_whole_tables(p, key);
		}
	}
	free(pick);
	return 0;
}

static void add_tables(struct nt_plan *p, enum nt_plan_kind kind)
{
	for (enum nt_table t = 0; t < NT_TABLES; t++) {
		const struct nt_counts *c = &p->snapshot->table[t];

		if (kind == NT_PLAN_PORT_ALL ? !!nt_redis_port_all_transport(t)
					     : nt_redis_table_key(t) != NT_REDIS_KEYS)
			add_part(p, kind, t, c->entry, c->n);
	}
}

/* The row behind those of a part, from `row` on, that a chunk has room for. */
static size_t fill(const struct nt_plan *p, const struct nt_plan_part *part, size_t row, size_t *left)
{
	for (size_t cost; row < part->n && (cost = row_cost(p, part, row)) <= *left; row++)
		*left -= cost;
	return row;
}

/* Walks the rows and notes where a chunk is full. Returns the number of chunks; `cut` may be NULL. */
static uint32_t cut_rows(const struct nt_plan *p, struct nt_plan_at *cut)
{
	uint32_t chunks = 0;
	size_t left = 0;

	for (size_t i = 0; i < p->n_parts; i++) {
		const struct nt_plan_part *part = &p->part[i];

		for (size_t row = 0; row < part->n; row = fill(p, part, row, &left)) {
			if (left < PART_COST + row_cost(p, part, row)) {
				if (cut)
					cut[chunks] = (struct nt_plan_at){.part = i, .row = row};
				chunks++;
				left = NT_PLAN_WRITES;
			}
			left -= PART_COST;
		}
	}
	if (cut)
		cut[chunks] = (struct nt_plan_at){.part = p->n_parts};
	return chunks;
}

int nt_plan_init(struct nt_plan *p, const struct nt_sensor *sensor, const struct nt_snapshot *snapshot)
{
	*p = (struct nt_plan){.sensor = sensor, .snapshot = snapshot};
	if (snapshot->start_s < 0 || snapshot->end_s < snapshot->start_s || snapshot->end_s > NT_PLAN_TIME_END_S)
		return -ERANGE;
	for (enum nt_bucket b = 0; b < NT_BUCKETS; b++)
		p->span[b] =
		    nt_bucket_span(b, (struct nt_span){snapshot->start_s, snapshot->end_s}, sensor->day_offset_h);
	p->part = calloc(2 + 3 * NT_TABLES + nt_plan_source_parts(snapshot), sizeof(*p->part));
	if (!p->part)
		goto err;
	add_part(p, NT_PLAN_HEAD, NT_TABLES, NULL, 1);
	if (add_minute(p))
		goto err;
	add_tables(p, NT_PLAN_LONG);
	add_tables(p, NT_PLAN_PORT_ALL);
	if (nt_plan_add_sources(p))
		goto err;
	add_part(p, NT_PLAN_TAIL, NT_TABLES, NULL, 1);
	p->chunks = cut_rows(p, NULL);
	p->cut = calloc(p->chunks + 1, sizeof(*p->cut));
	if (!p->cut)
		goto err;
	cut_rows(p, p->cut);
	return 0;
err:
	nt_plan_fini(p);
	return -ENOMEM;
}

void nt_plan_fini(struct nt_plan *p)
{
	free(p->part);
	free(p->heaviest);
	free(p->sig);
	free(p->sig_heaviest);
	free(p->source_order);
	free(p->backscatter_order);
	free(p->cut);
	*p = (struct nt_plan){0};
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_growth.h"

#include "bench.h"
#include "bench_regions.h"
#include "bench_signatures.h"
#include "sizing.h"

#include "base/log.h"
#include "locate/locate.h"
#include "worker/worker.h"

#include <errno.h>
#include <rte_common.h>
#include <rte_malloc.h>
#include <stdlib.h>
#include <string.h>

/*
 * One thing grows at a time; all others are as BASE and the configuration say. Every row is measured in every round,
 * and with it receiving alone, putting in the same senders: what is printed is the difference, which is the path's.
 */

#define BASE	  100000u /* sources that all packets come from, evenly */
#define LARGE	  10000000u
#define MIB	  (UINT64_C(1) << 20)
#define ROWS_MAX  48
#define EXTRA_MAX 8

static const uint32_t sources[] = {1000, 10000, 100000, 1000000, LARGE};
static const uint32_t prefixes[] = {1000, 10000, 100000, 700000};
static const uint32_t signatures[] = {0, 1, 7, 16, 32};
static const uint32_t fills[] = {10, 50, 90, 100};

struct row {
	struct bench_growth is;
	struct bench_setting setting;
	double ns[BENCH_ROUNDS_MAX];
};

struct growth {
	struct bench *b;
	struct stats large; /* a worker with a table for all that is measured */
	uint32_t large_table;
	uint32_t table; /* sources that the configuration's takes */
	struct nt_locate *locate[EXTRA_MAX];
	struct nt_signatures *signatures[EXTRA_MAX];
	struct row row[ROWS_MAX];
	uint32_t n;
};

void bench_growth_tables(struct nt_config *c, uint32_t n)
{
	if (n <= c->tables.sources)
		return;
	/* a fourth more than needed, and the pairs that a measurement adds: ports that are not the usual one */
	c->tables.sources = n + n / 4;
	c->tables.pairs = RTE_MAX(c->tables.pairs, n + n / 4 + (1u << 20));
}

static uint32_t most_sources(const struct bench_options *o)
{
	return o->sources ? o->sources : LARGE;
}

static struct nt_tally_options large_tables(const struct bench_options *o)
{
	struct nt_config c = o->config; /* its tables alone are looked at */

	bench_growth_tables(&c, most_sources(o));
	return sizing_tables(&c);
}

uint64_t bench_growth_mib(const struct bench_options *o)
{
	const struct nt_tally_options own = sizing_tables(&o->config), large = large_tables(o);
	const struct nt_worker_options options = {.tables = own};

	return (nt_worker_memsize(&options) + nt_tally_memsize(&large)) / MIB + 1;
}

/* ---- what is measured ---- */

static struct row *add_row(struct growth *g, const char *what, uint32_t n, const char *unit)
{
	struct row *r = &g->row[g->n++];

	r->is = (struct bench_growth){.what = what, .n = n, .unit = unit, .table = g->table};
	r->setting = bench_setting(g->b);
	return r;
}

/* `n` sources in the configuration's table, or in the large one. */
static int add_sources(struct growth *g, const char *what, uint32_t n, struct stats *stats)
{
	struct row *r = add_row(g, what, n, "");

	r->setting.stats = stats;
	r->is.table = stats == &g->large ? g->large_table : g->table;
	return bench_setting_sources(&r->setting, n);
}

static int list_sources(struct growth *g)
{
	uint32_t most = most_sources(g->b->options);
	int err = 0;

	for (size_t i = 0; i < RTE_DIM(sources) && !err; i++)
		if (sources[i] <= most && sources[i] <= g->table)
			err = add_sources(g, "sources", sources[i], &g->b->stats);
	for (size_t i = 0; i < RTE_DIM(sources) && !err; i++)
		if (sources[i] <= most && (sources[i] > g->table || (sources[i] == BASE && g->large_table > g->table)))
			err = add_sources(g, "sources", sources[i], &g->large);
	return err;
}

static int list_prefixes(struct growth *g)
{
	int err = 0;

	for (size_t i = 0; i < RTE_DIM(prefixes) && !err; i++) {
		struct row *r = add_row(g, "prefixes of regions", 0, "");

		err = bench_setting_sources(&r->setting, BASE);
		g->locate[i] = bench_regions(prefixes[i], &r->is.n);
		r->setting.locate = g->locate[i];
		err = g->locate[i] ? err : -ENOMEM;
	}
	return err;
}

static int list_signatures(struct growth *g)
{
	int err = 0;

	for (size_t i = 0; i < RTE_DIM(signatures) && !err; i++) {
		struct row *r = add_row(g, "signatures", signatures[i], "");

		err = bench_setting_sources(&r->setting, BASE);
		g->signatures[i] = bench_signatures(signatures[i]);
		r->setting.signatures = g->signatures[i];
		err = g->signatures[i] ? err : -ENOMEM;
	}
	return err;
}

static int list_fills(struct growth *g)
{
	int err = 0;

	for (size_t i = 0; i < RTE_DIM(fills) && !err; i++) {
		struct row *r = add_row(g, "fill, sources that are in the table", fills[i], " %");

		err = bench_setting_sources(&r->setting, (uint32_t)((uint64_t)g->table * fills[i] / 100));
	}
	for (size_t i = 0; i < RTE_DIM(fills) && !err; i++) {
		struct row *r = add_row(g, "fill, every packet a new source", fills[i], " %");

		err = bench_setting_sources(&r->setting, 0); /* in turn, all different */
		bench_setting_flood(&r->setting, g->table, fills[i]);
	}
	return err;
}

/* A worker whose first bank, the only one that is counted in here, is exchanged for a large one. */
static int open_large(struct growth *g)
{
	const struct nt_tally_options large = large_tables(g->b->options);
	const struct stats_options options = {
	    .workers = 1,
	    .locate = bench_regions_of(g->b),
	    .signatures = g->b->signatures,
	    .tables = sizing_tables(&g->b->options->config),
	};
	void *memory = rte_zmalloc("large bank", nt_tally_memsize(&large), RTE_CACHE_LINE_SIZE);
	int err = memory ? stats_init(&g->large, &options) : -ENOMEM;

	if (err)
		return err;
	g->large.worker[0]->bank[0] = nt_tally_init(memory, &large);
	g->large_table = bench_table_sources(g->b, &large);
	return 0;
}

static int open_growth(struct growth *g, struct bench *b)
{
	const struct nt_tally_options tables = sizing_tables(&b->options->config);
	int err;

	g->b = b;
	g->table = bench_table_sources(b, &tables);
	err = open_large(g);
	if (!err)
		err = list_sources(g);
	if (!err)
		err = list_prefixes(g);
	if (!err)
		err = list_signatures(g);
	if (!err)
		err = list_fills(g);
	if (err)
		nt_error("no memory for the tables of all measurements: %s", strerror(-err));
	return err;
}

static void close_growth(struct growth *g)
{
	for (uint32_t i = 0; i < g->n; i++)
		free(g->row[i].setting.senders.list);
	for (uint32_t i = 0; i < EXTRA_MAX; i++) {
		nt_locate_free(g->locate[i]);
		nt_signatures_free(g->signatures[i]);
	}
	if (g->large.worker)
		stats_fini(&g->large); /* its memory goes back when the EAL ends */
	free(g);
}

/* ---- measuring ---- */

/* Of the worker's own time: what others took of its CPU is no cost of a packet. */
static double lane_ns(const struct bench *b)
{
	return (double)b->lane[0].own_ns / (double)b->lane[0].packets;
}

static int measure_row(struct growth *g, struct row *r, const struct bench_device *device,
		       const struct bench_parts *parts, uint32_t round)
{
	const struct bench_run run = {.device = device, .parts = parts, .setting = &r->setting};
	int err = bench_once(g->b, &run, BENCH_RECEIVE);
	double receive = lane_ns(g->b);

	if (!err)
		err = bench_once(g->b, &run, BENCH_SIGNATURES);
	if (!err && round)
		r->ns[round - 1] = lane_ns(g->b) - receive;
	return err;
}

/* All rows in turn, then all again: what changes on the machine meets them alike. The first turn is for caches. */
static int measure_rows(struct growth *g, const struct bench_device *device, const struct bench_parts *parts)
{
	int err = 0;

	for (uint32_t round = 0; round <= g->b->options->rounds && !err; round++) {
		bench_watch_clock(g->b);
		for (uint32_t i = 0; i < g->n && !err; i++)
			err = measure_row(g, &g->row[i], device, parts, round);
	}
	if (err)
		nt_error("a worker could not run: %s", strerror(-err));
	return err;
}

static int measure(struct growth *g)
{
	const struct bench_case which = {
	    .name = "growth", .workload = BENCH_TELESCOPE, .frame_bytes = g->b->options->frame_bytes[0]};
	struct bench_device device;
	struct bench_parts parts;
	int err = bench_make_parts(g->b, &which, &parts);

	if (err)
		return err;
	err = bench_device_open(&device, &parts);
	if (!err) {
		err = measure_rows(g, &device, &parts);
		bench_device_close(&device);
	}
	bench_parts_free(&parts);
	return err;
}

static int print(struct growth *g)
{
	struct bench_growth list[ROWS_MAX];
	uint32_t rounds = g->b->options->rounds;

	for (uint32_t i = 0; i < g->n; i++) {
		struct row *r = &g->row[i];

		r->is.ns = bench_median(r->ns, rounds);
		r->is.ns_min = r->ns[0];
		r->is.ns_max = r->ns[rounds - 1];
		list[i] = r->is;
	}
	return g->b->options->json ? bench_print_growth_json(&g->b->machine, list, g->n)
				   : bench_print_growth(&g->b->machine, list, g->n);
}

int bench_growth_run(struct bench *b)
{
	struct growth *g = calloc(1, sizeof(*g));
	int err = g ? open_growth(g, b) : -ENOMEM;

	if (!err)
		err = measure(g);
	if (!err)
		err = print(g);
	if (g)
		close_growth(g);
	return err;
}

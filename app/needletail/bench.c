/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench.h"

#include "bench_device.h"
#include "bench_growth.h"
#include "bench_regions.h"
#include "bench_signatures.h"
#include "eal.h"
#include "rules.h"
#include "sizing.h"

#include "base/clock.h"
#include "base/log.h"
#include "locate/locate.h"
#include "worker/worker.h"

#include <errno.h>
#include <inttypes.h>
#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHY_BYTES 512
#define MIB	  (UINT64_C(1) << 20)

/* On a wire each frame has a preamble of 8 bytes, an FCS of 4 and a gap of 12 besides. */
#define WIRE_BYTES 24

/* Turns of the loop that shows whether the clock rate changes: a millisecond or two. */
#define SPIN_TURNS 1000000

#define LOOK_NS 1000000 /* between looks at whether the workers are done */

/* Packets with senders of their own: many, but no more pairs of source and port than tables hold by default. */
#define SENDERS (1u << 20)

/* The number of the first source that is there before a flood, whose own begin with 0. */
#define FLOOD_KNOWN (1u << 28)

/* A flood that begins in a table filled so far begins anew when it has added this part of the table. */
#define FLOOD_PART 20

/* ---- what the numbers depend on ---- */

static void read_cpu(char *name, size_t size)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[256];

	snprintf(name, size, "unknown");
	while (f && fgets(line, sizeof(line), f)) {
		char *colon = strchr(line, ':');

		if (strncmp(line, "model name", 10) || !colon)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(name, size, "%s", colon + 2);
		break;
	}
	if (f)
		fclose(f);
}

/* Each turn waits for the one before: so many cycles of the core, whatever the memory does. */
static double spin_ns(void)
{
	uint64_t begin = nt_clock_monotonic_ns(), x = 1;

	for (uint32_t i = 0; i < SPIN_TURNS; i++) {
		x = x * 3 + 1;
		__asm__ volatile("" : "+r"(x)); /* or it would be computed beforehand */
	}
	return (double)(nt_clock_monotonic_ns() - begin);
}

void bench_watch_clock(struct bench *b)
{
	double ns = spin_ns();

	for (int i = 0; i < 4; i++) { /* the least of some: what else ran in between is another matter */
		double again = spin_ns();

		ns = again < ns ? again : ns;
	}
	b->spin_min = !b->spin_min || ns < b->spin_min ? ns : b->spin_min;
	b->spin_max = ns > b->spin_max ? ns : b->spin_max;
	b->machine.spin_spread = b->spin_max / b->spin_min;
}

/* ---- making ---- */

/* Without hugepages no buffer lies on two pages, which are too small for two. */
static uint64_t mbuf_bytes(bool hugepages)
{
	const uint64_t page = 4096;

	return hugepages ? sizeof(struct rte_mbuf) + RTE_MBUF_DEFAULT_BUF_SIZE + RTE_CACHE_LINE_SIZE : page;
}

/* Memory of the whole run; generated regions, of IPv4, take none of DPDK's. */
static uint64_t needed_mib(const struct bench_options *o, uint32_t workers, bool hugepages)
{
	const uint64_t others_mib = 64; /* rings, lanes, what DPDK needs for itself */
	uint64_t mbufs = bench_device_mbufs(o->frames, workers);

	return sizing_mib(&o->config, workers) + mbufs * mbuf_bytes(hugepages) / MIB + others_mib +
	       (o->growth ? bench_growth_mib(o) : 0);
}

static int start_eal(struct bench *b)
{
	const struct nt_config *c = &b->options->config;
	uint64_t free_mib = eal_free_hugepages_mib(), mib = needed_mib(b->options, b->workers, true);
	struct eal_options options = {.workers = b->workers, .lcores = c->lcores, .memory_mib = (uint32_t)mib};
	char why[WHY_BYTES];
	int err;

	b->machine.hugepages = c->memory.hugepages != NT_HUGEPAGES_NO && free_mib >= mib;
	if (!b->machine.hugepages && c->memory.hugepages == NT_HUGEPAGES_YES) {
		nt_error("memory.hugepages: yes, but of %" PRIu64 " MiB needed %" PRIu64 " are free: echo %" PRIu64
			 " > /proc/sys/vm/nr_hugepages",
			 mib, free_mib, mib / 2 + 1);
		return -ENOMEM;
	}
	options.hugepages = b->machine.hugepages;
	if (!options.hugepages)
		options.memory_mib = (uint32_t)needed_mib(b->options, b->workers, false);
	err = eal_start(&options, why, sizeof(why));
	if (err)
		nt_error("dpdk: %s", why);
	return err;
}

static int open_regions(struct bench *b)
{
	if (*b->options->config.geo.country || *b->options->config.geo.asn) {
		int err = databases_open(&b->options->config.geo, DATABASES_DPDK, &b->databases);

		b->machine.prefixes = b->databases.geo.info.prefixes4 + b->databases.geo.info.prefixes6;
		b->machine.own_regions = b->databases.geo.locate;
		if (err || b->machine.own_regions)
			return err;
	}
	b->generated = bench_regions(b->options->prefixes, &b->machine.prefixes);
	if (b->generated)
		return 0;
	nt_error("no memory for region tables: %s", strerror(errno));
	return -errno;
}

const struct nt_locate *bench_regions_of(const struct bench *b)
{
	return b->generated ? b->generated : b->databases.geo.locate;
}

static int make_workers(struct bench *b)
{
	int socket[RTE_MAX_LCORE];
	const struct stats_options options = {
	    .workers = b->workers,
	    .locate = bench_regions_of(b),
	    .signatures = b->signatures,
	    .tables = sizing_tables(&b->options->config),
	    .ready = true,
	    .socket = socket,
	};

	for (uint32_t i = 0; i < b->workers; i++)
		socket[i] = eal_worker_socket(i);
	b->lane = rte_zmalloc("lanes", b->workers * sizeof(struct bench_lane), RTE_CACHE_LINE_SIZE);
	if (b->lane && !stats_init(&b->stats, &options))
		return 0;
	nt_error("workers: no memory for their tables");
	return -ENOMEM;
}

static int open_signatures(struct bench *b)
{
	if (b->options->signatures < 0)
		return rules_open(&b->options->config, &b->signatures);
	b->signatures = bench_signatures((uint32_t)b->options->signatures);
	if (b->signatures)
		return 0;
	nt_error("no memory for signatures: %s", strerror(errno));
	return -errno;
}

int bench_open(struct bench *b, const struct bench_options *options)
{
	int err;

	*b = (struct bench){.options = options, .workers = options->config.workers};
	b->machine.cpu_share = 1;
	read_cpu(b->machine.cpu, sizeof(b->machine.cpu));
	err = open_signatures(b);
	if (!err)
		err = start_eal(b);
	if (err) {
		nt_signatures_free(b->signatures);
		return err;
	}
	eal_release_messages();
	b->machine.tsc_hz = rte_get_tsc_hz();
	b->machine.signatures = b->signatures ? nt_signatures_n(b->signatures) : 0;
	err = open_regions(b);
	if (!err)
		err = make_workers(b);
	if (err) {
		bench_close(b);
		return err;
	}
	b->machine.simd = nt_locate_simd(bench_regions_of(b));
	return 0;
}

void bench_close(struct bench *b)
{
	if (b->stats.worker)
		stats_fini(&b->stats);
	rte_free(b->lane);
	nt_locate_free(b->generated);
	databases_free(&b->databases);
	eal_stop();
	nt_signatures_free(b->signatures);
}

/* ---- measuring ---- */

/* Rates of one stage, a round each. */
struct rounds {
	double pps[BENCH_ROUNDS_MAX];
	double cycles[BENCH_ROUNDS_MAX];
	double worker_pps[BENCH_WORKERS_MAX][BENCH_ROUNDS_MAX];
};

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double bench_median(double *values, uint32_t n)
{
	qsort(values, n, sizeof(values[0]), compare);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static void note_round(struct bench *b, struct rounds *into, uint32_t round)
{
	uint64_t packets = 0, cycles = 0;

	into->pps[round] = 0;
	for (uint32_t i = 0; i < b->workers; i++) {
		const struct bench_lane *l = &b->lane[i];
		double pps = (double)l->packets * (double)b->machine.tsc_hz / (double)l->cycles;

		into->worker_pps[i][round] = pps;
		into->pps[round] += pps;
		packets += l->packets;
		cycles += l->cycles;
	}
	into->cycles[round] = (double)cycles / (double)packets;
}

/* Asleep: rte_eal_wait_lcore() would keep a CPU busy meanwhile, perhaps the worker's. */
static int wait_for_lane(uint32_t lcore)
{
	while (rte_eal_get_lcore_state(lcore) == RUNNING)
		nt_clock_nap(LOOK_NS);
	return rte_eal_wait_lcore(lcore);
}

static void note_share(struct bench *b, const struct bench_lane *lane)
{
	double share = (double)lane->cpu_ns / (double)lane->wall_ns;

	b->machine.cpu_share = share < b->machine.cpu_share ? share : b->machine.cpu_share;
}

int bench_once(struct bench *b, const struct bench_run *run, enum bench_stage stage)
{
	const struct bench_setting *s = run->setting;
	int err = 0;

	atomic_store_explicit(&b->go, false, memory_order_release);
	stats_set_locate(s->stats, s->locate);
	for (uint32_t i = 0; i < b->workers; i++) {
		uint64_t frames = run->parts->frames[i];

		b->lane[i] = (struct bench_lane){
		    .worker = s->stats->worker[i],
		    .signatures = s->signatures,
		    .senders = s->senders,
		    .port = run->device->port[i],
		    .stage = stage,
		    .pass_packets = s->pass < frames ? s->pass : frames,
		    .duration = (uint64_t)(b->options->seconds * (double)b->machine.tsc_hz),
		    .go = &b->go,
		};
		rte_eal_remote_launch(bench_loop, &b->lane[i], EAL_WORKER_LCORE(i));
	}
	atomic_store_explicit(&b->go, true, memory_order_release);
	for (uint32_t i = 0; i < b->workers; i++) {
		int returned = wait_for_lane(EAL_WORKER_LCORE(i));

		err = err ? err : returned;
		note_share(b, &b->lane[i]);
	}
	return err;
}

static bool wanted(const struct bench_options *o, enum bench_stage stage)
{
	return o->stages || stage == BENCH_RECEIVE || stage == BENCH_SIGNATURES;
}

/* All stages in turn, then all again: what changes on the machine meets them alike. The first turn is for caches. */
static int measure_rounds(struct bench *b, const struct bench_run *run, struct rounds rounds[static BENCH_STAGES])
{
	int err = 0;

	for (uint32_t round = 0; round <= b->options->rounds && !err; round++) {
		bench_watch_clock(b);
		for (enum bench_stage s = 0; s < BENCH_STAGES && !err; s++) {
			if (!wanted(b->options, s))
				continue;
			err = bench_once(b, run, s);
			if (!err && round)
				note_round(b, &rounds[s], round - 1);
		}
	}
	if (err)
		nt_error("a worker could not run: %s", strerror(-err));
	return err;
}

static void sum_up(const struct bench *b, struct rounds *r, struct bench_rate *rate)
{
	uint32_t n = b->options->rounds;

	rate->pps = bench_median(r->pps, n);
	rate->pps_min = r->pps[0];
	rate->pps_max = r->pps[n - 1];
	rate->cycles = bench_median(r->cycles, n);
	for (uint32_t i = 0; i < b->workers; i++)
		rate->worker_pps[i] = bench_median(r->worker_pps[i], n);
}

static int measure_device(struct bench *b, const struct bench_setting *setting, const struct bench_parts *parts,
			  struct bench_result *result)
{
	struct rounds *rounds = calloc(BENCH_STAGES, sizeof(*rounds));
	struct bench_device device;
	const struct bench_run run = {.device = &device, .parts = parts, .setting = setting};
	int err = rounds ? bench_device_open(&device, parts) : -ENOMEM;

	if (!err) {
		err = b->options->switches ? bench_switch(b, &device, &result->switches)
					   : measure_rounds(b, &run, rounds);
		bench_device_close(&device);
	}
	for (enum bench_stage s = 0; s < BENCH_STAGES && !err && !b->options->switches; s++) {
		result->measured[s] = wanted(b->options, s);
		if (result->measured[s])
			sum_up(b, &rounds[s], &result->rate[s]);
	}
	free(rounds);
	return err;
}

uint32_t bench_table_sources(const struct bench *b, const struct nt_tally_options *tables)
{
	return sizing_split(tables, b->workers).source_entries;
}

struct bench_setting bench_setting(struct bench *b)
{
	return (struct bench_setting){.stats = &b->stats, .locate = bench_regions_of(b), .signatures = b->signatures};
}

/* Every packet of a flood is from a new source: each pass over its frames begins anew. */
void bench_setting_flood(struct bench_setting *s, uint32_t table, uint32_t fill_percent)
{
	s->pass = UINT64_MAX;
	s->senders.known = (uint32_t)((uint64_t)table * fill_percent / 100);
	s->senders.first = FLOOD_KNOWN;
	if (fill_percent > 0 && fill_percent < 100)
		s->pass = table / FLOOD_PART ? table / FLOOD_PART : 1;
}

int bench_setting_sources(struct bench_setting *s, uint32_t sources)
{
	s->senders.n = sources <= SENDERS ? SENDERS : 4 * SENDERS;
	s->senders.known = sources;
	s->senders.list = bench_senders(s->senders.n, sources);
	return s->senders.list ? 0 : -ENOMEM;
}

static int make_setting(struct bench *b, const struct bench_case *which, struct bench_setting *s)
{
	const struct nt_tally_options tables = sizing_tables(&b->options->config);

	*s = bench_setting(b);
	if (which->workload == BENCH_FLOOD)
		bench_setting_flood(s, bench_table_sources(b, &tables), which->fill_percent);
	return which->sources ? bench_setting_sources(s, RTE_MAX(which->sources / b->workers, 1u)) : 0;
}

int bench_make_parts(struct bench *b, const struct bench_case *which, struct bench_parts *parts)
{
	const struct bench_options *o = b->options;
	char why[WHY_BYTES];
	int err;

	if (which->workload == BENCH_CAPTURE)
		err = bench_parts_split(parts, o->capture, o->frames, b->workers, why, sizeof(why));
	else
		err = bench_parts_generate(parts, which->workload, which->frame_bytes, o->frames, b->workers, why,
					   sizeof(why));
	if (err)
		nt_error("%s", why);
	b->unusable = err;
	return err;
}

int bench_measure(struct bench *b, const struct bench_case *which, struct bench_result *result)
{
	struct bench_setting setting;
	struct bench_parts parts;
	char why[WHY_BYTES];
	int err = bench_make_parts(b, which, &parts);

	if (err)
		return err;
	*result = (struct bench_result){.which = *which, .workers = b->workers};
	result->wire_bits = 8 * ((double)parts.bytes_all / (double)parts.frames_all + WIRE_BYTES);
	err = make_setting(b, which, &setting);
	if (!err)
		err = measure_device(b, &setting, &parts, result);
	if (!err && b->options->testpmd) {
		err = bench_testpmd(&parts, b->options, b->machine.hugepages, &result->testpmd_pps, why, sizeof(why));
		if (err)
			nt_error("%s", why);
	}
	free(setting.senders.list);
	bench_parts_free(&parts);
	return err;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_switch.h"

#include "bench.h"
#include "eal.h"
#include "sizing.h"

#include "base/clock.h"
#include "base/log.h"
#include "worker/worker.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_malloc.h>
#include <rte_pause.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* Intervals before those that are measured: once with each bank, for caches and the memory of folding. */
#define WARM_UP 2

#define NAP_NS 1000000

/* What the workers' times belong to: slot 0 is not measured, then three for each interval. */
#define SLOT_RECEIVE(i)	  (1 + 3 * (i))
#define SLOT_OTHERWISE(i) (2 + 3 * (i))
#define SLOT_FOLDING(i)	  (3 + 3 * (i))
#define SLOTS		  (1 + 3 * BENCH_SWITCHES_MAX)
#define SLOT_END	  UINT32_MAX

/* A moment, or what lies between two. */
struct gap {
	uint64_t cycles;   /* of the TSC */
	uint64_t cpu_ns;   /* of the thread */
	uint64_t switches; /* of the thread's context */
};

/* One worker lcore. */
struct switch_lane {
	struct bench_lane lane;
	const _Atomic uint32_t *slot; /* the main lcore writes */

	/* The lane writes; read when it has ended. */
	uint64_t gaps;	/* with counting, */
	struct gap all; /* added up */
	struct gap longest[SLOTS];
	struct gap change[SLOTS]; /* the first in another bank */
};

struct rounds {
	alignas(64) _Atomic uint32_t slot;
	struct switch_lane *lane; /* [workers] */
	struct bench_senders senders;
	struct gap fold[BENCH_SWITCHES_MAX];
	struct gap take[BENCH_SWITCHES_MAX];
	double packets[BENCH_SWITCHES_MAX];
};

/* ---- the workers ---- */

static struct gap now(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return (struct gap){.cycles = rte_rdtsc(),
			    .cpu_ns = bench_thread_ns(),
			    .switches = (uint64_t)usage.ru_nvcsw + (uint64_t)usage.ru_nivcsw};
}

static struct gap between(struct gap begin, struct gap end)
{
	return (struct gap){.cycles = end.cycles - begin.cycles,
			    .cpu_ns = end.cpu_ns - begin.cpu_ns,
			    .switches = end.switches - begin.switches};
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* To be taken off a core costs CPU time, too: that of gaps in which it happened says nothing of the program. */
static void note_gap(struct gap *longest, struct gap g)
{
	longest->cycles = larger(longest->cycles, g.cycles);
	longest->switches += g.switches;
	if (!g.switches)
		longest->cpu_ns = larger(longest->cpu_ns, g.cpu_ns);
}

static uint32_t turn_of(const struct nt_worker *w)
{
	return atomic_load_explicit(&w->turn, memory_order_relaxed);
}

/* From one burst to the next. */
static void take_gap(struct switch_lane *l, uint32_t slot, struct gap begin, struct gap end, bool other_bank)
{
	struct gap g = between(begin, end);

	if (l->lane.stage != BENCH_RECEIVE) {
		l->gaps++;
		l->all.cycles += g.cycles;
		l->all.cpu_ns += g.cpu_ns;
	}
	note_gap(&l->longest[slot], g);
	if (other_bank)
		note_gap(&l->change[slot], g);
}

static int lane_loop(void *argument)
{
	struct switch_lane *l = argument;
	int err = nt_worker_join(l->lane.worker);
	uint32_t slot, turn = turn_of(l->lane.worker);
	struct gap last;

	if (err)
		return err;
	last = now();
	while ((slot = atomic_load_explicit(l->slot, memory_order_relaxed)) != SLOT_END) {
		struct gap begin = last;
		uint32_t before = turn;

		turn = turn_of(l->lane.worker);
		l->lane.stage = slot && slot % 3 == SLOT_RECEIVE(0) ? BENCH_RECEIVE : BENCH_SIGNATURES;
		bench_take_burst(&l->lane);
		last = now();
		take_gap(l, slot, begin, last, turn != before);
	}
	nt_worker_leave(l->lane.worker);
	return 0;
}

/* As many as fill a worker's tables within some million packets: more sources than there are lines, at many ports. */
static int make_senders(struct bench *b, struct bench_senders *senders)
{
	const struct nt_tally_options tables = sizing_tables(&b->options->config);
	uint32_t lines = bench_table_sources(b, &tables);

	senders->n = 4 * lines;
	senders->list = bench_senders(senders->n, lines + lines / 4);
	return senders->list ? 0 : -ENOMEM;
}

static void start_lanes(struct bench *b, const struct bench_device *device, struct rounds *r)
{
	for (uint32_t i = 0; i < b->workers; i++) {
		r->lane[i].slot = &r->slot;
		r->lane[i].lane = (struct bench_lane){.worker = b->stats.worker[i],
						      .senders = r->senders,
						      .port = device->port[i],
						      .stage = BENCH_SIGNATURES};
		rte_eal_remote_launch(lane_loop, &r->lane[i], EAL_WORKER_LCORE(i));
	}
}

static int stop_lanes(struct bench *b, struct rounds *r)
{
	int err = 0;

	atomic_store_explicit(&r->slot, SLOT_END, memory_order_relaxed);
	for (uint32_t i = 0; i < b->workers; i++) {
		int returned;

		while (rte_eal_get_lcore_state(EAL_WORKER_LCORE(i)) == RUNNING)
			nt_clock_nap(NAP_NS);
		returned = rte_eal_wait_lcore(EAL_WORKER_LCORE(i));
		err = err ? err : returned;
	}
	return err;
}

/* ---- the main lcore ---- */

/* A whole one, whatever folding took: the banks fill up in it. */
static void sleep_for_second(void)
{
	uint64_t end_ns = nt_clock_monotonic_ns() + NT_SECOND_NS;

	while (nt_clock_monotonic_ns() < end_ns)
		nt_clock_nap(NAP_NS);
}

/* Ends the open interval, as live capture does. */
static int end_interval(struct bench *b, struct gap *fold, struct gap *take, double *packets)
{
	struct interval interval = {.end_s = 1};
	struct nt_snapshot snapshot;
	struct gap begin = now();
	int err = stats_fold_last(&b->stats);

	*fold = between(begin, now());
	if (err)
		return err;
	begin = now();
	interval.received = stats_folded_frames(&b->stats);
	err = stats_take(&b->stats, &interval, &snapshot);
	*take = between(begin, now());
	*packets = (double)snapshot.frames;
	if (!err && snapshot.loss.unexplained)
		err = -EIO;
	nt_snapshot_fini(&snapshot);
	return err;
}

static void enter(struct rounds *r, uint32_t slot)
{
	atomic_store_explicit(&r->slot, slot, memory_order_relaxed);
}

static int end_intervals(struct bench *b, struct rounds *r)
{
	int err = 0;

	for (uint32_t i = 0; i < WARM_UP + b->options->switches && !err; i++) {
		uint32_t n = i < WARM_UP ? 0 : i - WARM_UP;

		if (i >= WARM_UP) {
			enter(r, SLOT_RECEIVE(n)); /* what the machine does to a worker by itself */
			sleep_for_second();
		}
		enter(r, i < WARM_UP ? 0 : SLOT_OTHERWISE(n));
		sleep_for_second();
		enter(r, i < WARM_UP ? 0 : SLOT_FOLDING(n));
		err = end_interval(b, &r->fold[n], &r->take[n], &r->packets[n]);
	}
	enter(r, 0);
	sleep_for_second(); /* the last banks fill up, too, and are then looked at */
	return err;
}

/* ---- the result ---- */

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static struct bench_spread spread_of(double *values, uint32_t n)
{
	if (!n)
		return (struct bench_spread){0};
	qsort(values, n, sizeof(values[0]), compare);
	return (struct bench_spread){.median = (values[(n - 1) / 2] + values[n / 2]) / 2, .most = values[n - 1]};
}

/* Of an interval each; `unit` is what a second is counted in. */
static struct bench_time time_of(const struct gap *gap, uint32_t n, double tsc_hz, double unit)
{
	double cpu[BENCH_SWITCHES_MAX], wall[BENCH_SWITCHES_MAX];
	uint32_t n_cpu = 0;

	for (uint32_t i = 0; i < n; i++) {
		wall[i] = (double)gap[i].cycles / tsc_hz * unit;
		if (gap[i].cpu_ns) /* 0: a context switch in each */
			cpu[n_cpu++] = (double)gap[i].cpu_ns / NT_SECOND_NS * unit;
	}
	return (struct bench_time){.cpu = spread_of(cpu, n_cpu), .wall = spread_of(wall, n)};
}

static void merge(struct gap *longest, const struct gap *other)
{
	longest->cycles = larger(longest->cycles, other->cycles);
	longest->cpu_ns = larger(longest->cpu_ns, other->cpu_ns);
}

static void sum_up_gaps(struct bench *b, const struct rounds *r, struct bench_switches *s)
{
	struct gap folding[BENCH_SWITCHES_MAX] = {0}, otherwise[BENCH_SWITCHES_MAX] = {0};
	struct gap change[BENCH_SWITCHES_MAX] = {0}, receive[BENCH_SWITCHES_MAX] = {0};
	double tsc_hz = (double)b->machine.tsc_hz, gaps = 0, cpu_ns = 0, cycles = 0;

	for (uint32_t w = 0; w < b->workers; w++) {
		const struct switch_lane *l = &r->lane[w];
		double share = (double)l->all.cpu_ns / NT_SECOND_NS / ((double)l->all.cycles / tsc_hz);

		b->machine.cpu_share = share < b->machine.cpu_share ? share : b->machine.cpu_share;
		gaps += (double)l->gaps;
		cpu_ns += (double)l->all.cpu_ns;
		cycles += (double)l->all.cycles;
		for (uint32_t i = 0; i < s->n; i++) {
			merge(&folding[i], &l->longest[SLOT_FOLDING(i)]);
			merge(&otherwise[i], &l->longest[SLOT_OTHERWISE(i)]);
			merge(&change[i], &l->change[SLOT_FOLDING(i)]);
			merge(&receive[i], &l->longest[SLOT_RECEIVE(i)]);
		}
	}
	s->gap_cpu = cpu_ns / gaps / 1e3;
	s->gap_wall = cycles / gaps / tsc_hz * 1e6;
	s->gap_folding = time_of(folding, s->n, tsc_hz, 1e6);
	s->gap_otherwise = time_of(otherwise, s->n, tsc_hz, 1e6);
	s->gap_receive = time_of(receive, s->n, tsc_hz, 1e6);
	s->gap_change = time_of(change, s->n, tsc_hz, 1e6);
}

/* Of banks that nobody counts in any more. */
static void note_fill(const struct bench *b, struct bench_switches *s)
{
	for (uint32_t i = 0; i < b->workers; i++) {
		struct nt_worker *w = b->stats.worker[i];
		struct nt_tally *t = w->bank[atomic_load_explicit(&w->turn, memory_order_relaxed) & 1];

		s->sources += (double)t->sources.n / t->sources.limit / b->workers;
		s->pairs += (double)t->pairs.n_touched / t->pairs.limit / b->workers;
		s->victims += (double)t->replies.n / t->replies.limit / b->workers;
		s->region_port += (double)t->region_port.n_touched / t->region_port.limit / b->workers;
		nt_tally_clear(t);
	}
}

static void sum_up(struct bench *b, struct rounds *r, struct bench_switches *s)
{
	double tsc_hz = (double)b->machine.tsc_hz;

	s->n = b->options->switches;
	s->workers = b->workers;
	sum_up_gaps(b, r, s);
	s->fold = time_of(r->fold, s->n, tsc_hz, 1);
	s->take = time_of(r->take, s->n, tsc_hz, 1);
	s->packets = spread_of(r->packets, s->n).median;
	note_fill(b, s);
}

int bench_switch(struct bench *b, const struct bench_device *device, struct bench_switches *result)
{
	struct rounds *r = rte_zmalloc("switches", sizeof(*r), RTE_CACHE_LINE_SIZE);
	int err, stopped;

	*result = (struct bench_switches){0};
	if (r)
		r->lane = rte_zmalloc("switch lanes", b->workers * sizeof(*r->lane), RTE_CACHE_LINE_SIZE);
	err = r && r->lane ? make_senders(b, &r->senders) : -ENOMEM;
	if (!err) {
		bench_watch_clock(b);
		start_lanes(b, device, r);
		err = end_intervals(b, r);
		stopped = stop_lanes(b, r);
		bench_watch_clock(b);
		err = err ? err : stopped;
	}
	if (err)
		nt_error("switches: %s", strerror(-err));
	else
		sum_up(b, r, result);
	if (r) {
		free(r->senders.list);
		rte_free(r->lane);
	}
	rte_free(r);
	return err;
}

/* ---- printing ---- */

static void print_time(const char *name, const struct bench_time *t, int digits)
{
	printf("  %-36s %8.*f %8.*f %8.*f %8.*f\n", name, digits, t->cpu.median, digits, t->cpu.most, digits,
	       t->wall.median, digits, t->wall.most);
}

void bench_switch_print(const struct bench_switches *s)
{
	double whole_s = s->fold.wall.median + s->take.wall.median;

	printf("\n%" PRIu32 " intervals of a second, %.1f M packets each, %" PRIu32 " worker%s\n", s->n,
	       s->packets / 1e6, s->workers, s->workers > 1 ? "s" : "");
	printf("  tables in use: sources %.0f %%, pairs %.0f %%, victims %.0f %%, region x port %.0f "
	       "%%\n",
	       100 * s->sources, 100 * s->pairs, 100 * s->victims, 100 * s->region_port);
	printf("  %-36s %8s %8s %8s %8s\n", "", "CPU time", "most", "clock", "most");
	printf("  %-36s %8.1f %8s %8.1f\n", "gap, mean of all, us", s->gap_cpu, "", s->gap_wall);
	print_time("gap in which the bank changes, us", &s->gap_change, 1);
	print_time("longest gap while one is folded, us", &s->gap_folding, 1);
	print_time("longest gap otherwise, us", &s->gap_otherwise, 1);
	print_time("longest gap, only receiving, us", &s->gap_receive, 1);
	print_time("fold, s", &s->fold, 3);
	print_time("make the snapshot, s", &s->take, 3);
	printf("  both are %.1f %% of an interval of 60 s\n", 100 * whole_s / 60);
}

static json_t *spread_json(const struct bench_spread *s)
{
	return json_pack("{s:f, s:f}", "median", s->median, "most", s->most);
}

static json_t *time_json(const struct bench_time *t)
{
	return json_pack("{s:o, s:o}", "cpu", spread_json(&t->cpu), "clock", spread_json(&t->wall));
}

struct json_t *bench_switch_json(const struct bench_switches *s)
{
	json_t *fill = json_pack("{s:f, s:f, s:f, s:f}", "sources", s->sources, "pairs", s->pairs, "victims",
				 s->victims, "region_port", s->region_port);

	return json_pack("{s:s, s:I, s:I, s:f, s:o, s:{s:f, s:f}, s:o, s:o, s:o, s:o, s:o, s:o}", "name", "switches",
			 "workers", (json_int_t)s->workers, "intervals", (json_int_t)s->n, "packets", s->packets,
			 "fill", fill, "gap_mean_us", "cpu", s->gap_cpu, "clock", s->gap_wall, "gap_change_us",
			 time_json(&s->gap_change), "gap_folding_us", time_json(&s->gap_folding), "gap_otherwise_us",
			 time_json(&s->gap_otherwise), "gap_receive_us", time_json(&s->gap_receive), "fold_s",
			 time_json(&s->fold), "snapshot_s", time_json(&s->take));
}

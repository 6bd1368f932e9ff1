/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

/* Below and above these the numbers say more about the machine than about the program. */
#define SHARE_LEAST 0.99
#define SPREAD_MOST 1.02

static double ns_of(double pps, uint32_t workers)
{
	return 1e9 * workers / pps;
}

static double ratio_of(const struct bench_result *r)
{
	return r->rate[BENCH_SIGNATURES].pps / r->rate[BENCH_RECEIVE].pps;
}

/* ---- words ---- */

static void print_machine(const struct bench_machine *m)
{
	printf("%s, TSC %.3f GHz, %s, look-ups %s in %" PRIu32 " prefixes (%s), %" PRIu32 " signatures\n", m->cpu,
	       (double)m->tsc_hz / 1e9, m->hugepages ? "hugepages" : "no hugepages", m->simd, m->prefixes,
	       m->own_regions ? "database" : "generated", m->signatures);
}

static void print_doubts(const struct bench_machine *m)
{
	printf("\nA worker had at least %.1f %% of its CPU; a fixed loop took up to %.1f %% longer than at its best.\n",
	       100 * m->cpu_share, 100 * (m->spin_spread - 1));
	if (m->cpu_share < SHARE_LEAST)
		printf("Others used the workers' CPUs: compare ratios only.\n");
	if (m->spin_spread > SPREAD_MOST)
		printf("The clock rate changed, or the core is shared: compare ratios only.\n");
	if (!m->hugepages)
		printf("Without hugepages: echo 2048 > /proc/sys/vm/nr_hugepages makes a difference.\n");
}

static void print_rate(const char *name, const struct bench_result *r, const struct bench_rate *rate)
{
	printf("  %-13s %8.2f %8.2f %8.2f %8.2f %8.1f %8.0f\n", name, rate->pps / 1e6, rate->pps_min / 1e6,
	       rate->pps_max / 1e6, rate->pps * r->wire_bits / 1e9, ns_of(rate->pps, r->workers), rate->cycles);
}

static void print_stages(const struct bench_result *r)
{
	const struct bench_rate *before = &r->rate[BENCH_RECEIVE];

	printf("  ns/packet    ");
	for (enum bench_stage s = 0; s < BENCH_STAGES; s++) {
		double ns = ns_of(r->rate[s].pps, r->workers);

		printf(" %s %.1f", bench_stage_name[s], s ? ns - ns_of(before->pps, r->workers) : ns);
		before = &r->rate[s];
	}
	printf("\n");
}

static void print_workers(const struct bench_result *r)
{
	printf("  Mpps a worker");
	for (uint32_t i = 0; i < r->workers; i++)
		printf(" %.2f", r->rate[BENCH_SIGNATURES].worker_pps[i] / 1e6);
	printf("\n");
}

static void print_result(const struct bench_result *r)
{
	printf("\n%s, ", r->which.name);
	if (r->which.sources)
		printf("%" PRIu32 " sources evenly, ", r->which.sources);
	if (r->which.fill_percent)
		printf("from %" PRIu32 " %% fill, ", r->which.fill_percent);
	if (r->which.frame_bytes)
		printf("%" PRIu32 "-byte frames, ", r->which.frame_bytes);
	printf("%" PRIu32 " worker%s: full / receive only = %.3f\n", r->workers, r->workers > 1 ? "s" : "",
	       ratio_of(r));
	printf("  %-13s %8s %8s %8s %8s %8s %8s\n", "", "Mpps", "min", "max", "Gb/s", "ns", "cycles");
	print_rate("receive only", r, &r->rate[BENCH_RECEIVE]);
	print_rate("full", r, &r->rate[BENCH_SIGNATURES]);
	if (r->testpmd_pps > 0)
		printf("  %-13s %8.2f\n", "testpmd", r->testpmd_pps / 1e6);
	if (r->measured[BENCH_DENSE])
		print_stages(r);
	if (r->workers > 1)
		print_workers(r);
}

int bench_print(const struct bench_machine *machine, const struct bench_result *result, uint32_t n)
{
	print_machine(machine);
	for (uint32_t i = 0; i < n; i++)
		if (result[i].switches.n)
			bench_switch_print(&result[i].switches);
		else
			print_result(&result[i]);
	print_doubts(machine);
	return fflush(stdout) || ferror(stdout) ? -EIO : 0;
}

/* 1234567 as 1,234,567. */
static const char *grouped(uint32_t n, char text[static 16])
{
	if (n >= 1000000)
		snprintf(text, 16, "%u,%03u,%03u", n / 1000000, n / 1000 % 1000, n % 1000);
	else if (n >= 1000)
		snprintf(text, 16, "%u,%03u", n / 1000, n % 1000);
	else
		snprintf(text, 16, "%u", n);
	return text;
}

int bench_print_growth(const struct bench_machine *machine, const struct bench_growth *row, uint32_t n)
{
	char many[16], table[16];

	print_machine(machine);
	printf("\n| what grows | to | the table takes | ns per packet | least | most |\n|---|--:|--:|--:|--:|--:|\n");
	for (uint32_t i = 0; i < n; i++)
		printf("| %s | %s%s | %s | %.1f | %.1f | %.1f |\n", row[i].what, grouped(row[i].n, many), row[i].unit,
		       grouped(row[i].table, table), row[i].ns, row[i].ns_min, row[i].ns_max);
	print_doubts(machine);
	return fflush(stdout) || ferror(stdout) ? -EIO : 0;
}

/* ---- JSON ---- */

/* So many digits as mean something. */
static json_t *rounded(double value, double unit)
{
	return json_real((double)(int64_t)(value / unit + 0.5) * unit);
}

static json_t *integer(double value)
{
	return json_integer((json_int_t)(value + 0.5));
}

static json_t *machine_json(const struct bench_machine *m)
{
	return json_pack("{s:s, s:I, s:b, s:s, s:I, s:b, s:I, s:o, s:o}", "cpu", m->cpu, "tsc_hz",
			 (json_int_t)m->tsc_hz, "hugepages", m->hugepages, "simd", m->simd, "prefixes",
			 (json_int_t)m->prefixes, "database", m->own_regions, "signatures", (json_int_t)m->signatures,
			 "cpu_share", rounded(m->cpu_share, 1e-4), "clock_spread", rounded(m->spin_spread, 1e-4));
}

static json_t *stages_json(const struct bench_result *r)
{
	json_t *stages = json_object();

	for (enum bench_stage s = 0; s < BENCH_STAGES; s++) {
		const struct bench_rate *rate = &r->rate[s];

		if (r->measured[s])
			json_object_set_new(stages, bench_stage_name[s],
					    json_pack("{s:o, s:o, s:o, s:o}", "pps", integer(rate->pps), "pps_min",
						      integer(rate->pps_min), "pps_max", integer(rate->pps_max),
						      "ns_per_packet", rounded(ns_of(rate->pps, r->workers), 0.01)));
	}
	return stages;
}

static json_t *per_worker_json(const struct bench_result *r)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < r->workers; i++)
		json_array_append_new(list, integer(r->rate[BENCH_SIGNATURES].worker_pps[i]));
	return list;
}

static json_t *result_json(const struct bench_result *r)
{
	const struct bench_rate *receive = &r->rate[BENCH_RECEIVE], *full = &r->rate[BENCH_SIGNATURES];
	json_t *o =
	    json_pack("{s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name", r->which.name, "frame_bytes",
		      (json_int_t)r->which.frame_bytes, "workers", (json_int_t)r->workers, "receive_only_pps",
		      integer(receive->pps), "full_pps", integer(full->pps), "ratio", rounded(ratio_of(r), 1e-4),
		      "ns_per_packet", rounded(ns_of(full->pps, r->workers), 0.01), "cycles_per_packet",
		      rounded(full->cycles, 0.01), "gbps", rounded(full->pps * r->wire_bits / 1e9, 0.001),
		      "full_pps_per_worker", per_worker_json(r), "stages", stages_json(r));

	if (o && r->testpmd_pps > 0)
		json_object_set_new(o, "testpmd_pps", integer(r->testpmd_pps));
	if (o && r->which.sources)
		json_object_set_new(o, "sources", json_integer(r->which.sources));
	if (o && r->which.fill_percent)
		json_object_set_new(o, "fill_percent", json_integer(r->which.fill_percent));
	return o;
}

static int print_json(json_t *whole)
{
	int err = 0;

	if (!whole)
		return -ENOMEM;
	if (json_dumpf(whole, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12)) || putchar('\n') == EOF || fflush(stdout))
		err = -EIO;
	json_decref(whole);
	return err;
}

int bench_print_json(const struct bench_machine *machine, const struct bench_result *result, uint32_t n)
{
	json_t *workloads = json_array();

	for (uint32_t i = 0; i < n; i++)
		json_array_append_new(workloads, result[i].switches.n ? bench_switch_json(&result[i].switches)
								      : result_json(&result[i]));
	return print_json(json_pack("{s:s, s:o, s:o}", "schema", "needletail-bench/1", "machine", machine_json(machine),
				    "workloads", workloads));
}

int bench_print_growth_json(const struct bench_machine *machine, const struct bench_growth *row, uint32_t n)
{
	json_t *growth = json_array();

	for (uint32_t i = 0; i < n; i++)
		json_array_append_new(
		    growth, json_pack("{s:s, s:I, s:I, s:o, s:o, s:o}", "what", row[i].what, "to", (json_int_t)row[i].n,
				      "table", (json_int_t)row[i].table, "ns_per_packet", rounded(row[i].ns, 0.01),
				      "ns_min", rounded(row[i].ns_min, 0.01), "ns_max", rounded(row[i].ns_max, 0.01)));
	return print_json(json_pack("{s:s, s:o, s:o, s:o}", "schema", "needletail-bench/1", "machine",
				    machine_json(machine), "workloads", json_array(), "growth", growth));
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench.h"
#include "bench_growth.h"
#include "bench_regions.h"
#include "commands.h"
#include "complete.h"
#include "options.h"

#include "base/log.h"
#include "base/parse.h"
#include "needletail/errors.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES	       1000000
#define FRAMES_MOST    20000000
#define ROUNDS	       5
#define GROWTH_FRAMES  262144 /* whose senders are put in: enough that all else repeats seldom */
#define SECONDS	       0.5
#define SECONDS_LEAST  0.01
#define SECONDS_MOST   60
#define PREFIXES_LEAST 1000

static const char help[] =
    "usage: needletail bench [options] [CAPTURE]\n"
    "\n"
    "Measures the packet path on an endless replay, in turn with receiving alone on the same device in the same run.\n"
    "Without a capture (Ethernet, pcap or pcapng) workloads are generated, the same each time.\n"
    "\n"
    "  -c, --config FILE       tables, signatures, databases, lcores and memory from a configuration file\n"
    "      --workload NAME     telescope, flood or backscatter; may be given several times (default: all)\n"
    "      --bytes N           length of generated frames, 60 to 1514; may be given several times (default 60)\n"
    "      --frames N          frames to repeat, of a capture the first ones (default 1000000)\n"
    "      --workers N         worker lcores, 1 to 32 (default 1)\n"
    "      --rounds N          1 to 99; medians are over rounds (default 5)\n"
    "      --seconds S         for each stage of a round (default 0.5)\n"
    "      --country FILE      country database, MMDB (default: generated regions)\n"
    "      --sources N         of telescope, each sending as much as any other; tables are made large enough\n"
    "      --fill PERCENT      of the source table when a flood begins, 0 to 100 (default 0)\n"
    "      --prefixes N        of generated regions, about (default: as many as databases have, 580567)\n"
    "      --signatures N      0 to 32, of all kinds (default: those of the configuration)\n"
    "      --growth            instead: how the cost grows with sources (up to --sources, 10000000), prefixes,\n"
    "                          signatures and fill, as Markdown; takes 4 GB and four minutes\n"
    "      --no-stages         only receiving alone and everything, not what lies between\n"
    "      --switches N        instead: what the ends of N intervals of a second do to busy workers with full tables\n"
    "      --compare-testpmd   also run dpdk-testpmd, receiving only, on the same frames\n"
    "      --json              print one JSON object\n";

enum option_id {
	OPT_WORKLOAD = 256,
	OPT_BYTES,
	OPT_FRAMES,
	OPT_WORKERS,
	OPT_ROUNDS,
	OPT_SECONDS,
	OPT_COUNTRY,
	OPT_SOURCES,
	OPT_FILL,
	OPT_PREFIXES,
	OPT_SIGNATURES,
	OPT_GROWTH,
	OPT_NO_STAGES,
	OPT_SWITCHES,
	OPT_TESTPMD,
	OPT_JSON
};

static const struct option options_table[] = {
    {"config", required_argument, NULL, 'c'},
    {"help", no_argument, NULL, 'h'},
    {"workload", required_argument, NULL, OPT_WORKLOAD},
    {"bytes", required_argument, NULL, OPT_BYTES},
    {"frames", required_argument, NULL, OPT_FRAMES},
    {"workers", required_argument, NULL, OPT_WORKERS},
    {"rounds", required_argument, NULL, OPT_ROUNDS},
    {"seconds", required_argument, NULL, OPT_SECONDS},
    {"country", required_argument, NULL, OPT_COUNTRY},
    {"sources", required_argument, NULL, OPT_SOURCES},
    {"fill", required_argument, NULL, OPT_FILL},
    {"prefixes", required_argument, NULL, OPT_PREFIXES},
    {"signatures", required_argument, NULL, OPT_SIGNATURES},
    {"growth", no_argument, NULL, OPT_GROWTH},
    {"no-stages", no_argument, NULL, OPT_NO_STAGES},
    {"switches", required_argument, NULL, OPT_SWITCHES},
    {"compare-testpmd", no_argument, NULL, OPT_TESTPMD},
    {"json", no_argument, NULL, OPT_JSON},
    {NULL, 0, NULL, 0},
};

static int add_workload(struct bench_options *o, const char *value)
{
	const char *nearest;
	char why[64] = "must be telescope, flood or backscatter";

	for (uint32_t w = 0; w < BENCH_WORKLOADS; w++)
		if (!strcmp(value, bench_workload_name[w])) {
			o->workloads |= 1u << w;
			return 0;
		}
	nearest = nt_nearest_name(value, bench_workload_name, BENCH_WORKLOADS);
	if (nearest)
		snprintf(why, sizeof(why), "no workload, did you mean %s?", nearest);
	return options_bad_value("workload", value, why);
}

static int add_bytes(struct bench_options *o, const char *value)
{
	uint64_t bytes;
	int err = options_number("bytes", value, BENCH_FRAME_MIN, BENCH_FRAME_MAX, &bytes);

	if (err)
		return err;
	if (o->n_frame_bytes == BENCH_CASES_MAX / BENCH_WORKLOADS)
		return options_bad_value("bytes", value, "too many lengths for one run");
	o->frame_bytes[o->n_frame_bytes++] = (uint32_t)bytes;
	return 0;
}

static int set_seconds(struct bench_options *o, const char *value)
{
	char *end;

	o->seconds = strtod(value, &end);
	if (end != value && !*end && o->seconds >= SECONDS_LEAST && o->seconds <= SECONDS_MOST)
		return 0;
	return options_bad_value("seconds", value, "must be a number from 0.01 to 60");
}

static int set_u32(const char *option, const char *value, uint64_t least, uint64_t most, uint32_t *into)
{
	uint64_t number = 0;
	int err = options_number(option, value, least, most, &number);

	*into = (uint32_t)number;
	return err;
}

static int set_signatures(struct bench_options *o, const char *value)
{
	uint64_t number = 0;
	int err = options_number("signatures", value, 0, NT_SIGNATURES_MAX, &number);

	o->signatures = (int32_t)number;
	return err;
}

/* What the path holds. */
static int set_load(struct bench_options *o, int id, const char *value)
{
	switch (id) {
	case OPT_SOURCES:
		return set_u32("sources", value, 1, BENCH_SOURCES_MAX, &o->sources);
	case OPT_FILL:
		return set_u32("fill", value, 0, 100, &o->fill_percent);
	case OPT_PREFIXES:
		return set_u32("prefixes", value, PREFIXES_LEAST, BENCH_PREFIXES_MAX, &o->prefixes);
	case OPT_SIGNATURES:
		return set_signatures(o, value);
	default:
		return -EINVAL; /* getopt has named it */
	}
}

static int set_option(struct bench_options *o, int id, const char *value)
{
	switch (id) {
	case 'c':
		return 0; /* read before the others */
	case OPT_WORKLOAD:
		return add_workload(o, value);
	case OPT_BYTES:
		return add_bytes(o, value);
	case OPT_FRAMES:
		return options_number("frames", value, 1, FRAMES_MOST, &o->frames);
	case OPT_WORKERS:
		return set_u32("workers", value, 1, BENCH_WORKERS_MAX, &o->config.workers);
	case OPT_ROUNDS:
		return set_u32("rounds", value, 1, BENCH_ROUNDS_MAX, &o->rounds);
	case OPT_SECONDS:
		return set_seconds(o, value);
	case OPT_COUNTRY:
		return config_set_text(&o->config.geo.country, value);
	case OPT_NO_STAGES:
		o->stages = false;
		return 0;
	case OPT_SWITCHES:
		return set_u32("switches", value, 1, BENCH_SWITCHES_MAX, &o->switches);
	case OPT_TESTPMD:
		o->testpmd = true;
		return 0;
	case OPT_GROWTH:
		o->growth = true;
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	default:
		return set_load(o, id, value);
	}
}

static int complete_options(struct bench_options *o, int argc, char **argv)
{
	if (argc - optind > 1) {
		nt_error("bench: one capture at most, see needletail bench --help");
		return -EINVAL;
	}
	if (argc > optind)
		o->capture = argv[optind];
	if (o->capture && (o->workloads || o->n_frame_bytes || o->sources || o->fill_percent || o->growth)) {
		nt_error(
		    "bench: --workload, --bytes, --sources, --fill and --growth are for generated frames, and %s is a "
		    "capture",
		    o->capture);
		return -EINVAL;
	}
	if (o->growth && o->config.workers > 1) {
		nt_error("bench: --growth is measured with one worker");
		return -EINVAL;
	}
	if (o->config.workers > BENCH_WORKERS_MAX) {
		nt_error("bench: workers must be a number from 1 to %d", BENCH_WORKERS_MAX);
		return -EINVAL;
	}
	if (o->switches && (o->capture || o->workloads || o->n_frame_bytes || o->sources || o->fill_percent ||
			    o->testpmd || o->growth)) {
		nt_error("bench: --switches has frames of its own, and measures nothing else");
		return -EINVAL;
	}
	if (!o->workloads)
		o->workloads = (1u << BENCH_WORKLOADS) - 1;
	if (!o->n_frame_bytes)
		o->frame_bytes[o->n_frame_bytes++] = BENCH_FRAME_MIN;
	if (!o->config.workers)
		o->config.workers = 1;
	if (o->growth && o->frames > GROWTH_FRAMES)
		o->frames = GROWTH_FRAMES;
	if (!o->growth)
		bench_growth_tables(&o->config, o->sources);
	return 0;
}

/* Positive: help was asked for. */
static int parse(struct bench_options *o, int argc, char **argv)
{
	int id, err = options_read_config(argc, argv, options_table, &o->config);

	while (!err && (id = getopt_long(argc, argv, "c:h", options_table, NULL)) != -1) {
		if (id == 'h')
			return 1;
		err = set_option(o, id, optarg);
	}
	return err ? err : complete_options(o, argc, argv);
}

static uint32_t list_cases(const struct bench_options *o, struct bench_case cases[static BENCH_CASES_MAX])
{
	uint32_t n = 0;

	if (o->switches) {
		cases[n++] =
		    (struct bench_case){.name = "switches", .workload = BENCH_FULL, .frame_bytes = BENCH_FRAME_MIN};
		return n;
	}
	if (o->capture) {
		cases[n++] = (struct bench_case){.name = o->capture, .workload = BENCH_CAPTURE};
		return n;
	}
	for (uint32_t b = 0; b < o->n_frame_bytes; b++)
		for (uint32_t w = 0; w < BENCH_WORKLOADS; w++)
			if (o->workloads >> w & 1)
				cases[n++] =
				    (struct bench_case){.name = bench_workload_name[w],
							.workload = (enum bench_workload)w,
							.frame_bytes = o->frame_bytes[b],
							.sources = w == BENCH_TELESCOPE ? o->sources : 0,
							.fill_percent = w == BENCH_FLOOD ? o->fill_percent : 0};
	return n;
}

static int measure_all(struct bench *b, const struct bench_options *o)
{
	struct bench_case cases[BENCH_CASES_MAX];
	uint32_t n = list_cases(o, cases);
	struct bench_result *result = calloc(n, sizeof(*result));
	int err = result ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < n && !err; i++)
		err = bench_measure(b, &cases[i], &result[i]);
	if (!err)
		err = o->json ? bench_print_json(&b->machine, result, n) : bench_print(&b->machine, result, n);
	free(result);
	return err;
}

static int bench(const struct bench_options *o)
{
	struct bench *b = aligned_alloc(64, (sizeof(*b) + 63) / 64 * 64);
	int status = NT_EXIT_FAILED;

	if (!b)
		return status;
	if (bench_open(b, o)) {
		status = NT_EXIT_UNUSABLE;
	} else {
		if (!(o->growth ? bench_growth_run(b) : measure_all(b, o)))
			status = NT_EXIT_OK;
		else if (b->unusable)
			status = NT_EXIT_UNUSABLE;
		bench_close(b);
	}
	free(b);
	return status;
}

int cmd_bench(int argc, char **argv)
{
	struct bench_options options = {
	    .frames = FRAMES, .rounds = ROUNDS, .seconds = SECONDS, .stages = true, .signatures = -1};
	int status = NT_EXIT_UNUSABLE, parsed;

	argv[0] = (char[]){"needletail: bench"}; /* getopt's messages begin like ours */
	if (nt_config_defaults(&options.config))
		return NT_EXIT_FAILED;
	parsed = parse(&options, argc, argv);
	if (parsed > 0)
		status = printf("%s", help) < 0 ? NT_EXIT_FAILED : NT_EXIT_OK;
	else if (!parsed)
		status = bench(&options);
	nt_config_fini(&options.config);
	return status;
}

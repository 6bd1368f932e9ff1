/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_BENCH_H
#define NEEDLETAIL_BENCH_H

#include "bench_device.h"
#include "bench_loop.h"
#include "bench_switch.h"
#include "bench_traffic.h"
#include "databases.h"
#include "stats.h"

#include "config/config.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A benchmark: one endless device for each workload, and in turn, again and again in the same run, more and more of
 * the packet path behind it. Only numbers of one run are compared. All from the main lcore.
 */

#define BENCH_ROUNDS_MAX 99
#define BENCH_CASES_MAX	 16

struct bench_options {
	struct nt_config config; /**< tables, signatures, databases, memory, CPUs, workers */
	char *capture;		 /**< NULL: the workloads are generated */
	uint32_t workloads;	 /**< bit per enum bench_workload */
	uint32_t frame_bytes[BENCH_CASES_MAX];
	uint32_t n_frame_bytes;
	uint64_t frames;
	uint32_t rounds;
	double seconds;	   /**< that each stage is measured in each round */
	bool stages;	   /**< not only receiving alone and everything */
	bool testpmd;	   /**< compare with dpdk-testpmd, too */
	uint32_t switches; /**< instead of rates, what so many ends of intervals do to the workers; 0: rates */
	bool growth;	   /**< instead of all that: how the cost grows with what the path holds */
	bool json;
	uint32_t sources;      /**< of telescope, each sending as much as any other; 0: as bench_frames.h has it */
	uint32_t fill_percent; /**< of the source table when a flood begins */
	uint32_t prefixes;     /**< of generated regions; 0: as many as databases have */
	int32_t signatures;    /**< so many, of all kinds; negative: the configuration's */
};

/** Most sources of a measurement, and of the table of growth. */
#define BENCH_SOURCES_MAX 20000000

/** What is measured at a time. */
struct bench_case {
	const char *name;
	enum bench_workload workload;
	uint32_t frame_bytes; /**< 0: as they are in the capture */
	uint32_t sources;     /**< evenly; 0: as the frames have it */
	uint32_t fill_percent;
};

/** What workers count with. */
struct bench_setting {
	struct stats *stats; /**< whose workers they are */
	const struct nt_locate *locate;
	const struct nt_signatures *signatures;
	struct bench_senders senders;
	uint64_t
	    pass; /**< a worker begins anew with an empty bank after so many packets, or all its frames; 0: never */
};

/** What bench_once() runs. */
struct bench_run {
	const struct bench_device *device;
	const struct bench_parts *parts; /**< that it gives */
	const struct bench_setting *setting;
};

/** One row of the table of growth. */
struct bench_growth {
	const char *what;
	uint32_t n;
	const char *unit;
	uint32_t table;		   /**< sources that the table takes */
	double ns, ns_min, ns_max; /**< per packet, all behind receiving */
};

/** Packets a second, and cycles of the TSC a packet; medians over the rounds unless it says otherwise. */
struct bench_rate {
	double pps, pps_min, pps_max;
	double cycles;
	double worker_pps[BENCH_WORKERS_MAX];
};

struct bench_result {
	struct bench_case which;
	uint32_t workers;
	double wire_bits; /**< a frame's, with preamble, FCS and gap */
	bool measured[BENCH_STAGES];
	struct bench_rate rate[BENCH_STAGES];
	double testpmd_pps; /**< 0: not asked for */
	struct bench_switches switches;
};

/** What the numbers depend on, and what would make them worthless. */
struct bench_machine {
	char cpu[128];
	uint64_t tsc_hz;
	bool hugepages;
	const char *simd;  /**< of look-ups */
	uint32_t prefixes; /**< of the region tables */
	bool own_regions;  /**< they are from a database, else generated */
	uint32_t signatures;
	double cpu_share;   /**< the least that a worker had of its CPU: below 0.99 it was shared */
	double spin_spread; /**< slowest to fastest of a fixed loop: above 1.02 the clock rate changed */
};

struct bench {
	const struct bench_options *options;
	uint32_t workers;
	struct databases databases;
	struct nt_locate *generated; /* NULL: databases are used */
	struct nt_signatures *signatures;
	struct stats stats;
	struct bench_machine machine;
	struct bench_lane *lane; /* [workers] */
	alignas(64) _Atomic bool go;
	double spin_min, spin_max;
	bool unusable; /* what was given to measure was, and nothing has been measured */
};

/** Starts DPDK and makes workers and tables. Returns 0, undone by bench_close(), or -errno; it has said why. */
int bench_open(struct bench *b, const struct bench_options *options);

/** Measures a case. Returns 0 or -errno; it has said why. */
int bench_measure(struct bench *b, const struct bench_case *which, struct bench_result *result);

void bench_close(struct bench *b);

/* What bench_measure() is made of; for bench_growth.c. */

/** As the options and the configuration say. */
struct bench_setting bench_setting(struct bench *b);

/** Region tables in use. */
const struct nt_locate *bench_regions_of(const struct bench *b);

/** Sources that the table of one worker takes. */
uint32_t bench_table_sources(const struct bench *b, const struct nt_tally_options *tables);

/** Every packet is from a new source, while so much of the table is full of others. */
void bench_setting_flood(struct bench_setting *s, uint32_t table, uint32_t fill_percent);

/** Packets are from so many sources, evenly, all of which are in the table. The list is the caller's. 0 or -ENOMEM. */
int bench_setting_sources(struct bench_setting *s, uint32_t sources);

/** Makes a case's parts; undone by bench_parts_free(). Returns 0 or -errno; it has said why. */
int bench_make_parts(struct bench *b, const struct bench_case *which, struct bench_parts *parts);

/** Runs all lanes at one stage for the time of the options; b->lane has what came of it. Returns 0 or -errno. */
int bench_once(struct bench *b, const struct bench_run *run, enum bench_stage stage);

/** Looks whether the clock rate changed since the last time. */
void bench_watch_clock(struct bench *b);

/** Sorts. */
double bench_median(double *values, uint32_t n);

/**
 * Packets a second of dpdk-testpmd that only receives, on the same parts. Nothing else may run. Returns 0, or -errno
 * with one line in `why`.
 */
int bench_testpmd(const struct bench_parts *parts, const struct bench_options *o, bool hugepages, double *pps,
		  char *why, size_t why_size);

/** Prints what was measured, in words or as one JSON object. Returns 0 or -errno. */
int bench_print(const struct bench_machine *machine, const struct bench_result *result, uint32_t n);
int bench_print_json(const struct bench_machine *machine, const struct bench_result *result, uint32_t n);

/** Likewise the table of growth; in words it is Markdown. */
int bench_print_growth(const struct bench_machine *machine, const struct bench_growth *row, uint32_t n);
int bench_print_growth_json(const struct bench_machine *machine, const struct bench_growth *row, uint32_t n);

#endif

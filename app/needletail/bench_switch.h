/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_BENCH_SWITCH_H
#define NEEDLETAIL_BENCH_SWITCH_H

#include <stdint.h>

struct bench;
struct bench_device;
struct json_t;

/*
 * What the end of an interval does to the workers. They count without rest, from a device that always has packets,
 * while intervals end after a second and full tables are folded; each notes its longest time from one burst to the
 * next. A device loses packets if that is longer than its descriptors last.
 */

#define BENCH_SWITCHES_MAX 99

/** Over the intervals. */
struct bench_spread {
	double median;
	double most;
};

/** How long something took. */
struct bench_time {
	struct bench_spread cpu;  /**< of its thread; of gaps, those without context switch */
	struct bench_spread wall; /**< with what the system took meanwhile */
};

struct bench_switches {
	uint32_t n; /**< intervals measured; 0: none */
	uint32_t workers;
	double gap_cpu, gap_wall;	 /**< us, mean of all gaps */
	struct bench_time gap_change;	 /**< us, in which a worker changes banks */
	struct bench_time gap_folding;	 /**< us, longest of all workers while an interval is folded */
	struct bench_time gap_otherwise; /**< us, the rest of the time */
	struct bench_time gap_receive;	 /**< us, while nothing is counted: what the machine does by itself */
	struct bench_time fold;		 /**< s, banks to interval, and empty banks */
	struct bench_time take;		 /**< s, interval to snapshot */
	double packets;			 /**< of an interval, median */
	double sources, pairs, victims, region_port; /**< how full the tables were, 0 to 1 */
};

/** Measures on an endless device, whose port i is worker i's. Returns 0 or -errno; it has said why. Main lcore. */
int bench_switch(struct bench *b, const struct bench_device *device, struct bench_switches *result);

/** Prints what was measured, in words; the same as JSON. */
void bench_switch_print(const struct bench_switches *s);
struct json_t *bench_switch_json(const struct bench_switches *s);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_BENCH_LOOP_H
#define NEEDLETAIL_BENCH_LOOP_H

#include "bench_frames.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct nt_signatures;
struct nt_worker;

/*
 * The worker lcores of a benchmark: each polls one port of an endless device for a while and does so much with what
 * comes. Receives as live capture does.
 */

/** How much is done with a packet, each with all before. */
enum bench_stage {
	BENCH_RECEIVE, /**< take it and give it back */
	BENCH_DECODE,
	BENCH_SOURCES, /**< source table, backscatter */
	BENCH_LOCATE,  /**< regions of new sources */
	BENCH_DENSE,   /**< histograms of what the packet itself says */
	BENCH_CROSS,   /**< source x port, of which region x port is made */
	BENCH_SIGNATURES /**< everything */,
	BENCH_STAGES
};

/** What they add, in words. */
extern const char *const bench_stage_name[BENCH_STAGES];

/** Who sends, where that is not left to the frames. */
struct bench_senders {
	struct bench_sender *list; /**< [n] of the packets, in turn, again and again; NULL: as the frames have it */
	uint32_t n;
	uint32_t known; /**< sources that are in the bank before the clock runs, */
	uint32_t first; /**< with numbers from here on */
};

/** One worker lcore. */
struct bench_lane {
	alignas(64) struct nt_worker *worker;
	const struct nt_signatures *signatures;
	struct bench_senders senders;
	uint16_t port;
	enum bench_stage stage;
	uint64_t pass_packets; /**< the bank begins anew after so many, with the clock stopped; 0: never */
	uint64_t duration;     /**< cycles of the TSC */
	const _Atomic bool *go;

	/* The lane writes; read when it has ended. */
	uint32_t at;	/**< in the list of senders */
	uint64_t known; /**< packets that made sources known */
	uint64_t packets;
	uint64_t cycles; /**< of the TSC, without making banks ready */
	uint64_t own_ns; /**< CPU time of the same */
	uint64_t bursts;
	uint64_t cpu_ns;  /**< that the lane had of its CPU, */
	uint64_t wall_ns; /**< out of so much */
};

/** Takes one burst and does with it what the lane's stage says. Returns its packets. The lane's lcore. */
uint32_t bench_take_burst(struct bench_lane *lane);

/** CPU time of the calling thread. */
uint64_t bench_thread_ns(void);

/** A lane's life; `argument` is its struct bench_lane. Returns 0, or -errno: -EIO if not all that came was counted. */
int bench_loop(void *argument);

#endif

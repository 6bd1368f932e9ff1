/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_BENCH_FRAMES_H
#define NEEDLETAIL_BENCH_FRAMES_H

#include <stdint.h>

/*
 * Generated traffic of benchmarks: Ethernet and IPv4, the same each time and on every machine. Also used by the program
 * that counts instructions (tests/bench/path_instructions.c); needs no DPDK.
 */

enum bench_workload {
	BENCH_TELESCOPE,   /**< 100,000 sources, by Zipf's law, with the ports, windows and flags of unused addresses */
	BENCH_FLOOD,	   /**< every frame from another source */
	BENCH_BACKSCATTER, /**< half telescope, half replies of 1,000 victims of attacks */
	BENCH_WORKLOADS,
	BENCH_CAPTURE = BENCH_WORKLOADS, /**< somebody's own file */
	BENCH_FULL /**< SYNs and replies that fill tables of any size, with senders of bench_senders() put in */
};

extern const char *const bench_workload_name[BENCH_WORKLOADS];

/** Shortest and longest frame without its FCS, in bytes. */
#define BENCH_FRAME_MIN 60
#define BENCH_FRAME_MAX 1514

struct bench_frames {
	enum bench_workload workload;
	uint32_t bytes; /**< of a frame */
	uint64_t made;
	uint64_t state;	    /**< of the dice */
	double *cumulative; /**< Zipf with exponent 1 */
};

/** Begins a workload's frames. Undone by bench_frames_close(). Returns 0 or -ENOMEM. */
int bench_frames_open(struct bench_frames *f, enum bench_workload workload, uint32_t bytes);
void bench_frames_close(struct bench_frames *f);

/** Writes the next frame, `bytes` of it. */
void bench_frames_next(struct bench_frames *f, uint8_t *frame);

/*
 * Other senders for frames, but of BENCH_BACKSCATTER, so that few frames come from many sources. A sender and
 * the port that it is after belong together: to change only the address would make pairs that no traffic has.
 */
struct bench_sender {
	uint8_t address[4];
	uint8_t port[2]; /**< destination */
};

/** The sender of a number, as those of the workloads; `draw` decides whether it is after its usual port: 0 is. */
struct bench_sender bench_sender(uint32_t source, uint64_t draw);

/** Puts a sender into a frame. */
void bench_sender_put(uint8_t *frame, const struct bench_sender *s);

/** Senders of `n` packets, drawn evenly from `sources`; 0: each another, from number 0 on. free(); NULL + errno. */
struct bench_sender *bench_senders(uint32_t n, uint32_t sources);

#endif

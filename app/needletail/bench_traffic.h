/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_BENCH_TRAFFIC_H
#define NEEDLETAIL_BENCH_TRAFFIC_H

#include "bench_frames.h"

#include <stddef.h>
#include <stdint.h>

/*
 * What a benchmark counts: captures, one for each worker, each with the frames that RSS would give it.
 */

/** Longest path of a part with its NUL. */
#define BENCH_PATH 128

/** Parts, each a worker's: no more than DPDK has ports. */
#define BENCH_WORKERS_MAX 32

struct bench_parts {
	uint32_t n;	      /**< workers */
	char dir[64];	      /**< "": there are no files */
	uint64_t *frames;     /**< [n] */
	uint64_t frames_most; /**< of one part */
	uint64_t frames_all;
	uint64_t bytes_all; /**< on the wire, without FCS */
};

/**
 * Writes the parts of a generated workload, `frames` of `frame_bytes` in all, for `workers`. Undone by
 * bench_parts_free(). Returns 0, or -errno with one line in `why`.
 */
int bench_parts_generate(struct bench_parts *p, enum bench_workload workload, uint32_t frame_bytes, uint64_t frames,
			 uint32_t workers, char *why, size_t why_size);

/** Likewise of a capture file, which must be Ethernet; the first `frames_most` of its frames. */
int bench_parts_split(struct bench_parts *p, char *path, uint64_t frames_most, uint32_t workers, char *why,
		      size_t why_size);

/** Writes the path of one part. */
void bench_parts_path(const struct bench_parts *p, uint32_t part, char path[static BENCH_PATH]);

/** Removes the files. */
void bench_parts_free(struct bench_parts *p);

#endif

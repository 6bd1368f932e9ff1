/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_WORKER_WORKER_H
#define NT_WORKER_WORKER_H

#include "decode/decode.h"
#include "tally/tally.h"

#include <stdalign.h>
#include <stdatomic.h>

struct nt_locate;
struct rte_rcu_qsbr;

/*
 * One worker: decode, locate and tally a burst into the bank that is its own for the time being.
 *
 * The bank switch. Each worker has two banks. The stats side changes `turn` and waits, by quiescent-state based
 * reclamation (rte_rcu_qsbr), until the worker has passed a burst boundary: from then on the worker counts in the
 * other bank, and the one it left is the stats side's alone until the next switch. Nobody locks, nobody waits on the
 * packet path, and a packet is in exactly one bank. The region tables are exchanged the same way.
 */
struct nt_worker {
	struct nt_tally *bank[2];
	struct rte_rcu_qsbr *qsbr;
	uint32_t id; /* thread id in qsbr */

	/* The stats side writes, the worker reads at a burst boundary. */
	alignas(64) _Atomic uint32_t turn;	  /* the worker's bank is bank[turn & 1] */
	_Atomic(const struct nt_locate *) locate; /* for regions wanted at once; NULL: every region is unknown */

	/* The worker writes, the stats side reads. */
	alignas(64) _Atomic uint64_t frames; /* since the start */

	/* The worker's alone. */
	alignas(64) struct nt_tally *tally; /* the bank that the burst goes into */
	uint32_t taken;			    /* frames since nt_worker_count() */
	uint32_t asked;			    /* packets of the burst that nt_tally_ask() has seen */
	struct nt_burst burst;
};

struct nt_worker_options {
	struct rte_rcu_qsbr *qsbr; /**< shared by all workers */
	uint32_t id;		   /**< this worker's thread id in qsbr */
	const struct nt_locate *locate;
	struct nt_tally_options tables;		/**< of a bank */
	const struct nt_signatures *signatures; /**< NULL: none */
};

/** Bytes of one worker with both banks. */
size_t nt_worker_memsize(const struct nt_worker_options *options);

/** Lays out a worker in zeroed memory of nt_worker_memsize() bytes, aligned to 64. */
struct nt_worker *nt_worker_init(void *zeroed, const struct nt_worker_options *options);

/** Takes part in bank switches from now on. Worker, before its first burst. Returns 0 or -errno. */
int nt_worker_join(struct nt_worker *w);

/** Leaves; a switch no longer waits for this worker. Worker, after its last burst. */
void nt_worker_leave(struct nt_worker *w);

/**
 * Takes some frames of a burst, at least one and up to NT_BURST in all: they are decoded, and their bytes the caller's
 * again. Worker, which does nothing else here until nt_worker_count().
 */
void nt_worker_take(struct nt_worker *w, const struct nt_frame *frames, uint32_t n, enum nt_link link);

/** Counts the burst that was taken, and passes a burst boundary. Worker. */
void nt_worker_count(struct nt_worker *w);

/** Both, of frames that lie together. Worker. */
void nt_worker_burst(struct nt_worker *w, const struct nt_frame *frames, uint32_t n, enum nt_link link);

/** How far a burst goes, each with all before. */
enum nt_worker_part { NT_WORKER_DECODE, NT_WORKER_SOURCES, NT_WORKER_LOCATE, NT_WORKER_DENSE, NT_WORKER_ALL };

/** As nt_worker_take() and nt_worker_count(), as far as `part`: to see what each part costs. Worker. */
void nt_worker_take_part(struct nt_worker *w, const struct nt_frame *frames, uint32_t n, enum nt_link link,
			 enum nt_worker_part part);
void nt_worker_count_part(struct nt_worker *w, enum nt_worker_part part);

/** Passes a burst boundary without a burst; to be called whenever nothing came. Worker. */
void nt_worker_idle(struct nt_worker *w);

/** Holds no bank until nt_worker_resume(): a switch need not wait for a worker that sleeps. Worker. */
void nt_worker_pause(struct nt_worker *w);
void nt_worker_resume(struct nt_worker *w);

/**
 * Tells a worker to change banks. Stats side; then rte_rcu_qsbr_start() once for all workers and
 * rte_rcu_qsbr_check() until it succeeds. Only after that nt_worker_retired() may be touched.
 */
void nt_worker_switch(struct nt_worker *w);

/** The bank that the worker does not count in. Stats side. */
struct nt_tally *nt_worker_retired(const struct nt_worker *w);

/** Frames counted since the start. Any thread. */
static inline uint64_t nt_worker_frames(const struct nt_worker *w)
{
	return atomic_load_explicit(&w->frames, memory_order_relaxed);
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_loop.h"

#include "rx_burst.h"

#include "base/clock.h"
#include "worker/worker.h"

#include <errno.h>
#include <rte_cycles.h>
#include <rte_mbuf.h>
#include <rte_pause.h>
#include <rte_prefetch.h>

const char *const bench_stage_name[BENCH_STAGES] = {
    [BENCH_RECEIVE] = "receive", [BENCH_DECODE] = "decode", [BENCH_LOCATE] = "locate",	       [BENCH_DENSE] = "dense",
    [BENCH_SOURCES] = "sources", [BENCH_CROSS] = "cross",   [BENCH_SIGNATURES] = "signatures",
};

/* Bursts between looks at the clock: some tens of microseconds. */
#define BURSTS_A_LOOK 16

uint64_t bench_thread_ns(void)
{
	struct nt_time t = nt_clock_read(CLOCK_THREAD_CPUTIME_ID);

	return (uint64_t)t.s * NT_SECOND_NS + t.ns;
}

static const enum nt_worker_part part_of[BENCH_STAGES] = {
    [BENCH_DECODE] = NT_WORKER_DECODE,	 [BENCH_LOCATE] = NT_WORKER_LOCATE, [BENCH_DENSE] = NT_WORKER_DENSE,
    [BENCH_SOURCES] = NT_WORKER_SOURCES, [BENCH_CROSS] = NT_WORKER_ALL,	    [BENCH_SIGNATURES] = NT_WORKER_ALL,
};

/* A piece of a burst. */
static void take(const struct bench_lane *lane, struct rte_mbuf *const *mbufs, uint32_t n, int64_t time_ns)
{
	struct nt_frame frames[RX_BURST];

	rx_burst_frames(frames, mbufs, n, time_ns);
	if (lane->stage >= BENCH_CROSS)
		nt_worker_take(lane->worker, frames, n, NT_LINK_ETHERNET);
	else
		nt_worker_take_part(lane->worker, frames, n, NT_LINK_ETHERNET, part_of[lane->stage]);
}

static void count(const struct bench_lane *lane)
{
	if (lane->stage >= BENCH_CROSS)
		nt_worker_count(lane->worker);
	else
		nt_worker_count_part(lane->worker, part_of[lane->stage]);
}

/* The device gives copies: what is written here does not come back. */
static void put_senders(struct bench_lane *lane, struct rte_mbuf *const *mbufs, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		bench_sender_put(rte_pktmbuf_mtod(mbufs[i], uint8_t *), &lane->senders.list[lane->at]);
		lane->at = lane->at + 1 < lane->senders.n ? lane->at + 1 : 0;
	}
}

/* As rx_loop.c does it. */
uint32_t bench_take_burst(struct bench_lane *lane)
{
	struct rte_mbuf *mbufs[RX_BURST];
	int64_t time_ns = 0;
	uint32_t n = 0, got;

	do {
		got = rx_burst_take(lane->port, 0, mbufs, RX_BURST);
		if (lane->senders.list)
			put_senders(lane, mbufs, got);
		if (lane->stage != BENCH_RECEIVE && got) {
			if (!n)
				time_ns = rx_burst_time();
			take(lane, mbufs, got, time_ns);
		}
		rte_pktmbuf_free_bulk(mbufs, got);
		n += got;
	} while (got == RX_BURST && n < NT_BURST);
	if (lane->stage != BENCH_RECEIVE && n)
		count(lane);
	return n;
}

static struct nt_tally *bank_of(const struct bench_lane *lane)
{
	return lane->worker->bank[atomic_load_explicit(&lane->worker->turn, memory_order_relaxed) & 1];
}

/* A packet of each source that is to be known; before the clock runs. */
static void make_known(struct bench_lane *lane)
{
	struct rte_mbuf *mbufs[RX_BURST];
	uint32_t wanted = lane->stage < BENCH_SOURCES ? 0 : lane->senders.known;

	for (uint32_t done = 0; done < wanted;) {
		uint32_t n = rx_burst_take(lane->port, 0, mbufs, wanted - done);

		for (uint32_t i = 0; i < n; i++) {
			struct bench_sender sender = bench_sender(lane->senders.first + done + i, 0);

			bench_sender_put(rte_pktmbuf_mtod(mbufs[i], uint8_t *), &sender);
		}
		if (n) {
			take(lane, mbufs, n, rx_burst_time());
			count(lane);
		}
		rte_pktmbuf_free_bulk(mbufs, n);
		done += n;
		lane->known += n;
	}
}

/* The bank as it is when a pass begins. Not measured: in an interval that is the stats side's, elsewhere. */
static void begin_anew(struct bench_lane *lane, uint64_t *cycles, uint64_t *cpu_ns)
{
	uint64_t begin = rte_rdtsc(), begin_ns = bench_thread_ns();

	nt_tally_clear(bank_of(lane));
	make_known(lane);
	*cpu_ns += bench_thread_ns() - begin_ns;
	*cycles += rte_rdtsc() - begin;
}

/* Until the time is over. */
static void take_all(struct bench_lane *lane)
{
	uint64_t begin, now, begin_ns, not_ns = 0, not = 0, in_pass = 0;

	make_known(lane);
	begin_ns = bench_thread_ns();
	begin = now = rte_rdtsc();
	while (now - begin - not < lane->duration) {
		for (uint32_t i = 0; i < BURSTS_A_LOOK; i++)
			in_pass += bench_take_burst(lane);
		lane->bursts += BURSTS_A_LOOK;
		if (lane->pass_packets && in_pass >= lane->pass_packets) {
			lane->packets += in_pass;
			in_pass = 0;
			begin_anew(lane, &not, &not_ns);
		}
		now = rte_rdtsc();
	}
	lane->packets += in_pass;
	lane->cycles = now - begin - not ;
	lane->own_ns = bench_thread_ns() - begin_ns - not_ns;
}

int bench_loop(void *argument)
{
	struct bench_lane *lane = argument;
	uint64_t cpu_ns, wall_ns, counted;
	int err = nt_worker_join(lane->worker);

	if (err)
		return err;
	lane->packets = lane->cycles = lane->bursts = lane->known = 0;
	lane->at = 0;
	bank_of(lane)->signatures = lane->stage == BENCH_SIGNATURES ? lane->signatures : NULL;
	while (!atomic_load_explicit(lane->go, memory_order_acquire))
		rte_pause();
	counted = nt_worker_frames(lane->worker);
	cpu_ns = bench_thread_ns();
	wall_ns = nt_clock_monotonic_ns();
	take_all(lane);
	lane->cpu_ns = bench_thread_ns() - cpu_ns;
	lane->wall_ns = nt_clock_monotonic_ns() - wall_ns;
	nt_tally_clear(bank_of(lane));
	nt_worker_leave(lane->worker);
	counted = nt_worker_frames(lane->worker) - counted;
	return counted == (lane->stage == BENCH_RECEIVE ? 0 : lane->packets + lane->known) ? 0 : -EIO;
}

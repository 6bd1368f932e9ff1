/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_frames.h"
#include "bench_regions.h"
#include "bench_signatures.h"
#include "private_eal.h"
#include "rx_burst.h"

#include "base/mix.h"
#include "locate/locate.h"
#include "worker/worker.h"

#include <rte_rcu_qsbr.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <valgrind/callgrind.h>

/*
 * The packet path behind receiving, for callgrind: nt_worker_take() and nt_worker_count() with everything switched on, on the workloads of
 * `needletail bench`. tools/check-instructions runs it; only what is to be counted is, each workload in a dump of its
 * own. Nothing is left to chance: the same frames, the same hashes, the same tables.
 */

#define FRAMES	    (1u << 17)
#define FRAME_BYTES BENCH_FRAME_MIN
#define STRIDE	    64u
#define PREFIXES    100000u /* how many does not matter to a look-up, and under callgrind to build more takes long */
#define EAL_MIB	    "1024"
#define SECRET	    UINT64_C(0x6e6565646c657461)
#define START_NS    INT64_C(1662422400000000000)
#define BURST_NS    4000

/* As the configuration's defaults. */
static const struct nt_tally_options tables = {
    .region_port_entries = 1048576,
    .match_entries = 262144,
    .source_entries = 262144,
    .pair_entries = 524288,
    .victim_entries = 32768,
    .sketches = 1024,
};

static const struct run {
	const char *name;
	enum bench_workload workload;
	uint32_t before; /* frames that are counted before, so that tables are as full as they are to be */
} runs[] = {
    {"telescope", BENCH_TELESCOPE, 0},
    {"flood", BENCH_FLOOD, 0},
    {"flood-full", BENCH_FLOOD, 2 * 262144}, /* no source finds a place any more */
    {"backscatter", BENCH_BACKSCATTER, 0},
};

static uint8_t bytes[FRAMES][STRIDE];

static struct nt_worker *make_worker(const struct nt_locate *locate, const struct nt_signatures *signatures)
{
	struct nt_worker_options options = {.locate = locate, .tables = tables, .signatures = signatures};
	void *memory;

	options.qsbr = aligned_alloc(RTE_CACHE_LINE_SIZE, rte_rcu_qsbr_get_memsize(1));
	memory = mmap(NULL, nt_worker_memsize(&options), PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!options.qsbr || memory == MAP_FAILED || rte_rcu_qsbr_init(options.qsbr, 1))
		return NULL;
	return nt_worker_init(memory, &options);
}

/* One pass over the frames that lie there. */
static void count(struct nt_worker *w, uint32_t n, int64_t time_ns)
{
	struct nt_frame frames[RX_BURST];

	for (uint32_t at = 0; at < n; at += RX_BURST) {
		for (uint32_t i = 0; i < RX_BURST; i++)
			frames[i] = (struct nt_frame){
			    .data = bytes[at + i], .cap_len = FRAME_BYTES, .wire_len = FRAME_BYTES, .time_ns = time_ns};
		CALLGRIND_TOGGLE_COLLECT;
		nt_worker_take(w, frames, RX_BURST, NT_LINK_ETHERNET);
		if ((at + RX_BURST) % NT_BURST == 0) {
			nt_worker_count(w);
			time_ns += BURST_NS;
		}
		CALLGRIND_TOGGLE_COLLECT;
	}
}

static void make(struct bench_frames *source, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		bench_frames_next(source, bytes[i]);
}

static int measure(const struct run *r, struct nt_worker *w)
{
	struct bench_frames source;

	if (bench_frames_open(&source, r->workload, FRAME_BYTES))
		return -1;
	for (uint32_t done = 0; done < r->before; done += FRAMES) {
		make(&source, FRAMES);
		count(w, FRAMES, START_NS);
	}
	make(&source, FRAMES);
	bench_frames_close(&source);
	CALLGRIND_START_INSTRUMENTATION;
	CALLGRIND_ZERO_STATS;
	count(w, FRAMES, START_NS);
	CALLGRIND_DUMP_STATS_AT(r->name);
	CALLGRIND_STOP_INSTRUMENTATION;
	printf("%s %u packets, %u sources\n", r->name, FRAMES, w->bank[0]->sources.n);
	nt_tally_clear(w->bank[0]);
	return 0;
}

int main(void)
{
	uint32_t prefixes;
	struct nt_signatures *signatures = bench_signatures(nt_signatures_shipped_n);
	struct nt_locate *locate;
	struct nt_worker *w;
	int err = 0;

	nt_mix_secret = SECRET;
	if (!signatures || private_eal_start(EAL_MIB))
		return 1;
	locate = bench_regions(PREFIXES, &prefixes);
	w = locate ? make_worker(locate, signatures) : NULL;
	if (!w || nt_worker_join(w))
		return 1;
	printf("compiler %s %s\n",
#ifdef __clang__
	       "clang",
#else
	       "gcc",
#endif
	       __VERSION__);
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]) && !err; i++)
		err = measure(&runs[i], w);
	nt_worker_leave(w);
	free(w->qsbr);
	nt_locate_free(locate);
	nt_signatures_free(signatures);
	return private_eal_stop() || err;
}

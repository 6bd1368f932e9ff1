/* SPDX-License-Identifier: BSD-3-Clause */
#include "stats.h"

#include "sizing.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/pages.h"
#include "fold/fold.h"
#include "worker/worker.h"

#include <errno.h>
#include <rte_malloc.h>
#include <rte_rcu_qsbr.h>
#include <sched.h>
#include <stdlib.h>

/* A worker passes a boundary within microseconds unless its core is taken from it; then sleeping helps it most. */
#define YIELDS_BEFORE_NAP 100
#define NAP_NS		  20000

#define PAGE_BYTES 4096 /* or more: then some are touched again */

static int make_qsbr(struct stats *s)
{
	size_t bytes = rte_rcu_qsbr_get_memsize(s->n);

	s->qsbr = aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_CACHE_LINE_ROUNDUP(bytes));
	if (!s->qsbr || rte_rcu_qsbr_init(s->qsbr, s->n))
		return -ENOMEM;
	return 0;
}

/*
 * Without hugepages the system gives a page when it is written to first, which takes longer than to count a packet: the
 * first flood after quiet days would meet tables that no packet ever touched.
 */
static void touch(volatile uint8_t *memory, size_t size)
{
	for (size_t i = 0; i < size; i += PAGE_BYTES)
		memory[i] = 0; /* as it is */
}

static struct nt_worker *make_worker(struct stats *s, uint32_t id, const struct stats_options *o)
{
	const struct nt_worker_options options = {
	    .qsbr = s->qsbr,
	    .id = id,
	    .locate = o->locate,
	    .signatures = o->signatures,
	    .tables = sizing_split(&o->tables, o->workers),
	};
	int socket = o->socket ? o->socket[id] : SOCKET_ID_ANY;
	size_t bytes = nt_worker_memsize(&options);
	void *memory;

	if (o->ordinary_memory)
		memory = nt_pages_take(s->worker_bytes = bytes);
	else
		memory = rte_zmalloc_socket("worker", bytes, RTE_CACHE_LINE_SIZE, socket);
	if (memory && o->ready)
		touch(memory, bytes);
	return memory ? nt_worker_init(memory, &options) : NULL;
}

int stats_init(struct stats *s, const struct stats_options *options)
{
	*s = (struct stats){.n = options->workers};
	s->fold = nt_fold_new(&(struct nt_fold_options){.sketches = options->sketches});
	s->worker = calloc(s->n, sizeof(struct nt_worker *));
	if (!s->fold || !s->worker || make_qsbr(s))
		goto err;
	nt_fold_set_locate(s->fold, options->locate);
	nt_fold_set_asn(s->fold, options->asn);
	for (uint32_t i = 0; i < s->n; i++) {
		s->worker[i] = make_worker(s, i, options);
		if (!s->worker[i])
			goto err;
	}
	return 0;
err:
	stats_fini(s);
	return -ENOMEM;
}

void stats_fini(struct stats *s)
{
	/*
	 * DPDK memory of workers goes back as a whole when the EAL ends: rte_free() would clear it first, and that is
	 * hundreds of MiB of tables of which most pages were never touched.
	 */
	for (uint32_t i = 0; s->worker && s->worker_bytes && i < s->n; i++)
		nt_pages_give(s->worker[i], s->worker_bytes);
	free(s->worker);
	free(s->qsbr);
	nt_fold_free(s->fold);
	*s = (struct stats){0};
}

/* Until every worker has passed a burst boundary since this call. */
static void wait_for_workers(struct stats *s)
{
	uint64_t token = rte_rcu_qsbr_start(s->qsbr);

	for (uint32_t tries = 0; !rte_rcu_qsbr_check(s->qsbr, token, false); tries++) {
		if (tries < YIELDS_BEFORE_NAP)
			sched_yield();
		else
			nt_clock_nap(NAP_NS);
	}
}

static uint64_t frames_of_all(const struct stats *s)
{
	uint64_t frames = 0;

	for (uint32_t i = 0; i < s->n; i++)
		frames += nt_worker_frames(s->worker[i]);
	return frames;
}

void stats_switch(struct stats *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		nt_worker_switch(s->worker[i]);
	wait_for_workers(s);
	s->folded = frames_of_all(s);
	s->folded_ns = nt_clock_monotonic_ns();
}

int stats_fold_retired(struct stats *s)
{
	struct nt_tally **banks = calloc(s->n, sizeof(struct nt_tally *));
	int err;

	if (!banks)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->n; i++)
		banks[i] = nt_worker_retired(s->worker[i]);
	err = nt_fold_add(s->fold, banks, s->n);
	for (uint32_t i = 0; i < s->n; i++)
		nt_tally_clear(banks[i]);
	free(banks);
	return err;
}

int stats_fold(struct stats *s)
{
	stats_switch(s);
	return stats_fold_retired(s);
}

int stats_guard(struct stats *s)
{
	bool full = frames_of_all(s) - s->folded >= NT_TALLY_FRAMES_MAX;
	bool old = nt_clock_monotonic_ns() - s->folded_ns >= (uint64_t)NT_FOLD_EVERY_S * NT_SECOND_NS;

	return full || old ? stats_fold(s) : 0;
}

/* Conservation: what was handed over is what was counted, and every frame is accounted for layer by layer. */
static uint64_t unexplained(const struct nt_snapshot *s, uint64_t received)
{
	uint64_t uncounted = received > s->frames ? received - s->frames : s->frames - received;

	return uncounted + nt_snapshot_imbalance(s);
}

static void give_signatures(struct stats *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		nt_worker_retired(s->worker[i])->signatures = s->next;
}

/*
 * Bits in a bank mean the signatures that the bank has. So new ones go into banks that nobody counts in: into the
 * spare ones, which the switch at the interval's end then brings into use, and after it into the others.
 */
int stats_fold_last(struct stats *s)
{
	int err = 0;

	if (s->next) {
		err = stats_fold(s);
		give_signatures(s);
	}
	if (!err)
		err = stats_fold(s);
	if (!err && s->next) {
		give_signatures(s);
		s->next = NULL;
	}
	return err;
}

void stats_set_signatures(struct stats *s, const struct nt_signatures *signatures)
{
	s->next = signatures;
}

bool stats_signatures_changed(const struct stats *s)
{
	return !s->next;
}

uint64_t stats_folded_frames(const struct stats *s)
{
	return nt_fold_frames(s->fold);
}

int stats_take(struct stats *s, const struct interval *interval, struct nt_snapshot *finished)
{
	int err;

	nt_snapshot_init(finished);
	err = nt_fold_take(s->fold, interval->start_s, interval->end_s, finished);
	finished->partial = interval->partial;
	finished->late = interval->late;
	finished->loss = interval->loss;
	finished->loss.unexplained += unexplained(finished, interval->received);
	if (finished->loss.unexplained)
		nt_error("conservation: %llu unexplained in the interval from %lld",
			 (unsigned long long)finished->loss.unexplained, (long long)interval->start_s);
	return err;
}

void stats_set_locate(struct stats *s, const struct nt_locate *locate)
{
	for (uint32_t i = 0; i < s->n; i++)
		atomic_store_explicit(&s->worker[i]->locate, locate, memory_order_release);
	wait_for_workers(s);
	nt_fold_set_locate(s->fold, locate);
}

void stats_set_asn(struct stats *s, struct nt_asn *asn)
{
	nt_fold_set_asn(s->fold, asn);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "worker/worker.h"

#include "locate/batch.h"

#include <errno.h>
#include <rte_rcu_qsbr.h>
#include <string.h>

static size_t aligned(size_t bytes)
{
	return (bytes + alignof(struct nt_worker) - 1) / alignof(struct nt_worker) * alignof(struct nt_worker);
}

size_t nt_worker_memsize(const struct nt_worker_options *options)
{
	return aligned(sizeof(struct nt_worker)) + 2 * nt_tally_memsize(&options->tables);
}

struct nt_worker *nt_worker_init(void *zeroed, const struct nt_worker_options *options)
{
	struct nt_worker *w = zeroed;
	uint8_t *banks = (uint8_t *)zeroed + aligned(sizeof(*w));

	for (uint32_t b = 0; b < 2; b++) {
		w->bank[b] = nt_tally_init(banks + b * nt_tally_memsize(&options->tables), &options->tables);
		w->bank[b]->signatures = options->signatures;
	}
	w->qsbr = options->qsbr;
	w->id = options->id;
	atomic_init(&w->turn, 0);
	atomic_init(&w->locate, options->locate);
	atomic_init(&w->frames, 0);
	return w;
}

int nt_worker_join(struct nt_worker *w)
{
	int err = rte_rcu_qsbr_thread_register(w->qsbr, w->id);

	if (!err)
		rte_rcu_qsbr_thread_online(w->qsbr, w->id);
	return err ? -EINVAL : 0;
}

void nt_worker_leave(struct nt_worker *w)
{
	rte_rcu_qsbr_thread_offline(w->qsbr, w->id);
	rte_rcu_qsbr_thread_unregister(w->qsbr, w->id);
}

_Static_assert(NT_BURST <= NT_LOCATE_BURST, "a burst goes into one batch");

/* Regions that are wanted at once: all others are looked up when the bank is settled, once for a source. */
static void locate_burst(const struct nt_locate *locate, struct nt_burst *b)
{
	struct nt_locate_batch batch;

	nt_locate_batch_begin(&batch);
	for (uint32_t n = 0; n < b->n_unlocated; n++) {
		const struct nt_fields *f = &b->packet[b->unlocated[n]].fields;

		if (f->class == NT_CLASS_IPV4)
			nt_locate_batch_v4(&batch, f->src4, b->unlocated[n]);
		else
			nt_locate_batch_v6(&batch, f->src6, b->unlocated[n]);
	}
	nt_locate_batch_look(locate, &batch);
	for (uint32_t i = 0; i < batch.n4; i++)
		b->packet[batch.whose4[i]].region = batch.region4[i];
	for (uint32_t i = 0; i < batch.n6; i++)
		b->packet[batch.whose6[i]].region = batch.region6[i];
}

static void locate_nowhere(struct nt_burst *b)
{
	for (uint32_t n = 0; n < b->n_unlocated; n++)
		b->packet[b->unlocated[n]].region = NT_REGION_UNKNOWN;
}

#ifdef NT_TEST_DROP_ONE
/* The build that proves conservation: the first worker loses one frame that has already arrived. */
static uint32_t frames_after_loss(const struct nt_worker *w, uint32_t n)
{
	return w->id == 0 && nt_worker_frames(w) == 0 && !w->taken ? n - 1 : n;
}
#else
static uint32_t frames_after_loss(const struct nt_worker *w, uint32_t n)
{
	(void)w;
	return n;
}
#endif

static void tally_burst(struct nt_tally *t, struct nt_burst *b, enum nt_worker_part part)
{
	switch (part) {
	case NT_WORKER_DECODE:
		break;
	case NT_WORKER_SOURCES:
	case NT_WORKER_LOCATE:
		nt_tally_burst_part(t, b, NT_TALLY_SOURCES);
		break;
	case NT_WORKER_DENSE:
		nt_tally_burst_part(t, b, NT_TALLY_DENSE);
		break;
	case NT_WORKER_ALL:
		nt_tally_burst(t, b);
		break;
	}
}

/* A burst goes into one bank, whatever the stats side says meanwhile. */
static inline void begin(struct nt_worker *w)
{
	w->tally = w->bank[atomic_load_explicit(&w->turn, memory_order_acquire) & 1];
	w->asked = 0;
	w->burst.n = 0;
	nt_tally_make_room(w->tally);
}

/* `part` is a constant here as in the others, so that the whole path has no look at it. */
static inline __attribute__((always_inline)) void ask(struct nt_worker *w, enum nt_worker_part part)
{
	if (part >= NT_WORKER_SOURCES)
		nt_tally_ask(w->tally, &w->burst, w->asked);
	w->asked = w->burst.n;
}

/* The bytes of these frames have been asked for: those before are seen to until they are there. */
static inline __attribute__((always_inline)) void take(struct nt_worker *w, const struct nt_frame *frames, uint32_t n,
						       enum nt_link link, enum nt_worker_part part)
{
	if (!w->taken)
		begin(w);
	else
		ask(w, part);
	nt_tally_arrival(w->tally, frames, n);
	nt_burst_decode(&w->burst, frames, frames_after_loss(w, n), link);
	w->taken += n;
}

static inline __attribute__((always_inline)) void count(struct nt_worker *w, enum nt_worker_part part)
{
	const struct nt_locate *locate = atomic_load_explicit(&w->locate, memory_order_acquire);
	struct nt_tally *tally = w->tally;
	struct nt_burst *b = &w->burst;

	ask(w, part);
	if (part >= NT_WORKER_LOCATE && nt_tally_full(tally))
		nt_locate_ask_v4(locate, &b->packet[0].fields.src4, sizeof(b->packet[0]), b->n);
	if (part >= NT_WORKER_SOURCES)
		nt_tally_find(tally, b);
	if (part >= NT_WORKER_LOCATE && b->n_unlocated)
		locate_burst(locate, b);
	else if (part >= NT_WORKER_SOURCES)
		locate_nowhere(b);
	tally_burst(tally, b, part);
	atomic_store_explicit(&w->frames, nt_worker_frames(w) + w->taken, memory_order_relaxed);
	w->taken = 0;
	rte_rcu_qsbr_quiescent(w->qsbr, w->id);
}

void nt_worker_take(struct nt_worker *w, const struct nt_frame *frames, uint32_t n, enum nt_link link)
{
	take(w, frames, n, link, NT_WORKER_ALL);
}

void nt_worker_count(struct nt_worker *w)
{
	count(w, NT_WORKER_ALL);
}

void nt_worker_burst(struct nt_worker *w, const struct nt_frame *frames, uint32_t n, enum nt_link link)
{
	nt_worker_take(w, frames, n, link);
	nt_worker_count(w);
}

void nt_worker_take_part(struct nt_worker *w, const struct nt_frame *frames, uint32_t n, enum nt_link link,
			 enum nt_worker_part part)
{
	take(w, frames, n, link, part);
}

void nt_worker_count_part(struct nt_worker *w, enum nt_worker_part part)
{
	count(w, part);
}

void nt_worker_idle(struct nt_worker *w)
{
	rte_rcu_qsbr_quiescent(w->qsbr, w->id);
}

void nt_worker_pause(struct nt_worker *w)
{
	rte_rcu_qsbr_thread_offline(w->qsbr, w->id);
}

void nt_worker_resume(struct nt_worker *w)
{
	rte_rcu_qsbr_thread_online(w->qsbr, w->id);
}

void nt_worker_switch(struct nt_worker *w)
{
	uint32_t turn = atomic_load_explicit(&w->turn, memory_order_relaxed);

	atomic_store_explicit(&w->turn, turn + 1, memory_order_release);
}

struct nt_tally *nt_worker_retired(const struct nt_worker *w)
{
	return w->bank[(atomic_load_explicit(&w->turn, memory_order_relaxed) + 1) & 1];
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "loss.h"

/* A driver that starts its counters anew is taken to have begun at zero. */
static uint64_t difference(uint64_t now, uint64_t before)
{
	return now >= before ? now - before : now;
}

static void note_drops(struct loss *l, const struct loss_counters *now, struct nt_loss *into)
{
	into->missed += difference(now->missed, l->last.missed);
	into->no_mbuf += difference(now->no_mbuf, l->last.no_mbuf);
	into->errors += difference(now->errors, l->last.errors);
	l->last = *now;
}

/* Received beyond what was polled and can lie in the queues: packets that got lost on the way here. */
static uint64_t lost(struct loss *l, uint64_t received, uint64_t polled, uint64_t in_queues)
{
	int64_t excess = (int64_t)(received - polled - in_queues) - l->published;

	if (excess <= 0)
		return 0;
	l->published += excess;
	return (uint64_t)excess;
}

/* Polled and never received. What was published as lost and turned up after all is no second violation. */
static uint64_t invented(struct loss *l, uint64_t received, uint64_t polled)
{
	int64_t excess = (int64_t)(polled - received) + l->published;
	int64_t turned_up = l->published > 0 ? l->published : 0;

	if (excess <= 0)
		return 0;
	l->published -= excess;
	return excess > turned_up ? (uint64_t)(excess - turned_up) : 0;
}

void loss_note(struct loss *l, const struct loss_counters *now, const struct loss_polled *polled, struct nt_loss *into)
{
	note_drops(l, now, into);
	if (!l->comparable)
		return;
	into->unexplained += lost(l, now->received, polled->max, l->capacity);
	into->unexplained += invented(l, now->received, polled->min);
}

void loss_finish(struct loss *l, const struct loss_counters *stopped, const struct loss_counters *now, uint64_t polled,
		 struct nt_loss *into)
{
	note_drops(l, now, into);
	if (!l->comparable)
		return;
	into->unexplained += lost(l, stopped->received, polled, 0);
	into->unexplained += invented(l, now->received, polled);
}

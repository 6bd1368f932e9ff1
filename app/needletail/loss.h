/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_LOSS_H
#define NEEDLETAIL_LOSS_H

#include "needletail/snapshot.h"

#include <stdbool.h>
#include <stdint.h>

/** A port's counters since it was started, as its driver keeps them. */
struct loss_counters {
	uint64_t received; /**< handed to the queues */
	uint64_t missed;
	uint64_t no_mbuf;
	uint64_t errors;
};

/*
 * Holds a port's counters against the packets that were polled from it. What the driver received and nobody polled
 * yet lies in the queues: as much as their descriptors hold is in order while traffic runs. Some devices refresh their
 * counters only now and then, so that polled packets can be ahead of them for a while.
 */
struct loss {
	bool comparable;   /**< `received` can be held against the packets polled */
	uint64_t capacity; /**< descriptors of all queues */
	struct loss_counters last;
	int64_t published; /**< of received minus polled, what was published as unexplained so far */
};

/** Between which two numbers the packets polled lay when the counters were read. */
struct loss_polled {
	uint64_t min; /**< polled so long before that the device's counters know of them */
	uint64_t max; /**< polled right after */
};

/** Adds what was lost since the last call to `into`. While packets are polled. */
void loss_note(struct loss *l, const struct loss_counters *now, const struct loss_polled *polled, struct nt_loss *into);

/**
 * The same when polling has ended and the queues were drained: now everything that the driver had received by
 * `stopped` must have been polled, and nothing that it had not received by `now`.
 */
void loss_finish(struct loss *l, const struct loss_counters *stopped, const struct loss_counters *now, uint64_t polled,
		 struct nt_loss *into);

#endif

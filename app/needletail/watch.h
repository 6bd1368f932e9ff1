/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_WATCH_H
#define NEEDLETAIL_WATCH_H

#include "loss.h"

#include <rte_config.h>
#include <stdbool.h>
#include <stdint.h>

struct nt_snapshot;
struct port;
struct ports;
struct rx;

/*
 * What became of the packets between the wire and the workers: losses as the drivers count them, packets that no
 * count explains, queues that stay silent. Everything here belongs to the main lcore.
 */

/** Queues of a device: as many as the configuration takes. */
#define WATCH_QUEUES 64

struct watch_port {
	const struct port *port;
	struct loss loss;
	uint64_t polled[2];	      /* at the last second's end but one, and at the last */
	struct loss_counters stopped; /* when capture was asked to end */
	uint64_t idle;		      /* queues named as idle, a bit each */
	uint64_t queue[WATCH_QUEUES]; /* packets of each at the last interval's end */
};

struct watch {
	const struct rx *rx;
	uint32_t n;
	struct watch_port port[RTE_MAX_ETHPORTS];
};

/** Both must stay. */
void watch_init(struct watch *w, const struct ports *ports, const struct rx *rx);

/** To be called once a second. */
void watch_second(struct watch *w);

/** Adds an interval's losses to `into` and names queues that are silent while others are not. */
void watch_interval(struct watch *w, struct nt_loss *into);

/** Notes what the devices have received so far: that much is to be polled before polling ends. */
void watch_stopping(struct watch *w);

/** True if all of that was polled. */
bool watch_caught_up(const struct watch *w);

/** watch_interval() for the last interval, when polling has ended. May wait for the devices' counters. */
void watch_finish(struct watch *w, struct nt_loss *into);

/** Fills in the snapshot's packets of each queue, those since the last call. Returns 0 or -ENOMEM. */
int watch_queues(struct watch *w, struct nt_snapshot *s);

/** Says how many packets came through each queue. */
void watch_say_queues(const struct watch *w);

#endif

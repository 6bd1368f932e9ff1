/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch.h"

#include "driver.h"
#include "port.h"
#include "rx_loop.h"

#include "base/clock.h"
#include "base/log.h"
#include "needletail/snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <rte_ethdev.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Packets per queue before silence of one means something: with as many sources as a telescope sees, 256 packets a
 * queue do not leave one empty by chance. A few sources can; therefore it is only a warning.
 */
#define IDLE_PACKETS 256

/* Devices that have their counters written to memory do it about once a second. */
#define SETTLE_TRIES  30
#define SETTLE_NAP_NS 50000000

void watch_init(struct watch *w, const struct ports *ports, const struct rx *rx)
{
	*w = (struct watch){.rx = rx, .n = ports->n};
	for (uint32_t i = 0; i < ports->n; i++) {
		const struct port *p = &ports->port[i];

		w->port[i].port = p;
		w->port[i].loss.capacity = (uint64_t)p->descriptors * p->device->queues;
		w->port[i].loss.comparable =
		    !p->driver->totals_of_16 || p->device->queues <= RTE_ETHDEV_QUEUE_STAT_CNTRS;
	}
}

static uint64_t polled(const struct watch *w, const struct watch_port *p)
{
	return rx_port_packets(w->rx, p->port->id);
}

void watch_second(struct watch *w)
{
	for (uint32_t i = 0; i < w->n; i++) {
		struct watch_port *p = &w->port[i];

		p->polled[0] = p->polled[1];
		p->polled[1] = polled(w, p);
	}
}

static void say_unexplained(const struct watch_port *p, uint64_t packets)
{
	if (packets)
		nt_error("%s: %" PRIu64 " packets are neither polled nor lost, by the device's counters", p->port->name,
			 packets);
}

static void note_loss(const struct watch *w, struct watch_port *p, struct nt_loss *into)
{
	uint64_t before = into->unexplained;
	struct loss_counters now;
	struct loss_polled range = {.min = p->polled[0]};

	into->missed_unknown = into->missed_unknown || p->port->driver->no_loss_counter;
	if (port_counters(p->port, &now))
		return; /* what the counters held is in the next reading */
	range.max = polled(w, p);
	loss_note(&p->loss, &now, &range, into);
	say_unexplained(p, into->unexplained - before);
}

static void name_idle_queues(const struct watch *w, struct watch_port *p)
{
	uint32_t queues = p->port->device->queues;
	uint64_t packets = polled(w, p);

	if (queues < 2 || packets < (uint64_t)IDLE_PACKETS * queues)
		return;
	for (uint32_t q = 0; q < queues; q++) {
		if (p->idle >> q & 1 || rx_queue_packets(w->rx, p->port->id, (uint16_t)q))
			continue;
		p->idle |= UINT64_C(1) << q;
		nt_warning("%s: queue %" PRIu32 " of %" PRIu32 " is idle: none of %" PRIu64 " packets came through it",
			   p->port->name, q, queues, packets);
	}
}

void watch_interval(struct watch *w, struct nt_loss *into)
{
	for (uint32_t i = 0; i < w->n; i++) {
		note_loss(w, &w->port[i], into);
		name_idle_queues(w, &w->port[i]);
	}
}

void watch_stopping(struct watch *w)
{
	for (uint32_t i = 0; i < w->n; i++)
		if (port_counters(w->port[i].port, &w->port[i].stopped))
			w->port[i].stopped = w->port[i].loss.last;
}

bool watch_caught_up(const struct watch *w)
{
	bool all = true;

	for (uint32_t i = 0; i < w->n; i++) {
		const struct watch_port *p = &w->port[i];

		all = all && (!p->loss.comparable || polled(w, p) >= p->stopped.received);
	}
	return all;
}

static void finish_port(const struct watch *w, struct watch_port *p, struct nt_loss *into)
{
	uint64_t before = into->unexplained, packets = polled(w, p);
	struct loss_counters now = p->stopped;

	into->missed_unknown = into->missed_unknown || p->port->driver->no_loss_counter;
	for (uint32_t i = 0; i < SETTLE_TRIES; i++) {
		if (!port_counters(p->port, &now) && (!p->loss.comparable || now.received >= packets))
			break;
		nt_clock_nap(SETTLE_NAP_NS);
	}
	loss_finish(&p->loss, &p->stopped, &now, packets, into);
	say_unexplained(p, into->unexplained - before);
}

void watch_finish(struct watch *w, struct nt_loss *into)
{
	for (uint32_t i = 0; i < w->n; i++) {
		finish_port(w, &w->port[i], into);
		name_idle_queues(w, &w->port[i]);
	}
}

int watch_queues(struct watch *w, struct nt_snapshot *s)
{
	size_t n = 0;

	for (uint32_t i = 0; i < w->n; i++)
		n += w->port[i].port->device->queues;
	s->queue = calloc(n, sizeof(*s->queue));
	if (!s->queue)
		return -ENOMEM;
	for (uint32_t i = 0; i < w->n; i++) {
		struct watch_port *p = &w->port[i];

		for (uint32_t q = 0; q < p->port->device->queues && q < WATCH_QUEUES; q++) {
			struct nt_queue_packets *out = &s->queue[s->n_queues++];
			uint64_t now = rx_queue_packets(w->rx, p->port->id, (uint16_t)q);

			snprintf(out->name, sizeof(out->name), "%s queue %" PRIu32, p->port->name, q);
			out->packets = now - p->queue[q];
			p->queue[q] = now;
		}
	}
	return 0;
}

void watch_say_queues(const struct watch *w)
{
	for (uint32_t i = 0; i < w->n; i++) {
		const struct port *p = w->port[i].port;

		for (uint32_t q = 0; q < p->device->queues; q++)
			nt_info("%s queue %" PRIu32 ": %" PRIu64 " packets", p->name, q,
				rx_queue_packets(w->rx, p->id, (uint16_t)q));
	}
}

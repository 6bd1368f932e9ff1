/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_RX_LOOP_H
#define NEEDLETAIL_RX_LOOP_H

#include <poll.h>
#include <rte_config.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct nt_worker;

/*
 * The worker lcores of live capture: each polls its queue of every port, hands the frames to its worker and gives the
 * buffers back.
 */

enum rx_phase {
	RX_POLL,
	RX_DRAIN, /* poll on, and say when every queue was found empty */
	RX_STOP
};

/* One receive queue. */
struct rx_queue {
	alignas(64) uint16_t port;
	uint16_t queue;
	bool interrupts;	  /* its device has to be told when its worker waits, and when no more */
	_Atomic uint64_t packets; /* polled since the start: the worker writes, the main lcore reads */
};

/* One worker lcore. */
struct rx_worker {
	struct nt_worker *worker;
	const _Atomic uint32_t *phase;
	uint32_t idle_sleep_ns; /* longest sleep when nothing comes; 0: none */
	uint32_t queues;
	struct rx_queue queue[RTE_MAX_ETHPORTS];
	/* What to wait at. The main lcore writes before rx_start(), then it is the worker's. */
	struct pollfd wake[RTE_MAX_ETHPORTS + 1];
	uint32_t n_wake; /* 0: not all of its queues can wake it */
	int interrupts;	 /* one of `wake`: the epoll instance for devices that interrupt; -1: there are none */
	bool sparse;	 /* it waited longer than it naps, the last time */

	/* The worker writes, the main lcore reads. */
	alignas(64) _Atomic bool drained; /* found every queue empty since RX_DRAIN */
};

struct rx {
	alignas(64) _Atomic uint32_t phase; /* enum rx_phase: the main lcore writes, workers read */
	struct rx_worker *worker;	    /* [n] */
	uint32_t n;
};

/** One look at each queue of a worker; counts what is there. Returns the packets found. Worker. */
uint32_t rx_poll_round(struct rx_worker *w);

/** A worker lcore's life; `argument` is its struct rx_worker. Returns 0 or -errno. */
int rx_loop(void *argument);

/** Makes the lcores' state for `n` workers, without queues. Needs the EAL. Returns 0 or -ENOMEM; undone by rx_fini().
 */
int rx_init(struct rx *rx, struct nt_worker *const *workers, uint32_t n, uint32_t idle_sleep_us);

/** Frees; no lcore may run any more. */
void rx_fini(struct rx *rx);

/** Has worker `worker` poll a queue. Before rx_start(). */
void rx_add(struct rx *rx, uint32_t worker, uint16_t port, uint16_t queue);

/** Starts polling on the worker lcores. Returns 0 or -errno. */
int rx_start(struct rx *rx);

/** Asks the workers to find their queues empty; they poll on. */
void rx_drain(struct rx *rx);

/** True once every worker has found each of its queues empty since rx_drain(). */
bool rx_drained(const struct rx *rx);

/** Ends polling and waits for the lcores. Returns 0, or -errno if a worker could not run. */
int rx_stop(struct rx *rx);

/** Packets polled from a queue. Any thread. */
uint64_t rx_queue_packets(const struct rx *rx, uint16_t port, uint16_t queue);

/** Packets polled from all queues of a port. Any thread. */
uint64_t rx_port_packets(const struct rx *rx, uint16_t port);

/** Packets polled from all ports. Any thread. */
uint64_t rx_packets(const struct rx *rx);

/** Packets that the workers have counted, that is, whose burst is over. Never above rx_packets(). Any thread. */
uint64_t rx_counted(const struct rx *rx);

#endif

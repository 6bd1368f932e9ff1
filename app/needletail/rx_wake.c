/* SPDX-License-Identifier: BSD-3-Clause */
#include "rx_wake.h"

#include "af_packet.h"
#include "driver.h"
#include "eal.h"
#include "port.h"
#include "rx_loop.h"

#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <rte_ethdev.h>
#include <rte_interrupts.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static const struct port *port_of(const struct ports *ports, const struct rx_queue *q)
{
	const struct port *p = ports->port;

	while (p->id != q->port)
		p++;
	return p;
}

/* ---- sockets of af_packet ---- */

static bool is_af_packet(const struct port *p)
{
	return !strcmp(p->driver->name, "net_af_packet");
}

/* The devices are in the order of the configuration, in which DPDK made them. */
static int socket_of(const struct ports *ports, const struct port *port, uint16_t queue)
{
	uint32_t before = queue;

	for (const struct port *p = ports->port; p < port; p++)
		if (is_af_packet(p) && p->if_index == port->if_index)
			before += p->device->queues;
	return af_packet_socket(port->if_index, before);
}

static bool wake_by_socket(struct rx_worker *w, int fd)
{
	if (fd < 0)
		return false;
	w->wake[w->n_wake++] = (struct pollfd){.fd = fd, .events = POLLIN};
	return true;
}

/* ---- interrupts ---- */

/* Where a device has fewer of them than queues, an interrupt that several queues share would wake one worker only. */
static bool has_own_interrupt(const struct rx_queue *q)
{
	int fd = rte_eth_dev_rx_intr_ctl_q_get_fd(q->port, q->queue);

	for (uint16_t other = 0; fd >= 0 && other < q->queue; other++)
		if (rte_eth_dev_rx_intr_ctl_q_get_fd(q->port, other) == fd)
			return false;
	return fd >= 0;
}

static bool open_interrupts(struct rx_worker *w)
{
	if (w->interrupts >= 0)
		return true;
	w->interrupts = epoll_create1(EPOLL_CLOEXEC);
	if (w->interrupts < 0)
		return false;
	w->wake[w->n_wake++] = (struct pollfd){.fd = w->interrupts, .events = POLLIN};
	return true;
}

static bool wake_by_interrupt(struct rx_worker *w, struct rx_queue *q)
{
	if (!has_own_interrupt(q) || !open_interrupts(w) ||
	    rte_eth_dev_rx_intr_ctl_q(q->port, q->queue, w->interrupts, RTE_INTR_EVENT_ADD, NULL))
		return false;
	q->interrupts =
	    !rte_eth_dev_rx_intr_enable(q->port, q->queue) && !rte_eth_dev_rx_intr_disable(q->port, q->queue);
	if (!q->interrupts)
		rte_eth_dev_rx_intr_ctl_q(q->port, q->queue, w->interrupts, RTE_INTR_EVENT_DEL, NULL);
	return q->interrupts;
}

/* ---- all of it ---- */

static bool can_wake(struct rx_worker *w, struct rx_queue *q, const struct ports *ports)
{
	const struct port *p = port_of(ports, q);

	if (!p->device->wake)
		return false;
	if (is_af_packet(p))
		return wake_by_socket(w, socket_of(ports, p, q->queue));
	return p->wake && wake_by_interrupt(w, q);
}

static void prepare(struct rx_worker *w, const struct ports *ports)
{
	bool all = true;

	for (uint32_t i = 0; i < w->queues; i++)
		all = can_wake(w, &w->queue[i], ports) && all;
	if (!all)
		w->n_wake = 0;
}

/* Workers that poll its queues and have to look for packets themselves. */
static uint32_t workers_that_nap(const struct rx *rx, const struct port *p)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->device->queues; i++)
		n += !rx->worker[i].n_wake; /* queue i of every device is worker i's */
	return n;
}

static void say(const struct rx *rx, const struct port *p)
{
	uint32_t napping = workers_that_nap(rx, p);

	if (!rx->worker[0].idle_sleep_ns)
		nt_info("%s: idle workers poll on", p->name);
	else if (napping)
		nt_info("%s: idle workers look for packets every %" PRIu32 " us", p->name,
			rx->worker[0].idle_sleep_ns / 1000);
	else
		nt_info("%s: wakes idle workers", p->name);
}

void rx_wake_init(struct rx *rx, const struct ports *ports)
{
	eal_hold_messages();
	for (uint32_t i = 0; i < rx->n; i++)
		prepare(&rx->worker[i], ports);
	eal_reason(0); /* that a device has no interrupts is no error */
	eal_release_messages();
	for (uint32_t i = 0; i < ports->n; i++)
		say(rx, &ports->port[i]);
}

void rx_wake_fini(struct rx *rx)
{
	for (uint32_t i = 0; i < rx->n; i++) {
		struct rx_worker *w = &rx->worker[i];

		for (uint32_t q = 0; q < w->queues; q++)
			if (w->queue[q].interrupts)
				rte_eth_dev_rx_intr_ctl_q(w->queue[q].port, w->queue[q].queue, w->interrupts,
							  RTE_INTR_EVENT_DEL, NULL);
		if (w->interrupts >= 0)
			close(w->interrupts);
		w->n_wake = 0;
		w->interrupts = -1;
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "port.h"

#include "devargs.h"
#include "driver.h"
#include "eal.h"
#include "rss.h"

#include "base/log.h"
#include "base/parse.h"
#include "tally/tally.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Link header, two VLAN tags and FCS. */
#define FRAME_OVERHEAD (RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN + RTE_ETHER_CRC_LEN)

/* Some devices take buffer sizes in units of this (ixgbe, SRRCTL.BSIZEPACKET). */
#define ROOM_UNIT 1024

#define POOL_CACHE 256

/* What a queue takes besides its descriptors: a burst, and its lcore's cache at its fullest (rte_mempool flushes it at
 * one and a half times its size, CACHE_FLUSHTHRESH_MULTIPLIER). */
#define QUEUE_MBUFS (NT_BURST + POOL_CACHE + POOL_CACHE / 2)

#define RSS_TEXT 256

/* Where the line about a failure goes. */
struct reason {
	char *text;
	size_t size;
};

static int refuse(const struct reason *r, int err, const char *format, ...) __attribute__((format(printf, 3, 4)));

static int refuse(const struct reason *r, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(r->text, r->size, format, args);
	va_end(args);
	return err;
}

/* A call of DPDK on a port failed: what it said itself tells more than the number. */
static int refuse_call(const struct reason *r, const struct port *p, int err, const char *what)
{
	return refuse(r, err, "%s: %s: %s", p->name, what, eal_reason(err));
}

uint32_t port_default_room(void)
{
	return RTE_MBUF_DEFAULT_DATAROOM;
}

/* Finding ports */

/* "01:00.0" means "0000:01:00.0". */
static bool same_name(const char *asked, const char *found)
{
	return !strcasecmp(asked, found) || (!strncmp(found, "0000:", 5) && !strcasecmp(asked, found + 5));
}

static void add_port(struct ports *p, uint16_t id, const struct nt_config_device *device,
		     const struct rte_eth_dev_info *info)
{
	struct port *port = &p->port[p->n++];

	*port = (struct port){
	    .id = id,
	    .if_index = info->if_index,
	    .device = device,
	    .driver = driver_find(info->driver_name),
	    .wake = device->wake,
	};
	rte_eth_dev_get_name_by_port(id, port->name);
}

static int find_ports(struct ports *p, const struct nt_config *c, const struct reason *r)
{
	for (uint32_t i = 0; i < c->n_devices; i++) {
		const struct nt_config_device *device = &c->device[i];
		char name[RTE_DEV_NAME_MAX_LEN];
		uint32_t before = p->n;
		uint16_t id;

		devargs_name(device->name, name, sizeof(name));
		RTE_ETH_FOREACH_DEV(id)
		{
			struct rte_eth_dev_info info;

			if (!rte_eth_dev_info_get(id, &info) && same_name(name, rte_dev_name(info.device)))
				add_port(p, id, device, &info);
		}
		if (p->n == before)
			return refuse(r, -ENODEV, "devices[%" PRIu32 "].name: %s did not come up: %s", i, device->name,
				      eal_reason(ENODEV));
	}
	return 0;
}

/* What a port will look like */

/* A queue that nobody polls would lose its share of the packets without a trace. */
static int check_queues(const struct port *p, const struct rte_eth_dev_info *info, const struct reason *r)
{
	const char *arguments = p->driver->queues;

	if (p->device->queues == info->max_rx_queues || (p->device->queues < info->max_rx_queues && !arguments))
		return 0;
	return refuse(r, -EINVAL, "%s: queues: %" PRIu32 " asked, the device has %u%s%s%s", p->name, p->device->queues,
		      info->max_rx_queues, arguments ? " (by the arguments of its name: " : "",
		      arguments ? arguments : "", arguments ? ")" : "");
}

/* Room of a frame of af_packet's ring, which it copies whole; without the argument it fits the default. */
static uint32_t ring_frame(const struct port *p)
{
	char text[16];
	uint64_t bytes = 0;

	if (!strcmp(p->driver->name, "net_af_packet") &&
	    devargs_value(p->device->name, "framesz", 0, text, sizeof(text)))
		nt_parse_u64(text, 0, UINT16_MAX, &bytes);
	return (uint32_t)bytes;
}

static int shape_mtu(struct port *p, const struct rte_eth_dev_info *info, const struct reason *r)
{
	/* as ethdev reckons it: where a driver states no MTU of its own, header and FCS */
	uint32_t overhead = info->max_mtu != UINT16_MAX && info->max_rx_pktlen > info->max_mtu
				? info->max_rx_pktlen - info->max_mtu
				: RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;
	uint32_t max = RTE_MIN(info->max_rx_pktlen - overhead, (uint32_t)info->max_mtu);

	if (p->device->mtu) {
		p->mtu = (uint16_t)p->device->mtu;
		if (p->mtu < info->min_mtu || p->mtu > max)
			return refuse(r, -EINVAL, "%s: mtu: %u asked, the device takes %u to %" PRIu32, p->name, p->mtu,
				      info->min_mtu, max);
		return 0;
	}
	if (rte_eth_dev_get_mtu(p->id, &p->mtu) || !p->mtu)
		p->mtu = RTE_ETHER_MTU;
	p->mtu = (uint16_t)RTE_MIN(max, (uint32_t)p->mtu);
	return 0;
}

/* A frame larger than the usual buffer comes in several where the device can do that; else buffers must grow. */
static void shape_buffers(struct port *p, const struct rte_eth_dev_info *info)
{
	uint32_t frame = (uint32_t)p->mtu + FRAME_OVERHEAD, usual = port_default_room();

	p->scatter = frame > usual && (info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER);
	p->room = RTE_MAX(p->scatter ? usual : RTE_MAX(frame, usual), ring_frame(p));
	p->room = RTE_ALIGN_CEIL(p->room, ROOM_UNIT);
}

static void shape_socket(struct port *p)
{
	p->socket = rte_eth_dev_socket_id(p->id);
	if (p->socket < 0)
		p->socket = eal_worker_socket(0);
	if (p->socket < 0 || p->socket >= RTE_MAX_NUMA_NODES)
		p->socket = rte_socket_id_by_idx(0);
}

static int shape_port(struct port *p, const struct reason *r)
{
	uint16_t rx = (uint16_t)p->device->descriptors, tx = 0;
	struct rte_eth_dev_info info;
	int err = rte_eth_dev_info_get(p->id, &info);

	if (!err)
		err = rte_eth_dev_adjust_nb_rx_tx_desc(p->id, &rx, &tx);
	if (err)
		return refuse_call(r, p, err, "tells nothing about itself");
	if (rx != p->device->descriptors)
		nt_info("%s: %u descriptors instead of %" PRIu32 ": what the device takes", p->name, rx,
			p->device->descriptors);
	p->descriptors = rx;
	err = check_queues(p, &info, r);
	if (!err)
		err = shape_mtu(p, &info, r);
	if (!err)
		shape_buffers(p, &info);
	shape_socket(p);
	p->rss = p->device->queues > 1 ? rss_choose(info.flow_type_rss_offloads) : 0;
	return err;
}

/* Buffers */

struct demand {
	uint32_t mbufs;
	uint32_t room;
};

uint32_t port_mbufs(const struct nt_config_device *device)
{
	return device->queues * (device->descriptors + QUEUE_MBUFS);
}

static struct demand demand_of(const struct ports *p, int socket)
{
	struct demand d = {0};

	for (uint32_t i = 0; i < p->n; i++) {
		if (p->port[i].socket != socket)
			continue;
		d.mbufs += p->port[i].device->queues * (p->port[i].descriptors + QUEUE_MBUFS);
		d.room = RTE_MAX(d.room, p->port[i].room);
	}
	return d;
}

static int make_pool(struct ports *p, int socket, const struct reason *r)
{
	struct demand d = demand_of(p, socket);
	char name[RTE_MEMPOOL_NAMESIZE];

	if (d.mbufs > p->mbufs)
		return refuse(r, -EINVAL, "memory.mbufs: %" PRIu32 " asked, the queues need at least %" PRIu32,
			      p->mbufs, d.mbufs);
	snprintf(name, sizeof(name), "mbufs-%d", socket);
	p->pool[socket] =
	    rte_pktmbuf_pool_create(name, p->mbufs, POOL_CACHE, 0, (uint16_t)(d.room + RTE_PKTMBUF_HEADROOM), socket);
	if (p->pool[socket])
		return 0;
	return refuse(r, -ENOMEM,
		      "memory.mbufs: no memory for %" PRIu32 " buffers of %" PRIu32
		      " bytes on socket %d: lower it, raise memory.mib, or give more hugepages",
		      p->mbufs, d.room, socket);
}

static int make_pools(struct ports *p, const struct reason *r)
{
	int err = 0;

	for (uint32_t i = 0; i < p->n && !err; i++)
		if (!p->pool[p->port[i].socket])
			err = make_pool(p, p->port[i].socket, r);
	return err;
}

/* Configuring */

static struct rte_eth_conf port_conf(const struct port *p, uint8_t key_bytes)
{
	struct rte_eth_conf conf = {
	    .rxmode =
		{
		    .mq_mode = p->rss ? RTE_ETH_MQ_RX_RSS : RTE_ETH_MQ_RX_NONE,
		    .mtu = p->mtu,
		    .offloads = p->scatter ? RTE_ETH_RX_OFFLOAD_SCATTER : 0,
		},
	    .intr_conf.rxq = p->wake,
	};

	/* A device with a longer key has one of its own; a NULL key means that. */
	if (p->rss && key_bytes == RSS_KEY_BYTES) {
		conf.rx_adv_conf.rss_conf.rss_key = (uint8_t *)(uintptr_t)rss_key; /* only read */
		conf.rx_adv_conf.rss_conf.rss_key_len = RSS_KEY_BYTES;
	}
	conf.rx_adv_conf.rss_conf.rss_hf = p->rss;
	return conf;
}

static int set_up_queues(const struct port *p, struct rte_mempool *pool, uint16_t tx_queues, const struct reason *r)
{
	int err = 0;

	for (uint32_t q = 0; q < p->device->queues && !err; q++)
		err = rte_eth_rx_queue_setup(p->id, (uint16_t)q, (uint16_t)p->descriptors, (unsigned int)p->socket,
					     NULL, pool);
	if (!err && tx_queues)
		err = rte_eth_tx_queue_setup(p->id, 0, 0, (unsigned int)p->socket, NULL);
	return err ? refuse_call(r, p, err, "cannot set up its queues") : 0;
}

/* One queue for sending, though nothing is sent: some devices do not start without. */
static int configure(struct port *p, struct rte_mempool *pool, const struct reason *r)
{
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf;
	uint16_t tx_queues;
	int err = rte_eth_dev_info_get(p->id, &info);

	if (err)
		return refuse_call(r, p, err, "tells nothing about itself");
	tx_queues = info.max_tx_queues ? 1 : 0;
	conf = port_conf(p, info.hash_key_size);
	err = rte_eth_dev_configure(p->id, (uint16_t)p->device->queues, tx_queues, &conf);
	if (err && p->wake) { /* not for want of interrupts: some drivers refuse what they do not have (virtio) */
		eal_reason(err);
		p->wake = false;
		conf = port_conf(p, info.hash_key_size);
		err = rte_eth_dev_configure(p->id, (uint16_t)p->device->queues, tx_queues, &conf);
	}
	if (err)
		return refuse_call(r, p, err, "cannot be configured");
	err = p->device->mtu ? rte_eth_dev_set_mtu(p->id, p->mtu) : 0;
	if (err && err != -ENOTSUP) /* then what rte_eth_dev_configure() was told is all there is */
		return refuse_call(r, p, err, "cannot set its mtu");
	return set_up_queues(p, pool, tx_queues, r);
}

int ports_open(struct ports *p, const struct nt_config *c, char *why, size_t why_size)
{
	const struct reason r = {.text = why, .size = why_size};
	int err;

	*p = (struct ports){.mbufs = c->memory.mbufs};
	err = find_ports(p, c, &r);
	for (uint32_t i = 0; i < p->n && !err; i++)
		err = shape_port(&p->port[i], &r);
	if (!err)
		err = make_pools(p, &r);
	for (uint32_t i = 0; i < p->n && !err; i++)
		err = configure(&p->port[i], p->pool[p->port[i].socket], &r);
	if (err)
		ports_close(p);
	return err;
}

/* Starting */

/* Flags of a kernel interface (netdevice(7)); 0 if they cannot be read. */
static int kernel_flags(unsigned int if_index)
{
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), flags = 0;

	if (fd < 0)
		return 0;
	if (if_indextoname(if_index, request.ifr_name) && !ioctl(fd, SIOCGIFFLAGS, &request))
		flags = request.ifr_flags;
	close(fd);
	return flags;
}

/* A kernel interface that somebody else made promiscuous stays so in the end. */
static void make_promiscuous(struct port *p)
{
	bool was = p->if_index && (kernel_flags(p->if_index) & IFF_PROMISC);
	int err = rte_eth_promiscuous_enable(p->id);

	p->made_promiscuous = !err && !was;
	if (err)
		nt_warning("%s: cannot be made promiscuous (%s): it sees frames to its own address only", p->name,
			   strerror(-err));
}

/* Drivers that tell how long their queues really are; others have rings of their own, whatever they were told. */
static void say_descriptors(const struct port *p, char *text, size_t size)
{
	struct rte_eth_rxq_info info = {0};

	*text = '\0';
	if (!rte_eth_rx_queue_info_get(p->id, 0, &info))
		snprintf(text, size, " of %u descriptors", info.nb_desc);
}

static void say_port(const struct port *p)
{
	char functions[RSS_TEXT], descriptors[32];

	say_descriptors(p, descriptors, sizeof(descriptors));
	nt_info("%s: %" PRIu32 " queue%s%s, mtu %u%s%s", p->name, p->device->queues, p->device->queues > 1 ? "s" : "",
		descriptors, p->mtu, p->scatter ? ", scattered" : "",
		rte_eth_promiscuous_get(p->id) == 1 ? ", promiscuous" : "");
	if (p->device->queues == 1)
		return;
	rss_text(p->rss, functions, sizeof(functions));
	if (p->rss || !p->driver->spread)
		nt_info("%s: rss: %s", p->name, functions);
	else
		nt_info("%s: rss: none, spread by %s", p->name, p->driver->spread);
}

/* Some drivers apply less than they were asked for. */
static void read_back_rss(struct port *p)
{
	struct rte_eth_rss_conf conf = {0};

	if (p->rss && !rte_eth_dev_rss_hash_conf_get(p->id, &conf))
		p->rss = conf.rss_hf;
}

static int start(struct port *p, const struct reason *r)
{
	struct loss_counters before;
	int err;

	/* what comes between the start and the first look counts: the base is read before */
	rte_eth_stats_reset(p->id);
	if (!port_counters(p, &before))
		p->base = before;
	err = rte_eth_dev_start(p->id);
	if (err)
		return refuse_call(r, p, err,
				   p->wake ? "cannot be started (without interrupts perhaps: devices[].wake: false)"
					   : "cannot be started");
	if (p->device->promiscuous)
		make_promiscuous(p);
	read_back_rss(p);
	say_port(p);
	return 0;
}

int ports_start(struct ports *p, char *why, size_t why_size)
{
	const struct reason r = {.text = why, .size = why_size};
	int err = 0;

	for (uint32_t i = 0; i < p->n && !err; i++)
		err = start(&p->port[i], &r);
	return err;
}

/* Watching */

/* Drivers that know no speed call theirs fixed. */
static void say_link_up(const struct port *p, const struct rte_eth_link *link)
{
	if (link->link_autoneg == RTE_ETH_LINK_FIXED || link->link_speed == RTE_ETH_SPEED_NUM_NONE ||
	    link->link_speed == RTE_ETH_SPEED_NUM_UNKNOWN)
		nt_info("%s: link is up", p->name);
	else
		nt_info("%s: link is up, %" PRIu32 " Mb/s", p->name, link->link_speed);
}

/* Drivers on top of a kernel interface may call the link up whatever becomes of it (af_packet, af_xdp). */
static bool link_is_up(const struct port *p, struct rte_eth_link *link)
{
	if (rte_eth_link_get_nowait(p->id, link) || link->link_status != RTE_ETH_LINK_UP)
		return false;
	return !p->if_index || (kernel_flags(p->if_index) & IFF_RUNNING);
}

bool ports_watch_links(struct ports *p)
{
	bool all_up = true;

	for (uint32_t i = 0; i < p->n; i++) {
		struct port *port = &p->port[i];
		struct rte_eth_link link = {0};
		bool up = link_is_up(port, &link);

		if (up && !port->link_up)
			say_link_up(port, &link);
		else if (!up && port->link_up)
			nt_warning("%s: link is down", port->name);
		port->link_up = up;
		all_up = all_up && up;
	}
	return all_up;
}

static uint64_t since(uint64_t now, uint64_t base)
{
	return now >= base ? now - base : now; /* the driver began anew */
}

int port_counters(const struct port *p, struct loss_counters *counters)
{
	struct rte_eth_stats stats;
	int err = rte_eth_stats_get(p->id, &stats);

	if (err)
		return err;
	*counters = (struct loss_counters){
	    .received = since(stats.ipackets, p->base.received),
	    .missed = since(stats.imissed, p->base.missed),
	    .no_mbuf = since(stats.rx_nombuf, p->base.no_mbuf),
	    .errors = since(stats.ierrors, p->base.errors),
	};
	return 0;
}

void ports_close(struct ports *p)
{
	for (uint32_t i = 0; i < p->n; i++) {
		if (p->port[i].made_promiscuous)
			rte_eth_promiscuous_disable(p->port[i].id);
		rte_eth_dev_stop(p->port[i].id);
		rte_eth_dev_close(p->port[i].id);
	}
	for (uint32_t socket = 0; socket < RTE_MAX_NUMA_NODES; socket++)
		rte_mempool_free(p->pool[socket]);
	*p = (struct ports){0};
}

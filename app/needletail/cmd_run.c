/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands.h"

#include "af_packet.h"
#include "complete.h"
#include "detect_config.h"
#include "eal.h"
#include "live.h"
#include "live_config.h"
#include "machine.h"
#include "port.h"
#include "rules.h"
#include "rx_loop.h"
#include "rx_wake.h"
#include "sinks.h"
#include "sizing.h"
#include "stats.h"

#include "base/log.h"
#include "config/config.h"
#include "needletail/errors.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHY_BYTES 1024

/* How long Redis may be away at the end before what is left is given up. */
#define PATIENCE_MS 5000

/* What live capture is made of, in the order in which it is made. */
struct run {
	const struct nt_config *config;
	uint32_t workers;
	bool hugepages;
	struct ports ports;
	struct stats stats;
	struct sinks sinks;
	struct rx rx;
	struct live live; /* has the region tables */
};

static const char help[] =
    "usage: needletail run -c FILE\n"
    "\n"
    "Counts what arrives at the configured devices until SIGINT or SIGTERM, and writes every interval to the JSON\n"
    "file and to Redis; to standard output if neither is configured. SIGHUP reads the databases and the\n"
    "signatures again, and opens the JSON file anew.\n";

/* The whole is in place: the exit status. */
static int capture(struct run *r)
{
	int err, status = NT_EXIT_OK;

	err = rx_start(&r->rx);
	if (err)
		nt_error("workers: %s", strerror(-err));
	else
		err = live_run(&r->live);
	if (publisher_finish(r->sinks.publisher))
		status = NT_EXIT_FAILED; /* it has said why */
	if (err)
		nt_error("run: %s", strerror(-err));
	return err || r->live.unexplained ? NT_EXIT_FAILED : status;
}

static void give_queues_to_workers(struct run *r)
{
	for (uint32_t i = 0; i < r->ports.n; i++)
		for (uint32_t q = 0; q < r->ports.port[i].device->queues; q++)
			rx_add(&r->rx, q, r->ports.port[i].id, (uint16_t)q);
}

static void say_doubt(void *cookie, const char *line)
{
	(void)cookie;
	nt_warning("%s", line);
}

static int with_publisher(struct run *r)
{
	char why[WHY_BYTES];
	int err;

	r->live.publisher = r->sinks.publisher;
	if (sinks_start(&r->sinks))
		return NT_EXIT_FAILED;
	err = ports_start(&r->ports, why, sizeof(why));
	eal_release_messages();
	if (!err) {
		nt_info("memory: %s", r->hugepages ? "hugepages" : "no hugepages");
		for (uint32_t i = 0; i < r->config->n_devices; i++)
			af_packet_each_doubt(r->config->device[i].name, say_doubt, NULL);
		rx_wake_init(&r->rx, &r->ports);
		return capture(r);
	}
	nt_error("%s", why);
	publisher_finish(r->sinks.publisher);
	return NT_EXIT_UNUSABLE;
}

static int with_workers(struct run *r)
{
	const struct sinks_options options = {
	    .config = r->config,
	    .interval_s = r->config->interval_s,
	    .geo_build_s = r->live.databases.geo.info.build_epoch_s,
	    .append = true,
	    .patience_ms = PATIENCE_MS,
	};
	int status;

	if (rx_init(&r->rx, r->stats.worker, r->workers, r->config->idle_sleep_us)) {
		nt_error("workers: no memory: raise memory.mib");
		return NT_EXIT_UNUSABLE;
	}
	give_queues_to_workers(r);
	status = sinks_open(&r->sinks, &options) ? NT_EXIT_UNUSABLE : with_publisher(r);
	if (sinks_close(&r->sinks) && status == NT_EXIT_OK)
		status = NT_EXIT_FAILED;
	rx_wake_fini(&r->rx);
	rx_fini(&r->rx);
	return status;
}

static int with_regions(struct run *r)
{
	int socket[RTE_MAX_LCORE];
	const struct stats_options options = {
	    .workers = r->workers,
	    .locate = r->live.databases.geo.locate,
	    .asn = r->live.databases.asn,
	    .signatures = r->live.signatures,
	    .tables = sizing_tables(r->config),
	    .ready = true,
	    .sketches = *r->config->redis.url,
	    .socket = socket,
	};
	int status;

	for (uint32_t i = 0; i < r->workers; i++)
		socket[i] = eal_worker_socket(i);
	if (stats_init(&r->stats, &options)) {
		nt_error("workers: no memory for their tables: raise memory.mib or give more hugepages");
		return NT_EXIT_UNUSABLE;
	}
	status = with_workers(r);
	stats_fini(&r->stats);
	return status;
}

static int with_ports(struct run *r)
{
	int status;

	if (databases_open(&r->config->geo, DATABASES_DPDK, &r->live.databases))
		return NT_EXIT_UNUSABLE;
	status = with_regions(r);
	databases_free(&r->live.databases); /* by now perhaps younger ones */
	return status;
}

static int with_eal(struct run *r)
{
	char why[WHY_BYTES];
	int status;

	eal_hold_messages();
	if (ports_open(&r->ports, r->config, why, sizeof(why))) {
		nt_error("%s", why);
		return NT_EXIT_UNUSABLE;
	}
	status = with_ports(r);
	ports_close(&r->ports);
	return status;
}

static bool shares_memory(const struct nt_config *c)
{
	for (uint32_t i = 0; i < c->n_devices; i++)
		if (strstr(c->device[i].name, "virtio_user"))
			return true;
	return false;
}

static int start_eal(const struct run *r)
{
	const char *devices[NT_CONFIG_DEVICES_MAX];
	const struct nt_config *c = r->config;
	const struct eal_options options = {
	    .workers = r->workers,
	    .lcores = c->lcores,
	    .hugepages = r->hugepages,
	    .memory_mib = c->memory.mib,
	    .shared_memory = shares_memory(c),
	    .devices = devices,
	    .n_devices = c->n_devices,
	};
	char why[WHY_BYTES];
	int err;

	for (uint32_t i = 0; i < c->n_devices; i++)
		devices[i] = c->device[i].name;
	err = eal_start(&options, why, sizeof(why));
	if (err)
		nt_error("dpdk: %s", why);
	return err;
}

/* What can be refused before DPDK is started, which would say it in other words or not at all. */
static int prepare(struct run *r)
{
	char why[WHY_BYTES];
	int err = sizing_workers(r->config, &r->workers, why, sizeof(why));

	for (uint32_t i = 0; i < r->config->n_devices && !err; i++)
		err = machine_check_device(&r->config->device[i], why, sizeof(why));
	if (!err)
		err = machine_check_cpus(r->config->lcores, why, sizeof(why));
	if (!err)
		err = sizing_hugepages(r->config, r->workers, &r->hugepages, why, sizeof(why));
	if (err)
		nt_error("%s", why);
	return err;
}

static int run(const char *path, const struct nt_config *config)
{
	struct run *r = calloc(1, sizeof(*r)); /* the tables of ports and queues are large for a stack */
	int status = NT_EXIT_UNUSABLE;

	if (!r) {
		nt_error("run: %s", strerror(errno));
		return NT_EXIT_FAILED;
	}
	r->config = config;
	r->live.path = path;
	r->live.config = config;
	r->live.ports = &r->ports;
	r->live.rx = &r->rx;
	r->live.stats = &r->stats;
	r->live.detect = detect_start(config, config->interval_s);
	if (r->live.detect && !rules_open(config, &r->live.signatures) && !prepare(r)) {
		live_block_signals();
		if (!start_eal(r)) {
			status = with_eal(r);
			eal_stop();
		}
	}
	nt_signatures_free(r->live.signatures); /* by now perhaps younger ones */
	nt_signatures_free(r->live.retired);
	nt_detect_free(r->live.detect);
	free(r);
	return status;
}

int cmd_run(int argc, char **argv)
{
	struct live_config l;

	if (live_config_read(&l, argc, argv, help))
		return l.status;
	l.status = run(l.path, &l.config);
	nt_config_fini(&l.config);
	return l.status;
}

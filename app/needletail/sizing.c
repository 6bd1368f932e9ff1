/* SPDX-License-Identifier: BSD-3-Clause */
#include "sizing.h"

#include "eal.h"
#include "port.h"

#include "config/config.h"
#include "worker/worker.h"

#include <errno.h>
#include <inttypes.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <sys/stat.h>

#define MIB	     (UINT64_C(1) << 20)
#define HUGEPAGE_KIB 2048 /* what x86 and most others have by default; only for advice */

/*
 * Region table of IPv6: what is there before the first prefix, what a MiB of database adds, and a bound that country
 * data stay below, however much else the file holds. Measured: 7.7 MiB with 595 k IPv6 prefixes make 198 MiB; and a
 * heap that holds one must find room for the next in one piece.
 */
#define GEO_BASE_MIB 48
#define GEO_PER_MIB  30
#define GEO_MAX_MIB  400

int sizing_workers(const struct nt_config *c, uint32_t *workers, char *why, size_t why_size)
{
	const struct nt_config_device *widest = &c->device[0];

	for (uint32_t i = 1; i < c->n_devices; i++)
		if (c->device[i].queues > widest->queues)
			widest = &c->device[i];
	*workers = widest->queues;
	if (!c->workers || c->workers == widest->queues)
		return 0;
	snprintf(why, why_size,
		 "workers: %" PRIu32 " asked, but no device has more queues than %s, which has %" PRIu32
		 ", and each queue takes one worker: leave workers out or change queues",
		 c->workers, widest->name, widest->queues);
	return -EINVAL;
}

struct nt_tally_options sizing_tables(const struct nt_config *c)
{
	return (struct nt_tally_options){
	    .region_port_entries = c->tables.region_port,
	    .match_entries = c->tables.region_port / 4,
	    .source_entries = c->tables.sources,
	    .pair_entries = c->tables.pairs,
	    .victim_entries = c->tables.victims,
	    .sketches = c->tables.sketches,
	};
}

struct nt_tally_options sizing_split(const struct nt_tally_options *o, uint32_t workers)
{
	return (struct nt_tally_options){
	    .region_port_entries = o->region_port_entries / workers,
	    .match_entries = o->match_entries / workers,
	    .source_entries = o->source_entries / workers,
	    .pair_entries = o->pair_entries / workers,
	    .victim_entries = o->victim_entries / workers,
	    .sketches = o->sketches,
	    .first_slots = o->first_slots,
	};
}

/* Twice, because a reload builds the new table beside the old one. */
static uint64_t geo_mib(const char *path)
{
	struct stat status;
	uint64_t mib;

	if (!*path || stat(path, &status))
		return 0;
	mib = GEO_BASE_MIB + GEO_PER_MIB * (uint64_t)status.st_size / MIB;
	return 2 * (mib < GEO_MAX_MIB ? mib : GEO_MAX_MIB);
}

uint64_t sizing_mib(const struct nt_config *c, uint32_t workers)
{
	const struct nt_tally_options whole = sizing_tables(c);
	const struct nt_worker_options options = {.tables = sizing_split(&whole, workers)};
	uint64_t mbuf = sizeof(struct rte_mbuf) + RTE_PKTMBUF_HEADROOM + port_default_room() + RTE_CACHE_LINE_SIZE;
	uint64_t bytes = c->memory.mbufs * mbuf + workers * (uint64_t)nt_worker_memsize(&options);

	return (bytes + MIB - 1) / MIB + geo_mib(c->geo.country);
}

/* Hugepages that the system has now, free or not. */
static uint64_t pages_now(void)
{
	FILE *f = fopen("/proc/sys/vm/nr_hugepages", "re");
	uint64_t pages = 0;

	if (f && fscanf(f, "%" SCNu64, &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return pages;
}

int sizing_hugepages(const struct nt_config *c, uint32_t workers, bool *hugepages, char *why, size_t why_size)
{
	uint64_t free_mib = eal_free_hugepages_mib(), needed_mib = sizing_mib(c, workers);

	*hugepages = c->memory.hugepages != NT_HUGEPAGES_NO && free_mib >= needed_mib;
	if (*hugepages || c->memory.hugepages != NT_HUGEPAGES_YES)
		return 0;
	snprintf(why, why_size,
		 "memory.hugepages: yes, but of %" PRIu64 " MiB needed %" PRIu64 " are free: echo %" PRIu64
		 " > /proc/sys/vm/nr_hugepages, or set memory.hugepages: auto",
		 needed_mib, free_mib, pages_now() + (needed_mib - free_mib) * 1024 / HUGEPAGE_KIB + 1);
	return -ENOMEM;
}

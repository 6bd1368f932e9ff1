/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_DATABASES_H
#define NEEDLETAIL_DATABASES_H

#include "config/config.h"
#include "geo/asn.h"
#include "geo/geo.h"

/* The databases that say where a source is. */
struct databases {
	struct nt_geo geo;  /* geo.locate NULL: none is configured */
	struct nt_asn *asn; /* NULL: likewise */
};

/** Where the region tables live. DPDK's memory needs the EAL; see nt_geo_options for the other. */
enum databases_memory { DATABASES_DPDK, DATABASES_ORDINARY };

/**
 * Reads what is configured, all or nothing. Any thread, one at a time.
 * Returns 0, or -errno with a line in `why` and *d all zero. Undone by databases_free().
 */
int databases_load(const struct nt_config_geo *config, enum databases_memory memory, struct databases *d,
		   char why[static NT_GEO_WHY]);

/** Likewise, and logs what is wrong or doubtful. */
int databases_open(const struct nt_config_geo *config, enum databases_memory memory, struct databases *d);

/** Frees them, once nobody looks into them any more. */
void databases_free(struct databases *d);

#endif

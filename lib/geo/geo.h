/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_GEO_GEO_H
#define NT_GEO_GEO_H

#include "locate/locate.h"

#include <stdint.h>

/*
 * Region databases: any country database in the MaxMind DB format (MaxMind, DB-IP, IPinfo, home-made), compiled into
 * the tables of lib/locate. An address gets the very answer that libmaxminddb gives for it: the first that exists of
 * country.iso_code, country_code and country (a string). Never registered_country. Anything but two of [A-Z0-9] is
 * unknown, and so is an IPv6 address in a database of IPv4.
 */

/** Room for an error line with its NUL: "FILE: REASON". */
#define NT_GEO_WHY 512

/** Room for a database's type with its NUL; longer ones are cut. */
#define NT_GEO_TYPE 64

struct nt_geo_options {
	const char *path;	  /**< database file */
	const char *country_path; /**< where the region stands instead: keys joined by dots; NULL: as above */
	bool ordinary_memory;	  /**< not DPDK's: needs no EAL, and is ready much sooner (locate/tree.h) */
	int numa_socket;	  /**< where the tables live in DPDK's memory; negative: anywhere */
};

/** What a database says about itself, and how much is in it. */
struct nt_geo_info {
	int64_t build_epoch_s;		 /**< Unix seconds */
	char database_type[NT_GEO_TYPE]; /**< for example "GeoLite2-Country" */
	uint32_t ip_version;		 /**< 4 or 6 */
	uint32_t regions;		 /**< different known regions; 0: this is no country database */
	/* Not of tables in ordinary memory, which are made of none of these: */
	uint32_t prefixes4;   /**< fewest that give the same answers */
	uint32_t prefixes6;   /**< likewise */
	uint32_t aliases6;    /**< places in the IPv6 space where the IPv4 space stands again */
	uint64_t table_bytes; /**< DPDK memory of the tables; twice while a reload has old and new */
};

struct nt_geo {
	struct nt_locate *locate; /**< hand this to the workers */
	struct nt_geo_info info;
};

/**
 * Reads a database and builds its tables. Control threads only, for DPDK's memory after rte_eal_init(); that takes up
 * to a second.
 * Safe beside an older table in use, and beside somebody who rewrites the file: then it fails.
 * Returns 0; -EBADMSG (no database, or a broken one), -EINVAL (country_path), -ENOMEM (also: too little DPDK memory),
 * or what the system said about the file. On failure `why` holds one line for the user and *geo is all zero.
 */
int nt_geo_load(const struct nt_geo_options *options, struct nt_geo *geo, char why[static NT_GEO_WHY]);

/** Frees what nt_geo_load() made, when no worker looks into it any more. Control threads only. */
void nt_geo_unload(struct nt_geo *geo);

/** As nt_geo_load(), but builds nothing and needs no EAL: is the file good? `info` may be NULL. Any thread. */
int nt_geo_check(const struct nt_geo_options *options, struct nt_geo_info *info, char why[static NT_GEO_WHY]);

#endif

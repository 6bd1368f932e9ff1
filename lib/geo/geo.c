/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/geo.h"
#include "geo/mmdb.h"
#include "geo/nodes.h"
#include "geo/tree.h"
#include "locate/tree.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A path of any length leaves room for the reason. */
#define WHY_PATH 300

static struct nt_locate_options tables_of(const struct nt_geo_lists *lists, int numa_socket)
{
	return (struct nt_locate_options){
	    .numa_socket = numa_socket,
	    .default4 = lists->default4,
	    .default6 = lists->default6,
	    .prefix4 = lists->prefix4,
	    .prefixes4 = lists->prefixes4,
	    .prefix6 = lists->prefix6,
	    .prefixes6 = lists->prefixes6,
	    .alias6 = lists->alias6,
	    .aliases6 = lists->aliases6,
	};
}

static void count(const struct nt_geo_lists *lists, struct nt_geo_info *info)
{
	const struct nt_locate_options tables = tables_of(lists, 0);

	info->regions = lists->regions;
	info->prefixes4 = lists->prefixes4;
	info->prefixes6 = lists->prefixes6;
	info->aliases6 = lists->aliases6;
	info->table_bytes = nt_locate_bytes(&tables);
}

static int say_why(const struct nt_geo_options *options, int rc, const char *reason, char why[static NT_GEO_WHY])
{
	if (rc)
		snprintf(why, NT_GEO_WHY, "%.*s: %s", WHY_PATH, options->path, reason);
	return rc;
}

static int read_lists(const struct nt_geo_options *options, struct nt_geo_lists *lists, struct nt_geo_info *info,
		      char why[static NT_GEO_WHY])
{
	const char *reason = "";
	struct nt_mmdb *mmdb;
	int rc = nt_mmdb_open(&mmdb, options, &reason);

	*lists = (struct nt_geo_lists){0};
	*info = (struct nt_geo_info){0};
	if (rc == 0) {
		nt_mmdb_info(mmdb, info);
		rc = nt_geo_lists_fill(lists, mmdb, info->ip_version, &reason);
		nt_mmdb_close(mmdb);
	}
	if (rc == 0)
		count(lists, info);
	return say_why(options, rc, reason, why);
}

static int build(const struct nt_geo_options *options, const struct nt_geo_lists *lists, struct nt_geo *geo,
		 char why[static NT_GEO_WHY])
{
	const struct nt_locate_options tables = tables_of(lists, options->numa_socket);
	int error;

	geo->locate = nt_locate_create(&tables);
	if (geo->locate)
		return 0;
	error = errno;
	if (error == ENOMEM)
		snprintf(why, NT_GEO_WHY,
			 "%.*s: its tables take %" PRIu64 " MiB of DPDK memory, which is not there "
			 "(more hugepages; without them, a larger memory.mib)",
			 WHY_PATH, options->path, (geo->info.table_bytes >> 20) + 1);
	else
		snprintf(why, NT_GEO_WHY, "%.*s: tables: %s", WHY_PATH, options->path, strerrordesc_np(error));
	return -error;
}

static int load_tree(struct nt_mmdb *mmdb, struct nt_geo *geo, const char **reason)
{
	struct nt_tree *tree;
	int rc;

	nt_mmdb_info(mmdb, &geo->info);
	rc = nt_geo_nodes(mmdb, geo->info.ip_version, &tree, &geo->info.regions, reason);
	if (rc)
		return rc;
	geo->locate = nt_locate_of_tree(tree);
	*reason = strerrordesc_np(ENOMEM);
	return geo->locate ? 0 : -ENOMEM;
}

static int load_ordinary(const struct nt_geo_options *options, struct nt_geo *geo, char why[static NT_GEO_WHY])
{
	const char *reason = "";
	struct nt_mmdb *mmdb;
	int rc = nt_mmdb_open(&mmdb, options, &reason);

	*geo = (struct nt_geo){0};
	if (rc == 0) {
		rc = load_tree(mmdb, geo, &reason);
		nt_mmdb_close(mmdb);
	}
	if (rc)
		*geo = (struct nt_geo){0};
	return say_why(options, rc, reason, why);
}

int nt_geo_load(const struct nt_geo_options *options, struct nt_geo *geo, char why[static NT_GEO_WHY])
{
	struct nt_geo_lists lists;
	int rc;

	if (options->ordinary_memory)
		return load_ordinary(options, geo, why);
	*geo = (struct nt_geo){0};
	rc = read_lists(options, &lists, &geo->info, why);
	if (rc == 0)
		rc = build(options, &lists, geo, why);
	nt_geo_lists_fini(&lists);
	if (rc)
		*geo = (struct nt_geo){0};
	return rc;
}

void nt_geo_unload(struct nt_geo *geo)
{
	nt_locate_free(geo->locate);
	*geo = (struct nt_geo){0};
}

int nt_geo_check(const struct nt_geo_options *options, struct nt_geo_info *info, char why[static NT_GEO_WHY])
{
	struct nt_geo_info unused;
	struct nt_geo_lists lists;
	int rc = read_lists(options, &lists, info ? info : &unused, why);

	nt_geo_lists_fini(&lists);
	return rc;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/leaves.h"
#include "geo/mmdb.h"
#include "geo/regions.h"
#include "geo/tree.h"
#include "locate/filling.h"

#include <errno.h>
#include <string.h>

struct walk {
	struct nt_locate_filling *filling;
	struct nt_mmdb *mmdb;
	struct nt_region_cache regions;
	struct nt_mmdb_record ipv4_root; /* in a tree of IPv6: where the IPv4 space hangs */
	uint64_t visits_left;
	uint32_t aliases;
	const char **reason;
};

static int fail(const struct walk *w, int rc, const char *why)
{
	*w->reason = why;
	return rc;
}

/* What was filled, or that there is no memory. */
static int filled(const struct walk *w, int rc)
{
	return rc ? fail(w, rc, strerrordesc_np(ENOMEM)) : 0;
}

static int region_of(struct walk *w, struct nt_mmdb_record leaf)
{
	if (leaf.kind != NT_MMDB_DATA)
		return NT_REGION_UNKNOWN;
	return nt_region_cache_find(&w->regions, w->mmdb, leaf.value, w->reason);
}

/* Comes by a record: the first checks, and for a node its two records. */
static int visit(struct walk *w, struct nt_mmdb_record record, uint32_t length, uint32_t bits,
		 struct nt_mmdb_record child[static 2])
{
	if (w->visits_left-- == 0)
		return fail(w, -EBADMSG, NT_GEO_TOO_OFTEN);
	if (record.kind != NT_MMDB_NODE)
		return 0;
	if (length == bits)
		return fail(w, -EBADMSG, NT_GEO_TOO_DEEP);
	return nt_mmdb_read(w->mmdb, record.value, child, w->reason);
}

/* Recurses at most once per bit of an address; a cycle is a tree deeper than that. */
static int walk4(struct walk *w, struct nt_mmdb_record record, uint32_t network, uint32_t length)
{
	struct nt_mmdb_record child[2];
	int rc = visit(w, record, length, 32, child);

	if (rc == 0 && record.kind != NT_MMDB_NODE) {
		rc = region_of(w, record);
		return rc < 0 ? rc : filled(w, nt_locate_fill4(w->filling, network, length, (uint16_t)rc));
	}
	if (rc == 0)
		rc = walk4(w, child[0], network, length + 1);
	if (rc == 0)
		rc = walk4(w, child[1], network | UINT32_C(1) << (31 - length), length + 1);
	return rc;
}

static bool is_alias(const struct walk *w, struct nt_mmdb_record record, uint32_t length)
{
	return length <= NT_GEO_ALIAS_LENGTH_MAX && w->ipv4_root.kind == NT_MMDB_NODE && record.kind == NT_MMDB_NODE &&
	       record.value == w->ipv4_root.value;
}

static int walk6(struct walk *w, struct nt_mmdb_record record, nt_u128 network, uint32_t length)
{
	struct nt_mmdb_record child[2];
	int rc;

	if (is_alias(w, record, length)) {
		w->aliases++;
		return filled(w, nt_locate_fill6_alias(w->filling, network, length));
	}
	rc = visit(w, record, length, 128, child);
	if (rc == 0 && record.kind != NT_MMDB_NODE) {
		rc = region_of(w, record);
		return rc < 0 ? rc : filled(w, nt_locate_fill6(w->filling, network, length, (uint16_t)rc));
	}
	if (rc == 0)
		rc = walk6(w, child[0], network, length + 1);
	if (rc == 0)
		rc = walk6(w, child[1], network | (nt_u128)1 << (127 - length), length + 1);
	return rc;
}

int nt_geo_leaves_fill(struct nt_locate_filling *filling, struct nt_mmdb *mmdb, uint32_t ip_version, uint32_t *regions,
		       uint32_t *aliases, const char **reason)
{
	const struct nt_mmdb_record root = {.kind = NT_MMDB_NODE, .value = 0};
	struct walk w = {.filling = filling, .mmdb = mmdb, .visits_left = nt_geo_visits(mmdb), .reason = reason};
	int rc = nt_mmdb_ipv4_start(mmdb, &w.ipv4_root, reason);

	if (rc == 0)
		rc = walk4(&w, w.ipv4_root, 0, 0);
	if (rc == 0 && ip_version == 6)
		rc = walk6(&w, root, 0, 0);
	*regions = w.regions.known;
	*aliases = w.aliases;
	nt_region_cache_fini(&w.regions);
	return rc;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/asn.h"

#include "base/printable.h"
#include "geo/mmdb.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A path of any length leaves room for the reason. */
#define WHY_PATH 300

/* Sources of an interval share few records; what a record says is remembered. A power of two. */
#define CACHE 16384u

/* A record and what it says. */
struct remembered {
	uint32_t offset1; /* + 1; 0: free */
	uint32_t number;
};

struct nt_asn {
	struct nt_mmdb *mmdb;
	int64_t build_s;
	struct remembered cache[CACHE];
};

/* Does any record tell an AS? Looks at every node, so that a broken tree is found now and not in the night. */
static int look_over(struct nt_mmdb *mmdb, bool *tells, const char **reason)
{
	struct nt_mmdb_record child[2];
	struct nt_mmdb_as as;
	uint32_t seen = UINT32_MAX;

	*tells = false;
	for (uint32_t n = 0; n < nt_mmdb_nodes(mmdb); n++) {
		int rc = nt_mmdb_read(mmdb, n, child, reason);

		if (rc)
			return rc;
		for (uint32_t c = 0; c < 2 && !*tells; c++) {
			if (child[c].kind != NT_MMDB_DATA || child[c].value == seen)
				continue;
			seen = child[c].value; /* neighbours often share a record */
			rc = nt_mmdb_as(mmdb, child[c].value, &as, reason);
			if (rc)
				return rc;
			*tells = as.number;
		}
	}
	return 0;
}

static int check(struct nt_mmdb *mmdb, const char **reason)
{
	bool tells;
	int rc = look_over(mmdb, &tells, reason);

	if (rc == 0 && !tells) {
		*reason = "no AS number in it: it is no AS database";
		rc = -EBADMSG;
	}
	return rc;
}

int nt_asn_open(const char *path, struct nt_asn **asn, char why[static NT_GEO_WHY])
{
	const struct nt_geo_options options = {.path = path};
	struct nt_asn *a = calloc(1, sizeof(*a));
	const char *reason = strerrordesc_np(ENOMEM);
	int rc = a ? nt_mmdb_open(&a->mmdb, &options, &reason) : -ENOMEM;
	struct nt_geo_info info;

	*asn = NULL;
	if (rc)
		goto err;
	rc = check(a->mmdb, &reason);
	if (rc)
		goto err_mmdb;
	nt_mmdb_unlimited(a->mmdb);
	nt_mmdb_info(a->mmdb, &info);
	a->build_s = info.build_epoch_s;
	*asn = a;
	return 0;

err_mmdb:
	nt_mmdb_close(a->mmdb);
err:
	free(a);
	snprintf(why, NT_GEO_WHY, "%.*s: %s", WHY_PATH, path, reason);
	return rc;
}

void nt_asn_close(struct nt_asn *asn)
{
	if (!asn)
		return;
	nt_mmdb_close(asn->mmdb);
	free(asn);
}

int64_t nt_asn_build_s(const struct nt_asn *asn)
{
	return asn->build_s;
}

uint32_t nt_asn_lookup(struct nt_asn *asn, const struct nt_address *address)
{
	struct remembered *r;
	struct nt_mmdb_as as;
	const char *reason;
	uint32_t offset;

	if (!nt_mmdb_find(asn->mmdb, address, &offset))
		return 0;
	r = &asn->cache[(offset * 0x9e3779b1u) >> 18]; /* Knuth, TAOCP 6.4; 14 bits are left */
	if (r->offset1 != offset + 1) {
		if (nt_mmdb_as(asn->mmdb, offset, &as, &reason))
			as.number = 0; /* a broken record says nothing */
		*r = (struct remembered){.offset1 = offset + 1, .number = as.number};
	}
	return r->number;
}

/* Cuts between characters, and lets nothing through that a log or a terminal could obey. */
static void copy_name(char org[static NT_ASN_ORG], const char *name, uint32_t length)
{
	char text[NT_ASN_ORG + 3]; /* the last character that may stay is complete */
	size_t n = length < sizeof(text) ? length : sizeof(text) - 1;

	for (size_t i = 0; i < n; i++)
		text[i] = name[i] ? name[i] : '?';
	text[n] = '\0';
	nt_printable(text);
	if (n >= NT_ASN_ORG)
		for (n = NT_ASN_ORG - 1; n && ((unsigned char)text[n] & 0xc0) == 0x80;)
			n--;
	memcpy(org, text, n);
	org[n] = '\0';
}

uint32_t nt_asn_lookup_org(struct nt_asn *asn, const struct nt_address *address, char org[static NT_ASN_ORG])
{
	struct nt_mmdb_as as;
	const char *reason;
	uint32_t offset;

	org[0] = '\0';
	if (!nt_mmdb_find(asn->mmdb, address, &offset) || nt_mmdb_as(asn->mmdb, offset, &as, &reason) || !as.number)
		return 0;
	copy_name(org, as.org, as.length);
	return as.number;
}

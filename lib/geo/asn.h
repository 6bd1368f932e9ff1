/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_GEO_ASN_H
#define NT_GEO_ASN_H

#include "geo/geo.h"
#include "needletail/snapshot.h"

/*
 * AS databases: who announces an address. Asked once per source at the end of an interval, never per packet, so the
 * file's own tree is walked (100 to 154 ns). Records as MaxMind has them (autonomous_system_number and
 * autonomous_system_organization), or as IPinfo has them (asn "AS2907", as_name), or `asn` as a number.
 */

struct nt_asn;

/** Opens a database. Control threads. Returns 0 or as nt_geo_load(), with a line in `why`. Undone by nt_asn_close(). */
int nt_asn_open(const char *path, struct nt_asn **asn, char why[static NT_GEO_WHY]);

/** NULL is fine. */
void nt_asn_close(struct nt_asn *asn);

/** Unix seconds at which the database was built. */
int64_t nt_asn_build_s(const struct nt_asn *asn);

/** Longest name of an organisation with its NUL; longer ones are cut between characters. */
#define NT_ASN_ORG 128

/** AS number of an address; 0: none. One thread at a time. */
uint32_t nt_asn_lookup(struct nt_asn *asn, const struct nt_address *address);

/** As nt_asn_lookup(), with the organisation's name in UTF-8; "" if the database has none. */
uint32_t nt_asn_lookup_org(struct nt_asn *asn, const struct nt_address *address, char org[static NT_ASN_ORG]);

#endif

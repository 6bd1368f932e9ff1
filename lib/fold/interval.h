/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_FOLD_INTERVAL_H
#define NT_FOLD_INTERVAL_H

#include "fold/backscatter.h"
#include "fold/sketches.h"
#include "fold/sources.h"
#include "needletail/snapshot.h"

struct nt_asn;
struct nt_locate;

/* The open interval, and the steps in which it becomes a snapshot. Each returns 0 or -ENOMEM. */

struct nt_fold_interval {
	struct nt_snapshot open; /* packets: all that is added up as it is */
	struct nt_fold_sources sources;
	struct nt_fold_pairs pairs;
	struct nt_fold_senders senders;
	struct nt_fold_victims victims;
	struct nt_fold_sketches sketches; /* of sources without a line */
	uint64_t lost_packets;		  /* of sources without a line */
	uint32_t all_syns;		  /* bits of signatures */
	bool overflowed;		  /* the numbers of the merged lines are not the whole truth */
};

/** AS numbers whose names were told since the day began. */
struct nt_fold_orgs {
	struct nt_places index;
	uint32_t *asn;
	size_t n;
	size_t capacity;
	int64_t day; /* UTC days since 1970 */
};

void nt_fold_orgs_fini(struct nt_fold_orgs *o);

/* lists.c: merged tables -> lists of the snapshot, whose start_s is set. `asn` and `locate` may be NULL. */
int nt_fold_list_sources(const struct nt_fold_interval *i, struct nt_snapshot *into);
int nt_fold_list_pairs(const struct nt_fold_interval *i, struct nt_snapshot *into);
int nt_fold_list_senders(const struct nt_fold_interval *i, struct nt_snapshot *into);
int nt_fold_list_victims(const struct nt_fold_interval *i, const struct nt_locate *locate, struct nt_snapshot *into);

/* orgs.c: AS numbers of everybody in the lists, packets by AS, and the names not told before. */
int nt_fold_list_as(struct nt_asn *asn, struct nt_fold_orgs *told, struct nt_snapshot *into);

/* numbers.c: unique sources of every kind, from the lists: exact if nothing found no place. */
int nt_fold_count(struct nt_snapshot *into);

/** The ports whose sources are counted, most packets first; place[port key] is 1 + place in `top`, 0 for others. */
struct nt_fold_ports {
	uint32_t n;
	struct nt_count top[NT_UNIQUE_PORTS];
	uint8_t place[1u << 17];
};

_Static_assert(NT_UNIQUE_PORTS < UINT8_MAX, "places fit a byte");

void nt_fold_top_ports(const struct nt_snapshot *s, struct nt_fold_ports *ports);

/* unite.c: sketches of the lists and of the sources without a line together, and estimates where there are such. */
int nt_fold_unite(struct nt_fold_sketches *lost, struct nt_snapshot *into);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_STATS_H
#define NEEDLETAIL_STATS_H

#include "needletail/snapshot.h"
#include "tally/tally.h"

#include <stdint.h>

struct nt_fold;
struct nt_worker;
struct nt_asn;
struct nt_locate;
struct nt_signatures;
struct rte_rcu_qsbr;

/*
 * The stats side of the workers: switches their banks, folds what they left into the open interval, and makes the
 * finished interval's snapshot. All calls from one thread, the main lcore's, but where a replay's closing thread folds
 * and takes what the main thread switched (closing.h). It never talks to the network.
 */
struct stats {
	struct nt_worker **worker; /* [n] */
	uint32_t n;
	size_t worker_bytes; /* of each, in ordinary memory; 0: in DPDK's */
	struct rte_rcu_qsbr *qsbr;
	struct nt_fold *fold;		  /* of the open interval */
	const struct nt_signatures *next; /* to begin with at the interval's end; NULL: no change */
	uint64_t folded;		  /* frames of all workers at the last fold */
	uint64_t folded_ns;		  /* monotonic time of it */
};

struct stats_options {
	uint32_t workers;
	const struct nt_locate *locate;
	struct nt_asn *asn;			/* NULL: none */
	const struct nt_signatures *signatures; /* NULL: none */
	struct nt_tally_options tables;		/* per sensor; split evenly over the workers */
	bool ready;				/* take the memory of all tables at once, not when it is used first */
	bool sketches;				/* make HyperLogLogs, for a sink that merges them */
	bool ordinary_memory; /* not DPDK's: needs no EAL, and serves better than that without hugepages */
	const int *socket;    /* [workers] NUMA socket of each worker's DPDK memory; NULL: any */
};

/** What only the receiving side knows of an interval. */
struct interval {
	int64_t start_s;
	int64_t end_s;
	bool partial;
	uint64_t received; /* frames handed to the workers */
	uint64_t late;
	struct nt_loss loss; /* unexplained: of the receiving side alone */
};

/**
 * Makes the workers, with both banks each. Needs the EAL, but with ordinary_memory. Returns 0 or -errno; undone by
 * stats_fini().
 */
int stats_init(struct stats *s, const struct stats_options *options);

/** Lets go of the workers, whose DPDK memory stays until eal_stop(); none may run any more. */
void stats_fini(struct stats *s);

/**
 * Switches every worker's bank, and blocks until all have passed a burst boundary: the retired banks are nobody's but
 * the stats side's. They have to be folded before the next switch.
 */
void stats_switch(struct stats *s);

/** Adds the retired banks to the open interval, and empties them. Returns 0 or -ENOMEM. */
int stats_fold_retired(struct stats *s);

/** Both in one. */
int stats_fold(struct stats *s);

/** As stats_fold(), at the end of the open interval: new signatures begin right behind it. */
int stats_fold_last(struct stats *s);

/** Frames folded so far of the open interval. */
uint64_t stats_folded_frames(const struct stats *s);

/**
 * Folds if a bank may hold so many frames that its counters could wrap before the interval ends, or reaches back so far
 * that its bins of victims would. Live. Returns 0 or -ENOMEM.
 */
int stats_guard(struct stats *s);

/**
 * Ends the interval with what was folded: checks conservation and moves the snapshot out; the next interval begins
 * empty. Returns 0 or -ENOMEM.
 */
int stats_take(struct stats *s, const struct interval *interval, struct nt_snapshot *finished);

/**
 * From the end of the open interval on, packets are matched against these. What was used before is in no worker's
 * hands once stats_signatures_changed().
 */
void stats_set_signatures(struct stats *s, const struct nt_signatures *signatures);
bool stats_signatures_changed(const struct stats *s);

/** Gives every worker and the fold another region table; on return none uses the old one. */
void stats_set_locate(struct stats *s, const struct nt_locate *locate);

/** Looks sources up in another AS database from now on, or in none; the old one is not used any more. */
void stats_set_asn(struct stats *s, struct nt_asn *asn);

#endif

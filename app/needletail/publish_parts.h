/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_PUBLISH_PARTS_H
#define NEEDLETAIL_PUBLISH_PARTS_H

#include "publish.h"

#include "spool/spool.h"

#include <pthread.h>

/* What publish.c, publish_lines.c and publish_redis.c share; nobody else includes it. */

#define MS_NS		UINT64_C(1000000)
#define BACK_OFF_MIN_NS (20 * MS_NS)
#define BACK_OFF_MAX_NS (10000 * MS_NS)

struct nt_put;

struct publisher {
	struct publisher_options options;
	struct nt_queue *queue; /* submit -> store thread */
	struct nt_spool *spool;
	bool durable; /* it has a file */
	bool has_redis;
	size_t left_over;
	uint64_t reduced_before; /* by earlier processes */
	uint64_t dropped_before;
	pthread_t store_thread;
	pthread_t lines_thread;
	pthread_t redis_thread;
	bool started;
	_Atomic int64_t geo_build_s; /* any thread writes, Redis thread reads */
	_Atomic uint64_t finish_ns;  /* when to finish was asked for, 0: not yet; caller writes, the others read */

	/* store thread */
	bool said_reduced;
	bool said_dropped;
	uint64_t reduced;
	uint64_t dropped;

	/* lines thread, once that is started */
	bool noted; /* the note says which file we write to */
	bool said_failure;

	/* Redis thread, once that is started */
	struct nt_put *put;

	pthread_mutex_t lock;	/* guards everything below */
	pthread_cond_t changed; /* one of them, or the spool */
	uint64_t changes;
	bool stored_all; /* nothing more will come */
	bool redis_given_up;
	bool lines_given_up;
	uint64_t discarded; /* snapshots in memory that Redis was to get and will not */
	struct publisher_counters counters;
};

/** How attempts go that fail: since when, and how long to wait before the next. One thread. */
struct attempts {
	uint64_t failing_since_ns; /* 0: the last one went well */
	uint64_t back_off_ns;
	bool closing; /* time is short */
};

/** Notes how an attempt went; 0 or -errno. */
void publisher_attempted(struct attempts *a, int err);

/** Waits before the next attempt. Ends early when finishing begins, or a replay is told to give up. */
void publisher_back_off(struct publisher *p, struct attempts *a);

/** A signal has told a replay not to wait. */
bool publisher_told_to_give_up(const struct publisher *p);

/** Finishing has begun. */
bool publisher_is_finishing(const struct publisher *p);

/** Live, finishing has taken as long as it may. */
bool publisher_is_late(const struct publisher *p);

/** Wakes whoever waits for a change. */
void publisher_changed(struct publisher *p);

/** Number of changes so far. */
uint64_t publisher_changes(struct publisher *p);

/** Waits for a change since there were `seen`. False when nothing will come any more. */
bool publisher_wait(struct publisher *p, uint64_t seen);

/** With the lock held and Redis given up: what is in memory for it will never get there. */
void publisher_let_go(struct publisher *p);

/** Before the threads start: the file's note, and an empty file if one is wanted. Returns 0 or -errno. */
int publisher_begin_lines(struct publisher *p);

void *publisher_run_lines(void *publisher);
void *publisher_run_redis(void *publisher);

#endif

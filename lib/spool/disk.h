/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_SPOOL_DISK_H
#define NT_SPOOL_DISK_H

#include "spool/spool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The file of a spool: all of the SQL, and the only part of the engine that knows SQLite. It decides nothing.
 *
 * The file is in WAL mode with synchronous=FULL: a transaction that was committed survives a crash of the program
 * and of the machine. It is locked for as long as it is open, by a lock that dies with the process; that also keeps
 * SQLite from mapping anything that somebody could cut short under us.
 *
 * Failures, besides what open(2) and write(2) give:
 *   -EUCLEAN  the file is corrupt                      -EBUSY   another process has it
 *   -ENOSPC   no room, on the disk or under the bound  -ENOENT  no such entry, or the file is gone from its path
 *   -EMSGSIZE  an entry that is larger than SQLite takes
 *   -EMEDIUMTYPE  no spool, and not ours: nothing of it was changed (whose.h)
 *   -ENOLINK  a link to a file that is not there
 * All calls from one thread at a time.
 */

struct disk;

/**
 * Runs of numbers that are remembered: one for each long outage, crash, or damaged entry. Of older ones only the sum
 * is known, and that matters only to a store that forgets that far back.
 */
#define SPOOL_RUNS 1024

struct spool_run {
	uint64_t from;
	uint64_t to; /* exclusive */
};

struct spool_runs {
	struct spool_run run[SPOOL_RUNS];
	size_t n;
};

struct spool_sink {
	bool known; /* it has a place */
	uint64_t applied;
	void *note;
	size_t note_length;
};

/* All that the file holds beside its entries. */
struct spool_state {
	char id[NT_SPOOL_ID];
	uint64_t end;
	uint64_t pinned; /* 0: none */
	uint64_t reduced;
	uint64_t dropped;
	uint64_t damaged;
	struct spool_sink sink[NT_SINKS];
	struct spool_runs dropped_runs;
	struct spool_runs unused_runs; /* never given to a snapshot, as far as is known */
	bool runs_changed;	       /* the file does not have them yet */
};

struct disk_entry {
	uint64_t sequence;
	int64_t applied_s; /* Unix seconds at which all sinks had applied it; 0: they have not */
	uint64_t stored;   /* bytes of the file that it takes */
	bool reduced;
};

struct disk_options {
	const char *path;
	const char *sensor;
	uint64_t max_bytes;
};

/**
 * Opens or makes the file and takes its lock. Returns NULL with errno: as above, and EEXIST if it is another
 * sensor's. *fresh: it has just been made and holds nothing, not even an identity.
 */
struct disk *disk_open(const struct disk_options *options, bool *fresh);

/** Closes the file. */
void disk_close(struct disk *d);

/** From now on closing touches nothing: the file at the path is another one. */
void disk_detach(struct disk *d);

/** Text for the last failure. */
const char *disk_why(const struct disk *d);

/** True if the path still leads to this file. */
bool disk_in_place(const struct disk *d);

/**
 * Reads everything but the snapshots; *clean: the file was closed, not left by a crash. Notes are to be freed. Calls
 * `each` for every entry in order; what that returns but 0 ends it. Returns 0 or a failure.
 */
int disk_load(struct disk *d, struct spool_state *state, bool *clean);
int disk_each(struct disk *d, int (*each)(void *context, const struct disk_entry *entry), void *context);

/** Bytes of the file that an entry of that many bytes takes. */
uint64_t disk_cost(size_t length);

/** Bytes of entries that fit under the bound. */
uint64_t disk_room(uint64_t max_bytes);

/** True if the file may not grow by so many bytes: SQLite says the same of that and of a full disk. */
bool disk_at_bound(struct disk *d, uint64_t bytes);

/** Reads a snapshot's bytes, to be freed. */
int disk_read(struct disk *d, uint64_t sequence, uint8_t **bytes, size_t *length);

/* A transaction. A step that fails has ended it, and nothing of it happened. */
int disk_begin(struct disk *d);
int disk_insert(struct disk *d, uint64_t sequence, const uint8_t *bytes, size_t length, bool reduced);
int disk_remove(struct disk *d, uint64_t from, uint64_t to); /* from..to-1 */
int disk_mark(struct disk *d, uint64_t from, uint64_t to, int64_t applied_s);
int disk_write_state(struct disk *d, const struct spool_state *state, bool clean);
int disk_commit(struct disk *d);

/** Bytes on disk, write-ahead log included. */
uint64_t disk_size(const struct disk *d);

#endif

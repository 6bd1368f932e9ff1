/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_SPOOL_SPOOL_H
#define NT_SPOOL_SPOOL_H

#include "needletail/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Snapshots on their way to sinks that may be away, in order, each under a sequence number that counts from 1 and is
 * never used twice. Each sink has a place of its own in the spool. Snapshots stay for a while after all sinks applied
 * them, because a store that fails over or restarts may forget what it had acknowledged; then they are asked for
 * again.
 *
 * With a path the spool lives on disk: what nt_spool_push() acknowledged is there after a crash of the program or
 * the machine, under the same identity and number. Memory then holds what a sink is reading, and what the disk did
 * not take. Without a path it lives in memory and dies with the process.
 *
 * The spool is bounded. When it is full, what all sinks applied goes first; then the detail of the oldest snapshots
 * that wait (nt_snapshot_reduce()); then whole ones, the oldest first. Both are counted, and which numbers were
 * dropped is remembered.
 *
 * Every function from any thread; a call may wait for the disk. README.md says how the file looks.
 */

struct nt_spool;

/** Who reads from a spool. */
enum nt_sink {
	NT_SINK_LINES, /**< the file of JSON lines */
	NT_SINK_REDIS,
	NT_SINKS
};

/** Bit of a sink in nt_spool_options.sinks. */
#define NT_SINK_BIT(sink) (1u << (sink))

/** Identity of a spool with its NUL: 16 hexadecimal digits. */
#define NT_SPOOL_ID 17

/** Longest note of a sink; bytes. */
#define NT_SPOOL_NOTE 4096

struct nt_spool_options {
	const char *path;	 /**< of the file; NULL or "": memory alone */
	const char *sensor;	 /**< whose it is: the file of another sensor is refused; NULL: "" */
	uint32_t sinks;		 /**< NT_SINK_BIT() of those that read here; an entry may go when all have applied it */
	size_t memory_snapshots; /**< held in memory at most; at least 1 */
	size_t memory_bytes;	 /**< likewise, as far as one snapshot alone is not larger; 0: no such bound */
	uint64_t disk_bytes;	 /**< of the file at most */
	uint32_t
	    keep_applied_s; /**< seconds that an entry stays once all sinks applied it; they go on across a restart */
};

/** No path, Redis the only sink, memory for 4,096 snapshots and 256 MiB, 1 GiB on disk, applied ones for 600 s. */
extern const struct nt_spool_options nt_spool_defaults;

/**
 * Opens the spool at options->path, or makes a new one. A spool that is corrupt, or of a version that is not known, is
 * renamed to PATH.corrupt-<Unix seconds>, which is logged, and a new one begun. Texts are copied.
 * Returns NULL with errno: EBUSY another process has the file, EEXIST it is another sensor's, EMEDIUMTYPE it is no
 * spool and stays as it is, ENOLINK it is a link to a file that is not there, or what open(2) gives.
 */
struct nt_spool *nt_spool_open(const struct nt_spool_options *options);

/** Why a file that is there is not for us, in words that go on after the path; NULL: errno says something else. */
const char *nt_spool_refusal(int error);

/** Closes the spool; what is on disk stays there. No reference may be out, and no thread use it any more. */
void nt_spool_free(struct nt_spool *s);

/**
 * Identity of the spool: the sequence numbers mean something together with it only. It is kept in the file, so that
 * a restart goes on under it.
 */
const char *nt_spool_id(const struct nt_spool *s);

/**
 * Appends a snapshot, which is moved: *snapshot is empty afterwards. Makes room as described above. What only
 * detectors want of it is let go of. Returns 0 if it is held durably, or in memory if the spool has no path; 1 if it
 * is held in memory only because the disk refuses (logged once; it gets there as soon as that works again, in
 * order); or -ENOMEM with the snapshot still the caller's.
 */
int nt_spool_push(struct nt_spool *s, struct nt_snapshot *snapshot);

/** Uses up `n` sequence numbers for snapshots that were lost on their way to the spool; they count as dropped. */
void nt_spool_skip(struct nt_spool *s, uint64_t n);

/** Lowest sequence number at or above `from` that is held, 0 if there is none. */
uint64_t nt_spool_next(struct nt_spool *s, uint64_t from);

/**
 * Into *out a reference to the snapshot of that number, to be given back with nt_spool_release(). Each time it is
 * read, also after a restart, it holds the same in the same order, until it is reduced: see nt_spool_pin().
 * Returns 0; -ENOENT if it is not held, or was damaged, in which case it is dropped and counted; -ENOMEM; or -EIO if
 * the disk does not let it be read now.
 */
int nt_spool_get(struct nt_spool *s, uint64_t sequence, const struct nt_snapshot **out);

/** Gives a reference back; NULL is none. */
void nt_spool_release(struct nt_spool *s, const struct nt_snapshot *snapshot);

/**
 * Says that `sink` has applied everything below `sequence`, and nothing from there on: a store that lost its last
 * writes takes the number back. A number behind the end of the spool moves the end there, because the sink knows
 * numbers that the file has forgotten. Durable when it returns 0. Returns 0, or -EIO if that is known in memory
 * only, until the disk works again.
 */
int nt_spool_set_applied(struct nt_spool *s, enum nt_sink sink, uint64_t sequence);

/** Number below which `sink` has applied everything. */
uint64_t nt_spool_applied(struct nt_spool *s, enum nt_sink sink);

/**
 * As nt_spool_set_applied(), and in the same moment changes the sink's note: a few bytes, at most NT_SPOOL_NOTE, that
 * it wants to find again after a restart. Returns as it, or -EINVAL for a note that is too long, or -ENOMEM.
 */
int nt_spool_set_applied_note(struct nt_spool *s, enum nt_sink sink, uint64_t sequence, const void *note,
			      size_t length);

/** Copies the sink's note, at most `room` bytes of it. Returns its length; 0: there is none. */
size_t nt_spool_note(struct nt_spool *s, enum nt_sink sink, void *note, size_t room);

/** Drops a snapshot that can never be applied. */
void nt_spool_discard(struct nt_spool *s, uint64_t sequence);

/**
 * Says that a sink begins to write this snapshot in parts: it is not reduced as long as the pin is on it, and is the
 * last to be dropped. There is one pin; 0 takes it off. Survives a restart. Returns 0, or -EIO as above.
 */
int nt_spool_pin(struct nt_spool *s, uint64_t sequence);

/** How many of the numbers from..to-1 were dropped before all sinks had applied them. */
uint64_t nt_spool_dropped(struct nt_spool *s, uint64_t from, uint64_t to);

/**
 * How many of the numbers from..to-1 were given to a snapshot, as far as is known: a crash, and a sink that knows
 * more numbers than the spool, leave some out.
 */
uint64_t nt_spool_given(struct nt_spool *s, uint64_t from, uint64_t to);

/** Number that the next snapshot will have. */
uint64_t nt_spool_end(struct nt_spool *s);

/** Snapshots held that this sink has not applied. */
size_t nt_spool_waiting(struct nt_spool *s, enum nt_sink sink);

/** True if pushing that snapshot now would neither drop nor reduce one that waits. */
bool nt_spool_fits(struct nt_spool *s, const struct nt_snapshot *snapshot);

struct nt_spool_counters {
	uint64_t reduced;    /**< snapshots whose detail was dropped, since the spool was made */
	uint64_t dropped;    /**< snapshots dropped before all sinks had applied them, likewise */
	uint64_t damaged;    /**< of them, those that could not be read any more */
	bool on_disk;	     /**< everything held is on disk */
	uint64_t disk_bytes; /**< size of the file */
};

/** Fills in the numbers up to now. */
void nt_spool_read_counters(struct nt_spool *s, struct nt_spool_counters *out);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_SPOOL_INSIDE_H
#define NT_SPOOL_INSIDE_H

#include "spool/disk.h"
#include "spool/spool.h"

#include <pthread.h>

/*
 * The parts of a spool. spool.c is the front and takes the lock; ring.c has the list of entries and the rules of
 * dropping; save.c brings to disk what memory says. What memory says is the truth as long as the process lives:
 * the disk follows as far as it can, and whatever it refused is tried again as a whole.
 */

/* A snapshot in memory. It goes when nobody refers to it: neither its entry nor a reader. */
struct held {
	struct nt_snapshot snapshot;
	uint64_t sequence;
	uint32_t references;
};

struct entry {
	uint64_t sequence;
	uint64_t applied_ns; /* monotonic time at which all sinks had applied it; meaningless before */
	uint64_t stored;     /* bytes of the file that it takes; 0: it is not on disk */
	size_t bytes;	     /* of memory that it takes; 0: it is on disk */
	struct held *held;   /* NULL: nobody reads it, and it is on disk */
	bool kept;	     /* one of the references to `held` is the entry's own */
	bool reduced;
	bool uncommitted;   /* written in the transaction that is open */
	bool seen;	    /* resync() */
	uint8_t unreadable; /* times that reading it failed, in a row */
};

/* Numbers that left the list and may be on disk still. Those below the first entry need not be remembered. */
struct gone {
	uint64_t *sequence;
	size_t n;
	size_t room;
};

struct nt_spool {
	struct nt_spool_options options; /* texts are ours */
	pthread_mutex_t lock;		 /* guards everything below */

	struct entry *entry; /* ring of `room` places */
	size_t room;
	size_t first;
	size_t n;
	size_t uncommitted; /* entries of the open transaction, or a few more */
	size_t in_memory;   /* entries that are not on disk */
	size_t bytes;	    /* of them */
	uint64_t stored;    /* bytes of the file that the others take */
	size_t waiting;	    /* not applied by all sinks */
	size_t wait_bytes;  /* of memory that those take */
	uint64_t wait_stored;
	uint64_t newest; /* entry on disk that is kept in memory too, because the sinks will ask for it; 0: none */
	struct spool_state state;
	struct gone gone;

	struct disk *disk;  /* NULL: no path, or it does not work */
	uint64_t overhead;  /* bytes of the file that are no use for entries, beyond what disk_room() knows */
	uint64_t tried;	    /* bytes of the file that the last transaction needed for entries */
	bool resync;	    /* what is on disk may not be what the entries say */
	bool dirty;	    /* memory says something that the disk does not */
	uint64_t mark_from; /* entries from..to-1 were applied by all, which the disk does not know */
	uint64_t mark_to;
	int said;	    /* failure that the log knows of; 0: none */
	uint64_t failed_ns; /* monotonic time of the last failure */
};

static inline bool has_path(const struct nt_spool *s)
{
	return *s->options.path;
}

/* ---- ring.c: with the lock held ---- */

static inline struct entry *entry_at(const struct nt_spool *s, size_t i)
{
	return &s->entry[(s->first + i) % s->room];
}

/** Number below which all sinks have applied everything. */
uint64_t applied_by_all(const struct nt_spool *s);
bool entry_waits(const struct nt_spool *s, const struct entry *e);

/** Place of the first entry at or above a number; s->n if there is none. */
size_t find_entry(const struct nt_spool *s, uint64_t from);

/** Place of that entry, s->n if it is not held. */
size_t find_exactly(const struct nt_spool *s, uint64_t sequence);

/** Room for one entry more; 0 or -ENOMEM. Then append_entry(). */
int grow_ring(struct nt_spool *s);
void append_entry(struct nt_spool *s, const struct entry *entry);
void remove_entry(struct nt_spool *s, size_t i);

/** Says how much memory and file an entry takes from now on. */
void resize_entry(struct nt_spool *s, struct entry *e, size_t bytes, uint64_t stored);

/**
 * Notes that an entry is not in the list and may be on disk. If there is no memory for it, it is removed once it is
 * below the first entry.
 */
void remember_gone(struct nt_spool *s, uint64_t sequence);

/** Removes an entry; if it still waits it is a dropped one. */
void drop_entry(struct nt_spool *s, size_t i);
void remember_run(struct spool_runs *runs, uint64_t from, uint64_t n);
void remember_dropped(struct nt_spool *s, uint64_t from, uint64_t n);
void remove_expired(struct nt_spool *s);

/** Entries from..to-1 were applied by the last sink that had not, or were taken back. */
void mark_entries(struct nt_spool *s, uint64_t from, uint64_t to, bool applied);

/** Bytes that a snapshot takes in memory. */
size_t memory_bytes(const struct nt_snapshot *snapshot);

/** Makes room in memory, for one snapshot more of that many bytes. */
void make_memory(struct nt_spool *s, size_t bytes);

/** The entry to be reduced next: the oldest that waits, has detail and may lose it. s->n: none. */
size_t to_reduce(const struct nt_spool *s, bool on_disk);

/** The entry to be dropped next; the pinned one last. There must be one. */
size_t to_drop(const struct nt_spool *s, bool on_disk);

void let_go(struct held *held);

/** Lets go of the snapshot that an entry on disk keeps in memory. */
void keep_no_longer(struct nt_spool *s, struct entry *e);

/* ---- load.c ---- */

/** Opens the file and reads what it holds. Returns 0, also when the disk does not work now, or -errno. */
int open_disk(struct nt_spool *s);

/* ---- save.c: with the lock held ---- */

struct disk *open_spool_file(const struct nt_spool *s, bool *fresh);

/** Bytes on disk for entries; less where SQLite needed more pages for them than we think. */
uint64_t room_on_disk(const struct nt_spool *s);

/** Brings to disk what memory says. Returns 0, or -EIO with the reason logged. Nothing to do without a path. */
int save(struct nt_spool *s);

/** The same if the disk worked the last time, or that was some time ago. */
int save_unless_failing(struct nt_spool *s);

/** Reads a snapshot that is on disk; as nt_spool_get(). */
int read_entry(struct nt_spool *s, size_t i, struct held **held);

/** Writes what is left and closes the file. */
void close_disk(struct nt_spool *s);

#endif

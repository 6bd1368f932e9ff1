/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_LINES_H
#define NEEDLETAIL_LINES_H

#include "needletail/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The file of JSON lines. All lines of an interval, its own and those of its events, are written together or not at
 * all: what a full disk took of them is cut off again. Files are changed between intervals only: by rotation, or
 * because somebody moved the file away and says so.
 *
 * Rotation names the file before the current one FILE.1, the one before that FILE.2, and so on, as logrotate does:
 * nothing has to be searched for, and no name comes twice when a clock or a capture goes back.
 *
 * Exactly once takes a note that is kept together with the place in the spool: which file, and how long it was when
 * that place was right. What is behind that length after a crash is the interval that is about to be written again,
 * and is cut off. Standard output, pipes and devices cannot be cut: after a crash, or a write that fails half-way,
 * such a reader may see an interval twice or a line torn.
 *
 * One thread at a time, but for lines_reopen().
 */

struct lines;

struct lines_options {
	const char *path;      /**< "-": standard output */
	const char *sensor;    /**< must stay */
	uint64_t rotate_bytes; /**< largest file, unless one interval alone is larger; 0: any */
	uint32_t rotate_hours; /**< a file ends at multiples of so many hours of packet time, UTC; 0: never */
	uint32_t keep;	       /**< older files that stay */
	bool sync;	       /**< what is written is on disk when lines_write() returns */
};

/** Longest note, in bytes. */
#define LINES_NOTE 4096

/**
 * Opens the file for appending; nothing in it changes. One that is not there is not made yet, so that nothing is left
 * behind where something else is refused. Returns NULL with errno set, also if it could not be made.
 */
struct lines *lines_open(const struct lines_options *options);

/** Makes the file that was not there; before anything else but lines_recover(). Returns 0, or -errno, which is logged.
 */
int lines_create(struct lines *l);

/** Closes the file and frees. Returns 0 or -errno of closing. */
int lines_close(struct lines *l);

/** Empties the file, if it is one that can be emptied. Returns 0 or -errno. */
int lines_empty(struct lines *l);

/** True if what was written can be cut off again: a file, neither a pipe nor a device. */
bool lines_can_cut(const struct lines *l);

/** Before the next interval the file of that name is opened again. Any thread, signal handlers too. */
void lines_reopen(struct lines *l);

/** Writes the note of where the file stands. Returns its length. */
size_t lines_note(const struct lines *l, char note[static LINES_NOTE]);

/**
 * Takes the note of an earlier process. The next lines_prepare() cuts off what that one wrote of the same interval
 * and did not note.
 */
void lines_recover(struct lines *l, const char *note, size_t length);

/** Makes the text of an interval's lines. Returns how many they are, or -ENOMEM. */
int lines_render(struct lines *l, const struct nt_snapshot *snapshot);

/** Lines that lines_render() could not make, since the beginning. */
uint64_t lines_unmade(const struct lines *l);

/**
 * Opens the file that the rendered interval belongs in. Returns 0, or 1 if it is not the file of the last note, which
 * is then to be noted before anything is written. What fails is said; the lines then go where they went before.
 */
int lines_prepare(struct lines *l);

/** Writes the rendered interval. Returns 0, or -errno with nothing written, see lines_can_cut(). */
int lines_write(struct lines *l);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_SPOOL_FILE_H
#define NT_SPOOL_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* What is done to the file of a spool, and to the log beside it, as files. Any thread. */

/**
 * Finds the file or makes an empty one, and says whether it may be written: SQLite would open one read-only that it
 * may not write, and tell little of why it cannot open one. What is there is looked at and not opened, because
 * closing it again would let go of the locks that this process has on it. Returns 0, -ENOLINK for a link that leads
 * nowhere, or what open(2) gives.
 */
int spool_file_find(const char *path, struct stat *status);

/** Makes a new file's entry in its directory durable. */
void spool_file_sync_directory(const char *path);

/**
 * Fills a file up with zeros to the length that its header tells (sqlite.org/fileformat.html). SQLite refuses one
 * that is shorter, although all but what was cut off can be read; what is in the zeros is found damaged. More than
 * max_bytes can not have been cut off: then it is the header that is damaged. For a file that is not open. Returns
 * true if there is something to try again with.
 */
bool spool_file_fill_up(const char *path, uint64_t max_bytes);

/** Longest name of a file put aside, with its NUL. */
#define SPOOL_FILE_NAME 512

/** Renames a file and its log to PATH.corrupt-<Unix seconds>, told in `name`. Returns 0 or -errno. */
int spool_file_set_aside(const char *path, char name[static SPOOL_FILE_NAME]);

/** Bytes of the file and of the log beside it. */
uint64_t spool_file_size(const char *path);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_LINES_FILE_H
#define NEEDLETAIL_LINES_FILE_H

#include "lines.h"

#include <stdatomic.h>
#include <sys/stat.h>

/* What lines.c and lines_note.c share; nobody else includes it. */

struct lines {
	struct lines_options options;
	char *path;
	int fd;		      /* -1: it is not there yet */
	bool is_file;	      /* can be cut */
	bool torn;	      /* the last line was not written to its end, and that could not be cut off */
	bool said;	      /* that the file cannot be changed */
	_Atomic bool reopen;  /* anybody writes, the thread of the lines reads */
	bool has_start;	      /* last_start_s is known */
	int64_t last_start_s; /* Unix seconds of the interval written last into this file */

	char *text; /* rendered */
	size_t length;
	size_t room;
	int64_t start_s;
	uint64_t unmade;

	/* of an earlier process, until that is settled */
	bool noted;
	uint64_t noted_inode;
	uint64_t noted_length;
	char *noted_path;
};

/** Looks at the open file. False if it is none that can be cut. */
bool lines_status(const struct lines *l, struct stat *status);

/** Puts the file of the note back to where the rendered interval begins, once. */
void lines_settle(struct lines *l);

#endif

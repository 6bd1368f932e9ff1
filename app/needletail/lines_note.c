/* SPDX-License-Identifier: BSD-3-Clause */
#include "lines_file.h"

#include "base/log.h"
#include "needletail/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More than an interval's lines is not ours: the largest are a few MiB. */
#define TAIL_MAX ((off_t)256 << 20)

/* Numbers under which somebody else's rotation may have put the file meanwhile. */
#define OTHERS_MAX 10

/* A note: version, inode, length, whether a start is known and which, path. */
#define FORMAT "1 %" PRIu64 " %" PRIu64 " %d %" PRId64 " "

size_t lines_note(const struct lines *l, char note[static LINES_NOTE])
{
	struct stat status;
	int length;

	if (!l->is_file || !lines_status(l, &status))
		status = (struct stat){0};
	length = snprintf(note, LINES_NOTE, FORMAT "%s", (uint64_t)status.st_ino, (uint64_t)status.st_size,
			  l->has_start, l->last_start_s, l->path);
	return length < LINES_NOTE ? (size_t)length : LINES_NOTE - 1;
}

void lines_recover(struct lines *l, const char *note, size_t length)
{
	char text[LINES_NOTE + 1];
	uint64_t inode, size;
	int64_t start_s;
	int has_start, at = 0;
	struct stat status;

	if (length > LINES_NOTE)
		return;
	memcpy(text, note, length);
	text[length] = '\0';
	if (sscanf(text, FORMAT "%n", &inode, &size, &has_start, &start_s, &at) != 4 || !at || !inode)
		return;
	free(l->noted_path);
	l->noted_path = strdup(text + at);
	l->noted = l->noted_path;
	l->noted_inode = inode;
	l->noted_length = size;
	if (l->is_file && lines_status(l, &status) && status.st_ino == inode) {
		l->has_start = has_start;
		l->last_start_s = start_s;
	}
}

/* The noted file, wherever rotation has put it since; -1: it is gone. */
static int find_noted(const struct lines *l, char *name, size_t size)
{
	uint32_t last = l->options.keep > OTHERS_MAX ? l->options.keep : OTHERS_MAX;
	struct stat status;

	for (uint32_t n = 0; n <= last; n++) {
		if (n)
			snprintf(name, size, "%s.%" PRIu32, l->noted_path, n);
		else
			snprintf(name, size, "%s", l->noted_path);
		if (!stat(name, &status) && S_ISREG(status.st_mode) && status.st_ino == l->noted_inode)
			return open(name, O_RDWR | O_CLOEXEC);
	}
	return -1;
}

/*
 * Is this what a process wrote of the interval that is to be written now, before it could note that? The interval may
 * have lost its details since, so only the beginning is compared: schema, sensor, start and end. Lines of another
 * interval behind it are somebody else's.
 */
static bool is_same_interval(const struct lines *l, const char *tail, size_t length)
{
	static const char other[] = "\n{\"schema\":\"" NT_SCHEMA "\"";
	const char *end = memmem(l->text, l->length, ",\"end\":", 7);
	const char *comma = end ? memchr(end + 1, ',', l->length - (size_t)(end + 1 - l->text)) : NULL;
	size_t head = comma ? (size_t)(comma - l->text) : 0;

	return head && !memcmp(l->text, tail, length < head ? length : head) &&
	       !memmem(tail, length, other, sizeof(other) - 1);
}

static void settle_file(struct lines *l, int fd, const char *name)
{
	off_t size = lseek(fd, 0, SEEK_END), noted = (off_t)l->noted_length;
	char *tail = NULL;
	ssize_t n = 0;

	if (size < noted)
		nt_warning("%s: is shorter than it was: lines are lost", name);
	if (size <= noted)
		return;
	if (size - noted <= TAIL_MAX)
		tail = malloc((size_t)(size - noted));
	if (tail)
		n = pread(fd, tail, (size_t)(size - noted), noted);
	if (n <= 0 || !is_same_interval(l, tail, (size_t)n))
		nt_warning("%s: somebody else has written to it; going on behind that", name);
	else if (ftruncate(fd, noted))
		nt_error("%s: cannot be cut back, an interval stands there twice: %s", name, strerror(errno));
	free(tail);
}

/* A line that begins in the middle of another would spoil both. */
static bool ends_torn(const struct lines *l)
{
	struct stat status;
	char last = '\n';
	int fd;

	if (!l->is_file || !lines_status(l, &status) || !status.st_size)
		return false;
	fd = open(l->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (pread(fd, &last, 1, status.st_size - 1) != 1)
		last = '\n';
	close(fd);
	return last != '\n';
}

void lines_settle(struct lines *l)
{
	size_t size;
	char *name;
	int fd;

	if (!l->noted)
		return;
	l->noted = false;
	size = strlen(l->noted_path) + 12;
	name = malloc(size);
	fd = name ? find_noted(l, name, size) : -1;
	if (fd >= 0) {
		settle_file(l, fd, name);
		close(fd);
	}
	free(name);
	l->torn = ends_torn(l);
}

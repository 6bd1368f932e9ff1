/* SPDX-License-Identifier: BSD-3-Clause */
#include "spool/whose.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A database's header, and behind it that of its first page (sqlite.org/fileformat.html, 1.3 and 1.6). */
#define HEADER	       108
#define AT_APPLICATION 68
#define AT_ROWS	       103 /* of the list of tables */

/* The smallest block of the file systems in use. */
#define BLOCK 4096

/* So far it is looked for a mark: in any spool there is one sooner, and somebody else's file may be huge. */
#define LOOK_MAX (UINT64_C(64) << 20)
#define CHUNK	 16384

static const uint8_t magic[] = "SQLite format 3"; /* the NUL belongs to it */

static uint32_t big_endian(const uint8_t *bytes, size_t n)
{
	uint32_t value = 0;

	for (size_t i = 0; i < n; i++)
		value = value << 8 | bytes[i];
	return value;
}

static bool all_zero(const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i])
			return false;
	return true;
}

/* Packed intervals begin so (snapshot/pack.h): the letters, a version, zeros. The header of our database, of which the
 * log holds copies, has the same letters and then zeros. */
static bool has_mark(const struct spool_bytes *b)
{
	static const uint8_t letters[] = {'N', 'T', 'S', 'P'};
	enum { LENGTH = 8, VERSION = 4 };
	uint8_t bytes[CHUNK];

	for (uint64_t at = 0; at < b->size && at < LOOK_MAX; at += CHUNK - LENGTH) {
		size_t n = b->size - at < CHUNK ? (size_t)(b->size - at) : CHUNK;
		const uint8_t *end = bytes + n, *found = bytes;

		b->read(b->context, bytes, n, at);
		while ((found = memmem(found, (size_t)(end - found), letters, sizeof(letters)))) {
			if (end - found >= LENGTH && all_zero(found + VERSION + 1, LENGTH - VERSION - 1))
				return true;
			found++;
		}
	}
	return false;
}

static void read_log(void *context, uint8_t *bytes, size_t n, uint64_t at)
{
	ssize_t got = pread(*(int *)context, bytes, n, (off_t)at);

	memset(bytes + (got > 0 ? got : 0), 0, n - (got > 0 ? (size_t)got : 0));
}

/* Unlike the file itself it can be opened here: nobody has a lock on it. */
static bool log_has_mark(const char *path)
{
	struct spool_bytes log = {.read = read_log};
	struct stat status;
	char name[PATH_MAX];
	bool has = false;
	int fd;

	snprintf(name, sizeof(name), "%s-wal", path);
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	log.context = &fd;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode)) {
		log.size = (uint64_t)status.st_size;
		has = has_mark(&log);
	}
	close(fd);
	return has;
}

enum spool_whose spool_whose(const struct spool_bytes *file, const char *path)
{
	uint8_t block[BLOCK] = {0};
	size_t n = file->size < BLOCK ? (size_t)file->size : BLOCK;

	file->read(file->context, block, n, 0);
	if (all_zero(block, n))
		return SPOOL_OURS;
	if (!memcmp(block, magic, n < sizeof(magic) ? n : sizeof(magic))) {
		if (n < HEADER || big_endian(block + AT_APPLICATION, 4) == SPOOL_APPLICATION)
			return SPOOL_OURS;
		if (!big_endian(block + AT_APPLICATION, 4) && !big_endian(block + AT_ROWS, 2))
			return SPOOL_UNDECIDED;
	}
	return has_mark(file) || log_has_mark(path) ? SPOOL_OURS : SPOOL_FOREIGN;
}

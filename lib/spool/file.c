/* SPDX-License-Identifier: BSD-3-Clause */
#include "spool/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Why a file that is not there cannot be made: its name may be taken by a link that leads nowhere. */
static int why_not_made(const char *path, int err)
{
	struct stat link;

	return err == -EEXIST && !lstat(path, &link) && S_ISLNK(link.st_mode) ? -ENOLINK : err;
}

int spool_file_find(const char *path, struct stat *status)
{
	int fd;

	if (stat(path, status)) {
		fd = errno == ENOENT ? open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
		if (fd < 0)
			return why_not_made(path, -errno);
		close(fd);
		if (stat(path, status))
			return -errno;
	}
	if (!S_ISREG(status->st_mode))
		return S_ISDIR(status->st_mode) ? -EISDIR : -EINVAL;
	return faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) ? -errno : 0;
}

void spool_file_sync_directory(const char *path)
{
	char copy[PATH_MAX];
	int fd;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

static uint32_t big_endian(const uint8_t *bytes, size_t n)
{
	uint32_t value = 0;

	for (size_t i = 0; i < n; i++)
		value = value << 8 | bytes[i];
	return value;
}

bool spool_file_fill_up(const char *path, uint64_t max_bytes)
{
	struct stat status;
	uint8_t header[32];
	uint64_t should = 0;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (pread(fd, header, sizeof(header), 0) == sizeof(header) && !memcmp(header, "SQLite format 3", 16))
		should = (uint64_t)big_endian(header + 16, 2) * big_endian(header + 28, 4);
	if (fstat(fd, &status) || should <= (uint64_t)status.st_size || should - (uint64_t)status.st_size > max_bytes ||
	    ftruncate(fd, (off_t)should))
		should = 0;
	close(fd);
	return should;
}

int spool_file_set_aside(const char *path, char name[static SPOOL_FILE_NAME])
{
	char log[PATH_MAX], log_name[SPOOL_FILE_NAME + 8];

	/* Two in a second must not overwrite one another. */
	for (int64_t t = time(NULL);; t++) {
		if (snprintf(name, SPOOL_FILE_NAME, "%s.corrupt-%lld", path, (long long)t) >= SPOOL_FILE_NAME)
			return -ENAMETOOLONG;
		if (access(name, F_OK))
			break;
	}
	snprintf(log, sizeof(log), "%s-wal", path);
	snprintf(log_name, sizeof(log_name), "%s-wal", name);
	if (rename(path, name))
		return -errno;
	/* A log without its file would be taken for that of the next one. */
	if (rename(log, log_name) && errno != ENOENT && unlink(log))
		return -errno;
	return 0;
}

uint64_t spool_file_size(const char *path)
{
	char log[PATH_MAX];
	struct stat status;
	uint64_t size = 0;

	if (!stat(path, &status))
		size = (uint64_t)status.st_size;
	snprintf(log, sizeof(log), "%s-wal", path);
	if (!stat(log, &status))
		size += (uint64_t)status.st_size;
	return size;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "lines.h"

#include "lines_file.h"

#include "base/log.h"
#include "snapshot/json.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOUR_S INT64_C(3600)

static int open_file(const char *path, int create)
{
	int fd = strcmp(path, "-") ? open(path, O_WRONLY | O_APPEND | O_CLOEXEC | create, 0666)
				   : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	return fd < 0 ? -errno : fd;
}

/* Could the file be made in its folder? Returns 0 or -errno. */
static int find_folder(const char *path)
{
	size_t length = strlen(path);
	char *copy = strdup(path);
	int err;

	if (!copy)
		return -ENOMEM;
	err = faccessat(AT_FDCWD, dirname(copy), W_OK | X_OK, AT_EACCESS) ? -errno : 0;
	free(copy);
	return !err && length && path[length - 1] == '/' ? -EISDIR : err;
}

static void use_file(struct lines *l, int fd)
{
	l->fd = fd;
	l->is_file = lines_status(l, &(struct stat){0}) && strcmp(l->path, "-");
}

struct lines *lines_open(const struct lines_options *options)
{
	struct lines *l = calloc(1, sizeof(*l));
	int fd, err;

	if (!l)
		return NULL;
	l->options = *options;
	l->path = strdup(options->path);
	fd = l->path ? open_file(l->path, 0) : -ENOMEM;
	err = fd == -ENOENT ? find_folder(l->path) : fd;
	if (err < 0) {
		free(l->path);
		free(l);
		errno = -err;
		return NULL;
	}
	use_file(l, fd < 0 ? -1 : fd);
	atomic_init(&l->reopen, false);
	return l;
}

int lines_create(struct lines *l)
{
	int fd;

	if (l->fd >= 0)
		return 0;
	fd = open_file(l->path, O_CREAT);
	if (fd < 0) {
		nt_error("%s: %s", l->path, strerror(-fd));
		return fd;
	}
	use_file(l, fd);
	return 0;
}

int lines_close(struct lines *l)
{
	int err;

	if (!l)
		return 0;
	err = l->fd >= 0 && close(l->fd) ? -errno : 0;
	free(l->noted_path);
	free(l->text);
	free(l->path);
	free(l);
	return err;
}

bool lines_status(const struct lines *l, struct stat *status)
{
	return !fstat(l->fd, status) && S_ISREG(status->st_mode);
}

int lines_empty(struct lines *l)
{
	l->has_start = false;
	if (l->is_file && ftruncate(l->fd, 0))
		return -errno;
	l->noted_length = 0; /* what was noted of it went with it */
	return 0;
}

bool lines_can_cut(const struct lines *l)
{
	return l->is_file;
}

void lines_reopen(struct lines *l)
{
	atomic_store_explicit(&l->reopen, true, memory_order_relaxed);
}

/* ---- text ---- */

/* Appends a line and frees it. */
static int append(struct lines *l, char *line)
{
	size_t length = strlen(line), room = l->length + length + 1;

	if (room > l->room) {
		char *text = realloc(l->text, room += l->room); /* an interval may have thousands of lines */

		if (!text) {
			free(line);
			return -ENOMEM;
		}
		l->text = text;
		l->room = room;
	}
	memcpy(l->text + l->length, line, length);
	l->text[l->length + length] = '\n';
	l->length += length + 1;
	free(line);
	return 0;
}

int lines_render(struct lines *l, const struct nt_snapshot *snapshot)
{
	const char *sensor = l->options.sensor;
	char *line;
	int lines = 1, err;

	l->length = 0;
	l->start_s = snapshot->start_s;
	err = nt_snapshot_json(snapshot, sensor, &line);
	if (!err)
		err = append(l, line);
	for (size_t i = 0; i < snapshot->n_events && !err; i++) {
		err = nt_event_json(&snapshot->event[i], sensor, &line);
		if (err == -EINVAL) {
			l->unmade++; /* trying again does not make it one */
			err = 0;
			continue;
		}
		if (!err)
			err = append(l, line);
		lines++;
	}
	return err ? err : lines;
}

uint64_t lines_unmade(const struct lines *l)
{
	return l->unmade;
}

/* ---- which file ---- */

/* The file that has the name now, which may be the same. Returns 1 if it is in use. */
static int change_file(struct lines *l)
{
	int fd = open_file(l->path, O_CREAT);

	if (fd < 0) {
		if (!l->said)
			nt_error("%s: %s; lines go on into the file before", l->path, strerror(-fd));
		l->said = true;
		lines_reopen(l); /* with the next interval */
		return 0;
	}
	close(l->fd);
	use_file(l, fd);
	l->said = l->has_start = l->torn = false;
	return 1;
}

static void numbered(const struct lines *l, uint32_t number, char *name, size_t size)
{
	if (number)
		snprintf(name, size, "%s.%" PRIu32, l->path, number);
	else
		snprintf(name, size, "%s", l->path);
}

/*
 * FILE becomes FILE.1, that one FILE.2, and so on up to the first number that is free, or the last one, whose file
 * goes. So a process that dies on the way loses no file: it leaves a free number, and the next one fills it.
 */
static int shift(const struct lines *l)
{
	size_t size = strlen(l->path) + 12;
	char *from = malloc(size), *to = malloc(size);
	int err = from && to ? 0 : -ENOMEM;
	uint32_t last = 1;

	for (; !err && last < l->options.keep; last++) {
		numbered(l, last, to, size);
		if (access(to, F_OK))
			break;
	}
	for (uint32_t n = last; n > 0 && !err; n--) {
		numbered(l, n - 1, from, size);
		numbered(l, n, to, size);
		if (rename(from, to))
			err = -errno;
	}
	free(from);
	free(to);
	return err;
}

static int rotate(struct lines *l)
{
	int err = shift(l);

	if (!err)
		return change_file(l);
	if (!l->said)
		nt_error("%s: cannot be rotated: %s", l->path, strerror(-err));
	l->said = true;
	return 0;
}

static int64_t period(const struct lines *l, int64_t start_s)
{
	int64_t length_s = l->options.rotate_hours * HOUR_S;

	return start_s / length_s - (start_s % length_s < 0);
}

static bool is_full(const struct lines *l)
{
	struct stat status;

	if (!l->is_file || !lines_status(l, &status) || !status.st_size)
		return false;
	if (l->options.rotate_bytes && (uint64_t)status.st_size + l->length > l->options.rotate_bytes)
		return true;
	return l->options.rotate_hours && l->has_start && period(l, l->last_start_s) != period(l, l->start_s);
}

int lines_prepare(struct lines *l)
{
	int changed = 0;

	lines_settle(l);
	if (atomic_exchange_explicit(&l->reopen, false, memory_order_relaxed) && strcmp(l->path, "-"))
		changed = change_file(l);
	if (is_full(l))
		changed |= rotate(l);
	return changed;
}

/* ---- writing ---- */

static int write_all(int fd, const char *bytes, size_t length, size_t *written)
{
	*written = 0;
	while (*written < length) {
		ssize_t n = write(fd, bytes + *written, length - *written);

		if (n > 0)
			*written += (size_t)n;
		else if (n < 0 && errno != EINTR)
			return -errno;
	}
	return 0;
}

/* Where it was before, or if even that fails, the next line begins on one of its own. */
static void cut_back(struct lines *l, off_t length)
{
	if (!l->is_file || ftruncate(l->fd, length))
		l->torn = true;
}

int lines_write(struct lines *l)
{
	struct stat before = {0};
	size_t written = 0;
	int err = 0;

	if (l->is_file && fstat(l->fd, &before))
		return -errno;
	if (l->torn)
		err = write_all(l->fd, "\n", 1, &written);
	if (!err) {
		l->torn = false;
		err = write_all(l->fd, l->text, l->length, &written);
	}
	if (!err && l->is_file && l->options.sync && fdatasync(l->fd))
		err = -errno;
	if (err && written)
		cut_back(l, before.st_size);
	if (err)
		return err;
	l->has_start = true;
	l->last_start_s = l->start_s;
	return 0;
}

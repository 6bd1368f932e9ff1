/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

/* libmaxminddb counts bytes of a file in 32 bits. */
#define IMAGE_BYTES_MAX (1ll << 31)

static int fail(int error, const char **reason)
{
	*reason = strerrordesc_np(error);
	return -error;
}

static int check_kind(const struct stat *st, const char **reason)
{
	if (S_ISDIR(st->st_mode))
		return fail(EISDIR, reason);
	if (S_ISREG(st->st_mode) && st->st_size > 0 && st->st_size <= IMAGE_BYTES_MAX)
		return 0;
	*reason = !S_ISREG(st->st_mode) ? "not a regular file" : st->st_size == 0 ? "empty file" : "larger than 2 GiB";
	return -EBADMSG;
}

/* A file that changed meanwhile may be half old and half new, and yet look whole. */
static int check_unchanged(int fd, const struct stat *before, const char **reason)
{
	struct stat after;

	if (fstat(fd, &after) < 0)
		return fail(errno, reason);
	if (after.st_size == before->st_size && after.st_mtim.tv_sec == before->st_mtim.tv_sec &&
	    after.st_mtim.tv_nsec == before->st_mtim.tv_nsec)
		return 0;
	*reason = "changed while it was read";
	return -EBADMSG;
}

/* Moves some bytes without a look at them, where the file system can. */
static ssize_t copy_some(int from, struct nt_image *image, size_t done)
{
	uint8_t *to = (uint8_t *)(uintptr_t)image->bytes + done;
	ssize_t n = sendfile(image->fd, from, NULL, image->size - done);

	return n < 0 && errno == EINVAL ? read(from, to, image->size - done) : n;
}

static int copy(int from, struct nt_image *image, const struct stat *st, const char **reason)
{
	for (size_t done = 0; done < image->size;) {
		ssize_t n = copy_some(from, image, done);

		if (n < 0 && errno != EINTR)
			return fail(errno, reason);
		if (n == 0)
			break; /* shorter than it was: found out below */
		done += n > 0 ? (size_t)n : 0;
	}
	return check_unchanged(from, st, reason);
}

static int make_room(struct nt_image *image, const char **reason)
{
	void *bytes;
	int rc;

	image->fd = memfd_create("needletail-geo", MFD_CLOEXEC);
	if (image->fd < 0)
		return fail(errno, reason);
	if (ftruncate(image->fd, (off_t)image->size) < 0)
		goto err_fd;
	bytes = mmap(NULL, image->size, PROT_READ | PROT_WRITE, MAP_SHARED, image->fd, 0);
	if (bytes == MAP_FAILED)
		goto err_fd;
	image->bytes = bytes;
	snprintf(image->path, sizeof(image->path), "/proc/self/fd/%d", image->fd);
	return 0;

err_fd:
	rc = fail(errno, reason);
	close(image->fd);
	return rc;
}

static int fill(struct nt_image *image, int from, const char **reason)
{
	struct stat st;
	int rc;

	if (fstat(from, &st) < 0)
		return fail(errno, reason);
	rc = check_kind(&st, reason);
	if (rc)
		return rc;
	image->size = (size_t)st.st_size;
	rc = make_room(image, reason);
	if (rc)
		return rc;
	rc = copy(from, image, &st, reason);
	if (rc)
		nt_image_close(image);
	return rc;
}

int nt_image_open(struct nt_image *image, const char *path, const char **reason)
{
	int rc, from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* must not wait for a named pipe's writer */

	*image = (struct nt_image){.fd = -1};
	if (from < 0)
		return fail(errno, reason);
	rc = fill(image, from, reason);
	close(from);
	return rc;
}

void nt_image_close(struct nt_image *image)
{
	munmap((void *)(uintptr_t)image->bytes, image->size);
	close(image->fd);
}

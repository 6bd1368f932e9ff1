/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* libmaxminddb counts bytes of a file in 32 bits. */
#define IMAGE_BYTES_MAX (1ll << 31)

static int fail(int error, const char **reason)
{
	*reason = strerrordesc_np(error);
	return -error;
}

/* O_NONBLOCK: opening a named pipe must not wait for its writer. */
static int open_regular(const char *path, size_t *size, const char **reason)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		int error = errno;

		if (fd >= 0)
			close(fd);
		return fail(error, reason);
	}
	if (S_ISREG(st.st_mode) && st.st_size > 0 && st.st_size <= IMAGE_BYTES_MAX) {
		*size = (size_t)st.st_size;
		return fd;
	}
	close(fd);
	if (S_ISDIR(st.st_mode))
		return fail(EISDIR, reason);
	*reason = !S_ISREG(st.st_mode) ? "not a regular file" : st.st_size == 0 ? "empty file" : "larger than 2 GiB";
	return -EBADMSG;
}

static int copy(int from, uint8_t *to, size_t size, const char **reason)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = read(from, to + done, size - done);

		if (n < 0 && errno != EINTR)
			return fail(errno, reason);
		if (n == 0) {
			*reason = "became shorter while it was read";
			return -EBADMSG;
		}
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
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

int nt_image_open(struct nt_image *image, const char *path, const char **reason)
{
	int rc, from;

	*image = (struct nt_image){.fd = -1};
	from = open_regular(path, &image->size, reason);
	if (from < 0)
		return from;
	rc = make_room(image, reason);
	if (rc == 0) {
		rc = copy(from, (uint8_t *)(uintptr_t)image->bytes, image->size, reason);
		if (rc)
			nt_image_close(image);
	}
	close(from);
	return rc;
}

void nt_image_close(struct nt_image *image)
{
	munmap((void *)(uintptr_t)image->bytes, image->size);
	close(image->fd);
}

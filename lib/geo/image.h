/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_GEO_IMAGE_H
#define NT_GEO_IMAGE_H

#include <stddef.h>
#include <stdint.h>

/*
 * A private copy of a file. libmaxminddb maps the file it is given: if somebody cuts the file off meanwhile ("cp" over
 * it, not "mv"), the next access is a SIGBUS and the capture is gone. A copy cannot change.
 */
struct nt_image {
	int fd;
	size_t size; /**< bytes */
	const uint8_t *bytes;
	char path[32]; /**< names the copy, for a library that wants a path */
};

/** Copies a regular file of 1 byte to 2 GiB. Any thread. Returns 0 or -errno; *reason then says why. */
int nt_image_open(struct nt_image *image, const char *path, const char **reason);

/** Gives the copy back. */
void nt_image_close(struct nt_image *image);

#endif

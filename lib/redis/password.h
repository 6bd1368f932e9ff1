/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REDIS_PASSWORD_H
#define NT_REDIS_PASSWORD_H

#include <stddef.h>

/**
 * Reads a password: the first line of a regular file that belongs to root or to the user who runs the program, and
 * that nobody but its owner may read or write. A symbolic link is followed, and what it leads to is judged. Any
 * thread.
 * Returns 0; -EACCES for a file with other rights or another owner, -EINVAL for one without a password on its first
 * line or with a longer one than `size` holds, or what open(2) gives. *why is then in words, static or strerror()'s,
 * fit to follow "PATH: ", and the buffer holds nothing.
 */
int nt_redis_read_password(const char *path, char *password, size_t size, const char **why);

#endif

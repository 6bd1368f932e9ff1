/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/password.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(const char **why, int err, const char *text)
{
	*why = text;
	return err;
}

static int failed(const char **why, int err)
{
	return refuse(why, err, strerror(-err));
}

static int check_rights(int fd, const char **why)
{
	struct stat status;

	if (fstat(fd, &status))
		return failed(why, -errno);
	if (!S_ISREG(status.st_mode))
		return refuse(why, -EINVAL, "no regular file, and so no password");
	if (status.st_uid != 0 && status.st_uid != geteuid())
		return refuse(why, -EACCES,
			      "belongs to another user, who could read or change the password: chown it to root, or to "
			      "the user who runs needletail");
	if (status.st_mode & (S_IRWXG | S_IRWXO))
		return refuse(why, -EACCES, "others can read or change the password: chmod 600 it");
	return 0;
}

/* The first line without its end, CR LF included. */
static int read_line(int fd, char *line, size_t size, const char **why)
{
	size_t n = 0;

	while (n < size) {
		ssize_t got = read(fd, line + n, size - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return failed(why, -errno);
		n += (size_t)got;
		if (!got || memchr(line + n - (size_t)got, '\n', (size_t)got))
			break;
	}
	if (n == size && !memchr(line, '\n', n))
		return refuse(why, -EINVAL, "its first line is too long for a password");
	if (n < size)
		line[n] = '\n';
	n = (size_t)((char *)memchr(line, '\n', size) - line);
	if (n && line[n - 1] == '\r')
		n--;
	line[n] = '\0';
	if (strlen(line) != n)
		return refuse(why, -EINVAL, "a NUL byte has no place in a password");
	return n ? 0 : refuse(why, -EINVAL, "holds no password on its first line");
}

int nt_redis_read_password(const char *path, char *password, size_t size, const char **why)
{
	/* O_NONBLOCK: a FIFO that nobody writes to must not hold the program up. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int err;

	*why = NULL;
	if (fd < 0)
		return failed(why, -errno);
	err = check_rights(fd, why);
	if (!err)
		err = read_line(fd, password, size, why);
	if (err)
		explicit_bzero(password, size);
	close(fd);
	return err;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_CHILD_H
#define NT_REPORT_CHILD_H

#include <limits.h>
#include <stddef.h>

/* Other programs that the report needs: run without a shell, with a time limit, in a process group that ends with them.
 * Main thread. */

#define NT_CHILD_WHY 256

struct nt_child {
	const char *program;	 /**< path */
	const char *const *argv; /**< NULL at its end */
	const char *const *environment;
	const char *input; /**< what it reads from its standard input */
	size_t input_size;
	int limit_s;
};

struct nt_child_output {
	char *text; /**< of its standard output, NUL-terminated; to be freed */
	size_t size;
};

/** Looks for a program in PATH. Returns 0, or -ENOENT. */
int nt_child_find(const char *name, char path[static PATH_MAX]);

/**
 * Runs a program and waits for its end. When it is over, by itself, by its time limit or by a signal to us (SIGINT,
 * SIGTERM, SIGHUP, which stay pending while the caller blocks them), nothing of its process group is left.
 * Returns 0; -EINTR; else -errno with why it failed and the last line of what it complained of: -ETIMEDOUT, -EIO if it
 * failed itself.
 */
int nt_child_run(const struct nt_child *child, struct nt_child_output *out, char why[static NT_CHILD_WHY]);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_CONFIG_WHY_H
#define NT_CONFIG_WHY_H

#include <stddef.h>
#include <stdint.h>

/** Most bytes of a word from the file that a message repeats. */
#define NT_WHY_WORD 64

/** Where the one line about a failure goes. */
struct nt_why {
	const char *file; /**< name of the file, as the user gave it */
	char *text;
	size_t size; /**< room in `text`; 0: nobody wants to know */
};

/**
 * Writes "FILE:LINE: " (line 0: "FILE: ") and the formatted reason. Control characters become '?', so that a
 * file's content cannot forge a line or move a cursor. Returns -EINVAL, for callers that hand it on.
 */
int nt_why(const struct nt_why *w, uint32_t line, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif

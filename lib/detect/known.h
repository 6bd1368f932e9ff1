/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_DETECT_KNOWN_H
#define NT_DETECT_KNOWN_H

#include "detect/detect.h"

/*
 * Prefixes of those who scan in the open: universities, companies that index the Internet. A text file, a line each,
 * "PREFIX NAME"; what follows '#' is a comment.
 */

struct nt_known;

/** Prefixes that a file may have; more is not a list that anybody keeps. */
#define NT_KNOWN_MAX 16384

/** Longest name with its NUL. */
#define NT_KNOWN_NAME 65

/** Reads the file. Returns NULL with errno set and one line in `why`: "FILE:LINE: reason". Undone by nt_known_free().
 */
struct nt_known *nt_known_load(const char *path, char why[static NT_DETECT_WHY]);
void nt_known_free(struct nt_known *k);

/** Name of the longest prefix that covers the address; NULL: there is none, or `k` is NULL. */
const char *nt_known_find(const struct nt_known *k, const struct nt_address *address);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_BASE_PRINTABLE_H
#define NT_BASE_PRINTABLE_H

#include <stdbool.h>

/**
 * Makes a text from outside fit for one line of a log or a terminal, in place: a '?' for each byte of control
 * characters (C0, DEL, C1), of line and paragraph separators, of what changes the direction of writing, and of what
 * is no UTF-8 (RFC 3629). Any thread.
 */
void nt_printable(char *text);

/** True for a text that is UTF-8 to its end (RFC 3629). Any thread. */
bool nt_is_utf8(const char *text);

#endif

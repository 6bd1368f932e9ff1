/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_WRITE_UUID_H
#define NT_REPORT_WRITE_UUID_H

#include <stdint.h>

/** "e2f124d6-f57c-4f93-99e6-8450545fa05d" with its NUL. */
#define NT_UUID_TEXT 37

/** The UUID that a name has in a space of names: version 5, RFC 4122 section 4.3. Any thread. Returns 0, or -EIO if the
 * system has no SHA-1. */
int nt_uuid_of_name(const uint8_t space[static 16], const char *name, char text[static NT_UUID_TEXT]);

#endif

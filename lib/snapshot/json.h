/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_SNAPSHOT_JSON_H
#define NT_SNAPSHOT_JSON_H

#include "needletail/snapshot.h"

/**
 * Writes a snapshot as one JSON line (schema "needletail/1"), without the newline, into a string that the caller
 * frees. Fixed objects have all their keys; open maps leave zeros out and are sorted by count, then key. Any thread.
 * Returns 0, or -ENOMEM.
 */
int nt_snapshot_json(const struct nt_snapshot *s, const char *sensor, char **line);

#endif

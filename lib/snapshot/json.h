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

/**
 * Writes an event as one JSON line (schema "needletail-event/1"), without the newline, into a string that the caller
 * frees. Any thread. Returns 0, -ENOMEM, or -EINVAL if the event's body is no JSON object.
 */
int nt_event_json(const struct nt_event *event, const char *sensor, char **line);

/** True if that value of the event's body is true: "known" of a scanner. Any thread. */
bool nt_event_says(const struct nt_event *event, const char *key);

#endif

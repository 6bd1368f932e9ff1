/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_CAPTURE_H
#define NEEDLETAIL_CAPTURE_H

#include "capture_burst.h"

#include <stddef.h>

/*
 * Capture files: pcap and pcapng, micro- and nanoseconds, both byte orders. The common kind is read by ourselves
 * (capture_plain.h), the others by libpcap. Of each record we keep what was captured, how long it was on the wire, and
 * when it came. Several files become one stream in order of time.
 */

/** The record that was read last. Its bytes live until the next call on the same set. */
struct capture_record {
	struct nt_frame frame;
	struct nt_time time;
	enum nt_link link;
};

struct capture_set;

/**
 * Opens all files ("-": standard input), and reads none further than its header. NULL with errno, and "FILE: reason"
 * in `why`, if one of them cannot be used: missing, unreadable, no capture, another link type. Undone by
 * capture_set_close().
 */
struct capture_set *capture_set_open(char *const *paths, size_t n, char *why, size_t why_size);

/**
 * The next record in order of time; NULL at the end. A file that is cut off or defective is said once in a warning and
 * ends there; the others go on.
 */
const struct capture_record *capture_set_next(struct capture_set *set);

/**
 * As capture_set_next(), but as many records as are at hand without a look at another file; their bytes live until the
 * next call on the same set. NULL at the end.
 */
const struct capture_burst *capture_set_burst(struct capture_set *set);

/** The earliest record of all files, before a record was given; NULL if there is none. */
const struct capture_record *capture_set_first(struct capture_set *set);

/** Files that ended in a defect so far. */
size_t capture_set_defective(const struct capture_set *set);

void capture_set_close(struct capture_set *set);

#endif

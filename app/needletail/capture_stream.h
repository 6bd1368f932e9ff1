/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_CAPTURE_STREAM_H
#define NEEDLETAIL_CAPTURE_STREAM_H

#include <stdint.h>
#include <stdio.h>

/*
 * The bytes of a capture file on their way to libpcap, with one thing changed: the snapshot length that the file states
 * is lifted to "no limit". libpcap cuts a record that is longer than stated, and gives up on a pcapng file whose
 * interfaces state different lengths; we count what was captured. In pcapng a simple packet block needs the stated
 * length to know how much it holds, so it is handed on as an enhanced packet block, which says that itself.
 */

/**
 * A stream of what a descriptor gives, behind `n` bytes that were read from it before, at most CAPTURE_STREAM_HEAD. The
 * descriptor stays the caller's, fclose() does not close it. NULL + errno.
 */
FILE *capture_stream_open(int fd, const uint8_t *head, size_t n);

#define CAPTURE_STREAM_HEAD 64

#endif

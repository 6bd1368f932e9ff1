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

/** A file's first four bytes, which tell its format and byte order. */
#define CAPTURE_MAGIC_BYTES 4

/**
 * Opens a file ("-": standard input) for reading, as a stream that fclose() closes, and gives its first bytes as they
 * stand there; zeros if there are fewer. NULL + errno; EISDIR for a folder.
 */
FILE *capture_stream_open(const char *path, uint8_t magic[static CAPTURE_MAGIC_BYTES]);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_CAPTURE_STREAM_H
#define NEEDLETAIL_CAPTURE_STREAM_H

#include <stdint.h>
#include <stdio.h>

/*
 * The bytes of a capture file on their way to libpcap, with one thing changed: the snapshot length that the file
 * states. libpcap cuts a record that is longer than stated, and gives up on a pcapng file whose interfaces state
 * different lengths; we count what was captured. So a length is lifted to "no limit", and later interfaces get what the
 * first has.
 *
 * One length must stand: a pcapng interface's below 65,535, because it tells how much of a packet a simple packet block
 * holds. A longer record in such a file ends it, with libpcap's word for it.
 */

/** A file's first four bytes, which tell its format and byte order. */
#define CAPTURE_MAGIC_BYTES 4

/**
 * Opens a file ("-": standard input) for reading, as a stream that fclose() closes, and gives its first bytes as they
 * stand there; zeros if there are fewer. NULL + errno; EISDIR for a folder.
 */
FILE *capture_stream_open(const char *path, uint8_t magic[static CAPTURE_MAGIC_BYTES]);

#endif

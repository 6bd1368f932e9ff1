/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_CAPTURE_PLAIN_H
#define NEEDLETAIL_CAPTURE_PLAIN_H

#include "capture_burst.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The common kind of capture file, pcap 2.4 in either byte order and with micro- or nanoseconds, read in large blocks
 * and handed on where it lies. What is taken for a defect, and in which words, is libpcap's, which reads all the rest.
 */
struct capture_plain;

/** Bytes of a file's header. */
#define CAPTURE_PLAIN_HEAD 24

/** Room for what a file's defect is called. */
#define CAPTURE_PLAIN_WHY 128

/** Is that the header of a file that can be read here? Then *linktype is what stands in it. */
bool capture_plain_suits(const uint8_t head[static CAPTURE_PLAIN_HEAD], uint32_t *linktype);

/** Reads on behind the header; the descriptor stays the caller's. NULL: no memory. */
struct capture_plain *capture_plain_new(int fd, const uint8_t head[static CAPTURE_PLAIN_HEAD]);

/**
 * Fills a burst, but for its link, with what is at hand, at least one record; the bytes live until the next call.
 * Returns 1; 0 at the end of the file; -EBADMSG with a reason in `why` where it breaks off.
 */
int capture_plain_read(struct capture_plain *p, struct capture_burst *burst, char why[static CAPTURE_PLAIN_WHY]);

void capture_plain_free(struct capture_plain *p);

#endif

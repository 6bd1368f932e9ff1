/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_SPOOL_WHOSE_H
#define NT_SPOOL_WHOSE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Whose file is it that stands where the spool should be? One of ours that is damaged makes way for a new one, because
 * a sensor must start again after a power failure. Anybody else's, which a slip in the configuration may name, is not
 * touched. In this order:
 *
 *   nothing, or zeros as far as a block of the file system goes     ours: what a power failure leaves
 *   a database whose header says that it is a spool                 ours
 *   a database without a table that does not say what it is         undecided: what it is may stand in the log beside
 * it something in the file or in its log that only a spool has       ours, and damaged anything else foreign
 */

/** PRAGMA application_id of a spool, "NTSP". */
#define SPOOL_APPLICATION 0x4e545350u

enum spool_whose { SPOOL_OURS, SPOOL_UNDECIDED, SPOOL_FOREIGN };

/** Bytes somewhere; `read` fills with zeros what cannot be read. */
struct spool_bytes {
	uint64_t size;
	void (*read)(void *context, uint8_t *bytes, size_t n, uint64_t at);
	void *context;
};

/** Looks at the bytes of a file, and at the log beside it. Any thread. */
enum spool_whose spool_whose(const struct spool_bytes *file, const char *path);

#endif

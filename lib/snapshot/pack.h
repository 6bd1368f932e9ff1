/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_SNAPSHOT_PACK_H
#define NT_SNAPSHOT_PACK_H

#include "needletail/snapshot.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A snapshot as bytes, for keeping it on disk. What only detectors want is not packed. Lists keep their order, so
 * that whoever cuts a snapshot to pieces by it finds the same pieces again.
 *
 *   "NTSP"  version (16 bits)  0 (16 bits)  length of what follows (64 bits)  its hash (64 bits)  numbers ...
 *
 * Little endian. Numbers are seven bits a byte, the lowest first, the top bit set but in the last byte; times are
 * zigzag; the keys of a list are differences to the key before.
 */

/** Bytes of the header. */
#define NT_PACK_HEADER 24

/** Packs a snapshot into *bytes, to be freed. Any thread. Returns 0 or -ENOMEM. */
int nt_snapshot_pack(const struct nt_snapshot *s, uint8_t **bytes, size_t *length);

/**
 * Makes a snapshot of what nt_snapshot_pack() wrote. The bytes may be anything; what is accepted has only regions,
 * ports and names that the program can deal with. Any thread. Returns 0, -ENOMEM, or -EBADMSG with *s empty.
 */
int nt_snapshot_unpack(struct nt_snapshot *s, const uint8_t *bytes, size_t length);

/** Recomputes the hash of a header and its numbers: for tests that want to get past it. */
void nt_snapshot_pack_seal(uint8_t *bytes, size_t length);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_SPOOL_FIXTURE_H
#define TESTS_UNIT_SPOOL_FIXTURE_H

#include "needletail/snapshot.h"
#include "spool/spool.h"

#include <stdatomic.h>
#include <stdint.h>

/* A spool on disk, in a directory of its own. */

struct spool_fixture {
	char directory[64];
	char path[96];
	struct nt_spool_options options; /* both sinks, 64 MiB, 600 s */
	struct nt_spool *spool;
	atomic_int readers;
};

/* cmocka's set-up and clean-up of a test; the state is the fixture. */
int spool_fixture_set_up(void **state);
int spool_fixture_tear_down(void **state);

/* Closes the spool if it is open, and opens it again with the options as they are now. */
void fixture_restart(struct spool_fixture *f);

/* A snapshot that is the same for the same number, and its start. About 40 KB packed. */
void fixture_make(struct nt_snapshot *s, uint64_t seed);
int64_t fixture_start(uint64_t seed);

/* Pushes it; returns what nt_spool_push() does. */
int fixture_push(struct spool_fixture *f, uint64_t seed);

/* The entry of that number is equal to the snapshot of that seed; 0: it is not held. */
void fixture_expect(struct spool_fixture *f, uint64_t sequence, uint64_t seed);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spool_fixture.h"

#include "redis_samples.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define ROOM (UINT64_C(512) << 20)

/* Kills and faults are the same to a file in memory, where syncing costs nothing. */
static const char *fast_folder(void)
{
	struct statvfs room;

	if (statvfs("/dev/shm", &room) || access("/dev/shm", W_OK))
		return "/tmp";
	return (uint64_t)room.f_bavail * room.f_frsize > ROOM ? "/dev/shm" : "/tmp";
}

int spool_fixture_set_up(void **state)
{
	struct spool_fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	*state = f;
	snprintf(f->directory, sizeof(f->directory), "%s/needletail-spool-XXXXXX", fast_folder());
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->path, sizeof(f->path), "%s/spool.db", f->directory);
	f->options = (struct nt_spool_options){.path = f->path,
					       .sensor = "s",
					       .sinks = NT_SINK_BIT(NT_SINK_LINES) | NT_SINK_BIT(NT_SINK_REDIS),
					       .memory_snapshots = 100,
					       .memory_bytes = 64 << 20,
					       .disk_bytes = 64 << 20,
					       .keep_applied_s = 600};
	fixture_restart(f);
	return 0;
}

int spool_fixture_tear_down(void **state)
{
	struct spool_fixture *f = *state;
	char command[128];

	nt_spool_free(f->spool);
	snprintf(command, sizeof(command), "rm -rf '%s'", f->directory);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

void fixture_restart(struct spool_fixture *f)
{
	nt_spool_free(f->spool);
	f->spool = nt_spool_open(&f->options);
	if (!f->spool)
		fail_msg("%s: %s", f->options.path, strerror(errno));
}

int64_t fixture_start(uint64_t seed)
{
	return 1664575800 + (int64_t)seed * 60;
}

void fixture_make(struct nt_snapshot *s, uint64_t seed)
{
	sample_make(s,
		    &(struct sample){.start_s = fixture_start(seed), .entries = 600, .seed = seed, .events = seed % 3});
}

int fixture_push(struct spool_fixture *f, uint64_t seed)
{
	struct nt_snapshot s;
	int rc;

	fixture_make(&s, seed);
	rc = nt_spool_push(f->spool, &s);
	if (rc < 0)
		nt_snapshot_fini(&s);
	return rc;
}

void fixture_expect(struct spool_fixture *f, uint64_t sequence, uint64_t seed)
{
	const struct nt_snapshot *found;
	struct nt_snapshot expected;
	int err = nt_spool_get(f->spool, sequence, &found);

	if (!seed) {
		assert_int_equal(err, -ENOENT);
		return;
	}
	if (err)
		fail_msg("%llu: %s", (unsigned long long)sequence, strerror(-err));
	fixture_make(&expected, seed);
	assert_true(nt_snapshot_equal(found, &expected));
	nt_snapshot_fini(&expected);
	nt_spool_release(f->spool, found);
}

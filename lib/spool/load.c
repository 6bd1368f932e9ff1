/* SPDX-License-Identifier: BSD-3-Clause */
#include "spool/inside.h"

#include "base/clock.h"
#include "base/log.h"
#include "spool/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/*
 * Numbers that are passed over after a crash. What a disk that refused had not taken was under numbers that only the
 * dead process knew, and a sink may have applied some of them. Large enough for any outage; there are 2^63 numbers.
 */
#define PASSED_OVER (UINT64_C(1) << 20)

static int new_identity(struct nt_spool *s)
{
	uint64_t id;

	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		return -EIO;
	snprintf(s->state.id, sizeof(s->state.id), "%016" PRIx64, id);
	s->state.end = 1;
	for (enum nt_sink i = 0; i < NT_SINKS; i++)
		s->state.sink[i].applied = 1;
	return 0;
}

static bool was_dropped(const struct nt_spool *s, uint64_t sequence)
{
	const struct spool_runs *runs = &s->state.dropped_runs;

	for (size_t i = 0; i < runs->n; i++)
		if (sequence >= runs->run[i].from && sequence < runs->run[i].to)
			return true;
	return false;
}

/* When it was applied on the clock that this process goes by; what the wall clock says may be off by anything. */
static uint64_t applied_at(int64_t applied_s)
{
	int64_t now_s = nt_clock_now().s, age_s = now_s - applied_s;

	if (!applied_s || applied_s > now_s)
		age_s = 0;
	return nt_clock_monotonic_ns() - (uint64_t)age_s * NT_SECOND_NS;
}

static int take(void *context, const struct disk_entry *on_disk)
{
	struct nt_spool *s = context;
	struct entry e = {.sequence = on_disk->sequence,
			  .applied_ns = applied_at(on_disk->applied_s),
			  .stored = on_disk->stored,
			  .reduced = on_disk->reduced};

	if (e.sequence < 1 || e.sequence >= s->state.end || (s->n && e.sequence <= entry_at(s, s->n - 1)->sequence))
		return -EUCLEAN;
	if (was_dropped(s, e.sequence)) {
		remember_gone(s, e.sequence);
		return 0;
	}
	if (grow_ring(s))
		return -ENOMEM;
	append_entry(s, &e);
	return 0;
}

/* A sink that was not here the last time begins where the others stand. */
static void place_sinks(struct nt_spool *s)
{
	uint64_t begin = s->state.end;

	for (enum nt_sink i = 0; i < NT_SINKS; i++) {
		struct spool_sink *sink = &s->state.sink[i];

		if (sink->known && sink->applied < begin)
			begin = sink->applied;
	}
	for (enum nt_sink i = 0; i < NT_SINKS; i++) {
		struct spool_sink *sink = &s->state.sink[i];

		if (!sink->known)
			sink->applied = begin;
		sink->known = s->options.sinks & NT_SINK_BIT(i);
		if (sink->applied > s->state.end)
			s->state.end = sink->applied;
	}
}

static void free_state(struct nt_spool *s)
{
	for (enum nt_sink i = 0; i < NT_SINKS; i++)
		free(s->state.sink[i].note);
	s->state = (struct spool_state){0};
	s->n = 0;
	s->waiting = s->in_memory = 0;
	s->stored = s->wait_stored = 0;
}

static int load(struct nt_spool *s)
{
	uint64_t end;
	bool clean;
	int err = disk_load(s->disk, &s->state, &clean);

	if (err)
		return err;
	end = s->state.end;
	place_sinks(s);
	err = disk_each(s->disk, take, s);
	if (!err && !clean) {
		remember_run(&s->state.unused_runs, end, s->state.end - end + PASSED_OVER);
		s->state.end += PASSED_OVER;
	}
	return err;
}

/* Whatever is there now is put aside, and a new file begun. */
static int begin_anew(struct nt_spool *s, const char *why)
{
	char name[SPOOL_FILE_NAME];
	bool fresh;
	int err;

	nt_error("spool %s: %s", s->options.path, why);
	if (s->disk) {
		disk_detach(s->disk);
		disk_close(s->disk);
		s->disk = NULL;
	}
	err = spool_file_set_aside(s->options.path, name);
	if (err)
		return err;
	nt_error("spool %s: it is %s now, and a new one is begun", s->options.path, name);
	s->disk = open_spool_file(s, &fresh);
	if (!s->disk)
		return -errno;
	return new_identity(s);
}

/* A disk that is full or read-only may be mended while we run. Anything else is a mistake that somebody should see. */
static bool may_pass(int err)
{
	return err == -ENOSPC || err == -EDQUOT || err == -EROFS || err == -EIO;
}

static int open_known(struct nt_spool *s)
{
	char why[256];
	bool fresh;
	int err;

	s->disk = open_spool_file(s, &fresh);
	if (!s->disk)
		return errno == EUCLEAN ? begin_anew(s, "corrupt, or of a version that is not known") : -errno;
	if (fresh)
		return new_identity(s);
	err = load(s);
	if (err != -EUCLEAN)
		return err;
	snprintf(why, sizeof(why), "%s", *disk_why(s->disk) ? disk_why(s->disk) : "its entries make no sense");
	free_state(s);
	return begin_anew(s, why);
}

int open_disk(struct nt_spool *s)
{
	int err = has_path(s) ? open_known(s) : new_identity(s);

	if (err && may_pass(err)) {
		free_state(s);
		if (s->disk)
			disk_close(s->disk);
		s->disk = NULL;
		err = new_identity(s);
	}
	for (enum nt_sink i = 0; i < NT_SINKS; i++)
		s->state.sink[i].known = s->options.sinks & NT_SINK_BIT(i);
	s->dirty = s->state.runs_changed = true;
	if (err)
		return err;
	remove_expired(s);
	save(s); /* says what is wrong */
	return 0;
}

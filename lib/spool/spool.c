/* SPDX-License-Identifier: BSD-3-Clause */
#include "spool/inside.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct nt_spool_options nt_spool_defaults = {
    .sinks = NT_SINK_BIT(NT_SINK_REDIS),
    .memory_snapshots = 4096,
    .memory_bytes = (size_t)256 << 20,
    .disk_bytes = UINT64_C(1) << 30,
    .keep_applied_s = 600,
};

/* Nobody counts so far; what claims to is a number that somebody made up. */
#define NUMBER_MAX (UINT64_C(1) << 62)

static int copy_texts(struct nt_spool *s, const struct nt_spool_options *options)
{
	s->options = *options;
	s->options.path = strdup(options->path ? options->path : "");
	s->options.sensor = strdup(options->sensor ? options->sensor : "");
	return s->options.path && s->options.sensor ? 0 : -ENOMEM;
}

static void free_spool(struct nt_spool *s)
{
	while (s->n)
		remove_entry(s, 0);
	for (enum nt_sink i = 0; i < NT_SINKS; i++)
		free(s->state.sink[i].note);
	free(s->gone.sequence);
	free(s->entry);
	free((char *)(uintptr_t)s->options.path);
	free((char *)(uintptr_t)s->options.sensor);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

struct nt_spool *nt_spool_open(const struct nt_spool_options *options)
{
	struct nt_spool *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return NULL;
	pthread_mutex_init(&s->lock, NULL);
	err = copy_texts(s, options);
	if (!err)
		err = open_disk(s);
	if (!err)
		return s;
	if (s->disk)
		disk_close(s->disk); /* it is somebody else's, or makes no sense: nothing is written there */
	s->disk = NULL;
	free_spool(s);
	errno = -err;
	return NULL;
}

const char *nt_spool_refusal(int error)
{
	switch (error) {
	case EBUSY:
		return "another process has it open";
	case EEXIST:
		return "it is another sensor's";
	case EMEDIUMTYPE:
		return "it is no spool, and stays as it is: name another file";
	case ENOLINK:
		return "it is a link to a file that is not there";
	default:
		return NULL;
	}
}

void nt_spool_free(struct nt_spool *s)
{
	if (!s)
		return;
	close_disk(s);
	free_spool(s);
}

const char *nt_spool_id(const struct nt_spool *s)
{
	return s->state.id;
}

/* ---- writing ---- */

static int push(struct nt_spool *s, struct nt_snapshot *snapshot)
{
	struct held *held = malloc(sizeof(*held));
	struct entry e = {.sequence = s->state.end, .applied_ns = nt_clock_monotonic_ns(), .held = held, .kept = true};

	nt_snapshot_strip(snapshot);
	e.bytes = memory_bytes(snapshot);
	e.reduced = snapshot->reduced;
	make_memory(s, e.bytes);
	if (!held || grow_ring(s)) {
		free(held);
		return -ENOMEM;
	}
	*held = (struct held){.snapshot = *snapshot, .sequence = e.sequence, .references = 1};
	nt_snapshot_init(snapshot);
	s->state.end++;
	append_entry(s, &e);
	s->dirty = true;
	return save(s) ? 1 : 0;
}

int nt_spool_push(struct nt_spool *s, struct nt_snapshot *snapshot)
{
	int rc;

	pthread_mutex_lock(&s->lock);
	rc = push(s, snapshot);
	pthread_mutex_unlock(&s->lock);
	return rc;
}

void nt_spool_skip(struct nt_spool *s, uint64_t n)
{
	if (!n)
		return;
	pthread_mutex_lock(&s->lock);
	remember_dropped(s, s->state.end, n);
	s->state.end += n;
	save_unless_failing(s);
	pthread_mutex_unlock(&s->lock);
}

/* ---- reading ---- */

uint64_t nt_spool_next(struct nt_spool *s, uint64_t from)
{
	uint64_t next;
	size_t i;

	pthread_mutex_lock(&s->lock);
	i = find_entry(s, from);
	next = i < s->n ? entry_at(s, i)->sequence : 0;
	pthread_mutex_unlock(&s->lock);
	return next;
}

static int get(struct nt_spool *s, uint64_t sequence, const struct nt_snapshot **out)
{
	int err = -EAGAIN;

	/* A rescue may have moved it to another file, or to memory: then once more. */
	for (int tries = 0; err == -EAGAIN && tries < 3; tries++) {
		size_t i = find_exactly(s, sequence);
		struct held *held;

		if (i == s->n)
			return -ENOENT;
		held = entry_at(s, i)->held;
		err = held ? 0 : read_entry(s, i, &held);
		if (!err) {
			held->references++;
			*out = &held->snapshot;
		}
	}
	return err == -EAGAIN ? -EIO : err;
}

int nt_spool_get(struct nt_spool *s, uint64_t sequence, const struct nt_snapshot **out)
{
	int err;

	pthread_mutex_lock(&s->lock);
	err = get(s, sequence, out);
	pthread_mutex_unlock(&s->lock);
	return err;
}

void nt_spool_release(struct nt_spool *s, const struct nt_snapshot *snapshot)
{
	struct held *held;
	size_t i;

	if (!snapshot)
		return;
	held = (struct held *)((char *)(uintptr_t)snapshot - offsetof(struct held, snapshot));
	pthread_mutex_lock(&s->lock);
	i = find_exactly(s, held->sequence);
	if (held->references == 1 && i < s->n && entry_at(s, i)->held == held)
		entry_at(s, i)->held = NULL;
	let_go(held);
	pthread_mutex_unlock(&s->lock);
}

/* ---- places of the sinks ---- */

/* Entries from..to-1 are marked on disk with the next transaction. */
static void mark_on_disk(struct nt_spool *s, uint64_t from, uint64_t to)
{
	if (s->mark_from == s->mark_to)
		s->mark_from = from;
	s->mark_to = to;
}

static void move_applied(struct nt_spool *s, enum nt_sink sink, uint64_t sequence)
{
	uint64_t before, after;

	if (sequence > s->state.end) {
		s->state.runs_changed = true;
		remember_run(&s->state.unused_runs, s->state.end, sequence - s->state.end);
		s->state.end = sequence;
	}
	before = applied_by_all(s);
	s->state.sink[sink].applied = sequence;
	after = applied_by_all(s);
	if (after > before) {
		mark_entries(s, before, after, true);
		mark_on_disk(s, before, after);
	} else {
		mark_entries(s, after, before, false);
	}
	s->dirty = true;
	remove_expired(s);
}

int nt_spool_set_applied(struct nt_spool *s, enum nt_sink sink, uint64_t sequence)
{
	int err = 0;

	if (sequence > NUMBER_MAX)
		return -EINVAL;
	pthread_mutex_lock(&s->lock);
	if (s->state.sink[sink].applied != sequence)
		move_applied(s, sink, sequence);
	if (s->dirty)
		err = save_unless_failing(s);
	pthread_mutex_unlock(&s->lock);
	return err;
}

uint64_t nt_spool_applied(struct nt_spool *s, enum nt_sink sink)
{
	uint64_t applied;

	pthread_mutex_lock(&s->lock);
	applied = s->state.sink[sink].applied;
	pthread_mutex_unlock(&s->lock);
	return applied;
}

int nt_spool_set_applied_note(struct nt_spool *s, enum nt_sink sink, uint64_t sequence, const void *note, size_t length)
{
	void *copy = NULL;
	int err;

	if (length > NT_SPOOL_NOTE || sequence > NUMBER_MAX)
		return -EINVAL;
	if (length) {
		copy = malloc(length);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, note, length);
	}
	pthread_mutex_lock(&s->lock);
	free(s->state.sink[sink].note);
	s->state.sink[sink].note = copy;
	s->state.sink[sink].note_length = length;
	move_applied(s, sink, sequence);
	err = save_unless_failing(s);
	pthread_mutex_unlock(&s->lock);
	return err;
}

size_t nt_spool_note(struct nt_spool *s, enum nt_sink sink, void *note, size_t room)
{
	const struct spool_sink *from = &s->state.sink[sink];
	size_t length;

	pthread_mutex_lock(&s->lock);
	length = from->note_length;
	if (length && room)
		memcpy(note, from->note, length < room ? length : room);
	pthread_mutex_unlock(&s->lock);
	return length;
}

void nt_spool_discard(struct nt_spool *s, uint64_t sequence)
{
	size_t i;

	pthread_mutex_lock(&s->lock);
	i = find_exactly(s, sequence);
	if (i < s->n) {
		remember_dropped(s, sequence, 1);
		remove_entry(s, i);
		save_unless_failing(s);
	}
	pthread_mutex_unlock(&s->lock);
}

int nt_spool_pin(struct nt_spool *s, uint64_t sequence)
{
	int err = 0;

	pthread_mutex_lock(&s->lock);
	if (s->state.pinned != sequence) {
		s->state.pinned = sequence;
		s->dirty = true;
	}
	if (s->dirty)
		err = save_unless_failing(s);
	pthread_mutex_unlock(&s->lock);
	return err;
}

/* ---- numbers ---- */

/* How many of the numbers from..to-1 are in one of the runs. */
static uint64_t overlap(const struct spool_runs *runs, uint64_t from, uint64_t to)
{
	uint64_t n = 0;

	for (size_t i = 0; i < runs->n; i++) {
		uint64_t a = runs->run[i].from > from ? runs->run[i].from : from;
		uint64_t b = runs->run[i].to < to ? runs->run[i].to : to;

		n += a < b ? b - a : 0;
	}
	return n;
}

uint64_t nt_spool_dropped(struct nt_spool *s, uint64_t from, uint64_t to)
{
	uint64_t dropped;

	pthread_mutex_lock(&s->lock);
	dropped = overlap(&s->state.dropped_runs, from, to);
	pthread_mutex_unlock(&s->lock);
	return dropped;
}

uint64_t nt_spool_given(struct nt_spool *s, uint64_t from, uint64_t to)
{
	uint64_t unused;

	pthread_mutex_lock(&s->lock);
	unused = overlap(&s->state.unused_runs, from, to);
	pthread_mutex_unlock(&s->lock);
	return to > from + unused ? to - from - unused : 0;
}

uint64_t nt_spool_end(struct nt_spool *s)
{
	uint64_t end;

	pthread_mutex_lock(&s->lock);
	end = s->state.end;
	pthread_mutex_unlock(&s->lock);
	return end;
}

size_t nt_spool_waiting(struct nt_spool *s, enum nt_sink sink)
{
	size_t waiting = 0;

	pthread_mutex_lock(&s->lock);
	if (s->options.sinks & NT_SINK_BIT(sink))
		waiting = s->n - find_entry(s, s->state.sink[sink].applied);
	pthread_mutex_unlock(&s->lock);
	return waiting;
}

static bool fits_on_disk(const struct nt_spool *s, size_t bytes)
{
	return s->wait_stored + disk_cost(bytes) <= room_on_disk(s);
}

/* What all sinks applied makes way. */
static bool fits_in_memory(const struct nt_spool *s, size_t bytes)
{
	size_t waiting = s->waiting < s->in_memory ? s->waiting : s->in_memory;

	return waiting < s->options.memory_snapshots &&
	       (!s->options.memory_bytes || s->wait_bytes + bytes <= s->options.memory_bytes);
}

bool nt_spool_fits(struct nt_spool *s, const struct nt_snapshot *snapshot)
{
	size_t bytes = memory_bytes(snapshot);
	bool fits;

	pthread_mutex_lock(&s->lock);
	fits = !s->waiting || (s->disk && !s->said ? fits_on_disk(s, bytes) : fits_in_memory(s, bytes));
	pthread_mutex_unlock(&s->lock);
	return fits;
}

void nt_spool_read_counters(struct nt_spool *s, struct nt_spool_counters *out)
{
	pthread_mutex_lock(&s->lock);
	*out = (struct nt_spool_counters){
	    .reduced = s->state.reduced,
	    .dropped = s->state.dropped,
	    .damaged = s->state.damaged,
	    .on_disk = s->disk && !s->in_memory && !s->said,
	    .disk_bytes = s->disk ? disk_size(s->disk) : 0,
	};
	pthread_mutex_unlock(&s->lock);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "spool/spool.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Runs of dropped numbers that are remembered: one for each long outage. Of older ones only the sum would be
 * missing, and only to a store that forgets that far back. */
#define RUNS 64

/* A snapshot in memory. It goes when nobody refers to it: neither its entry nor a reader. */
struct held {
	struct nt_snapshot snapshot;
	uint32_t references;
};

struct entry {
	uint64_t sequence;
	uint64_t applied_ns; /* monotonic time at which all sinks had applied it; meaningless before */
	size_t bytes;
	struct held *held;
};

struct run {
	uint64_t from;
	uint64_t to; /* exclusive */
};

struct sink {
	uint64_t applied; /* everything below is */
	void *note;
	size_t note_length;
};

struct nt_spool {
	struct nt_spool_options options;
	char id[NT_SPOOL_ID];
	pthread_mutex_t lock; /* guards everything below */
	struct entry *entry;  /* ring of `room` places */
	size_t room;
	size_t first;
	size_t n;
	size_t bytes;
	size_t waiting; /* not applied by all sinks */
	size_t waiting_bytes;
	struct sink sink[NT_SINKS];
	uint64_t end;
	uint64_t pinned; /* 0: none */
	struct run run[RUNS];
	size_t runs;
	uint64_t dropped;
};

const struct nt_spool_options nt_spool_defaults = {
    .sinks = NT_SINK_BIT(NT_SINK_REDIS),
    .memory_snapshots = 4096,
    .memory_bytes = (size_t)256 << 20,
    .disk_bytes = UINT64_C(1) << 30,
    .keep_applied_s = 600,
};

struct nt_spool *nt_spool_open(const struct nt_spool_options *options)
{
	struct nt_spool *s = calloc(1, sizeof(*s));
	uint64_t id;

	if (!s)
		return NULL;
	if (getrandom(&id, sizeof(id), 0) != sizeof(id)) {
		free(s);
		return NULL;
	}
	snprintf(s->id, sizeof(s->id), "%016" PRIx64, id);
	pthread_mutex_init(&s->lock, NULL);
	s->options = *options;
	s->end = 1;
	for (enum nt_sink i = 0; i < NT_SINKS; i++)
		s->sink[i].applied = 1;
	return s;
}

/* ---- entries ---- */

static struct entry *entry_at(const struct nt_spool *s, size_t i)
{
	return &s->entry[(s->first + i) % s->room];
}

static void let_go(struct held *h)
{
	if (--h->references)
		return;
	nt_snapshot_fini(&h->snapshot);
	free(h);
}

/* Number below which all sinks have applied everything. */
static uint64_t applied_by_all(const struct nt_spool *s)
{
	uint64_t applied = s->end;

	for (enum nt_sink i = 0; i < NT_SINKS; i++)
		if (s->options.sinks & NT_SINK_BIT(i) && s->sink[i].applied < applied)
			applied = s->sink[i].applied;
	return applied;
}

static bool waits(const struct nt_spool *s, const struct entry *e)
{
	return e->sequence >= applied_by_all(s);
}

/* Place of the first entry at or above a number; s->n if there is none. Entries are in order, with gaps. */
static size_t find(const struct nt_spool *s, uint64_t from)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (entry_at(s, middle)->sequence < from)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Place of that entry, s->n if it is not held. */
static size_t find_exactly(const struct nt_spool *s, uint64_t sequence)
{
	size_t i = find(s, sequence);

	return i < s->n && entry_at(s, i)->sequence == sequence ? i : s->n;
}

/* The ring grows with what it holds, up to the bound, because the bound is far above what is usual. */
static int grow(struct nt_spool *s)
{
	size_t room = s->room ? s->room * 2 : 16;
	struct entry *entry;

	if (s->n < s->room)
		return 0;
	entry = calloc(room, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i++)
		entry[i] = *entry_at(s, i);
	free(s->entry);
	s->entry = entry;
	s->room = room;
	s->first = 0;
	return 0;
}

/* Removes an entry; those before it move up. */
static void remove_at(struct nt_spool *s, size_t i)
{
	struct entry e = *entry_at(s, i);

	if (waits(s, &e)) {
		s->waiting--;
		s->waiting_bytes -= e.bytes;
	}
	s->bytes -= e.bytes;
	let_go(e.held);
	for (; i > 0; i--)
		*entry_at(s, i) = *entry_at(s, i - 1);
	s->first = (s->first + 1) % s->room;
	s->n--;
}

void nt_spool_free(struct nt_spool *s)
{
	if (!s)
		return;
	while (s->n)
		remove_at(s, 0);
	for (enum nt_sink i = 0; i < NT_SINKS; i++)
		free(s->sink[i].note);
	free(s->entry);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

const char *nt_spool_id(const struct nt_spool *s)
{
	return s->id;
}

/* ---- making room ---- */

static size_t entry_bytes(const struct nt_snapshot *snapshot)
{
	return sizeof(struct entry) + nt_snapshot_bytes(snapshot);
}

/* Numbers are dropped in rising order, except for discarded and pinned ones; those get a run of their own. */
static void remember_dropped(struct nt_spool *s, uint64_t from, uint64_t n)
{
	s->dropped += n;
	if (s->runs && s->run[s->runs - 1].to == from) {
		s->run[s->runs - 1].to += n;
		return;
	}
	if (s->runs == RUNS) {
		memmove(s->run, s->run + 1, (RUNS - 1) * sizeof(s->run[0]));
		s->runs--;
	}
	s->run[s->runs++] = (struct run){.from = from, .to = from + n};
}

static void drop_at(struct nt_spool *s, size_t i)
{
	if (waits(s, entry_at(s, i)))
		remember_dropped(s, entry_at(s, i)->sequence, 1);
	remove_at(s, i);
}

static bool over(const struct nt_spool *s, size_t snapshots, size_t bytes)
{
	return s->n + snapshots > s->options.memory_snapshots ||
	       (s->options.memory_bytes && s->bytes + bytes > s->options.memory_bytes);
}

static void remove_expired(struct nt_spool *s)
{
	uint64_t keep_ns = (uint64_t)s->options.keep_applied_s * NT_SECOND_NS, now_ns = nt_clock_monotonic_ns();

	while (s->n && !waits(s, entry_at(s, 0)) && now_ns - entry_at(s, 0)->applied_ns >= keep_ns)
		remove_at(s, 0);
}

/* The oldest, but the pinned one last of all. */
static size_t to_drop(const struct nt_spool *s)
{
	return s->n > 1 && entry_at(s, 0)->sequence == s->pinned && waits(s, entry_at(s, 0));
}

static void make_place(struct nt_spool *s, size_t bytes)
{
	remove_expired(s);
	while (s->n && over(s, 1, bytes))
		drop_at(s, to_drop(s));
}

static int push(struct nt_spool *s, struct nt_snapshot *snapshot)
{
	struct held *held = malloc(sizeof(*held));
	size_t bytes;

	nt_snapshot_strip(snapshot);
	bytes = entry_bytes(snapshot);
	make_place(s, bytes);
	if (!held || grow(s)) {
		free(held);
		return -ENOMEM;
	}
	*held = (struct held){.snapshot = *snapshot, .references = 1};
	nt_snapshot_init(snapshot);
	s->n++;
	*entry_at(s, s->n - 1) =
	    (struct entry){.sequence = s->end++, .applied_ns = nt_clock_monotonic_ns(), .bytes = bytes, .held = held};
	s->bytes += bytes;
	if (waits(s, entry_at(s, s->n - 1))) {
		s->waiting++;
		s->waiting_bytes += bytes;
	}
	return 0;
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
	pthread_mutex_lock(&s->lock);
	if (n)
		remember_dropped(s, s->end, n);
	s->end += n;
	pthread_mutex_unlock(&s->lock);
}

/* ---- reading ---- */

uint64_t nt_spool_next(struct nt_spool *s, uint64_t from)
{
	uint64_t next;
	size_t i;

	pthread_mutex_lock(&s->lock);
	i = find(s, from);
	next = i < s->n ? entry_at(s, i)->sequence : 0;
	pthread_mutex_unlock(&s->lock);
	return next;
}

int nt_spool_get(struct nt_spool *s, uint64_t sequence, const struct nt_snapshot **out)
{
	int err = 0;
	size_t i;

	pthread_mutex_lock(&s->lock);
	i = find_exactly(s, sequence);
	if (i < s->n) {
		struct held *held = entry_at(s, i)->held;

		held->references++;
		*out = &held->snapshot;
	} else {
		err = -ENOENT;
	}
	pthread_mutex_unlock(&s->lock);
	return err;
}

void nt_spool_release(struct nt_spool *s, const struct nt_snapshot *snapshot)
{
	if (!snapshot)
		return;
	pthread_mutex_lock(&s->lock);
	let_go((struct held *)((char *)(uintptr_t)snapshot - offsetof(struct held, snapshot)));
	pthread_mutex_unlock(&s->lock);
}

/* ---- places of the sinks ---- */

/* Entries from..to-1 were applied by the last sink that had not, or that is taken back. */
static void mark(struct nt_spool *s, uint64_t from, uint64_t to, bool applied)
{
	uint64_t now_ns = nt_clock_monotonic_ns();

	for (size_t i = find(s, from), end = find(s, to); i < end; i++) {
		struct entry *e = entry_at(s, i);

		e->applied_ns = now_ns;
		s->waiting += applied ? (size_t)-1 : 1;
		s->waiting_bytes += applied ? -e->bytes : e->bytes;
	}
}

static void set_applied(struct nt_spool *s, enum nt_sink sink, uint64_t sequence)
{
	uint64_t before, after;

	if (sequence > s->end)
		s->end = sequence;
	before = applied_by_all(s);
	s->sink[sink].applied = sequence;
	after = applied_by_all(s);
	if (after > before)
		mark(s, before, after, true);
	else
		mark(s, after, before, false);
	remove_expired(s);
}

int nt_spool_set_applied(struct nt_spool *s, enum nt_sink sink, uint64_t sequence)
{
	pthread_mutex_lock(&s->lock);
	set_applied(s, sink, sequence);
	pthread_mutex_unlock(&s->lock);
	return 0;
}

uint64_t nt_spool_applied(struct nt_spool *s, enum nt_sink sink)
{
	uint64_t applied;

	pthread_mutex_lock(&s->lock);
	applied = s->sink[sink].applied;
	pthread_mutex_unlock(&s->lock);
	return applied;
}

int nt_spool_set_applied_note(struct nt_spool *s, enum nt_sink sink, uint64_t sequence, const void *note, size_t length)
{
	void *copy = NULL;

	if (length > NT_SPOOL_NOTE)
		return -EINVAL;
	if (length) {
		copy = malloc(length);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, note, length);
	}
	pthread_mutex_lock(&s->lock);
	free(s->sink[sink].note);
	s->sink[sink].note = copy;
	s->sink[sink].note_length = length;
	set_applied(s, sink, sequence);
	pthread_mutex_unlock(&s->lock);
	return 0;
}

size_t nt_spool_note(struct nt_spool *s, enum nt_sink sink, void *note, size_t room)
{
	size_t length;

	pthread_mutex_lock(&s->lock);
	length = s->sink[sink].note_length;
	if (length && room)
		memcpy(note, s->sink[sink].note, length < room ? length : room);
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
		remove_at(s, i);
	}
	pthread_mutex_unlock(&s->lock);
}

int nt_spool_pin(struct nt_spool *s, uint64_t sequence)
{
	pthread_mutex_lock(&s->lock);
	s->pinned = sequence;
	pthread_mutex_unlock(&s->lock);
	return 0;
}

/* ---- numbers ---- */

uint64_t nt_spool_dropped(struct nt_spool *s, uint64_t from, uint64_t to)
{
	uint64_t dropped = 0;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->runs; i++) {
		uint64_t a = s->run[i].from > from ? s->run[i].from : from;
		uint64_t b = s->run[i].to < to ? s->run[i].to : to;

		dropped += a < b ? b - a : 0;
	}
	pthread_mutex_unlock(&s->lock);
	return dropped;
}

uint64_t nt_spool_end(struct nt_spool *s)
{
	uint64_t end;

	pthread_mutex_lock(&s->lock);
	end = s->end;
	pthread_mutex_unlock(&s->lock);
	return end;
}

size_t nt_spool_waiting(struct nt_spool *s, enum nt_sink sink)
{
	size_t waiting = 0;

	pthread_mutex_lock(&s->lock);
	if (s->options.sinks & NT_SINK_BIT(sink))
		waiting = s->n - find(s, s->sink[sink].applied);
	pthread_mutex_unlock(&s->lock);
	return waiting;
}

bool nt_spool_fits(struct nt_spool *s, const struct nt_snapshot *snapshot)
{
	size_t bytes = entry_bytes(snapshot);
	bool fits;

	pthread_mutex_lock(&s->lock);
	fits = !s->waiting || (s->waiting < s->options.memory_snapshots &&
			       (!s->options.memory_bytes || s->waiting_bytes + bytes <= s->options.memory_bytes));
	pthread_mutex_unlock(&s->lock);
	return fits;
}

void nt_spool_read_counters(struct nt_spool *s, struct nt_spool_counters *out)
{
	pthread_mutex_lock(&s->lock);
	*out = (struct nt_spool_counters){.dropped = s->dropped};
	pthread_mutex_unlock(&s->lock);
}

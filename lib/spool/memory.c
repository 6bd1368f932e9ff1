/* SPDX-License-Identifier: BSD-3-Clause */
#include "spool/spool.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Runs of dropped numbers that are remembered: one for each long outage. Of older ones only the sum would be
 * missing, and only to a store that forgets that far back. */
#define RUNS 64

struct entry {
	uint64_t sequence;
	uint64_t applied_ns; /* monotonic time at which it was applied; 0: it is not */
	size_t bytes;
	struct nt_snapshot *snapshot; /* a place of its own, so that it stays where it is while others come and go */
};

struct run {
	uint64_t from;
	uint64_t to; /* exclusive */
};

struct nt_spool {
	struct nt_spool_options options;
	char id[NT_SPOOL_ID];
	struct entry *entry; /* ring of `room` places */
	size_t room;
	size_t first;
	size_t n;
	size_t bytes;
	size_t waiting;	      /* not applied */
	size_t waiting_bytes; /* of them */
	uint64_t applied;     /* everything below is */
	uint64_t end;
	struct run run[RUNS];
	size_t runs;
};

const struct nt_spool_options nt_spool_defaults = {
    .snapshots = 4096,
    .bytes = (size_t)256 << 20,
    .keep_applied_s = 600,
};

struct nt_spool *nt_spool_new(const struct nt_spool_options *options)
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
	s->options = *options;
	s->end = 1;
	s->applied = 1;
	return s;
}

static struct entry *entry_at(const struct nt_spool *s, size_t i)
{
	return &s->entry[(s->first + i) % s->room];
}

static bool first_is_applied(const struct nt_spool *s)
{
	return entry_at(s, 0)->sequence < s->applied;
}

static void remove_first(struct nt_spool *s)
{
	struct entry *e = entry_at(s, 0);

	if (!first_is_applied(s)) {
		s->waiting--;
		s->waiting_bytes -= e->bytes;
	}
	s->bytes -= e->bytes;
	nt_snapshot_fini(e->snapshot);
	free(e->snapshot);
	s->first = (s->first + 1) % s->room;
	s->n--;
}

void nt_spool_free(struct nt_spool *s)
{
	if (!s)
		return;
	while (s->n)
		remove_first(s);
	free(s->entry);
	free(s);
}

const char *nt_spool_id(const struct nt_spool *s)
{
	return s->id;
}

static size_t entry_bytes(const struct nt_snapshot *snapshot)
{
	return sizeof(struct entry) + nt_snapshot_bytes(snapshot);
}

/* Numbers are dropped in rising order, except for discarded ones; those get a run of their own. */
static void remember_dropped(struct nt_spool *s, uint64_t from, uint64_t n)
{
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

static bool over(const struct nt_spool *s, size_t snapshots, size_t bytes)
{
	return s->n + snapshots > s->options.snapshots || (s->options.bytes && s->bytes + bytes > s->options.bytes);
}

static void remove_expired(struct nt_spool *s)
{
	uint64_t keep_ns = (uint64_t)s->options.keep_applied_s * NT_SECOND_NS, now_ns = nt_clock_monotonic_ns();

	while (s->n && first_is_applied(s) && now_ns - entry_at(s, 0)->applied_ns >= keep_ns)
		remove_first(s);
}

static void make_place(struct nt_spool *s, size_t bytes)
{
	remove_expired(s);
	while (s->n && over(s, 1, bytes)) {
		if (!first_is_applied(s))
			remember_dropped(s, entry_at(s, 0)->sequence, 1);
		remove_first(s);
	}
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

int nt_spool_push(struct nt_spool *s, struct nt_snapshot *snapshot)
{
	struct nt_snapshot *moved = malloc(sizeof(*moved));
	size_t bytes = entry_bytes(snapshot);

	make_place(s, bytes);
	if (!moved || grow(s)) {
		free(moved);
		return -ENOMEM;
	}
	*moved = *snapshot;
	s->n++;
	*entry_at(s, s->n - 1) = (struct entry){.sequence = s->end++, .bytes = bytes, .snapshot = moved};
	s->bytes += bytes;
	s->waiting++;
	s->waiting_bytes += bytes;
	nt_snapshot_init(snapshot);
	return 0;
}

void nt_spool_skip(struct nt_spool *s, uint64_t n)
{
	if (n)
		remember_dropped(s, s->end, n);
	s->end += n;
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

uint64_t nt_spool_next(const struct nt_spool *s, uint64_t from)
{
	size_t i = find(s, from);

	return i < s->n ? entry_at(s, i)->sequence : 0;
}

const struct nt_snapshot *nt_spool_get(const struct nt_spool *s, uint64_t sequence)
{
	size_t i = find(s, sequence);

	return i < s->n && entry_at(s, i)->sequence == sequence ? entry_at(s, i)->snapshot : NULL;
}

/* Marks an entry as applied, or takes the mark back. */
static void mark(struct nt_spool *s, struct entry *e, uint64_t applied_ns)
{
	e->applied_ns = applied_ns;
	if (applied_ns) {
		s->waiting--;
		s->waiting_bytes -= e->bytes;
	} else {
		s->waiting++;
		s->waiting_bytes += e->bytes;
	}
}

void nt_spool_set_applied(struct nt_spool *s, uint64_t sequence)
{
	bool back = sequence < s->applied;
	size_t from = find(s, back ? sequence : s->applied), to = find(s, back ? s->applied : sequence);

	for (size_t i = from; i < to; i++)
		mark(s, entry_at(s, i), back ? 0 : nt_clock_monotonic_ns());
	s->applied = sequence;
	remove_expired(s);
}

void nt_spool_discard(struct nt_spool *s, uint64_t sequence)
{
	size_t i = find(s, sequence);
	struct entry gone;

	if (i == s->n || entry_at(s, i)->sequence != sequence)
		return;
	remember_dropped(s, sequence, 1);
	gone = *entry_at(s, i);
	for (; i > 0; i--)
		*entry_at(s, i) = *entry_at(s, i - 1);
	*entry_at(s, 0) = gone;
	remove_first(s);
}

uint64_t nt_spool_dropped(const struct nt_spool *s, uint64_t from, uint64_t to)
{
	uint64_t dropped = 0;

	for (size_t i = 0; i < s->runs; i++) {
		uint64_t a = s->run[i].from > from ? s->run[i].from : from;
		uint64_t b = s->run[i].to < to ? s->run[i].to : to;

		dropped += a < b ? b - a : 0;
	}
	return dropped;
}

uint64_t nt_spool_end(const struct nt_spool *s)
{
	return s->end;
}

size_t nt_spool_waiting(const struct nt_spool *s)
{
	return s->waiting;
}

bool nt_spool_fits(const struct nt_spool *s, const struct nt_snapshot *snapshot)
{
	if (!s->waiting)
		return true;
	return s->waiting < s->options.snapshots &&
	       (!s->options.bytes || s->waiting_bytes + entry_bytes(snapshot) <= s->options.bytes);
}

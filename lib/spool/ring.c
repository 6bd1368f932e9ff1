/* SPDX-License-Identifier: BSD-3-Clause */
#include "spool/inside.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint64_t applied_by_all(const struct nt_spool *s)
{
	uint64_t applied = s->state.end;

	for (enum nt_sink i = 0; i < NT_SINKS; i++)
		if (s->options.sinks & NT_SINK_BIT(i) && s->state.sink[i].applied < applied)
			applied = s->state.sink[i].applied;
	return applied;
}

bool entry_waits(const struct nt_spool *s, const struct entry *e)
{
	return e->sequence >= applied_by_all(s);
}

/* Entries are in order, with gaps. */
size_t find_entry(const struct nt_spool *s, uint64_t from)
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

size_t find_exactly(const struct nt_spool *s, uint64_t sequence)
{
	size_t i = find_entry(s, sequence);

	return i < s->n && entry_at(s, i)->sequence == sequence ? i : s->n;
}

/* The ring grows with what it holds, up to the bound, because the bound is far above what is usual. */
int grow_ring(struct nt_spool *s)
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

/* Sums over all entries, and over those that wait. Differences wrap, as sums of unsigned numbers may. */
static void count_entry(struct nt_spool *s, size_t bytes, uint64_t stored, bool waits)
{
	s->bytes += bytes;
	s->stored += stored;
	if (waits) {
		s->wait_bytes += bytes;
		s->wait_stored += stored;
	}
}

void append_entry(struct nt_spool *s, const struct entry *entry)
{
	bool waits = entry_waits(s, entry);

	s->n++;
	*entry_at(s, s->n - 1) = *entry;
	count_entry(s, entry->bytes, entry->stored, waits);
	s->in_memory += !entry->stored;
	s->waiting += waits;
}

void resize_entry(struct nt_spool *s, struct entry *e, size_t bytes, uint64_t stored)
{
	count_entry(s, bytes - e->bytes, stored - e->stored, entry_waits(s, e));
	s->in_memory += (size_t)!stored - (size_t)!e->stored;
	e->bytes = bytes;
	e->stored = stored;
}

void let_go(struct held *held)
{
	if (--held->references)
		return;
	nt_snapshot_fini(&held->snapshot);
	free(held);
}

void keep_no_longer(struct nt_spool *s, struct entry *e)
{
	struct held *held = e->held;

	if (s->newest == e->sequence)
		s->newest = 0;
	if (!e->kept)
		return;
	e->kept = false;
	if (held->references == 1)
		e->held = NULL;
	let_go(held);
}

void remember_gone(struct nt_spool *s, uint64_t sequence)
{
	if (s->gone.n == s->gone.room) {
		size_t room = s->gone.room ? s->gone.room * 2 : 64;
		uint64_t *grown = reallocarray(s->gone.sequence, room, sizeof(*grown));

		if (!grown)
			return;
		s->gone.sequence = grown;
		s->gone.room = room;
	}
	s->gone.sequence[s->gone.n++] = sequence;
}

void remove_entry(struct nt_spool *s, size_t i)
{
	struct entry e = *entry_at(s, i);
	bool waits = entry_waits(s, &e);

	if (e.stored && i)
		remember_gone(s, e.sequence);
	if (s->newest == e.sequence)
		s->newest = 0;
	s->dirty = true;
	s->waiting -= waits;
	s->in_memory -= !e.stored;
	count_entry(s, -e.bytes, -e.stored, waits);
	if (e.kept)
		let_go(e.held);
	for (; i > 0; i--)
		*entry_at(s, i) = *entry_at(s, i - 1);
	s->first = (s->first + 1) % s->room;
	s->n--;
}

/* Numbers come in rising order, except for discarded and pinned ones; those get a run of their own. */
void remember_run(struct spool_runs *runs, uint64_t from, uint64_t n)
{
	if (runs->n && runs->run[runs->n - 1].to == from) {
		runs->run[runs->n - 1].to += n;
		return;
	}
	if (runs->n == SPOOL_RUNS) {
		memmove(runs->run, runs->run + 1, (SPOOL_RUNS - 1) * sizeof(runs->run[0]));
		runs->n--;
	}
	runs->run[runs->n++] = (struct spool_run){.from = from, .to = from + n};
}

void remember_dropped(struct nt_spool *s, uint64_t from, uint64_t n)
{
	s->state.dropped += n;
	s->dirty = true;
	s->state.runs_changed = true;
	remember_run(&s->state.dropped_runs, from, n);
}

void drop_entry(struct nt_spool *s, size_t i)
{
	if (entry_waits(s, entry_at(s, i)))
		remember_dropped(s, entry_at(s, i)->sequence, 1);
	remove_entry(s, i);
}

void remove_expired(struct nt_spool *s)
{
	uint64_t keep_ns = (uint64_t)s->options.keep_applied_s * NT_SECOND_NS, now_ns = nt_clock_monotonic_ns();

	while (s->n && !entry_waits(s, entry_at(s, 0)) && now_ns - entry_at(s, 0)->applied_ns >= keep_ns)
		remove_entry(s, 0);
}

void mark_entries(struct nt_spool *s, uint64_t from, uint64_t to, bool applied)
{
	uint64_t now_ns = nt_clock_monotonic_ns();

	for (size_t i = find_entry(s, from), end = find_entry(s, to); i < end; i++) {
		struct entry *e = entry_at(s, i);

		e->applied_ns = now_ns;
		s->waiting += applied ? (size_t)-1 : 1;
		s->wait_bytes += applied ? -e->bytes : e->bytes;
		s->wait_stored += applied ? -e->stored : e->stored;
		if (applied && e->stored)
			keep_no_longer(s, e);
	}
}

/* ---- room ---- */

size_t memory_bytes(const struct nt_snapshot *snapshot)
{
	return sizeof(struct entry) + nt_snapshot_bytes(snapshot);
}

size_t to_reduce(const struct nt_spool *s, bool on_disk)
{
	uint64_t pinned = s->state.pinned;

	for (size_t i = find_entry(s, applied_by_all(s)); i < s->n; i++) {
		const struct entry *e = entry_at(s, i);

		/* What somebody reads stays as he sees it */
		if (!!e->stored == on_disk && !e->reduced && e->sequence != pinned &&
		    (!e->held || e->held->references == e->kept))
			return i;
	}
	return s->n;
}

size_t to_drop(const struct nt_spool *s, bool on_disk)
{
	size_t pinned = s->n;

	for (size_t i = 0; i < s->n; i++) {
		const struct entry *e = entry_at(s, i);

		if (!!e->stored != on_disk)
			continue;
		if (e->sequence != s->state.pinned || !entry_waits(s, e))
			return i;
		pinned = i;
	}
	return pinned;
}

static bool memory_full(const struct nt_spool *s, size_t bytes)
{
	return s->in_memory >= s->options.memory_snapshots ||
	       (s->options.memory_bytes && s->bytes + bytes > s->options.memory_bytes);
}

static void reduce_in_memory(struct nt_spool *s, struct entry *e)
{
	nt_snapshot_reduce(&e->held->snapshot);
	e->reduced = true;
	s->state.reduced++;
	resize_entry(s, e, memory_bytes(&e->held->snapshot), 0);
}

void make_memory(struct nt_spool *s, size_t bytes)
{
	remove_expired(s);
	while (s->in_memory && memory_full(s, bytes)) {
		size_t i = to_drop(s, false), detail = s->n;

		/* Less detail makes room for bytes, not for more entries. */
		if (entry_waits(s, entry_at(s, i)) && s->in_memory < s->options.memory_snapshots)
			detail = to_reduce(s, false);
		if (detail < s->n)
			reduce_in_memory(s, entry_at(s, detail));
		else
			drop_entry(s, i);
	}
}

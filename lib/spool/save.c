/* SPDX-License-Identifier: BSD-3-Clause */
#include "spool/inside.h"

#include "base/clock.h"
#include "base/log.h"
#include "snapshot/pack.h"
#include "spool/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* New entries in one transaction, so that the log stays small when many have waited; bytes. */
#define BATCH (8u << 20)

/* A disk that failed is tried again by every push, and by anything else that often. */
#define RETRY_NS NT_SECOND_NS

/* So often in a row an entry may be unreadable for a reason that could pass. */
#define UNREADABLE_MOST 3

/* ---- entries on disk ---- */

/* Removes from the file what has left the list. */
static int remove_gone(struct nt_spool *s, size_t *done)
{
	uint64_t first = s->n ? entry_at(s, 0)->sequence : s->state.end;
	int err = disk_remove(s->disk, 0, first);

	for (; !err && *done < s->gone.n; (*done)++)
		err = disk_remove(s->disk, s->gone.sequence[*done], s->gone.sequence[*done] + 1);
	return err;
}

static void drop_damaged(struct nt_spool *s, size_t i)
{
	nt_error("spool %s: interval %" PRIu64 " is damaged and dropped", s->options.path, entry_at(s, i)->sequence);
	s->state.damaged++;
	drop_entry(s, i);
}

static int read_snapshot(struct disk *disk, uint64_t sequence, struct nt_snapshot *snapshot)
{
	uint8_t *bytes;
	size_t length;
	int err = disk_read(disk, sequence, &bytes, &length);

	if (err)
		return err;
	err = nt_snapshot_unpack(snapshot, bytes, length);
	free(bytes);
	return err;
}

static int write_snapshot(struct nt_spool *s, struct entry *e, const struct nt_snapshot *snapshot)
{
	uint8_t *bytes;
	size_t length;
	int err = nt_snapshot_pack(snapshot, &bytes, &length);

	if (err)
		return err;
	/* A row that is only replaced by a smaller one leaves its page as empty as it likes; one that goes does not. */
	err = disk_remove(s->disk, e->sequence, e->sequence + 1);
	if (!err)
		err = disk_insert(s->disk, e->sequence, bytes, length, snapshot->reduced);
	free(bytes);
	if (!err)
		resize_entry(s, e, 0, disk_cost(length));
	return err;
}

/* Reduces an entry where it lies; one that cannot be read goes. */
static int reduce_on_disk(struct nt_spool *s, size_t i)
{
	struct entry *e = entry_at(s, i);
	struct nt_snapshot snapshot;
	int err;

	if (e->uncommitted) { /* memory must still have it if the transaction fails */
		nt_snapshot_reduce(&e->held->snapshot);
		e->reduced = true;
		s->state.reduced++;
		return write_snapshot(s, e, &e->held->snapshot);
	}
	err = read_snapshot(s->disk, e->sequence, &snapshot);
	if (err == -EBADMSG || err == -ENOENT) {
		drop_damaged(s, i);
		return 0;
	}
	if (err)
		return err;
	nt_snapshot_reduce(&snapshot);
	keep_no_longer(s, e);
	err = write_snapshot(s, e, &snapshot);
	nt_snapshot_fini(&snapshot);
	e->reduced = true;
	s->state.reduced++;
	return err;
}

uint64_t room_on_disk(const struct nt_spool *s)
{
	uint64_t room = disk_room(s->options.disk_bytes);

	return room > s->overhead ? room - s->overhead : 0;
}

/* Makes room on disk for `cost` bytes by the order of dropping. */
static int make_room(struct nt_spool *s, uint64_t cost, size_t *done)
{
	uint64_t room = room_on_disk(s), before = s->stored;
	int err = 0;

	while (!err && s->stored + cost > room && s->stored) {
		size_t i = to_drop(s, true), detail;

		detail = entry_waits(s, entry_at(s, i)) ? to_reduce(s, true) : s->n;
		if (detail < s->n)
			err = reduce_on_disk(s, detail);
		else
			drop_entry(s, i);
	}
	return err || s->stored == before ? err : remove_gone(s, done);
}

/* Room is needed before the bytes are written, and how many they are is known once they are packed. */
static int insert(struct nt_spool *s, uint64_t sequence, size_t *done, uint64_t *written)
{
	struct entry *e = entry_at(s, find_exactly(s, sequence));
	uint8_t *bytes;
	size_t length;
	int err = nt_snapshot_pack(&e->held->snapshot, &bytes, &length);

	if (err)
		return err;
	if (disk_cost(length) > room_on_disk(s)) {
		free(bytes);
		return -EMSGSIZE;
	}
	s->tried += disk_cost(length);
	err = make_room(s, disk_cost(length), done);
	e = entry_at(s, find_exactly(s, sequence)); /* others may have gone before it */
	if (!err)
		err = disk_insert(s->disk, sequence, bytes, length, e->reduced);
	free(bytes);
	if (err)
		return err;
	resize_entry(s, e, 0, disk_cost(length));
	e->uncommitted = true;
	s->uncommitted++;
	*written += length;
	return 0;
}

/* One that is larger than all of the file. Without its detail it may fit. */
static void shrink(struct nt_spool *s, size_t i)
{
	struct entry *e = entry_at(s, i);

	if (e->reduced || e->held->references > 1 || e->sequence == s->state.pinned) {
		nt_error("spool %s: interval %" PRIu64 " is larger than all of it", s->options.path, e->sequence);
		drop_entry(s, i);
		return;
	}
	nt_snapshot_reduce(&e->held->snapshot);
	e->reduced = true;
	s->state.reduced++;
	resize_entry(s, e, memory_bytes(&e->held->snapshot), 0);
}

static int insert_some(struct nt_spool *s, size_t *done)
{
	uint64_t written = 0, from = 0;
	int err = 0;

	while (!err && s->in_memory && written < BATCH) {
		size_t i = find_entry(s, from);

		while (i < s->n && entry_at(s, i)->stored)
			i++;
		if (i == s->n)
			break;
		from = entry_at(s, i)->sequence;
		err = insert(s, from, done, &written);
		if (err == -EMSGSIZE) {
			shrink(s, i);
			err = 0;
		}
	}
	return err;
}

/* ---- a transaction ---- */

/* What was written is on disk now: memory may let go of it, but for the newest, which the sinks ask for next. */
static void committed(struct nt_spool *s)
{
	size_t before = s->newest ? find_exactly(s, s->newest) : s->n;

	for (size_t i = s->n; s->uncommitted && i-- > 0;) {
		struct entry *e = entry_at(s, i);

		if (!e->uncommitted)
			continue;
		e->uncommitted = false;
		s->uncommitted--;
		if (i != s->n - 1 || !entry_waits(s, e))
			keep_no_longer(s, e);
		else
			s->newest = e->sequence;
	}
	if (before + 1 < s->n)
		keep_no_longer(s, entry_at(s, before));
	s->uncommitted = 0;
	s->gone.n = 0;
	s->mark_from = s->mark_to = 0;
	s->dirty = s->state.runs_changed = false;
}

/* Nothing of it happened. What was reduced on disk is not: resync() finds out. */
static void undone(struct nt_spool *s)
{
	for (size_t i = s->n; s->uncommitted && i-- > 0;) {
		struct entry *e = entry_at(s, i);

		if (!e->uncommitted)
			continue;
		e->uncommitted = false;
		s->uncommitted--;
		resize_entry(s, e, memory_bytes(&e->held->snapshot), 0);
	}
	s->uncommitted = 0; /* some may have been dropped */
	s->resync = true;
	s->dirty = true;
}

static int write_marks(struct nt_spool *s)
{
	if (s->mark_from == s->mark_to)
		return 0;
	return disk_mark(s->disk, s->mark_from, s->mark_to, nt_clock_now().s);
}

static int save_some(struct nt_spool *s, bool clean)
{
	uint64_t reduced = s->state.reduced;
	size_t done = 0;
	int err = disk_begin(s->disk);

	s->tried = 0;

	if (!err)
		err = remove_gone(s, &done);
	if (!err)
		err = insert_some(s, &done);
	if (!err)
		err = remove_gone(s, &done);
	if (!err)
		err = write_marks(s);
	if (!err)
		err = disk_write_state(s->disk, &s->state, clean);
	if (!err)
		err = disk_commit(s->disk);
	if (!err) {
		committed(s);
		return 0;
	}
	s->state.reduced = reduced;
	undone(s);
	return err;
}

/* ---- memory and disk brought together ---- */

static void recount(struct nt_spool *s)
{
	s->bytes = s->wait_bytes = s->in_memory = s->waiting = 0;
	s->stored = s->wait_stored = 0;
	for (size_t i = 0; i < s->n; i++) {
		struct entry *e = entry_at(s, i);
		bool waits = entry_waits(s, e);

		s->bytes += e->bytes;
		s->stored += e->stored;
		s->in_memory += !e->stored;
		s->waiting += waits;
		s->wait_bytes += waits ? e->bytes : 0;
		s->wait_stored += waits ? e->stored : 0;
	}
}

static void take_to_memory(struct entry *e)
{
	e->held->references += !e->kept;
	e->kept = true;
	e->bytes = memory_bytes(&e->held->snapshot);
	e->stored = 0;
}

static int see(void *context, const struct disk_entry *on_disk)
{
	struct nt_spool *s = context;
	size_t i = find_exactly(s, on_disk->sequence);
	struct entry *e;

	if (i == s->n) {
		remember_gone(s, on_disk->sequence);
		return 0;
	}
	e = entry_at(s, i);
	e->seen = true;
	e->stored = on_disk->stored;
	e->bytes = 0;
	e->reduced = on_disk->reduced;
	return 0;
}

/* After a failure: what does the file hold of what we believe? */
static int resync(struct nt_spool *s)
{
	int err;

	for (size_t i = 0; i < s->n; i++)
		entry_at(s, i)->seen = false;
	s->gone.n = 0;
	err = disk_each(s->disk, see, s);
	for (size_t i = s->n; !err && i-- > 0;) {
		struct entry *e = entry_at(s, i);

		if (e->seen || !e->stored)
			continue;
		if (e->held)
			take_to_memory(e);
	}
	recount(s);
	for (size_t i = s->n; !err && i-- > 0;) {
		struct entry *e = entry_at(s, i);

		if (!e->seen && e->stored)
			drop_damaged(s, i);
		else if (e->stored && e->sequence != s->newest)
			keep_no_longer(s, e);
	}
	s->resync = err;
	return err;
}

struct disk *open_spool_file(const struct nt_spool *s, bool *fresh)
{
	const struct disk_options options = {
	    .path = s->options.path, .sensor = s->options.sensor, .max_bytes = s->options.disk_bytes};

	return disk_open(&options, fresh);
}

/* Takes an entry over from the old file; what cannot be read there goes. Returns false when the new one fails. */
static bool take_over(struct nt_spool *s, struct disk *old, struct entry *e)
{
	struct nt_snapshot snapshot;
	bool readable = !read_snapshot(old, e->sequence, &snapshot);
	bool written = false;

	if (readable) {
		written = s->disk && !disk_begin(s->disk) && !write_snapshot(s, e, &snapshot) &&
			  !disk_write_state(s->disk, &s->state, false) && !disk_commit(s->disk);
		nt_snapshot_fini(&snapshot);
	}
	e->seen = written;
	return !readable || written;
}

/*
 * The file is corrupt, or gone from its path. A new one is begun in its place, under the same identity, and gets what
 * is in memory and what can still be read of the old one, which stays beside it.
 */
static int rescue(struct nt_spool *s, const char *why)
{
	struct disk *old = s->disk;
	char name[SPOOL_FILE_NAME] = "removed by somebody";
	bool fresh = true, working = true;
	int err = spool_file_set_aside(s->options.path, name);

	err = err == -ENOENT ? 0 : err;
	nt_error("spool %s: %s; a new one is begun, the old one is %s", s->options.path, err ? strerror(-err) : why,
		 name);
	disk_detach(old);
	s->disk = err ? NULL : open_spool_file(s, &fresh);
	if (s->disk && !fresh)
		err = -EEXIST;
	for (size_t i = 0; i < s->n; i++) {
		struct entry *e = entry_at(s, i);

		e->seen = !e->stored;
		if (e->stored && working && !err)
			working = take_over(s, old, e);
		if (!e->seen && e->held) {
			take_to_memory(e);
			e->seen = true;
		}
	}
	disk_close(old);
	recount(s);
	for (size_t i = s->n; i-- > 0;)
		if (!entry_at(s, i)->seen)
			drop_damaged(s, i);
	s->gone.n = 0;
	s->dirty = s->state.runs_changed = true;
	return s->disk ? err : -EIO;
}

/* Is the file ours? One that is corrupt by now makes way for a new one. */
static int open_ours(struct nt_spool *s)
{
	struct spool_state state = {0};
	char name[SPOOL_FILE_NAME];
	bool fresh, clean;
	int err;

	s->disk = open_spool_file(s, &fresh);
	err = s->disk ? 0 : -errno;
	if (!err && !fresh)
		err = disk_load(s->disk, &state, &clean);
	for (enum nt_sink i = 0; i < NT_SINKS; i++)
		free(state.sink[i].note);
	if (!err && !fresh && strcmp(state.id, s->state.id) != 0)
		err = -EEXIST;
	if (err != -EUCLEAN)
		return err;
	if (s->disk)
		disk_close(s->disk);
	err = spool_file_set_aside(s->options.path, name);
	s->disk = err ? NULL : open_spool_file(s, &fresh);
	if (s->disk)
		nt_error("spool %s: corrupt; a new one is begun, the old one is %s", s->options.path, name);
	return s->disk ? 0 : err ? err : -errno;
}

/* Opens the file again after a failure. Another's, or one of another identity, is left alone. */
static int reopen(struct nt_spool *s)
{
	int err = open_ours(s);

	s->resync = true;
	s->dirty = s->state.runs_changed = true;
	if (err && s->disk) {
		disk_close(s->disk);
		s->disk = NULL;
	}
	return err;
}

/* ---- saving ---- */

static const char *why_failed(const struct nt_spool *s, int err)
{
	if (s->disk && disk_why(s->disk)[0])
		return disk_why(s->disk);
	if (err == -EEXIST)
		return "another spool is there now";
	return nt_spool_refusal(-err) ? nt_spool_refusal(-err) : strerror(-err);
}

static int disk_failed(struct nt_spool *s, int err)
{
	if (s->said != err)
		nt_error("spool %s: %s; intervals are held in memory until it works again", s->options.path,
			 why_failed(s, err));
	s->said = err;
	s->failed_ns = nt_clock_monotonic_ns();
	/* A full disk does no harm to what is open; after anything else only opening anew shows what there is. */
	if (s->disk && err != -ENOSPC && err != -ENOMEM) {
		disk_close(s->disk);
		s->disk = NULL;
	}
	return -EIO;
}

static void say_works(struct nt_spool *s)
{
	if (s->said)
		nt_info("spool %s works again", s->options.path);
	s->said = 0;
}

static int make_ready(struct nt_spool *s)
{
	int err = 0;

	if (!s->disk)
		err = reopen(s);
	else if (!disk_in_place(s->disk))
		err = rescue(s, "the file is not at its place any more");
	if (!err && s->resync)
		err = resync(s);
	return err;
}

/* Is it the disk that is full, or the file that may not grow? Then less goes into it, and it is tried again. */
static int no_space(struct nt_spool *s)
{
	uint64_t step = disk_room(s->options.disk_bytes) / 64;
	int err = resync(s);

	if (err)
		return err;
	if (!disk_at_bound(s->disk, s->tried) || s->overhead > disk_room(s->options.disk_bytes) * 5 / 8)
		return -ENOSPC;
	s->overhead += step;
	return 0;
}

int save(struct nt_spool *s)
{
	bool rescued = false;
	int err;

	if (!has_path(s)) {
		s->gone.n = 0;
		s->dirty = false;
		return 0;
	}
	err = make_ready(s);
	while (!err && (s->dirty || s->in_memory)) {
		err = save_some(s, false);
		if (err == -EUCLEAN && !rescued) {
			rescued = true;
			err = rescue(s, "corrupt");
		} else if (err == -ENOSPC) {
			err = no_space(s);
		}
	}
	if (err)
		return disk_failed(s, err);
	say_works(s);
	return 0;
}

int save_unless_failing(struct nt_spool *s)
{
	if (s->said && nt_clock_monotonic_ns() - s->failed_ns < RETRY_NS)
		return -EIO;
	return save(s);
}

/* ---- reading ---- */

/* What to do about an entry that could not be read. Returns what the reader gets. */
static int unreadable(struct nt_spool *s, uint64_t sequence, int err)
{
	size_t i;

	if (err == -ENOMEM)
		return err;
	if (err == -EUCLEAN && s->disk)
		err = rescue(s, "corrupt") ? -EIO : -EAGAIN;
	i = find_exactly(s, sequence);
	if (i == s->n)
		return -ENOENT;
	if (entry_at(s, i)->held || err == -EAGAIN)
		return -EAGAIN;
	if (err == -EBADMSG || err == -ENOENT || ++entry_at(s, i)->unreadable >= UNREADABLE_MOST) {
		drop_damaged(s, i);
		save_unless_failing(s);
		return -ENOENT;
	}
	nt_error("spool %s: interval %" PRIu64 " cannot be read: %s", s->options.path, sequence, strerror(-err));
	return -EIO;
}

int read_entry(struct nt_spool *s, size_t i, struct held **held)
{
	uint64_t sequence = entry_at(s, i)->sequence;
	struct nt_snapshot snapshot;
	int err = -EIO;

	if (s->disk || !reopen(s))
		err = read_snapshot(s->disk, sequence, &snapshot);
	if (err)
		return unreadable(s, sequence, err);
	*held = malloc(sizeof(**held));
	if (!*held) {
		nt_snapshot_fini(&snapshot);
		return -ENOMEM;
	}
	**held = (struct held){.snapshot = snapshot, .sequence = sequence};
	entry_at(s, i)->held = *held;
	entry_at(s, i)->unreadable = 0;
	return 0;
}

/* ---- beginning and end ---- */

/* What dies with the process. */
static size_t waiting_in_memory(const struct nt_spool *s)
{
	size_t waiting = 0;

	for (size_t i = 0; i < s->n; i++)
		waiting += !entry_at(s, i)->stored && entry_waits(s, entry_at(s, i));
	return waiting;
}

void close_disk(struct nt_spool *s)
{
	size_t lost;

	if (!has_path(s))
		return;
	save(s);
	lost = waiting_in_memory(s);
	if (lost)
		nt_error("spool %s: intervals that wait and never got there: %zu", s->options.path, lost);
	if (!s->disk)
		return;
	if (!s->in_memory)
		save_some(s, true);
	disk_close(s->disk);
	s->disk = NULL;
}

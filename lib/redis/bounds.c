/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/bounds.h"

#include "redis/plan.h"

#include <errno.h>
#include <string.h>

/* The note: this, then the changes. It is read by the machine that wrote it. */
struct head {
	uint32_t plan_version;
	uint32_t bounds; /* how many there are */
	uint64_t first;
	uint64_t n;
};

_Static_assert(sizeof(struct head) + NT_BOUNDS_KEPT * sizeof(struct nt_bounds_since) <= NT_SPOOL_NOTE, "note too long");

static int write_note(const struct nt_bounds *b, struct nt_spool *spool)
{
	const struct head head = {.plan_version = NT_PLAN_VERSION, .bounds = NT_BOUNDS, .first = b->first, .n = b->n};
	uint8_t note[NT_SPOOL_NOTE];

	memcpy(note, &head, sizeof(head));
	memcpy(note + sizeof(head), b->since, b->n * sizeof(b->since[0]));
	return nt_spool_set_applied_note(spool, NT_SINK_REDIS, nt_spool_applied(spool, NT_SINK_REDIS), note,
					 sizeof(head) + b->n * sizeof(b->since[0]));
}

void nt_bounds_read(struct nt_bounds *b, struct nt_spool *spool)
{
	uint8_t note[NT_SPOOL_NOTE];
	size_t length = nt_spool_note(spool, NT_SINK_REDIS, note, sizeof(note));
	struct head head;

	*b = (struct nt_bounds){.first = nt_spool_applied(spool, NT_SINK_REDIS)};
	if (length < sizeof(head)) {
		write_note(b, spool); /* what waits from here on is for Redis, whenever that comes */
		return;
	}
	memcpy(&head, note, sizeof(head));
	b->first = head.first;
	if (head.plan_version != NT_PLAN_VERSION || head.bounds != NT_BOUNDS || head.n > NT_BOUNDS_KEPT ||
	    length != sizeof(head) + head.n * sizeof(b->since[0]))
		return;
	b->n = head.n;
	memcpy(b->since, note + sizeof(head), b->n * sizeof(b->since[0]));
}

/* Those that the snapshot was or would be begun under; NULL: not known. */
static const struct nt_bounds_since *find(const struct nt_bounds *b, uint64_t sequence)
{
	for (size_t i = b->n; i-- > 0;)
		if (b->since[i].from <= sequence)
			return &b->since[i];
	return NULL;
}

int nt_bounds_find(const struct nt_bounds *b, uint64_t sequence, uint32_t members[static NT_BOUNDS])
{
	const struct nt_bounds_since *since = find(b, sequence);

	if (!since)
		return -ENOENT;
	memcpy(members, since->members, sizeof(since->members));
	return 0;
}

int nt_bounds_begin(struct nt_bounds *b, struct nt_spool *spool, uint64_t sequence,
		    const uint32_t members[static NT_BOUNDS])
{
	const struct nt_bounds_since *since = find(b, sequence);

	/* Those behind it, of a time before Redis fell back, will be begun anew too. */
	if (b->n && since == &b->since[b->n - 1] && !memcmp(since->members, members, sizeof(since->members)))
		return 0;
	while (b->n && b->since[b->n - 1].from >= sequence)
		b->n--;
	if (b->n == NT_BOUNDS_KEPT) {
		memmove(b->since, b->since + 1, (NT_BOUNDS_KEPT - 1) * sizeof(b->since[0]));
		b->n--;
	}
	b->since[b->n].from = sequence;
	memcpy(b->since[b->n].members, members, sizeof(b->since[0].members));
	b->n++;
	return write_note(b, spool);
}

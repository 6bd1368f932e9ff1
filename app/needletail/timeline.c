/* SPDX-License-Identifier: BSD-3-Clause */
#include "timeline.h"

#include "base/clock.h"

/* Slewing and the time between reading two clocks stay far below; ntpd and chrony step by more. */
#define JUMP_NS (INT64_C(250) * 1000 * 1000)

static int64_t floor_seconds(int64_t ns)
{
	return ns / NT_SECOND_NS - (ns % NT_SECOND_NS < 0);
}

void timeline_begin(struct timeline *t, int64_t length_s, int64_t wall_ns, int64_t steady_ns)
{
	int64_t start_s = nt_interval_start(floor_seconds(wall_ns), length_s);

	*t = (struct timeline){
	    .length_s = length_s,
	    .start_s = start_s,
	    .end_s = start_s + length_s,
	    .partial = true,
	    .offset_ns = wall_ns - steady_ns,
	};
}

enum timeline_state timeline_look(struct timeline *t, int64_t wall_ns, int64_t steady_ns)
{
	int64_t now_s = floor_seconds(wall_ns);
	int64_t moved_ns = wall_ns - steady_ns - t->offset_ns;
	bool jumped = moved_ns > JUMP_NS || moved_ns < -JUMP_NS;

	t->offset_ns += moved_ns;
	t->jumped_ns = jumped ? moved_ns : 0;
	t->partial = t->partial || jumped;
	if (now_s >= t->end_s)
		return jumped && now_s >= t->end_s + t->length_s ? TIMELINE_LEFT : TIMELINE_ENDED;
	if (now_s < t->start_s - t->length_s)
		return TIMELINE_LEFT;
	return TIMELINE_OPEN;
}

void timeline_next(struct timeline *t)
{
	t->start_s = t->end_s;
	t->end_s += t->length_s;
	t->partial = t->jumped_ns > 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_TIMELINE_H
#define NEEDLETAIL_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Which interval is open, by the wall clock, and what to do when that clock jumps. A second clock that never jumps
 * tells a jump from a wait. Pure: it looks at no clock itself.
 *
 * Without jumps intervals follow one another without a gap, however late the caller looks. A jump forward over the
 * interval's end closes it and goes on where the clock stands: the time between was never there. After a jump back by
 * up to one interval the open one waits for the clock; after a longer one it is closed and the clock followed.
 */
struct timeline {
	int64_t length_s;
	int64_t start_s;   /**< open interval */
	int64_t end_s;	   /**< exclusive */
	bool partial;	   /**< counting began inside the open interval, or the clock jumped inside it */
	int64_t offset_ns; /**< wall clock minus steady clock, at the last look */
	int64_t jumped_ns; /**< of the last look: by how much the wall clock jumped; 0: it did not */
};

enum timeline_state {
	TIMELINE_OPEN,	/**< the open interval goes on */
	TIMELINE_ENDED, /**< it is over: close it, then timeline_next() */
	TIMELINE_LEFT	/**< the clock left it: close it as partial, then timeline_begin() */
};

/** Opens the interval that holds `wall_ns`, as a partial one. */
void timeline_begin(struct timeline *t, int64_t length_s, int64_t wall_ns, int64_t steady_ns);

/** What became of the open interval. */
enum timeline_state timeline_look(struct timeline *t, int64_t wall_ns, int64_t steady_ns);

/** Opens the interval behind the open one. */
void timeline_next(struct timeline *t);

#endif

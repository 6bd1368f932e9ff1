/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REDIS_OUTAGE_H
#define NT_REDIS_OUTAGE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What the log hears of a server that is away now and then. The first outage is said when it begins and when it ends.
 * Those of the minute behind it are counted, and said as a number with the next one, or once the server has stayed: a
 * server that flaps does not fill the log. A failure of another kind, which somebody has to mend, is said at once,
 * though only one a minute.
 */

/** A zeroed one is a server that was never away. One thread. */
struct nt_outage {
	int err;	   /* of the outage that lasts; 0: none */
	int said_err;	   /* last one that was said */
	bool said;	   /* of the outage that lasts, that it began */
	bool hurried;	   /* something was said although it was quiet */
	uint32_t unsaid;   /* outages since one was said, that which lasts among them */
	uint64_t quiet_ns; /* monotonic time until which nothing is said */
};

/**
 * Notes that a step failed. `urgent`: somebody has to mend it. Returns true if it is to be said now, with *more the
 * number of outages before this one that were not said.
 */
bool nt_outage_failed(struct nt_outage *o, int err, bool urgent, uint64_t now_ns, uint32_t *more);

/**
 * Notes that a step went well. Returns true if that is to be said now: the end of an outage that was said (*more is 0),
 * or that the server has stayed after so many that were not.
 */
bool nt_outage_over(struct nt_outage *o, uint64_t now_ns, uint32_t *more);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_DETECT_PAST_H
#define NT_DETECT_PAST_H

#include "detect/index.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * How many sources groups used to have, hour by hour, for a bounded number of groups. An hour in which a group did
 * not occur is one with no sources; an hour of which nobody saw anything is none at all.
 */

/** Hours that a past goes back: three days, so that it holds a daily rhythm more than once. */
#define NT_PAST_HOURS 72

struct nt_past_group {
	uint16_t hour[NT_PAST_HOURS]; /* sources; hour h in hour[h % NT_PAST_HOURS] */
	uint32_t newest;	      /* hour up to which that is filled */
	uint32_t born;		      /* hour in which it was made */
	uint32_t doubt;		      /* sources that it may have had before it was born, and which were forgotten */
	bool used_to;		      /* told for so long that it became the usual state */
};

struct nt_past {
	struct nt_index index;
	struct nt_past_group *group; /* [index.capacity] */
	uint32_t *order;	     /* [index.capacity] to choose whom to forget */
	uint32_t hour;		     /* the current one; as many were seen before it */
	uint32_t doubt;		     /* most sources of a group forgotten within the last NT_PAST_HOURS */
	uint32_t doubt_hour;	     /* when */
	uint64_t dropped;	     /* groups with a past that were forgotten for want of room */
};

struct nt_usual {
	double sources; /**< mean of the hours that count */
	uint32_t hours; /**< how many those are */
	uint32_t doubt; /**< sources that there may have been in them besides */
};

/** Returns 0, -EINVAL or -ENOMEM; nt_past_fini() may follow either way. */
int nt_past_init(struct nt_past *p, uint32_t capacity);
void nt_past_fini(struct nt_past *p);

/** The group of a key, made if need be; good until the next call. */
struct nt_past_group *nt_past_group(struct nt_past *p, const struct nt_index_key *key);

/**
 * What was usual before the current hour. Up to an eighth of the hours is left out, the highest ones, if they had at
 * least `many` sources: so an attack in the past does not hide the next one, while for a group that now and then has
 * one or two sources every one of them counts.
 */
struct nt_usual nt_past_usual(const struct nt_past *p, const struct nt_past_group *g, uint32_t many);

/** Notes the current hour of a group. */
void nt_past_learn(struct nt_past *p, struct nt_past_group *g, uint32_t sources);

/** Notes that the current hour of a group says nothing of what is usual. */
void nt_past_leave_out(struct nt_past *p, struct nt_past_group *g);

/** Goes on to the next hour. */
void nt_past_next(struct nt_past *p);

#endif

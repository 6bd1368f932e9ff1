/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_ANALYSE_SHARE_H
#define NT_REPORT_ANALYSE_SHARE_H

#include <math.h>

/** Packets that a port's share in a region, and in all other regions, is made of. */
struct nt_share_of {
	double pair;   /**< to the port from the region */
	double region; /**< from the region */
	double port;   /**< to the port from everywhere */
	double all;    /**< from everywhere */
};

/** From so many points of a hundred on a region is said to differ from the others. */
#define NT_SHARE_DIFFERS 0.10

/** The port's share of what comes from the region; NAN if nothing does. Any thread. */
static inline double nt_share_own(const struct nt_share_of *s)
{
	return s->region > 0 ? s->pair / s->region : NAN;
}

/** The port's share of what comes from all other regions. Any thread. */
static inline double nt_share_others(const struct nt_share_of *s)
{
	return s->all > s->region ? fmax(s->port - s->pair, 0) / (s->all - s->region) : NAN;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REDIS_PLAN_SOURCES_H
#define NT_REDIS_PLAN_SOURCES_H

#include "redis/plan.h"

/* The part of a plan that is about sources, signatures and events; used by plan.c alone. */

/** Most parts that nt_plan_add_sources() can add. */
size_t nt_plan_source_parts(const struct nt_snapshot *snapshot);

/** Adds them. Returns 0 or -ENOMEM. */
int nt_plan_add_sources(struct nt_plan *p);

/** Adds a part that has rows; there is room. */
void nt_plan_add_part(struct nt_plan *p, struct nt_plan_part part);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_DISPATCH_H
#define NEEDLETAIL_DISPATCH_H

#include "decode/decode.h"

#include <stdint.h>

struct nt_worker;

/*
 * What RSS does in a NIC, for frames that come one by one: the source address chooses the worker (spread.h). Frames
 * travel to the workers in batches, copied, over one ring there and one ring back for each worker; each has a thread. A
 * single worker needs none of that: the caller counts for it, and nothing is copied. All calls from one thread. Needs
 * no EAL.
 */
struct dispatch;

/**
 * Makes rings and batches and starts the workers. `lcores` is a CPU list, the first for the calling thread; "": any
 * CPU. NULL + errno.
 */
struct dispatch *dispatch_start(struct nt_worker *const *workers, uint32_t n, const char *lcores);

/** Hands frames on, at most NT_BURST of one link, their times included; waits while batches are all under way. */
void dispatch_burst(struct dispatch *d, const struct nt_frame *frames, uint32_t n, enum nt_link link);

/** Waits until every frame handed on has been counted: the barrier at an interval's end. */
void dispatch_drain(struct dispatch *d);

/** Drains, stops the workers, frees. */
void dispatch_stop(struct dispatch *d);

#endif

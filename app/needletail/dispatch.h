/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_DISPATCH_H
#define NEEDLETAIL_DISPATCH_H

#include "decode/decode.h"

#include <stdint.h>

struct nt_worker;

/*
 * What RSS does in a NIC, for frames that come one by one: the source address chooses the worker (spread.h). Frames
 * travel to the workers in batches, copied, over one ring there and one ring back for each worker. The caller is the
 * main lcore; the workers run on the worker lcores.
 */
struct dispatch;

/** Makes rings and batches and starts one lcore a worker. NULL + errno. Needs the EAL. */
struct dispatch *dispatch_start(struct nt_worker *const *workers, uint32_t n);

/** Hands a frame on, its time included; waits while the worker's batches are all under way. */
void dispatch_frame(struct dispatch *d, const struct nt_frame *frame, enum nt_link link);

/** Waits until every frame handed on has been counted: the barrier at an interval's end. */
void dispatch_drain(struct dispatch *d);

/** Drains, stops the lcores, frees. */
void dispatch_stop(struct dispatch *d);

#endif

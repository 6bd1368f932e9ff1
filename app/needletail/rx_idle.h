/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_RX_IDLE_H
#define NEEDLETAIL_RX_IDLE_H

#include <stdint.h>

struct rx_worker;

/*
 * What a worker does when nothing comes: first it polls on, then it naps, then it waits until one of its devices wakes
 * it, or, if they cannot do that, naps on, twice as long each time up to the configured bound. Meanwhile it holds no
 * bank, so that nobody waits for it, and it looks at least every RX_WAIT_MS at what the main lcore wants.
 */

/**
 * The first nap. Packets that come thick are taken several at a time then, which is cheaper than to be woken for each;
 * where they do not, it is left out. A queue must hold what comes meanwhile in any case: 1,024 descriptors, the
 * default, are 69 us of the shortest frames at 10 Gb/s.
 */
#define RX_FIRST_NAP_NS 50000

#define RX_WAIT_MS 10

/** Makes naps exact. Worker, once. */
void rx_idle_begin(void);

/** Rests for once. `nap_ns` is 0 after packets came, else what the last call returned. May poll. Worker. */
uint32_t rx_rest(struct rx_worker *w, uint32_t nap_ns);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_RX_BURST_H
#define NEEDLETAIL_RX_BURST_H

#include "base/clock.h"
#include "decode/decode.h"
#include "tally/burst.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

/*
 * Read once a burst. The kernel writes this clock into the vDSO at every tick, so reading it is a few loads whatever
 * the machine's time source is; the finer clock is a system call where that source cannot be read from user space. A
 * tick, 1 to 10 ms, is far below the second in which times are published.
 */
#define ARRIVAL_CLOCK CLOCK_REALTIME_COARSE

/**
 * Frames that a device is asked for at once, and that are decoded and given back before the next ones: while a
 * processor waits for memory to give these, it does what those before are to have done; and a driver that takes mbufs
 * when it receives finds in the cache what was just given back. From net_pcap a packet takes 4 to 6 ns more with 32,
 * from receiving to the end, 3 with 16, and nothing less with 4. Drivers that look at 8 descriptors at once give none
 * to who asks for fewer.
 */
#define RX_BURST 8

_Static_assert(NT_BURST % RX_BURST == 0, "a burst is whole pieces at most");

/** Receives up to `most` frames of a piece of a burst. The only caller of rte_eth_rx_burst(). Worker. */
static inline uint32_t rx_burst_take(uint16_t port, uint16_t queue, struct rte_mbuf *mbufs[static RX_BURST],
				     uint32_t most)
{
	return rte_eth_rx_burst(port, queue, mbufs, (uint16_t)RTE_MIN(most, (uint32_t)RX_BURST));
}

/** When a burst arrives, in Unix nanoseconds. Worker. */
static inline int64_t rx_burst_time(void)
{
	return nt_time_ns(nt_clock_read(ARRIVAL_CLOCK));
}

/** Describes what was received and asks for the bytes that decoding reads first. Worker. */
static inline void rx_burst_frames(struct nt_frame *frames, struct rte_mbuf *const *mbufs, uint32_t n, int64_t time_ns)
{
	for (uint32_t i = 0; i < n; i++) {
		frames[i].data = rte_pktmbuf_mtod(mbufs[i], const uint8_t *);
		rte_prefetch0(frames[i].data);
		frames[i].cap_len = rte_pktmbuf_data_len(mbufs[i]); /* of a chain the first segment */
		frames[i].wire_len = rte_pktmbuf_pkt_len(mbufs[i]);
		frames[i].time_ns = time_ns;
	}
}

#endif

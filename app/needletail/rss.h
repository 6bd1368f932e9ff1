/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_RSS_H
#define NEEDLETAIL_RSS_H

#include <stddef.h>
#include <stdint.h>

/** Receive side scaling: which hash functions are asked of a device, and how they are named. */

#define RSS_KEY_BYTES 40

/** The default key of the RSS specification (Microsoft, "Verifying the RSS hash calculation"). */
extern const uint8_t rss_key[RSS_KEY_BYTES];

/**
 * Hash functions (RTE_ETH_RSS_*) to ask for, out of those that a device offers: the source address alone where the
 * device can, so that a source's packets meet in one worker; else whatever spreads IP packets. 0: it has none.
 */
uint64_t rss_choose(uint64_t offered);

/** Writes hash functions in words: "source address", "ipv4 ipv4-tcp ...", "none"; cut if the room is small. */
void rss_text(uint64_t functions, char *text, size_t size);

#endif

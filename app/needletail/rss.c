/* SPDX-License-Identifier: BSD-3-Clause */
#include "rss.h"

#include <rte_ethdev.h>
#include <stdalign.h>
#include <stdio.h>

/* rte_softrss() reads it in words. */
alignas(uint32_t) const uint8_t rss_key[RSS_KEY_BYTES] = {
    0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
    0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
    0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

/*
 * With RTE_ETH_RSS_L3_SRC_ONLY no transport protocol may be named: a device that does as it is told would add its
 * ports to the hash (mlx5).
 */
#define SOURCE_ONLY                                                                                                    \
	(RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_FRAG_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_OTHER | RTE_ETH_RSS_IPV6 |                \
	 RTE_ETH_RSS_FRAG_IPV6 | RTE_ETH_RSS_NONFRAG_IPV6_OTHER | RTE_ETH_RSS_L3_SRC_ONLY)

/* Without it every one must be: some devices do not hash a protocol that was not named (i40e). */
#define ALL_OF_IP (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_SCTP)

uint64_t rss_choose(uint64_t offered)
{
	if ((offered & RTE_ETH_RSS_L3_SRC_ONLY) && (offered & RTE_ETH_RSS_IPV4))
		return offered & SOURCE_ONLY;
	return offered & ALL_OF_IP;
}

struct hash_function {
	uint64_t bit;
	const char *name;
};

static const struct hash_function known[] = {
    {RTE_ETH_RSS_IPV4, "ipv4"},
    {RTE_ETH_RSS_FRAG_IPV4, "ipv4-frag"},
    {RTE_ETH_RSS_NONFRAG_IPV4_TCP, "ipv4-tcp"},
    {RTE_ETH_RSS_NONFRAG_IPV4_UDP, "ipv4-udp"},
    {RTE_ETH_RSS_NONFRAG_IPV4_SCTP, "ipv4-sctp"},
    {RTE_ETH_RSS_NONFRAG_IPV4_OTHER, "ipv4-other"},
    {RTE_ETH_RSS_IPV6, "ipv6"},
    {RTE_ETH_RSS_FRAG_IPV6, "ipv6-frag"},
    {RTE_ETH_RSS_NONFRAG_IPV6_TCP, "ipv6-tcp"},
    {RTE_ETH_RSS_NONFRAG_IPV6_UDP, "ipv6-udp"},
    {RTE_ETH_RSS_NONFRAG_IPV6_SCTP, "ipv6-sctp"},
    {RTE_ETH_RSS_NONFRAG_IPV6_OTHER, "ipv6-other"},
    {RTE_ETH_RSS_IPV6_EX, "ipv6-ex"},
    {RTE_ETH_RSS_IPV6_TCP_EX, "ipv6-tcp-ex"},
    {RTE_ETH_RSS_IPV6_UDP_EX, "ipv6-udp-ex"},
    {RTE_ETH_RSS_L2_PAYLOAD, "l2-payload"},
};

void rss_text(uint64_t functions, char *text, size_t size)
{
	size_t used = 0;

	if (!(functions & ~RTE_ETH_RSS_L3_SRC_ONLY)) {
		snprintf(text, size, "none");
		return;
	}
	if (functions & RTE_ETH_RSS_L3_SRC_ONLY) {
		snprintf(text, size, "source address");
		return;
	}
	snprintf(text, size, "other");
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]) && used < size; i++)
		if (functions & known[i].bit)
			used += (size_t)snprintf(text + used, size - used, "%s%s", used ? " " : "", known[i].name);
}

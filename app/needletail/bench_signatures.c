/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_signatures.h"

#include <stdio.h>

/* Beside the shipped ones: ranges, sets, negations, prefixes, values; most with conditions that much traffic passes. */
static const char *const mixed[] = {
    "tcp flags S/SAFR dport 23,2323,5555",
    "tcp flags S/SAFR dport 22 not window 1024,1025,64240",
    "tcp flags S/SAFR dport 3389 ttl 100-128",
    "tcp flags S/SAFR window 1024-1025 option mss",
    "tcp flags S/SAFR option none window 1024",
    "tcp flags S/SAFR not option mss not seq dst",
    "tcp flags SA/SAFR sport 443",
    "tcp flags RA/SAFR sport 23 ack 1",
    "tcp flags R/SAFR ack 0",
    "tcp flags S/SAFR sport 1-1023 not dport 1-1023",
    "tcp flags S/SAFR dport 6379 ttl 0-64",
    "tcp flags S/SAFR layout mss,sackok,ts,nop,ws",
    "tcp flags S/SAFR wscale 7,8,9 option ts",
    "tcp flags S/SAFR src 10.0.0.0/8,172.16.0.0/12,192.168.0.0/16",
    "not src 0.0.0.0/1,2000::/3 ttl 1-255",
    "src 198.51.100.0/24,203.0.113.0/24,2001:db8::/32",
    "tcp flags S/SAFR region JP,US not dport 445",
    "udp dport 53,123,161,1900,11211 not region CN",
    "udp sport 53,123,161,1900",
    "udp dport 5060-5061",
    "icmp ttl 1-64",
    "proto igmp,ipip,esp,ah,sctp",
    "ipv6 tcp dport 80,443",
    "tcp flags S/SAFR ipid 0 not option ts",
    "tcp flags S/SAFR seq 1,1234,0x1000193",
};

_Static_assert(7 + sizeof(mixed) / sizeof(mixed[0]) == NT_SIGNATURES_MAX, "seven are shipped");

struct nt_signatures *bench_signatures(uint32_t n)
{
	struct nt_signature all[NT_SIGNATURES_MAX];
	char name[NT_SIGNATURES_MAX][24], why[NT_SIGNATURE_WHY];

	for (uint32_t i = 0; i < n; i++) {
		snprintf(name[i], sizeof(name[i]), "mixed-%u", i);
		all[i] = i < nt_signatures_shipped_n
			     ? nt_signatures_shipped[i]
			     : (struct nt_signature){.name = name[i], .match = mixed[i - nt_signatures_shipped_n]};
	}
	return nt_signatures_new(all, n, why);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_signatures.h"
#include "random.h"

#include "base/clock.h"
#include "tally/signature.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * bench_signature: nanoseconds per packet of matching the 7 shipped signatures, 32 mixed ones that hold the shipped
 * ones, and 32 of prefixes alone. They take turns for several rounds, so that whatever else the machine does hits all;
 * medians are printed.
 */

#define PACKETS (1u << 12) /* fits the L2 cache: where a burst is when it is matched */
#define ROUNDS	31u
#define REPEATS 64u
#define SETS	3u

static struct nt_fields packet[PACKETS];
static uint16_t region[PACKETS];

/* A port, a window or another value as telescopes see it: some favourites, else any. */
static uint32_t favourite(const uint32_t *of, uint32_t n, uint32_t all)
{
	uint64_t r = next_random();

	return r % 4 ? of[(r >> 8) % n] : (uint32_t)((r >> 32) % all);
}

static void make_tcp(struct nt_fields *f)
{
	static const uint32_t window[] = {1024, 1025, 8192, 64240, 65535};
	static const uint8_t flags[] = {2, 2, 2, 2, 2, 2, 0x12, 0x14, 4, 0x10};
	uint64_t r = next_random();

	f->fate = NT_FATE_TCP;
	f->tcp_flags = flags[r % sizeof(flags)];
	f->window = (uint16_t)favourite(window, 5, 65536);
	f->seq = r >> 40 & 15 ? (uint32_t)next_random() : f->dst4;
	f->ack = f->tcp_flags & 0x10 ? (uint32_t)next_random() : 0;
	if (r >> 32 & 1)
		return;
	f->tcp_options = r >> 33 & 1 ? NT_TCP_OPTION_MSS : 0xf;
	f->option_layout = r >> 33 & 1 ? 0x2 : r >> 34 & 1 ? 0x31842 : 0x411312;
	if (!(r >> 33 & 1))
		f->window_scale = 7 + (r >> 35 & 1);
}

static void make_packets(void)
{
	static const uint32_t port[] = {23, 22, 80, 443, 445, 3389, 5555, 6379, 8080, 53, 123, 5060};
	static const uint16_t proto[] = {6, 6, 6, 6, 6, 6, 6, 17, 17, 1};

	for (uint32_t i = 0; i < PACKETS; i++) {
		struct nt_fields *f = &packet[i];
		uint64_t r = next_random();

		*f = (struct nt_fields){.window_scale = NT_WINDOW_SCALE_NONE};
		f->class = r % 32 ? NT_CLASS_IPV4 : NT_CLASS_IPV6;
		f->ip_proto = proto[(r >> 8) % 10];
		f->ttl = (uint8_t)(r >> 16);
		f->ip_id = r >> 60 ? (uint16_t)(r >> 24) : 54321;
		f->src4 = (uint32_t)next_random();
		f->dst4 = (uint32_t)next_random();
		memcpy(f->src6, &r, sizeof(r));
		f->dst_port = (uint16_t)favourite(port, 12, 65536);
		f->src_port = (uint16_t)next_random();
		f->fate = f->ip_proto == 17 ? NT_FATE_UDP : NT_FATE_ICMP;
		if (f->ip_proto == 6)
			make_tcp(f);
		region[i] = (uint16_t)(next_random() % NT_REGIONS);
	}
}

/* Matched bits are summed up, so that nothing can be left out. */
static double round_ns(const struct nt_signatures *s, uint64_t *sum)
{
	uint64_t start = nt_clock_monotonic_ns();

	for (uint32_t repeat = 0; repeat < REPEATS; repeat++)
		for (uint32_t i = 0; i < PACKETS; i++)
			*sum += (uint64_t)__builtin_popcount(nt_signatures_match(s, &packet[i], region[i]));
	return (double)(nt_clock_monotonic_ns() - start) / (REPEATS * PACKETS);
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static struct nt_signatures *compile(const struct nt_signature *signature, uint32_t n)
{
	char why[NT_SIGNATURE_WHY] = "";
	struct nt_signatures *s = nt_signatures_new(signature, n, why);

	if (!s)
		fprintf(stderr, "bench_signature: %s\n", why);
	return s;
}

/* The worst case: every packet's source is searched for. */
static struct nt_signatures *compile_prefixes(void)
{
	struct nt_signature signature[NT_SIGNATURES_MAX];
	char name[NT_SIGNATURES_MAX][8], match[NT_SIGNATURES_MAX][512];

	for (uint32_t i = 0; i < NT_SIGNATURES_MAX; i++) {
		size_t at = (size_t)sprintf(match[i], "%s 2001:%x::/32", i % 2 ? "src" : "not src", i);

		for (uint32_t k = 0; k < 16; k++)
			at += (size_t)sprintf(match[i] + at, ",%u.%u.%u.0/24", (uint32_t)(next_random() % 224),
					      (uint32_t)(next_random() % 256), (uint32_t)(next_random() % 256));
		snprintf(name[i], sizeof(name[i]), "p%u", i);
		signature[i] = (struct nt_signature){.name = name[i], .match = match[i]};
	}
	return compile(signature, NT_SIGNATURES_MAX);
}

int main(void)
{
	static const char *const label[SETS] = {"7 shipped", "32 mixed", "32 of 544 prefixes"};
	struct nt_signatures *set[SETS] = {bench_signatures(nt_signatures_shipped_n),
					   bench_signatures(NT_SIGNATURES_MAX), compile_prefixes()};
	double took[SETS][ROUNDS];
	uint64_t sum[SETS] = {0};

	make_packets();
	for (uint32_t i = 0; i < SETS; i++)
		if (!set[i])
			return 1;
	for (uint32_t round = 0; round < ROUNDS; round++)
		for (uint32_t i = 0; i < SETS; i++)
			took[i][round] = round_ns(set[i], &sum[i]);
	for (uint32_t i = 0; i < SETS; i++) {
		qsort(took[i], ROUNDS, sizeof(took[i][0]), by_size);
		printf("%-20s %6.2f ns (%.2f..%.2f), %.2f x, %.2f matches a packet\n", label[i], took[i][ROUNDS / 2],
		       took[i][0], took[i][ROUNDS - 1], took[i][ROUNDS / 2] / took[0][ROUNDS / 2],
		       (double)sum[i] / (ROUNDS * REPEATS * PACKETS));
		nt_signatures_free(set[i]);
	}
	return 0;
}

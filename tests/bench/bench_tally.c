/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_signatures.h"
#include "random.h"

#include "base/clock.h"
#include "tally/tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/*
 * bench_tally [ROUNDS]: nanoseconds of CPU time per packet of decode, and of decode and tally without signatures, with
 * the shipped ones and with 32, medians over the rounds. Frames are built before and lie in memory as a NIC leaves
 * them; each burst is asked for before it is read. A round begins with an empty bank of default size, in huge pages if
 * the system gives them.
 */

#define FRAMES	    (1u << 18)
#define FRAME_BYTES 64u
#define ROUNDS	    9u
#define ROUNDS_MAX  99u
#define HUGEPAGE    (UINT64_C(2) << 20)
#define SOURCES	    100000u
#define VICTIMS	    2000u

/* As the configuration's defaults. */
static const struct nt_tally_options tables = {
    .region_port_entries = 1048576,
    .match_entries = 262144,
    .source_entries = 262144,
    .pair_entries = 524288,
    .victim_entries = 32768,
    .sketches = 1024,
};

static uint8_t bytes[FRAMES][FRAME_BYTES];
static uint32_t length[FRAMES];
static uint16_t region[FRAMES];
static double cumulative[SOURCES];

/* Time of this thread's own: what else the machine does counts only as far as it disturbs caches. */
static uint64_t cpu_ns(void)
{
	struct nt_time t = nt_clock_read(CLOCK_THREAD_CPUTIME_ID);

	return (uint64_t)t.s * NT_SECOND_NS + t.ns;
}

static void *huge(size_t size)
{
	size_t rounded = (size + HUGEPAGE - 1) / HUGEPAGE * HUGEPAGE;
	void *memory = aligned_alloc(HUGEPAGE, rounded);

	if (!memory)
		return NULL;
	madvise(memory, rounded, MADV_HUGEPAGE);
	memset(memory, 0, rounded);
	return memory;
}

/* Zipf with exponent 1 over n ranks. */
static void prepare_zipf(uint32_t n)
{
	double sum = 0;

	for (uint32_t i = 0; i < n; i++)
		cumulative[i] = sum += 1.0 / (i + 1);
}

static uint32_t zipf(uint32_t n)
{
	double at = (double)(next_random() >> 11) / (double)(UINT64_C(1) << 53) * cumulative[n - 1];
	uint32_t low = 0, high = n - 1;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (cumulative[middle] < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

/* The address of a source's number, spread over all the space. */
static uint32_t address_of(uint32_t source)
{
	return source * 2654435761u;
}

static uint8_t *ipv4(uint32_t i, uint32_t source, uint8_t proto, uint32_t ip_bytes)
{
	uint8_t *ip = bytes[i] + 14;

	memset(bytes[i], 0, FRAME_BYTES);
	put16(bytes[i] + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, ip_bytes);
	put16(ip + 4, (uint32_t)next_random());
	ip[8] = 64;
	ip[9] = proto;
	put32(ip + 12, address_of(source));
	put32(ip + 16, 198u << 24 | 18u << 16 | (uint32_t)(next_random() & 0xffff));
	length[i] = 14 + ip_bytes < 60 ? 60 : 14 + ip_bytes;
	region[i] = (uint16_t)(address_of(source) % 200);
	return ip + 20;
}

static void put_tcp(uint8_t *tcp, uint32_t src_port, uint32_t dst_port, uint8_t flags)
{
	static const uint16_t windows[] = {1024, 65535, 8192, 14600, 64240, 29200, 1025};

	put16(tcp, src_port);
	put16(tcp + 2, dst_port);
	put32(tcp + 4, (uint32_t)next_random());
	tcp[12] = 0x50;
	tcp[13] = flags;
	put16(tcp + 14, next_random() % 8 ? windows[next_random() % 7] : (uint32_t)(next_random() & 0xffff));
}

/* Most packets of a source go to its port, the others anywhere; one in ten is UDP. */
static void make_probe(uint32_t i, uint32_t source)
{
	static const uint16_t ports[] = {23, 445, 22, 80, 6379, 5555, 3389, 8080, 443, 1433, 2323, 81, 8443, 5060};
	uint32_t port = next_random() % 5 ? ports[source % 14] : (uint32_t)(next_random() & 0xffff);
	uint8_t *l4;

	if (source % 10) {
		put_tcp(ipv4(i, source, 6, 40), (uint32_t)next_random() & 0xffff, port, 0x02);
		return;
	}
	l4 = ipv4(i, source, 17, 46);
	put16(l4, (uint32_t)next_random() & 0xffff);
	put16(l4 + 2, port);
	put16(l4 + 4, 26);
}

/* Three in four are TCP from 80 or 443; the others say that a host cannot be reached. */
static void make_reply(uint32_t i, uint32_t source)
{
	uint8_t *icmp;

	if (next_random() % 4) {
		put_tcp(ipv4(i, source, 6, 40), source % 2 ? 443 : 80, (uint32_t)next_random() & 0xffff,
			next_random() % 2 ? 0x12 : 0x14);
		return;
	}
	icmp = ipv4(i, source, 1, 50);
	icmp[0] = 3;
	icmp[1] = 1;
	icmp[8] = 0x45; /* as much of what it quotes as fits */
}

enum workload { ZIPF, ALL_NEW, BACKSCATTER, WORKLOADS };

static const char *const name[WORKLOADS] = {"100 k sources, Zipf", "every packet a new source", "backscatter only"};
static const uint32_t passes[WORKLOADS] = {4, 1, 4}; /* over the frames; a source is new only once */

static void make_frames(enum workload w)
{
	random_state = 1;
	prepare_zipf(w == BACKSCATTER ? VICTIMS : SOURCES);
	for (uint32_t i = 0; i < FRAMES; i++) {
		if (w == ZIPF)
			make_probe(i, zipf(SOURCES));
		else if (w == ALL_NEW)
			make_probe(i, i);
		else
			make_reply(i, zipf(VICTIMS));
	}
}

static void fill(struct nt_frame *frames, uint32_t first, int64_t time_ns)
{
	for (uint32_t i = 0; i < NT_BURST; i++) {
		__builtin_prefetch(bytes[first + i]);
		frames[i] = (struct nt_frame){.data = bytes[first + i],
					      .cap_len = length[first + i],
					      .wire_len = length[first + i],
					      .time_ns = time_ns};
	}
}

/* One pass over the frames; without a bank they are only decoded. Returns what keeps the compiler honest. */
static uint64_t pass(struct nt_tally *t, struct nt_burst *b, int64_t time_ns)
{
	struct nt_frame frames[NT_BURST];
	uint64_t fates = 0;

	b->n = NT_BURST;
	for (uint32_t at = 0; at < FRAMES; at += NT_BURST) {
		fill(frames, at, time_ns + at);
		for (uint32_t i = 0; i < NT_BURST; i++) {
			nt_decode(&frames[i], NT_LINK_ETHERNET, &b->fields[i]);
			b->time_ns[i] = frames[i].time_ns;
		}
		memcpy(b->region, &region[at], sizeof(b->region));
		fates += b->fields[0].fate;
		if (!t)
			continue;
		nt_tally_arrival(t, frames, NT_BURST);
		nt_tally_burst(t, b);
	}
	return fates;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *ns, uint32_t n)
{
	qsort(ns, n, sizeof(ns[0]), compare);
	return ns[n / 2];
}

/* What one round of each kind costs a packet. */
struct cost {
	double decode[ROUNDS_MAX];
	double both[ROUNDS_MAX];
	double shipped[ROUNDS_MAX]; /* with the shipped signatures */
	double mixed[ROUNDS_MAX];   /* with 32 */
	double clear[ROUNDS_MAX];
};

/* An interval and its clearing, which is timed apart. */
static double count(enum workload w, struct nt_tally *t, struct nt_burst *b, double *clear)
{
	uint64_t start = cpu_ns(), counted;
	uint32_t packets = passes[w] * FRAMES;

	for (uint32_t p = 0; p < passes[w]; p++)
		pass(t, b, p * INT64_C(1000000000));
	counted = cpu_ns();
	if (t->frames != packets)
		fprintf(stderr, "frames are missing\n");
	nt_tally_clear(t);
	*clear = (double)(cpu_ns() - counted) / packets;
	return (double)(counted - start) / packets;
}

struct sets {
	struct nt_signatures *shipped;
	struct nt_signatures *mixed;
};

static double count_with(const struct nt_signatures *signatures, enum workload w, struct nt_tally *t,
			 struct nt_burst *b, double *clear)
{
	t->signatures = signatures;
	return count(w, t, b, clear);
}

static void measure(enum workload w, const struct sets *s, struct nt_tally *t, struct nt_burst *b, struct cost *c,
		    uint32_t round)
{
	uint64_t start = cpu_ns();

	if (!pass(NULL, b, 0))
		fprintf(stderr, "nothing is decoded\n");
	c->decode[round] = (double)(cpu_ns() - start) / FRAMES;
	c->mixed[round] = count_with(s->mixed, w, t, b, &c->clear[round]);
	c->shipped[round] = count_with(s->shipped, w, t, b, &c->clear[round]);
	c->both[round] = count_with(NULL, w, t, b, &c->clear[round]);
}

static void print(enum workload w, struct cost *c, uint32_t rounds)
{
	double shipped = median(c->shipped, rounds), with_mixed = median(c->mixed, rounds);

	printf(
	    "%-26s decode %5.1f ns, and tally %5.1f, with %u signatures %5.1f, with %u %5.1f (%.3f x), clear %4.1f\n",
	    name[w], median(c->decode, rounds), median(c->both, rounds), nt_signatures_shipped_n, shipped,
	    NT_SIGNATURES_MAX, with_mixed, with_mixed / shipped, median(c->clear, rounds));
}

static struct sets make_sets(void)
{
	struct sets s = {bench_signatures(nt_signatures_shipped_n), bench_signatures(NT_SIGNATURES_MAX)};

	if (!s.shipped || !s.mixed)
		fprintf(stderr, "signatures do not compile\n");
	return s;
}

int main(int argc, char **argv)
{
	uint32_t rounds = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : ROUNDS;
	void *memory = huge(nt_tally_memsize(&tables));
	static struct nt_burst burst;
	static struct cost cost;
	struct nt_tally *t;
	struct sets s;

	if (!memory || !rounds || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: bench_tally [ROUNDS up to %u]\n", ROUNDS_MAX);
		return 2;
	}
	t = nt_tally_init(memory, &tables);
	s = make_sets();
	if (!s.shipped || !s.mixed)
		return 1;
	for (enum workload w = 0; w < WORKLOADS; w++) {
		make_frames(w);
		measure(w, &s, t, &burst, &cost, 0); /* once for nothing: caches, pages, clock rate */
		for (uint32_t round = 0; round < rounds; round++)
			measure(w, &s, t, &burst, &cost, round);
		print(w, &cost, rounds);
	}
	nt_signatures_free(s.shipped);
	nt_signatures_free(s.mixed);
	free(memory);
	return 0;
}

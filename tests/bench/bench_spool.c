/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * What a snapshot costs on its way through the spool: packing, pushing, reading it back.
 *   bench_spool [SOURCES [SNAPSHOTS [PATH]]]    PATH: of the spool's file, default in /tmp
 * Beside it the price of the disk itself: as many bytes appended to a file and synced.
 */

#include "base/clock.h"
#include "snapshot/pack.h"
#include "spool/spool.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SKETCHES = 600, REGIONS = 250, PORTS = 30000 };

static uint64_t state = 1;

static uint64_t draw(void)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return state >> 33;
}

static void *need(void *p)
{
	if (!p)
		abort();
	return p;
}

static void fill(struct nt_counts *c, uint64_t keys, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		if (nt_counts_append(c, draw() % keys, 1 + draw() % 50))
			abort();
	nt_counts_compact(c);
}

/* A busy interval: every source different, sketches for regions and ports as a sensor with Redis has them. */
static void make(struct nt_snapshot *s, int64_t start_s, uint32_t sources)
{
	nt_snapshot_init(s);
	s->start_s = start_s;
	s->end_s = start_s + 60;
	fill(&s->table[NT_TABLE_TCP_PORT], 65536, PORTS);
	fill(&s->table[NT_TABLE_UDP_PORT], 65536, PORTS / 4);
	fill(&s->table[NT_TABLE_TCP_WINDOW], 65536, PORTS / 8);
	fill(&s->table[NT_TABLE_REGION], NT_REGIONS, REGIONS);
	fill(&s->table[NT_TABLE_ASN], 400000, PORTS / 4);
	fill(&s->table[NT_TABLE_REGION_PORT], (uint64_t)NT_REGIONS << 17, PORTS);
	s->source = need(calloc(sources + 1, sizeof(*s->source)));
	s->n_sources = sources;
	for (uint32_t i = 0; i < sources; i++) {
		s->source[i] = (struct nt_source){.region = (uint16_t)(draw() % NT_REGIONS),
						  .asn = (uint32_t)(draw() % 400000),
						  .packets = 1 + draw() % 30};
		s->source[i].address.length = 4;
		for (int k = 0; k < 4; k++)
			s->source[i].address.byte[k] = (uint8_t)draw();
	}
	s->sketch = need(calloc(SKETCHES, sizeof(*s->sketch)));
	s->n_sketches = SKETCHES;
	for (uint32_t i = 0; i < SKETCHES; i++) {
		uint32_t n = i ? sources / 250 : sources / 8, index = 0;

		n = n > 8000 ? 8000 : n;
		s->sketch[i] = (struct nt_sketch){.key = i, .registers = need(calloc(n + 1, sizeof(uint32_t)))};
		for (uint32_t r = 0; r < n; r++)
			s->sketch[i].registers[s->sketch[i].n++] = (index += 1 + r % 2) << 8 | 1;
	}
}

struct spent {
	uint64_t total_ns;
	uint64_t most_ns;
	uint32_t n;
};

static void add(struct spent *s, uint64_t begin_ns)
{
	uint64_t ns = nt_clock_monotonic_ns() - begin_ns;

	s->total_ns += ns;
	s->most_ns = ns > s->most_ns ? ns : s->most_ns;
	s->n++;
}

static void say(const char *what, const struct spent *s)
{
	printf("%-34s %8.2f ms  at most %8.2f ms\n", what, (double)s->total_ns / 1e6 / s->n, (double)s->most_ns / 1e6);
}

static void bench_disk(const char *path, size_t length, uint32_t n)
{
	char name[512];
	uint8_t *bytes = need(calloc(1, length));
	struct spent spent = {0};
	int fd;

	snprintf(name, sizeof(name), "%s.plain", path);
	fd = open(name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		abort();
	for (uint32_t i = 0; i < n; i++) {
		uint64_t begin_ns = nt_clock_monotonic_ns();

		if (write(fd, bytes, length) != (ssize_t)length || fsync(fd))
			abort();
		add(&spent, begin_ns);
	}
	say("write and fsync of as many bytes", &spent);
	close(fd);
	unlink(name);
	free(bytes);
}

static size_t bench_pack(uint32_t sources, uint32_t n)
{
	struct spent pack = {0}, unpack = {0};
	size_t length = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct nt_snapshot s, back;
		uint64_t begin_ns;
		uint8_t *bytes;

		make(&s, 60 * i, sources);
		begin_ns = nt_clock_monotonic_ns();
		if (nt_snapshot_pack(&s, &bytes, &length))
			abort();
		add(&pack, begin_ns);
		begin_ns = nt_clock_monotonic_ns();
		if (nt_snapshot_unpack(&back, bytes, length))
			abort();
		add(&unpack, begin_ns);
		if (!i)
			printf("%u sources: %zu bytes in memory, %zu packed\n", sources, nt_snapshot_bytes(&s), length);
		nt_snapshot_fini(&s);
		nt_snapshot_fini(&back);
		free(bytes);
	}
	say("pack", &pack);
	say("unpack", &unpack);
	return length;
}

static void bench_spool(const char *path, uint32_t sources, uint32_t n)
{
	struct nt_spool_options options = nt_spool_defaults;
	struct spent push = {0}, get = {0}, applied = {0}, open_again = {0};
	const struct nt_snapshot *snapshot;
	struct nt_spool *spool;
	uint64_t begin_ns;

	options.path = path;
	spool = need(nt_spool_open(&options));
	for (uint32_t i = 0; i < n; i++) {
		struct nt_snapshot s;

		make(&s, 60 * i, sources);
		begin_ns = nt_clock_monotonic_ns();
		if (nt_spool_push(spool, &s))
			abort();
		add(&push, begin_ns);
	}
	say("push", &push);
	nt_spool_free(spool);
	begin_ns = nt_clock_monotonic_ns();
	spool = need(nt_spool_open(&options));
	add(&open_again, begin_ns);
	for (uint64_t i = nt_spool_next(spool, 1); i; i = nt_spool_next(spool, i + 1)) {
		begin_ns = nt_clock_monotonic_ns();
		if (nt_spool_get(spool, i, &snapshot))
			abort();
		add(&get, begin_ns);
		nt_spool_release(spool, snapshot);
		begin_ns = nt_clock_monotonic_ns();
		nt_spool_set_applied(spool, NT_SINK_REDIS, i + 1);
		add(&applied, begin_ns);
	}
	say("open", &open_again);
	say("get", &get);
	say("set_applied", &applied);
	nt_spool_free(spool);
}

int main(int argc, char **argv)
{
	uint32_t sources = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 70000;
	uint32_t n = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 100;
	const char *path = argc > 3 ? argv[3] : "/tmp/bench_spool.db";
	size_t length;

	unlink(path);
	length = bench_pack(sources, n);
	bench_disk(path, length, n);
	bench_spool(path, sources, n);
	unlink(path);
	return 0;
}

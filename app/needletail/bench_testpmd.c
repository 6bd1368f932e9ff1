/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench.h"

#include "base/clock.h"
#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <rte_mbuf.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM	   "dpdk-testpmd"
#define SAMPLES	   5 /* seconds; the first is left out */
#define PATIENCE_S 120
#define WORDS_MAX  (32 + BENCH_WORKERS_MAX)
#define SPARE	   16384 /* buffers beside those of the frames, a port */
#define LINE	   512

/* Words of its command line, and where they lie. */
struct words {
	char *word[WORDS_MAX + 1];
	uint32_t n;
};

static void add(struct words *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct words *w, const char *format, ...)
{
	va_list args;

	if (w->n == WORDS_MAX || (w->n && !w->word[w->n - 1]))
		return;
	va_start(args, format);
	if (vasprintf(&w->word[w->n], format, args) < 0)
		w->word[w->n] = NULL;
	va_end(args);
	w->n++;
}

static bool complete(const struct words *w)
{
	return w->n < WORDS_MAX && w->word[w->n - 1];
}

static void free_words(struct words *w)
{
	for (uint32_t i = 0; i < w->n; i++)
		free(w->word[i]);
}

/* A port for each part, as in bench_device.h. */
static void add_devices(struct words *w, const struct bench_parts *parts)
{
	char path[BENCH_PATH];

	for (uint32_t i = 0; i < parts->n; i++) {
		bench_parts_path(parts, i, path);
		add(w, "--vdev=net_pcap%" PRIu32 ",rx_pcap=%s,infinite_rx=1", i, path);
	}
}

static void make_words(struct words *w, const struct bench_parts *parts, const struct bench_options *o, bool hugepages)
{
	uint64_t mbufs = parts->frames_all + parts->n * (uint64_t)SPARE;

	add(w, PROGRAM);
	add(w, "--no-pci");
	add(w, "--no-telemetry");
	add(w, "--force-max-simd-bitwidth=512");
	add(w, "--file-prefix=needletail-testpmd-%d", (int)getpid());
	if (*o->config.lcores)
		add(w, "-l%s", o->config.lcores);
	else
		add(w, "--lcores=(0-%" PRIu32 ")@(0-%ld)", parts->n, sysconf(_SC_NPROCESSORS_ONLN) - 1);
	if (hugepages) {
		add(w, "--in-memory");
	} else {
		add(w, "--no-huge");
		add(w, "-m%" PRIu64, mbufs * 2500 / 1000000 + 256);
	}
	add_devices(w, parts);
	add(w, "--");
	add(w, "--forward-mode=rxonly");
	add(w, "--nb-cores=%" PRIu32, parts->n);
	add(w, "--burst=32"); /* its own default, said so that it stays */
	add(w, "--total-num-mbufs=%" PRIu64, mbufs);
	add(w, "--no-flush-rx");
	add(w, "--auto-start");
	add(w, "--stats-period=1");
}

static int start(struct words *w, pid_t *child, int *output)
{
	posix_spawn_file_actions_t actions;
	int ends[2], err;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
	err = posix_spawnp(child, PROGRAM, &actions, NULL, w->word, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (err)
		close(ends[0]);
	*output = ends[0];
	return -err;
}

static void stop(pid_t child)
{
	int status;

	kill(child, SIGINT);
	for (int i = 0; i < 500; i++) {
		if (waitpid(child, &status, WNOHANG) == child)
			return;
		nt_clock_nap(10000000);
	}
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
}

/* What is read of its output: each second a line of every port. */
struct samples {
	double pps[SAMPLES]; /* of all ports */
	uint32_t ports;
	uint32_t n; /* lines so far */
};

/* "  Rx-pps:     35712345          Rx-bps: ..." */
static void read_sample(struct samples *s, const char *line)
{
	const char *at = strstr(line, "Rx-pps:");
	double pps = at ? strtod(at + 7, NULL) : 0;

	if (pps > 0 || (at && s->n)) /* some say 0 before all run */
		s->pps[s->n++ / s->ports] += pps;
}

/* Reads lines until there are enough samples. What it said last is in `line`. */
static int read_samples(int output, struct samples *s, char line[static LINE])
{
	uint64_t until_ns = nt_clock_monotonic_ns() + PATIENCE_S * (uint64_t)NT_SECOND_NS;
	struct pollfd wait = {.fd = output, .events = POLLIN};
	size_t used = 0;

	line[0] = '\0';
	while (s->n < SAMPLES * s->ports && nt_clock_monotonic_ns() < until_ns) {
		char c;

		if (poll(&wait, 1, 1000) == 0)
			continue;
		if (read(output, &c, 1) != 1)
			return -EPIPE;
		if (c != '\n') {
			used += used + 1 < LINE;
			line[used - 1] = c;
			line[used] = '\0';
			continue;
		}
		read_sample(s, line);
		used = 0;
	}
	return s->n == SAMPLES * s->ports ? 0 : -ETIMEDOUT;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int bench_testpmd(const struct bench_parts *parts, const struct bench_options *o, bool hugepages, double *pps,
		  char *why, size_t why_size)
{
	struct samples samples = {.ports = parts->n};
	char line[LINE] = "";
	struct words words = {0};
	pid_t child;
	int output = -1, err;

	make_words(&words, parts, o, hugepages);
	err = complete(&words) ? start(&words, &child, &output) : -ENOMEM;
	if (!err) {
		err = read_samples(output, &samples, line);
		stop(child);
		close(output);
	}
	free_words(&words);
	if (err) {
		snprintf(why, why_size, "%s: %s%s%s", PROGRAM, strerror(-err), *line ? "; it said: " : "", line);
		return err;
	}
	qsort(samples.pps + 1, SAMPLES - 1, sizeof(samples.pps[0]), compare);
	*pps = (samples.pps[SAMPLES / 2] + samples.pps[SAMPLES / 2 + 1]) / 2;
	return 0;
}

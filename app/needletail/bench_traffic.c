/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_traffic.h"

#include "capture.h"
#include "spread.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the files ---- */

struct writers {
	const struct bench_parts *parts;
	struct spread spread;
	pcap_t *format;
	pcap_dumper_t **file; /* [parts->n] */
};

void bench_parts_path(const struct bench_parts *p, uint32_t part, char path[static BENCH_PATH])
{
	snprintf(path, BENCH_PATH, "%s/%u.pcap", p->dir, part);
}

void bench_parts_free(struct bench_parts *p)
{
	char path[BENCH_PATH];

	for (uint32_t i = 0; i < p->n && *p->dir; i++) {
		bench_parts_path(p, i, path);
		unlink(path);
	}
	if (*p->dir)
		rmdir(p->dir);
	free(p->frames);
	*p = (struct bench_parts){0};
}

static int close_writers(struct writers *w)
{
	int err = 0;

	for (uint32_t i = 0; w->file && i < w->parts->n; i++) {
		if (!w->file[i])
			continue;
		if (pcap_dump_flush(w->file[i]))
			err = -EIO;
		pcap_dump_close(w->file[i]);
	}
	free(w->file);
	pcap_close(w->format);
	return err;
}

/* In memory if the machine has a place for that: the disk's speed is not what is measured. */
static int make_dir(struct bench_parts *p)
{
	static const char *const place[] = {"/dev/shm", "/tmp"};

	for (size_t i = 0; i < sizeof(place) / sizeof(place[0]); i++) {
		snprintf(p->dir, sizeof(p->dir), "%s/needletail-bench-%d-XXXXXX", place[i], (int)getpid());
		if (mkdtemp(p->dir))
			return 0;
	}
	*p->dir = '\0';
	return -errno;
}

static int open_writers(struct writers *w, const struct bench_parts *p)
{
	char path[BENCH_PATH];

	*w = (struct writers){.parts = p, .format = pcap_open_dead(DLT_EN10MB, 262144)};
	w->file = calloc(p->n, sizeof(pcap_dumper_t *));
	if (!w->format || !w->file)
		return -ENOMEM;
	spread_init(&w->spread, p->n);
	for (uint32_t i = 0; i < p->n; i++) {
		bench_parts_path(p, i, path);
		w->file[i] = pcap_dump_open(w->format, path);
		if (!w->file[i])
			return -errno;
	}
	return 0;
}

static void write_frame(struct writers *w, struct bench_parts *p, const struct nt_frame *frame)
{
	uint32_t part = spread_worker(&w->spread, frame, NT_LINK_ETHERNET);
	struct pcap_pkthdr header = {.caplen = frame->cap_len, .len = frame->wire_len};

	pcap_dump((unsigned char *)w->file[part], &header, frame->data);
	p->frames[part]++;
	p->frames_all++;
	p->bytes_all += frame->wire_len;
}

/* ---- the interface ---- */

static int generate(struct writers *w, struct bench_parts *p, enum bench_workload workload, uint32_t frame_bytes,
		    uint64_t frames)
{
	uint8_t bytes[BENCH_FRAME_MAX];
	const struct nt_frame frame = {.data = bytes, .cap_len = frame_bytes, .wire_len = frame_bytes};
	struct bench_frames source;
	int err = bench_frames_open(&source, workload, frame_bytes);

	for (uint64_t i = 0; i < frames && !err; i++) {
		bench_frames_next(&source, bytes);
		write_frame(w, p, &frame);
	}
	bench_frames_close(&source);
	return err;
}

/* After the last frame: closes the files and adds up. */
static int finish(struct writers *w, struct bench_parts *p, int err)
{
	int closed = close_writers(w);

	for (uint32_t i = 0; i < p->n; i++)
		p->frames_most = p->frames[i] > p->frames_most ? p->frames[i] : p->frames_most;
	return err ? err : closed;
}

static int begin(struct writers *w, struct bench_parts *p, uint32_t workers)
{
	int err;

	*p = (struct bench_parts){.n = workers};
	p->frames = calloc(workers, sizeof(*p->frames));
	err = p->frames ? make_dir(p) : -ENOMEM;
	return err ? err : open_writers(w, p);
}

/* A worker without a frame would measure nothing, and its device refuses an empty file. */
static int check(const struct bench_parts *p, char *why, size_t why_size)
{
	for (uint32_t i = 0; i < p->n; i++)
		if (!p->frames[i]) {
			snprintf(why, why_size, "no frame of the capture is for worker %u: use fewer workers", i);
			return -EINVAL;
		}
	return 0;
}

static int failed(struct bench_parts *p, int err, const char *what, char *why, size_t why_size)
{
	if (!*why)
		snprintf(why, why_size, "%s: %s", what, strerror(-err));
	bench_parts_free(p);
	return err;
}

int bench_parts_generate(struct bench_parts *p, enum bench_workload workload, uint32_t frame_bytes, uint64_t frames,
			 uint32_t workers, char *why, size_t why_size)
{
	struct writers w = {0};
	int err = begin(&w, p, workers);

	*why = '\0';
	if (!err)
		err = generate(&w, p, workload, frame_bytes, frames);
	if (w.format)
		err = finish(&w, p, err);
	if (!err)
		err = check(p, why, why_size);
	return err ? failed(p, err, *p->dir ? p->dir : "/tmp", why, why_size) : 0;
}

static int split(struct writers *w, struct bench_parts *p, char *path, uint64_t frames_most, char *why, size_t why_size)
{
	struct capture_set *set = capture_set_open(&path, 1, why, why_size);
	const struct capture_record *record;
	int err = 0;

	if (!set)
		return -errno;
	while (!err && p->frames_all < frames_most && (record = capture_set_next(set))) {
		if (record->link == NT_LINK_ETHERNET)
			write_frame(w, p, &record->frame);
		else
			err = -EPROTONOSUPPORT;
	}
	if (err)
		snprintf(why, why_size, "%s: not Ethernet, which is what a device gives", path);
	else if (capture_set_defective(set) && !p->frames_all)
		err = -EIO;
	capture_set_close(set);
	return err;
}

int bench_parts_split(struct bench_parts *p, char *path, uint64_t frames_most, uint32_t workers, char *why,
		      size_t why_size)
{
	struct writers w = {0};
	int err = begin(&w, p, workers);

	*why = '\0';
	if (!err)
		err = split(&w, p, path, frames_most, why, why_size);
	if (w.format)
		err = finish(&w, p, err);
	if (!err)
		err = check(p, why, why_size);
	return err ? failed(p, err, path, why, why_size) : 0;
}

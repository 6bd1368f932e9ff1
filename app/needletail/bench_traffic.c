/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_traffic.h"

#include "capture.h"
#include "spread.h"

#include "base/mix.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOURCES 100000u
#define VICTIMS 1000u

/* Half as many again as tables have room for by default, or more. */
#define FULL_SOURCES 400000u
#define FULL_VICTIMS 50000u

const char *const bench_workload_name[BENCH_WORKLOADS] = {
    [BENCH_TELESCOPE] = "telescope", [BENCH_FLOOD] = "flood", [BENCH_BACKSCATTER] = "backscatter"};

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
		snprintf(p->dir, sizeof(p->dir), "%s/needletail-bench-XXXXXX", place[i]);
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

/* ---- the frames ---- */

struct dice {
	uint64_t state;
	double *cumulative; /* [SOURCES] Zipf with exponent 1 */
};

static uint64_t throw(struct dice * d)
{
	d->state += 0x9e3779b97f4a7c15u;
	return nt_mix(d->state, 1);
}

static uint32_t below(struct dice *d, uint32_t n)
{
	return (uint32_t)((throw(d) >> 32) * n >> 32);
}

static int make_dice(struct dice *d)
{
	double sum = 0;

	d->state = 1;
	d->cumulative = malloc(SOURCES * sizeof(*d->cumulative));
	if (!d->cumulative)
		return -ENOMEM;
	for (uint32_t i = 0; i < SOURCES; i++)
		d->cumulative[i] = sum += 1.0 / (i + 1);
	return 0;
}

static uint32_t zipf(struct dice *d, uint32_t n)
{
	double at = (double)(throw(d) >> 11) / (double)(UINT64_C(1) << 53) * d->cumulative[n - 1];
	uint32_t low = 0, high = n - 1;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (d->cumulative[middle] < at)
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

struct frame_shape {
	uint32_t bytes;
	uint32_t source;
	uint32_t target;
	uint8_t proto;
	uint8_t ttl;
};

/* An IPv4 header that reaches to the frame's end; returns where the next one begins. */
static uint8_t *put_ipv4(uint8_t *frame, const struct frame_shape *s, struct dice *d)
{
	uint8_t *ip = frame + 14;

	memset(frame, 0, s->bytes);
	memset(frame, 2, 12);
	put16(frame + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, s->bytes - 14);
	put16(ip + 4, (uint32_t) throw(d));
	ip[8] = s->ttl;
	ip[9] = s->proto;
	put32(ip + 12, s->source);
	put32(ip + 16, s->target);
	return ip + 20;
}

struct tcp_shape {
	uint16_t src_port;
	uint16_t dst_port;
	uint32_t seq;
	uint32_t ack;
	uint16_t window;
	uint8_t flags;
};

static void put_tcp(uint8_t *tcp, const struct tcp_shape *s)
{
	put16(tcp, s->src_port);
	put16(tcp + 2, s->dst_port);
	put32(tcp + 4, s->seq);
	put32(tcp + 8, s->ack);
	tcp[12] = 0x50;
	tcp[13] = s->flags;
	put16(tcp + 14, s->window);
}

/* The telescope: a /16. */
static uint32_t target(struct dice *d)
{
	return 198u << 24 | 18u << 16 | below(d, 65536);
}

/* A source's address: its number, spread over all the unicast space. */
static uint32_t address_of(uint32_t source)
{
	uint32_t address = source * 2654435761u;
	uint8_t first = (uint8_t)(address >> 24);

	return first == 0 || first == 10 || first == 127 || first >= 224 ? address % 0xc0000000u + 0x0b000000u
									 : address;
}

/* What a source is after: its port follows from its number, as a bot has one task; a few try all. */
static uint16_t port_of(uint32_t source, struct dice *d)
{
	static const uint16_t port[] = {23, 23, 23, 445, 22, 22, 80, 6379, 5555, 3389, 8080, 443, 1433, 2323, 81, 5060};

	return below(d, 100) < 85 ? port[nt_mix(source, 2) % 16] : (uint16_t)below(d, 65536);
}

static void put_syn(uint8_t *frame, struct frame_shape *s, uint16_t port, struct dice *d)
{
	static const uint16_t window[] = {1024, 65535, 8192, 14600, 64240, 29200, 1025, 5840};
	struct tcp_shape tcp = {
	    .src_port = (uint16_t)below(d, 65536),
	    .dst_port = port,
	    .seq = below(d, 10) ? (uint32_t) throw(d) : s->target, /* one in ten as Mirai does it */
	    .window = below(d, 20) ? window[nt_mix(s->source, 3) % 8] : (uint16_t)below(d, 65536),
	    .flags = 0x02,
	};

	s->proto = 6;
	put_tcp(put_ipv4(frame, s, d), &tcp);
}

static void put_datagram(uint8_t *frame, struct frame_shape *s, uint16_t port, struct dice *d)
{
	uint8_t *udp;

	s->proto = 17;
	udp = put_ipv4(frame, s, d);
	put16(udp, below(d, 65536));
	put16(udp + 2, port);
	put16(udp + 4, s->bytes - 34);
}

static void put_echo(uint8_t *frame, struct frame_shape *s, struct dice *d)
{
	s->proto = 1;
	put_ipv4(frame, s, d)[0] = 8;
}

/* Of a hundred packets 84 are SYNs, 12 UDP, 4 pings. */
static void put_probe(uint8_t *frame, uint32_t bytes, uint32_t source, struct dice *d)
{
	struct frame_shape s = {.bytes = bytes, .source = address_of(source), .target = target(d)};
	uint32_t kind = below(d, 100);

	s.ttl = (uint8_t)(40 + nt_mix(source, 4) % 80);
	if (kind < 84)
		put_syn(frame, &s, port_of(source, d), d);
	else if (kind < 96)
		put_datagram(frame, &s, port_of(source, d), d);
	else
		put_echo(frame, &s, d);
}

/* A server that somebody floods with our addresses: most answer from 443 with SYN+ACK or RST+ACK. */
static void put_reply(uint8_t *frame, uint32_t bytes, uint32_t victim, struct dice *d)
{
	struct frame_shape s = {.bytes = bytes, .source = address_of(SOURCES + victim), .target = target(d), .ttl = 50};
	uint32_t kind = below(d, 10);
	struct tcp_shape tcp = {
	    .src_port = victim % 4 ? 443 : 80,
	    .dst_port = (uint16_t)below(d, 65536),
	    .seq = (uint32_t) throw(d),
	    .ack = (uint32_t)nt_mix(victim, 5),
	    .window = 14600,
	    .flags = kind < 5	? 0x12
		     : kind < 7 ? 0x14
				: 0x04,
	};
	uint8_t *icmp;

	if (kind < 8) {
		s.proto = 6;
		put_tcp(put_ipv4(frame, &s, d), &tcp);
		return;
	}
	s.proto = 1;
	icmp = put_ipv4(frame, &s, d);
	icmp[0] = kind == 8 ? 3 : 11;
	icmp[8] = 0x45; /* as much of what it quotes as fits */
	icmp[8 + 9] = 6;
}

/* What fills tables: each source at ports that are hardly ever the same, and one frame in eight a reply. */
static void put_filling(uint8_t *frame, uint32_t bytes, uint64_t i, struct dice *d)
{
	struct frame_shape s = {
	    .bytes = bytes, .source = address_of((uint32_t)(i % FULL_SOURCES)), .target = target(d), .ttl = 64};

	if (i % 8)
		put_syn(frame, &s, (uint16_t)below(d, 65536), d);
	else
		put_reply(frame, bytes, FULL_SOURCES + (uint32_t)(i / 8 % FULL_VICTIMS), d);
}

static void put_frame(uint8_t *frame, enum bench_workload workload, uint64_t i, uint32_t bytes, struct dice *d)
{
	if (workload == BENCH_FULL)
		put_filling(frame, bytes, i, d);
	else if (workload == BENCH_FLOOD)
		put_probe(frame, bytes, (uint32_t)i, d);
	else if (workload == BENCH_BACKSCATTER && below(d, 2))
		put_reply(frame, bytes, zipf(d, VICTIMS), d);
	else
		put_probe(frame, bytes, zipf(d, SOURCES), d);
}

static void generate(struct writers *w, struct bench_parts *p, enum bench_workload workload, uint32_t frame_bytes,
		     uint64_t frames, struct dice *d)
{
	uint8_t bytes[BENCH_FRAME_MAX];
	const struct nt_frame frame = {.data = bytes, .cap_len = frame_bytes, .wire_len = frame_bytes};

	for (uint64_t i = 0; i < frames; i++) {
		put_frame(bytes, workload, i, frame_bytes, d);
		write_frame(w, p, &frame);
	}
}

/* ---- the interface ---- */

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
	struct dice dice = {0};
	int err = begin(&w, p, workers);

	*why = '\0';
	if (!err)
		err = make_dice(&dice);
	if (!err)
		generate(&w, p, workload, frame_bytes, frames, &dice);
	if (w.format)
		err = finish(&w, p, err);
	free(dice.cumulative);
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

/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_frames.h"

#include "base/mix.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SOURCES 100000u
#define VICTIMS 1000u

/* Where a frame has its source's address and its destination port; a ping has a checksum there, which nobody looks at.
 */
#define SOURCE_AT 26
#define PORT_AT	  36

const char *const bench_workload_name[BENCH_WORKLOADS] = {
    [BENCH_TELESCOPE] = "telescope", [BENCH_FLOOD] = "flood", [BENCH_BACKSCATTER] = "backscatter"};

static uint64_t roll(struct bench_frames *f)
{
	f->state += 0x9e3779b97f4a7c15u;
	return nt_mix(f->state, 1);
}

static uint32_t below(struct bench_frames *f, uint32_t n)
{
	return (uint32_t)((roll(f) >> 32) * n >> 32);
}

static uint32_t zipf(struct bench_frames *f, uint32_t n)
{
	double at = (double)(roll(f) >> 11) / (double)(UINT64_C(1) << 53) * f->cumulative[n - 1];
	uint32_t low = 0, high = n - 1;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (f->cumulative[middle] < at)
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
static uint8_t *put_ipv4(uint8_t *frame, const struct frame_shape *s, struct bench_frames *f)
{
	uint8_t *ip = frame + 14;

	memset(frame, 0, s->bytes);
	memset(frame, 2, 12);
	put16(frame + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, s->bytes - 14);
	put16(ip + 4, (uint32_t)roll(f));
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
static uint32_t target(struct bench_frames *f)
{
	return 198u << 24 | 18u << 16 | below(f, 65536);
}

/* A source's address: its number, spread over all the unicast space. */
static uint32_t address_of(uint32_t source)
{
	uint32_t address = source * 2654435761u;
	uint8_t first = (uint8_t)(address >> 24);

	return first == 0 || first == 10 || first == 127 || first >= 224 ? address % 0xc0000000u + 0x0b000000u
									 : address;
}

/* What a source is after: it follows from its number, as a bot has one task. */
static uint16_t usual_port(uint32_t source)
{
	static const uint16_t port[] = {23, 23, 23, 445, 22, 22, 80, 6379, 5555, 3389, 8080, 443, 1433, 2323, 81, 5060};

	return port[nt_mix(source, 2) % 16];
}

/* Some packets of each try any other. */
static uint16_t port_of(uint32_t source, struct bench_frames *f)
{
	return below(f, 100) < 85 ? usual_port(source) : (uint16_t)below(f, 65536);
}

static void put_syn(uint8_t *frame, struct frame_shape *s, uint16_t port, struct bench_frames *f)
{
	static const uint16_t window[] = {1024, 65535, 8192, 14600, 64240, 29200, 1025, 5840};
	struct tcp_shape tcp = {
	    .src_port = (uint16_t)below(f, 65536),
	    .dst_port = port,
	    .seq = below(f, 10) ? (uint32_t)roll(f) : s->target, /* one in ten as Mirai does it */
	    .window = below(f, 20) ? window[nt_mix(s->source, 3) % 8] : (uint16_t)below(f, 65536),
	    .flags = 0x02,
	};

	s->proto = 6;
	put_tcp(put_ipv4(frame, s, f), &tcp);
}

static void put_datagram(uint8_t *frame, struct frame_shape *s, uint16_t port, struct bench_frames *f)
{
	uint8_t *udp;

	s->proto = 17;
	udp = put_ipv4(frame, s, f);
	put16(udp, below(f, 65536));
	put16(udp + 2, port);
	put16(udp + 4, s->bytes - 34);
}

static void put_echo(uint8_t *frame, struct frame_shape *s, struct bench_frames *f)
{
	s->proto = 1;
	put_ipv4(frame, s, f)[0] = 8;
}

/* Of a hundred packets 84 are SYNs, 12 UDP, 4 pings. */
static void put_probe(uint8_t *frame, uint32_t bytes, uint32_t source, struct bench_frames *f)
{
	struct frame_shape s = {.bytes = bytes, .source = address_of(source), .target = target(f)};
	uint32_t kind = below(f, 100);

	s.ttl = (uint8_t)(40 + nt_mix(source, 4) % 80);
	if (kind < 84)
		put_syn(frame, &s, port_of(source, f), f);
	else if (kind < 96)
		put_datagram(frame, &s, port_of(source, f), f);
	else
		put_echo(frame, &s, f);
}

/* A server that somebody floods with our addresses: most answer from 443 with SYN+ACK or RST+ACK. */
static void put_reply(uint8_t *frame, uint32_t bytes, uint32_t victim, struct bench_frames *f)
{
	struct frame_shape s = {.bytes = bytes, .source = address_of(SOURCES + victim), .target = target(f), .ttl = 50};
	uint32_t kind = below(f, 10);
	struct tcp_shape tcp = {
	    .src_port = victim % 4 ? 443 : 80,
	    .dst_port = (uint16_t)below(f, 65536),
	    .seq = (uint32_t)roll(f),
	    .ack = (uint32_t)nt_mix(victim, 5),
	    .window = 14600,
	    .flags = kind < 5	? 0x12
		     : kind < 7 ? 0x14
				: 0x04,
	};
	uint8_t *icmp;

	if (kind < 8) {
		s.proto = 6;
		put_tcp(put_ipv4(frame, &s, f), &tcp);
		return;
	}
	s.proto = 1;
	icmp = put_ipv4(frame, &s, f);
	icmp[0] = kind == 8 ? 3 : 11;
	icmp[8] = 0x45; /* as much of what it quotes as fits */
	icmp[8 + 9] = 6;
}

/* One frame in eight is a reply; the others go to any port. Whoever sends them is put in later. */
static void put_filling(uint8_t *frame, uint32_t bytes, struct bench_frames *f)
{
	struct frame_shape s = {
	    .bytes = bytes, .source = address_of((uint32_t)f->made), .target = target(f), .ttl = 64};

	if (f->made % 8)
		put_syn(frame, &s, (uint16_t)below(f, 65536), f);
	else
		put_reply(frame, bytes, (uint32_t)f->made, f);
}

int bench_frames_open(struct bench_frames *f, enum bench_workload workload, uint32_t bytes)
{
	double sum = 0;

	*f = (struct bench_frames){.workload = workload, .bytes = bytes, .state = 1};
	f->cumulative = malloc(SOURCES * sizeof(*f->cumulative));
	if (!f->cumulative)
		return -ENOMEM;
	for (uint32_t i = 0; i < SOURCES; i++)
		f->cumulative[i] = sum += 1.0 / (i + 1);
	return 0;
}

void bench_frames_close(struct bench_frames *f)
{
	free(f->cumulative);
	f->cumulative = NULL;
}

void bench_frames_next(struct bench_frames *f, uint8_t *frame)
{
	if (f->workload == BENCH_FULL)
		put_filling(frame, f->bytes, f);
	else if (f->workload == BENCH_FLOOD)
		put_probe(frame, f->bytes, (uint32_t)f->made, f);
	else if (f->workload == BENCH_BACKSCATTER && below(f, 2))
		put_reply(frame, f->bytes, zipf(f, VICTIMS), f);
	else
		put_probe(frame, f->bytes, zipf(f, SOURCES), f);
	f->made++;
}

/* ---- other senders ---- */

struct bench_sender bench_sender(uint32_t source, uint64_t draw)
{
	uint32_t address = address_of(source);
	uint16_t port = draw % 100 < 85 ? usual_port(source) : (uint16_t)(draw >> 48);
	struct bench_sender s;

	put32(s.address, address);
	put16(s.port, port);
	return s;
}

void bench_sender_put(uint8_t *frame, const struct bench_sender *s)
{
	memcpy(frame + SOURCE_AT, s->address, sizeof(s->address));
	memcpy(frame + PORT_AT, s->port, sizeof(s->port));
}

struct bench_sender *bench_senders(uint32_t n, uint32_t sources)
{
	struct bench_sender *list = malloc(n * sizeof(*list));

	for (uint32_t i = 0; i < n && list; i++) {
		uint64_t draw = nt_mix(i, 8);

		list[i] = bench_sender(sources ? (uint32_t)((draw & UINT32_MAX) * sources >> 32) : i, nt_mix(i, 9));
	}
	return list;
}

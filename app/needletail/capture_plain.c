/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture_plain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* draft-ietf-opsawg-pcap. Offsets and sizes in bytes. */
enum {
	MAJOR_AT = 4, /* two bytes; then two of the minor version */
	LINKTYPE_AT = 20,
	RECORD_HEAD = 16 /* seconds, their part, captured length, original length */
};

#define MAGIC_US   0xa1b2c3d4u
#define MAGIC_NS   0xa1b23c4du
#define VERSION_LE 0x00040002u /* 2.4 as one number of a file in this machine's byte order */

/* The upper bits tell of frame check sequences in the file: libpcap knows what to do. */
#define LINKTYPE_MASK 0x03ffffffu

/* What libpcap takes for too much to be true. */
#define CAPTURED_MAX 262144u

/*
 * A block is small enough to be counted while it is in the cache, and so large that the calls do not count. Behind it
 * there is room for what is left of the block before, less than one record.
 */
#define BLOCK_BYTES  (256u << 10)
#define BUFFER_BYTES (BLOCK_BYTES + RECORD_HEAD + CAPTURED_MAX)

struct capture_plain {
	int fd;
	bool swapped; /* the other byte order */
	uint32_t part_ns;
	size_t at; /* [at, end) of `in` is read and not yet handed on */
	size_t end;
	uint8_t in[BUFFER_BYTES];
};

static uint32_t number_at(const uint8_t *bytes, bool swapped)
{
	uint32_t v;

	memcpy(&v, bytes, sizeof(v));
	return swapped ? __builtin_bswap32(v) : v;
}

static bool is_swapped(const uint8_t *head)
{
	uint32_t magic = number_at(head, false);

	return magic != MAGIC_US && magic != MAGIC_NS;
}

bool capture_plain_suits(const uint8_t head[static CAPTURE_PLAIN_HEAD], uint32_t *linktype)
{
	bool swapped = is_swapped(head);
	uint32_t magic = number_at(head, swapped), version = number_at(head + MAJOR_AT, swapped);

	if (swapped) /* two numbers of two bytes each, which bswap32 exchanged */
		version = version << 16 | version >> 16;
	*linktype = number_at(head + LINKTYPE_AT, swapped);
	return (magic == MAGIC_US || magic == MAGIC_NS) && version == VERSION_LE && !(*linktype & ~LINKTYPE_MASK);
}

struct capture_plain *capture_plain_new(int fd, const uint8_t head[static CAPTURE_PLAIN_HEAD])
{
	struct capture_plain *p = malloc(sizeof(*p));

	if (!p)
		return NULL;
	p->fd = fd;
	p->swapped = is_swapped(head);
	p->part_ns = number_at(head, p->swapped) == MAGIC_NS ? 1 : 1000;
	p->at = p->end = 0;
	return p;
}

/* A part may be a second or more, and both numbers have no sign. */
static inline struct nt_time time_of(uint32_t s, uint64_t part)
{
	if (part < NT_SECOND_NS)
		return (struct nt_time){.s = s, .ns = (uint32_t)part};
	return (struct nt_time){.s = s + (int64_t)(part / NT_SECOND_NS), .ns = (uint32_t)(part % NT_SECOND_NS)};
}

/* The next record, if all of it is at hand. */
static inline __attribute__((always_inline)) bool take(struct capture_plain *p, struct capture_burst *b, bool swapped)
{
	const uint8_t *head = p->in + p->at;
	size_t in_hand = p->end - p->at;
	uint32_t captured, wire;
	struct nt_time time;

	if (in_hand < RECORD_HEAD)
		return false;
	captured = number_at(head + 8, swapped);
	if (captured > CAPTURED_MAX || in_hand - RECORD_HEAD < captured)
		return false;
	wire = number_at(head + 12, swapped);
	time = time_of(number_at(head, swapped), (uint64_t)number_at(head + 4, swapped) * p->part_ns);
	b->frame[b->n] = (struct nt_frame){.data = head + RECORD_HEAD,
					   .cap_len = captured,
					   .wire_len = wire > captured ? wire : captured,
					   .time_ns = nt_time_ns(time)};
	b->time[b->n++] = time;
	b->earliest_s = time.s < b->earliest_s ? time.s : b->earliest_s;
	b->latest_s = time.s > b->latest_s ? time.s : b->latest_s;
	p->at += RECORD_HEAD + captured;
	return true;
}

static void take_burst(struct capture_plain *p, struct capture_burst *b)
{
	b->n = 0;
	b->earliest_s = INT64_MAX;
	b->latest_s = INT64_MIN;
	if (p->swapped)
		while (b->n < CAPTURE_BURST && take(p, b, true))
			;
	else
		while (b->n < CAPTURE_BURST && take(p, b, false))
			;
}

/* What is left at the end of the file, or cannot be a record. */
static int end_of(const struct capture_plain *p, char why[static CAPTURE_PLAIN_WHY])
{
	size_t in_hand = p->end - p->at;
	uint32_t captured;

	if (!in_hand)
		return 0;
	if (in_hand < RECORD_HEAD) {
		snprintf(why, CAPTURE_PLAIN_WHY, "truncated dump file; tried to read %d header bytes, only got %zu",
			 RECORD_HEAD, in_hand);
		return -EBADMSG;
	}
	captured = number_at(p->in + p->at + 8, p->swapped);
	if (captured > CAPTURED_MAX)
		snprintf(why, CAPTURE_PLAIN_WHY, "invalid packet capture length %u, bigger than snaplen of %u",
			 captured, CAPTURED_MAX);
	else
		snprintf(why, CAPTURE_PLAIN_WHY, "truncated dump file; tried to read %u captured bytes, only got %zu",
			 captured, in_hand - RECORD_HEAD);
	return -EBADMSG;
}

/* Can what is at hand become a record if more is read? */
static bool wants_more(const struct capture_plain *p)
{
	return p->end - p->at < RECORD_HEAD || number_at(p->in + p->at + 8, p->swapped) <= CAPTURED_MAX;
}

int capture_plain_read(struct capture_plain *p, struct capture_burst *burst, char why[static CAPTURE_PLAIN_WHY])
{
	for (;;) {
		ssize_t n;

		take_burst(p, burst);
		if (burst->n)
			return 1;
		if (!wants_more(p))
			return end_of(p, why);
		memmove(p->in, p->in + p->at, p->end - p->at);
		p->end -= p->at;
		p->at = 0;
		n = read(p->fd, p->in + p->end, BLOCK_BYTES);
		if (n == 0)
			return end_of(p, why);
		if (n < 0) {
			snprintf(why, CAPTURE_PLAIN_WHY, "error reading dump file: %s", strerror(errno));
			return -EBADMSG;
		}
		p->end += (size_t)n;
	}
}

void capture_plain_free(struct capture_plain *p)
{
	free(p);
}

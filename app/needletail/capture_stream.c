/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture_stream.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES (1u << 20)

/* pcap: draft-ietf-opsawg-pcap; pcapng: draft-ietf-opsawg-pcapng. Offsets and sizes in bytes. */
enum {
	PCAP_SNAPLEN_AT = 16,
	BLOCK_LENGTH_AT = 4,
	BLOCK_MIN = 12,
	SECTION_ORDER_AT = 8, /* 0x1a2b3c4d in the section's byte order */
	INTERFACE_SNAPLEN_AT = 12,
	INTERFACE_MIN = 20,
	SIMPLE_WIRE_AT = 8, /* length of the packet on the wire */
	SIMPLE_HEAD = 12,
	ENHANCED_HEAD = 28,
	TRAILER = 4 /* the block's length once more */
};

enum { BLOCK_INTERFACE = 1, BLOCK_SIMPLE = 3, BLOCK_ENHANCED = 6 };

static const uint8_t section_type[4] = {0x0a, 0x0d, 0x0d, 0x0a};
static const uint8_t order_big[4] = {0x1a, 0x2b, 0x3c, 0x4d};

struct stream {
	int fd;
	bool pcapng;
	bool big_endian;    /* the present section */
	bool has_interface; /* likewise */
	uint32_t snaplen;   /* stated by the section's first interface; 0: no limit */

	uint8_t out[ENHANCED_HEAD]; /* [out_at, out_end) goes out next */
	size_t out_at;
	size_t out_end;
	uint64_t pass;	  /* bytes of the input that then go out as they are */
	uint32_t trailer; /* what then goes out in the place of the input's next four bytes; 0: nothing */

	uint8_t *in; /* [in_at, in_end) of BUFFER_BYTES is read and not yet used */
	size_t in_at;
	size_t in_end;
};

/* Reads until `wanted` bytes are in hand. Returns 0, also at the end of the file with fewer, or -errno. */
static int fill(struct stream *s, size_t wanted)
{
	memmove(s->in, s->in + s->in_at, s->in_end - s->in_at);
	s->in_end -= s->in_at;
	s->in_at = 0;
	while (s->in_end < wanted) {
		ssize_t n = read(s->fd, s->in + s->in_end, BUFFER_BYTES - s->in_end);

		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		s->in_end += (size_t)n;
	}
	return 0;
}

static uint32_t number_at(const struct stream *s, size_t at)
{
	uint32_t v;

	memcpy(&v, s->in + s->in_at + at, sizeof(v));
	return s->big_endian ? __builtin_bswap32(v) : v;
}

static void put_number(struct stream *s, uint32_t number)
{
	uint32_t v = s->big_endian ? __builtin_bswap32(number) : number;

	memcpy(s->out + s->out_end, &v, sizeof(v));
	s->out_end += sizeof(v);
}

/* Moves input to `out`. */
static void put_input(struct stream *s, size_t bytes)
{
	memcpy(s->out + s->out_end, s->in + s->in_at, bytes);
	s->out_end += bytes;
	s->in_at += bytes;
}

static void begin_section(struct stream *s)
{
	s->big_endian = !memcmp(s->in + s->in_at + SECTION_ORDER_AT, order_big, sizeof(order_big));
	s->has_interface = false;
}

static void begin_interface(struct stream *s, uint32_t bytes)
{
	if (!s->has_interface)
		s->snaplen = number_at(s, INTERFACE_SNAPLEN_AT);
	s->has_interface = true;
	put_input(s, INTERFACE_SNAPLEN_AT);
	put_number(s, 0);
	s->in_at += sizeof(uint32_t);
	s->pass = bytes - INTERFACE_SNAPLEN_AT - sizeof(uint32_t);
}

/* Interface 0, no time. */
static void begin_simple(struct stream *s, uint32_t bytes)
{
	uint32_t wire = number_at(s, SIMPLE_WIRE_AT);
	uint32_t captured = s->snaplen && s->snaplen < wire ? s->snaplen : wire;
	const uint32_t head[] = {BLOCK_ENHANCED, bytes + ENHANCED_HEAD - SIMPLE_HEAD, 0, 0, 0, captured, wire};

	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		put_number(s, head[i]);
	s->in_at += SIMPLE_HEAD;
	s->pass = bytes - SIMPLE_HEAD - TRAILER;
	s->trailer = head[1];
}

/* A block that lies about its length ends our part: libpcap sees the same lie and gives up there. */
static void begin_block(struct stream *s)
{
	bool section = !memcmp(s->in + s->in_at, section_type, sizeof(section_type));
	size_t in_hand = s->in_end - s->in_at; /* less than INTERFACE_MIN at the end of a file */
	uint32_t type, bytes;

	if (section)
		begin_section(s);
	type = number_at(s, 0);
	bytes = number_at(s, BLOCK_LENGTH_AT);
	if (bytes < BLOCK_MIN || bytes % 4)
		s->pass = UINT64_MAX;
	else if (type == BLOCK_INTERFACE && bytes >= INTERFACE_MIN && in_hand >= INTERFACE_MIN)
		begin_interface(s, bytes);
	else if (type == BLOCK_SIMPLE && bytes >= SIMPLE_HEAD + TRAILER)
		begin_simple(s, bytes);
	else
		s->pass = bytes;
}

/* Input that must be in hand to go on. */
static size_t needed(const struct stream *s)
{
	if (s->pass)
		return 1;
	return s->pcapng ? INTERFACE_MIN : PCAP_SNAPLEN_AT + sizeof(uint32_t);
}

/* Decides what goes out next, at the beginning of the file or of a block. */
static void decide(struct stream *s)
{
	size_t in_hand = s->in_end - s->in_at;

	s->out_at = s->out_end = 0;
	if (s->trailer) {
		put_number(s, s->trailer);
		s->in_at += in_hand < TRAILER ? in_hand : TRAILER;
		s->trailer = 0;
	} else if (s->pcapng && in_hand >= BLOCK_MIN) {
		begin_block(s);
	} else if (!s->pcapng && in_hand >= needed(s)) {
		put_input(s, PCAP_SNAPLEN_AT);
		put_number(s, 0);
		s->in_at += sizeof(uint32_t);
		s->pass = UINT64_MAX;
	} else {
		s->pass = UINT64_MAX; /* the end of the file, or what is left of it */
	}
}

/* Hands on what has been decided on: 0 if nothing is left of it, or the file is. */
static size_t hand_on(struct stream *s, uint8_t *buffer, size_t size)
{
	size_t n = s->out_end - s->out_at < size ? s->out_end - s->out_at : size, rest;

	memcpy(buffer, s->out + s->out_at, n);
	s->out_at += n;
	rest = s->in_end - s->in_at < size - n ? s->in_end - s->in_at : size - n;
	if (rest > s->pass)
		rest = (size_t)s->pass;
	memcpy(buffer + n, s->in + s->in_at, rest);
	s->in_at += rest;
	s->pass -= rest;
	return n + rest;
}

/* Returns what there is rather than wait for more: a pipe may be slow. */
static ssize_t stream_read(void *cookie, char *buffer, size_t size)
{
	struct stream *s = cookie;
	size_t n = 0, step;
	int err = 0;

	while (n < size) {
		step = hand_on(s, (uint8_t *)buffer + n, size - n);
		n += step;
		if (step)
			continue;
		if (s->in_end - s->in_at < needed(s)) {
			err = n ? 0 : fill(s, needed(s));
			if (n || err || s->in_end == s->in_at)
				break;
		}
		if (!s->pass)
			decide(s);
	}
	errno = -err;
	return err ? -1 : (ssize_t)n;
}

static int stream_close(void *cookie)
{
	struct stream *s = cookie;

	free(s->in);
	free(s);
	return 0;
}

static struct stream *make_stream(int fd, const uint8_t *head, size_t n)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->in = malloc(BUFFER_BYTES);
	if (!s->in) {
		free(s);
		return NULL;
	}
	memcpy(s->in, head, n);
	s->in_end = n;
	s->fd = fd;
	s->pcapng = n >= sizeof(section_type) && !memcmp(head, section_type, sizeof(section_type));
	return s;
}

FILE *capture_stream_open(int fd, const uint8_t *head, size_t n)
{
	struct stream *s = make_stream(fd, head, n);
	FILE *file;

	if (!s)
		return NULL;
	file = fopencookie(s, "rb", (cookie_io_functions_t){.read = stream_read, .close = stream_close});
	if (file)
		setvbuf(file, NULL, _IOFBF, BUFFER_BYTES);
	else
		stream_close(s);
	return file;
}

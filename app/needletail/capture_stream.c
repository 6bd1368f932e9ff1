/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_BYTES (1u << 20)
#define ROOM_BYTES   4 /* of a buffer, for the rest of a snapshot length */

/* pcap: draft-ietf-opsawg-pcap; pcapng: draft-ietf-opsawg-pcapng. Offsets of the 4-byte fields we look at. */
enum {
	PCAP_SNAPLEN_AT = 16,
	BLOCK_LENGTH_AT = 4,
	SECTION_ORDER_AT = 8, /* of the section header block: 0x1a2b3c4d in the section's byte order */
	INTERFACE_SNAPLEN_AT = 12,
	INTERFACE_SNAPLEN_MIN = 65535, /* what capture programs state when they mean "all"; below, it is a real cut */
	BLOCK_HEAD_BYTES = 16,
	BLOCK_MIN_BYTES = 12
};

static const uint8_t section_type[4] = {0x0a, 0x0d, 0x0d, 0x0a};
static const uint8_t order_big[4] = {0x1a, 0x2b, 0x3c, 0x4d};

struct stream {
	int fd;
	bool pcapng;
	bool big_endian; /* the present section */
	uint8_t magic[CAPTURE_MAGIC_BYTES];
	uint32_t magic_bytes;		/* read ahead of the stream */
	uint32_t magic_given;		/* and already passed on */
	uint64_t at;			/* in the file (pcap) or in the present block (pcapng) */
	uint64_t block_bytes;		/* of the present block; 0: not known yet */
	uint8_t head[BLOCK_HEAD_BYTES]; /* the present block's */
	bool has_interface;
	uint32_t snaplen; /* libpcap sees it in every interface; 0: no limit */
};

static uint32_t block_number(const struct stream *s, uint32_t at)
{
	uint32_t v;

	memcpy(&v, s->head + at, sizeof(v));
	return s->big_endian ? __builtin_bswap32(v) : v;
}

static bool in_interface(const struct stream *s)
{
	return s->at > SECTION_ORDER_AT && block_number(s, 0) == 1;
}

/* What libpcap is to see instead of an interface's snapshot length, which stands at `field` and in the head. */
static void replace_snaplen(struct stream *s, uint8_t *field)
{
	uint32_t stated = block_number(s, INTERFACE_SNAPLEN_AT), seen;

	if (!s->has_interface)
		s->snaplen = stated < INTERFACE_SNAPLEN_MIN ? stated : 0;
	s->has_interface = true;
	seen = s->big_endian ? __builtin_bswap32(s->snaplen) : s->snaplen;
	memcpy(field, &seen, sizeof(seen));
}

/* Notes one byte of a block's head, which stands at `byte` with those before it. */
static void note_head(struct stream *s, uint8_t *byte)
{
	s->head[s->at++] = *byte;
	if (s->at == SECTION_ORDER_AT + 4 && !memcmp(s->head, section_type, sizeof(section_type)))
		s->big_endian = !memcmp(s->head + SECTION_ORDER_AT, order_big, sizeof(order_big));
	if (s->at == SECTION_ORDER_AT + 4)
		s->block_bytes = block_number(s, BLOCK_LENGTH_AT);
	if (s->at == INTERFACE_SNAPLEN_AT + 4 && in_interface(s))
		replace_snaplen(s, byte - 3);
}

/* A block that lies about its length ends our part: libpcap sees the same lie and gives up there. */
static void lift_pcapng(struct stream *s, uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n;) {
		if (s->at < BLOCK_HEAD_BYTES && (!s->block_bytes || s->at < s->block_bytes)) {
			note_head(s, &bytes[i++]);
		} else {
			uint64_t rest = s->block_bytes - s->at, step = rest < n - i ? rest : n - i;

			i += step;
			s->at += step;
		}
		if (s->block_bytes && s->block_bytes < BLOCK_MIN_BYTES)
			s->block_bytes = UINT64_MAX;
		if (s->at == s->block_bytes)
			s->at = s->block_bytes = 0;
	}
}

static void lift_pcap(struct stream *s, uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n && s->at < PCAP_SNAPLEN_AT + 4; i++, s->at++)
		if (s->at >= PCAP_SNAPLEN_AT)
			bytes[i] = 0;
}

static size_t give_magic(struct stream *s, uint8_t *buffer, size_t size)
{
	size_t rest = s->magic_bytes - s->magic_given, n = rest < size ? rest : size;

	memcpy(buffer, s->magic + s->magic_given, n);
	s->magic_given += (uint32_t)n;
	return n;
}

/*
 * Reads until an interface's snapshot length is not cut in two: it is replaced as a whole. The caller keeps room for
 * it.
 */
static ssize_t finish_snaplen(struct stream *s, uint8_t *buffer, ssize_t n)
{
	while (s->pcapng && s->at > INTERFACE_SNAPLEN_AT && s->at < BLOCK_HEAD_BYTES && in_interface(s)) {
		ssize_t more = read(s->fd, buffer + n, BLOCK_HEAD_BYTES - s->at);

		if (more <= 0)
			return more < 0 ? more : n;
		lift_pcapng(s, buffer + n, (size_t)more);
		n += more;
	}
	return n;
}

static ssize_t stream_read(void *cookie, char *buffer, size_t size)
{
	struct stream *s = cookie;
	uint8_t *bytes = (uint8_t *)buffer;
	ssize_t n;

	if (s->magic_given < s->magic_bytes)
		n = (ssize_t)give_magic(s, bytes, size);
	else
		n = read(s->fd, bytes, size > ROOM_BYTES ? size - ROOM_BYTES : size);
	if (n <= 0)
		return n;
	if (!s->pcapng) {
		lift_pcap(s, bytes, (size_t)n);
		return n;
	}
	lift_pcapng(s, bytes, (size_t)n);
	return finish_snaplen(s, bytes, n);
}

static int stream_close(void *cookie)
{
	struct stream *s = cookie;
	int result = s->fd == STDIN_FILENO ? 0 : close(s->fd);

	free(s);
	return result;
}

/* Reads the first bytes ahead: a pipe cannot be wound back. */
static int read_magic(struct stream *s)
{
	while (s->magic_bytes < CAPTURE_MAGIC_BYTES) {
		ssize_t n = read(s->fd, s->magic + s->magic_bytes, CAPTURE_MAGIC_BYTES - s->magic_bytes);

		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		s->magic_bytes += (uint32_t)n;
	}
	s->pcapng = !memcmp(s->magic, section_type, sizeof(section_type));
	return 0;
}

FILE *capture_stream_open(const char *path, uint8_t magic[static CAPTURE_MAGIC_BYTES])
{
	struct stream *s = calloc(1, sizeof(*s));
	FILE *file;
	int err = ENOMEM;

	if (!s)
		goto err;
	s->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	if (s->fd < 0) {
		err = errno;
		goto err_stream;
	}
	err = -read_magic(s);
	if (err)
		goto err_fd;
	file = fopencookie(s, "rb", (cookie_io_functions_t){.read = stream_read, .close = stream_close});
	if (!file) {
		err = errno;
		goto err_fd;
	}
	setvbuf(file, NULL, _IOFBF, BUFFER_BYTES);
	memcpy(magic, s->magic, CAPTURE_MAGIC_BYTES);
	return file;
err_fd:
	if (s->fd != STDIN_FILENO)
		close(s->fd);
err_stream:
	free(s);
err:
	errno = err;
	return NULL;
}

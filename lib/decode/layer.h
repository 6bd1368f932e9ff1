/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_DECODE_LAYER_H
#define NT_DECODE_LAYER_H

#include "decode/decode.h"

#include <stdbool.h>
#include <string.h>

/* What the files of this library share: the view that shrinks from layer to layer, and one function a layer. */

/* What is left of the frame at a layer. */
struct view {
	const uint8_t *data;
	uint32_t cap;  /* bytes captured */
	uint32_t wire; /* bytes that were on the wire and belong to the packet; never below cap */
};

/* What a transport header must know of the IP header before it. */
struct ip_context {
	bool more_fragments; /* a first fragment with more to come: the packet is longer than the view */
	bool jumbogram;	     /* RFC 2675: the UDP length may be 0 */
};

static inline uint16_t be16(const uint8_t *bytes)
{
	uint16_t v;

	memcpy(&v, bytes, sizeof(v));
	return __builtin_bswap16(v);
}

static inline uint32_t be32(const uint8_t *bytes)
{
	uint32_t v;

	memcpy(&v, bytes, sizeof(v));
	return __builtin_bswap32(v);
}

static inline void skip(struct view *v, uint32_t bytes)
{
	v->data += bytes;
	v->cap -= bytes;
	v->wire -= bytes;
}

/* RFC 8200; authentication header: RFC 4302. */
static inline bool is_extension(uint8_t next)
{
	return next == 0 /* hop by hop */ || next == 43 /* routing */ || next == 44 /* fragment */ ||
	       next == 51 /* authentication */ || next == 60 /* destination */;
}

/* RFC 792: errors, which quote the packet that they are about. */
static inline bool icmp_quotes(uint8_t type)
{
	const uint32_t errors = 1u << 3 /* unreachable */ | 1u << 4 /* source quench */ | 1u << 5 /* redirect */ |
				1u << 11 /* time exceeded */ | 1u << 12 /* parameter problem */;

	return type < 32 && errors >> type & 1;
}

/* Leaves out what lies behind the end of the packet. `bytes` is at most v->wire. */
static inline void cut(struct view *v, uint32_t bytes)
{
	v->wire = bytes;
	if (v->cap > bytes)
		v->cap = bytes;
}

static inline enum nt_fate malformed(enum nt_reason reason)
{
	return NT_FATE_MALFORMED + reason;
}

/* A header of `need` bytes is not there: cut off by the capture, or never on the wire. */
static inline enum nt_fate too_short(const struct view *v, uint32_t need, enum nt_reason reason)
{
	return (v->wire >= need ? NT_FATE_TRUNCATED : NT_FATE_MALFORMED) + reason;
}

enum nt_fate decode_link(struct view *v, enum nt_link link, struct nt_fields *f);
enum nt_fate decode_ipv4(struct view *v, struct nt_fields *f);
enum nt_fate decode_ipv6(struct view *v, struct nt_fields *f);

/* The header of f->ip_proto at the front of the view. */
enum nt_fate decode_transport(const struct view *v, struct ip_context ip, struct nt_fields *f);

/* A fragment other than the first: it has no transport header. */
enum nt_fate decode_later_fragment(const struct nt_fields *f);

/* A TCP option list of which `bytes` are there. It changes no fate: reading stops where it is ill-formed. */
void decode_tcp_options(const uint8_t *options, uint32_t bytes, struct nt_fields *f);

/* The packet that an ICMP or ICMPv6 error quotes, at the front of the view; likewise. */
void decode_quoted_ipv4(struct view v, struct nt_fields *f);
void decode_quoted_ipv6(struct view v, struct nt_fields *f);

#endif

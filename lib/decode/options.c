/* SPDX-License-Identifier: BSD-3-Clause */
#include "decode/layer.h"

/* RFC 9293 and IANA's registry of TCP option kinds. */
enum {
	KIND_END = 0,
	KIND_NOP = 1,
	KIND_MSS = 2,
	KIND_WINDOW_SCALE = 3,
	KIND_SACK_OK = 4,
	KIND_TIMESTAMP = 8,
	KIND_MD5 = 19,
	KIND_FAST_OPEN = 34
};

enum {
	OPTION_BYTES_MIN = 2,	/* kind and length */
	WINDOW_SCALE_BYTES = 3, /* RFC 7323 */
	LAYOUT_BITS = 4,
	LAYOUT_OPTIONS = 8,
	LAYOUT_OTHER = 15
};

/* Kinds with a bit of their own; 0: NT_TCP_OPTION_OTHER. */
static const uint8_t option_bit[UINT8_MAX + 1] = {
    [KIND_MSS] = NT_TCP_OPTION_MSS,
    [KIND_WINDOW_SCALE] = NT_TCP_OPTION_WINDOW_SCALE,
    [KIND_SACK_OK] = NT_TCP_OPTION_SACK_OK,
    [KIND_TIMESTAMP] = NT_TCP_OPTION_TIMESTAMP,
    [KIND_FAST_OPEN] = NT_TCP_OPTION_FAST_OPEN,
    [KIND_MD5] = NT_TCP_OPTION_MD5,
};

static void note_option(const uint8_t *option, uint32_t length, struct nt_fields *f)
{
	uint8_t bit = option_bit[option[0]];

	f->tcp_options |= bit ? bit : NT_TCP_OPTION_OTHER;
	if (option[0] == KIND_WINDOW_SCALE && length == WINDOW_SCALE_BYTES)
		f->window_scale = option[2];
}

void decode_tcp_options(const uint8_t *options, uint32_t bytes, struct nt_fields *f)
{
	uint32_t at = 0, shift = 0;

	while (at < bytes && options[at] != KIND_END) {
		uint32_t kind = options[at], length = 1;

		if (kind != KIND_NOP) {
			if (bytes - at < OPTION_BYTES_MIN)
				return;
			length = options[at + 1];
			if (length < OPTION_BYTES_MIN || length > bytes - at)
				return;
			note_option(options + at, length, f);
		}
		if (shift < LAYOUT_OPTIONS * LAYOUT_BITS)
			f->option_layout |= (kind < LAYOUT_OTHER ? kind : LAYOUT_OTHER) << shift;
		shift += LAYOUT_BITS;
		at += length;
	}
}

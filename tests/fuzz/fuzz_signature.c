/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any text as a signature's conditions: it is refused with a reason, or it compiles, and no packet makes the match read
 * behind its tables. A signature and the same with `ttl 0-255`, which every IP packet meets, agree on every packet.
 */
#include "tally/signature.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 4096
#define PACKETS	 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Packets of all kinds, made of the input's own numbers. */
static void make_packet(struct nt_fields *f, const uint8_t *data, size_t size, uint32_t i)
{
	uint8_t bytes[sizeof(*f)];

	for (size_t k = 0; k < sizeof(bytes); k++)
		bytes[k] = size ? (uint8_t)(data[(k * 7 + i) % size] + (k + i) % 3) : (uint8_t)i;
	memcpy(f, bytes, offsetof(struct nt_fields, has_inner));
	f->has_inner = f->has_inner_port = false;
	memcpy(&f->option_layout, bytes, 3 * sizeof(uint32_t));
	memcpy(&f->src4, bytes + 8, sizeof(f->src4) + sizeof(f->dst4));
	memcpy(f->src6, bytes + 4, sizeof(f->src6));
	f->fate = (uint8_t)(i % 4 ? NT_FATE_TCP : f->fate % NT_FATES);
	f->class = (uint8_t)(i % 4 ? NT_CLASS_IPV4 : f->class % NT_CLASSES);
	f->ip_proto = i % 4 ? 6 : f->ip_proto;
	f->tcp_options &= (1 << NT_TCP_OPTION_BITS) - 1;
}

static void check_why(const char *why)
{
	if (!*why || strlen(why) >= NT_SIGNATURE_WHY - 1)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[TEXT_MAX], more[TEXT_MAX + 16], why[NT_SIGNATURE_WHY] = "";
	const struct nt_signature two[] = {{.name = "a", .match = text}, {.name = "b", .match = more}};
	struct nt_signatures *s;

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (nt_signature_check(text, why)) {
		check_why(why);
		return 0;
	}
	strcpy(more, text);
	strcat(more, " ttl 0-255");
	s = nt_signatures_new(two, 2, why);
	if (!s) { /* one condition too many */
		check_why(why);
		return 0;
	}
	for (uint32_t i = 0; i < PACKETS; i++) {
		struct nt_fields f = {0};
		uint32_t bits;

		make_packet(&f, data, size, i);
		bits = nt_signatures_match(s, &f, (uint16_t)(f.window % NT_REGIONS));
		if (bits != 0 && bits != 3)
			abort();
	}
	nt_signatures_free(s);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "spread.h"

#include "rss.h"

#include <rte_thash.h>
#include <string.h>

void spread_init(struct spread *s, uint32_t workers)
{
	s->workers = workers;
	for (uint32_t i = 0; i < SPREAD_ENTRIES; i++)
		s->worker[i] = i % workers;
}

static uint32_t source_hash(const struct nt_fields *f)
{
	uint32_t words[4];

	if (f->class == NT_CLASS_IPV4)
		return rte_softrss((uint32_t *)(uintptr_t)&f->src4, 1, rss_key);
	for (uint32_t i = 0; i < 4; i++) {
		memcpy(&words[i], f->src6 + 4 * i, sizeof(words[i]));
		words[i] = rte_be_to_cpu_32(words[i]);
	}
	return rte_softrss(words, 4, rss_key);
}

uint32_t spread_worker(const struct spread *s, const struct nt_frame *frame, enum nt_link link)
{
	struct nt_fields fields;

	if (s->workers == 1)
		return 0;
	nt_decode(frame, link, &fields);
	if (fields.ip_proto == NT_PROTO_NONE)
		return 0;
	return s->worker[source_hash(&fields) % SPREAD_ENTRIES];
}

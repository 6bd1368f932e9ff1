/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis_samples.h"

#include <stdlib.h>

#define DAY_S 86400

const struct nt_redis_limits sample_limits = {
    .lifetime_s = {[NT_BUCKET_M] = 2 * DAY_S,
		   [NT_BUCKET_H] = 130 * DAY_S,
		   [NT_BUCKET_D] = 400 * DAY_S,
		   [NT_BUCKET_Q] = 1830 * DAY_S},
    .live_entries = 129600,
    .members = {[NT_BOUND_M] = 128,
		[NT_BOUND_H] = 128,
		[NT_BOUND_D_PORT] = 512,
		[NT_BOUND_D_REGION_PORT] = 512,
		[NT_BOUND_D_OTHER] = 128,
		[NT_BOUND_Q] = 4096,
		[NT_BOUND_OPEN_REGION_PORT] = 32768},
};

/* xorshift64 (Marsaglia 2003) */
static uint64_t draw(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint64_t draw_key(enum nt_table table, uint64_t keys, uint64_t *random)
{
	uint64_t r = draw(random) >> 8;

	switch (table) {
	case NT_TABLE_NO_L4:
		return r & 1 ? 6 : 17;
	case NT_TABLE_IP_PROTO:
		return keys ? r % keys % 256 : r % 257;
	case NT_TABLE_TCP_FLAGS:
		return r % (keys && keys < 256 ? keys : 256);
	case NT_TABLE_REGION:
		return r % (keys && keys < 251 ? keys : 251);
	case NT_TABLE_REGION_PORT:
		return nt_region_port_key((uint32_t)(r % (keys && keys < 251 ? keys : 251)), r >> 20 & 1,
					  (uint16_t)((r >> 24) % (keys ? keys : 65536)));
	default:
		return r % (keys ? keys : 65536);
	}
}

void sample_make(struct nt_snapshot *s, const struct sample *sample)
{
	uint64_t random = (sample->seed + 1) * UINT64_C(0x9e3779b97f4a7c15);

	nt_snapshot_init(s);
	s->start_s = sample->start_s;
	s->end_s = sample->start_s + (sample->length_s ? sample->length_s : 60);
	s->partial = sample->partial;
	for (enum nt_table t = 0; t < NT_TABLES; t++) {
		for (uint32_t i = 0; i < sample->entries; i++)
			if (nt_counts_append(&s->table[t], draw_key(t, sample->keys, &random), 1 + draw(&random) % 100))
				abort();
		nt_counts_compact(&s->table[t]);
	}
	s->class_frames[NT_CLASS_IPV4] = nt_counts_total(&s->table[NT_TABLE_IP_PROTO]);
	s->class_frames[NT_CLASS_IPV6] = 1 + draw(&random) % 10;
	s->class_frames[NT_CLASS_ARP] = draw(&random) % 3;
	for (uint32_t i = 0; i < NT_CLASSES; i++)
		s->frames += s->class_frames[i];
	s->bytes = s->frames * 60;
	s->late = draw(&random) % 2;
	s->malformed[NT_REASON_TCP_OFFSET] = 1 + draw(&random) % 5;
	s->truncated[NT_REASON_UDP_HEADER] = draw(&random) % 5;
	s->overflow[NT_OVERFLOW_REGION_PORT] = draw(&random) % 4;
	s->loss.missed = draw(&random) % 4;
	s->loss.missed_unknown = sample->missed_unknown;
	s->loss.no_mbuf = draw(&random) % 2;
}

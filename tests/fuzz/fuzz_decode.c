/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes, under every link type: decode reads nothing behind them, each frame has one fate, and what is counted
 * adds up. The first four bytes say how long the frame was on the wire, beyond what was captured.
 */
#include "fold/fold.h"
#include "tally/tally.h"

#include <stdlib.h>
#include <string.h>

#define REGION_ENTRIES 1024

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct nt_tally *make_tally(void)
{
	const struct nt_tally_options options = {
	    .region_port_entries = REGION_ENTRIES,
	    .match_entries = REGION_ENTRIES,
	    .source_entries = REGION_ENTRIES,
	    .pair_entries = REGION_ENTRIES,
	    .victim_entries = REGION_ENTRIES,
	    .sketches = 16,
	};
	size_t bytes = (nt_tally_memsize(&options) + 63) / 64 * 64;
	void *memory = aligned_alloc(64, bytes);

	if (!memory)
		abort();
	memset(memory, 0, bytes);
	return nt_tally_init(memory, &options);
}

static bool has_type(const struct nt_fields *f, uint32_t low, uint32_t high)
{
	return f->icmp >> 8 >= low && f->icmp >> 8 <= high;
}

/* What is quoted belongs to an ICMP error alone, options to TCP alone. */
static void check_inside(const struct nt_fields *f)
{
	bool error = (f->fate == NT_FATE_ICMP && (has_type(f, 3, 5) || has_type(f, 11, 12))) ||
		     (f->fate == NT_FATE_ICMP6 && has_type(f, 1, 4));

	if ((f->has_inner && !error) || (f->has_inner_port && !f->has_inner))
		abort();
	if (!f->has_inner && (f->inner_proto || f->inner_port || f->inner_dst[0]))
		abort();
	if (f->has_inner_port && f->inner_proto != 6 && f->inner_proto != 17)
		abort();
	if (f->tcp_options >> NT_TCP_OPTION_BITS || (f->tcp_options && !f->option_layout))
		abort();
	if (f->fate != NT_FATE_TCP && (f->option_layout || f->seq || f->window_scale != NT_WINDOW_SCALE_NONE))
		abort();
}

static void check_fields(const struct nt_fields *f)
{
	bool ip = f->class == NT_CLASS_IPV4 || f->class == NT_CLASS_IPV6;

	if (f->fate >= NT_FATES || f->class >= NT_CLASSES)
		abort();
	if (f->ip_proto != NT_PROTO_NONE && (!ip || f->ip_proto > NT_PROTO_UNRESOLVED))
		abort();
	if (f->fate <= NT_FATE_NO_L4 && f->ip_proto == NT_PROTO_NONE)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct nt_tally *tally;
	static struct nt_burst burst;
	static struct nt_fold *fold;
	struct nt_frame frame = {.time_ns = 0};
	struct nt_snapshot s;
	uint32_t beyond = 0;

	if (size < sizeof(beyond))
		return 0;
	if (!tally)
		tally = make_tally();
	if (!fold)
		fold = nt_fold_new(&(struct nt_fold_options){0});
	memcpy(&beyond, data, sizeof(beyond));
	frame.data = data + sizeof(beyond);
	frame.cap_len = (uint32_t)(size - sizeof(beyond));
	frame.wire_len = frame.cap_len + beyond % 3000;
	for (uint32_t link = NT_LINK_ETHERNET; link <= NT_LINK_SLL2; link++) {
		burst.n = 0;
		nt_tally_arrival(tally, &frame, 1);
		nt_burst_decode(&burst, &frame, 1, link);
		check_fields(&burst.packet[0].fields);
		check_inside(&burst.packet[0].fields);
		nt_tally_ask(tally, &burst, 0);
		nt_tally_find(tally, &burst);
		nt_tally_burst(tally, &burst);
	}
	nt_snapshot_init(&s);
	if (!fold || nt_fold_add(fold, &tally, 1) || nt_fold_take(fold, 0, 60, &s) || nt_snapshot_imbalance(&s) ||
	    s.frames != NT_LINK_SLL2 + 1)
		abort();
	nt_snapshot_fini(&s);
	nt_tally_clear(tally);
	return 0;
}

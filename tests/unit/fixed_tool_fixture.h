/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_FIXED_TOOL_FIXTURE_H
#define TESTS_UNIT_FIXED_TOOL_FIXTURE_H

/* Senders for the detector of fixed tools, hour by hour. After cmocka.h. */
#include "detect/detector.h"
#include "detect_fixture.h"

#define BASE	    1598400000 /* 2020-08-26 00:00 UTC */
#define HOUR	    3600
#define DAY	    86400
#define SOURCES_MAX 20000
#define ALL_THE_SAME                                                                                                   \
	(NT_TRAIT_SEQ_SAME | NT_TRAIT_ACK_SAME | NT_TRAIT_WINDOW_SAME | NT_TRAIT_SRC_PORT_SAME | NT_TRAIT_PORT_SAME)
#define ORDINARY (NT_TRAIT_TCP | NT_TRAIT_PORT | NT_TRAIT_ACK_SAME | NT_TRAIT_WINDOW_SAME | NT_TRAIT_PORT_SAME)

static const struct nt_detect_options options = {
    .fixed_tool =
	{.enabled = true, .sources = 4, .packets = 10, .factor = 4, .warm_up_h = 24, .groups = 4096, .tracked = 20000},
};

/* What the detector knows of a signature are two bits of it, and not its name. */
enum { SMB_8192 = 1u << 0, SEQ_DST = 1u << 1, SMB_OTHER = 1u << 2, SEQ_DST_COUNTS = 1u << 3, SIGNATURES = 4 };

static const struct nt_signature_counts signature[SIGNATURES] = {
    {.name = "smb-8192", .explains = true},
    {.name = "bot", .explains = true, .seq_dst = true},
    {.name = "smb-other"},
    {.name = "mirai", .seq_dst = true},
};

/* A detector and the snapshot being filled. */
struct fixture {
	struct nt_fixed_tool *d;
	struct nt_snapshot s;
	struct nt_snapshot list; /* all that was told */
	bool backwards;		 /* give arrays the other way round */
};

static inline uint16_t region(const char *code)
{
	return (uint16_t)nt_region_index(code, 2);
}

static inline void set_up(struct fixture *f, const struct nt_detect_options *o)
{
	memset(f, 0, sizeof(*f));
	f->d = nt_fixed_tool_new(o);
	assert_non_null(f->d);
	nt_snapshot_init(&f->list);
}

static inline void tear_down(struct fixture *f)
{
	nt_fixed_tool_free(f->d);
	nt_snapshot_fini(&f->list);
}

static inline void begin(struct fixture *f, int64_t start_s, int64_t length_s)
{
	nt_snapshot_init(&f->s);
	f->s.start_s = start_s;
	f->s.end_s = start_s + length_s;
	f->s.source = calloc(SOURCES_MAX, sizeof(f->s.source[0]));
	f->s.detail = calloc(SOURCES_MAX, sizeof(f->s.detail[0]));
	f->s.signature = calloc(SIGNATURES, sizeof(f->s.signature[0]));
	assert_true(f->s.source != NULL && f->s.detail != NULL && f->s.signature != NULL);
	memcpy(f->s.signature, signature, sizeof(signature));
	f->s.n_signatures = SIGNATURES;
}

static inline void turn_round(struct nt_snapshot *s)
{
	for (size_t i = 0, j = s->n_sources; i + 1 < j; i++) {
		struct nt_source source = s->source[i];
		struct nt_source_detail detail = s->detail[i];

		j--;
		s->source[i] = s->source[j];
		s->source[j] = source;
		s->detail[i] = s->detail[j];
		s->detail[j] = detail;
	}
}

/* Returns how many events it brought. */
static inline size_t end(struct fixture *f, bool finish)
{
	size_t events;

	if (f->backwards)
		turn_round(&f->s);
	assert_int_equal(nt_fixed_tool_interval(f->d, &f->s), 0);
	if (finish)
		assert_int_equal(nt_fixed_tool_finish(f->d, &f->s), 0);
	nt_detect_sort_events(&f->s, 0);
	events = f->s.n_events;
	keep_events(&f->list, &f->s);
	nt_snapshot_fini(&f->s);
	return events;
}

/* A kind of sender. */
struct sender {
	const char *region;
	uint32_t asn;
	uint32_t traits;
	uint32_t seq;
	uint32_t ack;
	uint16_t window;
	uint16_t src_port;
	uint16_t port;
	bool backscatter;
	uint32_t signatures;
};

static const struct sender flood = {.region = "NZ",
				    .asn = 64500,
				    .traits = NT_TRAIT_TCP | NT_TRAIT_PORT | (ALL_THE_SAME & ~NT_TRAIT_PORT_SAME),
				    .seq = 0x12345678,
				    .window = 5840,
				    .src_port = 443,
				    .port = 9000};
static const struct sender reply = {.region = "JP",
				    .asn = 2907,
				    .traits = NT_TRAIT_TCP | NT_TRAIT_PORT | NT_TRAIT_ACK_SAME | NT_TRAIT_WINDOW_SAME |
					      NT_TRAIT_SRC_PORT_SAME,
				    .ack = 0x0badcafe,
				    .window = 14600,
				    .src_port = 443,
				    .port = 1024,
				    .backscatter = true};
static const struct sender probe = {
    .region = "NZ", .asn = 64501, .traits = ORDINARY, .window = 5840, .src_port = 50000, .port = 23};

static inline void send_from(struct fixture *f, const struct sender *from, uint32_t address, uint64_t packets)
{
	size_t i = f->s.n_sources++;

	assert_true(i < SOURCES_MAX);
	f->s.source[i] = (struct nt_source){.address = v4(address),
					    .backscatter = from->backscatter,
					    .region = region(from->region),
					    .asn = from->asn,
					    .signatures = from->signatures,
					    .packets = packets};
	f->s.detail[i] =
	    (struct nt_source_detail){.first_s = f->s.start_s,
				      .last_s = f->s.end_s - 1,
				      .targets = 1,
				      .seq = from->traits & NT_TRAIT_SEQ_SAME ? from->seq : (uint32_t)next_random(),
				      .ack = from->ack,
				      .port = from->port,
				      .window = from->window,
				      .src_port = from->src_port,
				      .traits = from->traits};
}

/* `n` senders of a kind, each with `packets`. */
static inline void send_all(struct fixture *f, const struct sender *from, uint32_t first_address, uint32_t n,
			    uint64_t packets)
{
	for (uint32_t i = 0; i < n; i++)
		send_from(f, from, first_address + i, packets);
}

/* Hours with nothing but a stranger, so that there is a past. */
static inline int64_t quiet_hours(struct fixture *f, int64_t start_s, uint32_t hours)
{
	for (uint32_t h = 0; h < hours; h++, start_s += HOUR) {
		begin(f, start_s, HOUR);
		send_from(f, &probe, 77, 5);
		assert_int_equal(end(f, false), 0);
	}
	return start_s;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TALLY_TALLY_H
#define NT_TALLY_TALLY_H

#include "decode/decode.h"
#include "locate/locate.h"
#include "tally/backscatter.h"
#include "tally/burst.h"
#include "tally/histogram.h"
#include "tally/matches.h"
#include "tally/pair.h"
#include "tally/region_port.h"
#include "tally/signature.h"
#include "tally/sketch.h"
#include "tally/source.h"
#include "tally/waiting.h"

/*
 * All counters of one bank of one worker. A worker writes only its own; the stats side reads it after the worker has
 * left it. The caller owns the memory: nt_tally_memsize(), then nt_tally_init().
 */

/**
 * Frames after which a bank must be retired, whatever the interval: half of what a 32-bit counter holds, so that a
 * stats side which looks every second has 14 s at 148.8 Mpps (100 Gb/s of 64-byte frames) before anything wraps.
 */
#define NT_TALLY_FRAMES_MAX (UINT64_C(1) << 31)

/** How much each bounded table takes. */
struct nt_tally_options {
	uint32_t region_port_entries;
	uint32_t match_entries; /**< regions and ports of packets that signatures match */
	uint32_t source_entries;
	uint32_t pair_entries;
	uint32_t victim_entries; /**< of backscatter: twice as many lines, for senders and victims together */
	uint32_t sketches;	 /**< names that sources without a line are counted for */
	/**
	 * Slots that the tables of sources and pairs begin with, a power of two. They are doubled, up to what their
	 * entries need, when a burst might not find room: memory that nobody needs is not touched, but now and then a
	 * burst waits until all that is there has moved. 0: all at once.
	 */
	uint32_t first_slots;
};

struct nt_tally {
	uint64_t frames; /* counted on arrival, before anything is decided: one side of conservation */
	uint64_t bytes;	 /* on the wire */
	uint64_t class_frames[NT_CLASSES];
	uint64_t fate[NT_FATES];
	struct nt_histogram histogram[NT_TABLES]; /* size 0 for a table that is not dense */
	struct nt_region_port region_port; /* without a line or pair: those that no signature matched, and more */
	struct nt_matches matches;	   /* the others of them */
	struct nt_sources sources;
	struct nt_pairs pairs;
	struct nt_replies replies;
	struct nt_sketches sketches;
	struct nt_waiting waiting;
	/* The stats side writes while no worker holds the bank; NULL: none. Bits in the bank are of these. */
	const struct nt_signatures *signatures;
	uint32_t signature_packets[NT_SIGNATURES_MAX]; /* that found no place in `matches` */
	bool settled;
};

/** Bytes of one bank. */
size_t nt_tally_memsize(const struct nt_tally_options *options);

/** Lays out an empty bank in zeroed memory of nt_tally_memsize() bytes, aligned to 64. */
struct nt_tally *nt_tally_init(void *zeroed, const struct nt_tally_options *options);

/** Sees to it that there is room for a burst, as far as the tables may grow. Worker, before its first packet. */
void nt_tally_make_room(struct nt_tally *t);

/** Notes the arrival of frames. Worker, before decoding. */
void nt_tally_arrival(struct nt_tally *t, const struct nt_frame *frames, uint32_t n);

/**
 * Asks the cache for what nt_tally_find() touches of packets that are decoded, those of a burst from `from` on. Matches
 * their signatures meanwhile, unless one asks for regions, which nobody knows yet. Worker.
 */
void nt_tally_ask(const struct nt_tally *t, struct nt_burst *burst, uint32_t from);

/** Is no line left: are the regions of all new sources wanted at once? Worker. */
static inline bool nt_tally_full(const struct nt_tally *t)
{
	return !nt_sources_have(&t->sources, 1);
}

/**
 * Asks the cache for the lines of a burst's sources, and says whose regions are wanted before nt_tally_burst(): of
 * sources without a line, and of all if a table is about to be full or a signature asks for them. Where that may be so
 * it finds or makes the lines; where there is room for all and no question, nt_tally_burst() does. Worker.
 */
void nt_tally_find(struct nt_tally *t, struct nt_burst *burst);

/** Counts a burst whose regions are known as far as they are wanted. Worker. */
void nt_tally_burst(struct nt_tally *t, struct nt_burst *burst);

/** How much of it is done, each with all before; the rest are signatures, which a bank without them leaves out. */
enum nt_tally_part {
	NT_TALLY_SOURCES, /**< lines of sources, backscatter */
	NT_TALLY_DENSE,	  /**< tables of what the packet itself says */
	NT_TALLY_ALL	  /**< ports: pairs, and what is made of them */
};

/** As nt_tally_burst(), as far as `part`: to see what each part costs. Worker. */
void nt_tally_burst_part(struct nt_tally *t, struct nt_burst *burst, enum nt_tally_part part);

/** Whoever wants packets by two things at once, of a bank that is settled. Begins a struct of its own. */
struct nt_cross_sink {
	/** Takes packets; `key` as in struct nt_region_port_slot or struct nt_match_slot. A key may come many times. */
	void (*add)(struct nt_cross_sink *sink, uint32_t key, uint32_t matched, uint32_t packets);
};

/**
 * Completes a retired bank: regions of sources and senders of backscatter; packets by region, port and protocol, as far
 * as the worker left them to be made of lines and pairs. Those by region and port and by signature go to `sink`; what
 * the bank's own tables have of them does not. Once, before anything reads the bank; nt_tally_clear() begins anew.
 * Without tables (NULL) every region is NT_REGION_UNKNOWN. Stats side.
 */
void nt_tally_settle(struct nt_tally *t, const struct nt_locate *locate, struct nt_cross_sink *sink);

/** Empties a bank but keeps its signatures; costs what was touched, and 256 KiB. Stats side, while no worker holds the
 * bank. */
void nt_tally_clear(struct nt_tally *t);

#endif

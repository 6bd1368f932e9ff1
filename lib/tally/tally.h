/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TALLY_TALLY_H
#define NT_TALLY_TALLY_H

#include "decode/decode.h"
#include "tally/histogram.h"
#include "tally/region_port.h"

/*
 * All counters of one bank of one worker. A worker writes only its own; the stats side reads it after the worker has
 * left it. The caller owns the memory: nt_tally_memsize(), then nt_tally_init().
 */

/** Packets that travel together. */
#define NT_BURST 64

/**
 * Frames after which a bank must be retired, whatever the interval: half of what a 32-bit counter holds, so that a
 * stats side which looks every second has 14 s at 148.8 Mpps (100 Gb/s of 64-byte frames) before anything wraps.
 */
#define NT_TALLY_FRAMES_MAX (UINT64_C(1) << 31)

/** A decoded burst: what locate and tally work on. */
struct nt_burst {
	uint32_t n;
	struct nt_fields fields[NT_BURST];
	uint16_t region[NT_BURST]; /* NT_REGION_UNKNOWN where a frame has no source */
};

struct nt_tally {
	uint64_t frames; /* counted on arrival, before anything is decided: one side of conservation */
	uint64_t bytes;	 /* on the wire */
	uint64_t class_frames[NT_CLASSES];
	uint64_t fate[NT_FATES];
	struct nt_histogram histogram[NT_TABLES]; /* size 0 for a table that is not dense */
	struct nt_region_port region_port;
};

/** Bytes of one bank that takes `region_port_entries` pairs of region and port. */
size_t nt_tally_memsize(uint32_t region_port_entries);

/** Lays out an empty bank in zeroed memory of nt_tally_memsize() bytes, aligned to 64. */
struct nt_tally *nt_tally_init(void *zeroed, uint32_t region_port_entries);

/** Notes the arrival of frames. Worker, before decoding. */
void nt_tally_arrival(struct nt_tally *t, const struct nt_frame *frames, uint32_t n);

/** Counts a decoded and located burst. Worker. */
void nt_tally_burst(struct nt_tally *t, const struct nt_burst *burst);

/** Empties a bank; costs what was touched. Stats side, while no worker holds the bank. */
void nt_tally_clear(struct nt_tally *t);

#endif

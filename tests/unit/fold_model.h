/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TESTS_UNIT_FOLD_MODEL_H
#define NT_TESTS_UNIT_FOLD_MODEL_H

#include "needletail/snapshot.h"
#include "tally/tally.h"

/*
 * What a snapshot must say of sources, worked out from the packets themselves, one question at a time and with no
 * table in common with what is tested.
 */

/** One packet, decoded and located. */
struct packet {
	struct nt_fields fields;
	uint16_t region;
	int64_t time_ns;
};

/** Signatures of the test: bit 0 TCP to port 445; bit 1 TCP with window 1024, all SYNs; bit 2 UDP; bit 3 nothing. */
#define MODEL_SIGNATURES 4
#define MODEL_ALL_SYNS	 (1u << 1)
#define MODEL_EXPLAINING (1u << 0 | 1u << 3)
#define MODEL_SEQ_DST	 (1u << 2 | 1u << 3)
extern const char *const model_signature_name[MODEL_SIGNATURES];
uint32_t model_match(const struct nt_fields *f);

/** Random packets of a second or so each, in order of time, of `sources` sources. Regions hang on the source. */
void model_fill(struct packet *p, uint32_t n, uint32_t sources, int64_t start_s, uint32_t seconds);

/** Fails the test unless the snapshot says what the packets say; tables must not have been full. */
void model_check(const struct packet *p, uint32_t n, const struct nt_snapshot *s);

/** Region of a source. */
uint16_t model_region4(uint32_t address);
uint16_t model_region6(const uint8_t address[static 16]);

/** Address of a packet's source. */
struct nt_address model_source(const struct nt_fields *f);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TALLY_SIGNATURE_TABLES_H
#define NT_TALLY_SIGNATURE_TABLES_H

#include "tally/signature.h"
#include "tally/source.h"

/*
 * Compiled signatures: what signature.c writes and match.c reads. Wherever a table gives bits for a value, these are
 * the signatures that accept it, those without a condition on that field included.
 */

/** Fields of 16 bits. */
enum nt_wide_table { NT_WIDE_DST_PORT, NT_WIDE_SRC_PORT, NT_WIDE_WINDOW, NT_WIDE_IP_ID, NT_WIDE_TABLES };

/** Fields whose values are looked up by search, and only when a signature that needs it is still possible. */
enum nt_step_table { NT_STEPS_SEQ, NT_STEPS_ACK, NT_STEPS_LAYOUT, NT_STEPS_SOURCE4, NT_STEP_TABLES };

/** Index of nt_signatures.proto for NT_PROTO_NONE, behind NT_PROTO_UNRESOLVED. */
#define NT_PROTO_NONE_INDEX (NT_PROTO_UNRESOLVED + 1)

/** A value belongs to the last step that begins at or below it; the first begins at 0. */
struct nt_steps {
	uint32_t *start; /* [n] */
	uint32_t *bits;	 /* [n] */
	uint32_t n;
	uint32_t needed; /* signatures with a condition on the field */
};

struct nt_steps6 {
	struct nt_key128 *start; /* [n] */
	uint32_t *bits;		 /* [n] */
	uint32_t n;
};

struct nt_signatures {
	uint32_t kind[NT_CLASSES][NT_FATES];
	uint32_t proto[NT_PROTO_NONE_INDEX + 1];
	uint32_t flags[UINT8_MAX + 1];
	uint32_t ttl[UINT8_MAX + 1];
	uint32_t option[UINT8_MAX + 1];
	uint32_t window_scale[UINT8_MAX + 1];
	/*
	 * By the value's upper byte: where its chunk begins in chunk[], above a mask of the lower byte. A chunk in
	 * which all values give the same bits is one word and its mask is 0, so that the usual field takes 1 KiB and
	 * few lines of it, whatever the traffic.
	 */
	uint32_t wide[NT_WIDE_TABLES][UINT8_MAX + 1];
	uint32_t *chunk;
	/* Relations: signatures that ask for it, and those that ask for its opposite. */
	uint32_t seq_is_dst, seq_is_not_dst;
	uint32_t masscan, not_masscan;
	uint32_t stepped; /* signatures with a condition that is looked up by search */
	struct nt_steps steps[NT_STEP_TABLES];
	struct nt_steps6 source6;
	uint32_t region[NT_REGIONS];
	uint32_t n;
	uint32_t all_syns;
	char name[NT_SIGNATURES_MAX][NT_SIGNATURE_NAME];
};

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TALLY_SIGNATURE_TABLES_H
#define NT_TALLY_SIGNATURE_TABLES_H

#include "tally/signature.h"
#include "tally/source.h"

/*
 * Compiled signatures: what signature.c writes and match.c reads. Wherever a table gives bits for a value, these are
 * the signatures that accept it, those without a condition on that field included.
 */

/** Fields that conditions are on. */
enum nt_field {
	NT_FIELD_PROTO,
	NT_FIELD_VERSION, /**< 4 or 6 */
	NT_FIELD_DST_PORT,
	NT_FIELD_SRC_PORT,
	NT_FIELD_FLAGS, /**< spans are value and mask */
	NT_FIELD_WINDOW,
	NT_FIELD_TTL,
	NT_FIELD_IP_ID,
	NT_FIELD_OPTION, /**< spans begin with bits of enum nt_tcp_option, one of which must be there; 0: none is */
	NT_FIELD_LAYOUT,
	NT_FIELD_WINDOW_SCALE,
	NT_FIELD_SEQ,
	NT_FIELD_ACK,
	NT_FIELD_SEQ_IS_DST, /**< a relation: no spans */
	NT_FIELD_MASSCAN,    /**< likewise */
	NT_FIELD_REGION,
	NT_FIELD_SOURCE4, /**< IPv4 addresses; a condition on NT_FIELD_SOURCE4 has a list for IPv6 besides */
	NT_FIELD_SOURCE6,
	NT_FIELDS
};

/** Fields of 16 bits. */
enum nt_wide_table { NT_WIDE_DST_PORT, NT_WIDE_SRC_PORT, NT_WIDE_WINDOW, NT_WIDE_IP_ID, NT_WIDE_TABLES };

/** Fields of 32 bits that conditions give values of. */
enum nt_value_table { NT_VALUES_SEQ, NT_VALUES_ACK, NT_VALUES_LAYOUT, NT_VALUE_TABLES };

/** Index of nt_signatures.proto for NT_PROTO_NONE, behind NT_PROTO_UNRESOLVED. */
#define NT_PROTO_NONE_INDEX (NT_PROTO_UNRESOLVED + 1)

/** A hash without collisions: a value that conditions name is in its slot, and any other has `otherwise`. */
struct nt_values {
	struct nt_value_slot {
		uint32_t value;
		uint32_t bits;
	} * slot;
	uint32_t multiplier;
	uint32_t shift; /**< slot = value * multiplier >> shift */
	uint32_t otherwise;
};

/** Steps of IPv4 addresses that begin with the same byte. */
struct nt_steps4 {
	uint32_t some;	    /**< signatures that accept some of them */
	uint32_t undecided; /**< signatures that accept some and not others: search `n` steps from `first` */
	uint32_t first;
	uint32_t n;
};

/** Index of nt_signatures.source for IPv6 sources; below it the first byte of IPv4 sources. */
#define NT_SOURCE_BYTE_IPV6 (UINT8_MAX + 1)

/** Fields that are looked at last, and only if a signature that asks for one of them has matched so far. */
#define NT_SELDOM_FIELDS                                                                                               \
	(1u << NT_FIELD_SRC_PORT | 1u << NT_FIELD_OPTION | 1u << NT_FIELD_LAYOUT | 1u << NT_FIELD_WINDOW_SCALE |       \
	 1u << NT_FIELD_SEQ | 1u << NT_FIELD_ACK | 1u << NT_FIELD_REGION | 1u << NT_FIELD_SOURCE4)

/** Index of nt_signatures.kind: both are bytes that stand next to each other in struct nt_fields. */
static inline uint32_t nt_kind_of(uint32_t class, uint32_t fate)
{
	return class << 8 | fate;
}

struct nt_signatures {
	uint32_t asked;	 /**< bit per enum nt_field that some signature has a condition on: the others need no look */
	uint32_t seldom; /**< signatures with a condition on one of NT_SELDOM_FIELDS */
	uint32_t kind[NT_CLASSES << 8]; /**< by nt_kind_of() */
	uint32_t proto[NT_PROTO_NONE_INDEX + 1];
	uint32_t flags[UINT8_MAX + 1];
	uint32_t ttl[UINT8_MAX + 1];
	uint32_t option[UINT8_MAX + 1];
	uint32_t window_scale[UINT8_MAX + 1];
	/*
	 * By the value's upper byte: where its chunk of 256 values begins in chunk[]. Most chunks are the same, in
	 * which no value is asked about: the usual field takes two of them, whatever the traffic.
	 */
	uint32_t wide[NT_WIDE_TABLES][UINT8_MAX + 1];
	uint32_t *chunk;
	/* Relations: signatures that accept a packet without it, and with it. */
	uint32_t seq_dst[2];
	uint32_t masscan[2];
	struct nt_values values[NT_VALUE_TABLES];
	struct nt_steps4 source[NT_SOURCE_BYTE_IPV6 + 1];
	/* An address belongs to the last step that begins at or below it. */
	uint32_t *start4, *bits4;
	struct nt_key128 *start6; /* [source[NT_SOURCE_BYTE_IPV6].n] */
	uint32_t *bits6;
	uint32_t region[NT_REGIONS];
	uint32_t n;
	uint32_t all_syns;
	uint32_t explaining;
	char name[NT_SIGNATURES_MAX][NT_SIGNATURE_NAME];
};

#endif

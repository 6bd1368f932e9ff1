/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TALLY_SIGNATURE_H
#define NT_TALLY_SIGNATURE_H

#include "decode/decode.h"
#include "needletail/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Signatures: conjunctions of conditions on one packet, up to 32 at a time, one bit each. They are compiled to tables
 * from the value of a field to the bits of the signatures that accept it; a packet is matched by and-ing one look-up
 * per field, however many signatures there are.
 *
 * In words a signature is a line such as "tcp dport 445 flags S/SAFR not window 8192"; the language is described in
 * config/signatures.md.
 */

/** One signature, as configured. Texts are the caller's. */
struct nt_signature {
	const char *name;  /**< 1 to 64 of A-Z a-z 0-9 . _ - */
	const char *match; /**< conditions */
	/** Only sources count all of whose TCP SYNs match: for tests that a packet may pass by chance. */
	bool all_syns;
	/** Says what made the traffic: detectors need not ask further. False for one that only counts. */
	bool explains;
};

/** The signatures of a sensor whose configuration says nothing else; why they are what they are: config/signatures.md.
 */
extern const struct nt_signature nt_signatures_shipped[];
extern const uint32_t nt_signatures_shipped_n;

struct nt_signatures;
struct nt_packet;

/** Room for the reason of nt_signature_check() with its NUL. */
#define NT_SIGNATURE_WHY 256

/** Is this a signature's condition? Returns NULL, or what is wrong in `why`. Any thread. */
const char *nt_signature_check(const char *match, char why[static NT_SIGNATURE_WHY]);

/**
 * Compiles signatures. Control threads. Returns NULL with errno set: ENOMEM, or EINVAL with a reason in `why`.
 * What it returns is constant; any number of workers may use it.
 */
struct nt_signatures *nt_signatures_new(const struct nt_signature *signature, uint32_t n,
					char why[static NT_SIGNATURE_WHY]);

/** Frees it, once no worker uses it. NULL is fine. Control threads. */
void nt_signatures_free(struct nt_signatures *s);

/** Number of signatures. */
uint32_t nt_signatures_n(const struct nt_signatures *s);

/** Name of signature i. */
const char *nt_signatures_name(const struct nt_signatures *s, uint32_t i);

/** Bits of the signatures with all_syns. */
uint32_t nt_signatures_all_syns(const struct nt_signatures *s);

/** Bits of the signatures with explains. */
uint32_t nt_signatures_explaining(const struct nt_signatures *s);

/** Bits of the signatures with the condition `seq dst`: what they match has an address of ours for a number. */
uint32_t nt_signatures_seq_dst(const struct nt_signatures *s);

/** Does a signature ask for the region? NULL: none. Any thread. */
bool nt_signatures_ask_region(const struct nt_signatures *s);

/** Bits of the signatures that a packet matches. `region` is its source's. Worker. */
uint32_t nt_signatures_match(const struct nt_signatures *s, const struct nt_fields *fields, uint16_t region);

/** Fills in what the packets of a burst match. NULL: no signatures. Worker. */
void nt_signatures_match_burst(const struct nt_signatures *s, struct nt_packet *packet, uint32_t n);

#endif

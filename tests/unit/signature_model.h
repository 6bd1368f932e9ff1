/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_SIGNATURE_MODEL_H
#define TESTS_UNIT_SIGNATURE_MODEL_H

#include "decode/decode.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Signatures as a plain structure: made at random, written as text, and evaluated on a packet condition by condition.
 * Nothing of it is shared with the program.
 */

enum { MODEL_ITEMS = 4, MODEL_CONDITIONS = 6, MODEL_TEXT = 2048 };

enum model_field {
	MODEL_PROTO,
	MODEL_VERSION,
	MODEL_DPORT,
	MODEL_SPORT,
	MODEL_FLAGS,
	MODEL_WINDOW,
	MODEL_TTL,
	MODEL_IPID,
	MODEL_OPTION,
	MODEL_LAYOUT,
	MODEL_WSCALE,
	MODEL_SEQ,
	MODEL_ACK,
	MODEL_SEQ_DST,
	MODEL_MASSCAN,
	MODEL_REGION,
	MODEL_SRC,
	MODEL_FIELDS
};

struct model_item {
	uint32_t low;  /* number, flags, bit of an option (0: none), layout, region */
	uint32_t high; /* last of a range, mask of flags */
	bool v6;
	uint8_t address[16];
	uint8_t length; /* of the prefix */
};

struct model_condition {
	enum model_field field;
	bool negated;
	uint32_t n;
	struct model_item item[MODEL_ITEMS];
};

struct model_signature {
	uint32_t n;
	struct model_condition condition[MODEL_CONDITIONS];
};

/** A packet as decode leaves it, and its source's region. */
struct model_packet {
	struct nt_fields fields;
	uint16_t region;
};

/** Values come from small pools, so that matches are not rare. */
struct model_signature model_random_signature(void);
struct model_packet model_random_packet(void);

/** The signature in words. */
void model_write(const struct model_signature *s, char text[static MODEL_TEXT]);

bool model_match(const struct model_signature *s, const struct model_packet *p);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TALLY_CONDITION_H
#define NT_TALLY_CONDITION_H

#include "tally/signature_tables.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What the text of a signature says, as conditions on one field each, all of which must hold. Control path: it
 * allocates. The language is described in config/signatures.md.
 */

/** Room for any value of a field, IPv6 addresses included. */
__extension__ typedef unsigned __int128 nt_wide;

/** Values from low to high, both included. */
struct nt_span {
	nt_wide low;
	nt_wide high;
};

struct nt_spans {
	struct nt_span *span;
	uint32_t n;
	uint32_t capacity;
};

struct nt_condition {
	enum nt_field field;
	bool negated;
	struct nt_spans spans;	/**< sorted and apart from one another, but those of flags and options */
	struct nt_spans spans6; /**< of NT_FIELD_SOURCE4 alone */
};

struct nt_conjunction {
	struct nt_condition *condition;
	uint32_t n;
	uint32_t capacity;
};

/** Reads conditions. Undone by nt_conjunction_fini(), also after a failure. 0, -ENOMEM or -EINVAL with a reason. */
int nt_conjunction_parse(const char *match, struct nt_conjunction *out, char why[static NT_SIGNATURE_WHY]);

void nt_conjunction_fini(struct nt_conjunction *c);

/** True if all conditions on a field accept a value of it; a source's address as SOURCE4 or SOURCE6. */
bool nt_conjunction_accepts(const struct nt_conjunction *c, enum nt_field field, nt_wide value);

/** Spans of a condition on a field; SOURCE6 has them in conditions on SOURCE4. NULL if it is on another one. */
const struct nt_spans *nt_condition_spans(const struct nt_condition *c, enum nt_field field);

/* ---- between the files of the parser ---- */

/** Reads the items of a list, separated by commas, into a condition on a field. Returns as nt_conjunction_parse(). */
int nt_condition_parse_items(struct nt_condition *c, const char *word, char *items, char why[static NT_SIGNATURE_WHY]);

/** Number of a protocol's name, or -1. */
int nt_condition_proto(const char *name);

/** Name of the i-th protocol that has one; NULL behind the last. */
const char *nt_condition_proto_name(uint32_t i);

/** Appends a span. 0 or -ENOMEM. */
int nt_spans_append(struct nt_spans *s, nt_wide low, nt_wide high);

/** Sorts spans and puts together those that touch. */
void nt_spans_merge(struct nt_spans *s);

bool nt_spans_contain(const struct nt_spans *s, nt_wide value);

#endif

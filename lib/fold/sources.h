/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_FOLD_SOURCES_H
#define NT_FOLD_SOURCES_H

#include "fold/places.h"
#include "tally/pair.h"
#include "tally/source.h"

/*
 * The sources of an interval, and their pairs with ports, put together from all banks. What the rules of merging are
 * stands with each function; none depends on the order of banks, except where two lines began in the same second.
 */

/** A source. Members as in struct nt_source_line. */
struct nt_fold_source {
	struct nt_key128 address;
	uint64_t packets;
	uint64_t targets;
	uint32_t first_s;
	uint32_t last_s;
	uint32_t matched;
	uint32_t missed;
	uint32_t seq;
	uint32_t ack;
	uint32_t port;
	uint16_t region;
	uint16_t traits;
	uint16_t window;
	uint16_t src_port;
};

struct nt_fold_sources {
	struct nt_places index; /* empty while there was one bank only */
	struct nt_fold_source *entry;
	size_t n;
	size_t capacity;
	uint32_t *place; /* [lines] of the bank that was added last: the source of each line in use */
	size_t lines;
};

/** A source at a port. */
struct nt_fold_pair {
	uint32_t source; /* its place among the sources */
	uint32_t port;	 /* nt_port_key() */
	uint32_t matched;
};

/* Those of the first bank may be there several times, with different signatures, until there is an index. */
struct nt_fold_pairs {
	struct nt_places index;
	struct nt_fold_pair *entry;
	size_t n;
	size_t capacity;
};

/** Adds a bank's lines. Returns 0 or -ENOMEM. */
int nt_fold_sources_add(struct nt_fold_sources *s, const struct nt_sources *bank);
/** Without sources again; the next interval has about as many, and new memory would have to be cleared first. */
void nt_fold_sources_clear(struct nt_fold_sources *s);
void nt_fold_sources_fini(struct nt_fold_sources *s);

/** Adds a bank's pairs, of lines and table; `place` is that of its sources, just added. Returns 0 or -ENOMEM. */
int nt_fold_pairs_add(struct nt_fold_pairs *p, const struct nt_sources *lines, const struct nt_pairs *bank,
		      const uint32_t *place);
void nt_fold_pairs_clear(struct nt_fold_pairs *p);
void nt_fold_pairs_fini(struct nt_fold_pairs *p);

/** Signatures that count a source: a packet matched, and where all its SYNs have to, none missed. */
static inline uint32_t nt_fold_counted(const struct nt_fold_source *s, uint32_t all_syns)
{
	return s->matched & ~(s->missed & all_syns);
}

/** Address as the snapshot has it. */
struct nt_address nt_fold_address(struct nt_key128 key, bool v6);

/** Unix seconds (or bins of them) whose lowest 32 bits are `low`: of all those the nearest to `near`. */
static inline int64_t nt_fold_seconds(uint32_t low, int64_t near)
{
	return near + (int32_t)(low - (uint32_t)near);
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_DETECT_FOLLOWED_H
#define NT_DETECT_FOLLOWED_H

#include "detect/ports.h"

#include "base/mix.h"
#include "needletail/snapshot.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * Sources that are followed over a day: every one with a port, since any of them may become a scanner. What it does not
 * need until then stays small, 100 bytes; the table and the list of sources grow with their number, and no source is
 * moved for that.
 */

/** A source that is followed. */
struct nt_followed {
	struct nt_address address;
	bool crossed; /**< above the threshold, and not told yet */
	bool cut;     /**< ports are missing in the set */
	uint16_t region;
	uint32_t asn;
	uint32_t signatures; /**< bits of the detector's names */
	uint64_t packets;
	uint64_t targets; /**< sketch */
	int64_t first_s;
	int64_t last_s;
	struct nt_ports ports;
};

/** Sources of a chunk, 100 KiB. */
#define NT_FOLLOWED_CHUNK 1024u

struct nt_followed_table {
	struct nt_followed **chunk; /* [chunks] */
	uint32_t chunks;
	uint32_t n;	 /* sources */
	uint64_t *index; /* [slots] hash << 32 | place of a source + 1; 0: free; at most half full */
	uint32_t slots;
};

#define NT_FOLLOWED_NONE UINT32_MAX

/** Returns 0 or -ENOMEM; nt_followed_fini() may follow. */
int nt_followed_init(struct nt_followed_table *t);
/** Frees what the table holds, but not the sources' ports. */
void nt_followed_fini(struct nt_followed_table *t);

/** Takes a source in, known to be absent, at place n - 1; zeroed but for its address and times. Returns 0 or -ENOMEM.
 */
int nt_followed_add(struct nt_followed_table *t, const struct nt_address *address, uint32_t hash);

/** Leaves those in the first `n` places, which the caller has filled with those to stay. */
void nt_followed_leave(struct nt_followed_table *t, uint32_t n);

/** The source in a place. */
static inline struct nt_followed *nt_followed_at(const struct nt_followed_table *t, uint32_t place)
{
	return &t->chunk[place / NT_FOLLOWED_CHUNK][place % NT_FOLLOWED_CHUNK];
}

/** An address as numbers. One of 4 bytes may come with anything behind them. */
struct nt_followed_key {
	uint64_t word[2];
	uint8_t length;
};

static inline struct nt_followed_key nt_followed_key(const struct nt_address *a)
{
	struct nt_followed_key key = {.length = a->length};
	uint32_t v4;

	if (a->length == sizeof(v4)) {
		memcpy(&v4, a->byte, sizeof(v4));
		key.word[0] = v4;
	} else {
		memcpy(key.word, a->byte, sizeof(key.word));
	}
	return key;
}

static inline uint32_t nt_followed_hash(const struct nt_address *a)
{
	const struct nt_followed_key key = nt_followed_key(a);

	return (uint32_t)nt_mix_keyed(key.word[0], key.word[1] + key.length);
}

/** Place of a source, or NT_FOLLOWED_NONE. */
static inline uint32_t nt_followed_find(const struct nt_followed_table *t, const struct nt_address *a, uint32_t hash)
{
	const struct nt_followed_key key = nt_followed_key(a);

	for (uint32_t at = hash;; at++) {
		uint64_t slot = t->index[at & (t->slots - 1)];
		struct nt_followed_key other;

		if (!slot)
			return NT_FOLLOWED_NONE;
		if (slot >> 32 != hash)
			continue;
		other = nt_followed_key(&nt_followed_at(t, (uint32_t)slot - 1)->address);
		if (other.word[0] == key.word[0] && other.word[1] == key.word[1] && other.length == key.length)
			return (uint32_t)slot - 1;
	}
}

/*
 * Asking the cache: an interval's sources are so many that theirs are in no cache. First for the slot, later for the
 * source, at last for its ports. Who stands first where a source belongs is it nearly always. Inlined by force: GCC
 * takes a function that does nothing else for one without any effect, and leaves out its calls.
 */

static inline __attribute__((always_inline)) void nt_followed_ask_slot(const struct nt_followed_table *t, uint32_t hash)
{
	__builtin_prefetch(&t->index[hash & (t->slots - 1)]);
}

static inline __attribute__((always_inline)) struct nt_followed *nt_followed_guess(const struct nt_followed_table *t,
										   uint32_t hash)
{
	uint32_t place1 = (uint32_t)t->index[hash & (t->slots - 1)];

	return place1 ? nt_followed_at(t, place1 - 1) : NULL;
}

static inline __attribute__((always_inline)) void nt_followed_ask(const struct nt_followed_table *t, uint32_t hash)
{
	struct nt_followed *guess = nt_followed_guess(t, hash);

	if (!guess)
		return;
	__builtin_prefetch(guess, 1);
	__builtin_prefetch(&guess->ports, 1);
}

static inline __attribute__((always_inline)) void nt_followed_ask_ports(const struct nt_followed_table *t,
									uint32_t hash)
{
	const struct nt_followed *guess = nt_followed_guess(t, hash);

	if (guess && guess->ports.more)
		__builtin_prefetch(guess->ports.more, 1);
}

#endif

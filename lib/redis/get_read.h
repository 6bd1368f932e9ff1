/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REDIS_GET_READ_H
#define NT_REDIS_GET_READ_H

#include "redis/connection.h"
#include "redis/get.h"
#include "redis/request.h"

/* What the files of the reader share. */

#define GET_WHY NT_REDIS_WHY

struct nt_get {
	struct nt_connection *connection;
	char why[GET_WHY];
};

/* Remembers why a question has no answer; returns err. */
int get_refuse(struct nt_get *g, int err, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ---- many commands at once ---- */

/*
 * Commands that are collected, and then sent in bunches without waiting for each answer. The tag says to the caller
 * what an answer is of.
 */
struct reads {
	struct nt_texts word;
	struct read_command {
		size_t first; /* word */
		size_t n;
		size_t key; /* word */
		size_t tag;
	} * at;
	size_t n;
	size_t room;
	size_t bunch; /* answers that are in memory at a time; 0: as many as are small */
	int error;    /* 0 or -ENOMEM, looked at once */
};

/* For answers of thousands of members. */
#define BUNCH_OF_LARGE 16

/* What is done with an answer: returns 0 or a failure that ends the reading. */
typedef int read_answer(void *cookie, size_t tag, const redisReply *reply);

/* Begins a command: its name and its key. */
void reads_command(struct reads *r, size_t tag, const char *name, const char *key);

/* A key that stands elsewhere than behind the command's name, as in ZUNION and XREAD, is given here. */
void reads_key(struct reads *r, const char *key);

void reads_word(struct reads *r, const char *text);
void reads_number(struct reads *r, int64_t number);

/* Sends all, hands each answer over, and empties the list whatever comes of it. An answer may be an error (a key that
 * is of another type than the command wants). */
int reads_run(struct nt_get *g, struct reads *r, read_answer *answer, void *cookie);

void reads_fini(struct reads *r);

/* ---- values ---- */

/* True if a reply is a text; false for NIL, too. */
bool is_text(const redisReply *reply);

/* A decimal number of a hash: false, and 0, if it is none. More than 64 bits hold is the most that they do. */
bool read_u64(const redisReply *reply, uint64_t *value);

/* The same for a score. */
bool read_score(const redisReply *reply, uint64_t *value);

/* Unix seconds and the like: a number of either sign within reason. */
bool read_seconds(const redisReply *reply, int64_t *value);

/* As read_u64() for a value that may be missing, which is 0; other values that are none are defects. */
uint64_t read_optional(const redisReply *reply, uint64_t *defects);

/* True for an array; NIL, which is nothing, is none and no defect, anything else is a defect. */
bool is_list(const redisReply *reply, uint64_t *defects);

/* Element i of a list, or NULL. */
const redisReply *list_at(const redisReply *reply, size_t i);

/* A sum that stays at the most that there is. */
static inline void add_to(uint64_t *sum, uint64_t value)
{
	if (__builtin_add_overflow(*sum, value, sum))
		*sum = UINT64_MAX;
}

/* The names of a member: false if it is no name. */
bool read_name(const redisReply *reply, char name[static NT_GET_NAME]);

/* "445/tcp": false for anything else. */
bool read_port_name(const char *text, uint16_t *port, const char **transport);

/* ---- a table from name to number ---- */

struct members {
	struct nt_get_member *at;
	size_t n;
	size_t room;
	uint32_t *slot; /* [slots] index + 1; 0: free */
	size_t slots;	/* a power of two */
};

/* Adds packets to a member, which is made if it is not there. NULL: out of memory. */
struct nt_get_member *members_add(struct members *m, const char *name, uint64_t packets);
void members_fini(struct members *m);

/* Sorts, heaviest first, and keeps the first `most` (0: all) as a result; *others is the sum of those that are let go.
 * The table is empty afterwards. */
void members_take(struct members *m, size_t most, struct nt_get_top *out);

/* Adds a flat list of names and numbers (HGETALL, WITHSCORES); only what begins with prefix (NULL: all). */
int members_add_list(struct members *m, const redisReply *reply, const char *prefix, uint64_t *defects);

/* ---- the buckets of all sensors ---- */

struct slot {
	const struct nt_get_sensor *sensor;
	size_t point; /* which part of the range it belongs to */
	enum nt_bucket bucket;
	struct nt_span span;
	bool present;
	uint64_t intervals;
	uint64_t reopened;
	uint64_t reduced;     /* intervals that lost members before they were written */
	uint64_t rest;	      /* of the set that was asked for */
	uint64_t cut_open;    /* members of it that were cut while the bucket was open */
	bool cut_known;	      /* the bucket says that of all its intervals */
	uint64_t rest_hll;    /* names without a HyperLogLog */
	uint64_t rest_unique; /* numbers that an old bucket lost */
	uint64_t lowest;      /* the lightest member, where anybody asked */
};

struct slots {
	struct slot *at;
	size_t n;
};

/* True if members of the set were cut while the bucket grew, perhaps: one that is there may have lost what it had
 * before. */
bool slot_cut_while_open(const struct slot *slot, enum nt_redis_key key);

/* Packets of the set that were cut: the field of totals, NULL if it has none. */
const char *slots_rest_field(const struct nt_get_set *set);

/* One part of the range and its buckets, sensor by sensor; reads what their totals say. *coverage is filled. */
int slots_read(struct nt_get *g, const struct nt_get_query *query, unsigned int kinds, const char *rest,
	       struct slots *out, struct nt_get_coverage *coverage);

/* A part for each bucket of the kind `step`. *points and its coverage are filled. */
int slots_read_steps(struct nt_get *g, const struct nt_get_query *query, enum nt_bucket step, const char *rest,
		     struct slots *out, struct nt_get_point **points, size_t *n_points);

void slots_fini(struct slots *s);

/* The key of a slot's set. */
void slot_key(char text[static NT_REDIS_KEY_TEXT], const struct slot *slot, enum nt_redis_key key, const char *part);

/* Kinds of buckets that have a set, none finer than asked for. */
unsigned int kinds_of(enum nt_redis_key key, enum nt_bucket finest);

#endif

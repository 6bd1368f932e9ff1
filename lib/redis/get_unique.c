/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/get_read.h"

#include "base/hll.h"
#include "redis/hll.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Different sources. Of each bucket and name there is a number: in `unique` when the bucket is closed, in `hll_names`
 * as long as the HyperLogLog is there. Where one bucket of one sensor has all sources, its number is the answer.
 * Otherwise they are united here: the hosts themselves if all buckets have them, which is exact, or else the
 * HyperLogLogs. Where these are gone, the union is at least the largest of the numbers.
 */

/* Hosts of the few, perhaps the same again. */
struct hosts {
	int32_t *host;
	size_t n;
	uint32_t parts; /* buckets that they are of */
};

/* Answers that are united into one number. */
struct answer {
	uint32_t parts;	    /* buckets with sources */
	uint64_t largest;   /* of their numbers */
	uint32_t united;    /* HyperLogLogs that were read */
	uint8_t *registers; /* NULL: not needed, or none read yet */
	struct hosts hosts;
	bool many;	/* a bucket has more than a few */
	bool uncertain; /* a number itself may be too low */
};

struct uniting {
	const struct slots *slots;
	const char *const *name;
	size_t names;
	size_t points;
	struct answer *answer; /* [names * points] */
	uint64_t *number;      /* [slots * names] the larger of what the two lists say */
	struct nt_get_point *point;
};

static struct answer *answer_of(const struct uniting *u, size_t name, const struct slot *slot)
{
	return &u->answer[name * u->points + slot->point];
}

/* The answer of one of the lists: an element per name. */
static int take_numbers(void *cookie, size_t tag, const redisReply *reply)
{
	const struct uniting *u = cookie;
	const struct slot *slot = &u->slots->at[tag];
	uint64_t *defects = &u->point[slot->point].coverage.defects;

	if (!is_list(reply, defects))
		return 0;
	for (size_t i = 0; i < u->names; i++) {
		uint64_t number = read_optional(list_at(reply, i), defects);

		if (u->number[tag * u->names + i] < number)
			u->number[tag * u->names + i] = number;
	}
	return 0;
}

static void ask_list(const struct uniting *u, struct reads *r, size_t slot, const char *command, enum nt_redis_key list)
{
	char key[NT_REDIS_KEY_TEXT];

	slot_key(key, &u->slots->at[slot], list, NULL);
	reads_command(r, slot, command, key);
	for (size_t i = 0; i < u->names; i++)
		reads_word(r, u->name[i]);
}

static int read_numbers(struct nt_get *g, struct uniting *u)
{
	struct reads r = {0};

	for (size_t i = 0; i < u->slots->n; i++) {
		if (!u->slots->at[i].present)
			continue;
		ask_list(u, &r, i, "HMGET", NT_RKEY_UNIQUE);
		ask_list(u, &r, i, "ZMSCORE", NT_RKEY_HLL_NAMES);
	}
	return reads_run(g, &r, take_numbers, u);
}

/* Puts the numbers of all buckets together. */
static void count_parts(struct uniting *u)
{
	for (size_t i = 0; i < u->slots->n; i++) {
		const struct slot *slot = &u->slots->at[i];

		for (size_t n = 0; n < u->names && slot->present; n++) {
			struct answer *a = answer_of(u, n, slot);
			uint64_t number = u->number[i * u->names + n];

			a->parts += number > 0;
			a->many |= number > NT_FEW_HOSTS;
			a->largest = a->largest < number ? number : a->largest;
			a->uncertain |= slot->reopened > 0 || (!number && (slot->rest_hll || slot->rest_unique));
		}
	}
}

/* ---- unions ---- */

static bool read_host(const redisReply *reply, int32_t *host)
{
	char *end;
	long value;

	if (!is_text(reply) || !reply->len)
		return false;
	errno = 0;
	value = strtol(reply->str, &end, 10);
	*host = (int32_t)value;
	return !errno && end == reply->str + reply->len && value >= INT32_MIN && value <= INT32_MAX;
}

/* Tags: slot and name. A bucket without them has an empty list. */
static int take_hosts(void *cookie, size_t tag, const redisReply *reply)
{
	const struct uniting *u = cookie;
	const struct slot *slot = &u->slots->at[tag / u->names];
	struct hosts *h = &answer_of(u, tag % u->names, slot)->hosts;
	uint64_t *defects = &u->point[slot->point].coverage.defects;
	int32_t *grown;

	if (!is_list(reply, defects) || !reply->elements)
		return 0;
	grown = reallocarray(h->host, h->n + reply->elements, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	h->host = grown;
	for (size_t i = 0; i < reply->elements; i++) {
		if (!read_host(reply->element[i], &h->host[h->n + i])) {
			*defects += 1;
			return 0;
		}
	}
	h->n += reply->elements;
	h->parts++;
	return 0;
}

/* Buckets of which something must be read to unite them. */
static bool is_needed(const struct uniting *u, size_t slot, size_t name)
{
	return u->number[slot * u->names + name] && answer_of(u, name, &u->slots->at[slot])->parts > 1;
}

static int read_hosts(struct nt_get *g, struct uniting *u)
{
	struct reads r = {0};
	char key[NT_REDIS_KEY_TEXT];

	for (size_t i = 0; i < u->slots->n; i++)
		for (size_t n = 0; n < u->names; n++) {
			if (!is_needed(u, i, n) || answer_of(u, n, &u->slots->at[i])->many)
				continue;
			slot_key(key, &u->slots->at[i], NT_RKEY_FEW, u->name[n]);
			reads_command(&r, i * u->names + n, "SMEMBERS", key);
		}
	return reads_run(g, &r, take_hosts, u);
}

static int by_number(const void *a, const void *b)
{
	const int32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static uint64_t count_hosts(const struct hosts *h)
{
	uint64_t n = 0;

	qsort(h->host, h->n, sizeof(*h->host), by_number);
	for (size_t i = 0; i < h->n; i++)
		n += !i || h->host[i] != h->host[i - 1];
	return n;
}

/* Tags of the strings: slot and name. */
static int take_string(void *cookie, size_t tag, const redisReply *reply)
{
	const struct uniting *u = cookie;
	const struct slot *slot = &u->slots->at[tag / u->names];
	struct answer *a = answer_of(u, tag % u->names, slot);

	if (reply->type == REDIS_REPLY_NIL)
		return 0;
	if (!a->registers)
		a->registers = calloc(NT_HLL_REGISTERS, 1);
	if (!a->registers)
		return -ENOMEM;
	if (is_text(reply) && !nt_redis_hll_unite((const uint8_t *)reply->str, (size_t)reply->len, a->registers))
		a->united++;
	else
		u->point[slot->point].coverage.defects++;
	return 0;
}

static int unite(struct nt_get *g, struct uniting *u)
{
	struct reads r = {0};
	char key[NT_REDIS_KEY_TEXT];

	for (size_t i = 0; i < u->slots->n; i++)
		for (size_t n = 0; n < u->names; n++) {
			const struct answer *a = answer_of(u, n, &u->slots->at[i]);

			if (!is_needed(u, i, n) || a->hosts.parts == a->parts)
				continue;
			slot_key(key, &u->slots->at[i], NT_RKEY_HLL, u->name[n]);
			reads_command(&r, i * u->names + n, "GET", key);
		}
	return reads_run(g, &r, take_string, u);
}

static struct nt_get_unique_value settle(const struct answer *a)
{
	struct nt_get_unique_value v = {.sources = a->largest, .quality = NT_GET_ESTIMATE};
	uint64_t number = a->registers ? nt_redis_hll_count(a->registers) : 0;

	if (a->parts > 1 && a->hosts.parts == a->parts) {
		number = count_hosts(&a->hosts);
		if (number >= a->largest)
			return (struct nt_get_unique_value){.sources = number, .quality = NT_GET_EXACT};
	}
	if (v.sources < number)
		v.sources = number;
	if (a->parts > 1 && a->united == a->parts && number + 3 + number / 50 >= a->largest)
		return v; /* what came late is in them; an exact number may be a little larger than their estimate */
	if (a->parts > 1 || a->uncertain)
		v.quality = NT_GET_AT_LEAST;
	else if (!a->parts)
		v.quality = NT_GET_EXACT;
	return v;
}

static int answer(struct nt_get *g, struct uniting *u, struct nt_get_unique *out)
{
	int err = read_numbers(g, u);

	if (err)
		return err;
	count_parts(u);
	err = read_hosts(g, u);
	if (!err)
		err = unite(g, u);
	for (size_t i = 0; i < u->names * u->points && !err; i++)
		out->value[i] = settle(&u->answer[i]);
	return err;
}

static int unite_all(struct nt_get *g, const struct slots *slots, const char *const *name, struct nt_get_unique *out)
{
	struct uniting u = {
	    .slots = slots,
	    .name = name,
	    .names = out->names,
	    .points = out->points,
	    .answer = calloc(out->names * out->points + 1, sizeof(*u.answer)),
	    .number = calloc(slots->n * out->names + 1, sizeof(*u.number)),
	    .point = out->point,
	};
	int err;

	out->value = calloc(out->names * out->points + 1, sizeof(*out->value));
	if (u.answer && u.number && out->value)
		err = answer(g, &u, out);
	else
		err = get_refuse(g, -ENOMEM, "out of memory");
	for (size_t i = 0; i < out->names * out->points && u.answer; i++) {
		free(u.answer[i].registers);
		free(u.answer[i].hosts.host);
	}
	free(u.answer);
	free(u.number);
	return err;
}

/* ---- which buckets ---- */

/* Hours have these two alone. */
static bool in_hours(const char *const *name, size_t names)
{
	for (size_t i = 0; i < names; i++)
		if (strcmp(name[i], "sources") != 0 && strcmp(name[i], "backscatter") != 0)
			return false;
	return true;
}

static int read_whole(struct nt_get *g, const struct nt_get_query *query, unsigned int kinds, struct slots *slots,
		      struct nt_get_unique *out)
{
	out->point = calloc(1, sizeof(*out->point));
	out->points = 1;
	if (!out->point)
		return get_refuse(g, -ENOMEM, "out of memory");
	out->point->span = query->range;
	return slots_read(g, query, kinds, NULL, slots, &out->point->coverage);
}

int nt_get_unique(struct nt_get *g, const struct nt_get_query *query, enum nt_bucket step, const char *const *name,
		  size_t names, struct nt_get_unique *out)
{
	bool hours = in_hours(name, names);
	unsigned int kinds = kinds_of(NT_RKEY_UNIQUE, query->finest);
	struct slots slots = {0};
	int err = 0;

	*out = (struct nt_get_unique){.names = names};
	for (size_t i = 0; i < names; i++)
		if (strlen(name[i]) >= NT_GET_NAME - 8) /* a key has room for so much */
			err = -EINVAL;
	if (!hours)
		kinds &= ~NT_GET_KIND(NT_BUCKET_H);
	if (err || !names ||
	    (step != NT_GET_WHOLE && (!nt_redis_key_in(NT_RKEY_UNIQUE, step) || (step == NT_BUCKET_H && !hours))))
		err = get_refuse(g, -EINVAL, "there are no such numbers of sources");
	else if (step == NT_GET_WHOLE)
		err = read_whole(g, query, kinds, &slots, out);
	else
		err = slots_read_steps(g, query, step, NULL, &slots, &out->point, &out->points);
	if (!err)
		err = unite_all(g, &slots, name, out);
	slots_fini(&slots);
	if (err)
		nt_get_unique_fini(out);
	return err;
}

void nt_get_unique_fini(struct nt_get_unique *u)
{
	free(u->point);
	free(u->value);
	*u = (struct nt_get_unique){0};
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "redis_model_parts.h"

#include "needletail/schema.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What numbers of different sources must leave: registers by their greatest, hosts of the few one by one. */

enum { REGISTERS = 16384 };

struct hll {
	char name[NT_SKETCH_TEXT];
	uint8_t rank[REGISTERS];
	bool many; /* its hosts are not known one by one */
	uint32_t *host;
	size_t hosts;
};

static struct hll *hll_of(struct model_sources *m, const char *name)
{
	for (size_t i = 0; i < m->n_hlls; i++)
		if (strcmp(m->hll[i].name, name) == 0)
			return &m->hll[i];
	m->hll = reallocarray(m->hll, m->n_hlls + 1, sizeof(*m->hll));
	assert_non_null(m->hll);
	m->hll[m->n_hlls] = (struct hll){0};
	snprintf(m->hll[m->n_hlls].name, sizeof(m->hll->name), "%s", name);
	return &m->hll[m->n_hlls++];
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void add_hosts(struct hll *h, const struct nt_sketch *s)
{
	size_t kept = 0;

	h->host = reallocarray(h->host, h->hosts + s->n_hosts + 1, sizeof(*h->host));
	assert_non_null(h->host);
	for (uint32_t i = 0; i < s->n_hosts; i++)
		h->host[h->hosts++] = s->host[i];
	qsort(h->host, h->hosts, sizeof(*h->host), by_number);
	for (size_t i = 0; i < h->hosts; i++)
		if (!i || h->host[i] != h->host[i - 1])
			h->host[kept++] = h->host[i];
	h->hosts = kept;
	h->many = h->many || !s->n_hosts || kept > NT_FEW_HOSTS;
}

void model_sketches_add(struct model_sources *m, enum nt_bucket bucket, const struct nt_snapshot *s)
{
	for (size_t i = 0; i < s->n_sketches; i++) {
		char name[NT_SKETCH_TEXT];
		struct hll *h;
		uint32_t kind = s->sketch[i].key >> 24;

		if (kind == NT_SKETCH_SIGNATURE_PORT ||
		    (bucket == NT_BUCKET_H && kind != NT_SKETCH_SOURCES && kind != NT_SKETCH_BACKSCATTER))
			continue;
		nt_sketch_text(s, s->sketch[i].key, name);
		h = hll_of(m, name);
		add_hosts(h, &s->sketch[i]);
		for (uint32_t r = 0; r < s->sketch[i].n; r++) {
			uint32_t index = s->sketch[i].registers[r] >> 8;
			uint8_t rank = (uint8_t)s->sketch[i].registers[r];

			h->rank[index] = rank > h->rank[index] ? rank : h->rank[index];
		}
	}
}

void model_sketches_free(struct model_sources *m)
{
	for (size_t i = 0; i < m->n_hlls; i++)
		free(m->hll[i].host);
	free(m->hll);
}

/* Reads Redis' string into registers. */
static void read_hll(const uint8_t *s, size_t length, uint8_t rank[static REGISTERS])
{
	uint32_t r = 0;

	assert_true(length >= 16 && memcmp(s, "HYLL", 4) == 0);
	memset(rank, 0, REGISTERS);
	if (s[4] == 0) {
		assert_int_equal(length, 16 + REGISTERS * 6 / 8);
		for (uint32_t bit = 0; bit < REGISTERS * 6; bit++)
			rank[bit / 6] |= (uint8_t)((s[16 + bit / 8] >> bit % 8 & 1) << bit % 6);
		return;
	}
	for (size_t i = 16; i < length; i++) {
		uint32_t run = (s[i] & 0x3fu) + 1, set = 0;

		if (s[i] & 0x80) {
			set = (s[i] >> 2 & 31u) + 1;
			run = (s[i] & 3u) + 1;
		} else if (s[i] & 0x40) {
			run = ((s[i] & 0x3fu) << 8 | s[i + 1]) + 1;
			i++;
		}
		for (; run; run--)
			rank[r++] = (uint8_t)set;
	}
	assert_int_equal(r, REGISTERS);
}

/* The hosts that are known one by one; else the server's own count of registers. */
static uint64_t count_of(struct redis_server *server, const struct hll *h)
{
	uint8_t text[16 + REGISTERS * 6 / 8] = "HYLL";

	text[15] = 0x80;
	for (uint32_t bit = 0; bit < REGISTERS * 6; bit++)
		text[16 + bit / 8] |= (uint8_t)((h->rank[bit / 6] >> bit % 6 & 1) << bit % 8);
	if (!h->many)
		return h->hosts;
	freeReplyObject(redis_server_do(server, "SET count %b", text, sizeof(text)));
	return (uint64_t)redis_server_number(server, "PFCOUNT count");
}

/* Whether the hosts are there; then they are all of them. */
static bool check_hosts(const struct checking *c, const struct hll *h)
{
	char part[128], key[NT_REDIS_KEY_TEXT];
	struct numbers found = {0};
	redisReply *reply;

	snprintf(part, sizeof(part), "few:%.100s", h->name);
	model_key_text(c, part, key);
	reply = redis_server_do(c->server, "SMEMBERS %s", key);
	if (h->many && reply->elements)
		fail_msg("%s has hosts, and not all", key);
	if (reply->elements)
		assert_int_equal(reply->elements, h->hosts);
	for (size_t i = 0; i < reply->elements; i++)
		numbers_add(&found, "", reply->element[i]->str, 1);
	if (found.n)
		numbers_sort(&found);
	for (size_t i = 0; i < h->hosts && found.n; i++) {
		char member[24];

		snprintf(member, sizeof(member), "%" PRId32, (int32_t)h->host[i]);
		assert_non_null(numbers_find(&found, member));
	}
	if (found.n) {
		assert_true(redis_server_number(c->server, "TTL %s", key) > 0);
		freeReplyObject(reply);
		reply = redis_server_do(c->server, "OBJECT ENCODING %s", key);
		assert_string_equal(reply->str, "intset");
	}
	free(found.number);
	freeReplyObject(reply);
	return found.n;
}

static bool check_hll(const struct checking *c, const struct hll *h, uint64_t counted, const struct numbers *names,
		      const struct numbers *unique)
{
	bool few;
	uint8_t rank[REGISTERS];
	char part[128], key[NT_REDIS_KEY_TEXT];
	redisReply *reply;

	snprintf(part, sizeof(part), "hll:%.100s", h->name);
	model_key_text(c, part, key);
	reply = redis_server_do(c->server, "GET %s", key);
	assert_int_equal(!!numbers_find(names, h->name), reply->type == REDIS_REPLY_STRING);
	if (reply->type == REDIS_REPLY_STRING && !c->bucket->reopened) {
		read_hll((const uint8_t *)reply->str, reply->len, rank);
		assert_memory_equal(rank, h->rank, REGISTERS);
		assert_int_equal(model_value(names, h->name), counted);
	}
	assert_true(c->closed || reply->type == REDIS_REPLY_STRING);
	freeReplyObject(reply);
	few = check_hosts(c, h);
	if (few)
		assert_non_null(numbers_find(names, h->name));
	else if (!c->closed && !h->many)
		fail_msg("%s: no hosts", key);
	if (c->old && !numbers_find(unique, h->name))
		return few;
	if (model_cut_once(c))
		assert_int_equal(model_value(unique, h->name), counted);
	else if (c->closed)
		assert_in_range(model_value(unique, h->name), 1, counted + 3 + counted / 50);
	return few;
}

/* Of a bucket that was cut more than once the numbers that it was cut by are not known any more. */
static void check_kept(const struct checking *c, const struct numbers *all, const struct numbers *names, size_t bound)
{
	size_t closed = c->limits->members[nt_redis_key_row[NT_RKEY_HLL].closed[c->bucket->bucket]], key_bytes;
	bool *kept = calloc(2 * all->n + 1, sizeof(*kept));
	char key[NT_REDIS_KEY_TEXT];

	assert_non_null(kept);
	model_key_text(c, "hll:", key);
	key_bytes = strlen(key);
	model_sketches_kept(all, key_bytes, bound, kept);
	model_sketches_kept(all, key_bytes, closed, kept + all->n);
	for (size_t i = 0; i < all->n && !c->bucket->reopened; i++)
		if ((kept[i] && kept[all->n + i]) != !!numbers_find(names, all->number[i].name))
			fail_msg("%s%s: %s", key, all->number[i].name, kept[i] ? "missing" : "not cut");
	if (bound)
		assert_true(model_sketches_place(names, key_bytes) <= model_sketches_room(bound));
	if (!bound || model_sketches_place(all, key_bytes) <= model_sketches_room(bound < closed ? bound : closed))
		assert_int_equal(names->n, all->n);
	free(kept);
}

/* Which of the few still have their hosts: those that had room when the bucket was closed, and when it became old. */
static void check_few(const struct checking *c, const struct numbers *all, const bool *there, size_t bound)
{
	size_t closed = c->limits->members[nt_redis_key_row[NT_RKEY_HLL].closed[c->bucket->bucket]], key_bytes;
	bool *kept = calloc(all->n + 1, sizeof(*kept));
	char key[NT_REDIS_KEY_TEXT];

	assert_non_null(kept);
	model_key_text(c, "few:", key);
	key_bytes = strlen(key);
	for (size_t i = 0; i < all->n; i++)
		kept[i] = !c->bucket->sources->hll[i].many;
	model_few_kept(all, key_bytes, closed, kept);
	model_few_kept(all, key_bytes, bound, kept);
	for (size_t i = 0; i < all->n; i++)
		if (kept[i] != there[i])
			fail_msg("%s%s: %s", key, all->number[i].name, kept[i] ? "missing" : "not cut");
	free(kept);
}

void model_sketches_check(const struct checking *c)
{
	const struct model_sources *m = c->bucket->sources;
	bool *few = calloc(m->n_hlls + 1, sizeof(*few));
	size_t bound = model_bound(c->model, c->bucket, c->limits, NT_RKEY_HLL);
	size_t numbers = model_bound(c->model, c->bucket, c->limits, NT_RKEY_UNIQUE);
	char key[NT_REDIS_KEY_TEXT];
	struct numbers names, unique, all = {0};

	model_key_text(c, "hll_names", key);
	names = numbers_fetch(c->server, "ZRANGE %s 0 -1 WITHSCORES", key);
	model_key_text(c, "unique", key);
	unique = numbers_fetch(c->server, "HGETALL %s", key);
	for (size_t i = 0; i < m->n_hlls; i++) {
		uint64_t counted = count_of(c->server, &m->hll[i]);

		numbers_add(&all, "", m->hll[i].name, counted);
		few[i] = check_hll(c, &m->hll[i], counted, &names, &unique);
	}
	if (c->closed)
		check_kept(c, &all, &names, bound);
	if (model_cut_once(c))
		check_few(c, &all, few, bound);
	free(few);
	if (c->closed && !(c->old && numbers))
		assert_int_equal(unique.n, m->n_hlls);
	else if (!model_cut_once(c) && c->closed)
		assert_int_equal(unique.n, numbers < m->n_hlls ? numbers : m->n_hlls);
	else if (c->closed)
		model_check_unique(&all, &unique, numbers);
	if (c->old && !c->bucket->reopened)
		assert_int_equal(unique.n + model_value(&c->totals, "rest.unique"), m->n_hlls);
	free(all.number);
	free(names.number);
	free(unique.number);
}

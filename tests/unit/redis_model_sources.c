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

/* What sources and signatures must leave, summed by key and field. */

struct model_orgs {
	struct org {
		uint32_t asn;
		char *name;
	} * org;
	size_t n;
};

static struct numbers *ledger_of(struct model_sources *m, const char *key)
{
	for (size_t i = 0; i < m->n_ledgers; i++)
		if (strcmp(m->ledger[i].key, key) == 0)
			return &m->ledger[i].numbers;
	m->ledger = reallocarray(m->ledger, m->n_ledgers + 1, sizeof(*m->ledger));
	assert_non_null(m->ledger);
	m->ledger[m->n_ledgers] = (struct ledger){0};
	snprintf(m->ledger[m->n_ledgers].key, sizeof(m->ledger->key), "%s", key);
	return &m->ledger[m->n_ledgers++].numbers;
}

static struct numbers *ledger_of_region(struct model_sources *m, const char *kind, uint32_t region)
{
	char text[3], key[64];

	nt_region_text(region, text);
	snprintf(key, sizeof(key), "%s:%s", kind, text);
	return ledger_of(m, key);
}

static void add_address(struct model_sources *m, const char *kind, const struct nt_address *address, uint32_t region,
			uint64_t packets, uint32_t asn)
{
	char text[NT_ADDRESS_TEXT];

	nt_address_text(address, text);
	numbers_add(ledger_of_region(m, kind, region), "", text, packets);
	numbers_add(&m->who, "", text, 0);
	m->who.number[m->who.n - 1].value = (uint64_t)asn + 1;
}

static void add_day(struct model_sources *m, const struct nt_snapshot *s)
{
	for (size_t i = 0; i < s->n_sources; i++)
		add_address(m, "source", &s->source[i].address, s->source[i].region, s->source[i].packets,
			    s->source[i].asn);
	for (size_t i = 0; i < s->n_backscatter; i++)
		add_address(m, "backscatter", &s->backscatter[i].address, s->backscatter[i].region,
			    s->backscatter[i].packets, s->backscatter[i].asn);
	for (size_t i = 0; i < s->backscatter_port.n; i++) {
		const struct nt_count *c = &s->backscatter_port.entry[i];
		char port[24];

		snprintf(port, sizeof(port), "%u/%s", (unsigned int)(c->key & 0xffff),
			 c->key >> 16 & 1 ? "udp" : "tcp");
		numbers_add(ledger_of_region(m, "backscatter_port", (uint32_t)(c->key >> 17)), "", port, c->count);
	}
}

static void add_signature(struct model_sources *m, const struct nt_signature_counts *s)
{
	char key[NT_SKETCH_TEXT], field[64], region[3];
	struct numbers *n;

	if (!s->packets)
		return;
	snprintf(key, sizeof(key), "sig:%s", s->name);
	n = ledger_of(m, key);
	numbers_add(n, "", "packets", s->packets);
	for (size_t i = 0; i < s->region_packets.n; i++) {
		nt_region_text((uint32_t)s->region_packets.entry[i].key, region);
		snprintf(field, sizeof(field), "region:%s", region);
		numbers_add(n, "", field, s->region_packets.entry[i].count);
	}
	for (size_t i = 0; i < s->port_packets.n; i++) {
		uint64_t k = s->port_packets.entry[i].key;

		snprintf(field, sizeof(field), "port:%u/%s", (unsigned int)(k & 0xffff), k >> 16 ? "udp" : "tcp");
		numbers_add(n, "", field, s->port_packets.entry[i].count);
	}
}

static void add_orgs(struct model *m, const struct nt_snapshot *s)
{
	if (!m->orgs)
		m->orgs = calloc(1, sizeof(*m->orgs));
	assert_non_null(m->orgs);
	for (size_t i = 0; i < s->n_orgs; i++) {
		struct model_orgs *o = m->orgs;

		o->org = reallocarray(o->org, o->n + 1, sizeof(*o->org));
		assert_non_null(o->org);
		o->org[o->n++] = (struct org){.asn = s->org[i].asn, .name = strdup(s->org[i].name)};
	}
}

void model_sources_add(struct model *m, struct model_bucket *b, const struct nt_snapshot *s)
{
	if (!b->sources)
		b->sources = calloc(1, sizeof(*b->sources));
	assert_non_null(b->sources);
	for (size_t i = 0; i < s->n_signatures; i++)
		add_signature(b->sources, &s->signature[i]);
	if (b->bucket == NT_BUCKET_D)
		add_day(b->sources, s);
	if (b->bucket != NT_BUCKET_M)
		model_sketches_add(b->sources, b->bucket, s);
	if (b->bucket == NT_BUCKET_M)
		add_orgs(m, s);
}

void model_sources_free(struct model *m)
{
	for (size_t i = 0; i < m->n; i++) {
		struct model_sources *s = m->bucket[i].sources;

		for (size_t j = 0; s && j < s->n_ledgers; j++)
			free(s->ledger[j].numbers.number);
		if (s) {
			free(s->ledger);
			model_sketches_free(s);
			free(s->who.number);
		}
		free(s);
	}
	for (size_t i = 0; m->orgs && i < m->orgs->n; i++)
		free(m->orgs->org[i].name);
	if (m->orgs)
		free(m->orgs->org);
	free(m->orgs);
}

/* Checking. */

void model_key_text(const struct checking *c, const char *part, char text[static NT_REDIS_KEY_TEXT])
{
	snprintf(text, NT_REDIS_KEY_TEXT, "nt:{%s}:%c:%" PRId64 ":%s", c->model->sensor,
		 nt_bucket_letter[c->bucket->bucket], c->bucket->span.start_s, part);
}

uint64_t model_value(const struct numbers *n, const char *name)
{
	const struct number *there = numbers_find(n, name);

	return there ? there->value : 0;
}

bool model_cut_once(const struct checking *c)
{
	return c->closed && !c->bucket->reopened;
}

static uint64_t sum(const struct numbers *n, const char *prefix)
{
	uint64_t total = 0;

	for (size_t i = 0; i < n->n; i++)
		if (strncmp(n->number[i].name, prefix, strlen(prefix)) == 0)
			total += n->number[i].value;
	return total;
}

static size_t size(const struct numbers *n, const char *prefix)
{
	size_t total = 0;

	for (size_t i = 0; i < n->n; i++)
		total += strncmp(n->number[i].name, prefix, strlen(prefix)) == 0;
	return total;
}

/* Nothing there may be more than it should, and everything is right if nothing was cut more than once. */
static void check_values(const char *key, const struct numbers *expected, const struct numbers *redis, bool exact)
{
	for (size_t i = 0; i < redis->n; i++) {
		const struct number *r = &redis->number[i];
		uint64_t wanted = model_value(expected, r->name);

		if (strncmp(r->name, "rest:", 5) != 0 && (exact ? r->value != wanted : r->value > wanted || !wanted))
			fail_msg("%s %s: %" PRIu64 " and not %" PRIu64, key, r->name, r->value, wanted);
	}
}

static uint64_t check_signature(const struct checking *c, struct ledger *l)
{
	enum nt_bucket b = c->bucket->bucket;
	size_t bound = model_bound(c->model, c->bucket, c->limits, NT_RKEY_SIG);
	struct numbers redis;
	uint64_t rest;
	char key[NT_REDIS_KEY_TEXT];

	model_key_text(c, l->key, key);
	redis = numbers_fetch(c->server, "HGETALL %s", key);
	assert_int_equal(model_value(&redis, "packets"), model_value(&l->numbers, "packets"));
	check_values(key, &l->numbers, &redis,
		     !model_value(&redis, "rest:port") && !model_value(&redis, "rest:region"));
	assert_int_equal(sum(&redis, "port:") + model_value(&redis, "rest:port"), sum(&l->numbers, "port:"));
	assert_int_equal(sum(&redis, "region:") + model_value(&redis, "rest:region"), sum(&l->numbers, "region:"));
	if (bound && size(&redis, "port:") > bound * (c->closed || b == NT_BUCKET_M ? 2 : 3) / 2)
		fail_msg("%s: %zu ports", key, size(&redis, "port:"));
	if (c->old && b >= NT_BUCKET_D && c->limits->members[NT_BOUND_OLD_SIG])
		assert_true(size(&redis, "region:") <= c->limits->members[NT_BOUND_OLD_SIG]);
	else if (b >= NT_BUCKET_D)
		assert_int_equal(size(&redis, "region:"), size(&l->numbers, "region:"));
	rest = model_value(&redis, "rest:port");
	free(redis.number);
	return rest;
}

static int heavier(const void *a, const void *b)
{
	const struct number *x = a, *y = b;

	return (x->value < y->value) - (x->value > y->value);
}

/* The lightest that is kept must not be lighter than the heaviest that is not. */
static void check_heaviest(const char *key, const struct numbers *expected, const struct numbers *redis)
{
	struct numbers sorted = {.n = expected->n};
	uint64_t kept = sum(redis, ""), wanted = 0;

	sorted.number = calloc(expected->n + 1, sizeof(*sorted.number));
	assert_non_null(sorted.number);
	memcpy(sorted.number, expected->number, expected->n * sizeof(*sorted.number));
	qsort(sorted.number, sorted.n, sizeof(*sorted.number), heavier);
	for (size_t i = 0; i < redis->n; i++)
		wanted += sorted.number[i].value;
	free(sorted.number);
	if (kept != wanted)
		fail_msg("%s keeps %" PRIu64 " packets, the heaviest have %" PRIu64, key, kept, wanted);
}

struct kind {
	const char *name;
	enum nt_redis_key key;
	bool together;
	size_t share; /* of old sets that have a bound together, UINT32_MAX: all; then how many have one more */
	size_t more;
	struct numbers all; /* of all regions */
	struct numbers kept;
	size_t exact; /* sets that were cut at most once */
};

static bool is_of(const struct ledger *l, const struct kind *kind)
{
	size_t length = strlen(kind->name);

	return strncmp(l->key, kind->name, length) == 0 && l->key[length] == ':';
}

/* The largest share with which all of a kind's sets together are within their bound. */
static void find_share(const struct checking *c, struct kind *kind)
{
	const struct model_sources *m = c->bucket->sources;
	size_t all = c->limits->members[nt_redis_key_row[kind->key].old_all], kept = 0;
	size_t closed = c->limits->members[nt_redis_key_row[kind->key].closed[NT_BUCKET_D]];

	kind->share = UINT32_MAX;
	if (!c->old || !all)
		return;
	for (size_t share = 0; kept <= all; kind->share = share++) {
		size_t last = kept;

		kind->more = all - kept;
		kept = 0;
		for (size_t i = 0; i < m->n_ledgers; i++) {
			size_t n = m->ledger[i].numbers.n;

			n = closed && closed < n ? closed : n;
			if (is_of(&m->ledger[i], kind))
				kept += n < share + 1 ? n : share + 1;
		}
		if (kept == last) { /* all of them */
			kind->share = UINT32_MAX;
			return;
		}
	}
	if (!kind->share) {
		kind->share = 1;
		kind->more = 0;
	}
}

/* How many members an old set has. To be called in the order of their names. */
static size_t share_of(const struct checking *c, const struct ledger *l, struct kind *kind)
{
	size_t closed = c->limits->members[nt_redis_key_row[kind->key].closed[NT_BUCKET_D]];
	size_t old = c->limits->members[nt_redis_key_row[kind->key].old[NT_BUCKET_D]];
	size_t n = l->numbers.n, share = kind->share;

	n = closed && closed < n ? closed : n;
	if (n > share && kind->more) {
		share++;
		kind->more--;
	}
	n = old && old < n ? old : n;
	return share < n ? share : n;
}

static void check_day_set(const struct checking *c, struct ledger *l, struct kind *kind, struct numbers *who)
{
	size_t open = c->limits->members[nt_redis_key_row[kind->key].open[NT_BUCKET_D]];
	size_t bound = model_bound(c->model, c->bucket, c->limits, kind->key);
	bool exact = l->numbers.n <= open && !c->bucket->reopened;
	struct numbers redis;
	char key[NT_REDIS_KEY_TEXT];

	model_key_text(c, l->key, key);
	redis = numbers_fetch(c->server, "ZRANGE %s 0 -1 WITHSCORES", key);
	check_values(key, &l->numbers, &redis, exact);
	assert_true(!bound || redis.n <= bound);
	if (c->old && exact && !kind->together)
		assert_int_equal(redis.n, share_of(c, l, kind));
	if (exact && !kind->together)
		check_heaviest(key, &l->numbers, &redis);
	for (size_t i = 0; i < l->numbers.n; i++)
		numbers_add(&kind->all, l->key, l->numbers.number[i].name, l->numbers.number[i].value);
	for (size_t i = 0; i < redis.n; i++) {
		numbers_add(&kind->kept, l->key, redis.number[i].name, redis.number[i].value);
		if (kind->key != NT_RKEY_BACKSCATTER_PORT)
			numbers_add(who, "", redis.number[i].name, 1);
	}
	kind->exact += exact;
	free(redis.number);
}

static void check_kind(const struct checking *c, struct kind *kind, size_t sets)
{
	size_t bound = model_bound(c->model, c->bucket, c->limits, kind->key);
	char rest[64];

	snprintf(rest, sizeof(rest), "rest.%s", kind->name);
	numbers_sort(&kind->all);
	numbers_sort(&kind->kept);
	if (sum(&kind->kept, "") + model_value(&c->totals, rest) != sum(&kind->all, ""))
		fail_msg("%s: %" PRIu64 " kept and %" PRIu64 " in rest, not %" PRIu64, kind->name, sum(&kind->kept, ""),
			 model_value(&c->totals, rest), sum(&kind->all, ""));
	if (kind->together && c->closed && bound) {
		assert_true(kind->kept.n <= bound);
		if (kind->exact == sets)
			check_heaviest(kind->name, &kind->all, &kind->kept);
		if (kind->exact == sets)
			assert_int_equal(kind->kept.n, kind->all.n < bound ? kind->all.n : bound);
	}
	free(kind->all.number);
	free(kind->kept.number);
}

/* Who is known: every address that is kept, and no other. */
static void check_who(const struct checking *c, struct numbers *who)
{
	struct model_sources *m = c->bucket->sources;
	struct numbers redis;
	char key[NT_REDIS_KEY_TEXT];

	model_key_text(c, "who", key);
	redis = numbers_fetch(c->server, "HGETALL %s", key);
	numbers_sort(who);
	for (size_t i = 0; i < m->who.n; i++)
		if (numbers_find(who, m->who.number[i].name)) {
			const struct number *r = numbers_find(&redis, m->who.number[i].name);

			if (!r || r->value + 1 != m->who.number[i].value)
				fail_msg("who %s", m->who.number[i].name);
		}
	assert_int_equal(redis.n, who->n);
	free(redis.number);
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct ledger *)a)->key, ((const struct ledger *)b)->key);
}

static void check_day(const struct checking *c)
{
	struct kind kinds[] = {{.name = "source", .key = NT_RKEY_SOURCE},
			       {.name = "backscatter", .key = NT_RKEY_BACKSCATTER, .together = true},
			       {.name = "backscatter_port", .key = NT_RKEY_BACKSCATTER_PORT}};
	struct model_sources *m = c->bucket->sources;
	struct numbers who = {0};

	if (m->n_ledgers)
		qsort(m->ledger, m->n_ledgers, sizeof(*m->ledger), by_key);
	for (size_t k = 0; k < 3; k++) {
		size_t sets = 0;

		find_share(c, &kinds[k]);
		for (size_t i = 0; i < m->n_ledgers; i++) {
			struct ledger *l = &m->ledger[i];

			if (!is_of(l, &kinds[k]))
				continue;
			sets++;
			check_day_set(c, l, &kinds[k], &who);
		}
		check_kind(c, &kinds[k], sets);
	}
	check_who(c, &who);
	free(who.number);
}

static void check_bucket(struct checking *c)
{
	struct model_sources *m = c->bucket->sources;
	uint64_t rest = 0;
	char key[NT_REDIS_KEY_TEXT];

	for (size_t i = 0; i < m->n_ledgers; i++)
		numbers_sort(&m->ledger[i].numbers);
	model_key_text(c, "totals", key);
	c->totals = numbers_fetch(c->server, "HGETALL %s", key);
	for (size_t i = 0; i < m->n_ledgers; i++)
		if (strncmp(m->ledger[i].key, "sig:", 4) == 0)
			rest += check_signature(c, &m->ledger[i]);
	assert_int_equal(model_value(&c->totals, "rest.sig"), rest);
	if (c->bucket->bucket == NT_BUCKET_D)
		check_day(c);
	if (c->bucket->bucket != NT_BUCKET_M)
		model_sketches_check(c);
	free(c->totals.number);
}

void model_sources_check(const struct model *m, struct redis_server *server, const struct nt_redis_limits *limits)
{
	for (size_t i = 0; i < m->n; i++) {
		struct checking c = {.model = m,
				     .bucket = &m->bucket[i],
				     .server = server,
				     .limits = limits,
				     .closed = model_closed(m, &m->bucket[i]),
				     .old = model_old(m, &m->bucket[i], limits)};

		if (m->bucket[i].intervals) /* else there are only scanners that were told later */
			check_bucket(&c);
	}
	for (size_t i = 0; m->orgs && i < m->orgs->n; i++) {
		redisReply *reply =
		    redis_server_do(server, "HGET nt:{%s}:org %u", m->sensor, (unsigned int)m->orgs->org[i].asn);

		assert_int_equal(reply->type, REDIS_REPLY_STRING);
		assert_string_equal(reply->str, m->orgs->org[i].name);
		freeReplyObject(reply);
	}
	assert_int_equal(redis_server_number(server, "XLEN nt:{%s}:events", m->sensor), m->events);
}

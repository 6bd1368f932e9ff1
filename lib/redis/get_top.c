/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/get_read.h"

#include "base/parse.h"
#include "needletail/schema.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The heaviest members of a set, over buckets and sensors: all members are read and added up, and the heaviest are then
 * looked for in every bucket that was cut. Who is not in such a bucket has there at most what its lightest member has,
 * because the heaviest stay.
 */

/* Keys of one ZUNION. A closed bucket has 512 members at most, so that the server is busy for some milliseconds. */
#define UNION_KEYS 16

/* More members than this are not looked for in each bucket: what may be missing is then told by the rest alone. */
#define CHECKED_MOST 1024

/* Members beyond those wanted that are looked for where few of each bucket were read: one that is light in each may be
 * heavy in all. */
#define CANDIDATES(most) (2 * (most) + 16)

#define PORT_KEYS (2u << 16)

/* ---- reading all members ---- */

struct gathering {
	const struct nt_get_top_options *options;
	struct slots *slots;
	struct members members;
	uint64_t *port;	    /* [PORT_KEYS] by nt_port_key(), while a quarter's are read */
	struct reads again; /* one by one, what a union refused */
	bool every_port;    /* of quarters that were cut, all of port_all is read instead of their set */
	size_t candidates;  /* for the result, of such quarters; 0: all was read */
	uint64_t unseen;    /* nobody who is in no set of such a quarter has more, all quarters together */
	uint64_t sig_rest;
	uint64_t *defects;
	bool shallow;
};

/* What its set lost is in port_all. */
static bool is_cut_quarter(const struct gathering *a, const struct slot *slot)
{
	return a->options->set.key == NT_RKEY_PORT && slot->bucket == NT_BUCKET_Q && slot->rest && !a->options->depth;
}

static bool from_port_all(const struct gathering *a, const struct slot *slot)
{
	return is_cut_quarter(a, slot) && a->every_port;
}

/* An open bucket, and a quarter, can be so large that it is read alone. */
static bool in_union(const struct gathering *a, const struct slot *slot)
{
	return slot->present && slot->bucket != NT_BUCKET_Q && slot->span.end_s <= slot->sensor->last_s &&
	       !from_port_all(a, slot);
}

/* How many slots from `first` on one union takes: neighbours of one sensor. */
static size_t union_of(const struct gathering *a, size_t first)
{
	const struct slot *slot = &a->slots->at[first];
	size_t n = 1;

	while (in_union(a, slot) && n < UNION_KEYS && first + n < a->slots->n && slot[n].sensor == slot->sensor &&
	       in_union(a, &slot[n]))
		n++;
	return n;
}

static void ask_one(struct gathering *a, struct reads *r, size_t i)
{
	const struct nt_get_set *set = &a->options->set;
	char key[NT_REDIS_KEY_TEXT];

	slot_key(key, &a->slots->at[i], set->key, set->part);
	reads_command(r, i, "ZRANGE", key);
	reads_number(r, 0);
	reads_number(r, a->options->depth ? (int64_t)a->options->depth - 1 : -1);
	if (a->options->depth)
		reads_word(r, "REV");
	reads_word(r, "WITHSCORES");
}

static void ask_union(struct gathering *a, struct reads *r, size_t first, size_t n)
{
	const struct nt_get_set *set = &a->options->set;
	char key[NT_REDIS_KEY_TEXT];

	reads_command(r, first, "ZUNION", NULL);
	reads_number(r, (int64_t)n);
	for (size_t i = first; i < first + n; i++) {
		slot_key(key, &a->slots->at[i], set->key, set->part);
		if (i == first)
			reads_key(r, key);
		else
			reads_word(r, key);
	}
	reads_word(r, "WITHSCORES");
}

static int take_members(void *cookie, size_t tag, const redisReply *reply)
{
	struct gathering *a = cookie;

	if (reply->type == REDIS_REPLY_ERROR && !a->options->depth && union_of(a, tag) > 1) {
		for (size_t i = tag, end = tag + union_of(a, tag); i < end; i++)
			ask_one(a, &a->again, i);
		return 0;
	}
	if (a->options->depth && reply->type == REDIS_REPLY_ARRAY && reply->elements / 2 >= a->options->depth)
		a->shallow = true;
	return members_add_list(&a->members, reply, a->options->set.prefix, a->defects);
}

static int take_again(void *cookie, size_t tag, const redisReply *reply)
{
	struct gathering *a = cookie;

	(void)tag;
	return members_add_list(&a->members, reply, a->options->set.prefix, a->defects);
}

static int gather_sets(struct nt_get *g, struct gathering *a)
{
	struct reads r = {.bunch = BUNCH_OF_LARGE};
	int err;

	for (size_t i = 0, n; i < a->slots->n; i += n) {
		n = 1;
		if (!a->slots->at[i].present || from_port_all(a, &a->slots->at[i]))
			continue;
		if (!a->options->depth)
			n = union_of(a, i);
		if (n > 1)
			ask_union(a, &r, i, n);
		else
			ask_one(a, &r, i);
	}
	err = reads_run(g, &r, take_members, a);
	if (!err)
		err = reads_run(g, &a->again, take_again, a);
	return err;
}

/* ---- every port of a quarter ---- */

static bool read_port(const redisReply *reply, uint32_t *port)
{
	uint64_t value;

	if (!read_u64(reply, &value) || value > UINT16_MAX)
		return false;
	*port = (uint32_t)value;
	return true;
}

static int take_ports(void *cookie, size_t tag, const redisReply *reply)
{
	struct gathering *a = cookie;
	uint64_t packets;
	uint32_t port;

	if (!is_list(reply, a->defects))
		return 0;
	for (size_t i = 0; i + 1 < reply->elements; i += 2)
		if (read_port(reply->element[i], &port) && read_u64(reply->element[i + 1], &packets))
			add_to(&a->port[nt_port_key(tag, (uint16_t)port)], packets);
		else
			*a->defects += 1;
	return 0;
}

static int add_ports(struct gathering *a)
{
	const char *prefix = a->options->set.prefix;
	char text[NT_MEMBER_TEXT];

	for (uint32_t key = 0; key < PORT_KEYS; key++) {
		if (!a->port[key])
			continue;
		nt_port_text(key, text);
		if ((!prefix || !strncmp(text, prefix, strlen(prefix))) &&
		    !members_add(&a->members, text, a->port[key]))
			return -ENOMEM;
	}
	return 0;
}

/* The keys of a quarter; the tag is whether they are of UDP. */
static void ask_ports(struct reads *r, const struct slot *slot)
{
	static const enum nt_table table[] = {NT_TABLE_TCP_PORT, NT_TABLE_UDP_PORT};
	char key[NT_REDIS_KEY_TEXT];

	for (size_t udp = 0; udp < 2; udp++)
		for (uint32_t port = 0; port <= UINT16_MAX; port += NT_PORT_ALL_FIELDS) {
			nt_redis_port_all_key(key, slot->sensor->name, slot->span.start_s,
					      nt_redis_port_all_transport(table[udp]), (uint16_t)port);
			reads_command(r, udp, "HGETALL", key);
		}
}

static int gather_ports(struct nt_get *g, struct gathering *a)
{
	struct reads r = {.bunch = BUNCH_OF_LARGE};
	int err;

	for (size_t i = 0; i < a->slots->n; i++)
		if (a->slots->at[i].present && from_port_all(a, &a->slots->at[i]))
			ask_ports(&r, &a->slots->at[i]);
	if (!r.n)
		return 0;
	a->port = calloc(PORT_KEYS, sizeof(*a->port));
	if (!a->port)
		r.error = -ENOMEM;
	err = reads_run(g, &r, take_ports, a);
	if (!err && add_ports(a))
		err = get_refuse(g, -ENOMEM, "out of memory");
	free(a->port);
	return err;
}

/* Nothing of what was cut is missing any more. */
static void forget_rest_of_ports(struct gathering *a)
{
	for (size_t i = 0; i < a->slots->n; i++)
		if (from_port_all(a, &a->slots->at[i]))
			a->slots->at[i].rest = 0;
}

/* ---- hashes of a signature ---- */

static int take_signature(void *cookie, size_t tag, const redisReply *reply)
{
	struct gathering *a = cookie;
	const char *prefix = a->options->set.prefix;
	char name[NT_GET_NAME];
	uint64_t packets;

	(void)tag;
	if (!is_list(reply, a->defects))
		return 0;
	for (size_t i = 0; i + 1 < reply->elements; i += 2) {
		bool rest;

		if (!read_name(reply->element[i], name) || !read_u64(reply->element[i + 1], &packets)) {
			*a->defects += 1;
			continue;
		}
		rest = !strncmp(name, "rest:", 5);
		if (rest && (!prefix || !strncmp(name + 5, prefix, strlen(name + 5))))
			add_to(&a->sig_rest, packets);
		if (!rest && (!prefix || !strncmp(name, prefix, strlen(prefix))) &&
		    !members_add(&a->members, name, packets))
			return -ENOMEM;
	}
	return 0;
}

static int gather_signature(struct nt_get *g, struct gathering *a)
{
	struct reads r = {.bunch = BUNCH_OF_LARGE};
	char key[NT_REDIS_KEY_TEXT];

	for (size_t i = 0; i < a->slots->n; i++) {
		if (!a->slots->at[i].present)
			continue;
		slot_key(key, &a->slots->at[i], NT_RKEY_SIG, a->options->set.part);
		reads_command(&r, i, "HGETALL", key);
	}
	return reads_run(g, &r, take_signature, a);
}

/* ---- what may be missing ---- */

struct checking {
	const struct gathering *a;
	struct nt_get_top *top;
	uint64_t lowest;    /* of the bucket whose members come next */
	struct reads ports; /* what quarters lost of the members */
};

static void ask_port(struct checking *c, const struct slot *slot, size_t member)
{
	char key[NT_REDIS_KEY_TEXT];
	const char *transport;
	uint16_t port;

	if (!read_port_name(c->top->at[member].name, &port, &transport))
		return;
	nt_redis_port_all_key(key, slot->sensor->name, slot->span.start_s, transport, port);
	reads_command(&c->ports, member, "HGET", key);
	reads_number(&c->ports, port);
}

static int take_lost_port(void *cookie, size_t tag, const redisReply *reply)
{
	struct checking *c = cookie;
	uint64_t packets = read_optional(reply, &c->top->coverage.defects);

	add_to(&c->top->at[tag].packets, packets);
	c->top->rest -= packets < c->top->rest ? packets : c->top->rest;
	return 0;
}

static void check_member(struct checking *c, const struct slot *slot, struct nt_get_member *member,
			 const redisReply *score)
{
	uint64_t packets = 0;
	bool there = score && score->type != REDIS_REPLY_NIL;

	if (there && !read_score(score, &packets))
		c->top->coverage.defects++;
	if (c->a->options->depth)
		add_to(&member->packets, packets);
	if (slot_cut_while_open(slot, c->a->options->set.key))
		add_to(&member->missing, slot->rest);
	else if (!there)
		add_to(&member->missing, slot->rest < c->lowest ? slot->rest : c->lowest);
}

/* Of each bucket come its lightest member and then the scores: tags of one parity each. */
static int take_check(void *cookie, size_t tag, const redisReply *reply)
{
	struct checking *c = cookie;
	const struct slot *slot = &c->a->slots->at[tag / 2];

	if (tag % 2 == 0) {
		if (!list_at(reply, 1) || !read_score(list_at(reply, 1), &c->lowest))
			c->lowest = UINT64_MAX;
		return 0;
	}
	for (size_t i = 0; i < c->top->n; i++) {
		const redisReply *score = list_at(reply, i);

		if (!is_cut_quarter(c->a, slot))
			check_member(c, slot, &c->top->at[i], score);
		else if (!score || score->type == REDIS_REPLY_NIL)
			ask_port(c, slot, i);
	}
	return 0;
}

static int check(struct nt_get *g, const struct gathering *a, struct nt_get_top *top)
{
	const struct nt_get_set *set = &a->options->set;
	struct checking c = {.a = a, .top = top};
	struct reads r = {0};
	char key[NT_REDIS_KEY_TEXT];
	int err;

	for (size_t i = 0; i < a->slots->n; i++) {
		const struct slot *slot = &a->slots->at[i];

		if (!slot->present || (!slot->rest && !a->options->depth))
			continue;
		slot_key(key, slot, set->key, set->part);
		reads_command(&r, 2 * i, "ZRANGE", key);
		reads_number(&r, 0);
		reads_number(&r, 0);
		reads_word(&r, "WITHSCORES");
		reads_command(&r, 2 * i + 1, "ZMSCORE", key);
		for (size_t m = 0; m < top->n; m++)
			reads_word(&r, top->at[m].name);
	}
	err = reads_run(g, &r, take_check, &c);
	if (!err)
		err = reads_run(g, &c.ports, take_lost_port, &c);
	reads_fini(&c.ports);
	return err;
}

/* Numbers have changed: sorts again, and keeps the heaviest. */
static void take_again_from(struct nt_get_top *out, size_t most)
{
	struct members m = {.at = out->at, .n = out->n};

	out->at = NULL;
	members_take(&m, most, out);
}

/* The candidates' numbers are read anew in every bucket, and then the heaviest stay. */
static int settle_shallow(struct nt_get *g, struct gathering *a, size_t most, struct nt_get_top *out)
{
	int err;

	for (size_t i = 0; i < out->n; i++)
		out->at[i].packets = 0;
	err = check(g, a, out);
	take_again_from(out, most);
	out->shallow = a->shallow;
	return err;
}

static int settle(struct nt_get *g, struct gathering *a, struct nt_get_top *out)
{
	size_t most = a->options->most ? a->options->most : a->options->depth, taken = most;
	bool set = a->options->set.key != NT_RKEY_SIG;
	int err = 0;

	out->rest = a->sig_rest;
	for (size_t i = 0; i < a->slots->n; i++)
		add_to(&out->rest, a->slots->at[i].rest);
	if (a->options->depth)
		taken = CANDIDATES(most);
	else if (a->candidates)
		taken = a->candidates;
	members_take(&a->members, taken, out);
	if (!out->n)
		return 0;
	if (a->options->depth && set)
		return settle_shallow(g, a, most, out);
	if (set && out->rest && out->n <= CHECKED_MOST)
		err = check(g, a, out);
	else
		for (size_t i = 0; i < out->n; i++)
			out->at[i].missing = out->rest;
	take_again_from(out, most);
	return err;
}

/* ---- ports of quarters, without reading them all ---- */

static int take_lowest(void *cookie, size_t tag, const redisReply *reply)
{
	struct gathering *a = cookie;
	uint64_t lowest;

	if (!list_at(reply, 1) || !read_score(list_at(reply, 1), &lowest))
		lowest = a->slots->at[tag].rest;
	add_to(&a->unseen, lowest);
	return 0;
}

static int read_unseen(struct nt_get *g, struct gathering *a)
{
	struct reads r = {0};
	char key[NT_REDIS_KEY_TEXT];

	a->unseen = 0;
	for (size_t i = 0; i < a->slots->n; i++) {
		const struct slot *slot = &a->slots->at[i];

		if (!slot->present || !is_cut_quarter(a, slot))
			continue;
		slot_key(key, slot, NT_RKEY_PORT, NULL);
		reads_command(&r, i, "ZRANGE", key);
		reads_number(&r, 0);
		reads_number(&r, 0);
		reads_word(&r, "WITHSCORES");
	}
	return reads_run(g, &r, take_lowest, a);
}

static int descending(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x < *y) - (*x > *y);
}

/*
 * Who can be among the `most` heaviest: those who come up to the last of them if all is added that they may have lost.
 * As long as that one has more than anybody who was not seen at all can have, nobody else can. 0: too many, or not
 * certain.
 */
static size_t count_candidates(const struct gathering *a)
{
	size_t most = a->options->most, n = 0;
	uint64_t *packets;

	if (most >= a->members.n)
		return 0;
	packets = calloc(a->members.n, sizeof(*packets));
	for (size_t i = 0; packets && i < a->members.n; i++)
		packets[i] = a->members.at[i].packets;
	if (packets)
		qsort(packets, a->members.n, sizeof(*packets), descending);
	if (packets && packets[most - 1] > a->unseen)
		while (n < a->members.n && packets[n] >= packets[most - 1] - a->unseen)
			n++;
	free(packets);
	return n <= CHECKED_MOST ? n : 0;
}

static bool any_cut_quarter(const struct gathering *a, bool *reopened)
{
	bool any = false;

	*reopened = false;
	for (size_t i = 0; i < a->slots->n; i++) {
		const struct slot *slot = &a->slots->at[i];

		if (!slot->present || !is_cut_quarter(a, slot))
			continue;
		any = true;
		*reopened |= slot->reopened > 0;
	}
	return any;
}

/* Reads the sets; of quarters that were cut every port only where that is necessary. */
static int gather(struct nt_get *g, struct gathering *a)
{
	bool reopened, cut = any_cut_quarter(a, &reopened);
	int err;

	a->every_port = cut && (reopened || !a->options->most);
	err = gather_sets(g, a);
	if (!err && cut && !a->every_port) {
		err = read_unseen(g, a);
		a->candidates = err ? 0 : count_candidates(a);
		if (err || a->candidates)
			return err;
		members_fini(&a->members);
		a->every_port = true;
		err = gather_sets(g, a);
	}
	if (!err && a->every_port)
		err = gather_ports(g, a);
	return err;
}

static bool is_set(const struct nt_get_set *set)
{
	bool of_region =
	    set->key == NT_RKEY_SOURCE || set->key == NT_RKEY_BACKSCATTER || set->key == NT_RKEY_BACKSCATTER_PORT;

	if (of_region || set->key == NT_RKEY_SIG)
		return set->part && nt_name_valid(set->part);
	return nt_redis_is_table_set(set->key) && !set->part;
}

int nt_get_top(struct nt_get *g, const struct nt_get_query *query, const struct nt_get_top_options *options,
	       struct nt_get_top *out)
{
	struct slots slots = {0};
	struct gathering a = {
	    .options = options,
	    .slots = &slots,
	    .again = {.bunch = BUNCH_OF_LARGE},
	    .defects = &out->coverage.defects,
	};
	int err;

	*out = (struct nt_get_top){0};
	if (!is_set(&options->set))
		return get_refuse(g, -EINVAL, "there is no such set");
	err = slots_read(g, query, kinds_of(options->set.key, query->finest), slots_rest_field(&options->set), &slots,
			 &out->coverage);
	if (!err && options->set.key == NT_RKEY_SIG)
		err = gather_signature(g, &a);
	else if (!err)
		err = gather(g, &a);
	if (!err) {
		forget_rest_of_ports(&a);
		err = settle(g, &a, out);
	}
	members_fini(&a.members);
	reads_fini(&a.again);
	slots_fini(&slots);
	if (err)
		nt_get_top_fini(out);
	return err;
}

void nt_get_top_fini(struct nt_get_top *t)
{
	free(t->at);
	*t = (struct nt_get_top){0};
}

int nt_get_top_each(struct nt_get *g, const struct nt_get_query *query, const struct nt_get_top_options *options,
		    struct nt_get_top *out)
{
	int err = 0;

	memset(out, 0, query->sensors->n * sizeof(*out));
	for (size_t i = 0; i < query->sensors->n && !err; i++) {
		const struct nt_get_sensors one = {.at = &query->sensors->at[i], .n = 1};
		struct nt_get_query of_one = *query;

		of_one.sensors = &one;
		err = nt_get_top(g, &of_one, options, &out[i]);
	}
	for (size_t i = 0; i < query->sensors->n && err; i++)
		nt_get_top_fini(&out[i]);
	return err;
}

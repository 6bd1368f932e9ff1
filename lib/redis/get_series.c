/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/get_read.h"

#include "base/parse.h"
#include "needletail/schema.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A value for each bucket. */

struct drawing {
	const struct nt_get_set *set;
	const struct slots *slots;
	const char *const *member;
	size_t members;
	struct nt_get_series *series;
};

static struct nt_get_value *value_at(const struct drawing *d, size_t member, const struct slot *slot)
{
	return &d->series->value[member * d->series->points + slot->point];
}

/* True if packets of the member may have been cut from the bucket. */
static bool may_be_low(const struct drawing *d, const struct slot *slot, bool there)
{
	enum nt_redis_key key = d->set->key;

	if (key == NT_RKEY_TOTALS || !slot->rest)
		return false;
	return !there || slot->reopened || (key != NT_RKEY_SIG && slot_cut_while_open(slot, key));
}

static void take_value(const struct drawing *d, size_t member, const struct slot *slot, const redisReply *reply)
{
	struct nt_get_value *value = value_at(d, member, slot);
	bool there = reply && reply->type != REDIS_REPLY_NIL;
	uint64_t packets = 0;

	if (there && !read_score(reply, &packets))
		d->series->point[slot->point].coverage.defects++;
	add_to(&value->packets, packets);
	value->low |= may_be_low(d, slot, there);
}

static int take_values(void *cookie, size_t tag, const redisReply *reply)
{
	const struct drawing *d = cookie;
	const struct slot *slot = &d->slots->at[tag];

	if (reply->type != REDIS_REPLY_ARRAY)
		d->series->point[slot->point].coverage.defects++;
	for (size_t m = 0; m < d->members; m++)
		take_value(d, m, slot, list_at(reply, m));
	return 0;
}

static void ask_values(const struct drawing *d, struct reads *r, size_t i)
{
	bool hash = nt_redis_key_row[d->set->key].type == NT_REDIS_HASH;
	char key[NT_REDIS_KEY_TEXT];

	slot_key(key, &d->slots->at[i], d->set->key, d->set->part);
	reads_command(r, i, hash ? "HMGET" : "ZMSCORE", key);
	for (size_t m = 0; m < d->members; m++)
		reads_word(r, d->member[m]);
}

/* ---- ports of a quarter, of which none is ever cut ---- */

static bool is_exact(const struct drawing *d, const struct slot *slot)
{
	return d->set->key == NT_RKEY_PORT && slot->bucket == NT_BUCKET_Q && slot->rest;
}

static int take_port(void *cookie, size_t tag, const redisReply *reply)
{
	const struct drawing *d = cookie;
	const struct slot *slot = &d->slots->at[tag / d->members];
	struct nt_get_value *value = value_at(d, tag % d->members, slot);

	add_to(&value->packets, read_optional(reply, &d->series->point[slot->point].coverage.defects));
	return 0;
}

static void ask_ports(const struct drawing *d, struct reads *r, size_t i)
{
	const struct slot *slot = &d->slots->at[i];
	char key[NT_REDIS_KEY_TEXT];
	const char *transport;
	uint16_t port;

	for (size_t m = 0; m < d->members; m++) {
		if (!read_port_name(d->member[m], &port, &transport))
			continue;
		nt_redis_port_all_key(key, slot->sensor->name, slot->span.start_s, transport, port);
		reads_command(r, i * d->members + m, "HGET", key);
		reads_number(r, port);
	}
}

static int draw(struct nt_get *g, struct drawing *d)
{
	struct reads sets = {0}, ports = {0};
	int err;

	for (size_t i = 0; i < d->slots->n; i++) {
		if (!d->slots->at[i].present)
			continue;
		if (is_exact(d, &d->slots->at[i]))
			ask_ports(d, &ports, i);
		else
			ask_values(d, &sets, i);
	}
	err = reads_run(g, &sets, take_values, d);
	if (!err)
		err = reads_run(g, &ports, take_port, d);
	reads_fini(&ports);
	return err;
}

/* A signature's cut packets stand in its own hash: its lines are told to be low by those. */
static const char *rest_member(const struct nt_get_set *set, const char *member)
{
	if (set->key != NT_RKEY_SIG)
		return NULL;
	if (!strncmp(member, "port:", 5))
		return "rest:port";
	return !strncmp(member, "region:", 7) ? "rest:region" : NULL;
}

static int mark_signature(struct nt_get *g, const struct nt_get_query *query, enum nt_bucket step,
			  const struct drawing *d)
{
	const char *rest[] = {"rest:port", "rest:region"};
	struct nt_get_series cut;
	bool any = false;
	int err;

	for (size_t m = 0; m < d->members; m++)
		any |= rest_member(d->set, d->member[m]) != NULL;
	if (!any)
		return 0;
	err = nt_get_series(g, query, step, d->set, rest, 2, &cut);
	if (err)
		return err;
	for (size_t m = 0; m < d->members; m++)
		for (size_t p = 0; p < d->series->points && p < cut.points; p++) {
			const char *name = rest_member(d->set, d->member[m]);
			size_t kind = name && !strcmp(name, rest[1]);

			if (name && nt_get_series_value(&cut, kind, p)->packets)
				d->series->value[m * d->series->points + p].low = true;
		}
	nt_get_series_fini(&cut);
	return 0;
}

static bool has_series(const struct nt_get_set *set, enum nt_bucket step)
{
	bool of_region =
	    set->key == NT_RKEY_SOURCE || set->key == NT_RKEY_BACKSCATTER || set->key == NT_RKEY_BACKSCATTER_PORT;

	if (step >= NT_BUCKETS || set->key >= NT_REDIS_KEYS || !nt_redis_key_in(set->key, step))
		return false;
	if (of_region || set->key == NT_RKEY_SIG)
		return set->part && nt_name_valid(set->part);
	return !set->part && (set->key == NT_RKEY_TOTALS || nt_redis_is_table_set(set->key));
}

int nt_get_series(struct nt_get *g, const struct nt_get_query *query, enum nt_bucket step, const struct nt_get_set *set,
		  const char *const *member, size_t members, struct nt_get_series *out)
{
	struct slots slots = {0};
	struct drawing d = {.set = set, .slots = &slots, .member = member, .members = members, .series = out};
	int err;

	*out = (struct nt_get_series){0};
	if (!has_series(set, step) || !members)
		return get_refuse(g, -EINVAL, "there is no such series");
	err = slots_read_steps(g, query, step, slots_rest_field(set), &slots, &out->point, &out->points);
	if (err)
		return err;
	out->members = members;
	out->value = calloc(members * out->points + 1, sizeof(*out->value));
	err = out->value ? draw(g, &d) : get_refuse(g, -ENOMEM, "out of memory");
	if (!err)
		err = mark_signature(g, query, step, &d);
	slots_fini(&slots);
	if (err)
		nt_get_series_fini(out);
	return err;
}

void nt_get_series_fini(struct nt_get_series *s)
{
	free(s->point);
	free(s->value);
	*s = (struct nt_get_series){0};
}

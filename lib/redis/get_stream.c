/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/get_read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The streams `live` and `events`, the newest interval, and names of organisations. */

#define ENTRIES_MOST 1000000

static const char *const live_field[NT_GET_LIVE_FIELDS] = {
    [NT_GET_FRAMES] = "frames",
    [NT_GET_BYTES] = "bytes",
    [NT_GET_TCP] = "tcp",
    [NT_GET_UDP] = "udp",
    [NT_GET_ICMP] = "icmp",
    [NT_GET_OTHER] = "other",
    [NT_GET_SOURCES] = "sources",
    [NT_GET_BACKSCATTER_PACKETS] = "backscatter_packets",
    [NT_GET_BACKSCATTER_SOURCES] = "backscatter_sources",
    [NT_GET_MALFORMED] = "malformed",
    [NT_GET_TRUNCATED] = "truncated",
    [NT_GET_MISSED] = "missed",
    [NT_GET_NO_MBUF] = "no_mbuf",
    [NT_GET_ERRORS] = "errors",
    [NT_GET_UNEXPLAINED] = "unexplained",
};

/* "1662422400000-0" */
static bool read_id(const redisReply *reply, struct nt_get_id *id)
{
	char rest;

	return reply && is_text(reply) &&
	       sscanf(reply->str, "%" SCNu64 "-%" SCNu64 "%c", &id->ms, &id->sequence, &rest) == 2 &&
	       id->ms <= INT64_MAX;
}

/* An entry is its ID and a list of names and values; anything else is none. */
static const redisReply *entry_fields(const redisReply *entry, struct nt_get_id *id)
{
	const redisReply *fields = entry ? list_at(entry, 1) : NULL;

	if (!fields || fields->type != REDIS_REPLY_ARRAY || !read_id(list_at(entry, 0), id))
		return NULL;
	return fields;
}

/* XREVRANGE, newest first. An end that is NULL is open. */
static void ask_newest(struct reads *r, size_t tag, const char *key, const char *newest, const char *oldest,
		       size_t most)
{
	reads_command(r, tag, "XREVRANGE", key);
	reads_word(r, newest ? newest : "+");
	reads_word(r, oldest ? oldest : "-");
	reads_word(r, "COUNT");
	reads_number(r, (int64_t)(most && most < ENTRIES_MOST ? most : ENTRIES_MOST));
}

/* ---- live ---- */

static void take_live_field(struct nt_get_live *l, struct nt_get_live_entry *e, const redisReply *name,
			    const redisReply *value)
{
	for (size_t f = 0; f < NT_GET_LIVE_FIELDS; f++) {
		if (!is_text(name) || strcmp(name->str, live_field[f]) != 0)
			continue;
		if (!read_u64(value, &e->number[f]))
			l->defects++;
		else if (f == NT_GET_MISSED)
			e->missed_known = true;
	}
}

static int take_live(void *cookie, size_t tag, const redisReply *reply)
{
	struct nt_get_live *l = cookie;

	(void)tag;
	if (!is_list(reply, &l->defects) || !reply->elements)
		return 0;
	l->at = calloc(reply->elements, sizeof(*l->at));
	if (!l->at)
		return -ENOMEM;
	for (size_t i = reply->elements; i-- > 0;) {
		struct nt_get_live_entry *e = &l->at[l->n];
		const redisReply *fields = entry_fields(reply->element[i], &e->id);

		if (!fields) {
			l->defects++;
			continue;
		}
		l->n++;
		e->start_s = (int64_t)(e->id.ms / 1000);
		for (size_t f = 0; f + 1 < fields->elements; f += 2)
			take_live_field(l, e, fields->element[f], fields->element[f + 1]);
	}
	return 0;
}

int nt_get_live(struct nt_get *g, const char *sensor, const struct nt_get_id *after, size_t most,
		struct nt_get_live *out)
{
	struct reads r = {0};
	char key[NT_REDIS_KEY_TEXT], oldest[64];
	int err;

	*out = (struct nt_get_live){0};
	nt_redis_key(key, sensor, NT_RKEY_LIVE);
	if (after)
		snprintf(oldest, sizeof(oldest), "(%" PRIu64 "-%" PRIu64, after->ms, after->sequence);
	ask_newest(&r, 0, key, NULL, after ? oldest : NULL, most);
	err = reads_run(g, &r, take_live, out);
	if (err)
		nt_get_live_fini(out);
	return err;
}

void nt_get_live_fini(struct nt_get_live *l)
{
	free(l->at);
	*l = (struct nt_get_live){0};
}

/* ---- events ---- */

struct telling {
	const struct nt_get_sensors *sensors;
	struct nt_get_events *events;
	size_t room;
};

static void free_event(struct nt_get_event *e)
{
	free(e->type);
	free(e->region);
	free(e->source);
	free(e->body);
}

static char **event_text(struct nt_get_event *e, const char *field)
{
	if (!strcmp(field, "type"))
		return &e->type;
	if (!strcmp(field, "region"))
		return &e->region;
	if (!strcmp(field, "source"))
		return &e->source;
	return !strcmp(field, "body") ? &e->body : NULL;
}

static void take_event_field(struct nt_get_event *e, const redisReply *name, const redisReply *value)
{
	char **text;

	if (!is_text(name) || !is_text(value))
		return;
	text = event_text(e, name->str);
	if (text && !*text)
		*text = strdup(value->str);
	else if (!strcmp(name->str, "start"))
		read_seconds(value, &e->start_s);
	else if (!strcmp(name->str, "end"))
		read_seconds(value, &e->end_s);
}

/* Fields that are missing are empty texts. */
static bool complete_event(struct nt_get_event *e)
{
	char **text[] = {&e->type, &e->region, &e->source, &e->body};

	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		if (!*text[i])
			*text[i] = strdup("");
	return e->type && e->region && e->source && e->body;
}

static int take_event(struct telling *t, const char *sensor, const redisReply *entry)
{
	struct nt_get_event e = {0};
	const redisReply *fields = entry_fields(entry, &e.id);
	struct nt_get_event *at;

	if (!fields) {
		t->events->defects++;
		return 0;
	}
	snprintf(e.sensor, sizeof(e.sensor), "%s", sensor);
	for (size_t f = 0; f + 1 < fields->elements; f += 2)
		take_event_field(&e, fields->element[f], fields->element[f + 1]);
	if (t->events->n == t->room) {
		at = reallocarray(t->events->at, t->room ? 2 * t->room : 64, sizeof(*at));
		if (at) {
			t->events->at = at;
			t->room = t->room ? 2 * t->room : 64;
		}
	}
	if (!complete_event(&e) || t->events->n == t->room) {
		free_event(&e);
		return -ENOMEM;
	}
	t->events->at[t->events->n++] = e;
	return 0;
}

static int take_events(void *cookie, size_t tag, const redisReply *reply)
{
	struct telling *t = cookie;
	int err = 0;

	if (!is_list(reply, &t->events->defects))
		return 0;
	for (size_t i = 0; i < reply->elements && !err; i++)
		err = take_event(t, t->sensors->at[tag].name, reply->element[i]);
	return err;
}

static int by_id(const void *a, const void *b)
{
	const struct nt_get_event *x = a, *y = b;

	if (x->id.ms != y->id.ms)
		return x->id.ms < y->id.ms ? -1 : 1;
	if (x->id.sequence != y->id.sequence)
		return x->id.sequence < y->id.sequence ? -1 : 1;
	return strcmp(x->sensor, y->sensor);
}

/* Sorts, and lets go of all but the newest. */
static void keep_newest(struct nt_get_events *e, size_t most)
{
	size_t drop = most && most < e->n ? e->n - most : 0;

	if (e->n)
		qsort(e->at, e->n, sizeof(*e->at), by_id);
	for (size_t i = 0; i < drop; i++)
		free_event(&e->at[i]);
	if (drop)
		memmove(e->at, &e->at[drop], (e->n - drop) * sizeof(*e->at));
	e->n -= drop;
}

int nt_get_events(struct nt_get *g, const struct nt_get_sensors *sensors, struct nt_span told, size_t most,
		  struct nt_get_events *out)
{
	struct telling t = {.sensors = sensors, .events = out};
	bool always = !told.start_s && !told.end_s;
	char key[NT_REDIS_KEY_TEXT], oldest[32], newest[32];
	struct reads r = {0};
	int err;

	*out = (struct nt_get_events){0};
	if (!always && (told.start_s < 0 || told.end_s <= told.start_s || told.end_s > INT64_C(1) << 40))
		return get_refuse(g, -EINVAL, "a range must end after it begins");
	snprintf(oldest, sizeof(oldest), "%" PRId64 "-0", told.start_s * 1000);
	snprintf(newest, sizeof(newest), "(%" PRId64 "-0", told.end_s * 1000);
	for (size_t i = 0; i < sensors->n; i++) {
		nt_redis_key(key, sensors->at[i].name, NT_RKEY_EVENTS);
		ask_newest(&r, i, key, always ? NULL : newest, always ? NULL : oldest, most);
	}
	err = reads_run(g, &r, take_events, &t);
	if (err)
		nt_get_events_fini(out);
	else
		keep_newest(out, most);
	return err;
}

void nt_get_events_fini(struct nt_get_events *e)
{
	for (size_t i = 0; i < e->n; i++)
		free_event(&e->at[i]);
	free(e->at);
	*e = (struct nt_get_events){0};
}

/* ---- the newest interval ---- */

struct now {
	struct members members;
	uint64_t *defects;
};

static int take_now(void *cookie, size_t tag, const redisReply *reply)
{
	struct now *now = cookie;

	(void)tag;
	return members_add_list(&now->members, reply, NULL, now->defects);
}

int nt_get_now(struct nt_get *g, const struct nt_get_sensors *sensors, enum nt_redis_key key, struct nt_get_top *out)
{
	struct now now = {.defects = &out->coverage.defects};
	struct reads r = {0};
	char text[NT_REDIS_KEY_TEXT];
	int err;

	*out = (struct nt_get_top){0};
	if (key < NT_RKEY_NOW_PORT || key > NT_RKEY_NOW_ICMP)
		return get_refuse(g, -EINVAL, "there is no such set");
	for (size_t i = 0; i < sensors->n; i++) {
		nt_redis_key(text, sensors->at[i].name, key);
		reads_command(&r, i, "ZRANGE", text);
		reads_number(&r, 0);
		reads_number(&r, -1);
		reads_word(&r, "WITHSCORES");
	}
	err = reads_run(g, &r, take_now, &now);
	if (!err)
		members_take(&now.members, 0, out);
	members_fini(&now.members);
	return err;
}

/* ---- organisations ---- */

struct naming {
	char **name;
	size_t n;
};

static int take_orgs(void *cookie, size_t tag, const redisReply *reply)
{
	const struct naming *naming = cookie;

	(void)tag;
	for (size_t i = 0; i < naming->n; i++) {
		const redisReply *name = list_at(reply, i);

		if (naming->name[i] || !is_text(name))
			continue;
		naming->name[i] = strdup(name->str);
		if (!naming->name[i])
			return -ENOMEM;
	}
	return 0;
}

int nt_get_orgs(struct nt_get *g, const struct nt_get_sensors *sensors, const uint32_t *asn, size_t n, char **out)
{
	struct naming naming = {.name = out, .n = n};
	char key[NT_REDIS_KEY_TEXT];
	struct reads r = {0};
	int err;

	memset(out, 0, n * sizeof(*out));
	for (size_t i = 0; i < sensors->n && n; i++) {
		nt_redis_key(key, sensors->at[i].name, NT_RKEY_ORG);
		reads_command(&r, i, "HMGET", key);
		for (size_t a = 0; a < n; a++)
			reads_number(&r, asn[a]);
	}
	err = reads_run(g, &r, take_orgs, &naming);
	for (size_t i = 0; i < n && err; i++) {
		free(out[i]);
		out[i] = NULL;
	}
	return err;
}

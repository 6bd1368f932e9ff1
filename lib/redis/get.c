/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/get_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The reader itself, and which sensors there are. */

#define INTERVAL_DEFAULT_S 60
#define INTERVAL_MAX_S	   86400
#define OFFSET_MAX_H	   23

struct nt_get *nt_get_new(const struct nt_redis_url *url, uint32_t timeout_ms)
{
	struct nt_get *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->connection = nt_connection_new(url, timeout_ms);
	if (g->connection)
		return g;
	free(g);
	return NULL;
}

void nt_get_free(struct nt_get *g)
{
	if (!g)
		return;
	nt_connection_free(g->connection);
	free(g);
}

const char *nt_get_why(const struct nt_get *g)
{
	return g->why;
}

void nt_get_where(const struct nt_get *g, char text[static NT_REDIS_URL_TEXT])
{
	nt_connection_where(g->connection, text);
}

/* ---- sensors ---- */

/* A name as it stands in keys; others are nobody's. */
static bool sensor_name(const redisReply *reply, char name[static NT_NAME_MAX + 1])
{
	if (!is_text(reply) || (size_t)reply->len > NT_NAME_MAX || !nt_name_valid(reply->str) ||
	    strlen(reply->str) != (size_t)reply->len)
		return false;
	snprintf(name, NT_NAME_MAX + 1, "%s", reply->str);
	return true;
}

static int take_names(void *cookie, size_t tag, const redisReply *reply)
{
	struct nt_get_sensors *s = cookie;

	(void)tag;
	if (reply->type != REDIS_REPLY_ARRAY || !reply->elements)
		return 0;
	s->at = calloc(reply->elements, sizeof(*s->at));
	if (!s->at)
		return -ENOMEM;
	for (size_t i = 0; i < reply->elements; i++)
		if (sensor_name(reply->element[i], s->at[s->n].name))
			s->n++;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct nt_get_sensor *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* A text of `info`, cut to the room that there is. */
static void take_text(char text[static NT_GET_TEXT], const redisReply *value)
{
	if (is_text(value))
		snprintf(text, NT_GET_TEXT, "%s", value->str);
}

static void take_field(struct nt_get_sensor *s, const char *field, const redisReply *value)
{
	uint64_t number;
	int64_t signed_number;

	read_u64(value, &number);
	read_seconds(value, &signed_number);
	if (!strcmp(field, "group"))
		take_text(s->group, value);
	else if (!strcmp(field, "version"))
		take_text(s->version, value);
	else if (!strcmp(field, "schema"))
		take_text(s->schema, value);
	else if (!strcmp(field, "addresses"))
		s->addresses = number;
	else if (!strcmp(field, "interval"))
		s->interval_s = number >= 1 && number <= INTERVAL_MAX_S ? (uint32_t)number : INTERVAL_DEFAULT_S;
	else if (!strcmp(field, "day_offset_h"))
		s->day_offset_h =
		    signed_number >= -OFFSET_MAX_H && signed_number <= OFFSET_MAX_H ? (int32_t)signed_number : 0;
	else if (!strcmp(field, "geo_build"))
		s->geo_build_s = signed_number;
	else if (!strcmp(field, "started"))
		s->started_s = signed_number;
	else if (!strcmp(field, "last"))
		s->has_data = read_seconds(value, &s->last_s);
	else if (!strcmp(field, "dropped_intervals"))
		s->dropped_intervals = number;
	else if (!strcmp(field, "gap_intervals"))
		s->gap_intervals = number;
	else if (!strcmp(field, "live_skipped"))
		s->live_skipped = number;
}

static int take_info(void *cookie, size_t tag, const redisReply *reply)
{
	struct nt_get_sensors *s = cookie;

	s->at[tag].interval_s = INTERVAL_DEFAULT_S;
	if (reply->type != REDIS_REPLY_ARRAY)
		return 0;
	for (size_t i = 0; i + 1 < reply->elements; i += 2)
		if (is_text(reply->element[i]))
			take_field(&s->at[tag], reply->element[i]->str, reply->element[i + 1]);
	return 0;
}

static int read_all(struct nt_get *g, struct nt_get_sensors *out)
{
	struct reads r = {0};
	char key[NT_REDIS_KEY_TEXT];
	int err;

	nt_redis_key(key, "", NT_RKEY_SENSORS);
	reads_command(&r, 0, "SMEMBERS", key);
	err = reads_run(g, &r, take_names, out);
	if (err || !out->n)
		return err;
	qsort(out->at, out->n, sizeof(*out->at), by_name);
	for (size_t i = 0; i < out->n; i++) {
		nt_redis_key(key, out->at[i].name, NT_RKEY_INFO);
		reads_command(&r, i, "HGETALL", key);
	}
	return reads_run(g, &r, take_info, out);
}

static bool chosen(const struct nt_get_choice *choice, const struct nt_get_sensor *s)
{
	if (choice->group && strcmp(choice->group, s->group) != 0)
		return false;
	for (size_t i = 0; i < choice->names; i++)
		if (!strcmp(choice->name[i], s->name))
			return true;
	return !choice->names;
}

static int refuse_name(struct nt_get *g, const struct nt_get_sensors *all, const char *name)
{
	const char **known = calloc(all->n + 1, sizeof(*known)), *nearest = NULL;

	for (size_t i = 0; i < all->n && known; i++)
		known[i] = all->at[i].name;
	if (known)
		nearest = nt_nearest_name(name, known, (uint32_t)all->n);
	free(known);
	if (nearest)
		return get_refuse(g, -ENOENT, "%s: no such sensor, did you mean %s?", name, nearest);
	return get_refuse(g, -ENOENT, "%s: no such sensor", name);
}

static int check_names(struct nt_get *g, const struct nt_get_choice *choice, const struct nt_get_sensors *all)
{
	struct nt_get_sensor wanted;

	for (size_t i = 0; i < choice->names; i++) {
		snprintf(wanted.name, sizeof(wanted.name), "%s", choice->name[i]);
		if (!nt_name_valid(choice->name[i]) || !all->n ||
		    !bsearch(&wanted, all->at, all->n, sizeof(*all->at), by_name))
			return refuse_name(g, all, nt_name_valid(choice->name[i]) ? choice->name[i] : "that");
	}
	return 0;
}

int nt_get_sensors(struct nt_get *g, const struct nt_get_choice *choice, struct nt_get_sensors *out)
{
	size_t n = 0;
	int err;

	*out = (struct nt_get_sensors){0};
	err = read_all(g, out);
	if (!err)
		err = check_names(g, choice, out);
	if (err) {
		nt_get_sensors_fini(out);
		return err;
	}
	for (size_t i = 0; i < out->n; i++)
		if (chosen(choice, &out->at[i]))
			out->at[n++] = out->at[i];
	out->n = n;
	return 0;
}

void nt_get_sensors_fini(struct nt_get_sensors *s)
{
	free(s->at);
	*s = (struct nt_get_sensors){0};
}

int64_t nt_get_sensors_end(const struct nt_get_sensors *s)
{
	int64_t end_s = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].has_data && s->at[i].last_s + s->at[i].interval_s > end_s)
			end_s = s->at[i].last_s + s->at[i].interval_s;
	return end_s;
}

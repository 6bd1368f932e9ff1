/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/get_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is added up from `totals`, signature by signature, and day by day. */

/* ---- totals ---- */

struct summing {
	struct members members;
	const char *prefix; /* only fields that begin so, without it; NULL: all */
	uint64_t *defects;
};

static int take_fields(void *cookie, size_t tag, const redisReply *reply)
{
	struct summing *s = cookie;

	(void)tag;
	return members_add_list(&s->members, reply, s->prefix, s->defects);
}

static int read_fields(struct nt_get *g, const struct slots *slots, struct summing *s)
{
	struct reads r = {0};
	char key[NT_REDIS_KEY_TEXT];

	for (size_t i = 0; i < slots->n; i++) {
		if (!slots->at[i].present)
			continue;
		slot_key(key, &slots->at[i], NT_RKEY_TOTALS, NULL);
		reads_command(&r, i, "HGETALL", key);
	}
	return reads_run(g, &r, take_fields, s);
}

static unsigned int totals_kinds(const struct nt_get_query *query)
{
	return kinds_of(NT_RKEY_TOTALS, query->finest);
}

static int by_name(const void *a, const void *b)
{
	const struct nt_get_number *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Moments are no numbers to be added up; they are in the coverage. */
static bool is_moment(const char *field)
{
	return strncmp(field, "geo_build.", strlen("geo_build.")) == 0;
}

static int make_totals(struct members *m, struct nt_get_totals *out)
{
	out->at = calloc(m->n + 1, sizeof(*out->at));
	if (!out->at)
		return -ENOMEM;
	for (size_t i = 0; i < m->n; i++) {
		if (is_moment(m->at[i].name))
			continue;
		memcpy(out->at[out->n].name, m->at[i].name, sizeof(out->at->name));
		out->at[out->n++].value = m->at[i].packets;
	}
	qsort(out->at, out->n, sizeof(*out->at), by_name);
	return 0;
}

int nt_get_totals(struct nt_get *g, const struct nt_get_query *query, struct nt_get_totals *out)
{
	struct summing s = {.defects = &out->coverage.defects};
	struct slots slots = {0};
	int err;

	*out = (struct nt_get_totals){0};
	err = slots_read(g, query, totals_kinds(query), NULL, &slots, &out->coverage);
	if (!err)
		err = read_fields(g, &slots, &s);
	if (!err && make_totals(&s.members, out))
		err = get_refuse(g, -ENOMEM, "out of memory");
	members_fini(&s.members);
	slots_fini(&slots);
	if (err)
		nt_get_totals_fini(out);
	return err;
}

void nt_get_totals_fini(struct nt_get_totals *t)
{
	free(t->at);
	*t = (struct nt_get_totals){0};
}

uint64_t nt_get_total(const struct nt_get_totals *t, const char *field)
{
	struct nt_get_number wanted, *found;

	if (!t->n || strlen(field) >= sizeof(wanted.name))
		return 0;
	snprintf(wanted.name, sizeof(wanted.name), "%s", field);
	found = bsearch(&wanted, t->at, t->n, sizeof(*t->at), by_name);
	return found ? found->value : 0;
}

/* Members without the prefix that they were found by. */
static void strip(struct nt_get_top *top, const char *prefix)
{
	size_t length = strlen(prefix);

	for (size_t i = 0; i < top->n; i++)
		memmove(top->at[i].name, top->at[i].name + length, sizeof(top->at[i].name) - length);
}

int nt_get_backscatter(struct nt_get *g, const struct nt_get_query *query, struct nt_get_top *out)
{
	struct summing s = {.prefix = "backscatter.", .defects = &out->coverage.defects};
	struct slots slots = {0};
	int err;

	*out = (struct nt_get_top){0};
	err = slots_read(g, query, totals_kinds(query), NULL, &slots, &out->coverage);
	if (!err)
		err = read_fields(g, &slots, &s);
	if (!err) {
		members_take(&s.members, 0, out);
		strip(out, s.prefix);
	}
	members_fini(&s.members);
	slots_fini(&slots);
	if (err)
		nt_get_top_fini(out);
	return err;
}

/* ---- signatures ---- */

struct matching {
	const struct slots *slots;
	struct members members; /* signatures */
	struct reads next;
	uint64_t *defects;
};

/* The names of a bucket, of which only signatures are wanted. */
static int take_names(void *cookie, size_t tag, const redisReply *reply)
{
	struct matching *m = cookie;
	char name[NT_GET_NAME], key[NT_REDIS_KEY_TEXT];

	if (!is_list(reply, m->defects))
		return 0;
	for (size_t i = 0; i < reply->elements; i++) {
		const struct nt_get_member *member;

		if (!read_name(reply->element[i], name) || strncmp(name, "sig:", 4) != 0 || !nt_name_valid(name + 4))
			continue; /* sets of regions stand there, too */
		member = members_add(&m->members, name + 4, 0);
		if (!member)
			return -ENOMEM;
		slot_key(key, &m->slots->at[tag], NT_RKEY_SIG, name + 4);
		reads_command(&m->next, (size_t)(member - m->members.at), "HGET", key);
		reads_word(&m->next, "packets");
	}
	return 0;
}

static int take_packets(void *cookie, size_t tag, const redisReply *reply)
{
	struct matching *m = cookie;

	add_to(&m->members.at[tag].packets, read_optional(reply, m->defects));
	return 0;
}

int nt_get_signatures(struct nt_get *g, const struct nt_get_query *query, struct nt_get_top *out)
{
	struct slots slots = {0};
	struct matching m = {.slots = &slots, .defects = &out->coverage.defects};
	struct reads r = {0};
	char key[NT_REDIS_KEY_TEXT];
	int err;

	*out = (struct nt_get_top){0};
	/* Intervals have no list of names. */
	err = slots_read(g, query, kinds_of(NT_RKEY_NAMES, query->finest), NULL, &slots, &out->coverage);
	for (size_t i = 0; i < slots.n && !err; i++) {
		if (!slots.at[i].present)
			continue;
		slot_key(key, &slots.at[i], NT_RKEY_NAMES, NULL);
		reads_command(&r, i, "SMEMBERS", key);
	}
	if (!err)
		err = reads_run(g, &r, take_names, &m);
	if (!err)
		err = reads_run(g, &m.next, take_packets, &m);
	if (!err)
		members_take(&m.members, 0, out);
	members_fini(&m.members);
	reads_fini(&m.next);
	slots_fini(&slots);
	if (err)
		nt_get_top_fini(out);
	return err;
}

/* ---- mean of a sensor and a day ---- */

static struct nt_get_mean *mean_of(struct nt_get_means *m, const char *group)
{
	for (size_t i = 0; i < m->n; i++)
		if (!strcmp(m->at[i].group, group))
			return &m->at[i];
	memcpy(m->at[m->n].group, group, sizeof(m->at[m->n].group));
	return &m->at[m->n++];
}

static void add_coverage(struct nt_get_coverage *into, const struct nt_get_coverage *from)
{
	bool first = !into->buckets;

	if (first || from->covered.start_s < into->covered.start_s)
		into->covered.start_s = from->covered.start_s;
	if (first || from->covered.end_s > into->covered.end_s)
		into->covered.end_s = from->covered.end_s;
	nt_get_add_coverage(into, from);
}

static void add_days(struct nt_get_mean *mean, const struct nt_get_sensor *sensor, const struct nt_get_series *s)
{
	uint64_t day = 86400 / sensor->interval_s, days = mean->days;

	for (size_t p = 0; p < s->points; p++) {
		const struct nt_get_point *point = &s->point[p];

		add_coverage(&mean->coverage, &point->coverage);
		if (nt_get_is_gap(point))
			continue;
		mean->days++;
		mean->cut_days += point->coverage.intervals < day;
		add_to(&mean->packets, nt_get_series_value(s, 0, p)->packets);
	}
	mean->sensors++;
	mean->reporting += mean->days > days;
	mean->coverage.sensors = mean->reporting;
}

/* Sensor by sensor, because their days may begin at different times. */
static int add_sensor(struct nt_get *g, const struct nt_get_query *query, size_t i, struct nt_get_means *out)
{
	static const struct nt_get_set totals = {.key = NT_RKEY_TOTALS};
	static const char *const frames[] = {"frames"};
	const struct nt_get_sensors one = {.at = &query->sensors->at[i], .n = 1};
	struct nt_get_query of_one = *query;
	struct nt_get_series s;
	int err;

	of_one.sensors = &one;
	err = nt_get_series(g, &of_one, NT_BUCKET_D, &totals, frames, 1, &s);
	if (err)
		return err;
	add_days(mean_of(out, one.at->group), one.at, &s);
	nt_get_series_fini(&s);
	return 0;
}

static int by_group(const void *a, const void *b)
{
	const struct nt_get_mean *x = a, *y = b;

	return strcmp(x->group, y->group);
}

int nt_get_means(struct nt_get *g, const struct nt_get_query *query, struct nt_get_means *out)
{
	int err = 0;

	*out = (struct nt_get_means){.at = calloc(query->sensors->n + 1, sizeof(*out->at))};
	if (!out->at)
		return get_refuse(g, -ENOMEM, "out of memory");
	for (size_t i = 0; i < query->sensors->n && !err; i++)
		err = add_sensor(g, query, i, out);
	if (err) {
		nt_get_means_fini(out);
		return err;
	}
	for (size_t i = 0; i < out->n; i++)
		if (out->at[i].days)
			out->at[i].mean = (double)out->at[i].packets / (double)out->at[i].days;
	qsort(out->at, out->n, sizeof(*out->at), by_group);
	return 0;
}

void nt_get_means_fini(struct nt_get_means *m)
{
	free(m->at);
	*m = (struct nt_get_means){0};
}

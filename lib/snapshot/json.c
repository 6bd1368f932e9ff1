/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/json.h"
#include "snapshot/json_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A member of an open map before it is sorted. */
struct member {
	uint64_t count;
	char text[NT_MEMBER_TEXT];
};

struct members {
	struct member *member;
	size_t n;
};

bool nt_json_set(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) == 0;
}

bool nt_json_set_count(json_t *object, const char *key, uint64_t count)
{
	return nt_json_set(object, key, json_integer((json_int_t)count));
}

static int by_count_then_text(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->text, y->text);
}

static bool members_init(struct members *m, size_t capacity)
{
	m->n = 0;
	m->member = calloc(capacity ? capacity : 1, sizeof(*m->member));
	return m->member;
}

static void members_add(struct members *m, const char *text, uint64_t count)
{
	struct member *member = &m->member[m->n++];

	member->count = count;
	memcpy(member->text, text, strlen(text) + 1);
}

json_t *nt_json_complete(json_t *object, bool ok)
{
	if (ok)
		return object;
	json_decref(object);
	return NULL;
}

/* Sorts and frees the members; the map of what they hold, NULL without memory. */
static json_t *members_map(struct members *m)
{
	json_t *map = json_object();
	bool ok = map;

	qsort(m->member, m->n, sizeof(m->member[0]), by_count_then_text);
	for (size_t i = 0; i < m->n && ok; i++)
		ok = nt_json_set_count(map, m->member[i].text, m->member[i].count);
	free(m->member);
	return nt_json_complete(map, ok);
}

json_t *nt_json_named_map(const uint64_t *counts, const char *const *names, size_t n)
{
	struct members m;

	if (!members_init(&m, n))
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (counts[i])
			members_add(&m, names[i], counts[i]);
	return members_map(&m);
}

json_t *nt_json_map(const struct nt_counts *table, void (*member)(char text[static NT_MEMBER_TEXT], uint64_t key))
{
	struct members m;
	char text[NT_MEMBER_TEXT];

	if (!members_init(&m, table->n))
		return NULL;
	for (size_t i = 0; i < table->n; i++) {
		member(text, table->entry[i].key);
		members_add(&m, text, table->entry[i].count);
	}
	return members_map(&m);
}

/* Entries whose text begins alike ("JP:") up to ':', beginning at `first`; the outer key without ':' and their sum. */
static size_t group_end(const struct nt_counts *table, const struct nt_table_row *row, size_t first,
			struct member *outer)
{
	char text[NT_MEMBER_TEXT];
	size_t i = first, length;

	row->member(text, table->entry[first].key);
	length = (size_t)(strchr(text, ':') - text);
	*outer = (struct member){.count = 0};
	memcpy(outer->text, text, length);
	for (; i < table->n; i++) {
		row->member(text, table->entry[i].key);
		if (strncmp(text, outer->text, length) != 0 || text[length] != ':')
			break;
		outer->count += table->entry[i].count;
	}
	return i;
}

static json_t *group_map(const struct nt_counts *table, const struct nt_table_row *row, size_t first, size_t end)
{
	struct members m;
	char text[NT_MEMBER_TEXT];

	if (!members_init(&m, end - first))
		return NULL;
	for (size_t i = first; i < end; i++) {
		row->member(text, table->entry[i].key);
		members_add(&m, strchr(text, ':') + 1, table->entry[i].count);
	}
	return members_map(&m);
}

/* {"JP":{"445/tcp":N}}: groups stand together because the table is sorted by region first. */
static json_t *nested_map(const struct nt_counts *table, const struct nt_table_row *row)
{
	struct members groups;
	json_t *map = json_object(), *sorted = json_object();
	bool ok = map && sorted && members_init(&groups, NT_REGIONS);
	size_t end;

	if (!ok)
		goto out;
	for (size_t i = 0; i < table->n && ok; i = end) {
		struct member *outer = &groups.member[groups.n++];

		end = group_end(table, row, i, outer);
		ok = nt_json_set(map, outer->text, group_map(table, row, i, end));
	}
	qsort(groups.member, groups.n, sizeof(groups.member[0]), by_count_then_text);
	for (size_t g = 0; g < groups.n && ok; g++)
		ok = json_object_set(sorted, groups.member[g].text, json_object_get(map, groups.member[g].text)) == 0;
	free(groups.member);
out:
	json_decref(map);
	return nt_json_complete(sorted, ok);
}

static json_t *table_map(const struct nt_snapshot *s, enum nt_table table)
{
	const struct nt_table_row *row = &nt_table_row[table];

	return row->nested ? nested_map(&s->table[table], row) : nt_json_map(&s->table[table], row->member);
}

static json_t *class_object(const struct nt_snapshot *s)
{
	json_t *object = json_object();
	bool ok = object;

	for (uint32_t c = 0; c < NT_CLASSES && ok; c++)
		ok = nt_json_set_count(object, nt_class_name[c], s->class_frames[c]);
	return nt_json_complete(object, ok);
}

static json_t *overflow_object(const struct nt_snapshot *s)
{
	json_t *object = json_object();
	bool ok = object;

	for (uint32_t o = 0; o < NT_OVERFLOWS && ok; o++)
		ok = nt_json_set_count(object, nt_overflow_name[o], s->overflow[o]);
	return nt_json_complete(object, ok);
}

static json_t *loss_object(const struct nt_loss *loss)
{
	json_t *object = json_object();
	json_t *missed = loss->missed_unknown ? json_null() : json_integer((json_int_t)loss->missed);
	bool ok = nt_json_set(object, "missed", missed) && nt_json_set_count(object, "no_mbuf", loss->no_mbuf) &&
		  nt_json_set_count(object, "errors", loss->errors) &&
		  nt_json_set_count(object, "unexplained", loss->unexplained);

	return nt_json_complete(object, ok);
}

static bool set_head(json_t *line, const struct nt_snapshot *s, const char *sensor)
{
	return nt_json_set(line, "schema", json_string(NT_SCHEMA)) &&
	       nt_json_set(line, "sensor", json_string(sensor)) &&
	       nt_json_set(line, "start", json_integer(s->start_s)) &&
	       nt_json_set(line, "end", json_integer(s->end_s)) &&
	       (!s->partial || nt_json_set(line, "partial", json_true())) &&
	       (!s->reduced || nt_json_set(line, "reduced", json_true())) &&
	       nt_json_set_count(line, "frames", s->frames) && nt_json_set_count(line, "bytes", s->bytes) &&
	       nt_json_set_count(line, "late", s->late);
}

static bool set_body(json_t *line, const struct nt_snapshot *s)
{
	bool ok = nt_json_set(line, "class", class_object(s)) &&
		  nt_json_set(line, "malformed", nt_json_named_map(s->malformed, nt_reason_name, NT_REASONS)) &&
		  nt_json_set(line, "truncated", nt_json_named_map(s->truncated, nt_reason_name, NT_REASONS));

	for (uint32_t t = 0; t < NT_TABLES && ok; t++)
		if (!s->reduced || !nt_table_row[t].detail) /* what is not known is not empty */
			ok = nt_json_set(line, nt_table_row[t].json, table_map(s, t));
	return ok && nt_json_set(line, "sources", nt_json_sources(s)) &&
	       nt_json_set(line, "backscatter", nt_json_backscatter(s)) &&
	       nt_json_set(line, "signatures", nt_json_signatures(s)) &&
	       nt_json_set(line, "overflow", overflow_object(s)) && nt_json_set(line, "loss", loss_object(&s->loss));
}

int nt_snapshot_json(const struct nt_snapshot *s, const char *sensor, char **line)
{
	json_t *object = json_object();

	*line = NULL;
	if (object && set_head(object, s, sensor) && set_body(object, s))
		*line = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return *line ? 0 : -ENOMEM;
}

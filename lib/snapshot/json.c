/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/json.h"
#include "snapshot/json_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Members whose text begins alike ("JP:"). They stand together because the table is sorted by region first. */
struct group {
	struct nt_json_member outer; /* without ':', and the sum */
	struct nt_json_member *first;
	size_t n;
};

static struct group begin_group(struct nt_json_member *first)
{
	struct group g = {.outer = {.count = 0}, .first = first};

	memcpy(g.outer.text, first->text, (size_t)(strchr(first->text, ':') - first->text));
	return g;
}

/* Finds the groups, at most NT_REGIONS, and how many they are. */
static size_t find_groups(struct nt_json_member *member, size_t n, struct group *group)
{
	size_t groups = 0, length = 0;

	for (size_t i = 0; i < n; i++) {
		if (!groups || strncmp(member[i].text, group[groups - 1].outer.text, length) != 0 ||
		    member[i].text[length] != ':') {
			group[groups++] = begin_group(&member[i]);
			length = strlen(group[groups - 1].outer.text);
		}
		group[groups - 1].outer.count += member[i].count;
		group[groups - 1].n++;
	}
	return groups;
}

static int by_outer(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->outer.count != y->outer.count)
		return x->outer.count < y->outer.count ? 1 : -1;
	return strcmp(x->outer.text, y->outer.text);
}

static void put_group(struct nt_json *j, const struct group *g)
{
	size_t behind = strlen(g->outer.text) + 1;

	nt_json_sort(j, g->first, g->n); /* what is before ':' is the same */
	nt_json_key(j, g->outer.text);
	nt_json_open(j, '{');
	for (size_t i = 0; i < g->n; i++)
		nt_json_member(j, g->first[i].text + behind, g->first[i].count);
	nt_json_close(j, '}');
}

/* {"JP":{"445/tcp":N}} */
static void put_nested(struct nt_json *j, const struct nt_counts *table, const struct nt_table_row *row)
{
	struct nt_json_member *member = malloc((table->n + 1) * sizeof(*member));
	struct group *group = malloc(NT_REGIONS * sizeof(*group));
	size_t groups;

	nt_json_open(j, '{');
	if (member && group) {
		for (size_t i = 0; i < table->n; i++) {
			nt_json_member_begin(&member[i], table->entry[i].count);
			row->member(member[i].text, table->entry[i].key);
		}
		groups = find_groups(member, table->n, group);
		qsort(group, groups, sizeof(*group), by_outer);
		for (size_t g = 0; g < groups; g++)
			put_group(j, &group[g]);
	} else {
		j->failed = true;
	}
	nt_json_close(j, '}');
	free(member);
	free(group);
}

static void put_table(struct nt_json *j, const struct nt_snapshot *s, enum nt_table table)
{
	const struct nt_table_row *row = &nt_table_row[table];

	nt_json_key(j, row->json);
	if (row->nested)
		put_nested(j, &s->table[table], row);
	else
		nt_json_map(j, &s->table[table], row->member);
}

/* All names, zeros too. */
static void put_fixed(struct nt_json *j, const char *key, const uint64_t *counts, const char *const *names, size_t n)
{
	nt_json_key(j, key);
	nt_json_open(j, '{');
	for (size_t i = 0; i < n; i++)
		nt_json_set_count(j, names[i], counts[i]);
	nt_json_close(j, '}');
}

static void put_loss(struct nt_json *j, const struct nt_loss *loss)
{
	nt_json_key(j, "loss");
	nt_json_open(j, '{');
	nt_json_key(j, "missed");
	if (loss->missed_unknown)
		nt_json_word(j, "null");
	else
		nt_json_count(j, loss->missed);
	nt_json_set_count(j, "no_mbuf", loss->no_mbuf);
	nt_json_set_count(j, "errors", loss->errors);
	nt_json_set_count(j, "unexplained", loss->unexplained);
	nt_json_close(j, '}');
}

static void put_true(struct nt_json *j, const char *key, bool value)
{
	if (!value)
		return;
	nt_json_key(j, key);
	nt_json_word(j, "true");
}

static void put_head(struct nt_json *j, const struct nt_snapshot *s, const char *sensor)
{
	nt_json_key(j, "schema");
	nt_json_string(j, NT_SCHEMA);
	nt_json_key(j, "sensor");
	nt_json_string(j, sensor);
	nt_json_key(j, "start");
	nt_json_signed(j, s->start_s);
	nt_json_key(j, "end");
	nt_json_signed(j, s->end_s);
	put_true(j, "partial", s->partial);
	put_true(j, "reduced", s->reduced);
	nt_json_set_count(j, "frames", s->frames);
	nt_json_set_count(j, "bytes", s->bytes);
	nt_json_set_count(j, "late", s->late);
}

static void put_body(struct nt_json *j, const struct nt_snapshot *s)
{
	put_fixed(j, "class", s->class_frames, nt_class_name, NT_CLASSES);
	nt_json_key(j, "malformed");
	nt_json_named_map(j, s->malformed, nt_reason_name, NT_REASONS);
	nt_json_key(j, "truncated");
	nt_json_named_map(j, s->truncated, nt_reason_name, NT_REASONS);
	for (uint32_t t = 0; t < NT_TABLES; t++)
		if (!s->reduced || !nt_table_row[t].detail) /* what is not known is not empty */
			put_table(j, s, t);
	nt_json_key(j, "sources");
	nt_json_sources(j, s);
	nt_json_key(j, "backscatter");
	nt_json_backscatter(j, s);
	nt_json_key(j, "signatures");
	nt_json_signatures(j, s);
	put_fixed(j, "overflow", s->overflow, nt_overflow_name, NT_OVERFLOWS);
	put_loss(j, &s->loss);
}

int nt_snapshot_json(const struct nt_snapshot *s, const char *sensor, char **line)
{
	struct nt_json j = {0};

	nt_json_open(&j, '{');
	put_head(&j, s, sensor);
	put_body(&j, s);
	nt_json_close(&j, '}');
	*line = nt_json_text(&j);
	return *line ? 0 : -ENOMEM;
}

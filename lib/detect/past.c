/* SPDX-License-Identifier: BSD-3-Clause */
#include "detect/past.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LEFT_OUT     UINT16_MAX
#define LARGEST	     (UINT16_MAX - 1)
#define TRIMMED_PART 8 /* one in so many hours may be left out */

int nt_past_init(struct nt_past *p, uint32_t capacity)
{
	int err;

	memset(p, 0, sizeof(*p));
	err = nt_index_init(&p->index, capacity);
	if (err)
		return err;
	p->group = calloc(capacity, sizeof(p->group[0]));
	p->order = calloc(capacity, sizeof(p->order[0]));
	return p->group == NULL || p->order == NULL ? -ENOMEM : 0;
}

void nt_past_fini(struct nt_past *p)
{
	nt_index_fini(&p->index);
	free(p->group);
	free(p->order);
	memset(p, 0, sizeof(*p));
}

/* Fills the hours in which the group did not occur. */
static void catch_up(const struct nt_past *p, struct nt_past_group *g)
{
	uint32_t behind = p->hour - g->newest;

	for (uint32_t i = 1; i <= behind && i <= NT_PAST_HOURS; i++)
		g->hour[(g->newest + i) % NT_PAST_HOURS] = 0;
	g->newest = p->hour;
}

/* How much would be lost with a group: its sources in all hours; one that was told of weighs most. */
static uint32_t weight(const struct nt_past *p, struct nt_past_group *g)
{
	uint32_t sum = 0;

	catch_up(p, g);
	for (uint32_t i = 0; i < NT_PAST_HOURS; i++)
		sum += g->hour[i];
	return sum;
}

/* Remembers what a group had that is forgotten: one that is met later on may be the same. */
static void doubt(struct nt_past *p, const struct nt_past_group *g)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < NT_PAST_HOURS; i++)
		sum += g->hour[i] == LEFT_OUT ? 0 : g->hour[i];
	if (sum == 0)
		return;
	p->dropped++;
	if (sum >= p->doubt || p->hour - p->doubt_hour >= NT_PAST_HOURS) {
		p->doubt = sum;
		p->doubt_hour = p->hour;
	}
}

static int by_weight(const void *left, const void *right, void *context)
{
	struct nt_past *p = context;
	const uint32_t *a = left, *b = right;
	uint32_t a_weight = weight(p, &p->group[*a]), b_weight = weight(p, &p->group[*b]);

	if (a_weight != b_weight)
		return a_weight < b_weight ? -1 : 1;
	return nt_index_compare(&p->index.key[*a], &p->index.key[*b]);
}

static int downwards(const void *left, const void *right)
{
	const uint32_t *a = left, *b = right;

	return *a > *b ? -1 : *a < *b;
}

/*
 * Forgets an eighth of the groups, those with the least past: taken for new later on, they are nearest to what is
 * thought of new ones, that they had no sources.
 */
static void forget(struct nt_past *p)
{
	uint32_t n = p->index.n, leave = n / 8 + 1;

	for (uint32_t i = 0; i < n; i++)
		p->order[i] = i;
	qsort_r(p->order, n, sizeof(p->order[0]), by_weight, p);
	for (uint32_t i = 0; i < leave; i++)
		doubt(p, &p->group[p->order[i]]);
	/* From the highest place down, for the last line moves into the gap. */
	qsort(p->order, leave, sizeof(p->order[0]), downwards);
	for (uint32_t i = 0; i < leave; i++) {
		nt_index_remove(&p->index, p->order[i]);
		p->group[p->order[i]] = p->group[p->index.n];
	}
}

struct nt_past_group *nt_past_group(struct nt_past *p, const struct nt_index_key *key)
{
	uint32_t at = nt_index_find(&p->index, key);

	if (at == NT_INDEX_NONE) {
		if (p->index.n == p->index.capacity)
			forget(p);
		at = nt_index_add(&p->index, key);
		p->group[at] = (struct nt_past_group){.newest = p->hour, .born = p->hour};
		if (p->hour - p->doubt_hour < NT_PAST_HOURS)
			p->group[at].doubt = p->doubt;
	}
	catch_up(p, &p->group[at]);
	return &p->group[at];
}

static int upwards(const void *left, const void *right)
{
	const uint16_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

struct nt_usual nt_past_usual(const struct nt_past *p, const struct nt_past_group *g, uint32_t many)
{
	uint16_t hour[NT_PAST_HOURS];
	/* The slot of the current hour still belongs to it alone. */
	uint32_t seen = p->hour < NT_PAST_HOURS - 1 ? p->hour : NT_PAST_HOURS - 1, n = 0, least;
	struct nt_usual usual = {0};
	uint64_t sum = 0;

	for (uint32_t i = 1; i <= seen; i++) {
		uint16_t sources = g->hour[(p->hour - i) % NT_PAST_HOURS];

		if (sources != LEFT_OUT)
			hour[n++] = sources;
	}
	qsort(hour, n, sizeof(hour[0]), upwards);
	least = n - n / TRIMMED_PART;
	while (n > least && hour[n - 1] >= many)
		n--;
	for (uint32_t i = 0; i < n; i++)
		sum += hour[i];
	usual.hours = n;
	usual.doubt = p->hour - g->born < NT_PAST_HOURS ? g->doubt : 0;
	usual.sources = n == 0 ? 0 : (double)sum / n;
	return usual;
}

void nt_past_learn(struct nt_past *p, struct nt_past_group *g, uint32_t sources)
{
	g->hour[p->hour % NT_PAST_HOURS] = (uint16_t)(sources < LARGEST ? sources : LARGEST);
}

void nt_past_leave_out(struct nt_past *p, struct nt_past_group *g)
{
	g->hour[p->hour % NT_PAST_HOURS] = LEFT_OUT;
}

void nt_past_next(struct nt_past *p)
{
	p->hour++;
}

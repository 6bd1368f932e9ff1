/* SPDX-License-Identifier: BSD-3-Clause */
#include "fold/interval.h"

#include "base/mix.h"
#include "geo/asn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S 86400

/* Packets by AS, while they are added up. */
struct tables {
	struct nt_asn *asn;
	struct nt_fold_orgs *told;
	struct nt_snapshot *into;
	size_t orgs; /* room in into->org */
	struct nt_places index;
	struct nt_count *entry;
	size_t n;
	size_t capacity;
};

static uint32_t hash_of(uint32_t asn)
{
	return (uint32_t)nt_mix(asn, 0);
}

void nt_fold_orgs_fini(struct nt_fold_orgs *o)
{
	nt_places_fini(&o->index);
	free(o->asn);
	*o = (struct nt_fold_orgs){0};
}

/* Notes an AS as told. Positive if it was not told before, 0, or -ENOMEM. */
static int note_told(struct nt_fold_orgs *o, uint32_t asn)
{
	uint32_t hash = hash_of(asn), at = hash, i;
	uint32_t *grown = nt_places_grow_array(o->asn, &o->capacity, o->n + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	o->asn = grown;
	if (nt_places_reserve(&o->index, o->n + 1))
		return -ENOMEM;
	while ((i = nt_places_next(&o->index, hash, &at)) != NT_PLACES_NONE) {
		if (o->asn[i] == asn)
			return 0;
		at++;
	}
	nt_places_put(&o->index, at, hash, (uint32_t)o->n);
	o->asn[o->n++] = asn;
	return 1;
}

static int add_org(struct tables *t, uint32_t asn, const char *name)
{
	struct nt_snapshot *s = t->into;
	struct nt_org *grown = nt_places_grow_array(s->org, &t->orgs, s->n_orgs + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	s->org = grown;
	s->org[s->n_orgs] = (struct nt_org){.asn = asn, .name = strdup(name)};
	if (!s->org[s->n_orgs].name)
		return -ENOMEM;
	s->n_orgs++;
	return 0;
}

/* Tells who an AS is, once a day: readers keep names for longer than that. */
static int tell(struct tables *t, uint32_t asn, const struct nt_address *address)
{
	char name[NT_ASN_ORG];
	int fresh = asn ? note_told(t->told, asn) : 0;

	if (fresh <= 0)
		return fresh;
	nt_asn_lookup_org(t->asn, address, name);
	return *name ? add_org(t, asn, name) : 0;
}

/* Adds packets to an AS. Positive if it is the first time in this interval, 0, or -ENOMEM. */
static int count_packets(struct tables *t, uint32_t asn, uint64_t packets)
{
	uint32_t hash = hash_of(asn), at = hash, i;
	struct nt_count *grown = nt_places_grow_array(t->entry, &t->capacity, t->n + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	t->entry = grown;
	if (nt_places_reserve(&t->index, t->n + 1))
		return -ENOMEM;
	while ((i = nt_places_next(&t->index, hash, &at)) != NT_PLACES_NONE) {
		if (t->entry[i].key == asn) {
			t->entry[i].count += packets;
			return 0;
		}
		at++;
	}
	nt_places_put(&t->index, at, hash, (uint32_t)t->n);
	t->entry[t->n++] = (struct nt_count){.key = asn, .count = packets};
	return 1;
}

static int look_up_sources(struct tables *t)
{
	struct nt_snapshot *s = t->into;

	for (size_t i = 0; i < s->n_sources; i++) {
		struct nt_source *source = &s->source[i];
		int first;

		source->asn = nt_asn_lookup(t->asn, &source->address);
		first = count_packets(t, source->asn, source->packets);
		if (first > 0)
			first = tell(t, source->asn, &source->address);
		if (first < 0)
			return first;
	}
	for (size_t i = 0; i < t->n; i++)
		if (nt_counts_append(&s->table[NT_TABLE_ASN], t->entry[i].key, t->entry[i].count))
			return -ENOMEM;
	nt_counts_compact(&s->table[NT_TABLE_ASN]);
	return 0;
}

/* Victims need not be sources, and senders without a line are none here. */
static int look_up_others(struct tables *t)
{
	struct nt_snapshot *s = t->into;
	int err = 0;

	for (size_t i = 0; i < s->n_backscatter && !err; i++) {
		s->backscatter[i].asn = nt_asn_lookup(t->asn, &s->backscatter[i].address);
		err = tell(t, s->backscatter[i].asn, &s->backscatter[i].address);
	}
	for (size_t i = 0; i < s->n_victims && !err; i++) {
		s->victim[i].asn = nt_asn_lookup(t->asn, &s->victim[i].address);
		err = tell(t, s->victim[i].asn, &s->victim[i].address);
	}
	return err;
}

int nt_fold_list_as(struct nt_asn *asn, struct nt_fold_orgs *told, struct nt_snapshot *into)
{
	struct tables t = {.asn = asn, .told = told, .into = into};
	int64_t day = into->start_s / DAY_S;
	int err;

	if (!asn)
		return 0;
	if (day != told->day)
		nt_fold_orgs_fini(told);
	told->day = day;
	err = look_up_sources(&t);
	if (!err)
		err = look_up_others(&t);
	nt_places_fini(&t.index);
	free(t.entry);
	return err;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "fold/fold.h"

#include "fold/cross.h"
#include "fold/interval.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct nt_fold {
	struct nt_fold_options options;
	struct nt_asn *asn;
	const struct nt_locate *locate;
	struct nt_fold_interval interval; /* the open one */
	struct nt_fold_cross cross;
	struct nt_fold_orgs told; /* outlives intervals */
};

/* What it held of the open snapshot has gone. */
static void interval_clear(struct nt_fold_interval *i)
{
	nt_snapshot_init(&i->open);
	nt_fold_sources_clear(&i->sources);
	nt_fold_pairs_clear(&i->pairs);
	nt_fold_senders_fini(&i->senders);
	nt_fold_victims_fini(&i->victims);
	nt_fold_sketches_fini(&i->sketches);
	i->lost_packets = 0;
	i->all_syns = 0;
	i->overflowed = false;
}

static void interval_fini(struct nt_fold_interval *i)
{
	nt_snapshot_fini(&i->open);
	interval_clear(i);
	nt_fold_sources_fini(&i->sources);
	nt_fold_pairs_fini(&i->pairs);
}

/* ---- packets ---- */

static void fold_scalars(const struct nt_tally *t, struct nt_snapshot *into)
{
	into->frames += t->frames;
	into->bytes += t->bytes;
	into->overflow[NT_OVERFLOW_PAIRS] += t->pairs.overflow + t->sketches.overflow;
	into->overflow[NT_OVERFLOW_VICTIMS] += t->replies.overflow;
	into->overflow[NT_OVERFLOW_REGION_PORT] += t->region_port.overflow;
	for (uint32_t c = 0; c < NT_CLASSES; c++)
		into->class_frames[c] += t->class_frames[c];
	for (uint32_t r = 0; r < NT_REASONS; r++) {
		into->malformed[r] += t->fate[NT_FATE_MALFORMED + r];
		into->truncated[r] += t->fate[NT_FATE_TRUNCATED + r];
	}
	for (size_t i = 0; i < into->n_signatures; i++)
		into->signature[i].packets += t->signature_packets[i];
}

static int fold_keys(const struct nt_histogram *h, uint32_t first, uint32_t n, struct nt_counts *into)
{
	int err = 0;

	for (uint32_t key = first; key < first + n && !err; key++)
		if (h->count[key])
			err = nt_counts_append(into, key, h->count[key]);
	return err;
}

static int fold_histogram(const struct nt_histogram *h, struct nt_counts *into)
{
	int err = 0;

	if (!h->used)
		return fold_keys(h, 0, h->size, into);
	for (uint32_t chunk = 0; chunk < h->size / NT_HISTOGRAM_CHUNK && !err; chunk++)
		if (h->used[chunk])
			err = fold_keys(h, chunk * NT_HISTOGRAM_CHUNK, NT_HISTOGRAM_CHUNK, into);
	return err;
}

static int fold_histograms(const struct nt_tally *t, struct nt_snapshot *into)
{
	int err = 0;

	for (uint32_t i = 0; i < NT_TABLES && !err; i++)
		err = fold_histogram(&t->histogram[i], &into->table[i]);
	return err;
}

static void compact_all(struct nt_snapshot *s)
{
	for (uint32_t i = 0; i < NT_TABLES; i++)
		nt_counts_compact(&s->table[i]);
	nt_counts_compact(&s->backscatter_port);
	nt_fold_compact_signatures(s);
}

/* ---- who ---- */

static int fold_sources(const struct nt_tally *t, struct nt_fold_interval *i)
{
	int err;

	if (!t->sources.n)
		return 0;
	err = nt_fold_sources_add(&i->sources, &t->sources);
	return err ? err : nt_fold_pairs_add(&i->pairs, &t->sources, &t->pairs, i->sources.place);
}

static int fold_bank(struct nt_fold_cross *cross, struct nt_tally *t, const struct nt_locate *locate,
		     struct nt_fold_interval *i)
{
	int err = nt_fold_cross_add(cross, t, locate, &i->open);

	fold_scalars(t, &i->open); /* settling may have met full tables */
	if (!err)
		err = fold_histograms(t, &i->open);
	i->lost_packets += t->sources.overflow;
	i->overflowed = i->overflowed || t->sources.overflow || t->pairs.overflow;
	if (!err)
		err = fold_sources(t, i);
	if (!err && t->replies.n)
		err = nt_fold_senders_add(&i->senders, &t->replies);
	return err ? err : nt_fold_sketches_add(&i->sketches, &t->sketches);
}

/* The signatures of the interval are those of its first bank; their names must outlive them. */
static int note_signatures(const struct nt_signatures *signatures, struct nt_fold_interval *i)
{
	struct nt_snapshot *s = &i->open;
	uint32_t n = signatures ? nt_signatures_n(signatures) : 0, explaining, seq_dst;

	if (!n || s->signature)
		return 0;
	s->signature = calloc(n, sizeof(*s->signature));
	if (!s->signature)
		return -ENOMEM;
	s->n_signatures = n;
	i->all_syns = nt_signatures_all_syns(signatures);
	explaining = nt_signatures_explaining(signatures);
	seq_dst = nt_signatures_seq_dst(signatures);
	for (uint32_t k = 0; k < n; k++) {
		snprintf(s->signature[k].name, NT_SIGNATURE_NAME, "%s", nt_signatures_name(signatures, k));
		s->signature[k].explains = explaining >> k & 1;
		s->signature[k].seq_dst = seq_dst >> k & 1;
	}
	return 0;
}

/* ---- the interface ---- */

struct nt_fold *nt_fold_new(const struct nt_fold_options *options)
{
	struct nt_fold *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->options = *options;
	return f;
}

void nt_fold_free(struct nt_fold *f)
{
	if (!f)
		return;
	interval_fini(&f->interval);
	nt_fold_orgs_fini(&f->told);
	free(f);
}

void nt_fold_set_asn(struct nt_fold *f, struct nt_asn *asn)
{
	f->asn = asn;
	nt_fold_orgs_fini(&f->told); /* another database may have other names */
}

void nt_fold_set_locate(struct nt_fold *f, const struct nt_locate *locate)
{
	f->locate = locate;
}

/* Victims of one fold are put together before they meet those of the folds before: see victims.c. */
static int fold_victims(struct nt_tally *const *banks, uint32_t n, struct nt_fold_victims *into)
{
	struct nt_fold_victims together = {0};
	int err = 0;

	for (uint32_t b = 0; b < n && !err; b++)
		if (banks[b]->replies.n)
			err = nt_fold_victims_add(&together, &banks[b]->replies);
	if (!err)
		err = nt_fold_victims_merge(into, &together);
	nt_fold_victims_fini(&together);
	return err;
}

int nt_fold_add(struct nt_fold *f, struct nt_tally *const *banks, uint32_t n)
{
	int err = n ? note_signatures(banks[0]->signatures, &f->interval) : 0;

	for (uint32_t b = 0; b < n && !err; b++)
		err = fold_bank(&f->cross, banks[b], f->locate, &f->interval);
	if (!err)
		err = fold_victims(banks, n, &f->interval.victims);
	compact_all(&f->interval.open);
	return err;
}

uint64_t nt_fold_frames(const struct nt_fold *f)
{
	return f->interval.open.frames;
}

static int note_lost(const struct nt_fold *f, struct nt_snapshot *s)
{
	struct nt_fold_lost sources = nt_fold_sketches_find(&f->interval.sketches, nt_sketch_key(NT_SKETCH_SOURCES, 0));
	struct nt_fold_scratch *scratch;
	uint64_t lost;

	if (!f->interval.lost_packets)
		return 0;
	scratch = calloc(1, sizeof(*scratch));
	if (!scratch)
		return -ENOMEM;
	nt_fold_scratch_merge(scratch, &sources);
	lost = nt_fold_scratch_estimate(scratch);
	free(scratch);
	s->overflow[NT_OVERFLOW_SOURCES] = lost ? lost : 1;
	s->overflow[NT_OVERFLOW_ASN_PACKETS] = f->asn ? f->interval.lost_packets : 0;
	return 0;
}

static int make_lists(struct nt_fold *f, struct nt_snapshot *s)
{
	const struct nt_fold_interval *i = &f->interval;
	int err = nt_fold_list_sources(i, s);

	if (!err)
		err = nt_fold_list_pairs(i, s);
	if (!err)
		err = nt_fold_list_senders(i, s);
	if (!err)
		err = nt_fold_list_victims(i, f->locate, s);
	return err ? err : nt_fold_list_as(f->asn, &f->told, s);
}

int nt_fold_take(struct nt_fold *f, int64_t start_s, int64_t end_s, struct nt_snapshot *into)
{
	int err;

	*into = f->interval.open;
	into->start_s = start_s;
	into->end_s = end_s;
	into->unique.estimated = f->interval.overflowed;
	nt_fold_elements_sort(&f->interval.sketches.sparse);
	err = note_lost(f, into);
	if (!err)
		err = make_lists(f, into);
	if (!err)
		err = nt_fold_count(into);
	if (!err && (f->options.sketches || f->interval.overflowed))
		err = nt_fold_unite(&f->interval.sketches, into);
	interval_clear(&f->interval); /* what the snapshot held is the caller's now */
	return err;
}

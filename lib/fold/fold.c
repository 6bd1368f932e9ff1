/* SPDX-License-Identifier: BSD-3-Clause */
#include "fold/fold.h"

#include <stdlib.h>

struct nt_fold {
	struct nt_fold_options options;
	struct nt_asn *asn;
	const struct nt_locate *locate;
	struct nt_snapshot open; /* of the interval */
};

static void fold_scalars(const struct nt_tally *t, struct nt_snapshot *into)
{
	into->frames += t->frames;
	into->bytes += t->bytes;
	into->overflow[NT_OVERFLOW_REGION_PORT] += t->region_port.overflow;
	for (uint32_t c = 0; c < NT_CLASSES; c++)
		into->class_frames[c] += t->class_frames[c];
	for (uint32_t r = 0; r < NT_REASONS; r++) {
		into->malformed[r] += t->fate[NT_FATE_MALFORMED + r];
		into->truncated[r] += t->fate[NT_FATE_TRUNCATED + r];
	}
}

static int fold_histogram(const struct nt_histogram *h, struct nt_counts *into)
{
	for (uint32_t i = 0; i < h->n_touched; i++) {
		int err = nt_counts_append(into, h->touched[i], h->count[h->touched[i]]);

		if (err)
			return err;
	}
	return 0;
}

static int fold_region_port(const struct nt_region_port *t, struct nt_counts *into)
{
	for (uint32_t i = 0; i < t->n_touched; i++) {
		const struct nt_region_port_slot *slot = &t->slot[t->touched[i]];
		int err = 0;

		if (slot->key >> NT_KIND_SHIFT == NT_KIND_REGION_PORT)
			err = nt_counts_append(into, slot->key, slot->count);
		if (err)
			return err;
	}
	return 0;
}

static int fold_bank(const struct nt_tally *t, struct nt_snapshot *into)
{
	fold_scalars(t, into);
	for (uint32_t i = 0; i < NT_TABLES; i++) {
		int err = fold_histogram(&t->histogram[i], &into->table[i]);

		if (err)
			return err;
	}
	return fold_region_port(&t->region_port, &into->table[NT_TABLE_REGION_PORT]);
}

struct nt_fold *nt_fold_new(const struct nt_fold_options *options)
{
	struct nt_fold *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->options = *options;
	nt_snapshot_init(&f->open);
	return f;
}

void nt_fold_free(struct nt_fold *f)
{
	if (!f)
		return;
	nt_snapshot_fini(&f->open);
	free(f);
}

void nt_fold_set_asn(struct nt_fold *f, struct nt_asn *asn)
{
	f->asn = asn;
}

void nt_fold_set_locate(struct nt_fold *f, const struct nt_locate *locate)
{
	f->locate = locate;
}

int nt_fold_add(struct nt_fold *f, struct nt_tally *const *banks, uint32_t n)
{
	for (uint32_t b = 0; b < n; b++) {
		int err = fold_bank(banks[b], &f->open);

		if (err)
			return err;
	}
	for (uint32_t i = 0; i < NT_TABLES; i++)
		nt_counts_compact(&f->open.table[i]);
	return 0;
}

uint64_t nt_fold_frames(const struct nt_fold *f)
{
	return f->open.frames;
}

int nt_fold_take(struct nt_fold *f, int64_t start_s, int64_t end_s, struct nt_snapshot *into)
{
	*into = f->open;
	into->start_s = start_s;
	into->end_s = end_s;
	nt_snapshot_init(&f->open);
	return 0;
}

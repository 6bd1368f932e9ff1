/* SPDX-License-Identifier: BSD-3-Clause */
#include "fold/backscatter.h"

#include "base/clock.h"
#include "base/targets.h"

#include <errno.h>
#include <stdlib.h>

/*
 * Bins of packets. A line knows its first bins (head), its newest ones (tail), that there was nothing outside of both
 * ends, and the peak of its own windows; what lay between head and tail is forgotten. Of two lines put together
 *
 * - head and tail are exact: the first bins of both are the first bins of each, or empty there;
 * - the peak is exact if neither has forgotten anything, because its packets lie within 2 x NT_VICTIM_BINS bins
 *   (120 s), and also if one begins where the other has ended, because no window reaches further back than a tail.
 *
 * So the lines of one fold are put together first, then with those of the folds before it, and whoever folds at least
 * once a minute has the exact peak of packets in order of time, over any number of workers and any length of interval.
 */

static void begin_bins(struct nt_fold_victim *v, const struct nt_reply_line *line)
{
	uint32_t newest = line->last_bin - line->first_bin;

	v->peak = nt_reply_peak(line);
	v->first_bin = line->first_bin;
	v->last_bin = line->last_bin;
	for (uint32_t i = 0; i < NT_VICTIM_BINS; i++) {
		v->head[i] = line->head[i] + (i == newest ? line->newest : 0);
		/* this goes back before the first bin, where there was nothing */
		v->tail[i] = i ? line->older[i - 1] : line->newest;
	}
}

static void begin(struct nt_fold_victim *v, const struct nt_reply_line *line)
{
	*v = (struct nt_fold_victim){
	    .address = line->address,
	    .packets = nt_reply_packets(line),
	    .first_s = (uint32_t)nt_seconds_of_ns(line->first_ns),
	    .last_s = (uint32_t)nt_seconds_of_ns(line->last_ns),
	    .ports = line->ports,
	    .proto = line->kind & NT_REPLY_PROTO,
	    .v6 = line->kind & NT_REPLY_V6,
	};
	begin_bins(v, line);
	nt_targets_halve(v->targets, line->targets, NT_VICTIM_TARGETS);
	for (uint32_t i = 0; i < NT_REPLY_SLOTS; i++)
		if (line->packets[i])
			v->classes |= 1u << nt_reply_class_of_slot(line->kind, i);
}

/* Packets of a bin as far as they are known. Differences are taken with a sign: bins are the lowest 32 bits. */
static uint64_t bin_of(const struct nt_fold_victim *v, uint32_t bin)
{
	if (bin - v->first_bin < NT_VICTIM_BINS)
		return v->head[bin - v->first_bin];
	if (v->last_bin - bin < NT_VICTIM_BINS)
		return v->tail[v->last_bin - bin];
	return 0;
}

static uint64_t window(const struct nt_fold_victim *a, const struct nt_fold_victim *b, uint32_t first_bin)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < NT_VICTIM_BINS; i++)
		sum += bin_of(a, first_bin + i) + bin_of(b, first_bin + i);
	return sum;
}

/* Highest window that has to do with either end of either. */
static uint64_t common_peak(const struct nt_fold_victim *a, const struct nt_fold_victim *b)
{
	const uint32_t end[] = {a->first_bin, a->last_bin - (NT_VICTIM_BINS - 1), b->first_bin,
				b->last_bin - (NT_VICTIM_BINS - 1)};
	uint64_t peak = a->peak > b->peak ? a->peak : b->peak;

	for (uint32_t e = 0; e < 4; e++)
		for (uint32_t d = 0; d < 2 * NT_VICTIM_BINS - 1; d++) {
			uint64_t sum = window(a, b, end[e] - (NT_VICTIM_BINS - 1) + d);

			peak = sum > peak ? sum : peak;
		}
	return peak;
}

static void merge_bins(struct nt_fold_victim *v, const struct nt_fold_victim *with)
{
	const struct nt_fold_victim before = *v;

	v->peak = common_peak(&before, with);
	if ((int32_t)(with->first_bin - v->first_bin) < 0)
		v->first_bin = with->first_bin;
	if ((int32_t)(with->last_bin - v->last_bin) > 0)
		v->last_bin = with->last_bin;
	for (uint32_t i = 0; i < NT_VICTIM_BINS; i++) {
		v->head[i] = bin_of(&before, v->first_bin + i) + bin_of(with, v->first_bin + i);
		v->tail[i] = bin_of(&before, v->last_bin - i) + bin_of(with, v->last_bin - i);
	}
}

static void merge(struct nt_fold_victim *v, const struct nt_fold_victim *with)
{
	merge_bins(v, with);
	for (uint32_t i = 0; i < with->ports.n; i++)
		nt_victim_ports_note(&v->ports, with->ports.port[i]);
	v->ports.more = v->ports.more || with->ports.more;
	if ((int32_t)(with->first_s - v->first_s) < 0)
		v->first_s = with->first_s;
	if ((int32_t)(with->last_s - v->last_s) > 0)
		v->last_s = with->last_s;
	v->packets += with->packets;
	v->classes |= with->classes;
	nt_targets_merge(v->targets, with->targets, NT_VICTIM_TARGETS);
}

static bool same(const struct nt_fold_victim *a, const struct nt_fold_victim *b)
{
	return a->address.low == b->address.low && a->address.high == b->address.high && a->v6 == b->v6 &&
	       a->proto == b->proto;
}

static int reserve(struct nt_fold_victims *v, size_t more)
{
	struct nt_fold_victim *grown = nt_places_grow_array(v->entry, &v->capacity, v->n + more, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	v->entry = grown;
	return nt_places_reserve(&v->index, v->n + more);
}

/* There is room for one more. */
static void add(struct nt_fold_victims *v, const struct nt_fold_victim *with)
{
	uint32_t hash = (uint32_t)nt_source_hash(with->address, with->v6) + with->proto, at = hash, i;

	while ((i = nt_places_next(&v->index, hash, &at)) != NT_PLACES_NONE) {
		if (same(&v->entry[i], with)) {
			merge(&v->entry[i], with);
			return;
		}
		at++;
	}
	i = (uint32_t)v->n++;
	nt_places_put(&v->index, at, hash, i);
	v->entry[i] = *with;
}

int nt_fold_victims_add(struct nt_fold_victims *v, const struct nt_replies *bank)
{
	int err = reserve(v, bank->n);

	for (uint32_t i = 1; i <= bank->n && !err; i++) {
		const struct nt_reply_line *line = &bank->line[i];
		struct nt_fold_victim with;

		if (!nt_reply_is(line, NT_REPLY_VICTIM))
			continue;
		begin(&with, line);
		add(v, &with);
	}
	return err;
}

int nt_fold_victims_merge(struct nt_fold_victims *v, const struct nt_fold_victims *from)
{
	int err = from->n ? reserve(v, from->n) : 0;

	for (size_t i = 0; i < from->n && !err; i++)
		add(v, &from->entry[i]);
	return err;
}

void nt_fold_victims_fini(struct nt_fold_victims *v)
{
	nt_places_fini(&v->index);
	free(v->entry);
	*v = (struct nt_fold_victims){0};
}

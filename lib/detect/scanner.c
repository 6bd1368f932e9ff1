/* SPDX-License-Identifier: BSD-3-Clause */
#include "detect/detector.h"
#include "detect/followed.h"
#include "detect/known.h"

#include "base/targets.h"
#include "needletail/schema.h"
#include "snapshot/json_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Sources that touched more than so many destination ports within a day. Every source with a port is followed, up to
 * `sources` of them (followed.h); a day's end forgets them all.
 *
 * A sender of backscatter is left out of the intervals in which it sends some. The answers of a victim go to the
 * ports that the attack was forged to come from, that is, to as many as there are, and a pair does not say which kind
 * of packet it saw.
 */

#define DAY_S  86400
#define HOUR_S 3600

/* Bytes for sets of ports, on average, that each source followed may take; nearly all take none. */
#define SET_BYTES 64
#define SETS_MIN  (1 << 24) /* a thousand sources of every port */

/* Shipped signatures that name the tool of a scan (the others name worms and protocols). */
static const char *const scanner_signature[] = {"zmap-old", "zmap-new", "masscan", "mirai"};

/* Pairs of a source in the snapshot that is looked at. */
struct group {
	uint32_t source;
	uint32_t hash; /* of its address */
	uint32_t n;
	size_t pair;
};

struct nt_scanner {
	uint32_t ports, silence_s, max;
	int64_t offset_s;
	struct nt_known *known;

	int64_t day;	 /* of the sources, counted from 1970; meaningless while there are none */
	bool incomplete; /* some interval of the day has pairs that were not kept */
	struct nt_followed_table table;
	uint32_t *crossed; /* [n_crossed] places of those above the threshold that are not told yet */
	uint32_t n_crossed, crossed_capacity;
	size_t budget; /* bytes left for sets */
	uint64_t dropped;
	struct group *group; /* [n_groups] of the snapshot; in the end of sources that are not followed yet */
	size_t n_groups;
	char name[NT_SIGNATURES_MAX][NT_SIGNATURE_NAME];
};

/* ---- who is followed ---- */

static void list_crossed(struct nt_scanner *d)
{
	d->n_crossed = 0;
	for (uint32_t i = 0; i < d->table.n; i++)
		if (nt_followed_at(&d->table, i)->crossed)
			d->crossed[d->n_crossed++] = i;
}

static void forget_all(struct nt_scanner *d)
{
	for (uint32_t i = 0; i < d->table.n; i++)
		nt_ports_clear(&nt_followed_at(&d->table, i)->ports, &d->budget);
	nt_followed_leave(&d->table, 0);
	d->n_crossed = 0;
	d->incomplete = false;
}

/* Makes room: lets go of who touched one port, and not lately. They are the most, and the least likely to be missed. */
static void sweep(struct nt_scanner *d, int64_t now_s)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < d->table.n; i++) {
		const struct nt_followed *source = nt_followed_at(&d->table, i);

		if (source->ports.n <= 1 && source->last_s + d->silence_s < now_s) {
			d->dropped++;
			continue;
		}
		if (kept < i)
			*nt_followed_at(&d->table, kept) = *source;
		kept++;
	}
	if (kept == d->table.n)
		return;
	nt_followed_leave(&d->table, kept);
	list_crossed(d);
}

/* ---- telling ---- */

static void put_ports(struct nt_json *j, const struct nt_ports *ports)
{
	uint32_t n;
	const uint32_t *first = nt_ports_first(ports, &n);

	nt_json_key(j, "first_ports");
	nt_json_open(j, '[');
	for (uint32_t i = 0; i < n; i++) {
		char text[NT_MEMBER_TEXT];

		nt_port_text(first[i], text);
		nt_json_item(j, text);
	}
	nt_json_close(j, ']');
}

static bool names_tool(const char *name)
{
	for (size_t i = 0; i < sizeof(scanner_signature) / sizeof(*scanner_signature); i++)
		if (!strcmp(name, scanner_signature[i]))
			return true;
	return false;
}

static void put_signatures(struct nt_json *j, const struct nt_scanner *d, const char *key, uint32_t bits,
			   bool tools_only)
{
	nt_json_key(j, key);
	nt_json_open(j, '[');
	for (uint32_t i = 0; i < NT_SIGNATURES_MAX; i++)
		if (bits >> i & 1 && (!tools_only || names_tool(d->name[i])))
			nt_json_item(j, d->name[i]);
	nt_json_close(j, ']');
}

/* A day may end with thousands of scanners, so this is no tree of jansson's. NULL: no memory. */
static char *body_of(const struct nt_scanner *d, const struct nt_followed *source)
{
	const char *known = nt_known_find(d->known, &source->address);
	uint64_t targets = nt_targets_estimate(&source->targets, 1);
	struct nt_json j = {0};
	char *text, *fitting;

	nt_json_open(&j, '{');
	nt_json_set_count(&j, "ports", source->ports.n);
	nt_json_key(&j, "exact");
	nt_json_bool(&j, !source->cut && !d->incomplete);
	nt_json_set_count(&j, "packets", source->packets);
	nt_json_set_count(&j, "targets_estimate", targets < source->packets ? targets : source->packets);
	put_ports(&j, &source->ports);
	put_signatures(&j, d, "signatures", source->signatures, false);
	put_signatures(&j, d, "scanner_signatures", source->signatures, true);
	nt_json_set_count(&j, "asn", source->asn);
	nt_json_key(&j, "known");
	nt_json_bool(&j, known);
	if (known) {
		nt_json_key(&j, "name");
		nt_json_string(&j, known);
	}
	nt_json_close(&j, '}');
	text = nt_json_text(&j);
	fitting = text ? realloc(text, j.n) : NULL; /* the snapshot keeps it, and it is small */
	return fitting ? fitting : text;
}

static int tell(const struct nt_scanner *d, struct nt_snapshot *s, const struct nt_followed *source)
{
	char address[NT_ADDRESS_TEXT];
	const struct nt_about about = {
	    .type = NT_EVENT_SCANNER,
	    .start_s = source->first_s,
	    .end_s = source->last_s + 1,
	    .region = source->region,
	    .source = address,
	};

	nt_address_text(&source->address, address);
	return nt_detect_tell_text(s, &about, body_of(d, source));
}

/* Tells of those above the threshold who were last seen before that moment. */
static int tell_until(struct nt_scanner *d, struct nt_snapshot *s, int64_t before_s)
{
	uint32_t left = 0;
	int err = 0;

	for (uint32_t i = 0; i < d->n_crossed; i++) {
		struct nt_followed *source = nt_followed_at(&d->table, d->crossed[i]);

		if (source->last_s >= before_s) {
			d->crossed[left++] = d->crossed[i];
			continue;
		}
		source->crossed = false; /* once a day: its ports remain above the threshold and cross it no more */
		err = err ? err : tell(d, s, source);
	}
	d->n_crossed = left;
	return err;
}

static int end_day(struct nt_scanner *d, struct nt_snapshot *s)
{
	int err = tell_until(d, s, INT64_MAX);

	forget_all(d);
	return err;
}

/* ---- counting ---- */

/* Signatures may be others since a reload; bits follow their names. */
static void learn_names(struct nt_scanner *d, const struct nt_snapshot *s)
{
	uint32_t moved[NT_SIGNATURES_MAX] = {0};
	size_t n = s->n_signatures < NT_SIGNATURES_MAX ? s->n_signatures : NT_SIGNATURES_MAX;
	bool same = true;

	for (uint32_t i = 0; i < NT_SIGNATURES_MAX; i++) {
		same = same && !strcmp(d->name[i], i < n ? s->signature[i].name : "");
		for (uint32_t j = 0; j < n; j++)
			if (!strcmp(d->name[i], s->signature[j].name))
				moved[i] = 1u << j;
	}
	if (same)
		return;
	for (uint32_t i = 0; i < d->table.n; i++) {
		uint32_t bits = 0;

		for (uint32_t j = 0; j < NT_SIGNATURES_MAX; j++)
			bits |= nt_followed_at(&d->table, i)->signatures >> j & 1 ? moved[j] : 0;
		nt_followed_at(&d->table, i)->signatures = bits;
	}
	memset(d->name, 0, sizeof(d->name));
	for (uint32_t i = 0; i < n; i++)
		memcpy(d->name[i], s->signature[i].name, NT_SIGNATURE_NAME);
}

static int note_crossing(struct nt_scanner *d, uint32_t place)
{
	if (d->n_crossed == d->crossed_capacity) {
		uint32_t capacity = d->crossed_capacity ? 2 * d->crossed_capacity : 64;
		uint32_t *grown = realloc(d->crossed, capacity * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		d->crossed = grown;
		d->crossed_capacity = capacity;
	}
	nt_followed_at(&d->table, place)->crossed = true;
	d->crossed[d->n_crossed++] = place;
	return 0;
}

static int add_ports(struct nt_scanner *d, uint32_t place, const struct nt_pair *pair, uint32_t n)
{
	struct nt_followed *source = nt_followed_at(&d->table, place);
	bool below = source->ports.n <= d->ports;

	for (uint32_t i = 0; i < n; i++) {
		int added = nt_ports_add(&source->ports, pair[i].port, &d->budget);

		if (added == -ENOMEM)
			return added;
		if (added == -ENOSPC) {
			d->dropped += !source->cut;
			source->cut = true;
		}
	}
	return below && source->ports.n > d->ports ? note_crossing(d, place) : 0;
}

static int add_group(struct nt_scanner *d, uint32_t place, const struct nt_snapshot *s, const struct group *g)
{
	struct nt_followed *source = nt_followed_at(&d->table, place);
	const struct nt_source *from = &s->source[g->source];
	int64_t first_s = s->start_s, last_s = s->end_s - 1;

	if (s->detail) {
		first_s = s->detail[g->source].first_s;
		last_s = s->detail[g->source].last_s;
		nt_targets_merge(&source->targets, &s->detail[g->source].targets, 1);
	}
	source->first_s = first_s < source->first_s ? first_s : source->first_s;
	source->last_s = last_s > source->last_s ? last_s : source->last_s;
	source->region = from->region;
	source->asn = from->asn;
	source->signatures |= from->signatures;
	source->packets += from->packets;
	return add_ports(d, place, &s->pair[g->pair], g->n);
}

/* The group that begins at a pair; `hash` is not set. */
static struct group group_at(const struct nt_snapshot *s, size_t pair)
{
	struct group g = {.source = s->pair[pair].source, .n = 1, .pair = pair};

	while (pair + g.n < s->n_pairs && s->pair[pair + g.n].source == g.source)
		g.n++;
	return g;
}

/* Returns -ENOMEM, or 0 with a list to be freed. */
static int list_groups(struct nt_scanner *d, const struct nt_snapshot *s)
{
	struct group g;

	d->n_groups = 0;
	d->group = malloc((s->n_pairs + 1) * sizeof(*d->group));
	if (!d->group)
		return -ENOMEM;
	for (size_t pair = 0; pair < s->n_pairs; pair += g.n) {
		g = group_at(s, pair);
		if (s->source[g.source].backscatter)
			continue;
		g.hash = nt_followed_hash(&s->source[g.source].address);
		d->group[d->n_groups++] = g;
	}
	return 0;
}

/* How many groups ahead slots are asked for; half as many, sources; a quarter, their sets of ports. */
#define AHEAD 16u

/* Inlined by force, as in followed.h. */
static inline __attribute__((always_inline)) void ask_ahead(const struct nt_scanner *d, size_t i)
{
	if (i + AHEAD < d->n_groups)
		nt_followed_ask_slot(&d->table, d->group[i + AHEAD].hash);
	if (i + AHEAD / 2 < d->n_groups)
		nt_followed_ask(&d->table, d->group[i + AHEAD / 2].hash);
	if (i + AHEAD / 4 < d->n_groups)
		nt_followed_ask_ports(&d->table, d->group[i + AHEAD / 4].hash);
}

/* Without what may stand behind an address of 4 bytes. */
static struct nt_address clean(const struct nt_address *a)
{
	struct nt_address copy = {.length = a->length};

	memcpy(copy.byte, a->byte, a->length <= sizeof(copy.byte) ? a->length : sizeof(copy.byte));
	return copy;
}

/* Most ports first, then by address: who finds no place must not depend on the order in a snapshot. */
static int by_ports(const void *left, const void *right, void *snapshot)
{
	const struct group *a = left, *b = right;
	const struct nt_snapshot *s = snapshot;
	struct nt_address x = clean(&s->source[a->source].address), y = clean(&s->source[b->source].address);

	if (a->n != b->n)
		return a->n > b->n ? -1 : 1;
	return memcmp(&x, &y, sizeof(x));
}

static int add_fresh(struct nt_scanner *d, struct nt_snapshot *s)
{
	int err = 0;

	if (d->n_groups > d->max - d->table.n) {
		sweep(d, s->start_s);
		if (d->table.n < d->max)
			qsort_r(d->group, d->n_groups, sizeof(*d->group), by_ports, s);
	}
	for (size_t i = 0; !err && i < d->n_groups; i++) {
		struct nt_address address = clean(&s->source[d->group[i].source].address);

		if (d->table.n == d->max) {
			d->dropped += d->n_groups - i;
			break;
		}
		ask_ahead(d, i);
		err = nt_followed_add(&d->table, &address, d->group[i].hash);
		if (!err)
			err = add_group(d, d->table.n - 1, s, &d->group[i]);
	}
	return err;
}

/* Sources that are followed already have their turn before new ones may take places. */
static int count(struct nt_scanner *d, struct nt_snapshot *s)
{
	int err = list_groups(d, s);
	size_t fresh = 0;

	d->incomplete = d->incomplete || s->overflow[NT_OVERFLOW_PAIRS] || s->overflow[NT_OVERFLOW_SOURCES];
	for (size_t i = 0; !err && i < d->n_groups; i++) {
		const struct nt_address *address = &s->source[d->group[i].source].address;
		uint32_t place = nt_followed_find(&d->table, address, d->group[i].hash);

		ask_ahead(d, i);
		if (place != NT_FOLLOWED_NONE)
			err = add_group(d, place, s, &d->group[i]);
		else
			d->group[fresh++] = d->group[i];
	}
	d->n_groups = fresh;
	if (!err)
		err = add_fresh(d, s);
	free(d->group);
	d->group = NULL;
	return err;
}

static int64_t day_of(const struct nt_scanner *d, int64_t time_s)
{
	int64_t local_s = time_s + d->offset_s;

	return local_s / DAY_S - (local_s % DAY_S < 0);
}

int nt_scanner_interval(struct nt_scanner *d, struct nt_snapshot *s)
{
	int64_t day = day_of(d, s->start_s);
	int err = 0, counted;

	if (day != d->day)
		err = end_day(d, s);
	else
		err = tell_until(d, s, s->start_s - d->silence_s);
	d->day = day;
	learn_names(d, s);
	counted = count(d, s);
	err = err ? err : counted;
	if (!err)
		err = tell_until(d, s, s->end_s - d->silence_s);
	return err || day_of(d, s->end_s) == day ? err : end_day(d, s);
}

int nt_scanner_finish(struct nt_scanner *d, struct nt_snapshot *s)
{
	return end_day(d, s);
}

uint64_t nt_scanner_dropped(const struct nt_scanner *d)
{
	return d->dropped;
}

/* ---- making ---- */

struct nt_scanner *nt_scanner_new(const struct nt_detect_options *options, char why[static NT_DETECT_WHY])
{
	const struct nt_detect_scanner *o = &options->scanner;
	struct nt_scanner *d = calloc(1, sizeof(*d));
	size_t sets = (size_t)o->sources * SET_BYTES;
	int err;

	if (!d || nt_followed_init(&d->table)) {
		snprintf(why, NT_DETECT_WHY, "detect.scanner: %s", strerror(ENOMEM));
		err = ENOMEM;
		goto err;
	}
	d->ports = o->ports;
	d->silence_s = o->silence_s;
	d->max = o->sources;
	d->offset_s = (int64_t)options->day_offset_h * HOUR_S;
	d->budget = sets > SETS_MIN ? sets : SETS_MIN;
	if (o->known && *o->known) {
		d->known = nt_known_load(o->known, why);
		err = errno;
		if (!d->known)
			goto err;
	}
	return d;
err:
	nt_scanner_free(d);
	errno = err;
	return NULL;
}

void nt_scanner_free(struct nt_scanner *d)
{
	if (!d)
		return;
	for (uint32_t i = 0; i < d->table.n; i++)
		nt_ports_clear(&nt_followed_at(&d->table, i)->ports, &d->budget);
	nt_followed_fini(&d->table);
	nt_known_free(d->known);
	free(d->crossed);
	free(d);
}

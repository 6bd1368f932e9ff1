/* SPDX-License-Identifier: BSD-3-Clause */
#include "detect/detector.h"
#include "detect/index.h"
#include "detect/past.h"
#include "detect/tool_event.h"

#include "base/pages.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/*
 * Sources that one tool must have made: several of one region or one AS whose packets have in common what other
 * senders' have not. Sources are gathered over a clock hour (over an interval, if that is longer). Then, for each mark
 * in the order of enum nt_tool_mark, and first by region, then by AS, the number of sources that share a mark is held
 * against that group's own past. A source that one group's event explains counts in no later one, so that one tool is
 * told once: by its strongest mark, and by AS only if no region shows it. README.md has the reasons for every number.
 *
 * A whole number of 32 bits in common is no coincidence and is told without a past, except for numbers that programs
 * send when they do not care: sequence 0 and 1, acknowledgement 1, which answers sequence 0. Acknowledgement 0 is what
 * packets without one carry, and sequence 0 is that of every RST+ACK (RFC 9293, 3.10.7.1): those say nothing at all.
 * One window towards one port is what an operating system and a popular service have in common, too: there only a
 * number of sources far above the usual one counts, once there is a usual one.
 */

#define HOUR_S	       3600
#define EVENTS	       256 /* going on at a time */
#define CHANCE	       8   /* Poisson standard deviations above factor x usual */
#define PROVEN	       1   /* likewise where what is shared is proof: an hour with one more is no event */
#define CARELESS       1   /* largest number that a program may send without meaning to */
#define UNSEEN_SOURCES 0.5 /* added to a past's sum: nothing seen is not nothing there (Jeffreys' prior) */

/* A source that shares a mark with its group. */
struct member {
	struct nt_index_key group;
	struct nt_index_key address;
	uint32_t source;
	enum nt_tool_reason explained; /* by a stronger mark, or a wider group */
};

struct nt_fixed_tool {
	struct nt_detect_fixed_tool limit;
	struct nt_index index;
	struct nt_tool_source *source; /* [index.capacity] of this hour */
	struct member *member;	       /* [index.capacity] scratch; hardly ever more than a few are touched */
	struct nt_past past;
	struct nt_tool_event *event[EVENTS]; /* [n_events] going on */
	uint32_t n_events;
	bool open;	 /* an hour has begun */
	bool incomplete; /* sources of this hour found no room */
	int64_t start_s; /* of the hour */
	int64_t end_s;
	uint64_t seen_s;  /* length of all hours before */
	uint64_t dropped; /* sources, and events, without room */
};

struct nt_fixed_tool *nt_fixed_tool_new(const struct nt_detect_options *options)
{
	struct nt_fixed_tool *d = calloc(1, sizeof(*d));
	int err;

	if (d == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	d->limit = options->fixed_tool;
	err = nt_index_init(&d->index, d->limit.tracked);
	if (err == 0)
		err = nt_past_init(&d->past, d->limit.groups);
	if (err == 0) {
		d->source = nt_pages_take(d->limit.tracked * sizeof(d->source[0]));
		d->member = malloc(d->limit.tracked * sizeof(d->member[0]));
		err = d->source == NULL || d->member == NULL ? -ENOMEM : 0;
	}
	if (err) {
		nt_fixed_tool_free(d);
		errno = -err;
		return NULL;
	}
	return d;
}

void nt_fixed_tool_free(struct nt_fixed_tool *d)
{
	if (d == NULL)
		return;
	for (uint32_t i = 0; i < d->n_events; i++)
		nt_tool_event_free(d->event[i]);
	nt_past_fini(&d->past);
	nt_index_fini(&d->index);
	nt_pages_give(d->source, d->limit.tracked * sizeof(d->source[0]));
	free(d->member);
	free(d);
}

uint64_t nt_fixed_tool_dropped(const struct nt_fixed_tool *d)
{
	return d->dropped + d->past.dropped;
}

/* ---- gathering an hour's sources ---- */

static uint32_t still_same(const struct nt_tool_source *t, const struct nt_source_detail *detail)
{
	uint32_t same = 0;

	same |= t->seq == detail->seq ? NT_TRAIT_SEQ_SAME : 0;
	same |= t->ack == detail->ack ? NT_TRAIT_ACK_SAME : 0;
	same |= t->window == detail->window ? NT_TRAIT_WINDOW_SAME : 0;
	same |= t->src_port == detail->src_port ? NT_TRAIT_SRC_PORT_SAME : 0;
	same |= t->port == detail->port ? NT_TRAIT_PORT_SAME : 0;
	return (same & detail->traits) | NT_TRAIT_TCP | NT_TRAIT_PORT;
}

static void begin_source(struct nt_tool_source *t, const struct nt_source *source,
			 const struct nt_source_detail *detail)
{
	*t = (struct nt_tool_source){.address = source->address,
				     .region = source->region,
				     .asn = source->asn,
				     .window = detail->window,
				     .src_port = detail->src_port,
				     .seq = detail->seq,
				     .ack = detail->ack,
				     .port = detail->port,
				     .traits = detail->traits,
				     .first_s = detail->first_s,
				     .last_s = detail->last_s};
}

static void add_source(struct nt_fixed_tool *d, const struct nt_source *source, const struct nt_source_detail *detail,
		       const uint32_t explaining[static NT_TOOL_MARKS])
{
	struct nt_index_key key = nt_index_address(&source->address, 0);
	uint32_t at = nt_index_find(&d->index, &key);
	struct nt_tool_source *t;

	if (at == NT_INDEX_NONE) {
		at = nt_index_add(&d->index, &key);
		if (at == NT_INDEX_NONE) {
			d->dropped++;
			d->incomplete = true;
			return;
		}
		begin_source(&d->source[at], source, detail);
	}
	t = &d->source[at];
	t->traits &= still_same(t, detail);
	t->asn = t->asn != 0 ? t->asn : source->asn;
	t->backscatter = t->backscatter || source->backscatter;
	for (uint32_t mark = 0; mark < NT_TOOL_MARKS; mark++)
		t->known_marks |= (uint32_t)((source->signatures & explaining[mark]) != 0) << mark;
	t->packets += source->packets;
	t->first_s = detail->first_s < t->first_s ? detail->first_s : t->first_s;
	t->last_s = detail->last_s > t->last_s ? detail->last_s : t->last_s;
}

/* Most packets first: who finds no place must not depend on the order of sources in a snapshot. */
static int by_weight(const void *left, const void *right, void *context)
{
	const struct nt_snapshot *s = context;
	const struct nt_source *a = &s->source[*(const uint32_t *)left], *b = &s->source[*(const uint32_t *)right];
	struct nt_index_key a_key, b_key;

	if (a->packets != b->packets)
		return a->packets > b->packets ? -1 : 1;
	a_key = nt_index_address(&a->address, 0);
	b_key = nt_index_address(&b->address, 0);
	return nt_index_compare(&a_key, &b_key);
}

/*
 * Which signatures explain which mark. One that explains at all says why its sources send to that port with that
 * window. Why they keep a sequence number only one with `seq dst` says: it is the one address that they scan.
 */
static void list_explaining(const struct nt_snapshot *s, uint32_t explaining[static NT_TOOL_MARKS])
{
	for (uint32_t i = 0; i < s->n_signatures && i < NT_SIGNATURES_MAX; i++) {
		if (!s->signature[i].explains)
			continue;
		explaining[NT_TOOL_PORT] |= 1u << i;
		explaining[NT_TOOL_SEQUENCE] |= (uint32_t)s->signature[i].seq_dst << i;
	}
}

/* How many sources ahead slots are asked for; half as many, lines. */
#define AHEAD 16u

static void ask_ahead(const struct nt_fixed_tool *d, const struct nt_snapshot *s, const uint32_t *order, uint32_t n,
		      uint32_t i)
{
	struct nt_index_key key;
	uint32_t at;

	if (i + AHEAD < n) {
		key = nt_index_address(&s->source[order[i + AHEAD]].address, 0);
		nt_index_ask_slot(&d->index, &key);
	}
	if (i + AHEAD / 2 < n) {
		key = nt_index_address(&s->source[order[i + AHEAD / 2]].address, 0);
		at = nt_index_ask_key(&d->index, &key);
		if (at != NT_INDEX_NONE)
			__builtin_prefetch(&d->source[at], 1);
	}
}

static int gather(struct nt_fixed_tool *d, struct nt_snapshot *s)
{
	uint32_t explaining[NT_TOOL_MARKS] = {0}, n = 0, room = d->index.capacity - d->index.n;
	uint32_t *order;

	if (s->n_sources == 0 || s->detail == NULL)
		return 0;
	order = malloc(s->n_sources * sizeof(order[0]));
	if (order == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->n_sources; i++)
		if (s->detail[i].traits & NT_TRAIT_TCP)
			order[n++] = i;
	list_explaining(s, explaining);
	if (n > room && room > 0)
		qsort_r(order, n, sizeof(order[0]), by_weight, s);
	for (uint32_t i = 0; i < n; i++) {
		ask_ahead(d, s, order, n, i);
		add_source(d, &s->source[order[i]], &s->detail[order[i]], explaining);
	}
	free(order);
	return 0;
}

/* ---- groups ---- */

/* True if the source bears the mark; then *value is what it shares beside the window. */
static bool bears(const struct nt_tool_source *t, enum nt_tool_mark mark, uint32_t *value)
{
	uint32_t same = mark == NT_TOOL_SEQUENCE	  ? NT_TRAIT_SEQ_SAME
			: mark == NT_TOOL_ACKNOWLEDGEMENT ? NT_TRAIT_ACK_SAME
							  : NT_TRAIT_PORT | NT_TRAIT_PORT_SAME;

	same |= NT_TRAIT_WINDOW_SAME;
	if ((t->traits & same) != same || (t->known_marks & 1u << mark) != 0)
		return false;
	switch (mark) {
	case NT_TOOL_SEQUENCE:
		*value = t->seq;
		return !(t->backscatter && t->seq == 0);
	case NT_TOOL_ACKNOWLEDGEMENT:
		*value = t->ack;
		return t->backscatter && t->ack != 0;
	default:
		*value = t->port;
		return t->port <= UINT16_MAX;
	}
}

/* True if a shared value is proof by itself. */
static bool is_proof(enum nt_tool_mark mark, uint32_t value)
{
	return mark != NT_TOOL_PORT && value > CARELESS;
}

static int by_group(const void *left, const void *right)
{
	const struct member *a = left, *b = right;
	int order = nt_index_compare(&a->group, &b->group);

	if (order == 0 && a->explained != b->explained)
		order = a->explained < b->explained ? -1 : 1;
	return order != 0 ? order : nt_index_compare(&a->address, &b->address);
}

/* Lists those who bear a mark, group after group, in each first those whom nothing explains yet. */
static uint32_t list_members(struct nt_fixed_tool *d, enum nt_tool_mark mark, enum nt_tool_scope scope)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < d->index.n; i++) {
		const struct nt_tool_source *t = &d->source[i];
		uint32_t id = scope == NT_TOOL_REGION ? t->region : t->asn, value;
		struct nt_index_key group = {0};

		if (t->packets < d->limit.packets || (scope == NT_TOOL_AS && id == 0) || !bears(t, mark, &value))
			continue;
		group.a = (uint64_t)mark << 40 | (uint64_t)scope << 32 | id;
		group.b = (uint64_t)value << 16 | t->window;
		d->member[n++] =
		    (struct member){.group = group, .address = d->index.key[i], .source = i, .explained = t->explained};
	}
	qsort(d->member, n, sizeof(d->member[0]), by_group);
	return n;
}

/* Sources that are far above a group's past: more than its factor, and that not by a chance of small numbers. */
static double needed(const struct nt_fixed_tool *d, const struct nt_usual *usual, bool proof)
{
	double sum = usual->sources * usual->hours + (proof ? 0 : UNSEEN_SOURCES + usual->doubt), high;

	if (usual->hours == 0)
		return proof ? d->limit.sources : HUGE_VAL;
	high = d->limit.factor * sum / usual->hours;
	high += (proof ? PROVEN : CHANCE) * sqrt(high);
	return high > d->limit.sources ? high : d->limit.sources;
}

/* ---- events going on ---- */

static uint32_t find_event(const struct nt_fixed_tool *d, const struct nt_index_key *group)
{
	uint32_t i = 0;

	while (i < d->n_events && nt_index_compare(nt_tool_event_key(d->event[i]), group) != 0)
		i++;
	return i;
}

static int tell(struct nt_fixed_tool *d, struct nt_snapshot *s, uint32_t i)
{
	int err = nt_tool_event_tell(d->event[i], s);

	nt_tool_event_free(d->event[i]);
	d->event[i] = d->event[--d->n_events];
	return err;
}

/* Tells events whose last hour ended before `time_s`. */
static int tell_ended(struct nt_fixed_tool *d, struct nt_snapshot *s, int64_t time_s)
{
	int first_err = 0;

	for (uint32_t i = 0; i < d->n_events;) {
		int err = 0;

		if (nt_tool_event_end(d->event[i]) < time_s)
			err = tell(d, s, i);
		else
			i++;
		first_err = first_err != 0 ? first_err : err;
	}
	return first_err;
}

static int begin_event(struct nt_fixed_tool *d, const struct nt_index_key *group)
{
	struct nt_tool_event *e;

	if (d->n_events == EVENTS) {
		d->dropped++;
		return 0;
	}
	e = nt_tool_event_new(group, (enum nt_tool_mark)(group->a >> 40), (enum nt_tool_scope)(group->a >> 32 & 0xff));
	if (e == NULL)
		return -ENOMEM;
	d->event[d->n_events++] = e;
	return 0;
}

/* Everything that was seen of a region or an AS, marked or not. */
static void count_all(const struct nt_fixed_tool *d, const struct nt_index_key *group, struct nt_tool_hour *hour)
{
	bool region = (group->a >> 32 & 0xff) == NT_TOOL_REGION;

	for (uint32_t i = 0; i < d->index.n; i++) {
		const struct nt_tool_source *t = &d->source[i];

		if ((region ? t->region : t->asn) != (uint32_t)group->a)
			continue;
		hour->all_packets += t->packets;
		hour->all_sources += t->packets >= d->limit.packets;
	}
}

static void extend(struct nt_fixed_tool *d, struct nt_tool_event *e, const struct member *member, uint32_t n,
		   struct nt_tool_hour *hour)
{
	hour->start_s = d->start_s;
	hour->end_s = d->end_s;
	hour->sources = n;
	for (uint32_t i = 0; i < n; i++)
		hour->packets += d->source[member[i].source].packets;
	count_all(d, &member->group, hour);
	nt_tool_event_add_hour(e, hour);
	for (uint32_t i = 0; i < n; i++)
		nt_tool_event_add_source(e, &d->source[member[i].source]);
}

static void explain(struct nt_fixed_tool *d, const struct member *member, uint32_t n, enum nt_tool_reason reason)
{
	for (uint32_t i = 0; i < n; i++)
		d->source[member[i].source].explained = reason;
}

static uint32_t count_explained(const struct member *member, uint32_t n, enum nt_tool_reason reason)
{
	uint32_t explained = 0;

	for (uint32_t i = 0; i < n; i++)
		explained += member[i].explained == reason;
	return explained;
}

/* An hour without an event is learnt, unless another group's event has a part in it, or sources found no room. */
static void learn(struct nt_fixed_tool *d, struct nt_past_group *group, const struct member *member, uint32_t n)
{
	if (d->incomplete || count_explained(member, n, NT_TOOL_EVENT) != 0)
		nt_past_leave_out(&d->past, group);
	else
		nt_past_learn(&d->past, group, n);
}

/* ---- judging an hour ---- */

/*
 * What is going on goes on down to half of what it took to be told, and its hours are not learnt as the usual. After
 * NT_TOOL_HOURS it is told as it is then, and learnt, as what this group is like from now on.
 */
static int judge(struct nt_fixed_tool *d, struct nt_snapshot *s, const struct member *member, uint32_t n)
{
	const struct nt_index_key *key = &member->group;
	bool proof = is_proof((enum nt_tool_mark)(key->a >> 40), (uint32_t)(key->b >> 16));
	struct nt_past_group *group = nt_past_group(&d->past, key);
	struct nt_usual usual = nt_past_usual(&d->past, group, d->limit.sources);
	double least = needed(d, &usual, proof);
	struct nt_tool_hour hour = {.usual = usual.sources, .needed = least};
	uint32_t at = find_event(d, key);
	bool going = at < d->n_events || group->used_to, warm = d->seen_s / HOUR_S >= d->limit.warm_up_h;
	uint32_t fresh = count_explained(member, n, NT_TOOL_NOTHING);
	int err;

	if (!(proof || warm) || fresh < (going ? least / 2 : least)) {
		learn(d, group, member, n);
		group->used_to = false;
		return 0;
	}
	if (group->used_to) {
		learn(d, group, member, n);
		explain(d, member, fresh, NT_TOOL_USUAL);
		return 0;
	}
	explain(d, member, fresh, NT_TOOL_EVENT);
	nt_past_leave_out(&d->past, group);
	if (at == d->n_events) {
		err = begin_event(d, key);
		if (err || at == d->n_events)
			return err;
	}
	extend(d, d->event[at], member, fresh, &hour);
	if (!nt_tool_event_full(d->event[at]))
		return 0;
	group->used_to = true;
	return tell(d, s, at);
}

static int judge_groups(struct nt_fixed_tool *d, struct nt_snapshot *s, uint32_t n)
{
	int first_err = 0;

	for (uint32_t i = 0, end; i < n; i = end) {
		int err;

		for (end = i + 1; end < n && nt_index_compare(&d->member[end].group, &d->member[i].group) == 0;)
			end++;
		err = judge(d, s, &d->member[i], end - i);
		first_err = first_err != 0 ? first_err : err;
	}
	return first_err;
}

static int end_hour(struct nt_fixed_tool *d, struct nt_snapshot *s)
{
	int first_err = 0, err;

	for (uint32_t mark = 0; mark < NT_TOOL_MARKS; mark++)
		for (uint32_t scope = 0; scope < NT_TOOL_SCOPES; scope++) {
			uint32_t n = list_members(d, (enum nt_tool_mark)mark, (enum nt_tool_scope)scope);

			err = judge_groups(d, s, n);
			first_err = first_err != 0 ? first_err : err;
		}
	err = tell_ended(d, s, d->end_s);
	nt_past_next(&d->past);
	nt_index_clear(&d->index);
	d->seen_s += (uint64_t)(d->end_s - d->start_s);
	d->open = false;
	d->incomplete = false;
	return first_err != 0 ? first_err : err;
}

/* ---- intervals ---- */

/* The clock hour in which an interval begins, or the interval, if it is longer. */
static int begin_hour(struct nt_fixed_tool *d, struct nt_snapshot *s)
{
	int64_t past_hour = (s->start_s % HOUR_S + HOUR_S) % HOUR_S;
	bool longer = s->end_s - s->start_s > HOUR_S;

	d->start_s = longer ? s->start_s : s->start_s - past_hour;
	d->end_s = longer ? s->end_s : d->start_s + HOUR_S;
	d->open = true;
	return tell_ended(d, s, d->start_s);
}

int nt_fixed_tool_interval(struct nt_fixed_tool *d, struct nt_snapshot *s)
{
	int first_err = 0, err;

	if (d->open && s->start_s >= d->end_s)
		first_err = end_hour(d, s); /* its last intervals had no frames */
	if (!d->open) {
		err = begin_hour(d, s);
		first_err = first_err != 0 ? first_err : err;
	}
	err = gather(d, s);
	first_err = first_err != 0 ? first_err : err;
	if (s->end_s >= d->end_s) {
		err = end_hour(d, s);
		first_err = first_err != 0 ? first_err : err;
	}
	return first_err;
}

int nt_fixed_tool_finish(struct nt_fixed_tool *d, struct nt_snapshot *s)
{
	int first_err = d->open ? end_hour(d, s) : 0;

	while (d->n_events > 0) {
		int err = tell(d, s, d->n_events - 1);

		first_err = first_err != 0 ? first_err : err;
	}
	return first_err;
}

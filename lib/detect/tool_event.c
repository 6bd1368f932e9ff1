/* SPDX-License-Identifier: BSD-3-Clause */
#include "detect/tool_event.h"

#include "needletail/schema.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Different sources that are remembered, and how many of them are named. */
#define MEMBERS	 1024
#define EXAMPLES 10

/* What all sources have in common beside what makes them a group. */
enum common {
	SEQ = NT_TRAIT_SEQ_SAME,
	ACK = NT_TRAIT_ACK_SAME,
	WINDOW = NT_TRAIT_WINDOW_SAME,
	SRC_PORT = NT_TRAIT_SRC_PORT_SAME,
	PORT = NT_TRAIT_PORT_SAME,
	REGION = 1 << 16,
	AS = 1 << 17
};

struct member {
	struct nt_index_key key;
	struct nt_address address;
	uint64_t packets;
};

struct nt_tool_event {
	struct nt_index_key key;
	enum nt_tool_mark mark;
	enum nt_tool_scope scope;
	bool begun; /* `first` is set */
	bool more;  /* sources than members */
	uint32_t hours;
	uint32_t members;
	uint32_t common;	     /* enum common */
	struct nt_tool_source first; /* whose values are the common ones */
	int64_t first_s;
	int64_t last_s;
	struct nt_tool_hour hour[NT_TOOL_HOURS];
	struct member member[MEMBERS]; /* in order of keys */
};

static const char *const mark_name[NT_TOOL_MARKS] = {
    [NT_TOOL_SEQUENCE] = "sequence",
    [NT_TOOL_ACKNOWLEDGEMENT] = "acknowledgement",
    [NT_TOOL_PORT] = "port",
};

struct nt_tool_event *nt_tool_event_new(const struct nt_index_key *key, enum nt_tool_mark mark,
					enum nt_tool_scope scope)
{
	struct nt_tool_event *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->key = *key;
	e->mark = mark;
	e->scope = scope;
	return e;
}

void nt_tool_event_free(struct nt_tool_event *e)
{
	free(e);
}

const struct nt_index_key *nt_tool_event_key(const struct nt_tool_event *e)
{
	return &e->key;
}

int64_t nt_tool_event_end(const struct nt_tool_event *e)
{
	return e->hours == 0 ? INT64_MIN : e->hour[e->hours - 1].end_s;
}

bool nt_tool_event_full(const struct nt_tool_event *e)
{
	return e->hours == NT_TOOL_HOURS;
}

void nt_tool_event_add_hour(struct nt_tool_event *e, const struct nt_tool_hour *hour)
{
	e->hour[e->hours++] = *hour;
}

static uint32_t kept_in_common(const struct nt_tool_source *a, const struct nt_tool_source *b)
{
	return (a->seq == b->seq ? SEQ : 0) | (a->ack == b->ack ? ACK : 0) | (a->window == b->window ? WINDOW : 0) |
	       (a->src_port == b->src_port ? SRC_PORT : 0) | (a->port == b->port ? PORT : 0) |
	       (a->region == b->region ? REGION : 0) | (a->asn == b->asn ? AS : 0);
}

static void remember(struct nt_tool_event *e, const struct nt_tool_source *source)
{
	struct nt_index_key key = nt_index_address(&source->address, 0);
	uint32_t low = 0, high = e->members;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (nt_index_compare(&e->member[middle].key, &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < e->members && nt_index_compare(&e->member[low].key, &key) == 0) {
		e->member[low].packets += source->packets;
		return;
	}
	if (e->members == MEMBERS) {
		e->more = true;
		return;
	}
	memmove(&e->member[low + 1], &e->member[low], (e->members - low) * sizeof(e->member[0]));
	e->member[low] = (struct member){.key = key, .address = source->address, .packets = source->packets};
	e->members++;
}

void nt_tool_event_add_source(struct nt_tool_event *e, const struct nt_tool_source *source)
{
	if (!e->begun) {
		e->begun = true;
		e->first = *source;
		e->common = UINT32_MAX;
		e->first_s = source->first_s;
		e->last_s = source->last_s;
	}
	e->common &= kept_in_common(&e->first, source) & (source->traits | REGION | AS);
	e->first_s = source->first_s < e->first_s ? source->first_s : e->first_s;
	e->last_s = source->last_s > e->last_s ? source->last_s : e->last_s;
	remember(e, source);
}

/* ---- telling ---- */

static json_t *common_json(const struct nt_tool_event *e, enum common what, uint32_t value)
{
	return e->common & what ? json_integer(value) : json_null();
}

static json_t *port_json(const struct nt_tool_event *e)
{
	char text[NT_MEMBER_TEXT];

	if (!(e->common & PORT))
		return json_null();
	nt_port_text(e->first.port, text);
	return json_string(text);
}

static json_t *hours_json(const struct nt_tool_event *e)
{
	json_t *list = json_array();

	for (uint32_t i = 0; list != NULL && i < e->hours; i++)
		json_array_append_new(list, json_pack("{s:I, s:I, s:I}", "start", (json_int_t)e->hour[i].start_s,
						      "sources", (json_int_t)e->hour[i].sources, "packets",
						      (json_int_t)e->hour[i].packets));
	return list;
}

static int by_packets(const void *left, const void *right)
{
	const struct member *a = left, *b = right;

	if (a->packets != b->packets)
		return a->packets > b->packets ? -1 : 1;
	return nt_index_compare(&a->key, &b->key);
}

/* The sources with most packets. The event is told once, so its members may lose their order. */
static json_t *examples_json(struct nt_tool_event *e)
{
	json_t *list = json_array();

	qsort(e->member, e->members, sizeof(e->member[0]), by_packets);
	for (uint32_t i = 0; list != NULL && i < e->members && i < EXAMPLES; i++) {
		char text[NT_ADDRESS_TEXT];

		nt_address_text(&e->member[i].address, text);
		json_array_append_new(list, json_string(text));
	}
	return list;
}

/* All hours added up; of the usual and the needed, what they were at first. */
static struct nt_tool_hour add_up(const struct nt_tool_event *e, uint32_t *peak)
{
	struct nt_tool_hour sum = e->hour[0];

	*peak = sum.sources;
	for (uint32_t i = 1; i < e->hours; i++) {
		const struct nt_tool_hour *h = &e->hour[i];

		*peak = h->sources > *peak ? h->sources : *peak;
		sum.sources += h->sources;
		sum.packets += h->packets;
		sum.all_packets += h->all_packets;
		sum.all_sources += h->all_sources;
	}
	return sum;
}

static double share(uint64_t part, uint64_t of)
{
	return of == 0 ? 0 : (double)part / (double)of;
}

static json_t *body_json(struct nt_tool_event *e)
{
	uint32_t peak;
	struct nt_tool_hour sum = add_up(e, &peak);
	const struct nt_tool_source *f = &e->first;

	return json_pack("{s:s, s:I, s:b, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:f, s:f, s:f, s:f, s:o, s:b, s:o, s:o}",
			 "mark", mark_name[e->mark], "sources", (json_int_t)(e->members > peak ? e->members : peak),
			 "more_sources", (int)e->more, "peak_sources", (json_int_t)peak, "packets",
			 (json_int_t)sum.packets, "window", common_json(e, WINDOW, f->window), "sequence",
			 common_json(e, SEQ, f->seq), "acknowledgement", common_json(e, ACK, f->ack), "source_port",
			 common_json(e, SRC_PORT, f->src_port), "destination_port", port_json(e), "packets_share",
			 share(sum.packets, sum.all_packets), "sources_share", share(sum.sources, sum.all_sources),
			 "usual_sources", sum.usual, "needed_sources", sum.needed, "asn",
			 e->common & AS && f->asn != 0 ? json_integer(f->asn) : json_null(), "backscatter",
			 (int)f->backscatter, "hours", hours_json(e), "examples", examples_json(e));
}

int nt_tool_event_tell(struct nt_tool_event *e, struct nt_snapshot *s)
{
	char source[NT_EVENT_SOURCE] = "";
	struct nt_about about = {.type = NT_EVENT_FIXED_TOOL,
				 .start_s = e->first_s,
				 .end_s = e->last_s + 1,
				 .region = e->common & REGION ? e->first.region : NT_DETECT_NO_REGION,
				 .source = source};

	if (e->scope == NT_TOOL_AS)
		snprintf(source, sizeof(source), "AS%u", e->first.asn);
	return nt_detect_tell(s, &about, body_json(e));
}

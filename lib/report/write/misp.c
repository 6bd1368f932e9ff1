/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/write/misp.h"

#include "base/printable.h"
#include "report/evidence.h"
#include "report/write/uuid.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* MISP wants texts for all numbers. A lack of memory anywhere makes the event NULL in the end. */

/* Names in it are what needletail tells MISP; drawn once. */
static const uint8_t uuid_space[16] = {0x5a, 0x0d, 0x2c, 0x1e, 0x93, 0x7b, 0x4f, 0x66,
				       0x8e, 0x21, 0x6f, 0xb4, 0x0a, 0xd7, 0x35, 0xc9};

/* The last version of the template of which every relation used here is part; later ones only add to it. */
#define TEMPLATE_UUID	 "e2f124d6-f57c-4f93-99e6-8450545fa05d"
#define TEMPLATE_VERSION "6"

/* Your organisation only; as the event. Whoever imports it decides who else may see victims. */
#define ONLY_US	  "0"
#define AS_PARENT "5"

#define TIME_TEXT    40
#define COMMENT_TEXT 512

/* Packets per second that nobody can receive are no estimate. */
#define RATE_MOST 1e15

enum relation {
	RELATION_VICTIM,
	RELATION_PROTOCOL,
	RELATION_PORT,
	RELATION_FIRST,
	RELATION_LAST,
	RELATION_RATE,
	RELATION_TEXT,
	RELATIONS
};

static const struct {
	const char *name;
	const char *type;
	const char *category;
	bool correlates;
} relation_row[RELATIONS] = {
    [RELATION_VICTIM] = {"ip-dst", "ip-dst", "Network activity", true},
    [RELATION_PROTOCOL] = {"protocol", "text", "Other", false},
    [RELATION_PORT] = {"dst-port", "port", "Network activity", false},
    [RELATION_FIRST] = {"first-seen", "datetime", "Other", false},
    [RELATION_LAST] = {"last-seen", "datetime", "Other", false},
    [RELATION_RATE] = {"total-pps", "counter", "Other", false},
    [RELATION_TEXT] = {"text", "text", "Other", false},
};

struct writing {
	const struct nt_report *r;
	const struct nt_report_style *style;
	const struct nt_document *d;
	json_t *objects;
	json_t *known; /* UUIDs of the objects */
	int err;
};

/* An object that attributes are added to. */
struct attack {
	const struct nt_exposed *victim;
	const struct nt_get_event *event;
	int64_t last_s;
	struct nt_evidence e;
	char uuid[NT_UUID_TEXT];
	json_t *attributes;
};

/* ---- texts ---- */

static void seconds_text(int64_t at_s, char text[static TIME_TEXT])
{
	snprintf(text, TIME_TEXT, "%" PRId64, at_s);
}

static void time_text(int64_t at_s, char text[static TIME_TEXT])
{
	time_t at = (time_t)at_s;
	struct tm tm = {0};

	gmtime_r(&at, &tm);
	strftime(text, TIME_TEXT, "%Y-%m-%dT%H:%M:%S.000000+00:00", &tm);
}

static json_t *message_json(const struct writing *w, enum nt_message message, const struct nt_word *words, size_t n)
{
	char *text = nt_message_text(w->style->lang, message, words, n);
	json_t *json = NULL;

	if (text) {
		nt_printable(text);
		json = json_string(text);
	}
	free(text);
	return json;
}

static void make_uuid(struct writing *w, const char *name, char uuid[static NT_UUID_TEXT])
{
	int err = nt_uuid_of_name(uuid_space, name, uuid);

	if (!err)
		return;
	uuid[0] = '\0';
	w->err = err;
}

/* Takes the element over. */
static void append(struct writing *w, json_t *list, json_t *element)
{
	if (json_array_append_new(list, element))
		w->err = -ENOMEM;
}

/* ---- attributes of an object ---- */

/* Takes the comment over; NULL: none. */
static void add(struct writing *w, const struct attack *a, enum relation relation, const char *value, json_t *comment)
{
	char name[COMMENT_TEXT], uuid[NT_UUID_TEXT], told[TIME_TEXT];

	snprintf(name, sizeof(name), "%s\n%s\n%s", a->uuid, relation_row[relation].name,
		 relation == RELATION_PORT ? value : "");
	make_uuid(w, name, uuid);
	seconds_text((int64_t)(a->event->id.ms / 1000), told);
	append(w, a->attributes,
	       json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:s, s:o, s:b, s:b}", "uuid", uuid,
			 "object_relation", relation_row[relation].name, "type", relation_row[relation].type,
			 "category", relation_row[relation].category, "value", value, "to_ids", 0, "distribution",
			 AS_PARENT, "sharing_group_id", "0", "timestamp", told, "comment",
			 comment ? comment : json_string(""), "disable_correlation",
			 (int)!relation_row[relation].correlates, "deleted", 0));
}

/* Whose the victim is, as far as it is known. */
static json_t *victim_comment(const struct writing *w, const struct attack *a)
{
	struct nt_word about = {.place = ""};
	char owner[NT_OWNER_TEXT], asn[24];

	if (nt_owner_text(w->style->owners, a->victim->address, a->victim->org, owner))
		nt_word_add(&about, w->style->lang, owner);
	snprintf(asn, sizeof(asn), "AS%" PRIu32, a->victim->asn);
	if (a->victim->asn)
		nt_word_add(&about, w->style->lang, asn);
	if (a->event->region[0])
		nt_word_add(&about, w->style->lang, nt_region_name(w->style->regions, a->event->region));
	nt_printable(about.text);
	return json_string(about.text);
}

static const char *protocol_text(int64_t protocol)
{
	return protocol == 6 ? "TCP" : protocol == 17 ? "UDP" : protocol == 1 || protocol == 58 ? "ICMP" : "IP";
}

/* The attack's rate at its height, and of what it is an estimate. */
static void add_rate(struct writing *w, const struct attack *a)
{
	const struct nt_word words[] = {
	    nt_word_count("packets", (double)a->e.peak_packets),
	    nt_word_count("addresses", (double)a->e.addresses),
	};
	char text[TIME_TEXT];

	if (isnan(a->e.estimated_rate) || a->e.estimated_rate > RATE_MOST)
		return;
	snprintf(text, sizeof(text), "%.0f", ceil(a->e.estimated_rate));
	add(w, a, RELATION_RATE, text, message_json(w, NT_MSG_MISP_RATE, words, sizeof(words) / sizeof(words[0])));
}

static void add_text(struct writing *w, const struct attack *a)
{
	const struct nt_word words[] = {
	    nt_word_count("packets", (double)a->e.packets),
	    nt_word("classes", a->e.classes[0] ? a->e.classes : "-"),
	    nt_word_count("targets", (double)a->e.targets),
	    nt_word_count("addresses", (double)a->e.addresses),
	    nt_word("sensor", a->event->sensor),
	    nt_word("more", a->e.more_ports ? nt_message(w->style->lang, NT_MSG_MISP_MORE_PORTS) : ""),
	};
	json_t *text = message_json(w, a->e.addresses ? NT_MSG_MISP_TEXT : NT_MSG_MISP_TEXT_UNSTATED, words,
				    sizeof(words) / sizeof(words[0]));

	if (text)
		add(w, a, RELATION_TEXT, json_string_value(text), NULL);
	else
		w->err = -ENOMEM;
	json_decref(text);
}

static void add_attributes(struct writing *w, const struct attack *a)
{
	char text[TIME_TEXT];

	add(w, a, RELATION_VICTIM, a->victim->address, victim_comment(w, a));
	add(w, a, RELATION_PROTOCOL, protocol_text(a->e.protocol), NULL);
	for (size_t i = 0; i < a->e.attacked_n; i++) {
		snprintf(text, sizeof(text), "%u", a->e.attacked[i]);
		add(w, a, RELATION_PORT, text, NULL);
	}
	time_text(a->event->start_s, text);
	add(w, a, RELATION_FIRST, text, NULL);
	time_text(a->last_s, text);
	add(w, a, RELATION_LAST, text, NULL);
	add_rate(w, a);
	add_text(w, a);
}

/* ---- objects ---- */

static bool is_address(const char *text)
{
	unsigned char byte[16];

	return inet_pton(AF_INET, text, byte) == 1 || inet_pton(AF_INET6, text, byte) == 1;
}

static json_t *object_json(const struct attack *a)
{
	char told[TIME_TEXT], first[TIME_TEXT], last[TIME_TEXT];

	seconds_text((int64_t)(a->event->id.ms / 1000), told);
	time_text(a->event->start_s, first);
	time_text(a->last_s, last);
	return json_pack(
	    "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:[], s:O}", "uuid", a->uuid, "name",
	    "ddos", "meta-category", "network", "description",
	    "DDoS object describes a current DDoS activity from a specific or/and to a specific target. Type of DDoS "
	    "can be attached to the object as a taxonomy",
	    "template_uuid", TEMPLATE_UUID, "template_version", TEMPLATE_VERSION, "timestamp", told, "distribution",
	    AS_PARENT, "sharing_group_id", "0", "comment", a->event->sensor, "deleted", 0, "first_seen", first,
	    "last_seen", last, "ObjectReference", "Attribute", a->attributes);
}

/* An attack is known by its sensor, victim, protocol and beginning: the event's ID in Redis may be another one when a
 * sensor had to write it anew. */
static void add_object(struct writing *w, const struct nt_exposed *victim)
{
	const struct nt_get_event *event = victim->event;
	struct attack a = {.victim = victim, .event = event, .attributes = json_array()};
	char name[COMMENT_TEXT];

	a.last_s = event->end_s > event->start_s ? event->end_s - 1 : event->start_s;
	nt_evidence_read(event->body, &a.e);
	snprintf(name, sizeof(name), "dos\n%s\n%s\n%" PRId64 "\n%" PRId64, event->sensor, victim->address, a.e.protocol,
		 event->start_s);
	make_uuid(w, name, a.uuid);
	if (!json_object_get(w->known, a.uuid)) {
		json_object_set_new(w->known, a.uuid, json_true());
		add_attributes(w, &a);
		append(w, w->objects, object_json(&a));
	}
	json_decref(a.attributes);
}

/* ---- the event ---- */

/* What the numbers are made of, in an attribute of its own. */
static json_t *basis_json(struct writing *w, const char *event_uuid, const char *told)
{
	const struct nt_doc_item *item = w->d->items ? &w->d->item[0] : NULL;
	const struct nt_get_coverage *c = &w->r->coverage;
	const struct nt_word words[] = {
	    nt_word("about", item && item->sentences ? item->sentence[0] : ""),
	    nt_word_count("lost", (double)c->lost),
	    nt_word_count("missing", c->expected > c->intervals ? (double)(c->expected - c->intervals) : 0),
	    nt_word_count("expected", (double)c->expected),
	};
	char uuid[NT_UUID_TEXT], name[COMMENT_TEXT];

	snprintf(name, sizeof(name), "%s\nbasis", event_uuid);
	make_uuid(w, name, uuid);
	return json_pack("{s:s, s:s, s:s, s:o, s:b, s:s, s:s, s:s, s:s, s:b, s:b}", "uuid", uuid, "type", "comment",
			 "category", "Other", "value",
			 message_json(w, NT_MSG_MISP_BASIS, words, sizeof(words) / sizeof(words[0])), "to_ids", 0,
			 "distribution", AS_PARENT, "sharing_group_id", "0", "timestamp", told, "comment", "",
			 "disable_correlation", 1, "deleted", 0);
}

static void event_uuid(struct writing *w, char uuid[static NT_UUID_TEXT])
{
	const struct nt_get_choice *choice = &w->r->wanted.choice;
	char name[160];

	if (choice->group)
		snprintf(name, sizeof(name), "report\n%" PRId64 "\n%" PRId64 "\n%s", w->r->span.start_s,
			 w->r->span.end_s, choice->group);
	else
		snprintf(name, sizeof(name), "report\n%" PRId64 "\n%" PRId64 "\n\n", w->r->span.start_s,
			 w->r->span.end_s);
	make_uuid(w, name, uuid);
	for (size_t i = 0; i < choice->names; i++) {
		snprintf(name, sizeof(name), "%s\n%s", uuid, choice->name[i]);
		make_uuid(w, name, uuid);
	}
}

/* When the newest of its attacks was told: with more of them it is a newer version of the same event. */
static int64_t told_s(const struct writing *w)
{
	int64_t newest_s = w->r->span.start_s;

	for (size_t i = 0; i < w->r->events.n; i++) {
		const struct nt_get_event *e = &w->r->events.at[i];
		int64_t at_s = (int64_t)(e->id.ms / 1000);

		if (nt_event_is(e, "dos") && at_s > newest_s)
			newest_s = at_s;
	}
	return newest_s;
}

static json_t *event_json(struct writing *w)
{
	const struct nt_word words[] = {
	    nt_word("period", w->r->wanted.period.name),
	    nt_word_count("n", (double)json_array_size(w->objects)),
	};
	char uuid[NT_UUID_TEXT], date[NT_DAY_TEXT], told[TIME_TEXT];

	event_uuid(w, uuid);
	nt_day_text(w->r->wanted.period.first_day, date);
	seconds_text(told_s(w), told);
	return json_pack("{s:{s:s, s:o, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:[{s:s}, {s:s}], s:[o], s:O}}",
			 "Event", "uuid", uuid, "info", message_json(w, NT_MSG_MISP_INFO, words, 2), "date", date,
			 "threat_level_id", "4", "analysis", "2", "distribution", ONLY_US, "sharing_group_id", "0",
			 "published", 0, "publish_timestamp", "0", "timestamp", told, "Tag", "name", "tlp:amber",
			 "name", "rsit:availability=\"ddos\"", "Attribute", basis_json(w, uuid, told), "Object",
			 w->objects);
}

static int dump(json_t *event, FILE *out)
{
	errno = 0;
	if (json_dumpf(event, out, JSON_INDENT(1)) || fputc('\n', out) == EOF || fflush(out) || ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}

int nt_write_misp(const struct nt_report *r, const struct nt_report_style *style, const struct nt_document *d,
		  FILE *out)
{
	struct writing w = {.r = r, .style = style, .d = d, .objects = json_array(), .known = json_object()};
	json_t *event;

	for (size_t i = 0; i < r->exposed_n; i++)
		if (nt_event_is(r->exposed[i].event, "dos") && is_address(r->exposed[i].address))
			add_object(&w, &r->exposed[i]);
	event = event_json(&w);
	if (!w.err)
		w.err = event ? dump(event, out) : -ENOMEM;
	json_decref(event);
	json_decref(w.objects);
	json_decref(w.known);
	return w.err;
}

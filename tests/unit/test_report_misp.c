/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/write/misp.h"
#include "report/write/uuid.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN INT64_C(1656633600) /* 2022-07-01 */
#define DAY_S INT64_C(86400)

/* ---- UUIDs ---- */

static void uuids_are_those_of_the_rfc(void **state)
{
	/* The spaces of RFC 4122, appendix C; the UUIDs are Python's, uuid.uuid5(). */
	static const struct {
		uint8_t space[16];
		const char *name;
		const char *uuid;
	} row[] = {
	    {{0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8},
	     "python.org",
	     "886313e1-3b8a-5372-9b90-0c9aee199e5d"},
	    {{0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8},
	     "",
	     "1b4db7eb-4057-5ddf-91e0-36dec72071f5"},
	};
	char uuid[NT_UUID_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(nt_uuid_of_name(row[i].space, row[i].name, uuid), 0);
		assert_string_equal(uuid, row[i].uuid);
	}
}

/* ---- a report ---- */

static char dos[] = "dos", tool[] = "fixed_tool", nowhere[] = "", nz[] = "NZ", owner[] = "An \"owner\"\n\xff";
static char victim[] = "203.0.113.9", six[] = "2001:db8::9", nobody[] = "nobody; drop table";
static char full[] = "{\"protocol\":6,\"ports\":[80,443],\"more_ports\":true,\"packets\":200,\"duration\":120,"
		     "\"targets\":40,\"peak_packets\":120,\"peak_rate\":2,\"classes\":[\"synack\",\"rst\"],"
		     "\"addresses\":4096,\"estimated_rate\":2097152.25,\"asn\":64616}";
static char little[] = "{\"protocol\":58,\"ports\":[],\"packets\":30,\"addresses\":0,\"estimated_rate\":null}";
static char junk[] = "{\"protocol\":-7,\"ports\":[1,\"x\",-5,70000],\"estimated_rate\":-3,\"classes\":[7]}";

static struct nt_get_event event[] = {
    {.id = {(BEGIN + 600) * 1000, 1},
     .sensor = "tokyo-1",
     .start_s = BEGIN + 300,
     .end_s = BEGIN + 421,
     .type = dos,
     .region = nz,
     .source = victim,
     .body = full},
    {.id = {(BEGIN + 660) * 1000, 1},
     .sensor = "osaka-1",
     .start_s = BEGIN + 310,
     .end_s = BEGIN + 310, /* somebody's: it has no length */
     .type = dos,
     .region = nowhere,
     .source = six,
     .body = little},
    {.id = {(BEGIN + 900) * 1000, 2},
     .sensor = "tokyo-1",
     .start_s = BEGIN + 700,
     .end_s = BEGIN + 800,
     .type = dos,
     .region = nz,
     .source = victim,
     .body = junk},
    {.sensor = "tokyo-1", .start_s = BEGIN, .end_s = BEGIN + 1, .type = dos, .source = nobody, .body = full},
    {.sensor = "tokyo-1", .start_s = BEGIN, .end_s = BEGIN + 1, .type = tool, .source = victim, .body = full},
};

enum { EVENTS = sizeof(event) / sizeof(event[0]), ATTACKS = 3 };

struct made {
	struct nt_report r;
	struct nt_report_style style;
	struct nt_document d;
	struct nt_exposed exposed[2 * EVENTS];
	json_t *json;
};

static json_t *written(const struct made *m)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	json_t *json;

	assert_int_equal(nt_write_misp(&m->r, &m->style, &m->d, out), 0);
	fclose(out);
	json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	free(text);
	return json;
}

static void make(struct made *m, enum nt_lang lang, size_t events)
{
	*m = (struct made){.style = {.lang = lang}};
	m->style.regions = nt_region_names_new(lang);
	m->style.owners = nt_owners_new(NULL, false, lang);
	assert_non_null(m->style.regions);
	assert_non_null(m->style.owners);
	assert_int_equal(nt_period_parse("2022Q3", &m->r.wanted.period), 0);
	m->r.wanted.choice.group = "domestic";
	m->r.span = nt_period_span(&m->r.wanted.period, 0);
	m->r.coverage = (struct nt_get_coverage){.expected = 100, .intervals = 97, .lost = 5};
	m->r.events = (struct nt_get_events){.at = event, .n = events};
	for (size_t i = 0; i < 2 * events; i++) { /* each twice: nothing may appear twice */
		m->exposed[i] =
		    (struct nt_exposed){.event = &event[i / 2], .asn = i / 2 ? 0 : 64616, .org = i / 2 ? NULL : owner};
		snprintf(m->exposed[i].address, sizeof(m->exposed[i].address), "%s", event[i / 2].source);
	}
	m->r.exposed = m->exposed;
	m->r.exposed_n = 2 * events;
	m->json = written(m);
}

static void unmake(struct made *m)
{
	json_decref(m->json);
	nt_owners_free(m->style.owners);
	nt_region_names_free((struct nt_region_names *)m->style.regions);
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (!text)
		fail_msg("%s is no text", key);
	return text;
}

/* ---- what MISP asks for ---- */

/* Template ddos, as far as it is used: relation, type, a category of that type; once or often. */
static const struct {
	const char *relation;
	const char *type;
	const char *category;
	bool often;
} template[] = {
    {"ip-dst", "ip-dst", "Network activity", false},
    {"protocol", "text", "Other", false},
    {"dst-port", "port", "Network activity", true},
    {"first-seen", "datetime", "Other", false},
    {"last-seen", "datetime", "Other", false},
    {"total-pps", "counter", "Other", false},
    {"text", "text", "Other", false},
};

enum { RELATIONS = sizeof(template) / sizeof(template[0]) };

static const json_t *object_at(const struct made *m, size_t i)
{
	const json_t *objects = json_object_get(json_object_get(m->json, "Event"), "Object");

	assert_true(i < json_array_size(objects));
	return json_array_get(objects, i);
}

/* The value of a relation, and its comment; NULL: the object does not have it. */
static const char *value_of(const json_t *object, const char *relation, const char **comment)
{
	const json_t *list = json_object_get(object, "Attribute"), *attribute;
	size_t i;

	json_array_foreach((json_t *)list, i, attribute)
	{
		if (strcmp(text_of(attribute, "object_relation"), relation) != 0)
			continue;
		if (comment)
			*comment = text_of(attribute, "comment");
		return text_of(attribute, "value");
	}
	return NULL;
}

static void check_attribute(const json_t *attribute, unsigned int *seen)
{
	size_t at = 0;

	while (at < RELATIONS && strcmp(template[at].relation, text_of(attribute, "object_relation")) != 0)
		at++;
	assert_true(at < RELATIONS);
	assert_string_equal(text_of(attribute, "type"), template[at].type);
	assert_string_equal(text_of(attribute, "category"), template[at].category);
	assert_true(template[at].often || !(*seen >> at & 1));
	*seen |= 1u << at;
	assert_true(json_is_false(json_object_get(attribute, "to_ids"))); /* victims are not to be blocked */
	assert_true(json_is_false(json_object_get(attribute, "deleted")));
	assert_string_equal(text_of(attribute, "distribution"), "5");
	assert_true(strlen(text_of(attribute, "value")) > 0);
	assert_int_equal(strlen(text_of(attribute, "uuid")), NT_UUID_TEXT - 1);
}

static void check_object(const json_t *object)
{
	const json_t *list = json_object_get(object, "Attribute"), *attribute;
	unsigned int seen = 0;
	size_t i;

	assert_string_equal(text_of(object, "name"), "ddos");
	assert_string_equal(text_of(object, "meta-category"), "network");
	assert_string_equal(text_of(object, "template_uuid"), "e2f124d6-f57c-4f93-99e6-8450545fa05d");
	assert_string_equal(text_of(object, "template_version"), "6");
	assert_string_equal(text_of(object, "distribution"), "5");
	json_array_foreach((json_t *)list, i, attribute) check_attribute(attribute, &seen);
	assert_true(seen & 1); /* required: one of ip-dst, ip-src, domain-dst */
}

static void collect_uuids(const json_t *json, json_t *found)
{
	const char *key;
	const json_t *value;
	size_t i;

	json_array_foreach((json_t *)json, i, value) collect_uuids(value, found);
	json_object_foreach((json_t *)json, key, value)
	{
		if (!strcmp(key, "uuid")) {
			assert_null(json_object_get(found, json_string_value(value)));
			json_object_set_new(found, json_string_value(value), json_true());
		}
		collect_uuids(value, found);
	}
}

static void objects_are_of_the_template(void **state)
{
	struct made m;
	json_t *uuids = json_object();

	(void)state;
	make(&m, NT_LANG_EN, EVENTS);
	assert_int_equal(json_array_size(json_object_get(json_object_get(m.json, "Event"), "Object")), ATTACKS);
	for (size_t i = 0; i < ATTACKS; i++)
		check_object(object_at(&m, i));
	collect_uuids(m.json, uuids);
	assert_true(json_object_size(uuids) > 2 + ATTACKS * 5); /* event, basis; object, and its attributes */
	json_decref(uuids);
	unmake(&m);
}

static void an_event_says_what_misp_needs(void **state)
{
	static const char *const text[][2] = {
	    {"info", "Attacks seen in the replies of their victims (backscatter), 2022Q3: 3"},
	    {"date", "2022-07-01"},
	    {"threat_level_id", "4"},
	    {"analysis", "2"},
	    {"distribution", "0"},
	};
	const json_t *e, *tags;
	struct made m;

	(void)state;
	make(&m, NT_LANG_EN, EVENTS);
	e = json_object_get(m.json, "Event");
	assert_int_equal(json_object_size(m.json), 1);
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		assert_string_equal(text_of(e, text[i][0]), text[i][1]);
	assert_true(json_is_false(json_object_get(e, "published")));
	assert_int_equal(strtoll(text_of(e, "timestamp"), NULL, 10), BEGIN + 900); /* when the newest was told */
	tags = json_object_get(e, "Tag");
	assert_string_equal(text_of(json_array_get(tags, 0), "name"), "tlp:amber");
	assert_string_equal(text_of(json_array_get(tags, 1), "name"), "rsit:availability=\"ddos\"");
	assert_int_equal(json_array_size(json_object_get(e, "Attribute")), 1);
	assert_non_null(strstr(text_of(json_array_get(json_object_get(e, "Attribute"), 0), "value"),
			       "5 packets lost; 3 of 100 intervals missing."));
	unmake(&m);
}

static void an_attack_says_what_is_known(void **state)
{
	const char *comment = NULL;
	const json_t *o;
	struct made m;

	(void)state;
	make(&m, NT_LANG_EN, EVENTS);
	o = object_at(&m, 0);
	assert_string_equal(value_of(o, "ip-dst", &comment), "203.0.113.9");
	assert_non_null(strstr(comment, "An \"owner\""));
	assert_non_null(strstr(comment, "AS64616, New Zealand"));
	assert_string_equal(value_of(o, "protocol", NULL), "TCP");
	assert_string_equal(value_of(o, "dst-port", NULL), "80");
	assert_string_equal(value_of(o, "first-seen", NULL), "2022-07-01T00:05:00.000000+00:00");
	assert_string_equal(value_of(o, "last-seen", NULL), "2022-07-01T00:07:00.000000+00:00");
	assert_string_equal(text_of(o, "first_seen"), "2022-07-01T00:05:00.000000+00:00");
	assert_string_equal(text_of(o, "last_seen"), "2022-07-01T00:07:00.000000+00:00");
	assert_string_equal(value_of(o, "total-pps", &comment), "2097153");
	assert_non_null(strstr(comment, "120 packets of backscatter reached 4,096 addresses"));
	assert_non_null(strstr(value_of(o, "text", NULL), "200 packets of backscatter (synack, rst) to about 40 of the "
							  "4,096 addresses that sensor tokyo-1 watches"));
	assert_non_null(strstr(value_of(o, "text", NULL), "More ports were attacked"));
	unmake(&m);
}

static void what_is_not_known_is_left_out(void **state)
{
	const char *comment = NULL;
	const json_t *o;
	struct made m;

	(void)state;
	make(&m, NT_LANG_EN, EVENTS);
	o = object_at(&m, 1);
	assert_string_equal(value_of(o, "ip-dst", &comment), "2001:db8::9");
	assert_string_equal(comment, "");
	assert_string_equal(value_of(o, "protocol", NULL), "ICMP");
	assert_null(value_of(o, "dst-port", NULL));
	assert_null(value_of(o, "total-pps", NULL));
	assert_string_equal(value_of(o, "last-seen", NULL), "2022-07-01T00:05:10.000000+00:00");
	assert_null(strstr(value_of(o, "text", NULL), "of the 0 addresses"));
	assert_null(strstr(value_of(o, "text", NULL), "More ports"));
	o = object_at(&m, 2);
	assert_string_equal(value_of(o, "protocol", NULL), "IP");
	assert_string_equal(value_of(o, "dst-port", NULL), "1");
	assert_null(value_of(o, "total-pps", NULL));
	unmake(&m);
}

/* Written again it is the same; with one attack more, all others keep their UUIDs and the event is newer. */
static void it_does_not_double(void **state)
{
	struct made m, again, less;
	const json_t *all, *part;

	(void)state;
	make(&m, NT_LANG_EN, EVENTS);
	make(&again, NT_LANG_EN, EVENTS);
	make(&less, NT_LANG_EN, 2);
	assert_true(json_equal(m.json, again.json));
	all = json_object_get(m.json, "Event");
	part = json_object_get(less.json, "Event");
	assert_string_equal(text_of(all, "uuid"), text_of(part, "uuid"));
	assert_true(strtoll(text_of(all, "timestamp"), NULL, 10) > strtoll(text_of(part, "timestamp"), NULL, 10));
	for (size_t i = 0; i < 2; i++)
		assert_true(json_equal(object_at(&m, i), object_at(&less, i)));
	unmake(&m);
	unmake(&again);
	unmake(&less);
}

static void no_attacks_are_an_event_without_objects(void **state)
{
	const json_t *e;
	struct made m;

	(void)state;
	make(&m, NT_LANG_JA, 0);
	e = json_object_get(m.json, "Event");
	assert_int_equal(json_array_size(json_object_get(e, "Object")), 0);
	assert_string_equal(text_of(e, "info"), "跳ね返りパケットから見た DoS 攻撃 2022Q3：0 件");
	assert_int_equal(strtoll(text_of(e, "timestamp"), NULL, 10), BEGIN);
	unmake(&m);
}

static void other_sensors_are_another_event(void **state)
{
	static const char *const one[] = {"tokyo-1", "osaka-1"};
	struct made m;
	json_t *group, *some, *other;

	(void)state;
	make(&m, NT_LANG_EN, 1);
	group = json_incref(m.json);
	m.r.wanted.choice = (struct nt_get_choice){.name = one, .names = 2};
	some = written(&m);
	m.r.wanted.choice.names = 1;
	other = written(&m);
	assert_string_not_equal(text_of(json_object_get(group, "Event"), "uuid"),
				text_of(json_object_get(some, "Event"), "uuid"));
	assert_string_not_equal(text_of(json_object_get(some, "Event"), "uuid"),
				text_of(json_object_get(other, "Event"), "uuid"));
	json_decref(group);
	json_decref(some);
	json_decref(other);
	unmake(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(uuids_are_those_of_the_rfc),
	    cmocka_unit_test(objects_are_of_the_template),
	    cmocka_unit_test(an_event_says_what_misp_needs),
	    cmocka_unit_test(an_attack_says_what_is_known),
	    cmocka_unit_test(what_is_not_known_is_left_out),
	    cmocka_unit_test(it_does_not_double),
	    cmocka_unit_test(no_attacks_are_an_event_without_objects),
	    cmocka_unit_test(other_sensors_are_another_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

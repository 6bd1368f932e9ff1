/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TEST_DETECT_FIXTURE_H
#define NT_TEST_DETECT_FIXTURE_H

#include "needletail/schema.h"
#include "random.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** An IPv4 address from a number. */
static inline struct nt_address v4(uint32_t number)
{
	return (struct nt_address){
	    .byte = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number},
	    .length = 4};
}

/** A number below n. */
static inline uint32_t random_below(uint32_t n)
{
	return (uint32_t)(next_random() % n);
}

static inline double random_unit(void)
{
	return (double)(next_random() >> 11) / 9007199254740992.0;
}

/** Members of an event's body; the event must have them. */
static inline json_t *body_of(const struct nt_event *e)
{
	json_t *body = json_loads(e->body, 0, NULL);

	assert_non_null(body);
	return body;
}

static inline int64_t body_number(const struct nt_event *e, const char *key)
{
	json_t *body = body_of(e), *value = json_object_get(body, key);
	int64_t number;

	assert_non_null(value);
	assert_true(json_is_integer(value) || json_is_boolean(value));
	number = json_is_integer(value) ? json_integer_value(value) : json_is_true(value);
	json_decref(body);
	return number;
}

static inline double body_real(const struct nt_event *e, const char *key)
{
	json_t *body = body_of(e), *value = json_object_get(body, key);
	double number;

	assert_true(json_is_real(value));
	number = json_real_value(value);
	json_decref(body);
	return number;
}

static inline bool body_is_null(const struct nt_event *e, const char *key)
{
	json_t *body = body_of(e);
	bool null = json_is_null(json_object_get(body, key)); /* false if it is not there */

	json_decref(body);
	return null;
}

static inline void assert_body_text(const struct nt_event *e, const char *key, const char *text)
{
	json_t *body = body_of(e);

	assert_string_equal(json_string_value(json_object_get(body, key)), text);
	json_decref(body);
}

/** Moves the events of a snapshot to the end of a list. */
static inline void keep_events(struct nt_snapshot *list, struct nt_snapshot *from)
{
	for (size_t i = 0; i < from->n_events; i++)
		assert_int_equal(nt_snapshot_add_event(list, &from->event[i]), 0);
	from->n_events = 0;
}

/** All of an event in one text, for comparing; the caller frees it. */
static inline char *event_text(const struct nt_event *e)
{
	char *text;

	assert_true(asprintf(&text, "%d %lld %lld %s %s %s", (int)e->type, (long long)e->start_s, (long long)e->end_s,
			     e->region, e->source, e->body) > 0);
	return text;
}

static inline void assert_events_equal(const struct nt_snapshot *a, const struct nt_snapshot *b)
{
	assert_int_equal(a->n_events, b->n_events);
	for (size_t i = 0; i < a->n_events; i++) {
		char *left = event_text(&a->event[i]), *right = event_text(&b->event[i]);

		assert_string_equal(left, right);
		free(left);
		free(right);
	}
}

#endif

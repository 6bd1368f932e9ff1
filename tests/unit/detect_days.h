/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TEST_DETECT_DAYS_H
#define NT_TEST_DETECT_DAYS_H

#include "needletail/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/** Midnight UTC that the tests of detectors begin at: 2022-09-06. */
#define DAYS_BEGIN 1662422400
#define DAY_S	   86400
#define HOUR_S	   3600

/** An empty snapshot of an interval. */
static inline void begin_snapshot(struct nt_snapshot *s, int64_t start_s, int64_t length_s)
{
	nt_snapshot_init(s);
	s->start_s = start_s;
	s->end_s = start_s + length_s;
}

/** A number of an event's body; -1 if it is not there. */
static inline double body_number(const struct nt_event *e, const char *key)
{
	json_t *body = json_loads(e->body, 0, NULL);
	const json_t *value = json_object_get(body, key);
	double number = json_is_number(value)	 ? json_number_value(value)
			: json_is_boolean(value) ? json_is_true(value)
						 : -1;

	json_decref(body);
	return number;
}

/** A text of an event's body, in a static place; "" if it is not there. */
static inline const char *body_text(const struct nt_event *e, const char *key)
{
	static char text[256];
	json_t *body = json_loads(e->body, 0, NULL);
	const char *value = json_string_value(json_object_get(body, key));

	strncpy(text, value ? value : "", sizeof(text) - 1);
	json_decref(body);
	return text;
}

#endif

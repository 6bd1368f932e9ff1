/* SPDX-License-Identifier: BSD-3-Clause */
#include "needletail/schema.h"
#include "snapshot/json.h"
#include "snapshot/json_parts.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Evidence holds rates and shares: 15 digits come back as they were written, 17 would show how doubles are made. */
#define DIGITS 15
#define DUMP   (JSON_COMPACT | JSON_REAL_PRECISION(DIGITS))

/* ---- bodies that are written as they are ---- */

/*
 * A body that reading and writing again would not change, as those that detectors make: JSON without blanks, escapes,
 * exponents or characters beyond ASCII, and with no more digits than are written. Each function returns what is behind,
 * or NULL: then jansson looks at it.
 */

/* Deeper than any evidence. */
#define DEPTH_MAX 8

static const char *skip_string(const char *s)
{
	if (*s++ != '"')
		return NULL;
	while (*s >= ' ' && *s <= '~' && *s != '"' && *s != '\\') /* a NUL ends it, too */
		s++;
	return *s == '"' ? s + 1 : NULL;
}

static const char *skip_digits(const char *s, uint32_t *left)
{
	for (; *s >= '0' && *s <= '9'; s++)
		if ((*left)-- == 0)
			return NULL;
	return s;
}

static const char *skip_number(const char *s)
{
	uint32_t left = DIGITS;
	const char *first = s += *s == '-', *behind = skip_digits(s, &left);

	if (!behind || behind == first || (*first == '0' && behind - first > 1))
		return NULL;
	if (*behind != '.')
		return behind;
	first = behind + 1;
	behind = skip_digits(first, &left);
	return behind == first ? NULL : behind;
}

static const char *skip_word(const char *s)
{
	static const char *const word[] = {"true", "false", "null"};

	for (size_t i = 0; i < sizeof(word) / sizeof(word[0]); i++)
		if (!strncmp(s, word[i], strlen(word[i])))
			return s + strlen(word[i]);
	return NULL;
}

static const char *skip_list(const char *s, uint32_t depth);

static const char *skip_value(const char *s, uint32_t depth)
{
	if (*s == '{' || *s == '[')
		return skip_list(s, depth);
	if (*s == '"')
		return skip_string(s);
	return *s == '-' || (*s >= '0' && *s <= '9') ? skip_number(s) : skip_word(s);
}

/* An object or an array. */
static const char *skip_list(const char *s, uint32_t depth)
{
	bool object = *s++ == '{';
	char end = object ? '}' : ']';

	if (*s == end)
		return s + 1;
	for (; s && depth < DEPTH_MAX; s++) {
		if (object) {
			s = skip_string(s);
			if (!s || *s++ != ':')
				return NULL;
		}
		s = skip_value(s, depth + 1);
		if (!s || *s == end)
			return s ? s + 1 : NULL;
		if (*s != ',')
			return NULL;
	}
	return NULL;
}

static bool stays_as_it_is(const char *body)
{
	const char *behind = *body == '{' ? skip_list(body, 0) : NULL;

	return behind && !*behind;
}

/* ---- the line ---- */

static int write_line(const struct nt_event *event, const char *sensor, const char *body, char **line)
{
	struct nt_json j = {0};

	nt_json_open(&j, '{');
	nt_json_key(&j, "schema");
	nt_json_string(&j, NT_EVENT_SCHEMA);
	nt_json_key(&j, "sensor");
	nt_json_string(&j, sensor);
	nt_json_key(&j, "type");
	nt_json_string(&j, nt_event_name[event->type]);
	nt_json_key(&j, "start");
	nt_json_signed(&j, event->start_s);
	nt_json_key(&j, "end");
	nt_json_signed(&j, event->end_s);
	nt_json_key(&j, "region");
	nt_json_string(&j, event->region);
	nt_json_key(&j, "source");
	nt_json_string(&j, event->source);
	nt_json_key(&j, "body");
	nt_json_word(&j, body);
	nt_json_close(&j, '}');
	*line = nt_json_text(&j);
	return *line ? 0 : -ENOMEM;
}

/* Reads the body and writes it again, in one form. */
static int write_read_body(const struct nt_event *event, const char *sensor, char **line)
{
	json_t *body = event->body ? json_loads(event->body, JSON_REJECT_DUPLICATES, NULL) : json_object();
	char *text = json_is_object(body) ? json_dumps(body, DUMP) : NULL;
	int err = json_is_object(body) ? -ENOMEM : -EINVAL;

	*line = NULL;
	if (text)
		err = write_line(event, sensor, text, line);
	free(text);
	json_decref(body);
	return err;
}

int nt_event_json(const struct nt_event *event, const char *sensor, char **line)
{
	if (event->body && stays_as_it_is(event->body))
		return write_line(event, sensor, event->body, line);
	return write_read_body(event, sensor, line);
}

bool nt_event_says(const struct nt_event *event, const char *key)
{
	json_t *body = event->body ? json_loads(event->body, 0, NULL) : NULL;
	bool says = json_is_true(json_object_get(body, key));

	json_decref(body);
	return says;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "needletail/schema.h"
#include "snapshot/json.h"

#include <errno.h>
#include <jansson.h>

/* Evidence holds rates and shares: 15 digits come back as they were written, 17 would show how doubles are made. */
#define DUMP (JSON_COMPACT | JSON_REAL_PRECISION(15))

/* A value of NULL fails, and so a failed allocation is carried along. */
static bool set(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) == 0;
}

int nt_event_json(const struct nt_event *event, const char *sensor, char **line)
{
	json_t *object = json_object();
	json_t *body = event->body ? json_loads(event->body, JSON_REJECT_DUPLICATES, NULL) : json_object();
	bool is_object = json_is_object(body);

	*line = NULL;
	if (set(object, "schema", json_string(NT_EVENT_SCHEMA)) && set(object, "sensor", json_string(sensor)) &&
	    set(object, "type", json_string(nt_event_name[event->type])) &&
	    set(object, "start", json_integer(event->start_s)) && set(object, "end", json_integer(event->end_s)) &&
	    set(object, "region", json_string(event->region)) && set(object, "source", json_string(event->source)) &&
	    is_object && json_object_set(object, "body", body) == 0)
		*line = json_dumps(object, DUMP);
	json_decref(body);
	json_decref(object);
	if (*line)
		return 0;
	return is_object ? -ENOMEM : -EINVAL;
}

bool nt_event_says(const struct nt_event *event, const char *key)
{
	json_t *body = event->body ? json_loads(event->body, 0, NULL) : NULL;
	bool says = json_is_true(json_object_get(body, key));

	json_decref(body);
	return says;
}

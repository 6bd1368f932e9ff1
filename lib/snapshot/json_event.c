/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/json.h"
#include "snapshot/json_parts.h"

#include <errno.h>

/* Evidence holds rates and shares: 15 digits come back as they were written, 17 would show how doubles are made. */
#define DUMP (JSON_COMPACT | JSON_REAL_PRECISION(15))

int nt_event_json(const struct nt_event *event, const char *sensor, char **line)
{
	json_t *object = json_object();
	json_t *body = event->body ? json_loads(event->body, JSON_REJECT_DUPLICATES, NULL) : json_object();
	bool is_object = json_is_object(body);

	*line = NULL;
	if (nt_json_set(object, "schema", json_string(NT_EVENT_SCHEMA)) &&
	    nt_json_set(object, "sensor", json_string(sensor)) &&
	    nt_json_set(object, "type", json_string(nt_event_name[event->type])) &&
	    nt_json_set(object, "start", json_integer(event->start_s)) &&
	    nt_json_set(object, "end", json_integer(event->end_s)) &&
	    nt_json_set(object, "region", json_string(event->region)) &&
	    nt_json_set(object, "source", json_string(event->source)) && is_object &&
	    json_object_set(object, "body", body) == 0)
		*line = json_dumps(object, DUMP);
	json_decref(body);
	json_decref(object);
	if (*line)
		return 0;
	return is_object ? -ENOMEM : -EINVAL;
}

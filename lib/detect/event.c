/* SPDX-License-Identifier: BSD-3-Clause */
#include "detect/detector.h"

#include "needletail/schema.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int nt_detect_tell_text(struct nt_snapshot *s, const struct nt_about *about, char *body)
{
	struct nt_event event = {.type = about->type, .start_s = about->start_s, .end_s = about->end_s, .body = body};
	int err;

	if (body == NULL)
		return -ENOMEM;
	if (about->region != NT_DETECT_NO_REGION)
		nt_region_text(about->region, event.region);
	snprintf(event.source, sizeof(event.source), "%s", about->source);
	err = nt_snapshot_add_event(s, &event);
	free(event.body); /* NULL once it has moved */
	return err;
}

int nt_detect_tell(struct nt_snapshot *s, const struct nt_about *about, json_t *body)
{
	char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT | JSON_REAL_PRECISION(9));

	json_decref(body);
	return nt_detect_tell_text(s, about, text);
}

static int by_time_then_subject(const void *left, const void *right)
{
	const struct nt_event *a = left, *b = right;
	int order;

	if (a->start_s != b->start_s)
		return a->start_s < b->start_s ? -1 : 1;
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	order = strcmp(a->source, b->source);
	if (order == 0)
		order = strcmp(a->region, b->region);
	if (order == 0 && a->end_s != b->end_s)
		order = a->end_s < b->end_s ? -1 : 1;
	return order != 0 ? order : strcmp(a->body, b->body);
}

void nt_detect_sort_events(struct nt_snapshot *s, size_t from)
{
	if (s->n_events > from)
		qsort(s->event + from, s->n_events - from, sizeof(s->event[0]), by_time_then_subject);
}

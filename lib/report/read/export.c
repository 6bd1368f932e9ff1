/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/evidence.h"
#include "report/read/inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Addresses that took part in events: victims of attacks, and examples of what one tool has made. */

static struct nt_exposed *add(struct nt_report *r, const struct nt_get_event *event, const char *address)
{
	struct nt_exposed *at = reallocarray(r->exposed, r->exposed_n + 1, sizeof(*at));

	if (!at)
		return NULL;
	r->exposed = at;
	at = &r->exposed[r->exposed_n++];
	*at = (struct nt_exposed){.event = event};
	snprintf(at->address, sizeof(at->address), "%s", address);
	return at;
}

/* AS numbers of a tool's examples are those of the day. */
static int add_examples(struct reading *r, const struct nt_get_event *event, const struct nt_evidence *e)
{
	int64_t day = nt_day_of(event->start_s, r->report->day_offset_h);
	const struct nt_get_query query = query_days(r, day, day);
	const char *address[NT_EVIDENCE_EXAMPLES];
	uint32_t asn[NT_EVIDENCE_EXAMPLES];
	int err;

	for (size_t i = 0; i < e->examples; i++)
		address[i] = e->example[i];
	err = nt_get_who(r->get, &query, address, e->examples, asn);
	for (size_t i = 0; i < e->examples && !err; i++) {
		struct nt_exposed *one = add(r->report, event, e->example[i]);

		if (!one)
			return -ENOMEM;
		one->asn = asn[i];
	}
	return err;
}

static int add_event(struct reading *r, const struct nt_get_event *event)
{
	struct nt_exposed *one;
	struct nt_evidence e;

	if (nt_event_is(event, "fixed_tool")) {
		nt_evidence_read(event->body, &e);
		return add_examples(r, event, &e);
	}
	if (!nt_event_is(event, "dos"))
		return 0;
	nt_evidence_read(event->body, &e);
	one = add(r->report, event, event->source);
	if (!one)
		return -ENOMEM;
	one->asn = e.asn;
	return 0;
}

static int name_all(struct reading *r)
{
	struct nt_report *report = r->report;
	uint32_t *asn = calloc(report->exposed_n + 1, sizeof(*asn));
	char **org = calloc(report->exposed_n + 1, sizeof(*org));
	int err = asn && org ? 0 : -ENOMEM;

	for (size_t i = 0; i < report->exposed_n && !err; i++)
		asn[i] = report->exposed[i].asn;
	if (!err)
		err = nt_get_orgs(r->get, &report->sensors, asn, report->exposed_n, org);
	for (size_t i = 0; i < report->exposed_n && !err; i++)
		report->exposed[i].org = org[i];
	free(asn);
	free(org);
	return err;
}

static int by_receiver(const void *a, const void *b)
{
	const struct nt_exposed *x = a, *y = b;
	int order = strcmp(x->event->region, y->event->region);

	if (!order)
		order = strcmp(x->org ? x->org : "", y->org ? y->org : "");
	if (!order)
		order = strcmp(x->address, y->address);
	if (!order)
		order = (x->event->start_s > y->event->start_s) - (x->event->start_s < y->event->start_s);
	return order ? order : strcmp(x->event->sensor, y->event->sensor);
}

int read_export(struct reading *r)
{
	struct nt_report *report = r->report;
	int err = 0;

	for (size_t i = 0; i < report->events.n && !err; i++)
		err = add_event(r, &report->events.at[i]);
	if (!err)
		err = name_all(r);
	if (report->exposed_n)
		qsort(report->exposed, report->exposed_n, sizeof(*report->exposed), by_receiver);
	return err;
}

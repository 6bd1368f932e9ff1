/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/put_parts.h"

#include "base/parse.h"

#include <string.h>

/* Buckets that are closed, old, or were written to again: one call of the script a step. */

/* One call that does not move the cursor. Returns 1, with *finished said by the script, or a failure. */
static int call_in_place(struct nt_put *p, bool *finished)
{
	int err = put_call(p, p->cursor, p->cursor);

	*finished = false;
	if (err)
		return err;
	if (!put_is_ok(p))
		return put_fenced(p);
	put_note_failed_writes(p);
	*finished = strcmp(nt_redis_client_answer(p->client, 3), "0") == 0;
	return 1;
}

static int trim(struct nt_put *p, enum nt_bucket b, struct nt_span span, enum nt_redis_age age, bool *finished)
{
	struct trimming *t = &p->trimming;
	uint64_t unfinished;
	int rc;

	if (t->bucket != b || t->age != age || t->start_s != span.start_s)
		*t = (struct trimming){.bucket = b, .age = age, .start_s = span.start_s};
	nt_plan_encode_trim(&p->options.sensor, b, span, age, t->done, &p->request);
	rc = call_in_place(p, finished);
	t->done = 0;
	if (rc == 1 && put_is_ok(p) && !nt_parse_u64(nt_redis_client_answer(p->client, 3), 0, UINT32_MAX, &unfinished))
		t->done = unfinished ? (uint32_t)unfinished - 1 : 0;
	return rc;
}

struct nt_span put_span_at(const struct nt_put *p, enum nt_bucket b, int64_t start_s, int64_t length_s)
{
	return nt_bucket_span(b, (struct nt_span){start_s, start_s + length_s}, p->options.sensor.day_offset_h);
}

/* Start of the first bucket that is not old yet when one begins at start_s. */
static int64_t old_until(const struct nt_put *p, enum nt_bucket b, int64_t start_s)
{
	return put_span_at(p, b, start_s - p->options.sensor.limits.old_s[b], 1).start_s;
}

static bool is_old(const struct nt_put *p, enum nt_bucket b, int64_t start_s)
{
	return p->options.sensor.limits.old_s[b] && p->last.known && start_s < old_until(p, b, p->last.s);
}

/* Trims a closed bucket that was written to again, then forgets that it was. */
int put_trim_reopened(struct nt_put *p, enum nt_bucket b)
{
	enum nt_redis_age age = is_old(p, b, p->reopened[b].s) ? NT_AGE_OLD : NT_AGE_CLOSED;
	bool finished;
	int rc = trim(p, b, put_span_at(p, b, p->reopened[b].s, 1), age, &finished);

	if (rc < 0 || !finished)
		return rc;
	nt_plan_begin(&p->options.sensor, &p->request);
	nt_request_text(&p->request, "i");
	nt_request_number(&p->request, 1);
	nt_request_text(&p->request, nt_plan_reopened_field(b));
	nt_request_text(&p->request, "");
	rc = call_in_place(p, &finished);
	if (finished)
		p->reopened[b].known = false;
	return rc;
}

static int trim_last(struct nt_put *p, enum nt_bucket b, struct nt_span span)
{
	bool finished;
	int rc = trim(p, b, span, NT_AGE_CLOSED, &finished);

	if (finished)
		p->trimmed[b] = (struct moment){.known = true, .s = span.start_s};
	return rc;
}

/*
 * Cuts the next of the buckets that become old now that one begins at start_s and the newest began at last_s; after a
 * pause that may be many. What cannot be there any more is passed over. Returns 0 if there is none.
 */
static int trim_old(struct nt_put *p, enum nt_bucket b, int64_t last_s, int64_t start_s)
{
	const struct nt_redis_limits *limits = &p->options.sensor.limits;
	int64_t end_s = limits->old_s[b] ? old_until(p, b, start_s) : 0, from_s;
	struct nt_span span;
	bool finished;
	int rc;

	if (!limits->old_s[b])
		return 0;
	from_s = p->aged[b].known ? p->aged[b].s : old_until(p, b, last_s);
	if (limits->lifetime_s[b] && from_s < end_s - limits->lifetime_s[b])
		from_s = end_s - limits->lifetime_s[b];
	if (from_s >= end_s)
		return 0;
	span = put_span_at(p, b, from_s, 1);
	rc = trim(p, b, span, NT_AGE_OLD, &finished);
	if (finished)
		p->aged[b] = (struct moment){.known = true, .s = span.end_s};
	return rc;
}

/* One step of what must be done before the planned snapshot's first chunk. Returns 0 if there is nothing. */
int put_leave_buckets(struct nt_put *p)
{
	for (enum nt_bucket b = NT_BUCKET_H; b < NT_BUCKETS; b++) {
		struct nt_span last;
		int rc;

		if (p->reopened[b].known && p->reopened[b].s != p->plan.span[b].start_s)
			return put_trim_reopened(p, b);
		if (!p->last.known)
			continue;
		last = put_span_at(p, b, p->last.s, p->last_interval_s);
		if (last.start_s < p->plan.span[b].start_s && !(p->trimmed[b].known && p->trimmed[b].s == last.start_s))
			return trim_last(p, b, last);
		rc = last.start_s < p->plan.span[b].start_s ? trim_old(p, b, last.start_s, p->plan.span[b].start_s) : 0;
		if (rc)
			return rc;
	}
	return 0;
}

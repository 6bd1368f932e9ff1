/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/put_parts.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/parse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the sensor stands in Redis, and what the script's answers mean. */

/* Two writers of one sensor hinder each other now and then; that often in a row it is time to leave the other alone. */
#define FENCES_BEFORE_REST 16

/* What is read of `info`, in this order. */
enum state_field { STATE_LAST, STATE_INTERVAL, STATE_DAY_OFFSET, STATE_REOPENED, STATE_FIELDS = STATE_REOPENED + 3 };

/* Where in the answer to reading the state they stand, behind the status and the cursor. */
#define STATE_AT(field) (2u + (field))

int put_failed(struct nt_put *p, int err, const char *why)
{
	snprintf(p->why, sizeof(p->why), "%s", why);
	return err;
}

int put_client_failed(struct nt_put *p, int err)
{
	return put_failed(p, err, nt_redis_client_why(p->client));
}

/* Failures that somebody has to mend, and that do not mend themselves as an outage does. */
static bool needs_somebody(int err)
{
	return err == -EACCES || err == -EROFS || err == -ENOSPC || err == -EPROTO || err == -EINVAL ||
	       err == -EALREADY || err == -EEXIST;
}

int put_say_failure(struct nt_put *p, int err)
{
	char times[64] = "";
	uint32_t more;

	if (!nt_outage_failed(&p->outage, err, needs_somebody(err), nt_clock_monotonic_ns(), &more))
		return err;
	if (more)
		snprintf(times, sizeof(times), "; it was away %" PRIu32 " times since that was said", more);
	nt_redis_client_where(p->client, p->where);
	nt_warning("%s: %s; intervals wait%s", p->where, p->why, times);
	return err;
}

void put_say_back(struct nt_put *p)
{
	char where[NT_REDIS_URL_TEXT];
	uint32_t more;

	if (!nt_outage_over(&p->outage, nt_clock_monotonic_ns(), &more))
		return;
	nt_redis_client_where(p->client, where);
	if (more)
		nt_info("%s stays now; it was away %" PRIu32 " times since that was said", where, more);
	else
		nt_info("%s %s; intervals that waited: %zu", where, strcmp(where, p->where) ? "answers now" : "is back",
			nt_spool_waiting(p->spool, NT_SINK_REDIS));
}

/* The client is not connected any more when a call failed. */
int put_call(struct nt_put *p, const char *expected, const char *next)
{
	int err;

	p->counters.calls++;
	err = nt_redis_client_script(p->client, expected, next, &p->request);
	if (err)
		return put_client_failed(p, err);
	if (strcmp(nt_redis_client_answer(p->client, 0), "type") == 0) {
		snprintf(p->why, sizeof(p->why), "key %s is a %s and should be a %s",
			 nt_redis_client_answer(p->client, 1), nt_redis_client_answer(p->client, 2),
			 nt_redis_client_answer(p->client, 3));
		return -EEXIST;
	}
	if (strcmp(nt_redis_client_answer(p->client, 0), "denied") == 0) {
		snprintf(p->why, sizeof(p->why), "the user has no right to %s, and the writer needs it",
			 nt_redis_client_answer(p->client, 1));
		return -EACCES;
	}
	return 0;
}

bool put_is_ok(const struct nt_put *p)
{
	return strcmp(nt_redis_client_answer(p->client, 0), "ok") == 0;
}

void put_note_failed_writes(struct nt_put *p)
{
	uint64_t n;

	if (nt_parse_u64(nt_redis_client_answer(p->client, 1), 1, UINT64_MAX, &n))
		return;
	p->counters.failed_writes += n;
	if (p->said_refused)
		return;
	p->said_refused = true;
	nt_error("Redis refused %" PRIu64 " additions, and the numbers there are now too low: %s", n,
		 nt_redis_client_answer(p->client, 2));
}

/* Somebody else moved the cursor: look again before anything else. */
int put_fenced(struct nt_put *p)
{
	free(p->cursor);
	p->cursor = NULL;
	if (++p->fences < FENCES_BEFORE_REST)
		return 1;
	p->fences = 0;
	return put_failed(p, -EBUSY, "another writer of the sensor is always faster");
}

static bool parse_i64(const char *text, int64_t *value)
{
	uint64_t magnitude;
	bool negative = *text == '-';

	/* Nothing that we wrote is larger, and what somebody else wrote must not overflow a sum. */
	if (nt_parse_u64(text + negative, 0, NT_PLAN_TIME_END_S, &magnitude))
		return false;
	*value = negative ? -(int64_t)magnitude : (int64_t)magnitude;
	return true;
}

static struct moment read_moment(const struct nt_put *p, size_t field)
{
	struct moment m = {0};

	m.known = parse_i64(nt_redis_client_answer(p->client, STATE_AT(field)), &m.s);
	return m;
}

static void say_lost(const struct nt_put *p, struct nt_cursor to)
{
	uint64_t lost = nt_spool_given(p->spool, to.sequence, p->next.sequence) + (p->next.chunk > to.chunk);

	nt_warning("Redis lost the last %" PRIu64 " intervals that it had acknowledged; writing them again", lost);
}

/* Moves to another place. Forward it is a chunk at most: the one that was acknowledged, or whose answer was lost. If
 * the next one is the first of a snapshot, it was the last of the one before. The first time it may be further, by
 * what a process before us has written and not noted. */
void put_go_to(struct nt_put *p, struct nt_cursor to)
{
	bool completed = p->stands && to.sequence > p->next.sequence && !to.chunk;

	if (completed && to.sequence > p->highest) {
		p->counters.published++;
		p->highest = to.sequence;
	} else if (completed) {
		p->counters.repeated++;
	}
	if (!p->stands && to.sequence > p->highest)
		p->highest = to.sequence;
	p->stands = true;
	p->next = to;
	if (to.chunk)
		nt_spool_pin(p->spool, to.sequence); /* before it waits again, and may be reduced */
	nt_spool_set_applied(p->spool, NT_SINK_REDIS, to.sequence);
}

static int remember(char **place, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(*place);
	*place = copy;
	return 0;
}

/* No spool counts that far; a cursor that claims to is not ours. */
#define SEQUENCE_MAX (UINT64_C(1) << 60)

/*
 * Compares the cursor that was read with what we know, and moves to where Redis stands. What we know the spool may
 * have kept from a process before us. As long as nothing of the spool was written, the cursor is another writer's. A
 * cursor that is missing tells of an empty server only if `info`, which is always written together with it, is missing
 * too: otherwise somebody removed it.
 */
static int reconcile(struct nt_put *p, const char *cursor)
{
	bool wrote = nt_cursor_before(p->first, p->next);
	struct nt_cursor at = p->next;
	bool ours = nt_cursor_parse(cursor, nt_spool_id(p->spool), &at) && at.sequence <= SEQUENCE_MAX;

	if (!ours)
		at = p->next;
	if (remember(&p->cursor, cursor) || (!ours && !wrote && remember(&p->first_cursor, cursor)))
		return put_failed(p, -ENOMEM, "out of memory");
	if (ours) {
		/* A number that this spool has never given, because it is an old copy: not to be given any more. */
		if (at.chunk && at.sequence >= nt_spool_end(p->spool))
			at = (struct nt_cursor){.sequence = at.sequence + 1};
		if (nt_cursor_before(at, p->next))
			say_lost(p, at);
	} else if (!wrote) {
		at = p->first;
	} else if (*cursor ? strcmp(cursor, p->first_cursor) == 0 : !p->last.known) {
		at = p->first;
		say_lost(p, at);
	} else if (!*cursor) {
		nt_warning("the cursor of sensor %s is gone and its numbers are not; going on", p->name);
	} else if (!p->took_over) {
		nt_warning("another writer publishes sensor %s too; adding to its numbers", p->name);
		p->took_over = true;
	}
	put_go_to(p, at);
	return 0;
}

/* Days that begin at another hour would mix with those that are there. */
static int check_day_offset(struct nt_put *p)
{
	int64_t stored;

	if (!p->last.known || !parse_i64(nt_redis_client_answer(p->client, STATE_AT(STATE_DAY_OFFSET)), &stored) ||
	    stored == p->options.sensor.day_offset_h)
		return 0;
	snprintf(p->why, sizeof(p->why),
		 "sensor %s has data with day_offset_h %" PRId64 ", which cannot be continued with day_offset_h %d",
		 p->name, stored, p->options.sensor.day_offset_h);
	return -EINVAL;
}

static bool holds_from(const struct nt_put *p, int64_t time_s)
{
	return p->last.known && p->last.s + p->last_interval_s > time_s;
}

/* What could not be answered when it was asked is answered now, before anything of ours is there. */
static int check_repetition(struct nt_put *p)
{
	if (!p->asked_from.known)
		return 0;
	if (holds_from(p, p->asked_from.s)) {
		snprintf(p->why, sizeof(p->why), "sensor %s holds data at or after %" PRId64 " already", p->name,
			 p->asked_from.s);
		return -EALREADY;
	}
	p->asked_from.known = false;
	return 0;
}

static int read_state(struct nt_put *p)
{
	int err;

	nt_plan_begin(&p->options.sensor, &p->request);
	nt_request_text(&p->request, "last");
	nt_request_text(&p->request, "interval");
	nt_request_text(&p->request, "day_offset_h");
	for (enum nt_bucket b = NT_BUCKET_H; b < NT_BUCKETS; b++)
		nt_request_text(&p->request, nt_plan_reopened_field(b));
	err = put_call(p, "?", "");
	if (err)
		return err;
	p->last = read_moment(p, STATE_LAST);
	if (!parse_i64(nt_redis_client_answer(p->client, STATE_AT(STATE_INTERVAL)), &p->last_interval_s))
		p->last_interval_s = p->options.sensor.interval_s;
	for (enum nt_bucket b = NT_BUCKET_H; b < NT_BUCKETS; b++)
		p->reopened[b] = read_moment(p, STATE_REOPENED + (size_t)(b - NT_BUCKET_H));
	memset(p->trimmed, 0, sizeof(p->trimmed));
	memset(p->aged, 0, sizeof(p->aged));
	p->trimming = (struct trimming){0};
	err = check_day_offset(p);
	if (!err)
		err = check_repetition(p);
	return err ? err : reconcile(p, nt_redis_client_answer(p->client, 1));
}

int nt_put_connect(struct nt_put *p)
{
	int err = 0;

	if (!nt_redis_client_connected(p->client)) {
		free(p->cursor);
		p->cursor = NULL;
		p->announced = false;
		err = nt_redis_client_connect(p->client);
		if (err)
			return put_client_failed(p, err);
	}
	return p->cursor ? 0 : read_state(p);
}

int nt_put_holds_from(struct nt_put *p, int64_t time_s, bool *holds)
{
	int err = nt_put_connect(p);

	if (err)
		p->asked_from = (struct moment){.known = true, .s = time_s};
	else
		*holds = holds_from(p, time_s);
	return err;
}

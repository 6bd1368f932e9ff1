/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/put.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/parse.h"
#include "redis/bounds.h"
#include "redis/client.h"
#include "redis/cursor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two writers of one sensor hinder each other now and then; that often in a row it is time to leave the other alone. */
#define FENCES_BEFORE_REST 16

/* The node of a cluster that has nt:sensors may lose the name in a failover of its own, which we do not notice. */
#define ANNOUNCE_AGAIN_NS (UINT64_C(60) * NT_SECOND_NS)

/* What is read of `info`, in this order. */
enum state_field { STATE_LAST, STATE_INTERVAL, STATE_DAY_OFFSET, STATE_REOPENED, STATE_FIELDS = STATE_REOPENED + 3 };

/* Where in the answer to reading the state they stand, behind the status and the cursor. */
#define STATE_AT(field) (2u + (field))

/* A moment that may not be known. */
struct moment {
	bool known;
	int64_t s;
};

struct nt_put {
	struct nt_put_options options;
	char *name; /* texts of options.sensor */
	char *group;
	char *version;
	struct nt_spool *spool;
	struct nt_redis_client *client;
	struct nt_request request;

	char *cursor;		/* in Redis, "" for none; NULL until it was read */
	char *first_cursor;	/* what was there before our first write */
	struct nt_cursor next;	/* the chunk to write */
	struct nt_cursor first; /* the first of all, to go back to if Redis lost everything */
	bool stands;		/* where Redis stands was read once */
	bool took_over;		/* and said so */
	bool announced;		/* on this connection: the sensor is in nt:sensors */
	uint64_t announced_ns;

	struct moment asked_from; /* see nt_put_holds_from(); known: Redis was away when it was asked */
	struct moment last;	  /* start of the newest interval in Redis */
	int64_t last_interval_s;
	struct moment reopened[NT_BUCKETS]; /* closed bucket that was written to and waits for being trimmed */
	struct moment trimmed[NT_BUCKETS];  /* bucket that was closed before the snapshot that is next */
	struct moment aged[NT_BUCKETS];	    /* the first bucket that was not yet cut as an old one */

	struct nt_plan plan; /* of snapshot planned, if that is not 0 */
	uint64_t planned;
	struct nt_sensor plan_sensor; /* with the bounds that the snapshot is cut under */
	struct nt_bounds bounds;
	uint64_t dropped_before; /* by an earlier process */

	uint32_t fences; /* in a row, with nothing written in between */
	int said;	 /* failure that the log knows of; 0: none */
	char why[NT_REDIS_WHY];
	bool said_refused;
	uint64_t highest; /* sequence below which everything was acknowledged at some time */
	struct nt_put_counters counters;
};

static int copy_texts(struct nt_put *p, const struct nt_sensor *sensor)
{
	p->name = strdup(sensor->name);
	p->group = strdup(sensor->group ? sensor->group : "");
	p->version = strdup(sensor->version ? sensor->version : "");
	p->first_cursor = strdup("");
	if (!p->name || !p->group || !p->version || !p->first_cursor)
		return -ENOMEM;
	p->options.sensor.name = p->name;
	p->options.sensor.group = p->group;
	p->options.sensor.version = p->version;
	return 0;
}

struct nt_put *nt_put_new(const struct nt_put_options *options, struct nt_spool *spool)
{
	const struct nt_redis_client_options client = {.url = options->url, .timeout_ms = options->timeout_ms};
	struct nt_spool_counters before;
	struct nt_put *p;

	if (!nt_name_valid(options->sensor.name)) {
		errno = EINVAL;
		return NULL;
	}
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->options = *options;
	p->spool = spool;
	nt_bounds_read(&p->bounds, spool);
	p->first.sequence = p->bounds.first;
	p->next.sequence = p->highest = nt_spool_applied(spool, NT_SINK_REDIS);
	nt_spool_read_counters(spool, &before);
	p->dropped_before = before.dropped;
	p->client = nt_redis_client_new(&client);
	explicit_bzero(p->options.url.password, sizeof(p->options.url.password));
	if (!p->client || copy_texts(p, &options->sensor)) {
		nt_put_free(p);
		errno = ENOMEM;
		return NULL;
	}
	return p;
}

/* A plan points into its snapshot. */
static void forget_plan(struct nt_put *p)
{
	const struct nt_snapshot *snapshot = p->plan.snapshot;

	if (!p->planned)
		return;
	nt_plan_fini(&p->plan);
	nt_spool_release(p->spool, snapshot);
	p->planned = 0;
}

void nt_put_free(struct nt_put *p)
{
	if (!p)
		return;
	forget_plan(p);
	nt_request_fini(&p->request);
	nt_redis_client_free(p->client);
	free(p->first_cursor);
	free(p->cursor);
	free(p->version);
	free(p->group);
	free(p->name);
	free(p);
}

static int failed(struct nt_put *p, int err, const char *why)
{
	snprintf(p->why, sizeof(p->why), "%s", why);
	return err;
}

static int client_failed(struct nt_put *p, int err)
{
	return failed(p, err, nt_redis_client_why(p->client));
}

/* Failures that somebody has to mend, and that do not mend themselves as an outage does. */
static bool needs_somebody(int err)
{
	return err == -EACCES || err == -EROFS || err == -ENOSPC || err == -EPROTO || err == -EINVAL ||
	       err == -EALREADY || err == -EEXIST;
}

static int say_failure(struct nt_put *p, int err)
{
	char url[NT_REDIS_URL_TEXT];

	if (p->said && (p->said == err || !needs_somebody(err)))
		return err;
	nt_redis_url_text(&p->options.url, url);
	nt_warning("%s: %s; intervals wait", url, p->why);
	p->said = err;
	return err;
}

static void say_back(struct nt_put *p)
{
	char url[NT_REDIS_URL_TEXT];

	if (!p->said)
		return;
	nt_redis_url_text(&p->options.url, url);
	nt_info("%s is back; intervals that waited: %zu", url, nt_spool_waiting(p->spool, NT_SINK_REDIS));
	p->said = 0;
}

/* The client is not connected any more when a call failed. */
static int call(struct nt_put *p, const char *expected, const char *next)
{
	int err;

	p->counters.calls++;
	err = nt_redis_client_script(p->client, expected, next, &p->request);
	if (err)
		return client_failed(p, err);
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
static void go_to(struct nt_put *p, struct nt_cursor to)
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
		return failed(p, -ENOMEM, "out of memory");
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
	go_to(p, at);
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
	err = call(p, "?", "");
	if (err)
		return err;
	p->last = read_moment(p, STATE_LAST);
	if (!parse_i64(nt_redis_client_answer(p->client, STATE_AT(STATE_INTERVAL)), &p->last_interval_s))
		p->last_interval_s = p->options.sensor.interval_s;
	for (enum nt_bucket b = NT_BUCKET_H; b < NT_BUCKETS; b++)
		p->reopened[b] = read_moment(p, STATE_REOPENED + (size_t)(b - NT_BUCKET_H));
	memset(p->trimmed, 0, sizeof(p->trimmed));
	memset(p->aged, 0, sizeof(p->aged));
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
			return client_failed(p, err);
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

static bool is_ok(const struct nt_put *p)
{
	return strcmp(nt_redis_client_answer(p->client, 0), "ok") == 0;
}

static void note_failed_writes(struct nt_put *p)
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
static int fenced(struct nt_put *p)
{
	free(p->cursor);
	p->cursor = NULL;
	if (++p->fences < FENCES_BEFORE_REST)
		return 1;
	p->fences = 0;
	return failed(p, -EBUSY, "another writer of the sensor is always faster");
}

/* One call that does not move the cursor. Returns 1, with *finished said by the script, or a failure. */
static int call_in_place(struct nt_put *p, bool *finished)
{
	int err = call(p, p->cursor, p->cursor);

	*finished = false;
	if (err)
		return err;
	if (!is_ok(p))
		return fenced(p);
	note_failed_writes(p);
	*finished = strcmp(nt_redis_client_answer(p->client, 3), "0") == 0;
	return 1;
}

static int trim(struct nt_put *p, enum nt_bucket b, struct nt_span span, enum nt_redis_age age, bool *finished)
{
	nt_plan_encode_trim(&p->options.sensor, b, span, age, &p->request);
	return call_in_place(p, finished);
}

static struct nt_span span_at(const struct nt_put *p, enum nt_bucket b, int64_t start_s, int64_t length_s)
{
	return nt_bucket_span(b, (struct nt_span){start_s, start_s + length_s}, p->options.sensor.day_offset_h);
}

/* Start of the first bucket that is not old yet when one begins at start_s. */
static int64_t old_until(const struct nt_put *p, enum nt_bucket b, int64_t start_s)
{
	return span_at(p, b, start_s - p->options.sensor.limits.old_s[b], 1).start_s;
}

static bool is_old(const struct nt_put *p, enum nt_bucket b, int64_t start_s)
{
	return p->options.sensor.limits.old_s[b] && p->last.known && start_s < old_until(p, b, p->last.s);
}

/* Trims a closed bucket that was written to again, then forgets that it was. */
static int trim_reopened(struct nt_put *p, enum nt_bucket b)
{
	enum nt_redis_age age = is_old(p, b, p->reopened[b].s) ? NT_AGE_OLD : NT_AGE_CLOSED;
	bool finished;
	int rc = trim(p, b, span_at(p, b, p->reopened[b].s, 1), age, &finished);

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
	span = span_at(p, b, from_s, 1);
	rc = trim(p, b, span, NT_AGE_OLD, &finished);
	if (finished)
		p->aged[b] = (struct moment){.known = true, .s = span.end_s};
	return rc;
}

/* One step of what must be done before the planned snapshot's first chunk. Returns 0 if there is nothing. */
static int leave_buckets(struct nt_put *p)
{
	for (enum nt_bucket b = NT_BUCKET_H; b < NT_BUCKETS; b++) {
		struct nt_span last;
		int rc;

		if (p->reopened[b].known && p->reopened[b].s != p->plan.span[b].start_s)
			return trim_reopened(p, b);
		if (!p->last.known)
			continue;
		last = span_at(p, b, p->last.s, p->last_interval_s);
		if (last.start_s < p->plan.span[b].start_s && !(p->trimmed[b].known && p->trimmed[b].s == last.start_s))
			return trim_last(p, b, last);
		rc = last.start_s < p->plan.span[b].start_s ? trim_old(p, b, last.start_s, p->plan.span[b].start_s) : 0;
		if (rc)
			return rc;
	}
	return 0;
}

static void set_first(const struct nt_put *p, uint64_t sequence, struct nt_plan_first *first)
{
	uint64_t jumped = nt_spool_given(p->spool, p->next.sequence, sequence);

	*first = (struct nt_plan_first){.newest = !p->last.known || p->plan.snapshot->start_s > p->last.s};
	first->dropped_intervals = nt_spool_dropped(p->spool, p->next.sequence, sequence);
	first->gap_intervals = jumped > first->dropped_intervals ? jumped - first->dropped_intervals : 0;
	for (enum nt_bucket b = 0; p->last.known && b < NT_BUCKETS; b++)
		first->reopened[b] = span_at(p, b, p->last.s, p->last_interval_s).start_s > p->plan.span[b].start_s;
}

/* What chunk 0 changed in `info`. */
static void note_first(struct nt_put *p, const struct nt_plan_first *first)
{
	if (first->newest) {
		p->last = (struct moment){.known = true, .s = p->plan.snapshot->start_s};
		p->last_interval_s = p->options.sensor.interval_s;
	}
	for (enum nt_bucket b = NT_BUCKET_H; b < NT_BUCKETS; b++)
		if (first->reopened[b])
			p->reopened[b] = (struct moment){.known = true, .s = p->plan.span[b].start_s};
	p->counters.gap_intervals += first->gap_intervals;
	if (first->gap_intervals)
		nt_warning("%" PRIu64 " intervals that Redis lost are not held any more: a gap", first->gap_intervals);
}

static int announce(struct nt_put *p)
{
	char key[NT_REDIS_KEY_TEXT];
	int err;

	if (p->announced && nt_clock_monotonic_ns() - p->announced_ns < ANNOUNCE_AGAIN_NS)
		return 0;
	nt_redis_key(key, p->name, NT_RKEY_SENSORS);
	err = nt_redis_client_sadd(p->client, key, p->name);
	if (err)
		return client_failed(p, err);
	p->announced = true;
	p->announced_ns = nt_clock_monotonic_ns();
	return 0;
}

static int write_chunk(struct nt_put *p, uint64_t sequence)
{
	uint32_t chunk = p->next.sequence == sequence ? p->next.chunk : 0;
	struct nt_cursor after = {.sequence = sequence, .chunk = chunk + 1};
	struct nt_plan_first first;
	char *cursor = malloc(NT_CURSOR_TEXT);
	int err = cursor ? 0 : failed(p, -ENOMEM, "out of memory");

	if (after.chunk == p->plan.chunks)
		after = (struct nt_cursor){.sequence = sequence + 1};
	set_first(p, sequence, &first);
	if (!err) {
		nt_cursor_text(after, nt_spool_id(p->spool), cursor);
		nt_plan_encode(&p->plan, chunk, &first, &p->request);
		err = call(p, p->cursor, cursor);
	}
	if (err || strcmp(nt_redis_client_answer(p->client, 0), "fenced") == 0) {
		free(cursor);
		return err ? err : fenced(p);
	}
	free(p->cursor);
	p->cursor = cursor;
	if (is_ok(p))
		note_failed_writes(p);
	if (!chunk)
		note_first(p, &first);
	p->fences = 0;
	say_back(p);
	go_to(p, after);
	return 1;
}

/* An interval that cannot be published must not stop those behind it. */
static int pass_over(struct nt_put *p, uint64_t sequence, const struct nt_snapshot *snapshot, const char *why)
{
	nt_warning("the interval from %" PRId64 " cannot be published: %s", snapshot->start_s, why);
	nt_spool_release(p->spool, snapshot);
	nt_spool_discard(p->spool, sequence);
	return 1;
}

/* Bounds to cut the snapshot under: ours, or those that it was begun with. -ENOENT: nobody knows them. */
static int choose_bounds(struct nt_put *p, uint64_t sequence, uint32_t members[static NT_BOUNDS])
{
	if (p->next.sequence == sequence && p->next.chunk)
		return nt_bounds_find(&p->bounds, sequence, members);
	/* Where the disk does not take it, it does not take the snapshot's being applied either. */
	nt_bounds_begin(&p->bounds, p->spool, sequence, members);
	return 0;
}

static int make_plan(struct nt_put *p, uint64_t sequence, const struct nt_snapshot *snapshot)
{
	int err;

	p->plan_sensor = p->options.sensor;
	if (choose_bounds(p, sequence, p->plan_sensor.limits.members))
		return pass_over(p, sequence, snapshot, "it was begun by another version of the program");
	err = nt_plan_init(&p->plan, &p->plan_sensor, snapshot);
	if (err == -ERANGE)
		return pass_over(p, sequence, snapshot, "no time that Redis can hold");
	if (err) {
		nt_spool_release(p->spool, snapshot);
		return failed(p, err, "out of memory");
	}
	p->planned = sequence;
	if (p->next.sequence != sequence || p->next.chunk < p->plan.chunks)
		return 0;
	nt_plan_fini(&p->plan);
	p->planned = 0;
	return pass_over(p, sequence, snapshot, "Redis has more of it than there is");
}

/* Plans a snapshot unless that is done. The pin comes first: what is planned must stay as it is. Returns 0, 1 if it
 * is not to be written after all, or a failure. */
static int plan(struct nt_put *p, uint64_t sequence)
{
	const struct nt_snapshot *snapshot;
	int err;

	if (p->planned == sequence)
		return 0;
	forget_plan(p);
	nt_spool_pin(p->spool, sequence);
	err = nt_spool_get(p->spool, sequence, &snapshot);
	if (err == -ENOENT)
		return 1;
	if (err)
		return failed(p, err, "the spool cannot be read");
	return make_plan(p, sequence, snapshot);
}

static int write_snapshot(struct nt_put *p, uint64_t sequence)
{
	int rc = plan(p, sequence);

	if (!rc)
		rc = announce(p);
	if (!rc && (p->next.sequence != sequence || !p->next.chunk))
		rc = leave_buckets(p);
	return rc ? rc : write_chunk(p, sequence);
}

int nt_put_step(struct nt_put *p)
{
	int rc = nt_put_connect(p);
	uint64_t sequence = rc ? 0 : nt_spool_next(p->spool, p->next.sequence);

	if (sequence)
		rc = write_snapshot(p, sequence);
	else if (!rc)
		say_back(p);
	return rc < 0 ? say_failure(p, rc) : rc;
}

int nt_put_finish(struct nt_put *p)
{
	for (enum nt_bucket b = NT_BUCKET_H; b < NT_BUCKETS; b++) {
		int rc;

		if (!p->reopened[b].known)
			continue;
		rc = nt_put_connect(p);
		if (!rc)
			rc = p->reopened[b].known ? trim_reopened(p, b) : 1;
		return rc < 0 ? say_failure(p, rc) : rc;
	}
	return 0;
}

const char *nt_put_why(const struct nt_put *p)
{
	return p->why;
}

void nt_put_set_geo_build(struct nt_put *p, int64_t geo_build_s)
{
	p->options.sensor.geo_build_s = geo_build_s;
}

void nt_put_read_counters(const struct nt_put *p, struct nt_put_counters *out)
{
	struct nt_spool_counters spool;

	*out = p->counters;
	nt_spool_read_counters(p->spool, &spool);
	out->dropped_intervals = spool.dropped - p->dropped_before;
}

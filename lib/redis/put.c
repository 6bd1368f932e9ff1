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

/* The node of a cluster that has nt:sensors may lose the name in a failover of its own, which we do not notice. */
#define ANNOUNCE_AGAIN_NS (UINT64_C(60) * NT_SECOND_NS)

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

static void set_first(const struct nt_put *p, uint64_t sequence, struct nt_plan_first *first)
{
	uint64_t jumped = nt_spool_given(p->spool, p->next.sequence, sequence);

	*first = (struct nt_plan_first){.newest = !p->last.known || p->plan.snapshot->start_s > p->last.s};
	first->dropped_intervals = nt_spool_dropped(p->spool, p->next.sequence, sequence);
	first->gap_intervals = jumped > first->dropped_intervals ? jumped - first->dropped_intervals : 0;
	for (enum nt_bucket b = 0; p->last.known && b < NT_BUCKETS; b++)
		first->reopened[b] = put_span_at(p, b, p->last.s, p->last_interval_s).start_s > p->plan.span[b].start_s;
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
		return put_client_failed(p, err);
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
	int err = cursor ? 0 : put_failed(p, -ENOMEM, "out of memory");

	if (after.chunk == p->plan.chunks)
		after = (struct nt_cursor){.sequence = sequence + 1};
	set_first(p, sequence, &first);
	if (!err) {
		nt_cursor_text(after, nt_spool_id(p->spool), cursor);
		nt_plan_encode(&p->plan, chunk, &first, &p->request);
		err = put_call(p, p->cursor, cursor);
	}
	if (err || strcmp(nt_redis_client_answer(p->client, 0), "fenced") == 0) {
		free(cursor);
		return err ? err : put_fenced(p);
	}
	free(p->cursor);
	p->cursor = cursor;
	if (put_is_ok(p))
		put_note_failed_writes(p);
	if (!chunk)
		note_first(p, &first);
	p->fences = 0;
	put_say_back(p);
	put_go_to(p, after);
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
		return put_failed(p, err, "out of memory");
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
		return put_failed(p, err, "the spool cannot be read");
	return make_plan(p, sequence, snapshot);
}

static int write_snapshot(struct nt_put *p, uint64_t sequence)
{
	int rc = plan(p, sequence);

	if (!rc)
		rc = announce(p);
	if (!rc && (p->next.sequence != sequence || !p->next.chunk))
		rc = put_leave_buckets(p);
	return rc ? rc : write_chunk(p, sequence);
}

int nt_put_step(struct nt_put *p)
{
	int rc = nt_put_connect(p);
	uint64_t sequence = rc ? 0 : nt_spool_next(p->spool, p->next.sequence);

	if (sequence)
		rc = write_snapshot(p, sequence);
	else if (!rc)
		put_say_back(p);
	return rc < 0 ? put_say_failure(p, rc) : rc;
}

int nt_put_finish(struct nt_put *p)
{
	for (enum nt_bucket b = NT_BUCKET_H; b < NT_BUCKETS; b++) {
		int rc;

		if (!p->reopened[b].known)
			continue;
		rc = nt_put_connect(p);
		if (!rc)
			rc = p->reopened[b].known ? put_trim_reopened(p, b) : 1;
		return rc < 0 ? put_say_failure(p, rc) : rc;
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

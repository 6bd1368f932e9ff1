/* SPDX-License-Identifier: BSD-3-Clause */
#include "detect/detector.h"

#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * What is wrong with the sensor itself, by its own numbers: silence of all of it or of one queue, packets lost, packets
 * that nothing explains, a geo database past its time. One event per episode. Silence is a span without a frame,
 * whether intervals say so (live) or are not there at all (replay). What goes on is logged when it begins, for an event
 * comes at its end.
 */

#define DAY_S 86400

/* As many queues as a configuration can have: 32 devices of 64. */
#define QUEUES_MAX 2048

/* Packets per queue below which one without any may be chance: few sources, spread by their hash. */
#define QUEUE_PACKETS 256

/* A span of intervals in which something was not as it should be. */
struct episode {
	bool open;
	int64_t start_s;
	int64_t end_s;
	uint64_t amount; /* packets */
	uint64_t frames;
	double worst; /* of an interval, percent */
};

struct queue {
	char name[sizeof(((struct nt_queue_packets *)0)->name)];
	bool quiet;
	int64_t since_s;
	uint64_t others; /* packets of the other queues meanwhile */
};

struct geo {
	const char *what;
	int64_t build_s; /* 0: none */
	int64_t told_s;	 /* build_s of the one that was told */
};

struct nt_sensor_health {
	struct nt_detect_sensor options;
	bool seen; /* some interval was */
	bool said; /* silence that goes on, in the log */
	int64_t quiet_since_s;
	struct episode loss;
	struct episode unexplained;
	struct geo geo[2];
	struct queue *queue; /* [n_queues] */
	uint32_t n_queues;
	uint64_t dropped;
};

static int tell(struct nt_snapshot *s, int64_t start_s, int64_t end_s, json_t *body)
{
	const struct nt_about about = {
	    .type = NT_EVENT_SENSOR,
	    .start_s = start_s,
	    .end_s = end_s,
	    .region = NT_DETECT_NO_REGION,
	    .source = "",
	};

	return nt_detect_tell(s, &about, body);
}

/* ---- silence of all ---- */

static int end_silence(struct nt_sensor_health *d, struct nt_snapshot *s, int64_t end_s)
{
	int64_t length_s = end_s - d->quiet_since_s;

	d->said = false;
	if (!d->seen || length_s < d->options.silence_s)
		return 0;
	return tell(s, d->quiet_since_s, end_s,
		    json_pack("{s:s, s:s, s:I, s:I}", "what", "silence", "unit", "seconds", "value",
			      (json_int_t)length_s, "threshold", (json_int_t)d->options.silence_s));
}

static int note_silence(struct nt_sensor_health *d, struct nt_snapshot *s)
{
	int err = 0;

	if (!d->seen)
		d->quiet_since_s = s->start_s;
	if (s->frames) {
		err = end_silence(d, s, s->start_s);
		d->quiet_since_s = s->end_s;
	} else if (!d->said && s->end_s - d->quiet_since_s >= d->options.silence_s) {
		d->said = true;
		nt_warning("sensor: no frame for %" PRId64 " s", s->end_s - d->quiet_since_s);
	}
	d->seen = true;
	return err;
}

/* ---- silence of a queue ---- */

static struct queue *queue_of(struct nt_sensor_health *d, const char *name)
{
	struct queue *grown;

	for (uint32_t i = 0; i < d->n_queues; i++)
		if (!strcmp(d->queue[i].name, name))
			return &d->queue[i];
	if (d->n_queues == QUEUES_MAX)
		return NULL;
	grown = realloc(d->queue, (d->n_queues + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	d->queue = grown;
	grown[d->n_queues] = (struct queue){0};
	memcpy(grown[d->n_queues].name, name, sizeof(grown->name));
	return &grown[d->n_queues++];
}

static int end_quiet(const struct nt_sensor_health *d, struct nt_snapshot *s, struct queue *q, int64_t end_s)
{
	int64_t length_s = end_s - q->since_s;
	bool means = q->others >= QUEUE_PACKETS * (uint64_t)d->n_queues;

	q->quiet = false;
	if (length_s < d->options.silence_s || !means)
		return 0;
	return tell(s, q->since_s, end_s,
		    json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "what", "queue_silence", "queue", q->name, "unit",
			      "seconds", "value", (json_int_t)length_s, "threshold", (json_int_t)d->options.silence_s,
			      "packets_of_others", (json_int_t)q->others));
}

/* A silence of all says nothing of one queue: it neither begins nor ends there. */
static int note_queues(struct nt_sensor_health *d, struct nt_snapshot *s)
{
	uint64_t all = 0;
	int err = 0;

	for (size_t i = 0; i < s->n_queues; i++)
		all += s->queue[i].packets;
	for (size_t i = 0; i < s->n_queues && all; i++) {
		struct queue *q = queue_of(d, s->queue[i].name);

		if (!q) {
			d->dropped++;
			continue;
		}
		if (s->queue[i].packets) {
			int told = q->quiet ? end_quiet(d, s, q, s->start_s) : 0;

			err = err ? err : told;
			continue;
		}
		if (!q->quiet) {
			q->quiet = true;
			q->since_s = s->start_s;
			q->others = 0;
		}
		q->others += all;
	}
	return err;
}

/* ---- losses ---- */

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* Two decimals are what anybody reads. */
static double rounded(double value)
{
	return round(value * 100) / 100;
}

static json_t *loss_body(const struct nt_sensor_health *d, const struct episode *e)
{
	return json_pack("{s:s, s:s, s:f, s:f, s:f, s:I, s:I}", "what", "loss", "unit", "percent", "value",
			 rounded(percent(e->amount, e->frames + e->amount)), "worst", rounded(e->worst), "threshold",
			 rounded(d->options.loss_percent), "lost", (json_int_t)e->amount, "frames",
			 (json_int_t)e->frames);
}

static json_t *unexplained_body(const struct nt_sensor_health *d, const struct episode *e)
{
	(void)d;
	return json_pack("{s:s, s:s, s:I, s:I}", "what", "unexplained", "unit", "packets", "value",
			 (json_int_t)e->amount, "threshold", (json_int_t)0);
}

typedef json_t *body_of(const struct nt_sensor_health *d, const struct episode *e);

static int end_episode(struct nt_sensor_health *d, struct nt_snapshot *s, struct episode *e, body_of *body)
{
	int err = e->open ? tell(s, e->start_s, e->end_s, body(d, e)) : 0;

	*e = (struct episode){0};
	return err;
}

static void go_on(struct episode *e, const struct nt_snapshot *s, uint64_t amount, double worst)
{
	if (!e->open)
		*e = (struct episode){.open = true, .start_s = s->start_s};
	e->end_s = s->end_s;
	e->amount += amount;
	e->frames += s->frames;
	e->worst = worst > e->worst ? worst : e->worst;
}

static int note_losses(struct nt_sensor_health *d, struct nt_snapshot *s)
{
	uint64_t lost = s->loss.missed + s->loss.no_mbuf + s->loss.errors;
	double part = percent(lost, s->frames + lost);
	int err = 0, err_unexplained = 0;

	if (part > d->options.loss_percent) {
		if (!d->loss.open)
			nt_warning("sensor: %.2f %% of the packets are lost", part);
		go_on(&d->loss, s, lost, part);
	} else {
		err = end_episode(d, s, &d->loss, loss_body);
	}
	if (s->loss.unexplained)
		go_on(&d->unexplained, s, s->loss.unexplained, 0);
	else
		err_unexplained = end_episode(d, s, &d->unexplained, unexplained_body);
	return err ? err : err_unexplained;
}

/* ---- databases ---- */

static int note_geo(struct nt_sensor_health *d, struct nt_snapshot *s, struct geo *g)
{
	int64_t age_s = s->start_s - g->build_s, limit_s = (int64_t)d->options.geo_days * DAY_S;

	if (!g->build_s || age_s <= limit_s || g->told_s == g->build_s)
		return 0;
	g->told_s = g->build_s;
	return tell(s, s->start_s, s->end_s,
		    json_pack("{s:s, s:s, s:I, s:I, s:I}", "what", g->what, "unit", "days", "value",
			      (json_int_t)(age_s / DAY_S), "threshold", (json_int_t)d->options.geo_days, "built",
			      (json_int_t)g->build_s));
}

/* ---- the detector ---- */

int nt_sensor_health_interval(struct nt_sensor_health *d, struct nt_snapshot *s)
{
	const int err[] = {
	    note_silence(d, s),		note_queues(d, s),	    note_losses(d, s),
	    note_geo(d, s, &d->geo[0]), note_geo(d, s, &d->geo[1]),
	};

	for (size_t i = 0; i < sizeof(err) / sizeof(*err); i++)
		if (err[i])
			return err[i];
	return 0;
}

int nt_sensor_health_finish(struct nt_sensor_health *d, struct nt_snapshot *s)
{
	int err = end_silence(d, s, s->end_s), other;

	for (uint32_t i = 0; i < d->n_queues; i++) {
		other = d->queue[i].quiet ? end_quiet(d, s, &d->queue[i], s->end_s) : 0;
		err = err ? err : other;
	}
	other = end_episode(d, s, &d->loss, loss_body);
	err = err ? err : other;
	other = end_episode(d, s, &d->unexplained, unexplained_body);
	return err ? err : other;
}

void nt_sensor_health_set_geo(struct nt_sensor_health *d, int64_t country_build_s, int64_t asn_build_s)
{
	d->geo[0].build_s = country_build_s;
	d->geo[1].build_s = asn_build_s;
}

uint64_t nt_sensor_health_dropped(const struct nt_sensor_health *d)
{
	return d->dropped;
}

struct nt_sensor_health *nt_sensor_health_new(const struct nt_detect_options *options)
{
	struct nt_sensor_health *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->options = options->sensor;
	d->geo[0].what = "geo_country_age";
	d->geo[1].what = "geo_asn_age";
	return d;
}

void nt_sensor_health_free(struct nt_sensor_health *d)
{
	if (!d)
		return;
	free(d->queue);
	free(d);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "detect/detector.h"
#include "detect_days.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/log.h"

/* Health of the sensor: what is told of silence, queues, losses and databases, and when nothing is. */

#define MINUTE_S 60
#define QUEUES	 4

struct watch {
	struct nt_sensor_health *d;
	struct nt_event event[64];
	size_t n;
	int64_t now_s;
};

static void begin(struct watch *w)
{
	const struct nt_detect_options options = {
	    .interval_s = MINUTE_S,
	    .sensor = {.enabled = true, .silence_s = 300, .loss_percent = 1, .geo_days = 60},
	};

	*w = (struct watch){.d = nt_sensor_health_new(&options), .now_s = DAYS_BEGIN};
	assert_non_null(w->d);
}

static void keep_events(struct watch *w, struct nt_snapshot *s)
{
	for (size_t i = 0; i < s->n_events; i++) {
		w->event[w->n] = s->event[i];
		w->event[w->n++].body = strdup(s->event[i].body);
	}
	nt_snapshot_fini(s);
}

static void end(struct watch *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->event[i].body);
	nt_sensor_health_free(w->d);
}

struct minute {
	uint64_t frames;
	struct nt_loss loss;
	const uint64_t *queue; /* [QUEUES]; NULL: none */
	bool last;
};

static void pass(struct watch *w, const struct minute *m)
{
	struct nt_snapshot s;

	begin_snapshot(&s, w->now_s, MINUTE_S);
	w->now_s += MINUTE_S;
	s.frames = m->frames;
	s.loss = m->loss;
	if (m->queue) {
		s.queue = calloc(QUEUES, sizeof(*s.queue));
		for (s.n_queues = 0; s.n_queues < QUEUES; s.n_queues++) {
			snprintf(s.queue[s.n_queues].name, sizeof(s.queue->name), "net0 queue %zu", s.n_queues);
			s.queue[s.n_queues].packets = m->queue[s.n_queues];
		}
	}
	assert_int_equal(nt_sensor_health_interval(w->d, &s), 0);
	if (m->last)
		assert_int_equal(nt_sensor_health_finish(w->d, &s), 0);
	keep_events(w, &s);
}

static void pass_many(struct watch *w, uint32_t n, const struct minute *m)
{
	for (uint32_t i = 0; i < n; i++)
		pass(w, m);
}

static void nothing_to_tell(void **state)
{
	static const uint64_t even[QUEUES] = {300, 200, 300, 200};
	struct watch w;

	(void)state;
	begin(&w);
	nt_sensor_health_set_geo(w.d, DAYS_BEGIN - 59 * DAY_S, 0);
	pass_many(&w, 100, &(struct minute){.frames = 1000, .queue = even, .loss.missed = 10});
	pass_many(&w, 4, &(struct minute){.frames = 0});
	pass(&w, &(struct minute){.frames = 1, .last = true});
	assert_int_equal(w.n, 0);
	end(&w);
}

static void silence(void **state)
{
	struct watch w;

	(void)state;
	begin(&w);
	pass(&w, &(struct minute){.frames = 5});
	pass_many(&w, 5, &(struct minute){.frames = 0}); /* live: empty intervals */
	pass(&w, &(struct minute){.frames = 5});
	assert_int_equal(w.n, 1);
	assert_int_equal(w.event[0].start_s, DAYS_BEGIN + MINUTE_S);
	assert_int_equal(w.event[0].end_s, DAYS_BEGIN + 6 * MINUTE_S);
	assert_string_equal(body_text(&w.event[0], "what"), "silence");
	assert_int_equal((int)body_number(&w.event[0], "value"), 300);
	w.now_s += 1000 * MINUTE_S; /* replay: none */
	pass(&w, &(struct minute){.frames = 5});
	assert_int_equal(w.n, 2);
	assert_int_equal((int)body_number(&w.event[1], "value"), 60000);
	w.now_s += 4 * MINUTE_S;
	pass(&w, &(struct minute){.frames = 5});
	pass_many(&w, 9, &(struct minute){.frames = 0});
	assert_int_equal(w.n, 2);
	pass(&w, &(struct minute){.frames = 0, .last = true});
	assert_int_equal(w.n, 3);
	assert_int_equal(w.event[2].end_s, w.now_s);
	end(&w);
}

static void silence_of_a_queue(void **state)
{
	static const uint64_t even[QUEUES] = {300, 200, 300, 200}, one[QUEUES] = {300, 0, 300, 200};
	static const uint64_t few[QUEUES] = {10, 0, 10, 10}, none[QUEUES] = {0};
	struct watch w;

	(void)state;
	begin(&w);
	pass(&w, &(struct minute){.frames = 1000, .queue = even});
	pass_many(&w, 4, &(struct minute){.frames = 800, .queue = one});
	pass(&w, &(struct minute){.frames = 1000, .queue = even}); /* not long enough */
	pass_many(&w, 20, &(struct minute){.frames = 30, .queue = few});
	pass(&w, &(struct minute){.frames = 1000, .queue = even}); /* long, but it may be chance */
	assert_int_equal(w.n, 0);
	pass_many(&w, 3, &(struct minute){.frames = 800, .queue = one});
	pass_many(&w, 2, &(struct minute){.frames = 0, .queue = none});
	pass_many(&w, 3, &(struct minute){.frames = 800, .queue = one});
	assert_int_equal(w.n, 0);
	pass(&w, &(struct minute){.frames = 1000, .queue = even});
	assert_int_equal(w.n, 1);
	assert_string_equal(body_text(&w.event[0], "what"), "queue_silence");
	assert_string_equal(body_text(&w.event[0], "queue"), "net0 queue 1");
	assert_int_equal((int)body_number(&w.event[0], "value"), 8 * MINUTE_S);
	end(&w);
}

static void losses(void **state)
{
	struct watch w;

	(void)state;
	begin(&w);
	pass(&w, &(struct minute){.frames = 990, .loss = {.missed = 10}}); /* 1 percent */
	pass(&w, &(struct minute){.frames = 960, .loss = {.missed = 10, .no_mbuf = 20, .errors = 10}});
	pass(&w, &(struct minute){.frames = 900, .loss = {.missed = 100}});
	pass(&w, &(struct minute){.frames = 1000, .loss.unexplained = 3});
	assert_int_equal(w.n, 1);
	assert_string_equal(body_text(&w.event[0], "what"), "loss");
	assert_int_equal(w.event[0].start_s, DAYS_BEGIN + MINUTE_S);
	assert_int_equal(w.event[0].end_s, DAYS_BEGIN + 3 * MINUTE_S);
	assert_true(body_number(&w.event[0], "value") > 6.99 && body_number(&w.event[0], "value") < 7.01);
	assert_true(body_number(&w.event[0], "worst") > 9.99);
	pass(&w, &(struct minute){.frames = 1, .loss.unexplained = 4, .last = true});
	assert_int_equal(w.n, 2);
	assert_string_equal(body_text(&w.event[1], "what"), "unexplained");
	assert_int_equal((int)body_number(&w.event[1], "value"), 7);
	end(&w);
}

static void databases(void **state)
{
	struct watch w;

	(void)state;
	begin(&w);
	nt_sensor_health_set_geo(w.d, DAYS_BEGIN - 60 * DAY_S, DAYS_BEGIN - 100 * DAY_S);
	pass_many(&w, 3, &(struct minute){.frames = 1});
	assert_int_equal(w.n, 2); /* the country's only once it is older than 60 days */
	assert_string_equal(body_text(&w.event[0], "what"), "geo_asn_age");
	assert_string_equal(body_text(&w.event[1], "what"), "geo_country_age");
	assert_int_equal((int)body_number(&w.event[0], "value"), 100);
	nt_sensor_health_set_geo(w.d, DAYS_BEGIN - 60 * DAY_S, DAYS_BEGIN - 90 * DAY_S);
	pass_many(&w, 3, &(struct minute){.frames = 1});
	assert_int_equal(w.n, 3);
	nt_sensor_health_set_geo(w.d, DAYS_BEGIN, DAYS_BEGIN);
	pass(&w, &(struct minute){.frames = 1, .last = true});
	assert_int_equal(w.n, 3);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_to_tell), cmocka_unit_test(silence),   cmocka_unit_test(silence_of_a_queue),
	    cmocka_unit_test(losses),	       cmocka_unit_test(databases),
	};

	nt_log_set_sink(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

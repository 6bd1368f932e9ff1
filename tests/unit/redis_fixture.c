/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "redis_fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static int set_up(void **state, bool durable)
{
	struct fixture *f = calloc(1, sizeof(*f));

	signal(SIGPIPE, SIG_IGN);
	assert_non_null(f);
	*state = f;
	f->server.durable = durable;
	redis_server_start(&f->server);
	f->options = (struct nt_put_options){
	    .url = redis_server_url(&f->server),
	    .timeout_ms = 5000,
	    .sensor = {.name = "s",
		       .group = "domestic",
		       .version = "1.2.3",
		       .addresses = 65536,
		       .interval_s = 60,
		       .started_s = 1000,
		       .limits = sample_limits},
	};
	f->spool_options = nt_spool_defaults;
	fixture_new_writer(f);
	f->model = model_new("s", 0);
	return 0;
}

int fixture_set_up(void **state)
{
	return set_up(state, false);
}

int fixture_set_up_durable(void **state)
{
	return set_up(state, true);
}

int fixture_tear_down(void **state)
{
	struct fixture *f = *state;

	nt_put_free(f->put);
	nt_spool_free(f->spool);
	model_free(f->model);
	redis_server_stop(&f->server);
	free(f);
	return 0;
}

void fixture_new_writer(struct fixture *f)
{
	nt_put_free(f->put);
	nt_spool_free(f->spool);
	f->spool = nt_spool_open(&f->spool_options);
	assert_non_null(f->spool);
	f->put = nt_put_new(&f->options, f->spool);
	assert_non_null(f->put);
}

void fixture_push(struct fixture *f, const struct sample *sample)
{
	struct nt_snapshot s;

	sample_make(&s, sample);
	model_add(f->model, &s);
	assert_int_equal(nt_spool_push(f->spool, &s), 0);
}

static void repeat(struct fixture *f, int (*step)(struct nt_put *))
{
	int failures = 0, rc;

	do {
		rc = step(f->put);
		if (rc >= 0)
			continue;
		if (++failures > 10000)
			fail_msg("%d %s", rc, nt_put_why(f->put));
		usleep(1000);
	} while (rc);
}

void fixture_publish(struct fixture *f)
{
	repeat(f, nt_put_step);
}

void fixture_finish(struct fixture *f)
{
	fixture_publish(f);
	repeat(f, nt_put_finish);
}

void fixture_check(struct fixture *f)
{
	model_check(f->model, &f->server, &f->options.sensor.limits);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_REDIS_FIXTURE_H
#define TESTS_UNIT_REDIS_FIXTURE_H

#include "redis/put.h"
#include "redis_model.h"
#include "redis_samples.h"
#include "redis_server.h"
#include "spool/spool.h"

/* A server, a writer, and the model of what the writer must leave. Tests begin with a server that is empty. */

struct fixture {
	struct redis_server server;
	struct nt_put_options options; /* sensor "s", interval 60, default limits */
	struct nt_spool_options spool_options;
	struct nt_spool *spool;
	struct nt_put *put;
	struct model *model;
};

/* cmocka's set-up and clean-up of a test; the state is the fixture. Set-up skips nothing: see fixture_skip(). */
int fixture_set_up(void **state);
int fixture_set_up_durable(void **state); /* appendonly, appendfsync always */
int fixture_tear_down(void **state);

/* Makes the writer anew: another spool, so another identity; as after a restart of the program. */
void fixture_new_writer(struct fixture *f);

/* Puts an interval into the spool and the model. */
void fixture_push(struct fixture *f, const struct sample *sample);

/* Takes steps until everything is written; failures are waited out, for some seconds. */
void fixture_publish(struct fixture *f);

/* fixture_publish(), then the end's work. */
void fixture_finish(struct fixture *f);

/* Compares Redis with the model. */
void fixture_check(struct fixture *f);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_REDIS_MODEL_PARTS_H
#define TESTS_UNIT_REDIS_MODEL_PARTS_H

#include "redis_model.h"

#include "needletail/schema.h"

#include <stdbool.h>

/* What redis_model_sources.c and redis_model_sketches.c share. */

/* A key of a bucket without the bucket, and its fields or members. */
struct ledger {
	char key[NT_SKETCH_TEXT];
	struct numbers numbers;
};

struct hll; /* redis_model_sketches.c */

struct model_sources {
	struct ledger *ledger;
	size_t n_ledgers;
	struct numbers who; /* address -> ASN + 1 */
	struct hll *hll;
	size_t n_hlls;
};

struct checking {
	const struct model *model;
	const struct model_bucket *bucket;
	struct redis_server *server;
	const struct nt_redis_limits *limits;
	struct numbers totals;
	bool closed;
	bool old;
};

/* A key of the bucket. */
void model_key_text(const struct checking *c, const char *part, char text[static NT_REDIS_KEY_TEXT]);

/* A number of a sorted list, 0 if it is not there. */
uint64_t model_value(const struct numbers *n, const char *name);

/* Closed, and nothing came late. */
bool model_cut_once(const struct checking *c);

void model_sketches_add(struct model_sources *m, enum nt_bucket bucket, const struct nt_snapshot *s);
void model_sketches_free(struct model_sources *m);
void model_sketches_check(const struct checking *c);

#endif

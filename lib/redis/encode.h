/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REDIS_ENCODE_H
#define NT_REDIS_ENCODE_H

#include "redis/plan.h"

/* What encode.c and encode_sources.c share; nobody else includes it. */

#define NT_FIELD_TEXT 64

/** Fields and what is to be added to them; the count of rows, which goes before them, is filled in at the end. */
struct nt_rows {
	struct nt_request *request;
	size_t reserved;
	int64_t n;
};

struct nt_rows nt_rows_begin(struct nt_request *r);
void nt_rows_end(struct nt_rows *rows);
void nt_rows_add(struct nt_rows *rows, const char *name, uint64_t count);
void nt_rows_add_text(struct nt_rows *rows, const char *name, const char *value);

/** Adds a key to the request. Returns its number there. */
int64_t nt_encode_sensor_key(struct nt_request *r, const struct nt_sensor *sensor, enum nt_redis_key key);
int64_t nt_encode_bucket_key(struct nt_request *r, const struct nt_sensor *sensor, enum nt_bucket bucket,
			     struct nt_span span, enum nt_redis_key key);

/** A set as the script's take_set() reads it; `part` is what stands behind the key's name, NULL: nothing. */
void nt_encode_set(struct nt_request *r, const struct nt_sensor *sensor, enum nt_bucket bucket, struct nt_span span,
		   enum nt_redis_key key, const char *part);

/** Rows of the parts that plan_sources.c adds. */
void nt_encode_source_part(const struct nt_plan *p, const struct nt_plan_part *part, size_t from, size_t to,
			   struct nt_request *r);

/** What a closed bucket needs besides its tables' sets; its HyperLogLogs, of which so many of the largest are done. */
void nt_encode_trim_sources(const struct nt_sensor *sensor, enum nt_bucket bucket, struct nt_span span,
			    enum nt_redis_age age, struct nt_request *r);
void nt_encode_trim_unique(const struct nt_sensor *sensor, enum nt_bucket bucket, struct nt_span span,
			   enum nt_redis_age age, uint32_t done, struct nt_request *r);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_SINKS_H
#define NEEDLETAIL_SINKS_H

#include "publish.h"

#include "config/config.h"

/* The publisher as the configuration wants it: where lines go, which spool, which Redis, with which password and
 * bounds. */
struct sinks {
	struct lines *lines; /* NULL: none */
	struct nt_redis_url redis;
	bool has_redis;
	struct publisher *publisher;
};

struct sinks_options {
	const struct nt_config *config; /**< its texts must stay until sinks_close() */
	uint32_t interval_s;		/**< as counted, for `info` in Redis */
	int64_t geo_build_s;		/**< Unix seconds; 0: no region database */
	bool append;			/**< keep the lines that the JSON file has, else begin it anew, unless
					   lines from before are still to be written */
	bool wait;			/**< as in struct publisher_options */
	uint32_t patience_ms;		/**< likewise */
	const _Atomic bool *give_up;	/**< likewise */
};

/**
 * Opens the JSON file and the spool, reads the password and makes the publisher, not started. A JSON file that is not
 * there is made by sinks_start(). Errors are logged. A spool that is in use, or is not ours, is one; one that cannot be
 * opened is a warning. Main thread.
 * Returns 0, or -errno with nothing to undo; otherwise undone by sinks_close().
 */
int sinks_open(struct sinks *s, const struct sinks_options *options);

/** Reads redis.url, which must be set, with the password of redis.password_file. Errors are logged. 0 or -errno. */
int sinks_redis_url(const struct nt_config_redis *redis, struct nt_redis_url *url);

/**
 * Makes the JSON file, or empties it unless it is to be kept, and starts the publisher. Returns 0 or -errno, which is
 * logged.
 */
int sinks_start(struct sinks *s);

/** Frees the publisher, which must be finished or never started, and closes the file. Returns 0 or -errno. */
int sinks_close(struct sinks *s);

#endif

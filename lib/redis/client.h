/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REDIS_CLIENT_H
#define NT_REDIS_CLIENT_H

#include "redis/request.h"
#include "redis/url.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * One connection to a Redis server. It is the only part of the engine that knows hiredis. All calls from one thread;
 * the process must ignore SIGPIPE.
 *
 * A call that fails has closed the connection: whether the server has executed it is then unknown, and only the
 * server can say. Failures, besides what connect(2) and resolving a name give:
 *   -ETIMEDOUT  no answer in time             -ECONNRESET  closed by the other side
 *   -EACCES     wrong password, or not allowed -EROFS      a replica that takes no writes
 *   -EBUSY      the server is loading or busy  -ENOSPC     the server is out of memory
 *   -EXDEV      another node of a cluster has the sensor's slot
 *   -EPROTO     an answer of another kind than the command gives
 *   -EIO        any other refusal by the server
 *   -ENOMEM     out of memory here
 */

struct nt_redis_client;

struct nt_redis_client_options {
	struct nt_redis_url url;
	uint32_t timeout_ms; /**< for connecting, and for each answer */
};

/** Longest reason of nt_redis_client_why(), with its NUL. */
#define NT_REDIS_WHY 256

/** Makes a client without connecting it. Returns NULL with errno set. */
struct nt_redis_client *nt_redis_client_new(const struct nt_redis_client_options *options);
void nt_redis_client_free(struct nt_redis_client *c);

/** Connects, authenticates, selects the database and loads the script. Returns 0 or a failure as above. */
int nt_redis_client_connect(struct nt_redis_client *c);

/** True between a successful connect and the next failure. */
bool nt_redis_client_connected(const struct nt_redis_client *c);

/**
 * Runs the script with the cursor that is expected and the one to leave. Returns 0, or a failure as above; on
 * success nt_redis_client_answer() has what the script replied. A script that the server forgot is loaded again.
 */
int nt_redis_client_script(struct nt_redis_client *c, const char *expected, const char *next,
			   const struct nt_request *request);

/** Text i of the script's last reply, valid until the next call; "" beyond its end. */
const char *nt_redis_client_answer(const struct nt_redis_client *c, size_t i);

/** Adds a member to a set. Returns 0 or a failure as above. */
int nt_redis_client_sadd(struct nt_redis_client *c, const char *key, const char *member);

/** What went wrong last, in words, one line; may quote the server, never the password. */
const char *nt_redis_client_why(const struct nt_redis_client *c);

#endif

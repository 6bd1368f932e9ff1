/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REDIS_CLIENT_H
#define NT_REDIS_CLIENT_H

#include "redis/connection.h"
#include "redis/request.h"
#include "redis/url.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The writer's connection to a Redis server or a cluster. All calls from one thread; the process must ignore SIGPIPE.
 *
 * After a call that failed the client is not connected: whether the server has executed it is then unknown, and only
 * the server can say. Neither is it after the script was answered by another node than before, or by the same one
 * through a new connection: a replica that was promoted may lack the last writes. Failures are those of connection.h.
 */

struct nt_redis_client;

struct nt_redis_client_options {
	struct nt_redis_url url;
	uint32_t timeout_ms; /**< for connecting, and for each answer */
};

/** Makes a client without connecting it. Returns NULL with errno set. */
struct nt_redis_client *nt_redis_client_new(const struct nt_redis_client_options *options);
void nt_redis_client_free(struct nt_redis_client *c);

/** Connects, authenticates, selects the database. Returns 0 or a failure as above. */
int nt_redis_client_connect(struct nt_redis_client *c);

/** True between a successful connect and the next failure or change of the node. */
bool nt_redis_client_connected(const struct nt_redis_client *c);

/**
 * Runs the script with the cursor that is expected and the one to leave. Returns 0, or a failure as above; on
 * success nt_redis_client_answer() has what the script replied. It is loaded where a server does not have it.
 */
int nt_redis_client_script(struct nt_redis_client *c, const char *expected, const char *next,
			   const struct nt_request *request);

/** Text i of the script's last reply, valid until the next call; "" beyond its end. */
const char *nt_redis_client_answer(const struct nt_redis_client *c, size_t i);

/** Adds a member to a set. Returns 0 or a failure as above. */
int nt_redis_client_sadd(struct nt_redis_client *c, const char *key, const char *member);

/** What went wrong last, in words, one line; may quote the server, never the password. */
const char *nt_redis_client_why(const struct nt_redis_client *c);

/** Which node was asked last; see nt_connection_where(). */
void nt_redis_client_where(const struct nt_redis_client *c, char text[static NT_REDIS_URL_TEXT]);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REDIS_CONNECTION_H
#define NT_REDIS_CONNECTION_H

#include "redis/url.h"

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A Redis server, or a cluster of them seen as one. A command names the key that decides which node gets it: the
 * connection knows which node has which slot from what nodes have said, goes where a node sends it (MOVED, ASK), and after a
 * failover asks the other nodes that it knows. What a node refuses in that way it has not executed, so that asking
 * again is safe; a command whose answer is lost is never repeated here. All calls from one thread; the process ignores SIGPIPE.
 *
 * Failures, besides what connect(2) and resolving a name give:
 *   -ETIMEDOUT  no answer in time             -ECONNRESET  closed by the other side
 *   -EACCES     wrong password, or not allowed -EROFS      a replica that takes no writes
 *   -EBUSY      loading, busy, or the cluster is down  -ENOSPC  the server is out of memory
 *   -EPROTO     an answer of another kind than the command gives
 *   -EIO        any other refusal by the server
 *   -ENOMEM     out of memory here
 */

struct nt_connection;

/** Makes a connection without connecting it. Returns NULL with errno set. */
struct nt_connection *nt_connection_new(const struct nt_redis_url *url, uint32_t timeout_ms);
void nt_connection_free(struct nt_connection *c);

/** Connects to the server of the URL, or another node that is known; authenticates, selects the database. */
int nt_connection_open(struct nt_connection *c);

/** True between a successful open and the next failure. */
bool nt_connection_is_open(const struct nt_connection *c);

/** A command: its words, each a text of its own. */
struct nt_command {
	const char **word;
	size_t *length;
	size_t n;
	const char *key; /**< decides on the node; NULL: any node will do */
};

/**
 * Sends a command, waits for its answer. Returns 0 with *reply to be freed by freeReplyObject(), of `type` (a
 * REDIS_REPLY_*; REDIS_REPLY_NIL: of any), or a failure. After a failure of the connection itself it is closed;
 * a refusal (-EACCES, -EIO ...) of a command leaves it open.
 */
int nt_connection_command(struct nt_connection *c, const struct nt_command *command, int type, redisReply **reply);

/** Number of the node that the last command went to: scripts must be loaded on each. */
uint32_t nt_connection_node(const struct nt_connection *c);

/** What went wrong last, in words, one line without control characters; may quote the server, never the password. */
const char *nt_connection_why(const struct nt_connection *c);

#endif

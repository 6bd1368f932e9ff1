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
 * connection knows which node has which slot from what nodes have said (CLUSTER SLOTS when it opens, every minute and
 * after failures), goes where a node sends it (MOVED, ASK), and after a failover asks the other nodes that it knows.
 * What a node refuses in that way it has not executed, so that asking again is safe; a command whose answer is lost is
 * never repeated here. Every node is reached with the user, the password and the time-out of the URL's. All calls from
 * one thread; the process ignores SIGPIPE.
 *
 * Failures, besides what connect(2) and resolving a name give:
 *   -ETIMEDOUT  no answer in time               -ECONNRESET  closed by the other side
 *   -EACCES     wrong password, or not allowed  -EROFS       a replica that takes no writes
 *   -EBUSY      loading, busy, slots on the move for longer than the time-out, or the cluster is down
 *   -ENOSPC     the server is out of memory
 *   -EINVAL     a database other than 0 in a cluster
 *   -EPROTO     an answer of another kind than the command gives
 *   -EIO        any other refusal by the server
 *   -ENOMEM     out of memory here
 */

/** Longest reason of nt_connection_why(), with its NUL. */
#define NT_REDIS_WHY 256

struct nt_connection;

/** Makes a connection without connecting it. Returns NULL with errno set. */
struct nt_connection *nt_connection_new(const struct nt_redis_url *url, uint32_t timeout_ms);
void nt_connection_free(struct nt_connection *c);

/**
 * Connects to the server of the URL, or another node that is known; authenticates, selects the database, learns the
 * slots of a cluster. Does nothing if it is open. Takes a few times the time-out at most, besides resolving names.
 */
int nt_connection_open(struct nt_connection *c);

/** Closes the connections to all nodes, because what comes through them cannot be trusted; what is known stays. */
void nt_connection_close(struct nt_connection *c);

/** True between a successful open and the next failure of a connection. */
bool nt_connection_is_open(const struct nt_connection *c);

/** A command: its words, each a text of its own, which may hold any bytes. */
struct nt_command {
	const char **word;
	size_t *length;
	size_t n;
	const char *key;    /**< decides on the node; NULL: any node will do */
	const char *script; /**< of an EVALSHA: loaded where the node does not have it, then asked again; or NULL */
	size_t script_length;
};

/**
 * Sends a command, waits for its answer; opens first what is not open. Returns 0 with *reply to be freed by
 * freeReplyObject(), of `type` (a REDIS_REPLY_*; REDIS_REPLY_NIL: of any but an error), or a failure with *reply NULL.
 * After a failure of a connection, and after -EROFS, it is not open; a refusal (-EACCES, -EBUSY, -EIO ...) or another
 * type of answer leaves it open.
 */
int nt_connection_command(struct nt_connection *c, const struct nt_command *command, int type, redisReply **reply);

/**
 * Sends commands that only read, many at a time and to all nodes that they concern, without waiting for each answer;
 * opens first what is not open. What a node refuses is asked again on its own, as nt_connection_command() does it.
 * Returns 0 with reply[i] the answer of command[i], of any type, to be freed by freeReplyObject(); an error among them
 * is that the key is of another type than the command wants (WRONGTYPE). Or a failure, and there is nothing to free.
 */
int nt_connection_pipeline(struct nt_connection *c, const struct nt_command *command, size_t n, redisReply **reply);

/**
 * Number of the connection to a node that the last command went through. It is another one for another node, and for
 * the same node after connecting again: what was known of the server before may then hold no more.
 */
uint32_t nt_connection_node(const struct nt_connection *c);

/** What went wrong last, in words, one line without control characters; may quote the server, never the password. */
const char *nt_connection_why(const struct nt_connection *c);

/** Which node that was: the URL of the one that was asked last, as nt_redis_url_text() writes it. */
void nt_connection_where(const struct nt_connection *c, char text[static NT_REDIS_URL_TEXT]);

#endif

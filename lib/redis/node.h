/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REDIS_NODE_H
#define NT_REDIS_NODE_H

#include "redis/connection.h"
#include "redis/slots.h"

/* One server as a connection knows it, and hiredis' errors in our words. Used by connection.c alone. */

struct nt_node {
	struct nt_node_address address; /* of the URL's node: its host and port, "" for a unix socket */
	const char *path;		/* unix socket; NULL: TCP */
	redisContext *context;		/* NULL: not connected */
	uint32_t serial;		/* of the context: another one for each */
	bool answered;			/* something, through this context */
	bool named;			/* in what nodes said last */
};

/* Connects, authenticates, selects the database. Returns 0 or a failure of connection.h with `why` filled. */
int nt_node_open(struct nt_node *n, const struct nt_redis_url *url, uint32_t timeout_ms, char why[static NT_REDIS_WHY]);

void nt_node_close(struct nt_node *n);

/* True if the connection is there and the other side has not closed it meanwhile. */
bool nt_node_alive(const struct nt_node *n);

/* Sends a command and waits. Returns 0 with a reply to free, an error of the server's among them; else a failure with
 * `why` filled, and the node is closed. */
int nt_node_ask(struct nt_node *n, const char **word, const size_t *length, size_t words, redisReply **reply,
		char why[static NT_REDIS_WHY]);

/* The two halves of nt_node_ask(), for many commands on their way at once. Sending may only note what to send. */
int nt_node_send(struct nt_node *n, const char **word, const size_t *length, size_t words,
		 char why[static NT_REDIS_WHY]);
int nt_node_receive(struct nt_node *n, redisReply **reply, char why[static NT_REDIS_WHY]);

/* What a refusal of the server's means: a failure of connection.h, with `why` filled. */
int nt_node_refusal(const char *error, char why[static NT_REDIS_WHY]);

/* Fills `why` with one line: no control characters, no full stop, because more text follows ours. Returns err. */
int nt_node_say(char why[static NT_REDIS_WHY], int err, const char *text);

#endif

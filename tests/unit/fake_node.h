/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_FAKE_NODE_H
#define TESTS_UNIT_FAKE_NODE_H

#include <hiredis/hiredis.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Something that listens on a loopback port and answers requests as the test wants it, right or wrong. */

struct fake_node;

/* Says what to answer to a request, whose elements are its words: raw RESP in `reply`, whose size is FAKE_REPLY.
 * Called in the node's thread. Leaves it empty: no answer at all. Returns false: the connection is closed. */
typedef bool fake_answer(struct fake_node *n, const redisReply *request, char *reply);

#define FAKE_REPLY 8192

struct fake_node {
	fake_answer *answer;
	void *context;			  /* the test's */
	const char *host;		  /* NULL: 127.0.0.1; or ::1 */
	uint16_t port;			  /* 0: any; the node's when it runs */
	_Atomic unsigned int requests;	  /* without CLUSTER and AUTH */
	_Atomic unsigned int connections; /* made so far */
	_Atomic bool drop;		  /* closes what is open, once */
	_Atomic bool stop;
	struct fake_inside *inside;
};

/* Starts it. False if the host has no such address. */
bool fake_node_start(struct fake_node *n);

/* Closes all connections and the port. */
void fake_node_stop(struct fake_node *n);

/* Closes what is open; the port goes on listening. */
void fake_node_drop(struct fake_node *n);

/* True if word i of a request is that, in upper case letters or not. */
bool fake_word(const redisReply *request, size_t i, const char *word);

#endif

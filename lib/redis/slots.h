/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REDIS_SLOTS_H
#define NT_REDIS_SLOTS_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What nodes of a Redis Cluster say about who has which slot (redis.io, "Redis cluster specification"). Values only:
 * nothing is sent or resolved here. What nodes say is checked, and never believed to be well formed.
 */

#define NT_SLOTS 16384u

/** Longest host name of a node, with its NUL. */
#define NT_NODE_HOST 256

/** Where a node listens. */
struct nt_node_address {
	char host[NT_NODE_HOST]; /**< "": the host that said so */
	uint16_t port;
};

/** Slot of a key: CRC16 (XMODEM) of what stands in its first braces, or of all of it. */
uint16_t nt_key_slot(const char *key);

struct nt_redirect {
	bool ask; /**< ASK: for this once; otherwise MOVED: from now on */
	uint16_t slot;
	struct nt_node_address to;
};

/** Reads an error text of Redis. Returns 1 for a MOVED or ASK, 0 for another error, -EPROTO for one that is spoilt. */
int nt_redirect_parse(const char *error, struct nt_redirect *out);

/** Called for each node of each range of slots, both ends included; the master comes first. */
typedef void nt_slots_visitor(void *context, uint16_t from, uint16_t to, const struct nt_node_address *node,
			      bool is_master);

/** Reads the answer to CLUSTER SLOTS; nodes without an address that could be used are passed over. 0 or -EPROTO. */
int nt_slots_read(const redisReply *reply, nt_slots_visitor *visit, void *context);

#endif

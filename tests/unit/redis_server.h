/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_REDIS_SERVER_H
#define TESTS_UNIT_REDIS_SERVER_H

#include "redis/url.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A redis-server of the test's own, on a unix socket in a folder of its own. */

struct redis_server {
	char dir[64];
	char socket[96];
	pid_t pid;		   /* 0: not running */
	struct redisContext *link; /* the test's own connection */
	bool durable;		   /* appendonly, appendfsync always */
	const char *password;	   /* NULL: none */
};

/* True if there is a redis-server program to run; otherwise tests skip. */
bool redis_server_installed(void);

/* Makes the folder and starts the server. Settings are what `s` holds; fails the test if it does not start. */
void redis_server_start(struct redis_server *s);

/* Starts it again on what it left on disk. */
void redis_server_restart(struct redis_server *s);

/* kill -9. */
void redis_server_kill(struct redis_server *s);

/* Removes what it left on disk. */
void redis_server_forget(struct redis_server *s);

/* Stops the server and removes the folder. */
void redis_server_stop(struct redis_server *s);

/* Where it listens. */
struct nt_redis_url redis_server_url(const struct redis_server *s);

/* Runs a command, formatted as by redisCommand(); the reply is the caller's to free and no error. */
struct redisReply *redis_server_do(struct redis_server *s, const char *format, ...);

/* The same for commands whose answer is a number, or a text that is one; missing: 0. */
int64_t redis_server_number(struct redis_server *s, const char *format, ...);

/* A socket that stands between a client and the server, and can lose replies. */
struct redis_proxy;

/* Starts a proxy before `s`; url becomes its address. */
struct redis_proxy *redis_proxy_start(const struct redis_server *s, struct nt_redis_url *url);

/* From now on, of each `n` requests one is passed on and executed, but its connection is closed instead of the reply
 * being returned. 0: none. */
void redis_proxy_lose(struct redis_proxy *p, unsigned int n);

/* Replies lost so far. */
unsigned int redis_proxy_lost(const struct redis_proxy *p);

/* Ends it. */
void redis_proxy_stop(struct redis_proxy *p);

#endif

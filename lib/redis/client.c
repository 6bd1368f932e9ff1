/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/client.h"

#include "script_lua.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct nt_redis_client {
	struct nt_connection *connection;
	bool connected;
	uint32_t node;	   /* that ran the script; see nt_connection_node() */
	redisReply *reply; /* the script's last; NULL: none */
	const char *why;   /* NULL: ask the connection */
};

struct nt_redis_client *nt_redis_client_new(const struct nt_redis_client_options *options)
{
	struct nt_redis_client *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->connection = nt_connection_new(&options->url, options->timeout_ms);
	if (!c->connection) {
		free(c);
		errno = ENOMEM;
		return NULL;
	}
	return c;
}

static void forget_reply(struct nt_redis_client *c)
{
	if (c->reply)
		freeReplyObject(c->reply);
	c->reply = NULL;
}

void nt_redis_client_free(struct nt_redis_client *c)
{
	if (!c)
		return;
	forget_reply(c);
	nt_connection_free(c->connection);
	free(c);
}

/* Notes that a call failed, with why if it was not the connection's failure; returns the failure. */
static int fail(struct nt_redis_client *c, int err, const char *why)
{
	forget_reply(c);
	c->connected = false;
	c->why = why;
	return err;
}

int nt_redis_client_connect(struct nt_redis_client *c)
{
	int err;

	forget_reply(c);
	err = nt_connection_open(c->connection);
	if (err)
		return fail(c, err, NULL);
	c->connected = true;
	c->node = 0;
	return 0;
}

bool nt_redis_client_connected(const struct nt_redis_client *c)
{
	return c->connected;
}

static void push(struct nt_command *command, const char *text, size_t length)
{
	command->word[command->n] = text;
	command->length[command->n++] = length;
}

static void push_all(struct nt_command *command, const struct nt_texts *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		push(command, nt_texts_get(texts, i), texts->at[i].length);
}

/* EVALSHA, in the order in which the script reads it. `types` has room for a letter per key. */
static void fill(struct nt_command *command, const struct nt_request *r, char *n_keys, char *types,
		 const char *expected, const char *next)
{
	for (size_t i = 0; i < r->type.n; i++)
		types[i] = *nt_texts_get(&r->type, i);
	push(command, "EVALSHA", 7);
	push(command, nt_script_sha, sizeof(nt_script_sha) - 1);
	push(command, n_keys, strlen(n_keys));
	push_all(command, &r->key);
	push(command, expected, strlen(expected));
	push(command, next, strlen(next));
	push(command, types, r->type.n);
	push_all(command, &r->arg);
}

/* The script's reply is a list of texts and nothing else. */
static bool is_list_of_texts(const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_ARRAY || !reply->elements)
		return false;
	for (size_t i = 0; i < reply->elements; i++)
		if (reply->element[i]->type != REDIS_REPLY_STRING)
			return false;
	return true;
}

static int run(struct nt_redis_client *c, const struct nt_command *command)
{
	uint32_t node;
	int err = nt_connection_command(c->connection, command, REDIS_REPLY_ARRAY, &c->reply);

	if (err)
		return fail(c, err, NULL);
	if (!is_list_of_texts(c->reply))
		return fail(c, -EPROTO, "an answer of another kind than the script gives");
	node = nt_connection_node(c->connection);
	if (c->node && c->node != node)
		c->connected = false;
	c->node = node;
	return 0;
}

/*
 * Somebody between us and the server may send an answer twice. The second one would be taken for the answer to what is
 * asked next, and from then on nothing would be known of what the server has done.
 */
static bool is_answer_to(const struct nt_redis_client *c, const char *expected, const char *next)
{
	const char *kind = nt_redis_client_answer(c, 0);
	bool reads = strcmp(expected, "?") == 0;

	if (strcmp(kind, "ok") == 0)
		return !reads && strcmp(nt_redis_client_answer(c, 4), next) == 0;
	if (strcmp(kind, "done") == 0)
		return !reads && strcmp(nt_redis_client_answer(c, 1), next) == 0;
	return strcmp(kind, "state") == 0 ? reads : !reads || strcmp(kind, "fenced") != 0;
}

int nt_redis_client_script(struct nt_redis_client *c, const char *expected, const char *next,
			   const struct nt_request *request)
{
	size_t n = 6 + request->key.n + request->arg.n;
	struct nt_command command = {.word = calloc(n, sizeof(*command.word)),
				     .length = calloc(n, sizeof(*command.length)),
				     .script = nt_script,
				     .script_length = sizeof(nt_script) - 1};
	char *types = calloc(1, request->type.n + 1);
	char n_keys[24];
	int err = -ENOMEM;

	forget_reply(c);
	snprintf(n_keys, sizeof(n_keys), "%zu", request->key.n);
	if (!command.word || !command.length || !types || request->error) {
		err = fail(c, -ENOMEM, "out of memory");
	} else {
		fill(&command, request, n_keys, types, expected, next);
		command.key = nt_texts_get(&request->key, 0);
		err = run(c, &command);
	}
	if (!err && !is_answer_to(c, expected, next)) {
		nt_connection_close(c->connection);
		err = fail(c, -EPROTO, "an answer to another question");
	}
	free(command.word);
	free(command.length);
	free(types);
	return err;
}

const char *nt_redis_client_answer(const struct nt_redis_client *c, size_t i)
{
	return c->reply && i < c->reply->elements ? c->reply->element[i]->str : "";
}

int nt_redis_client_sadd(struct nt_redis_client *c, const char *key, const char *member)
{
	const char *word[] = {"SADD", key, member};
	size_t length[] = {4, strlen(key), strlen(member)};
	const struct nt_command command = {.word = word, .length = length, .n = 3, .key = key};
	redisReply *reply;
	int err = nt_connection_command(c->connection, &command, REDIS_REPLY_INTEGER, &reply);

	if (err)
		return fail(c, err, NULL);
	freeReplyObject(reply);
	return 0;
}

const char *nt_redis_client_why(const struct nt_redis_client *c)
{
	return c->why ? c->why : nt_connection_why(c->connection);
}

void nt_redis_client_where(const struct nt_redis_client *c, char text[static NT_REDIS_URL_TEXT])
{
	nt_connection_where(c->connection, text);
}

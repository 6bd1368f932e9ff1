/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/client.h"

#include "script_lua.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define SHA1_HEX 40

struct nt_redis_client {
	struct nt_redis_client_options options;
	redisContext *context; /* NULL: not connected */
	redisReply *reply;     /* the script's last; NULL: none */
	char sha[SHA1_HEX + 1];
	char why[NT_REDIS_WHY];
};

/* A command as hiredis takes it. */
struct command {
	const char **text;
	size_t *length;
	size_t n;
};

struct nt_redis_client *nt_redis_client_new(const struct nt_redis_client_options *options)
{
	struct nt_redis_client *c = calloc(1, sizeof(*c));

	if (c)
		c->options = *options;
	return c;
}

static void forget_reply(struct nt_redis_client *c)
{
	if (c->reply)
		freeReplyObject(c->reply);
	c->reply = NULL;
}

static void disconnect(struct nt_redis_client *c)
{
	forget_reply(c);
	if (c->context)
		redisFree(c->context);
	c->context = NULL;
}

void nt_redis_client_free(struct nt_redis_client *c)
{
	if (!c)
		return;
	disconnect(c);
	explicit_bzero(&c->options, sizeof(c->options));
	free(c);
}

/* Closes the connection and remembers why; returns the failure. */
static int fail(struct nt_redis_client *c, int err, const char *why)
{
	size_t length = strlen(why);

	while (length && strchr(". \r\n", why[length - 1])) /* more text follows ours in a line of the log */
		length--;
	snprintf(c->why, sizeof(c->why), "%.*s", (int)length, why);
	disconnect(c);
	return err;
}

/* hiredis 0.14 reports a time-out as EAGAIN, and leaves errno alone where the reason is not a system call. */
static int context_failure(struct nt_redis_client *c)
{
	const redisContext *x = c->context;
	int saved = errno;
	char why[NT_REDIS_WHY];

	snprintf(why, sizeof(why), "%s", x->errstr);
	switch (x->err) {
	case REDIS_ERR_IO:
		if (saved == EAGAIN || saved == EWOULDBLOCK || saved == ETIMEDOUT)
			return fail(c, -ETIMEDOUT, "no answer in time");
		return fail(c, saved ? -saved : -EIO, why);
	case REDIS_ERR_EOF:
		return fail(c, -ECONNRESET, "the server closed the connection");
	case REDIS_ERR_PROTOCOL:
		return fail(c, -EPROTO, why);
	case REDIS_ERR_OOM:
		return fail(c, -ENOMEM, "out of memory");
	default: /* resolving a name */
		return fail(c, -EHOSTUNREACH, why);
	}
}

/* What the first word of a server's refusal means. */
static int refusal(struct nt_redis_client *c, const redisReply *reply)
{
	static const struct {
		const char *word;
		int err;
	} meaning[] = {
	    {"NOAUTH", -EACCES},
	    {"WRONGPASS", -EACCES},
	    {"NOPERM", -EACCES},
	    {"ERR invalid password", -EACCES},
	    {"ERR Client sent AUTH", -EACCES},
	    {"ERR AUTH", -EACCES},
	    {"DENIED", -EACCES},
	    {"READONLY", -EROFS},
	    {"LOADING", -EBUSY},
	    {"BUSY", -EBUSY},
	    {"MASTERDOWN", -EBUSY},
	    {"CLUSTERDOWN", -EBUSY},
	    {"TRYAGAIN", -EBUSY},
	    {"OOM", -ENOSPC},
	    {"MOVED", -EXDEV},
	    {"ASK", -EXDEV},
	};
	char why[NT_REDIS_WHY];
	int err = -EIO;

	snprintf(why, sizeof(why), "%s", reply->str);
	for (size_t i = 0; i < sizeof(meaning) / sizeof(meaning[0]) && err == -EIO; i++)
		if (strncmp(reply->str, meaning[i].word, strlen(meaning[i].word)) == 0)
			err = meaning[i].err;
	return fail(c, err, why);
}

/* Sends a command and waits. The reply is the caller's to free, NULL when the connection broke. */
static redisReply *ask(struct nt_redis_client *c, const struct command *command)
{
	errno = 0;
	return redisCommandArgv(c->context, (int)command->n, command->text, command->length);
}

/* Sends a command whose reply must be of one type. Returns 0 with the reply, or a failure. */
static int ask_for(struct nt_redis_client *c, const struct command *command, int type, redisReply **out)
{
	redisReply *reply = ask(c, command);
	int err = 0;

	*out = NULL;
	if (!reply)
		return context_failure(c);
	if (reply->type == REDIS_REPLY_ERROR)
		err = refusal(c, reply);
	else if (reply->type != type)
		err = fail(c, -EPROTO, "an answer of another kind than the command gives");
	if (err) {
		freeReplyObject(reply);
		return err;
	}
	*out = reply;
	return 0;
}

/* A command of a few texts whose answer does not matter beyond its type. */
static int tell(struct nt_redis_client *c, const char **text, size_t n, int type)
{
	size_t length[4];
	const struct command command = {.text = text, .length = length, .n = n};
	redisReply *reply;
	int err;

	for (size_t i = 0; i < n; i++)
		length[i] = strlen(text[i]);
	err = ask_for(c, &command, type, &reply);
	if (!err)
		freeReplyObject(reply);
	return err;
}

static int authenticate(struct nt_redis_client *c)
{
	const struct nt_redis_url *url = &c->options.url;
	const char *with_user[] = {"AUTH", url->user, url->password};
	const char *alone[] = {"AUTH", url->password};

	if (url->user[0])
		return tell(c, with_user, 3, REDIS_REPLY_STATUS);
	return url->password[0] ? tell(c, alone, 2, REDIS_REPLY_STATUS) : 0;
}

static int select_db(struct nt_redis_client *c)
{
	char db[12];
	const char *text[] = {"SELECT", db};

	if (!c->options.url.db)
		return 0;
	snprintf(db, sizeof(db), "%u", c->options.url.db);
	return tell(c, text, 2, REDIS_REPLY_STATUS);
}

/* A server that wants a password it did not get answers a longer argument by closing the connection, and nobody would
 * know why. */
_Static_assert(sizeof(nt_script) <= 16384, "the script is too long for a client without a password");

static int load_script(struct nt_redis_client *c)
{
	const char *text[] = {"SCRIPT", "LOAD", nt_script};
	size_t length[] = {6, 4, sizeof(nt_script) - 1};
	const struct command command = {.text = text, .length = length, .n = 3};
	redisReply *reply = NULL;
	int err = ask_for(c, &command, REDIS_REPLY_STRING, &reply);

	if (err)
		return err;
	snprintf(c->sha, sizeof(c->sha), "%s", reply->str);
	freeReplyObject(reply);
	return 0;
}

static int open_connection(struct nt_redis_client *c)
{
	const struct nt_redis_url *url = &c->options.url;
	const struct timeval timeout = {.tv_sec = c->options.timeout_ms / 1000,
					.tv_usec = c->options.timeout_ms % 1000 * 1000};

	disconnect(c);
	errno = 0;
	c->context = url->path[0] ? redisConnectUnixWithTimeout(url->path, timeout)
				  : redisConnectWithTimeout(url->host, url->port, timeout);
	if (!c->context)
		return fail(c, -ENOMEM, "out of memory");
	if (c->context->err || redisSetTimeout(c->context, timeout) != REDIS_OK)
		return context_failure(c);
	/* A peer that vanished without a word is noticed even while there is nothing to send. */
	if (!url->path[0])
		redisEnableKeepAlive(c->context);
	return 0;
}

int nt_redis_client_connect(struct nt_redis_client *c)
{
	int err = open_connection(c);

	if (!err)
		err = authenticate(c);
	if (!err)
		err = select_db(c);
	if (!err)
		err = load_script(c);
	return err;
}

bool nt_redis_client_connected(const struct nt_redis_client *c)
{
	return c->context != NULL;
}

static void push(struct command *command, const char *text, size_t length)
{
	command->text[command->n] = text;
	command->length[command->n++] = length;
}

static void push_all(struct command *command, const struct nt_texts *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		push(command, nt_texts_get(texts, i), texts->at[i].length);
}

/* EVALSHA, in the order in which the script reads it. `types` has room for a letter per key. */
static void fill(struct command *command, const struct nt_redis_client *c, const struct nt_request *r, char *n_keys,
		 char *types, const char *expected, const char *next)
{
	for (size_t i = 0; i < r->type.n; i++)
		types[i] = *nt_texts_get(&r->type, i);
	push(command, "EVALSHA", 7);
	push(command, c->sha, SHA1_HEX);
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

static int run(struct nt_redis_client *c, const struct command *command)
{
	redisReply *reply = ask(c, command);

	/* Nothing of a script that is not there was executed, so asking again is safe. */
	if (reply && reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "NOSCRIPT", 8) == 0) {
		int err;

		freeReplyObject(reply);
		err = load_script(c);
		if (err)
			return err;
		reply = ask(c, command);
	}
	if (!reply)
		return context_failure(c);
	c->reply = reply;
	if (reply->type == REDIS_REPLY_ERROR)
		return refusal(c, reply);
	if (!is_list_of_texts(reply))
		return fail(c, -EPROTO, "an answer of another kind than the script gives");
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
	struct command command = {.text = calloc(n, sizeof(*command.text)),
				  .length = calloc(n, sizeof(*command.length))};
	char *types = calloc(1, request->type.n + 1);
	char n_keys[24];
	int err = -ENOMEM;

	forget_reply(c);
	snprintf(n_keys, sizeof(n_keys), "%zu", request->key.n);
	if (!command.text || !command.length || !types || request->error) {
		err = fail(c, -ENOMEM, "out of memory");
	} else {
		fill(&command, c, request, n_keys, types, expected, next);
		err = run(c, &command);
	}
	if (!err && !is_answer_to(c, expected, next))
		err = fail(c, -EPROTO, "an answer to another question");
	free(command.text);
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
	const char *text[] = {"SADD", key, member};

	return tell(c, text, 3, REDIS_REPLY_INTEGER);
}

const char *nt_redis_client_why(const struct nt_redis_client *c)
{
	return c->why;
}

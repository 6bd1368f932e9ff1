/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/node.h"

#include "base/printable.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

int nt_node_say(char why[static NT_REDIS_WHY], int err, const char *text)
{
	size_t length = strlen(text);

	while (length && strchr(". \r\n", text[length - 1]))
		length--;
	snprintf(why, NT_REDIS_WHY, "%.*s", (int)(length < NT_REDIS_WHY ? length : NT_REDIS_WHY - 1), text);
	nt_printable(why);
	return err;
}

void nt_node_close(struct nt_node *n)
{
	if (n->context)
		redisFree(n->context);
	n->context = NULL;
}

/* What a tunnel does that finds nobody at its other end, or somebody with a wrong certificate. */
static const char closed_at_once[] = "the connection was closed before there was any answer; if this is a tunnel's end "
				     "(stunnel), its log says why";

/* Closes the node. hiredis 0.14 reports a time-out as EAGAIN, and leaves errno alone where the reason is not a system
 * call. */
static int context_failure(struct nt_node *n, char why[static NT_REDIS_WHY])
{
	int saved = errno, kind = n->context->err;
	char text[sizeof(n->context->errstr)];

	memcpy(text, n->context->errstr, sizeof(text));
	nt_node_close(n);
	switch (kind) {
	case REDIS_ERR_IO:
		if (saved == EAGAIN || saved == EWOULDBLOCK || saved == ETIMEDOUT)
			return nt_node_say(why, -ETIMEDOUT, "no answer in time");
		if (!n->answered && (saved == ECONNRESET || saved == EPIPE))
			return nt_node_say(why, -ECONNRESET, closed_at_once);
		return nt_node_say(why, saved ? -saved : -EIO, text);
	case REDIS_ERR_EOF:
		return nt_node_say(why, -ECONNRESET, n->answered ? "the server closed the connection" : closed_at_once);
	case REDIS_ERR_PROTOCOL:
		return nt_node_say(why, -EPROTO, text);
	case REDIS_ERR_OOM:
		return nt_node_say(why, -ENOMEM, "out of memory");
	default: /* resolving a name */
		return nt_node_say(why, -EHOSTUNREACH, text);
	}
}

int nt_node_refusal(const char *error, char why[static NT_REDIS_WHY])
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
	    {"ERR The user executing the script", -EACCES},
	    {"READONLY", -EROFS},
	    {"LOADING", -EBUSY},
	    {"BUSY", -EBUSY},
	    {"MASTERDOWN", -EBUSY},
	    {"CLUSTERDOWN", -EBUSY},
	    {"TRYAGAIN", -EBUSY},
	    {"OOM", -ENOSPC},
	};

	/* Also when the script was refused for what its commands may not do. */
	if (strstr(error, "SELECT is not allowed in cluster mode"))
		return nt_node_say(why, -EINVAL, "a cluster has database 0 only; take the database out of the URL");
	for (size_t i = 0; i < sizeof(meaning) / sizeof(meaning[0]); i++)
		if (strncmp(error, meaning[i].word, strlen(meaning[i].word)) == 0)
			return nt_node_say(why, meaning[i].err, error);
	return nt_node_say(why, -EIO, error);
}

int nt_node_ask(struct nt_node *n, const char **word, const size_t *length, size_t words, redisReply **reply,
		char why[static NT_REDIS_WHY])
{
	errno = 0;
	*reply = redisCommandArgv(n->context, (int)words, word, length);
	if (!*reply)
		return context_failure(n, why);
	n->answered = true;
	return 0;
}

int nt_node_send(struct nt_node *n, const char **word, const size_t *length, size_t words,
		 char why[static NT_REDIS_WHY])
{
	errno = 0;
	return redisAppendCommandArgv(n->context, (int)words, word, length) == REDIS_OK ? 0 : context_failure(n, why);
}

int nt_node_receive(struct nt_node *n, redisReply **reply, char why[static NT_REDIS_WHY])
{
	void *received = NULL;

	errno = 0;
	if (redisGetReply(n->context, &received) != REDIS_OK)
		return context_failure(n, why);
	*reply = received;
	return 0;
}

/* A command of a few texts that is answered by OK. */
static int tell(struct nt_node *n, const char **word, size_t words, char why[static NT_REDIS_WHY])
{
	size_t length[3];
	redisReply *reply;
	int err;

	for (size_t i = 0; i < words; i++)
		length[i] = strlen(word[i]);
	err = nt_node_ask(n, word, length, words, &reply, why);
	if (err)
		return err;
	if (reply->type == REDIS_REPLY_ERROR)
		err = nt_node_refusal(reply->str, why);
	else if (reply->type != REDIS_REPLY_STATUS)
		err = nt_node_say(why, -EPROTO, "an answer of another kind than the command gives");
	freeReplyObject(reply);
	return err;
}

static int authenticate(struct nt_node *n, const struct nt_redis_url *url, char why[static NT_REDIS_WHY])
{
	const char *with_user[] = {"AUTH", url->user, url->password};
	const char *alone[] = {"AUTH", url->password};

	if (url->user[0])
		return tell(n, with_user, 3, why);
	return url->password[0] ? tell(n, alone, 2, why) : 0;
}

static int select_db(struct nt_node *n, const struct nt_redis_url *url, char why[static NT_REDIS_WHY])
{
	char db[12];
	const char *word[] = {"SELECT", db};

	if (!url->db)
		return 0;
	snprintf(db, sizeof(db), "%u", url->db);
	return tell(n, word, 2, why);
}

int nt_node_open(struct nt_node *n, const struct nt_redis_url *url, uint32_t timeout_ms, char why[static NT_REDIS_WHY])
{
	const struct timeval timeout = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
	int err;

	nt_node_close(n);
	n->answered = false;
	errno = 0;
	n->context = n->path ? redisConnectUnixWithTimeout(n->path, timeout)
			     : redisConnectWithTimeout(n->address.host, n->address.port, timeout);
	if (!n->context)
		return nt_node_say(why, -ENOMEM, "out of memory");
	if (n->context->err || redisSetTimeout(n->context, timeout) != REDIS_OK)
		return context_failure(n, why);
	/* A peer that vanished without a word is noticed even while there is nothing to send. */
	if (!n->path)
		redisEnableKeepAlive(n->context);
	err = authenticate(n, url, why);
	if (!err)
		err = select_db(n, url, why);
	if (err)
		nt_node_close(n);
	return err;
}

bool nt_node_alive(const struct nt_node *n)
{
	struct pollfd p = {.events = POLLIN};

	if (!n->context)
		return false;
	/* Nothing was asked, so that whatever there is to read is the end, or an answer too many. */
	p.fd = n->context->fd;
	return poll(&p, 1, 0) == 0;
}

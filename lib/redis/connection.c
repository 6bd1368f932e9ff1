/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis/connection.h"

#include "base/clock.h"
#include "redis/node.h"
#include "redis/slots.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a cluster can have, and more (redis.io recommends at most 1,000). */
#define NODES_MAX 1024u

#define NODE_UNKNOWN UINT16_MAX

/* Where nodes send us from one to the other more often than that, they do not agree. */
#define HOPS_MAX 8

/* A map of slots is looked at again after that time, so that nodes that came since are known when others go. */
#define MAP_LIFE_NS (UINT64_C(60) * NT_SECOND_NS)

/* Between attempts while a slot moves from one node to another. */
#define TRY_AGAIN_NS 20000000u

#define MS_NS UINT64_C(1000000)

struct nt_connection {
	struct nt_redis_url url;
	uint32_t timeout_ms;
	bool open;
	bool cluster;
	bool stale;			 /* a node said that the map is not right any more */
	uint64_t learnt_ns;		 /* when the map was read */
	uint32_t home;			 /* node that was asked for the map; gets what has no key */
	uint32_t serials;		 /* connections made */
	uint32_t last;			 /* serial of the last command's */
	uint32_t places;		 /* in use of node[] */
	struct nt_redis_url asked;	 /* the node asked last; without user and password */
	struct nt_node *node[NODES_MAX]; /* 0: the URL's; NULL: a place that is free */
	uint16_t owner[NT_SLOTS];
	char why[NT_REDIS_WHY];
};

static void forget_map(struct nt_connection *c)
{
	memset(c->owner, 0xff, sizeof(c->owner)); /* NODE_UNKNOWN */
}

/* Place of a node that has this address; it is added if there is none. NODES_MAX: no memory or no place. */
static uint32_t find_node(struct nt_connection *c, const struct nt_node_address *address)
{
	uint32_t free_place = 0;
	struct nt_node *n;

	for (uint32_t i = 0; i < c->places; i++) {
		n = c->node[i];
		if (!n)
			free_place = i;
		else if (!n->path && n->address.port == address->port && strcmp(n->address.host, address->host) == 0)
			return i;
	}
	if (!free_place && c->places == NODES_MAX)
		return NODES_MAX;
	n = calloc(1, sizeof(*n));
	if (!n)
		return NODES_MAX;
	n->address = *address;
	if (!free_place)
		free_place = c->places++;
	c->node[free_place] = n;
	return free_place;
}

static void note_asked(struct nt_connection *c, const struct nt_node *n)
{
	c->asked.port = n->address.port;
	snprintf(c->asked.host, sizeof(c->asked.host), "%s", n->address.host);
	snprintf(c->asked.path, sizeof(c->asked.path), "%s", n->path ? n->path : "");
}

struct nt_connection *nt_connection_new(const struct nt_redis_url *url, uint32_t timeout_ms)
{
	struct nt_connection *c = calloc(1, sizeof(*c));
	struct nt_node *n = calloc(1, sizeof(*n));

	if (!c || !n) {
		free(c);
		free(n);
		errno = ENOMEM;
		return NULL;
	}
	c->url = *url;
	c->timeout_ms = timeout_ms;
	n->path = c->url.path[0] ? c->url.path : NULL;
	n->address.port = c->url.port;
	snprintf(n->address.host, sizeof(n->address.host), "%s", c->url.host);
	c->node[0] = n;
	c->places = 1;
	c->asked.db = c->url.db;
	note_asked(c, n);
	forget_map(c);
	return c;
}

static void drop_node(struct nt_connection *c, uint32_t i)
{
	if (!c->node[i])
		return;
	nt_node_close(c->node[i]);
	free(c->node[i]);
	c->node[i] = NULL;
}

void nt_connection_free(struct nt_connection *c)
{
	if (!c)
		return;
	for (uint32_t i = 0; i < c->places; i++)
		drop_node(c, i);
	explicit_bzero(c, sizeof(*c));
	free(c);
}

/* A node that failed says nothing of the others, but what we knew of the slots may be out of date, and another node is
 * the better one to ask. */
static int lost(struct nt_connection *c, int err)
{
	c->open = false;
	c->stale = true;
	c->home++;
	return err;
}

static int use_node(struct nt_connection *c, uint32_t i)
{
	struct nt_node *n = c->node[i];
	int err;

	note_asked(c, n);
	if (nt_node_alive(n))
		return 0;
	err = nt_node_open(n, &c->url, c->timeout_ms, c->why);
	if (!err)
		n->serial = ++c->serials;
	return err;
}

/* ---- the map ---- */

/* The answer of one node, while it is read into the connection. */
struct learning {
	struct nt_connection *c;
	uint32_t from; /* the node that answers */
	bool any;
};

/* An address without a host is on the host that said so; behind a unix socket that is this one. */
static void complete_address(const struct nt_connection *c, uint32_t from, struct nt_node_address *address)
{
	const struct nt_node *n = c->node[from];

	if (!address->host[0])
		snprintf(address->host, sizeof(address->host), "%s", n->path ? "127.0.0.1" : n->address.host);
}

static void learn_range(void *context, uint16_t from, uint16_t to, const struct nt_node_address *node, bool is_master)
{
	struct learning *l = context;
	struct nt_node_address address = *node;
	uint32_t i;

	complete_address(l->c, l->from, &address);
	i = find_node(l->c, &address);
	if (i == NODES_MAX)
		return;
	l->c->node[i]->named = true;
	l->any = true;
	for (uint32_t slot = from; is_master && slot <= to; slot++)
		l->c->owner[slot] = (uint16_t)i;
}

/* Nodes that have left the cluster, so that their places do not fill up over the years. */
static void drop_unnamed(struct nt_connection *c)
{
	for (uint32_t i = 1; i < c->places; i++)
		if (c->node[i] && !c->node[i]->named && i != c->home)
			drop_node(c, i);
}

static int learn_slots(struct nt_connection *c, uint32_t from, const redisReply *reply)
{
	struct learning l = {.c = c, .from = from};
	int err;

	forget_map(c);
	for (uint32_t i = 0; i < c->places; i++)
		if (c->node[i])
			c->node[i]->named = false;
	err = nt_slots_read(reply, learn_range, &l);
	if (err)
		return nt_node_say(c->why, err, "an answer to CLUSTER SLOTS that cannot be read");
	if (!l.any)
		return nt_node_say(c->why, -EBUSY, "the cluster serves no slots");
	c->home = from;
	c->cluster = true;
	drop_unnamed(c);
	return 0;
}

/* A server that is no cluster's, or that does not let us ask: then MOVED still tells the way. */
static int no_slots(struct nt_connection *c, uint32_t from, const char *error)
{
	bool single = strstr(error, "cluster support disabled") || strncmp(error, "ERR unknown", 11) == 0;
	bool forbidden = strncmp(error, "NOPERM", 6) == 0;

	/* Another node of a cluster that says so is not in it any more. */
	if (!forbidden && (!single || (c->cluster && from != 0)))
		return nt_node_refusal(error, c->why);
	if (single) {
		c->cluster = false;
		forget_map(c);
	}
	c->home = from;
	return 0;
}

static int learn(struct nt_connection *c, uint32_t from)
{
	const char *word[] = {"CLUSTER", "SLOTS"};
	const size_t length[] = {7, 5};
	redisReply *reply;
	int err = use_node(c, from);

	if (!err)
		err = nt_node_ask(c->node[from], word, length, 2, &reply, c->why);
	if (err)
		return err;
	err = reply->type == REDIS_REPLY_ERROR ? no_slots(c, from, reply->str) : learn_slots(c, from, reply);
	freeReplyObject(reply);
	return err;
}

int nt_connection_open(struct nt_connection *c)
{
	uint64_t until_ns = nt_clock_monotonic_ns() + c->timeout_ms * MS_NS;
	uint32_t first = c->home % c->places;
	int err = -ENOTCONN;

	if (c->open)
		return 0;
	for (uint32_t tried = 0; tried < c->places; tried++) {
		uint32_t i = (first + tried) % c->places;

		if (!c->node[i])
			continue;
		err = learn(c, i);
		if (!err) {
			c->open = true;
			c->stale = false;
			c->learnt_ns = nt_clock_monotonic_ns();
			return 0;
		}
		if (nt_clock_monotonic_ns() >= until_ns) {
			first = i; /* the next attempt begins behind it */
			break;
		}
	}
	c->home = first + 1;
	return err;
}

void nt_connection_close(struct nt_connection *c)
{
	for (uint32_t i = 0; i < c->places; i++)
		if (c->node[i])
			nt_node_close(c->node[i]);
	c->open = false;
}

bool nt_connection_is_open(const struct nt_connection *c)
{
	return c->open;
}

/* Opens what is not open, and looks at an old map again. */
static int prepare(struct nt_connection *c)
{
	if (c->open && c->cluster && (c->stale || nt_clock_monotonic_ns() - c->learnt_ns >= MAP_LIFE_NS))
		c->open = false;
	return nt_connection_open(c);
}

/* ---- commands ---- */

/* A command on its way through the cluster. */
struct journey {
	uint32_t at; /* the node to ask */
	bool asking; /* it does not have the slot yet, and is told that we know */
	uint32_t hops;
	uint64_t until_ns; /* for waiting */
};

static uint32_t route(const struct nt_connection *c, const struct nt_command *command)
{
	uint16_t i = c->cluster && command->key ? c->owner[nt_key_slot(command->key)] : NODE_UNKNOWN;

	return i == NODE_UNKNOWN ? c->home : i;
}

/* Sends one of our own commands before the caller's. Its answer matters only where it is an error. */
static int ask_before(struct nt_connection *c, uint32_t at, const char **word, const size_t *length, size_t words)
{
	redisReply *reply;
	int err = nt_node_ask(c->node[at], word, length, words, &reply, c->why);

	if (err)
		return lost(c, err);
	if (reply->type == REDIS_REPLY_ERROR)
		err = nt_node_refusal(reply->str, c->why);
	freeReplyObject(reply);
	return err;
}

static int say_asking(struct nt_connection *c, uint32_t at)
{
	const char *word[] = {"ASKING"};
	const size_t length[] = {6};

	return ask_before(c, at, word, length, 1);
}

static int load_script(struct nt_connection *c, uint32_t at, const struct nt_command *command)
{
	const char *word[] = {"SCRIPT", "LOAD", command->script};
	const size_t length[] = {6, 4, command->script_length};

	return ask_before(c, at, word, length, 3);
}

static int ask_once(struct nt_connection *c, const struct nt_command *command, const struct journey *j,
		    redisReply **reply)
{
	int err = use_node(c, j->at);

	if (err)
		return lost(c, err);
	c->last = c->node[j->at]->serial;
	if (j->asking)
		err = say_asking(c, j->at);
	if (err)
		return err;
	err = nt_node_ask(c->node[j->at], command->word, command->length, command->n, reply, c->why);
	return err ? lost(c, err) : 0;
}

/* Where a node sends us. Returns 1 to go on, or a failure. */
static int redirect(struct nt_connection *c, struct journey *j, struct nt_redirect *to)
{
	uint32_t i;

	complete_address(c, j->at, &to->to);
	i = find_node(c, &to->to);
	if (i == NODES_MAX)
		return nt_node_say(c->why, -ENOMEM, "no room for another node of the cluster");
	c->cluster = true;
	j->asking = to->ask;
	j->at = i;
	if (!to->ask) {
		c->owner[to->slot] = (uint16_t)i;
		c->stale = true;
	}
	return 1;
}

/* Waits a little for a slot that is on the move. Returns 1 to ask again, or a failure. */
static int wait_for_slot(const struct nt_connection *c, const struct nt_command *command, struct journey *j, int err)
{
	if (nt_clock_monotonic_ns() + TRY_AGAIN_NS >= j->until_ns)
		return err;
	nt_clock_nap(TRY_AGAIN_NS);
	j->asking = false;
	j->hops = 0;
	j->at = route(c, command);
	return 1;
}

/* What to do about a refusal. Returns 1 to ask again, or the failure. */
static int handle_refusal(struct nt_connection *c, const struct nt_command *command, struct journey *j,
			  const char *error)
{
	struct nt_redirect to;
	int err = nt_node_refusal(error, c->why), kind = nt_redirect_parse(error, &to);
	bool again = kind == 1 || (command->script && strncmp(error, "NOSCRIPT", 8) == 0);

	if (kind < 0)
		return nt_node_say(c->why, kind, error);
	if (again && ++j->hops > HOPS_MAX)
		return nt_node_say(c->why, -EBUSY, "the nodes of the cluster send us round in circles");
	if (kind == 1)
		return redirect(c, j, &to);
	if (again) {
		err = load_script(c, j->at, command);
		return err ? err : 1;
	}
	if (strncmp(error, "TRYAGAIN", 8) == 0)
		return wait_for_slot(c, command, j, err);
	if (err == -EROFS) /* demoted: the new master is somewhere else, or the same name leads to it now */
		nt_node_close(c->node[j->at]);
	if (err == -EROFS)
		return lost(c, err);
	if (err == -EBUSY)
		c->stale = true;
	return err;
}

int nt_connection_command(struct nt_connection *c, const struct nt_command *command, int type, redisReply **out)
{
	struct journey j = {.until_ns = nt_clock_monotonic_ns() + c->timeout_ms * MS_NS};
	int err = prepare(c);

	*out = NULL;
	if (err)
		return err;
	j.at = route(c, command);
	do {
		redisReply *reply;

		err = ask_once(c, command, &j, &reply);
		if (err)
			return err;
		if (reply->type != REDIS_REPLY_ERROR) {
			*out = reply;
			break;
		}
		err = handle_refusal(c, command, &j, reply->str);
		freeReplyObject(reply);
	} while (err == 1);
	if (err || type == REDIS_REPLY_NIL || (*out)->type == type)
		return err;
	freeReplyObject(*out);
	*out = NULL;
	return nt_node_say(c->why, -EPROTO, "an answer of another kind than the command gives");
}

/* ---- many commands ---- */

/* Of the commands from `first` on, those that go where it goes: sends them, then takes their answers. */
static int ask_node(struct nt_connection *c, const struct nt_command *command, size_t first, size_t n,
		    redisReply **reply)
{
	uint32_t at = route(c, &command[first]);
	struct nt_node *node = c->node[at];
	int err = use_node(c, at);

	for (size_t i = first; i < n && !err; i++)
		if (!reply[i] && route(c, &command[i]) == at)
			err = nt_node_send(node, command[i].word, command[i].length, command[i].n, c->why);
	for (size_t i = first; i < n && !err; i++)
		if (!reply[i] && route(c, &command[i]) == at)
			err = nt_node_receive(node, &reply[i], c->why);
	if (err)
		return lost(c, err);
	c->last = node->serial;
	return 0;
}

static bool is_of_wrong_type(const redisReply *reply)
{
	return strncmp(reply->str, "WRONGTYPE", 9) == 0;
}

/* The node that we asked may not have it any more, or not be ready: that is for a command on its own. */
static int ask_again(struct nt_connection *c, const struct nt_command *command, size_t n, redisReply **reply)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		if (reply[i]->type != REDIS_REPLY_ERROR || is_of_wrong_type(reply[i]))
			continue;
		freeReplyObject(reply[i]);
		err = nt_connection_command(c, &command[i], REDIS_REPLY_NIL, &reply[i]);
	}
	return err;
}

int nt_connection_pipeline(struct nt_connection *c, const struct nt_command *command, size_t n, redisReply **reply)
{
	int err = prepare(c);

	for (size_t i = 0; i < n; i++)
		reply[i] = NULL;
	for (size_t i = 0; i < n && !err; i++)
		if (!reply[i])
			err = ask_node(c, command, i, n, reply);
	if (!err)
		err = ask_again(c, command, n, reply);
	for (size_t i = 0; i < n && err; i++) {
		if (reply[i])
			freeReplyObject(reply[i]);
		reply[i] = NULL;
	}
	return err;
}

uint32_t nt_connection_node(const struct nt_connection *c)
{
	return c->last;
}

const char *nt_connection_why(const struct nt_connection *c)
{
	return c->why;
}

void nt_connection_where(const struct nt_connection *c, char text[static NT_REDIS_URL_TEXT])
{
	nt_redis_url_text(&c->asked, text);
}

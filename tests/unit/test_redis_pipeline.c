/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_node.h"
#include "redis/connection.h"
#include "redis/slots.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 300u
#define NODES	   3
#define COMMANDS   100

/* Three nodes with a third of the slots each, that answer with the key that they were asked for and their number. */
struct cluster {
	struct fake_node node[NODES];
	struct nt_connection *c;
	const char *victim; /* its node, and no other, says that to requests for this key; NULL: to all */
	const char *says;   /* instead, to some requests; %d: the slot, %u: port of the next node */
	_Atomic int after;  /* so many right answers */
	_Atomic int times;  /* so often */
	_Atomic int asked;  /* ASKING came */
	char key[COMMANDS][16];
	const char *word[COMMANDS][2];
	size_t length[COMMANDS][2];
	struct nt_command command[COMMANDS];
	redisReply *reply[COMMANDS];
};

static int number_of(const struct fake_node *n)
{
	const struct cluster *k = n->context;

	return (int)(n - k->node);
}

static int first_slot(int node)
{
	return 16384 * node / NODES;
}

static void say_slots(const struct cluster *k, char *reply)
{
	size_t at = (size_t)snprintf(reply, FAKE_REPLY, "*%d\r\n", NODES);

	for (int i = 0; i < NODES; i++)
		at += (size_t)snprintf(reply + at, FAKE_REPLY - at,
				       "*3\r\n:%d\r\n:%d\r\n*3\r\n$9\r\n127.0.0.1\r\n:%u\r\n$2\r\nid\r\n",
				       first_slot(i), first_slot(i + 1) - 1, k->node[i].port);
}

static int owner_of(const char *key)
{
	int node = 0;

	while (node + 1 < NODES && first_slot(node + 1) <= nt_key_slot(key))
		node++;
	return node;
}

static bool is_meant(const struct cluster *k, int node, const redisReply *request)
{
	return !k->victim || (node == owner_of(k->victim) && strcmp(request->element[1]->str, k->victim) == 0);
}

static bool answer(struct fake_node *n, const redisReply *request, char *reply)
{
	struct cluster *k = n->context;
	int i = number_of(n);

	if (fake_word(request, 0, "CLUSTER")) {
		say_slots(k, reply);
	} else if (fake_word(request, 0, "ASKING")) {
		k->asked++;
		strcpy(reply, "+OK\r\n");
	} else if (k->says && is_meant(k, i, request) && k->after-- <= 0 && k->times-- > 0) {
		if (strcmp(k->says, "close") == 0)
			return false;
		if (strcmp(k->says, "hang") != 0)
			snprintf(reply, FAKE_REPLY, k->says, nt_key_slot(request->element[1]->str),
				 k->node[(i + 1) % NODES].port);
	} else {
		snprintf(reply, FAKE_REPLY, "*2\r\n$%zu\r\n%s\r\n:%d\r\n", (size_t)request->element[1]->len,
			 request->element[1]->str, i);
	}
	return true;
}

static int set_up(void **state)
{
	struct cluster *k = calloc(1, sizeof(*k));
	struct nt_redis_url url = {.host = "127.0.0.1"};

	assert_non_null(k);
	*state = k;
	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < NODES; i++) {
		k->node[i].answer = answer;
		k->node[i].context = k;
		assert_true(fake_node_start(&k->node[i]));
	}
	for (int i = 0; i < COMMANDS; i++) {
		snprintf(k->key[i], sizeof(k->key[i]), "key%d", i);
		k->word[i][0] = "GET";
		k->word[i][1] = k->key[i];
		k->length[i][0] = 3;
		k->length[i][1] = strlen(k->key[i]);
		k->command[i] =
		    (struct nt_command){.word = k->word[i], .length = k->length[i], .n = 2, .key = k->key[i]};
	}
	url.port = k->node[0].port;
	k->c = nt_connection_new(&url, TIMEOUT_MS);
	assert_non_null(k->c);
	return 0;
}

static int tear_down(void **state)
{
	struct cluster *k = *state;

	nt_connection_free(k->c);
	for (int i = 0; i < NODES; i++)
		fake_node_stop(&k->node[i]);
	free(k);
	return 0;
}

static int ask(struct cluster *k)
{
	return nt_connection_pipeline(k->c, k->command, COMMANDS, k->reply);
}

static void forget(struct cluster *k)
{
	for (int i = 0; i < COMMANDS; i++)
		freeReplyObject(k->reply[i]);
}

/* Every answer is that of its command. Returns how many came from another node than the map says. */
static int check(struct cluster *k)
{
	int elsewhere = 0;

	for (int i = 0; i < COMMANDS; i++) {
		const redisReply *r = k->reply[i];

		assert_int_equal(r->type, REDIS_REPLY_ARRAY);
		assert_string_equal(r->element[0]->str, k->key[i]);
		elsewhere += r->element[1]->integer != owner_of(k->key[i]);
	}
	forget(k);
	return elsewhere;
}

static void each_goes_to_its_node(void **state)
{
	struct cluster *k = *state;

	for (int round = 0; round < 3; round++) {
		assert_int_equal(ask(k), 0);
		assert_int_equal(check(k), 0);
	}
	for (int i = 0; i < NODES; i++) {
		assert_true(k->node[i].requests > 60);
		assert_int_equal(k->node[i].connections, 1);
	}
}

static void none_at_all(void **state)
{
	struct cluster *k = *state;

	assert_int_equal(nt_connection_pipeline(k->c, NULL, 0, NULL), 0);
}

static void follows_moved_and_ask(void **state)
{
	struct cluster *k = *state;

	k->victim = k->key[17];
	k->times = 1000;
	k->says = "-MOVED %d 127.0.0.1:%u\r\n";
	assert_int_equal(ask(k), 0);
	assert_int_equal(check(k), 1);
	assert_int_equal(k->asked, 0);
	k->says = "-ASK %d 127.0.0.1:%u\r\n";
	assert_int_equal(ask(k), 0);
	assert_int_equal(check(k), 1);
	assert_int_equal(k->asked, 1);
	k->says = "-TRYAGAIN %d\r\n";
	k->times = 3;
	assert_int_equal(ask(k), 0);
	assert_int_equal(check(k), 0);
	k->times = 1000;
	assert_int_equal(ask(k), -EBUSY);
}

static void hands_over_wrong_types(void **state)
{
	struct cluster *k = *state;
	int wrong = 0;

	k->says = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";
	k->after = 10;
	k->times = 2;
	assert_int_equal(ask(k), 0);
	for (int i = 0; i < COMMANDS; i++)
		wrong += k->reply[i]->type == REDIS_REPLY_ERROR;
	assert_int_equal(wrong, 2);
	forget(k);
}

static void fails_as_a_whole(void **state)
{
	static const struct {
		const char *says;
		int err;
	} fault[] = {
	    {"-NOPERM this user has no permissions\r\n", -EACCES},
	    {"-LOADING Redis is loading\r\n", -EBUSY},
	    {"-ERR something\r\n", -EIO},
	    {"close", -ECONNRESET},
	    {"hang", -ETIMEDOUT},
	    {"?what\r\n", -EPROTO},
	};
	struct cluster *k = *state;

	for (size_t f = 0; f < sizeof(fault) / sizeof(fault[0]); f++) {
		k->says = fault[f].says;
		k->after = 40;
		k->times = 1000000;
		assert_int_equal(ask(k), fault[f].err);
		for (int i = 0; i < COMMANDS; i++)
			assert_null(k->reply[i]);
		assert_true(strlen(nt_connection_why(k->c)) > 3);
		k->says = NULL;
		assert_int_equal(ask(k), 0);
		assert_int_equal(check(k), 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(each_goes_to_its_node),  TEST(none_at_all),	  TEST(follows_moved_and_ask),
	    TEST(hands_over_wrong_types), TEST(fails_as_a_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

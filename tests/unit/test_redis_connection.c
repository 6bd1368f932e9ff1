/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "fake_node.h"
#include "redis/connection.h"
#include "redis/slots.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 1000u /* a busy machine keeps a node waiting for some hundred */
#define NODES	   3
#define SECRET	   "very secret"

/* Three nodes of a cluster, as wrong as a test wants them. */
struct cluster {
	struct fake_node node[NODES];
	struct nt_connection *c;
	_Atomic int owner;	      /* who has all slots, as all say */
	const char *slots;	      /* what CLUSTER SLOTS gives instead; NULL: that */
	const char *says[NODES];      /* to a command; NULL: its own number. %u: port of the next node */
	_Atomic int says_left[NODES]; /* that many times, then the number; negative: always */
	_Atomic int asked[NODES];     /* ASKING came before */
	_Atomic int loaded[NODES];    /* SCRIPT LOAD */
	_Atomic int logins[NODES];
	char last[256]; /* words of the last request, each in brackets */
};

static int number_of(const struct fake_node *n)
{
	const struct cluster *k = n->context;

	return (int)(n - k->node);
}

static void say_slots(const struct cluster *k, char *reply)
{
	size_t at = 0;

	if (k->slots) {
		snprintf(reply, FAKE_REPLY, "%s", k->slots);
		return;
	}
	at += (size_t)snprintf(reply, FAKE_REPLY, "*1\r\n*%d\r\n:0\r\n:16383\r\n", 2 + NODES);
	for (int i = 0; i < NODES; i++) { /* the master first */
		const struct fake_node *n = &k->node[(k->owner + i) % NODES];

		at += (size_t)snprintf(reply + at, FAKE_REPLY - at, "*3\r\n$9\r\n127.0.0.1\r\n:%u\r\n$2\r\nid\r\n",
				       n->port);
	}
}

static void note_words(struct cluster *k, const redisReply *request)
{
	size_t at = 0;

	for (size_t i = 0; i < request->elements && at < sizeof(k->last); i++)
		at += (size_t)snprintf(k->last + at, sizeof(k->last) - at, "[%s]", request->element[i]->str);
}

static bool answer(struct fake_node *n, const redisReply *request, char *reply)
{
	struct cluster *k = n->context;
	int i = number_of(n);

	if (fake_word(request, 0, "AUTH")) {
		k->logins[i]++;
		strcpy(reply, "+OK\r\n");
	} else if (fake_word(request, 0, "CLUSTER")) {
		say_slots(k, reply);
	} else if (fake_word(request, 0, "ASKING")) {
		k->asked[i]++;
		strcpy(reply, "+OK\r\n");
	} else if (fake_word(request, 0, "SCRIPT")) {
		k->loaded[i]++;
		note_words(k, request);
		strcpy(reply, "$3\r\nsha\r\n");
	} else if (k->says[i] && k->says_left[i]) {
		k->says_left[i]--;
		if (strcmp(k->says[i], "close") == 0)
			return false;
		if (strcmp(k->says[i], "hang") != 0)
			snprintf(reply, FAKE_REPLY, k->says[i], k->node[(i + 1) % NODES].port);
	} else {
		note_words(k, request);
		snprintf(reply, FAKE_REPLY, ":%d\r\n", i);
	}
	return true;
}

static int set_up(void **state)
{
	struct cluster *k = calloc(1, sizeof(*k));
	struct nt_redis_url url = {.host = "127.0.0.1", .user = "telescope", .password = SECRET};

	assert_non_null(k);
	*state = k;
	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < NODES; i++) {
		k->node[i].answer = answer;
		k->node[i].context = k;
		k->says_left[i] = -1;
		assert_true(fake_node_start(&k->node[i]));
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

/* Asks something. Returns the number of the node that answered, or a failure. */
static int ask(struct cluster *k)
{
	const char *word[] = {"GET", "nt:{s}:x"};
	size_t length[] = {3, 8};
	const struct nt_command command = {.word = word, .length = length, .n = 2, .key = word[1]};
	redisReply *reply;
	int rc = nt_connection_command(k->c, &command, REDIS_REPLY_INTEGER, &reply);

	assert_null(strstr(nt_connection_why(k->c), SECRET));
	if (rc) {
		assert_null(reply);
		return rc;
	}
	rc = (int)reply->integer;
	freeReplyObject(reply);
	return rc;
}

static void commands_go_to_the_owner(void **state)
{
	struct cluster *k = *state;

	k->owner = 2;
	assert_int_equal(ask(k), 2);
	assert_int_equal(k->node[0].requests, 0);
	assert_int_equal(k->logins[0], 1);
	assert_int_equal(k->logins[2], 1);
	assert_int_equal(k->logins[1], 0);
}

/* A server alone, or one that does not let us ask about a cluster. */
static void without_slots(void **state)
{
	struct cluster *k = *state;
	static const char *const refusals[] = {
	    "-ERR This instance has cluster support disabled\r\n", "-ERR unknown command 'CLUSTER'\r\n",
	    "-NOPERM this user has no permissions to run the 'cluster|slots' command\r\n"};

	for (size_t i = 0; i < 3; i++) {
		nt_connection_free(k->c);
		k->slots = refusals[i];
		k->c = nt_connection_new(
		    &(struct nt_redis_url){.host = "127.0.0.1", .port = k->node[1].port, .password = "p"}, TIMEOUT_MS);
		assert_int_equal(ask(k), 1);
	}
	/* The last one is a cluster's after all. */
	k->says[1] = "-MOVED 3 127.0.0.1:%u\r\n";
	assert_int_equal(ask(k), 2);
}

static void moved_is_followed_and_the_map_read_again(void **state)
{
	struct cluster *k = *state;

	assert_int_equal(ask(k), 0);
	k->says[0] = "-MOVED 1 127.0.0.1:%u\r\n";
	assert_int_equal(ask(k), 1);
	k->owner = 1;
	assert_int_equal(ask(k), 1);
	k->says[0] = "-ERR nothing to ask here\r\n";
	assert_int_equal(ask(k), 1);
	assert_true(nt_connection_is_open(k->c));
}

static void moved_names_hosts_in_many_ways(void **state)
{
	struct cluster *k = *state;
	struct fake_node six = {.answer = answer, .context = k, .host = "::1"};
	char moved[128];

	k->says[0] = "-MOVED 1 :%u\r\n"; /* the same host */
	assert_int_equal(ask(k), 1);
	k->says[0] = "-MOVED 1 localhost:%u\r\n";
	assert_int_equal(ask(k), 1);
	/* IPv6 in the places of node 1, so that it knows its number. */
	fake_node_stop(&k->node[1]);
	six = k->node[1];
	k->node[1].host = "::1";
	if (!fake_node_start(&k->node[1]))
		return;
	snprintf(moved, sizeof(moved), "-MOVED 1 ::1:%u\r\n", six.port);
	k->says[0] = moved;
	assert_int_equal(ask(k), 1);
	snprintf(moved, sizeof(moved), "-MOVED 1 [::1]:%u\r\n", six.port);
	assert_int_equal(ask(k), 1);
}

static void moved_that_is_spoilt_is_a_failure(void **state)
{
	struct cluster *k = *state;
	static const char *const spoilt[] = {"-MOVED\r\n",
					     "-MOVED \r\n",
					     "-MOVED 1\r\n",
					     "-MOVED 1 \r\n",
					     "-MOVED 1 host\r\n",
					     "-MOVED 1 host:\r\n",
					     "-MOVED 1 host:0\r\n",
					     "-MOVED 1 host:65536\r\n",
					     "-MOVED 1 host:1x\r\n",
					     "-MOVED -1 127.0.0.1:%u\r\n",
					     "-MOVED 16384 127.0.0.1:%u\r\n",
					     "-MOVED 99999999999999999999 127.0.0.1:%u\r\n",
					     "-MOVED x 127.0.0.1:%u\r\n",
					     "-MOVED 1  127.0.0.1:%u\r\n",
					     "-MOVED 1 127.0.0.1:%u more\r\n",
					     "-MOVED 1 127.0.0.1\x1b[2J:%u\r\n",
					     "-MOVED 1 ?:%u\r\n",
					     "-MOVED 1 user@127.0.0.1:%u\r\n",
					     "-ASK 1 host\r\n"};

	for (size_t i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
		k->says[0] = spoilt[i];
		if (ask(k) != (strcmp(spoilt[i], "-MOVED\r\n") ? -EPROTO : -EIO))
			fail_msg("%s: %s", spoilt[i], nt_connection_why(k->c));
		assert_null(strchr(nt_connection_why(k->c), '\x1b'));
	}
	assert_int_equal(k->node[1].requests, 0);
	k->says[0] = NULL;
	assert_int_equal(ask(k), 0);
}

static void nodes_that_send_us_round_are_left(void **state)
{
	struct cluster *k = *state;

	for (int i = 0; i < NODES; i++)
		k->says[i] = "-MOVED 1 127.0.0.1:%u\r\n";
	assert_int_equal(ask(k), -EBUSY);
	assert_true(k->node[0].requests + k->node[1].requests + k->node[2].requests < 20);
	for (int i = 0; i < NODES; i++)
		k->says[i] = "-ASK 1 127.0.0.1:%u\r\n";
	assert_int_equal(ask(k), -EBUSY);
}

static void ask_is_for_once(void **state)
{
	struct cluster *k = *state;

	k->says[0] = "-ASK 1 127.0.0.1:%u\r\n";
	k->says_left[0] = 1;
	assert_int_equal(ask(k), 1);
	assert_int_equal(k->asked[1], 1);
	assert_int_equal(ask(k), 0);
	assert_int_equal(k->asked[0], 0);
}

static void a_slot_on_the_move_is_waited_for(void **state)
{
	struct cluster *k = *state;
	uint64_t begin_ns;

	k->says[0] = "-TRYAGAIN Multiple keys request during rehashing of slot\r\n";
	k->says_left[0] = 3;
	assert_int_equal(ask(k), 0);
	k->says_left[0] = -1;
	begin_ns = nt_clock_monotonic_ns();
	assert_int_equal(ask(k), -EBUSY);
	assert_true(nt_clock_monotonic_ns() - begin_ns < 2 * TIMEOUT_MS * UINT64_C(1000000));
	assert_non_null(strstr(nt_connection_why(k->c), "TRYAGAIN"));
	assert_true(nt_connection_is_open(k->c));
}

static void refusals_leave_it_open(void **state)
{
	struct cluster *k = *state;
	static const struct {
		const char *says;
		int err;
	} row[] = {
	    {"-LOADING Redis is loading the dataset in memory\r\n", -EBUSY},
	    {"-CLUSTERDOWN Hash slot not served\r\n", -EBUSY},
	    {"-MASTERDOWN Link with MASTER is down\r\n", -EBUSY},
	    {"-BUSY Redis is busy running a script\r\n", -EBUSY},
	    {"-OOM command not allowed\r\n", -ENOSPC},
	    {"-NOPERM no\r\n", -EACCES},
	    {"-WRONGTYPE no\r\n", -EIO},
	    {"-\r\n", -EIO},
	    {"$5\r\nhello\r\n", -EPROTO}, /* a number was wanted */
	    {"*0\r\n", -EPROTO},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		k->says[0] = row[i].says;
		assert_int_equal(ask(k), row[i].err);
		assert_true(nt_connection_is_open(k->c));
	}
	assert_true(k->node[0].connections <= 1);
}

static void a_demoted_master_is_left(void **state)
{
	struct cluster *k = *state;

	assert_int_equal(ask(k), 0);
	k->says[0] = "-READONLY You can't write against a read only replica.\r\n";
	assert_int_equal(ask(k), -EROFS);
	assert_false(nt_connection_is_open(k->c));
	k->owner = 1;
	assert_int_equal(ask(k), 1);
}

static void a_node_that_hangs_costs_the_time_out(void **state)
{
	struct cluster *k = *state;
	uint64_t begin_ns;

	assert_int_equal(ask(k), 0);
	k->says[0] = "hang";
	begin_ns = nt_clock_monotonic_ns();
	assert_int_equal(ask(k), -ETIMEDOUT);
	assert_true(nt_clock_monotonic_ns() - begin_ns < 3 * TIMEOUT_MS * UINT64_C(1000000));
	assert_false(nt_connection_is_open(k->c));
	k->owner = 2;
	assert_int_equal(ask(k), 2); /* another node was asked for the map */
}

static void expect_where(const struct cluster *k, int node)
{
	char expected[NT_REDIS_URL_TEXT], where[NT_REDIS_URL_TEXT];

	snprintf(expected, sizeof(expected), "redis://127.0.0.1:%u/0", k->node[node].port);
	nt_connection_where(k->c, where);
	assert_string_equal(where, expected);
}

/* The URL's node tells who has the slot, and it is not that one which fails. */
static void a_failure_is_of_the_node_that_was_asked(void **state)
{
	struct cluster *k = *state;

	expect_where(k, 0);
	k->owner = 2;
	assert_int_equal(ask(k), 2);
	expect_where(k, 2);
	k->says[2] = "hang";
	assert_int_equal(ask(k), -ETIMEDOUT);
	expect_where(k, 2);
	k->says[2] = "-MOVED 1 127.0.0.1:%u\r\n"; /* to the first */
	k->says[0] = "close";
	assert_int_equal(ask(k), -ECONNRESET);
	expect_where(k, 0);
}

/* A command whose answer is lost may have been executed, and is not repeated. */
static void what_may_have_been_done_is_not_repeated(void **state)
{
	struct cluster *k = *state;

	k->says[0] = "close";
	k->says_left[0] = 1;
	assert_int_equal(ask(k), -ECONNRESET);
	assert_int_equal(k->node[0].requests, 1);
	assert_int_equal(ask(k), 0);
}

static void a_dead_node_is_replaced(void **state)
{
	struct cluster *k = *state;

	assert_int_equal(ask(k), 0);
	fake_node_stop(&k->node[0]); /* the URL's */
	k->owner = 1;
	assert_int_equal(ask(k), -ECONNREFUSED);
	assert_false(nt_connection_is_open(k->c));
	assert_int_equal(ask(k), 1); /* others know who came after it */
	fake_node_stop(&k->node[1]);
	k->owner = 2;
	assert_int_equal(ask(k), -ECONNREFUSED);
	assert_int_equal(ask(k), 2);
	fake_node_stop(&k->node[2]);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(ask(k), -ECONNREFUSED);
		assert_false(nt_connection_is_open(k->c));
	}
	assert_true(fake_node_start(&k->node[1]));
	k->owner = 1;
	assert_int_equal(ask(k), 1);
}

static void an_idle_connection_that_was_closed_is_another_one(void **state)
{
	struct cluster *k = *state;
	uint32_t before;

	assert_int_equal(ask(k), 0);
	before = nt_connection_node(k->c);
	assert_int_equal(ask(k), 0);
	assert_int_equal(nt_connection_node(k->c), before);
	fake_node_drop(&k->node[0]);
	assert_int_equal(ask(k), 0);
	assert_int_not_equal(nt_connection_node(k->c), before);
}

static void maps_that_cannot_be_read(void **state)
{
	struct cluster *k = *state;
	static const char *const spoilt[] = {
	    "+OK\r\n",
	    ":7\r\n",
	    "*1\r\n:1\r\n",
	    "*1\r\n*0\r\n",
	    "*1\r\n*1\r\n:0\r\n",
	    "*1\r\n*3\r\n:0\r\n:16384\r\n*2\r\n$1\r\nh\r\n:1\r\n",
	    "*1\r\n*3\r\n:-1\r\n:5\r\n*2\r\n$1\r\nh\r\n:1\r\n",
	    "*1\r\n*3\r\n:9\r\n:5\r\n*2\r\n$1\r\nh\r\n:1\r\n",
	    "*1\r\n*3\r\n$1\r\n0\r\n:5\r\n*2\r\n$1\r\nh\r\n:1\r\n",
	    "$-1\r\n",
	};
	static const char *const useless[] = {
	    "*0\r\n",
	    "*1\r\n*2\r\n:0\r\n:16383\r\n",
	    "*1\r\n*3\r\n:0\r\n:16383\r\n*0\r\n",
	    "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$1\r\n?\r\n:7000\r\n",
	    "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$1\r\nh\r\n:0\r\n",
	    "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$5\r\nh\x1b[2J\r\n:7\r\n",
	    "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n:5\r\n:7\r\n",
	};

	for (size_t i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
		k->slots = spoilt[i];
		assert_int_equal(ask(k), -EPROTO);
	}
	for (size_t i = 0; i < sizeof(useless) / sizeof(useless[0]); i++) {
		k->slots = useless[i];
		assert_int_equal(ask(k), -EBUSY);
	}
	k->slots = NULL;
	assert_int_equal(ask(k), 0);
}

static void a_script_is_loaded_where_it_is_missing(void **state)
{
	struct cluster *k = *state;
	const char *word[] = {"EVALSHA", "sha", "1", "{s}"};
	size_t length[] = {7, 3, 1, 3};
	const struct nt_command command = {
	    .word = word, .length = length, .n = 4, .key = "{s}", .script = "return 1", .script_length = 8};
	redisReply *reply;

	k->says[0] = "-ASK 1 127.0.0.1:%u\r\n";
	k->says[1] = "-NOSCRIPT No matching script. Please use EVAL.\r\n";
	k->says_left[1] = 1;
	assert_int_equal(nt_connection_command(k->c, &command, REDIS_REPLY_INTEGER, &reply), 0);
	assert_int_equal(reply->integer, 1);
	freeReplyObject(reply);
	assert_int_equal(k->loaded[1], 1);
	assert_int_equal(k->loaded[0], 0);
	assert_int_equal(k->asked[1], 2); /* before each attempt */
	k->says_left[1] = -1;		  /* for ever */
	assert_int_equal(nt_connection_command(k->c, &command, REDIS_REPLY_INTEGER, &reply), -EBUSY);
}

/* Every text is one argument, whatever is in it. */
static void nothing_in_a_text_is_a_command(void **state)
{
	struct cluster *k = *state;
	static const char nasty[] = "x\r\nFLUSHALL\r\n\"'$5\r\n*1\r\n\0\x1b]0;";
	const char *word[] = {"SET", "{s}", nasty};
	size_t length[] = {3, 3, sizeof(nasty) - 1};
	const struct nt_command command = {.word = word, .length = length, .n = 3, .key = "{s}"};
	redisReply *reply;

	assert_int_equal(nt_connection_command(k->c, &command, REDIS_REPLY_NIL, &reply), 0);
	freeReplyObject(reply);
	assert_int_equal(k->node[0].requests, 1);
	assert_string_equal(k->last, "[SET][{s}][x\r\nFLUSHALL\r\n\"'$5\r\n*1\r\n]");
}

static void what_a_server_says_is_shown_without_escapes(void **state)
{
	struct cluster *k = *state;

	k->says[0] = "-ERR \x1b[31mred \xc2\x9b"
		     "1m \x07 \xff end.\r\n";
	assert_int_equal(ask(k), -EIO);
	assert_string_equal(nt_connection_why(k->c), "ERR ?[31mred ??1m ? ? end");
}

/* Nodes come and go, and their places are used again. */
static void forgotten_nodes_make_room(void **state)
{
	struct cluster *k = *state;
	char slots[256];

	for (unsigned int i = 0; i < 3000; i++) {
		snprintf(slots, sizeof(slots),
			 "*1\r\n*4\r\n:0\r\n:16383\r\n*2\r\n$0\r\n\r\n:%u\r\n*2\r\n$1\r\nh\r\n:%u\r\n", k->node[0].port,
			 i + 1);
		k->slots = slots;
		k->says[0] = "-CLUSTERDOWN\r\n"; /* the map is read again next time */
		assert_int_equal(ask(k), -EBUSY);
	}
	k->says[0] = NULL;
	assert_int_equal(ask(k), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(commands_go_to_the_owner),
	    TEST(without_slots),
	    TEST(moved_is_followed_and_the_map_read_again),
	    TEST(moved_names_hosts_in_many_ways),
	    TEST(moved_that_is_spoilt_is_a_failure),
	    TEST(nodes_that_send_us_round_are_left),
	    TEST(ask_is_for_once),
	    TEST(a_slot_on_the_move_is_waited_for),
	    TEST(refusals_leave_it_open),
	    TEST(a_demoted_master_is_left),
	    TEST(a_node_that_hangs_costs_the_time_out),
	    TEST(a_failure_is_of_the_node_that_was_asked),
	    TEST(what_may_have_been_done_is_not_repeated),
	    TEST(a_dead_node_is_replaced),
	    TEST(an_idle_connection_that_was_closed_is_another_one),
	    TEST(maps_that_cannot_be_read),
	    TEST(a_script_is_loaded_where_it_is_missing),
	    TEST(nothing_in_a_text_is_a_command),
	    TEST(what_a_server_says_is_shown_without_escapes),
	    TEST(forgotten_nodes_make_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_node.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS 32
#define LOOK_MS 5

struct fake_inside {
	pthread_t thread;
	int listener;
	int fd[CLIENTS]; /* -1: free */
	redisReader *reader[CLIENTS];
};

bool fake_word(const redisReply *request, size_t i, const char *word)
{
	return i < request->elements && strcasecmp(request->element[i]->str, word) == 0;
}

static void hang_up(struct fake_inside *in, int i)
{
	if (in->fd[i] < 0)
		return;
	close(in->fd[i]);
	redisReaderFree(in->reader[i]);
	in->fd[i] = -1;
}

static void take(struct fake_node *n)
{
	struct fake_inside *in = n->inside;
	int fd = accept(in->listener, NULL, NULL);

	if (fd < 0)
		return;
	for (int i = 0; i < CLIENTS; i++) {
		if (in->fd[i] >= 0)
			continue;
		in->fd[i] = fd;
		in->reader[i] = redisReaderCreate();
		n->connections++;
		return;
	}
	close(fd);
}

/* Answers all requests that are complete. */
static bool answer_all(struct fake_node *n, int i)
{
	struct fake_inside *in = n->inside;
	void *request;

	while (redisReaderGetReply(in->reader[i], &request) == REDIS_OK && request) {
		char reply[FAKE_REPLY] = "";
		bool go_on = n->answer(n, request, reply);
		size_t length = strlen(reply);

		if (!fake_word(request, 0, "CLUSTER") && !fake_word(request, 0, "AUTH"))
			n->requests++;
		freeReplyObject(request);
		if (!go_on || write(in->fd[i], reply, length) != (ssize_t)length)
			return false;
	}
	return true;
}

static void serve(struct fake_node *n, int i)
{
	struct fake_inside *in = n->inside;
	char bytes[65536];
	ssize_t got = read(in->fd[i], bytes, sizeof(bytes));

	if (got <= 0 || redisReaderFeed(in->reader[i], bytes, (size_t)got) != REDIS_OK || !answer_all(n, i))
		hang_up(in, i);
}

static void *run(void *argument)
{
	struct fake_node *n = argument;
	struct fake_inside *in = n->inside;

	while (!n->stop) {
		struct pollfd p[CLIENTS + 1];

		for (int i = 0; i < CLIENTS; i++) {
			if (n->drop)
				hang_up(in, i);
			p[i] = (struct pollfd){.fd = in->fd[i], .events = POLLIN};
		}
		n->drop = false;
		p[CLIENTS] = (struct pollfd){.fd = in->listener, .events = POLLIN};
		if (poll(p, CLIENTS + 1, LOOK_MS) <= 0)
			continue;
		for (int i = 0; i < CLIENTS; i++)
			if (p[i].revents)
				serve(n, i);
		if (p[CLIENTS].revents)
			take(n);
	}
	for (int i = 0; i < CLIENTS; i++)
		hang_up(in, i);
	return NULL;
}

/* Binds to the port that is asked for, or finds one. */
static bool listen_at(struct fake_node *n, int fd)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(n->port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(n->port)};
	bool is_v6 = n->host && strchr(n->host, ':');
	struct sockaddr *address = is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
	socklen_t length = is_v6 ? sizeof(v6) : sizeof(v4);
	int yes = 1;

	inet_pton(AF_INET, "127.0.0.1", &v4.sin_addr);
	v6.sin6_addr = in6addr_loopback;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, address, length) || listen(fd, CLIENTS) || getsockname(fd, address, &length))
		return false;
	n->port = ntohs(is_v6 ? v6.sin6_port : v4.sin_port);
	return true;
}

bool fake_node_start(struct fake_node *n)
{
	struct fake_inside *in = calloc(1, sizeof(*in));

	if (!in)
		abort();
	n->inside = in;
	n->stop = false;
	for (int i = 0; i < CLIENTS; i++)
		in->fd[i] = -1;
	in->listener = socket(n->host && strchr(n->host, ':') ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
	if (in->listener < 0 || !listen_at(n, in->listener)) {
		close(in->listener);
		free(in);
		n->inside = NULL;
		return false;
	}
	if (pthread_create(&in->thread, NULL, run, n))
		abort();
	return true;
}

void fake_node_stop(struct fake_node *n)
{
	if (!n->inside)
		return;
	n->stop = true;
	pthread_join(n->inside->thread, NULL);
	close(n->inside->listener);
	free(n->inside);
	n->inside = NULL;
}

void fake_node_drop(struct fake_node *n)
{
	n->drop = true;
	while (n->drop)
		usleep(1000);
}

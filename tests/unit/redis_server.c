/* SPDX-License-Identifier: BSD-3-Clause */
#include "redis_server.h"

#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "redis_server: %s: %s\n", what, strerror(errno));
	abort();
}

bool redis_server_installed(void)
{
	return access("/usr/bin/redis-server", X_OK) == 0 || access("/usr/local/bin/redis-server", X_OK) == 0;
}

static void exec_server(const struct redis_server *s)
{
	const char *argv[] = {"redis-server",
			      "--port",
			      "0",
			      "--unixsocket",
			      s->socket,
			      "--dir",
			      s->dir,
			      "--save",
			      "",
			      "--appendonly",
			      s->durable ? "yes" : "no",
			      "--appendfsync",
			      "always",
			      "--logfile",
			      "server.log",
			      "--daemonize",
			      "no",
			      s->password ? "--requirepass" : NULL,
			      s->password,
			      NULL};
	/* Goes when the test goes, and does not hold on to the test's output. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
		_exit(127);
	execvp(argv[0], (char *const *)argv);
	_exit(127);
}

static bool answers(struct redis_server *s)
{
	redisReply *reply;
	bool ready;

	s->link = redisConnectUnix(s->socket);
	if (!s->link || s->link->err)
		goto err;
	if (s->password)
		freeReplyObject(redisCommand(s->link, "AUTH %s", s->password));
	reply = redisCommand(s->link, "PING");
	ready = reply && reply->type == REDIS_REPLY_STATUS;
	freeReplyObject(reply);
	if (ready)
		return true;
err:
	if (s->link)
		redisFree(s->link);
	s->link = NULL;
	return false;
}

void redis_server_restart(struct redis_server *s)
{
	s->pid = fork();
	if (s->pid < 0)
		die("fork");
	if (!s->pid)
		exec_server(s);
	for (int tries = 0; tries < 1000; tries++) {
		if (answers(s))
			return;
		usleep(10000);
	}
	die("does not answer");
}

void redis_server_start(struct redis_server *s)
{
	snprintf(s->dir, sizeof(s->dir), "/tmp/needletail-redis-XXXXXX");
	if (!mkdtemp(s->dir))
		die("mkdtemp");
	snprintf(s->socket, sizeof(s->socket), "%s/redis.sock", s->dir);
	redis_server_restart(s);
}

void redis_server_kill(struct redis_server *s)
{
	if (!s->pid)
		return;
	redisFree(s->link);
	s->link = NULL;
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	s->pid = 0;
}

static void remove_in(const struct redis_server *s, const char *what)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s%s", s->dir, what);
	if (system(command))
		die(command);
}

void redis_server_forget(struct redis_server *s)
{
	remove_in(s, "/appendonlydir");
}

void redis_server_stop(struct redis_server *s)
{
	redis_server_kill(s);
	remove_in(s, "");
}

struct nt_redis_url redis_server_url(const struct redis_server *s)
{
	struct nt_redis_url url = {.port = NT_REDIS_PORT};

	snprintf(url.path, sizeof(url.path), "%s", s->socket);
	if (s->password)
		snprintf(url.password, sizeof(url.password), "%s", s->password);
	return url;
}

static redisReply *ask(struct redis_server *s, const char *format, va_list args)
{
	redisReply *reply = redisvCommand(s->link, format, args);

	if (!reply || reply->type == REDIS_REPLY_ERROR) {
		fprintf(stderr, "redis_server: %s: %s\n", format, reply ? reply->str : s->link->errstr);
		abort();
	}
	return reply;
}

struct redisReply *redis_server_do(struct redis_server *s, const char *format, ...)
{
	redisReply *reply;
	va_list args;

	va_start(args, format);
	reply = ask(s, format, args);
	va_end(args);
	return reply;
}

int64_t redis_server_number(struct redis_server *s, const char *format, ...)
{
	redisReply *reply;
	int64_t number = 0;
	va_list args;

	va_start(args, format);
	reply = ask(s, format, args);
	va_end(args);
	if (reply->type == REDIS_REPLY_INTEGER)
		number = reply->integer;
	else if (reply->type == REDIS_REPLY_STRING)
		number = strtoll(reply->str, NULL, 10);
	freeReplyObject(reply);
	return number;
}

/* ---- proxy ---- */

struct redis_proxy {
	char server[96];
	char socket[128];
	int listener;
	pthread_t thread;
	_Atomic bool stop;
	_Atomic unsigned int lose_one_of; /* test writes */
	_Atomic unsigned int lost;	  /* proxy writes */
	unsigned int requests;
};

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0)
		die("socket");
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool copy(int from, int to)
{
	char bytes[65536];
	ssize_t n = read(from, bytes, sizeof(bytes));

	for (ssize_t done = 0; done < n;) {
		ssize_t written = write(to, bytes + done, (size_t)(n - done));

		if (written <= 0)
			return false;
		done += written;
	}
	return n > 0;
}

static bool readable(int fd, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, ms) > 0;
}

/* Passes bytes on in both directions. The client asks and waits, so bytes from the server are a reply, and the first
 * of them mean that the request was executed. */
static void serve(struct redis_proxy *p, int client, int server)
{
	while (!p->stop) {
		struct pollfd both[] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};

		if (poll(both, 2, 20) <= 0)
			continue;
		if (both[0].revents && !copy(client, server))
			return;
		if (!both[1].revents)
			continue;
		if (p->lose_one_of && ++p->requests % p->lose_one_of == 0) {
			p->lost++;
			return;
		}
		if (!copy(server, client))
			return;
	}
}

static void *run_proxy(void *argument)
{
	struct redis_proxy *p = argument;

	while (!p->stop) {
		int client, server;

		if (!readable(p->listener, 20))
			continue;
		client = accept(p->listener, NULL, NULL);
		server = connect_to(p->server);
		if (client >= 0 && server >= 0)
			serve(p, client, server);
		close(client);
		close(server);
	}
	return NULL;
}

struct redis_proxy *redis_proxy_start(const struct redis_server *s, struct nt_redis_url *url)
{
	struct redis_proxy *p = calloc(1, sizeof(*p));
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (!p)
		die("calloc");
	snprintf(p->server, sizeof(p->server), "%s", s->socket);
	snprintf(p->socket, sizeof(p->socket), "%s/proxy.sock", s->dir);
	snprintf(address.sun_path, sizeof(address.sun_path), "%.100s", p->socket);
	unlink(p->socket);
	p->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	if (p->listener < 0 || bind(p->listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(p->listener, 16))
		die("proxy");
	*url = (struct nt_redis_url){.port = NT_REDIS_PORT};
	snprintf(url->path, sizeof(url->path), "%.100s", p->socket);
	if (pthread_create(&p->thread, NULL, run_proxy, p))
		die("pthread_create");
	return p;
}

void redis_proxy_lose(struct redis_proxy *p, unsigned int n)
{
	p->lose_one_of = n;
}

unsigned int redis_proxy_lost(const struct redis_proxy *p)
{
	return p->lost;
}

void redis_proxy_stop(struct redis_proxy *p)
{
	p->stop = true;
	pthread_join(p->thread, NULL);
	close(p->listener);
	unlink(p->socket);
	free(p);
}

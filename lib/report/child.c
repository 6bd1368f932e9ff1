/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/child.h"

#include "base/printable.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Input and output are files in memory, so that neither side ever waits for the other. */

/* What a program complains of is looked at from its end. */
#define COMPLAINT_MOST 4096

int nt_child_find(const char *name, char path[static PATH_MAX])
{
	const char *folders = getenv("PATH");

	for (const char *at = folders ? folders : "/usr/bin:/bin", *next; at; at = next) {
		size_t length = strcspn(at, ":");
		struct stat st;

		next = at[length] ? at + length + 1 : NULL;
		if (length && snprintf(path, PATH_MAX, "%.*s/%s", (int)length, at, name) < PATH_MAX &&
		    !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK))
			return 0;
	}
	return -ENOENT;
}

/* ---- files in memory ---- */

struct streams {
	int in;
	int out;
	int err;
};

static void streams_fini(struct streams *s)
{
	for (int *fd = (int[]){s->in, s->out, s->err, -1}; *fd >= 0; fd++)
		close(*fd);
}

static int fill(int fd, const char *text, size_t size)
{
	while (size) {
		ssize_t n = write(fd, text, size);

		if (n < 0)
			return -errno;
		text += n;
		size -= (size_t)n;
	}
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

static int streams_init(struct streams *s, const struct nt_child *child)
{
	int err = 0;

	s->in = memfd_create("input", MFD_CLOEXEC);
	s->out = s->in < 0 ? -1 : memfd_create("output", MFD_CLOEXEC);
	s->err = s->out < 0 ? -1 : memfd_create("errors", MFD_CLOEXEC);
	if (s->err < 0)
		err = -errno;
	else
		err = fill(s->in, child->input, child->input_size);
	if (err)
		streams_fini(s);
	return err;
}

static int read_all(int fd, struct nt_child_output *out)
{
	off_t size = lseek(fd, 0, SEEK_END);

	if (size < 0)
		return -errno;
	*out = (struct nt_child_output){.text = malloc((size_t)size + 1)};
	if (!out->text)
		return -ENOMEM;
	while (out->size < (size_t)size) {
		ssize_t n = pread(fd, out->text + out->size, (size_t)size - out->size, (off_t)out->size);

		if (n <= 0)
			break;
		out->size += (size_t)n;
	}
	out->text[out->size] = '\0';
	return 0;
}

/* The last line that has letters. */
static void last_complaint(int fd, char *line, size_t size)
{
	char text[COMPLAINT_MOST + 1], *rest = NULL;
	off_t end = lseek(fd, 0, SEEK_END), from = end > COMPLAINT_MOST ? end - COMPLAINT_MOST : 0;
	ssize_t n = pread(fd, text, COMPLAINT_MOST, from);

	line[0] = '\0';
	text[n > 0 ? n : 0] = '\0';
	for (char *one = strtok_r(text, "\r\n", &rest); one; one = strtok_r(NULL, "\r\n", &rest)) {
		one += strspn(one, " \t^");
		if (*one)
			snprintf(line, size, "%.150s", one);
	}
	nt_printable(line);
}

/* ---- the process ---- */

static const int ending[] = {SIGINT, SIGTERM, SIGHUP};

static void set_of_ending(sigset_t *set)
{
	sigemptyset(set);
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
		sigaddset(set, ending[i]);
}

static int spawn(const struct nt_child *child, const struct streams *s, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	sigset_t none, usual;
	int err;

	sigemptyset(&none);
	set_of_ending(&usual);
	sigaddset(&usual, SIGPIPE);
	if (posix_spawn_file_actions_init(&files))
		return -ENOMEM;
	if (posix_spawnattr_init(&how)) {
		posix_spawn_file_actions_destroy(&files);
		return -ENOMEM;
	}
	posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&how, &none);
	posix_spawnattr_setsigdefault(&how, &usual);
	err = posix_spawn_file_actions_adddup2(&files, s->in, 0);
	err = err ? err : posix_spawn_file_actions_adddup2(&files, s->out, 1);
	err = err ? err : posix_spawn_file_actions_adddup2(&files, s->err, 2);
	err = err ? err
		  : posix_spawn(pid, child->program, &files, &how, (char *const *)child->argv,
				(char *const *)child->environment);
	posix_spawnattr_destroy(&how);
	posix_spawn_file_actions_destroy(&files);
	return -err;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until the process is over, but leaves it to be reaped. Returns 0, -ETIMEDOUT, -EINTR. */
static int await(int process, int signals, int limit_s)
{
	struct pollfd fd[] = {{.fd = process, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
	int64_t end_ms = now_ms() + (int64_t)limit_s * 1000;

	for (;;) {
		int64_t left_ms = end_ms - now_ms();

		if (poll(fd, 2, left_ms > 0 ? (int)left_ms : 0) < 0 && errno != EINTR)
			return -errno;
		if (fd[0].revents)
			return 0;
		if (fd[1].revents)
			return -EINTR;
		if (left_ms <= 0)
			return -ETIMEDOUT;
	}
}

/* Ends what is left of the process group while its leader is still there to keep the number, and reaps the leader. */
static int end_and_reap(pid_t pid, int *status)
{
	kill(-pid, SIGKILL);
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static int wait_for(pid_t pid, const struct nt_child *child, int *status)
{
	int process = pidfd_open(pid, 0), signals = -1, err, reaped;
	sigset_t set;

	set_of_ending(&set);
	err = process < 0 ? -errno : 0;
	if (!err) {
		signals = signalfd(-1, &set, SFD_CLOEXEC);
		err = signals < 0 ? -errno : await(process, signals, child->limit_s);
	}
	reaped = end_and_reap(pid, status);
	if (signals >= 0)
		close(signals);
	if (process >= 0)
		close(process);
	return err ? err : reaped;
}

static const char *name_of(const struct nt_child *child)
{
	const char *slash = strrchr(child->program, '/');

	return slash ? slash + 1 : child->program;
}

static int judge(const struct nt_child *child, int status, int fd, char why[static NT_CHILD_WHY])
{
	char complaint[160];

	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	last_complaint(fd, complaint, sizeof(complaint));
	if (WIFSIGNALED(status))
		snprintf(why, NT_CHILD_WHY, "%.40s was ended by signal %d%s%s", name_of(child), WTERMSIG(status),
			 complaint[0] ? ": " : "", complaint);
	else
		snprintf(why, NT_CHILD_WHY, "%.40s failed with status %d%s%s", name_of(child), WEXITSTATUS(status),
			 complaint[0] ? ": " : "", complaint);
	return -EIO;
}

static int run(const struct nt_child *child, const struct streams *s, struct nt_child_output *out,
	       char why[static NT_CHILD_WHY])
{
	int status = 0, err;
	pid_t pid;

	err = spawn(child, s, &pid);
	if (!err)
		err = wait_for(pid, child, &status);
	if (err == -ETIMEDOUT)
		snprintf(why, NT_CHILD_WHY, "%.40s was not done after %d s", name_of(child), child->limit_s);
	else if (err)
		snprintf(why, NT_CHILD_WHY, "%.40s: %s", name_of(child), strerror(-err));
	if (!err)
		err = judge(child, status, s->err, why);
	if (!err) {
		err = read_all(s->out, out);
		if (err)
			snprintf(why, NT_CHILD_WHY, "%.40s: %s", name_of(child), strerror(-err));
	}
	return err;
}

int nt_child_run(const struct nt_child *child, struct nt_child_output *out, char why[static NT_CHILD_WHY])
{
	struct streams s;
	sigset_t set, before;
	int err = streams_init(&s, child);

	*out = (struct nt_child_output){.text = NULL};
	if (err) {
		snprintf(why, NT_CHILD_WHY, "%.40s: %s", name_of(child), strerror(-err));
		return err;
	}
	set_of_ending(&set);
	pthread_sigmask(SIG_BLOCK, &set, &before);
	err = run(child, &s, out, why);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	streams_fini(&s);
	return err;
}

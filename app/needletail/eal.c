/* SPDX-License-Identifier: BSD-3-Clause */
#include "eal.h"

#include "devargs.h"

#include "base/log.h"
#include "config/cpus.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_ARGS  320
#define ARG_BYTES 4096
#define WHY_BYTES 256

/* Where DPDK puts root's files. */
#define DPDK_DIR "/var/run/dpdk"

/* Each process has a run-time directory of its own, so that users and processes do not meet in /tmp or /var/run. */
static char runtime_dir[40]; /* /tmp/needletail-PID-XXXXXX */

/* DPDK's own messages: those that nobody asked for go to the log; when something failed, the first tells most. */
static char first_error[WHY_BYTES];
static bool started, holding = true;

struct args {
	int n;
	char *v[MAX_ARGS + 1];
};

static int add_arg(struct args *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int add_arg(struct args *a, const char *format, ...)
{
	char text[ARG_BYTES];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= sizeof(text) || a->n == MAX_ARGS)
		return -E2BIG;
	a->v[a->n] = strdup(text);
	if (!a->v[a->n])
		return -ENOMEM;
	a->n++;
	return 0;
}

static ssize_t take_message(void *cookie, const char *text, size_t length)
{
	int kept = (int)length;

	(void)cookie;
	while (kept && (text[kept - 1] == '\n' || text[kept - 1] == ' '))
		kept--;
	if (kept && !holding)
		nt_warning("dpdk: %.*s", kept, text);
	else if (kept && !*first_error)
		snprintf(first_error, sizeof(first_error), "%.*s", kept, text);
	return (ssize_t)length;
}

void eal_hold_messages(void)
{
	holding = true;
}

void eal_release_messages(void)
{
	holding = false;
	if (*first_error)
		nt_info("dpdk: %s", first_error); /* and yet everything works */
	*first_error = '\0';
}

const char *eal_reason(int err)
{
	static char reason[WHY_BYTES];

	snprintf(reason, sizeof(reason), "%s", *first_error ? first_error : strerror(abs(err)));
	*first_error = '\0';
	return reason;
}

static int redirect_messages(void)
{
	FILE *stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = take_message});

	if (!stream)
		return -errno;
	setvbuf(stream, NULL, _IOLBF, 0);
	return rte_openlog_stream(stream);
}

/* CPUs this process may use, as "(0,1,4)". */
static int allowed_cpus(char *text, size_t size)
{
	cpu_set_t set;
	size_t used = 0;

	if (sched_getaffinity(0, sizeof(set), &set))
		return -errno;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set) && used + 8 < size)
			used += (size_t)snprintf(text + used, size - used, "%c%d", used ? ',' : '(', cpu);
	snprintf(text + used, size - used, ")");
	return 0;
}

/* An lcore is one thread; several may share a CPU. */
static int add_lcores(struct args *a, const struct eal_options *o)
{
	char allowed[ARG_BYTES / 2], map[ARG_BYTES];
	struct nt_cpus cpus = {0};
	const char *why;
	size_t used = 0;
	int err = allowed_cpus(allowed, sizeof(allowed));

	if (!err && o->lcores && *o->lcores)
		err = nt_cpus_parse(o->lcores, &cpus, &why);
	if (err)
		return err;
	for (uint32_t lcore = 0; lcore <= o->workers && used < sizeof(map); lcore++) {
		const char *comma = lcore ? "," : "";

		if (cpus.n)
			used += (size_t)snprintf(map + used, sizeof(map) - used, "%s%u@%u", comma, lcore,
						 nt_cpus_of_lcore(&cpus, lcore));
		else
			used += (size_t)snprintf(map + used, sizeof(map) - used, "%s%u@%s", comma, lcore, allowed);
	}
	if (used >= sizeof(map))
		return -E2BIG;
	err = add_arg(a, "--lcores=%s", map);
	return err ? err : add_arg(a, "--main-lcore=%d", EAL_MAIN_LCORE);
}

static int add_memory(struct args *a, const struct eal_options *o)
{
	int err = 0;

	if (o->hugepages && o->shared_memory)
		err = add_arg(a, "--single-file-segments"); /* the other side maps a few files, not one for each page */
	if (o->hugepages)
		return err ? err : add_arg(a, "--in-memory");
	return add_arg(a, "--no-huge") || add_arg(a, "--no-shconf") || add_arg(a, "-m%u", o->memory_mib) ? -ENOMEM : 0;
}

static int add_devices(struct args *a, const struct eal_options *o)
{
	bool pci = false;
	int err = 0;

	for (uint32_t i = 0; i < o->n_devices && !err; i++) {
		const char *device = o->devices[i];

		pci = pci || devargs_pci(device);
		err = add_arg(a, devargs_virtual(device) ? "--vdev=%s" : "--allow=%s", device);
	}
	return err || pci ? err : add_arg(a, "--no-pci");
}

static int make_args(struct args *a, const struct eal_options *o)
{
	int err = add_arg(a, "needletail") || add_arg(a, "--no-telemetry") || add_arg(a, "--log-level=*:error") ||
		  add_arg(a, "--force-max-simd-bitwidth=512") ||
		  add_arg(a, "--file-prefix=needletail-%d", (int)getpid());

	if (err)
		return -ENOMEM;
	err = add_lcores(a, o);
	if (!err)
		err = add_memory(a, o);
	return err ? err : add_devices(a, o);
}

static void free_args(struct args *a)
{
	for (int i = 0; i < a->n; i++)
		free(a->v[i]);
}

/* What fails in rte_eal_init() is printed past its log: a banner on stderr, three screens of usage on stdout. */
static int init_silently(struct args *a)
{
	char *pointers[MAX_ARGS + 1]; /* rte_eal_init() permutes the pointers, free_args() needs them all */
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), saved[3], err;

	memcpy(pointers, a->v, sizeof(pointers));
	fflush(stdout);
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
		saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		dup2(null, fd);
	}
	err = rte_eal_init(a->n, pointers) < 0 ? -rte_errno : 0;
	fflush(stdout);
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
		dup2(saved[fd], fd);
		close(saved[fd]);
	}
	close(null);
	return err;
}

static int init(const struct eal_options *options)
{
	struct args a = {0};
	int err = make_args(&a, options);

	if (!err)
		err = init_silently(&a);
	free_args(&a);
	return err;
}

/* Removes a directory and what is in it: plain files, mostly, is all that DPDK leaves. No link is followed. */
static void remove_dir(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		if (entry->d_name[0] != '.' && unlinkat(fd, entry->d_name, 0))
			remove_dir(fd, entry->d_name);
	closedir(dir);
	unlinkat(at, name, AT_REMOVEDIR);
}

static void remove_files(void)
{
	char own[PATH_MAX];

	remove_dir(AT_FDCWD, runtime_dir);
	snprintf(own, sizeof(own), DPDK_DIR "/needletail-%d", (int)getpid()); /* root's, whatever XDG says */
	remove_dir(AT_FDCWD, own);
}

/* Is that the directory of a process of ours that is no more? With `letters`, a name that mkdtemp() made. */
static bool is_left_behind(int folder, const char *name, const char *prefix, bool letters)
{
	size_t length = strlen(prefix);
	char expected[24], made[7] = "";
	struct stat status;
	int pid = 0;

	if (strncmp(name, prefix, length) != 0)
		return false;
	sscanf(name + length, "%9d-%6[0-9A-Za-z]", &pid, made);
	snprintf(expected, sizeof(expected), "%d%s%s", pid, letters ? "-" : "", made);
	if (pid <= 0 || strlen(made) != (letters ? 6 : 0) || strcmp(name + length, expected) != 0)
		return false;
	if (!kill(pid, 0) || errno != ESRCH)
		return false;
	return !fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) && S_ISDIR(status.st_mode) &&
	       status.st_uid == geteuid();
}

/* A process that is killed while it starts cannot remove them itself, and testpmd never does. */
static void sweep(const char *folder, const char *prefix, bool letters)
{
	DIR *dir = opendir(folder);

	if (!dir)
		return;
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		if (is_left_behind(dirfd(dir), entry->d_name, prefix, letters))
			remove_dir(dirfd(dir), entry->d_name);
	closedir(dir);
}

int eal_start(const struct eal_options *options, char *why, size_t why_size)
{
	int err;

	sweep("/tmp", "needletail-", true);
	sweep(DPDK_DIR, "needletail-", false);
	sweep(DPDK_DIR, "needletail-testpmd-", false); /* of bench --compare-testpmd, under the bench's number */
	snprintf(runtime_dir, sizeof(runtime_dir), "/tmp/needletail-%d-XXXXXX", (int)getpid());
	if (!mkdtemp(runtime_dir) || setenv("XDG_RUNTIME_DIR", runtime_dir, 1)) {
		err = -errno;
		snprintf(why, why_size, "%s: %s", runtime_dir, strerror(-err));
		return err;
	}
	err = redirect_messages();
	if (!err)
		err = init(options);
	if (err) {
		snprintf(why, why_size, "%s", eal_reason(err));
		remove_files();
		return err;
	}
	remove_files(); /* nothing looks at them again, and a crash cannot leave them behind */
	started = true;
	holding = false;
	return 0;
}

void eal_stop(void)
{
	if (started)
		rte_eal_cleanup();
	started = false;
}

/* NUMA node of a CPU: the node's directory is linked into the CPU's. */
static int node_of_cpu(int cpu)
{
	char path[PATH_MAX];
	int node = -1;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d", cpu);
	dir = opendir(path);
	if (!dir)
		return -1;
	for (struct dirent *entry = readdir(dir); entry && node < 0; entry = readdir(dir))
		if (sscanf(entry->d_name, "node%d", &node) != 1)
			node = -1;
	closedir(dir);
	return node;
}

/* rte_lcore_to_socket_id() goes by the lcore's number, which is no CPU's number here. */
int eal_worker_socket(uint32_t worker)
{
	rte_cpuset_t cpus = rte_lcore_cpuset(EAL_WORKER_LCORE(worker));
	int common = -1;

	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		int node = CPU_ISSET(cpu, &cpus) ? node_of_cpu(cpu) : common;

		if (common >= 0 && node != common)
			return -1;
		common = node;
	}
	return common;
}

uint64_t eal_free_hugepages_mib(void)
{
	static const char base[] = "/sys/kernel/mm/hugepages";
	DIR *dir = opendir(base);
	uint64_t mib = 0;

	if (!dir)
		return 0;
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		unsigned long long kib, pages = 0;
		char path[PATH_MAX];
		FILE *f;

		if (sscanf(entry->d_name, "hugepages-%llukB", &kib) != 1)
			continue;
		snprintf(path, sizeof(path), "%s/%s/free_hugepages", base, entry->d_name);
		f = fopen(path, "r");
		if (!f)
			continue;
		if (fscanf(f, "%llu", &pages) == 1)
			mib += kib * pages / 1024;
		fclose(f);
	}
	closedir(dir);
	return mib;
}

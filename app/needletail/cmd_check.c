/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands.h"

#include "af_packet.h"
#include "detect_config.h"
#include "devargs.h"
#include "live_config.h"
#include "machine.h"
#include "port.h"
#include "sinks.h"
#include "sizing.h"

#include "base/log.h"
#include "config/cpus.h"
#include "geo/asn.h"
#include "needletail/errors.h"
#include "redis/client.h"
#include "spool/spool.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define WHY_BYTES 1024

static const char help[] =
    "usage: needletail check -c FILE\n"
    "\n"
    "Checks the configuration, then whether the machine has what it names, and says what to type to mend each\n"
    "finding. Starts nothing. Exit status: 0 all is well, 1 the machine lacks something, 2 the file is wrong.\n";

struct check {
	const struct nt_config *config;
	uint32_t workers;
	uint32_t findings;
};

static void find(struct check *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void find(struct check *c, const char *format, ...)
{
	char line[WHY_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	nt_error("%s", line);
	c->findings++;
}

/* Devices */

static void check_interface(struct check *c, const char *device)
{
	struct machine_interface interface;
	char name[IF_NAMESIZE];

	if (strncmp(device, "net_af_", 7) && strncmp(device, "eth_af_", 7))
		return;
	if (!devargs_value(device, "iface", 0, name, sizeof(name)) || machine_read_interface(name, &interface))
		return; /* machine_check_device() has said so */
	if (!interface.up)
		find(c, "%s: interface %s is down: ip link set %s up", device, name, name);
	else if (!interface.link)
		find(c, "%s: interface %s has no link: check the cable or the other end", device, name);
}

static void find_doubt(void *cookie, const char *line)
{
	find(cookie, "%s", line);
}

static void check_devices(struct check *c)
{
	char why[WHY_BYTES];

	for (uint32_t i = 0; i < c->config->n_devices; i++) {
		const struct nt_config_device *d = &c->config->device[i];

		if (machine_check_device(d, why, sizeof(why)))
			find(c, "%s", why);
		else
			check_interface(c, d->name);
		af_packet_each_doubt(d->name, find_doubt, c);
		if (port_mbufs(d) > c->config->memory.mbufs)
			find(c, "memory.mbufs: %" PRIu32 " asked, %s needs %" PRIu32 ": set memory.mbufs: %" PRIu32,
			     c->config->memory.mbufs, d->name, port_mbufs(d), port_mbufs(d));
	}
}

/* CPUs and memory */

static void check_cpus(struct check *c)
{
	char why[WHY_BYTES];
	struct nt_cpus cpus;

	if (machine_check_cpus(c->config->lcores, why, sizeof(why)))
		find(c, "%s", why);
	if (!*c->config->lcores || nt_cpus_parse(c->config->lcores, &cpus, &(const char *){NULL}))
		return;
	if (cpus.n < 1 + c->workers)
		find(c,
		     "lcores: %" PRIu32 " CPUs named, %" PRIu32
		     " needed: one for statistics and one for each of %" PRIu32 " workers",
		     cpus.n, 1 + c->workers, c->workers);
}

static void check_memory(struct check *c)
{
	uint64_t needed_mib = sizing_mib(c->config, c->workers);
	char why[WHY_BYTES];
	bool hugepages;

	if (sizing_hugepages(c->config, c->workers, &hugepages, why, sizeof(why)))
		find(c, "%s", why);
	else if (!hugepages && c->config->memory.mib < needed_mib)
		find(c, "memory.mib: %" PRIu32 " asked, about %" PRIu64 " needed: set memory.mib: %" PRIu64,
		     c->config->memory.mib, needed_mib, needed_mib);
}

/* Files */

static void check_geo(struct check *c)
{
	const struct nt_config_geo *geo = &c->config->geo;
	const struct nt_geo_options options = {
	    .path = geo->country,
	    .country_path = *geo->country_path ? geo->country_path : NULL,
	};
	struct nt_asn *asn = NULL;
	char why[NT_GEO_WHY];

	if (*geo->country && nt_geo_check(&options, NULL, why))
		find(c, "geo.country: %s", why);
	if (*geo->asn && nt_asn_open(geo->asn, &asn, why))
		find(c, "geo.asn: %s", why);
	nt_asn_close(asn);
}

static void check_detect(struct check *c)
{
	const struct nt_detect_options options = detect_options(c->config, c->config->interval_s);
	char why[NT_DETECT_WHY];
	struct nt_detect *detect = nt_detect_new(&options, why);

	if (!detect)
		find(c, "%s", why);
	nt_detect_free(detect);
}

/* A file that will be written: it need not be there, but its folder must. */
static void check_output(struct check *c, const char *key, const char *path)
{
	char copy[PATH_MAX];
	struct stat status;
	const char *folder;

	if (!*path || !strcmp(path, "-"))
		return;
	if (!stat(path, &status)) {
		if (S_ISDIR(status.st_mode))
			find(c, "%s: %s: is a folder: name a file in it", key, path);
		else if (access(path, W_OK))
			find(c, "%s: %s: %s", key, path, strerror(errno));
		return;
	}
	snprintf(copy, sizeof(copy), "%s", path);
	folder = dirname(copy);
	if (access(folder, F_OK))
		find(c, "%s: %s: its folder is not there: mkdir -p %s", key, path, folder);
	else if (access(folder, W_OK | X_OK))
		find(c, "%s: %s: %s: chown or chmod %s", key, path, strerror(errno), folder);
}

/* A file that is in use is a sensor at work. */
static void find_bad_spool(struct check *c, const char *path, int error)
{
	const char *why = nt_spool_refusal(error);

	if (error == EEXIST)
		find(c, "spool.path: %s: %s: give each sensor a file of its own", path, why);
	else if (error != EBUSY)
		find(c, "spool.path: %s: %s", path, why ? why : strerror(error));
}

/* Capture goes on without a spool that cannot be used, and nobody would notice until it is missed. */
static void check_spool(struct check *c)
{
	const struct nt_config_spool *spool = &c->config->spool;
	uint32_t before = c->findings;
	struct nt_spool_options options = nt_spool_defaults;
	struct stat status;
	struct nt_spool *s;

	check_output(c, "spool.path", spool->path);
	if (!*spool->path || c->findings != before || lstat(spool->path, &status))
		return;
	if (S_ISLNK(status.st_mode) && stat(spool->path, &status)) {
		find_bad_spool(c, spool->path, errno == ENOENT ? ENOLINK : errno);
		return;
	}
	if (!S_ISREG(status.st_mode)) {
		find(c, "spool.path: %s: is no file", spool->path);
		return;
	}
	options.path = spool->path;
	options.sensor = c->config->sensor;
	options.sinks = NT_SINK_BIT(NT_SINK_LINES) | NT_SINK_BIT(NT_SINK_REDIS); /* let go of nothing */
	options.disk_bytes = (uint64_t)spool->mib << 20;
	options.keep_applied_s = spool->keep_applied_s;
	s = nt_spool_open(&options);
	if (!s)
		find_bad_spool(c, spool->path, errno);
	nt_spool_free(s);
}

/* A spool that cannot grow to its size drops intervals earlier than one thinks. */
static void check_spool_room(struct check *c)
{
	const struct nt_config_spool *spool = &c->config->spool;
	char folder[PATH_MAX];
	struct statvfs room;
	struct stat status;
	uint64_t there;

	snprintf(folder, sizeof(folder), "%s", spool->path);
	if (!*spool->path || statvfs(dirname(folder), &room))
		return;
	there = (uint64_t)room.f_bavail * room.f_frsize + (stat(spool->path, &status) ? 0 : (uint64_t)status.st_size);
	if (there >> 20 < spool->mib)
		find(c, "spool.mib: %" PRIu32 " asked, %" PRIu64 " MiB free beside %s: set spool.mib: %" PRIu64,
		     spool->mib, there >> 20, spool->path, there >> 21);
}

/* Redis */

/* redis-cli takes no URL of a socket, and the password does not belong on a command line. */
static void ask_by_hand(const struct nt_redis_url *url, char *text, size_t size)
{
	const char *user = url->user[0] ? " --user " : "", *secret = url->password[0] ? " --askpass" : "";
	char where[NT_REDIS_URL_TEXT];

	nt_redis_url_text(url, where);
	if (url->path[0])
		snprintf(text, size, "redis-cli -s %s -n %" PRIu32 "%s%s%s ping", url->path, url->db, user, url->user,
			 secret);
	else
		snprintf(text, size, "redis-cli -u %s%s%s%s ping", where, user, url->user, secret);
}

static void check_redis(struct check *c)
{
	struct nt_redis_client_options options = {.timeout_ms = c->config->redis.timeout_ms};
	char where[NT_REDIS_URL_TEXT], ask[WHY_BYTES];
	struct nt_redis_client *client;

	if (!*c->config->redis.url)
		return;
	if (sinks_redis_url(&c->config->redis, &options.url)) {
		c->findings++; /* which it has named */
		return;
	}
	nt_redis_url_text(&options.url, where);
	ask_by_hand(&options.url, ask, sizeof(ask));
	client = nt_redis_client_new(&options);
	if (!client || nt_redis_client_connect(client))
		find(c, "redis.url: %s: %s: see %s", where, client ? nt_redis_client_why(client) : strerror(errno),
		     ask);
	nt_redis_client_free(client);
}

static int check(const struct live_config *l)
{
	struct check c = {.config = &l->config};
	char why[WHY_BYTES];

	if (sizing_workers(c.config, &c.workers, why, sizeof(why))) {
		nt_error("%s: %s", l->path, why);
		return NT_EXIT_UNUSABLE;
	}
	check_devices(&c);
	check_cpus(&c);
	check_memory(&c);
	check_geo(&c);
	check_detect(&c);
	check_output(&c, "json", c.config->json);
	check_spool(&c);
	check_spool_room(&c);
	check_redis(&c);
	if (c.findings)
		return NT_EXIT_FAILED;
	return printf("%s: ok\n", l->path) < 0 ? NT_EXIT_FAILED : NT_EXIT_OK;
}

int cmd_check(int argc, char **argv)
{
	struct live_config l;
	int status;

	if (live_config_read(&l, argc, argv, help))
		return l.status;
	status = check(&l);
	nt_config_fini(&l.config);
	return status;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "sinks.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>


static int open_json(struct sinks *s, const char *path)
{
	int err;

	if (!*path)
		return 0;
	s->json = strcmp(path, "-") ? fopen(path, "ae") : stdout; /* emptied in sinks_start() */
	if (s->json)
		return 0;
	err = -errno;
	nt_error("%s: %s", path, strerror(-err));
	return err;
}

/* The first line of a file that nobody else may read. */
static int read_password(const char *path, char *password, size_t size)
{
	struct stat status;
	FILE *file = fopen(path, "re");
	int err = 0;

	if (!file || fstat(fileno(file), &status)) {
		err = -errno;
		nt_error("%s: %s", path, strerror(-err));
	} else if (status.st_mode & (S_IRWXG | S_IRWXO)) {
		err = -EACCES;
		nt_error("%s: others can read the password: chmod 600 %s", path, path);
	} else if (!fgets(password, (int)size, file)) {
		err = -EINVAL;
		nt_error("%s: holds no password", path);
	}
	if (file)
		fclose(file);
	if (!err)
		password[strcspn(password, "\r\n")] = '\0';
	return err;
}

int sinks_redis_url(const struct nt_config_redis *redis, struct nt_redis_url *url)
{
	const char *why;

	if (nt_redis_url_parse(redis->url, url, &why)) {
		nt_error("redis.url: %s", why);
		return -EINVAL;
	}
	if (!*redis->password_file)
		return 0;
	return read_password(redis->password_file, url->password, sizeof(url->password));
}

static struct nt_sensor read_sensor(const struct sinks_options *o)
{
	return (struct nt_sensor){
	    .name = o->config->sensor,
	    .group = o->config->group,
	    .version = NT_VERSION,
	    .addresses = o->config->addresses,
	    .interval_s = o->interval_s,
	    .day_offset_h = o->config->day_offset_h,
	    .started_s = nt_clock_now().s,
	    .geo_build_s = o->geo_build_s,
	    .limits = nt_config_redis_limits(&o->config->redis),
	};
}

static int make_publisher(struct sinks *s, const struct sinks_options *o)
{
	const struct publisher_options options = {
	    .sensor = read_sensor(o),
	    .json = s->json,
	    .redis = s->has_redis ? &s->redis : NULL,
	    .timeout_ms = o->config->redis.timeout_ms,
	    .spool_snapshots = o->config->redis.queue,
	    .wait = o->wait,
	    .patience_ms = o->patience_ms,
	    .give_up = o->give_up,
	};

	s->publisher = publisher_new(&options);
	if (s->publisher)
		return 0;
	nt_error("publisher: %s", strerror(errno));
	return -errno;
}

int sinks_open(struct sinks *s, const struct sinks_options *options)
{
	int err;

	*s = (struct sinks){0};
	s->has_redis = *options->config->redis.url;
	err = s->has_redis ? sinks_redis_url(&options->config->redis, &s->redis) : 0;
	if (!err)
		err = open_json(s, options->config->json);
	if (!err)
		err = make_publisher(s, options);
	if (err)
		sinks_close(s);
	return err;
}

int sinks_start(struct sinks *s)
{
	int err = 0;

	if (s->json && s->json != stdout && !s->append && ftruncate(fileno(s->json), 0) && errno != EINVAL)
		err = -errno; /* EINVAL: a pipe or a device, which holds nothing */
	if (!err)
		err = publisher_start(s->publisher);
	if (err)
		nt_error("publisher: %s", strerror(-err));
	return err;
}

int sinks_close(struct sinks *s)
{
	int err = 0;

	publisher_free(s->publisher);
	if (s->json && s->json != stdout && fclose(s->json))
		err = -errno;
	*s = (struct sinks){0};
	return err;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "sinks.h"

#include "lines.h"

#include "base/clock.h"
#include "base/log.h"
#include "redis/password.h"
#include "spool/spool.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int open_lines(struct sinks *s, const struct nt_config *config)
{
	const struct lines_options options = {
	    .path = config->json,
	    .sensor = config->sensor,
	    .rotate_bytes = (uint64_t)config->json_rotate.mib << 20,
	    .rotate_hours = config->json_rotate.hours,
	    .keep = config->json_rotate.keep,
	    .sync = *config->spool.path, /* what the spool lets go of must be somewhere */
	};
	int err;

	if (!*config->json)
		return 0;
	s->lines = lines_open(&options);
	if (s->lines)
		return 0;
	err = -errno;
	nt_error("%s: %s", config->json, strerror(-err));
	return err;
}

int sinks_redis_url(const struct nt_config_redis *redis, struct nt_redis_url *url)
{
	const char *why;
	int err;

	if (nt_redis_url_parse(redis->url, url, &why)) {
		nt_error("redis.url: %s", why);
		return -EINVAL;
	}
	if (!*redis->password_file)
		return 0;
	err = nt_redis_read_password(redis->password_file, url->password, sizeof(url->password), &why);
	if (err)
		nt_error("%s: %s", redis->password_file, why);
	return err;
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

static int say_refusal(const char *spool, int error)
{
	const char *why = nt_spool_refusal(error);

	if (why)
		nt_error("spool.path: %s: %s", spool, why);
	else
		nt_error("publisher: %s", strerror(error));
	return -error;
}

static int make_publisher(struct sinks *s, const struct sinks_options *o)
{
	const struct publisher_options options = {
	    .sensor = read_sensor(o),
	    .lines = s->lines,
	    .begin_anew = !o->append,
	    .redis = s->has_redis ? &s->redis : NULL,
	    .timeout_ms = o->config->redis.timeout_ms,
	    .spool_path = o->config->spool.path,
	    .spool_bytes = (uint64_t)o->config->spool.mib << 20,
	    .spool_snapshots = o->config->redis.queue,
	    .keep_applied_s = o->config->spool.keep_applied_s,
	    .wait = o->wait,
	    .patience_ms = o->patience_ms,
	    .give_up = o->give_up,
	};

	s->publisher = publisher_new(&options);
	if (s->publisher)
		return 0;
	return say_refusal(o->config->spool.path, errno);
}

int sinks_open(struct sinks *s, const struct sinks_options *options)
{
	int err;

	*s = (struct sinks){0};
	s->has_redis = *options->config->redis.url;
	err = s->has_redis ? sinks_redis_url(&options->config->redis, &s->redis) : 0;
	if (!err)
		err = open_lines(s, options->config);
	if (!err)
		err = make_publisher(s, options);
	if (err)
		sinks_close(s);
	return err;
}

int sinks_start(struct sinks *s)
{
	int err = s->lines ? lines_create(s->lines) : 0;

	if (err)
		return err;
	err = publisher_start(s->publisher);
	if (err)
		nt_error("publisher: %s", strerror(-err));
	return err;
}

int sinks_close(struct sinks *s)
{
	int err;

	publisher_free(s->publisher);
	err = lines_close(s->lines);
	*s = (struct sinks){0};
	return err;
}

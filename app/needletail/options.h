/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_OPTIONS_H
#define NEEDLETAIL_OPTIONS_H

#include "config/config.h"
#include "redis/url.h"

#include <getopt.h>
#include <stdint.h>

/* What subcommands share that take options on top of a configuration file. All say what is wrong. Main thread. */

/**
 * Reads the file of -c, --config, whose letter in `table` is 'c', wherever it stands among the options, so that the
 * others can be applied to it afterwards by a second scan. Returns 0 or -errno.
 */
int options_read_config(int argc, char **argv, const struct option *table, struct nt_config *config);

/** Says that the value of an option will not do; returns -EINVAL. */
int options_bad_value(const char *option, const char *value, const char *why);

/** Reads a number from `least` to `most`. Returns 0 or -EINVAL. */
int options_number(const char *option, const char *value, uint64_t least, uint64_t most, uint64_t *number);

/** Reads the URL of a server that is only read. Returns 0 or -EINVAL. */
int options_redis(const char *value, struct nt_redis_url *url);

/** Reads the password of --password-file into the URL. Returns 0 or -EINVAL. */
int options_password(const char *path, struct nt_redis_url *url);

#endif

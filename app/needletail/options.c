/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include "base/log.h"
#include "base/parse.h"
#include "redis/password.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static int load(struct nt_config *config, const char *path)
{
	char why[NT_CONFIG_WHY];
	int err;

	nt_config_fini(config);
	err = nt_config_load(path, config, why, sizeof(why));
	if (err)
		nt_error("%s", why);
	return err;
}

int options_read_config(int argc, char **argv, const struct option *table, struct nt_config *config)
{
	int id, err = 0;

	opterr = 0; /* the second scan says what is wrong with the others */
	while (!err && (id = getopt_long(argc, argv, "c:h", table, NULL)) != -1)
		if (id == 'c')
			err = load(config, optarg);
	opterr = 1;
	optind = 0; /* the next scan begins anew */
	return err;
}

int options_bad_value(const char *option, const char *value, const char *why)
{
	nt_error("--%s %s: %s", option, value, why);
	return -EINVAL;
}

int options_number(const char *option, const char *value, uint64_t least, uint64_t most, uint64_t *number)
{
	char why[80];

	if (!nt_parse_u64(value, least, most, number))
		return 0;
	snprintf(why, sizeof(why), "must be a number from %" PRIu64 " to %" PRIu64, least, most);
	return options_bad_value(option, value, why);
}

int options_redis(const char *value, struct nt_redis_url *url)
{
	const char *why;

	if (!nt_redis_url_parse(value, url, &why))
		return 0;
	nt_error("--redis: %s", why); /* without the URL: it may hold a password */
	return -EINVAL;
}

int options_password(const char *path, struct nt_redis_url *url)
{
	const char *why;

	if (!nt_redis_read_password(path, url->password, sizeof(url->password), &why))
		return 0;
	nt_error("%s: %s", path, why);
	return -EINVAL;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "complete.h"

#include "base/log.h"
#include "base/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int config_set_text(char **text, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}

static int name_sensor(struct nt_config *c)
{
	char host[NT_NAME_MAX + 1] = "";

	if (*c->sensor)
		return 0;
	if (!gethostname(host, sizeof(host) - 1) && nt_name_valid(host))
		return config_set_text(&c->sensor, host);
	nt_error("sensor: the host name does not serve as a sensor's name, give one");
	return -EINVAL;
}

int complete_config(struct nt_config *c)
{
	int err = name_sensor(c);

	if (!err && !*c->json && !*c->redis.url)
		err = config_set_text(&c->json, "-");
	return err;
}

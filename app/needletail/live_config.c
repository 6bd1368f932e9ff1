/* SPDX-License-Identifier: BSD-3-Clause */
#include "live_config.h"

#include "complete.h"

#include "base/log.h"
#include "needletail/errors.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>

static const struct option options_table[] = {
    {"config", required_argument, NULL, 'c'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int parse(struct live_config *l, int argc, char **argv, const char *help)
{
	const char *command = argv[0];
	char name[64];
	int id;

	snprintf(name, sizeof(name), "needletail: %s", command);
	argv[0] = name; /* getopt's messages begin like ours */
	while ((id = getopt_long(argc, argv, "c:h", options_table, NULL)) != -1) {
		if (id == 'h') {
			l->status = printf("%s", help) < 0 ? NT_EXIT_FAILED : NT_EXIT_OK;
			return -ECANCELED;
		}
		if (id != 'c')
			return -EINVAL; /* getopt has named it */
		l->path = optarg;
	}
	argv[0] = (char *)(uintptr_t)command;
	if (l->path && optind == argc)
		return 0;
	if (optind < argc)
		nt_error("%s: %s: nothing is expected here, see needletail %s --help", command, argv[optind], command);
	else
		nt_error("%s: -c FILE is missing, see needletail %s --help", command, command);
	return -EINVAL;
}

static int load(struct live_config *l)
{
	char why[NT_CONFIG_WHY];
	int err = nt_config_load(l->path, &l->config, why, sizeof(why));

	if (err) {
		nt_error("%s", why);
		return err;
	}
	err = nt_config_check_run(&l->config, l->path, why, sizeof(why));
	if (err)
		nt_error("%s", why);
	else
		err = complete_config(&l->config);
	if (err)
		nt_config_fini(&l->config);
	return err;
}

int live_config_read(struct live_config *l, int argc, char **argv, const char *help)
{
	int err;

	*l = (struct live_config){.status = NT_EXIT_UNUSABLE};
	err = parse(l, argc, argv, help);
	return err ? err : load(l);
}

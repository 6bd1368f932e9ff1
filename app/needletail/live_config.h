/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_LIVE_CONFIG_H
#define NEEDLETAIL_LIVE_CONFIG_H

#include "config/config.h"

/** The command line of a subcommand that takes the configuration of live capture and nothing else. */
struct live_config {
	const char *path;
	struct nt_config config; /**< checked; sensor and a place for the lines are filled in */
	int status; /**< exit status if there is no configuration: help was asked for, or something is wrong */
};

/**
 * Reads "-c FILE" and the file; says what is wrong. Main thread.
 * Returns 0, undone by nt_config_fini(), or a negative number with `status` set and nothing to undo.
 */
int live_config_read(struct live_config *l, int argc, char **argv, const char *help);

#endif

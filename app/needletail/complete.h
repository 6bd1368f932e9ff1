/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_COMPLETE_H
#define NEEDLETAIL_COMPLETE_H

#include "config/config.h"

/**
 * Fills in what neither file nor command line said and the program chooses: the sensor's name after the host, standard
 * output for the lines if they would go nowhere. Says what is wrong. Main thread. Returns 0 or -errno.
 */
int complete_config(struct nt_config *c);

/** Replaces a text of the configuration by a copy of `value`. Returns 0 or -ENOMEM. */
int config_set_text(char **text, const char *value);

#endif

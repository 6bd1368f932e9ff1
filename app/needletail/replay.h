/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_REPLAY_H
#define NEEDLETAIL_REPLAY_H

#include "config/config.h"

/** What `needletail replay` is asked to do. */
struct replay_options {
	struct nt_config config; /**< sensor, interval, workers, geo, tables, json and redis are used */
	bool one_interval;	 /**< one interval over everything; config.interval_s is not used */
	bool add;		 /**< add to what the sensor already holds in Redis */
	char *const *paths;	 /**< [n] captures */
	size_t n;
};

/** Counts the captures. Main thread, once a process. Returns an enum nt_exit; errors are logged. */
int replay(const struct replay_options *options);

#endif

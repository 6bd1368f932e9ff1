/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_DETECT_CONFIG_H
#define NEEDLETAIL_DETECT_CONFIG_H

#include "detect/detect.h"

#include <stdint.h>

struct nt_config;

/*
 * The detectors as the program uses them: made from the configuration, shown every finished interval before it goes to
 * the publisher. Main thread.
 */

/** What the configuration says of detectors. Its texts must stay. `interval_s` 0: one interval over everything. */
struct nt_detect_options detect_options(const struct nt_config *config, uint32_t interval_s);

/** Makes the detectors. Returns NULL with errno set; the reason is logged. */
struct nt_detect *detect_start(const struct nt_config *config, uint32_t interval_s);

/** Shows an interval to the detectors; what they find stands in the snapshot then. */
void detect_look(struct nt_detect *d, struct nt_snapshot *s);

/** Likewise the last interval: what is still going on is an event as well. */
void detect_look_last(struct nt_detect *d, struct nt_snapshot *s);

/** Logs the events that stand in a snapshot. */
void detect_say_events(const struct nt_snapshot *s);

/** Says what found no place in the detectors' tables, if anything did. */
void detect_say_dropped(const struct nt_detect *d);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_CONFIG_CHECK_H
#define NT_CONFIG_CHECK_H

#include "config/config.h"
#include "config/scan.h"
#include "config/why.h"

/*
 * What a range cannot say. Checks of one text return NULL, or a static text that says what is wrong. Any thread.
 */

/** Every text: characters that would not survive being written to a YAML file, or that could forge a line. */
const char *nt_check_printable(const char *text);

/** sensor, group */
const char *nt_check_name(const char *text);

/** lcores */
const char *nt_check_cpus(const char *text);

/**
 * devices[].name: a PCI address, "bus:device", or a virtual device of DPDK, with arguments behind a comma. The
 * name of a kernel interface is none of these, and the EAL would only say that it found no device.
 */
const char *nt_check_device(const char *text);

/** geo.country_path */
const char *nt_check_country_path(const char *text);

/** redis.url */
const char *nt_check_redis_url(const char *text);

/** What keys say together. `lines` tells where they stand. Returns 0, or -EINVAL with the line. */
int nt_check_together(const struct nt_config *c, const struct nt_config_lines *lines, const struct nt_why *why);

#endif

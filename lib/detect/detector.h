/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_DETECT_DETECTOR_H
#define NT_DETECT_DETECTOR_H

#include "detect/detect.h"

#include <jansson.h>

/*
 * The detectors, one file each, and what they share. All of them follow one pattern: new() allocates everything that
 * has a bound; interval() looks at a snapshot and appends what is over; finish() appends what was going on; dropped()
 * says how often something found no place. detect.c walks them in one table and sorts what they appended, so that a
 * detector may tell in any order, as long as what it tells does not depend on the order of arrays in the snapshot.
 */

struct nt_dos;
struct nt_dos *nt_dos_new(const struct nt_detect_options *options); /**< NULL with errno set, as all of these */
void nt_dos_free(struct nt_dos *d);
int nt_dos_interval(struct nt_dos *d, struct nt_snapshot *s); /**< 0 or -ENOMEM, as all of these */
int nt_dos_finish(struct nt_dos *d, struct nt_snapshot *s);
uint64_t nt_dos_dropped(const struct nt_dos *d);

struct nt_fixed_tool;
struct nt_fixed_tool *nt_fixed_tool_new(const struct nt_detect_options *options);
void nt_fixed_tool_free(struct nt_fixed_tool *d);
int nt_fixed_tool_interval(struct nt_fixed_tool *d, struct nt_snapshot *s);
int nt_fixed_tool_finish(struct nt_fixed_tool *d, struct nt_snapshot *s);
uint64_t nt_fixed_tool_dropped(const struct nt_fixed_tool *d);

struct nt_surge;
struct nt_surge *nt_surge_new(const struct nt_detect_options *options);
void nt_surge_free(struct nt_surge *d);
int nt_surge_interval(struct nt_surge *d, struct nt_snapshot *s);
int nt_surge_finish(struct nt_surge *d, struct nt_snapshot *s);
uint64_t nt_surge_dropped(const struct nt_surge *d);

struct nt_scanner;
/** Reads the file of known scanners, so it has a reason to give: one line in `why` whenever it returns NULL. */
struct nt_scanner *nt_scanner_new(const struct nt_detect_options *options, char why[static NT_DETECT_WHY]);
void nt_scanner_free(struct nt_scanner *d);
int nt_scanner_interval(struct nt_scanner *d, struct nt_snapshot *s);
int nt_scanner_finish(struct nt_scanner *d, struct nt_snapshot *s);
uint64_t nt_scanner_dropped(const struct nt_scanner *d);

struct nt_sensor_health;
struct nt_sensor_health *nt_sensor_health_new(const struct nt_detect_options *options);
void nt_sensor_health_free(struct nt_sensor_health *d);
/** As nt_detect_set_geo(). */
void nt_sensor_health_set_geo(struct nt_sensor_health *d, int64_t country_build_s, int64_t asn_build_s);
int nt_sensor_health_interval(struct nt_sensor_health *d, struct nt_snapshot *s);
int nt_sensor_health_finish(struct nt_sensor_health *d, struct nt_snapshot *s);
uint64_t nt_sensor_health_dropped(const struct nt_sensor_health *d);

/* ---- event.c ---- */

/** What an event is about, beside its evidence. */
struct nt_about {
	enum nt_event_type type;
	int64_t start_s;
	int64_t end_s;
	uint32_t region;    /**< index; NT_DETECT_NO_REGION: of none */
	const char *source; /**< "": of none */
};

/** Region of an event that has none; one of `--` is NT_REGION_UNKNOWN. */
#define NT_DETECT_NO_REGION UINT32_MAX

/** Appends an event; `body` is let go of in any case, and NULL means that memory ran out. Returns 0 or -ENOMEM. */
int nt_detect_tell(struct nt_snapshot *s, const struct nt_about *about, json_t *body);

/** As nt_detect_tell(), of a body that is text already, in one line and without blanks. */
int nt_detect_tell_text(struct nt_snapshot *s, const struct nt_about *about, char *body);

/** Orders events [from, n_events) by start, type, source, region, end and body. */
void nt_detect_sort_events(struct nt_snapshot *s, size_t from);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "detect/detect.h"

#include "detect/detector.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a detector is to those who walk the table: the functions of detector.h, with its state untyped. */
struct row {
	const char *name;
	void *(*make)(const struct nt_detect_options *options, char why[static NT_DETECT_WHY]);
	void (*release)(void *state);
	int (*interval)(void *state, struct nt_snapshot *s);
	int (*finish)(void *state, struct nt_snapshot *s);
};

/* Calling a function through a pointer of another type is undefined, so each one gets a wrapper of the right type. */
#define WRAP(type)                                                                                                     \
	static void release_##type(void *state)                                                                        \
	{                                                                                                              \
		nt_##type##_free(state);                                                                               \
	}                                                                                                              \
	static int interval_##type(void *state, struct nt_snapshot *s)                                                 \
	{                                                                                                              \
		return nt_##type##_interval(state, s);                                                                 \
	}                                                                                                              \
	static int finish_##type(void *state, struct nt_snapshot *s)                                                   \
	{                                                                                                              \
		return nt_##type##_finish(state, s);                                                                   \
	}

WRAP(dos)
WRAP(fixed_tool)
WRAP(surge)
WRAP(scanner)
WRAP(sensor_health)

static void *make_dos(const struct nt_detect_options *options, char why[static NT_DETECT_WHY])
{
	(void)why;
	return nt_dos_new(options);
}

static void *make_fixed_tool(const struct nt_detect_options *options, char why[static NT_DETECT_WHY])
{
	(void)why;
	return nt_fixed_tool_new(options);
}

static void *make_surge(const struct nt_detect_options *options, char why[static NT_DETECT_WHY])
{
	(void)why;
	return nt_surge_new(options);
}

static void *make_scanner(const struct nt_detect_options *options, char why[static NT_DETECT_WHY])
{
	return nt_scanner_new(options, why);
}

static void *make_sensor_health(const struct nt_detect_options *options, char why[static NT_DETECT_WHY])
{
	(void)why;
	return nt_sensor_health_new(options);
}

#define ROW(type, text)                                                                                                \
	{                                                                                                              \
		.name = text, .make = make_##type, .release = release_##type, .interval = interval_##type,             \
		.finish = finish_##type                                                                                \
	}

enum { DOS, FIXED_TOOL, SURGE, SCANNER, SENSOR_HEALTH, DETECTORS };

static const struct row row[DETECTORS] = {
    [DOS] = ROW(dos, "dos"),
    [FIXED_TOOL] = ROW(fixed_tool, "fixed_tool"),
    [SURGE] = ROW(surge, "surge"),
    [SCANNER] = ROW(scanner, "scanner"),
    [SENSOR_HEALTH] = ROW(sensor_health, "sensor"),
};

struct nt_detect {
	void *state[DETECTORS]; /* NULL: switched off */
};

struct nt_detect *nt_detect_new(const struct nt_detect_options *options, char why[static NT_DETECT_WHY])
{
	const bool enabled[DETECTORS] = {
	    [DOS] = options->dos.enabled,
	    [FIXED_TOOL] = options->fixed_tool.enabled,
	    [SURGE] = options->surge.enabled,
	    [SCANNER] = options->scanner.enabled,
	    [SENSOR_HEALTH] = options->sensor.enabled,
	};
	struct nt_detect *d = calloc(1, sizeof(*d));

	why[0] = '\0';
	if (d == NULL) {
		snprintf(why, NT_DETECT_WHY, "detectors: %s", strerror(ENOMEM));
		errno = ENOMEM;
		return NULL;
	}
	for (uint32_t i = 0; i < DETECTORS; i++) {
		if (!enabled[i])
			continue;
		d->state[i] = row[i].make(options, why);
		if (d->state[i] == NULL) {
			int err = errno;

			if (why[0] == '\0')
				snprintf(why, NT_DETECT_WHY, "detect.%s: %s", row[i].name, strerror(err));
			nt_detect_free(d);
			errno = err;
			return NULL;
		}
	}
	return d;
}

void nt_detect_free(struct nt_detect *d)
{
	if (d == NULL)
		return;
	for (uint32_t i = 0; i < DETECTORS; i++)
		if (d->state[i] != NULL)
			row[i].release(d->state[i]);
	free(d);
}

void nt_detect_set_geo(struct nt_detect *d, int64_t country_build_s, int64_t asn_build_s)
{
	if (d->state[SENSOR_HEALTH] != NULL)
		nt_sensor_health_set_geo(d->state[SENSOR_HEALTH], country_build_s, asn_build_s);
}

/* All detectors have their turn even if one ran out of memory: their state must not miss an interval. */
int nt_detect_interval(struct nt_detect *d, struct nt_snapshot *s)
{
	size_t from = s->n_events;
	int first_err = 0;

	for (uint32_t i = 0; i < DETECTORS; i++) {
		int err = d->state[i] != NULL ? row[i].interval(d->state[i], s) : 0;

		first_err = first_err != 0 ? first_err : err;
	}
	nt_detect_sort_events(s, from);
	return first_err;
}

int nt_detect_finish(struct nt_detect *d, struct nt_snapshot *s)
{
	size_t from = s->n_events;
	int first_err = 0;

	for (uint32_t i = 0; i < DETECTORS; i++) {
		int err = d->state[i] != NULL ? row[i].finish(d->state[i], s) : 0;

		first_err = first_err != 0 ? first_err : err;
	}
	nt_detect_sort_events(s, from);
	return first_err;
}

void nt_detect_read_dropped(const struct nt_detect *d, struct nt_detect_dropped *out)
{
	memset(out, 0, sizeof(*out));
	if (d->state[DOS] != NULL)
		out->victims = nt_dos_dropped(d->state[DOS]);
	if (d->state[FIXED_TOOL] != NULL)
		out->groups = nt_fixed_tool_dropped(d->state[FIXED_TOOL]);
	if (d->state[SURGE] != NULL)
		out->series = nt_surge_dropped(d->state[SURGE]);
	if (d->state[SCANNER] != NULL)
		out->sources = nt_scanner_dropped(d->state[SCANNER]);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "detect_config.h"

#include "base/log.h"
#include "config/config.h"
#include "needletail/schema.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* As much of an event's evidence as fits a line that somebody reads. */
#define BODY_BYTES 160

#define TIME_TEXT 32

struct nt_detect_options detect_options(const struct nt_config *config, uint32_t interval_s)
{
	const struct nt_config_detect *c = &config->detect;

	return (struct nt_detect_options){
	    .addresses = config->addresses,
	    .interval_s = interval_s,
	    .day_offset_h = config->day_offset_h,
	    .dos = {.enabled = c->dos.enabled,
		    .packets = c->dos.packets,
		    .duration_s = c->dos.duration_s,
		    .window_packets = c->dos.window_packets,
		    .silence_s = c->dos.silence_s,
		    .victims = c->dos.victims},
	    .fixed_tool = {.enabled = c->fixed_tool.enabled,
			   .sources = c->fixed_tool.sources,
			   .packets = c->fixed_tool.packets,
			   .factor = c->fixed_tool.factor,
			   .warm_up_h = c->fixed_tool.warm_up_h,
			   .groups = c->fixed_tool.groups,
			   .tracked = c->fixed_tool.tracked},
	    .surge = {.enabled = c->surge.enabled,
		      .warm_up_h = c->surge.warm_up_h,
		      .packets = c->surge.packets,
		      .sources = c->surge.sources,
		      .factor = c->surge.factor,
		      .series = c->surge.series},
	    .scanner = {.enabled = c->scanner.enabled,
			.ports = c->scanner.ports,
			.silence_s = c->scanner.silence_s,
			.sources = c->scanner.sources,
			.known = c->scanner.known},
	    .sensor = {.enabled = c->sensor.enabled,
		       .silence_s = c->sensor.silence_s,
		       .loss_percent = c->sensor.loss_percent,
		       .geo_days = c->sensor.geo_days},
	};
}

struct nt_detect *detect_start(const struct nt_config *config, uint32_t interval_s)
{
	const struct nt_detect_options options = detect_options(config, interval_s);
	char why[NT_DETECT_WHY];
	struct nt_detect *d = nt_detect_new(&options, why);

	if (!d)
		nt_error("%s", why);
	return d;
}

static void time_text(char text[static TIME_TEXT], int64_t time_s)
{
	const time_t time = (time_t)time_s;
	struct tm utc;

	if (!gmtime_r(&time, &utc) || !strftime(text, TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &utc))
		snprintf(text, TIME_TEXT, "%" PRId64, time_s); /* a year that no calendar has */
}

/* Bytes of a text that fit a line, cut between characters of UTF-8. */
static int fitting(const char *text)
{
	size_t length = strlen(text), cut = BODY_BYTES;

	if (length <= BODY_BYTES)
		return (int)length;
	while (cut && ((unsigned char)text[cut] & 0xc0) == 0x80)
		cut--;
	return (int)cut;
}

/* One line: the type, then region and source where there are such, then when, then the evidence. */
static void say_event(const struct nt_event *e)
{
	char start[TIME_TEXT], end[TIME_TEXT];

	time_text(start, e->start_s);
	time_text(end, e->end_s);
	nt_info("event: %s%s%s%s%s %s to %s: %.*s%s", nt_event_name[e->type], *e->region ? " " : "", e->region,
		*e->source ? " " : "", e->source, start, end, fitting(e->body), e->body,
		strlen(e->body) > BODY_BYTES ? "..." : "");
}

static void look(struct nt_detect *d, struct nt_snapshot *s, bool last)
{
	int err = nt_detect_interval(d, s);

	if (!err && last)
		err = nt_detect_finish(d, s);
	if (err)
		nt_error("detectors: %s: events may be missing", strerror(-err));
	nt_snapshot_strip(s);
}

void detect_say_events(const struct nt_snapshot *s)
{
	for (size_t i = 0; i < s->n_events; i++)
		say_event(&s->event[i]);
}

void detect_look(struct nt_detect *d, struct nt_snapshot *s)
{
	look(d, s, false);
}

void detect_look_last(struct nt_detect *d, struct nt_snapshot *s)
{
	look(d, s, true);
}

void detect_say_dropped(const struct nt_detect *d)
{
	struct nt_detect_dropped n;

	nt_detect_read_dropped(d, &n);
	if (n.victims || n.groups || n.series || n.sources)
		nt_warning("detectors had no room for %" PRIu64 " victims, %" PRIu64 " groups, %" PRIu64
			   " hours of ports, %" PRIu64
			   " sources: events may be missing, see detect in the configuration",
			   n.victims, n.groups, n.series, n.sources);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_TOP_DATA_H
#define NEEDLETAIL_TOP_DATA_H

#include "redis/get.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What `needletail top` shows, as read from Redis at one moment. */

/** Rows of a table, and points of the line of rates, at most. */
#define TOP_ROWS  64
#define TOP_RATES 512

/** Events at most. */
#define TOP_EVENTS 64

/** What tables add up. */
enum top_span { TOP_HOUR, TOP_DAY };

struct top_row {
	char name[NT_GET_NAME];
	uint64_t packets;
	uint64_t sources;
	bool packets_known;
	bool packets_low; /* may be too low */
	bool sources_known;
	bool sources_low;
};

enum top_table {
	TOP_PORTS,
	TOP_REGIONS,
	TOP_CLASSES, /* of backscatter */
	TOP_SIGNATURES,
	TOP_SYSTEMS,	 /* AS */
	TOP_REGION_PORT, /* packets alone */
	TOP_VICTIMS,	 /* regions of backscatter, sources alone */
	TOP_TABLES
};

struct top_rows {
	struct top_row row[TOP_ROWS];
	size_t n;
};

/** Packets of a stretch of time as long as the longest interval. */
struct top_rate {
	int64_t start_s;
	uint64_t frames;
	uint32_t sensors; /* 0: nothing is known of it */
};

struct top_data {
	size_t sensors;	  /* chosen */
	size_t reporting; /* of them, those with something in the newest interval */
	char name[NT_GET_NAME];
	char group[NT_GET_NAME];
	uint64_t addresses; /* 0: not stated */
	uint64_t dropped_intervals;
	uint64_t gap_intervals;
	uint32_t interval_s; /* the longest; 0: there is no data */
	int64_t end_s;	     /* of the newest interval */

	struct top_rate rate[TOP_RATES]; /* oldest first, without holes in time */
	size_t rates;
	int64_t newest_s;		     /* the newest interval that all that report have told of */
	uint64_t number[NT_GET_LIVE_FIELDS]; /* of that */
	bool missed_known;

	enum top_span span;
	struct nt_get_coverage coverage; /* of the tables */
	uint64_t frames;		 /* of the span, to take shares of */
	uint64_t malformed;
	uint64_t truncated;
	uint64_t backscatter;
	struct nt_get_unique_value sources;
	struct nt_get_unique_value backscatter_sources;
	struct top_rows table[TOP_TABLES];

	struct nt_get_events events; /* newest last */
};

/** Reads all of it for the sensors. Returns 0 or a failure of redis/get.h, and *data is then undone. */
int top_data_read(struct nt_get *g, const struct nt_get_sensors *sensors, enum top_span span, struct top_data *data);
void top_data_fini(struct top_data *data);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_DETECT_SERIES_H
#define NT_DETECT_SERIES_H

#include "detect/usual.h"

#include "needletail/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The numbers by hour of ports and regions. Those of the hour in progress are dense arrays over all keys: packets, and
 * the sources of its intervals, added up, of which some are the same. For those that are followed a sketch says how
 * many different ones there were, and that is their number of sources. A past of its own (4 KB) is kept for regions and
 * for so many ports: those that had at least `least` in some hour of the last week. Of any other port it is thereby
 * known that it had less, which is too little to matter. Where more ports ask than there are places, the heavier one
 * gets it; what left or was turned away is counted, and as the past of one that comes the most is taken that any of
 * those had. So a port that leaps up finds a place among many small ones.
 */

enum nt_metric { NT_METRIC_PACKETS, NT_METRIC_SOURCES, NT_METRICS };

/** Keys: nt_port_key() below, regions above. */
#define NT_SERIES_REGION (1u << 17)
#define NT_SERIES_KEYS	 (NT_SERIES_REGION + NT_REGIONS)

/** Parts of an hour, for the beginning and the end of a surge. */
#define NT_SERIES_BINS 12

/** Words of the sketch of an hour's sources, and its standard error; below 1,000 sources it is less than 3 %. */
#define NT_SERIES_SKETCH       64
#define NT_SERIES_SKETCH_ERROR 0.0325

/** So few senders are no surge, whatever they send. */
#define NT_SERIES_FEW 4

/** Senders of an hour that are told apart: packets of the few are at most a share of NT_SERIES_FEW / this too many. */
#define NT_SERIES_SENDERS 32

struct nt_surge_peak {
	enum nt_metric metric;
	struct nt_usual usual;
	int64_t hour;
	uint64_t value[NT_METRICS];
	double over; /* of the limit */
};

struct nt_series_sender {
	uint64_t hash; /* of its address */
	uint64_t packets;
};

struct nt_series {
	uint32_t key;
	bool used;
	struct nt_past past[NT_METRICS];

	uint64_t bin[NT_METRICS][NT_SERIES_BINS]; /* of the hour; sources: of intervals, added up */
	uint64_t before;			  /* sources of intervals in the last hour that was no surge */
	uint64_t sources[NT_SERIES_SKETCH];
	struct nt_series_sender heavy[NT_SERIES_SENDERS];
	struct nt_series_sender top[NT_SERIES_SENDERS]; /* of the interval, the heaviest first */
	uint64_t beyond;  /* what one that was not in some `top` may have on top of its count */
	uint64_t unknown; /* packets of the hour before it was followed */

	bool surging;  /* what follows is the detector's */
	int64_t since; /* hour */
	int64_t start_s;
	int64_t end_s;
	struct nt_surge_peak peak;
};

struct nt_series_options {
	uint32_t ports; /* places */
	double least[NT_METRICS];
};

struct nt_series_table;

/** Returns NULL if memory is out. */
struct nt_series_table *nt_series_table_new(const struct nt_series_options *options);
void nt_series_table_free(struct nt_series_table *t);

/** Adds to a key's number of the hour, at most once in an interval for each metric, packets first; `bin` below
 * NT_SERIES_BINS. */
void nt_series_add(struct nt_series_table *t, uint32_t key, enum nt_metric metric, uint32_t bin, uint64_t count);

/** Gives those that now have enough a past, after all of an interval was added. */
void nt_series_admit(struct nt_series_table *t, uint32_t bin);

/** Notes a sender of a key in the interval; `packets` 0: not known. */
void nt_series_sender(struct nt_series_table *t, uint32_t key, uint64_t hash, uint64_t packets);

/** Ends the interval's senders. */
void nt_series_end_senders(struct nt_series_table *t);

/** Packets of the hour's heaviest senders, NT_SERIES_FEW of them, or more (see NT_SERIES_SENDERS), never fewer. */
uint64_t nt_series_few(const struct nt_series *series);

/** Begins the next hour; the past has this one. Lets go of those that had little for as long as is remembered. */
void nt_series_end_hour(struct nt_series_table *t, const struct nt_hours *hours, int64_t hour);

/** Number of the hour. Different sources are an estimate, but for an hour of one interval. */
uint64_t nt_series_number(const struct nt_series_table *t, const struct nt_series *series, enum nt_metric metric);

/** Places to look at, and what stands there or NULL. */
uint32_t nt_series_places(const struct nt_series_table *t);
struct nt_series *nt_series_at(struct nt_series_table *t, uint32_t place);

/** How often a port lost its place, or was without one for an hour that had enough. */
uint64_t nt_series_dropped(const struct nt_series_table *t);

static inline bool nt_series_is_region(uint32_t key)
{
	return key >= NT_SERIES_REGION;
}

static inline uint32_t nt_series_region(uint32_t key)
{
	return key - NT_SERIES_REGION;
}

#endif

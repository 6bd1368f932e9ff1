/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_DETECT_DETECT_H
#define NT_DETECT_DETECT_H

#include "needletail/snapshot.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Snapshots -> events. Each detector looks at every snapshot, keeps what must outlive an interval in bounded tables,
 * and tells an event once, when it is over or, where nothing more can change what it says, at once. What found no
 * place in such a table is counted. Times are those of the snapshots, never the clock's: a replay finds what live
 * capture finds. All calls from one thread, the stats side's; nothing here waits or does I/O except detect_new().
 */

/** Each detector's thresholds; the rows of `detect` in the configuration. */
struct nt_detect_dos {
	bool enabled;
	uint32_t packets;	 /**< least of an attack */
	uint32_t duration_s;	 /**< least, first to last packet */
	uint32_t window_packets; /**< least within some NT_VICTIM_BINS bins in a row */
	uint32_t silence_s;	 /**< after which it is over */
	uint32_t victims;	 /**< followed at a time */
};

struct nt_detect_fixed_tool {
	bool enabled;
	uint32_t sources;   /**< least of a group */
	uint32_t packets;   /**< least of each of them */
	double factor;	    /**< how far above the group's own past */
	uint32_t warm_up_h; /**< hours seen before one window towards one port is told; at least 24 */
	uint32_t groups;    /**< followed at a time: marks of a region or an AS that have a past */
	uint32_t tracked;   /**< sources followed within an hour */
};

struct nt_detect_surge {
	bool enabled;
	uint32_t warm_up_h; /**< hours seen before anything is told; at least 24 */
	uint32_t packets;   /**< least in an hour, for packets to be a surge */
	uint32_t sources;   /**< likewise for unique sources, summed over intervals */
	double factor;	    /**< least, of the usual */
	uint32_t series;    /**< ports followed; regions always are */
};

struct nt_detect_scanner {
	bool enabled;
	uint32_t ports;	    /**< more than these within a day */
	uint32_t silence_s; /**< after which it is told, at the latest at the day's end */
	uint32_t sources;   /**< followed at a time */
	const char *known;  /**< file of prefixes of research scanners; "": none */
};

struct nt_detect_sensor {
	bool enabled;
	uint32_t silence_s;  /**< without a frame, of the sensor or of one queue */
	double loss_percent; /**< of an interval's frames */
	uint32_t geo_days;   /**< age of a database */
};

struct nt_detect_options {
	uint64_t addresses;  /**< watched; 0: not stated, then no rate is estimated */
	uint32_t interval_s; /**< 0: one interval over everything */
	int32_t day_offset_h;
	struct nt_detect_dos dos;
	struct nt_detect_fixed_tool fixed_tool;
	struct nt_detect_surge surge;
	struct nt_detect_scanner scanner;
	struct nt_detect_sensor sensor;
};

struct nt_detect;

/** Room for the reason of nt_detect_new() with its NUL. */
#define NT_DETECT_WHY 512

/** Makes the detectors. Texts of `options` must stay. Returns NULL with errno set and one line in `why`. */
struct nt_detect *nt_detect_new(const struct nt_detect_options *options, char why[static NT_DETECT_WHY]);
void nt_detect_free(struct nt_detect *d);

/** Unix seconds at which the databases were built; 0: none. */
void nt_detect_set_geo(struct nt_detect *d, int64_t country_build_s, int64_t asn_build_s);

/** Looks at a finished interval and appends to it the events that it brought to light. Returns 0 or -ENOMEM. */
int nt_detect_interval(struct nt_detect *d, struct nt_snapshot *s);

/** Appends to the last snapshot, after nt_detect_interval(), the events that were still going on. 0 or -ENOMEM. */
int nt_detect_finish(struct nt_detect *d, struct nt_snapshot *s);

/** Keeps of a detector's table what found no place so far, for the log. */
struct nt_detect_dropped {
	uint64_t victims;
	uint64_t groups;
	uint64_t series;
	uint64_t sources;
};

void nt_detect_read_dropped(const struct nt_detect *d, struct nt_detect_dropped *out);

#endif

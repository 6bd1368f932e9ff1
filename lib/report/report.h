/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_REPORT_H
#define NT_REPORT_REPORT_H

#include "redis/get.h"
#include "report/analyse/share.h"
#include "report/calendar.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the report holds, as plain values: read from Redis by report/read/read.h, told by report/compose/compose.h. What
 * is not known is NAN, or a flag, and never 0.
 *
 * A part has the coverage of what it was read from, so that each figure can say what it is made of.
 */

/** Rows of a table of ranks, and lines of its figure. */
#define NT_REPORT_SHOWN 5

/** Lines that are followed behind them, because one that fell out of the table may be why another is in it. */
#define NT_REPORT_FOLLOWED 12

#define NT_REPORT_SENSOR_TOP 10
#define NT_REPORT_GROUPS     16

/** Days that a table of senders can have; and has, where nobody chooses them. */
#define NT_REPORT_SENDER_DAYS	31
#define NT_REPORT_SENDER_USUAL	14
#define NT_REPORT_SENDER_TABLES 4

/* ---- what is wanted ---- */

/** Days of a region. */
struct nt_report_window {
	char region[8];
	struct nt_period days;
};

struct nt_report_wanted {
	struct nt_period period;
	struct nt_period compare;
	struct nt_get_choice choice;				  /**< of sensors */
	const char *region;					  /**< that is looked at closely: two letters */
	struct nt_report_window senders[NT_REPORT_SENDER_TABLES]; /**< T3, T4, T4b, T4c */
	size_t sender_tables;					  /**< 0: around the highest spikes */
	const char *traces; /**< region of T5; NULL: those with most packets in events */
	uint64_t threshold; /**< packets a day of a source in T5; 0: taken from what is usual */
};

/* ---- lines ---- */

/**
 * Lines over the same steps of time. Those of days begin before the period, so that one can tell since when a line has
 * been rising: the period begins at point `first`.
 */
struct nt_lines {
	enum nt_bucket step;
	struct nt_get_point *point; /**< [points] */
	size_t points;
	size_t first;
	size_t n;
	char (*name)[NT_GET_NAME]; /**< [n] */
	double *value;		   /**< [n * points]; NAN: a gap */
	bool *at_least;		   /**< [n * points] the true value may be larger */
	bool *partial;		   /**< [points] fewer intervals than usual: a value is no measure of a whole step */
	bool *more;		   /**< [points] more sensors or intervals than usual */
};

/** Values of a line. */
static inline const double *nt_line(const struct nt_lines *l, size_t line)
{
	return &l->value[line * l->points];
}

/* ---- ranks ---- */

struct nt_rank {
	char name[NT_GET_NAME];
	uint64_t packets;
	uint64_t missing;  /**< the true number is at most so much larger */
	uint32_t rank;	   /**< from 1; of equal ones the same */
	uint32_t previous; /**< rank in the period before; 0: no packets then, or nothing known */
	uint64_t previous_packets;
	struct nt_get_unique_value hosts; /**< of the whole period; no sources although packets: not known */
};

struct nt_ranking {
	struct nt_rank at[NT_REPORT_FOLLOWED]; /**< heaviest first; then those of the period before */
	size_t n;
	size_t shown;	  /**< of them, in the table */
	uint64_t packets; /**< of all members */
	struct nt_get_coverage coverage;
	struct nt_get_coverage previous; /**< sensors == 0: nothing is known of the period before */
	struct nt_lines daily;		 /**< packets; a line for each of at[n] */
	struct nt_lines hosts;		 /**< different sources; a line for each of at[shown] */
};

/* ---- a region against all others ---- */

#define NT_REPORT_PROFILE_COURSES 2

struct nt_profile_row {
	char port[NT_GET_NAME];
	struct nt_share_of of;
	uint64_t missing; /**< of the pair */
};

struct nt_profile {
	char region[NT_GET_NAME];
	struct nt_profile_row at[NT_REPORT_SHOWN];
	size_t n;
	struct nt_get_coverage coverage;
	/** Shares per day: for each of the first courses, its line within the region and then that of all others. */
	struct nt_lines course;
};

/* ---- backscatter ---- */

struct nt_sender {
	char address[NT_GET_NAME];
	uint32_t asn; /**< 0: none known */
	char *org;    /**< of the AS; NULL: none known */
	uint64_t packets;
	bool seen[NT_REPORT_SENDER_DAYS];
};

/** Who sent backscatter from a region, on some days. */
struct nt_senders {
	char region[NT_GET_NAME];
	int64_t first_day;
	size_t days;
	bool known[NT_REPORT_SENDER_DAYS]; /**< there are data of that day */
	bool cut[NT_REPORT_SENDER_DAYS];   /**< there were more than are kept */
	struct nt_sender *at;		   /**< most days first, then most packets */
	size_t n;
	struct nt_get_top ports; /**< source ports and packets, most first */
	struct nt_get_coverage coverage;
};

/* ---- traces of attacks ---- */

struct nt_trace_source {
	int64_t day;
	char address[NT_GET_NAME];
	uint32_t asn;
	char *org;
	uint64_t packets;
};

/** Sources of a region above a number of packets a day. */
struct nt_traces {
	char region[NT_GET_NAME];
	uint64_t threshold;
	bool usual;		    /**< it was taken from what is usual */
	size_t usual_days;	    /**< on so many days: those of the period, and before a short one */
	struct nt_trace_source *at; /**< by day, then most packets first */
	size_t n;
	bool at_least; /**< on some day all sources that are kept are above it: there may be more */
	size_t days_unknown;
	struct nt_get_coverage coverage;
	struct nt_lines hourly; /**< packets of the region around the days; no points without any */
};

#define NT_REPORT_TRACES 2

/* ---- whom to tell ---- */

/** An address that took part in an event: for the CSIRT of its region, and for who holds it. */
struct nt_exposed {
	const struct nt_get_event *event;
	char address[NT_GET_NAME];
	uint32_t asn; /**< 0: none known */
	char *org;    /**< NULL: none known */
};

/* ---- all of it ---- */

/** Marks of sources infected by a class of worm: signatures of that name. */
enum nt_infected { NT_INFECTED_MIRAI, NT_INFECTED_GRE, NT_INFECTED_SMB, NT_INFECTED_CLASSES };

extern const char *const nt_infected_signature[NT_INFECTED_CLASSES];

struct nt_infected_row {
	char region[NT_GET_NAME]; /**< "": all */
	struct nt_get_unique_value hosts[NT_INFECTED_CLASSES];
};

struct nt_mirai_row {
	char port[NT_GET_NAME];
	uint64_t packets;
	uint64_t mirai;
};

struct nt_report {
	struct nt_report_wanted wanted;
	struct nt_span span;
	struct nt_span before;	  /**< what it is compared with */
	struct nt_span look_back; /**< from where lines begin to the end of the period */
	int32_t day_offset_h;
	struct nt_get_sensors sensors;	 /**< that the report is about */
	struct nt_get_sensors everybody; /**< for the groups */
	uint64_t frames;
	struct nt_get_unique_value hosts;
	struct nt_get_coverage coverage;

	struct nt_ranking ports;			/**< T1, F1 */
	struct nt_ranking regions;			/**< T2, F2 */
	uint64_t unknown_region;			/**< packets that no region is known of; not in the ranking */
	struct nt_profile profile[NT_REPORT_SHOWN + 1]; /**< X1 */
	size_t profiles;
	struct nt_lines
	    backscatter; /**< F3: sources per day, a line for each region; the first `shown` are the figure's */
	size_t backscatter_shown;
	struct nt_senders senders[NT_REPORT_SENDER_TABLES]; /**< T3, T4 */
	size_t sender_tables;
	struct nt_lines focus;			   /**< F4: packets to the focus port from the focus region */
	struct nt_lines by_window;		   /**< F5: sources, window 8192 and any other */
	struct nt_traces traces[NT_REPORT_TRACES]; /**< T5, F6 */
	size_t trace_tables;
	struct nt_get_events events; /**< of the period, by start */
	struct nt_exposed *exposed;  /**< [exposed_n] by region, organisation, address and time */
	size_t exposed_n;
	int64_t events_from_s; /**< older ones are not kept; INT64_MIN: all are */

	struct nt_get_top *sensor_top; /**< [sensors.n] */
	struct nt_get_means means;
	struct nt_lines group_means; /**< packets per sensor and day; a line a group */
	struct nt_lines infected;    /**< per class: all, then those of the focus region */
	struct nt_infected_row infected_region[NT_REPORT_SHOWN * NT_INFECTED_CLASSES + 2];
	size_t infected_regions;
	struct nt_lines infected_by_region; /**< "mirai:BG" per day, for each row and class but those of all regions */
	struct nt_get_coverage infected_coverage;
	struct nt_mirai_row mirai[NT_REPORT_SHOWN];
	size_t mirai_rows;
	struct nt_get_coverage mirai_coverage;
	struct nt_lines mirai_share; /**< per day, a line for each of mirai[] */
	struct nt_lines scanners;    /**< sources per day: all but known research scanners, and these */
};

/** The port that F4 and F5 are about, and the signatures of its two lines. */
#define NT_REPORT_FOCUS_PORT   "445/tcp"
#define NT_REPORT_FOCUS_SIG    "smb-8192"
#define NT_REPORT_FOCUS_OTHERS "smb-other"

void nt_report_fini(struct nt_report *r);
void nt_lines_fini(struct nt_lines *l);

#endif

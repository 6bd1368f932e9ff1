/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_DETECT_TOOL_EVENT_H
#define NT_DETECT_TOOL_EVENT_H

#include "detect/detector.h"
#include "detect/index.h"

/*
 * Events of fixed tools while they go on: hour by hour the sources of a group, joined into one event.
 */

/** What packets have in common. */
enum nt_tool_mark {
	NT_TOOL_SEQUENCE,	 /**< one window, one sequence number */
	NT_TOOL_ACKNOWLEDGEMENT, /**< backscatter: one window, one acknowledgement number */
	NT_TOOL_PORT,		 /**< one window, one destination port */
	NT_TOOL_MARKS
};

/** Whose sources form a group. */
enum nt_tool_scope { NT_TOOL_REGION, NT_TOOL_AS, NT_TOOL_SCOPES };

/** What explains a source of this hour. */
enum nt_tool_reason {
	NT_TOOL_NOTHING, /**< nothing yet */
	NT_TOOL_EVENT,	 /**< an event */
	NT_TOOL_USUAL	 /**< what was an event for so long that it is the usual state */
};

/** A source within an hour. */
struct nt_tool_source {
	struct nt_address address;
	bool backscatter;
	enum nt_tool_reason explained;
	uint16_t region;
	uint16_t window; /**< the SAME bits of traits say whether these are of all its packets */
	uint16_t src_port;
	uint32_t asn;
	uint32_t seq;
	uint32_t ack;
	uint32_t port; /**< nt_port_key() */
	uint32_t traits;
	uint32_t known_marks; /**< bits of enum nt_tool_mark that signatures explain */
	int64_t first_s;
	int64_t last_s;
	uint64_t packets;
};

/** Hours of an event; after them it is the usual state. */
#define NT_TOOL_HOURS 72

/** What was found out about a group within an hour. */
struct nt_tool_hour {
	int64_t start_s;
	int64_t end_s;
	uint32_t sources;
	uint64_t packets;
	uint64_t all_packets; /**< of all sources of the region or AS */
	uint32_t all_sources; /**< of the region or AS, with as many packets as are asked for */
	double usual;	      /**< sources */
	double needed;	      /**< sources, for it to be told */
};

struct nt_tool_event;

struct nt_tool_event *nt_tool_event_new(const struct nt_index_key *key, enum nt_tool_mark mark,
					enum nt_tool_scope scope);
void nt_tool_event_free(struct nt_tool_event *e);
const struct nt_index_key *nt_tool_event_key(const struct nt_tool_event *e);

/** End of its last hour. */
int64_t nt_tool_event_end(const struct nt_tool_event *e);

/** True once it has NT_TOOL_HOURS. */
bool nt_tool_event_full(const struct nt_tool_event *e);

/** Adds an hour, which must not make it more than full, and one after the other its sources. */
void nt_tool_event_add_hour(struct nt_tool_event *e, const struct nt_tool_hour *hour);
void nt_tool_event_add_source(struct nt_tool_event *e, const struct nt_tool_source *source);

/** Appends it to a snapshot. Returns 0 or -ENOMEM. */
int nt_tool_event_tell(struct nt_tool_event *e, struct nt_snapshot *s);

#endif

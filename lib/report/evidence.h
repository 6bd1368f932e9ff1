/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_EVIDENCE_H
#define NT_REPORT_EVIDENCE_H

#include "redis/get.h"

#include <stdbool.h>
#include <stdint.h>

#define NT_EVIDENCE_TEXT     64
#define NT_EVIDENCE_EXAMPLES 10
#define NT_EVIDENCE_PORTS    32

/** What the body of an event says, as far as the report needs it (lib/detect/README.md). */
struct nt_evidence {
	char mark[NT_EVIDENCE_TEXT];	  /**< of a fixed tool */
	char port[NT_EVIDENCE_TEXT];	  /**< destination port of all packets, or that surged; "": not one */
	char what[NT_EVIDENCE_TEXT];	  /**< of a sensor's fault */
	char metric[NT_EVIDENCE_TEXT];	  /**< of a surge: "packets", "sources" */
	char ports[4 * NT_EVIDENCE_TEXT]; /**< attacked, of a dos event: "80, 443/tcp" */
	char example[NT_EVIDENCE_EXAMPLES][NT_EVIDENCE_TEXT]; /**< addresses of a fixed tool */
	size_t examples;
	uint16_t attacked[NT_EVIDENCE_PORTS]; /**< of a dos event */
	size_t attacked_n;
	bool more_ports;		    /**< than these */
	char classes[4 * NT_EVIDENCE_TEXT]; /**< of backscatter: "synack, rst" */
	int64_t window;			    /**< -1: not one; likewise the next four */
	int64_t sequence;
	int64_t acknowledgement;
	int64_t source_port;
	int64_t protocol;
	double estimated_rate; /**< packets per second at a victim; NAN: cannot be told */
	uint64_t peak_packets; /**< in its densest minute */
	uint64_t targets;      /**< addresses of the sensor that it wrote to, about */
	uint64_t addresses;    /**< that the sensor watched; 0: not stated */
	uint64_t packets;
	uint64_t sources;
	uint32_t asn; /**< 0: none */
	bool backscatter;
	bool known; /**< of a scanner: on the operator's list */
};

/** Reads it; what is missing or no JSON is empty. Any thread. */
void nt_evidence_read(const char *body, struct nt_evidence *out);

/** True for an event of that type. */
bool nt_event_is(const struct nt_get_event *e, const char *type);

#endif

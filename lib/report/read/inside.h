/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_READ_INSIDE_H
#define NT_REPORT_READ_INSIDE_H

#include "report/report.h"

/* What the files of the reading share. All return 0 or -errno as nt_report_read() does; the reader knows why. */

#define DAY_S  86400
#define HOUR_S 3600

#define REGION_UNKNOWN "--"

/* A stream that holds nearly as many events as it does by default has lost older ones, perhaps. */
#define STREAM_FULL 19000

/* What a sensor's stream of events holds, of whatever time. */
struct told {
	size_t n;
	int64_t oldest_s; /* when the oldest was told; INT64_MAX: none */
};

struct reading {
	struct nt_get *get;
	struct nt_report *report;
	struct nt_get_query period;
	struct nt_get_query before;
	struct nt_get_query look_back;
	struct nt_get_top all_ports;   /* of the period, every member */
	struct nt_get_top all_regions; /* likewise */
	struct told *told;	       /* [sensors] after read_events() */
};

/* Names, to be handed over as a list of pointers. */
struct names {
	char (*at)[NT_GET_NAME];
	const char **pointer; /* [n], after names_list() */
	size_t n;
	size_t room;
	bool failed; /* for want of memory, looked at by names_list() */
};

void names_add(struct names *names, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* NULL: out of memory. */
const char *const *names_list(struct names *names);
void names_fini(struct names *names);

/* ---- lines.c ---- */

/* Packets of members of a set: a line each, named as the members. */
int read_packet_lines(struct reading *r, const struct nt_get_query *query, enum nt_bucket step,
		      const struct nt_get_set *set, struct names *members, struct nt_lines *out);

/* Different sources per day: a line for each name of HyperLogLogs, named so. */
int read_host_lines(struct reading *r, const struct nt_get_query *query, struct names *hlls, struct nt_lines *out);

/* Lines without values, over the points of others. */
int lines_like(const struct nt_lines *like, size_t n, struct nt_lines *out);

/* The point at which the period begins. */
size_t lines_first(const struct nt_lines *l, int64_t start_s);

/* ---- the parts ---- */

int read_rankings(struct reading *r);	 /* ranks.c */
int read_profiles(struct reading *r);	 /* profile.c */
int read_backscatter(struct reading *r); /* senders.c */
int read_senders(struct reading *r);	 /* senders.c */
int read_focus(struct reading *r);	 /* focus.c */
int read_events(struct reading *r);	 /* events.c */
int read_scanners(struct reading *r);	 /* scanners.c; after read_infected() */
int read_export(struct reading *r);	 /* export.c */
int read_traces(struct reading *r);	 /* traces.c */
int read_sensors(struct reading *r);	 /* groups.c */
int read_infected(struct reading *r);	 /* infected.c */
int read_mirai(struct reading *r);	 /* infected.c */

/* A query for days; both included. */
struct nt_get_query query_days(const struct reading *r, int64_t first_day, int64_t last_day);

/* True for the code of a region: what is in Redis may have been written by anybody. */
bool is_region_code(const char *name);

/* Packets of a member; 0 if it is not there. */
uint64_t packets_of(const struct nt_get_top *top, const char *name);

/* An address and whose it is. */
struct owned {
	const char *address;
	uint32_t asn; /* 0: none known, or asked for */
	char *org;    /* the caller's to free; NULL: none known */
};

/* Fills in AS numbers, as they were in the days of the query, and organisations. After a failure there is nothing to
 * free. */
int read_owners(struct reading *r, const struct nt_get_query *query, struct owned *owned, size_t n);

#endif

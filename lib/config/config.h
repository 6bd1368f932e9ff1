/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_CONFIG_CONFIG_H
#define NT_CONFIG_CONFIG_H

#include "tally/signature.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * The configuration of a sensor: what the YAML file says, checked, and the defaults for what it does not say.
 * Names, ranges and defaults of the keys are in one table, keys.c; the members below carry the keys' names.
 * A text that is not set is "", never NULL; a caller may free() one and put another from malloc() in its place.
 * Nothing here is shared between threads.
 */

/** As many as DPDK has ports (RTE_MAX_ETHPORTS). */
#define NT_CONFIG_DEVICES_MAX 32

/** Room for any line of `why`; a shorter buffer cuts it. */
#define NT_CONFIG_WHY 512

/** memory.hugepages */
enum nt_hugepages {
	NT_HUGEPAGES_AUTO, /**< when there are enough of them */
	NT_HUGEPAGES_YES,  /**< or refuse to start */
	NT_HUGEPAGES_NO	   /**< plain memory */
};

struct nt_config_device {
	char *name; /**< as EAL takes it: PCI address or virtual device, arguments behind a comma */
	uint32_t queues;
	uint32_t descriptors; /**< per queue */
	uint32_t mtu;	      /**< bytes; 0: as it is */
	bool promiscuous;
	bool wake; /**< an idle worker waits for it, where it can wake one */
};

/** signatures[].sources */
enum nt_signature_sources {
	NT_SOURCES_ANY,	    /**< sources of a packet that matches */
	NT_SOURCES_ALL_SYNS /**< and all of whose TCP SYNs match */
};

struct nt_config_signature {
	char *name;
	char *match; /**< passes nt_signature_check() */
	enum nt_signature_sources sources;
	bool explains;
};

struct nt_config_geo {
	char *country;	    /**< file; "": no regions */
	char *country_path; /**< elements between dots; "": the usual three */
	char *asn;	    /**< file; "": no AS numbers */
};

struct nt_config_memory {
	enum nt_hugepages hugepages;
	uint32_t mib;	/**< MiB taken when without hugepages */
	uint32_t mbufs; /**< packet buffers per socket */
};

struct nt_config_tables {
	uint32_t sources; /**< entries; likewise the others */
	uint32_t pairs;
	uint32_t victims;
	uint32_t region_port;
	uint32_t sketches;
};

/** How long buckets live in Redis. */
struct nt_config_keep {
	uint32_t m_days;
	uint32_t h_days;
	uint32_t d_days;
	uint32_t q_days;
	uint32_t live_entries; /**< of the stream, one an interval */
	uint32_t events_entries;
	uint32_t h_hll_days;	 /**< HyperLogLogs of hours */
	uint32_t d_sources_days; /**< addresses and HyperLogLogs of days */
	uint32_t h_full_days;	 /**< from then on a bucket is old and has other bounds; 0: never; likewise the next */
	uint32_t d_full_days;
	uint32_t q_full_days;
};

/** How many members a sorted set keeps when its bucket closes. */
struct nt_config_members {
	uint32_t m;
	uint32_t h;
	uint32_t d_port;
	uint32_t d_region_port;
	uint32_t d_other;
	uint32_t q;
	uint32_t open_region_port;   /**< while the day is open */
	uint32_t open_q_region_port; /**< while the quarter is open */
	uint32_t open_asn;	     /**< likewise; of a quarter, too, and its windows */
	uint32_t sig;		     /**< ports and regions of a signature, intervals and hours */
	uint32_t open_sig;
	uint32_t d_source;	/**< a region */
	uint32_t d_backscatter; /**< in all */
	uint32_t open_source;	/**< a region; likewise the next */
	uint32_t open_backscatter;
	uint32_t open_all_source; /**< of all regions together: each may have an equal share; likewise the next */
	uint32_t open_all_backscatter;
	uint32_t d_hll;
	uint32_t q_hll;
	uint32_t open_hll;
	uint32_t open_other; /**< any other set of an hour, and types of ICMP, while the bucket is open */
	uint32_t old_h;	     /**< of a bucket that is old; likewise the next */
	uint32_t old_d;
	uint32_t old_d_region_port;
	uint32_t old_q;
	uint32_t old_sig;	       /**< ports and regions of a signature, days and quarters */
	uint32_t old_source;	       /**< a region */
	uint32_t old_all_source;       /**< in all */
	uint32_t old_backscatter;      /**< in all */
	uint32_t old_backscatter_port; /**< a region */
	uint32_t old_d_hll;
	uint32_t old_q_hll;
	uint32_t old_unique;
};

struct nt_config_redis {
	char *url; /**< valid for nt_redis_url_parse(), may hold a password; "": no Redis */
	char *password_file;
	uint32_t timeout_ms;
	uint32_t queue; /**< snapshots */
	struct nt_config_keep keep;
	struct nt_config_members members;
};

struct nt_config_spool {
	char *path; /**< "": in memory */
	uint32_t mib;
	uint32_t keep_applied_s;
};

/** When a new JSON file begins. */
struct nt_config_json_rotate {
	uint32_t mib;	/**< 0: never; likewise the next */
	uint32_t hours; /**< at multiples of them, UTC */
	uint32_t keep;	/**< files */
};

/** What is worth an event; see lib/detect/README.md. */
struct nt_config_dos {
	bool enabled;
	uint32_t packets;
	uint32_t duration_s;
	uint32_t window_packets;
	uint32_t silence_s;
	uint32_t victims; /**< entries */
};

struct nt_config_fixed_tool {
	bool enabled;
	uint32_t sources;
	uint32_t packets;
	uint32_t factor;
	uint32_t warm_up_h;
	uint32_t tracked;
	uint32_t groups; /**< entries */
};

struct nt_config_surge {
	bool enabled;
	uint32_t warm_up_h;
	uint32_t packets; /**< in an hour */
	uint32_t sources; /**< in an hour, summed over its intervals */
	uint32_t factor;
	uint32_t series; /**< ports */
};

struct nt_config_scanner {
	bool enabled;
	uint32_t ports;
	uint32_t silence_s;
	uint32_t sources; /**< entries */
	char *known;	  /**< file; "": none */
};

struct nt_config_sensor {
	bool enabled;
	uint32_t silence_s;
	uint32_t loss_percent;
	uint32_t geo_days;
};

struct nt_config_detect {
	struct nt_config_dos dos;
	struct nt_config_fixed_tool fixed_tool;
	struct nt_config_surge surge;
	struct nt_config_scanner scanner;
	struct nt_config_sensor sensor;
};

struct nt_config {
	char *sensor; /**< "": the caller takes the host name */
	char *group;
	uint64_t addresses; /**< monitored; 0: not stated */
	uint32_t interval_s;
	uint32_t workers; /**< 0: as many as the device with most queues has */
	char *lcores;	  /**< valid for nt_cpus_parse(); "": the caller chooses */
	int32_t day_offset_h;
	struct nt_config_device *device;
	uint32_t n_devices;
	uint32_t devices_line; /**< where the file has `devices`, for messages; 0: nowhere */
	struct nt_config_signature *signature;
	uint32_t n_signatures; /**< at most NT_SIGNATURES_MAX */
	struct nt_config_geo geo;
	struct nt_config_memory memory;
	struct nt_config_tables tables;
	uint32_t link_wait_s;
	uint32_t idle_sleep_us; /**< 0: never sleep */
	char *json;		/**< file or "-"; "": none */
	struct nt_config_json_rotate json_rotate;
	struct nt_config_redis redis;
	struct nt_config_spool spool;
	struct nt_config_detect detect;
};

/** The signatures as nt_signatures_new() takes them; texts stay the configuration's. Returns their number. */
uint32_t nt_config_signatures(const struct nt_config *c, struct nt_signature signature[static NT_SIGNATURES_MAX]);

/** Makes the configuration of an empty file. Undone by nt_config_fini(). Returns 0 or -ENOMEM. */
int nt_config_defaults(struct nt_config *c);

/**
 * Reads and checks a file. On success undone by nt_config_fini(); on failure there is nothing to undo and `why`
 * is one line without control characters: "FILE:LINE: key.path: reason", without LINE where none is to blame.
 * Returns 0, -EINVAL (the file's content), -ENOMEM, or what opening or reading it failed with. `devices` may be
 * missing: see nt_config_check_run().
 */
int nt_config_load(const char *path, struct nt_config *out, char *why, size_t why_size);

/** nt_config_load() on a file's content; `name` stands for the file in messages. */
int nt_config_load_bytes(const char *name, const uint8_t *bytes, size_t size, struct nt_config *out, char *why,
			 size_t why_size);

/** What live capture needs on top: a device. Returns 0, or -EINVAL with `why` as from nt_config_load(). */
int nt_config_check_run(const struct nt_config *c, const char *path, char *why, size_t why_size);

/**
 * Writes every key with its value, unit, range, default and meaning, as YAML that loads again. User and password
 * of redis.url are left out. Returns 0 or -EIO.
 */
int nt_config_print(const struct nt_config *c, FILE *out);

struct nt_redis_limits;

/** What Redis is allowed to keep, as the writer takes it. */
struct nt_redis_limits nt_config_redis_limits(const struct nt_config_redis *redis);

/** Frees what the configuration holds; harmless on one that is zeroed or freed. */
void nt_config_fini(struct nt_config *c);

#endif

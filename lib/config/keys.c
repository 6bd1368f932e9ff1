/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/keys.h"

#include "config/check.h"
#include "config/config.h"

#include <assert.h>
#include <string.h>

#define AT(member) .offset = offsetof(struct nt_config, member), .size = sizeof(((struct nt_config *)0)->member)
#define AT_DEVICE(member)                                                                                              \
	.offset = offsetof(struct nt_config_device, member), .size = sizeof(((struct nt_config_device *)0)->member)

#define AT_SIGNATURE(member)                                                                                           \
	.offset = offsetof(struct nt_config_signature, member),                                                        \
	.size = sizeof(((struct nt_config_signature *)0)->member)
#define AT_LIST(member, count, most)                                                                                   \
	.offset = offsetof(struct nt_config, member), .size = sizeof(*((struct nt_config *)0)->member),                \
	.count_offset = offsetof(struct nt_config, count), .max = (most)

#define DAYS_MAX    36525 /* a century: longer is a slip of the keyboard */
#define MEMBERS_MAX 65536 /* every port; more is no top list */
#define PATH_BYTES  4095  /* PATH_MAX of Linux, less the NUL */
#define NAME_FORM   "1 to 64 of A-Z a-z 0-9 . _ -"

static const char *const hugepages_word[] = {
    [NT_HUGEPAGES_AUTO] = "auto",
    [NT_HUGEPAGES_YES] = "yes",
    [NT_HUGEPAGES_NO] = "no",
    NULL,
};

static const char *const sources_word[] = {
    [NT_SOURCES_ANY] = "any",
    [NT_SOURCES_ALL_SYNS] = "all_syns",
    NULL,
};

static const char *shipped_signature(uint32_t i, const char *leaf)
{
	const struct nt_signature *s = &nt_signatures_shipped[i];

	if (i >= nt_signatures_shipped_n)
		return NULL;
	if (!strcmp(leaf, "name"))
		return s->name;
	if (!strcmp(leaf, "match"))
		return s->match;
	if (!strcmp(leaf, "sources"))
		return sources_word[s->all_syns ? NT_SOURCES_ALL_SYNS : NT_SOURCES_ANY];
	return s->explains ? "true" : "false";
}

/* clang-format off */
const struct nt_key nt_key[] = {
	{ .path = "sensor", .type = NT_KEY_TEXT, AT(sensor), .max = 64, .check = nt_check_name,
	  .form = NAME_FORM, .value = "",
	  .help = "Name of the sensor, under which its numbers are published. Empty: the host name." },
	{ .path = "group", .type = NT_KEY_TEXT, AT(group), .min = 1, .max = 64, .check = nt_check_name,
	  .form = NAME_FORM, .value = "default",
	  .help = "Group of sensors that reports put together, such as domestic and overseas." },
	{ .path = "addresses", .type = NT_KEY_NUMBER, AT(addresses), .max = INT64_MAX, .unit = "addresses",
	  .value = "0",
	  .help = "How many addresses the sensor watches; 65536 for a /16. 0: not stated." },
	{ .path = "interval", .type = NT_KEY_NUMBER, AT(interval_s), .min = 1, .max = 86400, .unit = "seconds",
	  .value = "60",
	  .help = "Length of an interval. Divides a day (86400), and with redis.url also an hour (3600)." },
	{ .path = "workers", .type = NT_KEY_NUMBER, AT(workers), .max = 64, .unit = "workers", .value = "0",
	  .help = "Cores that count packets. 0: as many as the device with most queues has." },
	{ .path = "lcores", .type = NT_KEY_TEXT, AT(lcores), .max = PATH_BYTES, .check = nt_check_cpus,
	  .form = "CPU list such as \"0-3,6\"", .value = "",
	  .help = "CPUs to run on: the first for statistics, the others for the workers. Empty: the program chooses." },
	{ .path = "day_offset_h", .type = NT_KEY_NUMBER, AT(day_offset_h), .min = -12, .max = 14, .unit = "hours",
	  .value = "0",
	  .help = "Days and quarters are those of the time zone UTC plus this: with 9 they begin at 15:00 UTC. "
		  "Fixed while Redis holds data of the sensor." },

	{ .path = "devices", .type = NT_KEY_LIST, AT_LIST(device, n_devices, NT_CONFIG_DEVICES_MAX),
	  .help = "What to capture from, at most 32. `needletail ports` prints the lines for every usable device." },
	{ .path = "devices[].name", .type = NT_KEY_TEXT, AT_DEVICE(name), .required = true, .min = 1,
	  .max = PATH_BYTES, .check = nt_check_device, .form = "device as DPDK names it", .value = "",
	  .example = "0000:01:00.0",
	  .help = "PCI address (\"0000:01:00.0\"), or a virtual device with its arguments, such as\n"
		  "\"net_af_packet0,iface=eth1,qpairs=2\" (kernel interface), \"net_pcap0,rx_pcap=a.pcap\" (file)." },
	{ .path = "devices[].queues", .type = NT_KEY_NUMBER, AT_DEVICE(queues), .min = 1, .max = 64,
	  .unit = "queues", .value = "1",
	  .help = "Receive queues, over which the device spreads packets by source address." },
	{ .path = "devices[].descriptors", .type = NT_KEY_NUMBER, AT_DEVICE(descriptors), .min = 64, .max = 32768,
	  .unit = "descriptors", .value = "1024",
	  .help = "Packets that a queue holds until a worker takes them. More ride out longer bursts and cost cache." },
	{ .path = "devices[].promiscuous", .type = NT_KEY_BOOL, AT_DEVICE(promiscuous), .value = "true",
	  .help = "Take frames for every MAC address." },
	{ .path = "devices[].mtu", .type = NT_KEY_NUMBER, AT_DEVICE(mtu), .min = 68, .max = 16000, .zero = true,
	  .unit = "bytes", .value = "0",
	  .help = "MTU to set. 0: leave it as it is." },
	{ .path = "devices[].wake", .type = NT_KEY_BOOL, AT_DEVICE(wake), .value = "true",
	  .help = "Have an idle worker wait until the device wakes it: by interrupts, or the socket of af_packet. Where it\n"
		  "cannot do that, and with false, the worker looks for packets at least every idle_sleep_us." },

	{ .path = "geo", .type = NT_KEY_SECTION,
	  .help = "Databases (MMDB) that say where a source is. Read again on SIGHUP." },
	{ .path = "geo.country", .type = NT_KEY_TEXT, AT(geo.country), .max = PATH_BYTES, .form = "file", .value = "",
	  .help = "Country database. Empty: every region is unknown." },
	{ .path = "geo.country_path", .type = NT_KEY_TEXT, AT(geo.country_path), .max = 255,
	  .check = nt_check_country_path, .form = "elements between dots", .value = "",
	  .help = "Where its records have the code, such as country.iso_code.\n"
		  "Empty: the first there is of country.iso_code, country_code, country." },
	{ .path = "geo.asn", .type = NT_KEY_TEXT, AT(geo.asn), .max = PATH_BYTES, .form = "file", .value = "",
	  .help = "AS database. Empty: no AS number is counted." },

	{ .path = "memory", .type = NT_KEY_SECTION, .help = "Memory." },
	{ .path = "memory.hugepages", .type = NT_KEY_CHOICE, AT(memory.hugepages), .word = hugepages_word,
	  .value = "auto",
	  .help = "yes: hugepages or no start. no: plain memory. auto: hugepages when there are enough." },
	{ .path = "memory.mib", .type = NT_KEY_NUMBER, AT(memory.mib), .min = 64, .max = 1048576, .unit = "MiB",
	  .value = "2048",
	  .help = "Memory to take when without hugepages, at most: it is taken when it is used. A replay takes what it needs." },
	/*
	 * A mempool wastes least at 2^n - 1 (rte_mempool_create()). 65,535 buffers of 2.4 KB are 150 MiB, fit the
	 * default of memory.mib, and fill 32 queues of 1,024 descriptors with as much again for caches and bursts.
	 */
	{ .path = "memory.mbufs", .type = NT_KEY_NUMBER, AT(memory.mbufs), .min = 1024, .max = 16777215,
	  .unit = "buffers", .value = "65535",
	  .help = "Packet buffers on each socket, more than its queues x descriptors; best a power of two less one." },

	{ .path = "tables", .type = NT_KEY_SECTION, .help = "Sizes of the tables that an interval is counted in." },
	{ .path = "tables.sources", .type = NT_KEY_NUMBER, AT(tables.sources), .min = 64, .max = 1 << 27,
	  .unit = "entries", .value = "1048576",
	  .help = "Sources of an interval, 192 bytes each; a quarter suffices for a /16 and a minute. What does not fit is estimated." },
	{ .path = "tables.pairs", .type = NT_KEY_NUMBER, AT(tables.pairs), .min = 64, .max = 1 << 27,
	  .unit = "entries", .value = "524288",
	  .help = "Pairs of source and destination port of an interval, for unique sources of a port." },
	{ .path = "tables.victims", .type = NT_KEY_NUMBER, AT(tables.victims), .min = 64, .max = 1 << 24,
	  .unit = "entries", .value = "32768",
	  .help = "Senders of backscatter of an interval, and as many victims of attacks." },
	{ .path = "tables.sketches", .type = NT_KEY_NUMBER, AT(tables.sketches), .min = 1024, .max = 1 << 16,
	  .unit = "sketches", .value = "1024",
	  .help = "Names (regions, ports, signatures) of which sources are estimated once tables.sources is full; "
		  "38 KiB each and for every worker." },
	{ .path = "tables.region_port", .type = NT_KEY_NUMBER, AT(tables.region_port), .min = 1024, .max = 1 << 26,
	  .unit = "entries", .value = "1048576",
	  .help = "Pairs of region and port of packets whose source or pair found no room in tables.sources or tables.pairs, "
		  "and a quarter as many for those that signatures match. What does not fit here, either, is counted as "
		  "overflow and missing nowhere else." },

	{ .path = "signatures", .type = NT_KEY_LIST, AT_LIST(signature, n_signatures, NT_SIGNATURES_MAX),
	  .item = shipped_signature,
	  .help = "What to tell packets by, at most 32; the language is described in signatures.md. A list that is given "
		  "replaces this one; [] is none." },
	{ .path = "signatures[].name", .type = NT_KEY_TEXT, AT_SIGNATURE(name), .required = true, .min = 1, .max = 64,
	  .check = nt_check_name, .form = NAME_FORM, .value = "",
	  .help = "Name, under which its numbers are published." },
	{ .path = "signatures[].match", .type = NT_KEY_TEXT, AT_SIGNATURE(match), .required = true, .min = 1,
	  .max = PATH_BYTES, .form = "conditions, all of which hold", .value = "",
	  .help = "What a packet must be, such as: tcp flags S/SAFR dport 445 not window 8192" },
	{ .path = "signatures[].sources", .type = NT_KEY_CHOICE, AT_SIGNATURE(sources), .word = sources_word,
	  .value = "any",
	  .help = "Which sources count: those that sent a packet that matches, or only those all of whose TCP SYNs of the "
		  "interval match,\nfor conditions that a packet meets by chance now and then." },
	{ .path = "signatures[].explains", .type = NT_KEY_BOOL, AT_SIGNATURE(explains), .value = "true",
	  .help = "It says what made the traffic, so that detect.fixed_tool need not tell of such sources towards one port.\n"
		  "false: it only counts, and its sources are looked at like all others." },

	{ .path = "link_wait_s", .type = NT_KEY_NUMBER, AT(link_wait_s), .max = 600, .unit = "seconds", .value = "10",
	  .help = "How long to wait for the link to come up before counting starts." },
	{ .path = "idle_sleep_us", .type = NT_KEY_NUMBER, AT(idle_sleep_us), .max = 10000, .unit = "microseconds",
	  .value = "500",
	  .help = "Longest sleep of an idle worker that its devices cannot wake. 0: all poll on, at 100 % of the core." },
	{ .path = "json", .type = NT_KEY_TEXT, AT(json), .max = PATH_BYTES,
	  .form = "file, or \"-\" for standard output", .value = "",
	  .help = "Where to write a JSON line for each interval. Empty: nowhere. A file is opened again on SIGHUP." },

	{ .path = "json_rotate", .type = NT_KEY_SECTION,
	  .help = "When a new JSON file begins, always between two intervals; the one before becomes FILE.1, that one FILE.2." },
	{ .path = "json_rotate.mib", .type = NT_KEY_NUMBER, AT(json_rotate.mib), .max = 1 << 20, .unit = "MiB",
	  .value = "0",
	  .help = "Before it grows larger than this. 0: never." },
	{ .path = "json_rotate.hours", .type = NT_KEY_NUMBER, AT(json_rotate.hours), .max = 8760, .unit = "hours",
	  .value = "0",
	  .help = "At multiples of these, in the time of packets, UTC; 24: at midnight. 0: never." },
	{ .path = "json_rotate.keep", .type = NT_KEY_NUMBER, AT(json_rotate.keep), .min = 1, .max = 10000,
	  .unit = "files", .value = "10",
	  .help = "Files that stay beside the current one." },

	{ .path = "redis", .type = NT_KEY_SECTION, .help = "The Redis server that the numbers go to." },
	{ .path = "redis.url", .type = NT_KEY_TEXT, AT(redis.url), .max = PATH_BYTES, .check = nt_check_redis_url,
	  .secret = true, .form = "URL", .value = "",
	  .help = "redis://[user[:password]@]host[:port][/db] or unix://[user[:password]@]/path[?db=N]. Empty: no Redis." },
	{ .path = "redis.password_file", .type = NT_KEY_TEXT, AT(redis.password_file), .max = PATH_BYTES,
	  .form = "file", .value = "",
	  .help = "File whose first line is the password, for its owner alone (chmod 600); better than one in the URL." },
	{ .path = "redis.timeout_ms", .type = NT_KEY_NUMBER, AT(redis.timeout_ms), .min = 100, .max = 60000,
	  .unit = "milliseconds", .value = "2000",
	  .help = "How long to wait for a connection or a reply." },
	{ .path = "redis.queue", .type = NT_KEY_NUMBER, AT(redis.queue), .min = 1, .max = 1000000,
	  .unit = "snapshots", .value = "4096",
	  .help = "Snapshots kept in memory while Redis is away and there is no spool on disk." },

	{ .path = "redis.keep", .type = NT_KEY_SECTION, .help = "How long Redis keeps the buckets." },
	{ .path = "redis.keep.m_days", .type = NT_KEY_NUMBER, AT(redis.keep.m_days), .min = 1, .max = DAYS_MAX,
	  .unit = "days", .value = "2", .help = "Intervals." },
	{ .path = "redis.keep.h_days", .type = NT_KEY_NUMBER, AT(redis.keep.h_days), .min = 1, .max = DAYS_MAX,
	  .unit = "days", .value = "130", .help = "Hours." },
	{ .path = "redis.keep.d_days", .type = NT_KEY_NUMBER, AT(redis.keep.d_days), .min = 1, .max = DAYS_MAX,
	  .unit = "days", .value = "400", .help = "Days." },
	{ .path = "redis.keep.q_days", .type = NT_KEY_NUMBER, AT(redis.keep.q_days), .min = 1, .max = DAYS_MAX,
	  .unit = "days", .value = "1830", .help = "Quarters." },
	{ .path = "redis.keep.live_entries", .type = NT_KEY_NUMBER, AT(redis.keep.live_entries), .min = 1,
	  .max = 10000000, .unit = "entries", .value = "129600",
	  .help = "The live stream, one entry an interval; 129600 are 90 days of minutes." },
	{ .path = "redis.keep.events_entries", .type = NT_KEY_NUMBER, AT(redis.keep.events_entries), .min = 1,
	  .max = 10000000, .unit = "entries", .value = "20000", .help = "The stream of events." },
	{ .path = "redis.keep.h_hll_days", .type = NT_KEY_NUMBER, AT(redis.keep.h_hll_days), .min = 1, .max = DAYS_MAX,
	  .unit = "days", .value = "7", .help = "HyperLogLogs of hours." },
	{ .path = "redis.keep.d_sources_days", .type = NT_KEY_NUMBER, AT(redis.keep.d_sources_days), .min = 1,
	  .max = DAYS_MAX, .unit = "days", .value = "130", .help = "Addresses and HyperLogLogs of days." },
	{ .path = "redis.keep.h_full_days", .type = NT_KEY_NUMBER, AT(redis.keep.h_full_days), .min = 0, .max = DAYS_MAX,
	  .unit = "days", .value = "7",
	  .help = "Hours: from then on they keep what redis.members.old_h says; 0: as much as before." },
	{ .path = "redis.keep.d_full_days", .type = NT_KEY_NUMBER, AT(redis.keep.d_full_days), .min = 0, .max = DAYS_MAX,
	  .unit = "days", .value = "7",
	  .help = "Days: from then on they keep what redis.members.old_* says; 0: as much as before." },
	{ .path = "redis.keep.q_full_days", .type = NT_KEY_NUMBER, AT(redis.keep.q_full_days), .min = 0, .max = DAYS_MAX,
	  .unit = "days", .value = "100",
	  .help = "Quarters: from then on they keep what redis.members.old_* says; 0: as much as before." },

	{ .path = "redis.members", .type = NT_KEY_SECTION,
	  .help = "How many members a sorted set keeps when its bucket closes, the largest first." },
	{ .path = "redis.members.m", .type = NT_KEY_NUMBER, AT(redis.members.m), .min = 1, .max = MEMBERS_MAX,
	  .unit = "members", .value = "128", .help = "Intervals." },
	{ .path = "redis.members.h", .type = NT_KEY_NUMBER, AT(redis.members.h), .min = 1, .max = MEMBERS_MAX,
	  .unit = "members", .value = "128", .help = "Hours." },
	{ .path = "redis.members.d_port", .type = NT_KEY_NUMBER, AT(redis.members.d_port), .min = 1,
	  .max = MEMBERS_MAX, .unit = "members", .value = "512", .help = "Days: ports, AS numbers. Quarters: ports of a signature." },
	{ .path = "redis.members.d_region_port", .type = NT_KEY_NUMBER, AT(redis.members.d_region_port), .min = 1,
	  .max = MEMBERS_MAX, .unit = "members", .value = "512", .help = "Days: pairs of region and port." },
	{ .path = "redis.members.d_other", .type = NT_KEY_NUMBER, AT(redis.members.d_other), .min = 1,
	  .max = MEMBERS_MAX, .unit = "members", .value = "128", .help = "Days: everything else, ports of a signature, too; regions stay all." },
	{ .path = "redis.members.q", .type = NT_KEY_NUMBER, AT(redis.members.q), .min = 1, .max = MEMBERS_MAX,
	  .unit = "members", .value = "4096", .help = "Quarters; regions stay all." },
	{ .path = "redis.members.open_region_port", .type = NT_KEY_NUMBER, AT(redis.members.open_region_port),
	  .min = 1, .max = 1048576, .unit = "members", .value = "32768",
	  .help = "Pairs of region and port of a day that is still open." },
	{ .path = "redis.members.open_q_region_port", .type = NT_KEY_NUMBER, AT(redis.members.open_q_region_port),
	  .min = 1, .max = 1048576, .unit = "members", .value = "65536",
	  .help = "Pairs of region and port of a quarter that is still open." },
	{ .path = "redis.members.open_asn", .type = NT_KEY_NUMBER, AT(redis.members.open_asn), .min = 1,
	  .max = 1048576, .unit = "members", .value = "32768",
	  .help = "AS numbers of a day or a quarter that is still open; windows of a quarter, too." },
	{ .path = "redis.members.sig", .type = NT_KEY_NUMBER, AT(redis.members.sig), .min = 1,
	  .max = MEMBERS_MAX, .unit = "members", .value = "16",
	  .help = "Ports, and regions, of a signature: intervals and hours." },
	{ .path = "redis.members.open_sig", .type = NT_KEY_NUMBER, AT(redis.members.open_sig), .min = 1,
	  .max = 131072, .unit = "members", .value = "2048",
	  .help = "Ports of a signature that one interval adds, and in a bucket that is still open." },
	{ .path = "redis.members.d_source", .type = NT_KEY_NUMBER, AT(redis.members.d_source), .min = 1,
	  .max = MEMBERS_MAX, .unit = "members", .value = "20",
	  .help = "Days: sources of a region." },
	{ .path = "redis.members.d_backscatter", .type = NT_KEY_NUMBER, AT(redis.members.d_backscatter), .min = 1,
	  .max = MEMBERS_MAX, .unit = "members", .value = "2000",
	  .help = "Days: senders of backscatter, all regions together." },
	{ .path = "redis.members.open_source", .type = NT_KEY_NUMBER, AT(redis.members.open_source), .min = 1,
	  .max = 1048576, .unit = "members", .value = "2048",
	  .help = "Sources of a region in a day that is still open; likewise source ports of its backscatter." },
	{ .path = "redis.members.open_backscatter", .type = NT_KEY_NUMBER, AT(redis.members.open_backscatter), .min = 1,
	  .max = 1048576, .unit = "members", .value = "2000",
	  .help = "Senders of backscatter of a region in a day that is still open." },
	{ .path = "redis.members.open_all_source", .type = NT_KEY_NUMBER, AT(redis.members.open_all_source), .min = 1,
	  .max = 16777216, .unit = "members", .value = "65536",
	  .help = "Sources of all regions together in a day that is still open: each region may have an equal share; likewise those ports." },
	{ .path = "redis.members.open_all_backscatter", .type = NT_KEY_NUMBER, AT(redis.members.open_all_backscatter),
	  .min = 1, .max = 16777216, .unit = "members", .value = "131072",
	  .help = "Senders of backscatter, likewise." },
	{ .path = "redis.members.d_hll", .type = NT_KEY_NUMBER, AT(redis.members.d_hll), .min = 1,
	  .max = MEMBERS_MAX, .unit = "dense HyperLogLogs", .value = "48",
	  .help = "Days: memory for HyperLogLogs, as much as so many dense ones take (14.2 KiB each). The largest stay; small ones take less, and more of them stay." },
	{ .path = "redis.members.q_hll", .type = NT_KEY_NUMBER, AT(redis.members.q_hll), .min = 1,
	  .max = MEMBERS_MAX, .unit = "dense HyperLogLogs", .value = "128",
	  .help = "Quarters: memory for HyperLogLogs, likewise." },
	{ .path = "redis.members.open_hll", .type = NT_KEY_NUMBER, AT(redis.members.open_hll), .min = 1,
	  .max = 1048576, .unit = "members", .value = "4096",
	  .help = "HyperLogLogs of a day or a quarter that is still open; those of ports are let go of, the smallest first." },
	{ .path = "redis.members.open_other", .type = NT_KEY_NUMBER, AT(redis.members.open_other), .min = 1,
	  .max = 1048576, .unit = "members", .value = "8192",
	  .help = "Every set but ports of an hour that is still open; types of ICMP, too, of a day or a quarter." },
	{ .path = "redis.members.old_h", .type = NT_KEY_NUMBER, AT(redis.members.old_h), .min = 1,
	  .max = MEMBERS_MAX, .unit = "members", .value = "32",
	  .help = "Old hours." },
	{ .path = "redis.members.old_d", .type = NT_KEY_NUMBER, AT(redis.members.old_d), .min = 1,
	  .max = MEMBERS_MAX, .unit = "members", .value = "128",
	  .help = "Old days; regions stay all." },
	{ .path = "redis.members.old_d_region_port", .type = NT_KEY_NUMBER, AT(redis.members.old_d_region_port), .min = 1,
	  .max = MEMBERS_MAX, .unit = "members", .value = "256",
	  .help = "Old days: pairs of region and port." },
	{ .path = "redis.members.old_q", .type = NT_KEY_NUMBER, AT(redis.members.old_q), .min = 1,
	  .max = MEMBERS_MAX, .unit = "members", .value = "256",
	  .help = "Old quarters; regions stay all." },
	{ .path = "redis.members.old_sig", .type = NT_KEY_NUMBER, AT(redis.members.old_sig), .min = 1,
	  .max = MEMBERS_MAX, .unit = "members", .value = "64",
	  .help = "Ports, and regions, of a signature: old days and quarters." },
	{ .path = "redis.members.old_source", .type = NT_KEY_NUMBER, AT(redis.members.old_source), .min = 1,
	  .max = MEMBERS_MAX, .unit = "members", .value = "20",
	  .help = "Old days: sources of a region." },
	{ .path = "redis.members.old_all_source", .type = NT_KEY_NUMBER, AT(redis.members.old_all_source), .min = 1,
	  .max = 16777216, .unit = "members", .value = "1250",
	  .help = "Old days: sources of all regions together. Each region may have an equal share; what it does not need is for the others." },
	{ .path = "redis.members.old_backscatter", .type = NT_KEY_NUMBER, AT(redis.members.old_backscatter), .min = 1,
	  .max = MEMBERS_MAX, .unit = "members", .value = "1000",
	  .help = "Old days: senders of backscatter, all regions together." },
	{ .path = "redis.members.old_backscatter_port", .type = NT_KEY_NUMBER, AT(redis.members.old_backscatter_port),
	  .min = 1, .max = MEMBERS_MAX, .unit = "members", .value = "8",
	  .help = "Old days: source ports of a region's backscatter." },
	{ .path = "redis.members.old_d_hll", .type = NT_KEY_NUMBER, AT(redis.members.old_d_hll), .min = 1,
	  .max = MEMBERS_MAX, .unit = "dense HyperLogLogs", .value = "8",
	  .help = "Old days: memory for HyperLogLogs, likewise." },
	{ .path = "redis.members.old_q_hll", .type = NT_KEY_NUMBER, AT(redis.members.old_q_hll), .min = 1,
	  .max = MEMBERS_MAX, .unit = "dense HyperLogLogs", .value = "16",
	  .help = "Old quarters: memory for HyperLogLogs, likewise." },
	{ .path = "redis.members.old_unique", .type = NT_KEY_NUMBER, AT(redis.members.old_unique), .min = 1,
	  .max = MEMBERS_MAX, .unit = "members", .value = "512",
	  .help = "Old days and quarters: numbers of different sources. Each kind has an equal share first; then the largest." },

	{ .path = "spool", .type = NT_KEY_SECTION,
	  .help = "A store on disk for intervals on their way to Redis and to the JSON file." },
	{ .path = "spool.path", .type = NT_KEY_TEXT, AT(spool.path), .max = PATH_BYTES, .form = "file", .value = "",
	  .help = "Its file, of this sensor alone. With it, nothing that was counted is lost or counted twice when the program,\n"
		  "the machine or Redis dies; only standard output and pipes may get an interval twice then. Empty: what\n"
		  "waits is kept in memory and dies with the program." },
	{ .path = "spool.mib", .type = NT_KEY_NUMBER, AT(spool.mib), .min = 1, .max = 1 << 20, .unit = "MiB",
	  .value = "1024",
	  .help = "Largest size of the file; the log beside it adds some MiB. When it is full, the oldest intervals that\n"
		  "wait lose their detail first, then they are dropped; both are counted and published." },
	{ .path = "spool.keep_applied_s", .type = NT_KEY_NUMBER, AT(spool.keep_applied_s), .max = 86400,
	  .unit = "seconds", .value = "600",
	  .help = "How long intervals stay once they are in Redis, for a Redis that loses its last writes." },

	{ .path = "detect", .type = NT_KEY_SECTION,
	  .help = "Detectors: from when on something is told as an event." },

	{ .path = "detect.dos", .type = NT_KEY_SECTION,
	  .help = "Attacks, by the backscatter of their victims. The thresholds suit a /8: see addresses." },
	{ .path = "detect.dos.enabled", .type = NT_KEY_BOOL, AT(detect.dos.enabled), .value = "true",
	  .help = "Look for them." },
	{ .path = "detect.dos.packets", .type = NT_KEY_NUMBER, AT(detect.dos.packets), .min = 1, .max = 1000000000,
	  .unit = "packets", .value = "25",
	  .help = "Least of an attack." },
	{ .path = "detect.dos.duration_s", .type = NT_KEY_NUMBER, AT(detect.dos.duration_s), .max = 86400,
	  .unit = "seconds", .value = "60",
	  .help = "Least from its first packet to its last." },
	{ .path = "detect.dos.window_packets", .type = NT_KEY_NUMBER, AT(detect.dos.window_packets), .min = 1,
	  .max = 1000000000, .unit = "packets", .value = "30",
	  .help = "Least in its densest minute." },
	{ .path = "detect.dos.silence_s", .type = NT_KEY_NUMBER, AT(detect.dos.silence_s), .min = 1, .max = 86400,
	  .unit = "seconds", .value = "300",
	  .help = "Without a packet, after which it is over." },
	{ .path = "detect.dos.victims", .type = NT_KEY_NUMBER, AT(detect.dos.victims), .min = 64, .max = 1 << 24,
	  .unit = "entries", .value = "65536",
	  .help = "Victims followed at a time." },

	{ .path = "detect.fixed_tool", .type = NT_KEY_SECTION,
	  .help = "Sources of one region or AS whose packets one tool has made: one window, one sequence number." },
	{ .path = "detect.fixed_tool.enabled", .type = NT_KEY_BOOL, AT(detect.fixed_tool.enabled), .value = "true",
	  .help = "Look for them." },
	{ .path = "detect.fixed_tool.sources", .type = NT_KEY_NUMBER, AT(detect.fixed_tool.sources), .min = 2,
	  .max = 1000000, .unit = "sources", .value = "4",
	  .help = "Least of a group." },
	{ .path = "detect.fixed_tool.packets", .type = NT_KEY_NUMBER, AT(detect.fixed_tool.packets), .min = 1,
	  .max = 1000000000, .unit = "packets", .value = "10",
	  .help = "Least of each of them in an hour; SYNs that a host sends again make seven of one sequence number." },
	{ .path = "detect.fixed_tool.factor", .type = NT_KEY_NUMBER, AT(detect.fixed_tool.factor), .min = 1,
	  .max = 1000, .unit = "times", .value = "4",
	  .help = "How far above the group's own past." },
	{ .path = "detect.fixed_tool.warm_up_h", .type = NT_KEY_NUMBER, AT(detect.fixed_tool.warm_up_h), .min = 24,
	  .max = 8760, .unit = "hours", .value = "24",
	  .help = "Hours before one window towards one port may be told; what numbers prove is told at once." },
	{ .path = "detect.fixed_tool.groups", .type = NT_KEY_NUMBER, AT(detect.fixed_tool.groups), .min = 64,
	  .max = 1 << 22, .unit = "entries", .value = "32768",
	  .help = "Groups whose past is remembered; 200 bytes each." },
	{ .path = "detect.fixed_tool.tracked", .type = NT_KEY_NUMBER, AT(detect.fixed_tool.tracked), .min = 64,
	  .max = 1 << 24, .unit = "entries", .value = "262144",
	  .help = "Sources of an hour that are followed; 190 bytes each." },

	{ .path = "detect.surge", .type = NT_KEY_SECTION,
	  .help = "Ports and regions far above what is usual at that hour of the day." },
	{ .path = "detect.surge.enabled", .type = NT_KEY_BOOL, AT(detect.surge.enabled), .value = "true",
	  .help = "Look for them." },
	{ .path = "detect.surge.warm_up_h", .type = NT_KEY_NUMBER, AT(detect.surge.warm_up_h), .min = 24, .max = 8760,
	  .unit = "hours", .value = "24",
	  .help = "Hours before the first may be told." },
	{ .path = "detect.surge.packets", .type = NT_KEY_NUMBER, AT(detect.surge.packets), .min = 1,
	  .max = 1000000000, .unit = "packets", .value = "1000",
	  .help = "Least in an hour. Suits a /24; for more addresses raise it, to about four packets for each." },
	{ .path = "detect.surge.sources", .type = NT_KEY_NUMBER, AT(detect.surge.sources), .min = 1,
	  .max = 1000000000, .unit = "sources", .value = "100",
	  .help = "Least different ones in an hour." },
	{ .path = "detect.surge.factor", .type = NT_KEY_NUMBER, AT(detect.surge.factor), .min = 2, .max = 1000,
	  .unit = "times", .value = "3",
	  .help = "How far above the usual." },
	{ .path = "detect.surge.series", .type = NT_KEY_NUMBER, AT(detect.surge.series), .min = 16, .max = 65536,
	  .unit = "ports", .value = "4096",
	  .help = "Ports followed, 4 KB each; regions always are." },

	{ .path = "detect.scanner", .type = NT_KEY_SECTION,
	  .help = "Sources that try many destination ports." },
	{ .path = "detect.scanner.enabled", .type = NT_KEY_BOOL, AT(detect.scanner.enabled), .value = "true",
	  .help = "Look for them." },
	{ .path = "detect.scanner.ports", .type = NT_KEY_NUMBER, AT(detect.scanner.ports), .min = 1, .max = 131071,
	  .unit = "ports", .value = "10",
	  .help = "More than these within a day; 53/tcp and 53/udp are two." },
	{ .path = "detect.scanner.silence_s", .type = NT_KEY_NUMBER, AT(detect.scanner.silence_s), .min = 1,
	  .max = 86400, .unit = "seconds", .value = "86400",
	  .help = "Without a packet, after which a scanner is told, at the latest at the end of the day. Once told, it is\n"
		  "told no more that day: at less than 86400 the numbers are those so far." },
	{ .path = "detect.scanner.sources", .type = NT_KEY_NUMBER, AT(detect.scanner.sources), .min = 64,
	  .max = 1 << 24, .unit = "entries", .value = "524288",
	  .help = "Sources of a day that are followed; 120 bytes each." },
	{ .path = "detect.scanner.known", .type = NT_KEY_TEXT, AT(detect.scanner.known), .max = PATH_BYTES,
	  .form = "file", .value = "",
	  .help = "File of the prefixes of those who scan for research, which marks their events; its form is that of\n"
		  "config/research-scanners.txt. Empty: none." },

	{ .path = "detect.sensor", .type = NT_KEY_SECTION, .help = "What is wrong with the sensor itself." },
	{ .path = "detect.sensor.enabled", .type = NT_KEY_BOOL, AT(detect.sensor.enabled), .value = "true",
	  .help = "Look for it." },
	{ .path = "detect.sensor.silence_s", .type = NT_KEY_NUMBER, AT(detect.sensor.silence_s), .min = 1,
	  .max = 86400, .unit = "seconds", .value = "300",
	  .help = "Without a frame, of the sensor, or of one queue while others get some." },
	{ .path = "detect.sensor.loss_percent", .type = NT_KEY_NUMBER, AT(detect.sensor.loss_percent), .max = 100,
	  .unit = "percent", .value = "1",
	  .help = "Packets lost in an interval, if more than this." },
	{ .path = "detect.sensor.geo_days", .type = NT_KEY_NUMBER, AT(detect.sensor.geo_days), .min = 1,
	  .max = DAYS_MAX, .unit = "days", .value = "60",
	  .help = "Age of a geo database, if more than this." },
};
/* clang-format on */

const int nt_keys = sizeof(nt_key) / sizeof(*nt_key);

static_assert(sizeof(nt_key) / sizeof(*nt_key) <= NT_KEYS_MAX, "raise NT_KEYS_MAX");
static_assert(NT_CONFIG_DEVICES_MAX <= NT_KEY_ITEMS_MAX && NT_SIGNATURES_MAX <= NT_KEY_ITEMS_MAX,
	      "raise NT_KEY_ITEMS_MAX");

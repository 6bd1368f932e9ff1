/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/words/message.h"

/* What the report says in English. */
const char *const nt_message_en[NT_MESSAGES] = {
    /* the report */
    [NT_MSG_TITLE_REPORT] = "Internet observation report, {period}",
    [NT_MSG_TITLE_BASIS] = "What this report is made of",
    [NT_MSG_ABOUT_GROUP] = "This report is about packets that {sensors} sensors of the group {group} received "
			   "({days}), and compares them with {compared}.",
    [NT_MSG_ABOUT_SENSORS] = "This report is about packets that {sensors} sensors received ({days}), and "
			     "compares them with {compared}.",
    [NT_MSG_FRAMES] = "They received {packets} packets from {hosts} different source addresses.",
    [NT_MSG_FRAMES_AT_LEAST] = "They received {packets} packets from at least {hosts} different source addresses.",
    [NT_MSG_NOTE_HOSTS] = "Large numbers of source addresses are estimates with a standard error of 0.81 %.",
    [NT_MSG_NOTE_UTC] = "Days are those of UTC.",
    [NT_MSG_NOTE_ZONE] = "Days are those of {zone} and begin at {hour} UTC. Hours are those of UTC.",
    [NT_MSG_BASIS] = "{sensors} sensors, {addresses} addresses; {lost} packets lost; {missing} of "
		     "{expected} intervals missing.",
    [NT_MSG_BASIS_UNSTATED] = "{n} sensors do not state how many addresses they watch.",
    [NT_MSG_BASIS_LOSS_UNKNOWN] = "In {n} intervals the device did not tell what it lost.",
    [NT_MSG_BASIS_GEO] = "Region database of {days}.",
    [NT_MSG_BASIS_NO_GEO] = "No region database.",
    [NT_MSG_SHOWN] = "The first {n} of {all} rows; the data have all of them.",
    [NT_MSG_EMPTY] = "-",
    /* missing data */
    [NT_MSG_GAPS_HOURS] = "No data in {n} of {all} hours: the line has a gap there.",
    [NT_MSG_GAPS] = "No data on {days}: the lines have a gap there.",
    [NT_MSG_PARTIAL] = "Only a part of the data exists for {days}; these days are not compared with others.",
    [NT_MSG_MORE] = "There are data of more sensors or hours than usual on {days}; these days are not compared with "
		    "others.",
    [NT_MSG_LINE_UNKNOWN] = "{line}: days of which no number is known: {n}.",
    [NT_MSG_DAYS_UNKNOWN] =
	"Days of which nothing is known, because their sources are not kept any more or there are no "
	"data: {n}.",
    [NT_MSG_NOTE_AT_LEAST] = "Numbers with ≥ are lower bounds: a part of what they are made of is not kept.",
    [NT_MSG_BOUNDS] = "{line}: {n} of {all} daily values are lower bounds, so that nothing is said of its course.",
    [NT_MSG_FEW_COMPARED] =
	"Only {n} of {all} days are complete, all of them within {days}. Trends, shifts of level and "
	"crossings are those of these days.",
    [NT_MSG_FEW_NOTHING] = "Only {n} of {all} days are complete: too few to say what the lines did.",
    [NT_MSG_NO_PREVIOUS] = "There are no data of {compared}: nothing is known of ranks before.",
    /* ranks */
    [NT_MSG_TITLE_T1] = "T1 Destination ports with most packets",
    [NT_MSG_TITLE_T2] = "T2 Source regions with most packets",
    [NT_MSG_TITLE_F1] = "F1 Packets per day, by destination port",
    [NT_MSG_TITLE_F1_HOSTS] = "F1 Source hosts per day, by destination port",
    [NT_MSG_TITLE_F2] = "F2 Packets per day, by source region",
    [NT_MSG_TITLE_F2_HOSTS] = "F2 Source hosts per day, by region",
    [NT_MSG_RANK_SAME] = "{line} is number {rank}, as before ({compared}).",
    [NT_MSG_RANK_UP] = "{line} rose from number {previous} ({compared}) to number {rank}.",
    [NT_MSG_RANK_DOWN] = "{line} fell from number {previous} ({compared}) to number {rank}.",
    [NT_MSG_RANK_NEW] = "{line} is number {rank}; it had no packets before ({compared}).",
    [NT_MSG_NOTE_SERVICES] = "Names of services are those of the registry and say nothing of what was sent. Shares are "
			     "of the packets to any port.",
    [NT_MSG_NOTE_UNKNOWN_REGION] = "{packets} packets of sources whose region is not known are in no rank.",
    /* what lines did */
    [NT_MSG_UNIT_PACKETS] = "packets",
    [NT_MSG_UNIT_HOSTS] = "source hosts",
    [NT_MSG_UNIT_SOURCES] = "sources",
    [NT_MSG_UNIT_SHARE] = "of all",
    [NT_MSG_UNIT_PACKET] = "packet",
    [NT_MSG_UNIT_HOST] = "source host",
    [NT_MSG_UNIT_SOURCE] = "source",
    [NT_MSG_TREND_NOTHING] = "{line} had hardly any {unit}, on most days none.",
    [NT_MSG_TREND_FLAT] = "{line} stayed about the same, at {last} {unit} a day.",
    [NT_MSG_TREND_RISE] = "{line} was rising, from about {first} to {last} {unit} a day.",
    [NT_MSG_TREND_FALL] = "{line} was falling, from about {first} to {last} {unit} a day.",
    [NT_MSG_TREND_SLIGHT_RISE] = "{line} rose slightly and steadily, from about {first} to {last} {unit} a day.",
    [NT_MSG_TREND_SLIGHT_FALL] = "{line} fell slightly and steadily, from about {first} to {last} {unit} a day.",
    [NT_MSG_TREND_RISE_BESIDES] = "{line} was rising besides its shifts of level.",
    [NT_MSG_TREND_FALL_BESIDES] = "{line} was falling besides its shifts of level.",
    [NT_MSG_TREND_UP_AND_DOWN] = "{line} went up and down.",
    [NT_MSG_TREND_SURGES] = "{line} surged {n} times: {dates}.",
    [NT_MSG_TREND_SURGES_ON_RISE] =
	"{line} surged {n} times ({dates}), on a base that rose from about {first} to {last} "
	"{unit} a day.",
    [NT_MSG_SHIFT_UP] = "{line}: the level is higher since {about} ({date}){earlier}: {after} {unit} a day "
			"instead of {before}.",
    [NT_MSG_SHIFT_DOWN] = "{line}: the level is lower since {about} ({date}){earlier}: {after} {unit} a day "
			  "instead of {before}.",
    [NT_MSG_SHIFT_RISING] = "{line} has been rising since {about} ({date}){earlier}, from {before} to {after} "
			    "{unit} a day.",
    [NT_MSG_SHIFT_FALLING] = "{line} has been falling since {about} ({date}){earlier}, from {before} to {after} "
			     "{unit} a day.",
    [NT_MSG_BEFORE_PERIOD] = ", before the period began",
    [NT_MSG_CROSSED_UPPER] = "{upper} overtook {lower} about {date}{became}: {upper} rose from {upper_before} to "
			     "{upper_after} {unit} a day, {lower} hardly moved ({lower_before}, then "
			     "{lower_after}).",
    [NT_MSG_CROSSED_LOWER] = "{upper} overtook {lower} about {date}{became}, because {lower} fell from "
			     "{lower_before} to {lower_after} {unit} a day; {upper} hardly moved ({upper_before}, "
			     "then {upper_after}).",
    [NT_MSG_CROSSED_BOTH] = "{upper} overtook {lower} about {date}{became}: {upper} went from {upper_before} to "
			    "{upper_after} {unit} a day, {lower} from {lower_before} to {lower_after}.",
    [NT_MSG_BECAME] = " and became number {rank}",
    [NT_MSG_NOT_BECAME] = "",
    [NT_MSG_TITLE_TRENDS] = "Trends",
    [NT_MSG_TITLE_SHIFTS] = "Shifts of level",
    [NT_MSG_TITLE_CROSSINGS] = "Crossings",
    [NT_MSG_TITLE_RANKS] = "Changes of rank",
    /* regions and ports */
    [NT_MSG_TITLE_X1] = "X1 Ports of regions, beside all other regions",
    [NT_MSG_TITLE_X1_COURSE] = "X1 {region}: shares of its ports per day, beside all other regions",
    [NT_MSG_OTHERS] = "other regions",
    [NT_MSG_PROFILE_ABOVE] = "{region}: {port} is number {rank} with {own} of its packets; of all other regions' "
			     "it has {others}.",
    [NT_MSG_PROFILE_BELOW] = "{region}: {port} has only {own} of its packets; of all other regions' it has "
			     "{others}.",
    [NT_MSG_PROFILE_SAME] =
	"{region} is like the others: no share of its ports differs by 10 percentage points or more.",
    [NT_MSG_PROFILE_COURSE] = "{region}: {port} had {own_first} of its packets in the first {n} days and {own_last} in "
			      "the last {n}; of all other regions' {others_first}, then {others_last}.",
    /* backscatter */
    [NT_MSG_TITLE_F3] = "F3 Sources of backscatter per day, by region",
    [NT_MSG_TITLE_SPIKES] = "Spikes",
    [NT_MSG_SPIKE] = "{line}: {value} {unit} on {date}, usually {usual}.",
    [NT_MSG_NO_SPIKES] = "No region had a day far above its usual number: there is no table of senders.",
    [NT_MSG_NO_BACKSCATTER] = "No backscatter from any region is known.",
    [NT_MSG_NOTE_BACKSCATTER] = "Backscatter are packets that answer something that nobody here sent: SYN+ACK, RST, "
				"RST+ACK and ICMP replies. Whoever sends them is attacked with forged source "
				"addresses.",
    [NT_MSG_TITLE_SENDERS] = "{id} Sources of backscatter in {region}, {days}",
    [NT_MSG_SENDER_PORT] = "{share} of their packets came from port {port}.",
    [NT_MSG_SENDERS_LEFT_OUT] = "{n} further sources, whose organisation could not be estimated, are left out.",
    [NT_MSG_NOTE_SENDERS_CUT] = "On {n} days there were more senders of backscatter than are kept: a source without "
				"a mark may have been there.",
    /* one port from one region */
    [NT_MSG_TITLE_F4] = "F4 Packets to {port} from {region} per day",
    [NT_MSG_TITLE_F5] = "F5 Source hosts to {port} from {region} per day, by window",
    [NT_MSG_WINDOW_8192] = "window 8192",
    [NT_MSG_WINDOW_OTHER] = "any other window",
    [NT_MSG_ONLY_8192] = "Of the two lines only the one with window 8192 grows.",
    [NT_MSG_NOTE_8192] = "A window of 8192 towards {port} is the trait of the family of worms that spreads by "
			 "MS17-010.",
    /* traces of attacks */
    [NT_MSG_TITLE_T5] = "{id} Sources in {region} with more than {threshold} packets a day",
    [NT_MSG_TITLE_T5_NONE] = "T5 Traces of attacks",
    [NT_MSG_NO_SUSPECTS] = "There were no events of attacks or of fixed tools from any region.",
    [NT_MSG_TITLE_T5_SOURCES] = "These sources",
    [NT_MSG_NO_TRACES] = "No source in {region} had more than {threshold} packets a day.",
    [NT_MSG_NOTE_THRESHOLD] = "Threshold: more than {threshold} packets a day. Owners are those of the labels "
			      "file, else of the AS.",
    [NT_MSG_NOTE_THRESHOLD_USUAL] =
	"Threshold: more than {threshold} packets a day, ten times what the heaviest source "
	"of {region} usually sends (the median of {days} days), rounded up, and at least "
	"100. Owners are those of the labels file, else of the AS.",
    [NT_MSG_TITLE_F6] = "{id} Packets from {region} per hour, {days} (UTC)",
    [NT_MSG_HOURS_MOST] = "Most packets came in the hour from {hour}:00 UTC on {date}: {value}; usually it is {usual}.",
    [NT_MSG_HOURS_LEFT_OUT] = "Days of {id} that are not in this figure: {days}.",
    [NT_MSG_UNKNOWN_REGION] = "region not known",
    [NT_MSG_UNKNOWN_OWNER] = "unknown",
    [NT_MSG_TITLE_MARKS] = "What packets of events had in common",
    [NT_MSG_NO_MARKS] = "No source, and no group of sources, with common marks was found.",
    [NT_MSG_NOTE_MARKS] = "A value is given where all packets of all sources of the event had it. "
			  "Attacks on one address are here if one tool made their packets.",
    [NT_MSG_MEANS_FLOOD] = "All packets came from port {source_port}: they answer an attack on it with forged "
			   "source addresses.",
    [NT_MSG_MEANS_TOOL] = "One tool made all packets.",
    [NT_MSG_MEANS_TOOL_PORT] = "One tool made all packets, which go to {port}.",
    /* events */
    [NT_MSG_TITLE_EVENTS] = "Events",
    [NT_MSG_EVENTS_OF] = "{type}: {n}.",
    [NT_MSG_EVENTS_ONCE] = "{type}: {n}, each counted once; events that tell of them: {events}.",
    [NT_MSG_NO_EVENTS] = "There were no events.",
    [NT_MSG_EVENTS_CUT] = "Events before {date} are not kept any more.",
    [NT_MSG_EVENT_DOS] = "Victims of attacks, seen in their replies",
    [NT_MSG_EVENT_FIXED_TOOL] = "Groups of sources that one tool made, by sensor",
    [NT_MSG_EVENT_SURGE] = "Surges, by sensor",
    [NT_MSG_EVENT_SCANNER] = "Scanners, by source and day",
    [NT_MSG_EVENT_SENSOR] = "Faults of sensors",
    [NT_MSG_TITLE_SCANNERS] = "Scanners per day",
    [NT_MSG_SCANNERS_MOST] = "Most scanners were seen on {date}: {n}.",
    [NT_MSG_SCANNERS_EVERY_DAY] = "Scanners on every day of which the number is known: {n}.",
    [NT_MSG_NOTE_SCANNERS] = "A scanner is a source that sent to more than 10 destination ports within a day. "
			     "Known research scanners are counted apart.",
    [NT_MSG_TITLE_EXPORT] = "For CSIRTs and holders of addresses",
    /* MISP */
    [NT_MSG_MISP_INFO] = "Attacks seen in the replies of their victims (backscatter), {period}: {n}",
    [NT_MSG_MISP_BASIS] = "{about} {lost} packets lost; {missing} of {expected} intervals missing.",
    [NT_MSG_MISP_TEXT] = "Seen in {packets} packets of backscatter ({classes}) to about {targets} of the {addresses} "
			 "addresses that sensor {sensor} watches. Whoever attacks forges the source addresses.{more}",
    [NT_MSG_MISP_TEXT_UNSTATED] = "Seen in {packets} packets of backscatter ({classes}) to about {targets} addresses "
				  "of sensor {sensor}. Whoever attacks forges the source addresses.{more}",
    [NT_MSG_MISP_MORE_PORTS] = " More ports were attacked than are given.",
    [NT_MSG_MISP_RATE] = "An estimate for the densest minute, in which {packets} packets of backscatter reached "
			 "{addresses} addresses: forged addresses are taken to be spread over all of IPv4.",
    /* beside the report */
    [NT_MSG_TITLE_SENSORS] = "Ports with most packets at each sensor",
    [NT_MSG_TITLE_GROUPS] = "Mean packets of a sensor and a day, by group",
    [NT_MSG_TITLE_GROUPS_DAILY] = "Packets per sensor, by group",
    [NT_MSG_NOTE_GROUPS] = "The mean is over days with data. Days with fewer intervals than a day has are "
			   "counted in a column of their own.",
    [NT_MSG_TITLE_INFECTED] = "Infected hosts per day, by class",
    [NT_MSG_TITLE_INFECTED_REGIONS] = "Infected hosts, by class and region",
    [NT_MSG_NOTE_INFECTED] = "Mirai: the sequence number is the destination address. GRE: senders of GRE. "
			     "445/tcp: SYN with window 8192.",
    [NT_MSG_CLASS_MIRAI] = "Mirai",
    [NT_MSG_CLASS_GRE] = "GRE",
    [NT_MSG_CLASS_SMB] = "445/tcp, window 8192",
    [NT_MSG_ALL_REGIONS] = "all",
    [NT_MSG_TITLE_MIRAI] = "Share of Mirai in the top ports",
    [NT_MSG_TITLE_MIRAI_DAILY] = "Share of Mirai in the top ports per day",
    [NT_MSG_NOTE_MIRAI] = "Packets whose sequence number is the destination address.",
    /* figures and pages */
    [NT_MSG_AXIS_PACKETS_DAY] = "packets per day",
    [NT_MSG_AXIS_PACKETS_HOUR] = "packets per hour",
    [NT_MSG_AXIS_PACKETS_SENSOR] = "packets per sensor and day",
    [NT_MSG_AXIS_HOSTS_DAY] = "source hosts per day",
    [NT_MSG_AXIS_SOURCES_DAY] = "sources per day",
    [NT_MSG_AXIS_INFECTED_DAY] = "infected hosts per day",
    [NT_MSG_AXIS_SCANNERS_DAY] = "scanners per day",
    [NT_MSG_AXIS_SHARE_REGION] = "share of the region's packets",
    [NT_MSG_AXIS_SHARE_PORT] = "share of the port's packets",
    [NT_MSG_DRAW_MISSING] = "no data, or not kept",
    [NT_MSG_DRAW_CHANGE] = "shift of level, or crossing",
    [NT_MSG_DRAW_BOUND] = "thin: lower bounds",
    [NT_MSG_DRAW_NOTHING] = "There is nothing to draw.",
    [NT_MSG_DRAW_UTC] = "{days} (UTC)",
    [NT_MSG_PAGE_CONTENTS] = "Contents",
    [NT_MSG_PAGE_NUMBERS] = "The figure's numbers",
    [NT_MSG_PAGE_COMPARED] = "{days}, compared with {compared}",
    [NT_MSG_PAGE_UNKNOWN] = "?: not known.",
    /* columns */
    [NT_MSG_COL_RANK] = "rank",
    [NT_MSG_COL_PORT] = "destination port",
    [NT_MSG_COL_SERVICE] = "service",
    [NT_MSG_COL_CODE] = "code",
    [NT_MSG_COL_REGION] = "region",
    [NT_MSG_COL_PACKETS] = "packets",
    [NT_MSG_COL_SHARE] = "share",
    [NT_MSG_COL_HOSTS] = "source hosts",
    [NT_MSG_COL_PREVIOUS] = "rank before",
    [NT_MSG_COL_PREVIOUS_PACKETS] = "packets before",
    [NT_MSG_COL_SHARE_OWN] = "share in the region",
    [NT_MSG_COL_SHARE_OTHERS] = "share in all others",
    [NT_MSG_COL_DIFFERENCE] = "difference, in percentage points",
    [NT_MSG_COL_DATE] = "date",
    [NT_MSG_COL_TIME] = "time (UTC)",
    [NT_MSG_COL_SENSOR] = "sensor",
    [NT_MSG_COL_SENSORS] = "sensors",
    [NT_MSG_COL_GROUP] = "group",
    [NT_MSG_COL_ADDRESSES] = "addresses",
    [NT_MSG_COL_INTERVAL] = "interval, s",
    [NT_MSG_COL_GEO] = "region database",
    [NT_MSG_COL_NEVER] = "intervals never written",
    [NT_MSG_COL_INTERVALS] = "intervals",
    [NT_MSG_COL_EXPECTED] = "intervals expected",
    [NT_MSG_COL_LOST] = "packets lost",
    [NT_MSG_COL_ORG] = "organisation",
    [NT_MSG_COL_ORGS] = "organisations",
    [NT_MSG_COL_ADDRESS] = "address",
    [NT_MSG_COL_ASN] = "AS",
    [NT_MSG_COL_SOURCES] = "sources",
    [NT_MSG_COL_SOURCE] = "source",
    [NT_MSG_COL_START] = "begin (UTC)",
    [NT_MSG_COL_END] = "end (UTC)",
    [NT_MSG_COL_SOURCE_PORT] = "source port",
    [NT_MSG_COL_WINDOW] = "window",
    [NT_MSG_COL_SEQUENCE] = "sequence number",
    [NT_MSG_COL_ACKNOWLEDGEMENT] = "acknowledgement number",
    [NT_MSG_COL_BACKSCATTER] = "backscatter",
    [NT_MSG_COL_ATTACKED] = "attacked ports",
    [NT_MSG_COL_MEANS] = "what it says",
    [NT_MSG_COL_TYPE] = "type",
    [NT_MSG_COL_WHAT] = "what",
    [NT_MSG_COL_MEAN] = "mean packets",
    [NT_MSG_COL_REPORTING] = "with data",
    [NT_MSG_COL_SENSOR_DAYS] = "sensor-days with data",
    [NT_MSG_COL_CUT_DAYS] = "of them, cut",
    [NT_MSG_COL_MIRAI] = "of Mirai",
    [NT_MSG_COL_SCANNERS] = "scanners",
    [NT_MSG_COL_RESEARCH] = "research scanners",
    [NT_MSG_COL_LINE] = "line",
    [NT_MSG_COL_TREND] = "trend",
    [NT_MSG_COL_FIRST] = "first",
    [NT_MSG_COL_LAST] = "last",
    [NT_MSG_COL_SURGES] = "surges",
    [NT_MSG_COL_KIND] = "kind",
    [NT_MSG_COL_BEFORE] = "before",
    [NT_MSG_COL_AFTER] = "after",
    [NT_MSG_COL_PEAK] = "peak",
    [NT_MSG_COL_VALUE] = "value",
    [NT_MSG_COL_USUAL] = "usual",
    [NT_MSG_COL_UPPER] = "above since",
    [NT_MSG_COL_LOWER] = "below since",
    [NT_MSG_COL_MOVED] = "moved",
    [NT_MSG_COL_UPPER_BEFORE] = "above, before",
    [NT_MSG_COL_UPPER_AFTER] = "above, after",
    [NT_MSG_COL_LOWER_BEFORE] = "below, before",
    [NT_MSG_COL_LOWER_AFTER] = "below, after",
    [NT_MSG_COL_FROM] = "from",
    [NT_MSG_COL_TO] = "to",
};

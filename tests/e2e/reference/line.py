"""Totals -> the JSON object of an interval, with its order of keys.

An object whose keys are all known in advance prints every one of them, zeros too. An open map
leaves zeros out and is sorted by count, descending, then by key bytewise; a map of maps by the sum
of what is inside.
"""

import json

from .count import CLASSES

SCHEMA = "needletail/1"


def open_map(counts):
    rows = [(key, count) for key, count in counts.items() if count]
    return dict(sorted(rows, key=lambda row: (-row[1], row[0].encode())))


def map_of_maps(maps):
    rows = [(key, open_map(counts)) for key, counts in maps.items()]
    rows = [(key, inner) for key, inner in rows if inner]
    return dict(sorted(rows, key=lambda row: (-sum(row[1].values()), row[0].encode())))


# One row per key, in the order in which they are printed.
KEYS = (
    ("start", lambda t: t.start),
    ("end", lambda t: t.end),
    ("frames", lambda t: t.frames),
    ("bytes", lambda t: t.bytes),
    ("late", lambda t: t.late),
    ("class", lambda t: {name: t.cls[name] for name in CLASSES}),
    ("malformed", lambda t: open_map(t.malformed)),
    ("truncated", lambda t: open_map(t.truncated)),
    ("no_l4", lambda t: open_map(t.no_l4)),
    ("ip_proto", lambda t: open_map(t.ip_proto)),
    ("tcp_port", lambda t: open_map(t.tcp_port)),
    ("udp_port", lambda t: open_map(t.udp_port)),
    ("tcp_flags", lambda t: open_map(t.tcp_flags)),
    ("tcp_window", lambda t: open_map(t.tcp_window)),
    ("icmp", lambda t: open_map(t.icmp)),
    ("icmp6", lambda t: open_map(t.icmp6)),
    ("region", lambda t: open_map(t.region)),
    ("region_port", lambda t: map_of_maps(t.region_port)),
    ("backscatter", lambda t: {"packets": open_map(t.backscatter)}),
    ("overflow", lambda t: dict.fromkeys(("sources", "pairs", "victims", "region_port", "asn_packets"), 0)),
    ("loss", lambda t: {"missed": 0, "no_mbuf": 0, "errors": 0, "unexplained": 0}),
)


def as_object(totals, sensor):
    return {"schema": SCHEMA, "sensor": sensor} | {key: value(totals) for key, value in KEYS}


def as_text(totals, sensor):
    return json.dumps(as_object(totals, sensor), separators=(",", ":"))

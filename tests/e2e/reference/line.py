"""Totals -> the JSON object of an interval, with its order of keys.

An object whose keys are all known in advance prints every one of them, zeros too. An open map
leaves zeros out and is sorted by count, descending, then by key bytewise; a map of maps by the sum
of what is inside, a map of objects by their packets.
"""

import json
import socket
from collections import Counter

from .count import CLASSES

SCHEMA = "needletail/1"
PORTS = 128  # whose sources are counted
SENDERS = 100  # of backscatter that are listed


def open_map(counts):
    rows = [(key, count) for key, count in counts.items() if count]
    return dict(sorted(rows, key=lambda row: (-row[1], row[0].encode())))


def map_of_maps(maps):
    rows = [(key, open_map(counts)) for key, counts in maps.items()]
    rows = [(key, inner) for key, inner in rows if inner]
    return dict(sorted(rows, key=lambda row: (-sum(row[1].values()), row[0].encode())))


def map_of_objects(packets, sources):
    """Both by key."""
    return {key: {"packets": count, "sources": sources.get(key, 0)} for key, count in open_map(packets).items()}


def port_number(port):
    """Order of ports that have as many packets: those of TCP first."""
    number, transport = port.split("/")
    return (transport == "udp") << 16 | int(number)


def busiest_ports(totals):
    packets = Counter({f"{port}/tcp": count for port, count in totals.tcp_port.items()})
    packets.update({f"{port}/udp": count for port, count in totals.udp_port.items()})
    return sorted(packets, key=lambda port: (-packets[port], port_number(port)))[:PORTS]


def sources(totals):
    return {
        "total": len(totals.sources),
        "estimated": False,
        "region": open_map(Counter(totals.sources.values())),
        "port": open_map({port: len(totals.port_sources[port]) for port in busiest_ports(totals)}),
    }


def address(source):
    """As RFC 5952 has it, which the C library writes: with an IPv4 address behind ::/96 and ::ffff:0:0/96."""
    return socket.inet_ntop(socket.AF_INET if len(source) == 4 else socket.AF_INET6, source)


def sender_object(totals, source):
    sender = totals.senders[source]
    return {
        "source": address(source),
        "region": totals.sources[source],
        "asn": totals.source_asn.get(source, 0),
        "packets": sender.packets,
        "source_port": sender.port,
        "source_port_same": len(sender.ports) == 1,
        "classes": open_map(sender.classes),
        "targets": len(sender.targets),
        "first": sender.first,
        "last": sender.last,
    }


def backscatter(totals):
    senders = sorted(totals.senders, key=lambda source: (-totals.senders[source].packets, address(source).encode()))
    return {
        "packets": open_map(totals.backscatter),
        "sources": len(senders),
        "region": open_map(Counter(totals.sources[source] for source in senders)),
        "top": [sender_object(totals, source) for source in senders[:SENDERS]],
    }


def signature(matched):
    return {
        "packets": matched.packets,
        "sources": len(matched.sources()),
        "region": map_of_objects(matched.region, matched.region_sources()),
        "port": map_of_objects(matched.port, matched.port_sources()),
    }


def signatures(totals):
    """All of them, those without a packet too."""
    by_packets = sorted(totals.signatures.values(), key=lambda one: (-one.packets, one.signature.name.encode()))
    return {matched.signature.name: signature(matched) for matched in by_packets}


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
    ("asn", lambda t: open_map(t.asn)),
    ("region_port", lambda t: map_of_maps(t.region_port)),
    ("sources", sources),
    ("backscatter", backscatter),
    ("signatures", signatures),
    ("overflow", lambda t: dict.fromkeys(("sources", "pairs", "victims", "region_port", "asn_packets"), 0)),
    ("loss", lambda t: {"missed": 0, "no_mbuf": 0, "errors": 0, "unexplained": 0}),
)


def as_object(totals, sensor):
    return {"schema": SCHEMA, "sensor": sensor} | {key: value(totals) for key, value in KEYS}


def as_text(totals, sensor):
    return json.dumps(as_object(totals, sensor), separators=(",", ":"))

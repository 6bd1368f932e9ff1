"""The truth about a capture: what the engine must count.

Counted from what the makers say they made, by the engine's counting rules, in
the form of its JSON lines: one such object for the whole and one per interval.
"""

from __future__ import annotations

import ipaddress
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterable

from .job import Event
from .link import Frame
from .shapes import V6_MARK, Origin, Packet, Shape

SCHEMA = "needletail-truth/1"
NS = 1_000_000_000
PORTS_WITH_SOURCES = 128  # as many as the engine lists

# shape, origin, port, flags or type, window or code
Key = tuple[Shape, Origin, int, int, int]
UDP_BIT = 1 << 16
PAIR_SHIFT = 17

ICMP_LAYERS = ("icmp", "icmp6")


@dataclass
class Tally:
    """What was counted in some stretch of time."""

    frames: int = 0
    bytes: int = 0
    late: int = 0
    keys: dict[Key, int] = field(default_factory=dict)
    sources: dict[int, Origin] = field(default_factory=dict)
    reflectors: dict[int, Origin] = field(default_factory=dict)
    pairs: set[int] = field(default_factory=set)  # source << 17 | protocol and port

    def merge(self, other: "Tally") -> None:
        self.frames += other.frames
        self.bytes += other.bytes
        self.late += other.late
        for key, count in other.keys.items():
            self.keys[key] = self.keys.get(key, 0) + count
        self.sources.update(other.sources)
        self.reflectors.update(other.reflectors)
        self.pairs |= other.pairs


class Truth:
    """Takes the frames in the order of writing."""

    def __init__(self, interval_s: int, parts: list[str], *, sources: bool) -> None:
        self._interval_s = interval_s
        self._with_sources = sources
        self._whole = Tally()
        self._open = Tally()
        self._start = -1
        self._end_ns = 0
        self._first_ns = self._last_ns = -1
        self._captured = 0
        self._parts = parts
        self._part_frames = [0] * len(parts)
        self._part_times = [(0, 0)] * len(parts)
        self._part_sources: list[set[int]] = [set() for _ in parts]
        self.intervals: list[dict[str, Any]] = []

    def add(self, ts: int, part: int, packet: Packet, frame: Frame) -> None:
        if ts >= self._end_ns:
            self._close_interval(ts)
        tally = self._open
        tally.frames += 1
        tally.bytes += frame.wire
        self._captured += len(frame.data)
        if ts < self._start * NS:
            tally.late += 1
        self._note_time(ts, part)
        shape = frame.shape
        key = (shape, *packet[1:5])
        keys = tally.keys
        keys[key] = keys.get(key, 0) + 1
        if shape.proto is not None and self._with_sources:
            self._add_source(tally, part, packet, shape)

    def _note_time(self, ts: int, part: int) -> None:
        if not self._part_frames[part]:
            self._part_times[part] = ts, ts
        self._part_frames[part] += 1
        first, last = self._part_times[part]
        if ts > last or ts < first:
            self._part_times[part] = min(first, ts), max(last, ts)

    def _add_source(self, tally: Tally, part: int, packet: Packet, shape: Shape) -> None:
        source = packet.source
        tally.sources[source] = packet.origin
        self._part_sources[part].add(source)
        if shape.layer == "tcp":
            tally.pairs.add(source << PAIR_SHIFT | packet.port)
        elif shape.layer == "udp":
            tally.pairs.add(source << PAIR_SHIFT | UDP_BIT | packet.port)
        if packet.flags in shape.marks:
            tally.reflectors[source] = packet.origin

    def _close_interval(self, ts: int) -> None:
        if self._open.frames:
            end = self._start + self._interval_s
            self.intervals.append({"start": self._start, "end": end, **counts(self._open)})
            self._whole.merge(self._open)
            self._open = Tally()
        self._start = ts // NS // self._interval_s * self._interval_s
        self._end_ns = (self._start + self._interval_s) * NS

    def result(self, options: dict[str, Any], events: Iterable[Event]) -> dict[str, Any]:
        """Closes the last interval; call it once."""
        self._close_interval(0)
        used = [part for part, frames in enumerate(self._part_frames) if frames]
        first = min(self._part_times[part][0] for part in used)
        last = max(self._part_times[part][1] for part in used)
        whole = counts(self._whole)
        return {
            "schema": SCHEMA,
            "generator": "mkcapture",
            "options": options,
            "start": first // NS,
            "end": last // NS + 1,
            "first_ns": first,
            "last_ns": last,
            "captured_bytes": self._captured,
            **whole,
            "late": 0,  # a single interval has no frame before its start
            "late_in_intervals": self._whole.late,
            "parts": {self._parts[part]: self._part(part) for part in used},
            "events": [self._event(event) for event in events if event.packets],
            "interval": self._interval_s,
            "intervals": self.intervals,
        }

    def _part(self, part: int) -> dict[str, Any]:
        result: dict[str, Any] = {"packets": self._part_frames[part]}
        if self._with_sources:
            result["sources"] = len(self._part_sources[part])
        return result

    def _event(self, event: Event) -> dict[str, Any]:
        first, last = self._part_times[self._parts.index(event.part)]
        return {
            "part": event.part,
            "type": event.kind,
            "region": event.region,
            "start": first // NS,
            "end": last // NS + 1,
            "packets": sum(event.packets.values()),
            "addresses": _ordered({text(key): count for key, count in event.packets.items()}),
            "evidence": event.evidence,
        }


def text(source: int) -> str:
    """RFC 5952, which the ipaddress module writes."""
    if source & V6_MARK:
        return str(ipaddress.IPv6Address(source ^ V6_MARK))
    return str(ipaddress.IPv4Address(source))


def _ordered(values: dict[str, int]) -> dict[str, int]:
    """By count, descending, then by key bytewise."""
    return dict(sorted(values.items(), key=lambda item: (-item[1], item[0].encode())))


class _Maps:
    """The open maps of one JSON object."""

    def __init__(self) -> None:
        self.maps: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.region_port: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.port_packets: Counter[str] = Counter()

    def add(self, key: Key, count: int) -> None:
        shape, origin, port, flags, window = key
        maps = self.maps
        maps["class"][shape.family] += count
        if shape.verdict:
            maps[shape.verdict][shape.reason] += count
        if shape.proto is None:
            return
        maps["ip_proto"][str(shape.proto)] += count
        maps["region"][origin.region] += count
        maps["asn"][str(origin.asn)] += count
        if shape.no_l4:
            maps["no_l4"][str(shape.proto)] += count
        if shape.layer in ("tcp", "udp"):
            self._add_port(origin.region, shape.layer, port, count)
        if shape.layer == "tcp":
            maps["tcp_flags"][f"0x{flags:02x}"] += count
            maps["tcp_window"][str(window)] += count
        elif shape.layer in ICMP_LAYERS:
            maps[shape.layer][f"{flags}/{window}"] += count
        mark = shape.marks.get(flags)
        if mark:
            maps["backscatter"][mark] += count

    def _add_port(self, region: str, layer: str, port: int, count: int) -> None:
        name = f"{port}/{layer}"
        self.maps[f"{layer}_port"][str(port)] += count
        self.region_port[region][name] += count
        self.port_packets[name] += count


CLASSES = ("ipv4", "ipv6", "arp", "other")
OPEN_MAPS = (
    "malformed", "truncated", "no_l4", "ip_proto", "tcp_port", "udp_port", "tcp_flags",
    "tcp_window", "icmp", "icmp6", "region", "asn",
)  # fmt: skip


def counts(tally: Tally) -> dict[str, Any]:
    """One object in the form of the JSON lines."""
    made = _Maps()
    for key, count in tally.keys.items():
        made.add(key, count)
    result: dict[str, Any] = {
        "frames": tally.frames,
        "bytes": tally.bytes,
        "late": tally.late,
        "class": {name: made.maps["class"][name] for name in CLASSES},
    }
    result.update((name, _ordered(made.maps[name])) for name in OPEN_MAPS)
    by_size = sorted(made.region_port, key=lambda r: (-made.region_port[r].total(), r.encode()))
    result["region_port"] = {region: _ordered(made.region_port[region]) for region in by_size}
    if tally.sources:
        result["sources"] = _sources(tally, made.port_packets)
    result["backscatter"] = {"packets": _ordered(made.maps["backscatter"])}
    if tally.sources:
        result["backscatter"]["sources"] = len(tally.reflectors)
        result["backscatter"]["region"] = _by_region(tally.reflectors)
    return result


def _by_region(sources: dict[int, Origin]) -> dict[str, int]:
    return _ordered(Counter(origin.region for origin in sources.values()))


def _sources(tally: Tally, port_packets: Counter[str]) -> dict[str, Any]:
    per_port = Counter(pair & (UDP_BIT << 1) - 1 for pair in tally.pairs)
    heaviest = list(_ordered(port_packets))[:PORTS_WITH_SOURCES]
    numbers = {name: _pair_low(name) for name in heaviest}
    return {
        "total": len(tally.sources),
        "region": _by_region(tally.sources),
        "port": _ordered({name: per_port[low] for name, low in numbers.items()}),
    }


def _pair_low(name: str) -> int:
    port, layer = name.split("/")
    return int(port) | (UDP_BIT if layer == "udp" else 0)


def save(result: dict[str, Any], path: Path) -> None:
    """One line per key, and per interval, so that it can be read and compared."""
    lines = []
    for key, value in result.items():
        if key == "intervals":
            inner = ",\n  ".join(json.dumps(item) for item in value)
            lines.append(f'"intervals": [\n  {inner}]')
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value)}")
    path.write_text("{" + ",\n ".join(lines) + "}\n", encoding="utf-8")


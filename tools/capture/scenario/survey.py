"""The truth about the packets of one or several sensors: what a report on them must say."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Iterable

import numpy as np
from numpy.typing import NDArray

from ..shapes import Origin
from ..truth import text
from .calendar import DAY_S, HOUR_S, Calendar
from .model import Model
from .places import INDEX, REGIONS, Numbers, Places
from .traffic import NO_PORT, US, Kind, Packets, port_name, port_number

SIGNATURES = {
    "mirai": Kind.MIRAI, "masscan": Kind.MASSCAN, "zmap-old": Kind.ZMAP_OLD, "zmap-new": Kind.ZMAP_NEW,
    "smb-8192": Kind.SMB_8192, "smb-other": Kind.SMB_OTHER, "gre": Kind.GRE,
}  # fmt: skip
BACKSCATTER = (Kind.SYNACK, Kind.RST, Kind.RSTACK, Kind.MARK_1)
RANKED = 20
SCANNER_PORTS = 10  # more than these within a day
CROSSING_RANKS, CROSSING_DAYS = 8, 7

Mask = NDArray[np.bool_]


@dataclass
class Sample:
    """Packets, with what is looked at again and again."""

    calendar: Calendar
    packets: Packets
    sensor: Numbers  # which of the sensors got it
    day: Numbers
    addresses: Numbers  # the different sources
    source: Numbers  # an index of addresses

    @classmethod
    def of(cls, calendar: Calendar, parts: list[Packets]) -> Sample:
        packets = Packets.joined(parts)
        sensor = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        addresses, source = np.unique(packets.source, return_inverse=True)
        day = (packets.ts_us // US - calendar.start_s) // DAY_S
        return cls(calendar, packets, sensor, day, addresses, source)

    @property
    def answers(self) -> Mask:
        return np.isin(self.packets.kind, BACKSCATTER)

    def in_quarter(self, number: int) -> Mask:
        return (self.day < self.calendar.split) if number == 0 else (self.day >= self.calendar.split)

    def a_day(self, chosen: Mask | None = None) -> list[int]:
        days = self.day if chosen is None else self.day[chosen]
        return np.bincount(days, minlength=self.calendar.days).tolist()

    def sources_a_day(self, chosen: Mask | None = None) -> list[int]:
        day, source = (self.day, self.source) if chosen is None else (self.day[chosen], self.source[chosen])
        pairs = np.unique(day * len(self.addresses) + source)
        return np.bincount(pairs // len(self.addresses), minlength=self.calendar.days).tolist()

    def sources(self, chosen: Mask) -> int:
        return len(np.unique(self.source[chosen]))


@dataclass(frozen=True)
class Column:
    """A property of packets by which they are told apart, such as the port."""

    names: list[str]
    index: Numbers  # of each packet; -1: it has none

    @classmethod
    def of_ports(cls, sample: Sample) -> Column:
        numbers, index = np.unique(sample.packets.port, return_inverse=True)
        names = [port_name(int(number)) for number in numbers]
        if numbers[0] == NO_PORT:
            return cls(names[1:], index - 1)
        return cls(names, index)

    @classmethod
    def of_regions(cls, sample: Sample) -> Column:
        return cls(list(REGIONS), sample.packets.region)

    def packets_a_day(self, sample: Sample, chosen: Mask) -> NDArray[np.int64]:
        chosen = chosen & (self.index >= 0)
        key = sample.day[chosen] * len(self.names) + self.index[chosen]
        return np.bincount(key, minlength=sample.calendar.days * len(self.names)).reshape(-1, len(self.names))

    def sources_a_day(self, sample: Sample, chosen: Mask) -> NDArray[np.int64]:
        return self._sources(sample, sample.day, sample.calendar.days, chosen)

    def sources(self, sample: Sample, chosen: Mask) -> dict[str, int]:
        (row,) = self._sources(sample, np.zeros_like(sample.day), 1, chosen)
        return _ordered(dict(zip(self.names, row.tolist())))

    def _sources(self, sample: Sample, row: Numbers, rows: int, chosen: Mask) -> NDArray[np.int64]:
        chosen = chosen & (self.index >= 0)
        count = len(sample.addresses)
        key = (row[chosen] * len(self.names) + self.index[chosen]) * count + sample.source[chosen]
        made = np.bincount(np.unique(key) // count, minlength=rows * len(self.names))
        return made.reshape(-1, len(self.names))

    def packets(self, chosen: Mask) -> dict[str, int]:
        counts = np.bincount(self.index[chosen & (self.index >= 0)], minlength=len(self.names))
        return _ordered(dict(zip(self.names, counts.tolist())))


def _ordered(values: dict[str, int]) -> dict[str, int]:
    """Those that are not 0, by count, then by name."""
    rows = [(name, count) for name, count in values.items() if count]
    return dict(sorted(rows, key=lambda row: (-row[1], row[0].encode())))


def _series(names: Iterable[str], all_names: list[str], table: NDArray[np.int64]) -> dict[str, list[int]]:
    return {name: table[:, all_names.index(name)].tolist() for name in names}


def ranks(now: dict[str, int], before: dict[str, int]) -> list[dict[str, Any]]:
    """Both in the order of ranks."""
    previous = {name: rank for rank, name in enumerate(before, 1)}
    return [
        {"name": name, "rank": rank, "packets": now[name], "previous_rank": previous.get(name)}
        for rank, name in enumerate(list(now)[:RANKED], 1)
    ]


class Survey:
    """Everything about some sensors together."""

    def __init__(self, model: Model, places: Places, parts: list[Packets], names: list[str]) -> None:
        self.model, self.places, self.names = model, places, names
        self.sample = Sample.of(model.calendar, parts)
        self.ports, self.regions = Column.of_ports(self.sample), Column.of_regions(self.sample)
        self._all = np.ones(len(self.sample.packets), dtype=bool)
        quarters = [self.sample.in_quarter(number) for number in (0, 1)]
        self.port_packets = [self.ports.packets(chosen) for chosen in quarters]
        self.region_packets = [self.regions.packets(chosen) for chosen in quarters]

    def result(self) -> dict[str, Any]:
        sample = self.sample
        ranked = {name: None for packets in self.port_packets for name in list(packets)[:RANKED]}
        port_day = self.ports.packets_a_day(sample, self._all)
        region_day = self.regions.packets_a_day(sample, self._all)
        return {
            "sensors": self.names,
            "frames_day": sample.a_day(),
            "hours_day": self._hours_a_day(),
            "port_day": _series(ranked, self.ports.names, port_day),
            "region_day": _series(REGIONS, list(REGIONS), region_day),
            "sources_day": {
                "total": sample.sources_a_day(),
                "port": _series(ranked, self.ports.names, self.ports.sources_a_day(sample, self._all)),
                "region": _series(REGIONS, list(REGIONS), self.regions.sources_a_day(sample, self._all)),
            },
            "backscatter": self._backscatter(),
            "signature": {name: self._signature(kind) for name, kind in SIGNATURES.items()},
            "scanners_day": self._scanners(),
            "crossings": {
                "port": self._crossings(self.port_packets[1], self.ports.names, port_day),
                "region": self._crossings(self.region_packets[1], list(REGIONS), region_day),
            },
            "quarters": {
                quarter.name: self._quarter(number) for number, quarter in enumerate(self.model.calendar.quarters)
            },
        }

    def _hours_a_day(self) -> list[int]:
        """Intervals of an hour that hold frames, of all sensors together."""
        sample = self.sample
        hour = sample.packets.ts_us // US // HOUR_S
        span = int(hour.max()) + 1
        present = np.unique(sample.sensor * span + hour) % span
        day = (present * HOUR_S - sample.calendar.start_s) // DAY_S
        return np.bincount(day, minlength=sample.calendar.days).tolist()

    def _quarter(self, number: int) -> dict[str, Any]:
        sample = self.sample
        chosen = sample.in_quarter(number)
        days = slice(0, sample.calendar.split) if number == 0 else slice(sample.calendar.split, None)
        result: dict[str, Any] = {"frames": int(chosen.sum()), "hours": sum(self._hours_a_day()[days])}
        for name, packets in (("port", self.port_packets), ("region", self.region_packets)):
            result[name] = packets[number]
            if number:
                result[f"{name}_ranks"] = ranks(packets[1], packets[0])
        result["region_port"] = {
            region: self.ports.packets(chosen & (sample.packets.region == INDEX[region]))
            for region in self.region_packets[number]
        }
        result["asn"] = self._by_asn(chosen)
        result["sources"] = {
            "total": sample.sources(chosen),
            "port": self.ports.sources(sample, chosen),
            "region": self.regions.sources(sample, chosen),
        }
        return result

    def _by_asn(self, chosen: Mask) -> dict[str, int]:
        found = Counter[str]()
        counts = np.bincount(self.sample.source[chosen], minlength=len(self.sample.addresses))
        for index in np.flatnonzero(counts):
            found[str(self._origin(index).asn)] += int(counts[index])
        return _ordered(found)

    def _origin(self, source: int) -> Origin:
        return self.places.origin(int(self.sample.addresses[source]))

    def _backscatter(self) -> dict[str, Any]:
        sample, chosen = self.sample, self.sample.answers
        sources = self.regions.sources_a_day(sample, chosen)
        ports = Counter(sample.packets.source_port[chosen & sample.in_quarter(1)].tolist())
        return {
            "packets_day": sample.a_day(chosen),
            "sources_day": sample.sources_a_day(chosen),
            "region_sources_day": _series(self.regions.packets(chosen), list(REGIONS), sources),
            "source_ports": _ordered({f"{port}/tcp": count for port, count in ports.items()}),
        }

    def _signature(self, kind: Kind) -> dict[str, Any]:
        """smb-other takes in whatever else goes to that port; nothing else does."""
        sample, chosen = self.sample, self.sample.packets.kind == kind
        regions = self.regions.packets(chosen)
        packets, sources = (
            self.regions.packets_a_day(sample, chosen),
            self.regions.sources_a_day(sample, chosen),
        )
        quarters = {quarter.name: number for number, quarter in enumerate(self.model.calendar.quarters)}
        return {
            "packets_day": sample.a_day(chosen),
            "sources_day": sample.sources_a_day(chosen),
            "region_packets_day": _series(regions, list(REGIONS), packets),
            "region_sources_day": _series(regions, list(REGIONS), sources),
            "port": {name: self.ports.packets(chosen & sample.in_quarter(n)) for name, n in quarters.items()},
            "sources": {name: sample.sources(chosen & sample.in_quarter(n)) for name, n in quarters.items()},
        }

    def _scanners(self) -> dict[str, list[int]]:
        """Sources that one sensor saw at more than SCANNER_PORTS ports in a day."""
        sample, known = self.sample, self._known()
        with_port = self.ports.index >= 0
        count = len(sample.addresses)
        seen = ((sample.sensor * sample.calendar.days + sample.day) * count + sample.source)[with_port]
        whose = np.unique(seen * len(self.ports.names) + self.ports.index[with_port]) // len(self.ports.names)
        rows, ports = np.unique(whose, return_counts=True)
        told = np.unique(rows[ports > SCANNER_PORTS] % (sample.calendar.days * count))
        day, source = told // count, told % count
        answering = np.isin(source, np.unique(sample.source[sample.answers]))
        chosen = {"known": known[source], "others": ~known[source] & ~answering}
        return {
            name: np.bincount(day[mask], minlength=sample.calendar.days).tolist() for name, mask in chosen.items()
        }

    def _known(self) -> Mask:
        result = np.zeros(len(self.sample.addresses), dtype=bool)
        for one in self.model.organisations:
            if one.category == "research":
                low = int(one.network.network_address)
                result |= (self.sample.addresses >= low) & (self.sample.addresses < low + one.network.num_addresses)
        return result

    def _crossings(self, packets: dict[str, int], names: list[str], table: NDArray[np.int64]) -> list[dict[str, Any]]:
        """Of the first ranks: who was below another on each of CROSSING_DAYS days and above it on each of the next."""
        first = list(packets)[:CROSSING_RANKS]
        split = self.sample.calendar.split
        found = []
        for over in first:
            for under in first:
                above = np.sign(table[:, names.index(over)] - table[:, names.index(under)])
                for day in range(max(split, CROSSING_DAYS), len(above) - CROSSING_DAYS + 1):
                    before, after = above[day - CROSSING_DAYS : day], above[day : day + CROSSING_DAYS]
                    if (before < 0).all() and (after > 0).all():
                        found.append({"over": over, "under": under, "date": self.sample.calendar.date(day)})
        return sorted(found, key=lambda row: (row["date"], row["over"], row["under"]))

    # --- tables that a scenario asks for ---

    def senders(self, region: str, first: str, last: str) -> list[dict[str, Any]]:
        """Sources of backscatter of a region, with the dates on which each was seen."""
        sample = self.sample
        days = sample.calendar.day(first), sample.calendar.day(last)
        chosen = sample.answers & (sample.packets.region == INDEX[region])
        chosen &= (sample.day >= days[0]) & (sample.day <= days[1])
        rows = []
        for source in np.unique(sample.source[chosen]):
            mine = chosen & (sample.source == source)
            dates = [sample.calendar.date(int(day)) for day in np.unique(sample.day[mine])]
            ports = Counter(f"{port}/tcp" for port in sample.packets.source_port[mine].tolist())
            rows.append(self.who(int(source)) | {"dates": dates, "source_ports": dict(ports)})
        return rows

    def who(self, source: int) -> dict[str, Any]:
        address = int(self.sample.addresses[source])
        origin, label = self.places.origin(address), self.places.label(address)
        return {
            "source": text(address),
            "region": origin.region,
            "asn": origin.asn,
            "organisation": origin.organisation,
            "label": label.label if label else None,
            "category": label.category if label else None,
        }

    def heavy(self, region: str, days: list[int], least: int) -> dict[str, Any]:
        """Sources of a region with at least so many packets on a day; and the most that any other one had."""
        sample = self.sample
        chosen = sample.packets.region == INDEX[region]
        dates, most = {}, 0
        for day in range(min(days) - 2, max(days) + 3):
            counts = np.bincount(sample.source[chosen & (sample.day == day)], minlength=1)
            heavy = np.flatnonzero(counts >= least)
            rows = [self.who(int(one)) | {"packets": int(counts[one])} for one in heavy]
            if rows:
                dates[sample.calendar.date(day)] = rows
            most = max(most, int(counts[counts < least].max(initial=0)))
        fewest = min(row["packets"] for rows in dates.values() for row in rows)
        return {"region": region, "dates": dates, "fewest_packets": fewest, "most_of_others": most}

    def hourly(self, region: str, first: str, last: str) -> dict[str, Any]:
        sample = self.sample
        days = sample.calendar.day(first), sample.calendar.day(last) + 1
        start = sample.calendar.day_s(days[0])
        hour = (sample.packets.ts_us // US - start) // HOUR_S
        count = (days[1] - days[0]) * 24
        chosen = (sample.packets.region == INDEX[region]) & (hour >= 0) & (hour < count)
        return {"region": region, "start": start, "packets": np.bincount(hour[chosen], minlength=count).tolist()}

    def region_port(self, region: str, port: str) -> dict[str, Any]:
        """A port's packets from a region and from all others, day by day."""
        sample = self.sample
        at_port, inside = sample.packets.port == port_number(port), sample.packets.region == INDEX[region]
        return {
            "region": region,
            "port": port,
            "packets_day": sample.a_day(inside & at_port),
            "others_packets_day": sample.a_day(~inside & at_port),
            "region_packets_day": sample.a_day(inside),
        }
